/* Inputs that repeat one another: equal columns, strong pairs, and numbers that the other numbers explain. */
#include "data/sample_column.h"
#include "num/linalg.h"
#include "num/rng.h"
#include "num/special.h"
#include "num/sum.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_SHOWN = 50, CELLS_MAX = 1 << 20, VIF_MAX = 400 };

/* Rows that are looked at: all, or about `most` by a hash of their place. */
static vouch_status choose(vouch_ctx *ctx, const vouch__sample *s, size_t most, uint64_t seed, uint32_t **out,
                           size_t *out_n)
{
    uint32_t *at = vouch__scratch(ctx, s->n + 1, sizeof *at);
    size_t n = 0;
    double share = s->n > most ? (double)most / (double)s->n : 1.0;
    if (!at)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++)
        if (share >= 1.0 || (double)(vouch__mix(seed, i) >> 11) * 0x1p-53 < share)
            at[n++] = (uint32_t)i;
    *out = at;
    *out_n = n;
    return VOUCH_OK;
}

/* Columns at the chosen rows, [features][n]; infinities count as missing. */
static vouch_status gather(vouch_ctx *ctx, const vouch__sample *s, size_t n, const uint32_t *at,
                           double ***out)
{
    double **x = vouch__scratch(ctx, s->n_features, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    for (size_t j = 0; j < s->n_features; j++) {
        x[j] = vouch__scratch(ctx, n + 1, sizeof **x);
        size_t mark = vouch__scratch_mark(ctx);
        double *all = vouch__sample_column(ctx, s, s->feature[j]);
        if (!x[j] || !all)
            return vouch__oom(ctx);
        for (size_t i = 0; i < n; i++)
            x[j][i] = isinf(all[at[i]]) ? (double)NAN : all[at[i]];
        vouch__scratch_reset(ctx, mark);
    }
    *out = x;
    return vouch__poll(ctx);
}

/* Pearson's correlation over rows where both are there; NaN where undefined. */
static double correlation(size_t n, const double *x, const double *y)
{
    double m = 0.0, mx = 0.0, my = 0.0, xx = 0.0, yy = 0.0, xy = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]) || isnan(y[i]))
            continue;
        m += 1.0;
        double dx = x[i] - mx, dy = y[i] - my;
        mx += dx / m;
        my += dy / m;
        xx += dx * (x[i] - mx);
        yy += dy * (y[i] - my);
        xy += dx * (y[i] - my);
    }
    double scale = sqrt(xx) * sqrt(yy);
    return m > 2.0 && scale > 0.0 && scale < INFINITY ? fmax(-1.0, fmin(1.0, xy / scale)) : (double)NAN;
}

