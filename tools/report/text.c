#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "options.h"

enum { MAX_NAME = 31 };

/* Bytes of the control character that a text begins with, which a terminal would obey: of ASCII, or
 * U+0080 to U+009F; 0 for any other character. */
static size_t control_length(const char *text) {
  const unsigned char *c = (const unsigned char *)text;
  const bool second = c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0;
  const bool stray = c[0] >= 0x80 && c[0] < 0xA0;
  return second ? 2 : c[0] < 0x20 || c[0] == 0x7F || stray ? 1 : 0;
}

/* Writes a text with control characters as \x1b, except those of `plain`. */
static void write_printable(FILE *out, const char *text, const char *plain) {
  while (*text != '\0') {
    const size_t control = strchr(plain, *text) != NULL ? 0 : control_length(text);
    if (control > 0) {
      fprintf(out, "\\x%02x", (unsigned)(unsigned char)text[control - 1]);
      text += control;
      continue;
    }
    for (size_t left = utf8_length(text); left > 1; left--) {
      fputc(*text++, out);
    }
    fputc(*text++, out);
  }
}

char *printable_text(const char *text, const char *plain) {
  char *copy = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&copy, &size);
  if (out == NULL) {
    return NULL;
  }
  write_printable(out, text, plain);
  return fclose(out) == 0 ? copy : (free(copy), NULL);
}

static const char *copied, *original;

void complain_of(const char *path, const char *name) {
  copied = path;
  original = name;
}

char *text_of_original(const char *text) {
  char *copy = NULL;
  size_t size = 0;
  const char *found;
  FILE *out = open_memstream(&copy, &size);
  if (out == NULL) {
    return NULL;
  }
  while (copied != NULL && (found = strstr(text, copied)) != NULL) {
    fprintf(out, "%.*s%s", (int)(found - text), text, original);
    text = found + strlen(copied);
  }
  fputs(text, out);
  return fclose(out) == 0 ? copy : (free(copy), NULL);
}

void complain(const char *format, ...) {
  char *message = NULL;
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(&message, format, arguments) < 0) {
    message = NULL;
  }
  va_end(arguments);
  fprintf(stderr, "%s: ", program_invocation_short_name);
  char *shown = message != NULL ? text_of_original(message) : NULL;
  write_printable(stderr, shown != NULL ? shown : "out of memory", "\n\t");
  fputc('\n', stderr);
  free(shown);
  free(message);
}

int terminal_width(int file) {
  struct winsize size = {0};
  return ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool shows_colors(FILE *out) {
  const char *none = getenv("NO_COLOR");
  return isatty(fileno(out)) == 1 && (none == NULL || *none == '\0');
}

const char *number_text(char text[NUMBER_BYTES], double value) {
  static const int digits[] = {6, 9, 15, 16, 17};
  *text = '\0';
  for (size_t i = 0; isfinite(value) && i < sizeof digits / sizeof *digits; i++) {
    snprintf(text, NUMBER_BYTES, "%.*g", digits[i], value);
    if (strtod(text, NULL) == value) {
      break;
    }
  }
  return text;
}

size_t utf8_length(const char *text) {
  const unsigned char *c = (const unsigned char *)text;
  const size_t length = c[0] < 0x80                    ? 1
                        : c[0] >= 0xC2 && c[0] < 0xE0  ? 2
                        : c[0] >= 0xE0 && c[0] < 0xF0  ? 3
                        : c[0] >= 0xF0 && c[0] <= 0xF4 ? 4
                                                       : 0;
  for (size_t i = 1; i < length; i++) {
    if ((c[i] & 0xC0) != 0x80) {
      return 0;
    }
  }
  const bool overlong = (c[0] == 0xE0 && c[1] < 0xA0) || (c[0] == 0xF0 && c[1] < 0x90);
  const bool beyond = (c[0] == 0xED && c[1] >= 0xA0) || (c[0] == 0xF4 && c[1] >= 0x90);
  return overlong || beyond ? 0 : length;
}

int text_columns(const char *text, size_t length) {
  int count = 0;
  for (size_t i = 0; i < length; i++) {
    count += ((unsigned char)text[i] & 0xC0) != 0x80;
  }
  return count;
}

void print_wrapped(FILE *out, const char *text, int indent, int width) {
  int column = indent;
  while (*text != '\0') {
    const size_t spaces = strspn(text, " "), length = strcspn(text + spaces, " ");
    const int wanted = (int)spaces + text_columns(text + spaces, length);
    if (width > 0 && column > indent && column + wanted > width) {
      fprintf(out, "\n%*s", indent, "");
      column = indent - (int)spaces;
    } else {
      fprintf(out, "%.*s", (int)spaces, text);
    }
    fprintf(out, "%.*s", (int)length, text + spaces);
    column += wanted;
    text += spaces + length;
  }
}

void print_entry(FILE *out, const char *name, const char *text) {
  enum { INDENT = 23, WIDTH = 80 };
  const int used = 2 + text_columns(name, strlen(name));
  fprintf(out, "  %s%*s", name, used < INDENT ? INDENT - used : 1, "");
  print_wrapped(out, text, INDENT, WIDTH);
  fputc('\n', out);
}

/* Levenshtein's distance, a row at a time. Names longer than the buffer are like nothing. */
static size_t distance(const char *a, const char *b) {
  size_t row[MAX_NAME + 1];
  size_t length = strlen(b);
  if (length > MAX_NAME) {
    return SIZE_MAX;
  }
  for (size_t j = 0; j <= length; j++) {
    row[j] = j;
  }
  for (size_t i = 1; a[i - 1] != '\0'; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= length; j++) {
      size_t best = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      best = row[j] + 1 < best ? row[j] + 1 : best;
      row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
    }
  }
  return row[length];
}

const char *closest_name(const char *word, const char *const *names, size_t count) {
  const char *best = NULL;
  size_t nearest = strlen(word) / 3 + 1;
  for (size_t i = 0; i < count; i++) {
    size_t apart = distance(word, names[i]);
    if (apart <= nearest && (best == NULL || apart < nearest)) {
      best = names[i];
      nearest = apart;
    }
  }
  return best;
}

size_t find_name(const char *word, const char *const *names, size_t count) {
  size_t i = 0;
  while (i < count && strcmp(word, names[i]) != 0) {
    i++;
  }
  return i;
}

/* "a, b and c" */
static void join_names(char *out, size_t capacity, const char *const *names, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count && length < capacity; i++) {
    const char *before = i == 0 ? "" : i + 1 < count ? ", " : " and ";
    length += (size_t)snprintf(out + length, capacity - length, "%s%s", before, names[i]);
  }
}

int reject_name(const char *what, const char *word, const char *const *names, size_t count,
                const char *otherwise) {
  const char *like = closest_name(word, names, count);
  char all[256];
  if (like != NULL) {
    complain("no %s '%s'; did you mean %s?", what, word, like);
  } else if (otherwise != NULL) {
    complain("no %s '%s'; %s", what, word, otherwise);
  } else {
    join_names(all, sizeof all, names, count);
    complain("no %s '%s'; there are %s", what, word, all);
  }
  return EXIT_USAGE;
}
