/* The memory of a call, allocated before it. While a workspace is open on a thread, what the thread
 * allocates through the workspace's context comes from there. What does not fit is allocated as
 * ever, and noted, so that the workspace can be made larger after the call. */
#ifndef CLF_BASE_WORKSPACE_H
#define CLF_BASE_WORKSPACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/account.h"
#include "base/block.h"

/* The owner sets the first three members, while the workspace is closed and empty. One thread at a
 * time uses it. */
typedef struct clf__workspace {
  clf_context *context;
  char *memory; /* [size], both multiples of CLF__BLOCK_ALIGNMENT, such as a peak */
  size_t size;
  size_t used;                  /* up to the end of the last block in it */
  size_t outside;               /* bytes of blocks that did not fit */
  size_t peak;                  /* maximum of used + outside */
  struct clf__block *last;      /* in its memory */
  struct clf__workspace *outer; /* what was open before on the thread */
} clf__workspace;

/* Open and close it, on the same thread. */
void clf__workspace_open(clf__workspace *workspace);
void clf__workspace_close(clf__workspace *workspace);

/* Returns whether all of its blocks are freed. Otherwise it must stay as it is. */
bool clf__workspace_empty(const clf__workspace *workspace);

/* Lets what the thread allocates next outlive the call, until clf__workspace_resume(). Returns what
 * was open. */
clf__workspace *clf__workspace_pause(void);
void clf__workspace_resume(clf__workspace *paused);

/* Returns a block of the workspace that is open on the calling thread, or NULL if there is none for
 * this context, or if it has too little space left. */
clf__block *clf__workspace_take(const clf_context *context, size_t bytes);
/* Notes a block, from wherever it came, for the workspace that is open. */
void clf__workspace_note(const clf_context *context, clf__block *block);
/* Returns true if the block was in the memory of its workspace, which has it back now; otherwise
 * the caller frees it. */
bool clf__workspace_free(clf__block *block);

#endif
