#include "verbs.h"

#include <string.h>

#include "report/text.h"

/* clang-format off */
const verb *const verbs[] = {
    &verb_train,
    &verb_predict,
    &verb_test,
    &verb_validate,
    &verb_calibrate,
    &verb_tune,
    &verb_auto,
    &verb_inspect,
    &verb_convert,
    &verb_detect,
    &verb_serve,
    &verb_list,
    &verb_completion,
    &verb_svm_train,
    &verb_svm_predict,
    &verb_svm_scale,
    NULL,
};
/* clang-format on */

const verb *verb_named(const char *name) {
  const char *names[sizeof verbs / sizeof *verbs];
  size_t count = 0;
  for (; verbs[count] != NULL; count++) {
    names[count] = verbs[count]->name;
  }
  const size_t found = find_name(name, names, count);
  if (found == count) {
    reject_name("verb", name, names, count, NULL);
    return NULL;
  }
  return verbs[found];
}

const verb *verb_of_program(const char *name) {
  size_t i = 0;
  while (verbs[i] != NULL && (verbs[i]->program == NULL || strcmp(verbs[i]->name, name) != 0)) {
    i++;
  }
  return verbs[i];
}
