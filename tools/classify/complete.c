/* Completes verbs, options, their values, and kinds and parameters in texts such as 'svm kernel=rbf C=',
 * of the tables of the verbs and of the library's catalog. */
#include "complete.h"

#include <stdlib.h>
#include <string.h>

#include "verbs.h"

/* The word that is completed: its first `done` bytes stay, and what a candidate has to begin with are
 * the others. */
typedef struct typed_word {
  const char *text;
  size_t done;
} typed_word;

/* The candidates so far, which are printed behind the line that is about all of them. */
typedef struct candidates {
  FILE *out;
  char *text; /* what was written to it */
  size_t size;
  bool files, open;
} candidates;

static const char *rest_of(const typed_word *word) {
  return word->text + word->done;
}

/* Writes a candidate, unless it is there: formats that are read and written have one name. */
static void add(candidates *c, const typed_word *word, const char *first, const char *second,
                const char *help) {
  char line[1024];
  snprintf(line, sizeof line, "\n%.*s%s%s\t", (int)word->done, word->text, first, second);
  if (fflush(c->out) == 0 && strstr(c->text, line) == NULL) {
    fprintf(c->out, "%s%s", line, help != NULL ? help : "");
  }
}

/* Offers a candidate of two parts, such as a parameter's name with "=" and its value. */
static void offer(candidates *c, const typed_word *word, const char *first, const char *second,
                  const char *help) {
  const char *typed = rest_of(word);
  const size_t length = strlen(typed), part = strlen(first);
  const bool fits = length <= part ? strncmp(first, typed, length) == 0
                                   : strncmp(first, typed, part) == 0 &&
                                         strncmp(second, typed + part, length - part) == 0;
  if (fits) {
    add(c, word, first, second, help);
  }
}

/* The words of "a|b|c". */
static void offer_words(candidates *c, const typed_word *word, const char *first, const char *words,
                        const char *help) {
  char one[64];
  for (const char *at = words; *at != '\0'; at += *at == '|') {
    const size_t length = strcspn(at, "|");
    snprintf(one, sizeof one, "%.*s", (int)length, at);
    offer(c, word, first, one, help);
    at += length;
  }
}

/* The kind that a text begins with. */
typedef struct kind_name {
  char text[64];
} kind_name;

static void complete_kind(candidates *c, const char *area, const typed_word *word);

/* A text of several kinds with parameters, "dense units=5; dense": what follows the last semicolon. */
static void complete_stages(candidates *c, const char *area, const typed_word *word) {
  const char *semicolon = strrchr(rest_of(word), ';');
  const char *stage = semicolon != NULL ? semicolon + 1 : rest_of(word);
  complete_kind(c, area,
                &(typed_word){word->text, (size_t)(stage - word->text) + strspn(stage, " ")});
}

/* The value of a parameter. One whose name is an area's, also in the plural, as layers, is a text of
 * such kinds, behind the quote that it begins with. */
static void complete_value(candidates *c, const clf_param_info *info, const typed_word *word) {
  const size_t length = strlen(info->name);
  const char quote = *rest_of(word);
  char area[64];
  snprintf(area, sizeof area, "%.*s", (int)length - (info->name[length - 1] == 's'), info->name);
  if (info->type == CLF_PARAM_TEXT && clf_kind_count(area) > 0 && (quote == '"' || quote == '\'')) {
    complete_stages(c, area, &(typed_word){word->text, word->done + 1});
  } else if (info->type == CLF_PARAM_BOOL) {
    offer_words(c, word, "", "true|false", info->help);
  } else {
    offer_words(c, word, "", info->words, info->help);
  }
}

/* Whether a parameter is given in a text of parameters. */
static bool is_given(const char *text, const char *end, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = text; at < end; at += strcspn(at, " "), at += strspn(at, " ")) {
    if (strncmp(at, name, length) == 0 && at[length] == '=') {
      return true;
    }
  }
  return false;
}

