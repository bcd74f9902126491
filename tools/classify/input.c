#include "input.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "notes.h"
#include "recipe.h"
#include "report/files.h"
#include "report/text.h"
#include "sniff.h"

void input_free(input *in) {
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

/* "a b", where one of them may be empty. */
static char *join_params(const char *a, const char *b) {
  const size_t size = strlen(a) + strlen(b) + 2;
  char *out = malloc(size);
  if (out != NULL) {
    snprintf(out, size, "%s%s%s", a, *a != '\0' && *b != '\0' ? " " : "", b);
  }
  return out;
}

static clf_status load(input *in, const tool *t, content what, const char *params) {
  const char *guesses;
  clf_status status;
  if (what == CONTENT_TEXTS) {
    status = clf_documents_load(&in->texts, t->context, in->reader, in->path, params);
    guesses = status == CLF_OK ? clf_documents_guesses(in->texts) : "";
  } else {
    status = clf_dataset_load(&in->rows, t->context, in->reader, in->path, params);
    guesses = status == CLF_OK ? clf_dataset_guesses(in->rows) : "";
  }
  if (status == CLF_OK) {
    in->params = join_params(params, guesses);
    status = in->params != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  }
  return status;
}

/* Reads by a reader that is known. */
static int read_by(input *in, const tool *t, content what, const char *reader,
                   const char *params) {
  in->reader = strdup(reader);
  const clf_status status = in->reader != NULL ? load(in, t, what, params) : CLF_ERROR_MEMORY;
  if (status == CLF_OK) {
    return -1;
  }
  tool_fail(status);
  return status == CLF_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILURE;
}

/* What --format says: the name of a reader, of which "csv" reads rows unless the content or the
 * parameter `text` says otherwise. */
static int read_format(input *in, const tool *t) {
  char kind[64];
  const char *params = recipe_split(kind, t->common.format);
  const bool rows = is_reader("dataset_reader", kind), texts = is_reader("document_reader", kind);
  sniffed found = {rows ? CONTENT_ROWS : CONTENT_TEXTS, kind};
  if (!rows && !texts) {
    complain("--format: there is no format '%s'; classify list dataset_reader and classify list "
             "document_reader show them",
             kind);
    return EXIT_USAGE;
  }
  if (rows && texts) {
    const int status = sniff(&found, in->path);
    if (status >= 0) {
      return status;
    }
    found.what = strstr(params, "text=") != NULL ? CONTENT_TEXTS : found.what;
  }
  return read_by(in, t, found.what, kind, params);
}

int input_read(input *out, const tool *t, const char *path) {
  sniffed found;
  *out = (input){.path = path};
  if (t->common.format != NULL) {
    return read_format(out, t);
  }
  const int status = sniff(&found, path);
  if (status >= 0) {
    return status;
  }
  if (found.what == CONTENT_MODEL) {
    complain("'%s' is a model, not data", path);
    return EXIT_FAILURE;
  }
  return read_by(out, t, found.what, found.reader, "");
}

int input_encode(input *in, const clf_vocabulary *vocabulary) {
  const clf_status status = clf_vocabulary_encode(&in->rows, vocabulary, in->texts);
  return status == CLF_OK ? -1 : tool_fail(status);
}

int input_read_for(input *out, const tool *t, const char *path, const clf_model *model) {
  const clf_vocabulary *vocabulary = clf_model_vocabulary(model);
  const char *reader = notes_get(model, NOTE_READER);
  const char *params = notes_get(model, NOTE_READER_PARAMS);
  int status;
  if (t->common.format != NULL || reader == NULL || params == NULL) {
    status = input_read(out, t, path);
  } else {
    *out = (input){.path = path};
    status = read_by(out, t, vocabulary != NULL ? CONTENT_TEXTS : CONTENT_ROWS, reader, params);
  }
  if (status < 0 && out->texts != NULL && vocabulary == NULL) {
    complain("'%s' holds texts, and the model has no vocabulary to read them by", path);
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

uint32_t input_checksum(const char *path) {
  return is_folder(path) ? checksum_folder(0, path) : checksum_file(0, path);
}
