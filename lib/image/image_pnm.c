/* PBM, PGM and PPM: "P1" to "P3" (decimal numbers) or "P4" to "P6" (bytes), width, height, the
 * largest value (not for bitmaps), one blank, and the values. Values above 255 take two bytes, the
 * high one first. In bitmaps 1 is black; decimal values need no blanks between them, and binary
 * ones are bits, the highest first, in rows of whole bytes. Comments extend from '#' to the end of
 * a line. Blanks and another image, which is not read, may follow the values.
 *
 * Source: the manual pages pbm(5), pgm(5) and ppm(5) of Netpbm. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/progress.h"
#include "base/text.h"
#include "image/image.h"

typedef struct reader {
  const clf__image_source *source;
  size_t at;
} reader;

static bool is_blank(unsigned char byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool probe(const unsigned char *bytes, size_t size) {
  return size >= 3 && bytes[0] == 'P' && strchr("123456", bytes[1]) != NULL && bytes[1] != '\0' &&
         (is_blank(bytes[2]) || bytes[2] == '#');
}

/* Skips blanks and comments. */
static void pass_blanks(reader *self) {
  const unsigned char *bytes = self->source->bytes;
  const size_t size = self->source->size;
  while (self->at < size && (is_blank(bytes[self->at]) || bytes[self->at] == '#')) {
    bool comment = bytes[self->at] == '#';
    while (comment && self->at + 1 < size && bytes[self->at] != '\n') {
      self->at++;
    }
    self->at++;
  }
}

/* Reads the next number of at most so many digits, after blanks and comments; -1 if there is none.
 * A number that is too large becomes `max` + 1 or more; `max` is below 2^40. */
static int64_t next_number(reader *self, int64_t max, int digits) {
  const unsigned char *bytes = self->source->bytes;
  int64_t number = -1;
  pass_blanks(self);
  for (; digits > 0 && self->at < self->source->size && bytes[self->at] >= '0' &&
         bytes[self->at] <= '9';
       digits--) {
    const int digit = bytes[self->at++] - '0';
    number = number < 0 ? digit : number > max ? number : number * 10 + digit;
  }
  return number;
}

/* Reports what is missing at the current position. */
static clf_status fail_at(const reader *self, const char *what) {
  return self->at >= self->source->size
             ? clf__fail(CLF_ERROR_FORMAT, "%s: pnm: it ends early, at byte %zu",
                         self->source->name, self->source->size)
             : clf__fail(CLF_ERROR_FORMAT, "%s: pnm: there is no %s at byte %zu",
                         self->source->name, what, self->at);
}

typedef struct header {
  int64_t width, height, highest;
  int64_t channels;
  bool decimal, bitmap;
} header;

/* Skips the blank after the header; the end of a comment counts as one. */
static clf_status pass_blank(reader *self) {
  const unsigned char *bytes = self->source->bytes;
  const size_t size = self->source->size;
  if (self->at < size && bytes[self->at] == '#') {
    const unsigned char *end = memchr(bytes + self->at, '\n', size - self->at);
    self->at = end != NULL ? (size_t)(end - bytes) : size;
  }
  if (self->at >= size || !is_blank(bytes[self->at])) {
    return fail_at(self, "blank");
  }
  self->at++;
  return CLF_OK;
}

static clf_status read_header(reader *self, header *out) {
  const int kind = self->source->bytes[1] - '0';
  const bool bitmap = kind == 1 || kind == 4;
  int64_t numbers[3] = {0, 0, 1};
  self->at = 2;
  for (int i = 0; i < (bitmap ? 2 : 3); i++) {
    numbers[i] = next_number(self, INT32_MAX, INT32_MAX);
    if (numbers[i] < 0) {
      return fail_at(self, "number");
    }
  }
  if (numbers[2] < 1 || numbers[2] > 65535) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: pnm: the largest value is %lld; it must be 1 to 65535",
                     self->source->name, (long long)numbers[2]);
  }
  *out = (header){.width = numbers[0],
                  .height = numbers[1],
                  .highest = numbers[2],
                  .channels = kind % 3 == 0 ? 3 : 1,
                  .decimal = kind <= 3,
                  .bitmap = bitmap};
  return pass_blank(self);
}

/* Returns how many bytes the values take at least. Each decimal number takes a digit, and all but
 * the last, except in bitmaps, a blank. */
static double bytes_of(const header *head) {
  const double values = (double)head->width * (double)head->height * (double)head->channels;
  if (head->bitmap) {
    return head->decimal ? values : (double)((head->width + 7) / 8) * (double)head->height;
  }
  return head->decimal ? 2 * values - 1 : values * (head->highest > 255 ? 2 : 1);
}

/* Returns whether the rest of the file may contain so many values, so that a file of a few bytes
 * gets no memory. */
