/* Writing a store: the head (header and table) is built in memory, because it contains the
 * checksums of the data. Then head and data are written in order, to memory or to a file. */
#include <string.h>
#include <zlib.h>

#include "base/math.h"
#include "base/output.h"
#include "base/progress.h"
#include "store/format.h"
#include "store/stream.h"

typedef clf_status (*byte_sink)(void *to, const void *bytes, size_t count);

static size_t element_bytes(const clf__entry *entry) {
  return entry->tensor != NULL ? clf__dtype_size(entry->tensor->dtype) : 1;
}

static size_t data_bytes(const clf__entry *entry) {
  return entry->tensor != NULL
             ? (size_t)clf_tensor_count(entry->tensor) * clf__dtype_size(entry->tensor->dtype)
             : strlen(entry->text);
}

/* Passes on the bytes of the entry as in the file, with little-endian numbers, in pieces, so that
 * the host may cancel in between. */
static clf_status write_data(const clf__entry *entry, byte_sink sink, void *to) {
  const unsigned char *data =
      entry->tensor != NULL ? entry->tensor->data : (const unsigned char *)entry->text;
  const size_t piece = (size_t)1 << 26, element = element_bytes(entry);
  const bool as_it_is = element == 1 || clf__little_endian();
  size_t left = data_bytes(entry);
  clf_status status = CLF_OK;
  while (left > 0 && status == CLF_OK) {
    unsigned char chunk[4096];
    const size_t max = as_it_is ? piece : sizeof chunk, count = clf__min_size(left, max);
    if (!as_it_is) {
      clf__copy_swapped(chunk, data, count / element, element);
    }
    status = sink(to, as_it_is ? data : chunk, count);
    status = status == CLF_OK ? clf__progress_check() : status;
    data += count;
    left -= count;
  }
  return status;
}

static clf_status add_to_checksum(void *to, const void *bytes, size_t count) {
  uLong *checksum = to;
  if (count > 0) {
    *checksum = crc32_z(*checksum, bytes, count);
  }
  return CLF_OK;
}

static clf_status write_to_memory(void *to, const void *bytes, size_t count) {
  unsigned char **at = to;
  if (count > 0) {
    memcpy(*at, bytes, count);
    *at += count;
  }
  return CLF_OK;
}

static clf_status write_to_file(void *to, const void *bytes, size_t count) {
  return clf__output_write(to, bytes, count);
}

static size_t record_bytes(const clf__entry *entry) {
  size_t axes = entry->tensor != NULL ? (size_t)entry->tensor->ndim : 0;
  size_t name = strlen(entry->name);
  return CLF__RECORD_BYTES + 8 * axes +
         (name + CLF__NAME_ALIGNMENT - 1) / CLF__NAME_ALIGNMENT * CLF__NAME_ALIGNMENT;
}

/* Computes the bytes of header and table, and of the whole. */
static clf_status measure(const clf__store *store, size_t *head, size_t *whole) {
  *head = CLF__HEADER_BYTES;
  for (int64_t i = 0; i < store->count; i++) {
    *head += record_bytes(&store->entries[i]);
  }
  *whole = *head;
  for (int64_t i = 0; i < store->count; i++) {
    if (!clf__align(*whole, CLF__DATA_ALIGNMENT, whole) ||
        !clf__add_size(*whole, data_bytes(&store->entries[i]), whole)) {
      return clf__fail(CLF_ERROR_SHAPE, "the entries are too large for one file");
    }
  }
  return CLF_OK;
}

static uLong checksum_of(const clf__entry *entry) {
  uLong checksum = crc32_z(0, NULL, 0);
  write_data(entry, add_to_checksum, &checksum);
  return checksum;
}

