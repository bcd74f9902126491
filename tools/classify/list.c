/* classify list: what the library offers, of its catalog. Every name that it prints is one that
 * some option takes. */
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"
#include "table.h"
#include "verbs.h"

static struct { bool all; } set;

static const option_entry options[] = {
    {"all", NULL, "list the parameters of all kinds", OPTION_SWITCH, 0, &set.all},
};

/* The areas that a word means: one by its name, "model" or "models"; of all files, "formats"; or
 * all, for NULL. */
static bool is_meant(const char *area, const char *word) {
  const size_t length = strlen(area);
  const bool of_files = strstr(area, "_reader") != NULL || strstr(area, "_writer") != NULL;
  return word == NULL || (of_files && strcmp(word, "formats") == 0) ||
         (strncmp(word, area, length) == 0 &&
          (word[length] == '\0' || strcmp(word + length, "s") == 0));
}

static bool has_kind(const char *area, const char *kind) {
  return clf_kind_help(area, kind) != NULL;
}

/* What the words of the command line ask for. */
typedef struct request {
  const char *area; /* or NULL */
  const char *kind; /* or NULL */
} request;

static bool is_in(const request *r, const char *area) {
  return is_meant(area, r->area) && (r->kind == NULL || has_kind(area, r->kind));
}

static int64_t areas_in(const request *r) {
  int64_t count = 0;
  for (int64_t i = 0; i < clf_area_count(); i++) {
    count += is_in(r, clf_area_name(i));
  }
  return count;
}

/* Refuses a word that is neither an area nor a kind of those areas. */
static int reject(const request *r) {
  enum { MAX = 512 };
  const char *names[MAX];
  size_t count = 0;
  const bool area_found = areas_in(&(request){r->area, NULL}) > 0;
  for (int64_t i = 0; i < clf_area_count() && count < MAX; i++) {
    const char *area = clf_area_name(i);
    if (!area_found) {
      names[count++] = area;
    }
    for (int64_t k = 0; k < clf_kind_count(area) && count < MAX; k++) {
      if (!area_found || is_meant(area, r->area)) {
        names[count++] = clf_kind_name(area, k);
      }
    }
  }
  return area_found ? reject_name(r->area, r->kind, names, count, NULL)
                    : reject_name("area or name", r->area, names, count, "classify list has them");
}

/* A kind may be named without its area. */
static int read_request(request *out, const tool *t) {
  const request named = {t->words.count > 0 ? t->words.words[0] : NULL,
                         t->words.count > 1 ? t->words.words[1] : NULL};
  const request by_kind = {NULL, named.area};
  *out = areas_in(&named) > 0 || named.kind != NULL || areas_in(&by_kind) == 0 ? named : by_kind;
  return areas_in(out) > 0 ? -1 : reject(out);
}

/* "from 0", "above 0", "from 1 to 64"; the largest double is no bound. */
static void append_bounds(FILE *out, const clf_param_info *info) {
  if (info->minimum > -DBL_MAX) {
    fprintf(out, " %s %.10g", info->exclusive ? "above" : "from", info->minimum);
  }
  if (info->maximum < DBL_MAX) {
    fprintf(out, " %s %.10g", info->minimum > -DBL_MAX ? "to" : "up to", info->maximum);
  }
}

static const char *const types[] = {
    [CLF_PARAM_I64] = "integer",  [CLF_PARAM_F64] = "number",    [CLF_PARAM_BOOL] = "true or false",
    [CLF_PARAM_CHOICE] = "",      [CLF_PARAM_TEXT] = "text",     [CLF_PARAM_NUMBER] = "number",
    [CLF_PARAM_LIST] = "numbers", [CLF_PARAM_COUNT] = "integer",
};

/* A parameter for people: its help, and its values in parentheses. */
static void print_parameter(const clf_param_info *info) {
  char left[128], text[1024];
  FILE *out = fmemopen(text, sizeof text, "w");
  if (out == NULL) {
    return;
  }
  snprintf(left, sizeof left, "%s=%s", info->name,
           info->default_value != NULL ? info->default_value : "");
  fprintf(out, "%s (%s", info->help, types[info->type]);
  append_bounds(out, info);
  fprintf(out, "%s%s)", *info->words != '\0' && *types[info->type] != '\0' ? ", or " : "",
          info->words);
  fclose(out);
  print_entry(stdout, left, text);
}

static void print_kind(const char *area, const char *kind) {
  const bool alone = strcmp(area, kind) == 0;
  printf("%s%s%s: ", area, alone ? "" : " ", alone ? "" : kind);
  puts(clf_kind_help(area, kind));
  for (int64_t i = 0; i < clf_param_count(area, kind); i++) {
    clf_param_info info = {.struct_size = sizeof info};
    if (clf_param_describe(area, kind, i, &info) == CLF_OK) {
      print_parameter(&info);
    }
  }
}

/* The names of an area's kinds. */
static void print_area(const char *area) {
  char names[2048] = "";
  size_t length = 0;
  for (int64_t k = 0; k < clf_kind_count(area) && length < sizeof names; k++) {
    length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", k > 0 ? ", " : "",
                               clf_kind_name(area, k));
  }
  print_entry(stdout, area, names);
}

