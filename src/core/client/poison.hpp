// Tells AddressSanitizer which bytes of a pool are free, so that it sees their use. Nothing in other builds.
#pragma once

#include <cstddef>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAWSER_POISON 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(HAWSER_POISON)
#define HAWSER_POISON 1
#endif
#ifdef HAWSER_POISON
#include <sanitizer/asan_interface.h>
#endif

namespace hawser::client {

inline void poison([[maybe_unused]] void* bytes, [[maybe_unused]] std::size_t size) noexcept {
#ifdef HAWSER_POISON
  ASAN_POISON_MEMORY_REGION(bytes, size);
#endif
}

inline void unpoison([[maybe_unused]] void* bytes, [[maybe_unused]] std::size_t size) noexcept {
#ifdef HAWSER_POISON
  ASAN_UNPOISON_MEMORY_REGION(bytes, size);
#endif
}

}  // namespace hawser::client
