/* The verbs of the tool: a file each, listed in verbs.c. */
#ifndef CLASSIFY_VERBS_H
#define CLASSIFY_VERBS_H

#include "tool.h"

extern const verb verb_train;
extern const verb verb_predict;
extern const verb verb_test;
extern const verb verb_validate;
extern const verb verb_calibrate;
extern const verb verb_tune;
extern const verb verb_auto;
extern const verb verb_inspect;
extern const verb verb_convert;
extern const verb verb_detect;
extern const verb verb_serve;
extern const verb verb_list;
extern const verb verb_svm_train;
extern const verb verb_svm_predict;
extern const verb verb_svm_scale;
extern const verb verb_completion;

/* All verbs, in the order of the help; the last one is NULL. */
extern const verb *const verbs[];

/* Returns the verb of a name, or NULL after a message that suggests one. */
const verb *verb_named(const char *name);

/* Returns the verb that is a program of this name, or NULL. */
const verb *verb_of_program(const char *name);

#endif
