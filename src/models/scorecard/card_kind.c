/* The scorecard kind: an additive model on bins whose integer points are the model. Everything it says
 * (log-odds, probability, contributions) is computed from the points total. */
#include "models/say.h"
#include "models/scorecard/binning.h"
#include "models/scorecard/scorecard.h"

#include "num/special.h"

#include <string.h>

static const vouch__param params[VOUCH__CARD_PARAMS] = {
    [VOUCH__CARD_PDO] = { "pdo", VOUCH__PARAM_REAL, 1, 1000, 20, NULL, "points",
                          "Points that double the odds of good." },
    [VOUCH__CARD_BASE_SCORE] = { "base_score", VOUCH__PARAM_REAL, -10000, 10000, 600, NULL, "points",
                                 "Points at odds of base_odds." },
    [VOUCH__CARD_BASE_ODDS] = { "base_odds", VOUCH__PARAM_REAL, 1, 1e6, 50, NULL, "goods per bad",
                                "Odds of good to bad at base_score." },
    [VOUCH__CARD_MAX_BINS] = { "max_bins", VOUCH__PARAM_INTEGER, 2, 20, 8, NULL, "",
                               "Most bins of one input, not counting those for special codes and missing." },
    [VOUCH__CARD_MIN_BIN_SHARE] = { "min_bin_share", VOUCH__PARAM_REAL, 0.001, 0.5, 0.05, NULL, "",
                                    "Smallest share of the training rows in a bin; rarer categories are "
                                    "pooled." },
    [VOUCH__CARD_MIN_EVENTS] = { "min_events", VOUCH__PARAM_INTEGER, 1, 1e6, 5, NULL, "rows",
                                 "Fewest goods, and fewest bads, in a bin." },
    [VOUCH__CARD_MIN_IV] = { "min_iv", VOUCH__PARAM_REAL, 0, 10, 0.02, NULL, "",
                             "Inputs with a smaller information value are left out." },
    [VOUCH__CARD_MAX_P] = { "max_p", VOUCH__PARAM_REAL, 0, 1, 0.1, NULL, "",
                            "Characteristics whose coefficient has a larger p-value are left out, the least "
                            "significant first; 1 keeps all." },
    [VOUCH__CARD_L2] = { "l2", VOUCH__PARAM_REAL, 0, 1e6, 0, NULL, "",
                         "Ridge penalty on the coefficients: l2 / 2 times their sum of squares." },
    [VOUCH__CARD_L1] = { "l1", VOUCH__PARAM_REAL, 0, 1e6, 0, NULL, "",
                         "Lasso penalty on the coefficients: l1 times the sum of their sizes." },
    [VOUCH__CARD_PENALTY] = { "penalty", VOUCH__PARAM_CHOICE, 0, 0, VOUCH__CARD_GIVEN, "given|ridge|lasso",
                              "",
                              "given: l1 and l2 as they stand; else the strength of the one named is chosen "
                              "by cross-validation." },
    [VOUCH__CARD_FOLDS] = { "folds", VOUCH__PARAM_INTEGER, 2, 50, 10, NULL, "", "Of the cross-validation." },
    [VOUCH__CARD_CHOOSE] = { "choose", VOUCH__PARAM_CHOICE, 0, 0, 0, "least|one_se", "",
                             "The strength with the least held-out deviance, or the strongest within one "
                             "standard error of it." },
    [VOUCH__CARD_SIGNS] = { "signs", VOUCH__PARAM_CHOICE, 0, 0, VOUCH__CARD_SIGNS_DROP, "drop|held|free", "",
                            "A coefficient that would give more points to riskier bins: its characteristic "
                            "is "
                            "dropped and the rest fitted again, or all are fitted under that bound, or it "
                            "stays." },
    [VOUCH__CARD_STEPWISE] = { "stepwise", VOUCH__PARAM_CHOICE, 0, 0, 0, "none|forward|backward|both", "",
                               "Choose characteristics by the criterion; max_p is then not used." },
    [VOUCH__CARD_CRITERION] = { "criterion", VOUCH__PARAM_CHOICE, 0, 0, 0, "aic|bic", "",
                                "What stepwise makes least." },
    [VOUCH__CARD_ROUNDING] = { "rounding", VOUCH__PARAM_CHOICE, 0, 0, 0, "auc|log_loss|nearest", "",
                               "Integer points that lose least of the AUC, or of the log-likelihood, over "
                               "the "
                               "training rows; or the nearest." },
};

