/* Learns to sort pictures, and sorts others:
 *   images FOLDER [PICTURE …]    a folder for each class, with pictures of it: FOLDER/CLASS/FILE */
#include <classify.h>
#include <stdio.h>

enum { SIDE = 32 };

/* Prints the class of a picture, in gray and of the size that the model has learned from. */
static int sort_picture(const clf_model *model, const char *path) {
  clf_image *photo = NULL, *gray = NULL, *window = NULL;
  clf_tensor *pixels = NULL;
  clf_dataset *row = NULL;
  int32_t predicted = 0;
  int failed = clf_image_load(&photo, NULL, path, NULL) || clf_image_to_gray(&gray, photo) ||
               clf_image_resize(&window, gray, SIDE, SIDE) ||
               clf_tensor_wrap(&pixels, NULL, clf_image_pixels(window), CLF_U8, 4,
                               (const int64_t[]){1, SIDE, SIDE, 1}, NULL) ||
               clf_tensor_set_scale(pixels, 1.0 / 255) ||
               clf_dataset_create(&row, NULL, pixels, NULL) ||
               clf_model_predict(model, row, &predicted, 1);
  if (!failed) {
    printf("%s: %s\n", path, clf_model_class_name(model, predicted));
  }
  clf_dataset_free(row);
  clf_tensor_free(pixels);
  clf_image_free(window);
  clf_image_free(gray);
  clf_image_free(photo);
  return failed;
}

int main(int argc, char **argv) {
  clf_dataset *all = NULL, *train = NULL, *test = NULL;
  clf_model *model = NULL;
  double accuracy = 0;
  if (argc < 2) {
    fprintf(stderr, "usage: images FOLDER [PICTURE …], with pictures in FOLDER/CLASS/FILE\n");
    return 2;
  }
  int failed = clf_dataset_load(&all, NULL, "images", argv[1],
                                "height=32 width=32 channels=1 skip_others=true") ||
               clf_dataset_split(&train, &test, all, 0.75, 0) ||
               clf_model_create(&model, NULL, "svm", "kernel=linear") ||
               clf_model_add_transform(model, "hog", NULL) ||
               clf_model_fit(model, train, NULL, NULL) || clf_model_score(model, test, &accuracy);
  if (!failed) {
    printf("%.1f %% of %d test pictures are right\n", 100 * accuracy, (int)clf_dataset_rows(test));
  }
  for (int i = 2; i < argc && !failed; i++) {
    failed = sort_picture(model, argv[i]);
  }
  if (failed) {
    fprintf(stderr, "%s\n", clf_last_error());
  }
  clf_model_free(model);
  clf_dataset_free(test);
  clf_dataset_free(train);
  clf_dataset_free(all);
  return failed != 0;
}
