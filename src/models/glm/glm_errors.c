/* Covariance of the coefficients, and which rows weigh most in it.
 *
 * A is the inverse information (at dispersion 1), u_i = w_i (y_i - mu_i) slope / V the score of row i's
 * linear predictor, h_i = g_i x_i' A x_i its leverage. by model  dispersion A HC0..3    A (sum of u_i^2 f_i
 * x_i x_i') A, f_i = 1; n / (n - p); 1 / (1 - h_i); 1 / (1 - h_i)^2 clusters  A (sum over clusters of s_c
 * s_c') A G / (G - 1) (n - 1) / (n - p), s_c the cluster's sum of u_i x_i MacKinnon & White, J. Econometrics
 * 29 (1985) 305-325; Liang & Zeger, Biometrika 73 (1986) 13-22. */
#include "models/glm/glm_fit.h"

#include "base/parallel.h"
#include "num/rank.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { B = VOUCH__GLM_BLOCK, GROUP = 8, SHOWN = 10 };
#define INFLUENCE_WORK 1e9 /* n p^2 beyond which leverage is not taken unasked */

typedef struct looking {
    const vouch__glm_fitting *f;
    const double *beta;  /* [p + 1] */
    double *pull, *grip; /* [rows] */
    double *hat;         /* [rows], or NULL: not wanted */
    const double *root;  /* [p x p] A */
} looking;

static double quadratic(size_t p, const double *a, const double *x)
{
    double sum = 0.0;
    for (size_t j = 0; j < p; j++) {
        double row = 0.0;
        if (x[j] == 0.0)
            continue;
        for (size_t k = 0; k < j; k++)
            row += a[j * p + k] * x[k];
        sum += x[j] * (2.0 * row + a[j * p + j] * x[j]);
    }
    return sum;
}

