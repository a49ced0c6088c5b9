/* Ranking of LGD, CCF and exposure beside the generalised AUC: who is in the right class, where the money is,
 * and whether the ranking is as good as it was; the score is the estimate. */
#include "base/parallel.h"
#include "num/rank.h"
#include "num/special.h"
#include "validate/bootstrap.h"
#include "validate/irb.h"
#include "validate/rows/row_parts.h"

#include <math.h>
#include <string.h>

enum { CLASSES = 12 };
#define LEVEL 0.95
#define NEEDS (VOUCH__NEEDS_SCORE | VOUCH__NEEDS_TARGET | VOUCH__NEEDS_FINITE)
#define ECB "ECB, Instructions for reporting the validation results of internal models (2019), section 2.6"

/* ---- the cumulative accuracy ratio ---- */

typedef struct facilities {
    size_t n;
    const uint32_t *at, *best;            /* from the highest estimate to the lowest; from the largest loss */
    const double *said, *seen, *exposure; /* exposure may be NULL: 1 each */
    const uint8_t *class_of;              /* [n], of what was realised */
} facilities;

/* count[n]: how often each counts; NULL: once. */
static double times(const uint32_t *count, size_t i) { return count ? (double)count[i] : 1.0; }

typedef struct accuracy {
    double here[CLASSES], taken[CLASSES], right[CLASSES]; /* cases; shares down to the class */
    double ratio, chance, captured;
} accuracy;

/* Down the estimates: of those taken when as many are as realised class k or above, how many did; of cases
 * tied at the border the share that is expected. */
static void take(const facilities *f, const uint32_t *count, accuracy *a)
{
    double wanted[CLASSES + 1] = { 0 }, of[CLASSES] = { 0 }, all = 0;
    size_t next = CLASSES;
    memset(a->here, 0, sizeof a->here);
    for (size_t i = 0; i < f->n; i++)
        a->here[f->class_of[i]] += times(count, i);
    for (size_t k = CLASSES; k-- > 0;)
        wanted[k] = wanted[k + 1] + a->here[k];
    for (size_t i = 0, j; i < f->n; i = j) {
        double group[CLASSES] = { 0 }, here = 0;
        for (j = i; j < f->n && f->said[f->at[j]] == f->said[f->at[i]]; j++) {
            group[f->class_of[f->at[j]]] += times(count, f->at[j]);
            here += times(count, f->at[j]);
        }
        for (; next > 0 && wanted[next - 1] <= all + here; next--) {
            double share = here > 0 ? (wanted[next - 1] - all) / here : 0, right = 0;
            for (size_t k = next - 1; k < CLASSES; k++)
                right += of[k] + share * group[k];
            a->right[next - 1] = right / wanted[0];
            a->taken[next - 1] = wanted[next - 1] / wanted[0];
        }
        all += here;
        for (size_t k = 0; k < CLASSES; k++)
            of[k] += group[k];
    }
}

/* The area under the share of losses by the share of exposure, down the order of `by`; ties rise in a
 * straight line. NaN where nothing is lost. */
static double caught(const facilities *f, const uint32_t *count, const uint32_t *at, const double *by)
{
    double area = 0, all = 0, lost = 0;
    for (size_t i = 0, j; i < f->n; i = j) {
        double dx = 0, dy = 0;
        for (j = i; j < f->n && by[at[j]] == by[at[i]]; j++) {
            double exposure = times(count, at[j]) * (f->exposure ? f->exposure[at[j]] : 1.0);
            dx += exposure;
            dy += exposure * f->seen[at[j]];
        }
        area += dx * (2 * lost + dy);
        all += dx;
        lost += dy;
    }
    return all > 0 && lost > 0 ? area / all / (2 * lost) : (double)NAN;
}

static void measure(const facilities *f, const uint32_t *count, accuracy *a)
{
    double x = 0, y = 0;
    take(f, count, a);
    a->ratio = a->chance = 0;
    for (size_t k = CLASSES; k-- > 0;) {
        if (a->here[k] == 0)
            continue;
        a->ratio += (a->taken[k] - x) * (a->right[k] + y);
        a->chance += (a->taken[k] - x) * (a->taken[k] * a->taken[k] + x * x);
        x = a->taken[k];
        y = a->right[k];
    }
    double best = caught(f, count, f->best, f->seen);
    a->captured = best > 0.5 ? (caught(f, count, f->at, f->said) - 0.5) / (best - 0.5) : (double)NAN;
}

