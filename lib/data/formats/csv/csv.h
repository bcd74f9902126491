/* The CSV reader, divided into text as records of fields, the guesses about it, and the roles of
 * the columns. */
#ifndef CLF_DATA_FORMATS_CSV_CSV_H
#define CLF_DATA_FORMATS_CSV_CSV_H

#include "data/dataset.h"
#include "data/formats/lines.h"

/* The meaning of a byte outside of quotes. */
enum { CLF__CSV_BLANK = 1, CLF__CSV_ENDS_FIELD = 2, CLF__CSV_ENDS_RECORD = 4, CLF__CSV_QUOTE = 8 };

typedef struct clf__csv_text {
  clf__lines lines;
  char delimiter;
  bool runs;    /* any number of blanks and tabs form one delimiter; the delimiter is then a
                 * blank */
  char quote;   /* '"', or 0 if quotes have no meaning */
  char comment; /* starts a comment up to the end of the line, outside of quotes; 0 for none */
  char decimal, thousands; /* marks in numbers; thousands may be 0 */
  const char *missing;     /* texts of missing values, separated by commas; NULL for the usual
                            * ones */
  unsigned char meaning[256];
} clf__csv_text;

typedef struct clf__csv_field {
  const char *begin, *end; /* without blanks around it; inside its quotes */
  const char *next;        /* where the next field or record begins */
  bool quoted;             /* two quotes inside stand for one */
  bool last;               /* the last field of its record */
} clf__csv_field;

/* Sets the meaning of bytes; must be called after quote or comment were set. */
void clf__csv_set_meaning(clf__csv_text *text);
/* Returns the byte of an index in CLF__CSV_DELIMITERS; a blank for blanks. */
char clf__csv_delimiter(int32_t choice);
/* Sets delimiter, runs and the meaning of bytes by an index in CLF__CSV_DELIMITERS. */
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

/* Reads the field at `at`. Returns NULL, or what is wrong with it. */
const char *clf__csv_field_at(clf__csv_field *out, const clf__csv_text *text, const char *at);
/* Skips blank lines and comment lines. */
const char *clf__csv_record_at(const clf__csv_text *text, const char *at);
/* Returns the record after the one at `at`; NULL if that one is malformed. */
const char *clf__csv_record_after(const clf__csv_text *text, const char *at);
/* Counts the fields of the record at `at`, up to one that is malformed. */
int64_t clf__csv_count_fields(const clf__csv_text *text, const char *at);
/* Counts the records from `at` on; the result is correct if the quotes are. */
int64_t clf__csv_count_records(const clf__csv_text *text, const char *at);
bool clf__csv_same_bytes(const clf__csv_field *one, const clf__csv_field *other);

/* Writes the content and a NUL to `to`, which has capacity for the field; returns the length. */
size_t clf__csv_content(const clf__csv_field *field, char *to);

/* Converts a number to the form of the C library: with a point and without thousands separators.
 * The result is the field itself if it has that form, otherwise it overwrites the field's bytes.
 * The end is NULL if the field cannot be a number. */
typedef struct clf__csv_digits {
  const char *begin, *end;
  char bytes[512];
} clf__csv_digits;
void clf__csv_respell(clf__csv_digits *out, const clf__csv_text *text, const clf__csv_field *field);
/* Reads a field that is one number, with its significand as in clf__read_digits(), or true (1) or
 * false (0). */
bool clf__csv_number(const clf__csv_text *text, const clf__csv_field *field, double *out,
                     int64_t *significand);
/* Returns whether a field without quotes is empty or the text of a missing value. */
bool clf__csv_missing(const clf__csv_text *text, const clf__csv_field *field);

