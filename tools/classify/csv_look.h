/* The columns of a CSV file. The reader makes NaN of whatever is no number; where there is NaN, and
 * for the labels, the fields are read again, as texts. */
#ifndef CLASSIFY_CSV_LOOK_H
#define CLASSIFY_CSV_LOOK_H

#include "column_facts.h"
#include "inspect.h"

typedef struct csv_look {
  sheet *out;
  const tool *t;
  const char *path;
  const char *given; /* parameters of --format */
  char *style;       /* those of them that are not roles */
  char *text_style;  /* by which the fields are read as texts */
  clf_dataset *rows;
  int64_t count, columns; /* of rows, and of columns without the row numbers */
  int64_t offset;         /* 1: the first column of the file has row numbers */
  const char **roles;     /* [columns] */
  column_facts *facts;    /* [columns] */
  char **values;          /* [columns] the most common texts, or NULL */
  uint64_t *hashes;       /* [count] of the texts in each row */
  bool unseen;            /* some texts could not be read, only counted */
  bool wide;              /* the numbers are f64 */
} csv_look;

/* A column for a sentence: its number, and its name if it has one. */
typedef struct shown_column {
  char text[128];
} shown_column;

/* Reads all columns. Returns -1 to go on, or the status to exit with after a message. */
int csv_look_read(csv_look *self);
/* Fills facts and values, and adds the classes to the sheet. Returns likewise. */
int csv_look_at_columns(csv_look *self);
void csv_look_free(csv_look *self);

const char *csv_look_name(const csv_look *self, int64_t column); /* "" for none */
shown_column csv_look_show(const csv_look *self, int64_t column);
bool csv_look_has_role(const csv_look *self, int64_t column, const char *role);

#endif
