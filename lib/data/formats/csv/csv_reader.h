/* Reading CSV records: numbers into the matrix, labels as positions in the text. */
#ifndef CLF_DATA_FORMATS_CSV_CSV_READER_H
#define CLF_DATA_FORMATS_CSV_CSV_READER_H

#include "data/dictionary.h"
#include "data/formats/csv/csv.h"
#include "tensor/tensor.h"

/* The parameter `missing`. */
enum { CLF__MISSING_ERROR, CLF__MISSING_NAN, CLF__MISSING_SKIP, CLF__MISSING_KEEP };

enum { CLF__CSV_PLAIN_NUMBER = 1, CLF__CSV_PLAIN_CATEGORY };

/* The categories of a column while it is read. */
typedef struct clf__csv_categories {
  clf__dictionary texts;
  const char *first_text; /* the first field that is no number, or NULL */
  int64_t numbers;        /* categories whose texts are numbers */
  bool shadows; /* a quoted text is one that no unquoted field has, or that of a missing value:
                 * what a field is then does not follow from its bytes */
} clf__csv_categories;

typedef struct clf__csv_reader {
  clf_context *context;
  clf__arena arena; /* holds `labels`, `plain`, `order` and `row` */
  const clf__csv_params *params;
  clf__csv_columns columns;
  clf_tensor *x, *targets, *weights; /* [capacity, …]; NULL when there are none */
  const char **labels;               /* [capacity] where the fields begin */
  int64_t capacity;
  int64_t rows;
  int64_t skipped;    /* records skipped by missing=skip */
  int64_t unreadable; /* fields that are no numbers and became NaN by unreadable=nan */
  const char *first_unreadable;
  const char *record;              /* the current record */
  clf__csv_categories *categories; /* [columns]; NULL if no column may have any */
  unsigned char *plain; /* [columns] CLF__CSV_PLAIN_… of fields that may be read in place */
  int64_t *order;       /* [features] the position of each in x; NULL if that of the file */
  void *row;            /* [features] a row in the order of the file */
  bool keeps_missing;   /* missing=nan or missing=keep */
  bool wide;            /* x is f64 */
  int64_t few;          /* smaller significands are exact in f32; 0 if x is f64 */
  bool many;            /* f32 might merge numbers, by their digits, or cannot represent one */
  float *next_x;
  double *next_wide; /* used instead of next_x */
  double *next_target;
} clf__csv_reader;

/* the records may be read again as f64 */
bool clf__csv_may_widen(const clf__csv_reader *self);
/* Sets `order` and `row` by the positions that the parameter columns gives. */
clf_status clf__csv_order_create(clf__csv_reader *self);
/* Reads a field of a feature that has no number, or is not one of numbers: a missing value, a
 * category or a date. */
clf_status clf__csv_read_missing(clf__csv_reader *self, const clf__csv_field *field, int64_t column,
                                 double *out, bool *complete);
clf_status clf__csv_read_category(clf__csv_reader *self, const clf__csv_field *field,
                                  int64_t column, double *out, bool *complete);
clf_status clf__csv_read_date(clf__csv_reader *self, const clf__csv_field *field, int64_t column,
                              double *out, bool *complete);
/* Allocates the categories of columns that have some, or may have; clf__csv_categories_free frees
 * them. */
clf_status clf__csv_categories_create(clf__csv_reader *self);
void clf__csv_categories_free(clf__csv_reader *self);
/* Sets those of the dataset. Refuses guessed ones that are numbers for the most part. */
clf_status clf__csv_categories_set(clf_dataset *dataset, const clf__csv_reader *self);
/* Reads all records; ends early if they are to be read again. Returns CLF_ERROR_FORMAT,
 * CLF_ERROR_DATA or CLF_ERROR_CANCELLED. */
clf_status clf__csv_read_records(clf__csv_reader *self);

#endif
