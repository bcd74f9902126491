#include "row_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "report/text.h"

/* The feature that a word is of, or -1. */
static int64_t feature_of(const char *word, const clf_model *model) {
  for (int64_t j = 0; j < clf_model_features(model); j++) {
    const char *name = clf_model_feature_name(model, j);
    const size_t size = strlen(name);
    if (strncmp(word, name, size) == 0 && word[size] == '=') {
      return j;
    }
  }
  return -1;
}

const char *row_wrong_word(const row_words *row) {
  for (size_t i = 0; i < row->count; i++) {
    const char *mark = strchr(row->words[i], '=');
    if (mark == NULL || mark == row->words[i]) {
      return row->words[i];
    }
  }
  return NULL;
}

/* Writes a name or a value in quotes. */
static void write_quoted(FILE *out, const char *text, size_t size) {
  fputc('"', out);
  for (size_t i = 0; i < size; i++) {
    fprintf(out, text[i] == '"' ? "\"\"" : "%c", text[i]);
  }
  fputc('"', out);
}

char *row_of_words(const row_words *row, const char *only) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  for (size_t i = 0; out != NULL && i < row->count; i++) {
    const char *word = row->words[i];
    const int64_t feature = feature_of(word, row->model);
    if (feature >= 0) {
      const char *name = clf_model_feature_name(row->model, feature);
      const char *value = word + strlen(name) + 1;
      write_quoted(out, name, strlen(name));
      fputc('=', out);
      write_quoted(out, value, only != NULL && word != only ? 0 : strlen(value));
      fputc('\n', out);
    }
  }
  return out == NULL || fclose(out) == 0 ? text : (free(text), NULL);
}

bool row_has_features(const row_words *row, bool quiet) {
  for (int64_t j = 0; j < clf_model_features(row->model); j++) {
    int found = 0;
    for (size_t i = 0; i < row->count; i++) {
      found += feature_of(row->words[i], row->model) == j;
    }
    if (found != 1) {
      complain("--row: '%s=' is %s; the model has this feature",
               clf_model_feature_name(row->model, j),
               found == 0 ? "missing" : "given more than once");
      return false;
    }
  }
  for (size_t i = 0; i < row->count && !quiet; i++) {
    if (feature_of(row->words[i], row->model) < 0) {
      complain("--row: '%s' is left out, since the model has no such feature", row->words[i]);
    }
  }
  return true;
}

clf_status row_read(clf_dataset **out, const service *s, const char *lines) {
  return clf_dataset_load_memory(out, s->context, "fields", lines, strlen(lines), s->fields);
}

/* Whether the reader takes a word, where all others are missing values. */
static bool is_readable(const row_words *row, const service *s, const char *word) {
  clf_dataset *rows = NULL;
  char *lines = row_of_words(row, word);
  const bool good = lines != NULL && row_read(&rows, s, lines) == CLF_OK;
  clf_dataset_free(rows);
  free(lines);
  return good;
}

/* Only a number can be unreadable, and only a value that is missing or too large be refused. */
int row_fail(const row_words *row, const service *s, clf_status status) {
  for (size_t i = 0; status == CLF_ERROR_DATA && i < row->count; i++) {
    const char *word = row->words[i], *value = strchr(word, '=') + 1;
    const int64_t j = feature_of(word, row->model);
    if (j < 0 || clf_model_category_count(row->model, j) > 0) {
      continue;
    }
    if (*value == '\0') {
      complain(
          "--row: '%s' is a missing value, which the model refuses: trained with missing=keep "
          "in --format, it replaces them",
          word);
      return EXIT_FAILURE;
    }
    if (!is_readable(row, s, word)) {
      complain("--row: '%s': '%s' is not a number, as the model takes for '%s', such as %.*s=1.5",
               word, value, clf_model_feature_name(row->model, j), (int)(value - word - 1), word);
      return EXIT_FAILURE;
    }
  }
  return input_fail("--row", status);
}
