/* Listing a folder. File systems return names in no particular order, so they are sorted. */
#include "base/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file_error.h"
#include "base/memory.h"
#include "base/status.h"

static bool is_folder(DIR *within, const struct dirent *entry) {
  struct stat about;
  if (entry->d_type == DT_DIR || entry->d_type == DT_REG) {
    return entry->d_type == DT_DIR;
  }
  return fstatat(dirfd(within), entry->d_name, &about, 0) == 0 && S_ISDIR(about.st_mode);
}

/* Reads all names into one text: for each 'd' or 'f', the name, and NUL. */
static clf_status read_names(clf__folder *folder, DIR *from, const char *path) {
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(from);
    if (entry == NULL) {
      return errno != 0 ? clf__file_fail("list", path) : CLF_OK;
    }
    if (entry->d_name[0] == '.') {
      continue;
    }
    clf__text_append_bytes(&folder->names, is_folder(from, entry) ? "d" : "f", 1);
    clf__text_append_bytes(&folder->names, entry->d_name, strlen(entry->d_name) + 1);
    if (folder->names.failed) {
      return CLF_ERROR_MEMORY;
    }
    folder->count++;
  }
}

static int compare_entries(const void *a, const void *b) {
  return strcmp(((const clf__folder_entry *)a)->name, ((const clf__folder_entry *)b)->name);
}

clf_status clf__folder_list(clf__folder *out, clf_context *context, const char *path) {
  clf__folder folder = {.context = context, .names = {.context = context}};
  clf_status status = CLF_OK;
  DIR *from = opendir(path);
  if (from == NULL) {
    return clf__file_fail("list", path);
  }
  CLF__TRY(read_names(&folder, from, path));
  folder.entries = clf__alloc_array(context, folder.count, sizeof *folder.entries);
  CLF__TRY(folder.entries != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  const char *at = folder.names.bytes;
  for (int64_t i = 0; i < folder.count; i++) {
    folder.entries[i] = (clf__folder_entry){at + 1, *at == 'd'};
    at += strlen(at) + 1;
  }
  qsort(folder.entries, (size_t)folder.count, sizeof *folder.entries, compare_entries);
  *out = folder;
  folder = (clf__folder){.context = context};
done:
  closedir(from);
  clf__folder_free(&folder);
  return status;
}

void clf__folder_free(clf__folder *folder) {
  clf__free(folder->entries);
  clf__text_free(&folder->names);
  folder->entries = NULL;
  folder->count = 0;
}
