/* Files that another process rewrites, grows or truncates while they are loaded: whatever is read
 * is looked at in memory of the library's own, so that a load gives what the file once held, or an
 * error. Under the address sanitizer, so that a byte beyond what was allocated is found. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "gzip.h"
#include "support.h"
#include "tensor/tensor.h"

enum { MOST_BYTES = 1 << 15 };

typedef struct file {
  size_t size;
  unsigned char bytes[MOST_BYTES];
} file;

static void setup(void) {
  make_folder();
}

static void teardown(void) {
  remove_folder();
}

/* Writes over the file in place, without a new name: who has it open sees it. */
static void overwrite(const char *path, const void *bytes, size_t size, size_t keep) {
  int descriptor = open(path, O_WRONLY | O_CREAT, 0666);
  ck_assert_int_ge(descriptor, 0);
  ck_assert_int_eq(pwrite(descriptor, bytes, size, 0), (ssize_t)size);
  ck_assert_int_eq(ftruncate(descriptor, (off_t)keep), 0);
  close(descriptor);
}

static void append_text(file *to, const char *text) {
  size_t length = strlen(text);
  ck_assert_uint_le(to->size + length, sizeof to->bytes);
  memcpy(to->bytes + to->size, text, length);
  to->size += length;
}

static void append_rows(file *to, const char *line, int count) {
  for (int i = 0; i < count; i++) {
    append_text(to, line);
  }
}

/* A text of few records, and one of as many bytes whose records are many and short. */
typedef struct text_case {
  const char *format, *few, *many;
} text_case;

static const text_case TEXTS[] = {
    {"csv", "1000000000,2000000000,a\n", "1,2,a\n"},
    {"svmlight", "1 1000000:1000000.25\n", "1 1:1 2:1 3:1\n"},
    {"documents", "\"a very long document\",a\n", "b,c\n"},
};
enum { TEXT_COUNT = sizeof TEXTS / sizeof TEXTS[0] };

typedef struct change {
  const char *path, *stage;
  const file *other;
  size_t keep;
  int calls;
} change;

static int32_t change_file(void *user, const clf_progress *progress) {
  change *own = user;
  if (strcmp(progress->stage, own->stage) == 0 && own->calls++ == 0) {
    overwrite(own->path, own->other->bytes, own->other->size, own->keep);
  }
  return 0;
}

static clf_status load_text(int64_t *rows, clf_context *context, const char *format,
                            const char *path) {
  if (strcmp(format, "documents") == 0) {
    clf_documents *documents = NULL;
    clf_status status = clf_documents_load(&documents, context, "csv", path, "header=false");
    *rows = status == CLF_OK ? clf_documents_count(documents) : -1;
    clf_documents_free(documents);
    return status;
  }
  clf_dataset *dataset = NULL;
  clf_status status = clf_dataset_load(&dataset, context, format, path, NULL);
  *rows = status == CLF_OK ? clf_dataset_rows(dataset) : -1;
  clf_dataset_free(dataset);
  return status;
}

static clf_status load_changed(int64_t *rows, const text_case *text, const char *stage,
                               size_t keep) {
  static file few, many;
  clf_context *context = NULL;
  few.size = many.size = 0;
  append_rows(&few, text->few, 100);
  append_rows(&many, text->many, (int)(few.size / strlen(text->many)));
  const char *path = put_file("changing", few.bytes, few.size);
  change own = {path, stage, &many, keep, 0};
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  ck_clf_ok(clf_context_set_progress(context, change_file, &own));
  clf_status status = load_text(rows, context, text->format, path);
  ck_assert_int_gt(own.calls, 0);
  clf_context_free(context);
  return status;
}

/* Once the text is in memory, it does not matter what becomes of the file: the records that are
 * counted are those that are parsed. */
TEST_LOOP(text__is_what_was_read_first, 0, TEXT_COUNT) {
  const text_case *text = &TEXTS[_i];
  const char *stage = strcmp(text->format, "documents") == 0 ? "csv" : text->format;
  static const size_t lengths[] = {0, 1, 1000};
  int64_t rows = 0;
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    ck_clf_ok(load_changed(&rows, text, stage, lengths[i]));
    ck_assert_int_eq(rows, 100);
  }
}

