/* The command line tool: classify VERB … */
#include <classify.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "complete.h"
#include "manual.h"
#include "output.h"
#include "report/text.h"
#include "verbs.h"

static void print_verbs(FILE *out) {
  fprintf(out,
          "usage: classify VERB [OPTION …]\n"
          "example: %s\n"
          "Trains classifiers on tables, texts and images, and predicts with them.\n\n",
          tool_example);
  for (size_t i = 0; verbs[i] != NULL; i++) {
    fprintf(out, "  %-12s %s\n", verbs[i]->name, verbs[i]->summary);
  }
  fputs("\nclassify VERB --help explains a verb. classify --version shows the version.\n", out);
}

/* The status to exit with after printing. */
static int printed(void) {
  if (fflush(stdout) == 0 && !ferror(stdout)) {
    return EXIT_SUCCESS;
  }
  complain("cannot write to standard output: %s", strerror(errno));
  return EXIT_FAILURE;
}

/* Runs the verb that `argv` begins with. */
static int run(const verb *which, int argc, char **argv) {
  return which->program != NULL ? which->program(argc, argv) : tool_main(which, argc, argv);
}

int main(int argc, char **argv) {
  const verb *called = verb_of_program(program_invocation_short_name);
  signal(SIGXFSZ,
         SIG_IGN); /* a file that may not grow further is a failed write, with its message */
  signal(SIGPIPE, SIG_DFL); /* a reader that goes away ends the tool quietly, whoever started it */
  output_guard();
  if (called != NULL) {
    return run(called, argc, argv);
  }
  if (argc < 2) {
    print_verbs(stderr);
    return EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
      strcmp(argv[1], "help") == 0) {
    print_verbs(stdout);
    return printed();
  }
  if (strcmp(argv[1], "--version") == 0) {
    printf("classify %s\n", clf_version());
    return printed();
  }
  if (strcmp(argv[1], "--complete") == 0) {
    return complete_words((const char *const *)argv + 2, (size_t)argc - 2);
  }
  if (strcmp(argv[1], "--manual") == 0 && argc == 3) {
    return manual_write(argv[2]);
  }
  const verb *which = verb_named(argv[1]);
  return which == NULL ? EXIT_USAGE : run(which, argc - 1, argv + 1);
}
