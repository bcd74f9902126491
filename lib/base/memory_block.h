/* The header in front of each block that memory.c allocates. It takes 64 bytes, which keeps the
 * alignment and leaves space for the links of arenas and workspaces. So a group of arrays takes no
 * more memory than its arrays, and the address sanitizer checks the end of each of them. */
#ifndef CLF_BASE_MEMORY_BLOCK_H
#define CLF_BASE_MEMORY_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/account.h"
#include "base/workspace.h"

enum { CLF__BLOCK_ALIGNMENT = 64 };

typedef struct clf__block {
  clf__account *account;     /* which counts its bytes; NULL in the memory of a workspace */
  clf__workspace *workspace; /* that was open when it was allocated, or NULL */
  size_t bytes;              /* header included */
  void *next;                /* in an arena, the block that was allocated before this one */
  struct clf__block *below;  /* in the memory of a workspace, the block before this one */
  bool in_arena;
  bool freed; /* in the memory of a workspace: but a block behind it is not */
} clf__block;

_Static_assert(sizeof(clf__block) <= CLF__BLOCK_ALIGNMENT, "the header must fit the alignment");

/* Returns a block of the workspace that is open on the calling thread, or NULL if there is none for
 * this context, or if it has too little space left. */
clf__block *clf__workspace_take(const clf_context *context, size_t bytes);
/* Notes a block, from wherever it came, that a thread with an open workspace has allocated. */
void clf__workspace_note(const clf_context *context, clf__block *block);
/* Returns true if the block was in the memory of its workspace, which has it back now; otherwise
 * the caller frees it. */
bool clf__workspace_free(clf__block *block);

#endif
