/* Kernels on rows and matrices. Matrices are row-major with a leading dimension in elements. All
 * run on the context's threads unless they are called from a pool task; results do not depend on
 * the thread count. */
#ifndef CLF_OPS_OPS_H
#define CLF_OPS_OPS_H

#include "ops/conv2d.h"
#include "ops/factor.h"
#include "ops/gemm.h"
#include "ops/gram.h"
#include "ops/kernel_matrix.h"
#include "ops/kernel_product.h"
#include "ops/least_squares.h"
#include "ops/linalg/eigen.h"
#include "ops/linear.h"
#include "ops/row.h"
#include "ops/smo.h"
#include "ops/vector_math.h"
#include "ops/warp.h"

#endif
