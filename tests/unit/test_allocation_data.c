/* As test_allocation.c, for what comes before a model: tensors, datasets, readers, transforms. Here
 * nothing can do without a refused block, so each refusal must be reported. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "transform/transform.h"

enum { ROWS = 6, COLUMNS = 2 };

static const float values[ROWS * COLUMNS] = {0, 1, 1, 0, 0, 2, 2, 0, 0, 3, 3, 1};
static const double numbers[ROWS] = {0.5, 1.5, 0.5, 2.5, 1.5, 2.5};
static const char *const names[ROWS] = {"b", "a", "b", "c", "a", "c"};
static const char *const codes[] = {"red", "green", "blue", "grey"};
static const int64_t shape[] = {ROWS, COLUMNS};

/* Work that makes, uses and frees handles on a context. */
typedef clf_status (*work)(clf_context *context);

static clf_status use_tensors(clf_context *context) {
  clf_tensor *made = NULL, *wrapped = NULL, *copy = NULL, *view = NULL, *flat = NULL,
             *transposed = NULL;
  clf_tensor *shared = NULL;
  void *managed = NULL;
  clf_status status;
  TRY(clf_tensor_create(&made, context, CLF_I64, 2, shape));
  TRY(clf_tensor_wrap(&wrapped, context, values, CLF_F32, 2, shape, NULL));
  TRY(clf_tensor_copy(&copy, wrapped, CLF_F64));
  TRY(clf_tensor_slice(&view, copy, 0, 1, 2, 2));
  TRY(clf_tensor_reshape(&flat, copy, 1, (int64_t[]){-1}));
  TRY(clf_tensor_permute(&transposed, copy, (int32_t[]){1, 0}));
  TRY(clf_tensor_to_dlpack(&managed, transposed));
  TRY(clf_tensor_from_dlpack(&shared, context, managed));
  managed = NULL;
done:
  if (managed != NULL) { /* nobody took it: a second importer, on the default context */
    ck_clf_ok(clf_tensor_from_dlpack(&shared, NULL, managed));
  }
  clf_tensor_free(made);
  clf_tensor_free(wrapped);
  clf_tensor_free(copy);
  clf_tensor_free(view);
  clf_tensor_free(flat);
  clf_tensor_free(transposed);
  clf_tensor_free(shared);
  return status;
}

static clf_status make_rows(clf_dataset **out, clf_context *context) {
  clf_tensor *x = NULL, *y = NULL;
  clf_status status;
  TRY(clf_tensor_wrap(&x, context, values, CLF_F32, 2, shape, NULL));
  TRY(clf_tensor_wrap(&y, context, numbers, CLF_F64, 1, shape, NULL));
  TRY(clf_dataset_create(out, context, x, y));
done:
  clf_tensor_free(x);
  clf_tensor_free(y);
  return status;
}

static clf_status make_sparse_rows(clf_dataset **out, clf_context *context) {
  static const int32_t row_start[ROWS + 1] = {0, 2, 3, 3, 4, 6, 7};
  static const int64_t column[7] = {1, 0, 1, 0, 1, 0, 0};
  static const int32_t value[7] = {1, 2, 3, 4, 5, 6, 7};
  const int64_t ends = ROWS + 1, entries = 7;
  clf_tensor *start = NULL, *place = NULL, *number = NULL;
  clf_status status;
  TRY(clf_tensor_wrap(&start, context, row_start, CLF_I32, 1, &ends, NULL));
  TRY(clf_tensor_wrap(&place, context, column, CLF_I64, 1, &entries, NULL));
  TRY(clf_tensor_wrap(&number, context, value, CLF_I32, 1, &entries, NULL));
  TRY(clf_dataset_create_sparse(out, context, COLUMNS, start, place, number, NULL));
done:
  clf_tensor_free(start);
  clf_tensor_free(place);
  clf_tensor_free(number);
  return status;
}

