#include "input.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "columns.h"
#include "crops.h"
#include "notes.h"
#include "params.h"
#include "report/files.h"
#include "report/text.h"
#include "sniff.h"
#include "stream.h"

void input_free(input *in) {
  free(in->path);
  free(in->bytes);
  free(in->reader);
  free(in->params);
  clf_dataset_free(in->rows);
  clf_documents_free(in->texts);
  *in = (input){0};
}

/* Whether the library has a reader of that name in an area of the catalog. */
static bool is_reader(const char *area, const char *name) {
  return clf_kind_help(area, name) != NULL;
}

/* What the rows determine of how to read others: the size of pictures. */
static char *shape_params(const input *in, const char *given) {
  clf_tensor *x = NULL;
  char size[96] = "";
  if (strcmp(in->reader, "images") == 0 && !params_has(given, "height") &&
      clf_dataset_tensor(&x, in->rows, "x") == CLF_OK) {
    snprintf(size, sizeof size, "height=%lld width=%lld", (long long)clf_tensor_extent(x, 1),
             (long long)clf_tensor_extent(x, 2));
    if (!params_has(given, "channels")) {
      snprintf(size + strlen(size), sizeof size - strlen(size), " channels=%lld",
               (long long)clf_tensor_extent(x, 3));
    }
  }
  clf_tensor_free(x);
  return params_join(given, size);
}

static clf_status load_texts(input *in, const tool *t, const char *params) {
  return in->bytes == NULL
             ? clf_documents_load(&in->texts, t->context, in->reader, in->path, params)
             : clf_documents_load_memory(&in->texts, t->context, in->reader, in->bytes, in->size,
                                         params);
}

static clf_status load_rows(input *in, const tool *t, const char *params) {
  return in->bytes == NULL ? clf_dataset_load(&in->rows, t->context, in->reader, in->path, params)
                           : clf_dataset_load_memory(&in->rows, t->context, in->reader, in->bytes,
                                                     in->size, params);
}

static clf_status load(input *in, const tool *t, content what, const char *params) {
  const char *guesses;
  clf_status status;
  if (what == CONTENT_TEXTS) {
    status = load_texts(in, t, params);
    guesses = status == CLF_OK ? clf_documents_guesses(in->texts) : "";
  } else {
    status = load_rows(in, t, params);
    guesses = status == CLF_OK ? clf_dataset_guesses(in->rows) : "";
  }
  if (status == CLF_OK) {
    in->params = *guesses != '\0' || in->rows == NULL ? params_with(params, guesses)
                                                      : shape_params(in, params);
    status = in->params != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  }
  return status;
}

int input_fail(const char *name, clf_status status) {
  const char *rest = tool_memory_message(clf_last_error());
  if (status == CLF_ERROR_CANCELLED || rest == NULL) {
    return tool_fail(status);
  }
  complain("%s%s", name, rest);
  return EXIT_FAILURE;
}

/* Takes the bytes of standard input. */
static int read_standard_input(input *out) {
  stream s;
  int status = stream_open(&s, "-");
  status = status < 0 ? stream_rest(&s) : status;
  if (status < 0 && s.used == 0) {
    complain("standard input is empty");
    status = EXIT_FAILURE;
  }
  if (status < 0) {
    out->bytes = s.bytes;
    out->size = s.used;
    out->sum = (uint32_t)crc32_z(0, (const unsigned char *)s.bytes, s.used);
    s.bytes = NULL;
  }
  stream_close(&s);
  return status;
}

static int begin(input *out, const char *path) {
  *out = (input){.path = strdup(path)};
  if (out->path == NULL) {
    return tool_fail(CLF_ERROR_MEMORY);
  }
  return strcmp(path, "-") == 0 ? read_standard_input(out) : -1;
}

static int sniff_input(sniffed *out, const input *in) {
  if (in->bytes == NULL) {
    return sniff(out, in->path);
  }
  *out = sniff_bytes((const unsigned char *)in->bytes, in->size);
  return -1;
}

