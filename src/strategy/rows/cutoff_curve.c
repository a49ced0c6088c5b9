/* What every cut-off would approve, lose and earn. */
#include "evidence/test.h"
#include "num/rates.h"
#include "num/special.h"
#include "strategy/accept.h"
#include "validate/bootstrap.h"

#include <math.h>
#include <stdio.h>

enum { SHOWN = 100, SHARES = 20 };

typedef struct work {
    const vouch__test_call *call;
    vouch__accept_cases cases, rival;
    vouch__accept_terms terms;
    vouch__accept_curve curve, rival_curve;
    vouch__accept_boot boot;
    double level, margin;
    bool wanted[VOUCH__ACCEPT_RULES];
} work;

typedef struct interval {
    double low, high;
} interval;

static interval of_bad_rate(const work *w, const vouch__accept_point *p)
{
    interval i = { NAN, NAN };
    double rate = vouch__accept_bad_rate(p);
    if (p->effective > 0.0 && !isnan(rate))
        vouch__jeffreys_interval(rate * p->effective, p->effective, w->level, &i.low, &i.high);
    return i;
}

static interval of_profit(const work *w, const vouch__accept_point *p)
{
    double reach = w->margin * sqrt(p->profit_sse);
    return (interval){ p->profit - reach, p->profit + reach };
}

static vouch_status quantiles(vouch_ctx *ctx, const work *w, const double *replicate, interval *out)
{
    vouch__boot_interval b = { .low = NAN, .high = NAN };
    vouch_status status = w->boot.resamples
                              ? vouch__boot_summary(ctx, w->boot.resamples, replicate, 0.0, w->level, &b)
                              : VOUCH_OK;
    *out = (interval){ b.low, b.high };
    return status;
}

static double mean_of(size_t n, const double *x)
{
    double sum = 0.0, used = 0.0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) {
            sum += x[i];
            used += 1.0;
        }
    return used > 0.0 ? sum / used : (double)NAN;
}

/* A table "suggested": what each rule takes, how sure that is, and what choosing on these cases flatters. */
static vouch_status suggest(vouch_ctx *ctx, const work *w, vouch__json *object)
{
    static const char *const name[] = { "largest profit", "bad rate within the limit",
                                        "approval rate reached" };
    vouch__json *table = vouch__evidence_table(
        w->call->list, object, "suggested",
        "rule,score,approval_rate,approval_rate_low,approval_rate_high,bad_rate,bad_rate_low,bad_rate_high,"
        "profit,profit_low,profit_high,optimism");
    vouch_status status = VOUCH_OK;
    for (size_t r = 0; r < VOUCH__ACCEPT_RULES && !status; r++) {
        const vouch__accept_point *p = &w->curve.point[w->boot.pick[r]];
        interval approved, bad = of_bad_rate(w, p), profit = of_profit(w, p);
        if (!w->wanted[r])
            continue;
        status = quantiles(ctx, w, w->boot.approved[r], &approved);
        if (!status)
            vouch__test_row(w->call, table, "tnnnnnnnnnnn", name[r], w->boot.pick[r] ? p->score : (double)NAN,
                            p->approved, approved.low, approved.high, vouch__accept_bad_rate(p), bad.low,
                            bad.high, p->profit, profit.low, profit.high,
                            w->boot.resamples ? mean_of(w->boot.resamples, w->boot.gain[r]) : (double)NAN);
    }
    return status;
}

/* At most SHOWN points, and those that were picked. */
static bool is_shown(const work *w, size_t k, double *last)
{
    bool picked = k + 1 == w->curve.n;
    for (size_t r = 0; r < VOUCH__ACCEPT_RULES; r++)
        picked = picked || (w->wanted[r] && w->boot.pick[r] == k);
    if (!picked && w->curve.point[k].approved - *last < 1.0 / SHOWN)
        return false;
    *last = w->curve.point[k].approved;
    return true;
}

static void show_curve(const work *w, vouch__json *object)
{
    vouch__json *table = vouch__evidence_table(
        w->call->list, object, "curve",
        "score,approval_rate,approval_rate_low,approval_rate_high,bad_rate,bad_rate_low,bad_rate_high");
    double last = 0.0;
    for (size_t k = 1; k < w->curve.n; k++) {
        const vouch__accept_point *p = &w->curve.point[k];
        interval bad = of_bad_rate(w, p), share;
        if (!is_shown(w, k, &last))
            continue;
        vouch__wilson(p->approved * w->curve.cases_effective, w->curve.cases_effective, w->level, &share.low,
                      &share.high);
        vouch__test_row(w->call, table, "nnnnnnn", p->score, p->approved, share.low, share.high,
                        vouch__accept_bad_rate(p), bad.low, bad.high);
    }
    vouch__evidence_plot(w->call->list, object, "line", "curve", "approval_rate",
                         "bad_rate,bad_rate_low,bad_rate_high", "approved", "bad rate among the approved");
}