/* Everything that is made of a dataset, sparse or dense. */
static clf_status divide(clf_context *context, clf_dataset *rows) {
  clf_dataset *parts[5] = {NULL};
  clf_batches *batches = NULL;
  const clf_dataset *batch = NULL;
  clf_tensor *weights = NULL, *labels = NULL;
  clf_status status;
  TRY(clf_dataset_set_label_names(rows, names, ROWS));
  TRY(clf_dataset_set_column_names(rows, names, COLUMNS));
  TRY(clf_tensor_wrap(&weights, context, numbers, CLF_F64, 1, shape, NULL));
  TRY(clf_dataset_set_weights(rows, weights));
  TRY(clf_dataset_tensor(&labels, rows, "labels"));
  TRY(clf_dataset_subset(&parts[0], rows, (int64_t[]){5, 0, 0, 3}, 4));
  TRY(clf_dataset_split(&parts[1], &parts[2], rows, 0.5, 1));
  TRY(clf_dataset_fold(&parts[3], &parts[4], rows, 2, 1, 1));
  TRY(clf_batches_create(&batches, rows, 4, 1));
  TRY(clf_batches_next(batches, &batch));
  TRY(clf_batches_next(batches, &batch));
  TRY(clf_batches_next(batches, &batch));
  TRY(clf_dataset_set_targets(rows, weights));
done:
  clf_batches_free(batches);
  for (int i = 0; i < 5; i++) {
    clf_dataset_free(parts[i]);
  }
  clf_tensor_free(weights);
  clf_tensor_free(labels);
  return status;
}

static clf_status divide_dense(clf_context *context) {
  clf_dataset *rows = NULL;
  clf_status status;
  TRY(make_rows(&rows, context));
  TRY(clf_dataset_set_categories(rows, 0, codes, 4));
  TRY(divide(context, rows));
done:
  clf_dataset_free(rows);
  return status;
}

static clf_status divide_sparse(clf_context *context) {
  clf_dataset *rows = NULL;
  clf_status status;
  TRY(make_sparse_rows(&rows, context));
  TRY(divide(context, rows));
done:
  clf_dataset_free(rows);
  return status;
}

/* Kinds that take categories get them, the others numbers. */
static clf_status transform_rows(clf_context *context) {
  clf_dataset *numbers_only = NULL, *coded = NULL;
  clf_status status;
  TRY(make_rows(&numbers_only, context));
  TRY(make_rows(&coded, context));
  TRY(clf_dataset_set_categories(coded, 0, codes, 4));
  for (int64_t i = 0; i < clf_kind_count("transform"); i++) {
    clf_transform *transform = NULL;
    clf_dataset *changed = NULL;
    const char *kind = clf_kind_name("transform", i);
    const bool images = strcmp(kind, "hog") == 0;
    const clf__transform_kind *base = clf__kind_named(&clf__transform_kinds, kind);
    const clf_dataset *rows = (base->can & CLF__TAKES_CATEGORIES) != 0 ? coded : numbers_only;
    status =
        clf_transform_create(&transform, context, kind, images ? "input=1,2 cell=1 block=1" : NULL);
    status = status < 0 ? status : clf_transform_fit(transform, rows);
    status = status < 0 ? status : clf_transform_apply(&changed, transform, rows);
    clf_dataset_free(changed);
    clf_transform_free(transform);
    TRY(status);
  }
done:
  clf_dataset_free(numbers_only);
  clf_dataset_free(coded);
  return status;
}

/* A file of the given bytes, read by a format. */
static clf_status read_file(clf_context *context, const char *format, const char *params,
                            const void *bytes, size_t size) {
  char path[] = "/tmp/classify-allocation-XXXXXX";
  int descriptor = mkstemp(path);
  clf_dataset *rows = NULL;
  ck_assert_int_ge(descriptor, 0);
  ck_assert_int_eq(write(descriptor, bytes, size), (ssize_t)size);
  close(descriptor);
  clf_status status = clf_dataset_load(&rows, context, format, path, params);
  unlink(path);
  if (status == CLF_OK && params == NULL) { /* the same bytes from memory */
    clf_dataset_free(rows);
    rows = NULL;
    status = clf_dataset_load_memory(&rows, context, format, bytes, size, NULL);
  }
  clf_dataset_free(rows);
  return status;
}

