/* Checks the scans of a JPEG file by ITU-T T.81, annexes B.2.3 and G.1.1: each is valid after the
 * earlier ones, each restart interval has exactly its blocks, and the intervals are numbered
 * consecutively. */
#include <math.h>
#include <string.h>

#include "base/progress.h"
#include "image/jpeg_check.h"

enum { MARK_RST0 = 0xD0, UNITS_A_STEP = 4096 };

/* Computes the energies of the values that a scan may have of the component. */
static clf_status set_energies(const clf__jpeg_checker *self, clf__jpeg_component *component) {
  enum { BEYOND = 2530 }; /* the first root of an energy above the maximum */
  const uint16_t *steps = self->quantizers[component->quantizer];
  if (steps[0] == 0) {
    return clf__jpeg_fail(self, "a quantization table is missing");
  }
  component->part.step = steps[0];
  for (uint32_t size = 0; size < 16; size++) {
    uint32_t *energies = component->part.energies[size];
    const uint32_t twice = size <= CLF__JPEG_MAX_SIZE ? (1U << size) - 1 : BEYOND;
    for (int k = 0; k < 64; k++) {
      const uint32_t step = (uint32_t)steps[k] << self->scan.low;
      const uint32_t root = twice * (step < BEYOND ? step : BEYOND);
      energies[k] = root < BEYOND ? root * root : BEYOND * BEYOND;
    }
    for (int k = 64; k < 80; k++) {
      energies[k] = BEYOND * BEYOND;
    }
  }
  return CLF_OK;
}

/* Each coefficient comes once with its high bits, and then bit by bit. */
static bool coefficients_follow(const clf__jpeg_scan *scan, clf__jpeg_component *component) {
  for (int k = scan->first; k <= scan->last; k++) {
    const int low = component->low[k];
    if (low == CLF__JPEG_UNSEEN ? scan->high != 0 : scan->high != low || scan->low != low - 1) {
      return false;
    }
    component->low[k] = (int8_t)scan->low;
  }
  return true;
}

/* Finds the Huffman tables and allocates the memory of a component; `tables` numbers its tables. */
static clf_status find_tables(clf__jpeg_checker *self, clf__jpeg_component *component, int tables) {
  const bool with_dc = self->scan.first == 0 && self->scan.high == 0, with_ac = self->scan.last > 0;
  clf__jpeg_part *part = &component->part;
  if ((tables >> 4) > 3 || (tables & 15) > 3) {
    return clf__jpeg_fail(self, "there is no such Huffman table");
  }
  part->dc = &self->tables[tables >> 4];
  part->ac = &self->tables[4 + (tables & 15)];
  self->left_out |=
      (with_dc && !self->defined[tables >> 4]) || (with_ac && !self->defined[4 + (tables & 15)]);
  if (self->progressive && with_ac && part->nonzero == NULL) {
    part->nonzero = clf__arena_zeroed(self->arena, clf__count(component->width, component->height),
                                      sizeof *part->nonzero);
    if (part->nonzero == NULL) {
      return clf__fail_within(CLF_ERROR_MEMORY, "%s", self->source->name);
    }
  }
  return set_energies(self, component);
}

static clf_status add_component(clf__jpeg_checker *self, clf__jpeg_component *component, int tables,
                                int blocks) {
  clf__jpeg_scan *scan = &self->scan;
  if (!coefficients_follow(scan, component)) {
    return clf__jpeg_fail(self, "a scan does not follow those that came");
  }
  if (scan->block_count + blocks > CLF__JPEG_MAX_BLOCKS) {
    return clf__jpeg_fail(self, "a scan has too many components");
  }
  for (int b = 0; b < blocks; b++) {
    scan->blocks[scan->block_count++] = &component->part;
  }
  return find_tables(self, component, tables);
}

/* Reads the components and their tables; each component must occur once. */
static clf_status read_components(clf__jpeg_checker *self, clf__jpeg_segment *from, int count,
                                  clf__jpeg_component **components, int *tables) {
  bool used[CLF__JPEG_COMPONENTS] = {false};
  for (int i = 0; i < count; i++) {
    const int id = clf__jpeg_byte(from);
    int c = 0;
    while (c < self->components && (self->part[c].id != id || used[c])) {
      c++;
    }
    if (c == self->components) {
      return clf__jpeg_fail(self, "a scan has a component that the frame lacks");
    }
    used[c] = true;
    components[i] = &self->part[c];
    tables[i] = clf__jpeg_byte(from);
  }
  return CLF_OK;
}

static bool has_possible_coefficients(const clf__jpeg_scan *scan, int components) {
  if (!scan->progressive) { /* sequential scans have all coefficients; some programs write 0 for the
                             * last one */
    return scan->first == 0 && (scan->last == 63 || scan->last == 0) && scan->high == 0 &&
           scan->low == 0;
  }
  return scan->last < 64 && scan->low < 14 &&
         (scan->first == 0 ? scan->last == 0 : scan->last >= scan->first && components == 1);
}