static vouch_status look_group(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const looking *l = arg;
    const vouch__glm_design *d = &l->f->design;
    size_t mark = vouch__scratch_mark(worker);
    double *x = vouch__scratch(worker, d->p + 1, sizeof *x), eta[B];
    vouch__glm_pass pass = { .design = d, .kernel = l->f->solver.kernel, .law = l->f->solver.law };
    (void)chunk;
    if (!x)
        return vouch__oom(worker);
    for (size_t b = begin; b < end; b++) {
        bool is_valid = true;
        vouch__glm_rows rows = { .eta = eta,
                                 .y = d->y + b * B,
                                 .weight = d->weight + b * B,
                                 .pull = l->pull + b * B,
                                 .grip = l->grip + b * B };
        vouch__glm_block_eta(&pass, l->beta, b, eta);
        vouch__glm_rows_run(pass.kernel, &pass.law, &rows, &is_valid);
        for (size_t i = 0; l->hat && i < B; i++) {
            l->hat[b * B + i] = 0.0;
            if (rows.weight[i] <= 0.0)
                continue;
            vouch__glm_row(d, b * B + i, x);
            l->hat[b * B + i] = rows.grip[i] * quadratic(d->p, l->root, x);
        }
    }
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

/* out = A meat A */
void vouch__glm_sandwich(size_t p, const double *a, const double *meat, double factor, double *room,
                         double *out)
{
    for (size_t i = 0; i < p; i++)
        for (size_t k = 0; k < p; k++) {
            double sum = 0.0;
            for (size_t j = 0; j < p; j++)
                sum += a[i * p + j] * meat[j * p + k];
            room[i * p + k] = sum;
        }
    for (size_t i = 0; i < p; i++)
        for (size_t k = 0; k <= i; k++) {
            double sum = 0.0;
            for (size_t j = 0; j < p; j++)
                sum += room[i * p + j] * a[j * p + k];
            out[i * p + k] = out[k * p + i] = factor * sum;
        }
}

static vouch_status robust_meat(vouch_ctx *ctx, vouch__glm_fitting *f, looking *l, double *meat)
{
    const vouch__glm_design *d = &f->design;
    size_t rows = d->blocks * B, mark = vouch__scratch_mark(ctx);
    int how = f->glm->covariance;
    double *w = vouch__scratch(ctx, rows, sizeof *w), *score = vouch__scratch(ctx, d->p + 1, sizeof *score);
    vouch__glm_pass pass = { .design = d, .kernel = f->solver.kernel, .law = f->solver.law, .step = 1 };
    vouch__glm_sums sums = { .score = score };
    sums.info = meat;
    if (!w || !score)
        return vouch__oom(ctx);
    for (size_t i = 0; i < rows; i++) {
        double rest = l->hat && how >= VOUCH__GLM_HC2 ? fmax(1.0 - l->hat[i], 1e-10) : 1.0;
        w[i] = l->pull[i] * l->pull[i] / (how == VOUCH__GLM_HC3 ? rest * rest : rest);
    }
    pass.weight = w;
    vouch_status status = vouch__glm_pass_run(ctx, &pass, &sums);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* The cluster of every row as a rank among the values of the column. */
static vouch_status read_clusters(vouch_ctx *ctx, const vouch__glm_fitting *f, uint32_t *out, size_t *out_n)
{
    const vouch__part_rows *rows = &f->data->train;
    const char *name = vouch__json_string(vouch__json_get(f->data->settings, "cluster"));
    const vouch_table *table = f->data->binding->table;
    size_t mark = vouch__scratch_mark(ctx), column = name ? vouch_table_find(table, name) : SIZE_MAX;
    if (column == SIZE_MAX)
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "glm: covariance by cluster needs 'cluster', a column of the data");
    double *x = vouch__scratch(ctx, rows->n + 1, sizeof *x);
    uint32_t *order = vouch__scratch(ctx, rows->n + 1, sizeof *order);
    if (!x || !order)
        return vouch__oom(ctx);
    if (rows->row)
        vouch__table_gather(table, column, rows->n, rows->row, x);
    else
        vouch_table_read(table, column, 0, rows->n, x);
    vouch_status status = vouch__order(ctx, rows->n, x, order);
    *out_n = 0;
    for (size_t i = 0; i < rows->n && !status; i++) {
        if (isnan(x[order[i]]))
            status = vouch__fail(ctx, VOUCH_E_DATA, "glm: cluster '%s' is missing in training row %u", name,
                                 (unsigned)order[i]);
        *out_n += i == 0 || x[order[i]] != x[order[i - 1]];
        out[order[i]] = (uint32_t)(*out_n - 1);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void row_score(const void *arg, size_t i, double *out)
{
    const looking *l = arg;
    vouch__glm_row(&l->f->design, i, out);
    for (size_t j = 0; j < l->f->design.p; j++)
        out[j] *= l->pull[i];
}

vouch_status vouch__glm_cluster_meat(vouch_ctx *ctx, vouch__glm_fitting *f, size_t p, vouch__glm_score *score,
                                     const void *arg, double *meat, double *out_factor)
{
    const vouch__glm_design *d = &f->design;
    size_t mark = vouch__scratch_mark(ctx), groups = 0;
    uint32_t *cluster = vouch__scratch(ctx, d->n + 1, sizeof *cluster);
    double *x = vouch__scratch(ctx, p + 1, sizeof *x);
    if (!cluster || !x)
        return vouch__oom(ctx);
    vouch_status status = read_clusters(ctx, f, cluster, &groups);
    if (status)
        return status;
    double *sum = vouch__scratch(ctx, groups * p + 1, sizeof *sum), n = d->rows;
    if (!sum)
        return vouch__oom(ctx);
    memset(sum, 0, groups * p * sizeof *sum);
    for (size_t i = 0; i < d->n; i++) {
        if (d->weight[i] <= 0.0)
            continue;
        score(arg, i, x);
        for (size_t j = 0; j < p; j++)
            sum[cluster[i] * p + j] += x[j];
    }
    memset(meat, 0, p * p * sizeof *meat);
    for (size_t g = 0; g < groups; g++)
        for (size_t j = 0; j < p; j++)
            for (size_t k = 0; k < p; k++)
                meat[j * p + k] += sum[g * p + j] * sum[g * p + k];
    double many = (double)groups, coefficients = f->glm->facts.used + (double)f->glm->n_precision;
    if (groups < 2)
        status = vouch__fail(ctx, VOUCH_E_DATA, "glm: covariance by cluster needs at least 2 clusters");
    *out_factor = many / (many - 1.0) * (n - 1.0) / (n - coefficients);
    vouch__json_set(f->doc, f->log, "clusters", vouch__json_number(f->doc, many));
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* ---- what is told ---- */

static void push(vouch__doc *doc, vouch__json *row, double value)
{
    vouch__json_push(doc, row, vouch__json_number(doc, value));
}

static double cook(const vouch__glm_fitting *f, const looking *l, size_t i)
{
    double h = l->hat[i], phi = f->glm->facts.dispersion;
    double pearson = l->grip[i] > 0.0 ? l->pull[i] / sqrt(l->grip[i]) : 0.0;
    return pearson * pearson * h / ((1.0 - h) * (1.0 - h) * phi * f->glm->facts.used);
}

/* The rows that move the coefficients most, by Cook's distance; ties by row. */
static vouch_status tell_influence(vouch_ctx *ctx, vouch__glm_fitting *f, const looking *l)
{
    static const char *const column[] = {
        "row", "target", "fitted", "deviance_residual", "pearson_residual", "leverage", "cooks_distance"
    };
    const vouch__glm_design *d = &f->design;
    size_t top[SHOWN], n = 0, high = 0;
    double most = 0.0, sum = 0.0, phi = f->glm->facts.dispersion, eta[B];
    for (size_t i = 0; i < d->n; i++) {
        double far = cook(f, l, i);
        size_t at = n < SHOWN ? n++ : SHOWN - 1;
        sum += l->hat[i];
        most = fmax(most, l->hat[i]);
        high += l->hat[i] > 3.0 * f->glm->facts.used / d->rows;
        if (at == SHOWN - 1 && n == SHOWN && i >= SHOWN && !(far > cook(f, l, top[at])))
            continue;
        for (; at > 0 && far > cook(f, l, top[at - 1]); at--)
            top[at] = top[at - 1];
        top[at] = i;
    }
    vouch__json *object = vouch__json_set(f->doc, f->log, "leverage", vouch__json_object(f->doc));
    vouch__json_set(f->doc, object, "largest", vouch__json_number(f->doc, most));
    vouch__json_set(f->doc, object, "sum", vouch__json_number(f->doc, sum));
    vouch__json_set(f->doc, object, "rows_over_3_times_the_mean", vouch__json_number(f->doc, (double)high));
    vouch__json *table = vouch__json_set(f->doc, f->log, "influential_rows", vouch__json_object(f->doc));
    vouch__json *names = vouch__json_set(f->doc, table, "columns", vouch__json_array(f->doc));
    vouch__json *rows = vouch__json_set(f->doc, table, "rows", vouch__json_array(f->doc));
    for (size_t c = 0; c < sizeof column / sizeof *column; c++)
        vouch__json_push(f->doc, names, vouch__json_text(f->doc, column[c]));
    vouch__glm_pass pass = { .design = d, .kernel = f->solver.kernel, .law = f->solver.law };
    for (size_t r = 0; r < n; r++) {
        size_t i = top[r];
        vouch__json *row = vouch__json_push(f->doc, rows, vouch__json_array(f->doc));
        vouch__glm_block_eta(&pass, l->beta, i / B, eta);
        double mu = vouch__glm_mean(&pass.law, eta[i % B]), y = d->y[i];
        double unit = sqrt(d->weight[i] * vouch__glm_deviance(&pass.law, y, mu) / phi);
        push(f->doc, row, (double)(f->data->train.row ? f->data->train.row[i] : i) + 1.0);
        push(f->doc, row, y);
        push(f->doc, row, mu);
        push(f->doc, row, y < mu ? -unit : unit);
        push(f->doc, row, l->grip[i] > 0.0 ? l->pull[i] / sqrt(l->grip[i] * phi) : NAN);
        push(f->doc, row, l->hat[i]);
        push(f->doc, row, cook(f, l, i));
    }
    return vouch__doc_status(ctx, f->doc);
}

static vouch_status look_at_rows(vouch_ctx *ctx, vouch__glm_fitting *f, looking *l, bool wants_hat)
{
    size_t rows = f->design.blocks * B, p = f->design.p;
    double *beta = vouch__scratch(ctx, p + 1, sizeof *beta);
    l->pull = vouch__scratch(ctx, rows, sizeof *l->pull);
    l->grip = vouch__scratch(ctx, rows, sizeof *l->grip);
    l->hat = wants_hat ? vouch__scratch(ctx, rows, sizeof *l->hat) : NULL;
    if (!beta || !l->pull || !l->grip || (wants_hat && !l->hat))
        return vouch__oom(ctx);
    memcpy(beta, f->solver.beta, p * sizeof *beta);
    beta[p] = 0.0;
    l->beta = beta;
    l->root = f->solver.inverse;
    return vouch__parallel(ctx, f->design.blocks, GROUP, look_group, l);
}

vouch_status vouch__glm_errors(vouch_ctx *ctx, vouch__glm_fitting *f)
{
    size_t p = f->design.p, mark = vouch__scratch_mark(ctx);
    int how = f->glm->covariance;
    double factor = 1.0, phi = f->glm->facts.dispersion;
    bool is_cheap = (double)f->design.n * (double)p * (double)p <= INFLUENCE_WORK;
    bool tells = f->value[VOUCH__GLM_INFLUENCE] != 0.0 && is_cheap;
    bool wants_hat = tells || how == VOUCH__GLM_HC2 || how == VOUCH__GLM_HC3;
    looking l = { .f = f };
    vouch_status status = VOUCH_OK;
    double *meat = vouch__scratch(ctx, 2 * p * p + 1, sizeof *meat);
    if (!meat)
        return vouch__oom(ctx);
    if (wants_hat || how != VOUCH__GLM_BY_MODEL)
        status = look_at_rows(ctx, f, &l, wants_hat);
    if (!status && how == VOUCH__GLM_CLUSTER)
        status = vouch__glm_cluster_meat(ctx, f, p, row_score, &l, meat, &factor);
    else if (!status && how != VOUCH__GLM_BY_MODEL)
        status = robust_meat(ctx, f, &l, meat);
    if (how == VOUCH__GLM_HC1)
        factor = f->design.rows / (f->design.rows - f->glm->facts.used);
    if (!status && how != VOUCH__GLM_BY_MODEL)
        vouch__glm_sandwich(p, f->solver.inverse, meat, factor, meat + p * p, f->covariance);
    for (size_t i = 0; i < p * p && how == VOUCH__GLM_BY_MODEL; i++)
        f->covariance[i] = phi * f->solver.inverse[i];
    if (!status && tells)
        status = tell_influence(ctx, f, &l);
    vouch__scratch_reset(ctx, mark);
    return status;
}
