/* Reading and writing files. Opening does not block, so a pipe is refused at once. Calls that a
 * signal interrupts are continued. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/border.h"
#include "base/context.h"
#include "base/file_error.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"

bool clf__file_exists(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

clf_status clf__file_open(clf__file *out, const char *path) {
  CLF__REQUIRE(path);
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) {
    return clf__file_fail("open", path);
  }
  struct stat about;
  clf_status status = CLF_OK;
  if (fstat(descriptor, &about) != 0) {
    status = clf__file_fail("examine", path);
  } else if (!S_ISREG(about.st_mode)) {
    status = clf__fail(CLF_ERROR_IO, "'%s' is %s; it must be a regular file", path,
                       S_ISDIR(about.st_mode) ? "a directory" : "a pipe or a device");
  } else if ((uintmax_t)about.st_size > SIZE_MAX / 2) {
    status = clf__fail(CLF_ERROR_MEMORY, "'%s' has %lld bytes, too many to address", path,
                       (long long)about.st_size);
  }
  if (status < 0) {
    close(descriptor);
    return status;
  }
  *out = (clf__file){path, descriptor, (size_t)about.st_size};
  return CLF_OK;
}

static const size_t max = (size_t)1 << 30; /* for one read() or write() */

clf_status clf__file_next(clf__file *file, void *to, size_t count) {
  unsigned char *at = to;
  while (count > 0) {
    ssize_t got = read(file->descriptor, at, clf__min_size(count, max));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return clf__file_fail("read", file->path);
    }
    if (got == 0) {
      return clf__fail(CLF_ERROR_IO, "'%s' ends %zu bytes early: it was truncated while being read",
                       file->path, count);
    }
    at += got;
    count -= (size_t)got;
  }
  return CLF_OK;
}

void clf__file_close(clf__file *file) {
  close(file->descriptor);
}

clf_status clf__descriptor_write(int descriptor, const char *path, const void *bytes,
                                 size_t count) {
  const unsigned char *at = bytes;
  while (count > 0) {
    const ssize_t written = write(descriptor, at, clf__min_size(count, max));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return clf__file_fail("write", path);
    }
    at += written;
    count -= (size_t)written;
  }
  return CLF_OK;
}

/* Reads in pieces, between which the host may cancel. */
static clf_status read_whole(clf__file *file, clf_context *context, unsigned char *data) {
  const size_t piece = (size_t)1 << 26;
  clf__progress progress = clf__progress_begin(context, "read", (int64_t)file->size);
  clf_status status = CLF_OK;
  for (size_t at = 0; status == CLF_OK && at < file->size; at += piece) {
    const size_t left = file->size - at;
    status = clf__progress_step(&progress, (int64_t)at, NAN, NAN);
    if (status == CLF_OK) {
      status = clf__file_next(file, data + at, clf__min_size(left, piece));
    }
  }
  return status;
}

clf_status clf__file_read(clf__bytes *out, clf_context *context, const char *path) {
  clf__file file = {0};
  clf_status status = CLF_OK;
  CLF__CHECK(clf__file_open(&file, path));
  unsigned char *data = clf__alloc(context, file.size);
  if (data == NULL) {
    status = clf__fail_within(CLF_ERROR_MEMORY, "'%s' (%zu bytes)", path, file.size);
  } else {
    status = read_whole(&file, context, data);
  }
  clf__file_close(&file);
  if (status < 0) {
    clf__free(data);
    return status;
  }
  *out = (clf__bytes){data, file.size, CLF__BYTES_BLOCK};
  return CLF_OK;
}

clf_status clf__file_map(clf__bytes *out, const char *path) {
  clf__file file = {0};
  clf_status status = CLF_OK;
  CLF__CHECK(clf__file_open(&file, path));
  const void *data = ""; /* mmap() refuses a length of 0 */
  if (file.size > 0) {
    data = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, file.descriptor, 0);
  }
  if (data == MAP_FAILED) {
    status = clf__file_fail("map", path);
  } else {
    *out = (clf__bytes){data, file.size, CLF__BYTES_MAPPED};
  }
  clf__file_close(&file);
  return status;
}

void clf__bytes_release(clf__bytes *bytes) {
  if (bytes->owner == CLF__BYTES_BLOCK) {
    clf__free((void *)(uintptr_t)bytes->data);
  } else if (bytes->owner == CLF__BYTES_MAPPED && bytes->size > 0) {
    munmap((void *)(uintptr_t)bytes->data, bytes->size);
  }
  *bytes = (clf__bytes){0};
}