typedef struct resampling {
    const facilities *f;
    uint64_t seed;
    double *ratio, *captured; /* [resamples] */
} resampling;

static vouch_status resample(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const resampling *r = arg;
    size_t mark = vouch__scratch_mark(worker);
    uint32_t *count = vouch__scratch(worker, r->f->n, sizeof *count);
    (void)chunk;
    if (!count)
        return vouch__oom(worker);
    for (size_t b = begin; b < end; b++) {
        accuracy a;
        vouch__boot_counts(r->seed, b, 0, r->f->n, count);
        measure(r->f, count, &a);
        r->ratio[b] = a.ratio;
        r->captured[b] = a.captured;
    }
    vouch__scratch_reset(worker, mark);
    return vouch__poll(worker);
}

static vouch_status intervals(vouch_ctx *ctx, const vouch__test_call *call, const facilities *f,
                              const accuracy *a, vouch__boot_interval out[2])
{
    size_t n = (size_t)vouch__test_param(call, "resamples");
    resampling r = { .f = f, .seed = call->seed };
    r.ratio = vouch__scratch(ctx, n + 1, sizeof *r.ratio);
    r.captured = vouch__scratch(ctx, n + 1, sizeof *r.captured);
    if (!r.ratio || !r.captured)
        return vouch__oom(ctx);
    vouch__progress(ctx, call->test->id, 0, n);
    vouch_status status = vouch__parallel(ctx, n, 1, resample, &r);
    if (!status)
        status = vouch__boot_summary(ctx, n, r.ratio, a->ratio, LEVEL, &out[0]);
    return status ? status : vouch__boot_summary(ctx, n, r.captured, a->captured, LEVEL, &out[1]);
}

static void tell(const vouch__test_call *call, const accuracy *a, const vouch__boot_interval of[2])
{
    vouch__entry entry = vouch__test_entry(call);
    entry.value = a->ratio;
    if (!isnan(of[0].low)) {
        entry.level = LEVEL;
        entry.low = of[0].low;
        entry.high = of[0].high;
        entry.interval_method = "Poisson bootstrap of facilities, percentiles";
    }
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "ratio",
                                               "quantity,value,low,high,standard_error");
    vouch__test_row(call, table, "tnnnn", "cumulative LGD accuracy ratio", a->ratio, of[0].low, of[0].high,
                    of[0].se);
    vouch__test_row(call, table, "tnnnn", "the same of an order that knows nothing", a->chance, (double)NAN,
                    (double)NAN, (double)NAN);
    vouch__test_row(call, table, "tnnnn",
                    call->now->amount ? "loss capture ratio, by exposure" : "loss capture ratio", a->captured,
                    of[1].low, of[1].high, of[1].se);
    table = vouch__evidence_table(call->list, object, "classes", "class,cases,share_taken,share_right");
    for (size_t k = CLASSES; k-- > 0;)
        if (a->here[k] > 0)
            vouch__test_row(call, table, "nnnn", (double)k + 1, a->here[k], a->taken[k], a->right[k]);
    vouch__evidence_plot(call->list, object, "line", "classes", "share_taken", "share_right",
                         "share of cases, highest estimates first", "share in the right class or above");
}

/* Places of x from the largest down. */
static vouch_status order_down(vouch_ctx *ctx, size_t n, const double *x, uint32_t *out)
{
    double *minus = vouch__scratch(ctx, n + 1, sizeof *minus);
    for (size_t i = 0; i < n && minus; i++)
        minus[i] = -x[i];
    return minus ? vouch__order(ctx, n, minus, out) : vouch__oom(ctx);
}

static vouch_status run_clar(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    uint32_t *at = vouch__scratch(ctx, 2 * s->n + 1, sizeof *at);
    uint8_t *class_of = vouch__scratch(ctx, s->n + 1, 1);
    const vouch__boot_interval unknown = { .se = NAN, .low = NAN, .high = NAN };
    vouch__boot_interval of[2] = { unknown, unknown };
    accuracy a;
    if (!at || !class_of)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++)
        class_of[i] = (uint8_t)vouch__lgd_class(s->target[i]);
    const facilities f = { s->n, at, at + s->n, s->score, s->target, s->amount, class_of };
    vouch_status status = order_down(ctx, s->n, s->score, at);
    if (!status)
        status = order_down(ctx, s->n, s->target, at + s->n);
    if (status)
        return status;
    measure(&f, NULL, &a);
    status = intervals(ctx, call, &f, &a, of);
    if (!status)
        tell(call, &a, of);
    return status;
}

