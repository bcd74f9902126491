#include "options.h"

#include <classify.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { SHARED = 7, MAX_OPTIONS = 40, FIRST = 256 /* what getopt_long() returns for entry 0 */ };

static const option_entry help_entry = {"help",        NULL, "show this; so does -h",
                                        OPTION_SWITCH, 0,    NULL};

static bool is_letter(const option_entry *entry) {
  return entry->help == NULL;
}

const option_entry *option_letter(const command_line *line, size_t index) {
  const bool has = index + 1 < line->count && is_letter(&line->options[index + 1]);
  return has ? &line->options[index + 1] : NULL;
}

static int reject_unknown(const command_line *line, const char *given) {
  const char *names[MAX_OPTIONS + 1] = {"help"};
  size_t count = 1;
  char word[64];
  for (size_t i = 0; i < line->count; i++) {
    if (!is_letter(&line->options[i]) && line->options[i].type != OPTION_WORDS) {
      names[count++] = line->options[i].name;
    }
  }
  snprintf(word, sizeof word, "%.*s", (int)strcspn(given, "="), given);
  const char *like = closest_name(word + strspn(word, "-"), names, count);
  if (like != NULL) {
    complain("no option '%s'; did you mean --%s?", given, like);
  } else {
    complain("no option '%s'; --help lists them", given);
  }
  return EXIT_USAGE;
}

const char *option_dashes(const option_entry *entry) {
  return strlen(entry->name) == 1 ? "-" : "--";
}

static int refuse_value(const option_entry *entry, const char *takes, const char *text) {
  complain("%s%s takes %s, not '%s'", option_dashes(entry), entry->name, takes, text);
  return EXIT_USAGE;
}

/* Reads a whole number of at least 0, and what follows it. */
static bool read_number(int64_t *out, const char **end, const char *text) {
  char *stop = NULL;
  errno = 0;
  *out = strtoll(text, &stop, 10);
  *end = stop;
  return errno == 0 && stop != text;
}

static int set_number(const option_entry *entry, const char *text) {
  char takes[64];
  const char *end;
  int64_t number;
  if (!read_number(&number, &end, text) || *end != '\0' || number < entry->minimum) {
    snprintf(takes, sizeof takes, "a whole number from %" PRId64 " up", entry->minimum);
    return refuse_value(entry, takes, text);
  }
  *(int64_t *)entry->value = number;
  return -1;
}

/* Reads a decimal number, and what follows it. */
static bool read_decimal(double *out, const char **end, const char *text) {
  char *stop = NULL;
  *out = strtod(text, &stop);
  *end = stop;
  return stop != text && isfinite(*out);
}

static int set_share(const option_entry *entry, const char *text) {
  const char *end;
  double share;
  if (!read_decimal(&share, &end, text) || *end != '\0' || share <= 0 || share >= 1) {
    return refuse_value(entry, "a share above 0 and below 1", text);
  }
  *(double *)entry->value = share;
  return -1;
}

static int set_seconds(const option_entry *entry, const char *text) {
  static const char units[] = "smh";
  const char *end, *unit;
  double seconds;
  if (!read_decimal(&seconds, &end, text) || seconds <= 0 || (*end != '\0' && end[1] != '\0') ||
      (unit = strchr(units, *end)) == NULL) {
    return refuse_value(entry, "a time above 0, such as 90s, 5m or 2h", text);
  }
  *(double *)entry->value = seconds * (*unit == 'h' ? 3600 : *unit == 'm' ? 60 : 1);
  return -1;
}

static int set_bytes(const option_entry *entry, const char *text) {
  static const char units[] = "KMGT";
  const char *end, *unit = NULL;
  int64_t bytes;
  bool good = read_number(&bytes, &end, text) && bytes > 0;
  if (good && *end != '\0') {
    unit = strchr(units, *end);
    good = unit != NULL && end[1] == '\0';
  }
  for (const char *at = units; good && unit != NULL && at <= unit; at++) {
    good = bytes <= INT64_MAX / 1000;
    bytes = good ? bytes * 1000 : bytes;
  }
  if (!good) {
    return refuse_value(entry, "a number of bytes, such as 500M or 2G", text);
  }
  *(int64_t *)entry->value = bytes;
  return -1;
}