/* Cramer's V of two texts, less its bias (Bergsma). */
static vouch_status cramer(vouch_ctx *ctx, size_t n, const double *x, const double *y, size_t r, size_t c,
                           double *out)
{
    size_t mark = vouch__scratch_mark(ctx), rows = 0, cols = 0;
    double total = 0.0, chi2 = 0.0;
    *out = NAN;
    if (r == 0 || c == 0 || r > CELLS_MAX / c)
        return VOUCH_OK;
    double *cell = vouch__scratch(ctx, r * c, sizeof *cell), *a = vouch__scratch(ctx, r, sizeof *a);
    double *b = vouch__scratch(ctx, c, sizeof *b);
    if (!cell || !a || !b)
        return vouch__oom(ctx);
    memset(cell, 0, r * c * sizeof *cell);
    memset(a, 0, r * sizeof *a);
    memset(b, 0, c * sizeof *b);
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]) || isnan(y[i]))
            continue;
        cell[(size_t)x[i] * c + (size_t)y[i]]++;
        a[(size_t)x[i]]++;
        b[(size_t)y[i]]++;
        total++;
    }
    for (size_t i = 0; i < r; i++)
        rows += a[i] > 0.0;
    for (size_t j = 0; j < c; j++)
        cols += b[j] > 0.0;
    for (size_t i = 0; i < r; i++)
        for (size_t j = 0; j < c; j++) {
            double e = a[i] * b[j] / total;
            chi2 += e > 0.0 ? (cell[i * c + j] - e) * (cell[i * c + j] - e) / e : 0.0;
        }
    if (rows > 1 && cols > 1 && total > 1.0) {
        double df = ((double)rows - 1.0) * ((double)cols - 1.0), phi = chi2 / total - df / (total - 1.0);
        double rr = (double)rows - ((double)rows - 1.0) * ((double)rows - 1.0) / (total - 1.0);
        double cc = (double)cols - ((double)cols - 1.0) * ((double)cols - 1.0) / (total - 1.0);
        double room = fmin(rr, cc) - 1.0;
        *out = room > 0.0 ? fmin(1.0, sqrt(fmax(0.0, phi) / room)) : (double)NAN;
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

typedef struct pair {
    double value, size;
    size_t a, b;
} pair;

static int by_size(const void *x, const void *y)
{
    const pair *p = x, *q = y;
    if (p->size != q->size)
        return p->size < q->size ? 1 : -1;
    if (p->a != q->a)
        return p->a > q->a ? 1 : -1;
    return (p->b > q->b) - (p->b < q->b);
}

static const char *name_of(const vouch__sample *s, size_t j)
{
    return vouch_table_name(s->table, s->feature[j]);
}

static vouch_status all_pairs(vouch_ctx *ctx, const vouch__sample *s, size_t n, double *const *x, pair *out,
                              size_t *out_n)
{
    size_t k = 0;
    for (size_t a = 0; a < s->n_features; a++) {
        vouch_status status = vouch__poll(ctx);
        vouch__progress(ctx, "data.redundancy", a, s->n_features);
        for (size_t b = a + 1; b < s->n_features && !status; b++) {
            bool ta = vouch__sample_is_text(s, s->feature[a]), tb = vouch__sample_is_text(s, s->feature[b]);
            double v = NAN;
            if (ta && tb)
                status = cramer(ctx, n, x[a], x[b], vouch_table_categories(s->table, s->feature[a]),
                                vouch_table_categories(s->table, s->feature[b]), &v);
            else if (!ta && !tb)
                v = correlation(n, x[a], x[b]);
            if (!isnan(v))
                out[k++] = (pair){ v, fabs(v), a, b };
        }
        if (status)
            return status;
    }
    *out_n = k;
    return VOUCH_OK;
}

static vouch_status run_pairs(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    uint32_t *at = NULL;
    double **x = NULL, least = vouch__test_param(call, "shown");
    size_t n = 0, k = 0, strong = 0;
    pair *p = vouch__scratch(ctx, s->n_features * (s->n_features - 1) / 2 + 1, sizeof *p);
    if (!p)
        return vouch__oom(ctx);
    vouch_status status = choose(ctx, s, (size_t)vouch__test_param(call, "rows"), call->seed, &at, &n);
    if (!status)
        status = gather(ctx, s, n, at, &x);
    if (!status)
        status = all_pairs(ctx, s, n, x, p, &k);
    if (status)
        return status;
    if (k == 0) {
        vouch__test_skip(call, "There are no two inputs of one kind that vary.");
        return VOUCH_OK;
    }
    qsort(p, k, sizeof *p, by_size);
    char note[300];
    (void)snprintf(note, sizeof note, "Strongest: %.100s and %.100s.", name_of(s, p[0].a),
                   name_of(s, p[0].b));
    vouch__entry entry = vouch__test_entry(call);
    entry.value = p[0].size;
    entry.judged = true;
    entry.note = note;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "pairs", "column,other,measure,value");
    for (; strong < k && strong < PAIRS_SHOWN && p[strong].size >= least; strong++)
        vouch__test_row(call, table, "tttn", name_of(s, p[strong].a), name_of(s, p[strong].b),
                        vouch__sample_is_text(s, s->feature[p[strong].a]) ? "Cramer's V" : "correlation",
                        p[strong].value);
    return VOUCH_OK;
}

static const vouch__param pair_params[] = {
    { "rows", VOUCH__PARAM_INTEGER, 100, 1e9, 100000, NULL, "rows",
      "Most rows that are looked at, by a hash." },
    { "shown", VOUCH__PARAM_REAL, 0, 1, 0.3, NULL, "", "Pairs of at least this strength are listed." },
};

