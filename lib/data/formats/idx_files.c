/* The names of MNIST's files: train-images-idx3-ubyte and train-labels-idx1-ubyte. */
#include "data/formats/idx_files.h"

#include <string.h>

static const char *last_of(const char *text, const char *word) {
  const char *found = NULL;
  for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
    found = at;
  }
  return found;
}

bool clf__idx_labels_name(clf__text *labels, const char *images, const char *ending) {
  const char *word = last_of(images, "images");
  if (word == NULL || strchr(word, '/') != NULL) {
    return false;
  }
  const char *rest = word + strlen("images");
  size_t length = strlen(rest);
  if (length >= 3 && strcmp(rest + length - 3, ".gz") == 0) {
    length -= 3;
  }
  labels->length = 0;
  clf__text_append(labels, "%.*slabels%.*s%s", (int)(word - images), images, (int)length, rest,
                   ending);
  char *axes = labels->failed ? NULL : strstr(labels->bytes + (word - images), "idx");
  if (axes != NULL && axes[3] >= '1' && axes[3] <= '9') {
    axes[3] = '1';
  }
  return true;
}
