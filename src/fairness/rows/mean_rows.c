/* The rows about scores as they are, without a cut-off: their means, the errors of probabilities, and how
 * well they tell a group. */
#include "fairness/rows/fair_rows.h"

#include <math.h>
#include <string.h>

static const vouch__param params[] = {
    { "sigma", VOUCH__PARAM_CHOICE, 0.0, 1.0, 0.0, "pooled|reference|all|label", "",
      "standard deviation to divide by: within the two groups, of the reference, of all, or of the "
      "outcomes" },
    VOUCH__PARAM_MIN_GROUP,
};
enum { N_PARAMS = sizeof params / sizeof *params };

/* False: the outcomes are asked for and not there, which has been told. */
static bool read_spread(const vouch__test_call *call, vouch__outcomes *o)
{
    o->spread = vouch__test_choice(call, "sigma", "reference") ? VOUCH__SPREAD_REFERENCE
                : vouch__test_choice(call, "sigma", "all")     ? VOUCH__SPREAD_ALL
                : vouch__test_choice(call, "sigma", "label")   ? VOUCH__SPREAD_LABEL
                                                               : VOUCH__SPREAD_POOLED;
    o->bad = call->now->bad;
    if (o->spread != VOUCH__SPREAD_LABEL || o->bad)
        return true;
    vouch__test_refuse(call,
                       "Dividing by the outcomes' standard deviation needs outcomes, which were not given.");
    return false;
}

/* ---- means ---- */

static vouch_status measure_smd(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                const vouch__groups *g)
{
    vouch__outcomes mine = *o;
    return read_spread(call, &mine) ? vouch__fair_smd(ctx, &mine, g) : VOUCH_OK;
}

static vouch_status run_smd(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each(ctx, call, NULL, measure_smd);
}

const vouch_test vouch__test_fair_smd = {
    .id = "fairness.smd",
    .section = "fairness",
    .title = "Difference of mean scores",
    .purpose = "How far do the scores of groups lie apart, whatever the cut-off?",
    .mechanism =
        "Difference of each group's mean score (the log-odds of bad, for a model) from the reference "
        "group's, in standard deviations.",
    .convention = "Group less reference, over the pooled within-group standard deviation unless another is "
                  "asked for; above 0 the group scores riskier, towards decline. The number in percent is "
                  "the SMD of the field's software. Interval by the large-sample normal approximation; "
                  "another deviation than the pooled one is taken as known; of a file of scores p is by the "
                  "same error, corrected by Holm over the groups. Groups as for the adverse "
                  "impact ratio.",
    .high_risk = "A difference above 0.30 whose interval keeps clear of 0; 0.50 is a medium effect by "
                 "Cohen's convention.",
    .strengths = "Needs no cut-off and no outcomes, does not depend on the score's scale, and sees a shift "
                 "before any decision is made on it.",
    .limits = "One mean against another: a group may be shifted at the cut-off and not on average. Software "
              "differs in what it divides by, so numbers of two shops compare only where sigma is the same; "
              "and a difference may be one of risk: read fairness.residual_smd beside it.",
    .source = "Cohen, Statistical Power Analysis (1988) 66-67; Hedges & Olkin, Statistical Methods for "
              "Meta-Analysis (1985) 86",
    .null_hypothesis = "the mean scores are equal",
    .unit = "standard deviations",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_GROUPS | VOUCH__NEEDS_FINITE,
    .uses = VOUCH__NEEDS_LABELS,
    .params = params,
    .n_params = N_PARAMS,
    .run = run_smd,
};

/* ---- errors ---- */

static vouch_status measure_residual(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                     const vouch__groups *g)
{
    const vouch__sample *s = call->now;
    vouch__outcomes mine = *o;
    vouch__entry entry = VOUCH__TEST_ENTRY(*call->test, .interval_method = "normal", .judged = true);
    double *error = vouch__scratch(ctx, s->n, sizeof *error);
    if (!error)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++)
        error[i] = s->probability[i] - s->bad[i];
    if (!read_spread(call, &mine))
        return VOUCH_OK;
    return vouch__fair_mean_gap(ctx, &mine, g, error, "group,n,mean_error,smd,low,high", &entry);
}

