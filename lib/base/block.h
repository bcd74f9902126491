/* The header in front of each block of memory. */
#ifndef CLF_BASE_BLOCK_H
#define CLF_BASE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

struct clf__account;
struct clf__workspace;

/* It takes 64 bytes, which keeps the alignment and
 * leaves space for the links of arenas and workspaces. So a group of arrays takes no more memory
 * than its arrays, and the address sanitizer checks the end of each of them. */
enum { CLF__BLOCK_ALIGNMENT = 64 };

typedef struct clf__block {
  struct clf__account *account;     /* which counts its bytes; NULL in the memory of a workspace */
  struct clf__workspace *workspace; /* that was open when it was allocated, or NULL */
  size_t bytes;                     /* header included */
  void *next;                       /* in an arena, the block that was allocated before this one */
  struct clf__block *below;         /* in the memory of a workspace, the block before this one */
  bool in_arena;
  bool spilled; /* in a file that is mapped; `account` is then NULL */
  bool freed;   /* in the memory of a workspace: but a block behind it is not */
} clf__block;

_Static_assert(sizeof(clf__block) <= CLF__BLOCK_ALIGNMENT, "the header must fit the alignment");

#endif
