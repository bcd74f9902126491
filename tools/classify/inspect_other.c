/* Pictures and texts. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "params.h"
#include "report/files.h"
#include "report/session.h"

enum { SIZES = 256 };

/* The sizes of pictures, each with how many have it. */
typedef struct picture_sizes {
  int64_t height[SIZES], width[SIZES], channels[SIZES], pictures[SIZES];
  size_t count;
  int64_t all, others; /* pictures, and those of further sizes */
} picture_sizes;

static clf_status count_picture(void *user, clf_image *image, const char *name) {
  picture_sizes *sizes = user;
  const int64_t height = clf_image_height(image), width = clf_image_width(image),
                channels = clf_image_channels(image);
  size_t i = 0;
  (void)name;
  clf_image_free(image);
  sizes->all++;
  while (i < sizes->count && (sizes->height[i] != height || sizes->width[i] != width ||
                              sizes->channels[i] != channels)) {
    i++;
  }
  if (i == SIZES) {
    sizes->others++;
    return CLF_OK;
  }
  if (i == sizes->count) {
    sizes->height[i] = height;
    sizes->width[i] = width;
    sizes->channels[i] = channels;
    sizes->count++;
  }
  sizes->pictures[i]++;
  return CLF_OK;
}

static int count_folder(picture_sizes *sizes, const tool *t, const char *path) {
  name_list files = {0};
  int status = folder_list(&files, path, FOLDER_FILES);
  if (status < 0 && files.count > 0) {
    status = folder_pictures(t->context, path, &files, count_picture, sizes);
  }
  name_list_free(&files);
  return status;
}

static int count_pictures(picture_sizes *sizes, const tool *t, const char *path) {
  if (!is_folder(path)) {
    clf_image *image = NULL;
    const clf_status status = clf_image_load(&image, t->context, path, NULL);
    return status == CLF_OK ? (count_picture(sizes, image, path), -1) : tool_fail(status);
  }
  name_list folders = {0};
  int status = folder_list(&folders, path, FOLDER_FOLDERS);
  status = status < 0 ? count_folder(sizes, t, path) : status;
  for (int64_t i = 0; status < 0 && i < folders.count; i++) {
    char *inside = join_path(path, folders.names[i]);
    status = inside != NULL ? count_folder(sizes, t, inside) : tool_fail(CLF_ERROR_MEMORY);
    free(inside);
  }
  name_list_free(&folders);
  return status;
}

static const table_column size_columns[] = {
    {"height", true, 0}, {"width", true, 0}, {"channels", true, 0}, {"images", true, 0}};

static void add_sizes(sheet *out, const picture_sizes *sizes) {
  table *rows =
      sheet_table_of(out, "sizes", size_columns, sizeof size_columns / sizeof *size_columns);
  out->csv = "sizes";
  for (size_t i = 0; i < sizes->count; i++) {
    table_integer(rows, sizes->height[i]);
    table_integer(rows, sizes->width[i]);
    table_integer(rows, sizes->channels[i]);
    table_integer(rows, sizes->pictures[i]);
  }
  if (sizes->count > 1) {
    sheet_line(out, INSPECT_PROBLEMS,
               "the images have different sizes: --format 'images height=%" PRId64 " width=%" PRId64
               "' makes them alike",
               sizes->height[0], sizes->width[0]);
  }
  if (sizes->others > 0) {
    sheet_line(out, INSPECT_PROBLEMS, "%" PRId64 " images have further sizes", sizes->others);
  }
}

/* The labels as the reader finds them, of pictures that it makes small. */
static int add_labels(sheet *out, const tool *t, const char *path, const char *given) {
  clf_dataset *rows = NULL;
  static const char smallest[] = "height=8 width=8 channels=1 skip_others=true skip_damaged=true";
  char *own = params_among(given, "|height|width|channels|skip_others|skip_damaged|", false);
  char *params = NULL;
  if (own == NULL || asprintf(&params, "%s %s", smallest, own) < 0) {
    params = NULL;
  }
  const clf_status status = params != NULL
                                ? clf_dataset_load(&rows, t->context, "images", path, params)
                                : CLF_ERROR_MEMORY;
  const int done = status == CLF_OK ? inspect_labels(out, rows) : tool_fail(status);
  clf_dataset_free(rows);
  free(own);
  free(params);
  return done;
}

