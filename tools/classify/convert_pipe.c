#include "convert_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "report/files.h"
#include "report/text.h"
#include "tool.h"

/* The names of the copies, which messages show. */
static const char input_name[] = "standard input", output_name[] = "standard output";

static int fail(const char *what) {
  if (progress_interrupted()) {
    return tool_fail(CLF_ERROR_CANCELLED);
  }
  complain("cannot %s: %s", what, strerror(errno));
  return EXIT_FAILURE;
}

/* Whether it is no file that can be read twice, or replaced: standard input or output, a pipe, a
 * device. */
static bool is_stream(const char *path) {
  struct stat there;
  return strcmp(path, "-") == 0 ||
         (stat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode));
}

/* Copies all bytes of a path to another, where "-" is standard input or output. False with
 * errno. */
static bool copy(const char *from, const char *to) {
  char block[1 << 16];
  FILE *in = strcmp(from, "-") == 0 ? stdin : fopen(from, "r");
  FILE *out = in == NULL ? NULL : strcmp(to, "-") == 0 ? stdout : fopen(to, "w");
  bool good = out != NULL;
  size_t count;
  while (good && (count = fread(block, 1, sizeof block, in)) > 0) {
    good = !progress_interrupted() && fwrite(block, 1, count, out) == count;
  }
  good = good && !ferror(in) && fflush(out) == 0;
  const int reason = errno;
  if (in != NULL && in != stdin) {
    fclose(in);
  }
  if (out != NULL && out != stdout) {
    good = fclose(out) == 0 && good;
  }
  errno = reason;
  return good;
}

static int make_folder(pipe_files *self) {
  const char *temporary = getenv("TMPDIR");
  if (self->folder != NULL) {
    return -1;
  }
  self->folder =
      join_path(temporary != NULL && *temporary != '\0' ? temporary : "/tmp", "classify-XXXXXX");
  output_hold();
  const bool made = self->folder != NULL && mkdtemp(self->folder) != NULL;
  if (made) {
    output_note(NULL, self->folder);
  }
  output_release();
  if (made) {
    return -1;
  }
  const int status = fail("make a temporary folder");
  free(self->folder);
  self->folder = NULL;
  return status;
}

/* The file of a path, and *stream if it stands for one. */
static int find_file(pipe_files *self, char **out, const char **stream, const char *path,
                     const char *name) {
  const bool streams = is_stream(path);
  const int status = streams ? make_folder(self) : -1;
  if (status < 0) {
    *out = streams ? join_path(self->folder, name) : strdup(path);
    *stream = streams ? path : NULL;
    if (streams && *out != NULL) {
      output_note(NULL, *out);
    }
  }
  return status < 0 && *out == NULL ? fail("go on") : status;
}

/* Copies what is read to its file. */
static int copy_input(const pipe_files *self) {
  struct stat there;
  if (!copy(self->from, self->in)) {
    return fail("read standard input");
  }
  if (stat(self->in, &there) == 0 && there.st_size == 0) {
    complain("%s is empty", strcmp(self->from, "-") == 0 ? input_name : self->from);
    return EXIT_FAILURE;
  }
  return -1;
}

int pipe_open(pipe_files *self, const char *in, const char *out) {
  *self = (pipe_files){.in = NULL};
  int status = find_file(self, &self->in, &self->from, in, input_name);
  if (status < 0 && self->from != NULL) {
    complain_of(self->in, strcmp(in, "-") == 0 ? input_name : in);
  }
  status = status < 0 ? find_file(self, &self->out, &self->to, out, output_name) : status;
  return status < 0 && self->from != NULL ? copy_input(self) : status;
}

int pipe_rewind(const pipe_files *self) {
  const int copied = open(self->in, O_RDONLY | O_CLOEXEC);
  const bool good = copied >= 0 && dup2(copied, STDIN_FILENO) >= 0;
  const int status = good ? -1 : fail("read standard input");
  if (copied >= 0) {
    close(copied);
  }
  return status;
}

int pipe_commit(const pipe_files *self) {
  if (self->to == NULL) {
    return -1;
  }
  signal(SIGPIPE, SIG_IGN); /* a reader that goes away must not leave the files behind */
  if (copy(self->out, self->to)) {
    return -1;
  }
  return errno == EPIPE ? EXIT_FAILURE : fail("write to standard output");
}

void pipe_close(pipe_files *self) {
  complain_of(NULL, NULL);
  if (self->from != NULL && self->in != NULL) {
    unlink(self->in);
    output_note(self->in, NULL);
  }
  if (self->to != NULL && self->out != NULL) {
    unlink(self->out);
    output_note(self->out, NULL);
  }
  if (self->folder != NULL) {
    rmdir(self->folder);
    output_note(self->folder, NULL);
  }
  free(self->folder);
  free(self->in);
  free(self->out);
  *self = (pipe_files){.in = NULL};
}