static clf_status read_csv(clf_context *context) {
  static const char text[] = "height,\"the width\",name\n1,2.5,a\n3,4e1,\"b \"\"c\"\"\"\n,6,a\n";
  return read_file(context, "csv", "missing=nan", text, sizeof text - 1);
}

static clf_status read_svmlight(clf_context *context) {
  static const char text[] = "# rows\n1 1:0.5 3:2\n-1 2:1e3\n1 1:1 # one\n";
  return read_file(context, "svmlight", NULL, text, sizeof text - 1);
}

static clf_status read_fields(clf_context *context) {
  static const char text[] = "height=1\n\"the width\"=2.5\nname=\"b \"\"c\"\"\"\nage=\n";
  return read_file(context, "fields", NULL, text, sizeof text - 1);
}

static clf_status read_idx(clf_context *context) {
  static const unsigned char bytes[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
  clf_status status;
  TRY(read_file(context, "idx", NULL, bytes, sizeof bytes));
  TRY(read_file(context, "idx", "map=true", bytes, sizeof bytes));
done:
  return status;
}

static clf_status read_npy(clf_context *context) {
  static const char header[] =
      "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': True, 'shape': (6, 2)}";
  char bytes[128 + sizeof values];
  memset(bytes, ' ', 128);
  memcpy(bytes, header, sizeof header - 1);
  bytes[127] = '\n';
  memcpy(bytes + 128, values, sizeof values);
  return read_file(context, "npy", NULL, bytes, sizeof bytes);
}

static clf_status write_rows(clf_context *context, bool sparse) {
  static const char *const formats[] = {"csv", "svmlight", "npy", "rows", "idx"};
  char path[64] = "", command[80];
  char folder[] = "/tmp/classify-XXXXXX";
  clf_dataset *rows = NULL;
  clf_status status;
  ck_assert_ptr_nonnull(mkdtemp(folder));
  TRY(sparse ? make_sparse_rows(&rows, context) : make_rows(&rows, context));
  TRY(clf_dataset_set_label_names(rows, names, ROWS));
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
    snprintf(path, sizeof path, "%s/rows.npz", folder);
    TRY(clf_dataset_save(rows, formats[i], path, NULL));
  }
done:
  clf_dataset_free(rows);
  snprintf(command, sizeof command, "rm -r %s", folder);
  ck_assert_int_eq(system(command), 0);
  return status;
}

static clf_status write_dense(clf_context *context) {
  return write_rows(context, false);
}

static clf_status write_sparse(clf_context *context) {
  return write_rows(context, true);
}

static clf_status read_image(clf_context *context) {
  static const char picture[] = "P5 2 2 255\n\1\2\3\4";
  return read_file(context, "images", NULL, picture, sizeof picture - 1);
}

/* Everything that is made of texts. */
static clf_status read_text(clf_context *context) {
  static const char *const texts[] = {"the <b>cat</b>", "", "th\xFFis cat is the cat", "is"};
  static const char *const params[] = {"steps=3 ngrams=1,2", "encoding=tf_idf ngrams=1,2"};
  clf_documents *documents = NULL;
  clf_status status;
  TRY(clf_documents_create(&documents, context, texts, NULL, 4));
  for (int i = 0; i < 2; i++) {
    clf_vocabulary *vocabulary = NULL, *loaded = NULL;
    clf_dataset *rows = NULL, *row = NULL;
    unsigned char bytes[4096];
    size_t size = 0;
    status = clf_vocabulary_create(&vocabulary, context, params[i]);
    status = status < 0 ? status : clf_vocabulary_build(vocabulary, documents);
    status = status < 0 ? status : clf_vocabulary_encode(&rows, vocabulary, documents);
    status =
        status < 0 ? status : clf_vocabulary_save_memory(vocabulary, bytes, sizeof bytes, &size);
    status = status < 0 ? status : clf_vocabulary_load_memory(&loaded, context, bytes, size);
    status =
        status < 0 ? status : clf_vocabulary_encode_text(&row, loaded, texts[0], strlen(texts[0]));
    clf_dataset_free(row);
    clf_dataset_free(rows);
    clf_vocabulary_free(loaded);
    clf_vocabulary_free(vocabulary);
    TRY(status);
  }
done:
  clf_documents_free(documents);
  return status;
}

