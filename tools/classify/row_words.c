#include "row_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"

/* Writes a field in quotes. */
static void write_field(FILE *out, const char *text, size_t size, bool last) {
  fputc('"', out);
  for (size_t i = 0; i < size; i++) {
    fprintf(out, text[i] == '"' ? "\"\"" : "%c", text[i]);
  }
  fputs(last ? "\"\n" : "\",", out);
}

char *row_of_words(const char *const *words, size_t count, const char **wrong) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  *wrong = NULL;
  for (int values = 0; out != NULL && values < 2; values++) {
    for (size_t i = 0; i < count && *wrong == NULL; i++) {
      const char *word = words[i], *mark = strchr(word, '=');
      *wrong = mark == NULL || mark == word ? word : NULL;
      if (*wrong == NULL) {
        const char *from = values ? mark + 1 : word;
        write_field(out, from, values ? strlen(from) : (size_t)(mark - word), i + 1 == count);
      }
    }
  }
  const bool good = out != NULL && fclose(out) == 0 && *wrong == NULL;
  return good ? text : (free(text), NULL);
}

bool row_has_features(const char *const *words, size_t count, const clf_model *model) {
  for (int64_t j = 0; j < clf_model_features(model); j++) {
    const char *name = clf_model_feature_name(model, j);
    const size_t size = strlen(name);
    int found = 0;
    for (size_t i = 0; i < count; i++) {
      found += strncmp(words[i], name, size) == 0 && words[i][size] == '=';
    }
    if (found != 1) {
      complain("--row: '%s=' is %s; the model has this feature", name,
               found == 0 ? "missing" : "given more than once");
      return false;
    }
  }
  return true;
}
