#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session.h"
#include "text.h"

bool is_folder(const char *path) {
  struct stat found;
  return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

bool file_is(const char *path, const char *other) {
  struct stat one, two;
  return path != NULL && other != NULL && stat(path, &one) == 0 && stat(other, &two) == 0 &&
         S_ISREG(one.st_mode) && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

char *join_path(const char *folder, const char *name) {
  const size_t size = strlen(folder) + strlen(name) + 2;
  char *path = malloc(size);
  if (path != NULL) {
    snprintf(path, size, "%s/%s", folder, name);
  }
  return path;
}

static int is_visible(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

/* Keeps the entry's name where it is of the part; false when memory runs out. */
static bool keep_entry(name_list *out, const char *folder, const char *name, folder_part part) {
  char *path = join_path(folder, name);
  if (path == NULL) {
    return false;
  }
  const bool wanted = is_folder(path) == (part == FOLDER_FOLDERS);
  free(path);
  if (wanted) {
    char *kept = strdup(name);
    out->names[out->count] = kept;
    out->count += kept != NULL;
    return kept != NULL;
  }
  return true;
}

int folder_list(name_list *out, const char *path, folder_part part) {
  struct dirent **entries = NULL;
  const int count = scandir(path, &entries, is_visible, alphasort);
  *out = (name_list){0};
  if (count < 0) {
    complain("cannot read the folder '%s': %s", path, strerror(errno));
    return EXIT_FAILURE;
  }
  out->names = calloc((size_t)count + 1, sizeof *out->names);
  bool complete = out->names != NULL;
  for (int i = 0; i < count; i++) {
    complete = complete && keep_entry(out, path, entries[i]->d_name, part);
    free(entries[i]);
  }
  free(entries);
  return complete ? -1 : report_failure(CLF_ERROR_MEMORY);
}

/* The path, in which no character is a pattern, and the pattern; NULL without memory. */
static char *literal_pattern(const char *path, const char *pattern) {
  char *out = malloc(2 * strlen(path) + strlen(pattern) + 1), *to = out;
  for (; out != NULL && *path != '\0'; path++) {
    *to = '\\';
    to += strchr("*?[\\", *path) != NULL;
    *to++ = *path;
  }
  return out != NULL ? strcpy(to, pattern), out : NULL;
}

bool files_beginning(name_list *out, const char *path, const char *pattern) {
  char *whole = literal_pattern(path, pattern);
  glob_t found = {.gl_pathc = 0};
  *out = (name_list){0};
  bool good = whole != NULL && glob(whole, 0, NULL, &found) == 0;
  out->names = good ? calloc(found.gl_pathc, sizeof *out->names) : NULL;
  good = out->names != NULL;
  for (size_t i = 0; good && i < found.gl_pathc; i++) {
    good = (out->names[i] = strdup(found.gl_pathv[i])) != NULL;
    out->count += good;
  }
  globfree(&found);
  free(whole);
  return good;
}

void name_list_free(name_list *list) {
  for (int64_t i = 0; i < list->count; i++) {
    free(list->names[i]);
  }
  free(list->names);
  *list = (name_list){0};
}

bool name_list_has(const name_list *list, const char *name) {
  for (int64_t i = 0; i < list->count; i++) {
    if (strcmp(list->names[i], name) == 0) {
      return true;
    }
  }
  return false;
}

/* Whether the file, not the machine, is to blame. */
static bool is_damaged(clf_status status) {
  return status < 0 && status != CLF_ERROR_MEMORY && status != CLF_ERROR_CANCELLED;
}

int folder_pictures(clf_context *context, const char *folder, const name_list *files,
                    picture_receiver receive, void *user) {
  int64_t left_out = 0;
  char first[512] = "";
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < files->count; i++) {
    char *path = join_path(folder, files->names[i]);
    clf_image *image = NULL;
    status = path != NULL ? clf_image_load(&image, context, path, NULL) : CLF_ERROR_MEMORY;
    if (progress_interrupted()) {
      clf_image_free(image);
      status = CLF_ERROR_CANCELLED;
    } else if (status == CLF_OK) {
      status = receive(user, image, files->names[i]);
    } else if (is_damaged(status)) {
      if (left_out++ == 0) {
        snprintf(first, sizeof first, "%s", clf_last_error());
      }
      status = CLF_OK;
    }
    free(path);
  }
  if (status < 0) {
    return report_failure(status);
  }
  if (left_out == files->count) {
    complain("no pictures in '%s'%s%s", folder, left_out > 0 ? ": " : "", first);
    return EXIT_FAILURE;
  }
  if (left_out > 0) {
    complain("%" PRId64 " of %" PRId64 " files in '%s' are left out: %s", left_out, files->count,
             folder, first);
  }
  return -1;
}

FILE *output_open(const char *path) {
  FILE *out = fopen(path, "wb");
  if (out == NULL) {
    complain("cannot write %s: %s", path, strerror(errno));
  }
  return out;
}

bool output_possible(const char *path) {
  if (path == NULL) {
    return true;
  }
  const char *slash = strrchr(path, '/');
  char *folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  const char *reason = folder == NULL              ? "out of memory"
                       : access(folder, W_OK) != 0 ? strerror(errno)
                       : is_folder(path)           ? "it is a folder"
                                                   : NULL;
  if (reason != NULL) {
    complain("cannot write %s: %s", path, reason);
  }
  free(folder);
  return reason == NULL;
}

bool save_possible(const char *path) {
  struct stat there;
  if (path != NULL && strcmp(path, "-") == 0) {
    complain("it saves to a file, not to standard output: name one, or ./- if it is called so");
    return false;
  }
  const bool special =
      path != NULL && stat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode);
  if (special) {
    complain("cannot write %s: it is a pipe or a device", path);
  }
  return !special && output_possible(path);
}

int output_close(FILE *out, const char *path) {
  int failed = ferror(out);
  if (fclose(out) != 0 || failed) {
    complain("cannot write %s: %s", path, strerror(errno));
    return -1;
  }
  return 0;
}

int output_folder(const char *path) {
  if (path == NULL || mkdir(path, 0777) == 0 || (errno == EEXIST && is_folder(path))) {
    return -1;
  }
  complain("cannot make the folder %s: %s", path, strerror(errno));
  return EXIT_FAILURE;
}
