/* Sparse matrices as scipy.sparse.save_npz() writes them: an archive of "format" ('csr', 'csc' or
 * 'coo'), "shape", "data" and the positions of the data: "indices" and "indptr", or "row" and
 * "col".
 *
 * Datasets store CSR with ascending columns. All other matrices are distributed to rows by
 * counting, and each row is sorted. Entries at the same position are added, as scipy.sparse
 * defines. */
#include <math.h>
#include <string.h>

#include "base/progress.h"
#include "base/text.h"
#include "base/utf8.h"
#include "data/build.h"
#include "data/formats/npy/npy.h"
#include "data/row_order.h"

enum { FORMAT_BYTES = 64, DEFLATE_RATIO = 1032 };
enum { CSR, CSC, COO };
enum { ASKED = 1 << 20 };

typedef struct matrix {
  clf_context *context;
  const clf__bytes *archive;
  const char *name;
  int32_t format;
  int64_t rows, columns, entries;
  clf_tensor *start;      /* [rows or columns + 1] for CSR or CSC; otherwise NULL */
  clf_tensor *row;        /* [entries], except for CSR */
  clf_tensor *column;     /* [entries], except for CSC */
  clf_tensor *value;      /* [entries] */
  clf_tensor *made_start; /* of the resulting rows, as in a dataset */
  clf_tensor *made_column, *made_value;
  int64_t made; /* entries of the rows so far */
  clf__progress progress;
} matrix;

/* Asks the host at intervals, at an entry of one of three passes. */
static clf_status ask(const matrix *self, int64_t pass, int64_t entry) {
  return entry % ASKED == ASKED - 1
             ? clf__progress_step(&self->progress, pass * self->entries + entry, NAN, NAN)
             : CLF_OK;
}

static clf_status fail(const matrix *self, clf_status status) {
  return clf__fail_within(status, "%s", self->name);
}

/* Reads a required member. */
static clf_status open_member(clf__npz_member *out, const matrix *self, const char *name,
                              const clf__array_wanted *wanted) {
  clf_status status = clf__npz_open(out, self->context, self->archive, name, wanted, self->name);
  if (status == CLF_OK && out->bytes.data == NULL) {
    status = clf__fail(CLF_ERROR_DATA, "%s: it has no array %s, which a sparse matrix needs",
                       self->name, name);
  }
  return status;
}

/* Reads a vector; of indices if `integers` is set. */
static clf_status read_vector(clf_tensor **out, const matrix *self, const char *name,
                              bool integers) {
  const clf__array_wanted wanted = {.header = clf__npy_header,
                                    .what = "the parts of a sparse matrix",
                                    .min_axes = 1,
                                    .max_axes = 1,
                                    .rows = -1};
  clf__npz_member member = {.bytes = {0}};
  clf_status status = CLF_OK;
  CLF__CHECK(open_member(&member, self, name, &wanted));
  CLF__TRY(clf__array_read(out, self->context, &member.bytes, &wanted, member.shown.text));
  if (integers && (*out)->dtype != CLF_I32 && (*out)->dtype != CLF_I64) {
    status = clf__fail(CLF_ERROR_TYPE, "%s: its elements must be i4 or i8", member.shown.text);
  }
done:
  clf__bytes_release(&member.bytes);
  return status < 0 ? fail(self, status) : CLF_OK;
}

static clf_status read_format(matrix *self) {
  const clf__array_wanted wanted = {
      .header = clf__npy_header, .what = "formats of matrices", .rows = -1, .text = true};
  clf__npz_member member = {.bytes = {0}};
  clf__array array = {.width = 0};
  char format[FORMAT_BYTES + 1] = "";
  clf_status status = CLF_OK;
  CLF__CHECK(open_member(&member, self, "format", &wanted));
  CLF__TRY(clf__npy_header(&array, member.bytes.data, member.bytes.size, member.shown.text));
  if ((array.kind == 'U' || array.kind == 'S') && array.width <= FORMAT_BYTES && array.ndim == 0 &&
      member.bytes.size - array.offset == (size_t)array.width) {
    CLF__TRY(clf__array_text(format, &array, member.bytes.data + array.offset, 0));
  }
  self->format = clf__word_index("csr|csc|coo", format, strlen(format));
  if (self->format < 0) {
    status = clf__fail(CLF_ERROR_UNSUPPORTED,
                       "a sparse matrix of the format '%s'; csr, csc and coo are read: save "
                       "x.tocsr()",
                       clf__excerpt_of(format, format + strlen(format)).text);
  }
done:
  clf__bytes_release(&member.bytes);
  return status < 0 ? fail(self, status) : CLF_OK;
}

/* Reads the numbers of rows and columns. A CSR archive has a start of four bytes for each row;
 * other formats have the same limit, so that a few bytes cannot request all memory. */
