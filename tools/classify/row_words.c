/* The words of a row. A name may contain "=": a word is of the feature with the longest name that it
 * begins with. */
#include "row_words.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "report/text.h"

/* The feature that a word is of, or -1. */
static int64_t feature_of(const char *word, const name_index *names) {
  int64_t found = -1;
  for (size_t size = strlen(word); found < 0 && size > 0; size--) {
    found = word[size - 1] == '=' ? name_index_find(names, word, size - 1) : -1;
  }
  return found;
}

/* Finds the feature of each word. False without memory. */
static bool find_features(row_words *self) {
  self->features = calloc(self->count + 1, sizeof *self->features);
  for (size_t i = 0; self->features != NULL && i < self->count; i++) {
    self->features[i] = feature_of(self->words[i], &self->service->names);
  }
  return self->features != NULL;
}

/* Whether each word is NAME=VALUE. */
static bool are_pairs(const row_words *self) {
  for (size_t i = 0; i < self->count; i++) {
    const char *mark = strchr(self->words[i], '=');
    if (self->features[i] < 0 && (mark == NULL || mark == self->words[i])) {
      complain("--row: '%s' is not NAME=VALUE, such as '%s=1'", self->words[i],
               clf_model_feature_name(self->service->model, 0));
      return false;
    }
  }
  return true;
}

/* Whether each feature of the model is the name of one word. `given` [features] are zeros. */
static bool names_each(const row_words *self, int64_t *given) {
  for (size_t i = 0; i < self->count; i++) {
    if (self->features[i] >= 0) {
      given[self->features[i]]++;
    }
  }
  for (int64_t j = 0; j < self->service->features; j++) {
    if (given[j] != 1) {
      complain("--row: '%s=' is %s; the model has this feature",
               clf_model_feature_name(self->service->model, j),
               given[j] == 0 ? "missing" : "given more than once");
      return false;
    }
  }
  return true;
}

static void note_others(const row_words *self) {
  for (size_t i = 0; i < self->count; i++) {
    if (self->features[i] < 0) {
      complain("--row: '%s' is left out, since the model has no such feature", self->words[i]);
    }
  }
}

/* The value of a word of a feature. */
static const char *value_of(const row_words *self, size_t word) {
  const char *name = clf_model_feature_name(self->service->model, self->features[word]);
  return self->words[word] + strlen(name) + 1;
}

static void write_quoted(FILE *out, const char *text, size_t size) {
  fputc('"', out);
  for (size_t i = 0; i < size; i++) {
    fprintf(out, text[i] == '"' ? "\"\"" : "%c", text[i]);
  }
  fputc('"', out);
}

/* Whether a text is a category of the model. One that is also a text of a missing value was in
 * quotes in the training data. */
static bool is_category(const clf_model *model, int64_t feature, const char *text) {
  const int64_t count = clf_model_category_count(model, feature);
  for (int64_t i = 0; i < count; i++) {
    if (strcmp(clf_model_category_name(model, feature, i), text) == 0) {
      return true;
    }
  }
  return false;
}

/* Writes a value, without quotes unless it needs some: only then it can be a missing value. */
static void write_value(FILE *out, const row_words *self, size_t word) {
  static const char blanks[] = " \t";
  const char *value = value_of(self, word);
  const size_t size = strlen(value);
  const bool blank =
      size > 0 && (strchr(blanks, value[0]) != NULL || strchr(blanks, value[size - 1]) != NULL);
  if (blank || strpbrk(value, "\"\r\n") != NULL ||
      is_category(self->service->model, self->features[word], value)) {
    write_quoted(out, value, size);
  } else {
    fputs(value, out);
  }
}

/* Writes the lines. False without memory. */
static bool write_lines(row_words *self) {
  size_t size = 0;
  FILE *out = open_memstream(&self->lines, &size);
  for (size_t i = 0; out != NULL && i < self->count; i++) {
    if (self->features[i] >= 0) {
      const char *name = clf_model_feature_name(self->service->model, self->features[i]);
      write_quoted(out, name, strlen(name));
      fputc('=', out);
      write_value(out, self, i);
      fputc('\n', out);
    }
  }
  return out != NULL && fclose(out) == 0;
}

