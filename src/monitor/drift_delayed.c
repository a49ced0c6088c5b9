/* Outcomes that come late: performance on the periods that are old enough, and how far the cases there that
 * still have no outcome can move it. */
#include "evidence/test.h"

#include "data/calendar.h"
#include "monitor/cohorts.h"
#include "num/rank.h"
#include "num/rates.h"
#include "validate/cases.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { AUC, BAD_RATE, RATIO, BRIER, FIGURES };
static const char *const names[FIGURES] = { "AUC", "bad rate", "observed / expected", "Brier score" };

typedef struct figure {
    double value, low, high;      /* of the cases with an outcome, and its interval */
    double least, most;           /* of all cases, whatever the open ones turn out to be */
    double outer_low, outer_high; /* the interval's ends at these two */
} figure;

/* Some cases in one place. */
typedef struct part {
    size_t n, open;
    double bad, level;
    double *score, *probability; /* NULL: none, or not of every case */
    uint8_t *is_bad, *is_open;
} part;

static vouch_status gather(vouch_ctx *ctx, const vouch__sample *s, size_t n, const uint32_t *at, part *out)
{
    part p = { .n = n,
               .score = vouch__scratch(ctx, n + 1, sizeof *p.score),
               .probability = vouch__scratch(ctx, n + 1, sizeof *p.probability),
               .is_bad = vouch__scratch(ctx, n + 1, 1),
               .is_open = vouch__scratch(ctx, n + 1, 1) };
    bool has_probability = s->probability != NULL;
    if (!p.score || !p.probability || !p.is_bad || !p.is_open)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        size_t k = at[i];
        bool is_open = isnan(s->target[k]);
        p.score[i] = s->score[k];
        p.is_open[i] = is_open;
        p.is_bad[i] = !p.is_open[i] && s->bad[k];
        p.open += p.is_open[i];
        p.bad += p.is_bad[i];
        p.probability[i] = has_probability ? s->probability[k] : (double)NAN;
        has_probability = has_probability && p.probability[i] >= 0.0 && p.probability[i] <= 1.0;
    }
    p.probability = has_probability ? p.probability : NULL;
    *out = p;
    return VOUCH_OK;
}

/* ---- AUC ---- */

/* DeLong's of the cases that are not left out. */
static vouch_status delong(vouch_ctx *ctx, const part *p, const uint8_t *bad, bool with_open, double level,
                           vouch_auc *out)
{
    size_t n = 0, mark = vouch__scratch_mark(ctx);
    double *score = vouch__scratch(ctx, p->n + 1, sizeof *score);
    uint8_t *label = vouch__scratch(ctx, p->n + 1, 1);
    if (!score || !label)
        return vouch__oom(ctx);
    for (size_t i = 0; i < p->n; i++)
        if (with_open || !p->is_open[i]) {
            score[n] = p->score[i];
            label[n++] = bad[i];
        }
    vouch_status status = vouch_validate_auc_delong(ctx, n, score, label, level, out);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* With m of the open cases bad, the AUC is least when these are the m safest, and largest when they are the
 * riskiest: of all cases' ranks, which no outcome changes, only those of the bad ones count. So all 2^open
 * outcomes are covered by open + 1 on either side. */
static vouch_status bound_auc(vouch_ctx *ctx, const part *p, figure *f)
{
    uint32_t *order = vouch__scratch(ctx, p->n + 1, sizeof *order);
    uint32_t *open = vouch__scratch(ctx, p->open + 1, sizeof *open); /* by score */
    double *rank = vouch__scratch(ctx, p->open + 1, sizeof *rank);
    uint8_t *bad = vouch__scratch(ctx, p->n + 1, 1);
    if (!order || !open || !rank || !bad)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, p->n, p->score, order);
    if (status)
        return status;
    vouch__dd sum = { 0 };
    size_t u = 0, at[2] = { 0, 0 };
    for (size_t i = 0, j; i < p->n; i = j) {
        for (j = i; j < p->n && p->score[order[j]] == p->score[order[i]]; j++)
            ;
        double middle = 0.5 * (double)(i + j + 1);
        for (size_t k = i; k < j; k++) {
            if (p->is_open[order[k]]) {
                open[u] = order[k];
                rank[u++] = middle;
            } else if (p->is_bad[order[k]]) {
                vouch__accumulate(&sum, middle);
            }
        }
    }
    f->least = INFINITY;
    f->most = -INFINITY;
    for (int high = 0; high < 2; high++) {
        vouch__dd ranks = sum;
        for (size_t m = 0; m <= u; m++) {
            double bads = p->bad + (double)m, goods = (double)p->n - bads;
            double auc = (vouch__accumulated(ranks) - 0.5 * bads * (bads + 1.0)) / (bads * goods);
            if (bads > 0.0 && goods > 0.0 && (high ? auc > f->most : auc < f->least)) {
                *(high ? &f->most : &f->least) = auc;
                at[high] = m;
            }
            if (m < u)
                vouch__accumulate(&ranks, rank[high ? u - 1 - m : m]);
        }
    }
    for (int high = 0; high < 2 && !status; high++) {
        vouch_auc auc = { .auc = NAN };
        memcpy(bad, p->is_bad, p->n);
        for (size_t m = 0; m < at[high]; m++)
            bad[open[high ? u - 1 - m : m]] = 1;
        status = delong(ctx, p, bad, true, p->level, &auc);
        *(high ? &f->outer_high : &f->outer_low) = high ? auc.high : auc.low;
    }
    return status;
}