static const vouch__param clar_params[] = {
    { "resamples", VOUCH__PARAM_INTEGER, 40.0, 10000.0, 400.0, NULL, "resamples",
      "how many, for the intervals" },
};

const vouch_test vouch__test_lgd_clar = {
    .id = "irb.lgd_clar",
    .section = "validate",
    .title = "Cumulative LGD accuracy ratio (CLAR) and loss capture",
    .purpose =
        "Are the facilities that lost most those for which most was expected, class by class and in money?",
    .mechanism =
        "Realised values are put in classes. From the highest class down, as many facilities are taken in "
        "order of the estimate as realised that class or a higher one, and those counted that did. CLAR is "
        "twice the area under the share that is right over the share that is taken: 1 when every facility is "
        "in its class. The loss capture ratio is the area between the curve of losses caught and the "
        "diagonal, over that of the perfect order.",
    .convention =
        "The 12 classes are those of the generalised AUC. Estimates that are tied share a border by "
        "expectation, and rise in a straight line in the loss capture curve, which is weighted by exposure "
        "where amounts are given. An order that knows nothing has a CLAR well above 0 (two thirds for many "
        "even classes): it is told beside. Resampled with replacement, in the Poisson form; the border moves "
        "with each resample.",
    .high_risk =
        "A CLAR near that of no knowledge, or a loss capture ratio near 0: estimates do not order losses.",
    .strengths =
        "Uses the classes in which LGD is managed; loss capture speaks of money. Both have intervals.",
    .limits =
        "Depends on the classes, so only equal ones compare. It says nothing of the level of estimates: see "
        "irb.lgd_bias. Facilities are resampled as if independent; a common downturn widens the error.",
    .source =
        "D. Li, R. Bhariok, S. Keenan & S. Santilli, Journal of Risk Model Validation 3 (2009) 3-26; B. "
        "Efron & R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13 (the intervals)",
    .unit = "ratio",
    .needs = NEEDS,
    .uses = VOUCH__NEEDS_AMOUNT,
    .params = clar_params,
    .n_params = sizeof clar_params / sizeof *clar_params,
    .run = run_clar,
};

/* ---- decline since the initial validation ---- */

static vouch_status gauc_of(vouch_ctx *ctx, const vouch__sample *s, vouch__somers *out)
{
    double count[CLASSES * CLASSES] = { 0 };
    for (size_t i = 0; i < s->n; i++)
        count[vouch__lgd_class(s->score[i]) * CLASSES + vouch__lgd_class(s->target[i])] += 1.0;
    return vouch__somers_measure(ctx, CLASSES, CLASSES, count, out);
}

static vouch_status run_decline(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__somers now, before;
    vouch_status status = gauc_of(ctx, call->before, &before);
    if (!status)
        status = gauc_of(ctx, call->now, &now);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = before.gauc - now.gauc;
    if (now.se > 0) {
        entry.statistic = entry.value / (0.5 * now.se);
        entry.p_value = vouch__normal_sf(entry.statistic);
    }
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "ranking", "sample,n,gauc,se");
    vouch__test_row(call, table, "tnnn", "initial validation", (double)call->before->n, before.gauc,
                    0.5 * before.se);
    vouch__test_row(call, table, "tnnn", "now", (double)call->now->n, now.gauc, 0.5 * now.se);
    return VOUCH_OK;
}

const vouch_test vouch__test_gauc_decline = {
    .id = "irb.gauc_decline",
    .section = "validate",
    .title = "Decline of the generalised AUC (ECB)",
    .purpose =
        "Do estimates of LGD (or CCF) rank realised values as well as they did at the initial validation?",
    .mechanism =
        "The generalised AUC at the initial validation (the reference) less today's, over the standard error "
        "of today's, compared with the normal distribution.",
    .convention =
        "As the instructions have it the initial value is taken as known, so where the reference is as small "
        "as the sample a true null is rejected more often than the level says. One-sided: a small p says "
        "that ranking got worse. Classes as for irb.lgd_ranking.",
    .high_risk = "A decline above 0 with a p-value below 0.05; below 0.01 the ranking has to be looked into.",
    .strengths = "Prescribed; comparable from year to year.",
    .limits = "Few defaults a year leave little power; a change of the mix of segments changes the figure "
              "without any "
              "change of the model.",
    .source = ECB,
    .null_hypothesis = "the generalised AUC has not fallen",
    .unit = "generalised AUC",
    .needs = NEEDS | VOUCH__NEEDS_REFERENCE,
    .run = run_decline,
};
