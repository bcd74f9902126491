#include "base/lock.h"

#include <pthread.h>

#include "base/memory.h"
#include "base/status.h"

struct clf__lock {
  pthread_mutex_t mutex;
};

clf__lock *clf__lock_create(clf_context *context) {
  clf__lock *lock = clf__alloc(context, sizeof *lock);
  if (lock != NULL && pthread_mutex_init(&lock->mutex, NULL) != 0) {
    clf__free(lock);
    clf__fail(CLF_ERROR_MEMORY, "the system has no room for another lock");
    lock = NULL;
  }
  return lock;
}

void clf__lock_free(clf__lock *lock) {
  if (lock != NULL) {
    pthread_mutex_destroy(&lock->mutex);
    clf__free(lock);
  }
}

void clf__lock_take(clf__lock *lock) {
  pthread_mutex_lock(&lock->mutex);
}

void clf__lock_leave(clf__lock *lock) {
  pthread_mutex_unlock(&lock->mutex);
}
