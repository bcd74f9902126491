/* Writing a file so that its name holds the old bytes or all of the new ones, whatever happens: a
 * temporary file in the same folder is written, synced, and renamed over the old one. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/context.h"
#include "base/file.h"
#include "base/file_error.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "base/text.h"

enum { ATTEMPTS = 64 };

/* strerror() is not safe in threads, and speaks the host's language and encoding. */
clf_status clf__file_fail(const char *action, const char *path) {
  int error = errno;
  locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  const char *reason = locale != (locale_t)0 ? strerror_l(error, locale) : "unknown reason";
  clf_status status = clf__fail(CLF_ERROR_IO, "cannot %s '%s': %s", action, path, reason);
  if (locale != (locale_t)0) {
    freelocale(locale);
  }
  return status;
}

/* Bytes of the folder's part of a path, the last slash included. */
static size_t folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* Whether `target` may be replaced; *mode is its permissions, or 0 when there is no such file. */
static clf_status check_target(const char *target, mode_t *mode) {
  struct stat about;
  *mode = 0;
  if (stat(target, &about) != 0) {
    return errno == ENOENT ? CLF_OK : clf__file_fail("write", target);
  }
  if (!S_ISREG(about.st_mode)) {
    return clf__fail(CLF_ERROR_IO, "cannot write '%s': it is %s", target,
                     S_ISDIR(about.st_mode) ? "a directory" : "a pipe or a device");
  }
  if (faccessat(AT_FDCWD, target, W_OK, AT_EACCESS) != 0) {
    return clf__file_fail("write", target);
  }
  *mode = about.st_mode & 07777;
  return CLF_OK;
}

/* Opens a file of a new name in the target's folder. The name is short, so that it fits wherever
 * the target's does. */
static clf_status open_temporary(clf__output *output, clf_context *context) {
  clf__text name = {.context = context};
  double now = clf__seconds();
  uint64_t seed;
  memcpy(&seed, &now, sizeof seed);
  clf__random random = clf__random_seed(seed, (uint64_t)getpid());
  int folder = (int)folder_length(output->target);
  errno = EEXIST;
  for (int i = 0; i < ATTEMPTS && output->descriptor < 0 && errno == EEXIST; i++) {
    name.length = 0;
    clf__text_append(&name, "%.*s.classify-%016llx", folder, output->target,
                     (unsigned long long)clf__random_next(&random));
    if (name.failed) {
      clf__text_free(&name);
      return CLF_ERROR_MEMORY;
    }
    output->descriptor = open(name.bytes, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  }
  if (output->descriptor < 0) {
    clf_status status = clf__file_fail("create a file beside", output->path);
    clf__text_free(&name);
    return status;
  }
  output->temporary = name.bytes;
  return CLF_OK;
}

clf_status clf__output_open(clf__output *out, clf_context *context, const char *path) {
  CLF__REQUIRE(path);
  clf__output output = {.path = path, .descriptor = -1};
  char resolved[PATH_MAX];
  mode_t mode;
  clf_status status = CLF_OK;
  output.target = clf__copy_text(context, realpath(path, resolved) != NULL ? resolved : path);
  if (output.target == NULL) {
    status = CLF_ERROR_MEMORY;
    goto done;
  }
  CLF__TRY(check_target(output.target, &mode));
  CLF__TRY(open_temporary(&output, context));
  if (mode != 0 && fchmod(output.descriptor, mode) != 0) {
    status = clf__file_fail("set the permissions of", output.temporary);
    goto done;
  }
  *out = output;
done:
  if (status < 0) {
    clf__output_close(&output);
  }
  return status;
}

clf_status clf__output_write(clf__output *output, const void *bytes, size_t count) {
  const size_t most = (size_t)1 << 30; /* of one write() */
  const unsigned char *at = bytes;
  while (count > 0) {
    ssize_t put = write(output->descriptor, at, count < most ? count : most);
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return clf__file_fail("write", output->path);
    }
    at += put;
    count -= (size_t)put;
  }
  return CLF_OK;
}

clf_status clf__output_text(clf__output *output, clf__text *text, size_t most) {
  clf_status status = CLF_OK;
  if (text->failed) {
    return CLF_ERROR_MEMORY;
  }
  if (text->length > most) {
    status = clf__output_write(output, text->bytes, text->length);
    text->length = 0;
  }
  return status;
}

/* Makes the new name outlast a power failure. The file is whole under either name by now, so a file
 * system that cannot do this is no reason to fail. */
static void sync_folder(char *target) {
  size_t length = folder_length(target);
  target[length] = '\0';
  int folder = open(length > 0 ? target : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
}

clf_status clf__output_commit(clf__output *output) {
  clf_status status = CLF_OK;
  if (fsync(output->descriptor) != 0) {
    status = clf__file_fail("write to disk", output->path);
  } else if (rename(output->temporary, output->target) != 0) {
    status = clf__file_fail("replace", output->path);
  } else {
    clf__free(output->temporary);
    output->temporary = NULL;
    sync_folder(output->target);
  }
  clf__output_close(output);
  return status;
}

void clf__output_close(clf__output *output) {
  if (output->path == NULL) {
    return;
  }
  if (output->descriptor >= 0) {
    close(output->descriptor);
  }
  if (output->temporary != NULL) {
    unlink(output->temporary);
  }
  clf__free(output->temporary);
  clf__free(output->target);
  *output = (clf__output){.descriptor = -1};
}
