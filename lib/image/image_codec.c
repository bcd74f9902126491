/* Image files: the choice of the codec, and the limits that apply to all of them. */
#include <string.h>

#include "base/border.h"
#include "base/file.h"
#include "base/math.h"
#include "base/params.h"
#include "base/text.h"
#include "image/image.h"
#include "image/image_other.h"

/* NULL beyond the last. */
static const clf__image_reader *reader_at(int64_t index) {
  return (const clf__image_reader *)clf__image_readers.kinds[index];
}

static const clf__image_reader *reader_of(const unsigned char *bytes, size_t size) {
  int64_t i = 0;
  while (reader_at(i) != NULL && !reader_at(i)->probe(bytes, size)) {
    i++;
  }
  return reader_at(i);
}

#define CLF__VALUES clf__image_params
const clf__param clf__image_read_params[CLF__IMAGE_READ_PARAMS] = {
    CLF__INT(max_pixels, "150000000", 1, 0x1p40, "maximum number of pixels of an image"),
    CLF__INT(background, "255", 0, 255, "gray level behind transparent pixels"),
};

clf_status clf__image_check_size(const clf__image_source *source, int64_t height, int64_t width) {
  int64_t pixels;
  if (height < 1 || width < 1) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: it has no pixels: its size is %lldx%lld", source->name,
                     (long long)width, (long long)height);
  }
  if (!clf__mul_i64(height, width, &pixels) || pixels > source->params->max_pixels) {
    return clf__fail(CLF_ERROR_DATA, "%s: it has %lldx%lld pixels, more than max_pixels=%lld",
                     source->name, (long long)width, (long long)height,
                     (long long)source->params->max_pixels);
  }
  return CLF_OK;
}

clf_status clf__image_begin(clf_image **out, clf_context *context, const clf__image_source *source,
                            int64_t height, int64_t width, int64_t channels) {
  CLF__CHECK(clf__image_check_size(source, height, width));
  clf_status status = clf__image_create_uninitialized(out, context, height, width, channels);
  return status < 0 ? clf__fail_within(status, "%s", source->name) : CLF_OK;
}

static clf_status fail_unknown(const char *name, const unsigned char *head, size_t size) {
  char list[128] = "";
  for (int64_t i = 0; reader_at(i) != NULL; i++) {
    strncat(list, i > 0 ? ", " : "", sizeof list - strlen(list) - 1);
    strncat(list, reader_at(i)->base.name, sizeof list - strlen(list) - 1);
  }
  return clf__fail(CLF_ERROR_FORMAT, "%s: it is %s; images are read from %s", name,
                   clf__image_other(head, size), list);
}

clf_status clf__image_decode(clf_image **out, clf_context *context,
                             const clf__image_source *source) {
  const clf__image_reader *reader = reader_of(source->bytes, source->size);
  return reader != NULL
             ? reader->decode(out, context, source)
             : fail_unknown(source->name, source->bytes,
                            source->size < CLF__IMAGE_HEAD ? source->size : CLF__IMAGE_HEAD);
}

/* Reads the first bytes of a file and determines their codec: NULL for none. */
static clf_status read_head(clf__file *file, unsigned char head[CLF__IMAGE_HEAD], size_t *size,
                            const clf__image_reader **reader) {
  *size = clf__min_size(file->size, CLF__IMAGE_HEAD);
  clf_status status = clf__file_next(file, head, *size);
  if (status == CLF_OK) {
    *reader = reader_of(head, *size);
  }
  return status;
}

clf_status clf__image_probe(bool *out, const char *path) {
  clf__file file = {0};
  unsigned char head[CLF__IMAGE_HEAD];
  size_t size;
  const clf__image_reader *reader = NULL;
  clf_status status = clf__file_open(&file, path);
  if (status == CLF_OK) {
    status = read_head(&file, head, &size, &reader);
    clf__file_close(&file);
  }
  if (status == CLF_OK) {
    *out = reader != NULL;
  }
  return status;
}

/* Reads the whole file, unless it is not an image; *known receives whether it is. */
static clf_status read_bytes(unsigned char **out, clf__file *file, clf_context *context,
                             bool *known) {
  unsigned char head[CLF__IMAGE_HEAD], *bytes = NULL;
  size_t size = 0;
  const clf__image_reader *reader = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(read_head(file, head, &size, &reader));
  *known = reader != NULL;
  if (reader == NULL) {
    return fail_unknown(file->path, head, size);
  }
  bytes = clf__alloc(context, file->size);
  if (bytes == NULL) {
    return clf__fail_within(CLF_ERROR_MEMORY, "%s", file->path);
  }
  memcpy(bytes, head, size);
  CLF__TRY(clf__file_next(file, bytes + size, file->size - size));
  *out = bytes;
  bytes = NULL;
done:
  clf__free(bytes);
  return status;
}

