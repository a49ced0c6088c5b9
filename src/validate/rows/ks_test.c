/* Are the scores of bads and goods from one distribution? */
#include "validate/rank_tests.h"
#include "validate/rows/row_parts.h"

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__ks_test test;
    vouch_status status = vouch__ks_two_sample(ctx, s->n, s->score, s->bad, &test);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = test.ks;
    entry.judged = true;
    entry.statistic = test.ks;
    entry.p_value = test.p_value;
    entry.note = test.is_exact ? "The p-value is exact, ties included."
                               : "The p-value is Kolmogorov's limit.";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "samples", "quantity,value");
    vouch__row_quantity(call, table, "bad cases", (double)s->n_bad);
    vouch__row_quantity(call, table, "good cases", (double)(s->n - s->n_bad));
    return VOUCH_OK;
}

const vouch_test vouch__test_ks_test = {
    .id = "validate.ks_test",
    .section = "validate",
    .title = "Kolmogorov-Smirnov test of bads against goods",
    .purpose = "Could the gap between the score distributions of bads and goods be chance? On a small or "
               "low-default portfolio a distance of 0.3 may be.",
    .mechanism =
        "The largest distance of the two distribution functions over distinct scores. Up to 4,000,000 "
        "pairs its p-value is exact: every choice of which cases are bad is equally likely, and the "
        "chance that one reaches the distance is counted along all paths. Beyond, Kolmogorov's limiting "
        "law is used.",
    .convention = VOUCH__ORIENTED
    "Tied scores move together, in the distance and in its null distribution. Two-sided.",
    .high_risk = "A p-value above a few per cent: this sample cannot show that the score separates at all.",
    .strengths = "Exact at any sample size that is small enough to need it, with ties, which cards in points "
                 "always have.",
    .limits =
        "With thousands of cases it rejects for any score that is of use; then look at the distance, not "
        "at p.",
    .source = "G. Schroer & D. Trenkler, Computational Statistics & Data Analysis 20 (1995) 185-202; N. "
              "Smirnov, Annals of Mathematical Statistics 19 (1948) 279-281",
    .null_hypothesis = "scores of bads and goods come from one distribution",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .run = run,
};
