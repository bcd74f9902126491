/* How often fits read the rows of a mapped file, which is what they wait for if the file is larger
 * than the memory. */
#include "files.h"
#include "support.h"

#include <math.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/dataset.h"

SUITE("rows_passes")

enum { ROWS = 120000, COLUMNS = 64, PIECE = 4000, CLASSES = 3, WINDOW = 64 /* pages */ };

/* The pages of the rows. Those of one window are open at a time, each from when it was first read:
 * a pass in order opens each page once, and rows that are read again at once do not count. */
static struct {
  char *begin;
  size_t page, pages;
  size_t window; /* that has open pages */
  volatile sig_atomic_t opened;
} watched;

static void open_page(int number, siginfo_t *info, void *machine) {
  const size_t at = (size_t)((char *)info->si_addr - watched.begin) / watched.page;
  (void)machine;
  if ((char *)info->si_addr < watched.begin || at >= watched.pages) {
    signal(number, SIG_DFL);
    return;
  }
  if (at / WINDOW != watched.window) {
    watched.window = at / WINDOW;
    mprotect(watched.begin, watched.pages * watched.page, PROT_NONE);
  }
  mprotect(watched.begin + at * watched.page, watched.page, PROT_READ);
  watched.opened++;
}

static void watch(const clf_dataset *data) {
  const struct sigaction action = {.sa_sigaction = open_page, .sa_flags = SA_SIGINFO};
  watched.page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t before = watched.page - (uintptr_t)data->x->data % watched.page;
  watched.begin = (char *)data->x->data + before;
  watched.pages = ((size_t)ROWS * COLUMNS * sizeof(float) - before) / watched.page;
  watched.window = watched.pages;
  watched.opened = 0;
  ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
  ck_assert_int_eq(mprotect(watched.begin, watched.pages * watched.page, PROT_NONE), 0);
}

/* Returns how often the rows were read. */
static double passes(void) {
  ck_assert_int_eq(mprotect(watched.begin, watched.pages * watched.page, PROT_READ), 0);
  signal(SIGSEGV, SIG_DFL);
  return (double)watched.opened / (double)watched.pages;
}

/* Numbers that differ little from class to class; `bad` is the one before the last. */
static void write_rows(const char *path, float bad) {
  static float x[PIECE * COLUMNS];
  static int32_t y[PIECE];
  clf_dataset_writer *writer = NULL;
  uint64_t state = 1;
  ck_clf_ok(clf_dataset_writer_create(&writer, NULL, path, NULL));
  for (int64_t first = 0; first < ROWS; first += PIECE) {
    for (int64_t i = 0; i < PIECE * COLUMNS; i++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      y[i / COLUMNS] = (int32_t)(i / COLUMNS % CLASSES);
      x[i] = (float)(state >> 40) * 0x1p-22f + (float)(i % COLUMNS % CLASSES == y[i / COLUMNS]);
    }
    x[PIECE * COLUMNS - 2] = first + PIECE == ROWS ? bad : 0;
    clf_dataset *piece = dataset_of(NULL, x, CLF_F32, PIECE, COLUMNS, y);
    ck_clf_ok(clf_dataset_writer_append(writer, piece));
    clf_dataset_free(piece);
  }
  ck_clf_ok(clf_dataset_writer_finish(writer));
  clf_dataset_writer_free(writer);
}

typedef struct reading {
  const char *kind, *params;
  bool is_model;
  int passes;
} reading;

/* Some hundred rows more are read, in which the precision of a linear map is measured. */
static const reading fits[] = {{"ridge", NULL, true, 2},
                               {"fisher", NULL, true, 2},
                               {"pca", "components=2", false, 2},
                               {"standardize", NULL, false, 2},
                               {"min_max", NULL, false, 1}};
enum { FITS = sizeof fits / sizeof *fits };

static clf_status fit(const reading *r, clf_context *context, const clf_dataset *rows) {
  clf_model *model = NULL;
  clf_transform *transform = NULL;
  clf_status status;
  if (r->is_model) {
    ck_clf_ok(clf_model_create(&model, context, r->kind, r->params));
    status = clf_model_fit(model, rows, NULL, NULL);
  } else {
    ck_clf_ok(clf_transform_create(&transform, context, r->kind, r->params));
    status = clf_transform_fit(transform, rows);
  }
  clf_model_free(model);
  clf_transform_free(transform);
  return status;
}

TEST_LOOP(fits__read_the_rows_as_often_as_stated, 0, FITS) {
  const reading *r = &fits[_i];
  clf_context *context = NULL;
  clf_dataset *rows = NULL;
  make_folder();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  write_rows(path_of("rows"), 1);
  ck_clf_ok(clf_dataset_load(&rows, context, "rows", path_of("rows"), NULL));
  watch(rows);
  const clf_status status = fit(r, context, rows);
  const double found = passes();
  ck_assert_int_ge(status, 0);
  ck_assert_msg(found > r->passes - 0.1 && found < r->passes + 0.3, "%s: %.2f passes, not %d",
                r->kind, found, r->passes);
  clf_dataset_free(rows);
  clf_context_free(context);
  remove_folder();
}

/* What the first pass finds at the end of the rows stops the fit before the second. */
TEST_LOOP(fits__refuse_rows_that_are_not_finite_after_a_pass, 0, FITS) {
  const reading *r = &fits[_i];
  char expected[128];
  clf_context *context = NULL;
  clf_dataset *rows = NULL;
  make_folder();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  write_rows(path_of("rows"), NAN);
  ck_clf_ok(clf_dataset_load(&rows, context, "rows", path_of("rows"), NULL));
  watch(rows);
  const clf_status status = fit(r, context, rows);
  const double found = passes(); /* and once or twice again, for the message */
  ck_assert_int_eq(status, CLF_ERROR_DATA);
  snprintf(expected, sizeof expected, "%s: the value in row %d, column %d is NaN; every value must",
           r->kind, ROWS - 1, COLUMNS - 2);
  ck_clf_says(expected);
  ck_assert_double_le(found, 3.1);
  clf_dataset_free(rows);
  clf_context_free(context);
  remove_folder();
}
