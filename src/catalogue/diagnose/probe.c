/* The rows of a probe are read once, in the model's own coding; made rows are scored in blocks, so that no
 * more than a block of them exists at a time on any thread. */
#include "catalogue/diagnose/probe.h"

#include "base/parallel.h"
#include "explain/effects.h"
#include "num/rank.h"
#include "num/rng.h"
#include "num/special.h"
#include "num/sum.h"
#include "validate/calibration.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 256 };

double vouch__probe_loss(double p, bool is_bad)
{
    double held = fmin(fmax(is_bad ? p : 1.0 - p, 1e-15), 1.0 - 1e-15);
    return -vouch__log(held);
}

bool vouch__probe_moves(const vouch__probe *probe, size_t input, double x)
{
    const vouch__input *in = &probe->model->inputs.at[input];
    if (in->is_category || !isfinite(x))
        return false;
    for (size_t k = 0; k < in->n_special; k++)
        if (in->special[k] == x)
            return false;
    return true;
}

vouch_status vouch__probe_cutoff(vouch_ctx *ctx, const vouch__test_call *call, size_t n, const double *p,
                                 double *out)
{
    if (vouch__json_get(call->given, "cutoff")) {
        *out = vouch__test_param(call, "cutoff");
        return VOUCH_OK;
    }
    uint32_t *order = vouch__scratch(ctx, n + 1, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, p, order);
    size_t declined = (size_t)ceil(vouch__test_param(call, "declined") * (double)n);
    *out = status || declined >= n ? 0.0 : p[order[n - declined - 1]];
    return status;
}

double vouch__probe_correlation(size_t n, const double *a, const double *b)
{
    double ma = vouch__mean(n, a, NULL), mb = vouch__mean(n, b, NULL), ab = 0.0, aa = 0.0, bb = 0.0;
    for (size_t i = 0; i < n; i++) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
    }
    return aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : (double)NAN;
}

void vouch__shuffle(uint64_t seed, uint64_t stream, size_t n, uint32_t *out)
{
    vouch__rng rng = vouch__rng_make(seed, stream);
    for (size_t i = 0; i < n; i++)
        out[i] = (uint32_t)i;
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)vouch__rng_below(&rng, i);
        uint32_t held = out[i - 1];
        out[i - 1] = out[k];
        out[k] = held;
    }
}

typedef struct score_job {
    const vouch__probe *probe;
    vouch__fill_fn *fill;
    const void *self;
    double *raw, *p;
} score_job;

static vouch_status score_block(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const score_job *job = arg;
    const vouch_model *model = job->probe->model;
    size_t mark = vouch__scratch_mark(worker), cols = job->probe->cols, n = end - begin;
    double *x = vouch__scratch(worker, n * cols + 1, sizeof *x);
    (void)chunk;
    if (!x)
        return vouch__oom(worker);
    for (size_t i = 0; i < n; i++)
        job->fill(job->self, begin + i, x + i * cols);
    vouch__matrix m = { x, n, cols };
    double *raw = job->raw + begin;
    model->kind->predict(model->state, m, raw);
    if (job->p)
        vouch__model_probabilities(model, m, raw, job->p + begin);
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < n && !status; i++) {
        if (!isfinite(raw[i]))
            status = vouch__fail(worker, VOUCH_E_DATA,
                                 "%s: the model's score of a changed case is not finite", "diagnose");
    }
    vouch__scratch_reset(worker, mark);
    return status;
}

vouch_status vouch__probe_score(vouch_ctx *ctx, const vouch__probe *probe, size_t n, vouch__fill_fn *fill,
                                const void *self, double *out_raw, double *out_p)
{
    score_job job = { .probe = probe, .fill = fill, .self = self };
    job.raw = out_raw;
    job.p = out_p;
    vouch_status status = vouch__poll(ctx);
    return status ? status : vouch__parallel(ctx, n, BLOCK, score_block, &job);
}

static vouch_status check_scores(vouch_ctx *ctx, const vouch__probe *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (!isfinite(p->raw[i]))
            return vouch__fail(ctx, VOUCH_E_DATA, "diagnose: the model's score of case %zu is not finite", i);
        if (!(p->p[i] >= 0.0 && p->p[i] <= 1.0))
            return vouch__fail(ctx, VOUCH_E_DATA, "diagnose: the model gives no probability of case %zu", i);
    }
    return VOUCH_OK;
}

static vouch_status sort_columns(vouch_ctx *ctx, vouch__probe *p)
{
    double *value = vouch__scratch(ctx, p->n + 1, sizeof *value);
    uint32_t *order = vouch__scratch(ctx, p->n + 1, sizeof *order);
    p->sorted = vouch__scratch(ctx, p->cols + 1, sizeof *p->sorted);
    p->n_sorted = vouch__scratch(ctx, p->cols + 1, sizeof *p->n_sorted);
    if (!value || !order || !p->sorted || !p->n_sorted)
        return vouch__oom(ctx);
    for (size_t j = 0; j < p->cols; j++) {
        size_t n = 0;
        for (size_t i = 0; i < p->n; i++) {
            double x = p->x[i * p->cols + j];
            if (vouch__probe_is_category(p, j) ? !isnan(x) : vouch__probe_moves(p, j, x))
                value[n++] = x;
        }
        vouch_status status = vouch__order(ctx, n, value, order);
        p->sorted[j] = vouch__scratch(ctx, n + 1, sizeof **p->sorted);
        p->n_sorted[j] = n;
        if (status || !p->sorted[j])
            return status ? status : vouch__oom(ctx);
        for (size_t i = 0; i < n; i++)
            p->sorted[j][i] = value[order[i]];
    }
    return VOUCH_OK;
}