int inspect_pictures(sheet *out, const tool *t, const char *path, const char *params) {
  picture_sizes *sizes = calloc(1, sizeof *sizes);
  int status = sizes != NULL ? count_pictures(sizes, t, path) : tool_fail(CLF_ERROR_MEMORY);
  if (status < 0) {
    sheet_text(out, "format", "images%s%s", *params != '\0' ? " " : "", params);
    sheet_integer(out, "images", sizes->all);
    add_sizes(out, sizes);
    status = is_folder(path) ? add_labels(out, t, path, params) : -1;
  }
  free(sizes);
  return status;
}

static int64_t count_words(const char *text, size_t size) {
  int64_t words = 0;
  for (size_t i = 0; i < size; i++) {
    const bool blank = strchr(" \t\r\n\f\v", text[i]) != NULL;
    words += !blank && (i == 0 || strchr(" \t\r\n\f\v", text[i - 1]) != NULL);
  }
  return words;
}

static int compare_counts(const void *a, const void *b) {
  const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
  return (one > other) - (one < other);
}

static const table_column length_columns[] = {{"length_in", false, 0},
                                              {"min", true, 0},
                                              {"median", true, 0},
                                              {"mean", true, 2},
                                              {"max", true, 0}};

static void add_length(table *rows, const char *unit, int64_t *counts, int64_t count) {
  double sum = 0;
  qsort(counts, (size_t)count, sizeof *counts, compare_counts);
  for (int64_t i = 0; i < count; i++) {
    sum += (double)counts[i];
  }
  table_text(rows, unit);
  table_integer(rows, counts[0]);
  table_integer(rows, counts[count / 2]);
  table_number(rows, sum / (double)count);
  table_integer(rows, counts[count - 1]);
}

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What may be wrong with texts [count], which it sorts. */
static void judge_texts(sheet *out, const char **texts, int64_t count, const clf_documents *all) {
  int64_t empty = 0, repeated = 0;
  qsort(texts, (size_t)count, sizeof *texts, compare_texts);
  for (int64_t i = 0; i < count; i++) {
    empty += texts[i][strspn(texts[i], " \t\r\n")] == '\0';
    repeated += i > 0 && strcmp(texts[i], texts[i - 1]) == 0;
  }
  if (empty > 0) {
    sheet_line(out, INSPECT_PROBLEMS, "%" PRId64 " of %" PRId64 " texts are empty", empty, count);
  }
  if (repeated > 0) {
    sheet_line(out, INSPECT_PROBLEMS,
               "%" PRId64 " of %" PRId64
               " texts repeat another one: a test set may hold texts of "
               "the training set",
               repeated, count);
  }
  if (clf_documents_replaced(all) > 0) {
    sheet_line(out, INSPECT_PROBLEMS, "U+FFFD replaced bytes that are not UTF-8 %" PRId64 " times",
               clf_documents_replaced(all));
  }
}

static int add_lengths(sheet *out, const clf_documents *all) {
  const int64_t count = clf_documents_count(all);
  int64_t *words = calloc((size_t)count + 1, sizeof *words);
  int64_t *bytes = calloc((size_t)count + 1, sizeof *bytes);
  const char **texts = calloc((size_t)count + 1, sizeof *texts);
  const bool good = words != NULL && bytes != NULL && texts != NULL;
  for (int64_t i = 0; good && i < count; i++) {
    size_t size = 0;
    texts[i] = clf_documents_text(all, i, &size);
    bytes[i] = (int64_t)size;
    words[i] = count_words(texts[i], size);
  }
  if (good) {
    table *rows = sheet_table_of(out, "lengths", length_columns,
                                 sizeof length_columns / sizeof *length_columns);
    out->csv = "lengths";
    add_length(rows, "words", words, count);
    add_length(rows, "bytes", bytes, count);
    judge_texts(out, texts, count, all);
  }
  free(words);
  free(bytes);
  free(texts);
  return good ? -1 : tool_fail(CLF_ERROR_MEMORY);
}

int inspect_texts(sheet *out, const tool *t, const input *in) {
  clf_vocabulary *words = NULL;
  clf_dataset *rows = NULL;
  clf_status status = clf_vocabulary_create(&words, t->context, "encoding=count");
  status = status == CLF_OK ? clf_vocabulary_build(words, in->texts) : status;
  status = status == CLF_OK ? clf_vocabulary_encode(&rows, words, in->texts) : status;
  int done = status == CLF_OK ? -1 : tool_fail(status);
  if (done < 0) {
    sheet_integer(out, "texts", clf_documents_count(in->texts));
    sheet_integer(out, "different_words", clf_vocabulary_count(words));
    done = add_lengths(out, in->texts);
  }
  done = done < 0 ? inspect_labels(out, rows) : done;
  clf_vocabulary_free(words);
  clf_dataset_free(rows);
  return done;
}