/* Prepares a scan; *units receives the number of its units. */
static clf_status read_scan(clf__jpeg_checker *self, clf__jpeg_segment *from, int64_t *units) {
  clf__jpeg_scan *scan = &self->scan;
  clf__jpeg_component *components[CLF__JPEG_COMPONENTS] = {NULL};
  int tables[CLF__JPEG_COMPONENTS] = {0};
  const int count = clf__jpeg_byte(from);
  if (count < 1 || count > self->components) {
    return clf__jpeg_fail(self, "a scan has components that the frame lacks");
  }
  CLF__CHECK(read_components(self, from, count, components, tables));
  *scan = (clf__jpeg_scan){.progressive = self->progressive};
  scan->first = clf__jpeg_byte(from);
  scan->last = clf__jpeg_byte(from);
  const int bits = clf__jpeg_byte(from);
  scan->high = bits >> 4;
  scan->low = bits & 15;
  if (!has_possible_coefficients(scan, count)) {
    return clf__jpeg_fail(self, "a scan has impossible coefficients");
  }
  scan->last = scan->progressive ? scan->last : 63;
  for (int i = 0; i < count; i++) {
    CLF__CHECK(add_component(self, components[i], tables[i],
                             count == 1 ? 1 : components[i]->across * components[i]->down));
  }
  *units = count == 1 ? components[0]->width * components[0]->height : self->width * self->height;
  return clf__jpeg_close(self, from);
}

/* Copies the bytes of an interval, without stuffed ones, up to the next marker, where `at` then
 * is. */
static size_t copy_interval(clf__jpeg_checker *self) {
  const uint8_t *bytes = self->source->bytes;
  const size_t size = self->source->size;
  size_t length = 0;
  for (;;) {
    const uint8_t *found = memchr(bytes + self->at, 0xFF, size - self->at);
    const bool stuffed = found != NULL && found + 1 < bytes + size && found[1] == 0;
    const size_t end = found != NULL ? (size_t)(found - bytes) + stuffed : size;
    memcpy(self->bytes + length, bytes + self->at, end - self->at);
    length += end - self->at;
    self->at = end + stuffed;
    if (!stuffed) {
      return length;
    }
  }
}

static clf_status fail_interval(const clf__jpeg_checker *self, int64_t unit, int64_t units) {
  return clf__fail(CLF_ERROR_FORMAT,
                   "%s: jpeg: it is damaged before byte %zu: the data of scan %d do not fit its "
                   "%lld blocks; they are wrong in block %lld or before",
                   self->source->name, self->at, self->scans, (long long)units, (long long)unit);
}

/* Walks over the units of one interval. */
static clf_status check_interval(clf__jpeg_checker *self, int64_t from, int64_t to, int64_t units) {
  const clf__progress progress = clf__progress_begin(self->arena->context, "image", units);
  clf__jpeg_bits bits;
  const size_t size = copy_interval(self);
  memset(self->bytes + size, 0, CLF__JPEG_SLACK);
  clf__jpeg_bits_begin(&bits, self->bytes, size);
  self->scan.skipped = 0;
  for (int b = 0; b < self->scan.block_count; b++) {
    self->scan.blocks[b]->predicted = 0;
  }
  while (from < to) {
    CLF__CHECK(clf__progress_step(&progress, from, NAN, NAN));
    const int64_t end = to - from > UNITS_A_STEP ? from + UNITS_A_STEP : to;
    from = clf__jpeg_walk(&self->scan, &bits, from, end);
    if (from < end) {
      return fail_interval(self, from, units);
    }
  }
  return clf__jpeg_bits_end(&bits) && self->scan.skipped == 0 ? CLF_OK
                                                              : fail_interval(self, to, units);
}

/* Skips the restart marker before interval `number`, if it is the next one. */
static bool pass_restart(clf__jpeg_checker *self, int64_t number) {
  const uint8_t *bytes = self->source->bytes;
  size_t at = self->at;
  while (at + 1 < self->source->size && bytes[at + 1] == 0xFF) { /* filled up */
    at++;
  }
  if (at + 1 >= self->source->size || bytes[at + 1] != MARK_RST0 + ((number - 1) & 7)) {
    return false;
  }
  self->at = at + 2;
  return true;
}

/* Some cameras also write a restart marker after the last interval. */
clf_status clf__jpeg_check_scan(clf__jpeg_checker *self, clf__jpeg_segment *from) {
  int64_t units = 0, number = 0;
  if (++self->scans > CLF__JPEG_MAX_SCANS) {
    return clf__jpeg_fail(self, "there are too many scans");
  }
  clf_status status = read_scan(self, from, &units);
  const int64_t interval = self->restart > 0 ? self->restart : units;
  for (int64_t unit = 0; status == CLF_OK && !self->left_out && unit < units; unit += interval) {
    if (number > 0 && !pass_restart(self, number)) {
      return clf__jpeg_fail(self, "the restart marker of the next interval is missing");
    }
    status = check_interval(self, unit, units - unit > interval ? unit + interval : units, units);
    number++;
  }
  if (status == CLF_OK && !self->left_out && self->restart > 0) {
    pass_restart(self, number);
  }
  return status;
}
