#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsvm/programs.h"
#include "report/options.h"
#include "report/progress.h"
#include "report/text.h"

bool svm_read_number(double *out, const char *option, const char *text) {
  char *end = NULL;
  const double number = text != NULL ? strtod(text, &end) : 0;
  if (text == NULL || end == text || *end != '\0' || !isfinite(number)) {
    complain("%s takes a number, not '%s'", option, text != NULL ? text : "");
    return false;
  }
  *out = number;
  return true;
}

bool svm_read_integer(int64_t *out, const char *option, const char *text, int64_t low,
                      int64_t high) {
  char *end = NULL;
  errno = 0;
  const long long number = strtoll(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0 || number < low || number > high) {
    complain("%s takes a whole number from %lld to %lld, not '%s'", option, (long long)low,
             (long long)high, text);
    return false;
  }
  *out = number;
  return true;
}

int svm_begin_options(const verb *program, int argc, char **argv) {
  if (strcmp(program_invocation_short_name, program->name) != 0) {
    tool_name(program);
  }
  if (argc > 1 && strcmp(argv[1], "--help") == 0) {
    svm_print_usage(program);
    printf("\n%s\n", program->details);
    return EXIT_SUCCESS;
  }
  opterr = 0;
  optind = 0; /* begins at the first argument */
  return -1;
}

void svm_print_usage(const verb *program) {
  enum { WIDTH = 80 };
  printf("Usage: %s %s\noptions:\n", program->name, program->usage);
  for (size_t i = 0; i < program->count; i++) {
    const option_entry *entry = &program->options[i];
    const char *argument = entry->argument != NULL ? entry->argument : "";
    const int used = printf("-%s%s%s : ", entry->name, *argument != '\0' ? " " : "", argument);
    print_wrapped(stdout, entry->help, used, WIDTH);
    putchar('\n');
  }
}

bool svm_refuse_option(const verb *program, int option) {
  if (option == ':') {
    fprintf(stderr, "Option -%c needs a value\n", optopt);
  } else {
    fprintf(stderr, "Unknown option: -%c\n", optopt);
  }
  svm_print_usage(program);
  return false;
}

static void on_log(void *user, int32_t level, const char *message) {
  (void)user;
  if (level == CLF_LOG_WARNING) {
    complain("%s", message);
  }
}

clf_status svm_begin(clf_context **out, bool quiet) {
  static progress_display display;
  clf_status status = clf_context_create(out, NULL, NULL);
  status = status >= 0 && !quiet ? clf_context_set_log(*out, on_log, NULL) : status;
  return status >= 0 ? progress_start(&display, *out, true) : status;
}

int svm_end(clf_context *context, int status) {
  clf_context_free(context);
  if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_SUCCESS) {
    complain("cannot write to standard output: %s", strerror(errno));
    status = EXIT_FAILURE;
  }
  if (progress_interrupted() && status != EXIT_SUCCESS) {
    signal(SIGINT, SIG_DFL);
    raise(SIGINT); /* so that a shell ends its loop, too */
  }
  return status;
}
