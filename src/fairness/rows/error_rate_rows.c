/* The rows about decisions against outcomes, by group. */
#include "fairness/rows/fair_rows.h"

#include "fairness/cells.h"
#include "num/special.h"
#include "validate/bootstrap.h"
#include "validate/confusion.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CLASS_MIN = 10, GOOD = 0, BAD = 1 };

static const vouch__param params[] = { VOUCH__PARAMS_DECISION };
enum { N_PARAMS = sizeof params / sizeof *params };
#define NEEDS (VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_GROUPS)

/* ---- gaps in error rates ---- */

static vouch_status measure_errors(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                   const vouch__groups *g)
{
    (void)call;
    return vouch__fair_errors(ctx, o, g);
}

static vouch_status run_errors(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each_decided(ctx, call, measure_errors);
}

const vouch_test vouch__test_fair_error_rates = {
    .id = "fairness.error_rates",
    .section = "fairness",
    .title = "Gaps in error rates",
    .purpose = "Is a group declined more often although it would have paid, or approved more often although "
               "it would not?",
    .mechanism = "Share of goods declined (false positives) and of bads approved (false negatives) in each "
                 "group, less the reference group's; Fisher's exact test. The gap of largest size is judged.",
    .convention = "Group less reference, signed in the table; the size is judged. Classes with fewer than 10 "
                  "cases are not compared. p adjusted by Holm over groups and both errors. Groups as for the "
                  "adverse impact ratio.",
    .high_risk =
        "Goods of a group declined ten points more often than those of the reference, beyond chance.",
    .strengths = "Compares like with like: people who paid with people who paid. Exact tests hold in small "
                 "groups.",
    .limits = "Outcomes are known of approved cases only, unless the file says otherwise, and groups that "
              "differ in risk have different error rates under any score that is calibrated for both.",
    .source = "Hardt, Price & Srebro, NeurIPS 29 (2016); Newcombe, Stat. Med. 17 (1998) 873-890, method 10",
    .null_hypothesis = "the rates are equal",
    .unit = "difference of rates",
    .needs = NEEDS,
    .params = params,
    .n_params = N_PARAMS,
    .run = run_errors,
};

/* ---- all rates of each group ---- */

static vouch__rate rest(vouch__rate r) { return (vouch__rate){ 1.0 - r.value, 1.0 - r.high, 1.0 - r.low }; }

static void rates_of_group(const vouch__outcomes *o, const vouch__group_cells *cell, const char *label,
                           vouch__json *table)
{
    const vouch__confusion c = { (double)cell->n[BAD][0], (double)cell->n[GOOD][0], (double)cell->n[BAD][1],
                                 (double)cell->n[GOOD][1] };
    vouch__confusion_rates r = vouch__confusion_measure(&c, VOUCH__FAIR_LEVEL);
    double bad = c.true_positive + c.false_negative, good = c.true_negative + c.false_positive;
    double declined = c.true_positive + c.false_positive, approved = c.true_negative + c.false_negative;
    const struct {
        const char *name;
        double cases;
        vouch__rate rate;
    } all[] = {
        { "bads declined (TPR)", bad, r.recall },
        { "goods declined (FPR)", good, rest(r.specificity) },
        { "bads approved (FNR)", bad, rest(r.recall) },
        { "goods approved (TNR)", good, r.specificity },
        { "declined that are bad (PPV)", declined, r.precision },
        { "declined that are good (FDR)", declined, rest(r.precision) },
        { "approved that are good (NPV)", approved, r.negative },
        { "approved that are bad (FOR)", approved, rest(r.negative) },
        { "decided rightly (accuracy)", bad + good, r.accuracy },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        vouch__fair_row(o, table, "ttnnnn", label, all[i].name, all[i].cases, all[i].rate.value,
                        all[i].rate.low, all[i].rate.high);
}

static vouch_status measure_rates(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                  const vouch__groups *g)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(*call->test, .verdict = VOUCH__INFO);
    vouch__group_cells cell[VOUCH__GROUPS_MAX];
    size_t shown = 0;
    (void)ctx;
    if (!vouch__fair_open(o, g, &entry))
        return VOUCH_OK;
    for (size_t at = 0; at < g->n_groups; at++)
        shown += g->count[at] > 0 && vouch__group_is_fair(o->min_group, g, at);
    if (shown == 0) {
        vouch__fair_refuse(o, g, &entry, "No group is large enough.");
        return VOUCH_OK;
    }
    vouch__group_cells_count(o, g, cell);
    vouch__json *object = vouch__fair_add(o, &entry, false);
    vouch__json *table = vouch__evidence_table(o->list, object, "rates", "group,rate,cases,value,low,high");
    for (size_t at = 0; at < g->n_groups; at++)
        if (g->count[at] > 0 && vouch__group_is_fair(o->min_group, g, at))
            rates_of_group(o, &cell[at], g->label[at], table);
    vouch__fair_refuse_small(o, g, &entry);
    return VOUCH_OK;
}

