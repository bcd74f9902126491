/* Writing datasets as NPZ: a ZIP archive of NPY files, stored. Dense rows are x; sparse ones are
 * the arrays of scipy.sparse.save_npz(). Labels or targets are y. The names of categories, column
 * by column, are `categories`, and `category_counts` [features] has their numbers.
 *
 * A member's header has its size and its checksum, so that programs that read archives from a pipe
 * can, too. For that each array is made twice, at first without an output. Source: PKWARE, APPNOTE
 * 6.3, sections 4.3.7, 4.3.12 and 4.3.16. */
#include <string.h>

#include "base/context.h"
#include "data/formats/npy/npy_write.h"

enum { MAX_MEMBERS = 8, VERSION = 20, DATE = 33 /* 1980-01-01: the same bytes whenever */ };

typedef struct member {
  const char *name; /* with .npy */
  clf__array_part write;
  uint64_t offset; /* of its header */
  uint64_t size;
  uint32_t crc;
} member;

static clf_status write_format(clf__sink *sink, const clf_dataset *dataset, const void *params) {
  const clf__array array = {.kind = 'S', .width = 3};
  (void)dataset, (void)params;
  CLF__CHECK(clf__npy_write_header(sink, &array));
  return clf__sink_bytes(sink, "csr", 3);
}

static clf_status write_integers(clf__sink *sink, const int64_t *values, int64_t count) {
  const clf__array array = {.kind = 'i', .width = 8, .ndim = 1, .shape = {count}};
  CLF__CHECK(clf__npy_write_header(sink, &array));
  for (int64_t i = 0; i < count; i++) {
    CLF__CHECK(clf__sink_integer(sink, (uint64_t)values[i], 8, false));
  }
  return CLF_OK;
}

static clf_status write_shape(clf__sink *sink, const clf_dataset *dataset, const void *params) {
  const int64_t shape[] = {dataset->rows, dataset->features};
  (void)params;
  return write_integers(sink, shape, 2);
}

/* The entries of a part of more rows do not begin at 0. */
static clf_status write_starts(clf__sink *sink, const clf_dataset *dataset, const void *params) {
  const clf__rows x = clf__dataset_rows(dataset);
  const clf__array array = {.kind = 'i', .width = 8, .ndim = 1, .shape = {x.rows + 1}};
  (void)params;
  CLF__CHECK(clf__npy_write_header(sink, &array));
  for (int64_t row = 0; row <= x.rows; row++) {
    CLF__CHECK(clf__sink_integer(sink, (uint64_t)(x.row_start[row] - x.row_start[0]), 8, false));
  }
  return CLF_OK;
}

static clf_status write_columns(clf__sink *sink, const clf_dataset *dataset, const void *params) {
  const clf__rows x = clf__dataset_rows(dataset);
  const clf__array array = {.kind = 'i', .width = 4, .ndim = 1, .shape = {clf__rows_entries(&x)}};
  (void)params;
  CLF__CHECK(clf__npy_write_header(sink, &array));
  for (int64_t e = x.row_start[0]; e < x.row_start[x.rows]; e++) {
    CLF__CHECK(clf__sink_integer(sink, (uint64_t)x.column[e], 4, false));
  }
  return CLF_OK;
}

static clf_status write_values(clf__sink *sink, const clf_dataset *dataset, const void *values) {
  const clf__npy_write_params *chosen = values;
  const clf__rows x = clf__dataset_rows(dataset);
  clf__array array = {.big_endian = false};
  clf__array_of_features(&array, dataset, chosen->dtype, 1);
  array.ndim = 1;
  array.shape[0] = clf__rows_entries(&x);
  CLF__CHECK(clf__npy_write_header(sink, &array));
  for (int64_t row = 0; row < x.rows; row++) {
    for (int64_t e = x.row_start[row]; e < x.row_start[row + 1]; e++) {
      CLF__CHECK(
          clf__array_write_number(sink, &array, (double)x.value[e], row, x.column[e], "npy"));
    }
  }
  return CLF_OK;
}

