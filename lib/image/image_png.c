/* PNG through libpng: every color type, depth and interlacing. Levels of 16 bits are scaled and
 * rounded to 8. Pixels with alpha are blended with the background, (a v + (255 - a) b) / 255 in the
 * stored levels. Deflate compresses data by at most 1032 to 1, so a size that the file cannot
 * contain is refused before memory is allocated. Chunks that do not affect pixels (text, profiles)
 * are skipped, so that they are never decompressed.
 *
 * libpng reports errors by longjmp(). All calls that may do so are in functions that run under
 * guarded(), the only place with a setjmp(); their results are in the struct. */
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "base/progress.h"
#include "image/image.h"

typedef struct writer_params {
  int64_t compression;
} writer_params;

#define CLF__VALUES writer_params
static const clf__param params[] = {
    CLF__INT(compression, "6", 0, 9, "0 stores, 1 is the fastest, 9 makes the smallest files"),
};

enum { MAX_SIDE = 1 << 28, REASON_BYTES = 128, DEFLATE_RATIO = 1032 };

typedef struct png_work {
  clf_context *context;
  const clf__image_source *source; /* of a file that is read */
  clf__output *output;             /* of a file that is written */
  int compression;                 /* of the PNG writer */
  png_structp png;
  png_infop info;
  size_t at;     /* bytes of the source that were read */
  size_t packed; /* bytes of a row in the file */
  int passes;
  bool gray;          /* the palette has only grays */
  int64_t stored;     /* channels of a stored row, alpha included */
  unsigned char *raw; /* stored rows, if they differ from those of the image */
  clf_image *image;
  clf_status status; /* of a call within libpng that failed */
  char reason[REASON_BYTES];
} png_work;

static png_voidp allocate(png_structp png, png_alloc_size_t size) {
  png_work *self = png_get_mem_ptr(png);
  void *block = clf__alloc(self->context, size);
  if (block == NULL) {
    self->status = CLF_ERROR_MEMORY;
  }
  return block;
}

static void release(png_structp png, png_voidp block) {
  (void)png;
  clf__free(block);
}

static void on_error(png_structp png, png_const_charp message) {
  png_work *self = png_get_error_ptr(png);
  snprintf(self->reason, sizeof self->reason, "%s", message);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

/* Runs a function; returns false if libpng aborted it. */
static bool guarded(png_work *self, void (*work)(png_work *self)) {
  if (setjmp(png_jmpbuf(self->png)) != 0) {
    return false;
  }
  work(self);
  return self->status == CLF_OK;
}

static clf_status report_failure(const png_work *self, const char *name) {
  return self->status == CLF_OK ? clf__fail(CLF_ERROR_FORMAT, "%s: png: %s", name, self->reason)
         : self->status == CLF_ERROR_MEMORY ? clf__fail_within(self->status, "%s: png", name)
                                            : self->status;
}

static bool probe(const unsigned char *bytes, size_t size) {
  return size >= 8 && memcmp(bytes, "\x89PNG\r\n\x1A\n", 8) == 0;
}

static void read_bytes(png_structp png, png_bytep to, png_size_t count) {
  png_work *self = png_get_io_ptr(png);
  if (count > self->source->size - self->at) {
    png_error(png, "it ends early");
  }
  memcpy(to, self->source->bytes + self->at, count);
  self->at += count;
}

static bool palette_is_gray(const png_work *self) {
  png_colorp colors = NULL;
  int count = 0;
  if (png_get_PLTE(self->png, self->info, &colors, &count) == 0) {
    return false;
  }
  for (int i = 0; i < count; i++) {
    if (colors[i].red != colors[i].green || colors[i].red != colors[i].blue) {
      return false;
    }
  }
  return true;
}

static void read_header(png_work *self) {
  png_set_read_fn(self->png, self, read_bytes);
  png_set_keep_unknown_chunks(self->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_set_user_limits(self->png, MAX_SIDE, MAX_SIDE);
  png_read_info(self->png, self->info);
  self->gray =
      png_get_color_type(self->png, self->info) == PNG_COLOR_TYPE_PALETTE && palette_is_gray(self);
  self->packed = png_get_rowbytes(self->png, self->info);
  png_set_expand(self->png);
  png_set_scale_16(self->png);
  self->passes = png_set_interlace_handling(self->png);
}

/* After this, libpng allocates rows, so the size must have been checked before. */
static void start_rows(png_work *self) {
  png_read_update_info(self->png, self->info);
  self->stored = png_get_channels(self->png, self->info);
}

static unsigned over(unsigned level, unsigned alpha, unsigned background) {
  return (level * alpha + background * (255 - alpha) + 127) / 255;
}

/* Converts a stored row to one of the image. */
static void finish_row(const png_work *self, uint8_t *to, const unsigned char *from) {
  const int64_t stored = self->stored, channels = self->image->channels;
  const bool alpha = stored % 2 == 0;
  const unsigned background = (unsigned)self->source->params->background;
  for (int64_t j = 0; j < self->image->width; j++) {
    for (int64_t c = 0; c < channels; c++) {
      to[c] = (uint8_t)(alpha ? over(from[c], from[stored - 1], background) : from[c]);
    }
    to += channels;
    from += stored;
  }
}

static void read_rows(png_work *self) {
  const int64_t height = self->image->height, row = clf__image_row_bytes(self->image);
  const int64_t line = self->image->width * self->stored;
  const int64_t step = clf__image_step_rows(self->image);
  const clf__progress progress = clf__progress_begin(self->context, "image", height * self->passes);
  for (int64_t k = 0; k < height * self->passes; k++) {
    const int64_t i = k % height;
    uint8_t *to = self->image->pixels + i * row;
    unsigned char *raw = self->raw == NULL ? to : self->raw + (self->passes > 1 ? i : 0) * line;
    self->status = k % step == 0 ? clf__progress_step(&progress, k, NAN, NAN) : CLF_OK;
    if (self->status < 0) {
      return;
    }
    png_read_row(self->png, raw, NULL);
    if (raw != to && k / height == self->passes - 1) {
      finish_row(self, to, raw);
    }
  }
  png_read_end(self->png, NULL);
}

/* Makes the image, and memory for rows with more channels: alpha, or the three equal levels of a
 * gray palette. */
static clf_status reserve(png_work *self, int64_t height, int64_t width) {
  const int64_t channels = self->gray || self->stored < 3 ? 1 : 3;
  int64_t size;
  clf_status status =
      clf__image_begin(&self->image, self->context, self->source, height, width, channels);
  if (status < 0 || channels == self->stored) {
    return status;
  }
  self->raw = clf__mul_i64(self->passes > 1 ? height : 1, width * self->stored, &size)
                  ? clf__alloc_array(self->context, size, 1)
                  : NULL;
  return self->raw != NULL ? CLF_OK : clf__fail_within(CLF_ERROR_MEMORY, "%s", self->source->name);
}

static clf_status read_image(png_work *self) {
  const char *name = self->source->name;
  self->info = self->png != NULL ? png_create_info_struct(self->png) : NULL;
  if (self->info == NULL) {
    return clf__fail_within(CLF_ERROR_MEMORY, "%s: png", name);
  }
  if (!guarded(self, read_header)) {
    return report_failure(self, name);
  }
  const int64_t height = png_get_image_height(self->png, self->info);
  const int64_t width = png_get_image_width(self->png, self->info);
  clf_status status = clf__image_check_size(self->source, height, width);
  if (status == CLF_OK &&
      (double)self->packed * (double)height > (double)DEFLATE_RATIO * (double)self->source->size) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: png: it ends early: %zu bytes cannot hold %lldx%lld pixels", name,
                     self->source->size, (long long)width, (long long)height);
  }
  if (status == CLF_OK && !guarded(self, start_rows)) {
    return report_failure(self, name);
  }
  if (status == CLF_OK) {
    status = reserve(self, height, width);
  }
  return status < 0 || guarded(self, read_rows) ? status : report_failure(self, name);
}

