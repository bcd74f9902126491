/* The account that a context keeps of its memory; only memory.c uses it. */
#ifndef CLF_BASE_ACCOUNT_H
#define CLF_BASE_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <classify/context.h>

/* Returns false if the bytes would exceed the memory limit. */
bool clf__account_add(clf_context *context, size_t bytes);
void clf__account_remove(clf_context *context, size_t bytes);
size_t clf__account_held(const clf_context *context);
size_t clf__account_limit(const clf_context *context); /* SIZE_MAX for none */

/* Describes the last allocation that was refused, on any thread. */
typedef struct clf__refusal {
  atomic_size_t bytes;
  atomic_bool by_limit; /* the memory limit refused it; otherwise the allocator did */
} clf__refusal;

clf__refusal *clf__account_refusal(clf_context *context);
const clf_allocator *clf__account_allocator(const clf_context *context);

#endif