static vouch_status run_rates(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each_decided(ctx, call, measure_rates);
}

const vouch_test vouch__test_fair_group_rates = {
    .id = "fairness.group_rates",
    .section = "fairness",
    .title = "Confusion rates of each group",
    .purpose = "How often is the decision right for each group, and in which of its two ways is it wrong? "
               "The rates that notions of fairness are made of, side by side.",
    .mechanism = "Each group's decisions are counted against its outcomes. Eight rates, each a share of one "
                 "margin of the group's table, and the accuracy, with Wilson's intervals.",
    .convention = "Bad is the positive class and declined the positive decision, as in validate.confusion; "
                  "software that takes approval as positive calls the same numbers by the opposite names, so "
                  "the table says what each is of. Rates of an empty margin are left out. Groups under the "
                  "smallest size are refused." VOUCH__DECISION_RULE,
    .high_risk = "Intervals of two groups that do not meet: in goods declined the harm is to applicants, in "
                 "approved that are bad it is to the lender and to those who are lent too much.",
    .strengths = "Nothing is summarised away, and every rate comes with its error.",
    .limits = "Many numbers: it is for reading, and fairness.error_rates, equal_opportunity and "
              "equalised_odds test. Where base rates differ, not all rates can agree between groups "
              "at once, whatever the model.",
    .source = "E. B. Wilson, JASA 22 (1927) 209-212; A. Chouldechova, Big Data 5 (2017) 153-163; J. "
              "Kleinberg, S. Mullainathan & M. Raghavan, ITCS (2017)",
    .needs = NEEDS,
    .params = params,
    .n_params = N_PARAMS,
    .run = run_rates,
};

/* ---- equal opportunity, average odds, equalised odds ---- */

static double rate_of(const vouch__group_cells *c, int class)
{
    return (double)c->n[class][1] / (double)(c->n[class][0] + c->n[class][1]);
}

static bool has_class(const vouch__group_cells *c, int class)
{
    return c->n[class][0] + c->n[class][1] >= CLASS_MIN;
}

typedef vouch_status gap_of(vouch_ctx *ctx, const vouch__test_call *call, const vouch__group_cells *p,
                            const vouch__group_cells *r, uint64_t stream, vouch__comparison *out);

static vouch_status gap_of_goods(vouch_ctx *ctx, const vouch__test_call *call, const vouch__group_cells *p,
                                 const vouch__group_cells *r, uint64_t stream, vouch__comparison *out)
{
    (void)call, (void)stream;
    if (!has_class(p, GOOD) || !has_class(r, GOOD))
        return VOUCH_OK;
    return vouch__rate_gap(ctx, p->n[GOOD][1], p->n[GOOD][0] + p->n[GOOD][1], r->n[GOOD][1],
                           r->n[GOOD][0] + r->n[GOOD][1], out);
}

static bool has_both(const vouch__group_cells *p, const vouch__group_cells *r)
{
    return has_class(p, GOOD) && has_class(r, GOOD) && has_class(p, BAD) && has_class(r, BAD);
}

