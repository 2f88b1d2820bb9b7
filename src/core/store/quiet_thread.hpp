// Starts a thread that has a name and on which no signal handler of the host program ever runs.
#pragma once

#include <string>
#include <system_error>
#include <thread>
#include <utility>

#ifndef _WIN32
#include <pthread.h>
#include <signal.h>
#endif

namespace hawser::store {

// False when the system has no thread to give. `name` has at most 15 characters.
template <typename Function>
bool start_quiet_thread(std::thread& thread, const char* name, Function work) {
  auto named = [name, work = std::move(work)] {
#if defined(__linux__)
    pthread_setname_np(pthread_self(), name);
#elif defined(__APPLE__)
    pthread_setname_np(name);
#else
    static_cast<void>(name);
#endif
    work();
  };
#ifndef _WIN32
  // Blocked here, so that the new thread inherits the mask from its first instruction on.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
#endif
  bool started = true;
  try {
    thread = std::thread(std::move(named));
  } catch (const std::system_error&) {
    started = false;
  }
#ifndef _WIN32
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
#endif
  return started;
}

}  // namespace hawser::store
