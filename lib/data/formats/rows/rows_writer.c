/* Writing the library's own file of rows. Features, or the values of sparse rows, go to the file as
 * they come. What else each row has goes to files without a name, and behind the features at the
 * end; so the writer's memory does not grow with the rows. The first rows determine what the file
 * holds; the head of the store, whose size follows from that, is written last. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/border.h"
#include "base/kind_use.h"
#include "base/math.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/formats/rows/rows.h"
#include "data/match.h"

static const char owner[] = "dataset writer";

enum { DTYPE_AUTO, DTYPE_U8, DTYPE_F32, DTYPE_F64 };

typedef struct rows_write_params {
  int32_t dtype;
} rows_write_params;

#define CLF__VALUES rows_write_params
static const clf__param params[] = {
    CLF__CHOICE(dtype, "auto|u8|f32|f64", "auto",
                "type of dense features; auto: that of the first rows"),
};

enum { COLUMN, START, LABELS, TARGETS, WEIGHTS, PARTS };

struct clf_dataset_writer {
  clf_context *context;
  char *path, *folder;
  int32_t wanted; /* DTYPE_… */
  bool begun;     /* the first rows were appended */
  bool ended;     /* finished, or a call failed after it had written */
  clf__store_stream stream;
  clf__rows_part parts[PARTS];
  clf_tensor *first; /* the first entry: dtype, scale and shape of the features, for the head */
  bool sparse;
  int64_t rows, features, entries;
  clf__names *names;
  clf__categories *categories;
  clf__rows_labels labels;
  int64_t outputs; /* of targets; 0 without */
  bool weighted;
};

static char *folder_of(clf_context *context, const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL   ? clf__copy_text(context, ".")
         : slash == path ? clf__copy_text(context, "/")
                         : clf__copy_bytes(context, path, (size_t)(slash - path));
}

static clf_status create(clf_dataset_writer **out, clf_context *context, const char *path,
                         const rows_write_params *chosen) {
  clf_dataset_writer *writer = clf__handle_create(context, sizeof *writer);
  if (writer == NULL) {
    return CLF_ERROR_MEMORY;
  }
  writer->wanted = chosen->dtype;
  writer->path = clf__copy_text(writer->context, path);
  writer->folder = folder_of(writer->context, path);
  if (writer->path == NULL || writer->folder == NULL) {
    clf_dataset_writer_free(writer);
    return CLF_ERROR_MEMORY;
  }
  *out = writer;
  return CLF_OK;
}

clf_status clf_dataset_writer_create(clf_dataset_writer **out, clf_context *context,
                                     const char *path, const char *text) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(path);
  CLF__ENTER(owner);
  clf__kind_use use = {0};
  CLF__CHECK(clf__kind_choose(&use, &clf__dataset_writer_rows, context, text));
  const clf_status status = create(out, use.context, path, use.params);
  clf__kind_release(&use);
  return status;
}

/* Closes the files, which then vanish unless they were committed. */
static void close_files(clf_dataset_writer *writer) {
  clf__store_stream_close(&writer->stream);
  for (int32_t i = 0; i < PARTS; i++) {
    clf__rows_part_close(&writer->parts[i]);
  }
}

void clf_dataset_writer_free(clf_dataset_writer *writer) {
  if (writer == NULL) {
    return;
  }
  close_files(writer);
  clf_tensor_free(writer->first);
  clf__names_release(writer->names);
  clf__categories_release(writer->categories);
  clf__rows_labels_free(&writer->labels);
  clf__free(writer->path);
  clf__free(writer->folder);
  clf__handle_free(writer);
}

/* Makes the tensor that stands for the features: none of its data are in memory. */
static clf_status make_first(clf_dataset_writer *writer, const clf_dataset *rows) {
  static const int32_t dtypes[] = {
      [DTYPE_U8] = CLF_U8, [DTYPE_F32] = CLF_F32, [DTYPE_F64] = CLF_F64};
  int64_t shape[CLF_MAX_DIMENSIONS] = {0};
  const int32_t dtype = writer->sparse                 ? CLF_F32
                        : writer->wanted == DTYPE_AUTO ? rows->x->dtype
                                                       : dtypes[writer->wanted];
  for (int32_t i = 1; !writer->sparse && i < rows->x->ndim; i++) {
    shape[i] = rows->x->shape[i];
  }
  CLF__CHECK(clf_tensor_create(&writer->first, writer->context, dtype,
                               writer->sparse ? 1 : rows->x->ndim, shape));
  if (dtype == CLF_U8 && rows->x->dtype == CLF_U8) {
    writer->first->scale = rows->x->scale;
  }
  return CLF_OK;
}