/* ---- counts and means ---- */

static void rate(const part *p, double expected_known, double expected_all, figure *f)
{
    double known = (double)(p->n - p->open), all = (double)p->n, unused;
    double scale = expected_known > 0.0 ? known / expected_known : (double)NAN;
    double scale_all = expected_all > 0.0 ? all / expected_all : (double)NAN;
    vouch__jeffreys_interval(p->bad, known, p->level, &f->low, &f->high);
    vouch__jeffreys_interval(p->bad, all, p->level, &f->outer_low, &unused);
    vouch__jeffreys_interval(p->bad + (double)p->open, all, p->level, &unused, &f->outer_high);
    f->value = p->bad / known * scale;
    f->low *= scale;
    f->high *= scale;
    f->least = p->bad / all * scale_all;
    f->most = (p->bad + (double)p->open) / all * scale_all;
    f->outer_low *= scale_all;
    f->outer_high *= scale_all;
}

/* Mean squared error, with open cases left out (-1), at their best (0) or at their worst (1). */
static void brier(const part *p, int open, double *mean, double *error)
{
    vouch__dd sum = { 0 }, square = { 0 };
    double n = 0.0;
    for (size_t i = 0; i < p->n; i++) {
        double q = p->probability[i], away = p->is_bad[i] ? 1.0 - q : q;
        if (p->is_open[i] && open < 0)
            continue;
        if (p->is_open[i])
            away = open ? fmax(q, 1.0 - q) : fmin(q, 1.0 - q);
        n++;
        vouch__accumulate(&sum, away * away);
        vouch__accumulate(&square, away * away * away * away);
    }
    *mean = vouch__accumulated(sum) / n;
    *error = n > 1.0 ? sqrt(fmax(0.0, vouch__accumulated(square) / n - *mean * *mean) / (n - 1.0))
                     : (double)NAN;
}

static vouch_status measure(vouch_ctx *ctx, const vouch__sample *s, size_t n, const uint32_t *at,
                            double level, part *out, figure f[FIGURES])
{
    size_t known;
    for (int k = 0; k < FIGURES; k++)
        f[k] = (figure){ NAN, NAN, NAN, NAN, NAN, NAN, NAN };
    vouch_status status = gather(ctx, s, n, at, out);
    out->level = level;
    known = out->n - out->open;
    if (status || known == 0)
        return status;
    if (out->bad > 0.0 && out->bad < (double)known) {
        vouch_auc auc = { .auc = NAN };
        status = delong(ctx, out, out->is_bad, false, level, &auc);
        f[AUC].value = auc.auc;
        f[AUC].low = auc.low;
        f[AUC].high = auc.high;
        if (!status)
            status = bound_auc(ctx, out, &f[AUC]);
    }
    rate(out, (double)known, (double)n, &f[BAD_RATE]);
    if (!out->probability)
        return status;
    double expected = 0.0, expected_known = 0.0, margin = vouch__cases_margin(level), error[3];
    for (size_t i = 0; i < n; i++) {
        expected += out->probability[i];
        expected_known += out->is_open[i] ? 0.0 : out->probability[i];
    }
    rate(out, expected_known, expected, &f[RATIO]);
    brier(out, -1, &f[BRIER].value, &error[0]);
    brier(out, 0, &f[BRIER].least, &error[1]);
    brier(out, 1, &f[BRIER].most, &error[2]);
    f[BRIER].low = fmax(0.0, f[BRIER].value - margin * error[0]);
    f[BRIER].high = fmin(1.0, f[BRIER].value + margin * error[0]);
    f[BRIER].outer_low = fmax(0.0, f[BRIER].least - margin * error[1]);
    f[BRIER].outer_high = fmin(1.0, f[BRIER].most + margin * error[2]);
    return status;
}

