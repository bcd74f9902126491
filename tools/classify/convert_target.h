/* What a conversion writes: a format of data or of models, by its name or by that of the file. */
#ifndef CLASSIFY_CONVERT_TARGET_H
#define CLASSIFY_CONVERT_TARGET_H

#include <stdbool.h>

#include "params.h"

/* What else than numbers a format has a place for. */
enum {
  HOLDS_NAMES = 1, /* names of columns or features */
  HOLDS_SHAPE = 2, /* data: the height, width and channels of images */
  HOLDS_NOTES = 4, /* a model: metadata */
  HOLDS_TEXTS = 8  /* a model: the vocabulary by which it reads texts */
};

typedef struct target {
  char format[KIND_BYTES];
  char *params;   /* "" for none */
  unsigned holds; /* HOLDS_… */
} target;

/* The library's own format of models, which is in no registry of formats. */
#define FORMAT_OWN "clf"

/* Finds the format of a model, or of data: `text` is what --to says, or NULL for what the name of
 * the file at `path` says. Returns -1 to go on, or EXIT_USAGE after a message. Free it in both
 * cases. */
int target_find(target *out, bool model, const char *text, const char *path);

/* Adds a parameter as it was to read the input, "label=kind", unless it is given, or is no name of
 * a column: a number, "none", or several. Returns -1 to go on, or EXIT_FAILURE after a message. */
int target_keep(target *self, const char *reading, const char *parameter);

void target_free(target *self);

#endif
