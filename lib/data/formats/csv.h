/* The parts of the CSV reader: text as records of fields, what is guessed of it, what the columns
 * are. */
#ifndef CLF_DATA_FORMATS_CSV_H
#define CLF_DATA_FORMATS_CSV_H

#include "data/dataset.h"
#include "data/formats/lines.h"

/* What a byte means outside quotes. */
enum { CLF__CSV_BLANK = 1, CLF__CSV_ENDS_FIELD = 2, CLF__CSV_ENDS_RECORD = 4, CLF__CSV_QUOTE = 8 };

typedef struct clf__csv_text {
  clf__lines lines;
  char delimiter;
  bool runs;    /* any number of blanks and tabs delimit as one; the delimiter is then a blank */
  char quote;   /* '"', or 0 where quotes mean nothing */
  char comment; /* from here to the end of the line, outside quotes; 0 for none */
  char decimal, thousands; /* of numbers; thousands may be 0 */
  const char *missing;     /* what stands for no value, separated by commas; NULL for the usual */
  unsigned char meaning[256];
} clf__csv_text;

typedef struct clf__csv_field {
  const char *begin, *end; /* trimmed; within the quotes of a quoted field */
  const char *next;        /* where the next field or record begins */
  bool quoted;             /* two quotes inside stand for one */
  bool last;               /* of its record */
} clf__csv_field;

/* Sets what the bytes mean; to be called when quote or comment were set. */
void clf__csv_set_meaning(clf__csv_text *text);
/* The byte of a place among CLF__CSV_DELIMITERS; a blank for blanks. */
char clf__csv_delimiter(int32_t choice);
/* Sets delimiter and runs, and what the bytes mean, by a place among CLF__CSV_DELIMITERS. */
void clf__csv_set_delimiter(clf__csv_text *text, int32_t choice);
static inline bool clf__csv_means(const clf__csv_text *text, char byte, int meaning) {
  return (text->meaning[(unsigned char)byte] & meaning) != 0;
}
static inline const char *clf__csv_skip_blanks(const clf__csv_text *text, const char *at) {
  while (at < text->lines.end && clf__csv_means(text, *at, CLF__CSV_BLANK)) {
    at++;
  }
  return at;
}

/* The field at `at`. Returns NULL, or what is wrong with it. */
const char *clf__csv_field_at(clf__csv_field *out, const clf__csv_text *text, const char *at);
/* Skips blank lines and lines that are comments. */
const char *clf__csv_record_at(const clf__csv_text *text, const char *at);
/* The record after the one at `at`; NULL when that is not in order. */
const char *clf__csv_record_after(const clf__csv_text *text, const char *at);
/* Fields of the record at `at`, up to one that is wrong. */
int64_t clf__csv_count_fields(const clf__csv_text *text, const char *at);
/* Records from `at` on; right when the quotes are. */
int64_t clf__csv_count_records(const clf__csv_text *text, const char *at);
bool clf__csv_same_bytes(const clf__csv_field *one, const clf__csv_field *other);

/* Writes the content to `to`, which has room for the field, and a NUL; returns the length. */
size_t clf__csv_content(const clf__csv_field *field, char *to);

/* A number as the C library spells it: with a point, and without marks between thousands. Points
 * into the field where that is so already, else into its own bytes; the end is NULL when the field
 * cannot be a number. */
typedef struct clf__csv_digits {
  const char *begin, *end;
  char bytes[512];
} clf__csv_digits;
void clf__csv_respell(clf__csv_digits *out, const clf__csv_text *text, const clf__csv_field *field);
/* The whole field is one number, its significand as by clf__read_digits(), or true (1) or false
 * (0). */
bool clf__csv_number(const clf__csv_text *text, const clf__csv_field *field, double *out,
                     int64_t *significand);
/* Empty, or one of what stands for no value, without quotes. */
bool clf__csv_missing(const clf__csv_text *text, const clf__csv_field *field);

/* How the text is to be read; choices are places among the words of the parameters. */
enum { CLF__CSV_AUTO, CLF__CSV_TRUE, CLF__CSV_FALSE };
#define CLF__CSV_DELIMITERS "auto|comma|semicolon|tab|space|pipe|blanks"
enum {
  CLF__CSV_COMMA = 1,
  CLF__CSV_SEMICOLON,
  CLF__CSV_TAB,
  CLF__CSV_SPACE,
  CLF__CSV_PIPE,
  CLF__CSV_BLANKS
};
#define CLF__CSV_COMMENTS "auto|none|hash|percent"
#define CLF__CSV_DECIMALS "auto|point|comma"
#define CLF__CSV_THOUSANDS "none|comma|point|space|apostrophe"
#define CLF__CSV_ENCODINGS "utf8|latin1"
#define CLF__CSV_LATIN1_ADVICE "encoding=latin1 reads it as Latin-1"

#define CLF__CSV_MISSING_HELP                                                                      \
  "texts that stand for no value where they are not quoted, separated by commas, besides empty "   \
  "fields; otherwise ?, NA, NaN, N/A, null, None and their spellings"
