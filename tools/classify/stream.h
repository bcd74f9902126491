/* A file or a pipe of text, read in blocks of whole records, so that any amount of it takes
 * constant memory. gzip data are decompressed. */
#ifndef CLASSIFY_STREAM_H
#define CLASSIFY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

/* What a record is: a line, or more than one where a quote is open at its end. */
typedef struct record_style {
  bool quotes;  /* '"' encloses what may hold ends of lines */
  char comment; /* begins what is left out up to the end of its line; 0: nothing does */
  bool skipped; /* blank lines and comments are no records */
} record_style;

typedef struct stream {
  const char *name; /* for messages */
  int file;
  bool own;      /* the file is closed at the end */
  bool pipe;     /* what is read may come later: answers are written before more is read */
  bool ended;    /* everything is in `bytes` */
  bool looked;   /* whether the data are compressed is known */
  char line_end; /* '\n', or '\r' in files that use only that */
  record_style style;
  z_stream inflater;
  unsigned char *packed; /* compressed bytes; NULL for plain data */
  char *bytes;           /* [capacity] the header, then what is not done yet */
  size_t header;         /* bytes of the header, which begins each block */
  size_t used, capacity;
  size_t scanned, whole; /* bytes that were searched for ends, and those of whole records */
  size_t done;           /* bytes of the block before */
  bool open, commented;  /* a quote or a comment is open after `scanned` */
  int64_t header_lines;
  int64_t line; /* number of the first line behind the header */
} stream;

/* A block: the header and whole records, at least one. */
typedef struct stream_block {
  const char *bytes;
  size_t size;
  int64_t first_line; /* for first_line=… of the readers; of the header, if there is one */
  int64_t line;       /* of the first record */
} stream_block;

/* Opens a path, "-" is standard input. Returns -1 to go on, or the status to exit with after a
 * message; close it also then. */
int stream_open(stream *out, const char *path);
void stream_close(stream *s);

/* Reads the first bytes, by which the content is known; fewer than four are all. Returns as
 * stream_open(). */
int stream_start(stream *s);

/* Reads all there is, for what is not read in blocks. Returns as stream_open(). */
int stream_rest(stream *s);

/* Sets what a record is, before the first block. The other one leaves alone what is before an
 * offset. */
void stream_set_style(stream *s, record_style style);
void stream_restyle(stream *s, record_style style, size_t from);

/* Reads at least so many records, or all there are: they are at the beginning of the bytes. Returns
 * as stream_open(). */
int stream_peek(stream *s, int records);

/* Finds the record at or behind an offset of what was peeked. False if there is none. */
typedef struct record {
  size_t begin, end; /* offsets; the end is behind the end of its last line */
} record;
bool stream_record(const stream *s, size_t at, record *out);

/* Sets how many of the bytes that were peeked are a header. After the first block, stream_repeat()
 * makes its first bytes one, so that later blocks begin with them too. */
void stream_set_header(stream *s, size_t header);
void stream_repeat(stream *s, size_t header);

/* Reads the next block, as long as there is one; out->size is 0 at the end. It lives until the next
 * call. Returns as stream_open(). */
int stream_next(stream *s, stream_block *out);

/* Returns the number of the line in which a record of a block begins: of the records behind the
 * header, and at or behind an offset. */
int64_t stream_line(const stream *s, const stream_block *b, int64_t index, size_t from);

#endif