const vouch_test vouch__test_data_redundancy = {
    .id = "data.redundancy",
    .section = "data",
    .title = "Inputs that go together",
    .purpose =
        "Two inputs that say the same make coefficients and explanations arbitrary: credit for the effect "
        "falls to either.",
    .mechanism =
        "Pearson's correlation of every two numbers and Cramer's V of every two texts; the strongest "
        "pair is judged.",
    .convention = "Over rows where both are there; infinite values count as missing. V is corrected for its "
                  "bias. At most the stated number of rows is looked at, chosen by a hash.",
    .high_risk = "A pair above 0.9: one of the two can go, or the model's reasons depend on which the fit "
                 "happened to pick.",
    .strengths = "Names the pairs, and is on one scale from 0 to 1.",
    .limits =
        "Correlation sees straight lines only; numbers are not held against texts; what three inputs make "
        "together is seen by data.inflation.",
    .source =
        "Pearson, Proc. Royal Society 58 (1895) 240-242; Bergsma, J. Korean Statistical Society 42 (2013) "
        "323-328",
    .unit = "correlation",
    .needs = VOUCH__NEEDS_FEATURES,
    .params = pair_params,
    .n_params = 2,
    .run = run_pairs,
};

/* ---- variance inflation ---- */

/* Numbers that vary, standardised, missing at the mean: their places in `at`. */
static size_t standardise(const vouch__sample *s, size_t n, double *const *x, size_t *at)
{
    size_t k = 0;
    for (size_t j = 0; j < s->n_features && k < VIF_MAX; j++) {
        double m = 0.0, mean = 0.0, square = 0.0;
        if (vouch__sample_is_text(s, s->feature[j]))
            continue;
        for (size_t i = 0; i < n; i++) {
            if (isnan(x[j][i]))
                continue;
            m += 1.0;
            double d = x[j][i] - mean;
            mean += d / m;
            square += d * (x[j][i] - mean);
        }
        if (!(square > 0.0) || isinf(square))
            continue;
        double scale = 1.0 / sqrt(square);
        for (size_t i = 0; i < n; i++)
            x[j][i] = isnan(x[j][i]) ? 0.0 : (x[j][i] - mean) * scale;
        at[k++] = j;
    }
    return k;
}

static vouch_status run_inflation(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    uint32_t *row = NULL;
    double **x = NULL;
    char note[300];
    size_t n = 0, *at = vouch__scratch(ctx, s->n_features, sizeof *at);
    if (!at)
        return vouch__oom(ctx);
    vouch_status status = choose(ctx, s, (size_t)vouch__test_param(call, "rows"), call->seed, &row, &n);
    if (!status)
        status = gather(ctx, s, n, row, &x);
    if (status || !x)
        return status;
    size_t k = standardise(s, n, x, at);
    if (k < 2 || n <= k) {
        vouch__test_skip(call, k < 2 ? "There are not two numbers that vary."
                                     : "There are no more cases than numbers.");
        return VOUCH_OK;
    }
    double *r = vouch__scratch(ctx, k * k, sizeof *r), *inverse = vouch__scratch(ctx, k * k, sizeof *inverse);
    pair *p = vouch__scratch(ctx, k, sizeof *p);
    if (!r || !inverse || !p)
        return vouch__oom(ctx);
    for (size_t a = 0; a < k; a++)
        for (size_t b = 0; b <= a; b++)
            r[a * k + b] = r[b * k + a] = vouch__sum_weighted(n, x[at[a]], x[at[b]]);
    vouch__entry entry = vouch__test_entry(call);
    entry.judged = true;
    status = vouch__cholesky(ctx, k, r, 1e-10);
    if (status == VOUCH_E_DATA) {
        entry.value = INFINITY;
        entry.note =
            "Some inputs are an exact combination of others: their inflation has no bound. data.redundancy "
            "and data.duplicate_columns show pairs.";
        (void)vouch__evidence_table(call->list, vouch__test_add(call, &entry), "columns", "column,inflation");
        return VOUCH_OK;
    }
    if (status)
        return status;
    vouch__cholesky_inverse(k, r, inverse);
    for (size_t a = 0; a < k; a++)
        p[a] = (pair){ inverse[a * k + a], inverse[a * k + a], at[a], 0 };
    qsort(p, k, sizeof *p, by_size);
    (void)snprintf(note, sizeof note, "Most inflated: %.100s.", name_of(s, p[0].a));
    entry.value = p[0].value;
    entry.note = note;
    vouch__json *table = vouch__evidence_table(call->list, vouch__test_add(call, &entry), "columns",
                                               "column,inflation");
    for (size_t a = 0; a < k; a++)
        vouch__test_row(call, table, "tn", name_of(s, p[a].a), p[a].value);
    return VOUCH_OK;
}

