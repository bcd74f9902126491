#include "row_words.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