clf_status clf__image_read(clf_image **out, clf_context *context, const char *path,
                           const clf__image_params *chosen, bool *known) {
  clf__file file = {0};
  unsigned char *bytes = NULL;
  *known = false;
  CLF__CHECK(clf__file_open(&file, path));
  clf_status status = read_bytes(&bytes, &file, context, known);
  if (status == CLF_OK) {
    const clf__image_source source = {bytes, file.size, path, chosen};
    status = clf__image_decode(out, context, &source);
  }
  clf__free(bytes);
  clf__file_close(&file);
  return status;
}

/* A file, or bytes if `path` is NULL. */
static clf_status load(clf_image **out, clf_context *context, const char *path, const void *bytes,
                       size_t size, const char *text) {
  void *chosen = NULL;
  bool known;
  context = clf__context_retain(context);
  if (context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status =
      clf__params_create(&chosen, context, &clf__image_reader_pnm.base.params, text);
  if (status == CLF_OK && path != NULL) {
    status = clf__image_read(out, context, path, chosen, &known);
  } else if (status == CLF_OK) {
    const clf__image_source source = {bytes, size, "image in memory", chosen};
    status = clf__image_decode(out, context, &source);
  }
  clf__params_free(&clf__image_reader_pnm.base.params, chosen);
  clf__context_release(context);
  return status;
}

clf_status clf_image_load(clf_image **out, clf_context *context, const char *path,
                          const char *text) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(path);
  CLF__ENTER("image");
  return load(out, context, path, NULL, 0, text);
}

clf_status clf_image_load_memory(clf_image **out, clf_context *context, const void *bytes,
                                 size_t size, const char *text) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(bytes);
  CLF__ENTER("image");
  return load(out, context, NULL, bytes, size, text);
}

enum { ENDING_BYTES = 8 };

/* NULL beyond the last. */
static const clf__image_writer *writer_at(int64_t index) {
  return (const clf__image_writer *)clf__image_writers.kinds[index];
}

/* Returns the writer of files with the path's ending, ignoring case; `ending` receives the
 * ending. */
static const clf__image_writer *writer_of(char ending[ENDING_BYTES], const char *path) {
  const char *dot = strrchr(path, '.');
  const size_t length = dot != NULL ? strlen(dot + 1) : 0;
  if (length == 0 || length >= ENDING_BYTES) {
    return NULL;
  }
  memcpy(ending, dot + 1, length + 1);
  for (char *at = ending; *at != '\0'; at++) {
    *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
  }
  int64_t i = 0;
  while (writer_at(i) != NULL && clf__word_index(writer_at(i)->endings, ending, length) < 0) {
    i++;
  }
  return writer_at(i);
}

static clf_status fail_ending(const char *path) {
  char list[64] = "";
  for (int64_t i = 0; writer_at(i) != NULL; i++) {
    strncat(list, i > 0 ? "|" : "", sizeof list - strlen(list) - 1);
    strncat(list, writer_at(i)->endings, sizeof list - strlen(list) - 1);
  }
  return clf__fail(CLF_ERROR_UNSUPPORTED,
                   "cannot write '%s': the ending of an image's name must be one of %s", path,
                   list);
}

/* By the writer, to an output that was opened with `opened`: it is closed. */
static clf_status write_image(const clf__image_writer *writer, const clf_image *image,
                              clf_status opened, clf__output *output, const char *ending,
                              const char *text) {
  void *values = NULL;
  clf_status status = opened;
  CLF__TRY(status);
  CLF__TRY(clf__params_create(&values, image->context, &writer->base.params, text));
  CLF__TRY(writer->encode(image, output, ending, values));
  CLF__TRY(clf__output_commit(output));
done:
  clf__output_close(output);
  clf__params_free(&writer->base.params, values);
  return status;
}

clf_status clf_image_save(const clf_image *image, const char *path, const char *text) {
  CLF__REQUIRE(image);
  CLF__REQUIRE(path);
  CLF__ENTER("image");
  char ending[ENDING_BYTES] = "";
  const clf__image_writer *writer = writer_of(ending, path);
  clf__output output = {.descriptor = -1};
  return writer != NULL
             ? write_image(writer, image, clf__output_open(&output, image->context, path), &output,
                           ending, text)
             : fail_ending(path);
}

clf_status clf_image_save_memory(const clf_image *image, const char *format, const char *text,
                                 void *buffer, size_t capacity, size_t *size) {
  CLF__REQUIRE(image);
  CLF__REQUIRE(format);
  CLF__REQUIRE(size);
  CLF__ENTER("image");
  const clf__image_writer *writer = clf__kind_find(&clf__image_writers, format);
  clf__output output = {.descriptor = -1};
  return writer != NULL ? write_image(writer, image,
                                      clf__output_memory(&output, image->context, "image in memory",
                                                         buffer, capacity, size),
                                      &output, format, text)
                        : CLF_ERROR_ARGUMENT;
}