/* The same two lines from a CSV file, a folder of files, and a folder of labels. */
static clf_status read_documents(clf_context *context) {
  static const char text[] = "x\t\"a \"\"b\"\"\"\ny\tc\n";
  char path[] = "/tmp/classify-allocation-XXXXXX", file[64], label[64], moved[80];
  clf_documents *documents[3] = {NULL};
  clf_status status;
  ck_assert_ptr_nonnull(mkdtemp(path));
  snprintf(file, sizeof file, "%s/a", path);
  snprintf(label, sizeof label, "%s/b", path);
  snprintf(moved, sizeof moved, "%s/c", label);
  FILE *out = fopen(file, "w");
  fputs(text, out);
  fclose(out);
  TRY(clf_documents_load(&documents[0], context, "csv", file, "label=1"));
  TRY(clf_documents_load(&documents[1], context, "folder", path, NULL));
  ck_assert_int_eq(mkdir(label, 0777), 0);
  ck_assert_int_eq(rename(file, moved), 0);
  TRY(clf_documents_load(&documents[2], context, "folder", path, NULL));
done:
  for (int i = 0; i < 3; i++) {
    clf_documents_free(documents[i]);
  }
  unlink(file);
  unlink(moved);
  rmdir(label);
  rmdir(path);
  return status;
}

/* A text in each line: from memory, from a file, and from a file for each label. */
static clf_status read_lines(clf_context *context) {
  static const char text[] = "__label__a one\n\n__label__b two\n";
  static const char *const params[] = {NULL, "encoding=latin1"};
  char path[] = "/tmp/classify-allocation-XXXXXX", file[2][64];
  clf_documents *documents[6] = {NULL};
  clf_status status = CLF_OK;
  ck_assert_ptr_nonnull(mkdtemp(path));
  for (int i = 0; i < 2; i++) {
    snprintf(file[i], sizeof file[i], "%s/all.%s", path, i == 0 ? "a" : "b");
    FILE *out = fopen(file[i], "w");
    fputs(text, out);
    fclose(out);
    TRY(clf_documents_load_memory(&documents[i], context, "lines", text, sizeof text - 1,
                                  params[i]));
    TRY(clf_documents_load_memory(&documents[2 + i], context, "fasttext", text, sizeof text - 1,
                                  params[i]));
  }
  TRY(clf_documents_load(&documents[4], context, "fasttext", file[0], NULL));
  file[0][strlen(path) + 4] = '\0'; /* the prefix of both */
  TRY(clf_documents_load(&documents[5], context, "lines", file[0], NULL));
done:
  for (int i = 0; i < 6; i++) {
    clf_documents_free(documents[i]);
  }
  snprintf(file[0], sizeof file[0], "%s/all.a", path);
  unlink(file[0]);
  unlink(file[1]);
  rmdir(path);
  return status;
}

static const work WORKS[] = {read_text,     read_documents, use_tensors, divide_dense,
                             divide_sparse, transform_rows, read_csv,    read_svmlight,
                             read_idx,      read_npy,       write_dense, write_sparse,
                             read_image,    read_lines,     read_fields};
enum { WORK_COUNT = sizeof WORKS / sizeof WORKS[0] };

static clf_status do_work(clf_context *context, const void *argument) {
  return (*(const work *)argument)(context);
}

TEST_LOOP(each_allocation__may_be_refused, 0, WORK_COUNT) {
  ck_assert_int_eq(check_every_allocation("threads=1", do_work, &WORKS[_i]).tolerated, 0);
}

SUITE("allocation_data")
