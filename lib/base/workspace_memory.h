/* The memory that a workspace serves allocations from. */
#ifndef CLF_BASE_WORKSPACE_MEMORY_H
#define CLF_BASE_WORKSPACE_MEMORY_H

#include "base/workspace.h"

/* Makes an empty workspace that large, or frees its memory if `size` is 0. Without memory for it,
 * the size becomes 0: what it would serve is allocated as ever. Another workspace may be open. */
void clf__workspace_resize(clf__workspace *workspace, size_t size);

#endif
