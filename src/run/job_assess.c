/* Of an event: how good each model is, which one is champion and why, and where it draws the line. All that
 * is chosen is chosen on tune; test and out-of-time are only reported on. */
#include "run/job_champion.h"

#include "num/special.h"

#include <math.h>

static vouch_status validate_all(vouch_ctx *ctx, vouch__job *job)
{
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; i < job->n_contenders && !status; i++) {
        size_t mark = vouch__scratch_mark(ctx);
        vouch__scored train;
        vouch__scored scored;
        status = vouch__job_scored(ctx, job, &job->contender[i], VOUCH__TRAIN, &train);
        for (int part = VOUCH__TEST; part < VOUCH__PARTS && !status; part++) {
            if (job->split.n[part] == 0)
                continue;
            status = vouch__job_scored(ctx, job, &job->contender[i], (vouch__part)part, &scored);
            if (!status)
                status = vouch__validate_suite(ctx, &scored, &train, &job->list);
        }
        vouch__scratch_reset(ctx, mark);
        vouch__progress(ctx, "validate", i + 1, job->n_contenders);
    }
    return status;
}

vouch_status vouch__contender_cutoff(vouch_ctx *ctx, const vouch__job *job, vouch__contender *c)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__scored tune;
    vouch_status status = vouch__job_scored(ctx, job, c, VOUCH__TUNE, &tune);
    if (!status && isnan(job->project.cutoff)) {
        status = vouch__cutoff_choose(ctx, tune.n, tune.probability, tune.weight, job->project.max_bad_rate,
                                      &c->cutoff, &c->share);
    } else if (!status) {
        size_t n = 0;
        c->cutoff = job->project.cutoff;
        for (size_t i = 0; i < tune.n; i++)
            n += tune.probability[i] <= c->cutoff;
        c->share = tune.n ? (double)n / (double)tune.n : NAN;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch__outcome vouch__job_outcome(const vouch__job *job, const vouch__contender *c, vouch__part part)
{
    vouch__outcome o = { .n = (double)job->split.n[part] };
    for (size_t i = 0; i < job->split.n[part]; i++) {
        uint32_t row = job->split.row[part][i];
        if (c->probability[row] > c->cutoff)
            continue;
        o.approved += 1;
        o.bad += job->bad[row];
        o.expected += c->probability[row];
    }
    return o;
}

static void cutoff_entry(vouch__job *job, const vouch__contender *c)
{
    vouch__outcome test = vouch__job_outcome(job, c, VOUCH__TEST);
    double good = test.approved - test.bad;
    vouch__entry entry = VOUCH__ENTRY(
            .id = "decide.cutoff", .section = "decide", .title = "The cut-off and what it does",
            .model = c->plan->name, .part = "test", .unit = "share",
            .purpose = "A bank approves as many applicants as its appetite for losses allows. This says "
                       "where the line lies, and "
                       "what it would have done to applicants who had no part in drawing it.",
            .method =
                "Rows of tune are approved in order of probability, ties together, as long as the mean "
                "probability of the "
                "approved stays within the limit. The bad rate among the approved of test is then counted.",
            .convention = "approve when P(bad) <= cut-off; interval of the bad rate by Jeffreys, Beta(bad + "
                          "1/2, good + 1/2)",
            .source = "Brown, Cai & DasGupta, Statistical Science 16 (2001) 101-133",
            .interval_method = "Jeffreys", .n = test.n, .n_bad = test.bad, .judged = true);
    if (test.approved > 0) {
        entry.value = test.bad / test.approved;
        entry.level = 0.95;
        entry.low = vouch__beta_quantile(0.025, test.bad + 0.5, good + 0.5);
        entry.high = vouch__beta_quantile(0.975, test.bad + 0.5, good + 0.5);
    } else {
        entry.judged = false;
        entry.verdict = VOUCH__REFUSED;
        entry.note = "no row of test is approved at this cut-off";
    }
    vouch__json *object = vouch__evidence_add(&job->list, &entry);
    vouch__json *table = vouch__evidence_table(&job->list, object, "parts",
                                               "part,rows,approved,approval_rate,expected_bad_rate,bad_rate");
    for (int part = VOUCH__TRAIN; part < VOUCH__PARTS; part++) {
        if (job->split.n[part] == 0)
            continue;
        vouch__outcome o = vouch__job_outcome(job, c, (vouch__part)part);
        vouch__json *row = vouch__evidence_row(&job->list, table);
        vouch__row_text(&job->list, row, vouch__part_name((vouch__part)part));
        vouch__row_number(&job->list, row, o.n);
        vouch__row_number(&job->list, row, o.approved);
        vouch__row_number(&job->list, row, o.approved / o.n);
        vouch__row_number(&job->list, row, o.approved > 0 ? o.expected / o.approved : NAN);
        vouch__row_number(&job->list, row, o.approved > 0 ? o.bad / o.approved : NAN);
    }
}

/* Who is approved by one model and not by the other, and how they turned out. */
static void swap_entry(vouch__job *job, const vouch__contender *a, const vouch__contender *b,
                       vouch__part part)
{
    static const char *const cell[] = { "declined by both", "approved by the challenger only",
                                        "approved by the champion only", "approved by both" };
    double n[4] = { 0 };
    double bad[4] = { 0 };
    for (size_t i = 0; i < job->split.n[part]; i++) {
        uint32_t row = job->split.row[part][i];
        int at = 2 * (a->probability[row] <= a->cutoff) + (b->probability[row] <= b->cutoff);
        n[at] += 1;
        bad[at] += job->bad[row];
    }
    vouch__entry entry = VOUCH__ENTRY(
            .id = "compare.swap_set", .section = "compare", .title = "Swap set", .model = a->plan->name,
            .part = vouch__part_name(part), .subject = b->plan->name,
            .purpose = "Two models of like quality can approve different people. This counts those whom the "
                       "choice of model "
                       "swaps in or out, and how they turned out.",
            .method = "Each model with its own cut-off from tune; rows are counted by who approves them.",
            .n = (double)job->split.n[part], .value = (n[1] + n[2]) / fmax(1, (double)job->split.n[part]),
            .unit = "share of applicants swapped");
    vouch__json *object = vouch__evidence_add(&job->list, &entry);
    vouch__json *table = vouch__evidence_table(&job->list, object, "swap",
                                               "applicants,rows,share,bad,bad_rate");
    for (int at = 3; at >= 0; at--) {
        vouch__json *row = vouch__evidence_row(&job->list, table);
        vouch__row_text(&job->list, row, cell[at]);
        vouch__row_number(&job->list, row, n[at]);
        vouch__row_number(&job->list, row, n[at] / fmax(1, (double)job->split.n[part]));
        vouch__row_number(&job->list, row, bad[at]);
        vouch__row_number(&job->list, row, n[at] > 0 ? bad[at] / n[at] : NAN);
    }
}

static vouch_status compare(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *one,
                            const vouch__contender *other, vouch__part part, vouch__rival *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__scored x;
    vouch__scored y;
    vouch_auc_pair pair;
    vouch_status status = vouch__job_scored(ctx, job, one, part, &x);
    if (!status)
        status = vouch__job_scored(ctx, job, other, part, &y);
    if (!status)
        status = vouch_validate_auc_paired(ctx, x.n, x.raw, y.raw, x.bad, 0.95, &pair);
    if (!status)
        *out = (vouch__rival){ .difference = pair.difference,
                               .low = pair.low,
                               .high = pair.high,
                               .statistic = pair.z,
                               .p = pair.p_value,
                               .one = pair.auc_a,
                               .other = pair.auc_b };
    vouch__scratch_reset(ctx, mark);
    return status;
}

static const vouch__contest contest = {
    .compare = compare,
    .leads = "its AUC on tune is higher than that of",
    .no_lead = "no rival's AUC on tune is higher",
    .digits = 1e4,
    .method = "The preferred model wins unless a rival's AUC on tune is higher by more than the margin and "
              "the lower bound of the paired difference is above 0. Of several such rivals the one with the "
              "highest AUC wins.",
    .convention = "difference = rival minus preferred; paired DeLong interval at 95 %",
    .source = "DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845",
    .null_hypothesis = "both models rank equally well",
    .interval = "paired DeLong",
    .unit = "AUC difference",
    .columns = "rival,auc_rival,auc_preferred,difference,low,high,p_value,result",
    .has_both = true,
};

/* On test too, as a report: nothing follows from it. */
static vouch_status paired_on_test(vouch_ctx *ctx, vouch__job *job, size_t other)
{
    vouch__rival pair;
    const vouch__contender *a = &job->contender[job->champion];
    const vouch__contender *b = &job->contender[other];
    vouch_status status = compare(ctx, job, a, b, VOUCH__TEST, &pair);
    if (status == VOUCH_E_DATA)
        return VOUCH_OK; /* one class in test: the suite has said so */
    if (status)
        return status;
    vouch__entry entry = VOUCH__ENTRY(
            .id = "compare.auc_paired", .section = "compare", .title = "Champion against challenger on test",
            .model = a->plan->name, .part = "test", .subject = b->plan->name, .unit = "AUC difference",
            .purpose =
                "Whether the champion still ranks as well as its challenger on rows that chose neither.",
            .method = "Both models score the same rows; the covariance of their AUCs makes the test paired.",
            .convention = "difference = champion minus challenger, two-sided",
            .source = "DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837-845",
            .null_hypothesis = "both models rank equally well", .interval_method = "paired DeLong",
            .n = (double)job->split.n[VOUCH__TEST], .value = pair.difference, .level = 0.95, .low = pair.low,
            .high = pair.high, .statistic = pair.statistic, .p_value = pair.p);
    (void)vouch__evidence_add(&job->list, &entry);
    return VOUCH_OK;
}

vouch_status vouch__assess_event(vouch_ctx *ctx, vouch__job *job)
{
    vouch_status status = validate_all(ctx, job);
    for (size_t i = 0; i < job->n_contenders && !status; i++) {
        status = vouch__contender_cutoff(ctx, job, &job->contender[i]);
        if (!status)
            cutoff_entry(job, &job->contender[i]);
    }
    if (!status)
        status = vouch__job_choose(ctx, job, &contest);
    for (size_t i = 0; i < job->n_contenders && !status; i++) {
        if (i == job->champion)
            continue;
        swap_entry(job, &job->contender[job->champion], &job->contender[i], VOUCH__TUNE);
        swap_entry(job, &job->contender[job->champion], &job->contender[i], VOUCH__TEST);
        status = paired_on_test(ctx, job, i);
    }
    return status ? status : vouch__job_strategy(ctx, job);
}
