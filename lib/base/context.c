/* The context. It is reference-counted: each handle retains it, and the last release frees it.
 *
 * The default context is the only global state of the library. It is a weak reference under a lock;
 * the first handle that needs the context creates it and the last one frees it. So nothing outlives
 * its users, and the library can be unloaded. */
#include "base/context.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/border.h"
#include "base/context_state.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/structs.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/workspace.h"

#define CPU_WORDS "auto|generic|avx2|avx512|amx"

#define CLF__VALUES clf__context_params
static const clf__param params[] = {
    CLF__INT_OR(threads, "auto", "auto", 1, 1024,
                "number of threads of a call, including its own; auto: the CPUs of this process"),
    CLF__INT(seed, "0", 0, INFINITY, "seed of the random numbers; the same seed, the same results"),
    CLF__INT_OR(memory_limit, "none", "none", 1, 1e18, "maximum number of bytes in use"),
    CLF__CHOICE(cpu, CPU_WORDS, "auto", "kernels to use; auto: variable CLASSIFY_CPU, or the best"),
    CLF__REAL(progress_interval, "0", 0, 3600, "minimum seconds between two reports of a thread"),
    CLF__INT_OR(shards, "auto", "auto", 1, 65536,
                "parts of the rows, summed by themselves; auto: 64 with a communicator, or 1"),
};

const clf__kind clf__context_kind =
    CLF__KIND("context", "what calls share: threads, seed, memory limit, CPU kernels", params,
              clf__context_params);

size_t clf__context_available(const clf_context *context) {
  return clf__account_available(&context->account);
}

/* Returns the best target that this CPU supports and whose word has the index `choice`; 0 allows
 * any word. NULL if there is none. */
static const clf__cpu_target *best_target(int32_t choice) {
  for (const clf__cpu_target *target = clf__cpu_targets; target->name != NULL; target++) {
    int32_t own = clf__word_index(CPU_WORDS, target->word, strlen(target->word));
    if ((choice == 0 || choice == own) && target->supported()) {
      return target;
    }
  }
  return NULL;
}

/* Returns the target that the parameter asks for, or the environment variable CLASSIFY_CPU if the
 * parameter is auto. */
static clf_status choose_target(const clf__cpu_target **out, int32_t choice) {
  const char *variable = getenv("CLASSIFY_CPU");
  if (choice == 0 && variable != NULL && variable[0] != '\0') {
    choice = clf__word_index(CPU_WORDS, variable, strlen(variable));
    if (choice < 0) {
      return clf__fail(CLF_ERROR_ARGUMENT, "CLASSIFY_CPU is '%s'; it must be one of %s", variable,
                       CPU_WORDS);
    }
  }
  const clf__cpu_target *target = best_target(choice);
  if (target == NULL) {
    size_t length;
    const char *word = clf__word_at(CPU_WORDS, choice, &length);
    return clf__fail(CLF_ERROR_UNSUPPORTED, "cpu=%.*s: this CPU offers no more than %s",
                     (int)length, word, best_target(0)->name);
  }
  *out = target;
  return CLF_OK;
}

/* Makes a context with the given allocator, before its parameters are read. */
static clf_context *make_blank(const clf_allocator *allocator) {
  clf_context *context = allocator->allocate(allocator->user, sizeof *context, 64);
  if (context == NULL) {
    clf__fail(CLF_ERROR_MEMORY, "context: out of memory: the allocator refused %zu bytes",
              sizeof *context);
    return NULL;
  }
  memset(context, 0, sizeof *context);
  atomic_init(&context->references, 1);
  clf__account_open(&context->account, allocator);
  return context;
}

static clf_status configure(clf_context *context, const char *text) {
  void *parsed = NULL;
  CLF__CHECK(clf__params_create(&parsed, context, &clf__context_kind.params, text));
  const clf__context_params *values = &context->params;
  context->params = *(const clf__context_params *)parsed; /* which owns nothing */
  clf__params_free(&clf__context_kind.params, parsed);
  CLF__CHECK(choose_target(&context->target, values->cpu));
  context->threads = values->threads.word >= 0 ? clf__cpu_count() : (int32_t)values->threads.value;
  context->seed = (uint64_t)values->seed;
  context->pool = clf__pool_create(context, context->threads, clf__progress_poll);
  if (context->pool == NULL) {
    return CLF_ERROR_MEMORY;
  }
  if (values->memory_limit.word < 0) {
    clf__account_set_limit(&context->account, (size_t)values->memory_limit.value);
  }
  return CLF_OK;
}

static void destroy(clf_context *context) {
  clf__pool_free(context->pool);
  clf__free(context->comm);
  clf__account_close(&context->account);
  const clf_allocator allocator = context->account.allocator;
  allocator.release(allocator.user, context);
}

clf_status clf_context_create(clf_context **out, const clf_allocator *allocator, const char *text) {
  CLF__REQUIRE(out);
  CLF__ENTER("context");
  static const clf__struct about = CLF__STRUCT(clf_allocator, user);
  clf_allocator own = clf__system_allocator;
  if (allocator != NULL) {
    CLF__CHECK(clf__struct_read(&own, &about, allocator));
  }
  if (own.allocate == NULL || own.release == NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "an allocator needs both allocate and release");
  }
  clf_context *context = make_blank(&own);
  if (context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = configure(context, text);
  if (status < 0) {
    destroy(context);
    return status;
  }
  *out = context;
  return CLF_OK;
}

