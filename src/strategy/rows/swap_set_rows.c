/* Swap sets of two scores at one approval rate. */
#include "evidence/test.h"
#include "num/rates.h"
#include "strategy/swap_set.h"

#include <math.h>
#include <stdio.h>

static const char *const name[] = { "approved by both", "swapped in: by the score only",
                                    "swapped out: by the rival only", "declined by both" };

static double effective(const vouch__swapped *c) { return c->known * c->known / c->square; }

static void show(const vouch__test_call *call, vouch__json *table, const vouch__swapped *c, double level)
{
    double whole = 0.0;
    for (size_t k = 0; k < VOUCH__SWAP_CELLS; k++)
        whole += c[k].cases;
    for (size_t k = 0; k < VOUCH__SWAP_CELLS; k++) {
        double low = NAN, high = NAN, rate = c[k].bad / c[k].known, unknown = c[k].cases - c[k].known;
        if (c[k].known > 0.0 && !isnan(effective(&c[k])))
            vouch__jeffreys_interval(rate * effective(&c[k]), effective(&c[k]), level, &low, &high);
        vouch__test_row(call, table, "tnnnnnnnnnn", name[k], c[k].cases, c[k].cases / whole, c[k].known,
                        c[k].bad, rate, low, high, unknown, c[k].bad / c[k].cases,
                        (c[k].bad + unknown) / c[k].cases);
    }
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    const vouch__accept_cases cases = { s->n, s->rival, s->target, s->weight, NULL };
    vouch__swapped c[VOUCH__SWAP_CELLS];
    double level = vouch__test_param(call, "level"), edge[2];
    char note[500];
    vouch_status status = vouch__swap_set(ctx, &cases, s->score, vouch__test_param(call, "approval_rate"), c,
                                          edge);
    if (status)
        return status;
    const vouch__swapped *in = &c[VOUCH__SWAP_IN], *out = &c[VOUCH__SWAP_OUT];
    vouch__entry entry = vouch__test_entry(call);
    vouch__share_difference(in->bad / in->known * effective(in), effective(in),
                            out->bad / out->known * effective(out), effective(out), level, &entry.value,
                            &entry.low, &entry.high);
    if (!isnan(entry.value)) {
        entry.level = level;
        entry.interval_method = "Newcombe, hybrid score";
    }
    double unknown = in->cases - in->known, lost = out->cases - out->known;
    int used = snprintf(note, sizeof note,
                        "The value is the bad rate of those swapped in less that of those swapped out; below "
                        "0 the score picks better than the rival.");
    if (unknown + lost > 0.0 && used > 0 && (size_t)used < sizeof note)
        (void)snprintf(note + used, sizeof note - (size_t)used,
                       " Of those swapped in %.0f, of those swapped out %.0f have no known outcome: whoever "
                       "was declined never showed it. The columns least and most bound what they could be.",
                       nearbyint(unknown), nearbyint(lost));
    entry.note = note;
    entry.subject = s->rival_name;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "swap",
        "applicants,cases,share,known,bad,bad_rate,low,high,unknown,least_bad_rate,most_bad_rate");
    show(call, table, c, level);
    vouch__json *edges = vouch__evidence_table(call->list, object, "cutoffs", "score,approve_at_or_below");
    vouch__test_row(call, edges, "tn", "rival", edge[0]);
    vouch__test_row(call, edges, "tn", "score", edge[1]);
    vouch__evidence_plot(call->list, object, "interval", "swap", "applicants", "bad_rate", "", "bad rate");
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "approval_rate", VOUCH__PARAM_REAL, 0.001, 0.999, 0.7, NULL, "",
      "share of the cases that either score approves" },
    { "level", VOUCH__PARAM_REAL, 0.5, 0.999, 0.95, NULL, "", "coverage of the intervals" },
};

const vouch_test vouch__test_swap_set = {
    .id = "strategy.swap_set",
    .section = "compare",
    .title = "Swap sets at one approval rate",
    .purpose = "A new score approves as many as the old one, but others. Whom does it swap in and out, and "
               "are those swapped in the better risk?",
    .mechanism = "Either score approves the same share, its safest first. Cases are counted by who approves "
                 "them; bad rates are those of the cases whose outcome is known.",
    .convention = "The score is the new one, the rival the old one; larger is riskier. Cases tied at a "
                  "cut-off are approved in proportion, so that both approve exactly the share. Cells have "
                  "Jeffreys' interval; least and most take all unknown outcomes for good and for bad.",
    .high_risk = "Those swapped in are worse than those swapped out; or nearly all of them have no known "
                 "outcome, so that the gain is a guess.",
    .strengths = "Speaks of the only cases for which the choice of the score matters.",
    .limits = "Where the old score declined the swapped-in cases in the past, none has an outcome: infer it "
              "with a stated assumption (vouch reject), or approve a sample to learn it.",
    .source = "N. Siddiqi, Intelligent Credit Scoring, 2nd ed. (2017), chapter 13; R. G. Newcombe, "
              "Statistics in Medicine 17 (1998) 873-890; C. F. Manski, Partial Identification of "
              "Probability Distributions (2003)",
    .unit = "difference of bad rates",
    .needs = VOUCH__NEEDS_SCORE | VOUCH__NEEDS_RIVAL | VOUCH__NEEDS_LABELS | VOUCH__KEEPS_UNKNOWN,
    .uses = VOUCH__NEEDS_WEIGHT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
