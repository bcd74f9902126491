/* The memory of a call, allocated before it. While a workspace is open on a thread, what the thread
 * allocates through the workspace's context comes from there. What does not fit is allocated as
 * ever, and noted, so that the workspace can be made larger after the call. */
#ifndef CLF_BASE_WORKSPACE_H
#define CLF_BASE_WORKSPACE_H

#include <stdbool.h>
#include <stddef.h>

#include <classify/context.h>
#include <classify/status.h>

typedef struct clf__workspace {
  clf_context *context;
  char *memory; /* [size], or NULL for size 0 */
  size_t size;
  size_t used;                  /* up to the end of the last block in it */
  size_t outside;               /* bytes of blocks that did not fit */
  size_t peak;                  /* maximum of used + outside */
  struct clf__block *last;      /* in its memory */
  struct clf__workspace *outer; /* what was open before on the thread */
} clf__workspace;

/* Open and close it, on the same thread. One thread at a time uses a workspace. */
void clf__workspace_open(clf__workspace *workspace);
void clf__workspace_close(clf__workspace *workspace);

/* Returns whether all of its blocks are freed. Otherwise it must stay as it is. */
bool clf__workspace_empty(const clf__workspace *workspace);

/* Makes the memory of a closed workspace as large as the peak; without memory it is as before. */
void clf__workspace_fit(clf__workspace *workspace);
void clf__workspace_free_memory(clf__workspace *workspace);

/* Lets what the thread allocates next outlive the call, until clf__workspace_resume(). Returns what
 * was open. */
clf__workspace *clf__workspace_pause(void);
void clf__workspace_resume(clf__workspace *paused);

#endif
