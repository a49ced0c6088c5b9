/* num/linalg.h: small dense linear algebra in a fixed order of operations. Matrices are
 * row-major [rows x cols] without gaps. For sizes up to a few hundred. */
#ifndef VOUCH_LINALG_H
#define VOUCH_LINALG_H

#include "base/ctx.h"

/* Lower Cholesky factor of the symmetric positive definite a[n x n], in place (the strict
 * upper triangle is zeroed). Fails E_DATA, naming the first pivot that is not above
 * tolerance x its original diagonal; a is then half done. */
vouch_status vouch__cholesky(vouch_ctx *ctx, size_t n, double *a, double tolerance);
void vouch__cholesky_solve(size_t n, const double *l, double *b);     /* b := (l l')^-1 b */
void vouch__cholesky_inverse(size_t n, const double *l, double *out); /* (l l')^-1, symmetric */

/* Householder QR of a[rows x cols], rows >= cols: least squares min |a x - b|. rank_tol is
 * relative to the largest column norm. Overwrites a and b. Fails E_DATA naming a dependent column. */
vouch_status vouch__least_squares(vouch_ctx *ctx, size_t rows, size_t cols, double *a, double *b,
                                  double rank_tol, double *out_x);

/* Eigenvalues (ascending) and vectors (columns of v) of symmetric a[n x n], by cyclic Jacobi;
 * a is overwritten. Each vector's largest entry is positive. E_CONVERGE after 60 sweeps. */
vouch_status vouch__eigen_symmetric(vouch_ctx *ctx, size_t n, double *a, double *out_values, double *out_v);

#endif