static clf_status open_parts(clf_dataset_writer *writer, const clf_dataset *rows) {
  const struct {
    const char *name;
    int32_t dtype;
    bool used;
    int64_t width;
  } parts[PARTS] = {
      [COLUMN] = {CLF__ROWS_COLUMN, CLF_I32, writer->sparse, 0},
      [START] = {CLF__ROWS_START, CLF_I64, writer->sparse, 0},
      [LABELS] = {CLF__ROWS_LABELS, CLF_I32, rows->labels != NULL, 0},
      [TARGETS] = {CLF__ROWS_TARGETS, CLF_F64, rows->targets != NULL, writer->outputs},
      [WEIGHTS] = {CLF__ROWS_WEIGHTS, CLF_F32, rows->weights != NULL, 0},
  };
  const int64_t zero = 0;
  for (int32_t i = 0; i < PARTS; i++) {
    if (parts[i].used) {
      CLF__CHECK(clf__rows_part_open(&writer->parts[i], writer->folder, parts[i].name,
                                     parts[i].dtype, parts[i].width));
    }
  }
  return writer->sparse ? clf__rows_part_write(&writer->parts[START], &zero, 1) : CLF_OK;
}

static bool has_part(const clf_dataset_writer *writer, int32_t part) {
  return writer->parts[part].file.folder != NULL;
}

/* Adds the entry of a part: what was written of it, or, for the plan, an empty tensor. */
static clf_status add_part(clf__store *store, clf_dataset_writer *writer, int32_t part, bool plan) {
  clf__rows_part *own = &writer->parts[part];
  const char *name = own->name;
  const int64_t empty[2] = {0, own->width};
  clf_tensor *tensor = NULL;
  clf_status status;
  if (!has_part(writer, part)) {
    return CLF_OK;
  }
  CLF__TRY(
      plan ? clf_tensor_create(&tensor, writer->context, own->dtype, own->width > 0 ? 2 : 1, empty)
           : clf__rows_part_map(&tensor, writer->context, own));
  if (part == LABELS && !plan) {
    clf__rows_labels_finish(&writer->labels, tensor);
  }
  status = clf__store_add_tensor(store, name, tensor);
done:
  clf_tensor_free(tensor);
  return status;
}

static clf_status add_texts(clf__store *store, const clf_dataset_writer *writer) {
  char features[32];
  CLF__CHECK(clf__store_add_text(store, CLF__ROWS_VERSION, "1"));
  snprintf(features, sizeof features, "%lld", (long long)writer->features);
  return writer->sparse ? clf__store_add_text(store, CLF__ROWS_FEATURES, features) : CLF_OK;
}

/* Makes the entries of the file, or a plan of them. */
static clf_status make_store(clf__store **out, clf_dataset_writer *writer, bool plan) {
  clf__store *store = NULL;
  clf_status status;
  CLF__TRY(clf__store_create(&store, writer->context));
  CLF__TRY(
      clf__store_add_tensor(store, writer->sparse ? CLF__ROWS_VALUE : CLF__ROWS_X, writer->first));
  CLF__TRY(add_part(store, writer, COLUMN, plan));
  CLF__TRY(add_part(store, writer, START, plan));
  CLF__TRY(add_texts(store, writer));
  CLF__TRY(add_part(store, writer, LABELS, plan));
  if (writer->labels.classes != NULL) {
    CLF__TRY(clf__classes_save(writer->labels.classes, store));
  }
  CLF__TRY(add_part(store, writer, TARGETS, plan));
  CLF__TRY(add_part(store, writer, WEIGHTS, plan));
  if (writer->names != NULL) {
    CLF__TRY(clf__names_save(writer->names, store, CLF__ROWS_NAMES));
  }
  if (writer->categories != NULL) {
    CLF__TRY(clf__categories_save(writer->categories, store, CLF__ROWS_CATEGORIES));
  }
  *out = store;
  store = NULL;
done:
  clf__store_free(store);
  return status;
}

/* Determines what the file holds by the first rows, and opens it. */
static clf_status begin(clf_dataset_writer *writer, const clf_dataset *rows) {
  clf__store *plan = NULL;
  clf_status status;
  if (writer->wanted != DTYPE_AUTO && rows->x == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s: dtype is for dense rows; sparse ones are f32",
                     owner);
  }
  writer->sparse = rows->x == NULL;
  writer->features = rows->features;
  writer->outputs = clf_dataset_outputs(rows);
  writer->weighted = rows->weights != NULL;
  writer->names = clf__names_retain(rows->names);
  writer->categories = clf__categories_retain(rows->categories);
  CLF__TRY(make_first(writer, rows));
  CLF__TRY(open_parts(writer, rows));
  if (rows->labels != NULL) {
    CLF__TRY(clf__rows_labels_join(&writer->labels, writer->context, rows->classes));
  }
  CLF__TRY(make_store(&plan, writer, true));
  CLF__TRY(clf__store_stream_open(&writer->stream, writer->context, writer->path, plan));
  writer->begun = true;
