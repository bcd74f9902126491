/* Completion of command lines: what the scripts of `classify completion` ask for at each Tab. */
#ifndef CLASSIFY_COMPLETE_H
#define CLASSIFY_COMPLETE_H

#include <stddef.h>

/* Prints what the last of `count` words, which follow the program's name, may become. The first
 * line has words on all candidates: "files" if names of files are candidates too, and "open" if
 * something may follow a candidate without a blank. The other lines are candidates, each with a tab
 * and what it is. Returns the status to exit with. */
int complete_words(const char *const *words, size_t count);

#endif
