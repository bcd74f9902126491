/* Files without a name. O_TMPFILE makes one that never has any; where a file system lacks it, a
 * file is made under a name and loses it at once. */
#include "base/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_error.h"
#include "base/math.h"
#include "base/status.h"

static int open_named(const char *folder) {
  char path[PATH_MAX];
  const int length = snprintf(path, sizeof path, "%s/.classify-XXXXXX", folder);
  if (length < 0 || (size_t)length >= sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  const int descriptor = mkstemp(path);
  if (descriptor >= 0) {
    unlink(path);
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  }
  return descriptor;
}

clf_status clf__scratch_open(clf__scratch *out, const char *folder) {
  int descriptor = -1;
#ifdef O_TMPFILE
  descriptor = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
#endif
  if (descriptor < 0 && errno != ENOENT && errno != ENOTDIR && errno != EACCES) {
    descriptor = open_named(folder);
  }
  if (descriptor < 0) {
    return clf__file_fail("create a file in the folder", folder);
  }
  *out = (clf__scratch){folder, descriptor, 0};
  return CLF_OK;
}

clf_status clf__scratch_write(clf__scratch *scratch, const void *bytes, size_t count) {
  CLF__CHECK(clf__descriptor_write(scratch->descriptor, scratch->folder, bytes, count));
  scratch->size += count;
  return CLF_OK;
}

static clf_status map(void **out, const clf__scratch *scratch) {
  *out = mmap(NULL, scratch->size, PROT_READ | PROT_WRITE, MAP_SHARED, scratch->descriptor, 0);
  return *out != MAP_FAILED ? CLF_OK : clf__file_fail("map a file in the folder", scratch->folder);
}

clf_status clf__scratch_map(clf__bytes *out, clf__scratch *scratch) {
  void *data = (void *)(uintptr_t) ""; /* mmap() refuses a length of 0 */
  const clf_status status = scratch->size > 0 ? map(&data, scratch) : CLF_OK;
  if (status == CLF_OK) {
    *out = (clf__bytes){data, scratch->size, CLF__BYTES_MAPPED};
  }
  clf__scratch_close(scratch);
  return status;
}

/* Reserves the space in pieces, after each of which a signal may have interrupted the call. */
static int reserve(int descriptor, size_t size) {
  const size_t piece = (size_t)1 << 30;
  int error = 0;
  for (size_t at = 0; error == 0 && at < size; at += piece) {
    do {
      error = posix_fallocate(descriptor, (off_t)at, (off_t)clf__min_size(size - at, piece));
    } while (error == EINTR);
  }
  return error;
}

clf_status clf__scratch_reserve(void **out, const char *folder, size_t size) {
  clf__scratch scratch = {0};
  clf_status status;
  CLF__CHECK(clf__scratch_open(&scratch, folder));
  scratch.size = size;
  errno = reserve(scratch.descriptor, size);
  status = errno == 0 ? map(out, &scratch) : clf__file_fail("reserve space in the folder", folder);
  clf__scratch_close(&scratch);
  return status;
}

void clf__scratch_close(clf__scratch *scratch) {
  if (scratch->folder != NULL) {
    close(scratch->descriptor);
  }
  *scratch = (clf__scratch){0};
}
