/* Reads LIBSVM's text. A row that its programs would refuse, or that svm-scale would cut where it
 * stops to understand it, is refused with the line and the word. */
#include "libsvm/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/progress.h"
#include "report/text.h"

enum { FIRST_CAPACITY = 1024, DENSE_SHARE = 8 /* one entry in so many: treated as dense */ };

bool svm_text_open(svm_text *text, const char *path, const char *complaint) {
  *text = (svm_text){.file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r")};
  if (text->file == NULL) {
    fprintf(stderr, "%s %s: %s\n", complaint, path, strerror(errno));
  }
  return text->file != NULL;
}

bool svm_text_keep(svm_text *text) {
  char piece[1 << 16];
  size_t count;
  if (fseek(text->file, 0, SEEK_SET) == 0) {
    return true;
  }
  FILE *copy = tmpfile();
  while (copy != NULL && !progress_interrupted() &&
         (count = fread(piece, 1, sizeof piece, text->file)) > 0) {
    fwrite(piece, 1, count, copy);
  }
  if (copy == NULL || ferror(text->file) || fflush(copy) != 0) {
    complain("cannot copy the input to a temporary file: %s", strerror(errno));
    if (copy != NULL) {
      fclose(copy);
    }
    return false;
  }
  fclose(text->file);
  text->file = copy;
  rewind(copy);
  return true;
}

void svm_text_close(svm_text *text) {
  if (text->file != NULL) {
    fclose(text->file);
  }
  free(text->line);
  *text = (svm_text){.file = NULL};
}

static int refuse(const svm_text *text, const char *at, const char *wanted) {
  enum { SHOWN = 40 };
  const size_t length = strcspn(at, " \t\r\n");
  fprintf(stderr, "Wrong input format at line %lld: '%.*s%s' is not %s\n", (long long)text->number,
          (int)(length < SHOWN ? length : SHOWN), at, length < SHOWN ? "" : "…", wanted);
  return -1;
}

static bool ends_word(const char *at) {
  return *at == '\0' || isspace((unsigned char)*at);
}

int svm_text_next(svm_text *text, double *label) {
  errno = 0;
  const ssize_t length = getline(&text->line, &text->capacity, text->file);
  if (length < 0) {
    if (ferror(text->file) || errno == ENOMEM) {
      complain("cannot read line %lld: %s", (long long)text->number + 1, strerror(errno));
      return -1;
    }
    return 0;
  }
  text->number++;
  text->previous = -1;
  if (strlen(text->line) != (size_t)length) {
    fprintf(stderr, "Wrong input format at line %lld: it has a byte 0\n", (long long)text->number);
    return -1;
  }
  const char *at = text->line + strspn(text->line, " \t\r\n");
  char *end = NULL;
  *label = strtod(at, &end);
  text->at = end;
  return end == at || !ends_word(end) || !isfinite(*label)
             ? refuse(text, at, "a label, a number with which each line must begin")
             : 1;
}

int svm_text_entry(svm_text *text, int32_t *index, double *value) {
  const char *at = text->at + strspn(text->at, " \t\r\n\v\f");
  char *end = NULL;
  if (*at == '\0' || *at == '#') {
    return 0;
  }
  const long number = strtol(at, &end, 10);
  if (end == at || *end != ':') {
    return refuse(text, at, "index:value");
  }
  if (number <= text->previous || number >= INT32_MAX) {
    return refuse(text, at, "an entry whose index is above those before it, and an int");
  }
  const char *digits = end + 1;
  *value = strtod(digits, &end);
  if (end == digits || !ends_word(end) || !isfinite(*value)) {
    return refuse(text, at, "index:value with a finite number");
  }
  text->at = end;
  *index = text->previous = (int32_t)number;
  return 1;
}

/* Returns the array with capacity for `count` elements; NULL leaves it as it was. */
static void *resized(void *array, int64_t count, size_t size) {
  return (uint64_t)count < SIZE_MAX / size ? realloc(array, (size_t)count * size) : NULL;
}

static bool reserve_row(svm_rows *rows) {
  const int64_t capacity = rows->row_capacity > 0 ? 2 * rows->row_capacity : FIRST_CAPACITY;
  if (rows->count < rows->row_capacity) {
    return true;
  }
  double *label = resized(rows->label, capacity, sizeof *label);
  rows->label = label != NULL ? label : rows->label;
  int64_t *start = resized(rows->start, capacity + 1, sizeof *start);
  rows->start = start != NULL ? start : rows->start;
  if (label == NULL || start == NULL) {
    return false;
  }
  rows->row_capacity = capacity;
  rows->start[0] = 0;
  return true;
}

static bool reserve_entry(svm_rows *rows) {
  const int64_t capacity = rows->entry_capacity > 0 ? 2 * rows->entry_capacity : FIRST_CAPACITY;
  if (rows->entries < rows->entry_capacity) {
    return true;
  }
  int32_t *index = resized(rows->index, capacity, sizeof *index);
  rows->index = index != NULL ? index : rows->index;
  double *value = resized(rows->value, capacity, sizeof *value);
  rows->value = value != NULL ? value : rows->value;
  if (index == NULL || value == NULL) {
    return false;
  }
  rows->entry_capacity = capacity;
  return true;
}

static int fail_memory(void) {
  complain("out of memory");
  return -1;
}

int svm_rows_read(svm_rows *rows, svm_text *text) {
  double label;
  int found = svm_text_next(text, &label);
  if (found <= 0) {
    return found;
  }
  if (!reserve_row(rows) || !reserve_entry(rows)) {
    return fail_memory();
  }
  while ((found = svm_text_entry(text, &rows->index[rows->entries], &rows->value[rows->entries])) >
         0) {
    const int32_t index = rows->index[rows->entries++];
    rows->highest = index > rows->highest ? index : rows->highest;
    if (!reserve_entry(rows)) {
      return fail_memory();
    }
  }
  if (found < 0) {
    return -1;
  }
  rows->label[rows->count++] = label;
  rows->start[rows->count] = rows->entries;
  return 1;
}

void svm_rows_clear(svm_rows *rows) {
  rows->count = rows->entries = 0;
  rows->highest = 0;
}

void svm_rows_free(svm_rows *rows) {
  free(rows->label);
  free(rows->start);
  free(rows->index);
  free(rows->value);
  *rows = (svm_rows){.count = 0};
}

bool svm_rows_number(int32_t **column, int64_t *columns, const svm_rows *rows) {
  int32_t *number = calloc((size_t)rows->highest + 1, sizeof *number);
  int32_t *own = malloc(((size_t)rows->entries + 1) * sizeof *own);
  if (number == NULL || own == NULL) {
    free(number);
    free(own);
    return false;
  }
  *columns = 0;
  for (int64_t e = 0; e < rows->entries; e++) {
    number[rows->index[e]] = 1;
  }
  for (int64_t j = 0; j <= rows->highest; j++) {
    number[j] = number[j] != 0 ? (int32_t)(*columns)++ : -1;
  }
  for (int64_t e = 0; e < rows->entries; e++) {
    own[e] = number[rows->index[e]];
  }
  free(number);
  *column = own;
  return true;
}

static clf_status make_dense(clf_dataset **out, clf_context *context, const svm_rows *rows,
                             const int32_t *column, int64_t columns) {
  const int64_t shape[] = {rows->count, columns};
  clf_tensor *x = NULL;
  clf_status status = clf_tensor_create(&x, context, CLF_F64, 2, shape);
  if (status >= 0) {
    double *values = clf_tensor_data(x);
    for (int64_t i = 0; i < rows->count; i++, values += columns) {
      for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++) {
        if (column[e] >= 0) {
          values[column[e]] = rows->value[e];
        }
      }
    }
    status = clf_dataset_create(out, context, x, NULL);
  }
  clf_tensor_free(x);
  return status;
}

