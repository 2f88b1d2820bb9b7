# The product's libraries. None is given a Node, V8 or uv include directory, which proves that they need none.
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Threads REQUIRED)
find_path(HAWSER_BOOST_INCLUDE boost/beast.hpp REQUIRED)

# Flags that hold for this project's own code.
add_library(hawser_flags INTERFACE)
target_compile_options(hawser_flags INTERFACE -Wall -Wextra -Wno-missing-field-initializers)

set(HAWSER_SIMDJSON ${PROJECT_SOURCE_DIR}/node_modules/@nozbe/simdjson/src)
add_library(simdjson STATIC ${HAWSER_SIMDJSON}/simdjson.cpp)
target_include_directories(simdjson SYSTEM PUBLIC ${HAWSER_SIMDJSON})
target_compile_options(simdjson PRIVATE -w)

hawser_sources(core_sources core)
if(HAWSER_FUZZ)
  # Fuzzers feed parsers; what is above them would be compiled for nothing.
  list(FILTER core_sources INCLUDE REGEX "/src/core/(protocol|router)/")
endif()
add_library(hawser_core STATIC ${core_sources} ${PROJECT_SOURCE_DIR}/cmake/empty.cpp)
target_include_directories(hawser_core PUBLIC ${PROJECT_SOURCE_DIR}/src)
target_include_directories(hawser_core SYSTEM PUBLIC ${HAWSER_BOOST_INCLUDE})
target_compile_definitions(hawser_core PUBLIC BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY)
target_link_libraries(hawser_core PUBLIC simdjson OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB SQLite::SQLite3 Threads::Threads)
target_link_libraries(hawser_core PRIVATE hawser_flags)
hawser_unity(hawser_core 12)

# The bridge has no Boost in its include path beyond what the system always shows; `npm run check` reads its includes.
hawser_sources(bridge_sources bridge)
add_library(hawser_bridge STATIC ${bridge_sources} ${PROJECT_SOURCE_DIR}/cmake/empty.cpp)
target_include_directories(hawser_bridge PUBLIC ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(hawser_bridge PUBLIC Threads::Threads PRIVATE hawser_flags)
hawser_unity(hawser_bridge 12)
