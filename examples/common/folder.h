/* Names in folders, and the pictures of a folder. */
#ifndef EXAMPLES_FOLDER_H
#define EXAMPLES_FOLDER_H

#include <classify.h>
#include <stdbool.h>

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

bool is_folder(const char *path);

/* Where a folder has the files of MNIST: "" for itself, "/mnist" for its folder of that name; NULL
 * where there are none. */
const char *mnist_place(const char *folder);

/* "FOLDER/NAME", to be freed; NULL when memory runs out. */
char *join_path(const char *folder, const char *name);

/* Receives an image, which it frees, and its name in the folder. */
typedef clf_status (*picture_receiver)(void *user, clf_image *image, const char *name);

/* Reads pictures of a folder and hands each on. Files that are no pictures, or damaged ones, are
 * left out, with one message that counts them. Returns -1 to go on, or the status to exit with
 * after a message: where a call fails, or no picture is left. */
int folder_pictures(clf_context *context, const char *folder, const name_list *files,
                    picture_receiver receive, void *user);

#endif
