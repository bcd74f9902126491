/* The files of a folder of samples. Its subfolders are labels, as in LABEL/FILE; without subfolders
 * the files have no labels. */
#ifndef CLF_DATA_FORMATS_FOLDER_FILES_H
#define CLF_DATA_FORMATS_FOLDER_FILES_H

#include "base/folder.h"
#include "base/text.h"

typedef struct clf__folder_files {
  struct clf_context *context;
  const char *path; /* of the folder, borrowed; NULL for a single file */
  int64_t count;
  const char **names;   /* [count] "label/file" or "file", in byte order */
  const char **labels;  /* [count] the folder of each name; NULL if there are none */
  clf__text name_text;  /* has the names */
  clf__folder top;      /* has the labels, */
  clf__text label_text; /* or this has */
} clf__folder_files;

/* Lists a single file; its name is its path. Returns CLF_ERROR_MEMORY. */
clf_status clf__folder_files_one(clf__folder_files *out, struct clf_context *context,
                                 const char *path);
/* Lists the files. `folders` names those to read, separated by commas; NULL reads all. `what` says
 * what the files are, for messages: "documents". Returns CLF_ERROR_IO, CLF_ERROR_DATA or
 * CLF_ERROR_MEMORY. */
clf_status clf__folder_files_list(clf__folder_files *out, struct clf_context *context,
                                  const char *path, const char *folders, const char *what);
/* Uses the names of the files up to the first `until` as labels. Returns CLF_ERROR_ARGUMENT,
 * CLF_ERROR_DATA or CLF_ERROR_MEMORY. */
clf_status clf__folder_files_label(clf__folder_files *files, const char *until);
/* Sets the text to the path of a file. Returns CLF_ERROR_MEMORY. */
clf_status clf__folder_files_path(clf__text *out, const clf__folder_files *files, int64_t index);
void clf__folder_files_free(clf__folder_files *files); /* all zero is allowed */

#endif
