#include "base/spill.h"

#include <sys/mman.h>

#include "base/status.h"

static _Thread_local clf__spill *open;

void clf__spill_open(clf__spill *spill) {
  spill->outer = open;
  open = spill;
}

clf_status clf__spill_close(clf__spill *spill, clf_status status) {
  open = spill->outer;
  return status == CLF_ERROR_MEMORY && spill->refused ? clf__fail_within(CLF_ERROR_IO, "spill")
                                                      : status;
}

bool clf__spill_takes(const clf_context *context, size_t bytes) {
  return open != NULL && open->folder != NULL && open->context == context &&
         bytes >= CLF__SPILL_MIN;
}

void *clf__spill_allocate(size_t bytes) {
  void *block = NULL;
  if (open->reserve(&block, open->folder, bytes) < 0) {
    open->refused = true;
    return NULL;
  }
  return block;
}

void clf__spill_release(void *block, size_t bytes) {
  munmap(block, bytes);
}
