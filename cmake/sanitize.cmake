# Sanitizer and fuzzer flags for the whole build, from HAWSER_SANITIZE and HAWSER_FUZZ.
if(HAWSER_SANITIZE STREQUAL "address")
  set(sanitize_flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(HAWSER_SANITIZE STREQUAL "thread")
  set(sanitize_flags -fsanitize=thread -fno-omit-frame-pointer)
  # ThreadSanitizer does not see fences. Asio's handlers are ordered by its mutexes as well, which it does see.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
elseif(NOT HAWSER_SANITIZE STREQUAL "")
  message(FATAL_ERROR "HAWSER_SANITIZE is address, thread or nothing, not ${HAWSER_SANITIZE}")
endif()

if(HAWSER_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "libFuzzer needs clang: use the preset fuzz")
  endif()
  # Each fuzzer adds fuzzer (with main); the libraries only the instrumentation.
  list(APPEND sanitize_flags -fsanitize=fuzzer-no-link)
endif()

if(sanitize_flags)
  add_compile_options(${sanitize_flags})
  add_link_options(${sanitize_flags})
endif()