/* How the text is to be read; choices are indices of the parameters' words. */
enum { CLF__CSV_AUTO, CLF__CSV_TRUE, CLF__CSV_FALSE };
#define CLF__CSV_HEADERS "auto|true|false|comment"
enum { CLF__CSV_IN_COMMENT = CLF__CSV_FALSE + 1 };
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
enum { CLF__CSV_NO_COMMENT = 1 };
#define CLF__CSV_DECIMALS "auto|point|comma"
enum { CLF__CSV_DECIMAL_POINT = 1 };
#define CLF__CSV_THOUSANDS "none|comma|point|space|apostrophe"
enum { CLF__CSV_THOUSANDS_POINT = 2 };

/* The rows of parameters that tables of data and of documents share, by their member `style`. */
#define CLF__CSV_HEADER                                                                            \
  CLF__CHOICE(style.header, CLF__CSV_HEADERS, "auto",                                              \
              "whether the first line names the columns; comment: a line before it, behind #")
#define CLF__CSV_DELIMITER                                                                         \
  CLF__CHOICE(style.delimiter, CLF__CSV_DELIMITERS, "auto",                                        \
              "delimiter of the fields; blanks: any number of blanks and tabs")
#define CLF__CSV_MISSING_VALUES                                                                    \
  CLF__TEXT(style.missing_values, NULL,                                                            \
            "texts of no value, separated by commas; otherwise ?, NA, NaN, N/A, null and None")
#define CLF__CSV_QUOTES                                                                            \
  CLF__BOOL(style.quotes, "true", "fields may stand in quotes; false: quotes are characters")
#define CLF__CSV_LINES                                                                             \
  CLF__LINES_ENCODING(style.lines.encoding), CLF__LINES_FIRST_LINE(style.lines.first_line)

typedef struct clf__csv_style {
  int32_t header;      /* an index of CLF__CSV_HEADERS */
  int32_t row_numbers; /* auto, true, false */
  int32_t delimiter, comment, decimal, thousands;
  clf__lines_style lines;
  char *missing_values;        /* owned by the parameters */
  bool quotes;                 /* fields may be quoted; otherwise quotes are ordinary characters */
  const int64_t *column_lines; /* [columns] the line that each was in before it was one of a table,
                                * for messages; NULL for a table */
  bool documents;              /* texts do not indicate a header, and # does not start a comment */
} clf__csv_style;

typedef struct clf__csv_params {
  char *label, *weight, *ignore, *columns, *categories;
  int32_t dates; /* an index of CLF__CSV_DATES */
  clf__csv_style style;
  int32_t missing;    /* error, nan, skip, keep */
  int32_t unreadable; /* error, nan */
  int32_t dtype;      /* auto, f32, f64 */
  bool regression;
  char *spill;
} clf__csv_params;

typedef enum clf__csv_role {
  CLF__CSV_FEATURE,
  CLF__CSV_LABEL,
  CLF__CSV_TARGET,
  CLF__CSV_WEIGHT,
  CLF__CSV_IGNORED,
  CLF__CSV_TEXT /* of documents */
} clf__csv_role;

/* How the fields of a feature are read. */
typedef enum clf__csv_kind {
  CLF__CSV_NUMBER,
  CLF__CSV_CATEGORY, /* texts, each of which has a code */
  CLF__CSV_DATE,     /* days since 1970-01-01 */
  CLF__CSV_OPEN      /* the first value that is not missing decides between number and category */
} clf__csv_kind;

/* The order of the parts of a date. */
#define CLF__CSV_DATES "auto|none|ymd|dmy|mdy"
enum { CLF__CSV_DATES_NONE = 1, CLF__CSV_YMD, CLF__CSV_DMY, CLF__CSV_MDY };

/* A column that the header names. */
typedef struct clf__csv_named {
  const char *name;
  int64_t column;
} clf__csv_named;

