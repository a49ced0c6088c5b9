/* Cholesky, Householder least squares and cyclic Jacobi, each in one fixed order of operations. */
#include "num/linalg.h"

#include <math.h>

vouch_status vouch__cholesky(vouch_ctx *ctx, size_t n, double *a, double tolerance)
{
    for (size_t j = 0; j < n; j++) {
        double *row = a + j * n, original = row[j], pivot = original;
        for (size_t k = 0; k < j; k++)
            pivot -= row[k] * row[k];
        if (!(pivot > tolerance * fabs(original) && pivot < INFINITY))
            return vouch__fail(ctx, VOUCH_E_DATA, "cholesky: the matrix is not positive definite at row %zu",
                               j);
        double root = sqrt(pivot);
        row[j] = root;
        for (size_t i = j + 1; i < n; i++) {
            double sum = a[i * n + j];
            for (size_t k = 0; k < j; k++)
                sum -= a[i * n + k] * row[k];
            a[i * n + j] = sum / root;
            row[i] = 0.0;
        }
    }
    return VOUCH_OK;
}

void vouch__cholesky_solve(size_t n, const double *l, double *b)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            b[i] -= l[i * n + k] * b[k];
        b[i] /= l[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            b[i] -= l[k * n + i] * b[k];
        b[i] /= l[i * n + i];
    }
}

