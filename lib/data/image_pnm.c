/* PGM and PPM: "P2", "P3" (decimal numbers), "P5" or "P6" (bytes, two for a value where the largest
 * is above 255, the high one first), width, height, the largest value, one blank, the values.
 * Comments run from '#' to the end of a line. After the values may follow what will. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/image.h"

typedef struct reader {
  const clf__image_source *source;
  size_t at;
} reader;

static bool is_blank(unsigned char byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool probe(const unsigned char *bytes, size_t size) {
  return size >= 3 && bytes[0] == 'P' && strchr("2356", bytes[1]) != NULL && bytes[1] != '\0' &&
         (is_blank(bytes[2]) || bytes[2] == '#');
}

/* The next number, after blanks and comments; -1 for none. What is too large becomes so in `most`,
 * which is below 2^40. */
static int64_t next_number(reader *self, int64_t most) {
  const unsigned char *bytes = self->source->bytes;
  const size_t size = self->source->size;
  size_t at = self->at;
  while (at < size && (is_blank(bytes[at]) || bytes[at] == '#')) {
    bool comment = bytes[at] == '#';
    while (comment && at + 1 < size && bytes[at] != '\n') {
      at++;
    }
    at++;
  }
  int64_t number = at < size && bytes[at] >= '0' && bytes[at] <= '9' ? 0 : -1;
  for (; at < size && bytes[at] >= '0' && bytes[at] <= '9'; at++) {
    number = number > most ? number : number * 10 + (bytes[at] - '0');
  }
  self->at = at;
  return number;
}

/* What is missing at the place that was reached. */
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
  bool decimal;
} header;

static clf_status read_header(reader *self, header *out) {
  const unsigned char kind = self->source->bytes[1];
  int64_t numbers[3];
  self->at = 2;
  for (int i = 0; i < 3; i++) {
    numbers[i] = next_number(self, INT32_MAX);
    if (numbers[i] < 0) {
      return fail_at(self, "number");
    }
  }
  if (numbers[2] < 1 || numbers[2] > 65535) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: pnm: the largest value is %lld; it must be 1 to 65535",
                     self->source->name, (long long)numbers[2]);
  }
  *out = (header){numbers[0], numbers[1], numbers[2], kind == '2' || kind == '5' ? 1 : 3,
                  kind == '2' || kind == '3'};
  if (self->at >= self->source->size || !is_blank(self->source->bytes[self->at])) {
    return fail_at(self, "blank");
  }
  self->at++;
  return CLF_OK;
}

/* Whether so many values can be in what is left: a file of a few bytes gets no memory. A decimal
 * one takes a digit, and a blank but for the last. */
static clf_status check_size(const reader *self, const header *head) {
  const size_t left = self->source->size - self->at;
  const double values = (double)head->width * (double)head->height * (double)head->channels;
  const double needed = head->decimal ? 2 * values - 1 : values * (head->highest > 255 ? 2 : 1);
  if ((double)left < needed) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: pnm: it ends early, at byte %zu: %s values of %lldx%lld pixels need %.0f "
                     "bytes more",
                     self->source->name, self->source->size, head->decimal ? "decimal" : "the",
                     (long long)head->width, (long long)head->height, needed - (double)left);
  }
  return CLF_OK;
}

/* The next value; -1 where there is none. */
static int64_t next_value(reader *self, const header *head) {
  if (head->decimal) {
    return next_number(self, 65535);
  }
  const unsigned char *at = self->source->bytes + self->at;
  const int64_t width = head->highest > 255 ? 2 : 1;
  self->at += (size_t)width;
  return width == 2 ? at[0] << 8 | at[1] : at[0];
}

static clf_status read_values(reader *self, const header *head, clf_image *image) {
  const int64_t row = clf__image_row_bytes(image);
  const clf__progress progress = clf__progress_begin(image->context, "image", image->height);
  for (int64_t i = 0; i < image->height; i++) {
    clf_status status = clf__progress_step(&progress, i, NAN, NAN);
    if (status < 0) {
      return status;
    }
    for (int64_t j = 0; j < row; j++) {
      const int64_t value = next_value(self, head);
      if (value < 0) {
        return fail_at(self, "number");
      }
      if (value > head->highest) {
        return clf__fail(CLF_ERROR_FORMAT, "%s: pnm: a value before byte %zu is above the largest",
                         self->source->name, self->at);
      }
      image->pixels[i * row + j] =
          (uint8_t)(head->highest == 255 ? value
                                         : (value * 510 + head->highest) / (2 * head->highest));
    }
  }
  return CLF_OK;
}

static clf_status decode(clf_image **out, clf_context *context, const clf__image_source *source) {
  reader self = {.source = source};
  header head = {0};
  clf_image *image = NULL;
  clf_status status;
  CLF__TRY(read_header(&self, &head));
  CLF__TRY(clf__image_room(source, head.height, head.width));
  CLF__TRY(check_size(&self, &head));
  CLF__TRY(clf__image_begin(&image, context, source, head.height, head.width, head.channels));
  CLF__TRY(read_values(&self, &head, image));
  *out = image;
  image = NULL;
done:
  clf_image_free(image);
  return status;
}

static clf_status encode(const clf_image *image, clf__output *output, const char *ending) {
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

const clf__image_codec clf__image_pnm = {
    .name = "pnm",
    .help = "PGM and PPM, as text or bytes, of up to 16 bits",
    .endings = "pgm|ppm|pnm",
    .probe = probe,
    .decode = decode,
    .encode = encode,
};
