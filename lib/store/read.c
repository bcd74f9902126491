/* Reading a store, in the order of its bytes, from memory or a file. Nothing is used before its
 * checksum is verified, except large tensors that stay where they are and are not read. No memory
 * is allocated that the source is too short to fill. The layout
 * is unique: offsets follow from the sizes, gaps are zero, and the last byte belongs to the last
 * entry. The reader requires exactly that, so every changed byte of what it reads is detected. */
#include <math.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "base/math.h"
#include "base/progress.h"
#include "store/format.h"

typedef struct source {
  clf__file *file;            /* or NULL: */
  const unsigned char *bytes; /* [size] */
  size_t size;
  size_t at;
  const clf__store_place *place; /* of tensors that stay in `bytes`, or NULL */
  clf__tensor_bytes *shared;     /* the bytes, for them */
} source;

typedef struct record {
  uint32_t type, dtype, axes, name_bytes;
  uint64_t offset, size, checksum;
  double scale;
  int64_t shape[CLF_MAX_DIMENSIONS];
  const char *name; /* [name_bytes] */
} record;

static clf_status read_bytes(source *from, void *to, size_t count) {
  if (count > from->size - from->at) {
    return clf__fail(CLF_ERROR_CORRUPT, "truncated: %zu bytes are missing at offset %zu",
                     count - (from->size - from->at), from->at);
  }
  clf_status status = CLF_OK;
  if (from->file != NULL) {
    status = clf__file_next(from->file, to, count);
  } else if (count > 0 && to != NULL) {
    memcpy(to, from->bytes + from->at, count);
  }
  from->at += count;
  return status;
}

static bool all_zero(const unsigned char *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (bytes[i] != 0) {
      return false;
    }
  }
  return true;
}

static clf_status check_header(const unsigned char *header, size_t size) {
  if (memcmp(header, clf__magic, sizeof clf__magic) != 0) {
    return clf__fail(CLF_ERROR_CORRUPT,
                     "not a classify model file, or one that a transfer as text "
                     "has damaged: the first 8 bytes differ");
  }
  if (clf__read_u64(header + 36, 4) != crc32_z(0, header, 36)) {
    return clf__fail(CLF_ERROR_CORRUPT, "damaged: the header's checksum differs");
  }
  uint64_t version = clf__read_u64(header + 8, 4);
  if (version > CLF__FORMAT_VERSION) {
    return clf__fail(CLF_ERROR_VERSION,
                     "written in format version %llu; this library reads up to %d",
                     (unsigned long long)version, CLF__FORMAT_VERSION);
  }
  if (version == 0) {
    return clf__fail(CLF_ERROR_CORRUPT, "damaged: the format version is 0");
  }
  if (clf__read_u64(header + 16, 8) != size) {
    return clf__fail(CLF_ERROR_CORRUPT, "truncated or extended: %zu bytes, not the %llu written",
                     size, (unsigned long long)clf__read_u64(header + 16, 8));
  }
  return CLF_OK;
}

static clf_status damaged_table(size_t at) {
  return clf__fail(CLF_ERROR_CORRUPT, "damaged: the table's record at offset %zu is not valid",
                   CLF__HEADER_BYTES + at);
}

/* Reads a record at table[*at]; advances *at. */
static clf_status parse_record(const unsigned char *table, size_t size, size_t *at, record *out) {
  size_t begin = *at;
  if (size - begin < CLF__RECORD_BYTES) {
    return damaged_table(begin);
  }
  const unsigned char *fixed = table + begin;
  uint64_t scale_bits = clf__read_u64(fixed + 32, 8);
  *out = (record){.type = (uint32_t)clf__read_u64(fixed, 4),
                  .dtype = (uint32_t)clf__read_u64(fixed + 4, 4),
                  .axes = (uint32_t)clf__read_u64(fixed + 8, 4),
                  .name_bytes = (uint32_t)clf__read_u64(fixed + 12, 4),
                  .offset = clf__read_u64(fixed + 16, 8),
                  .size = clf__read_u64(fixed + 24, 8),
                  .checksum = clf__read_u64(fixed + 40, 8)};
  memcpy(&out->scale, &scale_bits, sizeof out->scale);
  if (out->axes > CLF_MAX_DIMENSIONS || out->name_bytes > CLF__MAX_NAME_BYTES) {
    return damaged_table(begin);
  }
  size_t name_capacity = (out->name_bytes + CLF__NAME_ALIGNMENT - 1u) & ~(CLF__NAME_ALIGNMENT - 1u);
  size_t rest = 8 * out->axes + name_capacity;
  const unsigned char *shape = fixed + CLF__RECORD_BYTES;
  if (size - begin - CLF__RECORD_BYTES < rest) {
    return damaged_table(begin);
  }
  for (uint32_t i = 0; i < out->axes; i++) {
    out->shape[i] = (int64_t)clf__read_u64(shape + 8 * i, 8);
  }
  const unsigned char *name = shape + 8 * out->axes;
  out->name = (const char *)name;
  if (!clf__name_valid(out->name, out->name_bytes) ||
      !all_zero(name + out->name_bytes, name_capacity - out->name_bytes)) {
    return damaged_table(begin);
  }
  *at = begin + CLF__RECORD_BYTES + rest;
  return CLF_OK;
}

