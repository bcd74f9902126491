/* classify detect: finds objects in pictures by a detector, or by a network that was fitted on
 * windows. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crops.h"
#include "output.h"
#include "report/detections.h"
#include "report/files.h"
#include "report/text.h"
#include "sniff.h"
#include "table.h"
#include "verbs.h"

static struct { const char *draw, *params; } set;

static const option_entry options[] = {
    {"draw", "DIR", "draw the boxes into copies of the images, in this folder", OPTION_TEXT, 0,
     &set.draw},
    {"params", "TEXT",
     "parameters of the detector in place of those of the file, such as threshold=0.9; classify "
     "list "
     "detector",
     OPTION_TEXT, 0, &set.params},
};

static const table_column columns[] = {
    {"image", false, 0}, {"class", false, 0}, {"probability", true, 3}, {"top", true, 1},
    {"left", true, 1},   {"height", true, 1}, {"width", true, 1},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

typedef struct detection {
  const tool *tool;
  clf_detector *detector;
  name_list pictures; /* paths */
  table table;        /* for people and as CSV */
  json_writer json;
  bool as_json;
} detection;

/* Takes ownership of the path; NULL is one that memory did not suffice for. */
static bool add_path(name_list *list, char *path) {
  char **names =
      path != NULL ? realloc(list->names, ((size_t)list->count + 1) * sizeof *names) : NULL;
  if (names == NULL) {
    free(path);
    return false;
  }
  list->names = names;
  list->names[list->count++] = path;
  return true;
}

/* Whether a file of a folder is a picture, by its content. */
static bool is_picture(const char *path) {
  unsigned char head[64] = {0};
  FILE *file = fopen(path, "rb");
  const size_t count = file != NULL ? fread(head, 1, sizeof head - 1, file) : 0;
  if (file != NULL) {
    fclose(file);
  }
  const sniffed found = sniff_bytes(head, count);
  return found.reader != NULL && strcmp(found.reader, "images") == 0;
}

/* Adds the pictures that lie in a folder. */
static int add_folder(name_list *list, const char *folder) {
  name_list files = {0};
  const int64_t before = list->count;
  int status = folder_list(&files, folder, FOLDER_FILES);
  for (int64_t i = 0; status < 0 && i < files.count; i++) {
    char *path = join_path(folder, files.names[i]);
    if (path != NULL && !is_picture(path)) {
      free(path);
    } else if (!add_path(list, path)) {
      status = tool_fail(CLF_ERROR_MEMORY);
    }
  }
  if (status < 0 && list->count == before) {
    complain("there are no images in '%s'", folder);
    status = EXIT_FAILURE;
  }
  name_list_free(&files);
  return status;
}

/* The pictures that the words name, files or folders. */
static int list_pictures(name_list *out, const option_words *words) {
  int status = -1;
  for (size_t i = 1; status < 0 && i < words->count; i++) {
    if (is_folder(words->words[i])) {
      status = add_folder(out, words->words[i]);
    } else if (!add_path(out, strdup(words->words[i]))) {
      status = tool_fail(CLF_ERROR_MEMORY);
    }
  }
  return status;
}

/* What was found in a picture. */
typedef struct found {
  clf_box *boxes;
  int64_t count;
  char *drawn; /* path of the copy with boxes, or NULL */
} found;

static clf_status find(found *out, const detection *self, int64_t index) {
  const char *const *paths = (const char *const *)self->pictures.names;
  clf_image *image = NULL;
  clf_status status = clf_image_load(&image, self->tool->context, paths[index], NULL);
  status = status == CLF_OK ? find_boxes(&out->boxes, &out->count, self->detector, image) : status;
  if (status == CLF_OK && set.draw != NULL) {
    status = draw_into_folder(&out->drawn, set.draw, self->tool->context, image, paths[index],
                              picture_number(paths, index), out->boxes, out->count);
  }
  clf_image_free(image);
  return status;
}

static const char *class_of(const detection *self, const clf_box *box) {
  return clf_model_class_name(clf_detector_model(self->detector), box->label);
}

