// Open-file-description locks, which exclude a second opener in this process as well; LockFileEx on Windows.
#include "core/store/file_lock.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

namespace hawser::store {

store_failure to_failure(int system_errno, std::string_view doing) {
  store_failure failure;
  failure.system = system_errno;
  failure.detail = std::string(doing) + ": " + std::generic_category().message(system_errno);
  switch (system_errno) {
    case ENOENT:
    case ENOTDIR:
      failure.code = store_error::no_directory;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      failure.code = store_error::no_permission;
      break;
    case EISDIR:
    case ELOOP:
      failure.code = store_error::not_a_file;
      break;
    case ENAMETOOLONG:
    case EINVAL:
      failure.code = store_error::bad_settings;
      break;
    case ENOSPC:
    case EFBIG:
#ifdef EDQUOT
    case EDQUOT:
#endif
      failure.code = store_error::full;
      break;
    case ENOMEM:
      failure.code = store_error::no_memory;
      break;
    default:
      failure.code = store_error::io;
  }
  return failure;
}

std::uint64_t file_lock::byte_of_line(std::string_view line) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : line) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return 2 + (hash >> 2);  // below 2^62 + 2: an offset of a file is signed
}

#ifdef _WIN32

store_failure file_lock::open(const std::filesystem::path& path) {
  HANDLE file =
      CreateFileW(path.c_str(), GENERIC_READ | GENERIC_WRITE,
                  FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_ALWAYS, 0, nullptr);
  if (file == INVALID_HANDLE_VALUE) {
    const std::error_code error(static_cast<int>(GetLastError()), std::system_category());
    return to_failure(error.default_error_condition().value(), "the lock file cannot be opened");
  }
  file_ = file;
  return {};
}

file_lock::answer file_lock::try_lock(std::uint64_t byte, mode how, store_failure& error) {
  unlock(byte);
  OVERLAPPED at{};
  at.Offset = static_cast<DWORD>(byte);
  at.OffsetHigh = static_cast<DWORD>(byte >> 32);
  const DWORD flags =
      LOCKFILE_FAIL_IMMEDIATELY | (how == mode::exclusive ? DWORD{LOCKFILE_EXCLUSIVE_LOCK} : 0);
  if (LockFileEx(file_, flags, 0, 1, 0, &at)) return answer::taken;
  const DWORD reason = GetLastError();
  if (reason == ERROR_LOCK_VIOLATION || reason == ERROR_IO_PENDING) return answer::held;
  error = to_failure(EIO, "the lock file cannot be locked");
  return answer::failed;
}

void file_lock::unlock(std::uint64_t byte) noexcept {
  OVERLAPPED at{};
  at.Offset = static_cast<DWORD>(byte);
  at.OffsetHigh = static_cast<DWORD>(byte >> 32);
  UnlockFileEx(file_, 0, 1, 0, &at);
}

void file_lock::close() noexcept {
  if (file_ != nullptr) CloseHandle(file_);
  file_ = nullptr;
}

#else

namespace {

#ifndef F_OFD_SETLK
#error "hawser's store needs open-file-description locks (Linux 3.15, macOS 11 or newer)"
#endif

int set_lock(int file, std::uint64_t byte, short type) noexcept {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(byte);
  range.l_len = 1;
  int result;
  do {
    result = fcntl(file, F_OFD_SETLK, &range);
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

}  // namespace

store_failure file_lock::open(const std::filesystem::path& path) {
  do {
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  } while (file_ < 0 && errno == EINTR);
  if (file_ < 0) return to_failure(errno, "the lock file " + path.string() + " cannot be opened");
  return {};
}

file_lock::answer file_lock::try_lock(std::uint64_t byte, mode how, store_failure& error) {
  const int reason = set_lock(file_, byte, how == mode::exclusive ? F_WRLCK : F_RDLCK);
  if (reason == 0) return answer::taken;
  if (reason == EAGAIN || reason == EACCES) return answer::held;
  error = to_failure(reason, "the lock file cannot be locked");
  error.code = store_error::io;
  return answer::failed;
}

void file_lock::unlock(std::uint64_t byte) noexcept { set_lock(file_, byte, F_UNLCK); }

void file_lock::close() noexcept {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

#endif

}  // namespace hawser::store
