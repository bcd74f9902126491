#include "base/lock.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"

struct clf__lock {
  pthread_mutex_t mutex;
};

clf__lock *clf__lock_create(clf_context *context) {
  clf__lock *lock = clf__alloc(context, sizeof *lock);
  if (lock != NULL && pthread_mutex_init(&lock->mutex, NULL) != 0) {
    clf__free(lock);
    clf__fail(CLF_ERROR_MEMORY, "the system cannot make another lock");
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

void clf__lock_acquire(clf__lock *lock) {
  pthread_mutex_lock(&lock->mutex);
}

void clf__lock_release(clf__lock *lock) {
  pthread_mutex_unlock(&lock->mutex);
}

void clf__process_lock_acquire(clf__process_lock *lock) {
  static const struct timespec little = {0, 20000};
  const pid_t process = getpid();
  for (;;) {
    pid_t owner = atomic_load(lock);
    if (owner != process && atomic_compare_exchange_strong(lock, &owner, process)) {
      return;
    }
    nanosleep(&little, NULL);
  }
}

void clf__process_lock_release(clf__process_lock *lock) {
  atomic_store(lock, 0);
}
