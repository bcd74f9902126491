/* GIF87a and GIF89a (CompuServe, 1987 and 1990): the first picture, interlaced or not, at its
 * position on the canvas, which is enlarged if necessary. The rest of the canvas and transparent
 * pixels get the background. A palette of grays makes a gray image.
 *
 * The format has no checksums, so damage is detected by the structure: each code must be in the
 * table, the end code must come exactly when the picture's rectangle is full, and the data must end
 * with it. Everything after the first picture is ignored, because many programs omit the trailer.
 *
 * LZW: the string of code n is the string of the code before its definition plus one pixel, and
 * these pixels are adjacent in the picture. So the table stores where each string first occurred
 * and its length. Strings are copied from there, and may overlap with their copies. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "image/image.h"

enum { EXTENSION = 0x21, PICTURE = 0x2C, TRAILER = 0x3B, GRAPHIC_CONTROL = 0xF9 };
enum { MAX_CODES = 4096, MAX_CODE_BITS = 12, CODES_A_STEP = 4096 };

/* The strings of codes from the end code on. */
typedef struct strings {
  int64_t start[MAX_CODES];
  int32_t length[MAX_CODES];
} strings;

/* Codes from blocks of up to 255 bytes, each preceded by its length; the last one is empty. */
typedef struct code_reader {
  uint32_t buffer;
  int count; /* valid bits */
  int left;  /* bytes left in the block */
} code_reader;

typedef struct gif_work {
  clf_context *context;
  clf__arena arena;
  const clf__image_source *source;
  size_t at;
  int64_t canvas_width, canvas_height;
  int64_t left, top, width, height; /* of the picture */
  bool interlaced;
  const uint8_t *colors; /* [color_count, 3] */
  int color_count;
  int transparent; /* color index, or -1 */
  strings *strings;
  uint8_t *pixels; /* [height, width] colors, in the order of storage */
  clf_image *image;
} gif_work;

static bool probe(const unsigned char *bytes, size_t size) {
  return size >= 6 && (memcmp(bytes, "GIF87a", 6) == 0 || memcmp(bytes, "GIF89a", 6) == 0);
}

static clf_status fail(const gif_work *self, const char *what) {
  return clf__fail(CLF_ERROR_FORMAT, "%s: gif: %s before byte %zu", self->source->name, what,
                   self->at);
}

static clf_status fail_early(const gif_work *self) {
  return clf__fail(CLF_ERROR_FORMAT, "%s: gif: it ends early", self->source->name);
}

/* Returns the next `count` bytes, or NULL if there are fewer. */
static const uint8_t *consume(gif_work *self, size_t count) {
  if (count > self->source->size - self->at) {
    return NULL;
  }
  self->at += count;
  return self->source->bytes + self->at - count;
}

static int two(const uint8_t *bytes) {
  return bytes[0] | bytes[1] << 8;
}

/* Reads a palette, if `flags` say that there is one. */
static clf_status read_palette(gif_work *self, int flags) {
  if ((flags & 0x80) == 0) {
    return CLF_OK;
  }
  self->color_count = 2 << (flags & 7);
  self->colors = consume(self, (size_t)self->color_count * 3);
  return self->colors != NULL ? CLF_OK : fail_early(self);
}

static clf_status read_screen(gif_work *self) {
  const uint8_t *head = consume(self, 13);
  if (head == NULL) {
    return fail_early(self);
  }
  self->canvas_width = two(head + 6);
  self->canvas_height = two(head + 8);
  return read_palette(self, head[10]);
}

/* Skips blocks up to the empty one. */
static clf_status pass_blocks(gif_work *self) {
  const uint8_t *length;
  do {
    length = consume(self, 1);
    if (length == NULL || consume(self, *length) == NULL) {
      return fail_early(self);
    }
  } while (*length > 0);
  return CLF_OK;
}

/* Reads an extension, of which only the transparent color matters. */
static clf_status read_extension(gif_work *self) {
  const uint8_t *label = consume(self, 1);
  if (label == NULL) {
    return fail_early(self);
  }
  if (*label != GRAPHIC_CONTROL) {
    return pass_blocks(self);
  }
  const uint8_t *control = consume(self, 6); /* length, flags, delay, color, no more blocks */
  if (control == NULL) {
    return fail_early(self);
  }
  self->transparent = (control[1] & 1) != 0 ? control[4] : -1;
  return control[0] == 4 && control[5] == 0 ? CLF_OK
                                            : fail(self, "a graphic control has another length");
}

