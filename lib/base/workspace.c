/* A workspace is a stack of blocks. Calls free their blocks in nearly the reverse order; one that
 * is freed too early keeps its bytes until those behind it are freed. */
#include "base/workspace.h"

static _Thread_local clf__workspace *open;

void clf__workspace_open(clf__workspace *workspace) {
  workspace->outer = open;
  open = workspace;
}

void clf__workspace_close(clf__workspace *workspace) {
  open = workspace->outer;
}

clf__workspace *clf__workspace_pause(void) {
  clf__workspace *paused = open;
  open = NULL;
  return paused;
}

void clf__workspace_resume(clf__workspace *paused) {
  open = paused;
}

bool clf__workspace_empty(const clf__workspace *workspace) {
  return workspace->used == 0 && workspace->outside == 0;
}

static bool serves(const clf__workspace *workspace, const clf_context *context) {
  return workspace != NULL && workspace->context == context;
}

/* Returns what a block takes of a workspace. */
static size_t space_of(size_t bytes) {
  return (bytes + CLF__BLOCK_ALIGNMENT - 1) / CLF__BLOCK_ALIGNMENT * CLF__BLOCK_ALIGNMENT;
}

clf__block *clf__workspace_take(const clf_context *context, size_t bytes) {
  clf__workspace *own = open;
  if (!serves(own, context) || bytes > own->size - own->used) {
    return NULL; /* if it fits, so does its space: all sizes are multiples of the alignment */
  }
  clf__block *block = (clf__block *)(void *)(own->memory + own->used);
  own->used += space_of(bytes);
  *block = (clf__block){.bytes = bytes, .below = own->last};
  own->last = block;
  return block;
}

void clf__workspace_note(const clf_context *context, clf__block *block) {
  clf__workspace *own = open;
  block->workspace = serves(own, context) ? own : NULL;
  if (block->workspace == NULL) {
    return;
  }
  own->outside += block->account != NULL ? space_of(block->bytes) : 0;
  const size_t now = own->used + own->outside;
  own->peak = now > own->peak ? now : own->peak;
}

bool clf__workspace_free(clf__block *block) {
  clf__workspace *own = block->workspace;
  if (own == NULL) {
    return false;
  }
  if (block->account != NULL) {
    own->outside -= space_of(block->bytes);
    return false;
  }
  block->freed = true;
  while (own->last != NULL && own->last->freed) {
    own->used = (size_t)((char *)own->last - own->memory);
    own->last = own->last->below;
  }
  return true;
}
