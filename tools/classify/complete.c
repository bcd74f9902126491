/* Completes verbs, options and their values, of the tables of the verbs. */
#include "complete.h"

#include <stdlib.h>
#include <string.h>

#include "complete_text.h"
#include "recipe.h"
#include "verbs.h"

/* What options take that are not named as an area: kinds of these. */
static const struct {
  const char *option, *areas[2];
} taken[] = {{"format", {"dataset_reader", "document_reader"}},
             {"from", {"dataset_reader", "model_reader"}},
             {"to", {"dataset_writer", "model_writer"}}};

static bool is_one_of(const char *word, const char *const *words) {
  while (*words != NULL && strcmp(word, *words) != 0) {
    words++;
  }
  return *words != NULL;
}

/* The value of an option where a word gives it, "--model svm" or "--model=svm", or NULL. */
static const char *value_at(const char *const *words, size_t count, size_t i, const char *option) {
  const size_t length = strlen(option);
  if (strncmp(words[i], option, length) != 0) {
    return NULL;
  }
  return words[i][length] == '='                     ? words[i] + length + 1
         : words[i][length] == '\0' && i + 1 < count ? words[i + 1]
                                                     : NULL;
}

/* A grid over the parameters of the model, the transforms and the optimizer that the words before
 * it name. */
static void complete_search(completions *c, const char *const *words, size_t count,
                            const typed_word *word) {
  recipe made = {.model = NULL};
  for (size_t i = 1; i + 1 < count; i++) {
    const char *model = value_at(words, count - 1, i, "--model");
    const char *transform = value_at(words, count - 1, i, "--transform");
    const char *optimizer = value_at(words, count - 1, i, "--optimizer");
    made.model = model != NULL ? model : made.model;
    if (transform != NULL) {
      char prefix[80];
      snprintf(prefix, sizeof prefix, "%.*s.", (int)strcspn(transform, " "), transform);
      complete_grid(c, "transform", transform, prefix, word);
    }
    if (optimizer != NULL) {
      complete_grid(c, "optimizer", optimizer, "optimizer.", word);
    }
  }
  complete_grid(c, "model", recipe_model(&made), "", word);
}

static void complete_option_value(completions *c, const option_entry *entry,
                                  const char *const *words, size_t count, const typed_word *word) {
  static const char *const files[] = {"FILE", "DATA", "MODEL", "DIR", "FOLDER", "PREFIX", NULL};
  if (entry->type == OPTION_CHOICE) {
    offer_words(c, word, "", entry->argument, NULL);
    return;
  }
  if (strcmp(entry->argument, "GRID") == 0) {
    complete_search(c, words, count, word);
    return;
  }
  c->files = is_one_of(entry->argument, files);
  if (strcmp(entry->argument, "TEXT") == 0 && clf_kind_count(entry->name) > 0) {
    complete_kind(c, entry->name, word);
  }
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
    for (size_t k = 0; k < 2 && strcmp(entry->name, taken[i].option) == 0; k++) {
      complete_kind(c, taken[i].areas[k], word);
    }
  }
}

/* The row of an option that is given as a whole word, "--model" or "-o"; NULL where it is none. A
 * row without help is the letter of the option in the row before. */
static const option_entry *option_of(const option_entry *options, size_t count, const char *word) {
  for (size_t i = 0; i < count; i++) {
    const char *dashes = option_dashes(&options[i]);
    const size_t length = strlen(dashes);
    if (options[i].type != OPTION_WORDS && strncmp(word, dashes, length) == 0 &&
        strcmp(word + length, options[i].name) == 0) {
      return &options[options[i].help == NULL ? i - 1 : i];
    }
  }
  return NULL;
}

static bool takes_value(const option_entry *entry) {
  return entry != NULL && entry->type != OPTION_SWITCH;
}