static clf__process_lock default_lock;
static clf_context *default_context; /* weak: handles retain it */

/* Retains the default context. If there is none, `made` (which may be NULL) becomes it, with the
 * reference that it was created with. */
static clf_context *retain_or_set_default(clf_context *made) {
  clf__process_lock_acquire(&default_lock);
  clf_context *context = default_context;
  if (context != NULL) {
    atomic_fetch_add(&context->references, 1);
  } else {
    context = default_context = made;
  }
  clf__process_lock_release(&default_lock);
  return context;
}

/* The context is created outside of the lock, so that nothing is allocated while the lock is
 * held. */
static clf_context *retain_default(void) {
  clf_context *context = retain_or_set_default(NULL);
  clf_context *made = NULL;
  if (context == NULL && clf_context_create(&made, NULL, NULL) == CLF_OK) {
    context = retain_or_set_default(made);
  }
  if (made != NULL && made != context) {
    destroy(made);
  }
  return context;
}

clf_context *clf__context_retain(clf_context *context) {
  if (context == NULL) {
    return retain_default();
  }
  atomic_fetch_add(&context->references, 1);
  return context;
}

/* The last reference is released under the lock, so that retain_default() never revives a context
 * that is being freed. A child that was forked in between may revive it: nobody frees it there, and
 * it is complete. */
void clf__context_release(clf_context *context) {
  if (context == NULL) {
    return;
  }
  int_least64_t references = atomic_load(&context->references);
  while (references > 1) {
    if (atomic_compare_exchange_weak(&context->references, &references, references - 1)) {
      return;
    }
  }
  clf__process_lock_acquire(&default_lock);
  bool last = atomic_fetch_sub(&context->references, 1) == 1;
  if (last && context == default_context) {
    default_context = NULL;
  }
  clf__process_lock_release(&default_lock);
  if (last) {
    destroy(context);
  }
}

void *clf__handle_create(clf_context *context, size_t size) {
  context = clf__context_retain(context);
  clf_context **handle = context != NULL ? clf__alloc_zeroed(context, 1, size) : NULL;
  if (handle == NULL) {
    clf__context_release(context);
    return NULL;
  }
  *handle = context;
  return handle;
}

void clf__handle_free(void *handle) {
  clf_context *context = *(clf_context **)handle;
  clf__free(handle);
  clf__context_release(context);
}

void clf_context_free(clf_context *context) {
  clf__context_release(context);
}

clf_status clf_context_set_progress(clf_context *context, clf_progress_callback callback,
                                    void *user) {
  CLF__REQUIRE(context);
  CLF__ENTER("context");
  context->progress = callback;
  context->progress_user = user;
  return CLF_OK;
}

clf_status clf_context_set_log(clf_context *context, clf_log_callback callback, void *user) {
  CLF__REQUIRE(context);
  CLF__ENTER("context");
  context->log = callback;
  context->log_user = user;
  return CLF_OK;
}

clf_status clf_context_params(const clf_context *context, char *buffer, size_t capacity,
                              size_t *needed) {
  CLF__REQUIRE(context);
  CLF__ENTER("context");
  return clf__params_copy_text(&clf__context_kind.params, &context->params, buffer, capacity,
                               needed);
}

int32_t clf_context_threads(const clf_context *context) {
  return context != NULL ? context->threads : 0;
}

const char *clf_context_cpu(const clf_context *context) {
  return context != NULL ? context->target->name : "";
}

size_t clf_context_memory(const clf_context *context) {
  return context != NULL ? (size_t)atomic_load(&context->account.held) : 0;
}

size_t clf_context_memory_peak(const clf_context *context) {
  return context != NULL ? (size_t)atomic_load(&context->account.peak) : 0;
}

int32_t clf__context_threads(const clf_context *context) {
  return context->threads;
}

uint64_t clf__context_seed(const clf_context *context) {
  return context->seed;
}

const clf__cpu_target *clf__context_target(const clf_context *context) {
  return context->target;
}

/* Calls that ask at the same time get the same answer. */
bool clf__context_has_tiles(clf_context *context) {
  int tiles = atomic_load_explicit(&context->tiles, memory_order_relaxed);
  if (tiles == CLF__TILES_UNKNOWN) {
    int answer = clf__cpu_request_tiles() ? CLF__TILES_ALLOWED : CLF__TILES_REFUSED;
    /* The first answer stays, so that what was packed for it stays valid. */
    tiles = atomic_compare_exchange_strong(&context->tiles, &tiles, answer) ? answer : tiles;
  }
  return tiles == CLF__TILES_ALLOWED;
}

bool clf__context_has_log(const clf_context *context) {
  return context->log != NULL;
}

void clf__log(clf_context *context, int32_t level, const char *format, ...) {
  if (context->log == NULL) {
    return;
  }
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length >= 0) {
    clf__utf8_mend(line); /* paths need not be UTF-8, and the cut may divide a character */
    clf__workspace *paused = clf__workspace_pause();
    context->log(context->log_user, level, line);
    clf__workspace_resume(paused);
  }
}