/* Returns whether the shape and the size agree. */
static bool shape_fits(const record *entry) {
  int64_t bytes = (int64_t)clf__dtype_size((int32_t)entry->dtype);
  for (uint32_t i = 0; i < entry->axes; i++) {
    if (entry->shape[i] < 0 || !clf__mul_i64(bytes, entry->shape[i], &bytes)) {
      return false;
    }
  }
  return (uint64_t)bytes == entry->size;
}

static bool record_valid(const record *entry) {
  if (entry->type == CLF__TEXT) {
    return entry->dtype == 0 && entry->axes == 0 && entry->scale == 1;
  }
  return entry->type == CLF__TENSOR && clf__dtype_size((int32_t)entry->dtype) != 0 &&
         isfinite(entry->scale) && entry->scale > 0 &&
         (entry->scale == 1 || entry->dtype == CLF_U8) && shape_fits(entry);
}

/* Skips a gap of zeros up to the entry's data, and checks that these end within the source. */
static clf_status reach_data(source *from, const record *entry) {
  unsigned char gap[CLF__DATA_ALIGNMENT];
  size_t offset;
  if (!clf__align(from->at, CLF__DATA_ALIGNMENT, &offset) || offset != entry->offset) {
    return clf__fail(CLF_ERROR_CORRUPT, "damaged: entry '%.*s' does not begin where it should",
                     (int)entry->name_bytes, entry->name);
  }
  size_t count = offset - from->at;
  CLF__CHECK(read_bytes(from, gap, count));
  if (!all_zero(gap, count)) {
    return clf__fail(CLF_ERROR_CORRUPT, "damaged: the gap before offset %zu is not zero", offset);
  }
  if (entry->size > from->size - from->at) {
    return clf__fail(CLF_ERROR_CORRUPT, "damaged: entry '%.*s' of %llu bytes exceeds the file",
                     (int)entry->name_bytes, entry->name, (unsigned long long)entry->size);
  }
  return CLF_OK;
}

/* Reads in pieces, so that each is still in the cache when its checksum is computed, and the host
 * may cancel in between. Data that stay where they are (NULL) are only verified. */
static clf_status read_data(source *from, const record *entry, void *data) {
  const size_t max = (size_t)1 << 18;
  unsigned char *at = data;
  uLong checksum = crc32_z(0, NULL, 0);
  for (size_t left = (size_t)entry->size; left > 0;) {
    const size_t count = clf__min_size(left, max);
    const unsigned char *piece = at != NULL ? at : from->bytes + from->at;
    clf_status status = clf__progress_check();
    status = status == CLF_OK ? read_bytes(from, at, count) : status;
    if (status < 0) {
      return status;
    }
    checksum = crc32_z(checksum, piece, count);
    if (at != NULL) {
      at += count;
    }
    left -= count;
  }
  if (checksum != entry->checksum) {
    return clf__fail(CLF_ERROR_CORRUPT,
                     "damaged: the checksum of entry '%.*s' at offset %llu "
                     "differs",
                     (int)entry->name_bytes, entry->name, (unsigned long long)entry->offset);
  }
  return CLF_OK;
}

static clf_status read_text(source *from, clf_context *context, const record *entry, char **out) {
  char *text = clf__alloc_array(context, (int64_t)entry->size + 1, 1);
  if (text == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = read_data(from, entry, text);
  if (status == CLF_OK && memchr(text, 0, (size_t)entry->size) != NULL) {
    status = clf__fail(CLF_ERROR_CORRUPT, "damaged: the text '%.*s' contains a NUL byte",
                       (int)entry->name_bytes, entry->name);
  }
  if (status < 0) {
    clf__free(text);
    return status;
  }
  text[entry->size] = '\0';
  *out = text;
  return CLF_OK;
}

static bool stays(const source *from, const record *entry) {
  const char *const *name = from->place != NULL ? from->place->names : NULL;
  while (
      name != NULL && *name != NULL &&
      (strlen(*name) != entry->name_bytes || memcmp(*name, entry->name, entry->name_bytes) != 0)) {
    name++;
  }
  return name != NULL && *name != NULL && entry->size > 0 &&
         (clf__little_endian() || clf__dtype_size((int32_t)entry->dtype) == 1);
}

/* Makes a tensor of the bytes where they are. */
static clf_status wrap_tensor(source *from, clf_context *context, const record *entry,
                              clf_tensor **out) {
  const unsigned char *data = from->bytes + from->at;
  clf_tensor *tensor = NULL;
  clf_status status = CLF_OK;
  if (from->place->verify) {
    CLF__CHECK(read_data(from, entry, NULL));
  } else {
    from->at += (size_t)entry->size;
  }
  CLF__TRY(clf__tensor_of_bytes(&tensor, context, from->shared, data, (int32_t)entry->dtype,
                                (int32_t)entry->axes, entry->shape));
  tensor->scale = entry->scale;
  *out = tensor;
done:
  return status == CLF_ERROR_SHAPE ? CLF_ERROR_CORRUPT : status;
}

static clf_status read_tensor(source *from, clf_context *context, const record *entry,
                              clf_tensor **out) {
  if (stays(from, entry)) {
    return wrap_tensor(from, context, entry, out);
  }
  clf_tensor *tensor = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__tensor_create_uninitialized(&tensor, context, (int32_t)entry->dtype,
                                            (int32_t)entry->axes, entry->shape));
  tensor->scale = entry->scale;
  tensor->writable = false;
  CLF__TRY(read_data(from, entry, tensor->data));
  size_t element = clf__dtype_size(tensor->dtype);
  if (!clf__little_endian()) {
    clf__copy_swapped(tensor->data, tensor->data, (size_t)entry->size / element, element);
  }
  *out = tensor;
  return CLF_OK;
done:
  clf_tensor_free(tensor);
  return status == CLF_ERROR_SHAPE ? CLF_ERROR_CORRUPT : status;
}