done:
  clf__store_free(plan);
  return status;
}

static clf_status fail_shape(const clf_dataset_writer *writer, const clf_dataset *rows) {
  return clf__fail(CLF_ERROR_SHAPE, "%s: the rows have %lld features%s; the first ones had %lld%s",
                   owner, (long long)rows->features, rows->x == NULL ? ", sparse" : "",
                   (long long)writer->features, writer->sparse ? ", sparse" : "");
}

static clf_status check_shape(const clf_dataset_writer *writer, const clf_dataset *rows) {
  if (writer->sparse != (rows->x == NULL) || writer->features != rows->features ||
      (rows->x != NULL && rows->x->ndim != writer->first->ndim)) {
    return fail_shape(writer, rows);
  }
  for (int32_t i = 1; rows->x != NULL && i < rows->x->ndim; i++) {
    if (rows->x->shape[i] != writer->first->shape[i]) {
      return clf__fail(CLF_ERROR_SHAPE, "%s: axis %d of the rows has %lld elements, not %lld",
                       owner, i, (long long)rows->x->shape[i], (long long)writer->first->shape[i]);
    }
  }
  return CLF_OK;
}

/* With dtype=auto, rows must not lose anything to the type of the first ones. Other types are
 * converted to the one that was asked for, but not to bytes with a scale. */
static clf_status check_dtype(const clf_dataset_writer *writer, const clf_dataset *rows) {
  const int32_t own = writer->first->dtype;
  if (rows->x == NULL || (writer->wanted != DTYPE_AUTO && writer->first->scale == 1)) {
    return CLF_OK;
  }
  const bool same = rows->x->dtype == own && rows->x->scale == writer->first->scale;
  return same || own == CLF_F64 || (own == CLF_F32 && rows->x->dtype != CLF_F64)
             ? CLF_OK
             : clf__fail(CLF_ERROR_TYPE,
                         "%s: the rows are %s%s, and the first ones were %s; create the writer "
                         "with dtype=f64, which holds both",
                         owner, clf__dtype_name(rows->x->dtype),
                         rows->x->dtype == own ? " of another scale" : "", clf__dtype_name(own));
}

static clf_status check_presence(const char *what, bool has, bool first) {
  return has == first ? CLF_OK
                      : clf__fail(CLF_ERROR_DATA, "%s: the rows have %s%s; the first ones had %s",
                                  owner, has ? "" : "no ", what, first ? "them" : "none");
}

static clf_status check_parts(const clf_dataset_writer *writer, const clf_dataset *rows) {
  CLF__CHECK(check_presence("labels", rows->labels != NULL, writer->labels.classes != NULL));
  CLF__CHECK(check_presence("targets", rows->targets != NULL, writer->outputs > 0));
  CLF__CHECK(check_presence("weights", rows->weights != NULL, writer->weighted));
  CLF__CHECK(check_presence("names of columns", rows->names != NULL, writer->names != NULL));
  if (clf_dataset_outputs(rows) != writer->outputs) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "%s: the rows have %lld targets each; the first ones had %lld", owner,
                     (long long)clf_dataset_outputs(rows), (long long)writer->outputs);
  }
  if (rows->labels != NULL &&
      clf__classes_are_numbers(rows->classes) != clf__classes_are_numbers(writer->labels.classes)) {
    return clf__fail(CLF_ERROR_DATA, "%s: the labels are %s; the first ones were %s", owner,
                     clf__classes_are_numbers(rows->classes) ? "numbers" : "names",
                     clf__classes_are_numbers(rows->classes) ? "names" : "numbers");
  }
  return CLF_OK;
}

static clf_status check_columns(const clf_dataset_writer *writer, const clf_dataset *rows) {
  const int64_t other = clf__names_difference(writer->names, rows->names);
  if (other >= 0) {
    return clf__fail(CLF_ERROR_DATA, "%s: %s of the rows has another name in the first ones", owner,
                     clf__dataset_column(rows, other).text);
  }
  for (int64_t j = 0; j < writer->features; j++) {
    const bool has = clf__categories_of(rows->categories, j) != NULL;
    if (has != (clf__categories_of(writer->categories, j) != NULL)) {
      return clf__fail(CLF_ERROR_DATA, "%s: %s has %s, and the first rows had %s there", owner,
                       clf__dataset_column(rows, j).text, has ? "categories" : "numbers",
                       has ? "numbers" : "categories");
    }
  }
  return CLF_OK;
}

