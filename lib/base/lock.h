/* A mutual exclusion lock. */
#ifndef CLF_BASE_LOCK_H
#define CLF_BASE_LOCK_H

#include <classify/context.h>

typedef struct clf__lock clf__lock;

clf__lock *clf__lock_create(clf_context *context); /* NULL with the message set */
void clf__lock_free(clf__lock *lock);              /* NULL is fine */
void clf__lock_take(clf__lock *lock);
void clf__lock_leave(clf__lock *lock);

#endif
