/* Writing the library's own file of rows. Features, or the values of sparse rows, go to the file as
 * they come. What else each row has goes to files without a name, and behind the features at the
 * end; so the writer's memory does not grow with the rows. The first rows determine what the file
 * holds; the head of the store, whose size follows from that, is written last. */
#include <stdio.h>
#include <string.h>

#include "base/border.h"
#include "base/kind_use.h"
#include "base/text.h"
#include "data/formats/rows/rows_writer.h"
#include "data/match.h"

typedef struct rows_write_params {
  int32_t dtype;
} rows_write_params;

#define CLF__VALUES rows_write_params
static const clf__param params[] = {
    CLF__CHOICE(dtype, "auto|u8|f32|f64", "auto",
                "type of dense features; auto: that of the first rows"),
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
  CLF__ENTER(CLF__ROWS_OWNER);
  clf__kind_use use = {0};
  CLF__CHECK(clf__kind_choose(&use, &clf__dataset_writer_rows, context, text));
  const clf_status status = create(out, use.context, path, use.params);
  clf__kind_release(&use);
  return status;
}

/* Closes the files, which then vanish unless they were committed. */
static void close_files(clf_dataset_writer *writer) {
  clf__store_stream_close(&writer->stream);
  for (int32_t i = 0; i < CLF__PARTS; i++) {
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
      [CLF__ROWS_U8] = CLF_U8, [CLF__ROWS_F32] = CLF_F32, [CLF__ROWS_F64] = CLF_F64};
  int64_t shape[CLF_MAX_DIMENSIONS] = {0};
  const int32_t dtype = writer->sparse                     ? CLF_F32
                        : writer->wanted == CLF__ROWS_AUTO ? rows->x->dtype
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
  } parts[CLF__PARTS] = {
      [CLF__PART_COLUMN] = {CLF__ROWS_COLUMN, CLF_I32, writer->sparse, 0},
      [CLF__PART_START] = {CLF__ROWS_START, CLF_I64, writer->sparse, 0},
      [CLF__PART_LABELS] = {CLF__ROWS_LABELS, CLF_I32, rows->labels != NULL, 0},
      [CLF__PART_TARGETS] = {CLF__ROWS_TARGETS, CLF_F64, rows->targets != NULL, writer->outputs},
      [CLF__PART_WEIGHTS] = {CLF__ROWS_WEIGHTS, CLF_F32, rows->weights != NULL, 0},
  };
  const int64_t zero = 0;
  for (int32_t i = 0; i < CLF__PARTS; i++) {
    if (parts[i].used) {
      CLF__CHECK(clf__rows_part_open(&writer->parts[i], writer->folder, parts[i].name,
                                     parts[i].dtype, parts[i].width));
    }
  }
  return writer->sparse ? clf__rows_part_write(&writer->parts[CLF__PART_START], &zero, 1) : CLF_OK;
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
  if (part == CLF__PART_LABELS && !plan) {
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
  CLF__TRY(add_part(store, writer, CLF__PART_COLUMN, plan));
  CLF__TRY(add_part(store, writer, CLF__PART_START, plan));
  CLF__TRY(add_texts(store, writer));
  CLF__TRY(add_part(store, writer, CLF__PART_LABELS, plan));
  if (writer->labels.classes != NULL) {
    CLF__TRY(clf__classes_save(writer->labels.classes, store));
  }
  CLF__TRY(add_part(store, writer, CLF__PART_TARGETS, plan));
  CLF__TRY(add_part(store, writer, CLF__PART_WEIGHTS, plan));
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
  if (writer->wanted != CLF__ROWS_AUTO && rows->x == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s: dtype is for dense rows; sparse ones are f32",
                     CLF__ROWS_OWNER);
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

/* Adds the classes and categories of the rows to those of the file, and writes the rows, with the
 * codes that the file has for their categories. */
static clf_status append(clf_dataset_writer *writer, const clf_dataset *rows) {
  const clf__fit_columns columns = {.context = writer->context,
                                    .owner = CLF__ROWS_OWNER,
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
  status = clf__rows_writer_append(writer, matched);
  writer->ended = status < 0;
done:
  clf__match_end(&match);
  clf_dataset_free(made);
  return status;
}

static clf_status check_open(const clf_dataset_writer *writer) {
  return writer->ended
             ? clf__fail(CLF_ERROR_ARGUMENT, "%s: it is finished, or has failed; make another one",
                         CLF__ROWS_OWNER)
             : CLF_OK;
}

clf_status clf_dataset_writer_append(clf_dataset_writer *writer, const clf_dataset *dataset) {
  CLF__REQUIRE(writer);
  CLF__REQUIRE(dataset);
  CLF__ENTER(CLF__ROWS_OWNER);
  CLF__CHECK(check_open(writer));
  clf_status status;
  if (writer->begun) {
    CLF__CHECK(clf__rows_writer_check(writer, dataset));
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
  CLF__ENTER(CLF__ROWS_OWNER);
  CLF__CHECK(check_open(writer));
  if (!writer->begun) {
    return clf__fail(CLF_ERROR_DATA, "%s: there are no rows; append some first", CLF__ROWS_OWNER);
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
