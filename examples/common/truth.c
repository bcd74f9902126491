#include "truth.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/session.h"
#include "report/text.h"

enum { NUMBERS = 4 };

/* Removes characters of a set from the end. */
static void trim_end(char *text, const char *set) {
  size_t length = strlen(text);
  while (length > 0 && strchr(set, text[length - 1]) != NULL) {
    text[--length] = '\0';
  }
}

/* Cuts the last number off the line, and the blanks and the comma before it. */
static bool cut_number(char *line, double *out) {
  size_t start = strlen(line);
  while (start > 0 && strchr(" \t,", line[start - 1]) == NULL) {
    start--;
  }
  char *end = NULL;
  *out = strtod(line + start, &end);
  if (start == 0 || end == line + start || *end != '\0' || !isfinite(*out)) {
    return false;
  }
  line[start] = '\0';
  trim_end(line, " \t");
  const size_t length = strlen(line);
  if (length > 0 && line[length - 1] == ',') {
    line[length - 1] = '\0';
    trim_end(line, " \t");
  }
  return true;
}

/* The name without its quotes, of which two inside stand for one. */
static char *unquote(char *name) {
  const size_t length = strlen(name);
  if (length < 2 || name[0] != '"' || name[length - 1] != '"') {
    return name;
  }
  char *to = name;
  for (const char *from = name + 1; from < name + length - 1; from++) {
    *to++ = *from;
    from += from[0] == '"' && from[1] == '"';
  }
  *to = '\0';
  return name;
}

/* Cuts the last word off the line where it is no number; "" where it is one. */
static const char *cut_label(char *line) {
  double number;
  size_t start = strlen(line);
  while (start > 0 && strchr(" \t,", line[start - 1]) == NULL) {
    start--;
  }
  char *end = NULL;
  number = strtod(line + start, &end);
  if (start == 0 || (end != line + start && *end == '\0' && isfinite(number))) {
    return "";
  }
  line[start - 1] = '\0';
  trim_end(line, " \t,");
  return line + start;
}

/* Splits a line into a name and a label, which lie in it, and a box. */
static bool parse_line(char *line, char **name, clf_box *box, const char **label) {
  double corner[NUMBERS]; /* x1, y1, x2, y2 */
  trim_end(line, " \t\r\n");
  *label = cut_label(line);
  for (int i = NUMBERS - 1; i >= 0; i--) {
    if (!cut_number(line, &corner[i])) {
      return false;
    }
  }
  *box = (clf_box){.top = (float)(corner[1] - 1),
                   .left = (float)(corner[0] - 1),
                   .height = (float)(corner[3] - corner[1] + 1),
                   .width = (float)(corner[2] - corner[0] + 1),
                   .label = 1};
  *name = unquote(line + strspn(line, " \t"));
  return **name != '\0' && box->height > 0 && box->width > 0 && isfinite(box->height) &&
         isfinite(box->width);
}

static scene *find_scene(const scene_list *list, const char *name) {
  for (int64_t i = 0; i < list->count; i++) {
    if (strcmp(list->all[i].name, name) == 0) {
      return &list->all[i];
    }
  }
  return NULL;
}

/* The number of a label, from 1 up: as in the list, at whose end a new one is added; 0 without memory.
 */
static int32_t number_of(name_list *labels, const char *label) {
  for (int64_t i = 0; i < labels->count; i++) {
    if (strcmp(labels->names[i], label) == 0) {
      return (int32_t)i + 1;
    }
  }
  char **names = realloc(labels->names, (size_t)(labels->count + 1) * sizeof *names);
  char *kept = strdup(label);
  labels->names = names != NULL ? names : labels->names;
  if (names == NULL || kept == NULL) {
    free(kept);
    return 0;
  }
  labels->names[labels->count++] = kept;
  return (int32_t)labels->count;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Puts the labels into byte order, and their new numbers into the objects. */
static clf_status sort_labels(scene_list *list) {
  const size_t count = (size_t)list->labels.count;
  char **before = malloc((count + 1) * sizeof *before);
  if (before == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (size_t i = 0; i < count; i++) {
    before[i] = list->labels.names[i];
  }
  qsort(list->labels.names, count, sizeof *list->labels.names, by_name);
  for (int64_t i = 0; i < list->count; i++) {
    for (int64_t j = 0; j < list->all[i].count; j++) {
      clf_box *object = &list->all[i].objects[j];
      object->label = number_of(&list->labels, before[object->label - 1]);
    }
  }
  free(before);
  return CLF_OK;
}

typedef struct truth_reader {
  scene_list *list;
  const char *path;
  int64_t line, kept, left_out;
  char first[256]; /* picture that is not there */
} truth_reader;

static int read_line(truth_reader *self, char *line) {
  char *name = NULL;
  const char *label = NULL;
  clf_box box;
  self->line++;
  if (line[strspn(line, " \t\r\n")] == '\0') {
    return -1;
  }
  if (!parse_line(line, &name, &box, &label)) {
    complain("'%s', line %" PRId64 ": not NAME x1 y1 x2 y2 [LABEL], where x2 >= x1 and y2 >= y1",
             self->path, self->line);
    return EXIT_FAILURE;
  }
  scene *where = find_scene(self->list, name);
  if (where == NULL) {
    if (self->left_out++ == 0) {
      snprintf(self->first, sizeof self->first, "%s", name);
    }
    return -1;
  }
  self->kept++;
  box.label = number_of(&self->list->labels, label);
  const clf_status status = box.label > 0 ? scene_add_object(where, &box) : CLF_ERROR_MEMORY;
  return status == CLF_OK ? -1 : report_failure(status);
}

/* Reports how many boxes are left out, and refuses a file of which none remains. */
static int check_boxes(const truth_reader *self) {
  if (self->left_out > 0) {
    complain("'%s': %" PRId64 " of %" PRId64
             " boxes are left out: they are in pictures that are "
             "not among the scenes, such as '%s'",
             self->path, self->left_out, self->left_out + self->kept, self->first);
  }
  if (self->kept == 0) {
    complain("'%s' has no box in any of the scenes", self->path);
    return EXIT_FAILURE;
  }
  return -1;
}

int truth_read(scene_list *list, const char *path) {
  truth_reader self = {.list = list, .path = path};
  FILE *in = fopen(path, "r");
  char *line = NULL;
  size_t capacity = 0;
  int status = -1;
  if (in == NULL) {
    complain(
        "cannot read '%s', which says where the objects of the scenes are: %s; "
        "examples/data/README.md says how to get the data",
        path, strerror(errno));
    status = EXIT_FAILURE;
  }
  while (status < 0 && getline(&line, &capacity, in) >= 0) {
    status = read_line(&self, line);
  }
  if (status < 0 && ferror(in)) {
    complain("cannot read '%s': %s", path, strerror(errno));
    status = EXIT_FAILURE;
  }
  status = status < 0 ? check_boxes(&self) : status;
  if (status < 0 && sort_labels(list) < 0) {
    status = report_failure(CLF_ERROR_MEMORY);
  }
  if (in != NULL) {
    fclose(in);
  }
  free(line);
  return status;
}
