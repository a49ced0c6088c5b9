/* Tests of all probabilities at once, and what maps fitted elsewhere would make of them. */
#include "validate/reliability.h"
#include "validate/rows/row_parts.h"

#include "base/ctx.h"
#include "num/special.h"
#include "validate/recalibrate.h"

#include <math.h>
#include <stdio.h>

static vouch_status run_hosmer(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__calibration_test t;
    char note[160];
    int is_fitted = vouch__test_param(call, "fitted") == 1.0;
    vouch_status status = vouch__hosmer_lemeshow(ctx, s->n, s->probability, s->bad,
                                                 (size_t)vouch__test_param(call, "groups"), is_fitted, &t);
    if (status)
        return status;
    (void)snprintf(note, sizeof note, "%zu groups, %zu degrees of freedom: the probabilities were %s.",
                   t.groups, (size_t)t.df, is_fitted ? "fitted to these cases" : "fixed beforehand");
    vouch__entry entry = vouch__test_entry(call);
    entry.value = entry.statistic = t.statistic;
    entry.judged = true;
    entry.p_value = t.p_value;
    entry.note = note;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "test", "quantity,value");
    vouch__row_quantity(call, table, "statistic", t.statistic);
    vouch__row_quantity(call, table, "degrees of freedom", t.df);
    vouch__row_quantity(call, table, "groups", (double)t.groups);
    return VOUCH_OK;
}

static const vouch__param hosmer_params[] = {
    { "groups", VOUCH__PARAM_INTEGER, 2.0, 200.0, 10.0, NULL, "groups", "how many groups of equal size" },
    { "fitted", VOUCH__PARAM_FLAG, 0.0, 1.0, 0.0, NULL, "",
      "whether the model was fitted to these very cases" },
};

const vouch_test vouch__test_hosmer_lemeshow = {
    .id = "calibration.hosmer_lemeshow",
    .section = "validate",
    .title = "Hosmer-Lemeshow test",
    .purpose = "Taken together, do the bad rates of groups of like probability differ from what was "
               "predicted by more than chance?",
    .mechanism = "Cases are cut by predicted probability into groups of equal size. The squared gap of bads "
                 "from their expectation, "
                 "over the binomial variance, is summed and compared with chi-square.",
    .convention = "Groups never split equal probabilities, so there may be fewer than asked for. Degrees of "
                  "freedom are the groups "
                  "where probabilities were fixed beforehand (out of time, grades, a vendor's scores), and "
                  "two less on the sample the "
                  "model was fitted to; packages differ silently, the note says which.",
    .high_risk = "A small p with a calibration error that matters. With 100,000 cases it rejects every model "
                 "ever made; with 200 hardly "
                 "any.",
    .strengths = "One p-value for the whole curve, known to every reader of a validation report.",
    .limits = "Depends on the grouping, and cannot tell a shift of the level from a wrong slope; see the "
              "calibration line beside it.",
    .source = "D. W. Hosmer & S. Lemeshow, Communications in Statistics A9 (1980) 1043-1069; D. W. Hosmer et "
              "al., Statistics in "
              "Medicine 16 (1997) 965-980",
    .null_hypothesis = "every probability is right",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_LABELS,
    .params = hosmer_params,
    .n_params = sizeof hosmer_params / sizeof *hosmer_params,
    .run = run_hosmer,
};

static vouch_status run_spiegelhalter(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__calibration_test t;
    vouch_status status = vouch__spiegelhalter(ctx, s->n, s->probability, s->bad, &t);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = entry.statistic = t.statistic;
    entry.judged = true;
    entry.p_value = t.p_value;
    (void)vouch__test_add(call, &entry);
    return VOUCH_OK;
}

const vouch_test vouch__test_spiegelhalter = {
    .id = "calibration.spiegelhalter",
    .section = "validate",
    .title = "Spiegelhalter's test",
    .purpose =
        "Is the Brier score what it would be if every probability were right? A Brier score by itself "
        "says little: it is small wherever bad cases are rare. Its distance from what right probabilities "
        "would give says whether they are right.",
    .mechanism =
        "If every probability p were right, the Brier score would have the mean of p (1 - p) over cases "
        "and a variance made of p (1 - p) (1 - 2p)^2; both follow from the probabilities alone. z is the "
        "distance of the score from that mean in standard deviations, and is normal for many cases.",
    .convention =
        "Two-sided: forecasts that are too sure and too timid both fail. Positive z: the model is too "
        "sure of itself (or the outcomes worse than said); negative: not sure enough.",
    .high_risk =
        "|z| above 3; of less, in samples of many thousands look at the reliability curve before judging, "
        "since small errors become significant.",
    .strengths = "Needs no bins, so nothing depends on how they are cut.",
    .limits = "Blind to errors that leave the expected score unchanged: probabilities near 1/2 have no "
              "weight, and a level that is too "
              "high for low risks may be balanced by one that is too low for high ones.",
    .source = "D. J. Spiegelhalter, Statistics in Medicine 5 (1986) 421-433",
    .null_hypothesis = "every probability is right",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_LABELS,
    .run = run_spiegelhalter,
};

enum { AS_IT_IS, PLATT, BETA, ISOTONIC, MAPS };

typedef struct maps {
    bool is_there[MAPS];
    vouch__platt platt;
    vouch__beta_map beta;
    vouch__isotonic isotonic;
} maps;