/* ---- what is told ---- */

static vouch_status tell_cohorts(vouch_ctx *ctx, const vouch__test_call *call, const vouch__cohorts *c,
                                 double level, vouch__json *object)
{
    vouch__json *table = vouch__evidence_table(
        call->list, object, "cohorts",
        "cohort,state,cases,open,open_share,n_bad,bad_rate,bad_rate_least,bad_rate_most,auc,auc_low,auc_high,"
        "auc_least,auc_most");
    for (size_t k = 0; k < c->n; k++) {
        figure f[FIGURES];
        part p = { .n = 0 };
        char label[VOUCH__MONTH_TEXT];
        size_t n = c->begin[k + 1] - c->begin[k], mark = vouch__scratch_mark(ctx);
        if (n == 0)
            continue;
        vouch_status status = measure(ctx, call->now, n, c->order + c->begin[k], level, &p, f);
        if (status)
            return status;
        bool is_mature = k < c->mature;
        if (!is_mature) /* bad outcomes come first: what is known is not what will be */
            f[AUC] = f[BAD_RATE] = (figure){ NAN, NAN, NAN, NAN, NAN, NAN, NAN };
        vouch__period_text(c->first + (int32_t)k, c->months, label);
        vouch__test_row(call, table, "ttnnnnnnnnnnnn", label, is_mature ? "matured" : "too young", (double)n,
                        (double)p.open, (double)p.open / (double)n, p.bad, f[BAD_RATE].value,
                        f[BAD_RATE].least, f[BAD_RATE].most, f[AUC].value, f[AUC].low, f[AUC].high,
                        f[AUC].least, f[AUC].most);
        vouch__scratch_reset(ctx, mark);
    }
    vouch__evidence_plot(call->list, object, "bars", "cohorts", "cohort", "open_share", "period of decision",
                         "share of cases without an outcome");
    return vouch__poll(ctx);
}

static size_t count_periods(const vouch__cohorts *c, size_t upto)
{
    size_t n = 0;
    for (size_t k = 0; k < upto; k++)
        n += c->begin[k + 1] > c->begin[k];
    return n;
}

/* Nothing to say, for this reason; NULL: there is. */
static const char *why_not(const vouch__cohorts *c, const part *p, size_t size, char *out)
{
    char as_of[VOUCH__MONTH_TEXT];
    double known = (double)(p->n - p->open);
    vouch__month_text(c->as_of, as_of);
    if (p->n == 0)
        (void)snprintf(out, size, "No case is matured: outcomes were read at the end of %s.", as_of);
    else if (known == 0.0)
        (void)snprintf(out, size, "None of the %zu matured cases has an outcome.", p->n);
    else if (!(p->bad > 0.0 && p->bad < known))
        (void)snprintf(out, size, "The %.0f matured cases with an outcome are all %s: nothing can be ranked.",
                       known, p->bad > 0.0 ? "bad" : "good");
    else
        return NULL;
    return out;
}

