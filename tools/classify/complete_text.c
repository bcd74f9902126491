/* Completes texts that name kinds and parameters of the catalog, such as 'svm kernel=rbf C=', and
 * grids of their values. */
#include "complete_text.h"

#include <classify.h>
#include <string.h>

static const char *rest_of(const typed_word *word) {
  return word->text + word->done;
}

/* Writes a candidate, unless it is there: formats that are read and written have one name. */
static void add(completions *c, const typed_word *word, const char *first, const char *second,
                const char *help) {
  char line[1024];
  snprintf(line, sizeof line, "\n%.*s%s%s\t", (int)word->done, word->text, first, second);
  if (fflush(c->out) == 0 && strstr(c->text, line) == NULL) {
    fprintf(c->out, "%s%s", line, help != NULL ? help : "");
  }
}

void offer(completions *c, const typed_word *word, const char *first, const char *second,
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

void offer_words(completions *c, const typed_word *word, const char *first, const char *words,
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

static kind_name kind_of(const char *text) {
  kind_name kind;
  snprintf(kind.text, sizeof kind.text, "%.*s", (int)strcspn(text, " "), text);
  return kind;
}

/* A text of several kinds with parameters, "dense units=5; dense": what follows the last
 * semicolon. */
static void complete_stages(completions *c, const char *area, const typed_word *word) {
  const char *semicolon = strrchr(rest_of(word), ';');
  const char *stage = semicolon != NULL ? semicolon + 1 : rest_of(word);
  complete_kind(c, area,
                &(typed_word){word->text, (size_t)(stage - word->text) + strspn(stage, " ")});
}

/* The value of a parameter. One whose name is an area's, also in the plural, as layers, is a text
 * of such kinds, behind the quote that it begins with. */
static void complete_value(completions *c, const clf_param_info *info, const typed_word *word) {
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

/* Whether a parameter is given in a text of parameters; `name` is "C=". */
static bool is_given(const char *text, const char *end, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = text; at < end; at += strcspn(at, " "), at += strspn(at, " ")) {
    if (strncmp(at, name, length) == 0) {
      return true;
    }
  }
  return false;
}

/* The names of the parameters that are not given. If only one fits, its values are candidates
 * too. */
static void offer_names(completions *c, const char *area, const char *kind, const char *text,
                        const typed_word *word) {
  clf_param_info found = {.struct_size = 0};
  const char *typed = rest_of(word);
  char name[80];
  int count = 0;
  for (int64_t i = 0; i < clf_param_count(area, kind); i++) {
    clf_param_info info = {.struct_size = sizeof info};
    if (clf_param_describe(area, kind, i, &info) != CLF_OK) {
      continue;
    }
    snprintf(name, sizeof name, "%s=", info.name);
    if (strncmp(name, typed, strlen(typed)) == 0 && !is_given(text, typed, name)) {
      offer(c, word, name, "", info.help);
      found = info;
      count++;
    }
  }
  if (count == 1) {
    const char *words = found.type == CLF_PARAM_BOOL ? "true|false" : found.words;
    snprintf(name, sizeof name, "%s=", found.name);
    offer_words(c, word, name, *words != '\0' ? words : found.default_value, found.help);
  }
}

/* The last parameter of a text "name=value …", which ends behind the blank that is not in
 * quotes. */
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

static void complete_parameters(completions *c, const char *area, const char *kind,
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

void complete_kind(completions *c, const char *area, const typed_word *word) {
  const char *text = rest_of(word), *blank = strchr(text, ' ');
  if (clf_kind_help(area, area) != NULL) {
    complete_parameters(c, area, area, word);
  } else if (blank == NULL) {
    for (int64_t i = 0; i < clf_kind_count(area); i++) {
      const char *name = clf_kind_name(area, i);
      offer(c, word, name, "", clf_kind_help(area, name));
    }
  } else {
    const size_t blanks = strspn(blank, " ");
    complete_parameters(c, area, kind_of(text).text,
                        &(typed_word){word->text, (size_t)(blank - word->text) + blanks});
  }
}

/* The value of a grid's parameter that is typed is behind the last "|". */
static void complete_grid_value(completions *c, const clf_param_info *info,
                                const typed_word *word) {
  const char *bar = strrchr(rest_of(word), '|');
  const char *value = bar != NULL ? bar + 1 : rest_of(word);
  complete_value(c, info, &(typed_word){word->text, (size_t)(value - word->text)});
}

void complete_grid(completions *c, const char *area, const char *kind, const char *prefix,
                   const typed_word *word) {
  const kind_name name = kind_of(kind);
  const char *last = last_parameter(rest_of(word)), *equals = strchr(last, '=');
  const typed_word typed = {word->text, (size_t)(last - word->text)};
  c->open = true;
  for (int64_t i = 0; i < clf_param_count(area, name.text); i++) {
    clf_param_info info = {.struct_size = sizeof info};
    char whole[160];
    if (clf_param_describe(area, name.text, i, &info) != CLF_OK) {
      continue;
    }
    snprintf(whole, sizeof whole, "%s%s=", prefix, info.name);
    if (equals == NULL && !is_given(rest_of(word), last, whole)) {
      offer(c, &typed, whole, "", info.help);
    } else if (equals != NULL && strncmp(last, whole, strlen(whole)) == 0) {
      complete_grid_value(c, &info, &(typed_word){word->text, (size_t)(equals + 1 - word->text)});
    }
  }
}
