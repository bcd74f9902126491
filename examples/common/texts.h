/* Texts with labels: folders of text files, or synthetic film reviews. */
#ifndef EXAMPLES_TEXTS_H
#define EXAMPLES_TEXTS_H

#include <classify.h>
#include <stdbool.h>

typedef struct reviews {
  clf_documents *documents;
  char **labels; /* [count] and a NULL; or NULL where the documents have their labels */
} reviews;

typedef struct corpus {
  reviews train, test;
  bool synthetic;
  int64_t steps; /* words of a text that networks read */
} corpus;

/* Reads FOLDER/train and FOLDER/test, or those of FOLDER/aclImdb, with a folder of text files for
 * each label. Labels that only one of the two has are left out, with a message. A folder that has
 * the folders of the labels itself is split: a fifth of each is for the test. Without a folder
 * (NULL) the reviews are synthetic. Returns -1 to go on, or an exit status after a message. */
int corpus_open(corpus *out, clf_context *context, const char *folder, int64_t seed);
void corpus_close(corpus *c);

/* Texts as rows, with their labels. */
clf_status corpus_rows(clf_dataset **out, const clf_vocabulary *vocabulary, const reviews *from);

/* Reviews of two opinions, one of which is denied. Which one decides what the review says, and
 * words between "not" and what it denies are many: the words alone say nothing, their order all. */
clf_status synthetic_reviews(reviews *out, clf_context *context, int64_t count, int64_t seed);

#endif
