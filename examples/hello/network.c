/* Trains a neural network to separate two spirals, and draws what it has learned. */
#include <classify.h>
#include <stdio.h>

enum { POINTS = 400, HEIGHT = 21, WIDTH = 41, CELLS = HEIGHT * WIDTH };

/* Points of two spirals that wind around each other, and a place for each character drawn. */
static void make_data(float points[POINTS][2], int32_t *labels, float cells[CELLS][2]) {
  double u = 1, v = 0; /* a direction, which turns by 0.0225 rad from point to point */
  for (int i = 0; i < POINTS; i++) {
    const double radius = (i % 2 == 0 ? 1 : -1) * (0.1 + 0.9 * i / POINTS), before = u;
    u = 0.99974688 * u - 0.0224981 * v;
    v = 0.0224981 * before + 0.99974688 * v;
    points[i][0] = (float)(radius * u);
    points[i][1] = (float)(radius * v);
    labels[i] = i % 2;
  }
  for (int i = 0; i < CELLS; i++) {
    cells[i][0] = (float)(i % WIDTH) / (WIDTH - 1) * 2 - 1;
    cells[i][1] = (float)(i / WIDTH) / (HEIGHT - 1) * 2 - 1;
  }
}

int main(void) {
  static float points[POINTS][2], cells[CELLS][2];
  static int32_t labels[POINTS], predicted[CELLS];
  const int64_t shape[] = {POINTS, 2}, cells_shape[] = {CELLS, 2};
  clf_tensor *x = NULL, *y = NULL, *grid = NULL;
  clf_dataset *train = NULL, *places = NULL;
  clf_model *model = NULL;
  clf_optimizer *adam = NULL;
  double accuracy = 0;
  make_data(points, labels, cells);
  int failed =
      clf_tensor_wrap(&x, NULL, points, CLF_F32, 2, shape, NULL) ||
      clf_tensor_wrap(&y, NULL, labels, CLF_I32, 1, shape, NULL) ||
      clf_tensor_wrap(&grid, NULL, cells, CLF_F32, 2, cells_shape, NULL) ||
      clf_dataset_create(&train, NULL, x, y) || clf_dataset_create(&places, NULL, grid, NULL) ||
      clf_model_create(&model, NULL, "network",
                       "epochs=300 batch_size=40 layers='dense units=32 activation=tanh; "
                       "dense units=32 activation=tanh; dense units=2'") ||
      clf_optimizer_create(&adam, NULL, "adam", "learning_rate=0.01") ||
      clf_model_fit(model, train, adam, NULL) || clf_model_score(model, train, &accuracy) ||
      clf_model_predict(model, places, predicted, CELLS);
  if (failed) {
    fprintf(stderr, "%s\n", clf_last_error());
  } else {
    printf("%.1f %% of %d points are right\n", 100 * accuracy, POINTS);
    for (int i = 0; i < CELLS; i++) {
      printf("%c%s", predicted[i] == 1 ? '#' : '.', (i + 1) % WIDTH == 0 ? "\n" : "");
    }
  }
  clf_optimizer_free(adam);
  clf_model_free(model);
  clf_dataset_free(places);
  clf_dataset_free(train);
  clf_tensor_free(grid);
  clf_tensor_free(y);
  clf_tensor_free(x);
  return failed != 0;
}