static void show_profit(const work *w)
{
    vouch__entry entry = vouch__test_entry(w->call);
    entry.subject = "profit";
    entry.value = w->curve.point[w->curve.n - 1].profit;
    entry.note = "The value is the profit per case when everybody is approved.";
    vouch__json *object = vouch__test_add(w->call, &entry);
    vouch__json *table = vouch__evidence_table(w->call->list, object, "profit",
                                               "score,approval_rate,profit,profit_low,profit_high");
    double last = 0.0;
    vouch__test_row(w->call, table, "nnnnn", (double)NAN, 0.0, 0.0, 0.0, 0.0);
    for (size_t k = 1; k < w->curve.n; k++) {
        const vouch__accept_point *p = &w->curve.point[k];
        interval profit = of_profit(w, p);
        if (is_shown(w, k, &last))
            vouch__test_row(w->call, table, "nnnnn", p->score, p->approved, p->profit, profit.low,
                            profit.high);
    }
    vouch__evidence_plot(w->call->list, object, "line", "profit", "approval_rate",
                         "profit,profit_low,profit_high", "approved", "profit per case");
}

static vouch_status show_frontier(vouch_ctx *ctx, const work *w)
{
    size_t n = 0;
    vouch__accept_corner *corner = vouch__scratch(ctx, w->curve.n + w->rival_curve.n, sizeof *corner);
    if (!corner)
        return vouch__oom(ctx);
    vouch__accept_frontier(&w->curve, &w->rival_curve, corner, &n);
    size_t at_best = w->boot.n_shares / 2 - 1; /* one half */
    vouch__entry entry = vouch__test_entry(w->call);
    vouch_status status = VOUCH_OK;
    interval *difference = vouch__scratch(ctx, w->boot.n_shares, sizeof *difference);
    if (!difference)
        return vouch__oom(ctx);
    for (size_t k = 0; k < w->boot.n_shares && !status; k++)
        status = quantiles(ctx, w, w->boot.difference ? w->boot.difference + k * w->boot.resamples : NULL,
                           &difference[k]);
    if (status)
        return status;
    double half = w->boot.share[at_best];
    entry.value = (vouch__accept_bad_at(&w->curve, half) - vouch__accept_bad_at(&w->rival_curve, half)) /
                  half;
    entry.judged = true;
    entry.subject = w->call->now->rival_name;
    entry
        .note = "The value is the bad rate less the rival's where half of the cases with a known outcome are "
                "approved; below 0 this score is the better one there.";
    if (!isnan(difference[at_best].low)) {
        entry.level = w->level;
        entry.low = difference[at_best].low;
        entry.high = difference[at_best].high;
        entry.interval_method = "paired Poisson bootstrap, percentiles";
    }
    vouch__json *object = vouch__test_add(w->call, &entry);
    vouch__json *table = vouch__evidence_table(
        w->call->list, object, "frontier",
        "approval_rate,bad_rate,rival_bad_rate,best_of_both_bad_rate,difference,difference_low,"
        "difference_high");
    for (size_t k = 0; k < w->boot.n_shares; k++) {
        double x = w->boot.share[k], a = vouch__accept_bad_at(&w->curve, x) / x,
               b = vouch__accept_bad_at(&w->rival_curve, x) / x,
               both = vouch__accept_frontier_at(corner, n, x) / x;
        vouch__test_row(w->call, table, "nnnnnnn", x, a, b, both, a - b, difference[k].low,
                        difference[k].high);
    }
    vouch__evidence_plot(w->call->list, object, "line", "frontier", "approval_rate",
                         "bad_rate,rival_bad_rate,best_of_both_bad_rate", "approved",
                         "bad rate among the approved");
    return VOUCH_OK;
}