int64_t input_text_column(const clf_dataset *rows) {
  enum { BLANKS = 3 };
  for (int64_t j = 0; j < clf_dataset_features(rows); j++) {
    const int64_t count = clf_dataset_category_count(rows, j);
    int64_t sentences = 0;
    for (int64_t k = 0; 2 * count > clf_dataset_rows(rows) && k < count; k++) {
      int blanks = 0;
      for (const char *c = clf_dataset_category_name(rows, j, k); *c != '\0'; c++) {
        blanks += *c == ' ';
      }
      sentences += blanks >= BLANKS;
    }
    if (count > 0 && 2 * sentences > count) {
      return j;
    }
  }
  return -1;
}

/* Reads by a reader that is known. */
static int read_by(input *in, const tool *t, content what, const char *reader, const char *params) {
  in->reader = strdup(reader);
  const clf_status status =
      in->reader != NULL && in->path != NULL ? load(in, t, what, params) : CLF_ERROR_MEMORY;
  free(in->bytes);
  in->bytes = NULL;
  if (status == CLF_OK) {
    return -1;
  }
  const int failed = input_fail("standard input", status);
  return status == CLF_ERROR_ARGUMENT ? EXIT_USAGE : failed;
}

/* Reads by a reader and its parameters, and by those that the content suggests. */
static int read_sniffed(input *in, const tool *t, content what, const char *reader,
                        const char *params, const char *guessed) {
  if (*guessed != '\0' && !t->common.quiet) {
    complain("%s: guessed %s", in->bytes != NULL ? "standard input" : in->path, guessed);
  }
  char *all = params_with(params, guessed);
  const int status = all != NULL ? read_by(in, t, what, reader, all) : tool_fail(CLF_ERROR_MEMORY);
  free(all);
  return status;
}

/* What --format says: the name of a reader, of which "csv" reads rows unless the content or the
 * parameter `text` says otherwise. */
static int read_format(input *in, const tool *t) {
  char kind[KIND_BYTES];
  const char *params = params_split(kind, t->common.format);
  const bool rows = is_reader("dataset_reader", kind), texts = is_reader("document_reader", kind);
  sniffed found = {rows ? CONTENT_ROWS : CONTENT_TEXTS, kind, ""};
  if (!rows && !texts) {
    complain(
        "--format: there is no format '%s'; classify list dataset_reader and classify list "
        "document_reader show them",
        kind);
    return EXIT_USAGE;
  }
  if (rows && texts) {
    const int status = sniff_input(&found, in);
    if (status >= 0) {
      return status;
    }
    found.what = params_has(params, "text") ? CONTENT_TEXTS : found.what;
  }
  const bool said = found.what == CONTENT_ROWS || params_has(params, "text") ||
                    params_has(params, "label") || params_has(params, "header");
  return read_sniffed(in, t, found.what, kind, params, said ? "" : found.params);
}

/* The labels of files PREFIX.LABEL, "pos,neg", to be freed; NULL where the names do not have one
 * prefix, or a label could not stand in this list. */
static char *labels_of(const option_words *paths, size_t prefix) {
  char *labels = NULL;
  size_t size = 0;
  bool same = true;
  FILE *out = open_memstream(&labels, &size);
  for (size_t i = 0; out != NULL && i < paths->count; i++) {
    const char *path = paths->words[i], *dot = strrchr(path, '.');
    same = same && dot == path + prefix && strncmp(path, paths->words[0], prefix) == 0 &&
           strpbrk(dot, ",'") == NULL;
    fprintf(out, "%s%s", i > 0 ? "," : "", same ? dot + 1 : "");
  }
  if (out == NULL || fclose(out) != 0 || !same) {
    free(labels);
    return NULL;
  }
  return labels;
}