/* Which rows of the table: all of a sample's, or as many as asked for. */
static vouch_status choose_rows(vouch_ctx *ctx, const vouch__sample *sample, vouch__probe *p,
                                uint32_t **out_row)
{
    uint32_t *pick = vouch__scratch(ctx, p->n + 1, sizeof *pick);
    if (!pick)
        return vouch__oom(ctx);
    vouch__choose(p->seed, sample->n, p->n, pick);
    for (size_t i = 0; i < p->n; i++) {
        size_t at = pick[i];
        if (p->bad) {
            p->bad[i] = sample->bad[at];
            p->n_bad += p->bad[i];
        }
        pick[i] = sample->row ? sample->row[at] : (uint32_t)at;
    }
    *out_row = pick;
    return VOUCH_OK;
}

vouch_status vouch__probe_make(vouch_ctx *ctx, const vouch__test_call *call, const vouch__sample *sample,
                               size_t most, bool with_outcomes, vouch__probe *out)
{
    vouch__probe p = { .model = call->model,
                       .n = sample->n < most ? sample->n : most,
                       .cols = call->model->inputs.n,
                       .seed = call->seed };
    vouch__binding binding = { .n = 0 };
    uint32_t *row = NULL;
    if (!sample->table)
        return vouch__fail(ctx, VOUCH_E_DATA, "diagnose: there is no table of inputs");
    p.x = vouch__scratch(ctx, p.n * p.cols + 1, sizeof *p.x);
    p.raw = vouch__scratch(ctx, p.n + 1, sizeof *p.raw);
    p.p = vouch__scratch(ctx, p.n + 1, sizeof *p.p);
    p.bad = with_outcomes ? vouch__scratch(ctx, p.n + 1, sizeof *p.bad) : NULL;
    p.loss = with_outcomes ? vouch__scratch(ctx, p.n + 1, sizeof *p.loss) : NULL;
    if (!p.x || !p.raw || !p.p || (with_outcomes && (!p.bad || !p.loss)))
        return vouch__oom(ctx);
    vouch_status status = choose_rows(ctx, sample, &p, &row);
    if (!status)
        status = vouch__bind(ctx, &p.model->inputs, sample->table, &binding);
    if (!status)
        status = vouch__model_score_bound(ctx, p.model, &binding, 0, p.n, row, p.raw, p.p, NULL);
    if (!status)
        vouch__bound_rows(&binding, 0, p.n, row, p.x);
    vouch__binding_clear(&binding);
    if (!status)
        status = check_scores(ctx, &p);
    for (size_t i = 0; i < p.n && !status && p.bad; i++)
        p.loss[i] = vouch__probe_loss(p.p[i], p.bad[i]);
    if (!status)
        status = sort_columns(ctx, &p);
    if (status)
        return status;
    *out = p;
    return VOUCH_OK;
}

vouch_status vouch__probe_resampled(vouch_ctx *ctx, size_t n, const double *figure, vouch__entry *entry)
{
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    double *sorted = vouch__scratch(ctx, n, sizeof *sorted);
    if (!order || !sorted)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, figure, order);
    if (status)
        return status;
    for (size_t b = 0; b < n; b++)
        sorted[b] = figure[order[b]];
    entry->value = vouch__mean(n, figure, NULL);
    entry->level = 0.95;
    entry->low = vouch__quantile_sorted(n, sorted, 0.025);
    entry->high = vouch__quantile_sorted(n, sorted, 0.975);
    entry->interval_method = "percentiles of the resamples";
    entry->judged = true;
    return VOUCH_OK;
}

vouch_status vouch__probe_recalibrate(vouch_ctx *ctx, const vouch__probe *probe, const double **out)
{
    vouch__calibration_line line = { .slope = 1.0 };
    double *p = vouch__scratch(ctx, probe->n + 1, sizeof *p);
    if (!p)
        return vouch__oom(ctx);
    vouch_status status = vouch__calibration_line_fit(ctx, probe->n, probe->p, probe->bad, NULL, &line);
    bool has_line = status == VOUCH_OK;
    if (status == VOUCH_E_DATA || status == VOUCH_E_CONVERGE)
        status = VOUCH_OK;
    for (size_t i = 0; i < probe->n && !status; i++) {
        double own = fmin(fmax(probe->p[i], 1e-15), 1.0 - 1e-15);
        double odds = vouch__log(own) - vouch__log1p(-own);
        p[i] = has_line ? vouch__sigmoid(line.intercept + line.slope * odds) : own;
    }
    *out = p;
    return status;
}
