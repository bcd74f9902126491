#include "options.h"

#include <classify.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHARED = 8, MOST_OPTIONS = 32, LONGEST_NAME = 31 };

/* All options of the program, its own first. */
typedef struct option_table {
  option_entry entries[MOST_OPTIONS];
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
  size_t row[LONGEST_NAME + 1];
  size_t length = strlen(b);
  if (length > LONGEST_NAME) {
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
  size_t least = strlen(word) / 3 + 1;
  for (size_t i = 0; i < count; i++) {
    size_t apart = distance(word, names[i]);
    if (apart <= least && (best == NULL || apart < least)) {
      best = names[i];
      least = apart;
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
  const char *names[MOST_OPTIONS];
  for (size_t i = 0; i < table->count; i++) {
    names[i] = table->entries[i].name;
  }
  char word[LONGEST_NAME + 1];
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
  if (text == NULL) {
    complain("--%s needs a value: %s", entry->name, entry->argument);
    return EXIT_USAGE;
  }
  return set_value(entry, text);
}

int options_reject(const char *what, const char *word, const char *const *names, size_t count,
                   const char *otherwise) {
  const char *like = closest_name(word, names, count);
  if (like != NULL) {
    complain("no %s '%s'; did you mean %s?", what, word, like);
  } else {
    complain("no %s '%s'%s%s", what, word, otherwise != NULL ? "; " : "",
             otherwise != NULL ? otherwise : "");
  }
  return EXIT_USAGE;
}

static void print_help(const char *summary, const option_table *table) {
  printf("usage: %s [OPTION …]\n%s\n\n", program_invocation_short_name, summary);
  for (size_t i = 0; i < table->count; i++) {
    const option_entry *entry = &table->entries[i];
    char left[64];
    snprintf(left, sizeof left, "%s%s%s%s", entry->type == OPTION_WORDS ? "" : "--", entry->name,
             entry->argument != NULL ? " " : "", entry->argument != NULL ? entry->argument : "");
    printf("  %-20s %s\n", left, entry->help);
  }
  printf("\nExit status: 0 done, 1 failed, 2 wrong options, 130 interrupted.\n");
}

static const char *default_data(void) {
  const char *folder = getenv("CLASSIFY_DATA");
  return folder != NULL && *folder != '\0' ? folder : EXAMPLES_DATA;
}

static void add_shared(option_table *table, shared_options *shared) {
  const option_entry entries[SHARED] = {
      {"data", "DIR", "folder of the data (default: $CLASSIFY_DATA, else the bundled sample)",
       OPTION_TEXT, 0, &shared->data},
      {"threads", "N", "threads to use (default: all that this process may use)", OPTION_NUMBER, 1,
       &shared->threads},
      {"seed", "S", "seed of everything random (default: 0)", OPTION_NUMBER, 0, &shared->seed},
      {"json", "FILE", "write the results as JSON", OPTION_TEXT, 0, &shared->json},
      {"report", "FILE", "write a report as one HTML page", OPTION_TEXT, 0, &shared->report},
      {"quiet", NULL, "show no progress", OPTION_SWITCH, 0, &shared->quiet},
      {"help", NULL, "show this", OPTION_SWITCH, 0, &table->help},
      {"version", NULL, "show the library's version", OPTION_SWITCH, 0, &table->version},
  };
  memcpy(table->entries + table->count, entries, sizeof entries);
  table->count += SHARED;
}

int options_parse(shared_options *shared, const char *summary, const option_entry *own,
                  size_t count, int argc, char *const *argv) {
  option_table table = {.count = count};
  memcpy(table.entries, own, count * sizeof *own);
  *shared = (shared_options){.data = default_data()};
  add_shared(&table, shared);
  for (int i = 1; i < argc; i++) {
    int status = read_option(&table, argv, &i);
    if (status >= 0) {
      return status;
    }
  }
  if (table.help) {
    print_help(summary, &table);
    return EXIT_SUCCESS;
  }
  if (table.version) {
    printf("%s, libclassify %s\n", program_invocation_short_name, clf_version());
    return EXIT_SUCCESS;
  }
  return -1;
}
