/* Kernel functions of vectors of products x.z or, for rbf, of squared distances. */

INLINE vector_f32 kernel_power(vector_f32 base, int32_t degree) {
  vector_f32 power = (degree & 1) != 0 ? base : all_f32(1);
  for (degree >>= 1; degree > 0; degree >>= 1) {
    base *= base;
    power = (degree & 1) != 0 ? power * base : power;
  }
  return power;
}

/* `kind` is a compile-time constant. */
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

/* |x - z|^2, which rounding must not make negative. */
INLINE vector_f32 distance_of(vector_f32 product, float x_norm, vector_f32 z_norm) {
  const vector_f32 d = (x_norm + z_norm) - 2.0F * product;
  return choose(d > 0.0F, d, all_f32(0));
}
