/* JPEG through libjpeg-turbo or another libjpeg: baseline and progressive, gray, RGB, YCbCr, CMYK
 * and YCCK. CMYK is taken as inverted, as Adobe's programs write it: R = C K / 255. The image is
 * rotated and flipped as its EXIF data say.
 *
 * Damage for which the library would only warn, and continue with gray, is an error here. A
 * progressive file could have any number of scans over all blocks; more than CLF__JPEG_MAX_SCANS
 * are refused. The library allocates by malloc(), so the memory for the coefficients of a
 * progressive file is first compared with the context's limit.
 *
 * Errors use longjmp() out of functions that run under guarded(). */
#include <math.h>
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h does not include what it needs */

#include <jpeglib.h>

#include <jerror.h>

#include "base/progress.h"
#include "image/image.h"
#include "image/image_exif.h"
#include "image/jpeg_check.h"

typedef struct jpeg_work {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr monitor;
  clf__progress progress;
  jmp_buf jump;
  const clf__image_source *source;
  clf_image *image;
  unsigned char *line; /* of four channels, or NULL */
  bool checked;        /* clf__jpeg_check() found all scans consistent */
  clf_status status;   /* CLF_ERROR_FORMAT unless another error occurred */
  char reason[JMSG_LENGTH_MAX];
} jpeg_work;

static void stop(jpeg_work *self, clf_status status) {
  self->status = status;
  longjmp(self->jump, 1);
}

static void on_error(j_common_ptr jpeg) {
  jpeg_work *self = jpeg->client_data;
  jpeg->err->format_message(jpeg, self->reason);
  stop(self, jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? CLF_ERROR_MEMORY : CLF_ERROR_FORMAT);
}

/* Handles warnings, after which the library continues with invented pixels. These are not damage:
 * an unknown version of JFIF, a sequential scan that does not say which coefficients it has (all),
 * and bytes after an interval that clf__jpeg_check() found to be mere fill. */
static void on_message(j_common_ptr jpeg, int level) {
  const jpeg_work *self = jpeg->client_data;
  const int code = jpeg->err->msg_code;
  if (level < 0 && code != JWRN_JFIF_MAJOR && code != JWRN_NOT_SEQUENTIAL &&
      (code != JWRN_EXTRANEOUS_DATA || !self->checked)) {
    on_error(jpeg);
  }
}

static void show_nothing(j_common_ptr jpeg) {
  (void)jpeg;
}

/* Called for every row of blocks of every scan. */
static void on_progress(j_common_ptr jpeg) {
  jpeg_work *self = jpeg->client_data;
  const clf_status status =
      clf__progress_step(&self->progress, self->jpeg.output_scanline, NAN, NAN);
  if (status < 0) {
    stop(self, status);
  }
  if (self->jpeg.input_scan_number > CLF__JPEG_MAX_SCANS) {
    snprintf(self->reason, sizeof self->reason, "it has more than %d scans", CLF__JPEG_MAX_SCANS);
    stop(self, CLF_ERROR_FORMAT);
  }
}

static bool guarded(jpeg_work *self, void (*work)(jpeg_work *self)) {
  if (setjmp(self->jump) != 0) {
    return false;
  }
  work(self);
  return true;
}

static clf_status report_failure(const jpeg_work *self) {
  return self->status == CLF_ERROR_CANCELLED
             ? self->status
             : clf__fail(self->status, "%s: jpeg: %s%s", self->source->name,
                         self->status == CLF_ERROR_MEMORY ? "out of memory: " : "", self->reason);
}

static bool probe(const unsigned char *bytes, size_t size) {
  return size >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF;
}

static void read_header(jpeg_work *self) {
  jpeg_create_decompress(&self->jpeg);
  self->jpeg.client_data = self;
  self->monitor.progress_monitor = on_progress;
  self->jpeg.progress = &self->monitor;
  jpeg_mem_src(&self->jpeg, (unsigned char *)(uintptr_t)self->source->bytes,
               (unsigned long)self->source->size);
  jpeg_read_header(&self->jpeg, TRUE);
}

/* Chooses the color space of the decoded rows; *channels is that of the image. */
static clf_status choose_colors(jpeg_work *self, int64_t *channels) {
  static const struct {
    J_COLOR_SPACE stored, asked;
    int64_t channels;
  } spaces[] = {{JCS_GRAYSCALE, JCS_GRAYSCALE, 1},
                {JCS_RGB, JCS_RGB, 3},
                {JCS_YCbCr, JCS_RGB, 3},
                {JCS_CMYK, JCS_CMYK, 3},
                {JCS_YCCK, JCS_CMYK, 3}};
  for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
    if (spaces[i].stored == self->jpeg.jpeg_color_space) {
      self->jpeg.out_color_space = spaces[i].asked;
      *channels = spaces[i].channels;
      return CLF_OK;
    }
  }
  return clf__fail(CLF_ERROR_UNSUPPORTED, "%s: jpeg: its %d components are no known colors",
                   self->source->name, self->jpeg.num_components);
}