static void write_record(unsigned char *to, const clf__entry *entry, size_t offset,
                         uLong checksum) {
  const clf_tensor *tensor = entry->tensor;
  double scale = tensor != NULL ? tensor->scale : 1;
  uint64_t scale_bits;
  memcpy(&scale_bits, &scale, sizeof scale_bits);
  size_t name = strlen(entry->name);
  int32_t axes = tensor != NULL ? tensor->ndim : 0;
  clf__write_u64(to, tensor != NULL ? CLF__TENSOR : CLF__TEXT, 4);
  clf__write_u64(to + 4, tensor != NULL ? (uint64_t)tensor->dtype : 0, 4);
  clf__write_u64(to + 8, (uint64_t)axes, 4);
  clf__write_u64(to + 12, name, 4);
  clf__write_u64(to + 16, offset, 8);
  clf__write_u64(to + 24, data_bytes(entry), 8);
  clf__write_u64(to + 32, scale_bits, 8);
  clf__write_u64(to + 40, checksum, 8);
  for (int32_t i = 0; i < axes; i++) {
    clf__write_u64(to + CLF__RECORD_BYTES + 8 * i, (uint64_t)tensor->shape[i], 8);
  }
  memcpy(to + CLF__RECORD_BYTES + 8 * axes, entry->name, name);
}

/* Returns the first version whose readers know all element types of the store. */
static uint64_t version_of(const clf__store *store) {
  uint64_t version = 1;
  for (int64_t i = 0; i < store->count; i++) {
    const clf_tensor *tensor = store->entries[i].tensor;
    const bool narrow = tensor != NULL && (tensor->dtype == CLF_BF16 || tensor->dtype == CLF_I8);
    version = narrow ? CLF__FORMAT_VERSION : version;
  }
  return version;
}

static void write_header(unsigned char *head, size_t head_bytes, size_t whole,
                         const clf__store *store) {
  memcpy(head, clf__magic, sizeof clf__magic);
  clf__write_u64(head + 8, version_of(store), 4);
  clf__write_u64(head + 12, (uint64_t)store->count, 4);
  clf__write_u64(head + 16, whole, 8);
  clf__write_u64(head + 24, head_bytes - CLF__HEADER_BYTES, 8);
  const unsigned char *table = head + CLF__HEADER_BYTES;
  clf__write_u64(head + 32, crc32_z(0, table, head_bytes - CLF__HEADER_BYTES), 4);
  clf__write_u64(head + 36, crc32_z(0, head, 36), 4);
}

static size_t data_offset(size_t end_before) {
  return (end_before + CLF__DATA_ALIGNMENT - 1) / CLF__DATA_ALIGNMENT * CLF__DATA_ALIGNMENT;
}

/* measure() has checked that no offset overflows. `first` is the checksum of the first entry if
 * that is known, or NULL. */
static unsigned char *make_head(const clf__store *store, size_t head_bytes, size_t whole,
                                const uLong *first) {
  unsigned char *head = clf__alloc_zeroed(store->context, (int64_t)head_bytes, 1);
  if (head == NULL) {
    return NULL;
  }
  unsigned char *record = head + CLF__HEADER_BYTES;
  size_t at = head_bytes;
  for (int64_t i = 0; i < store->count; i++) {
    const clf__entry *entry = &store->entries[i];
    at = data_offset(at);
    write_record(record, entry, at, i == 0 && first != NULL ? *first : checksum_of(entry));
    record += record_bytes(entry);
    at += data_bytes(entry);
  }
  write_header(head, head_bytes, whole, store);
  return head;
}

/* Writes the data of the entries from `entry` on, which follow byte `at`. */
static clf_status write_entries(const clf__store *store, int64_t entry, size_t at, byte_sink sink,
                                void *to) {
  static const unsigned char zeros[CLF__DATA_ALIGNMENT];
  clf_status status = CLF_OK;
  for (int64_t i = entry; i < store->count && status == CLF_OK; i++) {
    size_t offset = data_offset(at);
    status = sink(to, zeros, offset - at);
    if (status == CLF_OK) {
      status = write_data(&store->entries[i], sink, to);
    }
    at = offset + data_bytes(&store->entries[i]);
  }
  return status;
}