static clf_status read_shape(matrix *self) {
  clf_tensor *shape = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(read_vector(&shape, self, "shape", true));
  const double rows = clf__tensor_value(shape, 0);
  const double columns = shape->shape[0] == 2 ? clf__tensor_value(shape, 1) : 0;
  const double max = (double)self->archive->size * (DEFLATE_RATIO / 4);
  if (!(rows >= 1 && columns >= 1 && columns <= INT32_MAX)) {
    status = clf__fail(CLF_ERROR_SHAPE,
                       "%s: shape.npy: it must be two sizes, of rows from 1 and of columns from 1 "
                       "to %d",
                       self->name, INT32_MAX);
  } else if (rows > max) {
    status = clf__fail(CLF_ERROR_FORMAT,
                       "%s: its shape promises %s rows; %zu bytes cannot hold "
                       "them",
                       self->name, clf__number_text(rows), self->archive->size);
  } else {
    self->rows = (int64_t)rows;
    self->columns = (int64_t)columns;
  }
done:
  clf_tensor_free(shape);
  return status;
}

/* Refuses a size that differs from the expected one. */
static clf_status check_size(const matrix *self, const char *what, const clf_tensor *vector,
                             int64_t wanted) {
  return vector->shape[0] == wanted
             ? CLF_OK
             : clf__fail(CLF_ERROR_SHAPE, "%s: %s.npy has %lld elements; there must be %lld",
                         self->name, what, (long long)vector->shape[0], (long long)wanted);
}

static clf_status read_parts(matrix *self) {
  const bool by_place = self->format == COO;
  CLF__CHECK(read_vector(&self->value, self, "data", false));
  self->entries = self->value->shape[0];
  if (self->format != CSR) {
    const char *name = by_place ? "row" : "indices";
    CLF__CHECK(read_vector(&self->row, self, name, true));
    CLF__CHECK(check_size(self, name, self->row, self->entries));
  }
  if (self->format != CSC) {
    const char *name = by_place ? "col" : "indices";
    CLF__CHECK(read_vector(&self->column, self, name, true));
    CLF__CHECK(check_size(self, name, self->column, self->entries));
  }
  if (!by_place) {
    const int64_t count = self->format == CSR ? self->rows : self->columns;
    CLF__CHECK(read_vector(&self->start, self, "indptr", true));
    CLF__CHECK(check_size(self, "indptr", self->start, count + 1));
  }
  return CLF_OK;
}

/* Reads the index at a position of a vector, from 0 to `max`. */
static clf_status index_at(int64_t *out, const matrix *self, const char *what,
                           const clf_tensor *vector, int64_t place, int64_t min, int64_t max) {
  const double index = clf__tensor_value(vector, place);
  if (!(index >= (double)min && index <= (double)max)) {
    return clf__fail(CLF_ERROR_DATA, "%s: %s %lld is %s; it must be %lld to %lld", self->name, what,
                     (long long)place, clf__number_text(index), (long long)min, (long long)max);
  }
  *out = (int64_t)index;
  return CLF_OK;
}

/* Returns rows [entries] and columns of the entries, for any format. Entries after the last start,
 * which scipy.sparse may leave there, have the row -1. */
static clf_status find_places(const matrix *self, int64_t *row, int32_t *column) {
  const int64_t lines = self->start != NULL ? self->start->shape[0] - 1 : 0;
  int64_t before = 0, end = 0, found = 0;
  for (int64_t e = 0; e < self->entries; e++) {
    row[e] = self->start != NULL ? -1 : 0;
  }
  for (int64_t line = 0; line < lines; line++, before = end) {
    const int64_t max = line == 0 ? 0 : self->entries;
    CLF__CHECK(index_at(&before, self, "start", self->start, line, before, max));
    CLF__CHECK(index_at(&end, self, "start", self->start, line + 1, before, self->entries));
    for (int64_t e = before; e < end; e++) {
      row[e] = line;
      column[e] = (int32_t)line;
    }
  }
  for (int64_t e = 0; e < self->entries; e++) {
    CLF__CHECK(ask(self, 0, e));
    if (self->row != NULL && row[e] >= 0) {
      CLF__CHECK(index_at(&row[e], self, "row index", self->row, e, 0, self->rows - 1));
    }
    if (self->column != NULL && row[e] >= 0) {
      CLF__CHECK(index_at(&found, self, "column index", self->column, e, 0, self->columns - 1));
      column[e] = (int32_t)found;
    }
  }
  return CLF_OK;
}

/* Distributes the entries to rows. */
static clf_status place_entries(matrix *self, const int64_t *row, const int32_t *column) {
  int64_t *start = self->made_start->data;
  memset(start, 0, (size_t)(self->rows + 1) * sizeof *start);
  for (int64_t e = 0; e < self->entries; e++) {
    if (row[e] >= 0) {
      start[row[e] + 1]++;
    }
  }
  for (int64_t i = 0; i < self->rows; i++) {
    start[i + 1] += start[i];
  }
  for (int64_t e = 0; e < self->entries; e++) {
    CLF__CHECK(ask(self, 1, e));
    if (row[e] >= 0) {
      const int64_t at = start[row[e]]++;
      ((int32_t *)self->made_column->data)[at] = column[e];
      ((double *)self->made_value->data)[at] = clf__tensor_value(self->value, e);
    }
  }
  memmove(start + 1, start, (size_t)self->rows * sizeof *start); /* each start was moved to the end
                                                                  * of its row */
  start[0] = 0;
  return CLF_OK;
}

