/* Files that are read into files without a name: the same dataset with hardly any memory, which no
 * change of the file it came from concerns. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spill.h"
#include "gzip.h"
#include "reader.h"
#include "support.h"

enum { ROWS = 40000, COLUMNS = 16 };

static char *text;
static size_t length;
static char params[128];

static void append(const char *format, int64_t value) {
  length += (size_t)sprintf(text + length, format, (long long)value);
}

/* Rows of three classes whose first columns tell them apart. */
static void write_csv(void) {
  length = 0;
  for (int64_t i = 0; i < ROWS; i++) {
    for (int64_t j = 0; j < COLUMNS; j++) {
      append("%lld.5,", (i * 7 + j * 13) % 97 + (j % 3 == i % 3 ? 40 : 0));
    }
    append("class%lld\n", i % 3);
  }
}

static void write_svmlight(void) {
  length = 0;
  for (int64_t i = 0; i < ROWS; i++) {
    append("%lld", i % 3);
    for (int64_t j = i % 2; j < COLUMNS; j += 2) {
      append(" %lld:", j + 1);
      append("%lld.25", (i * 7 + j * 13) % 97);
    }
    append("\n", 0);
  }
}

static void setup(void) {
  open_reader();
  text = malloc((size_t)ROWS * COLUMNS * 16);
  ck_assert_ptr_nonnull(text);
  add_folder("spill");
  snprintf(params, sizeof params, "spill=%s", path_of("spill"));
}

static void teardown(void) {
  free(text);
  close_reader();
}

static bool is_empty(void) {
  char command[128];
  snprintf(command, sizeof command, "test -z \"$(ls -A %s)\"", path_of("spill"));
  return system(command) == 0;
}

static void assert_same_tensor(const clf_dataset *one, const clf_dataset *other, const char *name) {
  clf_tensor *a = NULL, *b = NULL;
  const clf_status status = clf_dataset_tensor(&a, one, name);
  ck_clf_fails(clf_dataset_tensor(&b, other, name), status);
  if (status == CLF_OK) {
    ck_assert_int_eq(a->dtype, b->dtype);
    ck_assert_int_eq(clf_tensor_count(a), clf_tensor_count(b));
    ck_assert_mem_eq(a->data, b->data, (size_t)clf_tensor_count(a) * clf__dtype_size(a->dtype));
  }
  clf_tensor_free(a);
  clf_tensor_free(b);
}

typedef struct form {
  const char *format;
  void (*write)(void);
  bool gzip;
} form;
static const form FORMS[] = {
    {"csv", write_csv, false},  {"csv", write_csv, true},  {"svmlight", write_svmlight, false},
    {"rows", write_csv, false}, {"npy", write_csv, false},
};
enum { FORM_COUNT = sizeof FORMS / sizeof *FORMS };

static const char *make_file(const form *f) {
  static char path[128];
  snprintf(path, sizeof path, "%s", path_of("file.npz"));
  f->write();
  if (f->gzip) {
    char *packed = malloc(length);
    ck_assert_ptr_nonnull(packed);
    put_file("file.npz", packed, deflate_bytes(packed, length, text, length, 1));
    free(packed);
  } else {
    put_file("file.npz", text, length);
  }
  if (f->write == write_csv && strcmp(f->format, "csv") != 0) {
    clf_dataset *rows = NULL;
    ck_clf_ok(clf_dataset_load(&rows, context, "csv", path, NULL));
    ck_clf_ok(clf_dataset_save(rows, f->format, path, NULL));
    clf_dataset_free(rows);
  }
  return path;
}

static const char *plain_params(const form *f) {
  return strcmp(f->format, "rows") == 0 ? "map=false" : NULL;
}

/* The dataset that takes memory and the one that does not have the same bits, and so have models. */
TEST_LOOP(spilled_rows__are_those_in_memory, 0, FORM_COUNT) {
  static const char *const tensors[] = {"x", "labels", "row_start", "column", "value"};
  const form *f = &FORMS[_i];
  const char *path = make_file(f);
  clf_dataset *read = NULL, *spilled = NULL;
  const uint64_t before = clf_context_memory(context);
  ck_clf_ok(clf_dataset_load(&spilled, context, f->format, path, params));
  ck_assert_uint_lt(clf_context_memory(context) - before, CLF__SPILL_MIN);
  ck_clf_ok(clf_dataset_load(&read, context, f->format, path, plain_params(f)));
  ck_assert_uint_gt(clf_context_memory(context) - before, 2 * CLF__SPILL_MIN);
  for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
    assert_same_tensor(read, spilled, tensors[i]);
  }
  ck_assert(is_empty());
  clf_dataset_free(read);
  clf_dataset_free(spilled);
}

/* What is read does not fit under the limit, and the blocks of less than CLF__SPILL_MIN do. */
TEST(memory_limit__does_not_count_the_disk) {
  const char *path = make_file(&FORMS[0]);
  clf_context *small = NULL;
  clf_dataset *rows = NULL;
  ck_clf_ok(clf_context_create(&small, NULL, "threads=1 memory_limit=1500000"));
  ck_clf_fails(clf_dataset_load(&rows, small, "csv", path, NULL), CLF_ERROR_MEMORY);
  ck_clf_ok(clf_dataset_load(&rows, small, "csv", path, params));
  ck_assert_int_eq(clf_dataset_rows(rows), ROWS);
  clf_dataset_free(rows);
  clf_context_free(small);
}