static clf_status decode(clf_image **out, clf_context *context, const clf__image_source *source) {
  png_work self = {.context = context, .source = source};
  self.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &self, on_error, on_warning, &self,
                                      allocate, release);
  clf_status status = read_image(&self);
  png_destroy_read_struct(&self.png, &self.info, NULL);
  clf__free(self.raw);
  if (status == CLF_OK) {
    *out = self.image;
  } else {
    clf_image_free(self.image);
  }
  return status;
}

static void write_bytes(png_structp png, png_bytep bytes, png_size_t count) {
  png_work *self = png_get_io_ptr(png);
  self->status = clf__output_write(self->output, bytes, count);
  if (self->status < 0) {
    png_error(png, "the file could not be written");
  }
}

static void flush(png_structp png) {
  (void)png;
}

static void write_image(png_work *self) {
  const clf_image *image = self->image;
  const int64_t step = clf__image_step_rows(image);
  const clf__progress progress = clf__progress_begin(self->context, "image", image->height);
  png_set_user_limits(self->png, MAX_SIDE, MAX_SIDE);
  png_set_write_fn(self->png, self, write_bytes, flush);
  png_set_IHDR(self->png, self->info, (png_uint_32)image->width, (png_uint_32)image->height, 8,
               image->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(self->png, self->compression);
  png_write_info(self->png, self->info);
  for (int64_t i = 0; i < image->height; i++) {
    self->status = i % step == 0 ? clf__progress_step(&progress, i, NAN, NAN) : CLF_OK;
    if (self->status < 0) {
      return;
    }
    png_write_row(self->png, image->pixels + i * clf__image_row_bytes(image));
  }
  png_write_end(self->png, NULL);
}

static clf_status encode(const clf_image *image, clf__output *output, const char *ending,
                         const void *values) {
  const writer_params *chosen = values;
  (void)ending;
  clf_image shown = *image; /* only read */
  png_work self = {.context = image->context,
                   .output = output,
                   .image = &shown,
                   .compression = (int)chosen->compression};
  clf_status status = CLF_OK;
  self.png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &self, on_error, on_warning, &self,
                                       allocate, release);
  self.info = self.png != NULL ? png_create_info_struct(self.png) : NULL;
  if (self.info == NULL) {
    status = clf__fail_within(CLF_ERROR_MEMORY, "%s: png", output->path);
  } else if (!guarded(&self, write_image)) {
    status = report_failure(&self, output->path);
  }
  png_destroy_write_struct(&self.png, &self.info);
  return status;
}

const clf__image_reader clf__image_reader_png = {
    .base = CLF__IMAGE_READER("png", "PNG of every color type, by libpng"),
    .probe = probe,
    .decode = decode,
};

const clf__image_writer clf__image_writer_png = {
    .base = CLF__KIND("png", "PNG of 8 bits a channel, by libpng", params, writer_params),
    .endings = "png",
    .encode = encode,
};