int input_read_lines(input *out, const tool *t, const option_words *paths) {
  const char *first = paths->words[0], *dot = strrchr(first, '.');
  char *labels = dot != NULL ? labels_of(paths, (size_t)(dot - first)) : NULL;
  char *params = NULL;
  *out = (input){.path = labels != NULL ? strndup(first, (size_t)(dot - first)) : NULL};
  if (labels == NULL) {
    complain(
        "several files are read as texts where they are called NAME.LABEL, such as "
        "reviews.pos reviews.neg");
    return EXIT_USAGE;
  }
  const int status = asprintf(&params, "labels='%s'", labels) >= 0
                         ? read_by(out, t, CONTENT_TEXTS, "lines", params)
                         : tool_fail(CLF_ERROR_MEMORY);
  free(labels);
  free(params);
  return status;
}

/* Reads the texts of the files PREFIX.LABEL. A model or a report of the same prefix is no label. */
static int read_prefix(input *out, const tool *t) {
  name_list files;
  const bool found = files_beginning(&files, out->path, ".*");
  option_words texts = {.words = calloc((size_t)files.count + 1, sizeof *texts.words)};
  int status = texts.words != NULL ? -1 : tool_fail(CLF_ERROR_MEMORY);
  bool others = false;
  for (int64_t i = 0; found && status < 0 && i < files.count; i++) {
    const char *file = files.names[i];
    if (sniff_own(file) || file_is(file, t->common.output) || file_is(file, t->common.report)) {
      others = true;
    } else {
      texts.words[texts.count++] = file;
    }
  }
  if (status < 0 && others && texts.count > 0) {
    input_free(out);
    status = input_read_lines(out, t, &texts);
    if (status < 0 && !t->common.quiet) {
      complain("%s: guessed %s: models and what is written are no labels", out->path, out->params);
    }
  } else if (status < 0) {
    status = read_by(out, t, CONTENT_TEXTS, "lines", "");
  }
  free(texts.words);
  name_list_free(&files);
  return status;
}

int input_read(input *out, const tool *t, const char *path) {
  sniffed found;
  int status = begin(out, path);
  if (status < 0 && t->common.format != NULL) {
    return read_format(out, t);
  }
  status = status < 0 ? sniff_input(&found, out) : status;
  if (status >= 0) {
    return status;
  }
  if (found.what == CONTENT_MODEL) {
    complain("'%s' is a model, not data", path);
    return EXIT_FAILURE;
  }
  return strcmp(found.reader, "lines") == 0
             ? read_prefix(out, t)
             : read_sniffed(out, t, found.what, found.reader, "", found.params);
}

/* Reads a table in which the columns are found by their names. Takes ownership of them; NULL where
 * there are none, or the rows are no table. */
static int read_named(input *in, const tool *t, content what, const char *reader,
                      const char *params, char *columns) {
  char *rest = params_among(params, "|ignore|columns|header|", false), *all = NULL;
  int status;
  if (columns == NULL || what == CONTENT_TEXTS || strcmp(reader, "csv") != 0) {
    status = read_by(in, t, what, reader, params);
  } else if (rest == NULL ||
             asprintf(&all, "%s header=%s %s", rest,
                      params_is(params, "header", "comment") ? "comment" : "true", columns) < 0) {
    all = NULL;
    status = tool_fail(CLF_ERROR_MEMORY);
  } else {
    status = read_by(in, t, what, reader, all);
    status = status == EXIT_USAGE ? EXIT_FAILURE : status; /* a column that the data lack */
  }
  free(rest);
  free(all);
  free(columns);
  return status;
}

int input_read_like(input *out, const tool *t, const char *path, const input *like) {
  const content what = like->texts != NULL ? CONTENT_TEXTS : CONTENT_ROWS;
  const int status = begin(out, path);
  return status < 0 ? read_named(out, t, what, like->reader, like->params,
                                 like->rows != NULL ? columns_of_rows(like->rows) : NULL)
                    : status;
}

