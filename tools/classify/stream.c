#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/options.h"
#include "report/progress.h"
#include "report/text.h"
#include "tool.h"

enum { BLOCK = 1 << 19, PACKED = 1 << 16, FIRST = 12 /* bytes by which files are known */ };

int stream_open(stream *out, const char *path) {
  const bool standard = strcmp(path, "-") == 0;
  struct stat there;
  *out = (stream){.name = standard ? "standard input" : path, .line_end = '\n', .line = 1};
  out->file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  out->own = !standard && out->file >= 0;
  if (out->file < 0 || fstat(out->file, &there) != 0) {
    complain("cannot read '%s': %s", path, strerror(errno));
    return EXIT_FAILURE;
  }
  if (S_ISDIR(there.st_mode)) {
    complain("'%s' is a folder", out->name);
    return EXIT_FAILURE;
  }
  out->pipe = !S_ISREG(there.st_mode);
  out->capacity = BLOCK;
  out->bytes = calloc(1, out->capacity + 1); /* and a NUL behind what was read first */
  return out->bytes != NULL ? -1 : tool_fail(CLF_ERROR_MEMORY);
}

void stream_close(stream *s) {
  if (s->packed != NULL) {
    inflateEnd(&s->inflater);
  }
  if (s->own) {
    close(s->file);
  }
  free(s->packed);
  free(s->bytes);
  *s = (stream){0};
}

/* Whether there is something to read, or the end, within some milliseconds. */
static bool has_data(const stream *s, int milliseconds) {
  struct pollfd wanted = {.fd = s->file, .events = POLLIN};
  return poll(&wanted, 1, milliseconds) > 0;
}

/* Reads bytes as they are in the file: 0 at the end, -1 with errno, or on Ctrl-C. A signal may come
 * between a look at it and the wait, which is therefore never long. */
static ssize_t read_raw(const stream *s, void *to, size_t count) {
  while (!progress_interrupted()) {
    if (has_data(s, 100)) {
      const ssize_t got = read(s->file, to, count);
      if (got >= 0 || errno != EINTR) {
        return got;
      }
    }
  }
  return -1;
}

static int fail_read(const stream *s) {
  if (progress_interrupted()) {
    return tool_fail(CLF_ERROR_CANCELLED);
  }
  complain("cannot read %s: %s", s->name, strerror(errno));
  return EXIT_FAILURE;
}

static int fail_packed(const stream *s, const char *how) {
  complain("%s: the gzip data %s", s->name, how);
  return EXIT_FAILURE;
}

/* Decompresses the next bytes, after what is left of those that were read before. */
static int read_packed(stream *s, size_t *got) {
  z_stream *z = &s->inflater;
  z->next_out = (Bytef *)s->bytes + s->used;
  const size_t left = s->capacity - s->used;
  z->avail_out = (uInt)(left < UINT32_MAX ? left : UINT32_MAX);
  for (*got = 0; *got == 0 && !s->ended;) {
    if (z->avail_in == 0) {
      const ssize_t count = read_raw(s, s->packed, PACKED);
      if (count < 0) {
        return fail_read(s);
      }
      if (count == 0 && z->total_in > 0) {
        return fail_packed(s, "end early");
      }
      s->ended = count == 0;
      z->next_in = s->packed;
      z->avail_in = (uInt)count;
    }
    const int result = s->ended ? Z_OK : inflate(z, Z_NO_FLUSH);
    *got = (size_t)(z->next_out - (Bytef *)s->bytes) - s->used;
    if (result == Z_STREAM_END) {
      inflateReset(z); /* another member may follow; total_in is then 0 */
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return fail_packed(s, "are damaged");
    }
  }
  return -1;
}

/* The first bytes show whether the data are compressed: then they move to `packed`. */
static int begin_inflate(stream *s) {
  const unsigned char *bytes = (const unsigned char *)s->bytes;
  s->looked = true;
  if (s->used < 2 || bytes[0] != 0x1F || bytes[1] != 0x8B) {
    return -1;
  }
  s->packed = malloc(PACKED);
  if (s->packed == NULL || inflateInit2(&s->inflater, MAX_WBITS + 16) != Z_OK) {
    free(s->packed);
    s->packed = NULL;
    return tool_fail(CLF_ERROR_MEMORY);
  }
  memcpy(s->packed, s->bytes, s->used);
  s->inflater.next_in = s->packed;
  s->inflater.avail_in = (uInt)s->used;
  s->used = s->scanned = s->whole = 0;
  return -1;
}

/* Makes memory for more, where the block is full. */
static int reserve(stream *s) {
  if (s->used < s->capacity) {
    return -1;
  }
  char *more = realloc(s->bytes, 2 * s->capacity + 1);
  if (more == NULL) {
    complain("%s: the record at line %" PRId64 " is larger than the memory", s->name, s->line);
    return EXIT_FAILURE;
  }
  s->bytes = more;
  s->capacity *= 2;
  return -1;
}

/* Finds the ends of records in the bytes that were read last. */
static void scan(stream *s) {
  const char *end = s->bytes + s->used;
  const char *at = s->bytes + s->scanned;
  const bool plain = !s->open && !s->commented &&
                     (!s->style.quotes || memchr(at, '"', (size_t)(end - at)) == NULL);
  if (plain) {
    const char *last = memrchr(at, s->line_end, (size_t)(end - at));
    s->whole = last != NULL ? (size_t)(last + 1 - s->bytes) : s->whole;
  }
  for (; !plain && at < end; at++) {
    if (*at == '"' && !s->commented) {
      s->open = !s->open;
    } else if (*at == s->line_end && !s->open) {
      s->commented = false;
      s->whole = (size_t)(at + 1 - s->bytes);
    } else if (*at == s->style.comment && !s->open) {
      s->commented = true;
    }
  }
  s->scanned = s->used;
  s->whole = s->ended ? s->used : s->whole;
}

