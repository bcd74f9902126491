/* A program that opens the shared library at run time, as plugins and bindings do: loading starts
 * no thread, takes no signal, prints nothing and takes milliseconds; and threads of small stacks
 * can still be started, and call the library.
 *
 *   loading LIBRARY */
#include <classify.h>
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OPENINGS = 9, MAX_MILLISECONDS = 3, STACK_BYTES = 64 * 1024, SIGNALS = 65 };

/* Entries of /proc/self/task. */
static int count_tasks(void) {
  int count = 0;
  DIR *tasks = opendir("/proc/self/task");
  for (const struct dirent *entry; tasks != NULL && (entry = readdir(tasks)) != NULL;) {
    count += entry->d_name[0] != '.';
  }
  if (tasks != NULL) {
    closedir(tasks);
  }
  return count;
}

/* Returns the signals whose handling is not the default; a parent such as nohup may have left some
 * ignored. */
static int count_handlers(void) {
  int count = 0;
  for (int number = 1; number < SIGNALS; number++) {
    struct sigaction action;
    count += sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL;
  }
  return count;
}

/* Of the processor: other work on the machine does not count. */
static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median of some openings, in milliseconds; negative when one fails. */
static double time_of_opening(const char *path) {
  double times[OPENINGS];
  for (int i = 0; i < OPENINGS; i++) {
    const double began = milliseconds();
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    times[i] = milliseconds() - began;
    if (library == NULL) {
      printf("%s\n", dlerror());
      return -1;
    }
    dlclose(library);
  }
  qsort(times, OPENINGS, sizeof times[0], compare);
  return times[OPENINGS / 2];
}

#define FUNCTION(library, name) ((__typeof__(name) *)(uintptr_t)dlsym(library, #name))

/* Fits and predicts, on a small stack. Returns NULL, or what failed. */
static void *use(void *library) {
  static const char *const kinds[][2] = {
      {"ridge", "alpha=0.1"},
      {"logistic", NULL},
      {"svm", "kernel=rbf"},
      {"fisher", NULL},
      {"network", "epochs=20 layers='dense units=8 activation=relu; dense units=2'"},
  };
  static const float points[] = {0, 0, 0, 1, 1, 0, 4, 4, 4, 5, 5, 4};
  static const int32_t classes[] = {0, 0, 0, 1, 1, 1};
  const int64_t shape[] = {6, 2};
  clf_context *context = NULL;
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *data = NULL;
  int failed =
      FUNCTION(library, clf_context_create)(&context, NULL, "threads=1") < 0 ||
      FUNCTION(library, clf_tensor_wrap)(&x, context, points, CLF_F32, 2, shape, NULL) < 0 ||
      FUNCTION(library, clf_tensor_wrap)(&y, context, classes, CLF_I32, 1, shape, NULL) < 0 ||
      FUNCTION(library, clf_dataset_create)(&data, context, x, y) < 0;
  for (size_t i = 0; !failed && i < sizeof kinds / sizeof kinds[0]; i++) {
    clf_model *model = NULL;
    int32_t predicted[6] = {-1, -1, -1, -1, -1, -1};
    failed = FUNCTION(library, clf_model_create)(&model, context, kinds[i][0], kinds[i][1]) < 0 ||
             FUNCTION(library, clf_model_add_transform)(model, "pca", "components=1") < 0 ||
             FUNCTION(library, clf_model_fit)(model, data, NULL, NULL) < 0 ||
             FUNCTION(library, clf_model_predict)(model, data, predicted, 6) < 0;
    if (failed) {
      printf("%s: %s\n", kinds[i][0], FUNCTION(library, clf_last_error)());
    }
    FUNCTION(library, clf_model_free)(model);
  }
  FUNCTION(library, clf_dataset_free)(data);
  FUNCTION(library, clf_tensor_free)(y);
  FUNCTION(library, clf_tensor_free)(x);
  FUNCTION(library, clf_context_free)(context);
  return failed ? "the library cannot be used on a stack of 64 KiB" : NULL;
}

static const char *use_on_small_stack(void *library) {
  pthread_attr_t attributes;
  pthread_t thread;
  void *message = NULL;
  pthread_attr_init(&attributes);
  if (pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0 ||
      pthread_create(&thread, &attributes, use, library) != 0) {
    return "no thread with a stack of 64 KiB can be started";
  }
  pthread_join(thread, &message);
  pthread_attr_destroy(&attributes);
  return message;
}

static int check(int fine, const char *fact) {
  printf("%s %s\n", fine ? "ok    " : "FAILED", fact);
  return fine ? 0 : 1;
}

int main(int count, char **arguments) {
  if (count != 2) {
    return 2;
  }
  const int tasks = count_tasks(), handlers = count_handlers();
  const double opening = time_of_opening(arguments[1]);
  void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    return 1;
  }
  int failed = check(tasks == 1 && count_tasks() == 1, "loading starts no thread");
  failed += check(count_handlers() == handlers, "loading takes no signal");
  printf("       %.2f ms of the processor to open it\n", opening);
  failed += check(opening >= 0 && opening < MAX_MILLISECONDS, "loading takes milliseconds");
  const char *message = use_on_small_stack(library);
  failed += check(message == NULL, message != NULL ? message : "a stack of 64 KiB is enough");
  return failed > 0;
}