/* The size is taken when the file is opened. */
TEST_LOOP(text__truncated_before_it_is_read__is_an_error, 0, TEXT_COUNT) {
  int64_t rows = 0;
  ck_clf_fails(load_changed(&rows, &TEXTS[_i], "read", 500), CLF_ERROR_IO);
  ck_clf_says("it was truncated while being read");
}

static int32_t stop_reading(void *user, const clf_progress *progress) {
  (void)user;
  return strcmp(progress->stage, "read") == 0;
}

/* Before a piece of the file is read, which may take long where the file is far away. */
TEST(reading__can_be_cancelled) {
  clf_context *context = NULL;
  clf_dataset *dataset = NULL;
  const char *path = put_file("a.csv", "1,2,a\n3,4,b\n", 12);
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  const uint64_t held = clf_context_memory(context);
  ck_clf_ok(clf_context_set_progress(context, stop_reading, NULL));
  ck_clf_fails(clf_dataset_load(&dataset, context, "csv", path, NULL), CLF_ERROR_CANCELLED);
  ck_assert_ptr_null(dataset);
  ck_assert_uint_eq(clf_context_memory(context), held);
  clf_context_free(context);
}

static void append_idx(file *to, int rows) {
  const unsigned char header[] = {0, 0, 8, 3,  0, 0, 0, (unsigned char)rows,
                                  0, 0, 0, 10, 0, 0, 0, 10};
  memcpy(to->bytes, header, sizeof header);
  memset(to->bytes + sizeof header, 7, (size_t)rows * 100);
  to->size = sizeof header + (size_t)rows * 100;
}

static void append_npy(file *to) {
  static const char header[] =
      "\x93NUMPY\1\0\x76\0{'descr': '<f4', 'fortran_order': False, 'shape': (16, 4)}";
  memset(to->bytes, ' ', 128);
  memcpy(to->bytes, header, sizeof header - 1);
  for (int i = 0; i < 64; i++) {
    float value = (float)i;
    memcpy(to->bytes + 128 + 4 * i, &value, 4);
  }
  to->size = 128 + 64 * 4;
}

/* A dataset of pixels or floats is not the file's. */
TEST(arrays__are_kept) {
  static const struct {
    const char *format;
    double last;
  } arrays[] = {{"idx", 7.0 / 255}, {"npy", 63}};
  for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
    static file whole;
    clf_context *context = NULL;
    clf_dataset *dataset = NULL;
    clf_tensor *x = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
    if (i == 0) {
      append_idx(&whole, 16);
    } else {
      append_npy(&whole);
    }
    const char *path = put_file("array", whole.bytes, whole.size);
    ck_clf_ok(clf_dataset_load(&dataset, context, arrays[i].format, path, NULL));
    memset(whole.bytes, 0xFF, whole.size);
    overwrite(path, whole.bytes, whole.size, 10);
    ck_clf_ok(clf_dataset_tensor(&x, dataset, "x"));
    ck_assert_double_eq_tol(clf__tensor_value(x, clf_tensor_count(x) - 1), arrays[i].last, 1e-7);
    clf_tensor_free(x);
    clf_dataset_free(dataset);
    clf_context_free(context);
  }
}

/* Writers of the library replace a file: a dataset that has mapped it keeps the old one. */
TEST(mapped_rows__stay_when_the_library_writes_the_file_again) {
  static const char *const formats[] = {"idx", "npy", "rows"};
  static const char *const params[] = {"map=true labels=none", "map=true", NULL};
  static const uint8_t first[] = {1, 2, 3, 4, 5, 6}, second[] = {9};
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
    clf_dataset *old = dataset_of(NULL, first, CLF_U8, 2, 3, NULL), *mapped = NULL;
    clf_dataset *new = dataset_of(NULL, second, CLF_U8, 1, 1, NULL);
    clf_tensor *x = NULL;
    ck_clf_ok(clf_dataset_save(old, formats[i], path_of("mapped"), NULL));
    ck_clf_ok(clf_dataset_load(&mapped, NULL, formats[i], path_of("mapped"), params[i]));
    ck_clf_ok(clf_dataset_save(new, formats[i], path_of("mapped"), NULL));
    ck_clf_ok(clf_dataset_tensor(&x, mapped, "x"));
    ck_assert_int_eq(clf_tensor_count(x), 6);
    ck_assert_double_eq_tol(clf__tensor_value(x, 5), 6.0 / 255, 1e-7);
    clf_tensor_free(x);
    clf_dataset_free(mapped);
    clf_dataset_free(new);
    clf_dataset_free(old);
  }
}

