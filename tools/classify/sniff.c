#include "sniff.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "report/files.h"
#include "report/text.h"

enum { HEAD = 1 << 16, FIELDS_OF_TEXTS = 2, RECORDS = 16 };

static const sniffed csv = {CONTENT_ROWS, "csv", ""};

static bool begins(const unsigned char *bytes, size_t count, const char *with, size_t length) {
  return count >= length && memcmp(bytes, with, length) == 0;
}

static bool is_picture(const unsigned char *b, size_t count) {
  return begins(b, count, "\x89PNG", 4) || begins(b, count, "\xFF\xD8\xFF", 3) ||
         begins(b, count, "GIF8", 4) ||
         (count > 2 && b[0] == 'P' && b[1] >= '1' && b[1] <= '6' && strchr(" \t\r\n#", b[2]));
}

static bool is_idx(const unsigned char *b, size_t count) {
  return count > 4 && b[0] == 0 && b[1] == 0 && b[2] >= 0x08 && b[2] <= 0x0E && b[3] >= 1 &&
         b[3] <= 8;
}

/* Whether the first entry of a file of the library's (docs/model-format.md) is a dataset's. */
static bool is_rows(const unsigned char *b, size_t count) {
  const size_t axes = count > 48 ? b[48] : 0, name = 40 + 48 + 8 * axes;
  return count > name && begins(b + name, count - name, "dataset.", 8);
}

/* Whether the first line with anything on it is that of an svmlight file: a number, then pairs of
 * an index and a value. */
static bool is_svmlight(const char *text) {
  text += strspn(text, " \t\r\n");
  while (*text == '#') {
    text += strcspn(text, "\n");
    text += strspn(text, " \t\r\n");
  }
  char *end;
  strtod(text, &end);
  bool pairs = false;
  while (end != text && (*end == ' ' || *end == '\t')) {
    text = end + strspn(end, " \t");
    if (*text == '\n' || *text == '\r' || *text == '\0' || *text == '#') {
      return pairs;
    }
    text += strncmp(text, "qid", 3) == 0 ? 3 : strspn(text, "0123456789");
    if (*text != ':') {
      return false;
    }
    strtod(++text, &end);
    pairs = end != text;
  }
  return pairs && strchr("\r\n", *end) != NULL;
}

/* A field of a CSV file, and what ends it. */
typedef struct field {
  const char *begin, *end, *next;
  bool last; /* of its record */
} field;

static field field_at(const char *text, char delimiter) {
  const char ends[] = {delimiter, '\r', '\n', '\0'};
  field out = {.begin = text};
  if (*text == '"') {
    do {
      text += 1 + strcspn(text + 1, "\"");
      text += *text == '"';
    } while (*text == '"');
  }
  out.end = text + strcspn(text, ends);
  out.last = *out.end != delimiter;
  out.next = out.end + (*out.end != '\0');
  out.next += *out.end == '\r' && *out.next == '\n';
  return out;
}

/* Whether there is a blank between two words of letters. */
static bool is_prose(const field *f) {
  int words = 0;
  for (const char *at = f->begin; at < f->end; at++) {
    const bool letter = (*at | 0x20) >= 'a' && (*at | 0x20) <= 'z';
    words += (letter || (unsigned char)*at >= 0x80) && (at == f->begin || strchr(" \"", at[-1]));
  }
  return words >= 2;
}

/* The first records of a table of at most two columns: how many there are, and in how many a column
 * is prose. */
typedef struct text_table {
  field first[FIELDS_OF_TEXTS]; /* the first record */
  int fields, records, prose[FIELDS_OF_TEXTS];
  bool again; /* the first field of the first record is also that of another */
} text_table;

static bool same_field(const field *a, const field *b) {
  return a->end - a->begin == b->end - b->begin &&
         memcmp(a->begin, b->begin, (size_t)(a->end - a->begin)) == 0;
}

/* False if a record has more fields. */
static bool look_at_texts(text_table *out, const char *text, char delimiter) {
  *out = (text_table){.fields = 0};
  for (; *text != '\0' && out->records < RECORDS; out->records++) {
    field f[FIELDS_OF_TEXTS] = {0};
    int fields = 0;
    do {
      if (fields == FIELDS_OF_TEXTS) {
        return false;
      }
      f[fields] = field_at(text, delimiter);
      out->prose[fields] += is_prose(&f[fields]);
      text = f[fields].next;
    } while (!f[fields++].last);
    out->again = out->again || (out->records > 0 && same_field(&f[0], &out->first[0]));
    if (out->records == 0) {
      memcpy(out->first, f, sizeof f);
      out->fields = fields;
    }
  }
  return true;
}

/* Whether one of the columns is mostly prose: a text, and maybe its label. */
static bool is_texts(const text_table *table) {
  return 2 * table->prose[0] > table->records || 2 * table->prose[1] > table->records;
}

static bool is_plain_name(const field *f) {
  bool plain =
      f->begin < f->end && f->end - f->begin < 60 && !(*f->begin >= '0' && *f->begin <= '9');
  for (const char *at = f->begin; at < f->end; at++) {
    const char letter = (char)(*at | 0x20);
    plain = plain && ((letter >= 'a' && letter <= 'z') || (*at >= '0' && *at <= '9') || *at == '_');
  }
  return plain;
}

/* Texts behind their labels. A first line of two words that are no text and no label of another
 * line has the names of the columns. */