/* A block takes at least one bit in Huffman codes, so a size that the file cannot contain is
 * refused. A file of several scans is stored whole, as coefficients of 16 bits. */
static clf_status check_blocks(jpeg_work *self, clf_context *context) {
  const clf__image_source *source = self->source;
  double blocks = 0;
  for (int i = 0; i < self->jpeg.num_components; i++) {
    const jpeg_component_info *part = &self->jpeg.comp_info[i];
    blocks += (double)part->width_in_blocks * (double)part->height_in_blocks;
  }
  if (!self->jpeg.arith_code && blocks > 8 * (double)source->size) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: jpeg: it ends early: %zu bytes cannot hold %dx%d pixels", source->name,
                     source->size, (int)self->jpeg.image_width, (int)self->jpeg.image_height);
  }
  const double bytes = blocks * DCTSIZE2 * 2;
  if (jpeg_has_multiple_scans(&self->jpeg) && bytes > (double)clf__context_available(context)) {
    return clf__fail(CLF_ERROR_MEMORY,
                     "%s: jpeg: memory limit: %.0f more bytes, of coefficients, exceed it: %zu are "
                     "left",
                     source->name, bytes, clf__context_available(context));
  }
  return CLF_OK;
}

static void finish_line(const unsigned char *cmyk, uint8_t *rgb, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    for (int64_t c = 0; c < 3; c++) {
      rgb[3 * i + c] = (uint8_t)((cmyk[4 * i + c] * cmyk[4 * i + 3] + 127) / 255);
    }
  }
}

static void read_rows(jpeg_work *self) {
  const int64_t row = clf__image_row_bytes(self->image);
  jpeg_start_decompress(&self->jpeg);
  while (self->jpeg.output_scanline < self->jpeg.output_height) {
    uint8_t *to = self->image->pixels + (int64_t)self->jpeg.output_scanline * row;
    JSAMPROW into = self->line != NULL ? self->line : to;
    jpeg_read_scanlines(&self->jpeg, &into, 1);
    if (self->line != NULL) {
      finish_line(self->line, to, self->image->width);
    }
  }
  jpeg_finish_decompress(&self->jpeg); /* reads up to the end marker */
}

static clf_status read_image(jpeg_work *self, clf_context *context) {
  const clf__image_source *source = self->source;
  int64_t channels = 0;
  if (!guarded(self, read_header)) {
    return report_failure(self);
  }
  const int64_t height = self->jpeg.image_height, width = self->jpeg.image_width;
  CLF__CHECK(clf__image_check_size(source, height, width));
  CLF__CHECK(choose_colors(self, &channels));
  CLF__CHECK(check_blocks(self, context));
  CLF__CHECK(clf__jpeg_check(&self->checked, context, source));
  CLF__CHECK(clf__image_begin(&self->image, context, source, height, width, channels));
  if (self->jpeg.out_color_space == JCS_CMYK) {
    self->line = clf__alloc_array(context, width, 4);
    CLF__CHECK(self->line != NULL ? CLF_OK
                                  : clf__fail_within(CLF_ERROR_MEMORY, "%s", source->name));
  }
  self->progress = clf__progress_begin(context, "image", height);
  return guarded(self, read_rows) ? CLF_OK : report_failure(self);
}

static clf_status decode(clf_image **out, clf_context *context, const clf__image_source *source) {
  jpeg_work self = {.source = source, .status = CLF_ERROR_FORMAT};
  self.progress = clf__progress_begin(context, "image", 1);
  self.jpeg.err = jpeg_std_error(&self.errors);
  self.errors.error_exit = on_error;
  self.errors.emit_message = on_message;
  self.errors.output_message = show_nothing;
  self.jpeg.client_data = &self;
  clf_status status = read_image(&self, context);
  jpeg_destroy_decompress(&self.jpeg);
  clf__free(self.line);
  if (status == CLF_OK) {
    status = clf__image_orient(&self.image, clf__exif_orientation(source->bytes, source->size));
    status = status < 0 ? clf__fail_within(status, "%s", source->name) : status;
  }
  if (status == CLF_OK) {
    *out = self.image;
  } else {
    clf_image_free(self.image);
  }
  return status;
}

const clf__image_reader clf__image_reader_jpeg = {
    .base = CLF__IMAGE_READER(
        "jpeg", "JPEG, baseline and progressive, upright by its EXIF data, by libjpeg"),
    .probe = probe,
    .decode = decode,
};