/* Reads what there is, up to the end of the block; waits for the first byte. */
static int read_more(stream *s) {
  size_t got = 0;
  int status = reserve(s);
  if (status < 0 && s->packed != NULL) {
    status = read_packed(s, &got);
  } else if (status < 0) {
    const size_t left = (s->looked ? s->capacity : PACKED) - s->used;
    const ssize_t count = read_raw(s, s->bytes + s->used, left);
    got = count > 0 ? (size_t)count : 0;
    s->ended = count == 0;
    status = count < 0 ? fail_read(s) : -1;
  }
  s->used += got;
  if (status < 0 && !s->looked && (s->used >= 2 || s->ended)) {
    status = begin_inflate(s);
  }
  s->bytes[s->used] = '\0'; /* there is always memory for it */
  scan(s);
  return status;
}

void stream_restyle(stream *s, record_style style, size_t from) {
  s->style = style;
  s->open = s->commented = false;
  s->scanned = s->whole = from;
  scan(s);
}

void stream_set_style(stream *s, record_style style) {
  stream_restyle(s, style, 0);
}

/* Whether the only end of a line so far is a carriage return; behind the last one may be a line
 * feed. */
static bool has_returns_only(const stream *s) {
  return memchr(s->bytes, '\n', s->used) == NULL && memchr(s->bytes, '\r', s->used) != NULL;
}

/* Whether more is needed to know what the data are; a line is enough. */
static bool is_too_little(const stream *s) {
  return s->used < FIRST && memchr(s->bytes, '\n', s->used) == NULL;
}

int stream_start(stream *s) {
  int status = -1;
  while (
      status < 0 && !s->ended &&
      (!s->looked || is_too_little(s) || (has_returns_only(s) && s->bytes[s->used - 1] == '\r'))) {
    status = read_more(s);
  }
  s->line_end = status < 0 && has_returns_only(s) ? '\r' : '\n';
  return status;
}

int stream_rest(stream *s) {
  int status = -1;
  while (status < 0 && !s->ended) {
    status = read_more(s);
  }
  return status;
}

/* Returns the beginning of the line with the first record, behind blank lines and comments where
 * these are none; `end` if there is none. */
static size_t skip_blank(const stream *s, size_t at, size_t end) {
  while (s->style.skipped && at < end) {
    const char *line = s->bytes + at;
    const char *stop = memchr(line, s->line_end, end - at);
    const size_t length = stop != NULL ? (size_t)(stop + 1 - line) : end - at;
    size_t blank = 0;
    while (blank < length && memchr(" \t\r\n", line[blank], 4) != NULL) {
      blank++;
    }
    if (blank < length && (s->style.comment == '\0' || line[blank] != s->style.comment)) {
      break;
    }
    at += length;
  }
  return at;
}

bool stream_record(const stream *s, size_t at, record *out) {
  bool open = false;
  at = skip_blank(s, at, s->whole);
  out->begin = out->end = at;
  while (out->end < s->whole && (out->end == at || open || s->bytes[out->end - 1] != s->line_end)) {
    open ^= s->style.quotes && s->bytes[out->end] == '"';
    out->end++;
  }
  return out->end > out->begin;
}

int stream_peek(stream *s, int records) {
  int status = -1;
  for (bool enough = false; status < 0 && !enough;) {
    record found = {0};
    int count = 0;
    while (count < records && stream_record(s, found.end, &found)) {
      count++;
    }
    enough = count == records || s->ended;
    status = enough ? -1 : read_more(s);
  }
  return status;
}

static int64_t count_lines(const stream *s, const char *bytes, size_t count) {
  int64_t lines = 0;
  for (const char *at = bytes, *end = bytes + count;
       (at = memchr(at, s->line_end, (size_t)(end - at))) != NULL; at++) {
    lines++;
  }
  return lines;
}

void stream_repeat(stream *s, size_t header) {
  s->header = header;
  s->header_lines = count_lines(s, s->bytes, header);
  s->line = 1 + s->header_lines;
}

void stream_set_header(stream *s, size_t header) {
  stream_repeat(s, header);
  s->done = header;
}

/* Leaves out what the block before had. */
static void consume(stream *s) {
  s->line += count_lines(s, s->bytes + s->header, s->done - s->header);
  memmove(s->bytes + s->header, s->bytes + s->done, s->used - s->done);
  s->used -= s->done - s->header;
  s->whole -= s->done - s->header;
  s->scanned = s->used;
  s->done = s->header;
}

int stream_next(stream *s, stream_block *out) {
  bool found = false;
  *out = (stream_block){0};
  while (!found) {
    consume(s);
    while (!s->ended && (s->whole == s->header || (s->used < BLOCK && has_data(s, 0)))) {
      const int status = read_more(s);
      if (status >= 0) {
        return status;
      }
    }
    if (s->whole == s->header) {
      return -1;
    }
    found = skip_blank(s, s->header, s->whole) < s->whole;
    s->done = s->whole;
  }
  *out = (stream_block){.bytes = s->bytes,
                        .size = s->whole,
                        .first_line = s->line - s->header_lines,
                        .line = s->line};
  return -1;
}

int64_t stream_line(const stream *s, const stream_block *b, int64_t index, size_t from) {
  record at = {.end = from > s->header ? from : s->header};
  for (int64_t i = 0; i <= index && stream_record(s, at.end, &at); i++) {
  }
  return b->line + count_lines(s, b->bytes + s->header, at.begin - s->header);
}