/* Compares rows with the first ones, before any of them is written. */
static clf_status check_like(const clf_dataset_writer *writer, const clf_dataset *rows) {
  CLF__CHECK(check_shape(writer, rows));
  CLF__CHECK(check_dtype(writer, rows));
  CLF__CHECK(check_parts(writer, rows));
  return check_columns(writer, rows);
}

static clf_status fail_value(double value, int64_t row, int64_t column, int32_t dtype) {
  return clf__fail(CLF_ERROR_DATA, "%s: the value %s in row %lld, column %lld (from 0), is %s",
                   owner, clf__number_text(value), (long long)row, (long long)column,
                   dtype == CLF_U8 ? "no integer from 0 to 255, as dtype=u8 needs"
                                   : "beyond the range of f32; dtype=f64 holds it");
}

/* Converts the values of a row to the file's type. */
static clf_status convert_row(void *to, int32_t dtype, const double *values, int64_t columns,
                              int64_t row) {
  for (int64_t j = 0; j < columns; j++) {
    const double value = values[j];
    const bool fits =
        dtype == CLF_F64 ||
        (dtype == CLF_F32 ? isfinite((float)value) || !isfinite(value)
                          : value >= 0 && value <= UINT8_MAX && value == floor(value));
    if (!fits) {
      return fail_value(value, row, j, dtype);
    }
    if (dtype == CLF_F64) {
      ((double *)to)[j] = value;
    } else if (dtype == CLF_F32) {
      ((float *)to)[j] = (float)value;
    } else {
      ((uint8_t *)to)[j] = (uint8_t)value;
    }
  }
  return CLF_OK;
}