int row_open(row_words *out, const service *s, const char *const *words, size_t count) {
  *out = (row_words){words, count, s, NULL, NULL};
  if (count == 0 || !s->named) {
    complain(count == 0 ? "--row: no NAME=VALUE follows the model"
                        : "--row: the features of the model have no names");
    return EXIT_USAGE;
  }
  int64_t *given = calloc((size_t)s->features, sizeof *given);
  int status = -1;
  if (given == NULL || !find_features(out)) {
    status = tool_fail(CLF_ERROR_MEMORY);
  } else if (!are_pairs(out) || !names_each(out, given)) {
    status = EXIT_USAGE;
  } else if (!write_lines(out)) {
    status = tool_fail(CLF_ERROR_MEMORY);
  } else if (!s->tool->common.quiet) {
    note_others(out);
  }
  free(given);
  return status;
}

void row_close(row_words *self) {
  free(self->features);
  free(self->lines);
  *self = (row_words){0};
}

clf_status row_read(clf_dataset **out, const row_words *self) {
  return clf_dataset_load_memory(out, self->service->context, "fields", self->lines,
                                 strlen(self->lines), self->service->fields);
}

/* The word that begins in a line of the text; -1 for none. */
static int64_t word_of_line(const row_words *self, int64_t line) {
  int64_t next = 1;
  for (size_t i = 0; i < self->count; i++) {
    if (self->features[i] >= 0 && next == line) {
      return (int64_t)i;
    }
    for (const char *at = self->words[i]; self->features[i] >= 0 && *at != '\0'; at++) {
      next += *at == '\n';
    }
    next += self->features[i] >= 0;
  }
  return -1;
}

/* The word that a message of the reader is about, and *reason what is wrong with it; -1 for none. */
static int64_t refused_by_reader(const row_words *self, const char **reason) {
  const char *rest = tool_memory_message(clf_last_error());
  long long line = 0;
  int end = 0;
  if (rest == NULL || sscanf(rest, " line %lld%n", &line, &end) != 1) {
    return -1;
  }
  const int64_t word = word_of_line(self, line);
  const char *name =
      word < 0 ? "" : clf_model_feature_name(self->service->model, self->features[word]);
  rest += end;
  rest += strncmp(rest, " (", 2) == 0 && strncmp(rest + 2, name, strlen(name)) == 0
              ? strlen(name) + 3
              : 0;
  *reason = rest + strspn(rest, ": ");
  return word;
}

/* The word whose value the model refuses: one that is missing, or too large; -1 for none. The
 * columns of the rows are those of the words, in their order. */
static int64_t refused_by_model(const row_words *self, const clf_dataset *rows, double *value) {
  clf_tensor *x = NULL;
  int64_t found = -1, column = 0;
  if (clf_dataset_tensor(&x, rows, "x") == CLF_OK) {
    const double *values = clf_tensor_data(x);
    for (size_t i = 0; found < 0 && i < self->count; i++) {
      const int64_t feature = self->features[i];
      *value = feature >= 0 ? values[column++] : 0;
      if (feature >= 0 && clf_model_category_count(self->service->model, feature) == 0 &&
          !(fabs(*value) <= (double)FLT_MAX)) {
        found = (int64_t)i;
      }
    }
  }
  clf_tensor_free(x);
  return found;
}

/* The bytes of a reason before its advice: parameters of a file's reader. They may be in the value,
 * too, which the reason begins with. */
static size_t length_without_advice(const char *reason, const char *value) {
  const size_t length = strlen(reason), skipped = strlen(value);
  const char *advice = skipped < length ? strstr(reason + skipped, "; ") : NULL;
  return advice != NULL ? (size_t)(advice - reason) : length;
}

int row_fail(const row_words *self, const clf_dataset *rows, clf_status status) {
  const char *reason = clf_last_error();
  double value = 0;
  const int64_t word = status != CLF_ERROR_DATA ? -1
                       : rows != NULL           ? refused_by_model(self, rows, &value)
                                                : refused_by_reader(self, &reason);
  if (word < 0) {
    return input_fail("--row", status);
  }
  if (isnan(value)) {
    complain(
        "--row: '%s' is a missing value, which the model refuses: trained with missing=keep in "
        "--format, it replaces them",
        self->words[word]);
  } else {
    complain("--row: '%s': %.*s", self->words[word],
             (int)length_without_advice(reason, value_of(self, (size_t)word)), reason);
  }
  return EXIT_FAILURE;
}