void vouch__cholesky_inverse(size_t n, const double *l, double *out)
{
    for (size_t j = 0; j < n; j++) { /* column j, held as row j: the result is symmetric */
        double *column = out + j * n;
        for (size_t i = 0; i < n; i++)
            column[i] = i == j ? 1.0 : 0.0;
        vouch__cholesky_solve(n, l, column);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            out[i * n + j] = out[j * n + i] = 0.5 * (out[i * n + j] + out[j * n + i]);
}

static double column_norm(size_t rows, size_t cols, const double *a, size_t from, size_t j)
{
    double largest = 0.0, sum = 0.0;
    for (size_t i = from; i < rows; i++)
        largest = fmax(largest, fabs(a[i * cols + j]));
    if (!(largest > 0.0 && largest < INFINITY))
        return largest;
    for (size_t i = from; i < rows; i++) {
        double share = a[i * cols + j] / largest;
        sum += share * share;
    }
    return largest * sqrt(sum);
}

/* Apply I - v v' / (v'v / 2), v stored in column j from row j, to y with the given stride. */
static void reflect(size_t rows, size_t cols, const double *a, size_t j, double half_square, double *y,
                    size_t stride)
{
    double dot = 0.0;
    for (size_t i = j; i < rows; i++)
        dot += a[i * cols + j] * y[i * stride];
    dot /= half_square;
    for (size_t i = j; i < rows; i++)
        y[i * stride] -= dot * a[i * cols + j];
}

vouch_status vouch__least_squares(vouch_ctx *ctx, size_t rows, size_t cols, double *a, double *b,
                                  double rank_tol, double *out_x)
{
    double largest = 0.0;
    if (rows < cols)
        return vouch__fail(ctx, VOUCH_E_SHAPE, "least squares: %zu rows for %zu columns", rows, cols);
    for (size_t j = 0; j < cols; j++)
        largest = fmax(largest, column_norm(rows, cols, a, 0, j));
    size_t mark = vouch__scratch_mark(ctx);
    double *diagonal = vouch__scratch(ctx, cols, sizeof *diagonal);
    if (!diagonal)
        return vouch__oom(ctx);
    for (size_t j = 0; j < cols; j++) {
        double norm = column_norm(rows, cols, a, j, j);
        if (!(norm > rank_tol * largest && norm < INFINITY)) {
            vouch__scratch_reset(ctx, mark);
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "least squares: column %zu depends on those before it or is not finite", j);
        }
        double top = a[j * cols + j];
        diagonal[j] = top > 0.0 ? -norm : norm; /* the sign that adds */
        a[j * cols + j] = top - diagonal[j];
        double half_square = norm * (norm + fabs(top));
        for (size_t k = j + 1; k < cols; k++)
            reflect(rows, cols, a, j, half_square, a + k, cols);
        reflect(rows, cols, a, j, half_square, b, 1);
    }
    for (size_t i = cols; i-- > 0;) {
        double sum = b[i];
        for (size_t k = i + 1; k < cols; k++)
            sum -= a[i * cols + k] * out_x[k];
        out_x[i] = sum / diagonal[i];
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* The rotation that makes a[p][q] zero, applied to rows and columns p and q and to the columns of v. */
static void rotate(size_t n, double *a, double *v, size_t p, size_t q)
{
    double theta = (a[q * n + q] - a[p * n + p]) / (2.0 * a[p * n + q]);
    double t = fabs(theta) > 1e150 ? 0.5 / theta
                                   : (theta >= 0.0 ? 1.0 : -1.0) / (fabs(theta) + sqrt(theta * theta + 1.0));
    double c = 1.0 / sqrt(t * t + 1.0), s = t * c;
    for (size_t k = 0; k < n; k++) {
        double kp = a[k * n + p], kq = a[k * n + q];
        a[k * n + p] = c * kp - s * kq;
        a[k * n + q] = s * kp + c * kq;
    }
    for (size_t k = 0; k < n; k++) {
        double pk = a[p * n + k], qk = a[q * n + k];
        a[p * n + k] = c * pk - s * qk;
        a[q * n + k] = s * pk + c * qk;
        double vp = v[k * n + p], vq = v[k * n + q];
        v[k * n + p] = c * vp - s * vq;
        v[k * n + q] = s * vp + c * vq;
    }
    a[p * n + q] = a[q * n + p] = 0.0;
}

static void sort_and_sign(size_t n, double *values, double *v)
{
    for (size_t i = 0; i < n; i++) {
        size_t least = i, top = 0;
        for (size_t j = i + 1; j < n; j++)
            if (values[j] < values[least])
                least = j;
        double value = values[i];
        values[i] = values[least];
        values[least] = value;
        for (size_t k = 0; k < n; k++) {
            double entry = v[k * n + i];
            v[k * n + i] = v[k * n + least];
            v[k * n + least] = entry;
        }
        for (size_t k = 1; k < n; k++)
            if (fabs(v[k * n + i]) > fabs(v[top * n + i]))
                top = k;
        if (v[top * n + i] < 0.0)
            for (size_t k = 0; k < n; k++)
                v[k * n + i] = -v[k * n + i];
    }
}

vouch_status vouch__eigen_symmetric(vouch_ctx *ctx, size_t n, double *a, double *out_values, double *out_v)
{
    for (size_t i = 0; i < n * n; i++) {
        if (!(fabs(a[i]) < INFINITY))
            return vouch__fail(ctx, VOUCH_E_DATA, "eigenvalues: entry %zu is not finite", i);
        out_v[i] = i / n == i % n ? 1.0 : 0.0;
    }
    for (int sweep = 0; sweep < 60; sweep++) {
        bool rotated = false;
        for (size_t p = 0; p < n; p++) {
            for (size_t q = p + 1; q < n; q++) {
                double off = fabs(a[p * n + q]), scale = sqrt(fabs(a[p * n + p])) * sqrt(fabs(a[q * n + q]));
                /* small against its own diagonal, or against the whole matrix where that is 0 */
                if (off <= 0x1p-54 * scale || off < 1e-300)
                    continue;
                double before_p = a[p * n + p], before_q = a[q * n + q];
                rotate(n, a, out_v, p, q);
                rotated |= a[p * n + p] != before_p || a[q * n + q] != before_q;
            }
        }
        if (!rotated) {
            for (size_t i = 0; i < n; i++)
                out_values[i] = a[i * n + i];
            sort_and_sign(n, out_values, out_v);
            return VOUCH_OK;
        }
        vouch_status status = vouch__poll(ctx);
        if (status)
            return status;
    }
    return vouch__fail(ctx, VOUCH_E_CONVERGE, "eigenvalues: no convergence in 60 sweeps");
}