static void write_note(const vouch__test_call *call, const vouch__cohorts *c, const part *p, const figure *f,
                       size_t size, char *out)
{
    const vouch__limit *limit = vouch__policy_limit(call->list->policy, call->test->id);
    char as_of[VOUCH__MONTH_TEXT], least[VOUCH__DOUBLE_MAX], most[VOUCH__DOUBLE_MAX];
    bool spans = limit && vouch__limit_judge(limit, f->least) != vouch__limit_judge(limit, f->most);
    size_t len;
    vouch__month_text(c->as_of, as_of);
    (void)vouch__double_text(floor(1e4 * f->least) / 1e4, least);
    (void)vouch__double_text(ceil(1e4 * f->most) / 1e4, most);
    len = (size_t)snprintf(out, size,
                           "At the end of %s %zu of %zu cohorts are matured; of their %zu cases %zu have no "
                           "outcome yet.",
                           as_of, count_periods(c, c->mature), count_periods(c, c->n), p->n, p->open);
    if (p->open)
        (void)snprintf(out + len, size - len,
                       " Whatever these turn out to be, the AUC of all of them lies between %s and %s%s.",
                       least, most, spans ? ", which spans a limit" : "");
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    static const int months[] = { 1, 3, 6, 12 };
    const vouch__sample *s = call->now;
    double level = vouch__test_param(call, "level");
    vouch__cohorts c;
    figure f[FIGURES];
    part p = { .n = 0 };
    char note[400];
    vouch_status status = vouch__cohorts_make(
        ctx, s->n, s->date, months[(size_t)vouch__test_param(call, "period")],
        (int)vouch__test_param(call, "maturity"), vouch__test_param(call, "as_of"), &c);
    if (!status)
        status = measure(ctx, s, c.begin[c.mature], c.order, level, &p, f);
    if (status)
        return status;
    if (why_not(&c, &p, sizeof note, note)) {
        vouch__test_refuse(call, note);
        return VOUCH_OK;
    }
    write_note(call, &c, &p, &f[AUC], sizeof note, note);
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)(p.n - p.open);
    entry.n_bad = p.bad;
    entry.value = f[AUC].value;
    entry.level = level;
    entry.low = f[AUC].low;
    entry.high = f[AUC].high;
    entry.interval_method = "DeLong, of the matured cases with an outcome";
    entry.judged = true;
    entry.note = note;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "measures",
                                               "measure,value,low,high,least,most,outer_low,outer_high");
    for (int k = 0; k < FIGURES; k++)
        if (k < RATIO || p.probability)
            vouch__test_row(call, table, "tnnnnnnn", names[k], f[k].value, f[k].low, f[k].high, f[k].least,
                            f[k].most, f[k].outer_low, f[k].outer_high);
    return tell_cohorts(ctx, call, &c, level, object);
}

static const vouch__param params[] = {
    { "period", VOUCH__PARAM_CHOICE, 0, 0, 1, "month|quarter|half-year|year", "",
      "Cases decided in the same such period are a cohort." },
    { "maturity", VOUCH__PARAM_INTEGER, 0, 600, 12, NULL, "months",
      "How long after the last decision of a cohort its outcomes are final." },
    { "as_of", VOUCH__PARAM_INTEGER, 0, 999912, 0, NULL, "year and month",
      "At the end of which month outcomes were read, as 202609; 0: the month of the latest decision." },
    { "level", VOUCH__PARAM_REAL, 0.5, 0.9999, 0.95, NULL, "", "The level of the intervals." },
};

const vouch_test vouch__test_drift_delayed = {
    .id = "drift.delayed_labels",
    .section = "monitor",
    .title = "Performance where outcomes have had time to come (delayed labels)",
    .purpose =
        "How well does the model do on cases old enough for their outcomes to be final, and how far could "
        "the cases that still lack one change that? An account goes bad in a day and is good only after a "
        "year, so the outcomes known of young cases are mostly bad ones.",
    .mechanism =
        "Cases are cohorts by period of decision; a cohort is matured when its last month lies `maturity` "
        "months back. AUC, bad rate, observed over expected and Brier score are of matured cases with an "
        "outcome, with intervals. Then every outcome that open cases could have is allowed for: each figure "
        "lies between a least and a most value, found exactly, and the intervals at these two are the outer "
        "ones. A cohort that is too young is told with its open share and no more.",
    .convention =
        "AUC by DeLong, rates by Jeffreys, Brier score by the normal law. With m of the open cases "
        "bad the AUC is least if they are the m of lowest score and most if of highest; m runs from "
        "none to all. Nothing is assumed of why an outcome is missing.",
    .high_risk =
        "Bounds that span a limit: whether the model is fit for use depends on cases nobody has followed up. "
        "An open share that grows from cohort to cohort, or that stays in old ones.",
    .strengths = "No young case flatters or damns the model, and what is not known stays not known: the "
                 "bounds hold whatever the open cases turn out to be.",
    .limits = "Says nothing of recent cohorts: drift.estimated_performance does, if the probabilities are "
              "right. The bounds are wide where many are open, and maturity is taken on trust.",
    .source = "Manski, Partial Identification of Probability Distributions (2003), ch. 1 (bounds); DeLong, "
              "DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845; Siddiqi, Intelligent Credit Scoring "
              "(2nd ed., 2017) (maturity)",
    .unit = "AUC",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_DATE | VOUCH__KEEPS_UNKNOWN,
    .uses = VOUCH__NEEDS_PROBABILITY,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