static double rate_variance(const vouch__group_cells *c, int class)
{
    double p = rate_of(c, class);
    return p * (1 - p) / (double)(c->n[class][0] + c->n[class][1]);
}

static vouch_status gap_of_averages(vouch_ctx *ctx, const vouch__test_call *call, const vouch__group_cells *p,
                                    const vouch__group_cells *r, uint64_t stream, vouch__comparison *out)
{
    (void)ctx, (void)call, (void)stream;
    if (!has_both(p, r))
        return VOUCH_OK;
    double d = 0.5 * (rate_of(p, GOOD) - rate_of(r, GOOD) + rate_of(p, BAD) - rate_of(r, BAD));
    double error = 0.5 * sqrt(rate_variance(p, GOOD) + rate_variance(r, GOOD) + rate_variance(p, BAD) +
                              rate_variance(r, BAD));
    double reach = vouch__normal_quantile(0.5 + 0.5 * VOUCH__FAIR_LEVEL) * error;
    *out = (vouch__comparison){ true, d, NAN, NAN, NAN, NAN };
    if (error > 0) {
        out->low = fmax(-1, d - reach);
        out->high = fmin(1, d + reach);
        out->p = fmin(1, 2 * vouch__normal_sf(fabs(d) / error));
    }
    return VOUCH_OK;
}

static double larger_gap(const vouch__group_cells *p, const vouch__group_cells *r)
{
    return fmax(fabs(rate_of(p, GOOD) - rate_of(r, GOOD)), fabs(rate_of(p, BAD) - rate_of(r, BAD)));
}

static vouch_status gap_of_odds(vouch_ctx *ctx, const vouch__test_call *call, const vouch__group_cells *p,
                                const vouch__group_cells *r, uint64_t stream, vouch__comparison *out)
{
    size_t mark = vouch__scratch_mark(ctx), resamples = (size_t)vouch__test_param(call, "resamples");
    double *replicate = vouch__scratch(ctx, resamples, sizeof *replicate);
    vouch__comparison good, bad;
    vouch__boot_interval interval;
    if (!replicate)
        return vouch__oom(ctx);
    if (!has_both(p, r))
        return VOUCH_OK;
    for (size_t k = 0; k < resamples; k++) {
        vouch__group_cells a, b;
        vouch__group_cells_resample(p, call->seed, 2 * stream, k, &a);
        vouch__group_cells_resample(r, call->seed, 2 * stream + 1, k, &b);
        double gap = larger_gap(&a, &b);
        replicate[k] = a.n[GOOD][0] + a.n[GOOD][1] && b.n[GOOD][0] + b.n[GOOD][1] &&
                               a.n[BAD][0] + a.n[BAD][1] && b.n[BAD][0] + b.n[BAD][1]
                           ? gap
                           : (double)NAN;
    }
    double d = larger_gap(p, r);
    vouch_status status = vouch__boot_summary(ctx, resamples, replicate, d, VOUCH__FAIR_LEVEL, &interval);
    if (!status)
        status = gap_of_goods(ctx, call, p, r, stream, &good);
    if (!status)
        status = vouch__rate_gap(ctx, p->n[BAD][1], p->n[BAD][0] + p->n[BAD][1], r->n[BAD][1],
                                 r->n[BAD][0] + r->n[BAD][1], &bad);
    if (!status)
        *out = (vouch__comparison){ true, d, interval.low, interval.high, fmin(1, 2 * fmin(good.p, bad.p)),
                                    NAN };
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void odds_table(const vouch__outcomes *o, const vouch__groups *g, const vouch__group_cells *cell,
                       const vouch__comparison *c, vouch__json *object)
{
    vouch__json *table = vouch__evidence_table(
        o->list, object, "groups",
        "group,goods,goods_approved,bads,bads_approved,gap,low,high,p_value,p_holm");
    for (size_t at = 0; at < g->n_groups; at++) {
        bool is_made = c[at].is_made;
        vouch__fair_row(o, table, "tnnnnnnnnn", g->label[at],
                        (double)(cell[at].n[GOOD][0] + cell[at].n[GOOD][1]), rate_of(&cell[at], GOOD),
                        (double)(cell[at].n[BAD][0] + cell[at].n[BAD][1]), rate_of(&cell[at], BAD),
                        at == g->reference ? 0.0
                        : is_made          ? c[at].value
                                           : (double)NAN,
                        is_made ? c[at].low : NAN, is_made ? c[at].high : NAN, is_made ? c[at].p : NAN,
                        c[at].holm);
    }
    vouch__evidence_plot(o->list, object, "interval", "groups", "group", "gap", g->column,
                         "difference from the reference");
}

static vouch_status measure_gap(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                const vouch__groups *g, gap_of *gap, const char *method, vouch__worse worse)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(*call->test, .interval_method = method, .judged = true);
    vouch__comparison c[VOUCH__GROUPS_MAX] = { { 0 } };
    vouch__group_cells cell[VOUCH__GROUPS_MAX];
    vouch_status status = VOUCH_OK;
    char note[400];
    if (!vouch__fair_begin(o, g, &entry))
        return VOUCH_OK;
    vouch__group_cells_count(o, g, cell);
    for (size_t at = 0; at < g->n_groups && !status; at++) {
        status = vouch__poll(ctx);
        if (!status && vouch__is_compared(o, g, at))
            status = gap(ctx, call, &cell[at], &cell[g->reference], at, &c[at]);
    }
    if (!status)
        status = vouch__comparisons_adjust(ctx, g->n_groups, c);
    if (status)
        return status;
    size_t worst = vouch__worst(g, g->n_groups, c, worse);
    if (worst == SIZE_MAX) {
        vouch__fair_refuse(o, g, &entry, "There are not two groups with enough goods and bads to compare.");
        return VOUCH_OK;
    }
    vouch__fair_tell(g, worst, &c[worst], &entry, note, sizeof note);
    odds_table(o, g, cell, c, vouch__fair_add(o, &entry, !(c[worst].holm < VOUCH__FAIR_ALPHA)));
    vouch__fair_refuse_small(o, g, &entry);
    return VOUCH_OK;
}

