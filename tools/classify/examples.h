/* Rows to fit a model on: data of the command line, which become rows by the model's vocabulary
 * where they are texts. */
#ifndef CLASSIFY_EXAMPLES_H
#define CLASSIFY_EXAMPLES_H

#include "input.h"
#include "recipe.h"

/* Reads data with labels or targets. Texts get a vocabulary, which the model keeps. Returns -1 to
 * go on, or the status to exit with after a message. */
int examples_read(input *out, const tool *t, const recipe *r, const char *path, clf_model *model);

/* The same of several files, PREFIX.LABEL, each of which has a text a line. */
int examples_read_files(input *out, const tool *t, const recipe *r, const option_words *paths,
                        clf_model *model);

/* Makes the rows of texts by another vocabulary, which the model keeps; nothing where there are
 * none. Returns as examples_read(). */
int examples_encode(input *in, const tool *t, const recipe *r, clf_model *model);

/* Divides the rows at random, the classes in proportion: `share` of them become *test. The
 * vocabulary of texts is then that of the others. Returns as examples_read(). */
int examples_split(clf_dataset **train, clf_dataset **test, const input *in, const tool *t,
                   const recipe *r, double share, clf_model *model);

/* Makes one of `folds` partitions of the rows for cross-validation, in the same way: *test becomes
 * fold `fold`. */
int examples_fold(clf_dataset **train, clf_dataset **test, const input *in, const tool *t,
                  const recipe *r, int64_t folds, int64_t fold, clf_model *model);

#endif
