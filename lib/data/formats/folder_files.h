/* The files of a folder of samples: its folders are labels, as in LABEL/FILE; without any, its
 * files have no labels. */
#ifndef CLF_DATA_FORMATS_FOLDER_FILES_H
#define CLF_DATA_FORMATS_FOLDER_FILES_H

#include "base/folder.h"
#include "base/text.h"

typedef struct clf__folder_files {
  struct clf_context *context;
  int64_t count;
  const char **names;   /* [count] "label/file" or "file", in byte order */
  const char **labels;  /* [count] the names' folders; NULL where there are none */
  clf__text name_text;  /* holds the names */
  clf__folder top;      /* holds the labels, */
  clf__text label_text; /* or this does */
} clf__folder_files;

/* Lists the files. `folders` names those to read, separated by commas; NULL for all. `what` is what
 * the files are, for messages: "documents". CLF_ERROR_IO, CLF_ERROR_DATA, CLF_ERROR_MEMORY. */
clf_status clf__folder_files_list(clf__folder_files *out, struct clf_context *context,
                                  const char *path, const char *folders, const char *what);
/* Takes as labels the files' names up to the first `until`. CLF_ERROR_ARGUMENT, CLF_ERROR_DATA,
 * CLF_ERROR_MEMORY. */
clf_status clf__folder_files_label(clf__folder_files *files, const char *path, const char *until);
void clf__folder_files_free(clf__folder_files *files); /* all zero is allowed */

#endif
