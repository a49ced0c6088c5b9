/* What the model loses when an input is shuffled: importance with intervals, inputs that nothing depends on,
 * and whether the order of importance would have come out the same with other cases. */
#include "base/parallel.h"
#include "catalogue/diagnose/probe.h"
#include "num/rank.h"
#include "num/rng.h"
#include "num/special.h"
#include "num/sum.h"
#include "validate/cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHUFFLE = 0x5100, RESAMPLE = 0x10000, TOP = 5 };
#define ALPHA 0.05

typedef struct swapped { /* one input of every case comes from another case */
    const vouch__probe *probe;
    size_t input;
    const uint32_t *from;
} swapped;

static void fill_swapped(const void *self, size_t i, double *row)
{
    const swapped *s = self;
    size_t cols = s->probe->cols;
    memcpy(row, s->probe->x + i * cols, cols * sizeof *row);
    row[s->input] = s->probe->x[s->from[i] * cols + s->input];
}

typedef struct finding { /* of one input */
    size_t input;
    double loss, loss_se, auc, auc_se, p, adjusted, largest;
} finding;

static int by_loss(const void *a, const void *b)
{
    const finding *x = a, *y = b;
    if (x->loss != y->loss)
        return x->loss < y->loss ? 1 : -1;
    return (x->input > y->input) - (x->input < y->input);
}

/* rise[n]: by how much each case's loss grows, on average over the repeats. f gets all but adjusted. */
static vouch_status shuffle_input(vouch_ctx *ctx, const vouch__probe *p, size_t input, size_t repeats,
                                  double *rise, finding *f)
{
    size_t n = p->n, mark = vouch__scratch_mark(ctx);
    uint32_t *from = vouch__scratch(ctx, n + 1, sizeof *from);
    double *raw = vouch__scratch(ctx, n + 1, sizeof *raw), *prob = vouch__scratch(ctx, n + 1, sizeof *prob);
    double *fall = vouch__scratch(ctx, repeats, sizeof *fall), variance = 0.0;
    vouch_status status = VOUCH_OK;
    if (!from || !raw || !prob || !fall)
        return vouch__oom(ctx);
    memset(rise, 0, n * sizeof *rise);
    for (size_t r = 0; r < repeats && !status; r++) {
        swapped s = { p, input, from };
        vouch_auc_pair d = { .difference = NAN };
        vouch__shuffle(p->seed, SHUFFLE + r, n, from);
        status = vouch__probe_score(ctx, p, n, fill_swapped, &s, raw, prob);
        if (!status)
            status = vouch_validate_auc_paired(ctx, n, p->raw, raw, p->bad, 0.95, &d);
        fall[r] = d.difference;
        variance += d.variance / (double)repeats;
        for (size_t i = 0; i < n && !status; i++)
            rise[i] += (vouch__probe_loss(prob[i], p->bad[i]) - p->loss[i]) / (double)repeats;
    }
    if (!status) {
        double between = repeats > 1 ? vouch__variance(repeats, fall, NULL) / (double)repeats : 0.0;
        f->input = input;
        f->loss = vouch__mean(n, rise, NULL);
        f->loss_se = sqrt(vouch__variance(n, rise, NULL) / (double)n);
        f->auc = vouch__mean(repeats, fall, NULL);
        f->auc_se = sqrt(variance + between);
        f->p = f->loss_se > 0.0 ? vouch__normal_sf(f->loss / f->loss_se) : f->loss > 0.0 ? 0.0 : 1.0;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* f[cols] in order of inputs; rise[cols x n]. */
static vouch_status shuffle_all(vouch_ctx *ctx, const vouch__probe *p, size_t repeats, double *rise,
                                finding *f)
{
    double *pv = vouch__scratch(ctx, p->cols + 1, sizeof *pv);
    vouch_status status = VOUCH_OK;
    if (!pv)
        return vouch__oom(ctx);
    for (size_t j = 0; j < p->cols && !status; j++) {
        vouch__progress(ctx, "permutation importance", j, p->cols);
        status = shuffle_input(ctx, p, j, repeats, rise + j * p->n, &f[j]);
        pv[j] = f[j].p;
    }
    if (!status)
        status = vouch__holm(ctx, p->cols, pv, pv);
    for (size_t j = 0; j < p->cols && !status; j++)
        f[j].adjusted = pv[j];
    return status;
}

typedef struct work {
    vouch__probe probe;
    finding *f;
    double *rise;
} work;

static vouch_status work_make(vouch_ctx *ctx, const vouch__test_call *call, work *w)
{
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            true, &w->probe);
    if (status)
        return status;
    const vouch__probe *p = &w->probe;
    if (p->n_bad == 0 || p->n_bad == p->n)
        return vouch__fail(ctx, VOUCH_E_DATA, "diagnose: the cases that were drawn have one outcome only");
    w->f = vouch__scratch(ctx, p->cols + 1, sizeof *w->f);
    w->rise = vouch__scratch(ctx, p->cols * p->n + 1, sizeof *w->rise);
    if (!w->f || !w->rise)
        return vouch__oom(ctx);
    return shuffle_all(ctx, p, (size_t)vouch__test_param(call, "repeats"), w->rise, w->f);
}

static vouch__entry probed_entry(const vouch__test_call *call, const vouch__probe *p)
{
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)p->n;
    if (p->bad)
        entry.n_bad = (double)p->n_bad;
    return entry;
}

