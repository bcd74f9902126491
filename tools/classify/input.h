/* Data of the command line, read as rows or as documents: by --format, by the content, or as the
 * data of a model were read. */
#ifndef CLASSIFY_INPUT_H
#define CLASSIFY_INPUT_H

#include <stdint.h>

#include "tool.h"

typedef struct input {
  char *path;
  char *bytes; /* of standard input until they are read; NULL for files */
  size_t size;
  uint32_t sum;          /* their CRC-32 */
  char *reader, *params; /* by which other data are read as these; params has what was guessed */
  clf_dataset *rows;     /* NULL for documents until they are encoded */
  clf_documents *texts;  /* NULL for rows */
} input;

/* Reads data to train on or to look at. `path` may be "-". Returns -1 to go on, or the status to
 * exit with after a message. Free it in both cases. */
int input_read(input *out, const tool *t, const char *path);

/* Reads documents from files PREFIX.LABEL, at least two, that have a text a line. Returns as
 * input_read(). */
int input_read_lines(input *out, const tool *t, const option_words *paths);

/* Reads more data as others were read, the features of a table by their names. Returns as
 * input_read(). */
int input_read_like(input *out, const tool *t, const char *path, const input *like);

/* Reads rows to test a model on: as its training data were read, by its metadata, with labels, and
 * the features of a table by their names; or by --format or the content where it has no metadata.
 * Texts are encoded by its vocabulary. Returns as input_read(). */
int input_read_for(input *out, const tool *t, const char *path, const clf_model *model);

/* Encodes the documents by a vocabulary. Returns as input_read(). */
int input_encode(input *in, const clf_vocabulary *vocabulary);

/* Returns the first column of rows whose categories are sentences, most of which differ; -1 if there
 * is none. It may be meant as texts. */
int64_t input_text_column(const clf_dataset *rows);

void input_free(input *in);

/* Opens a model: a file of the library's own or, by its content, of LIBSVM or LIBLINEAR. Returns as
 * input_read(). */
int input_model(clf_model **out, const tool *t, const char *path);

/* Reports that a model could not be opened, and what the file is if it is another one of the
 * library's own; `name` stands for it in the message. Returns as tool_fail(). */
int input_model_fail(const tool *t, const char *path, const char *name, clf_status status);

/* CRC-32 of the bytes of a file or of standard input, or of all files in a folder, or whose names
 * begin so, in the order of their names; 0 if they cannot be read. */
uint32_t input_checksum(const input *in);

/* Reports that data were refused, by their name in place of "data in memory". Returns as
 * tool_fail(). */
int input_fail(const char *name, clf_status status);

#endif