static clf_status write_all(const clf__store *store, size_t head_bytes, size_t whole,
                            byte_sink sink, void *to) {
  unsigned char *head = make_head(store, head_bytes, whole, NULL);
  if (head == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = sink(to, head, head_bytes);
  if (status == CLF_OK) {
    status = write_entries(store, 0, head_bytes, sink, to);
  }
  clf__free(head);
  return status;
}

clf_status clf__store_write_memory(const clf__store *store, void *buffer, size_t capacity,
                                   size_t *size) {
  size_t head, whole;
  clf_status status = CLF_OK;
  CLF__CHECK(measure(store, &head, &whole));
  CLF__CHECK(clf__check_buffer(buffer, capacity, whole));
  if (buffer != NULL) {
    unsigned char *at = buffer;
    status = write_all(store, head, whole, write_to_memory, &at);
  }
  if (status == CLF_OK) {
    *size = whole;
  }
  return status;
}

clf_status clf__store_write_path(const clf__store *store, const char *path) {
  clf__output output = {0};
  size_t head, whole;
  clf_status status = CLF_OK;
  CLF__TRY(measure(store, &head, &whole));
  CLF__TRY(clf__output_open(&output, store->context, path));
  CLF__TRY(write_all(store, head, whole, write_to_file, &output));
  CLF__TRY(clf__output_commit(&output));
done:
  clf__output_close(&output);
  return status;
}

clf_status clf__store_stream_open(clf__store_stream *out, clf_context *context, const char *path,
                                  const clf__store *plan) {
  clf__store_stream stream = {.checksum = 0}; /* CRC-32 of no bytes */
  unsigned char *zeros = NULL;
  size_t whole;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__output_open(&stream.output, context, path));
  CLF__TRY(measure(plan, &stream.head, &whole));
  zeros = clf__alloc_zeroed(context, (int64_t)data_offset(stream.head), 1);
  status = zeros != NULL ? clf__output_write(&stream.output, zeros, data_offset(stream.head))
                         : CLF_ERROR_MEMORY;
done:
  clf__free(zeros);
  if (status < 0) {
    clf__output_close(&stream.output);
    return status;
  }
  *out = stream;
  return CLF_OK;
}

static clf_status write_to_stream(void *to, const void *bytes, size_t count) {
  clf__store_stream *stream = to;
  stream->checksum = (uint32_t)crc32_z(stream->checksum, bytes, count);
  return clf__output_write(&stream->output, bytes, count);
}

clf_status clf__store_stream_write(clf__store_stream *stream, const void *data, size_t count,
                                   size_t element) {
  const unsigned char *at = data;
  unsigned char chunk[4096];
  clf_status status = CLF_OK;
  if (element == 1 || clf__little_endian()) {
    return write_to_stream(stream, data, count);
  }
  while (status == CLF_OK && count > 0) {
    const size_t part = clf__min_size(count, sizeof chunk);
    clf__copy_swapped(chunk, at, part / element, element);
    status = write_to_stream(stream, chunk, part);
    at += part;
    count -= part;
  }
  return status;
}

clf_status clf__store_stream_commit(clf__store_stream *stream, const clf__store *store) {
  const size_t first = data_offset(stream->head) + data_bytes(&store->entries[0]);
  const uLong checksum = stream->checksum;
  size_t head_bytes, whole;
  unsigned char *head = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(measure(store, &head_bytes, &whole));
  CLF__TRY(write_entries(store, 1, first, write_to_file, &stream->output));
  head = make_head(store, head_bytes, whole, &checksum);
  status =
      head != NULL ? clf__output_overwrite(&stream->output, 0, head, head_bytes) : CLF_ERROR_MEMORY;
  if (status == CLF_OK) {
    status = clf__output_commit(&stream->output);
  }
done:
  clf__free(head);
  clf__store_stream_close(stream);
  return status;
}

void clf__store_stream_close(clf__store_stream *stream) {
  clf__output_close(&stream->output);
}