static int set_choice(const option_entry *entry, const char *text) {
  const size_t length = strlen(text);
  for (const char *at = entry->argument; *at != '\0'; at += *at == '|') {
    const size_t word = strcspn(at, "|");
    if (word == length && strncmp(at, text, length) == 0) {
      *(const char **)entry->value = text;
      return -1;
    }
    at += word;
  }
  return refuse_value(entry, entry->argument, text);
}

static int add_text(const option_entry *entry, const char *text) {
  option_texts *texts = entry->value;
  const size_t capacity = sizeof texts->texts / sizeof *texts->texts;
  if (texts->count == capacity) {
    complain("--%s is given more than %zu times", entry->name, capacity);
    return EXIT_USAGE;
  }
  texts->texts[texts->count++] = text;
  return -1;
}

static int set_value(const option_entry *entry, const char *text) {
  if (*text == '\0' && (entry->type == OPTION_TEXT || entry->type == OPTION_TEXTS)) {
    complain("%s%s is empty", option_dashes(entry), entry->name);
    return EXIT_USAGE;
  }
  switch (entry->type) {
  case OPTION_NUMBER:
    return set_number(entry, text);
  case OPTION_SHARE:
    return set_share(entry, text);
  case OPTION_SECONDS:
    return set_seconds(entry, text);
  case OPTION_BYTES:
    return set_bytes(entry, text);
  case OPTION_CHOICE:
    return set_choice(entry, text);
  case OPTION_TEXTS:
    return add_text(entry, text);
  default:
    *(const char **)entry->value = text;
    return -1;
  }
}

/* Reads a word that is no option, if the program takes such words. */
static int read_word(const command_line *line, const char *given) {
  for (size_t i = 0; i < line->count; i++) {
    if (line->options[i].type == OPTION_WORDS) {
      option_words *words = line->options[i].value;
      words->words[words->count++] = given;
      return -1;
    }
  }
  return reject_unknown(line, given);
}

/* Whether an option is given by its letter or its whole name, of which getopt_long() takes the
 * beginning too: that may be another option's tomorrow. */
static bool is_whole(const char *given, const option_entry *entry) {
  const size_t length = strlen(entry->name);
  return is_letter(entry) ||
         (strncmp(given + 2, entry->name, length) == 0 && strchr("=", given[2 + length]) != NULL);
}

/* The row that getopt_long() has found: by its name's number, or by its letter. */
static const option_entry *entry_of(const command_line *line, int found) {
  if (found >= FIRST) {
    return found - FIRST < (int)line->count ? &line->options[found - FIRST] : &help_entry;
  }
  for (size_t i = 0; i < line->count; i++) {
    if (is_letter(&line->options[i]) && line->options[i].name[0] == found) {
      return &line->options[i];
    }
  }
  return NULL;
}

/* Reads the option that getopt_long() has found in the argument `given`. */
static int read_option(const command_line *line, bool *help, const char *given, int found) {
  const option_entry *entry = found == 'h' ? &help_entry : entry_of(line, found);
  if (entry == NULL || (found != 'h' && !is_whole(given, entry))) {
    return reject_unknown(line, given);
  }
  if (entry->type == OPTION_SWITCH) {
    *(entry == &help_entry ? help : (bool *)entry->value) = true;
    return -1;
  }
  const bool apart = is_letter(entry) ? given[2] == '\0' : strchr(given, '=') == NULL;
  if (optarg == NULL || (apart && strncmp(optarg, "--", 2) == 0)) {
    complain("%s%s needs a value: %s", option_dashes(entry), entry->name, entry->argument);
    return EXIT_USAGE;
  }
  return set_value(entry, optarg);
}

/* What is wrong with the argument that getopt_long() refuses. */
static int refuse(const command_line *line, bool *help, const char *given, int found) {
  const option_entry *entry = optopt != 0 ? entry_of(line, optopt) : NULL;
  if (found == ':') {
    return read_option(line, help, given, optopt);
  }
  if (entry != NULL && is_whole(given, entry)) {
    complain("%s%s takes no value", option_dashes(entry), entry->name);
    return EXIT_USAGE;
  }
  return reject_unknown(line, given);
}

/* What getopt_long() needs to know: the names and the letters. */
static void list_options(struct option *known, char *letters, const command_line *line) {
  for (size_t i = 0; i < line->count; i++) {
    const option_entry *entry = &line->options[i];
    const bool takes = entry->type != OPTION_SWITCH;
    if (is_letter(entry)) {
      *letters++ = entry->name[0];
      if (takes) {
        *letters++ = ':';
      }
    } else if (entry->type != OPTION_WORDS) {
      *known++ = (struct option){entry->name, takes ? required_argument : no_argument, NULL,
                                 FIRST + (int)i};
    }
  }
  *letters = '\0';
  *known++ = (struct option){"help", no_argument, NULL, FIRST + (int)line->count};
  *known = (struct option){NULL, 0, NULL, 0};
}

