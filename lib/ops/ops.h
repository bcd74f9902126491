/* Kernels on rows and matrices. Matrices are row-major, with a leading dimension in elements. All
 * functions run on the context's threads unless they are called from a pool task. Results do not
 * depend on the number of threads. */
#ifndef CLF_OPS_OPS_H
#define CLF_OPS_OPS_H

#include "ops/conv/conv2d.h"
#include "ops/image/warp.h"
#include "ops/kernelfn/kernel_matrix.h"
#include "ops/kernelfn/kernel_product.h"
#include "ops/kernelfn/smo.h"
#include "ops/linalg/eigen.h"
#include "ops/linalg/factor.h"
#include "ops/linalg/gemm.h"
#include "ops/linalg/gram.h"
#include "ops/linalg/least_squares.h"
#include "ops/linalg/linear.h"
#include "ops/linalg/row.h"
#include "ops/nn/vector_math.h"

#endif
