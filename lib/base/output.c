/* Writing a file so that its name always refers to the old bytes or to all of the new ones: another
 * file in the same folder is written, synced, and renamed over the old one. It has no name until
 * then, so that nothing is left of it whatever ends the process. Where the file system cannot make
 * such files, or the system cannot give them a name, it has a temporary name from the beginning. */
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
#include "base/file.h"
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
    return clf__file_fail("examine a file next to", output->path);
  }
  if (own.st_gid != target->st_gid && fchown(output->descriptor, (uid_t)-1, target->st_gid) != 0) {
    mode &= ~(mode_t)S_IRWXG;
  }
  return fchmod(output->descriptor, mode) == 0
             ? CLF_OK
             : clf__file_fail("set the permissions of a file next to", output->path);
}

/* Sets `temporary` to the next of some names in the target's folder that are not likely to exist.
 * The name is short, so that it is valid wherever the target's name is. */
static clf_status next_name(clf__output *output, clf_context *context, clf__random *random) {
  clf__text name = {.context = context};
  clf__text_append(&name, "%.*s.classify-%016llx", (int)folder_length(output->target),
                   output->target, (unsigned long long)clf__random_next(random));
  if (name.failed) {
    clf__text_free(&name);
    return CLF_ERROR_MEMORY;
  }
  clf__free(output->temporary);
  output->temporary = name.bytes;
  return CLF_OK;
}

/* The file in /proc by which a descriptor gets a name. */
typedef struct descriptor_path {
  char text[32];
} descriptor_path;

static descriptor_path path_of(int descriptor) {
  descriptor_path path;
  snprintf(path.text, sizeof path.text, "/proc/self/fd/%d", descriptor);
  return path;
}

/* Opens a file without a name; returns -1 if there is no such thing here. */
static int open_unnamed(const clf__output *output, mode_t mode) {
  int descriptor = -1;
#ifdef O_TMPFILE
  char folder[PATH_MAX] = ".";
  const size_t length = folder_length(output->target);
  if (length >= sizeof folder) {
    return -1;
  }
  memcpy(folder, output->target, length);
  folder[clf__max_size(length, 1)] = '\0';
  descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
  if (descriptor >= 0 && access(path_of(descriptor).text, F_OK) != 0) {
    close(descriptor);
    descriptor = -1;
  }
#else
  (void)output, (void)mode;
#endif
  return descriptor;
}

/* Runs `make` for one new name after the other, until it is not taken. Returns what it returns. */
static clf_status with_new_name(clf__output *output, clf_context *context, mode_t mode,
                                int (*make)(const clf__output *output, mode_t mode), int *made) {
  const double now = clf__seconds();
  uint64_t seed;
  memcpy(&seed, &now, sizeof seed);
  clf__random random = clf__random_seed(seed, (uint64_t)getpid());
  *made = -1;
  errno = EEXIST;
  for (int i = 0; i < ATTEMPTS && *made < 0 && errno == EEXIST; i++) {
    CLF__CHECK(next_name(output, context, &random));
    *made = make(output, mode);
  }
  if (*made < 0) {
    const clf_status status = clf__file_fail("create a file next to", output->path);
    clf__free(output->temporary);
    output->temporary = NULL;
    return status;
  }
  return CLF_OK;
}

static int open_named(const clf__output *output, mode_t mode) {
  return open(output->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
}

static int link_named(const clf__output *output, mode_t mode) {
  (void)mode;
  return linkat(AT_FDCWD, path_of(output->descriptor).text, AT_FDCWD, output->temporary,
                AT_SYMLINK_FOLLOW);
}

/* Opens a file with no more permissions than the target has, so that nobody can read the new bytes
 * who may not read the old ones. */
static clf_status open_temporary(clf__output *output, clf_context *context, mode_t mode) {
  output->descriptor = open_unnamed(output, mode);
  return output->descriptor >= 0
             ? CLF_OK
             : with_new_name(output, context, mode, open_named, &output->descriptor);
}

clf_status clf__output_open(clf__output *out, clf_context *context, const char *path) {
  CLF__REQUIRE(path);
  clf__output output = {.path = path, .descriptor = -1, .kept.context = context};
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
  return clf__descriptor_write(output->descriptor, output->path, bytes, count);
}

clf_status clf__output_overwrite(clf__output *output, size_t offset, const void *bytes,
                                 size_t count) {
  return lseek(output->descriptor, (off_t)offset, SEEK_SET) >= 0
             ? clf__output_write(output, bytes, count)
             : clf__file_fail("write", output->path);
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

/* A file without a name gets one for a moment, since only a renamed file replaces another. */
static clf_status commit_file(clf__output *output) {
  int linked;
  if (fsync(output->descriptor) != 0) {
    return clf__file_fail("write to disk", output->path);
  }
  if (output->temporary == NULL) {
    CLF__CHECK(with_new_name(output, output->kept.context, 0, link_named, &linked));
  }
  if (rename(output->temporary, output->target) != 0) {
    return clf__file_fail("replace", output->path);
  }
  clf__free(output->temporary);
  output->temporary = NULL;
  sync_folder(output->target);
  return CLF_OK;
}

clf_status clf__output_commit(clf__output *output) {
  const clf_status status = output->size != NULL ? commit_memory(output) : commit_file(output);
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
