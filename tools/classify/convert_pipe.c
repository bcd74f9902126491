#include "convert_pipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/files.h"
#include "report/text.h"
#include "tool.h"

/* As messages name them. */
static const char input_name[] = "standard input", output_name[] = "standard output";

static int fail(const char *what) {
  if (progress_interrupted()) {
    return tool_fail(CLF_ERROR_CANCELLED);
  }
  complain("cannot %s: %s", what, strerror(errno));
  return EXIT_FAILURE;
}

/* Copies all bytes; the errors of both files are errno's. */
static bool copy(FILE *from, FILE *to) {
  static char block[1 << 16];
  size_t count;
  while ((count = fread(block, 1, sizeof block, from)) > 0) {
    if (progress_interrupted() || fwrite(block, 1, count, to) < count) {
      return false;
    }
  }
  return !ferror(from);
}

static int make_folder(pipe_files *self) {
  const char *temporary = getenv("TMPDIR");
  if (self->folder[0] != '\0') {
    return -1;
  }
  if (temporary == NULL || *temporary == '\0' || strlen(temporary) > sizeof self->folder - 20) {
    temporary = "/tmp";
  }
  snprintf(self->folder, sizeof self->folder, "%s/classify-XXXXXX", temporary);
  if (mkdtemp(self->folder) == NULL) {
    self->folder[0] = '\0';
    return fail("make a temporary folder");
  }
  return -1;
}

/* The path of "-" in the folder, or a copy of any other. */
static int find_path(pipe_files *self, char **out, const char *path, const char *name) {
  const bool is_pipe = strcmp(path, "-") == 0;
  const int status = is_pipe ? make_folder(self) : -1;
  if (status < 0) {
    *out = is_pipe ? join_path(self->folder, name) : strdup(path);
  }
  return status < 0 && *out == NULL ? fail("go on") : status;
}

static int read_input(const pipe_files *self) {
  FILE *to = fopen(self->in, "w");
  const bool good = to != NULL && copy(stdin, to);
  const int reason = errno;
  if ((to != NULL && fclose(to) != 0) || !good) {
    errno = good ? errno : reason;
    return fail("read standard input");
  }
  return -1;
}

int pipe_open(pipe_files *self, const char *in, const char *out) {
  *self = (pipe_files){.in = NULL};
  int status = find_path(self, &self->in, in, input_name);
  status = status < 0 ? find_path(self, &self->out, out, output_name) : status;
  return status < 0 && strcmp(in, "-") == 0 ? read_input(self) : status;
}

bool pipe_is_out(const pipe_files *self) {
  const size_t length = strlen(self->folder);
  return length > 0 && strncmp(self->out, self->folder, length) == 0;
}

int pipe_commit(const pipe_files *self) {
  FILE *from = pipe_is_out(self) ? fopen(self->out, "r") : NULL;
  if (!pipe_is_out(self)) {
    return -1;
  }
  const bool good = from != NULL && copy(from, stdout) && fflush(stdout) == 0;
  const int reason = errno;
  if (from != NULL) {
    fclose(from);
  }
  errno = reason;
  return good ? -1 : fail("write to standard output");
}

void pipe_close(pipe_files *self) {
  const char *const names[] = {input_name, output_name};
  for (size_t i = 0; i < 2 && self->folder[0] != '\0'; i++) {
    char *path = join_path(self->folder, names[i]);
    if (path != NULL) {
      unlink(path);
    }
    free(path);
  }
  if (self->folder[0] != '\0') {
    rmdir(self->folder);
  }
  free(self->in);
  free(self->out);
  *self = (pipe_files){.in = NULL};
}
