#include "require.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"

/* "=" asks for a value at least as good: for most measures that is at least as high. */
static void set_relation(requirement *r, const char *given) {
  const char *relation = given;
  if (strcmp(given, "=") == 0) {
    relation = measure_kinds[r->measure].low_is_good ? "<=" : ">=";
  }
  snprintf(r->relation, sizeof r->relation, "%s", relation);
}

static int find_measure(requirement *r, const char *name) {
  static const int means[CLASS_MEASURES] = {MEASURE_PRECISION, MEASURE_RECALL, MEASURE_F1};
  const char *names[MEASURES];
  for (size_t i = 0; i < MEASURES; i++) {
    names[i] = measure_kinds[i].name;
  }
  const size_t found = find_name(name, names, MEASURES);
  if (found == MEASURES) {
    return reject_name("measure", name, names, MEASURES, NULL);
  }
  r->measure = (int)found;
  for (int i = 0; i < CLASS_MEASURES; i++) {
    r->class_measure = *r->class != '\0' && means[i] == r->measure ? i : r->class_measure;
  }
  if (*r->class != '\0' && r->class_measure < 0) {
    complain(
        "--require: %s is not a measure of a class; precision, recall and f1 are, such as "
        "recall.%s",
        name, r->class);
    return EXIT_USAGE;
  }
  return -1;
}

static int refuse_form(const char *text) {
  complain(
      "--require: '%s' is not a requirement, which is a measure, =, <, <=, > or >=, and a number, "
      "such as accuracy=0.9 or log_loss<0.3",
      text);
  return EXIT_USAGE;
}

/* Finds the last relation, since names of classes may hold any characters: *start to *end. */
static void find_relation(const char *text, size_t *start, size_t *end) {
  *end = strlen(text);
  while (*end > 0 && strchr("=<>", text[*end - 1]) == NULL) {
    (*end)--;
  }
  *start = *end;
  while (*start > 0 && strchr("=<>", text[*start - 1]) != NULL) {
    (*start)--;
  }
}

static int read_one(requirement *out, const char *text, size_t length) {
  static const char *const relations[] = {"=", "<", "<=", ">", ">="};
  char name[sizeof out->text], relation[4], *rest = NULL;
  size_t start, end;
  *out = (requirement){.class_measure = -1};
  snprintf(out->text, sizeof out->text, "%.*s", (int)length, text);
  find_relation(out->text, &start, &end);
  snprintf(relation, sizeof relation, "%.*s", (int)(end - start), out->text + start);
  out->limit = strtod(out->text + end, &rest);
  if (length >= sizeof out->text || start == 0 || end - start > 2 ||
      find_name(relation, relations, 5) == 5 || rest == out->text + end || *rest != '\0' ||
      !isfinite(out->limit)) {
    return refuse_form(out->text);
  }
  snprintf(name, sizeof name, "%.*s", (int)start, out->text);
  char *dot = strchr(name, '.');
  if (dot != NULL) {
    *dot = '\0';
    snprintf(out->class, sizeof out->class, "%s", dot + 1);
  }
  const int status = find_measure(out, name);
  if (status < 0) {
    set_relation(out, relation);
  }
  return status;
}

/* Bytes of the requirement that a text begins with. It ends behind its number: the name of a class
 * may have blanks. Where there is no number, it ends at the first blank. */
static size_t requirement_length(const char *text) {
  for (const char *at = text; (at = strpbrk(at, "=<>")) != NULL;) {
    char *end = NULL;
    at += strspn(at, "=<>");
    strtod(at, &end);
    if (end != at && (*end == '\0' || *end == ' ')) {
      return (size_t)(end - text);
    }
  }
  return strcspn(text, " ");
}

int requirements_read(requirements *out, const char *text) {
  out->count = 0;
  while (text != NULL && *(text += strspn(text, " ")) != '\0') {
    const size_t length = requirement_length(text);
    if (out->count == MAX_REQUIREMENTS) {
      complain("--require: at most %d requirements", MAX_REQUIREMENTS);
      return EXIT_USAGE;
    }
    const int status = read_one(&out->of[out->count++], text, length);
    if (status >= 0) {
      return status;
    }
    text += length;
  }
  return -1;
}

static bool holds(const requirement *r, double value) {
  const bool above = r->relation[0] == '>';
  return (r->relation[1] == '=' && value == r->limit) ||
         (above ? value > r->limit : value < r->limit);
}

/* Of the measure, with its class, in the text. */
static int name_length(const requirement *r) {
  size_t start, end;
  find_relation(r->text, &start, &end);
  return (int)start;
}

/* Says that a requirement does not hold: by how much, and whether that may be chance. */
static void report_below(const requirement *r, const figure *found) {
  const bool above = r->relation[0] == '>', equal = r->relation[1] == '=';
  const char *relation = above ? equal ? "at least" : "more than" : equal ? "at most" : "less than";
  const bool within =
      found->interval != INTERVAL_NONE && holds(r, above ? found->high : found->low);
  complain("%.*s is %.6g; --require asks for %s %.6g%s", name_length(r), r->text, found->value,
           relation, r->limit, within ? ", which is within its interval of 95 %" : "");
}

static int check_one(const requirement *r, const measures *m, const char *const *names) {
  const figure *found = &m->of[r->measure];
  if (*r->class != '\0') {
    const size_t class = find_name(r->class, names, (size_t)m->classes);
    if (class == (size_t)m->classes) {
      return reject_name("class", r->class, names, (size_t)m->classes, NULL);
    }
    found = &m->of_class[class][r->class_measure];
  }
  if (isnan(found->value)) {
    complain("--require: %s is not defined by what the model predicts for these rows", r->text);
    return EXIT_USAGE;
  }
  if (!holds(r, found->value)) {
    report_below(r, found);
    return EXIT_BELOW;
  }
  return -1;
}

int requirements_check(const requirements *r, const measures *m, const char *const *names) {
  int result = -1;
  for (size_t i = 0; i < r->count; i++) {
    const int status = check_one(&r->of[i], m, names);
    result = status == EXIT_USAGE || result < 0 ? status : result;
    if (status == EXIT_USAGE) {
      break;
    }
  }
  return result;
}