static int32_t list_members(member *out, const clf_dataset *dataset) {
  static const member sparse[] = {{.name = "indices.npy", .write = write_columns},
                                  {.name = "indptr.npy", .write = write_starts},
                                  {.name = "format.npy", .write = write_format},
                                  {.name = "shape.npy", .write = write_shape},
                                  {.name = "data.npy", .write = write_values}};
  static const member dense = {.name = "x.npy", .write = clf__npy_write_x};
  static const member categories[] = {
      {.name = "category_counts.npy", .write = clf__npy_write_counts},
      {.name = "categories.npy", .write = clf__npy_write_categories}};
  static const member labels = {.name = "y.npy", .write = clf__npy_write_y};
  int32_t count = 0;
  if (clf_dataset_sparse(dataset)) {
    memcpy(out, sparse, sizeof sparse);
    count = (int32_t)(sizeof sparse / sizeof sparse[0]);
  } else {
    out[count++] = dense;
  }
  for (int32_t i = 0; i < 2 && dataset->categories != NULL; i++) {
    out[count++] = categories[i];
  }
  if (dataset->labels != NULL || dataset->targets != NULL) {
    out[count++] = labels;
  }
  return count;
}

static uint64_t position(const clf__sink *sink) {
  return sink->size + sink->text.length;
}

static clf_status write_numbers(clf__sink *sink, const uint32_t (*numbers)[2], size_t count) {
  clf_status status = CLF_OK;
  for (size_t i = 0; status == CLF_OK && i < count; i++) {
    status = clf__sink_integer(sink, numbers[i][0], (int32_t)numbers[i][1], false);
  }
  return status;
}

/* Writes the header of a member, or its entry in the directory: numbers with their widths. */
static clf_status write_header(clf__sink *sink, const member *m, bool entry) {
  const uint32_t length = (uint32_t)strlen(m->name), size = (uint32_t)m->size;
  const uint32_t first[][2] = {{entry ? 0x02014b50 : 0x04034b50, 4}, {VERSION, 2}};
  const uint32_t both[][2] = {{VERSION, 2}, {0, 2},    {0, 2},    {0, 2},      {DATE, 2},
                              {m->crc, 4},  {size, 4}, {size, 4}, {length, 2}, {0, 2}};
  const uint32_t last[][2] = {{0, 2}, {0, 2}, {0, 2}, {0, 4}, {(uint32_t)m->offset, 4}};
  CLF__CHECK(write_numbers(sink, first, entry ? 2 : 1));
  CLF__CHECK(write_numbers(sink, both, sizeof both / sizeof both[0]));
  if (entry) {
    CLF__CHECK(write_numbers(sink, last, sizeof last / sizeof last[0]));
  }
  return clf__sink_bytes(sink, m->name, length);
}

/* Determines the size and the checksum of a member. */
static clf_status measure(member *m, const clf_dataset *dataset, const void *params) {
  clf__sink nowhere = clf__sink_of(dataset->context, NULL);
  clf_status status = m->write(&nowhere, dataset, params);
  if (status == CLF_OK) {
    status = clf__sink_flush(&nowhere);
  }
  m->size = nowhere.size;
  m->crc = nowhere.crc;
  clf__sink_free(&nowhere);
  return status;
}

/* A file of one array holds what has no categories and is not sparse. */
static clf_status check_size(const member *m, const clf_dataset *dataset) {
  const uint64_t max = UINT32_MAX - 4096; /* the directory is after the members */
  const bool fits_npy = dataset->categories == NULL && !clf_dataset_sparse(dataset);
  return m->offset + m->size < max
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "npy: the archive would have 4 GiB or more (ZIP64), which is not written: "
                         "%s",
                         fits_npy ? "end the path in .npy, and name a file for the labels by "
                                    "labels=PATH"
                                  : "divide the rows among several archives");
}

clf_status clf__npz_write(clf__sink *sink, const clf_dataset *dataset, const void *params) {
  member members[MAX_MEMBERS];
  const int32_t count = list_members(members, dataset);
  for (int32_t i = 0; i < count; i++) {
    CLF__CHECK(measure(&members[i], dataset, params));
    members[i].offset = position(sink);
    CLF__CHECK(check_size(&members[i], dataset));
    CLF__CHECK(write_header(sink, &members[i], false));
    CLF__CHECK(members[i].write(sink, dataset, params));
  }
  const uint64_t directory = position(sink);
  for (int32_t i = 0; i < count; i++) {
    CLF__CHECK(write_header(sink, &members[i], true));
  }
  const uint64_t size = position(sink) - directory;
  const uint32_t end[][2] = {{0x06054b50, 4},
                             {0, 2},
                             {0, 2},
                             {(uint32_t)count, 2},
                             {(uint32_t)count, 2},
                             {(uint32_t)size, 4},
                             {(uint32_t)directory, 4},
                             {0, 2}};
  return write_numbers(sink, end, sizeof end / sizeof end[0]);
}
