/* A number: a count, an amount, a value or a share, by unit of exposure. How well each model predicts it,
 * which one is champion, and what is said of it. All that is chosen is chosen on tune. */
#include "run/job_champion.h"
#include "run/words.h"

#include "fairness/groups.h"
#include "monitor/reference.h"
#include "num/special.h"

#include <math.h>

/* ---- what happened ---- */

typedef struct sums {
    double weight, outcome;
} sums;

static sums sums_of(const vouch__job *job, size_t n, const uint32_t *row)
{
    sums s = { 0, 0 };
    for (size_t i = 0; i < n; i++) {
        size_t at = row ? row[i] : i;
        double w = job->weight ? job->weight[at] : 1.0;
        s.weight += w;
        s.outcome += w * job->target[at];
    }
    return s;
}

static void facts(const vouch__job *job, size_t n, const uint32_t *row, vouch__doc *doc, vouch__json *object)
{
    sums s = sums_of(job, n, row);
    (void)vouch__json_set(doc, object, "weight", vouch__json_number(doc, s.weight));
    (void)vouch__json_set(doc, object, "outcomes", vouch__json_number(doc, s.outcome));
    (void)vouch__json_set(doc, object, "mean", vouch__json_number(doc, s.outcome / s.weight));
}

static void fact_cells(vouch__job *job, size_t n, const uint32_t *row, vouch__json *cells)
{
    sums s = sums_of(job, n, row);
    vouch__row_number(&job->list, cells, s.weight);
    vouch__row_number(&job->list, cells, s.outcome);
    vouch__row_number(&job->list, cells, s.outcome / s.weight);
}

/* ---- validation ---- */

/* What every number is put to, beside train; some only where errors are of one size, and one beside tune,
 * whose errors, unlike those of train, no model was fitted to. */
static const struct {
    const char *id;
    enum { EVERY, SQUARED, SQUARED_BY_TUNE } where;
} tests[] = {
    { "validate.deviance", EVERY },
    { "validate.ordered_gini", EVERY },
    { "validate.gini_gap", EVERY },
    { "validate.actual_expected", EVERY },
    { "validate.actual_bands", EVERY },
    { "validate.actual_levels", EVERY },
    { "validate.deviance_residuals", EVERY },
    { "validate.regression_errors", EVERY },
    { "validate.regression_bias", EVERY },
    { "validate.psi_score", EVERY },
    { "validate.residual_normality", SQUARED },
    { "validate.residual_spread", SQUARED },
    { "validate.conformal", SQUARED_BY_TUNE },
};