const vouch_test vouch__test_data_inflation = {
    .id = "data.inflation",
    .section = "data",
    .title = "Variance inflation of the numbers (VIF)",
    .purpose =
        "Can one input be computed from the others? Then a linear model cannot tell their effects apart, "
        "and its coefficients have large errors or the wrong sign.",
    .mechanism =
        "1 / (1 - R^2) of the regression of each number on all others: the diagonal of the inverse of "
        "their correlation matrix. The largest is judged.",
    .convention =
        "Missing values stand at the mean; texts are left out. At most the stated number of rows is "
        "looked at. An exact combination gives infinity.",
    .high_risk = "Above 10: nine tenths of the input's spread is explained by the others.",
    .strengths = "Sees what no pair shows, such as a total beside its parts.",
    .limits = "Matters for linear models; trees split on either and rank as well. Large values do no harm to "
              "prediction itself.",
    .source =
        "Marquardt, Technometrics 12 (1970) 591-612; Belsley, Kuh & Welsch, Regression Diagnostics (1980)",
    .unit = "factor",
    .needs = VOUCH__NEEDS_FEATURES,
    .params = pair_params,
    .n_params = 1,
    .run = run_inflation,
};

/* ---- equal columns ---- */

static vouch_status run_equal(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    uint64_t *hash = vouch__scratch(ctx, s->n_features, sizeof *hash);
    double repeats = 0.0;
    if (!hash)
        return vouch__oom(ctx);
    for (size_t j = 0; j < s->n_features; j++) {
        size_t mark = vouch__scratch_mark(ctx);
        double *x = vouch__sample_column(ctx, s, s->feature[j]);
        if (!x)
            return vouch__oom(ctx);
        for (size_t i = 0; i < s->n; i++)
            x[i] = isnan(x[i]) ? (double)NAN : x[i]; /* one NaN */
        hash[j] = vouch__mix_bytes((uint64_t)vouch__sample_is_text(s, s->feature[j]), x, s->n * sizeof *x);
        vouch__scratch_reset(ctx, mark);
    }
    for (size_t j = 0; j < s->n_features; j++) {
        size_t k = 0;
        while (k < j && hash[k] != hash[j])
            k++;
        repeats += k < j ? 1.0 : 0.0;
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.value = repeats;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = repeats > 0.0
                             ? vouch__evidence_table(call->list, object, "columns", "column,repeats")
                             : NULL;
    for (size_t j = 0; j < s->n_features && table; j++) {
        size_t k = 0;
        while (k < j && hash[k] != hash[j])
            k++;
        if (k < j)
            vouch__test_row(call, table, "tt", name_of(s, j), name_of(s, k));
    }
    return VOUCH_OK;
}

const vouch_test vouch__test_data_duplicate_columns = {
    .id = "data.duplicate_columns",
    .section = "data",
    .title = "Columns that repeat another column",
    .purpose =
        "The same column under two names comes from a join gone wrong, and halves whatever importance its "
        "content has.",
    .mechanism =
        "A 64-bit hash over the values of each input in order; every column after the first of its kind "
        "counts.",
    .convention =
        "Missing equals missing. Texts are compared by their place among the column's sorted texts, so "
        "a copy with other words in the same order counts too.",
    .high_risk = "Any. Which of the two is kept decides what a reason will say.",
    .strengths = "Exact but for hash collisions, and linear in the table.",
    .limits = "A copy that was rounded, scaled or filled in is not equal: look at data.redundancy.",
    .source = "Breck et al., Data Validation for Machine Learning, SysML (2019)",
    .unit = "columns",
    .needs = VOUCH__NEEDS_FEATURES,
    .run = run_equal,
};
