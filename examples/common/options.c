#include "options.h"

#include <classify.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { SHARED = 8, MAX_OPTIONS = 32, MAX_NAME = 31 };

/* All options of the program, its own first. */
typedef struct option_table {
  option_entry entries[MAX_OPTIONS];
  size_t count;
  bool help, version; /* asked for */
} option_table;

void complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%s: ", program_invocation_short_name);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
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

static const option_entry *find(const option_table *table, const char *name, size_t length) {
  for (size_t i = 0; i < table->count; i++) {
    const char *own = table->entries[i].name;
    if (strlen(own) == length && strncmp(own, name, length) == 0) {
      return &table->entries[i];
    }
  }
  return NULL;
}

static int reject_unknown(const option_table *table, const char *given) {
  const char *names[MAX_OPTIONS];
  for (size_t i = 0; i < table->count; i++) {
    names[i] = table->entries[i].name;
  }
  char word[MAX_NAME + 1];
  snprintf(word, sizeof word, "%.*s", (int)strcspn(given, "="), given);
  const char *like = closest_name(word + strspn(word, "-"), names, table->count);
  if (like != NULL) {
    complain("no option '%s'; did you mean --%s?", given, like);
  } else {
    complain("no option '%s'; --help lists them", given);
  }
  return EXIT_USAGE;
}

static int set_number(const option_entry *entry, const char *text) {
  char *end = NULL;
  errno = 0;
  long long number = strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || number < entry->minimum) {
    complain("--%s takes a whole number from %" PRId64 " up, not '%s'", entry->name, entry->minimum,
             text);
    return EXIT_USAGE;
  }
  *(int64_t *)entry->value = number;
  return -1;
}

static int set_value(const option_entry *entry, const char *text) {
  if (entry->type == OPTION_NUMBER) {
    return set_number(entry, text);
  }
  if (*text == '\0') {
    complain("--%s is empty", entry->name);
    return EXIT_USAGE;
  }
  *(const char **)entry->value = text;
  return -1;
}

/* A word without dashes, where the program takes such. */
static int read_word(const option_table *table, const char *given) {
  for (size_t i = 0; given[0] != '-' && i < table->count; i++) {
    if (table->entries[i].type == OPTION_WORDS) {
      option_words *words = table->entries[i].value;
      words->words[words->count++] = given;
      return -1;
    }
  }
  return reject_unknown(table, given);
}

/* Reads argv[*index], and the one after it when the option's value is there. */
static int read_option(const option_table *table, char *const *argv, int *index) {
  const char *given = argv[*index];
  if (strcmp(given, "-h") == 0) {
    given = "--help";
  }
  if (strncmp(given, "--", 2) != 0) {
    return read_word(table, given);
  }
  const char *equals = strchr(given, '=');
  size_t length = equals != NULL ? (size_t)(equals - given) - 2 : strlen(given) - 2;
  const option_entry *entry = find(table, given + 2, length);
  if (entry == NULL || entry->type == OPTION_WORDS) {
    return reject_unknown(table, given);
  }
  if (entry->type == OPTION_SWITCH) {
    if (equals != NULL) {
      complain("--%s takes no value", entry->name);
      return EXIT_USAGE;
    }
    *(bool *)entry->value = true;
    return -1;
  }
  const char *text = equals != NULL ? equals + 1 : argv[++*index];
  if (text == NULL || (equals == NULL && strncmp(text, "--", 2) == 0)) {
    complain("--%s needs a value: %s", entry->name, entry->argument);
    return EXIT_USAGE;
  }
  return set_value(entry, text);
}

/* "a, b and c" */
static void join_names(char *out, size_t capacity, const char *const *names, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count && length < capacity; i++) {
    const char *before = i == 0 ? "" : i + 1 < count ? ", " : " and ";
    length += (size_t)snprintf(out + length, capacity - length, "%s%s", before, names[i]);
  }
}

int options_reject(const char *what, const char *word, const char *const *names, size_t count,
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

int terminal_width(int file) {
  struct winsize size = {0};
  return ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Characters of UTF-8. */
static int columns(const char *text, size_t length) {
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
    const int wanted = (int)spaces + columns(text + spaces, length);
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

static void print_help(const program_options *program, const option_table *table) {
  enum { INDENT = 23, WIDTH = 80 };
  printf("usage: %s %s\n%s\n\n", program_invocation_short_name, program->usage, program->summary);
  for (size_t i = 0; i < table->count; i++) {
    const option_entry *entry = &table->entries[i];
    char left[64];
    snprintf(left, sizeof left, "%s%s%s%s", entry->type == OPTION_WORDS ? "" : "--", entry->name,
             entry->argument != NULL ? " " : "", entry->argument != NULL ? entry->argument : "");
    const int used = 2 + columns(left, strlen(left));
    printf("  %s%*s", left, used < INDENT ? INDENT - used : 1, "");
    print_wrapped(stdout, entry->help, INDENT, WIDTH);
    putchar('\n');
  }
  printf("\nExit status: 0 done, 1 failed, 2 wrong options, 130 interrupted.\n");
}

static void add_shared(option_table *table, shared_options *shared, const char *data) {
  const option_entry entries[SHARED] = {
      {"data", "DIR", data, OPTION_TEXT, 0, &shared->data},
      {"threads", "N", "threads to use (default: all that this process may use)", OPTION_NUMBER, 1,
       &shared->threads},
      {"seed", "S", "seed of everything random (default: 0)", OPTION_NUMBER, 0, &shared->seed},
      {"json", "FILE", "write the results as JSON", OPTION_TEXT, 0, &shared->json},
      {"report", "FILE", "write a report as one HTML page", OPTION_TEXT, 0, &shared->report},
      {"quiet", NULL, "show no progress", OPTION_SWITCH, 0, &shared->quiet},
      {"help", NULL, "show this; so does -h", OPTION_SWITCH, 0, &table->help},
      {"version", NULL, "show the library's version", OPTION_SWITCH, 0, &table->version},
  };
  memcpy(table->entries + table->count, entries, sizeof entries);
  table->count += SHARED;
}

int options_parse(shared_options *shared, const program_options *program, int argc,
                  char *const *argv) {
  option_table table = {.count = program->count};
  const char *folder = getenv("CLASSIFY_DATA");
  memcpy(table.entries, program->own, program->count * sizeof *program->own);
  *shared = (shared_options){.data = folder != NULL && *folder != '\0' ? folder : NULL};
  add_shared(&table, shared, program->data);
  for (int i = 1; i < argc; i++) {
    int status = read_option(&table, argv, &i);
    if (status >= 0) {
      return status;
    }
  }
  if (table.help) {
    print_help(program, &table);
    return EXIT_SUCCESS;
  }
  if (table.version) {
    printf("%s, libclassify %s\n", program_invocation_short_name, clf_version());
    return EXIT_SUCCESS;
  }
  return -1;
}