static vouch_status run_residual(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each(ctx, call, NULL, measure_residual);
}

const vouch_test vouch__test_fair_residual = {
    .id = "fairness.residual_smd",
    .section = "fairness",
    .title = "Difference of mean errors (residual SMD)",
    .purpose = "Is a group's risk overstated against what came to pass? Groups may differ in risk, and a "
               "model may say so; what it may not do is say more than the outcomes bear out.",
    .mechanism = "The error of a case is its probability less its outcome. The group's mean error less that "
                 "of the reference, in standard deviations.",
    .convention =
        "Prediction less outcome, group less reference: above 0 the group's risk is overstated by "
        "more. Divided by the pooled standard deviation of the errors within the two groups unless "
        "another is asked for; \"label\" divides by that of the outcomes. " VOUCH__GROUP_OVER_REFERENCE,
    .high_risk = "An interval that lies above 0: the group pays for risk that it does not have.",
    .strengths = "Takes account of what happened, so a true difference of risk does not count against the "
                 "model; needs no cut-off.",
    .limits = "Outcomes are seen of approved cases only, and where earlier decisions were unfair so are "
              "they. Errors of opposite sign at low and high risk cancel: look at calibration by group too. "
              "An outcome's own chance makes the errors wide, so small numbers here can be large in money.",
    .source =
        "Cohen, Statistical Power Analysis (1988) 66-67; C. Simoiu, S. Corbett-Davies & S. Goel, Annals "
        "of Applied Statistics 11 (2017) 1193-1216 (tests by outcome)",
    .null_hypothesis = "the mean errors are equal",
    .unit = "standard deviations",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_GROUPS,
    .params = params,
    .n_params = N_PARAMS,
    .run = run_residual,
};

/* ---- the score as a proxy ---- */

static vouch_status measure_proxy(vouch_ctx *ctx, const vouch__test_call *call, const vouch__outcomes *o,
                                  const vouch__groups *g)
{
    (void)call;
    return vouch__fair_score_proxy(ctx, o, g);
}

static vouch_status run_proxy(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__fair_each(ctx, call, NULL, measure_proxy);
}

static const vouch__param proxy_params[] = { VOUCH__PARAM_MIN_GROUP };

const vouch_test vouch__test_fair_score_proxy = {
    .id = "fairness.score_proxy",
    .section = "fairness",
    .title = "How well the score tells a group",
    .purpose = "Features that are harmless alone may add up to a stand-in for a group. The score is what "
               "they add up to.",
    .mechanism =
        "The AUC of the score for each group against everybody else: the chance that a member of the "
        "group scores riskier than somebody who is not. One half means that the score tells nothing of "
        "membership. The largest that is significant is judged.",
    .convention =
        "AUC below 0.5 is turned round: it is as telling. p two-sided from DeLong's variance, "
        "adjusted by Holm over the groups; significant below 0.05. Groups as for the adverse impact "
        "ratio.",
    .high_risk = "An AUC above 0.65 that is significant; above 0.80 the score nearly names the group.",
    .strengths =
        "Needs no outcomes, no inputs and no cut-off, so a vendor's score can be tested; it sees what "
        "combinations of features do in the model as it is.",
    .limits = "Sees only what a score's order tells: a U-shaped relation is missed. Where groups differ in "
              "risk a good score tells them apart a little without being a stand-in.",
    .source = "DeLong et al., Biometrics 44 (1988) 837-845",
    .null_hypothesis = "the score is independent of the group",
    .unit = "AUC",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_GROUPS,
    .params = proxy_params,
    .n_params = sizeof proxy_params / sizeof *proxy_params,
    .run = run_proxy,
};
