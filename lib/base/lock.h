/* Mutual exclusion: a lock that a handle owns, and one that stays valid in the child after
 * fork(). */
#ifndef CLF_BASE_LOCK_H
#define CLF_BASE_LOCK_H

#include <stdatomic.h>
#include <sys/types.h>

#include <classify/context.h>

typedef struct clf__lock clf__lock;

clf__lock *clf__lock_create(clf_context *context); /* NULL with the message set */
void clf__lock_free(clf__lock *lock);              /* NULL is fine */
void clf__lock_acquire(clf__lock *lock);
void clf__lock_release(clf__lock *lock);

/* A lock that needs no memory of its own and is initialized by 0, for resources that are rarely
 * contended: a waiting thread sleeps briefly and tries again. The lock remembers its process: after
 * fork() the child takes it over from a thread of the parent, which does not exist in the child. So
 * whatever it guards must be consistent between any two instructions. */
typedef _Atomic(pid_t) clf__process_lock;

void clf__process_lock_acquire(clf__process_lock *lock);
void clf__process_lock_release(clf__process_lock *lock);

#endif