static clf_status make_sparse(clf_dataset **out, clf_context *context, const svm_rows *rows,
                              const int32_t *column, int64_t columns) {
  const int64_t starts = rows->count + 1, entries = rows->entries;
  clf_tensor *start = NULL, *index = NULL, *value = NULL;
  clf_status status = clf_tensor_wrap(&start, context, rows->start, CLF_I64, 1, &starts, NULL);
  status =
      status >= 0 ? clf_tensor_wrap(&index, context, column, CLF_I32, 1, &entries, NULL) : status;
  status = status >= 0 ? clf_tensor_wrap(&value, context, rows->value, CLF_F64, 1, &entries, NULL)
                       : status;
  status = status >= 0 ? clf_dataset_create_sparse(out, context, columns, start, index, value, NULL)
                       : status;
  clf_tensor_free(value);
  clf_tensor_free(index);
  clf_tensor_free(start);
  return status;
}

clf_status svm_rows_dataset(clf_dataset **out, clf_context *context, const svm_rows *rows,
                            const int32_t *column, int64_t columns, bool dense) {
  return dense || (double)rows->entries >= (double)rows->count * (double)columns / DENSE_SHARE
             ? make_dense(out, context, rows, column, columns)
             : make_sparse(out, context, rows, column, columns);
}