static const char *const settings[] = { "overrides", NULL };

static void predict(const void *state, vouch__matrix x, double *raw)
{
    const vouch__card *card = &((const vouch__scorecard *)state)->card;
    for (size_t i = 0; i < x.rows; i++)
        raw[i] = vouch__card_raw(card, vouch__card_total(card, x.at + i * x.cols));
}

static double probability(const void *state, double raw)
{
    (void)state;
    return vouch__sigmoid(raw);
}

static int32_t points(const void *state, const double *row)
{
    return (int32_t)vouch__card_total(&((const vouch__scorecard *)state)->card, row);
}

double vouch__card_mean_points(const vouch__card_input *c)
{
    double rows = 0.0, sum = 0.0;
    for (size_t b = 0; b < c->n_bins; b++) {
        double n = c->bin[b].n_good + c->bin[b].n_bad;
        rows += n;
        sum += n * (double)c->bin[b].points;
    }
    return sum / rows;
}

/* Exact for an additive model: what a row's bin says less what the training rows say on average. */
static vouch_status contributions(vouch_ctx *ctx, const void *state, vouch__matrix x, double *out,
                                  double *base)
{
    const vouch__card *card = &((const vouch__scorecard *)state)->card;
    double total = (double)card->base_points;
    (void)ctx;
    if (x.rows > 0)
        memset(out, 0, x.rows * x.cols * sizeof *out);
    for (size_t c = 0; c < card->n; c++) {
        const vouch__card_input *at = &card->at[c];
        double mean = vouch__card_mean_points(at);
        total += mean;
        for (size_t i = 0; i < x.rows; i++) {
            size_t cell = i * x.cols + at->input;
            out[cell] = (mean - (double)at->bin[vouch__card_bin(card, c, x.at[cell])].points) / card->factor;
        }
    }
    *base = (card->offset - total) / card->factor;
    return VOUCH_OK;
}

void vouch__card_free(const vouch_alloc *alloc, void *state)
{
    vouch__scorecard *s = state;
    if (!s)
        return;
    for (size_t c = 0; s->card.at && c < s->card.n; c++)
        vouch__card_input_clear(alloc, &s->card.at[c]);
    vouch__free(alloc, s->card.at);
    vouch__free(alloc, s->card.record);
    vouch__doc_free(s->card.told);
    vouch__free(alloc, s);
}

const vouch__form vouch__card_forms[VOUCH__CARD_FORMS] = {
    { "c", vouch__card_c },
    { "json", vouch__card_form_json },
    { "pmml", vouch__card_pmml },
    VOUCH__SAID_SQL,
};

const vouch__model_kind vouch__kind_scorecard = {
    .name = "scorecard",
    .title = "Scorecard",
    .version = 2,
    .params_of_1 = VOUCH__CARD_PARAMS_OF_1,
    .capabilities = VOUCH__CAN_POINTS | VOUCH__CAN_ADDITIVE | VOUCH__CAN_CALIBRATED,
    .params = params,
    .n_params = VOUCH__CARD_PARAMS,
    .settings = settings,
    .fit = vouch__card_fit,
    .predict = predict,
    .probability = probability,
    .points = points,
    .contributions = contributions,
    .describe = vouch__card_describe,
    .save = vouch__card_save,
    .load = vouch__card_load,
    .free = vouch__card_free,
    .say = vouch__card_say,
    .form = vouch__card_forms,
    .n_forms = VOUCH__CARD_FORMS,
};

const vouch__card *vouch__model_card(const struct vouch_model *model)
{
    return model->kind == &vouch__kind_scorecard ? &((const vouch__scorecard *)model->state)->card : NULL;
}