static clf_status read_description(gif_work *self) {
  const uint8_t *bytes = consume(self, 9);
  if (bytes == NULL) {
    return fail_early(self);
  }
  self->left = two(bytes);
  self->top = two(bytes + 2);
  self->width = two(bytes + 4);
  self->height = two(bytes + 6);
  self->interlaced = (bytes[8] & 0x40) != 0;
  return read_palette(self, bytes[8]);
}

/* Reads records up to the data of the first picture. */
static clf_status find_picture(gif_work *self) {
  for (;;) {
    const uint8_t *kind = consume(self, 1);
    if (kind == NULL) {
      return fail_early(self);
    }
    if (*kind == PICTURE) {
      return read_description(self);
    }
    if (*kind != EXTENSION) {
      return fail(self, *kind == TRAILER ? "it has no picture" : "there is no record");
    }
    CLF__CHECK(read_extension(self));
  }
}

/* Returns the next code of `bits`; negative if the blocks end before. */
static int next_code(gif_work *self, code_reader *from, int bits) {
  while (from->count < bits) {
    if (from->left == 0) {
      const uint8_t *length = consume(self, 1);
      if (length == NULL || *length == 0) {
        return -1;
      }
      from->left = *length;
    }
    const uint8_t *byte = consume(self, 1);
    if (byte == NULL) {
      return -1;
    }
    from->buffer |= (uint32_t)*byte << from->count;
    from->count += 8;
    from->left--;
  }
  const int code = (int)(from->buffer & ((1U << bits) - 1));
  from->buffer >>= bits;
  from->count -= bits;
  return code;
}

/* Copies the string of a code behind the `done` pixels; returns 0 if it does not fit. */
static int64_t write_string(const gif_work *self, int code, int clear, int64_t done,
                            int64_t count) {
  const int64_t length = code < clear ? 1 : self->strings->length[code];
  uint8_t *to = self->pixels + done;
  if (length > count - done) {
    return 0;
  }
  if (code < clear) {
    *to = (uint8_t)code;
    return 1;
  }
  const uint8_t *from = self->pixels + self->strings->start[code];
  for (int64_t i = 0; i < length; i++) { /* from front to back, since it may overlap */
    to[i] = from[i];
  }
  return length;
}

/* Decompresses the picture; `from` is then after the end code. */
static clf_status unpack(gif_work *self, code_reader *from, int code_size) {
  const int clear = 1 << code_size, end = clear + 1;
  const int64_t count = self->width * self->height;
  const clf__progress progress = clf__progress_begin(self->context, "image", count);
  int64_t done = 0, length = 0; /* pixels in all, and in the last string */
  int defined = end, bits = code_size + 1;
  for (int64_t n = 0;; n++) {
    CLF__CHECK(n % CODES_A_STEP == 0 ? clf__progress_step(&progress, done, NAN, NAN) : CLF_OK);
    const int code = next_code(self, from, bits);
    if (code == clear) {
      defined = end;
      bits = code_size + 1;
      length = 0;
      continue;
    }
    if (code == end && done == count) {
      return CLF_OK;
    }
    if (code < 0 || code == end) {
      return self->at == self->source->size ? fail_early(self)
                                            : fail(self, "its pixels end early,");
    }
    if (length > 0 && defined + 1 < MAX_CODES) {
      defined++;
      self->strings->start[defined] = done - length;
      self->strings->length[defined] = (int32_t)length + 1;
    }
    bits += defined + 1 == 1 << bits && bits < MAX_CODE_BITS;
    length = code <= defined ? write_string(self, code, clear, done, count) : 0;
    if (length == 0) {
      return fail(self, code <= defined ? "it has too many pixels" : "there is no such code");
    }
    done += length;
  }
}

static clf_status read_pixels(gif_work *self) {
  code_reader from = {0};
  const uint8_t *code_size = consume(self, 1);
  if (code_size == NULL) {
    return fail_early(self);
  }
  if (*code_size < 1 || *code_size > 8) {
    return fail(self, "the codes have an impossible size");
  }
  CLF__CHECK(unpack(self, &from, *code_size));
  const uint8_t *length = consume(self, 1);
  if (length == NULL) {
    return fail_early(self);
  }
  return from.left == 0 && *length == 0 ? CLF_OK
                                        : fail(self, "there is more behind the end of its pixels,");
}

