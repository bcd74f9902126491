/* Files that are written under another name in the same folder, and renamed when they are whole. */
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/progress.h"
#include "report/text.h"

/* A handler can reach nothing but a global: what is being written. */
enum { MAX_UNFINISHED = 8 };
static char *volatile unfinished[MAX_UNFINISHED];

static const int ending[] = {SIGTERM, SIGHUP, SIGINT};
enum { ENDING = sizeof ending / sizeof *ending };

/* While the library writes a file, whose temporary name is not noted: the signal that is to end the
 * program after its call, or 0. */
static volatile sig_atomic_t calling, waiting;

/* Removes what is unfinished, and ends the program. */
static void end_by(int signal_number) {
  if (calling && waiting == 0 && signal_number != SIGINT) {
    waiting = signal_number;
    progress_cancel();
    return;
  }
  for (int i = MAX_UNFINISHED - 1; i >= 0; i--) { /* a folder was noted before its files */
    if (unfinished[i] != NULL && unlink(unfinished[i]) != 0) {
      rmdir(unfinished[i]);
    }
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number); /* it is delivered when this returns */
}

void output_guard(void) {
  for (int i = 0; i < ENDING; i++) { /* a signal that is ignored, as by nohup, stays so */
    if (signal(ending[i], end_by) == SIG_IGN) {
      signal(ending[i], SIG_IGN);
    }
  }
  progress_end_by(end_by);
}

void output_begin_call(void) {
  calling = true;
}

clf_status output_end_call(clf_status status) {
  calling = false;
  if (waiting != 0) {
    raise(waiting);
  }
  return status == CLF_OK && progress_interrupted() ? CLF_ERROR_CANCELLED : status;
}

void output_note(char *before, char *path) {
  int i = 0;
  while (i < MAX_UNFINISHED && unfinished[i] != before) {
    i++;
  }
  if (i < MAX_UNFINISHED) {
    unfinished[i] = path;
  }
}

static void mask(int how) {
  sigset_t signals;
  sigemptyset(&signals);
  for (int i = 0; i < ENDING; i++) {
    sigaddset(&signals, ending[i]);
  }
  sigprocmask(how, &signals, NULL);
}

void output_hold(void) {
  mask(SIG_BLOCK);
}

void output_release(void) {
  mask(SIG_UNBLOCK);
}

static bool fail(const output_file *out, const char *reason) {
  complain("cannot write %s: %s", out->path, reason);
  return false;
}

/* Whether the path is standard output: "-", or a name of the file that it was redirected to, which
 * the shell's descriptor must go on to refer to. */
static bool is_standard(const char *path, const struct stat *about, bool there) {
  struct stat standard;
  return strcmp(path, "-") == 0 ||
         (there && fstat(STDOUT_FILENO, &standard) == 0 && standard.st_dev == about->st_dev &&
          standard.st_ino == about->st_ino);
}

static bool open_standard(output_file *out) {
  fflush(stdout); /* what was printed comes first */
  const int descriptor = dup(STDOUT_FILENO);
  out->file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
  if (out->file == NULL) {
    fail(out, strerror(errno));
    if (descriptor >= 0) {
      close(descriptor);
    }
  }
  return out->file != NULL;
}

static bool open_device(output_file *out) {
  out->file = fopen(out->path, "w");
  return out->file != NULL || fail(out, strerror(errno));
}

/* Sets the names; a link that leads nowhere is replaced itself. */
static bool set_names(output_file *out) {
  static const char pattern[] = ".classify-XXXXXX";
  char *resolved = realpath(out->path, NULL);
  out->target = resolved != NULL ? resolved : strdup(out->path);
  const size_t length = out->target != NULL ? strlen(out->target) : 0;
  out->temporary = out->target != NULL ? malloc(length + sizeof pattern) : NULL;
  if (out->temporary == NULL) {
    return fail(out, "out of memory");
  }
  const char *slash = strrchr(out->target, '/');
  const size_t folder = slash != NULL ? (size_t)(slash - out->target) + 1 : 0;
  memcpy(out->temporary, out->target, folder);
  memcpy(out->temporary + folder, pattern, sizeof pattern);
  return true;
}

/* The permissions of a new file; the process's mask can only be read by setting it. */
static mode_t default_mode(void) {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

bool output_begin(output_file *out, const char *path) {
  struct stat about;
  const bool there = stat(path, &about) == 0;
  *out = (output_file){.path = path};
  if (there && S_ISDIR(about.st_mode)) {
    return fail(out, "it is a folder");
  }
  if (is_standard(path, &about, there)) {
    return open_standard(out);
  }
  if (there && !S_ISREG(about.st_mode)) {
    return open_device(out);
  }
  if (there && access(path, W_OK) != 0) {
    return fail(out, strerror(errno));
  }
  bool good = set_names(out);
  output_hold();
  const int descriptor = good ? mkstemp(out->temporary) : -1;
  if (descriptor >= 0) {
    output_note(NULL, out->temporary);
  }
  output_release();
  out->file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
  if (good && (out->file == NULL ||
               fchmod(descriptor, there ? about.st_mode & 0777 : default_mode()) != 0)) {
    good = fail(out, strerror(errno));
  }
  if (descriptor >= 0 && out->file == NULL) {
    close(descriptor);
  }
  if (!good) {
    if (descriptor < 0) { /* there is nothing to remove */
      free(out->temporary);
      out->temporary = NULL;
    }
    output_discard(out);
  }
  return good;
}

bool output_commit(output_file *out) {
  errno = 0;
  const bool written = !ferror(out->file) && fflush(out->file) == 0 &&
                       (out->target == NULL || fsync(fileno(out->file)) == 0);
  const bool closed = fclose(out->file) == 0;
  bool good = written && closed;
  out->file = NULL;
  if (good && out->target != NULL) {
    good = rename(out->temporary, out->target) == 0;
  }
  if (!good) {
    fail(out, errno != 0 ? strerror(errno) : "not all bytes could be written");
  } else if (out->temporary != NULL) {
    output_note(out->temporary, NULL);
    free(out->temporary);
    out->temporary = NULL;
  }
  output_discard(out);
  return good;
}

void output_discard(output_file *out) {
  if (out->file != NULL) {
    fclose(out->file);
  }
  if (out->temporary != NULL) {
    unlink(out->temporary);
    output_note(out->temporary, NULL);
  }
  free(out->temporary);
  free(out->target);
  *out = (output_file){.path = out->path};
}