/* Sorts every row, and adds entries at the same position. */
static clf_status order_rows(matrix *self) {
  int64_t *start = self->made_start->data;
  int32_t *column = self->made_column->data;
  double *value = self->made_value->data;
  int64_t first = 0;
  for (int64_t i = 0; i < self->rows; i++) {
    const int64_t end = start[i + 1], count = end - first;
    if (!clf__row_ascends(column + first, count)) {
      clf__row_sort(column + first, value + first, sizeof *value, count);
    }
    for (int64_t e = first; e < end; e++) {
      CLF__CHECK(ask(self, 2, e));
      if (self->made > start[i] && column[self->made - 1] == column[e]) {
        value[self->made - 1] += value[e];
      } else {
        column[self->made] = column[e];
        value[self->made++] = value[e];
      }
    }
    start[i + 1] = self->made;
    first = end;
  }
  return CLF_OK;
}

static clf_status make_rows(matrix *self) {
  clf__arena arena = {.context = self->context};
  int64_t *row = clf__arena_array(&arena, self->entries, sizeof *row);
  int32_t *column = clf__arena_array(&arena, self->entries, sizeof *column);
  clf_status status = clf__arena_status(&arena);
  self->progress = clf__progress_begin(self->context, "sparse", 3 * self->entries);
  CLF__TRY(status);
  CLF__TRY(find_places(self, row, column));
  CLF__TRY(clf__tensor_vector(&self->made_start, self->context, CLF_I64, self->rows + 1));
  CLF__TRY(clf__tensor_vector(&self->made_column, self->context, CLF_I32, self->entries));
  CLF__TRY(clf__tensor_vector(&self->made_value, self->context, CLF_F64, self->entries));
  CLF__TRY(place_entries(self, row, column));
  const int64_t placed = ((int64_t *)self->made_start->data)[self->rows];
  CLF__TRY(order_rows(self));
  if (self->made < placed) {
    clf__log(self->context, CLF_LOG_WARNING,
             "%s: %lld entries lie at places that others have, too: they are added to those, as by "
             "scipy.sparse",
             self->name, (long long)(placed - self->made));
  }
  CLF__TRY(clf__tensor_cut(&self->made_column, self->made));
  CLF__TRY(clf__tensor_cut(&self->made_value, self->made));
done:
  clf__arena_free(&arena);
  return status;
}

/* Returns whether the rows of the file are as in a dataset. */
static bool is_ordered(const matrix *self) {
  if (self->format != CSR || clf__tensor_value(self->start, 0) != 0) {
    return false;
  }
  double end = 0;
  for (int64_t i = 0; i < self->rows; i++) {
    const double begin = end;
    end = clf__tensor_value(self->start, i + 1);
    if (!(begin <= end && end <= (double)self->entries)) {
      return false;
    }
    for (int64_t e = (int64_t)begin + 1; e < (int64_t)end; e++) {
      if (clf__tensor_value(self->column, e - 1) >= clf__tensor_value(self->column, e)) {
        return false;
      }
    }
  }
  return true;
}

bool clf__npz_is_sparse(const clf__bytes *archive) {
  return !clf__npz_has(archive, "x|X") && clf__npz_has(archive, "format") &&
         clf__npz_has(archive, "shape");
}

clf_status clf__npz_sparse(clf_dataset **out, clf_context *context, const clf__bytes *archive,
                           double scale, const char *name) {
  matrix self = {.context = context, .archive = archive, .name = name};
  clf_status status = CLF_OK;
  CLF__TRY(read_format(&self));
  CLF__TRY(read_shape(&self));
  CLF__TRY(read_parts(&self));
  CLF__TRY(clf_tensor_set_scale(self.value, scale));
  if (is_ordered(&self)) {
    status = clf_dataset_create_sparse(out, context, self.columns, self.start, self.column,
                                       self.value, NULL);
  } else {
    CLF__TRY(make_rows(&self));
    status = clf_dataset_create_sparse(out, context, self.columns, self.made_start,
                                       self.made_column, self.made_value, NULL);
  }
  if (status < 0) {
    clf__fail_within(status, "%s", name);
  }
done:
  clf_tensor_free(self.start);
  clf_tensor_free(self.row);
  clf_tensor_free(self.column);
  clf_tensor_free(self.value);
  clf_tensor_free(self.made_start);
  clf_tensor_free(self.made_column);
  clf_tensor_free(self.made_value);
  return status;
}
