/* Layers of images as C source code: loops over the positions of a window, which leave out what is
 * beyond the border, as padding does. Images have their channels last. */
#include "interchange/csource/csource.h"

#include "base/math.h"
#include "ops/nn/pool.h"

/* A window that moves over an image. At its first position it begins `top` and `left` pixels before
 * the image. */
typedef struct window {
  int64_t height, width, stride, dilation, top, left;
} window;

/* Returns a parameter that the layer's kind must have. */
static int64_t integer(const clf__layer *layer, const char *name) {
  int64_t value = 0;
  clf__params_get_i64(&layer->kind->base.params, layer->params, name, &value);
  return value;
}

/* Returns the zeros before the image, the smaller half of those that as many positions as there are
 * need. */
static int64_t before(const clf__layer *layer, int64_t span, int64_t stride, int axis) {
  const int64_t missing = (layer->out.size[axis] - 1) * stride + span - layer->in.size[axis];
  return missing > 0 ? missing / 2 : 0;
}

static window square_window(const clf__layer *layer, int64_t size, int64_t stride,
                            int64_t dilation) {
  const int64_t span = (size - 1) * dilation + 1;
  return (window){
      size, size, stride, dilation, before(layer, span, stride, 0), before(layer, span, stride, 1)};
}

/* Adds the loops over positions and channels of the output. */
static void open_output(clf__csource *source, const clf__layer *layer, int64_t height,
                        int64_t width, int64_t channels) {
  clf__csource_comment(source, layer);
  clf__csource_code(source, &source->body,
                    "  for (int row = 0; row < %lld; row++) {\n"
                    "    for (int column = 0; column < %lld; column++) {\n"
                    "      for (int k = 0; k < %lld; k++) {\n",
                    (long long)height, (long long)width, (long long)channels);
}

/* Adds the loops over the pixels (y, z) of the window that are within the image. */
static void open_window(clf__csource *source, const clf__layer *layer, const window *w) {
  clf__csource_code(source, &source->body,
                    "        for (int i = 0; i < %lld; i++) {\n"
                    "          for (int j = 0; j < %lld; j++) {\n"
                    "            const int y = row * %lld + i * %lld - %lld;\n"
                    "            const int z = column * %lld + j * %lld - %lld;\n",
                    (long long)w->height, (long long)w->width, (long long)w->stride,
                    (long long)w->dilation, (long long)w->top, (long long)w->stride,
                    (long long)w->dilation, (long long)w->left);
  clf__csource_code(source, &source->body,
                    "            if (y < 0 || y >= %lld || z < 0 || z >= %lld) {\n"
                    "              continue;\n"
                    "            }\n",
                    (long long)layer->in.size[0], (long long)layer->in.size[1]);
}

clf_status clf__csource_conv2d(clf__csource *source, const clf__layer *layer,
                               float *const *weights) {
  const window w = square_window(layer, integer(layer, "kernel"), integer(layer, "stride"),
                                 integer(layer, "dilation"));
  const int64_t *in = layer->in.size, *out = layer->out.size;
  const clf__csource_name weight = clf__csource_layer_name(layer, "weight");
  const clf__csource_name bias = clf__csource_layer_name(layer, "bias");
  const int64_t inputs = w.height * w.width * in[2]; /* of an output */
  const clf__csource_array array = {weights[0], CLF_F32, out[2], inputs, 1, out[2]};
  const char *to = NULL;
  CLF__CHECK(clf__csource_local(&to, source, false, layer->outputs, false));
  CLF__CHECK(clf__csource_table(source, weight.text, &array));
  open_output(source, layer, out[0], out[1], out[2]);
  clf__csource_code(source, &source->body, "        double sum = ");
  if (layer->weight_count > 1) {
    const clf__csource_array biases = clf__csource_vector(CLF_F32, weights[1], out[2]);
    CLF__CHECK(clf__csource_table(source, bias.text, &biases));
    clf__csource_code(source, &source->body, "(double)@%s[k];\n", bias.text);
  } else {
    clf__csource_code(source, &source->body, "0;\n");
  }
  open_window(source, layer, &w);
  clf__csource_code(source, &source->body,
                    "            for (int c = 0; c < %lld; c++) {\n"
                    "              sum += (double)@%s[k][(i * %lld + j) * %lld + c] *\n"
                    "                     (double)%s[(y * %lld + z) * %lld + c];\n"
                    "            }\n          }\n        }\n",
                    (long long)in[2], weight.text, (long long)w.width, (long long)in[2],
                    source->values, (long long)in[1], (long long)in[2]);
  clf__csource_code(source, &source->body,
                    "        %s[(row * %lld + column) * %lld + k] = (float)sum;\n"
                    "      }\n    }\n  }\n",
                    to, (long long)out[1], (long long)out[2]);
  clf__csource_becomes(source, to, false, layer->outputs);
  return CLF_OK;
}

/* The mean counts the pixels that are within the image. */
static clf_status add_pool(clf__csource *source, const clf__layer *layer, const window *w,
                           int64_t height, int64_t width) {
  const bool mean = layer->kind->variant == CLF__POOL_MEAN;
  const int64_t *in = layer->in.size;
  const char *to = NULL;
  CLF__CHECK(clf__csource_local(&to, source, false, layer->outputs, false));
  open_output(source, layer, height, width, in[2]);
  clf__csource_code(source, &source->body, "        double value = 0;\n        int count = 0;\n");
  open_window(source, layer, w);
  clf__csource_code(source, &source->body,
                    "            const double pixel = (double)%s[(y * %lld + z) * %lld + k];\n"
                    "            value %s;\n"
                    "            count++;\n"
                    "          }\n        }\n",
                    source->values, (long long)in[1], (long long)in[2],
                    mean ? "+= pixel" : "= count == 0 || pixel > value ? pixel : value");
  clf__csource_code(source, &source->body,
                    "        %s[(row * %lld + column) * %lld + k] = (float)%s;\n"
                    "      }\n    }\n  }\n",
                    to, (long long)width, (long long)in[2], mean ? "(value / count)" : "value");
  clf__csource_becomes(source, to, false, layer->outputs);
  return CLF_OK;
}

clf_status clf__csource_pool2d(clf__csource *source, const clf__layer *layer,
                               float *const *weights) {
  const int64_t size = integer(layer, "size");
  double stride;
  (void)weights;
  if (clf__params_get_f64(&layer->kind->base.params, layer->params, "stride", &stride) < 0) {
    stride = (double)size; /* the word "size" */
  }
  const window w = square_window(layer, size, (int64_t)stride, 1);
  return add_pool(source, layer, &w, layer->out.size[0], layer->out.size[1]);
}

clf_status clf__csource_global_pool2d(clf__csource *source, const clf__layer *layer,
                                      float *const *weights) {
  const window w = {layer->in.size[0], layer->in.size[1], 1, 1, 0, 0};
  (void)weights;
  return add_pool(source, layer, &w, 1, 1);
}
