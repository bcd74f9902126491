/* Chooses how a convolution is computed, and runs what its passes have in common.
 *
 * With padding, a wide or dilated kernel may have elements that lie outside of the image at every
 * position. Only the elements that see the image at some position are used, so that time and memory
 * depend on the size of the image, not on that of the kernel or the dilation. */
#include "ops/conv/conv2d.h"

#include <string.h>

#include "base/math.h"
#include "base/status.h"
#include "ops/conv/conv_method.h"
#include "ops/kernels.h"
#include "ops/linalg/product.h"

/* Returns the first method that fits. Tiles multiply bf16 so fast that no other method has fewer
 * cycles. */
static const clf__conv_method *const methods[] = {&clf__conv_by_winograd, &clf__conv_by_direct_sums,
                                                  &clf__conv_by_shifts, &clf__conv_by_patches};

static const clf__conv_method *method_of(const clf__kernels *kernels, const clf__conv2d *conv) {
  const clf__conv_method *const *method = methods;
  if (conv->bf16 && kernels->bf16->pair_lines != NULL && clf__conv_by_tiles.fits(conv)) {
    return &clf__conv_by_tiles;
  }
  while (!(*method)->fits(conv)) {
    method++;
  }
  return *method;
}

static const clf__kernels *kernels_of(clf_context *context, const clf__conv2d *conv) {
  return conv->bf16 ? clf__reduced_kernels_for(context) : clf__kernels_for(context);
}

/* The part of a kernel that sees the image, as a convolution of its own. */
typedef struct seen_part {
  clf__conv2d conv;
  int64_t top, left; /* where the part begins in the whole kernel */
  bool whole;
} seen_part;

/* Finds the elements from *first on that see the image along one axis of the kernel, and returns
 * how many there are. A kernel that sees nothing keeps one element, which reads zeros. */
static int64_t seen_on_axis(const clf__conv2d *conv, int64_t kernel, int64_t pad, int64_t size,
                            int64_t places, int64_t *first) {
  const int64_t hidden = pad - (places - 1) * conv->stride; /* from the last position */
  const int64_t begin = hidden > 0 ? (hidden - 1) / conv->dilation + 1 : 0;
  const int64_t end = clf__min_i64((pad + size - 1) / conv->dilation + 1, kernel);
  *first = clf__min_i64(begin, kernel - 1);
  return end > *first ? end - *first : 1;
}

static seen_part seen_of(const clf__conv2d *conv) {
  seen_part seen = {.conv = *conv};
  seen.conv.kernel_height = seen_on_axis(conv, conv->kernel_height, conv->pad_top, conv->height,
                                         conv->out_height, &seen.top);
  seen.conv.kernel_width = seen_on_axis(conv, conv->kernel_width, conv->pad_left, conv->width,
                                        conv->out_width, &seen.left);
  seen.conv.pad_top -= seen.top * conv->dilation;
  seen.conv.pad_left -= seen.left * conv->dilation;
  seen.whole = seen.conv.kernel_height == conv->kernel_height &&
               seen.conv.kernel_width == conv->kernel_width;
  return seen;
}

/* Returns the number of weights in one row of the part, and the offset of its row m in the whole
 * kernel. */
static int64_t seen_line(const seen_part *seen) {
  return seen->conv.kernel_width * seen->conv.channels * seen->conv.filters;
}

static int64_t seen_offset(const clf__conv2d *conv, const seen_part *seen, int64_t m) {
  return ((seen->top + m) * conv->kernel_width + seen->left) * conv->channels * conv->filters;
}

/* Copies the part's weights, one after another. */
static void gather_seen(const clf__conv2d *conv, const seen_part *seen, const float *whole,
                        float *to) {
  const int64_t line = seen_line(seen);
  for (int64_t m = 0; m < seen->conv.kernel_height; m++) {
    memcpy(to + m * line, whole + seen_offset(conv, seen, m), (size_t)line * sizeof *to);
  }
}

/* Does the opposite: copies them back, with zeros for elements that see nothing. */
static void scatter_seen(const clf__conv2d *conv, const seen_part *seen, const float *part,
                         float *whole) {
  const int64_t line = seen_line(seen);
  memset(whole, 0, (size_t)clf__conv_weights(conv) * sizeof *whole);
  for (int64_t m = 0; m < seen->conv.kernel_height; m++) {
    memcpy(whole + seen_offset(conv, seen, m), part + m * line, (size_t)line * sizeof *whole);
  }
}