/* Writes rows of another type than the file's, one after the other. */
static clf_status write_converted(clf_dataset_writer *writer, const clf__rows *x) {
  const clf__progress progress = clf__progress_begin(writer->context, "rows", x->rows);
  const int32_t dtype = writer->first->dtype;
  const size_t element = clf__dtype_size(dtype);
  clf__arena arena = {.context = writer->context};
  double *values = clf__arena_array(&arena, x->columns, sizeof *values);
  void *row = clf__arena_array(&arena, x->columns, element);
  clf_status status = clf__arena_status(&arena);
  for (int64_t i = 0; status == CLF_OK && i < x->rows; i++) {
    clf__rows_read_f64(x, i, values);
    CLF__TRY(convert_row(row, dtype, values, x->columns, writer->rows + i));
    CLF__TRY(clf__store_stream_write(&writer->stream, row, (size_t)x->columns * element, element));
    CLF__TRY(clf__progress_step(&progress, i, NAN, NAN));
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Writes elements in pieces, between which the host may cancel. */
static clf_status write_run(clf_dataset_writer *writer, const void *data, int64_t count,
                            int32_t dtype) {
  const int64_t piece = (int64_t)1 << 22;
  const size_t element = clf__dtype_size(dtype);
  const clf__progress progress = clf__progress_begin(writer->context, "rows", count);
  clf_status status = CLF_OK;
  for (int64_t at = 0; status == CLF_OK && at < count; at += piece) {
    status = clf__store_stream_write(&writer->stream, (const char *)data + (size_t)at * element,
                                     (size_t)clf__min_i64(count - at, piece) * element, element);
    if (status == CLF_OK) {
      status = clf__progress_step(&progress, clf__min_i64(at + piece, count), NAN, NAN);
    }
  }
  return status;
}

static clf_status write_dense(clf_dataset_writer *writer, const clf_dataset *rows) {
  const clf__rows x = clf__dataset_rows(rows);
  const size_t element = clf__dtype_size(x.dtype);
  if (x.dtype != writer->first->dtype || rows->x->scale != writer->first->scale) {
    return write_converted(writer, &x);
  }
  const bool whole = x.stride == x.columns;
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < (whole ? 1 : x.rows); i++) {
    const char *data = (const char *)x.data + (size_t)(i * x.stride) * element;
    status = write_run(writer, data, whole ? x.rows * x.columns : x.columns, x.dtype);
  }
  return status;
}

static clf_status write_sparse(clf_dataset_writer *writer, const clf_dataset *rows) {
  const clf__rows x = clf__dataset_rows(rows);
  const int64_t first = x.row_start[0], count = x.row_start[x.rows] - first;
  CLF__CHECK(write_run(writer, x.value + first, count, CLF_F32));
  CLF__CHECK(clf__rows_part_write(&writer->parts[COLUMN], x.column + first, count));
  for (int64_t i = 1; i <= x.rows; i++) {
    const int64_t start = writer->entries + x.row_start[i] - first;
    CLF__CHECK(clf__rows_part_write(&writer->parts[START], &start, 1));
  }
  writer->entries += count;
  return CLF_OK;
}

static clf_status write_rows(clf_dataset_writer *writer, const clf_dataset *rows) {
  CLF__CHECK(writer->sparse ? write_sparse(writer, rows) : write_dense(writer, rows));
  if (rows->labels != NULL) {
    CLF__CHECK(clf__rows_labels_write(&writer->labels, &writer->parts[LABELS], rows));
  }
  if (rows->targets != NULL) {
    CLF__CHECK(clf__rows_part_write(&writer->parts[TARGETS], rows->targets->data,
                                    rows->rows * writer->outputs));
  }
  if (rows->weights != NULL) {
    CLF__CHECK(clf__rows_part_write(&writer->parts[WEIGHTS], rows->weights->data, rows->rows));
  }
  writer->rows += rows->rows;
  writer->first->shape[0] = writer->sparse ? writer->entries : writer->rows;
  return CLF_OK;
}

/* Adds the classes and categories of the rows to those of the file, and writes the rows, with the
 * codes that the file has for their categories. */
static clf_status append(clf_dataset_writer *writer, const clf_dataset *rows) {
  const clf__fit_columns columns = {.context = writer->context,
                                    .owner = owner,
                                    .features = writer->features,
                                    .categories = writer->categories};
  clf__match match;
  clf_dataset *made = NULL;
  const clf_dataset *matched = NULL;
  clf_status status = clf__match_begin(&match, &columns, rows);
  CLF__TRY(status);
  CLF__TRY(clf__match_rows(&matched, &made, &match, rows));
  if (rows->labels != NULL) {
    CLF__TRY(clf__rows_labels_join(&writer->labels, writer->context, rows->classes));
  }
  if (match.categories != NULL) {
    clf__categories_release(writer->categories);
    writer->categories = clf__categories_retain(match.categories);
  }
  status = write_rows(writer, matched);
  writer->ended = status < 0;
done:
  clf__match_end(&match);
  clf_dataset_free(made);
  return status;
}

static clf_status check_open(const clf_dataset_writer *writer) {
  return writer->ended ? clf__fail(CLF_ERROR_ARGUMENT,
                                   "%s: it is finished, or has failed; make another one", owner)
                       : CLF_OK;
}

clf_status clf_dataset_writer_append(clf_dataset_writer *writer, const clf_dataset *dataset) {
  CLF__REQUIRE(writer);
  CLF__REQUIRE(dataset);
  CLF__ENTER(owner);
  CLF__CHECK(check_open(writer));
  clf_status status;
  if (writer->begun) {
    CLF__CHECK(check_like(writer, dataset));
    status = append(writer, dataset);
  } else {
    status = begin(writer, dataset);
    status = status == CLF_OK ? append(writer, dataset) : status;
    writer->ended = status < 0;
  }
  if (writer->ended) {
    close_files(writer);
  }
  return status;
}

clf_status clf_dataset_writer_finish(clf_dataset_writer *writer) {
  CLF__REQUIRE(writer);
  CLF__ENTER(owner);
  CLF__CHECK(check_open(writer));
  if (!writer->begun) {
    return clf__fail(CLF_ERROR_DATA, "%s: there are no rows; append some first", owner);
  }
  clf__store *store = NULL;
  clf_status status = make_store(&store, writer, false);
  if (status == CLF_OK) {
    status = clf__store_stream_commit(&writer->stream, store);
  }
  writer->ended = true;
  clf__store_free(store);
  close_files(writer);
  return status;
}

static clf_status save(const clf_dataset *dataset, const char *path, const void *values) {
  clf_dataset_writer *writer = NULL;
  clf_status status;
  CLF__TRY(create(&writer, dataset->context, path, values));
  CLF__TRY(clf_dataset_writer_append(writer, dataset));
  CLF__TRY(clf_dataset_writer_finish(writer));
done:
  clf_dataset_writer_free(writer);
  return status;
}

const clf__dataset_writer clf__dataset_writer_rows = {
    .base = CLF__KIND("rows", "the library's own file of rows, which is mapped when it is read",
                      params, rows_write_params),
    .save = save,
    .tables = true,
};
