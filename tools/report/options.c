#include "options.h"

#include <classify.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { SHARED = 8, MAX_OPTIONS = 32, FIRST = 256 /* what getopt_long() returns for entry 0 */ };

/* All options of the program, its own first. */
typedef struct option_table {
  option_entry entries[MAX_OPTIONS];
  size_t count;
  bool help, version; /* asked for */
} option_table;

static int reject_unknown(const option_table *table, const char *given) {
  const char *names[MAX_OPTIONS];
  char word[64];
  for (size_t i = 0; i < table->count; i++) {
    names[i] = table->entries[i].name;
  }
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

/* Reads a word that is no option, if the program takes such words. */
static int read_word(const option_table *table, const char *given) {
  for (size_t i = 0; i < table->count; i++) {
    if (table->entries[i].type == OPTION_WORDS) {
      option_words *words = table->entries[i].value;
      words->words[words->count++] = given;
      return -1;
    }
  }
  return reject_unknown(table, given);
}

/* Whether an option is given by its whole name, of which getopt_long() takes the beginning too: that
 * may be another option's tomorrow. */
static bool is_whole(const char *given, const option_entry *entry) {
  const size_t length = strlen(entry->name);
  return strncmp(given + 2, entry->name, length) == 0 && strchr("=", given[2 + length]) != NULL;
}

/* Reads the option that getopt_long() has found in the argument `given`. */
static int read_option(option_table *table, const char *given, int found) {
  const option_entry *entry = found >= FIRST ? &table->entries[found - FIRST] : NULL;
  const bool apart = strchr(given, '=') == NULL; /* the value is an argument of its own */
  if (found == 'h') {
    table->help = true;
    return -1;
  }
  if (entry == NULL || !is_whole(given, entry)) {
    return reject_unknown(table, given);
  }
  if (entry->type == OPTION_SWITCH) {
    *(bool *)entry->value = true;
    return -1;
  }
  if (optarg == NULL || (apart && strncmp(optarg, "--", 2) == 0)) {
    complain("--%s needs a value: %s", entry->name, entry->argument);
    return EXIT_USAGE;
  }
  return set_value(entry, optarg);
}

/* What is wrong with the argument that getopt_long() refuses. */
static int refuse(option_table *table, const char *given, int found) {
  if (found == ':') {
    return read_option(table, given, optopt);
  }
  if (optopt >= FIRST && is_whole(given, &table->entries[optopt - FIRST])) {
    complain("--%s takes no value", table->entries[optopt - FIRST].name);
    return EXIT_USAGE;
  }
  return reject_unknown(table, given);
}

static int read_all(option_table *table, int argc, char *const *argv) {
  struct option known[MAX_OPTIONS + 1] = {{NULL, 0, NULL, 0}};
  int status = -1, count = 0;
  for (size_t i = 0; i < table->count; i++) {
    const option_entry *entry = &table->entries[i];
    if (entry->type != OPTION_WORDS) {
      const int argument = entry->type == OPTION_SWITCH ? no_argument : required_argument;
      known[count++] = (struct option){entry->name, argument, NULL, FIRST + (int)i};
    }
  }
  opterr = 0;
  optind = 0; /* begins again, where another command line was read before */
  while (status < 0 && argc > 1 && optind < argc) {
    const char *given = argv[optind > 0 ? optind : 1];
    optarg = NULL;
    const int found = getopt_long(argc, argv, "-:h", known, NULL);
    if (found == 1) {
      status = read_word(table, optarg);
    } else if (found == -1) { /* after "--" */
      while (status < 0 && optind < argc) {
        status = read_word(table, argv[optind++]);
      }
    } else {
      status = found == '?' || found == ':' ? refuse(table, given, found)
                                            : read_option(table, given, found);
    }
  }
  return status;
}

static void print_help(const program_options *program, const option_table *table) {
  enum { INDENT = 23, WIDTH = 80 };
  printf("usage: %s %s\n%s\n\n", program_invocation_short_name, program->usage, program->summary);
  for (size_t i = 0; i < table->count; i++) {
    const option_entry *entry = &table->entries[i];
    char left[64];
    snprintf(left, sizeof left, "%s%s%s%s", entry->type == OPTION_WORDS ? "" : "--", entry->name,
             entry->argument != NULL ? " " : "", entry->argument != NULL ? entry->argument : "");
    const int used = 2 + text_columns(left, strlen(left));
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
  const int status = read_all(&table, argc, argv);
  if (status >= 0) {
    return status;
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
