/* Allocates the memory of a workspace, through the context whose allocations it then serves. */
#include "base/workspace_memory.h"

#include "base/memory.h"

void clf__workspace_resize(clf__workspace *workspace, size_t size) {
#ifdef CLF__DEBUG
  if (!clf__workspace_empty(workspace)) {
    __builtin_trap();
  }
#endif
  clf__workspace *paused = clf__workspace_pause();
  clf__free(workspace->memory);
  workspace->memory = size > 0 ? clf__alloc(workspace->context, size) : NULL;
  workspace->size = workspace->memory != NULL ? size : 0;
  clf__workspace_resume(paused);
}
