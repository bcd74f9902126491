/* A workspace is a stack of blocks. Calls free their blocks in nearly the reverse order; one that is
 * freed too early keeps its bytes until those behind it are freed. */
#include "base/workspace.h"

#include "base/memory.h"
#include "base/memory_block.h"

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

clf__block *clf__workspace_take(const clf_context *context, size_t bytes) {
  clf__workspace *own = open;
  size_t whole;
  if (!serves(own, context) || !clf__add_size(bytes, CLF__BLOCK_ALIGNMENT - 1, &whole)) {
    return NULL;
  }
  whole -= whole % CLF__BLOCK_ALIGNMENT;
  if (whole > own->size - own->used) {
    return NULL;
  }
  clf__block *block = (clf__block *)(void *)(own->memory + own->used);
  own->used += whole;
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
  /* As many bytes as it would take of the workspace. */
  own->outside += block->account != NULL ? block->bytes + CLF__BLOCK_ALIGNMENT : 0;
  const size_t now = own->used + own->outside;
  own->peak = now > own->peak ? now : own->peak;
}

bool clf__workspace_free(clf__block *block) {
  clf__workspace *own = block->workspace;
  if (own == NULL) {
    return false;
  }
  if (block->account != NULL) {
    own->outside -= block->bytes + CLF__BLOCK_ALIGNMENT;
    return false;
  }
  block->freed = true;
  while (own->last != NULL && own->last->freed) {
    own->used = (size_t)((char *)own->last - own->memory);
    own->last = own->last->below;
  }
  return true;
}

void clf__workspace_fit(clf__workspace *workspace) {
  if (workspace->peak <= workspace->size) {
    return;
  }
  clf__workspace_free_memory(workspace);
  workspace->memory = clf__alloc(workspace->context, workspace->peak);
  workspace->size = workspace->memory != NULL ? workspace->peak : 0;
}

void clf__workspace_free_memory(clf__workspace *workspace) {
  clf__free(workspace->memory);
  workspace->memory = NULL;
  workspace->size = 0;
}