static int read_all(const command_line *line, bool *help, int argc, char *const *argv) {
  struct option known[MAX_OPTIONS + 2];
  char letters[2 * MAX_OPTIONS + 4] = "-:h";
  int status = -1;
  list_options(known, letters + 3, line);
  opterr = 0;
  optind = 0; /* begins again, where another command line was read before */
  while (status < 0 && argc > 1 && optind < argc) {
    const char *given = argv[optind > 0 ? optind : 1];
    optarg = NULL;
    const int found = getopt_long(argc, argv, letters, known, NULL);
    if (found == 1) {
      status = read_word(line, optarg);
    } else if (found == -1) { /* after "--" */
      while (status < 0 && optind < argc) {
        status = read_word(line, argv[optind++]);
      }
    } else {
      status = found == '?' || found == ':' ? refuse(line, help, given, found)
                                            : read_option(line, help, given, found);
    }
  }
  return status;
}

/* An option's line of the help. */
static void print_option(const option_entry *entry, const option_entry *letter) {
  char left[96];
  snprintf(left, sizeof left, "%s%s%s%s%s%s%s", letter != NULL ? "-" : "",
           letter != NULL ? letter->name : "", letter != NULL ? ", " : "",
           entry->type == OPTION_WORDS ? "" : "--", entry->name, entry->argument != NULL ? " " : "",
           entry->argument != NULL ? entry->argument : "");
  print_entry(stdout, left, entry->help);
}

static void print_help(const command_line *line) {
  printf("usage: %s %s\n", program_invocation_short_name, line->usage);
  if (line->example != NULL) {
    printf("example: %s\n", line->example);
  }
  printf("%s\n\n", line->summary);
  for (size_t i = 0; i < line->count; i++) {
    if (!is_letter(&line->options[i])) {
      print_option(&line->options[i], option_letter(line, i));
    }
  }
  print_option(&help_entry, NULL);
  char exits[256];
  snprintf(exits, sizeof exits, "%s.", line->exits);
  const int indent = printf("\nExit status: ") - 1;
  print_wrapped(stdout, exits, indent, 80);
  putchar('\n');
}

int options_read(const command_line *line, int argc, char *const *argv) {
  bool help = false;
  const int status = read_all(line, &help, argc, argv);
  if (status < 0 && help) {
    print_help(line);
    return EXIT_SUCCESS;
  }
  return status;
}

int options_parse(shared_options *shared, const program_options *program, int argc,
                  char *const *argv) {
  bool version = false;
  option_entry all[MAX_OPTIONS];
  const char *folder = getenv("CLASSIFY_DATA");
  const option_entry entries[SHARED] = {
      {"data", "DIR", program->data, OPTION_TEXT, 0, &shared->data},
      {"threads", "N", "threads to use (default: all that this process may use)", OPTION_NUMBER, 1,
       &shared->threads},
      {"seed", "S", "seed of everything random (default: 0)", OPTION_NUMBER, 0, &shared->seed},
      {"json", "FILE", "write the results as JSON", OPTION_TEXT, 0, &shared->json},
      {"report", "FILE", "write a report as one HTML page", OPTION_TEXT, 0, &shared->report},
      {"quiet", NULL, "show no progress", OPTION_SWITCH, 0, &shared->quiet},
      {"version", NULL, "show the library's version", OPTION_SWITCH, 0, &version},
  };
  memcpy(all, program->own, program->count * sizeof *all);
  memcpy(all + program->count, entries, sizeof entries);
  *shared = (shared_options){.data = folder != NULL && *folder != '\0' ? folder : NULL};
  const command_line line = {.usage = program->usage,
                             .summary = program->summary,
                             .options = all,
                             .count = program->count + SHARED,
                             .exits = "0 done, 1 failed, 2 wrong options, 130 interrupted"};
  const int status = options_read(&line, argc, argv);
  if (status < 0 && version) {
    printf("%s, libclassify %s\n", program_invocation_short_name, clf_version());
    return EXIT_SUCCESS;
  }
  return status;
}
