/* classify inspect: what a path holds, by its content. Each function adds what it finds to a sheet,
 * and returns -1 to go on, or the status to exit with after a message. */
#ifndef CLASSIFY_INSPECT_H
#define CLASSIFY_INSPECT_H

#include "input.h"
#include "sheet.h"

/* A file of the library's own: a model, a detector, a transform or a vocabulary. */
int inspect_model(sheet *out, const tool *t, const char *path);

/* A model of another program, of a format that clf_model_import() reads. */
int inspect_foreign(sheet *out, const tool *t, const char *path, const char *format);

/* Rows of a CSV file, all of its columns, whatever is in them. */
int inspect_csv(sheet *out, const tool *t, const char *path, const char *params);

/* Rows of any other format. */
int inspect_rows(sheet *out, const input *in);

/* The pictures of a folder or one picture, by themselves, since the reader wants them of one
 * size. */
int inspect_pictures(sheet *out, const tool *t, const char *path, const char *params);

int inspect_texts(sheet *out, const tool *t, const input *in);

/* Adds a table of classes, and what is wrong with their numbers of rows. `names` and `rows` have
 * `count` elements. */
void inspect_classes(sheet *out, const char *const *names, const int64_t *rows, int64_t count);

/* Adds the classes of a dataset, or how many targets it has. */
int inspect_labels(sheet *out, const clf_dataset *rows);

/* Adds how many rows repeat others, by their features, and by `seeds` [rows] or NULL: hashes of
 * what else is in them. */
void inspect_duplicates(sheet *out, const clf_dataset *rows, const uint64_t *seeds);
/* Goes on with the hash of bytes. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count);

/* The list of sentences about what may be wrong. */
#define INSPECT_PROBLEMS "problems"

#endif