/* The object of a picture, written as soon as it is known. */
static void write_json(detection *self, const char *path, const found *f, const char *error) {
  json_writer *json = &self->json;
  json_open(json, NULL, '{');
  json_text(json, "image", path);
  if (error != NULL) {
    json_text(json, "error", error);
  } else {
    json_open(json, "boxes", '[');
    for (int64_t i = 0; i < f->count; i++) {
      json_open(json, NULL, '{');
      write_box_members(json, &f->boxes[i], class_of(self, &f->boxes[i]));
      json_close(json, '}');
    }
    json_close(json, ']');
  }
  if (error == NULL && f->drawn != NULL) {
    json_text(json, "drawn", f->drawn);
  }
  json_close(json, '}');
  fflush(json->out);
}

static void add_rows(detection *self, const char *path, const found *f) {
  for (int64_t i = 0; i < f->count; i++) {
    const clf_box *box = &f->boxes[i];
    table_text(&self->table, path);
    table_text(&self->table, class_of(self, box));
    table_number(&self->table, box_probability(box));
    table_number(&self->table, (double)box->top);
    table_number(&self->table, (double)box->left);
    table_number(&self->table, (double)box->height);
    table_number(&self->table, (double)box->width);
  }
}

/* Finds what is in all pictures, also after one that cannot be read. */
static int find_in_all(detection *self) {
  int status = -1;
  for (int64_t i = 0; status != EXIT_INTERRUPTED && i < self->pictures.count; i++) {
    const char *path = self->pictures.names[i];
    found f = {0};
    const clf_status done = progress_interrupted() ? CLF_ERROR_CANCELLED : find(&f, self, i);
    status = done < 0 ? tool_fail(done) : status;
    if (self->as_json && status != EXIT_INTERRUPTED) {
      write_json(self, path, &f,
                 done == CLF_OK             ? NULL
                 : done == CLF_ERROR_MEMORY ? "out of memory"
                                            : clf_last_error());
    } else if (done == CLF_OK) {
      add_rows(self, path, &f);
    }
    free(f.boxes);
    free(f.drawn);
  }
  return status;
}

/* Writes what is found; what could be read is kept although something else could not. */
static int detect(detection *self) {
  const tool *t = self->tool;
  output_file out = {0};
  if (!output_begin(&out, t->common.output != NULL ? t->common.output : "-")) {
    return EXIT_FAILURE;
  }
  self->as_json = t->common.json || (!t->common.csv && isatty(fileno(out.file)) != 1);
  self->json = json_begin(out.file);
  if (self->as_json) {
    json_open(&self->json, NULL, '[');
  }
  int status = find_in_all(self);
  if (self->as_json) {
    json_close(&self->json, ']');
  } else {
    const int printed = table_print(&self->table, t, out.file);
    status = status < 0 ? printed : status;
  }
  if (!output_commit(&out)) {
    status = EXIT_FAILURE;
  }
  output_discard(&out);
  return status;
}

static int run(tool *t) {
  detection self = {.tool = t, .table = table_of(columns, COLUMNS)};
  int status = detector_open(&self.detector, t, t->words.words[0], set.params);
  status = status < 0 ? list_pictures(&self.pictures, &t->words) : status;
  status = status < 0 ? output_folder(set.draw) : status;
  progress_title(&t->progress, "detect");
  status = status < 0 ? detect(&self) : status;
  table_free(&self.table);
  name_list_free(&self.pictures);
  clf_detector_free(self.detector);
  return status < 0 ? EXIT_SUCCESS : status;
}

const verb verb_detect = {
    .name = "detect",
    .summary = "find objects in images",
    .usage = "MODEL IMAGE… [OPTION …]",
    .words = "MODEL IMAGE…",
    .words_help =
        "a detector, or a network that was trained on windows of images; and image files, or "
        "folders of them",
    .example = "classify detect faces.clf photo.jpg --draw found",
    .details =
        "Prints a box for each object that it finds: as a table on a terminal, and elsewhere as\n"
        "JSON. Positions are in pixels from the upper left corner of the image. If an image\n"
        "cannot be read, it is reported, the others are searched nevertheless, and the exit\n"
        "status is 1.",
    .options = options,
    .count = sizeof options / sizeof *options,
    .takes = TAKES_OUTPUT | TAKES_TABLES,
    .minimum_words = 2,
    .maximum_words = SIZE_MAX,
    .run = run,
};
