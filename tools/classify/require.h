/* What --require asks of measures: "accuracy=0.9 log_loss<0.3 recall.spam>=0.95". */
#ifndef CLASSIFY_REQUIRE_H
#define CLASSIFY_REQUIRE_H

#include "measures.h"

enum { MAX_REQUIREMENTS = 16 };

typedef struct requirement {
  char text[128];    /* as it was given */
  int measure;       /* MEASURE_… */
  int class_measure; /* CLASS_…, where it is of a class; otherwise -1 */
  char class[128];   /* its name; "" for all classes */
  char relation[4];  /* "<", "<=", ">" or ">=" */
  double limit;
} requirement;

typedef struct requirements {
  requirement of[MAX_REQUIREMENTS];
  size_t count;
} requirements;

/* Reads the option; NULL is nothing. Returns -1 to go on, or EXIT_USAGE after a message. */
int requirements_read(requirements *out, const char *text);

/* Checks them against measures; `names` are those of the classes. Returns -1 where all hold,
 * EXIT_BELOW after a sentence on each that does not, or EXIT_USAGE after a message where one is not
 * of these measures: of a class that there is not, or not defined by what the model answers. */
int requirements_check(const requirements *r, const measures *m, const char *const *names);

#endif
