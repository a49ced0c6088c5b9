/* The cumulative accuracy profile. */
#include "validate/rows/row_parts.h"

#include "base/ctx.h"

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__corners c;
    vouch_status status = vouch__row_corners(ctx, call, &c);
    if (status)
        return status;
    double *share = vouch__scratch(ctx, c.n, sizeof *share),
           *caught = vouch__scratch(ctx, c.n, sizeof *caught);
    double *score = vouch__scratch(ctx, c.n, sizeof *score);
    if (!share || !caught || !score)
        return vouch__oom(ctx);
    for (size_t i = 0; i < c.n; i++) {
        share[i] = (c.at[i].good + c.at[i].bad) / (c.good + c.bad);
        caught[i] = c.at[i].bad / c.bad;
        score[i] = c.at[i].score;
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.value = vouch__accuracy_ratio(&c);
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "profile",
                                               "share_of_cases,share_of_bad,score");
    vouch__row_curve(call, table, c.n, share, caught, score);
    vouch__evidence_plot(call->list, object, "line", "profile", "share_of_cases", "share_of_bad",
                         "share of cases, riskiest first", "share of the bad among them");
    return VOUCH_OK;
}

const vouch_test vouch__test_accuracy_profile = {
    .id = "validate.accuracy_profile",
    .section = "validate",
    .title = "Cumulative accuracy profile and accuracy ratio",
    .purpose = "If the riskiest x per cent of the book are turned away, what share of the defaults goes with "
               "them? It is the "
               "curve that credit committees know, and its summary the number that rating agencies publish.",
    .mechanism = "Share of the bad against share of all cases, riskiest first. The accuracy ratio is the "
                 "area between the "
                 "curve and the diagonal over the same area for a perfect score.",
    .convention = VOUCH__ORIENTED
    "Tied scores are one straight piece. The accuracy ratio equals 2 AUC - 1 exactly, ties "
    "included, so the Gini coefficient is the same number.",
    .high_risk = "A curve that falls back towards the diagonal at the left: the very riskiest scores are not "
                 "the worst "
                 "cases, which is where limits and prices react most.",
    .strengths =
        "Read at a glance by people who set cut-offs, because its horizontal axis is the rejection rate.",
    .limits = "The shape depends on the bad rate, the ratio does not; still, ratios of portfolios with "
              "different spreads of "
              "risk are not comparable.",
    .source = "B. Engelmann, E. Hayden & D. Tasche, Risk 16 (2003) 82-86; J. Sobehart, S. Keenan & R. Stein, "
              "Moody's (2000)",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run,
};