#define CLF__CSV_QUOTES_HELP                                                                       \
  "fields may stand in quotes; false: a quote is a character like any other"
#define CLF__CSV_ENCODING_HELP "encoding of the text; latin1: also Windows-1252"

typedef struct clf__csv_style {
  int32_t header, row_numbers; /* auto, true, false */
  int32_t delimiter, comment, decimal, thousands, encoding;
  char *missing_values; /* owned by the parameters */
  bool quotes;          /* fields may stand in quotes; else these are like any other character */
  bool documents;       /* texts are no mark of a header, nor # of a comment */
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
  clf_context *context;
  clf__bytes converted; /* the text where it was not UTF-8; owned */
  clf__csv_text text;
  const clf__csv_style *style;
  const char *first;  /* the first record, which may be the header */
  const char *header; /* the record that names the columns, or NULL */
  const char *rows;   /* the first record of data */
  int64_t count;
  int32_t delimiter;          /* its place among CLF__CSV_DELIMITERS */
  int64_t nameless;           /* columns before the first that the header names: 0 or 1 */
  bool trailing;              /* records end with a delimiter and nothing after it */
  bool numbered;              /* the first column numbers or names the rows */
  bool head_comments;         /* lines that begin with # come first */
  const char *doubt;          /* what speaks against the guess about the header, or NULL */
  bool thousands_doubt;       /* decimal commas that may stand between thousands */
  const char *unlike_feature; /* what the first column may be in place of a feature, or NULL */
  unsigned char *roles;       /* [count] clf__csv_role; owned */
  int64_t counts[CLF__CSV_TEXT + 1];
} clf__csv_columns;

/* Finds out how the bytes are to be read; all columns are features. Free with
 * clf__csv_columns_free, also after a failure. */
clf_status clf__csv_columns_read(clf__csv_columns *out, clf_context *context,
                                 const clf__bytes *bytes, const char *name,
                                 const clf__csv_style *style);
/* Gives the columns of a dataset their roles. */
clf_status clf__csv_columns_set_roles(clf__csv_columns *columns, const clf__csv_params *params);
/* Gives one column, by name or number, a role; `parameter` is who asks. */
clf_status clf__csv_assign_role(clf__csv_columns *columns, const char *parameter, const char *text,
                                size_t length, clf__csv_role role);
/* The same for the last column that has none yet: its place, or -1. */
int64_t clf__csv_assign_to_last(clf__csv_columns *columns, clf__csv_role role);
/* The log says what was guessed, once. `label` and `body` are columns that were chosen, or -1. */
void clf__csv_log_guesses(const clf__csv_columns *columns, int64_t label, int64_t body);
/* Labels are the last column unless told otherwise: warns where that has no name that labels have,
 * and another column, a feature or text now, has one. `label` may be -1. */
void clf__csv_warn_of_label(const clf__csv_columns *columns, int64_t label);
void clf__csv_columns_free(clf__csv_columns *columns);

/* The name of a column; empty where it has none. */
clf__csv_field clf__csv_name(const clf__csv_columns *columns, int64_t column);

/* What the first records say, within 64 KiB. */
enum { CLF__CSV_SAMPLE = 16 };
int32_t clf__csv_guess_delimiter(const clf__csv_text *text, const char *first, bool documents);
/* A comma where fields are numbers by it and none is one by a point only, else a point; doubtful
 * where each of these commas might stand between thousands. */
char clf__csv_guess_decimal(const clf__csv_text *text, const char *first, bool *doubtful);
/* Whether the field is one of the names "a|b", in any case. */
bool clf__csv_is_named(const clf__csv_field *field, const char *names);
/* Whether the first record names the columns; sets columns->doubt. */
clf_status clf__csv_guess_header(bool *out, clf__csv_columns *columns);
/* Whether every one of the first records of data ends with an empty field. */
bool clf__csv_all_end_empty(const clf__csv_text *text, const char *rows);
/* Whether the first fields of the first records of data count by one, from 0 or 1 on. `*texts`:
 * they are no numbers. */
bool clf__csv_counts_rows(const clf__csv_text *text, const char *rows, int64_t *records,
                          bool *texts);

/* The labels of all rows of a dataset; fields [rows] are where theirs begin. */
clf_status clf__csv_set_labels(clf_dataset *dataset, const clf__csv_columns *columns,
                               const char *const *fields);

/* Whether the field of the last column, which another one follows, ends its record all the same:
 * that one is empty, as in all rows. The field is then followed by the next record. */
bool clf__csv_ends_empty(const clf__csv_columns *columns, clf__csv_field *field, int64_t column);

/* Fails for a record that has not as many fields as the others. */
clf_status clf__csv_fail_count(const clf__csv_columns *columns, const char *record);
/* Puts file, line and column in front of the message. `column` counts from 0. */
clf_status clf__csv_fail_within(clf_status status, const clf__csv_columns *columns, const char *at,
                                int64_t column);

#endif
