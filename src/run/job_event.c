/* An event: what is decided on it, whom that falls on, and what it is called. */
#include "run/job.h"
#include "run/words.h"

#include "monitor/reference.h"

#include <math.h>

static double bads_of(const vouch__job *job, size_t n, const uint32_t *row)
{
    double bads = 0;
    for (size_t i = 0; i < n; i++)
        bads += job->bad[row ? row[i] : i];
    return bads;
}

static void facts(const vouch__job *job, size_t n, const uint32_t *row, vouch__doc *doc, vouch__json *object)
{
    double bads = bads_of(job, n, row);
    (void)vouch__json_set(doc, object, "n_bad", vouch__json_number(doc, bads));
    (void)vouch__json_set(doc, object, "bad_rate", vouch__json_number(doc, bads / (double)n));
}

static void fact_cells(vouch__job *job, size_t n, const uint32_t *row, vouch__json *cells)
{
    double bads = bads_of(job, n, row);
    vouch__row_number(&job->list, cells, bads);
    vouch__row_number(&job->list, cells, bads / (double)n);
}

static vouch_status judge_fairness(vouch_ctx *ctx, vouch__job *job, const vouch__fair_data *data,
                                   const vouch__contender *c)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__scored test;
    vouch_status status = vouch__job_scored(ctx, job, c, VOUCH__TEST, &test);
    if (status)
        goto done;
    uint8_t *approve = vouch__scratch(ctx, test.n + 1, 1);
    if (!approve) {
        status = vouch__oom(ctx);
        goto done;
    }
    for (size_t i = 0; i < test.n; i++)
        approve[i] = test.probability[i] <= c->cutoff;
    status = vouch__fair_outcomes(ctx, data, c->model, VOUCH__TEST, test.raw, approve, test.bad, job->legal,
                                  job->n_legal, &job->list);
done:
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status reference(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *c,
                              vouch__doc *doc, vouch__json **out_reference)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__scored test;
    vouch_status status = vouch__job_scored(ctx, job, c, VOUCH__TEST, &test);
    if (!status)
        status = vouch__reference_make(ctx, c->model, &c->binding, test.n, job->split.row[VOUCH__TEST],
                                       test.raw, test.probability, test.bad, doc, out_reference);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void decision_member(vouch__job *job, vouch__json *root)
{
    const vouch__contender *c = &job->contender[job->champion];
    vouch__doc *doc = job->list.doc;
    vouch__json *decision = vouch__json_set(doc, root, "decision", vouch__json_object(doc));
    vouch__outcome tune = vouch__job_outcome(job, c, VOUCH__TUNE);
    vouch__outcome on_test = vouch__job_outcome(job, c, VOUCH__TEST);
    (void)vouch__json_set(doc, decision, "cutoff", vouch__json_number(doc, c->cutoff));
    if (!isnan(job->project.max_bad_rate))
        (void)vouch__json_set(doc, decision, "max_bad_rate",
                              vouch__json_number(doc, job->project.max_bad_rate));
    (void)vouch__json_set(doc, decision, "chosen_on", vouch__json_text(doc, "tune"));
    (void)vouch__json_set(doc, decision, "approval_rate", vouch__json_number(doc, c->share));
    (void)vouch__json_set(doc, decision, "expected_bad_rate",
                          vouch__json_number(doc, tune.expected / tune.approved));
    vouch__json *test = vouch__json_set(doc, decision, "test", vouch__json_object(doc));
    (void)vouch__json_set(doc, test, "n", vouch__json_number(doc, on_test.n));
    (void)vouch__json_set(doc, test, "approval_rate", vouch__json_number(doc, on_test.approved / on_test.n));
    (void)vouch__json_set(doc, test, "bad_rate", vouch__json_number(doc, on_test.bad / on_test.approved));
    (void)vouch__json_set(doc, decision, "reasons_method", vouch__json_text(doc, job->project.method));
    (void)vouch__json_set(doc, decision, "most_reasons", vouch__json_number(doc, (double)job->project.most));
}

static const char *const limits[] = {
    "Applicants who were declined in the past, and so have no outcome, are not in the data: figures hold "
    "for the population "
    "that was booked.",
    "Verdicts compare figures with the policy named here. A policy is the institution's own; it is not "
    "regulation.",
    "A fair-lending figure describes a difference; it neither shows nor excludes intent, and is not "
    "legal advice.",
    NULL,
};

const vouch__stages vouch__stages_event = {
    .assess = vouch__assess_event,
    .explain = vouch__explain_suite,
    .judge_fairness = judge_fairness,
    .reference = reference,
    .facts = facts,
    .fact_columns = "part,rows,bad,bad_rate,ids_sha256",
    .fact_cells = fact_cells,
    .decision = decision_member,
    .tell = vouch__words_declined,
    .outcome = "bad",
    .prediction = "probability",
    .outcome_type = VOUCH_INTEGER,
    .headline = "AUC",
    .headline_id = "validate.auc",
    .limits = limits,
};