bool clf__conv2d_pools(clf_context *context, const clf__conv2d *conv) {
  const seen_part seen = seen_of(conv);
  return method_of(kernels_of(context, conv), &seen.conv) == &clf__conv_by_tiles &&
         conv->out_height % 2 == 0 && conv->out_width % 2 == 0;
}

/* Packs the weights; the part's weights, from which they are packed, lie behind them. */
int64_t clf__conv2d_packed_size(clf_context *context, const clf__conv2d *conv) {
  const seen_part seen = seen_of(conv);
  const int64_t size = method_of(kernels_of(context, conv), &seen.conv)->packed_size(&seen.conv);
  const int64_t part = seen.whole ? 0 : clf__conv_weights(&seen.conv);
  return size >= 0 && part >= 0 && size <= INT64_MAX - part ? size + part : -1;
}

int64_t clf__conv2d_scratch_size(clf_context *context, const clf__conv2d *conv) {
  const seen_part seen = seen_of(conv);
  return method_of(kernels_of(context, conv), &seen.conv)->scratch_size(&seen.conv);
}

void clf__conv2d_pack(clf_context *context, const clf__conv2d *conv, const float *w,
                      float *packed) {
  const seen_part seen = seen_of(conv);
  const clf__kernels *kernels = kernels_of(context, conv);
  const clf__conv_method *method = method_of(kernels, &seen.conv);
  if (!seen.whole) {
    float *part = packed + method->packed_size(&seen.conv);
    gather_seen(conv, &seen, w, part);
    w = part;
  }
  method->pack(kernels, &seen.conv, w, packed);
}

/* The pass with the part of its kernel that sees the image. */
static clf__conv_pass pass_of(const clf__conv_pass *whole, const seen_part *seen) {
  clf__conv_pass pass = *whole;
  pass.kernels = kernels_of(whole->context, whole->conv);
  pass.conv = &seen->conv;
  return pass;
}

void clf__conv2d_infer(const clf__conv_pass *whole, float *scratch) {
  const seen_part seen = seen_of(whole->conv);
  const clf__conv_pass pass = pass_of(whole, &seen);
  const clf__conv_method *method = method_of(pass.kernels, &seen.conv);
  const int64_t tasks = method->tasks(&seen.conv, pass.rows);
  for (int64_t task = 0; task < tasks; task++) {
    method->forward(&pass, task, scratch);
  }
}

static clf_status forward_seen(const clf__conv_pass *pass) {
  clf__conv_forward forward;
  clf__arena arena = {.context = pass->context};
  clf_status status = CLF_OK;
  clf__conv_forward_alloc(&forward, &arena, method_of(pass->kernels, pass->conv), pass);
  CLF__TRY(clf__arena_status(&arena));
  clf__conv_forward_run(&forward);
done:
  clf__arena_free(&arena);
  return status;
}

/* Returns the part's weights, in the arena. */
static float *copy_seen(clf__arena *arena, const clf__conv2d *conv, const seen_part *seen,
                        const float *w) {
  float *part = clf__arena_array(arena, clf__conv_weights(&seen->conv), sizeof *part);
  if (part != NULL) {
    gather_seen(conv, seen, w, part);
  }
  return part;
}

clf_status clf__conv2d_forward(const clf__conv_pass *whole) {
  const seen_part seen = seen_of(whole->conv);
  clf__conv_pass pass = pass_of(whole, &seen);
  clf__arena arena = {.context = whole->context};
  clf_status status = CLF_OK;
  if (!seen.whole) {
    pass.w = copy_seen(&arena, whole->conv, &seen, whole->w);
  }
  CLF__TRY(clf__arena_status(&arena));
  status = forward_seen(&pass);
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__conv2d_backward(const clf__conv_pass *whole) {
  const seen_part seen = seen_of(whole->conv);
  clf__conv_pass pass = pass_of(whole, &seen);
  clf__arena arena = {.context = whole->context};
  clf_status status = CLF_OK;
  if (!seen.whole) {
    pass.w = copy_seen(&arena, whole->conv, &seen, whole->w);
    pass.dw = clf__arena_array(&arena, clf__conv_weights(&seen.conv), sizeof *pass.dw);
  }
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(method_of(pass.kernels, &seen.conv)->backward(&pass));
  if (!seen.whole) {
    scatter_seen(whole->conv, &seen, pass.dw, whole->dw);
  }
done:
  clf__arena_free(&arena);
  return status;
}