static clf_status read_entry(source *from, clf__store *store, const record *entry) {
  clf__entry made = {0};
  CLF__CHECK(reach_data(from, entry));
  made.name = clf__copy_bytes(store->context, entry->name, entry->name_bytes);
  if (made.name == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = entry->type == CLF__TEXT
                          ? read_text(from, store->context, entry, &made.text)
                          : read_tensor(from, store->context, entry, &made.tensor);
  if (status < 0) {
    clf__free(made.name);
    return status;
  }
  status = clf__store_add_entry(store, &made);
  return status == CLF_ERROR_ARGUMENT ? clf__fail_within(CLF_ERROR_CORRUPT, "damaged") : status;
}

static clf_status read_entries(source *from, clf__store *store, const unsigned char *table,
                               size_t table_bytes, uint64_t count) {
  size_t at = 0;
  for (uint64_t i = 0; i < count; i++) {
    record entry;
    size_t begin = at;
    clf_status status = parse_record(table, table_bytes, &at, &entry);
    if (status == CLF_OK && !record_valid(&entry)) {
      status = damaged_table(begin);
    }
    if (status == CLF_OK) {
      status = read_entry(from, store, &entry);
    }
    if (status < 0) {
      return status;
    }
  }
  if (at != table_bytes || from->at != from->size) {
    return clf__fail(CLF_ERROR_CORRUPT, "damaged: there are bytes after the last entry");
  }
  return CLF_OK;
}

static clf_status read_store(clf__store **out, clf_context *context, source *from) {
  unsigned char header[CLF__HEADER_BYTES];
  unsigned char *table = NULL;
  clf__store *store = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(read_bytes(from, header, sizeof header));
  CLF__TRY(check_header(header, from->size));
  CLF__TRY(clf__store_create(&store, context));
  uint64_t table_bytes = clf__read_u64(header + 24, 8);
  if (table_bytes > from->size - from->at) {
    status = clf__fail(CLF_ERROR_CORRUPT, "damaged: a table of %llu bytes exceeds the file",
                       (unsigned long long)table_bytes);
    goto done;
  }
  table = clf__alloc(store->context, (size_t)table_bytes);
  if (table == NULL) {
    status = CLF_ERROR_MEMORY;
    goto done;
  }
  CLF__TRY(read_bytes(from, table, (size_t)table_bytes));
  if (clf__read_u64(header + 32, 4) != crc32_z(0, table, (size_t)table_bytes)) {
    status = clf__fail(CLF_ERROR_CORRUPT, "damaged: the table's checksum differs");
    goto done;
  }
  CLF__TRY(read_entries(from, store, table, (size_t)table_bytes, clf__read_u64(header + 12, 4)));
  *out = store;
  store = NULL;
done:
  clf__free(table);
  clf__store_free(store);
  return status;
}

clf_status clf__store_read_memory(clf__store **out, clf_context *context, const void *bytes,
                                  size_t size) {
  source from = {.bytes = bytes, .size = size};
  return read_store(out, context, &from);
}

clf_status clf__store_read_bytes(clf__store **out, clf_context *context, clf__bytes *bytes,
                                 const clf__store_place *place) {
  source from = {.bytes = bytes->data, .size = bytes->size, .place = place};
  clf_status status = clf__tensor_bytes_share(&from.shared, context, bytes);
  if (status == CLF_OK) {
    status = read_store(out, context, &from);
  }
  clf__tensor_bytes_release(from.shared);
  return status;
}

clf_status clf__store_read_path(clf__store **out, clf_context *context, const char *path) {
  clf__file file = {0};
  CLF__CHECK(clf__file_open(&file, path));
  source from = {.file = &file, .size = file.size};
  clf_status status = read_store(out, context, &from);
  clf__file_close(&file);
  return status;
}