typedef struct clf__csv_columns {
  clf_context *context;
  clf__bytes converted; /* the converted text if it was not UTF-8; owned */
  clf__csv_text text;
  const clf__csv_style *style;
  const char *first;  /* the first record, which may be the header */
  const char *header; /* the record that names the columns, or NULL */
  const char *rows;   /* the first record of data */
  int64_t count;
  int32_t delimiter;          /* its index in CLF__CSV_DELIMITERS */
  int64_t nameless;           /* columns before the first that the header names: 0 or 1 */
  bool trailing;              /* records end with a delimiter and an empty field */
  bool numbered;              /* the first column has row numbers or row names */
  bool head_comments;         /* the file begins with lines that start with # */
  const char *doubt;          /* why the guess about the header may be wrong, or NULL */
  bool thousands_doubt;       /* decimal commas may be thousands separators */
  bool points;                /* decimal points were found, where commas might have been */
  const char *unlike_feature; /* why the first column may not be a feature, or NULL */
  unsigned char *roles;       /* [count] clf__csv_role; owned */
  unsigned char *kinds;       /* [count] clf__csv_kind of features; owned */
  bool guessed_kinds;         /* categories=auto */
  bool guessed_dates;         /* dates=auto, and some columns have dates */
  int32_t dates;              /* CLF__CSV_YMD … */
  int64_t *positions;         /* [count] of the features that the parameter columns lists, -1 for
                               * others; NULL if the features are in the order of the file; owned */
  int64_t counts[CLF__CSV_TEXT + 1];
  clf__arena index;       /* holds the next two */
  const char **names;     /* [count] content; NULL until they are indexed, or without a header */
  clf__csv_named *sorted; /* [count - nameless] in the order of the names */
  clf__text guesses;      /* what was guessed, as parameters; owned until it is taken */
} clf__csv_columns;

/* Determines how the bytes are to be read; all columns are features at first. Free it by
 * clf__csv_columns_free, also after a failure. */
clf_status clf__csv_columns_read(clf__csv_columns *out, clf_context *context,
                                 const clf__bytes *bytes, const char *name,
                                 const clf__csv_style *style);
/* Assigns the columns of a dataset their roles. */
clf_status clf__csv_columns_set_roles(clf__csv_columns *columns, const clf__csv_params *params);
/* Chooses how the features are read. With categories=auto, a feature whose first values, those of
 * CLF__CSV_SAMPLE records, are all texts has categories, or dates if all are dates. */
clf_status clf__csv_kinds_choose(clf__csv_columns *columns, const clf__csv_params *params);
/* Reads a date with its parts in this order as days since 1970-01-01, with a fraction if it has a
 * time. Returns false if it is none. */
bool clf__csv_date(const clf__csv_field *field, int32_t order, double *days);
/* Returns which orders of its parts a field may have: bits 1 << CLF__CSV_YMD …; 0: it is none. */
uint32_t clf__csv_date_orders(const clf__csv_field *field);
/* Returns a column by its name or, if no column has that name, by its number; -1 if there is
 * none. */
int64_t clf__csv_find_column(const clf__csv_columns *columns, const char *text, size_t length);
/* Assigns a role to one column, by name or number; `parameter` is the parameter that names it. */
clf_status clf__csv_assign_role(clf__csv_columns *columns, const char *parameter, const char *text,
                                size_t length, clf__csv_role role);
/* Assigns a role to a column; `shown` is how the parameter named it. */
clf_status clf__csv_set_role(clf__csv_columns *columns, const char *parameter, const char *shown,
                             int64_t column, clf__csv_role role);
/* Fail for a text of a parameter that selects no column, or that is the name of two. */
clf_status clf__csv_fail_column(const clf__csv_columns *columns, const char *parameter,
                                const char *text, size_t length);
clf_status clf__csv_fail_twice(const clf__csv_columns *columns, const char *parameter,
                               const char *text, size_t length, int64_t one, int64_t other);
/* Reads the next item of a list, separated by commas, at *at: text, or text in double quotes, in
 * which two stand for one. `to` receives it with a NUL; the list has capacity for it. *at becomes
 * NULL at the end. Returns the length. */