static vouch_status run_permutation(vouch_ctx *ctx, const vouch__test_call *call)
{
    work w;
    double significant = 0.0, margin = vouch__cases_margin(0.95);
    vouch_status status = work_make(ctx, call, &w);
    if (status)
        return status;
    for (size_t j = 0; j < w.probe.cols; j++)
        significant += w.f[j].adjusted <= ALPHA;
    qsort(w.f, w.probe.cols, sizeof *w.f, by_loss);
    vouch__entry entry = probed_entry(call, &w.probe);
    entry.value = significant;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "importance", "input,log_loss,low,high,p_value,adjusted,auc,auc_low,auc_high");
    for (size_t j = 0; j < w.probe.cols; j++) {
        const finding *f = &w.f[j];
        vouch__test_row(call, table, "tnnnnnnnn", vouch__probe_name(&w.probe, f->input), f->loss,
                        f->loss - margin * f->loss_se, f->loss + margin * f->loss_se, f->p, f->adjusted,
                        f->auc, f->auc - margin * f->auc_se, f->auc + margin * f->auc_se);
    }
    vouch__evidence_plot(call->list, object, "interval", "importance", "input", "log_loss,low,high", "Input",
                         "Rise of log loss");
    return VOUCH_OK;
}

/* ---- inputs that nothing depends on ---- */

typedef struct set_to { /* one input of every case takes one value */
    const vouch__probe *probe;
    size_t input;
    double value;
} set_to;

static void fill_set(const void *self, size_t i, double *row)
{
    const set_to *s = self;
    memcpy(row, s->probe->x + i * s->probe->cols, s->probe->cols * sizeof *row);
    row[s->input] = s->value;
}

static double largest_change(const vouch__probe *p, const double *raw)
{
    double most = 0.0;
    for (size_t i = 0; i < p->n; i++)
        most = fmax(most, fabs(raw[i] - p->raw[i]));
    return most;
}