/* The names of the options that are not given yet, or that may be given again. */
static void offer_options(completions *c, const option_entry *options, size_t count,
                          const char *const *words, size_t given, const typed_word *word) {
  for (size_t i = 0; i < count; i++) {
    bool used = options[i].help == NULL || options[i].type == OPTION_WORDS;
    for (size_t k = 1; k < given && options[i].type != OPTION_TEXTS; k++) {
      used |= option_of(options, count, words[k]) == &options[i];
    }
    if (!used) {
      offer(c, word, option_dashes(&options[i]), options[i].name, options[i].help);
    }
  }
}

/* An argument that is no option: one of the words that the verb names, an area or a kind of the
 * catalog, or a file. */
static void complete_argument(completions *c, const verb *which, const char *const *before,
                              size_t count, const typed_word *word) {
  if (count >= which->maximum_words) {
    return;
  }
  if (strchr(which->words, '|') != NULL) {
    offer_words(c, word, "", which->words, NULL);
  } else if (strncmp(which->words, "AREA", 4) != 0) {
    c->files = true;
  } else if (count == 0) {
    for (int64_t i = 0; i < clf_area_count(); i++) {
      offer(c, word, clf_area_name(i), "", NULL);
    }
  } else {
    complete_kind(c, before[0], word);
  }
}

static void complete_verb(completions *c, const verb *which, const char *const *words,
                          size_t count) {
  static tool none;
  option_entry options[TOOL_OPTIONS];
  const char *arguments[8];
  size_t rows, found = 0;
  bool all_arguments = false, value = false;
  tool_options(options, &rows, &none, which);
  const option_entry *entry = NULL;
  for (size_t i = 1; i + 1 < count; i++) {
    entry = all_arguments || value ? NULL : option_of(options, rows, words[i]);
    if (!value && !all_arguments && strcmp(words[i], "--") == 0) {
      all_arguments = true;
    } else if (!value && (all_arguments || words[i][0] != '-') && found < 8) {
      arguments[found++] = words[i];
    }
    value = takes_value(entry);
  }
  const char *last = words[count - 1], *equals = strchr(last, '=');
  char name[64];
  snprintf(name, sizeof name, "%.*s", equals != NULL ? (int)(equals - last) : 0, last);
  const option_entry *joined = value || all_arguments ? NULL : option_of(options, rows, name);
  if (value) {
    complete_option_value(c, entry, words, count, &(typed_word){last, 0});
  } else if (takes_value(joined)) {
    complete_option_value(c, joined, words, count,
                          &(typed_word){last, (size_t)(equals + 1 - last)});
  } else if (last[0] == '-' && !all_arguments) {
    offer_options(c, options, rows, words, count - 1, &(typed_word){last, 0});
    if (which->program == NULL) {
      offer(c, &(typed_word){last, 0}, "--", "help", "explain the verb");
    }
  } else {
    complete_argument(c, which, arguments, found, &(typed_word){last, 0});
  }
}

static void complete_all(completions *c, const char *const *words, size_t count) {
  const typed_word first = {count > 0 ? words[0] : "", 0};
  const verb *which = NULL;
  for (size_t i = 0; verbs[i] != NULL; i++) {
    which = count > 1 && strcmp(verbs[i]->name, words[0]) == 0 ? verbs[i] : which;
    if (count <= 1) {
      offer(c, &first, verbs[i]->name, "", verbs[i]->summary);
    }
  }
  if (count <= 1 && *first.text == '-') {
    offer(c, &first, "--help", "", "list the verbs");
    offer(c, &first, "--version", "", "show the version");
  } else if (which != NULL) {
    complete_verb(c, which, words, count);
  }
}

int complete_words(const char *const *words, size_t count) {
  completions c = {.text = NULL};
  c.out = open_memstream(&c.text, &c.size);
  if (c.out == NULL) {
    return EXIT_FAILURE;
  }
  complete_all(&c, words, count);
  if (fclose(c.out) == 0) {
    printf("%s %s%s\n", c.files ? "files" : "", c.open ? "open" : "", c.text);
  }
  free(c.text);
  return EXIT_SUCCESS;
}
