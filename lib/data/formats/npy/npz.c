/* NPZ: a ZIP archive of NPY files, stored or deflated.
 *
 * Only the central directory at the end is used; a member's own header, which may lack sizes, only
 * determines where its bytes begin. Source: PKWARE, APPNOTE 6.3, sections 4.3.7, 4.3.12 and
 * 4.3.16. */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/text.h"
#include "base/utf8.h"
#include "data/formats/lines.h"
#include "data/formats/npy/npy.h"

enum { END_BYTES = 22, ENTRY_BYTES = 46, LOCAL_BYTES = 30, MAX_COMMENT_BYTES = 65535 };
enum { STORED = 0, DEFLATED = 8 };

typedef struct member {
  const char *name;
  size_t name_length;
  uint32_t method;
  uint32_t crc;
  size_t packed;
  size_t size;
  size_t local; /* offset of the member's own header */
  bool encrypted;
} member;

static size_t u16(const unsigned char *at) {
  return (size_t)at[0] | (size_t)at[1] << 8;
}

static uint32_t u32(const unsigned char *at) {
  return (uint32_t)u16(at) | (uint32_t)u16(at + 2) << 16;
}

bool clf__npz_detect(const unsigned char *bytes, size_t size) {
  return size >= 4 && (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "PK\5\6", 4) == 0);
}

/* The end record is followed by a comment whose length it states. */
static clf_status find_end(const unsigned char **out, const clf__bytes *archive, const char *name) {
  size_t reach =
      archive->size < END_BYTES + MAX_COMMENT_BYTES ? archive->size : END_BYTES + MAX_COMMENT_BYTES;
  for (size_t back = END_BYTES; back <= reach; back++) {
    const unsigned char *at = archive->data + archive->size - back;
    if (memcmp(at, "PK\5\6", 4) == 0 && u16(at + 20) == back - END_BYTES) {
      *out = at;
      return CLF_OK;
    }
  }
  return clf__fail(CLF_ERROR_FORMAT,
                   "%s: it is a ZIP archive without its end record: it was cut short", name);
}

/* Iterates over the entries of the directory. */
typedef struct directory {
  const clf__bytes *archive;
  const char *name;
  size_t offset; /* of the next entry */
  size_t end;    /* of the directory */
  size_t left;   /* entries */
} directory;

static clf_status open_directory(directory *out, const clf__bytes *archive, const char *name) {
  const unsigned char *end = NULL;
  CLF__CHECK(find_end(&end, archive, name));
  *out = (directory){archive, name, u32(end + 16), (size_t)(end - archive->data), u16(end + 10)};
  if (out->left == 0xFFFF || out->offset == UINT32_MAX) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: it is a ZIP64 archive, which is not read; save its arrays as NPY files",
                     name);
  }
  return CLF_OK;
}

static clf_status next_entry(member *out, directory *self) {
  size_t available = self->offset <= self->end ? self->end - self->offset : 0;
  const unsigned char *at = self->archive->data + self->end - available;
  if (available < ENTRY_BYTES || memcmp(at, "PK\1\2", 4) != 0 ||
      available - ENTRY_BYTES < u16(at + 28)) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: offset %zu: no entry of the archive's directory",
                     self->name, self->offset);
  }
  *out = (member){
      .name = (const char *)at + ENTRY_BYTES,
      .name_length = u16(at + 28),
      .method = (uint32_t)u16(at + 10),
      .crc = u32(at + 16),
      .packed = u32(at + 20),
      .size = u32(at + 24),
      .local = u32(at + 42),
      .encrypted = (at[8] & 1) != 0,
  };
  self->offset += ENTRY_BYTES + u16(at + 28) + u16(at + 30) + u16(at + 32);
  self->left--;
  return CLF_OK;
}

/* Returns which of the names "a|b" a member "a.npy" has; -1 for none. */
static int32_t rank_of(const member *entry, const char *names) {
  static const char ending[] = ".npy";
  const size_t length = sizeof ending - 1;
  if (entry->name_length <= length ||
      memcmp(entry->name + entry->name_length - length, ending, length) != 0) {
    return -1;
  }
  return clf__word_index(names, entry->name, entry->name_length - length);
}

/* Finds the member with the earliest name, the last of several; `found` receives whether there is
 * one. */
static clf_status find_member(member *out, bool *found, const clf__bytes *archive,
                              const char *names, const char *name) {
  directory entries;
  clf_status status = open_directory(&entries, archive, name);
  int32_t best = INT32_MAX;
  *found = false;
  while (status == CLF_OK && entries.left > 0) {
    member entry = {0};
    status = next_entry(&entry, &entries);
    int32_t rank = status == CLF_OK ? rank_of(&entry, names) : -1;
    if (rank >= 0 && rank <= best) {
      best = rank;
      *out = entry;
      *found = true;
    }
  }
  return status;
}