static vouch_status try_input(vouch_ctx *ctx, const vouch__probe *p, size_t input, size_t repeats,
                              double *raw, uint32_t *from, double *out_largest)
{
    vouch_status status = VOUCH_OK;
    double most = 0.0;
    for (size_t r = 0; r < repeats && !status; r++) {
        swapped s = { p, input, from };
        vouch__shuffle(p->seed, SHUFFLE + r, p->n, from);
        status = vouch__probe_score(ctx, p, p->n, fill_swapped, &s, raw, NULL);
        most = status ? most : fmax(most, largest_change(p, raw));
    }
    size_t n = p->n_sorted[input];
    double value[] = { n ? p->sorted[input][0] : (double)NAN, n ? p->sorted[input][n - 1] : (double)NAN,
                       NAN };
    for (size_t k = n ? 0 : 2; k < 3 && !status; k++) {
        set_to s = { p, input, value[k] };
        status = vouch__probe_score(ctx, p, p->n, fill_set, &s, raw, NULL);
        most = status ? most : fmax(most, largest_change(p, raw));
    }
    *out_largest = most;
    return status;
}

static vouch_status run_unused(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    double unused = 0.0;
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            false, &p);
    if (status)
        return status;
    double *most = vouch__scratch(ctx, p.cols + 1, sizeof *most),
           *raw = vouch__scratch(ctx, p.n, sizeof *raw);
    uint32_t *from = vouch__scratch(ctx, p.n, sizeof *from);
    if (!most || !raw || !from)
        return vouch__oom(ctx);
    for (size_t j = 0; j < p.cols && !status; j++) {
        vouch__progress(ctx, "unused inputs", j, p.cols);
        status = try_input(ctx, &p, j, (size_t)vouch__test_param(call, "repeats"), raw, from, &most[j]);
        unused += most[j] == 0.0;
    }
    if (status)
        return status;
    vouch__entry entry = probed_entry(call, &p);
    entry.value = unused;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "inputs", "input,used,largest_change");
    for (size_t j = 0; j < p.cols; j++)
        vouch__test_row(call, table, "ttn", vouch__probe_name(&p, j), most[j] == 0.0 ? "no" : "yes", most[j]);
    return VOUCH_OK;
}

/* ---- the order, with other cases ---- */

typedef struct resampling {
    const work *w;
    const double *rank; /* [cols] of the importance itself */
    double *rho;        /* [resamples] */
    double *ranks;      /* [resamples x cols] */
    double *shared;     /* [resamples] of the first TOP inputs, the share that stays */
    size_t top;
} resampling;

static vouch_status resample(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const resampling *r = arg;
    const vouch__probe *p = &r->w->probe;
    size_t mark = vouch__scratch_mark(worker);
    double *count = vouch__scratch(worker, p->n, sizeof *count);
    double *minus = vouch__scratch(worker, p->cols, sizeof *minus);
    vouch_status status = VOUCH_OK;
    (void)chunk;
    if (!count || !minus)
        return vouch__oom(worker);
    for (size_t b = begin; b < end && !status; b++) {
        vouch__rng rng = vouch__rng_make(p->seed, RESAMPLE + b);
        memset(count, 0, p->n * sizeof *count);
        for (size_t i = 0; i < p->n; i++)
            count[vouch__rng_below(&rng, p->n)] += 1.0;
        for (size_t j = 0; j < p->cols; j++)
            minus[j] = -vouch__sum_weighted(p->n, r->w->rise + j * p->n, count);
        double *rank = r->ranks + b * p->cols;
        status = vouch__midranks(worker, p->cols, minus, rank);
        if (status)
            break;
        r->rho[b] = vouch__probe_correlation(p->cols, r->rank, rank);
        double kept = 0.0;
        for (size_t j = 0; j < p->cols; j++)
            kept += r->rank[j] <= (double)r->top && rank[j] <= (double)r->top;
        r->shared[b] = kept / (double)r->top;
    }
    vouch__scratch_reset(worker, mark);
    return status;
}

