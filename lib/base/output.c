/* Writing a file so that its name always refers to the old bytes or to all of the new ones: a
 * temporary file in the same folder is written, synced, and renamed over the old one. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/border.h"
#include "base/context.h"
#include "base/file_error.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/status.h"
#include "base/text.h"

enum { ATTEMPTS = 64 };

/* Returns how many bytes of a path belong to the folder, the last slash included. */
static size_t folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* Replaces *target by what a dangling link refers to; *is_link is set to whether it is one. */
static clf_status follow_link(char **target, clf_context *context, bool *is_link) {
  char named[PATH_MAX];
  const ssize_t length = readlink(*target, named, sizeof named);
  const int folder = length > 0 && named[0] == '/' ? 0 : (int)folder_length(*target);
  clf__text next = {.context = context};
  *is_link = length >= 0;
  if (!*is_link) {
    return CLF_OK;
  }
  if (length == sizeof named) {
    errno = ENAMETOOLONG;
    return clf__file_fail("follow the link", *target);
  }
  clf__text_append(&next, "%.*s%.*s", folder, *target, (int)length, named);
  if (next.failed) {
    clf__text_free(&next);
    return CLF_ERROR_MEMORY;
  }
  clf__free(*target);
  *target = next.bytes;
  return CLF_OK;
}

/* Sets the target to where `path` leads: links are followed, even to a file that does not exist
 * yet. */
static clf_status resolve(clf__output *output, clf_context *context) {
  enum { MAX_LINKS = 40 };
  char resolved[PATH_MAX];
  bool is_link = true;
  clf_status status = CLF_OK;
  output->target = clf__copy_text(context, output->path);
  for (int i = 0; output->target != NULL && is_link; i++) {
    if (realpath(output->target, resolved) != NULL) {
      clf__free(output->target);
      output->target = clf__copy_text(context, resolved);
      is_link = false;
    } else if (errno != ENOENT || i == MAX_LINKS) {
      return clf__file_fail("write", output->path);
    } else {
      status = follow_link(&output->target, context, &is_link);
      if (status < 0) {
        return status;
      }
    }
  }
  return output->target != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

/* Checks whether `target` may be replaced; *about receives its attributes, or zeros if it does not
 * exist. */
static clf_status check_target(const char *target, struct stat *about) {
  if (stat(target, about) != 0) {
    *about = (struct stat){0};
    return errno == ENOENT ? CLF_OK : clf__file_fail("write", target);
  }
  if (!S_ISREG(about->st_mode)) {
    return clf__fail(CLF_ERROR_IO, "cannot write '%s': it is %s", target,
                     S_ISDIR(about->st_mode) ? "a directory" : "a pipe or a device");
  }
  if (faccessat(AT_FDCWD, target, W_OK, AT_EACCESS) != 0) {
    return clf__file_fail("write", target);
  }
  return CLF_OK;
}

/* Gives the temporary file the permissions of the file that it will replace, and its group if the
 * process may set it. Otherwise the permissions of the group are removed, because they were meant
 * for another group. */
static clf_status copy_permissions(const clf__output *output, const struct stat *target) {
  mode_t mode = target->st_mode & 0777;
  struct stat own;
  if (fstat(output->descriptor, &own) != 0) {
    return clf__file_fail("examine", output->temporary);
  }
  if (own.st_gid != target->st_gid && fchown(output->descriptor, (uid_t)-1, target->st_gid) != 0) {
    mode &= ~(mode_t)S_IRWXG;
  }
  return fchmod(output->descriptor, mode) == 0
             ? CLF_OK
             : clf__file_fail("set the permissions of", output->temporary);
}

/* Opens a file of a new name in the target's folder, with no more permissions than the target has,
 * so that nobody can read the new bytes who may not read the old ones. The name is short, so that
 * it is valid wherever the target's name is. */
static clf_status open_temporary(clf__output *output, clf_context *context, mode_t mode) {
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
    output->descriptor = open(name.bytes, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  }
  if (output->descriptor < 0) {
    clf_status status = clf__file_fail("create a file next to", output->path);
    clf__text_free(&name);
    return status;
  }
  output->temporary = name.bytes;
  return CLF_OK;
}

clf_status clf__output_open(clf__output *out, clf_context *context, const char *path) {
  CLF__REQUIRE(path);
  clf__output output = {.path = path, .descriptor = -1};
  struct stat target;
  clf_status status = CLF_OK;
  CLF__TRY(resolve(&output, context));
  CLF__TRY(check_target(output.target, &target));
  const bool exists = target.st_mode != 0;
  CLF__TRY(open_temporary(&output, context, exists ? target.st_mode & S_IRWXU : 0666));
  if (exists) {
    CLF__TRY(copy_permissions(&output, &target));
  }
  *out = output;
done:
  if (status < 0) {
    clf__output_close(&output);
  }
  return status;
}

clf_status clf__output_memory(clf__output *out, clf_context *context, const char *name,
                              void *buffer, size_t capacity, size_t *size) {
  CLF__CHECK(clf__check_buffer(buffer, capacity, capacity));
  *out = (clf__output){.path = name,
                       .descriptor = -1,
                       .kept.context = context,
                       .buffer = buffer,
                       .capacity = capacity,
                       .size = size};
  return CLF_OK;
}

static clf_status keep(clf__output *output, const void *bytes, size_t count) {
  output->count += count;
  if (output->buffer != NULL) {
    clf__text_append_bytes(&output->kept, bytes, count);
  }
  return output->kept.failed ? CLF_ERROR_MEMORY : CLF_OK;
}

clf_status clf__output_write(clf__output *output, const void *bytes, size_t count) {
  if (output->size != NULL) {
    return keep(output, bytes, count);
  }
  const size_t max = (size_t)1 << 30; /* for one write() */
  const unsigned char *at = bytes;
  while (count > 0) {
    ssize_t written = write(output->descriptor, at, clf__min_size(count, max));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return clf__file_fail("write", output->path);
    }
    at += written;
    count -= (size_t)written;
  }
  return CLF_OK;
}

clf_status clf__output_text(clf__output *output, clf__text *text, size_t max) {
  clf_status status = CLF_OK;
  if (text->failed) {
    return CLF_ERROR_MEMORY;
  }
  if (text->length > max) {
    status = clf__output_write(output, text->bytes, text->length);
    text->length = 0;
  }
  return status;
}

/* Makes the new name survive a power failure. By now the file is complete under either name, so a
 * file system that cannot do this is not a reason to fail. */
static void sync_folder(char *target) {
  size_t length = folder_length(target);
  target[length] = '\0';
  int folder = open(length > 0 ? target : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
}

static clf_status commit_memory(const clf__output *output) {
  CLF__CHECK(clf__check_buffer(output->buffer, output->capacity, output->count));
  if (output->buffer != NULL && output->count > 0) {
    memcpy(output->buffer, output->kept.bytes, output->count);
  }
  *output->size = output->count;
  return CLF_OK;
}

clf_status clf__output_commit(clf__output *output) {
  clf_status status = CLF_OK;
  if (output->size != NULL) {
    status = commit_memory(output);
  } else if (fsync(output->descriptor) != 0) {
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
  clf__text_free(&output->kept);
  clf__free(output->temporary);
  clf__free(output->target);
  *output = (clf__output){.descriptor = -1};
}