static void note_unknown(const work *w, size_t size, char *out)
{
    size_t unknown = 0, n = w->cases.n;
    for (size_t i = 0; i < n; i++)
        unknown += isnan(w->cases.outcome[i]) ? 1 : 0;
    out[0] = '\0';
    if (unknown)
        (void)snprintf(out, size,
                       "%zu of %zu cases have no known outcome: they count as approved or declined, and in "
                       "no bad rate and no profit. If they were declined in the past they are riskier than "
                       "those of their score whose outcome is known.",
                       unknown, n);
}

static vouch_status measure(vouch_ctx *ctx, work *w, double *share, bool has_rival)
{
    const vouch__sample *s = w->call->now;
    vouch_status status = vouch__accept_make(ctx, &w->cases, &w->terms, &w->curve);
    if (!status && has_rival) {
        w->rival = w->cases;
        w->rival.score = s->rival;
        status = vouch__accept_make(ctx, &w->rival, &w->terms, &w->rival_curve);
    }
    for (size_t k = 0; k < SHARES; k++)
        share[k] = (double)(k + 1) / SHARES;
    w->boot = (vouch__accept_boot){ .resamples = (size_t)vouch__test_param(w->call, "resamples"),
                                    .n_shares = SHARES,
                                    .seed = w->call->seed,
                                    .share = share };
    for (size_t r = 0; !status && r < VOUCH__ACCEPT_RULES; r++)
        w->boot.pick[r] = vouch__accept_pick(&w->curve, (vouch__accept_rule)r, &w->terms);
    if (!status && w->boot.resamples)
        status = vouch__accept_resample(ctx, &w->cases, &w->curve, has_rival ? &w->rival : NULL,
                                        has_rival ? &w->rival_curve : NULL, &w->terms, &w->boot);
    return status;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    double share[SHARES];
    char note[400];
    work w = { .call = call,
               .cases = { s->n, s->score, s->target, s->weight, s->amount },
               .terms = { vouch__test_param(call, "margin"), vouch__test_param(call, "lgd"),
                          vouch__test_param(call, "cost"), vouch__test_param(call, "max_bad_rate"),
                          vouch__test_param(call, "approval_rate") },
               .level = vouch__test_param(call, "level") };
    w.margin = vouch__normal_quantile(0.5 + 0.5 * w.level);
    w.wanted[VOUCH__ACCEPT_PROFIT] = true;
    w.wanted[VOUCH__ACCEPT_BAD_RATE] = w.terms.max_bad_rate > 0.0;
    w.wanted[VOUCH__ACCEPT_APPROVAL] = w.terms.approval_rate > 0.0;
    vouch_status status = measure(ctx, &w, share, false);
    if (status)
        return status;
    const vouch__accept_point *best = &w.curve.point[w.boot.pick[VOUCH__ACCEPT_PROFIT]];
    vouch__entry entry = vouch__test_entry(call);
    entry.value = best->profit;
    entry.unit = "profit per case";
    entry.level = w.level;
    entry.low = of_profit(&w, best).low;
    entry.high = of_profit(&w, best).high;
    entry.interval_method = "normal, at this cut-off";
    note_unknown(&w, sizeof note, note);
    entry.note = note[0] ? note : NULL;
    vouch__json *object = vouch__test_add(call, &entry);
    status = suggest(ctx, &w, object);
    if (status)
        return status;
    show_curve(&w, object);
    show_profit(&w);
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "margin", VOUCH__PARAM_REAL, -1e9, 1e9, 0.1, NULL, "", "what a good case earns, times its amount" },
    { "lgd", VOUCH__PARAM_REAL, -1e9, 1e9, 0.6, NULL, "", "what a bad case loses, times its amount" },
    { "cost", VOUCH__PARAM_REAL, 0.0, 1e12, 0.0, NULL, "", "what an approved case costs, good or bad" },
    { "max_bad_rate", VOUCH__PARAM_REAL, 0.0, 1.0, 0.0, NULL, "",
      "suggest the largest approval rate within this bad rate; 0: do not" },
    { "approval_rate", VOUCH__PARAM_REAL, 0.0, 1.0, 0.0, NULL, "",
      "suggest the cut-off that approves this share; 0: do not" },
    { "resamples", VOUCH__PARAM_INTEGER, 0.0, 10000.0, 200.0, NULL, "resamples",
      "how many say how sure a suggestion is; 0: none" },
    { "level", VOUCH__PARAM_REAL, 0.5, 0.999, 0.95, NULL, "", "coverage of the intervals" },
};