#define BELOW_IS_WORSE "Below zero the group fares worse. "
#define APPROVED_IS_POSITIVE                                                                                 \
    "Approval is the favourable decision: the rates are of goods approved and of bads approved. "            \
    "Classes with fewer than 10 cases are not "                                                              \
    "compared. " VOUCH__GROUP_OVER_REFERENCE VOUCH__DECISION_RULE

static vouch_status measure_opportunity(vouch_ctx *ctx, const vouch__test_call *call,
                                        const vouch__outcomes *o, const vouch__groups *g)
{
    return measure_gap(ctx, call, o, g, gap_of_goods, "Newcombe", VOUCH__WORSE_BELOW);
}

static vouch_status run_opportunity(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each_decided(ctx, call, measure_opportunity);
}

const vouch_test vouch__test_fair_opportunity = {
    .id = "fairness.equal_opportunity",
    .section = "fairness",
    .title = "Equal opportunity difference",
    .purpose = "Of those who would have paid, is the same share approved in every group?",
    .mechanism = "Approval rate among the goods of each group less that among the goods of the reference, "
                 "with Newcombe's interval and Fisher's exact test.",
    .convention = "Signed, group less reference (AIF360's sign; fairlearn gives the largest less the "
                  "smallest). " BELOW_IS_WORSE APPROVED_IS_POSITIVE,
    .high_risk =
        "A difference below -0.10 beyond chance: one in ten of the group's good applicants is turned "
        "away who would have been approved in the reference.",
    .strengths = "A difference of risk between groups does not count against the model as it does in the "
                 "adverse impact ratio.",
    .limits = "Needs outcomes of declined applicants, or says only how approved ones would have been "
              "decided. A group that is favoured is not judged, and with the largest group as the "
              "reference harm to that group shows as a number above 0: read the table.",
    .source = "Hardt, Price & Srebro, NeurIPS 29 (2016) 3315-3323; Newcombe, Stat. Med. 17 (1998) 873-890, "
              "method 10",
    .null_hypothesis = "goods are approved at the same rate",
    .unit = "difference of rates",
    .needs = NEEDS,
    .params = params,
    .n_params = N_PARAMS,
    .run = run_opportunity,
};