static sniffed texts_of(const text_table *table) {
  sniffed out = {CONTENT_TEXTS, "csv", ""};
  const field *label = &table->first[0], *text = &table->first[1];
  if (table->fields < 2 || 2 * table->prose[0] > table->records) {
    return out;
  }
  if (!table->again && table->records > 1 && is_plain_name(label) && is_plain_name(text)) {
    snprintf(out.params, sizeof out.params, "header=true text=%.*s label=%.*s",
             (int)(text->end - text->begin), text->begin, (int)(label->end - label->begin),
             label->begin);
  } else {
    snprintf(out.params, sizeof out.params, "text=2 label=1");
  }
  return out;
}

/* Whether one of the usual delimiters stands in the first line. */
static char delimiter_of(const char *text) {
  const size_t line = strcspn(text, "\r\n");
  for (const char *at = "\t;,"; *at != '\0'; at++) {
    if (memchr(text, *at, line) != NULL) {
      return *at;
    }
  }
  return ',';
}

sniffed sniff_bytes(const unsigned char *bytes, size_t count) {
  const char *text = (const char *)bytes;
  if (begins(bytes, count,
             "\x89"
             "CLF",
             4)) {
    return is_rows(bytes, count) ? (sniffed){CONTENT_ROWS, "rows", ""}
                                 : (sniffed){CONTENT_MODEL, NULL, ""};
  }
  if (begins(bytes, count, "svm_type ", 9)) {
    return (sniffed){CONTENT_MODEL, "libsvm", ""};
  }
  if (begins(bytes, count, "solver_type ", 12)) {
    return (sniffed){CONTENT_MODEL, "liblinear", ""};
  }
  if (begins(bytes, count, "\x93NUMPY", 6) || begins(bytes, count, "PK\x03\x04", 4)) {
    return (sniffed){CONTENT_ROWS, "npy", ""};
  }
  if (is_picture(bytes, count)) {
    return (sniffed){CONTENT_ROWS, "images", ""};
  }
  if (is_idx(bytes, count)) {
    return (sniffed){CONTENT_ROWS, "idx", ""};
  }
  if (begins(bytes, count, "__label__", 9)) {
    return (sniffed){CONTENT_TEXTS, "fasttext", ""};
  }
  text_table table;
  if (is_svmlight(text)) {
    return (sniffed){CONTENT_ROWS, "svmlight", ""};
  }
  return look_at_texts(&table, text, delimiter_of(text)) && is_texts(&table) ? texts_of(&table)
                                                                             : csv;
}

/* The first bytes of a file, decompressed where it is compressed, with a NUL; -1 after a
 * message. */
static int read_head(unsigned char *out, const char *path) {
  gzFile file = gzopen(path, "rb");
  const int count = file != NULL ? gzread(file, out, HEAD) : -1;
  if (count < 0) {
    complain("cannot read '%s': %s", path, errno != 0 ? strerror(errno) : "damaged gzip data");
  }
  out[count < 0 ? 0 : count] = '\0';
  if (file != NULL) {
    gzclose(file);
  }
  return count;
}

static int sniff_file(sniffed *out, const char *path) {
  unsigned char head[HEAD + 1];
  const int count = read_head(head, path);
  if (count == 0) {
    complain("'%s' is empty", path);
  }
  if (count > 0) {
    *out = sniff_bytes(head, (size_t)count);
  }
  return count > 0 ? -1 : EXIT_FAILURE;
}

/* A folder: of images where its first file, or that of its first folder, is one; otherwise of
 * texts. */
static int sniff_folder(sniffed *out, const char *path) {
  name_list folders = {0}, files = {0};
  char *inside = NULL, *first = NULL;
  int status = folder_list(&folders, path, FOLDER_FOLDERS);
  if (status < 0) {
    inside = folders.count > 0 ? join_path(path, folders.names[0]) : strdup(path);
    status = inside != NULL ? folder_list(&files, inside, FOLDER_FILES) : EXIT_FAILURE;
  }
  if (status < 0 && files.count == 0) {
    complain("there is no file in '%s'", inside);
    status = EXIT_FAILURE;
  }
  if (status < 0) {
    unsigned char head[HEAD + 1];
    first = join_path(inside, files.names[0]);
    const int count = first != NULL ? read_head(head, first) : -1;
    status = count < 0 ? EXIT_FAILURE : -1;
    *out = count > 0 && is_picture(head, (size_t)count) ? (sniffed){CONTENT_ROWS, "images", ""}
                                                        : (sniffed){CONTENT_TEXTS, "folder", ""};
  }
  name_list_free(&folders);
  name_list_free(&files);
  free(inside);
  free(first);
  return status;
}

static bool has_files(const char *path, const char *pattern) {
  name_list found;
  const bool has = files_beginning(&found, path, pattern);
  name_list_free(&found);
  return has;
}

int sniff(sniffed *out, const char *path) {
  struct stat there;
  if (stat(path, &there) == 0) {
    return S_ISDIR(there.st_mode) ? sniff_folder(out, path) : sniff_file(out, path);
  }
  const int reason = errno;
  if (has_files(path, "-images*idx*") || has_files(path, "-images*.idx*")) {
    *out = (sniffed){CONTENT_ROWS, "idx", ""};
  } else if (has_files(path, ".*")) {
    *out = (sniffed){CONTENT_TEXTS, "lines", ""};
  } else {
    complain("cannot read '%s': %s", path, strerror(reason));
    return EXIT_FAILURE;
  }
  return -1;
}

bool sniff_own(const char *path) {
  char head[4] = "";
  FILE *file = fopen(path, "rb");
  const bool own = file != NULL && fread(head, 1, sizeof head, file) == sizeof head &&
                   memcmp(head,
                          "\x89"
                          "CLF",
                          sizeof head) == 0;
  if (file != NULL) {
    fclose(file);
  }
  return own;
}
