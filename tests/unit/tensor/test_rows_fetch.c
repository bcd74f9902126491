/* Rows of a mapped file in a random order are asked for in advance, where they are waited for. */
#include "support.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/page_cache.h"
#include "files.h"
#include "tensor/rows_fetch.h"

enum {
  ROWS = 4096,
  COLUMNS = 4096,
  STEP = 31
}; /* 64 MB, of which a file without data takes none */

typedef struct mapped {
  int descriptor;
  clf__rows x;
  int64_t order[ROWS];
} mapped;

static const size_t size = (size_t)ROWS * COLUMNS * sizeof(float);

static void setup(mapped *m) {
  make_folder();
  m->descriptor = open(path_of("rows"), O_RDWR | O_CREAT, 0600);
  ck_assert_int_ge(m->descriptor, 0);
  ck_assert_int_eq(ftruncate(m->descriptor, (off_t)size), 0);
  ck_assert_int_eq(posix_fadvise(m->descriptor, 0, 0, POSIX_FADV_DONTNEED), 0);
  const void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, m->descriptor, 0);
  ck_assert_ptr_ne(data, MAP_FAILED);
  m->x = clf__rows_of_f32(data, ROWS, COLUMNS, COLUMNS);
  for (int64_t i = 0; i < ROWS; i++) {
    m->order[i] = i * (STEP * STEP) % ROWS;
  }
}

static void teardown(const mapped *m) {
  munmap((void *)(uintptr_t)m->x.data, size);
  close(m->descriptor);
  remove_folder();
}

static const float *row_of(const mapped *m, int64_t position) {
  return (const float *)m->x.data + m->order[position] * COLUMNS;
}

/* Reads rows, and returns how many of them were waited for. */
static int64_t read_rows(const mapped *m, int64_t first, int64_t count) {
  const int64_t before = clf__page_cache_waits();
  for (int64_t i = first; i < first + count; i++) {
    ck_assert_float_eq(*row_of(m, i), 0);
  }
  return clf__page_cache_waits() - before;
}

static bool are_cached(const mapped *m, int64_t first, int64_t count) {
  int64_t cached = 0;
  for (int64_t i = first; i < first + count; i++) {
    unsigned char pages[COLUMNS * sizeof(float) / 4096];
    ck_assert_int_eq(mincore((void *)(uintptr_t)row_of(m, i), sizeof pages, pages), 0);
    cached += pages[0] & 1;
  }
  return cached == count;
}

/* Whether rows are in the page cache, within five seconds. */
static bool arrive(const mapped *m, int64_t first, int64_t count) {
  int tries = 0;
  for (; tries < 500 && !are_cached(m, first, count); tries++) {
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
  }
  return tries < 500;
}

TEST(fetch__rows_that_are_waited_for_are_read_in_advance) {
  enum { READ = 16, WAITED = 4 };
  clf__rows_fetch fetch = {0};
  mapped m;
  setup(&m);
  clf__rows_fetch_next(&fetch, &m.x, m.order, 0, ROWS);
  ck_assert(!fetch.random);
  const int64_t waited = read_rows(&m, 0, READ);
  if (!EMULATED && sysconf(_SC_PAGESIZE) == 4096 &&
      waited >= WAITED) { /* not on tmpfs; qemu drops advice on memory */
    const int64_t begin = CLF__FETCH_ROWS, named = CLF__FETCH_ROWS / 2;
    ck_assert(!are_cached(&m, begin, named));
    clf__rows_fetch_next(&fetch, &m.x, m.order, CLF__FETCH_ROWS / 2, ROWS);
    ck_assert(fetch.random);
    ck_assert(arrive(&m, begin, named));
    ck_assert_int_eq(read_rows(&m, begin, named), 0);
    clf__rows_fetch_end(&fetch, &m.x);
    ck_assert(!fetch.random);
  }
  teardown(&m);
}

TEST(fetch__rows_in_memory_are_not_named) {
  float few[4][2] = {{0}};
  const int64_t order[] = {3, 1, 0, 2};
  const clf__rows x = clf__rows_of_f32(few[0], 4, 2, 2);
  clf__rows_fetch fetch = {0};
  for (int pass = 0; pass < 3; pass++) {
    for (int64_t position = 0; position < 4; position++) {
      clf__rows_fetch_next(&fetch, &x, order, position, 4);
      ck_assert_int_eq(fetch.looks, 0);
      ck_assert_int_eq(fetch.named, 4);
    }
  }
  clf__rows_fetch_end(&fetch, &x);
}

SUITE("rows_fetch")