static vouch_status validate(vouch_ctx *ctx, vouch__job *job, const vouch__contender *c, vouch__part part)
{
    const vouch__given yardstick = { "deviance", job->law->yardstick };
    vouch__sample now, train, tune;
    vouch__putting how = { .now = &now, .of = c, .n = 1, .values = &yardstick };
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = vouch__job_sample(ctx, job, c, part, &now);
    if (!status)
        status = vouch__job_sample(ctx, job, c, VOUCH__TRAIN, &train);
    if (!status)
        status = vouch__job_sample(ctx, job, c, VOUCH__TUNE, &tune);
    for (size_t i = 0; i < sizeof tests / sizeof *tests && !status; i++) {
        how.before = tests[i].where == SQUARED_BY_TUNE ? &tune : &train;
        if (tests[i].where == EVERY || job->law->yardstick == VOUCH__YARD_SQUARED)
            status = vouch__job_put(ctx, job, tests[i].id, &how);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status validate_all(vouch_ctx *ctx, vouch__job *job)
{
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < job->n_contenders && !status; i++) {
        job->contender[i].cutoff = job->contender[i].share = NAN;
        for (int part = VOUCH__TEST; part < VOUCH__PARTS && !status; part++)
            if (job->split.n[part] > 0)
                status = validate(ctx, job, &job->contender[i], (vouch__part)part);
        vouch__progress(ctx, "validate", i + 1, job->n_contenders);
    }
    return status;
}

/* ---- the champion ---- */

static vouch_status compare(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *one,
                            const vouch__contender *other, vouch__part part, vouch__rival *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    double error = NAN;
    vouch__sample x, y;
    *out = (vouch__rival){ .statistic = NAN, .one = NAN, .other = NAN };
    vouch_status status = vouch__job_sample(ctx, job, one, part, &x);
    if (!status)
        status = vouch__job_sample(ctx, job, other, part, &y);
    if (!status)
        status = vouch__deviance_paired(ctx, job->law->yardstick, x.n, x.target, x.score, y.score, x.weight,
                                        &out->difference, &error);
    if (!status) {
        double reach = vouch__cases_margin(0.95) * error;
        out->low = out->difference - reach;
        out->high = out->difference + reach;
        out->p = error > 0 ? fmin(1, 2 * vouch__normal_sf(fabs(out->difference) / error)) : NAN;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static const vouch__contest contest = {
    .compare = compare,
    .leads = "on tune it explains more of the deviance than",
    .no_lead = "no rival explains more of the deviance on tune",
    .digits = 1e5,
    .method =
        "The preferred model wins unless a rival explains more of the deviance on tune by more than the "
        "margin and the lower bound of the paired difference is above 0. Of several such rivals the "
        "one that explains most wins.",
    .convention = "difference = rival minus preferred, as a share of the deviance of the mean; normal "
                  "interval by the rows' differences at 95 %",
    .source = "T. Gneiting, JASA 106 (2011) 746-762; Diebold & Mariano, J. Bus. Econ. Stat. 13 (1995) "
              "253-263",
    .null_hypothesis = "both models explain equally much",
    .interval = "normal, paired",
    .unit = "share of deviance",
    .columns = "rival,difference,low,high,p_value,result",
};

static vouch_status against(vouch_ctx *ctx, vouch__job *job, const vouch__contender *other)
{
    const vouch__contender *c = &job->contender[job->champion];
    size_t mark = vouch__scratch_mark(ctx);
    vouch__rival r;
    vouch__sample now = { .n = 0 }, theirs = { .n = 0 };
    vouch__putting how = { .now = &now, .of = c };
    vouch_status status = compare(ctx, job, c, other, VOUCH__TEST, &r);
    if (!status) {
        vouch__entry entry = VOUCH__ENTRY(
                .id = "compare.deviance_paired", .section = "compare",
                .title = "Champion against challenger on test", .model = c->plan->name, .part = "test",
                .subject = other->plan->name, .unit = "share of deviance",
                .purpose = "Whether the champion still explains as much as its challenger on rows that chose "
                           "neither.",
                .method =
                    "Both models predict the same rows; the rows' differences of deviance make the test "
                    "paired.",
                .convention = "difference = champion minus challenger, two-sided",
                .source = "Diebold & Mariano, J. Bus. Econ. Stat. 13 (1995) 253-263",
                .null_hypothesis = "both models explain equally much", .interval_method = "normal, paired",
                .n = (double)job->split.n[VOUCH__TEST], .value = r.difference, .level = 0.95, .low = r.low,
                .high = r.high, .p_value = r.p);
        (void)vouch__evidence_add(&job->list, &entry);
        status = vouch__job_sample(ctx, job, c, VOUCH__TEST, &now);
    }
    if (!status)
        status = vouch__job_sample(ctx, job, other, VOUCH__TEST, &theirs);
    now.rival = theirs.score;
    now.rival_name = other->plan->name;
    if (!status)
        status = vouch__job_put(ctx, job, "validate.double_lift", &how);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* Controls ask how the result becomes a decision. */
static void no_decision(vouch__job *job)
{
    (void)vouch__evidence_add(
        &job->list,
        &VOUCH__ENTRY(.id = "decide.cutoff", .section = "decide", .title = "The cut-off and what it does",
                      .verdict = VOUCH__NOT_APPLICABLE,
                      .note = "A number is predicted: there is no cut-off, and nothing is decided "
                              "here. What is made of the prediction is another system's."));
}

vouch_status vouch__assess_number(vouch_ctx *ctx, vouch__job *job)
{
    vouch_status status = validate_all(ctx, job);
    no_decision(job);
    if (!status)
        status = vouch__job_choose(ctx, job, &contest);
    for (size_t i = 0; i < job->n_contenders && !status; i++)
        if (i != job->champion)
            status = against(ctx, job, &job->contender[i]);
    return status;
}

/* ---- groups ---- */

static vouch_status judge_fairness(vouch_ctx *ctx, vouch__job *job, const vouch__fair_data *data,
                                   const vouch__contender *c)
{
    static const char *const ids[] = { "fairness.smd", "fairness.score_proxy", "fairness.actual_expected" };
    const vouch__given values[] = { { "deviance", job->law->yardstick }, { "min_group", data->min_group } };
    size_t mark = vouch__scratch_mark(ctx);
    vouch__sample now = { .n = 0 };
    vouch__putting how = { .now = &now, .of = c, .n = sizeof values / sizeof *values, .values = values };
    vouch__factor *group = vouch__scratch(ctx, job->n_protected + 1, sizeof *group);
    if (!group)
        return vouch__oom(ctx);
    vouch_status status = vouch__job_sample(ctx, job, c, VOUCH__TEST, &now);
    for (size_t k = 0; k < job->n_protected && !status; k++) {
        vouch__groups g;
        status = vouch__groups_make(ctx, data, job->protected_column[k], now.n, now.row, &g);
        if (status)
            break;
        const char **level = vouch__scratch(ctx, g.n_groups + 1, sizeof *level);
        char(*text)[VOUCH__GROUP_LABEL] = vouch__scratch(ctx, g.n_groups + 1, sizeof *text);
        uint32_t *code = vouch__scratch(ctx, now.n + 1, sizeof *code);
        if (level && text && code)
            vouch__groups_factor(&g, level, text, code, &group[k]);
        else
            status = vouch__oom(ctx);
    }
    now.group = group;
    now.n_groups = job->n_protected;
    now.group_column = job->protected_column;
    for (size_t i = 0; i < sizeof ids / sizeof *ids && !status; i++)
        status = vouch__job_put(ctx, job, ids[i], &how);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* ---- what stays ---- */

static vouch_status reference(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *c,
                              vouch__doc *doc, vouch__json **out_reference)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__scored test;
    vouch__sample now;
    vouch_status status = vouch__job_scored(ctx, job, c, VOUCH__TEST, &test);
    if (!status)
        status = vouch__job_sample(ctx, job, c, VOUCH__TEST, &now);
    if (!status) {
        vouch__reference_rows rows = { .n = test.n,
                                       .row = now.row,
                                       .raw = test.raw,
                                       .prediction = now.score,
                                       .target = now.target,
                                       .weight = now.weight,
                                       .yardstick = job->law->yardstick };
        status = vouch__reference_of(ctx, c->model, &c->binding, &rows, doc, out_reference);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static const char *const limits[] = {
    "Figures hold for the cases in the data. Of those that were never sold to or never reported nothing is "
    "known.",
    "Verdicts compare figures with the policy named here. A policy is the institution's own; it is not "
    "regulation.",
    "A difference between groups describes; whether a column may be used in a price is for the law of the "
    "place.",
    NULL,
};

const vouch__stages vouch__stages_number = {
    .assess = vouch__assess_number,
    .explain = vouch__explain_number,
    .judge_fairness = judge_fairness,
    .reference = reference,
    .facts = facts,
    .fact_columns = "part,rows,weight,outcomes,mean,ids_sha256",
    .fact_cells = fact_cells,
    .tell = vouch__words_scored,
    .outcome = "outcome",
    .prediction = "prediction",
    .outcome_type = VOUCH_NUMBER,
    .headline = "Deviance explained",
    .headline_id = "validate.deviance",
    .limits = limits,
};
