/* Rows of LIBSVM's text, "label index:value index:value …", as the three programs read them: by
 * LIBSVM's rules, with all digits of f64, and from pipes too. */
#ifndef CLASSIFY_LIBSVM_TEXT_H
#define CLASSIFY_LIBSVM_TEXT_H

#include <classify.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A file of rows, read line by line. */
typedef struct svm_text {
  FILE *file;
  char *line; /* the current one */
  size_t capacity;
  int64_t number;   /* of the current line, from 1 */
  const char *at;   /* what follows in it */
  int32_t previous; /* index of the entry before, -1 for none */
} svm_text;

/* Opens the file, "-" for standard input. False after a message, which begins with `complaint`. */
bool svm_text_open(svm_text *text, const char *path, const char *complaint);
/* Makes the file one that can be read more than once: a pipe is copied. False after a message. */
bool svm_text_keep(svm_text *text);
void svm_text_close(svm_text *text);

/* Goes to the next line, and reads its label. Returns 1, 0 at the end of the file, or -1 after a
 * message. */
int svm_text_next(svm_text *text, double *label);
/* Reads the next entry of the line. Returns 1, 0 at the end of the line, or -1 after a message. */
int svm_text_entry(svm_text *text, int32_t *index, double *value);

/* Rows in memory. */
typedef struct svm_rows {
  int64_t count, entries;
  int64_t row_capacity, entry_capacity;
  double *label;   /* [count] */
  int64_t *start;  /* [count + 1] */
  int32_t *index;  /* [entries] as in the file */
  double *value;   /* [entries] */
  int32_t highest; /* largest index, 0 where there is none */
} svm_rows;

/* Adds the next row of the file. Returns as svm_text_next(). */
int svm_rows_read(svm_rows *rows, svm_text *text);
/* Leaves no row. */
void svm_rows_clear(svm_rows *rows);
void svm_rows_free(svm_rows *rows);

/* Numbers the indices that occur from 0, in their order: *column [entries], to be freed, receives
 * the number of each entry, and *columns how many there are. Few hashed features then take as
 * little memory as few others. False when memory runs out. */
bool svm_rows_number(int32_t **column, int64_t *columns, const svm_rows *rows);

/* Makes a dataset of all rows with the given columns; entries of negative columns are left out.
 * It is dense if many entries are there or `dense` asks for it, and otherwise shares the rows'
 * values. */
clf_status svm_rows_dataset(clf_dataset **out, clf_context *context, const svm_rows *rows,
                            const int32_t *column, int64_t columns, bool dense);

#endif