/* The names of the parameters that are not given. If only one fits, its values are candidates too. */
static void offer_names(candidates *c, const char *area, const char *kind, const char *text,
                        const typed_word *word) {
  clf_param_info found = {.struct_size = 0};
  const char *typed = rest_of(word);
  int count = 0;
  for (int64_t i = 0; i < clf_param_count(area, kind); i++) {
    clf_param_info info = {.struct_size = sizeof info};
    if (clf_param_describe(area, kind, i, &info) == CLF_OK &&
        strncmp(info.name, typed, strlen(typed)) == 0 && !is_given(text, typed, info.name)) {
      offer(c, word, info.name, "=", info.help);
      found = info;
      count++;
    }
  }
  if (count == 1) {
    char name[80];
    const char *words = found.type == CLF_PARAM_BOOL ? "true|false" : found.words;
    snprintf(name, sizeof name, "%s=", found.name);
    offer_words(c, word, name, *words != '\0' ? words : found.default_value, found.help);
  }
}

/* The last parameter of a text "name=value …", which ends behind the blank that is not in quotes. */
static const char *last_parameter(const char *text) {
  const char *last = text;
  char quote = '\0';
  for (const char *at = text; *at != '\0'; at++) {
    if (quote != '\0') {
      quote = *at == quote ? '\0' : quote;
    } else if (*at == '"' || *at == '\'') {
      quote = *at;
    } else if (*at == ' ') {
      last = at + 1;
    }
  }
  return last;
}

static void complete_parameters(candidates *c, const char *area, const char *kind,
                                const typed_word *word) {
  const char *text = rest_of(word), *last = last_parameter(text), *equals = strchr(last, '=');
  c->open = true;
  if (equals == NULL) {
    offer_names(c, area, kind, text, &(typed_word){word->text, (size_t)(last - word->text)});
    return;
  }
  const typed_word value = {word->text, (size_t)(equals + 1 - word->text)};
  for (int64_t i = 0; i < clf_param_count(area, kind); i++) {
    clf_param_info info = {.struct_size = sizeof info};
    if (clf_param_describe(area, kind, i, &info) == CLF_OK &&
        strncmp(last, info.name, (size_t)(equals - last)) == 0 &&
        info.name[equals - last] == '\0') {
      complete_value(c, &info, &value);
    }
  }
}

/* A kind of an area and its parameters; where an area has one kind of its own name, parameters. */
static void complete_kind(candidates *c, const char *area, const typed_word *word) {
  const char *text = rest_of(word), *blank = strchr(text, ' ');
  kind_name kind;
  if (clf_kind_help(area, area) != NULL) {
    complete_parameters(c, area, area, word);
  } else if (blank == NULL) {
    for (int64_t i = 0; i < clf_kind_count(area); i++) {
      const char *name = clf_kind_name(area, i);
      offer(c, word, name, "", clf_kind_help(area, name));
    }
  } else {
    snprintf(kind.text, sizeof kind.text, "%.*s", (int)(blank - text), text);
    const size_t blanks = strspn(blank, " ");
    complete_parameters(c, area, kind.text,
                        &(typed_word){word->text, (size_t)(blank - word->text) + blanks});
  }
}

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

static void complete_option_value(candidates *c, const option_entry *entry,
                                  const typed_word *word) {
  static const char *const files[] = {"FILE", "DATA", "MODEL", "DIR", "FOLDER", "PREFIX", NULL};
  if (entry->type == OPTION_CHOICE) {
    offer_words(c, word, "", entry->argument, NULL);
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

/* The row of an option that is given as a whole word, "--model" or "-o"; NULL where it is none. A row
 * without help is the letter of the option in the row before. */
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
static void offer_options(candidates *c, const option_entry *options, size_t count,
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
static void complete_argument(candidates *c, const verb *which, const char *const *before,
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

static void complete_verb(candidates *c, const verb *which, const char *const *words,
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
    complete_option_value(c, entry, &(typed_word){last, 0});
  } else if (takes_value(joined)) {
    complete_option_value(c, joined, &(typed_word){last, (size_t)(equals + 1 - last)});
  } else if (last[0] == '-' && !all_arguments) {
    offer_options(c, options, rows, words, count - 1, &(typed_word){last, 0});
    if (which->program == NULL) {
      offer(c, &(typed_word){last, 0}, "--", "help", "explain the verb");
    }
  } else {
    complete_argument(c, which, arguments, found, &(typed_word){last, 0});
  }
}

static void complete_all(candidates *c, const char *const *words, size_t count) {
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
  candidates c = {.text = NULL};
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
