#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/output.h"
#include "contexts.h"
#include "files.h"

static char path[128];

static void open_file(void) {
  open_context();
  make_folder();
  snprintf(path, sizeof path, "%s/file", folder);
}

static void close_file(void) {
  remove_folder();
  close_context();
}

static clf_status write_file(const char *to, const void *bytes, size_t size) {
  clf__output output = {0};
  clf_status status = clf__output_open(&output, context, to);
  if (status == CLF_OK) {
    status = clf__output_write(&output, bytes, size);
  }
  if (status == CLF_OK) {
    status = clf__output_commit(&output);
  }
  clf__output_close(&output);
  return status;
}

static void assert_holds(const char *name, const char *text) {
  clf__bytes bytes = {0};
  ck_clf_ok(clf__file_read(&bytes, context, name));
  ck_assert_uint_eq(bytes.size, strlen(text));
  ck_assert_mem_eq(bytes.data, text, bytes.size);
  clf__bytes_release(&bytes);
}

/* The system's own, which the library calls through this one: what a file allows before. */
static mode_t mode_before;
int fchmod(int descriptor, mode_t mode) {
  struct stat about;
  ck_assert_int_eq(fstat(descriptor, &about), 0);
  mode_before = about.st_mode & 07777;
  return (int)syscall(SYS_fchmod, descriptor, mode);
}

static int entries(void) {
  char command[96];
  snprintf(command, sizeof command, "test $(ls -A %s | wc -l) -le 1", folder);
  return system(command);
}

TEST(read_and_map__give_the_same_bytes) {
  put_text("file", "some bytes");
  clf__bytes bytes = {0};
  assert_holds(path, "some bytes");
  ck_clf_ok(clf__file_map(&bytes, path));
  ck_assert_uint_eq(bytes.size, 10);
  ck_assert_mem_eq(bytes.data, "some bytes", 10);
  clf__bytes_release(&bytes);
  ck_assert_ptr_null(bytes.data);
}

TEST(empty_file__is_read_and_mapped) {
  put_text("file", "");
  clf__bytes bytes = {0};
  assert_holds(path, "");
  ck_clf_ok(clf__file_map(&bytes, path));
  ck_assert_ptr_nonnull(bytes.data);
  ck_assert_uint_eq(bytes.size, 0);
  clf__bytes_release(&bytes);
}

TEST(what_is_no_regular_file__is_refused_at_once) {
  clf__bytes bytes = {0};
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  ck_clf_fails(clf__file_read(&bytes, context, path), CLF_ERROR_IO);
  ck_clf_fails(clf__file_map(&bytes, path), CLF_ERROR_IO);
  ck_clf_fails(clf__file_map(&bytes, folder), CLF_ERROR_IO);
  ck_clf_says("directory");
  ck_clf_fails(clf__file_map(&bytes, "/dev/zero"), CLF_ERROR_IO);
  ck_clf_fails(clf__file_map(&bytes, "/nowhere/file"), CLF_ERROR_IO);
  ck_assert_str_eq(clf_last_error(), "cannot open '/nowhere/file': No such file or directory");
  ck_assert(!clf__file_exists(path) && !clf__file_exists(folder));
  ck_clf_fails(write_file(path, "x", 1), CLF_ERROR_IO);
  ck_clf_fails(write_file(folder, "x", 1), CLF_ERROR_IO);
  ck_clf_fails(write_file("/dev/null", "x", 1), CLF_ERROR_IO);
  ck_clf_fails(write_file("", "x", 1), CLF_ERROR_IO);
}

TEST(file_beyond_the_memory_limit__is_refused) {
  put_text("file", "");
  ck_assert_int_eq(truncate(path, 1 << 20), 0);
  clf_context *small = NULL;
  ck_clf_ok(clf_context_create(&small, NULL, "memory_limit=65536 threads=1"));
  clf__bytes bytes = {0};
  ck_clf_fails(clf__file_read(&bytes, small, path), CLF_ERROR_MEMORY);
  ck_clf_says(path);
  clf_context_free(small);
}

TEST(file_that_shrinks__is_an_error) {
  put_text("file", "0123456789");
  clf__file file = {0};
  char bytes[10];
  ck_clf_ok(clf__file_open(&file, path));
  ck_clf_ok(clf__file_next(&file, bytes, 4));
  ck_assert_int_eq(truncate(path, 6), 0);
  ck_clf_fails(clf__file_next(&file, bytes, 6), CLF_ERROR_IO);
  clf__file_close(&file);
}