static bool is_gray(const gif_work *self) {
  for (int i = 0; i < self->color_count; i++) {
    const uint8_t *color = self->colors + 3 * (size_t)i;
    if (color[0] != color[1] || color[0] != color[2]) {
      return false;
    }
  }
  return true;
}

/* A code of `bits` bits stands for at most 2^bits pixels; 12 bits give the most pixels for each
 * bit. So a size that the file cannot contain is refused before memory is allocated. */
static clf_status check_size(const gif_work *self) {
  enum { PIXELS_A_BYTE = 8 * MAX_CODES / MAX_CODE_BITS + 1 };
  const size_t left = self->source->size - self->at;
  return self->width * self->height <= PIXELS_A_BYTE * (int64_t)left
             ? CLF_OK
             : clf__fail(CLF_ERROR_FORMAT,
                         "%s: gif: it ends early: %zu bytes cannot hold %lldx%lld pixels",
                         self->source->name, left, (long long)self->width, (long long)self->height);
}

/* The canvas. The picture may reach beyond it, for example if the file gives it no size. */
static clf_status reserve(gif_work *self) {
  const int64_t bottom = self->top + self->height, right = self->left + self->width;
  const int64_t height = clf__max_i64(bottom, self->canvas_height);
  const int64_t width = clf__max_i64(right, self->canvas_width);
  clf_status status = clf__image_check_size(self->source, self->height, self->width);
  status = status == CLF_OK ? check_size(self) : status;
  if (status < 0) {
    return status;
  }
  if (self->colors == NULL) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: gif: it has no palette", self->source->name);
  }
  status = clf__image_begin(&self->image, self->context, self->source, height, width,
                            is_gray(self) ? 1 : 3);
  if (status < 0) {
    return status;
  }
  memset(self->image->pixels, (int)self->source->params->background,
         (size_t)(height * clf__image_row_bytes(self->image)));
  self->pixels = clf__arena_matrix(&self->arena, self->height, self->width, 1);
  self->strings = clf__arena_array(&self->arena, 1, sizeof *self->strings);
  status = clf__arena_status(&self->arena);
  return status == CLF_OK ? status : clf__fail_within(status, "%s", self->source->name);
}

/* Copies a line of the picture to the canvas. */
static clf_status write_line(const gif_work *self, const uint8_t *line, int64_t i) {
  const clf_image *canvas = self->image;
  const int64_t row = self->top + i;
  for (int64_t j = 0; j < self->width; j++) {
    const int color = line[j];
    if (color == self->transparent) {
      continue;
    }
    if (color >= self->color_count) {
      return clf__fail(CLF_ERROR_FORMAT, "%s: gif: a pixel has color %d; the palette has %d",
                       self->source->name, color, self->color_count);
    }
    memcpy(canvas->pixels + (row * canvas->width + self->left + j) * canvas->channels,
           self->colors + 3 * (size_t)color, (size_t)canvas->channels);
  }
  return CLF_OK;
}

static clf_status write_lines(const gif_work *self) {
  static const struct {
    int64_t first, step;
  } passes[] = {
      {0, 1}, {0, 8}, {4, 8}, {2, 4}, {1, 2}}; /* passes[0] for plain pictures, the others for
                                                * interlaced ones */
  const uint8_t *line = self->pixels;
  for (int p = self->interlaced ? 1 : 0; p < (self->interlaced ? 5 : 1); p++) {
    for (int64_t i = passes[p].first; i < self->height; i += passes[p].step) {
      CLF__CHECK(write_line(self, line, i));
      line += self->width;
    }
  }
  return CLF_OK;
}

static clf_status decode(clf_image **out, clf_context *context, const clf__image_source *source) {
  gif_work self = {
      .context = context, .arena = {.context = context}, .source = source, .transparent = -1};
  clf_status status;
  CLF__TRY(read_screen(&self));
  CLF__TRY(find_picture(&self));
  CLF__TRY(reserve(&self));
  CLF__TRY(read_pixels(&self));
  CLF__TRY(write_lines(&self));
  *out = self.image;
  self.image = NULL;
done:
  clf_image_free(self.image);
  clf__arena_free(&self.arena);
  return status;
}

const clf__image_reader clf__image_reader_gif = {
    .base = CLF__IMAGE_READER("gif", "GIF, of animations the first picture"),
    .probe = probe,
    .decode = decode,
};