const vouch_test vouch__test_cutoff_curve = {
    .id = "strategy.cutoff",
    .section = "decide",
    .title = "Cut-off strategy curves",
    .purpose = "Where should the line lie? Every cut-off trades volume against losses; this shows all of "
               "them, with what they earn, and what the usual rules would take.",
    .mechanism =
        "Cases are approved from the safest score up. At each distinct score the share approved, "
        "the bad rate among the approved and the profit per case are known: a good case earns margin "
        "x amount, a bad one loses lgd x amount, each approved one costs cost. Suggested are the "
        "cut-off of the largest profit, the largest share within a bad rate, and the smallest share "
        "that reaches an approval rate. With a rival the frontier is the lower convex hull of both "
        "curves: what can be had by choosing a score and a cut-off, or two by lot.",
    .convention =
        "A larger score is riskier; approve at or below the cut-off, ties together. Without amounts "
        "every case counts 1. Bad rates have Jeffreys' interval and approval rates Wilson's at a "
        "fixed cut-off (Kish's number of cases under weights); profit a normal one. approval_rate "
        "low and high of a suggestion are percentiles over resamples in which the rule chooses "
        "again; optimism is the mean by which the profit of a cut-off flatters itself on the cases "
        "that chose it.",
    .high_risk =
        "A suggestion whose approval rate swings widely over resamples: the curve is flat there, "
        "and other reasons should decide. A largest profit at the end of the curve: the score is not "
        "what limits it, or the terms are wrong.",
    .strengths = "Shows what a cut-off costs before it is set, in the terms of the business, with its error.",
    .limits = "The curve holds for the cases that were booked; applicants declined in the past are not in "
              "it. One margin and one loss for all cases; put amounts in where they differ. A cut-off chosen "
              "and reported on the same cases looks better than it is, by about the optimism.",
    .source = "N. Siddiqi, Intelligent Credit Scoring, 2nd ed. (2017), chapter 13; L. C. Thomas, Consumer "
              "Credit Models (2009), chapter 3; C. Elkan, IJCAI (2001) 973-978; B. Efron & R. Tibshirani, "
              "An Introduction to the Bootstrap (1993), chapter 17",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__KEEPS_UNKNOWN,
    .uses = VOUCH__NEEDS_WEIGHT | VOUCH__NEEDS_AMOUNT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};

static vouch_status run_frontier(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    double share[SHARES];
    work w = { .call = call,
               .cases = { s->n, s->score, s->target, s->weight, NULL },
               .level = vouch__test_param(call, "level") };
    vouch_status status = measure(ctx, &w, share, true);
    return status ? status : show_frontier(ctx, &w);
}

static const vouch__param frontier_params[] = {
    { "resamples", VOUCH__PARAM_INTEGER, 0.0, 10000.0, 200.0, NULL, "resamples",
      "how many the intervals are of; 0: none" },
    { "level", VOUCH__PARAM_REAL, 0.5, 0.999, 0.95, NULL, "", "coverage of the intervals" },
};

const vouch_test vouch__test_frontier = {
    .id = "strategy.frontier",
    .section = "compare",
    .title = "Efficient frontier of two scores",
    .purpose =
        "At every approval rate, which of two scores has the lower bad rate, by how much, and is there "
        "more to be had from both together?",
    .mechanism = "Either score approves the same share of the cases with a known outcome, its safest first. "
                 "The frontier is the lower convex hull of both curves of bads against share approved: what "
                 "can be had by choosing a score and a cut-off, or between two of them by lot.",
    .convention =
        "A larger score is riskier. Tied cases are approved in proportion, so that both scores "
        "approve exactly the share. Intervals are percentiles over resamples of the cases, with both "
        "scores on the same resample.",
    .high_risk = "Curves that cross near the approval rate in use: the better AUC is not the better score "
                 "there.",
    .strengths = "Compares scores where a cut-off will be set, instead of over all cut-offs.",
    .limits = "The intervals hold at each share by itself. The frontier is chosen on these cases, so it "
              "flatters itself a little; cases without a known outcome are not in it.",
    .source = "R. M. Oliver & E. Wells, Journal of the Operational Research Society 52 (2001) 1025-1033; F. "
              "Provost & T. Fawcett, Machine Learning 42 (2001) 203-231",
    .unit = "difference of bad rates",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_RIVAL | VOUCH__NEEDS_LABELS | VOUCH__KEEPS_UNKNOWN,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = frontier_params,
    .n_params = sizeof frontier_params / sizeof *frontier_params,
    .run = run_frontier,
};