/* What is loaded while a thread writes to its file. `make` writes the valid file. */
typedef struct target {
  const char *name, *format, *params;
  void (*make)(file *out);
  clf_status (*load)(clf_context *context, const struct target *own, const char *path);
} target;

static clf_status load_dataset(clf_context *context, const target *own, const char *path) {
  clf_dataset *dataset = NULL;
  clf_status status = clf_dataset_load(&dataset, context, own->format, path, own->params);
  ck_assert_int_eq(status == CLF_OK, dataset != NULL);
  clf_dataset_free(dataset);
  return status;
}

static clf_status load_documents(clf_context *context, const target *own, const char *path) {
  clf_documents *documents = NULL;
  clf_status status = clf_documents_load(&documents, context, own->format, path, own->params);
  ck_assert_int_eq(status == CLF_OK, documents != NULL);
  clf_documents_free(documents);
  return status;
}

static clf_status load_model(clf_context *context, const target *own, const char *path) {
  clf_model *model = NULL;
  clf_status status = own->format != NULL
                          ? clf_model_import(&model, context, own->format, path, NULL)
                          : clf_model_load(&model, context, path);
  ck_assert_int_eq(status == CLF_OK, model != NULL);
  clf_model_free(model);
  return status;
}

static clf_status load_vocabulary(clf_context *context, const target *own, const char *path) {
  clf_vocabulary *vocabulary = NULL;
  (void)own;
  clf_status status = clf_vocabulary_load(&vocabulary, context, path);
  ck_assert_int_eq(status == CLF_OK, vocabulary != NULL);
  clf_vocabulary_free(vocabulary);
  return status;
}

/* A single image, and a folder that has nothing else. */
static clf_status load_image(clf_context *context, const target *own, const char *path) {
  clf_image *image = NULL;
  clf_status status = clf_image_load(&image, context, path, NULL);
  clf_image_free(image);
  char parent[128];
  clf_dataset *dataset = NULL;
  snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(path, '/') - path), path);
  ck_assert_int_eq(clf_dataset_load(&dataset, context, own->format, parent, own->params) == CLF_OK,
                   dataset != NULL);
  clf_dataset_free(dataset);
  return status;
}

static void make_csv(file *out) {
  append_rows(out, "1000000000,\"2\",a\n1,2,b\n", 300);
}

static void make_svmlight(file *out) {
  append_rows(out, "1 3:1 1:2 # x\n-1 1:1 2:1 3:1 4:1\n", 200);
}

static void make_fields(file *out) {
  append_text(out, "age=1000000000\ncity=\"a, b\"\nsince=2024-02-03\n");
}

static void make_idx(file *out) {
  append_idx(out, 100);
}

static void read_file(file *out, const char *path) {
  FILE *from = fopen(path, "rb");
  ck_assert_ptr_nonnull(from);
  out->size = fread(out->bytes, 1, sizeof out->bytes, from);
  fclose(from);
}

static void make_rows(file *out) {
  static float values[400];
  static int32_t labels[100];
  for (int i = 0; i < 400; i++) {
    values[i] = (float)i;
    labels[i / 4] = i % 3;
  }
  clf_dataset *dataset = dataset_of(NULL, values, CLF_F32, 100, 4, labels);
  ck_clf_ok(clf_dataset_save(dataset, "rows", path_of("made"), NULL));
  read_file(out, path_of("made"));
  clf_dataset_free(dataset);
}

static void make_gzip(file *out) {
  static file plain;
  append_idx(&plain, 100);
  out->size = deflate_bytes(out->bytes, sizeof out->bytes, plain.bytes, plain.size, 1);
}

static void make_npz(file *out) {
  static const unsigned char archive[] = {
#include "../fuzz/npz_seed.inc"
  };
  memcpy(out->bytes, archive, sizeof archive);
  out->size = sizeof archive;
}

static void make_libsvm(file *out) {
  append_text(out,
              "svm_type c_svc\nkernel_type linear\nnr_class 2\ntotal_sv 2\nrho 0\n"
              "label 1 -1\nnr_sv 1 1\nSV\n1 1:1 2:1\n-1 1:-1 3:1\n");
}

