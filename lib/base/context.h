/* The context behind every handle. */
#ifndef CLF_BASE_CONTEXT_H
#define CLF_BASE_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

#include "base/cpu.h"
#include "base/kinds.h"
#include "base/pool.h"

/* Returns a new reference to `context`, or to the default context for NULL. Returns NULL, with the
 * message set, if the default context cannot be created. Every handle has a reference and gives it
 * up by clf__context_release.
 */
clf_context *clf__context_retain(clf_context *context);
void clf__context_release(clf_context *context);

/* Makes a handle: a zeroed struct whose first member is its clf_context *context, a new reference
 * to `context` as above. Returns NULL, with the message set, if there is no memory. */
void *clf__handle_create(clf_context *context, size_t size);
/* Frees what clf__handle_create() made; the members' memory must be free. */
void clf__handle_free(void *handle);

int32_t clf__context_threads(const clf_context *context);
uint64_t clf__context_seed(const clf_context *context);
const clf__cpu_target *clf__context_target(const clf_context *context);
/* Returns whether the process may use tiles, which the first call asks the operating system. */
bool clf__context_has_tiles(clf_context *context);
/* Returns how many bytes may still be allocated under the memory limit; SIZE_MAX without a
 * limit. */
size_t clf__context_available(const clf_context *context);

void clf__log(clf_context *context, int32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Returns whether the host reads the log; otherwise lines for it need not be formatted. */
bool clf__context_has_log(const clf_context *context);

extern const clf__kind clf__context_kind;

#endif