int input_encode(input *in, const clf_vocabulary *vocabulary) {
  const clf_status status = clf_vocabulary_encode(&in->rows, vocabulary, in->texts);
  return status == CLF_OK ? -1 : tool_fail(status);
}

/* Reads pictures by the detector by which those of the training were read. */
static int read_found(input *out, const tool *t, const char *path, const char *detector,
                      const char *params) {
  clf_detector *finder = NULL;
  const int status = crops_open(&finder, t, detector);
  *out = (input){0};
  const int read = status < 0 ? crops_read(out, t, finder, path, params) : status;
  clf_detector_free(finder);
  return read;
}

/* Parameters by which the columns of a table are of numbers or of categories as those of the
 * model, to be freed. */
static char *with_categories(const char *params, const char *reader, const clf_model *model) {
  const bool table = strcmp(reader, "csv") == 0 && clf_model_vocabulary(model) == NULL &&
                     !params_has(params, "categories");
  char *categories = table ? categories_of_model(model) : strdup("");
  char *all = categories != NULL ? params_join(params, categories) : NULL;
  free(categories);
  return all;
}

int input_read_for(input *out, const tool *t, const char *path, const clf_model *model) {
  const clf_vocabulary *vocabulary = clf_model_vocabulary(model);
  const char *reader = notes_get(model, NOTE_READER);
  const char *params = notes_get(model, NOTE_READER_PARAMS);
  int status;
  if (notes_get(model, NOTE_DETECTOR) != NULL && params != NULL) {
    return read_found(out, t, path, notes_get(model, NOTE_DETECTOR), params);
  }
  if (t->common.format != NULL || reader == NULL || params == NULL) {
    status = input_read(out, t, path);
  } else {
    const content what = vocabulary != NULL ? CONTENT_TEXTS : CONTENT_ROWS;
    char *typed = with_categories(params, reader, model);
    status = begin(out, path);
    status = typed == NULL ? tool_fail(CLF_ERROR_MEMORY) : status;
    status = status < 0 ? read_named(out, t, what, reader, typed, columns_of_model(model)) : status;
    free(typed);
  }
  if (status < 0 && out->texts != NULL && vocabulary == NULL) {
    complain("'%s' holds texts, and the model has no vocabulary to encode them", path);
    status = EXIT_FAILURE;
  }
  return status < 0 && out->texts != NULL ? input_encode(out, vocabulary) : status;
}

static uint32_t checksum_file(uint32_t sum, const char *path) {
  unsigned char block[1 << 16];
  FILE *file = fopen(path, "rb");
  size_t count;
  while (file != NULL && (count = fread(block, 1, sizeof block, file)) > 0) {
    sum = (uint32_t)crc32(sum, block, (uInt)count);
  }
  if (file != NULL) {
    fclose(file);
  }
  return sum;
}

static uint32_t checksum_folder(uint32_t sum, const char *path) {
  name_list names = {0};
  for (int part = FOLDER_FILES; part <= FOLDER_FOLDERS; part++) {
    if (folder_list(&names, path, (folder_part)part) < 0) {
      for (int64_t i = 0; i < names.count; i++) {
        char *inside = join_path(path, names.names[i]);
        if (inside != NULL) {
          sum = part == FOLDER_FOLDERS ? checksum_folder(sum, inside) : checksum_file(sum, inside);
        }
        free(inside);
      }
    }
    name_list_free(&names);
  }
  return sum;
}

uint32_t input_checksum(const input *in) {
  const char *path = in->path;
  name_list found = {0};
  uint32_t sum = 0;
  if (strcmp(path, "-") == 0) {
    return in->sum;
  }
  if (access(path, F_OK) == 0) {
    return is_folder(path) ? checksum_folder(0, path) : checksum_file(0, path);
  }
  if (files_beginning(&found, path, "[-.]*")) {
    for (int64_t i = 0; i < found.count; i++) {
      sum = checksum_file(sum, found.names[i]);
    }
  }
  name_list_free(&found);
  return sum;
}