static vouch_status measure_average(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                    const vouch__groups *g)
{
    return measure_gap(ctx, call, o, g, gap_of_averages, "delta method", VOUCH__WORSE_BELOW);
}

static vouch_status run_average(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each_decided(ctx, call, measure_average);
}

const vouch_test vouch__test_fair_average_odds = {
    .id = "fairness.average_odds",
    .section = "fairness",
    .title = "Average odds difference",
    .purpose = "Taking those who would have paid and those who would not together, each with half the "
               "weight: is a group approved less often than people like them in the reference?",
    .mechanism = "The mean of two differences, of the approval rates of goods and of bads; normal test, its "
                 "variance the sum of the four binomial ones.",
    .convention = "Signed, group less reference. " BELOW_IS_WORSE APPROVED_IS_POSITIVE,
    .high_risk = "A difference below -0.10 beyond chance.",
    .strengths = "One signed number that a difference of risk does not move.",
    .limits = "Differences of opposite sign cancel: read fairness.equalised_odds, which takes the larger.",
    .source = "R. K. E. Bellamy et al., AI Fairness 360, IBM J. Res. Dev. 63 (2019) 4:1-4:15",
    .null_hypothesis = "the average difference is 0",
    .unit = "difference of rates",
    .needs = NEEDS,
    .params = params,
    .n_params = N_PARAMS,
    .run = run_average,
};

static vouch_status measure_odds(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                 const vouch__groups *g)
{
    return measure_gap(ctx, call, o, g, gap_of_odds, "percentile of Poisson resamples", VOUCH__WORSE_ABOVE);
}

static vouch_status run_odds(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each_decided(ctx, call, measure_odds);
}

static const vouch__param odds_params[] = {
    VOUCH__PARAMS_DECISION,
    { "resamples", VOUCH__PARAM_INTEGER, 40.0, 100000.0, 1000.0, NULL, "", "resamples of the interval" },
};

const vouch_test vouch__test_fair_equalised_odds = {
    .id = "fairness.equalised_odds",
    .section = "fairness",
    .title = "Equalised odds difference",
    .purpose = "Given how a case turns out, does the decision still depend on the group? Equalised odds asks "
               "that goods be approved alike and bads be approved alike.",
    .mechanism = "The larger of two gaps, in the approval rates of goods and of bads, between the group and "
                 "the reference. Each resample gives the cells of the table Poisson counts, by which every "
                 "case counts a Poisson(1) number of times. p is that of the two Fisher tests, the smaller "
                 "doubled.",
    .convention =
        "A size, without sign; for two groups it is fairlearn's, for more that takes the range over "
        "all groups. " APPROVED_IS_POSITIVE " The seed decides the resamples; the same bits at any "
        "number of threads.",
    .high_risk = "A gap above 0.10 that the test confirms, in either class.",
    .strengths = "Cannot be met by treating one class unlike the other; the interval is made without a "
                 "formula for the maximum.",
    .limits = "The larger of two sizes is never below 0 and is biased upwards in small groups, and so is its "
              "interval: the p-value, not the interval's distance from 0, tells chance from effect.",
    .source = "Hardt, Price & Srebro, NeurIPS 29 (2016) 3315-3323; J. A. Hanley & B. MacGibbon, Comp. Stat. "
              "Data Anal. 51 (2006) 1194-1204",
    .null_hypothesis = "the decision is independent of the group given the outcome",
    .unit = "difference of rates",
    .needs = NEEDS,
    .params = odds_params,
    .n_params = sizeof odds_params / sizeof *odds_params,
    .run = run_odds,
};
