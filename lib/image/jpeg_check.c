/* Checks the segments of a JPEG file by ITU-T T.81, annex B: there are no gaps between them, tables
 * and scans are valid, all bits of all coefficients of each component occur, and the end marker
 * exists. Everything after it is ignored.
 *
 * A decoder draws what exists and fills up the rest; a progressive file without its last scans
 * would only look coarse. */
#include "image/jpeg_check.h"

#include <string.h>

enum { MARK_SOF0 = 0xC0, MARK_SOF1, MARK_SOF2, MARK_DHT = 0xC4, MARK_SOF15 = 0xCF };
enum { MARK_RST0 = 0xD0, MARK_SOI = 0xD8, MARK_EOI, MARK_SOS, MARK_DQT, MARK_DRI = 0xDD };

static int next_two(clf__jpeg_segment *from) {
  const int high = clf__jpeg_byte(from);
  return high << 8 | clf__jpeg_byte(from);
}

clf_status clf__jpeg_fail(const clf__jpeg_checker *self, const char *what) {
  return clf__fail(CLF_ERROR_FORMAT, "%s: jpeg: %s before byte %zu", self->source->name, what,
                   self->at);
}

clf_status clf__jpeg_close(const clf__jpeg_checker *self, const clf__jpeg_segment *from) {
  return from->at == from->size
             ? CLF_OK
             : clf__jpeg_fail(self, "a segment has another length than its content");
}

static clf_status read_quantizers(clf__jpeg_checker *self, clf__jpeg_segment *from) {
  while (from->at < from->size) {
    const int head = clf__jpeg_byte(from);
    if ((head >> 4) > 1 || (head & 15) > 3) {
      return clf__jpeg_fail(self, "there is no such quantization table");
    }
    for (int k = 0; k < 64; k++) {
      const int step = head >> 4 == 0 ? clf__jpeg_byte(from) : next_two(from);
      if (step == 0) {
        return clf__jpeg_fail(self, "a quantization step is 0");
      }
      self->quantizers[head & 15][k] = (uint16_t)step;
    }
  }
  return clf__jpeg_close(self, from);
}

static clf_status read_codes(clf__jpeg_checker *self, clf__jpeg_segment *from) {
  while (from->at < from->size) {
    const int head = clf__jpeg_byte(from);
    uint8_t counts[16], symbols[256];
    int sum = 0;
    for (int i = 0; i < 16; i++) {
      counts[i] = (uint8_t)clf__jpeg_byte(from);
      sum += counts[i];
    }
    if ((head >> 4) > 1 || (head & 15) > 3 || sum > 256) {
      return clf__jpeg_fail(self, "there is no such Huffman table");
    }
    for (int i = 0; i < sum; i++) {
      symbols[i] = (uint8_t)clf__jpeg_byte(from);
    }
    const int number = 4 * (head >> 4) + (head & 15);
    if (!clf__jpeg_table_make(&self->tables[number], counts, symbols)) {
      return clf__jpeg_fail(self, "a Huffman table has more codes than its bits can encode");
    }
    self->defined[number] = true;
  }
  return clf__jpeg_close(self, from);
}

static void place_components(clf__jpeg_checker *self, int64_t height, int64_t width) {
  int across = 1, down = 1;
  for (int c = 0; c < self->components; c++) {
    across = self->part[c].across > across ? self->part[c].across : across;
    down = self->part[c].down > down ? self->part[c].down : down;
  }
  self->width = (width + 8 * across - 1) / (8 * across);
  self->height = (height + 8 * down - 1) / (8 * down);
  for (int c = 0; c < self->components; c++) {
    clf__jpeg_component *part = &self->part[c];
    part->width = (width * part->across + 8 * across - 1) / (8 * across);
    part->height = (height * part->down + 8 * down - 1) / (8 * down);
    memset(part->low, CLF__JPEG_UNSEEN, sizeof part->low);
  }
}

