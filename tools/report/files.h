/* Names in folders, the pictures of a folder, and files that are written. */
#ifndef REPORT_FILES_H
#define REPORT_FILES_H

#include <classify.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct name_list {
  char **names; /* [count] in byte order */
  int64_t count;
} name_list;

typedef enum folder_part { FOLDER_FILES, FOLDER_FOLDERS } folder_part;

/* Lists the files or the folders in a folder, without those whose names begin with a dot. Returns
 * -1 to go on, or EXIT_FAILURE after a message; free the list in both cases. */
int folder_list(name_list *out, const char *path, folder_part part);
void name_list_free(name_list *list);
bool name_list_has(const name_list *list, const char *name);

/* Lists the files whose paths begin with `path` and continue as the pattern of glob(7) says. False
 * where there are none, or memory runs out; free the list in both cases. */
bool files_beginning(name_list *out, const char *path, const char *pattern);

bool is_folder(const char *path);

/* Whether two paths are of one file. NULL is none. */
bool file_is(const char *path, const char *other);

/* "FOLDER/NAME", to be freed; NULL when memory runs out. */
char *join_path(const char *folder, const char *name);

/* Receives an image, which it frees, and its name in the folder. */
typedef clf_status (*picture_receiver)(void *user, clf_image *image, const char *name);

/* Reads pictures of a folder and hands each on. Files that are no pictures, or damaged ones, are
 * left out, with one message that counts them. Returns -1 to go on, or an exit status after a
 * message: where a call fails, or no picture is left. */
int folder_pictures(clf_context *context, const char *folder, const name_list *files,
                    picture_receiver receive, void *user);

/* Opens a file for writing; NULL after a message. */
FILE *output_open(const char *path);

/* Whether a file can be saved there, before the long work: in a folder that is there and may be
 * written into. NULL can. False after a message. */
bool output_possible(const char *path);

/* The same of a model, which the library does not save to a pipe or a device. */
bool save_possible(const char *path);

/* Closes it; 0, or -1 after a message when something could not be written. */
int output_close(FILE *out, const char *path);

/* Makes a folder for what will be written, unless it is there; NULL is none. Returns -1 to go on,
 * or EXIT_FAILURE after a message. */
int output_folder(const char *path);

#endif