static void make_image(file *out) {
  append_text(out, "P5 100 100 255\n");
  memset(out->bytes + out->size, 9, 10000);
  out->size += 10000;
}

static void make_model(file *out) {
  static const float rows[] = {0, 0, 1, 0, 0, 1, 4, 4, 5, 4, 4, 5};
  static const int32_t labels[] = {0, 0, 0, 1, 1, 1};
  clf_model *model = NULL;
  clf_dataset *dataset = dataset_of(NULL, rows, CLF_F32, 6, 2, labels);
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_clf_ok(clf_model_fit(model, dataset, NULL, NULL));
  ck_clf_ok(clf_model_save_memory(model, out->bytes, sizeof out->bytes, &out->size));
  clf_model_free(model);
  clf_dataset_free(dataset);
}

static void make_vocabulary(file *out) {
  static const char *const texts[] = {"one two three", "two three four", "five"};
  clf_documents *documents = NULL;
  clf_vocabulary *vocabulary = NULL;
  ck_clf_ok(clf_documents_create(&documents, NULL, texts, NULL, 3));
  ck_clf_ok(clf_vocabulary_create(&vocabulary, NULL, NULL));
  ck_clf_ok(clf_vocabulary_build(vocabulary, documents));
  ck_clf_ok(clf_vocabulary_save_memory(vocabulary, out->bytes, sizeof out->bytes, &out->size));
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

static const target TARGETS[] = {
    {"csv", "csv", NULL, make_csv, load_dataset},
    {"svmlight", "svmlight", NULL, make_svmlight, load_dataset},
    {"fields", "fields", NULL, make_fields, load_dataset},
    {"idx", "idx", NULL, make_idx, load_dataset},
    {"gzip'd idx", "idx", NULL, make_gzip, load_dataset},
    {"npy", "npy", NULL, append_npy, load_dataset},
    {"npz", "npy", NULL, make_npz, load_dataset},
    {"rows", "rows", "map=false", make_rows, load_dataset},
    {"images", "images", "skip_others=true", make_image, load_image},
    {"documents", "csv", NULL, make_csv, load_documents},
    {"model", NULL, NULL, make_model, load_model},
    {"libsvm", "libsvm", NULL, make_libsvm, load_model},
    {"vocabulary", NULL, NULL, make_vocabulary, load_vocabulary},
};
enum { TARGET_COUNT = sizeof TARGETS / sizeof TARGETS[0], LOADS = 300 };

typedef struct writer {
  const char *path;
  const file *whole;
  atomic_bool stop;
} writer;

/* Repeatedly damages some bytes, truncates or extends the file, and restores it. */
static void *write_over(void *argument) {
  writer *own = argument;
  static file damaged;
  uint32_t random = 1;
  while (!atomic_load(&own->stop)) {
    damaged = *own->whole;
    for (int i = 0; i < 8; i++) {
      random = random * 1664525u + 1013904223u;
      damaged.bytes[(random >> 8) % damaged.size] = (unsigned char)(random >> 3);
    }
    size_t keep = (random >> 4) % (2 * damaged.size);
    overwrite(own->path, damaged.bytes, damaged.size, keep);
    overwrite(own->path, own->whole->bytes, own->whole->size, own->whole->size);
  }
  return NULL;
}

/* As said at the top; and when the writer is gone the file loads. */
TEST_LOOP(any_file__may_be_written_meanwhile, 0, TARGET_COUNT) {
  const target *own = &TARGETS[_i];
  static file whole;
  clf_context *context = NULL;
  pthread_t thread;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2 memory_limit=100000000"));
  own->make(&whole);
  writer writing = {put_file("written", whole.bytes, whole.size), &whole, false};
  ck_clf_ok(own->load(context, own, writing.path)); /* which may start the context's threads */
  uint64_t held = clf_context_memory(context);
  ck_assert_int_eq(pthread_create(&thread, NULL, write_over, &writing), 0);
  for (int i = 0; i < LOADS; i++) {
    own->load(context, own, writing.path);
    ck_assert_uint_eq(clf_context_memory(context), held);
  }
  atomic_store(&writing.stop, true);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  ck_clf_ok(own->load(context, own, writing.path));
  clf_context_free(context);
}

SUITE("changing_files", .setup = setup, .teardown = teardown)
