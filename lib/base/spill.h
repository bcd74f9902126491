/* Memory on a disk. While a spill is open on a thread, what the thread allocates through its
 * context in large blocks lies in mapped files without a name: the system writes them out when
 * memory is short, and the context's account does not count them. Blocks may outlive the spill. */
#ifndef CLF_BASE_SPILL_H
#define CLF_BASE_SPILL_H

#include <stdbool.h>
#include <stddef.h>

#include <classify/context.h>

enum { CLF__SPILL_MIN = 1 << 20 }; /* bytes of blocks that go to the disk */

typedef struct clf__spill {
  clf_context *context;
  const char *folder; /* NULL: nothing is spilled, whatever an outer spill says */
  clf_status (*reserve)(void **out, const char *folder, size_t size); /* clf__scratch_reserve */
  bool refused;             /* there was no space for a block */
  struct clf__spill *outer; /* what was open before on the thread */
} clf__spill;

/* Open and close it, on the same thread. Closing returns CLF_ERROR_IO in place of CLF_ERROR_MEMORY
 * if the folder had no space for a block. */
void clf__spill_open(clf__spill *spill);
clf_status clf__spill_close(clf__spill *spill, clf_status status);

/* For memory.c: whether a block is spilled, and such blocks, whose bytes are 0. Returns NULL, with
 * the message set, if there is no space. */
bool clf__spill_takes(const clf_context *context, size_t bytes);
void *clf__spill_allocate(size_t bytes);
void clf__spill_release(void *block, size_t bytes);

#endif