/* The place of each input, with the places that 95 % of the resamples give it. */
static vouch_status tell_places(vouch_ctx *ctx, const vouch__test_call *call, const resampling *r, size_t n,
                                vouch__json *object)
{
    const vouch__probe *p = &r->w->probe;
    vouch__json *table = vouch__evidence_table(call->list, object, "places",
                                               "input,importance,place,low,high");
    double *place = vouch__scratch(ctx, n, sizeof *place), *sorted = vouch__scratch(ctx, n, sizeof *sorted);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    vouch_status status = VOUCH_OK;
    if (!place || !sorted || !order)
        return vouch__oom(ctx);
    for (size_t j = 0; j < p->cols && !status; j++) {
        for (size_t b = 0; b < n; b++)
            place[b] = r->ranks[b * p->cols + j];
        status = vouch__order(ctx, n, place, order);
        for (size_t b = 0; b < n && !status; b++)
            sorted[b] = place[order[b]];
        if (!status)
            vouch__test_row(call, table, "tnnnn", vouch__probe_name(p, j), r->w->f[j].loss, r->rank[j],
                            vouch__quantile_sorted(n, sorted, 0.025),
                            vouch__quantile_sorted(n, sorted, 0.975));
    }
    return status;
}

static vouch_status tell_stability(vouch_ctx *ctx, const vouch__test_call *call, const resampling *r,
                                   size_t n)
{
    size_t known = 0;
    for (size_t b = 0; b < n; b++)
        known += isnan(r->rho[b]) ? 0 : 1;
    if (known < n) {
        vouch__test_refuse(call, "All inputs are equally important in some resamples: they have no order.");
        return VOUCH_OK;
    }
    vouch__entry entry = probed_entry(call, &r->w->probe);
    vouch_status status = vouch__probe_resampled(ctx, n, r->rho, &entry);
    if (status)
        return status;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "first", "inputs,share_kept");
    vouch__test_row(call, table, "nn", (double)r->top, vouch__mean(n, r->shared, NULL));
    return tell_places(ctx, call, r, n, object);
}

static vouch_status run_stability(vouch_ctx *ctx, const vouch__test_call *call)
{
    work w;
    if (call->model->inputs.n < 3) {
        vouch__test_skip(call, "The model has fewer than three inputs: there is no order to speak of.");
        return VOUCH_OK;
    }
    vouch_status status = work_make(ctx, call, &w);
    if (status)
        return status;
    size_t n = (size_t)vouch__test_param(call, "resamples"), cols = w.probe.cols;
    double *rank = vouch__scratch(ctx, cols, sizeof *rank), *minus = vouch__scratch(ctx, cols, sizeof *minus);
    resampling r = { .w = &w, .rank = rank, .top = cols < TOP ? cols - 1 : TOP };
    r.rho = vouch__scratch(ctx, n, sizeof *r.rho);
    r.ranks = vouch__scratch(ctx, n * cols, sizeof *r.ranks);
    r.shared = vouch__scratch(ctx, n, sizeof *r.shared);
    if (!rank || !minus || !r.rho || !r.ranks || !r.shared)
        return vouch__oom(ctx);
    for (size_t j = 0; j < cols; j++)
        minus[j] = -w.f[j].loss;
    status = vouch__midranks(ctx, cols, minus, rank);
    if (!status)
        status = vouch__parallel(ctx, n, 1, resample, &r);
    return status ? status : tell_stability(ctx, call, &r, n);
}

static const vouch__param params[] = {
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 10000, NULL, "cases",
      "Most cases taken, drawn by the seed." },
    { "repeats", VOUCH__PARAM_INTEGER, 1, 1000, 5, NULL, "shuffles", "How often each input is shuffled." },
    { "resamples", VOUCH__PARAM_INTEGER, 10, 10000, 200, NULL, "resamples", "How many bootstrap samples." },
};
#define NEEDS (VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH)