static double log_odds(double p) { return vouch__logit(fmin(fmax(p, 1e-15), 1.0 - 1e-15)); }

/* A map that cannot be fitted to the reference is left out; out of memory and a stop are passed on. */
static vouch_status tried(vouch_status status, bool *is_there)
{
    *is_there = status == VOUCH_OK;
    return status == VOUCH_E_DATA || status == VOUCH_E_CONVERGE ? VOUCH_OK : status;
}

static vouch_status fit_maps(vouch_ctx *ctx, const vouch__sample *s, maps *m)
{
    double *x = vouch__scratch(ctx, s->n, sizeof *x), *room = vouch__scratch(ctx, 4 * s->n, sizeof *room);
    if (!x || !room)
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++)
        x[i] = log_odds(s->probability[i]);
    m->is_there[AS_IT_IS] = true;
    vouch_status status = tried(vouch__platt_fit(ctx, s->n, x, s->bad, NULL, &m->platt), &m->is_there[PLATT]);
    if (!status)
        status = tried(vouch__beta_map_fit(ctx, s->n, s->probability, s->bad, NULL, &m->beta),
                       &m->is_there[BETA]);
    if (!status)
        status = tried(
            vouch__isotonic_fit(ctx, s->n, s->probability, s->bad, NULL, room, room + 2 * s->n, &m->isotonic),
            &m->is_there[ISOTONIC]);
    return status;
}

static double mapped(const maps *m, int which, double p)
{
    switch (which) {
    case PLATT: return vouch__platt_apply(&m->platt, log_odds(p));
    case BETA: return vouch__beta_map_apply(&m->beta, p);
    case ISOTONIC: return vouch__isotonic_apply(&m->isotonic, p);
    default: return p;
    }
}

static vouch_status run_maps(vouch_ctx *ctx, const vouch__test_call *call)
{
    static const char *const name[MAPS] = { "as it is", "Platt", "beta", "isotonic" };
    const vouch__sample *s = call->now;
    double *p = vouch__scratch(ctx, s->n, sizeof *p), brier[MAPS], loss[MAPS], ece[MAPS], best = INFINITY;
    maps m = { .is_there = { false } };
    if (!p)
        return vouch__oom(ctx);
    vouch_status status = fit_maps(ctx, call->before, &m);
    for (int k = 0; k < MAPS && !status; k++) {
        for (size_t i = 0; i < s->n && m.is_there[k]; i++)
            p[i] = mapped(&m, k, s->probability[i]);
        if (!m.is_there[k])
            continue;
        status = vouch_validate_brier(ctx, s->n, p, s->bad, s->weight, &brier[k]);
        if (!status)
            status = vouch_validate_log_loss(ctx, s->n, p, s->bad, s->weight, &loss[k]);
        if (!status)
            status = vouch_validate_ece(ctx, s->n, p, s->bad, 10, 1, &ece[k]);
        best = status ? best : fmin(best, brier[k]);
    }
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = brier[AS_IT_IS] - best;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "maps", "map,brier,log_loss,ece");
    for (int k = 0; k < MAPS; k++)
        if (m.is_there[k])
            vouch__test_row(call, table, "tnnn", name[k], brier[k], loss[k], ece[k]);
    table = vouch__evidence_table(call->list, object, "parameters_of_maps", "quantity,value");
    if (m.is_there[PLATT]) {
        vouch__row_quantity(call, table, "Platt intercept", m.platt.a);
        vouch__row_quantity(call, table, "Platt slope on log-odds", m.platt.b);
    }
    if (m.is_there[BETA]) {
        vouch__row_quantity(call, table, "beta a", m.beta.a);
        vouch__row_quantity(call, table, "beta b", m.beta.b);
        vouch__row_quantity(call, table, "beta c", m.beta.c);
    }
    return VOUCH_OK;
}

const vouch_test vouch__test_recalibration = {
    .id = "calibration.recalibration",
    .section = "validate",
    .title = "What recalibration would gain",
    .purpose = "Could a simple map, fitted to the reference, make these probabilities better? If so the "
               "model is not wrong in its order "
               "but in its levels, and the repair is cheap.",
    .mechanism = "Platt's sigmoid on log-odds, the beta map and isotonic regression are fitted to the "
                 "reference and applied here; Brier "
                 "score, log-loss and ECE (10 bins of equal mass) are compared with the probabilities as "
                 "they are. The value is the Brier "
                 "score gained by the best of them.",
    .convention = "Platt's targets are (n_bad + 1) / (n_bad + 2) and 1 / (n_good + 2). The beta map keeps "
                  "its parameters from falling "
                  "below 0. Isotonic values are joined by straight lines, as scikit-learn's.",
    .high_risk = "A gain that is more than a tenth of the Brier score: levels are off. A loss under every "
                 "map says the reference is not "
                 "like these cases.",
    .strengths = "Fitted on one sample and judged on another, so the gain is not flattery.",
    .limits = "Isotonic regression needs about a thousand cases, and gives probabilities of 0 and 1 at the "
              "ends, which log-loss punishes.",
    .source = "J. Platt, Advances in Large Margin Classifiers (1999) 61-74; M. Kull, T. Silva Filho & P. "
              "Flach, AISTATS (2017) 623-631; "
              "B. Zadrozny & C. Elkan, KDD (2002) 694-699",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH | VOUCH__NEEDS_REFERENCE,
    .uses = VOUCH__NEEDS_WEIGHT,
    .run = run_maps,
};