clf__npz_list clf__npz_names(const clf__bytes *archive) {
  clf__npz_list list = {""};
  directory entries;
  clf_status status = open_directory(&entries, archive, "");
  size_t length = 0;
  while (status == CLF_OK && entries.left > 0) {
    member entry = {0};
    status = next_entry(&entry, &entries);
    if (status < 0) {
      break;
    }
    clf__excerpt name = clf__excerpt_of(entry.name, entry.name + entry.name_length);
    int added = snprintf(list.text + length, sizeof list.text - length, "%s%s",
                         length > 0 ? ", " : "", name.text);
    if (added < 0 || (size_t)added >= sizeof list.text - length) {
      list.text[length] = '\0';
      break;
    }
    length += (size_t)added;
  }
  return list;
}

/* Finds the bytes of the member in the archive. */
static clf_status locate(size_t *offset, const member *entry, const clf__bytes *archive,
                         const char *name) {
  size_t left = entry->local <= archive->size ? archive->size - entry->local : 0;
  const unsigned char *at = archive->data + archive->size - left;
  if (entry->packed == UINT32_MAX || entry->size == UINT32_MAX || entry->local == UINT32_MAX) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: it has 4 GiB or more (ZIP64), which is not read; save it as an NPY file",
                     name);
  }
  if (entry->encrypted || (entry->method != STORED && entry->method != DEFLATED)) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: it is %s; it must be stored or deflated", name,
                     entry->encrypted ? "encrypted" : "compressed by another method");
  }
  if (left < LOCAL_BYTES || memcmp(at, "PK\3\4", 4) != 0) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: there is no member at offset %zu", name, entry->local);
  }
  size_t header = LOCAL_BYTES + u16(at + 26) + u16(at + 28);
  if (left < header || left - header < entry->packed ||
      (entry->method == STORED && entry->packed != entry->size)) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: its %zu bytes at offset %zu go beyond the archive's %zu bytes", name,
                     entry->packed, entry->local, archive->size);
  }
  *offset = entry->local + header;
  return CLF_OK;
}

static clf_status check_crc(const member *entry, const clf__bytes *bytes, const char *name) {
  uLong crc = crc32_z(crc32(0, Z_NULL, 0), bytes->data, bytes->size);
  if (bytes->size == entry->size && crc == entry->crc) {
    return CLF_OK;
  }
  return clf__fail(CLF_ERROR_FORMAT, "%s: it is damaged: its size or checksum is wrong", name);
}

static clf_status unpack(clf__bytes *out, clf_context *context, const member *entry,
                         const clf__bytes *archive, const clf__array_wanted *wanted,
                         const char *name) {
  clf__array_wanted sized = *wanted;
  const clf__head_check check = {clf__array_measure, &sized};
  size_t offset = 0;
  CLF__CHECK(locate(&offset, entry, archive, name));
  sized.size = entry->size;
  clf__bytes packed = {archive->data + offset, entry->packed, CLF__BYTES_BORROWED};
  clf__bytes bytes = {0};
  clf_status status = entry->method == STORED
                          ? clf__bytes_copy(&bytes, context, &packed)
                          : clf__inflate(&bytes, context, &packed, false, &check, name);
  if (status == CLF_OK) {
    status = check_crc(entry, &bytes, name);
  }
  if (status < 0) {
    clf__bytes_release(&bytes);
    return status;
  }
  *out = bytes;
  return CLF_OK;
}

bool clf__npz_has(const clf__bytes *archive, const char *names) {
  member entry = {0};
  bool found = false;
  return find_member(&entry, &found, archive, names, "") == CLF_OK && found;
}

clf_status clf__npz_open(clf__npz_member *out, clf_context *context, const clf__bytes *archive,
                         const char *names, const clf__array_wanted *wanted, const char *name) {
  member entry = {0};
  bool found = false;
  clf__npz_member made = {.bytes = {0}};
  clf_status status = find_member(&entry, &found, archive, names, name);
  if (status == CLF_OK && found) {
    made.shown = clf__excerpt_of(entry.name, entry.name + entry.name_length);
    status = unpack(&made.bytes, context, &entry, archive, wanted, made.shown.text);
    status = status < 0 ? clf__fail_within(status, "%s", name) : CLF_OK;
  }
  if (status == CLF_OK) {
    *out = made;
  }
  return status;
}