const vouch_test vouch__test_permutation = {
    .id = "explain.permutation",
    .section = "explain",
    .title = "What is lost when an input is shuffled",
    .purpose =
        "How much of the model's power rests on each input? Shuffling an input among the cases cuts its "
        "tie to the outcome and leaves its distribution as it was; what the model then loses is what it "
        "owes to that input.",
    .mechanism =
        "Each input in turn is shuffled several times and all cases are scored again. Importance is "
        "the mean rise of the log loss, and beside it the mean fall of the AUC. p-values are one-sided, "
        "corrected over the inputs by Holm's method; the value is the number of inputs that matter.",
    .convention =
        "The interval of the log loss is that of the mean over cases of their average rise; that of "
        "the AUC joins DeLong's variance of the paired difference with the spread between shuffles. "
        "All inputs meet the same shuffles. Negative values are left as they are.",
    .high_risk =
        "One input carries nearly everything, above all one that could know the outcome, or an input "
        "that experts hold to be central is worth nothing.",
    .strengths =
        "Works for any model that can be scored, counts interactions, and comes with an interval and "
        "a test where most tools give a bare mean.",
    .limits = "Of inputs that say the same each can stand in for the other, so both look unimportant; and "
              "shuffling makes cases that cannot exist. It tells what the model uses, not what is true.",
    .source =
        "L. Breiman, Machine Learning 45 (2001) 5-32; A. Fisher, C. Rudin & F. Dominici, J. Mach. Learn. "
        "Res. 20(177) (2019) 1-81",
    .null_hypothesis = "the loss does not grow when the input is shuffled",
    .unit = "inputs that matter",
    .needs = NEEDS,
    .params = params,
    .n_params = 2,
    .run = run_permutation,
};

const vouch_test vouch__test_unused_inputs = {
    .id = "explain.unused_inputs",
    .section = "explain",
    .title = "Inputs that change nothing",
    .purpose = "An input that no score depends on has to be collected, checked and explained all the same. "
               "Which are there for nothing?",
    .mechanism = "Each input is shuffled among the cases, then set to its smallest and largest value and to "
                 "missing for all of them. It is unused when not one raw score moves by a single bit.",
    .convention = "No tolerance: a tiny weight is a use. Special codes take part in the shuffles only.",
    .high_risk =
        "An unused input that the model's documents give as a reason, or so many of them that nobody "
        "can have chosen the inputs with care.",
    .strengths = "Needs no outcomes, and tells an input without influence from one of small influence.",
    .limits = "It speaks of these cases: a branch that none of them and none of the tried values reaches is "
              "not seen. What matters little is for permutation importance to say.",
    .source =
        "SR 11-7 (2011), section V, on the choice of variables; Fisher, Rudin & Dominici, J. Mach. Learn. "
        "Res. 20(177) (2019), on reliance of zero",
    .unit = "inputs",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES,
    .params = params,
    .n_params = 2,
    .run = run_unused,
};

const vouch_test vouch__test_importance_stability = {
    .id = "explain.importance_stability",
    .section = "explain",
    .title = "Would other cases give the same order of importance?",
    .purpose = "A ranking of inputs is shown to committees as if it were a fact. How much of it would remain "
               "had other cases of the same kind been drawn?",
    .mechanism = "Permutation importance by log loss is a mean over cases; the cases are resampled with "
                 "replacement and the mean is taken again. The value is the mean rank correlation of the "
                 "resampled importance with the importance itself.",
    .convention =
        "Spearman's correlation with midranks. The shuffles stay the same, so that only the choice of "
        "cases varies. The table gives each input's place and where 95 % of resamples put it.",
    .high_risk = "A correlation below 0.8, or places of the first inputs that overlap: the order in the "
                 "documents is one of several.",
    .strengths = "Puts a number on the reliability of an explanation, which is usually taken on trust.",
    .limits = "Resampling measures the chance of the sample, not that of fitting: the model stays the same. "
              "Many inputs of no importance swap places among themselves and lower the correlation.",
    .source =
        "B. Efron & R. Tibshirani, An Introduction to the Bootstrap (1993); A. Kalousis, J. Prados & M. "
        "Hilario, Knowledge and Information Systems 12 (2007) 95-116",
    .unit = "rank correlation",
    .needs = NEEDS,
    .params = params,
    .n_params = 3,
    .run = run_stability,
};