static clf_status read_frame(clf__jpeg_checker *self, clf__jpeg_segment *from, int marker) {
  const int depth = clf__jpeg_byte(from);
  const int64_t height = next_two(from), width = next_two(from);
  const int components = clf__jpeg_byte(from);
  if (self->components > 0) {
    return clf__jpeg_fail(self, "there is a second frame");
  }
  if (marker > MARK_SOF2 || depth != 8 || height == 0 || width == 0 || components == 0 ||
      components > CLF__JPEG_COMPONENTS) {
    self->left_out = true;
    return CLF_OK;
  }
  self->progressive = marker == MARK_SOF2;
  self->components = components;
  for (int c = 0; c < components; c++) {
    clf__jpeg_component *part = &self->part[c];
    part->id = (uint8_t)clf__jpeg_byte(from);
    const int factors = clf__jpeg_byte(from);
    part->across = (uint8_t)(factors >> 4);
    part->down = (uint8_t)(factors & 15);
    part->quantizer = (uint8_t)clf__jpeg_byte(from);
    if (part->across < 1 || part->across > 4 || part->down < 1 || part->down > 4 ||
        part->quantizer > 3) {
      return clf__jpeg_fail(self, "a component has an impossible size");
    }
  }
  place_components(self, height, width);
  return clf__jpeg_close(self, from);
}

static clf_status check_whole(const clf__jpeg_checker *self) {
  for (int c = 0; c < self->components; c++) {
    for (int k = 0; k < 64; k++) {
      if (self->part[c].low[k] != 0) {
        return clf__fail(
            CLF_ERROR_FORMAT, "%s: jpeg: it ends without %s of coefficient %d of component %d",
            self->source->name,
            self->part[c].low[k] == CLF__JPEG_UNSEEN ? "the data" : "the last bits", k, c + 1);
      }
    }
  }
  return self->components > 0 ? CLF_OK : clf__jpeg_fail(self, "there is no frame");
}

/* Returns the second byte of the next marker, and advances `at` behind it; negative if there is
 * none. */
static int next_marker(clf__jpeg_checker *self) {
  const uint8_t *bytes = self->source->bytes;
  const size_t begin = self->at;
  while (self->at < self->source->size && bytes[self->at] == 0xFF) {
    self->at++;
  }
  return self->at == begin || self->at == self->source->size ? -1 : bytes[self->at++];
}

static clf_status check_segment(clf__jpeg_checker *self, int marker) {
  const uint8_t *bytes = self->source->bytes + self->at;
  const size_t left = self->source->size - self->at;
  const size_t length = left >= 2 ? (size_t)bytes[0] << 8 | bytes[1] : 0;
  if (marker <= 1 || (marker >= MARK_RST0 && marker <= MARK_SOI)) {
    return clf__jpeg_fail(self, "there is an impossible marker");
  }
  if (length < 2 || length > left) {
    return clf__jpeg_fail(self, left < 2 || length > left
                                    ? "it ends early, in a segment that begins"
                                    : "there is a segment without a length");
  }
  clf__jpeg_segment from = {bytes + 2, length - 2, 0};
  self->at += length;
  switch (marker) {
  case MARK_DHT:
    return read_codes(self, &from);
  case MARK_DQT:
    return read_quantizers(self, &from);
  case MARK_DRI:
    self->restart = next_two(&from);
    return clf__jpeg_close(self, &from);
  case MARK_SOS:
    return clf__jpeg_check_scan(self, &from);
  default:
    return marker >= MARK_SOF0 && marker <= MARK_SOF15 ? read_frame(self, &from, marker) : CLF_OK;
  }
}

static clf_status check_segments(clf__jpeg_checker *self) {
  while (!self->left_out) {
    const int marker = next_marker(self);
    if (marker < 0) {
      return clf__jpeg_fail(self, self->at == self->source->size
                                      ? "it ends early, without an end marker,"
                                      : "there is no marker");
    }
    if (marker == MARK_EOI) {
      return check_whole(self);
    }
    CLF__CHECK(check_segment(self, marker));
  }
  return CLF_OK;
}

clf_status clf__jpeg_check(bool *whole, clf_context *context, const clf__image_source *source) {
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  clf__jpeg_checker *self = clf__arena_zeroed(&arena, 1, sizeof *self);
  clf__jpeg_table *tables = clf__arena_array(&arena, 8, sizeof *tables);
  uint8_t *bytes = clf__arena_array(&arena, (int64_t)source->size + CLF__JPEG_SLACK, 1);
  status = clf__arena_status(&arena);
  CLF__TRY(status == CLF_OK ? status : clf__fail_within(status, "%s", source->name));
  self->arena = &arena;
  self->source = source;
  self->at = 2;
  self->tables = tables;
  self->bytes = bytes;
  CLF__TRY(check_segments(self));
  *whole = !self->left_out;
done:
  clf__arena_free(&arena);
  return status;
}
