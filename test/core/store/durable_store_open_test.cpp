// Openings that must fail, and what they must leave alone.
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstring>

#include "core/store/store_probe.hpp"

namespace hawser::store::durable_store_open_test {
namespace {

using testing::at;
using testing::contents;
using testing::ids;
using testing::in_child;
using testing::probe;
using testing::raw;
using testing::read_file;
using testing::run_sql;
using testing::temporary_folder;
using testing::write_file;
using strings = std::vector<std::string>;

// Opens, expects that failure and that everything after it is refused with it, and closes.
void expect_refused(const store_settings& settings, store_error code, const std::string& text = "") {
  SCOPED_TRACE(settings.path);
  probe store(settings);
  ASSERT_TRUE(store.store) << store.refused.detail;
  const put_ticket early = store.store->put({"early", "p"});
  const auto& report = store.wait_open();
  EXPECT_EQ(report.failure.code, code) << name_of(report.failure.code) << ": " << report.failure.detail;
  EXPECT_NE(report.failure.detail.find(text), std::string::npos) << report.failure.detail;
  EXPECT_TRUE(report.messages.empty() && report.moved_to.empty());
  if (early.error == store_error::none) {
    EXPECT_EQ(store.wait(early.key), code);
  }
  EXPECT_EQ(store.put("late"), code);
  EXPECT_EQ(store.store->clear().error, code);
  EXPECT_EQ(store.store->remove(1), code);
  EXPECT_EQ(store.close().code, code);
}

// A closed file with one line and these messages.
store_settings make_file(const temporary_folder& folder, int messages, const std::string& payload = "p") {
  const auto settings = at(folder / "queue.db");
  probe writer(settings);
  for (int i = 0; i < messages; ++i) writer.store->put({"id-" + std::to_string(i), payload});
  EXPECT_FALSE(writer.close());
  return settings;
}

TEST(StoreOpening, SettingsThatCannotBe) {
  const temporary_folder folder;
  const auto good = at(folder / "queue.db");
  const auto expect_bad = [&](auto change) {
    store_settings bad = good;
    change(bad);
    probe store(bad);
    EXPECT_FALSE(store.store);
    EXPECT_EQ(store.refused.code, store_error::bad_settings);
    EXPECT_FALSE(store.refused.detail.empty());
  };
  expect_bad([](auto& s) { s.path = ""; });
  expect_bad([](auto& s) { s.path += '\0'; });
  expect_bad([](auto& s) { s.line = ""; });
  expect_bad([](auto& s) { s.line = std::string(256, 'x'); });
  expect_bad([](auto& s) { s.line += '\0'; });
  expect_bad([](auto& s) { s.max_bytes = 65535; });
  expect_bad([](auto& s) { s.max_pending = 0; });
  expect_bad([](auto& s) { s.max_pending_bytes = 0; });
  expect_bad([](auto& s) { s.removal_delay = -1; });
  expect_bad([](auto& s) { s.busy_timeout = -1; });
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(StoreOpening, PlacesWhereNoFileCanBe) {
  const temporary_folder folder;
  expect_refused(at(folder / "none/queue.db"), store_error::no_directory);
  write_file(folder / "plain", "text");
  expect_refused(at(folder / "plain/queue.db"), store_error::no_directory);
  expect_refused(at(folder.path().string()), store_error::not_a_file);
  expect_refused(at(folder.path().string() + "/"), store_error::not_a_file);
  expect_refused(at("/dev/full"), store_error::not_a_file);
  EXPECT_FALSE(std::filesystem::exists("/dev/full-lock"));
  std::filesystem::create_symlink("nowhere", folder / "link");
  expect_refused(at(folder / "link"), store_error::not_a_file);
  expect_refused(at(folder / std::string(300, 'x')), store_error::bad_settings);
}

TEST(StoreOpening, NoPermission) {
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "closed");
  std::filesystem::create_directory(folder / "read-only");
  const auto inside = make_file(folder, 1);
  ASSERT_EQ(::chmod(inside.path.c_str(), 0444), 0);
  std::filesystem::rename(inside.path, folder / "read-only/queue.db");
  ASSERT_EQ(::chmod((folder / "closed").c_str(), 0), 0);
  ASSERT_EQ(::chmod((folder / "read-only").c_str(), 0555), 0);
  const auto file_only = [&] {
    std::filesystem::create_directory(folder / "open");
    std::filesystem::copy_file(folder / "read-only/queue.db", folder / "open/queue.db");
    ::chmod((folder / "open").c_str(), 0777);
    ::chmod((folder / "open/queue.db").c_str(), 0444);
    ::chmod(folder.path().c_str(), 0755);
  };
  file_only();
  in_child([&] {
    // Root may do everything, so it becomes nobody.
    if (::geteuid() == 0) {
      ASSERT_EQ(::setgid(65534), 0);
      ASSERT_EQ(::setuid(65534), 0);
    }
    expect_refused(at(folder / "closed/queue.db"), store_error::no_permission);
    expect_refused(at(folder / "read-only/queue.db"), store_error::no_permission);
    expect_refused(at(folder / "read-only/new.db"), store_error::no_permission);
    expect_refused(at(folder / "open/queue.db"), store_error::no_permission);
  });
  ::chmod((folder / "closed").c_str(), 0700);
  ::chmod((folder / "read-only").c_str(), 0700);
}

TEST(StoreOpening, NoThread) {
  const temporary_folder folder;
  ::chmod(folder.path().c_str(), 0777);
  in_child([&] {
    if (::geteuid() == 0) {
      ASSERT_EQ(::setgid(65534), 0);
      ASSERT_EQ(::setuid(65534), 0);
    }
    const rlimit none{0, 0};
    ASSERT_EQ(::setrlimit(RLIMIT_NPROC, &none), 0);
    probe store(at(folder / "queue.db"));
    EXPECT_FALSE(store.store);
    EXPECT_EQ(store.refused.code, store_error::no_thread);
  });
}

TEST(StoreOpening, TheFileIsForItsOwnerAlone) {
  const temporary_folder folder;
  const mode_t before = ::umask(0);
  probe store(at(folder / "queue.db"));
  EXPECT_EQ(store.put("a"), store_error::none);
  ::umask(before);
  for (const char* name : {"queue.db", "queue.db-wal", "queue.db-shm", "queue.db-lock"}) {
    struct stat info {};
    ASSERT_EQ(::stat((folder / name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
}

TEST(StoreOpening, OneOwnerOfALine) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  std::filesystem::create_symlink("queue.db", folder / "link.db");
  std::filesystem::create_directory_symlink(".", folder / "again");
  std::filesystem::create_directory(folder / "below");
  in_child([&] {
    probe owner(settings);
    EXPECT_EQ(owner.put("a"), store_error::none);
    expect_refused(settings, store_error::locked, "\"default\"");
    expect_refused(at(folder / "link.db"), store_error::locked);
    expect_refused(at(folder / "again/queue.db"), store_error::locked);
    expect_refused(at(folder / "below/../queue.db"), store_error::locked);
    EXPECT_EQ(owner.put("b"), store_error::none) << "the owner is not disturbed";
    EXPECT_FALSE(owner.close());
    probe next(settings);
    EXPECT_EQ(ids(next.wait_open().messages), (strings{"a", "b"}));
  });
}

TEST(StoreOpening, OneOwnerOfALineAmongProcesses) {
  const temporary_folder folder;
  const auto settings = at(folder / "queue.db");
  int ready[2];
  int end[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(end), 0);
  char byte = 0;
  const pid_t child = testing::start_child([&] {
    ::close(end[1]);
    probe owner(settings);
    EXPECT_EQ(owner.put("a"), store_error::none);
    EXPECT_EQ(::write(ready[1], "x", 1), 1);
    EXPECT_EQ(::read(end[0], &byte, 1), 0);
    EXPECT_EQ(owner.put("b"), store_error::none);
    EXPECT_FALSE(owner.close());
  });
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  expect_refused(settings, store_error::locked);
  auto other = settings;
  other.line = "other";
  {
    probe second(other);
    EXPECT_TRUE(second.wait_open().messages.empty());
    EXPECT_EQ(second.put("c"), store_error::none);
  }
  ::close(end[1]);
  EXPECT_EQ(testing::wait_child(child), 0);
  for (const int file : {ready[0], ready[1], end[0]}) ::close(file);
  EXPECT_EQ(ids(contents(settings)), (strings{"a", "b"}));
  EXPECT_EQ(ids(contents(other)), (strings{"c"}));
}

// ---- files that are not what they should be

TEST(StoreOpening, AFileThatIsNoDatabaseIsLeftAlone) {
  const temporary_folder folder;
  const std::string text(10'000, 't');
  write_file(folder / "notes.txt", text);
  expect_refused(at(folder / "notes.txt"), store_error::corrupt);
  EXPECT_EQ(read_file(folder / "notes.txt"), text);
  // An empty file is where a new one begins, as it is for every SQLite.
  write_file(folder / "empty", "");
  EXPECT_TRUE(contents(at(folder / "empty")).empty());
}

TEST(StoreOpening, DamageIsFoundWhereverItIs) {
  const temporary_folder folder;
  const auto settings = make_file(folder, 300, std::string(500, 'Q'));
  const std::string sound = read_file(settings.path);
  ASSERT_GT(sound.size(), 100'000u);
  const auto expect_found = [&](const std::string& bytes, const char* what) {
    SCOPED_TRACE(what);
    write_file(settings.path, bytes);
    std::filesystem::remove(settings.path + "-wal");
    std::filesystem::remove(settings.path + "-shm");
    expect_refused(settings, store_error::corrupt);
    EXPECT_EQ(read_file(settings.path), bytes) << "changed";
  };
  std::string bytes = sound;
  bytes[bytes.find(std::string(400, 'Q'), 50'000) + 100] ^= 1;
  expect_found(bytes, "one bit of a payload");
  bytes = sound;
  bytes[bytes.find("id-150") + 4] = '9';
  expect_found(bytes, "an id");
  bytes = sound;
  bytes.replace(5 * 4096, 4096, 4096, '\0');
  expect_found(bytes, "a page of zeros");
  bytes = sound;
  bytes.resize(bytes.size() / 2);
  expect_found(bytes, "the second half is missing");
  bytes = sound;
  bytes[3] = 'X';
  expect_found(bytes, "the header");
  write_file(settings.path, sound);
  EXPECT_EQ(contents(settings).size(), 300u);
}

TEST(StoreOpening, DatabasesOfOthersAreLeftAlone) {
  const temporary_folder folder;
  run_sql(raw(folder / "foreign.db").get(), "CREATE TABLE things (a); INSERT INTO things VALUES (1)");
  const std::string foreign = read_file(folder / "foreign.db");
  auto settings = at(folder / "foreign.db");
  expect_refused(settings, store_error::foreign);
  settings.move_corrupt_aside = true;
  expect_refused(settings, store_error::foreign);
  EXPECT_EQ(read_file(settings.path), foreign);
}

TEST(StoreOpening, ANewerSchemaIsLeftAlone) {
  const temporary_folder folder;
  auto settings = make_file(folder, 3);
  run_sql(raw(settings.path).get(), "PRAGMA user_version = 2");
  const std::string newer = read_file(settings.path);
  settings.move_corrupt_aside = true;
  expect_refused(settings, store_error::newer_schema, "schema version 2");
  EXPECT_EQ(read_file(settings.path), newer);
  run_sql(raw(settings.path).get(), "PRAGMA user_version = 1");
  EXPECT_EQ(contents(settings).size(), 3u);
}

TEST(StoreOpening, OurFileWithOtherTablesIsDamaged) {
  const temporary_folder folder;
  for (const char* sql : {"DROP TABLE message", "ALTER TABLE message RENAME COLUMN flags TO other",
                          "DROP TABLE line", "PRAGMA user_version = 0", "UPDATE line SET number = 70000"}) {
    SCOPED_TRACE(sql);
    const auto settings = make_file(folder, 2);
    run_sql(raw(settings.path).get(), sql);
    expect_refused(settings, store_error::corrupt);
    std::filesystem::remove(settings.path);
    std::filesystem::remove(settings.path + "-wal");
    std::filesystem::remove(settings.path + "-shm");
  }
}

TEST(StoreOpening, CodeInAFileNeverRuns) {
  const temporary_folder folder;
  const auto settings = make_file(folder, 2);
  run_sql(raw(settings.path).get(),
          "CREATE TRIGGER eat AFTER INSERT ON message BEGIN DELETE FROM message; END");
  {
    probe writer(settings);
    EXPECT_EQ(writer.put("new"), store_error::none);
  }
  EXPECT_EQ(ids(contents(settings)), (strings{"id-0", "id-1", "new"}));
}

// ---- moving aside

TEST(StoreOpening, ADamagedFileIsMovedAsideWhenAsked) {
  const temporary_folder folder;
  auto settings = at(folder / "queue.db");
  settings.move_corrupt_aside = true;
  for (const char* suffix : {".corrupt", ".corrupt-2", ".corrupt-3"}) {
    const std::string garbage(5000, suffix[std::strlen(suffix) - 1]);
    write_file(settings.path, garbage);
    write_file(settings.path + "-wal", "log of " + garbage);
    probe store(settings);
    const auto& report = store.wait_open();
    EXPECT_FALSE(report.failure) << report.failure.detail;
    EXPECT_EQ(std::filesystem::path(report.moved_to),
              std::filesystem::canonical(folder.path()) / (std::string("queue.db") + suffix));
    EXPECT_FALSE(report.moved_because.empty());
    EXPECT_EQ(read_file(report.moved_to), garbage);
    EXPECT_EQ(read_file(report.moved_to + "-wal"), "log of " + garbage);
    EXPECT_EQ(store.put("fresh"), store_error::none);
    EXPECT_FALSE(store.close());
    EXPECT_EQ(ids(contents(settings)), (strings{"fresh"}));
  }
}

TEST(StoreOpening, ADamagedMessageTakesNoneOfTheOthersWithIt) {
  const temporary_folder folder;
  auto settings = make_file(folder, 10, "payload-of-a-message");
  std::string bytes = read_file(settings.path);
  bytes[bytes.rfind("payload-of-a-message")] = 'X';
  write_file(settings.path, bytes);
  settings.move_corrupt_aside = true;
  probe store(settings);
  const auto& report = store.wait_open();
  EXPECT_FALSE(report.failure);
  EXPECT_TRUE(report.messages.empty());
  EXPECT_NE(report.moved_because.find("checksum"), std::string::npos) << report.moved_because;
  const auto kept = raw(report.moved_to);
  sqlite_statement count;
  ASSERT_EQ(count.prepare(kept.get(), "SELECT count(*) FROM message"), SQLITE_OK);
  ASSERT_EQ(count.step(), SQLITE_ROW);
  EXPECT_EQ(count.integer(0), 10) << "all are still there to be looked at";
}

TEST(StoreOpening, AFileInUseIsNotMovedAside) {
  const temporary_folder folder;
  auto settings = make_file(folder, 2);
  probe owner(settings);
  EXPECT_FALSE(owner.wait_open().failure);
  // Another line's rows are damaged while this line is open: its owner still works on the file.
  auto other = settings;
  other.line = "other";
  {
    probe second(other);
    EXPECT_EQ(second.put("b"), store_error::none);
  }
  run_sql(raw(settings.path).get(), "UPDATE message SET payload = x'00' WHERE id = 'b'");
  other.move_corrupt_aside = true;
  expect_refused(other, store_error::corrupt, "not moved aside");
  EXPECT_EQ(owner.put("a"), store_error::none);
  EXPECT_FALSE(owner.close());
  EXPECT_EQ(contents(settings).size(), 3u);
}

}  // namespace
}  // namespace hawser::store::durable_store_open_test
