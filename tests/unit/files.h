/* A temporary folder of a test's own, and the files in it. */
#ifndef TESTS_UNIT_FILES_H
#define TESTS_UNIT_FILES_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[] = "/tmp/classify-test-XXXXXX";

static inline void make_folder(void) {
  memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static inline void remove_folder(void) {
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  ck_assert_int_eq(system(command), 0);
}

/* Path of a file in the folder; four at a time. */
static inline const char *path_of(const char *name) {
  static char paths[4][128];
  static int next;
  next = (next + 1) % 4;
  snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
  return paths[next];
}

static inline void add_folder(const char *name) {
  ck_assert_int_eq(mkdir(path_of(name), 0777), 0);
}

static inline const char *put_file(const char *name, const void *data, size_t size) {
  const char *path = path_of(name);
  FILE *file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(data, 1, size, file), size);
  ck_assert_int_eq(fclose(file), 0);
  return path;
}

static inline const char *put_text(const char *name, const char *text) {
  return put_file(name, text, strlen(text));
}

/* The first bytes of a file as a string. */
static inline void read_text_file(char *text, size_t capacity, const char *path) {
  FILE *file = fopen(path, "r");
  ck_assert_ptr_nonnull(file);
  text[fread(text, 1, capacity - 1, file)] = '\0';
  fclose(file);
}

#endif
