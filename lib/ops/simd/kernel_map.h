/* Kernel functions of vectors of products x.z, or for rbf of squared distances. */

INLINE vector_f32 kernel_power(vector_f32 base, int32_t degree) {
  vector_f32 power = (degree & 1) != 0 ? base : all_f32(1);
  for (degree >>= 1; degree > 0; degree >>= 1) {
    base *= base;
    power = (degree & 1) != 0 ? power * base : power;
  }
  return power;
}

/* `kind` is a constant. */
INLINE vector_f32 kernel_of(const int kind, const clf__kernel_map *map, vector_f32 v) {
  switch (kind) {
  case CLF__KERNEL_POLYNOMIAL:
    return kernel_power(v * map->factor + map->coef0, map->degree);
  case CLF__KERNEL_RBF:
    return exp_vector(v * map->factor);
  case CLF__KERNEL_SIGMOID:
    return tanh_vector(v * map->factor + map->coef0);
  default:
    return v * map->factor;
  }
}

/* |x - z|^2, where rounding must not make it negative. */
INLINE vector_f32 distance_of(vector_f32 product, float x_norm, vector_f32 z_norm) {
  const vector_f32 d = (x_norm + z_norm) - 2.0F * product;
  return choose(d > 0.0F, d, all_f32(0));
}

INLINE void kernel_map_kind(const int kind, const clf__kernel_map *map, const float *sums,
                            float x_norm, const float *z_norms, float *out, int64_t count) {
  for (int64_t j = 0; j < count; j += LANES_F32) {
    const int64_t lanes = smaller(LANES_F32, count - j);
    vector_f32 v = load_part_f32(sums + j, lanes);
    if (kind == CLF__KERNEL_RBF) {
      v = distance_of(v, x_norm, load_part_f32(z_norms + j, lanes));
    }
    store_part_f32(out + j, kernel_of(kind, map, v), lanes);
  }
}

static void kernel_map_f32(const clf__kernel_map *map, const float *sums, float x_norm,
                           const float *z_norms, float *out, int64_t count) {
  switch (map->kind) {
  case CLF__KERNEL_POLYNOMIAL:
    kernel_map_kind(CLF__KERNEL_POLYNOMIAL, map, sums, x_norm, z_norms, out, count);
    break;
  case CLF__KERNEL_RBF:
    kernel_map_kind(CLF__KERNEL_RBF, map, sums, x_norm, z_norms, out, count);
    break;
  case CLF__KERNEL_SIGMOID:
    kernel_map_kind(CLF__KERNEL_SIGMOID, map, sums, x_norm, z_norms, out, count);
    break;
  default:
    kernel_map_kind(CLF__KERNEL_LINEAR, map, sums, x_norm, z_norms, out, count);
    break;
  }
}

INLINE float dense_value(const clf__rows *x, int64_t at) {
  return x->dtype == CLF_U8 ? (float)((const uint8_t *)x->data)[at] * x->scale
                            : ((const float *)x->data)[at];
}

/* sum + a b in the first lane, rounded as in linear_sparse: compilers may take a sum of scalars
 * apart into products and additions, where vectors have one operation for both. */
INLINE quad_f32 add_product(quad_f32 sum, float a, float b) {
  const quad_f32 left = {a, 0, 0, 0}, right = {b, 0, 0, 0};
  return sum + left * right;
}

/* Products are added in the order of the columns, as in linear_sparse, which also adds those by
 * values that are not there: they are 0 and change nothing. */
static float kernel_dot(const clf__rows *x, int64_t i, const clf__rows *z, int64_t j) {
  const int64_t z_end = z->row_start[j + 1];
  int64_t b = z->row_start[j];
  quad_f32 sum = {0};
  if (!clf__rows_sparse(x)) {
    for (; b < z_end; b++) {
      sum = add_product(sum, z->value[b], dense_value(x, i * x->stride + z->column[b]));
    }
    return sum[0];
  }
  const int64_t x_end = x->row_start[i + 1];
  for (int64_t a = x->row_start[i]; a < x_end && b < z_end;) {
    const int32_t left = x->column[a], right = z->column[b];
    if (left == right) {
      sum = add_product(sum, z->value[b], x->value[a]);
    }
    a += left <= right;
    b += right <= left;
  }
  return sum[0];
}

static float kernel_norm(const clf__rows *x, int64_t i) {
  quad_f32 sum = {0};
  if (clf__rows_sparse(x)) {
    for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
      sum = add_product(sum, x->value[e], x->value[e]);
    }
    return sum[0];
  }
  for (int64_t j = 0; j < x->columns; j++) {
    const float value = dense_value(x, i * x->stride + j);
    sum = add_product(sum, value, value);
  }
  return sum[0];
}