size_t clf__csv_list_item(const char **at, char *to);
/* Sorts the names, once, so that a search for each of many takes no time with the square of their
 * number. */
clf_status clf__csv_index_names(clf__csv_columns *columns);
/* Returns the first column from `from` on that has the name, or -1; by bisection of indexed
 * names. */
int64_t clf__csv_find_name(const clf__csv_columns *columns, const char *text, size_t length,
                           int64_t from);
/* Sets columns->positions by the list of features. */
clf_status clf__csv_select(clf__csv_columns *columns, const char *list);
/* Leaves out the features that are not in that list, if there is one, which the log reports. */
void clf__csv_leave_out_rest(clf__csv_columns *columns);
/* Assigns a role to the last column that has none; returns its index, or -1. */
int64_t clf__csv_assign_to_last(clf__csv_columns *columns, clf__csv_role role);
/* Logs the guesses, once, and keeps them as parameters; those of a table only: what was lines
 * before lacks most of these parameters. `label` and `body` are columns that were chosen, or -1.
 * Returns CLF_OK or CLF_ERROR_MEMORY. */
clf_status clf__csv_log_guesses(clf__csv_columns *columns, int64_t label, int64_t body);
/* Takes the guesses as a text for clf__free(); NULL if there are none. */
char *clf__csv_take_guesses(clf__csv_columns *columns);
/* Labels are the last column by default. Logs a warning if its name is unusual for labels and
 * another column, currently a feature or text, has a usual one. `label` may be -1. */
void clf__csv_warn_of_label(const clf__csv_columns *columns, int64_t label);
void clf__csv_columns_free(clf__csv_columns *columns);

/* Returns the name of a column; empty if it has none. */
clf__csv_field clf__csv_name(const clf__csv_columns *columns, int64_t column);
/* Makes the names of all columns [count]. The columns must have a header. */
clf_status clf__csv_names(const char ***out, clf__arena *arena, const clf__csv_columns *columns);

/* What the first records, up to 64 KiB, suggest: */
enum { CLF__CSV_SAMPLE = 16 };
int32_t clf__csv_guess_delimiter(const clf__csv_text *text, const char *first, bool documents);
/* The decimal mark: a comma if fields are numbers with it, and none is a number only with a point;
 * otherwise a point. It is doubtful if each of these commas may be a thousands separator. `points`
 * is whether fields are numbers only with a point. */
char clf__csv_guess_decimal(const clf__csv_text *text, const char *first, bool *doubtful,
                            bool *points);
/* Returns whether the field is one of the names "a|b", ignoring case. */
bool clf__csv_is_named(const clf__csv_field *field, const char *names);
/* Returns whether the first record names the columns; sets columns->doubt. */
clf_status clf__csv_guess_header(bool *out, clf__csv_columns *columns);
/* Returns whether each of the first data records ends with an empty field. */
bool clf__csv_all_end_empty(const clf__csv_text *text, const char *rows);
/* Returns whether the first fields of the first data records count 0, 1, 2 … or 1, 2, 3 …. `*texts`
 * receives whether they are not numbers. */
bool clf__csv_counts_rows(const clf__csv_text *text, const char *rows, int64_t *records,
                          bool *texts);

/* Sets the labels of all rows of a dataset; fields [rows] point at the labels. */
clf_status clf__csv_set_labels(clf_dataset *dataset, const clf__csv_columns *columns,
                               const char *const *fields);

/* Returns whether a field ends its record although the last column follows it, because that column
 * is empty in all rows. The next record then follows the field. */
bool clf__csv_ends_empty(const clf__csv_columns *columns, clf__csv_field *field, int64_t column);

/* Fails for a record whose number of fields differs from that of the others. */
clf_status clf__csv_fail_count(const clf__csv_columns *columns, const char *record);
/* Puts file, line and column in front of the message. `column` counts from 0. */
clf_status clf__csv_fail_within(clf_status status, const clf__csv_columns *columns, const char *at,
                                int64_t column);

#endif