static clf_status check_size(const reader *self, const header *head) {
  const size_t left = self->source->size - self->at;
  const double needed = bytes_of(head);
  if ((double)left < needed) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: pnm: it ends early, at byte %zu: %s values of %lldx%lld pixels need %.0f "
                     "bytes more",
                     self->source->name, self->source->size, head->decimal ? "decimal" : "the",
                     (long long)head->width, (long long)head->height, needed - (double)left);
  }
  return CLF_OK;
}

/* Returns the value at position `j` of a row; -1 if there is none. */
static int64_t next_value(reader *self, const header *head, int64_t j) {
  if (head->decimal) {
    return next_number(self, 65535, head->bitmap ? 1 : INT32_MAX);
  }
  const unsigned char *at = self->source->bytes + self->at;
  if (head->bitmap) {
    self->at += j % 8 == 7 || j == head->width - 1;
    return at[0] >> (7 - j % 8) & 1;
  }
  const int64_t width = head->highest > 255 ? 2 : 1;
  self->at += (size_t)width;
  return width == 2 ? at[0] << 8 | at[1] : at[0];
}

/* Converts a value to a level of 8 bits; the 0 of bitmaps is white. */
static uint8_t level_of(int64_t value, const header *head) {
  return (uint8_t)(head->bitmap           ? 255 * (1 - value)
                   : head->highest == 255 ? value
                                          : (value * 510 + head->highest) / (2 * head->highest));
}

static clf_status read_values(reader *self, const header *head, clf_image *image) {
  const int64_t row = clf__image_row_bytes(image), step = clf__image_step_rows(image);
  const clf__progress progress = clf__progress_begin(image->context, "image", image->height);
  for (int64_t i = 0; i < image->height; i++) {
    CLF__CHECK(i % step == 0 ? clf__progress_step(&progress, i, NAN, NAN) : CLF_OK);
    for (int64_t j = 0; j < row; j++) {
      const int64_t value = next_value(self, head, j);
      if (value < 0) {
        return fail_at(self, "number");
      }
      if (value > head->highest) {
        return clf__fail(CLF_ERROR_FORMAT, "%s: pnm: a value before byte %zu is above the largest",
                         self->source->name, self->at);
      }
      image->pixels[i * row + j] = level_of(value, head);
    }
  }
  return CLF_OK;
}

/* The values are followed only by blanks and perhaps another image. */
static clf_status check_end(reader *self) {
  const size_t end = self->at;
  pass_blanks(self);
  if (self->at < self->source->size &&
      !probe(self->source->bytes + self->at, self->source->size - self->at)) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: pnm: %zu bytes follow its pixels, which end at byte %zu",
                     self->source->name, self->source->size - end, end);
  }
  return CLF_OK;
}

static clf_status decode(clf_image **out, clf_context *context, const clf__image_source *source) {
  reader self = {.source = source};
  header head = {0};
  clf_image *image = NULL;
  clf_status status;
  CLF__TRY(read_header(&self, &head));
  CLF__TRY(clf__image_check_size(source, head.height, head.width));
  CLF__TRY(check_size(&self, &head));
  CLF__TRY(clf__image_begin(&image, context, source, head.height, head.width, head.channels));
  CLF__TRY(read_values(&self, &head, image));
  CLF__TRY(check_end(&self));
  *out = image;
  image = NULL;
done:
  clf_image_free(image);
  return status;
}

static clf_status encode(const clf_image *image, clf__output *output, const char *ending,
                         const void *params) {
  (void)params;
  const int64_t channels = strcmp(ending, "pgm") == 0   ? 1
                           : strcmp(ending, "ppm") == 0 ? 3
                                                        : image->channels;
  if (channels != image->channels) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "cannot write '%s': a .%s file has %lld channels, the image %lld",
                     output->path, ending, (long long)channels, (long long)image->channels);
  }
  char head[64];
  const int length = snprintf(head, sizeof head, "P%d\n%lld %lld\n255\n", channels == 1 ? 5 : 6,
                              (long long)image->width, (long long)image->height);
  clf_status status = clf__output_write(output, head, (size_t)length);
  return status < 0 ? status
                    : clf__output_write(output, image->pixels,
                                        (size_t)(image->height * clf__image_row_bytes(image)));
}

const clf__image_reader clf__image_reader_pnm = {
    .base = CLF__IMAGE_READER("pnm", "PBM, PGM and PPM, as text or bytes, of up to 16 bits"),
    .probe = probe,
    .decode = decode,
};

const clf__image_writer clf__image_writer_pnm = {
    .base = CLF__KIND_PLAIN("pnm", "PGM and PPM of bytes"),
    .endings = "pgm|ppm|pnm",
    .encode = encode,
};