static void print_kinds(const char *area) {
  printf("%s:\n", area);
  for (int64_t k = 0; k < clf_kind_count(area); k++) {
    const char *kind = clf_kind_name(area, k);
    print_entry(stdout, kind, clf_kind_help(area, kind));
  }
}

/* What is printed of each area: its parameters where a kind is named, where there is only one, or
 * with --all; its kinds where the area is named; otherwise its names. */
static bool shows_parameters(const request *r, const char *area) {
  return set.all || r->kind != NULL || (r->area != NULL && clf_kind_count(area) == 1);
}

static void print_people(const request *r) {
  bool apart = false;
  for (int64_t i = 0; i < clf_area_count(); i++) {
    const char *area = clf_area_name(i);
    if (!is_in(r, area)) {
      continue;
    }
    for (int64_t k = 0; shows_parameters(r, area) && k < clf_kind_count(area); k++) {
      const char *kind = clf_kind_name(area, k);
      if (r->kind == NULL || strcmp(kind, r->kind) == 0) {
        fputs(apart ? "\n" : "", stdout);
        print_kind(area, kind);
        apart = true;
      }
    }
    if (!shows_parameters(r, area) && r->area != NULL) {
      fputs(apart ? "\n" : "", stdout);
      print_kinds(area);
      apart = true;
    } else if (!shows_parameters(r, area)) {
      print_area(area);
    }
  }
}

static void add_parameter(table *out, const char *area, const char *kind,
                          const clf_param_info *info) {
  static const char *const names[] = {
      [CLF_PARAM_I64] = "integer",
      [CLF_PARAM_F64] = "number",
      [CLF_PARAM_BOOL] = "boolean",
      [CLF_PARAM_CHOICE] = "word",
      [CLF_PARAM_TEXT] = "text",
      [CLF_PARAM_NUMBER] = "number or word",
      [CLF_PARAM_LIST] = "numbers or word",
      [CLF_PARAM_COUNT] = "integer or word",
  };
  table_text(out, area);
  table_text(out, kind);
  table_text(out, info->name);
  table_text(out, names[info->type]);
  table_text(out, info->default_value != NULL ? info->default_value : "");
  table_number(out, info->minimum);
  table_number(out, info->maximum);
  table_integer(out, info->exclusive);
  table_text(out, info->words);
  table_text(out, info->help);
}

static void add_kind(table *out, const char *area, const char *kind, bool parameters) {
  for (int64_t i = 0; parameters && i < clf_param_count(area, kind); i++) {
    clf_param_info info = {.struct_size = sizeof info};
    if (clf_param_describe(area, kind, i, &info) == CLF_OK) {
      add_parameter(out, area, kind, &info);
    }
  }
  if (!parameters) {
    table_text(out, area);
    table_text(out, kind);
    table_integer(out, clf_param_count(area, kind));
    table_text(out, clf_kind_help(area, kind));
  }
}

/* For machines: a row for each parameter, or for each kind. */
static int print_machines(const request *r, const tool *t, bool parameters) {
  static const table_column of_kinds[] = {
      {"area", false, 0}, {"name", false, 0}, {"parameters", true, 0}, {"help", false, 0}};
  static const table_column of_parameters[] = {
      {"area", false, 0},    {"name", false, 0},   {"parameter", false, 0}, {"type", false, 0},
      {"default", false, 0}, {"minimum", true, 0}, {"maximum", true, 0},    {"exclusive", true, 0},
      {"words", false, 0},   {"help", false, 0},
  };
  table out = parameters ? table_of(of_parameters, sizeof of_parameters / sizeof *of_parameters)
                         : table_of(of_kinds, sizeof of_kinds / sizeof *of_kinds);
  for (int64_t i = 0; i < clf_area_count(); i++) {
    const char *area = clf_area_name(i);
    for (int64_t k = 0; is_in(r, area) && k < clf_kind_count(area); k++) {
      const char *kind = clf_kind_name(area, k);
      if (r->kind == NULL || strcmp(kind, r->kind) == 0) {
        add_kind(&out, area, kind, parameters);
      }
    }
  }
  const int status = table_print(&out, t, stdout);
  table_free(&out);
  return status;
}

/* Whether all areas show parameters. */
static bool is_of_parameters(const request *r) {
  for (int64_t i = 0; i < clf_area_count(); i++) {
    if (is_in(r, clf_area_name(i)) && !shows_parameters(r, clf_area_name(i))) {
      return false;
    }
  }
  return true;
}

static int run(tool *t) {
  request r;
  int status = read_request(&r, t);
  if (status < 0 && tool_for_people(t)) {
    print_people(&r);
  } else if (status < 0) {
    status = print_machines(&r, t, is_of_parameters(&r));
  }
  return status < 0 ? EXIT_SUCCESS : status;
}

const verb verb_list = {
    .name = "list",
    .summary = "list models, transforms, formats and their parameters",
    .usage = "[AREA [NAME]] [OPTION …]",
    .example = "classify list model svm",
    .words = "AREA NAME",
    .words_help =
        "an area, such as model, transform, layer, optimizer or dataset_reader, or formats, "
        "which are those of all files; and a kind of the area, which may also be given alone",
    .details =
        "Lists the areas of the library; the kinds of an area; or the parameters of a kind,\n"
        "each with its default, its values and what it does.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes = TAKES_TABLES,
    .minimum_words = 0,
    .maximum_words = 2,
    .run = run,
};
