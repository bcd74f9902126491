/* classify completion: scripts that complete its command lines at Tab. They ask the program itself
 * (complete.h), so that they never are older than it. */
#include <stdlib.h>
#include <string.h>

#include "completion_bash.h"
#include "completion_fish.h"
#include "completion_zsh.h"
#include "report/text.h"
#include "verbs.h"

static void print_script(const char *const *lines, size_t count) {
  for (size_t i = 0; i < count; i++) {
    fputs(lines[i], stdout);
  }
}

static int run(tool *t) {
  static const struct {
    const char *name, *const *lines;
    size_t count;
  } shells[] = {
      {"bash", completion_bash, sizeof completion_bash / sizeof *completion_bash},
      {"zsh", completion_zsh, sizeof completion_zsh / sizeof *completion_zsh},
      {"fish", completion_fish, sizeof completion_fish / sizeof *completion_fish},
  };
  enum { SHELLS = sizeof shells / sizeof *shells };
  const char *names[SHELLS];
  for (size_t i = 0; i < SHELLS; i++) {
    names[i] = shells[i].name;
    if (strcmp(t->words.words[0], names[i]) == 0) {
      print_script(shells[i].lines, shells[i].count);
      return EXIT_SUCCESS;
    }
  }
  return reject_name("completion for", t->words.words[0], names, SHELLS, NULL);
}

const verb verb_completion = {
    .name = "completion",
    .summary = "print a script that completes command lines at Tab",
    .usage = "bash|zsh|fish",
    .example = "source <(classify completion bash)",
    .words = "bash|zsh|fish",
    .words_help = "the shell",
    .details =
        "Prints a script by which a shell completes verbs, options, their values, and kinds\n"
        "and parameters such as in --model 'svm kernel='. The scripts are installed with the\n"
        "program. For a program that is not installed, add the line\n"
        "source <(classify completion bash) to ~/.bashrc, or\n"
        "source <(classify completion zsh) to ~/.zshrc after compinit, or run\n"
        "classify completion fish > ~/.config/fish/completions/classify.fish",
    .minimum_words = 1,
    .maximum_words = 1,
    .run = run,
};
