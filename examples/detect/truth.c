#include "truth.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/folder.h"
#include "common/session.h"

enum { NUMBERS = 4 };

/* Cuts the characters of a set off the end. */
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

/* Splits a line into a name, which lies in it, and a box. */
static bool parse_line(char *line, char **name, clf_box *box) {
  double corner[NUMBERS]; /* x1, y1, x2, y2 */
  trim_end(line, " \t\r\n");
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

typedef struct truth_reader {
  scene_list *list;
  const char *path;
  int64_t line, kept, left_out;
  char first[256]; /* picture that is not there */
} truth_reader;

static int read_line(truth_reader *self, char *line) {
  char *name = NULL;
  clf_box box;
  self->line++;
  if (line[strspn(line, " \t\r\n")] == '\0') {
    return -1;
  }
  if (!parse_line(line, &name, &box)) {
    complain("'%s', line %" PRId64 ": not NAME x1 y1 x2 y2, where x2 >= x1 and y2 >= y1",
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
  const clf_status status = scene_add_object(where, &box);
  return status == CLF_OK ? -1 : report_failure(status);
}

/* Reports boxes that are left out, and refuses a file without one that is not. */
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

int truth_read(scene_list *list, const char *folder) {
  char *path = join_path(folder, "ground_truth_bboxes.txt");
  truth_reader self = {.list = list, .path = path};
  FILE *in = path != NULL ? fopen(path, "r") : NULL;
  char *line = NULL;
  size_t capacity = 0;
  int status = -1;
  if (path == NULL) {
    status = report_failure(CLF_ERROR_MEMORY);
  } else if (in == NULL) {
    complain(
        "cannot read '%s', which says where the faces of the scenes are: %s; "
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
  if (in != NULL) {
    fclose(in);
  }
  free(line);
  free(path);
  return status;
}
