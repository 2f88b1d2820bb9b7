// Locks between openers in one process and in several.
#include "core/store/file_lock.hpp"

#include <cerrno>
#include <set>

#include "core/store/store_probe.hpp"

namespace hawser::store::file_lock_test {
namespace {

using testing::in_child;
using testing::temporary_folder;
using answer = file_lock::answer;
using mode = file_lock::mode;

answer try_lock(file_lock& lock, std::uint64_t byte, mode how) {
  store_failure error;
  const answer result = lock.try_lock(byte, how, error);
  EXPECT_FALSE(error) << error.detail;
  return result;
}

TEST(FileLock, ExcludesASecondOpenerInTheProcess) {
  const temporary_folder folder;
  file_lock first;
  file_lock second;
  ASSERT_FALSE(first.open(folder / "lock"));
  ASSERT_FALSE(second.open(folder / "lock"));
  EXPECT_EQ(try_lock(first, 5, mode::exclusive), answer::taken);
  EXPECT_EQ(try_lock(second, 5, mode::exclusive), answer::held);
  EXPECT_EQ(try_lock(second, 5, mode::shared), answer::held);
  EXPECT_EQ(try_lock(second, 6, mode::exclusive), answer::taken);
  first.unlock(5);
  EXPECT_EQ(try_lock(second, 5, mode::exclusive), answer::taken);
  second.close();
  EXPECT_EQ(try_lock(first, 6, mode::exclusive), answer::taken);
}

TEST(FileLock, SharesAndUpgrades) {
  const temporary_folder folder;
  file_lock first;
  file_lock second;
  ASSERT_FALSE(first.open(folder / "lock"));
  ASSERT_FALSE(second.open(folder / "lock"));
  EXPECT_EQ(try_lock(first, 0, mode::shared), answer::taken);
  EXPECT_EQ(try_lock(second, 0, mode::shared), answer::taken);
  EXPECT_EQ(try_lock(first, 0, mode::exclusive), answer::held);
  EXPECT_EQ(try_lock(second, 0, mode::shared), answer::taken) << "a refused upgrade keeps what was there";
  second.close();
  EXPECT_EQ(try_lock(first, 0, mode::exclusive), answer::taken);
  ASSERT_FALSE(second.open(folder / "lock"));
  EXPECT_EQ(try_lock(second, 0, mode::shared), answer::held);
  EXPECT_EQ(try_lock(first, 0, mode::shared), answer::taken);
  EXPECT_EQ(try_lock(second, 0, mode::shared), answer::taken);
}

TEST(FileLock, ExcludesAnotherProcess) {
  const temporary_folder folder;
  file_lock lock;
  ASSERT_FALSE(lock.open(folder / "lock"));
  EXPECT_EQ(try_lock(lock, 3, mode::exclusive), answer::taken);
  in_child([&] {
    file_lock other;
    ASSERT_FALSE(other.open(folder / "lock"));
    EXPECT_EQ(try_lock(other, 3, mode::exclusive), answer::held);
    EXPECT_EQ(try_lock(other, 4, mode::exclusive), answer::taken);
  });
  EXPECT_EQ(try_lock(lock, 4, mode::exclusive), answer::taken) << "the child's lock went with it";
}

TEST(FileLock, LinesHaveTheirOwnBytes) {
  std::set<std::uint64_t> bytes{file_lock::in_use, file_lock::opening};
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t byte = file_lock::byte_of_line("line-" + std::to_string(i));
    EXPECT_LT(byte, std::uint64_t{1} << 63);
    EXPECT_TRUE(bytes.insert(byte).second);
  }
  // Other versions of this library look for an owner there: it must never change.
  EXPECT_EQ(file_lock::byte_of_line("default"), 2 + (0xebada5168620c5fe >> 2));
}

TEST(FileLock, FilesThatCannotBeOpened) {
  const temporary_folder folder;
  file_lock lock;
  EXPECT_EQ(lock.open(folder / "none/lock").code, store_error::no_directory);
  EXPECT_EQ(lock.open(folder.path()).code, store_error::not_a_file);
  std::filesystem::create_symlink("elsewhere", folder / "link");
  EXPECT_EQ(lock.open(folder / "link").code, store_error::not_a_file)
      << "a link could lead two files to one lock";
}

TEST(FileLock, SystemErrorsHaveCodes) {
  EXPECT_EQ(to_failure(ENOSPC, "x").code, store_error::full);
  EXPECT_EQ(to_failure(EDQUOT, "x").code, store_error::full);
  EXPECT_EQ(to_failure(EFBIG, "x").code, store_error::full);
  EXPECT_EQ(to_failure(EROFS, "x").code, store_error::no_permission);
  EXPECT_EQ(to_failure(ENOTDIR, "x").code, store_error::no_directory);
  EXPECT_EQ(to_failure(ENAMETOOLONG, "x").code, store_error::bad_settings);
  EXPECT_EQ(to_failure(ENOMEM, "x").code, store_error::no_memory);
  const store_failure failure = to_failure(EIO, "reading");
  EXPECT_EQ(failure.code, store_error::io);
  EXPECT_EQ(failure.system, EIO);
  EXPECT_EQ(failure.detail, "reading: Input/output error");
}

}  // namespace
}  // namespace hawser::store::file_lock_test
