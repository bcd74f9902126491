/* What a log said. */
#ifndef TESTS_UNIT_LOG_H
#define TESTS_UNIT_LOG_H

#include <classify.h>
#include <stdio.h>
#include <string.h>

/* The log, a line for each message: all messages, the information, and the warnings. */
static char heard[8192], informed[8192], warned[8192];

static inline void forget_log(void) {
  heard[0] = informed[0] = warned[0] = '\0';
}

static inline void append_line(char *text, size_t capacity, const char *line) {
  const size_t length = strlen(text);
  snprintf(text + length, capacity - length, "%s\n", line);
}

/* For clf_context_set_log(). */
static inline void listen(void *user, int32_t level, const char *message) {
  (void)user;
  append_line(heard, sizeof heard, message);
  append_line(level == CLF_LOG_WARNING ? warned : informed, sizeof warned, message);
}

#endif
