/* The parts of the CSV reader: text as records of fields, and what the columns are. */
#ifndef CLF_DATA_CSV_H
#define CLF_DATA_CSV_H

#include "data/dataset.h"
#include "data/lines.h"

typedef struct clf__csv_text {
  clf__lines lines;
  char delimiter;
  char quote; /* '"', or 0 where quotes mean nothing */
} clf__csv_text;

typedef struct clf__csv_field {
  const char *begin, *end; /* trimmed; within the quotes of a quoted field */
  const char *next;        /* where the next field or record begins */
  bool quoted;             /* two quotes inside stand for one */
  bool last;               /* of its record */
} clf__csv_field;

/* The field at `at`. Returns NULL, or what is wrong with it. */
const char *clf__csv_field_at(clf__csv_field *out, const clf__csv_text *text, const char *at);
/* Skips blank lines. */
const char *clf__csv_record_at(const clf__csv_text *text, const char *at);
/* Fields of the record at `at`, up to one that is wrong. */
int64_t clf__csv_count_fields(const clf__csv_text *text, const char *at);
/* Records from `at` on; right when the quotes are. */
int64_t clf__csv_count_records(const clf__csv_text *text, const char *at);

/* Writes the content to `to`, which has room for the field, and a NUL; returns the length. */
size_t clf__csv_content(const clf__csv_field *field, char *to);
/* The whole field is one number. */
bool clf__csv_number(const clf__csv_field *field, double *out);
/* Empty; or NA, NaN or ? without quotes. */
bool clf__csv_missing(const clf__csv_field *field);

/* How the text is to be read. */
typedef struct clf__csv_style {
  int32_t header; /* auto, true, false */
  int32_t delimiter;
  bool plain; /* quotes are like any other character */
} clf__csv_style;

typedef struct clf__csv_params {
  char *label, *weight, *ignore;
  clf__csv_style style;
  int32_t missing; /* error, nan, skip */
  int32_t dtype;   /* auto, f32, f64 */
  bool regression;
} clf__csv_params;

typedef enum clf__csv_role {
  CLF__CSV_FEATURE,
  CLF__CSV_LABEL,
  CLF__CSV_TARGET,
  CLF__CSV_WEIGHT,
  CLF__CSV_IGNORED,
  CLF__CSV_TEXT /* of documents */
} clf__csv_role;

typedef struct clf__csv_columns {
  clf__csv_text text;
  const char *header; /* the record that names the columns, or NULL */
  const char *rows;   /* the first record of data */
  int64_t count;
  unsigned char *roles; /* [count] clf__csv_role; owned */
  int64_t counts[CLF__CSV_TEXT + 1];
} clf__csv_columns;

/* Finds out about delimiter and header; all columns are features. Free with
 * clf__csv_columns_free. */
clf_status clf__csv_columns_read(clf__csv_columns *out, clf_context *context,
                                 const clf__lines *lines, const clf__csv_style *style);
/* Gives the columns of a dataset their roles. */
clf_status clf__csv_columns_set_roles(clf__csv_columns *columns, const clf__csv_params *params);
/* Gives one column, by name or number, a role; `parameter` is who asks. */
clf_status clf__csv_give_role(clf__csv_columns *columns, const char *parameter, const char *text,
                              size_t length, clf__csv_role role);
/* The same for the last column that has none yet, where there is one. */
void clf__csv_give_to_last(clf__csv_columns *columns, clf__csv_role role);
void clf__csv_columns_free(clf__csv_columns *columns);

/* The labels of all rows of a dataset; fields [rows] are where theirs begin. */
clf_status clf__csv_set_labels(clf_dataset *dataset, const clf__csv_text *text,
                               const char *const *fields);

/* Puts file, line and column in front of the message. `column` counts from 0. */
clf_status clf__csv_fail_within(clf_status status, const clf__csv_columns *columns, const char *at,
                                int64_t column);

#endif