static void *saved(const clf_model *model, size_t *size) {
  *size = 0;
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, size));
  void *bytes = malloc(*size);
  ck_assert_ptr_nonnull(bytes);
  ck_clf_ok(clf_model_save_memory(model, bytes, *size, size));
  return bytes;
}

typedef struct cut {
  const char *path;
  int calls;
} cut;

static int32_t cut_file(void *user, const clf_progress *progress) {
  cut *own = user;
  (void)progress;
  if (own->calls++ == 0) {
    ck_assert_int_eq(truncate(own->path, 100), 0);
  }
  return CLF_PROGRESS_GO;
}

/* A file that is cut while a model is fitted does not concern the fit. */
TEST_LOOP(truncated_file__does_not_concern_a_fit, 0, 2) {
  static const char *const kinds[] = {"logistic", "network"};
  static const char *const fits[] = {"max_iterations=20",
                                     "layers='dense units=8; activation; dense units=3' epochs=1"};
  const char *path = make_file(&FORMS[3]);
  clf_dataset *rows = NULL;
  void *bytes[2] = {NULL, NULL};
  size_t sizes[2] = {0, 0};
  cut own = {path, 0};
  ck_clf_ok(clf_dataset_load(&rows, context, "rows", path, params));
  for (int i = 0; i < 2; i++) {
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, context, kinds[_i], fits[_i]));
    ck_clf_ok(i == 1 ? clf_context_set_progress(context, cut_file, &own) : CLF_OK);
    ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
    bytes[i] = saved(model, &sizes[i]);
    clf_model_free(model);
  }
  ck_assert_int_gt(own.calls, 0);
  ck_assert_uint_eq(sizes[0], sizes[1]);
  ck_assert_mem_eq(bytes[0], bytes[1], sizes[0]);
  free(bytes[0]);
  free(bytes[1]);
  ck_clf_ok(clf_context_set_progress(context, NULL, NULL));
  clf_dataset_free(rows);
}

/* A file that is cut while it is read is an error. */
TEST(truncated_file__is_an_error_while_it_is_read) {
  const char *path = make_file(&FORMS[0]);
  clf_dataset *rows = NULL;
  cut own = {path, 0};
  ck_clf_ok(clf_context_set_progress(context, cut_file, &own));
  ck_clf_fails(clf_dataset_load(&rows, context, "csv", path, params), CLF_ERROR_IO);
  ck_clf_says("truncated while being read");
  ck_assert(is_empty());
}

/* It has nothing to spill. */
TEST(row_of_fields__takes_no_spill) {
  clf_dataset *dataset = NULL;
  const char *path = put_text("row", "a=1\n");
  ck_clf_fails(clf_dataset_load(&dataset, NULL, "fields", path, "spill=/tmp"), CLF_ERROR_ARGUMENT);
  ck_clf_says("spill");
}

TEST(folder_without_space__is_a_status) {
  struct rlimit before, limit;
  clf_dataset *rows = NULL;
  const char *path = make_file(&FORMS[0]);
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_IGN);
  limit = before;
  for (int i = 0; i < 3; i++) {
    limit.rlim_cur = (rlim_t)(i + 1) << 20;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const clf_status status = clf_dataset_load(&rows, context, "csv", path, params);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_int_eq(status, CLF_ERROR_IO);
    ck_clf_says("cannot reserve space in the folder");
    ck_clf_says("File too large");
    ck_assert(is_empty());
  }
  ck_clf_fails(clf_dataset_load(&rows, context, "csv", path, "spill=/nonexistent/folder"),
               CLF_ERROR_IO);
  ck_clf_says("/nonexistent/folder");
}

TEST(killed_process__leaves_nothing) {
  const char *path = make_file(&FORMS[0]);
  const pid_t child = fork();
  if (child == 0) {
    clf_dataset *rows = NULL;
    if (clf_dataset_load(&rows, context, "csv", path, params) == CLF_OK) {
      raise(SIGKILL);
    }
    _exit(1);
  }
  int ended;
  ck_assert_int_eq(waitpid(child, &ended, 0), child);
  ck_assert(WIFSIGNALED(ended));
  ck_assert(is_empty());
}

/* Other calls on the context allocate as ever, also from a callback. */
static int32_t load_another(void *user, const clf_progress *progress) {
  uint64_t *held = user;
  clf_dataset *rows = NULL;
  (void)progress;
  if (*held == 0) {
    const uint64_t before = clf_context_memory(context);
    ck_clf_ok(clf_dataset_load_memory(&rows, context, "csv", text, length, NULL));
    *held = clf_context_memory(context) - before;
    clf_dataset_free(rows);
  }
  return CLF_PROGRESS_GO;
}

TEST(load_within_a_load__has_memory_of_its_own) {
  clf_dataset *rows = NULL;
  uint64_t held = 0;
  const char *path = make_file(&FORMS[0]);
  ck_clf_ok(clf_context_set_progress(context, load_another, &held));
  ck_clf_ok(clf_dataset_load(&rows, context, "csv", path, params));
  ck_assert_uint_gt(held, 2 * CLF__SPILL_MIN);
  clf_dataset_free(rows);
}

SUITE("spill", .setup = setup, .teardown = teardown)
