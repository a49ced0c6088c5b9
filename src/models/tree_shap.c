/* Path-dependent Shapley values of rows at once, and the points that integrate them. */
#include "models/tree_shap.h"

#include "models/shap/shap.h"

void vouch__gauss_legendre(size_t n, double *point, double *weight)
{
    const double pi = 3.14159265358979323846;
    for (size_t i = 0; i < (n + 1) / 2; i++) { /* roots on [-1, 1] come in pairs; the largest first */
        double angle = pi * ((double)i + 0.75) / ((double)n + 0.5), slope = 1.0;
        double x = (pi * pi - 4.0 * angle * angle) / (pi * pi + angle * angle); /* near cos(angle) */
        for (int step = 0; step < 20; step++) {
            double before = 1.0, here = x;
            for (size_t k = 2; k <= n; k++) {
                double after = ((double)(2 * k - 1) * x * here - (double)(k - 1) * before) / (double)k;
                before = here;
                here = after;
            }
            slope = (double)n * (x * here - before) / (x * x - 1.0);
            x -= here / slope;
        }
        point[i] = 0.5 * (1.0 - x);
        point[n - 1 - i] = 0.5 * (1.0 + x);
        weight[i] = weight[n - 1 - i] = 1.0 / ((1.0 - x * x) * slope * slope);
    }
}

vouch_status vouch__tree_shap(vouch_ctx *ctx, const vouch__trees *trees, vouch__matrix x, double *out,
                              double *base)
{
    vouch__shap *shap = NULL;
    vouch_status status = vouch__shap_new(ctx, trees, NULL, &shap);
    if (status)
        return status;
    *base = vouch__shap_base(shap);
    status = vouch__shap_rows(ctx, shap, x.rows, x.at, out);
    vouch__shap_free(vouch__allocator(ctx), shap);
    return status;
}
