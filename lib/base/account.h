/* The memory account that a context keeps, for memory.c alone. */
#ifndef CLF_BASE_ACCOUNT_H
#define CLF_BASE_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <classify/context.h>

/* false when the bytes would exceed the memory limit. */
bool clf__account_add(clf_context *context, size_t bytes);
void clf__account_remove(clf_context *context, size_t bytes);
size_t clf__account_held(const clf_context *context);
size_t clf__account_limit(const clf_context *context); /* SIZE_MAX for none */

/* The last request that was refused, on whichever thread. */
typedef struct clf__refusal {
  atomic_size_t bytes;
  atomic_bool by_limit; /* else by the allocator */
} clf__refusal;

clf__refusal *clf__account_refusal(clf_context *context);
const clf_allocator *clf__account_allocator(const clf_context *context);

#endif