TEST(write__makes_and_replaces_a_file) {
  mode_t mask = umask(027);
  struct stat about;
  ck_clf_ok(write_file(path, "old", 3));
  assert_holds(path, "old");
  ck_assert_int_eq(stat(path, &about), 0);
  ck_assert_int_eq(about.st_mode & 07777, 0640);
  ck_assert_int_eq(chmod(path, 0604), 0);
  ck_clf_ok(write_file(path, "new", 3));
  assert_holds(path, "new");
  ck_assert_int_eq(stat(path, &about), 0);
  ck_assert_int_eq(about.st_mode & 07777, 0604);
  ck_assert_int_eq(entries(), 0);
  umask(mask);
}

TEST(write__never_allows_more_than_the_file_does) {
  static const mode_t modes[] = {0600, 0640, 0604, 0666, 0200};
  const mode_t mask = umask(0);
  put_text("file", "old");
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    struct stat about;
    ck_assert_int_eq(chmod(path, modes[i]), 0);
    mode_before = 07777;
    ck_clf_ok(write_file(path, "new", 3));
    ck_assert_int_eq(mode_before & ~modes[i], 0);
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_int_eq(about.st_mode & 07777, modes[i]);
  }
  umask(mask);
}

TEST(write__makes_the_file_that_a_link_names) {
  char link[160], second[160], loop[160];
  struct stat about;
  snprintf(link, sizeof link, "%s/link", folder);
  snprintf(second, sizeof second, "%s/second", folder);
  snprintf(loop, sizeof loop, "%s/loop", folder);
  ck_assert_int_eq(symlink("file", link), 0);
  ck_assert_int_eq(symlink(link, second), 0); /* by its whole path */
  ck_clf_ok(write_file(second, "one", 3));
  assert_holds(path, "one");
  ck_assert_int_eq(lstat(link, &about), 0);
  ck_assert(S_ISLNK(about.st_mode));
  ck_assert_int_eq(lstat(second, &about), 0);
  ck_assert(S_ISLNK(about.st_mode));
  ck_assert_int_eq(lstat(path, &about), 0);
  ck_assert(S_ISREG(about.st_mode));
  ck_assert_int_eq(symlink("loop", loop), 0);
  ck_clf_fails(write_file(loop, "x", 1), CLF_ERROR_IO);
  ck_clf_says("loop");
  ck_assert_int_eq(unlink(link), 0);
  ck_assert_int_eq(symlink("none/file", link), 0);
  ck_clf_fails(write_file(link, "x", 1), CLF_ERROR_IO);
}

TEST(write__works_in_the_current_folder_and_through_a_link) {
  char before[4096], link[160];
  struct stat about;
  ck_assert_ptr_nonnull(getcwd(before, sizeof before));
  ck_assert_int_eq(chdir(folder), 0);
  ck_clf_ok(write_file("file", "one", 3));
  ck_assert_int_eq(symlink("file", "link"), 0);
  ck_clf_ok(write_file("link", "two", 3));
  ck_assert_int_eq(chdir(before), 0);
  assert_holds(path, "two");
  snprintf(link, sizeof link, "%s/link", folder);
  ck_assert_int_eq(lstat(link, &about), 0);
  ck_assert(S_ISLNK(about.st_mode));
}

TEST(longest_name__can_be_written) {
  char name[512];
  snprintf(name, sizeof name, "%s/%0255d", folder, 1);
  ck_clf_ok(write_file(name, "x", 1));
  assert_holds(name, "x");
}

TEST(discarded_write__leaves_the_old_file_and_nothing_else) {
  put_text("file", "old");
  clf__output output = {0};
  ck_clf_ok(clf__output_open(&output, context, path));
  ck_clf_ok(clf__output_write(&output, "new", 3));
  clf__output_close(&output);
  assert_holds(path, "old");
  ck_assert_int_eq(entries(), 0);
}

TEST(full_disk__leaves_the_old_file_and_nothing_else) {
  static char block[4096];
  put_text("file", "old");
  struct rlimit before, limit;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 1000;
  signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  clf_status status = write_file(path, block, sizeof block);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
  ck_assert_int_eq(status, CLF_ERROR_IO);
  ck_clf_says("File too large");
  assert_holds(path, "old");
  ck_assert_int_eq(entries(), 0);
}

TEST(missing_or_protected_place__is_an_error) {
  char name[160];
  snprintf(name, sizeof name, "%s/none/file", folder);
  ck_clf_fails(write_file(name, "x", 1), CLF_ERROR_IO);
  put_text("file", "old");
  if (geteuid() != 0) {
    ck_assert_int_eq(chmod(path, 0444), 0);
    ck_clf_fails(write_file(path, "x", 1), CLF_ERROR_IO);
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_int_eq(chmod(folder, 0555), 0);
    ck_clf_fails(write_file(path, "x", 1), CLF_ERROR_IO);
    ck_assert_int_eq(chmod(folder, 0755), 0);
  }
  assert_holds(path, "old");
}

SUITE("file", .setup = open_file, .teardown = close_file)
