#include "columns.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether all names are there, and different. Sorts them. */
static bool are_distinct(const char **names, int64_t count) {
  qsort(names, (size_t)count, sizeof *names, compare_names);
  for (int64_t j = 0; j < count; j++) {
    if (*names[j] == '\0' || (j > 0 && strcmp(names[j], names[j - 1]) == 0)) {
      return false;
    }
  }
  return true;
}

/* Quotes are doubled where they are part of a name. */
static char *list_of(const char *parameter, const char *const *names, int64_t count) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (out == NULL) {
    return NULL;
  }
  fprintf(out, "%s='", parameter);
  for (int64_t j = 0; j < count; j++) {
    fputs(j > 0 ? ",\"" : "\"", out);
    for (const char *c = names[j]; *c != '\0'; c++) {
      fprintf(out, *c == '"' || *c == '\'' ? "%c%c" : "%c", *c, *c);
    }
    fputc('"', out);
  }
  fputc('\'', out);
  return fclose(out) == 0 ? text : (free(text), NULL);
}

/* Frees the names [count], which are all there if the first one is. */
static char *columns_of(const char **names, int64_t count) {
  char *text =
      names != NULL && count > 0 && names[0] != NULL ? list_of("columns", names, count) : NULL;
  if (text != NULL && !are_distinct(names, count)) {
    free(text);
    text = NULL;
  }
  free(names);
  return text;
}

char *columns_of_model(const clf_model *model) {
  const int64_t count = clf_model_features(model);
  const char **names = calloc((size_t)count + 1, sizeof *names);
  for (int64_t j = 0; names != NULL && j < count; j++) {
    names[j] = clf_model_feature_name(model, j);
  }
  return columns_of(names, count);
}

char *categories_of_model(const clf_model *model) {
  const int64_t count = clf_model_features(model);
  const char **names = calloc((size_t)count + 1, sizeof *names);
  char *text = NULL;
  int64_t found = 0;
  for (int64_t j = 0; names != NULL && j < count; j++) {
    const char *name = clf_model_feature_name(model, j);
    if (name != NULL && clf_model_category_count(model, j) > 0) {
      names[found++] = name;
    }
  }
  if (names != NULL) {
    text = found > 0 ? list_of("categories", names, found) : strdup("categories=none");
  }
  free(names);
  return text;
}

char *category_numbers_of_model(const clf_model *model) {
  char *text = NULL;
  size_t size = 0;
  const char *before = "categories=";
  FILE *out = open_memstream(&text, &size);
  for (int64_t j = 0; out != NULL && j < clf_model_features(model); j++) {
    if (clf_model_category_count(model, j) > 0) {
      fprintf(out, "%s%lld", before, (long long)j + 1);
      before = ",";
    }
  }
  if (out != NULL && *before != ',') {
    fprintf(out, "%snone", before);
  }
  return out == NULL || fclose(out) == 0 ? text : (free(text), NULL);
}

char *columns_of_rows(const clf_dataset *rows) {
  const int64_t count = clf_dataset_features(rows);
  const char **names = calloc((size_t)count + 1, sizeof *names);
  for (int64_t j = 0; names != NULL && j < count; j++) {
    names[j] = clf_dataset_column_name(rows, j);
  }
  return columns_of(names, count);
}
