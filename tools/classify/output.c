/* Files that are written under another name in the same folder, and renamed when they are whole. */
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/text.h"

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
  const int descriptor = good ? mkstemp(out->temporary) : -1;
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
  } else {
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
  }
  free(out->temporary);
  free(out->target);
  *out = (output_file){.path = out->path};
}
