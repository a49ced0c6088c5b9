/* The kind gam: its parameters, its memory, and what it is to the rest of vouch. raw is the sum of intercept,
 * offset, shapes and tables; probability is the mean that the inverse link
 * makes of it. */
#include "models/gam/gam.h"
#include "models/say.h"

#include "num/special.h"

#include <math.h>

/* clang-format off */
static const vouch__param params[VOUCH__GAM_PARAMS] = {
    [VOUCH__GAM_LOSS] = { "loss", VOUCH__PARAM_CHOICE, 0, 4, 0, "logistic|squared|poisson|gamma|tweedie", "",
        "What is made small: log-loss of a 0/1 target, squared loss of a number, or the deviance of a count, an amount "
        "or an amount that may be 0." },
    [VOUCH__GAM_BAGS] = { "bags", VOUCH__PARAM_INTEGER, 1, 100, 6, NULL, "bags",
        "How many samples of the training rows are fitted and averaged; two or more give standard errors." },
    [VOUCH__GAM_BAG_SHARE] = { "bag_share", VOUCH__PARAM_REAL, 0.3, 0.95, 0.85, NULL, "",
        "Share of the training rows in each bag." },
    [VOUCH__GAM_ROUNDS] = { "rounds", VOUCH__PARAM_INTEGER, 1, 100000, 3000, NULL, "rounds",
        "Most rounds; in each every shape takes one step." },
    [VOUCH__GAM_LEARNING_RATE] = { "learning_rate", VOUCH__PARAM_REAL, 0.001, 1, 0.05, NULL, "",
        "What share of its best step a shape takes." },
    [VOUCH__GAM_LEAVES] = { "leaves", VOUCH__PARAM_INTEGER, 2, 16, 3, NULL, "leaves",
        "Most pieces of one step of a shape." },
    [VOUCH__GAM_MAX_BINS] = { "max_bins", VOUCH__PARAM_INTEGER, 2, 253, 253, NULL, "bins",
        "Most bins of an input, besides those for missing values and special codes." },
    [VOUCH__GAM_MIN_ROWS] = { "min_rows", VOUCH__PARAM_INTEGER, 1, 1e8, 5, NULL, "rows",
        "Least number of a bag's rows in a piece of a step." },
    [VOUCH__GAM_L2] = { "l2", VOUCH__PARAM_REAL, 0, 1e6, 0, NULL, "", "Added to the curvature of a piece; shortens its steps." },
    [VOUCH__GAM_CATEGORY_L2] = { "category_l2", VOUCH__PARAM_REAL, 0, 1e6, 1, NULL, "",
        "Ridge on the values of categories, missing values and special codes, in units of curvature." },
    [VOUCH__GAM_EARLY_STOP] = { "early_stop", VOUCH__PARAM_INTEGER, 0, 100000, 50, NULL, "rounds",
        "Stop when the loss of the held rows has not fallen for so many rounds; 0: never." },
    [VOUCH__GAM_SMOOTH_ROUNDS] = { "smooth_rounds", VOUCH__PARAM_INTEGER, 0, 100000, 200, NULL, "rounds",
        "First rounds whose cuts are drawn at random, which makes shapes smoother." },
    [VOUCH__GAM_PAIRS] = { "pairs", VOUCH__PARAM_INTEGER, 0, VOUCH__GAM_PAIRS_MAX, 10, NULL, "pairs",
        "Most pairs of inputs that get a table, of those that chance does not explain; 0: none. interactions names them instead." },
    [VOUCH__GAM_PAIR_BINS] = { "pair_bins", VOUCH__PARAM_INTEGER, 2, VOUCH__GAM_SIDE, 48, NULL, "bins",
        "Most bins of an input of a pair." },
    [VOUCH__GAM_POWER] = { "power", VOUCH__PARAM_REAL, 1.05, 1.95, 1.5, NULL, "",
        "Tweedie loss: the variance grows with the mean to this power." },
};
/* clang-format on */

vouch_status vouch__gam_shape_memory(vouch_ctx *ctx, vouch__gam_shape *s)
{
    size_t n = s->bins.n_bins;
    s->bins.cut = vouch__alloc(ctx, VOUCH__GAM_BINS, sizeof *s->bins.cut);
    s->bins.bin_of = vouch__alloc(ctx, s->bins.n_codes + 1, 1);
    s->value = vouch__alloc(ctx, n, sizeof *s->value);
    s->error = vouch__alloc(ctx, n, sizeof *s->error);
    s->weight = vouch__alloc(ctx, n, sizeof *s->weight);
    s->at = vouch__alloc(ctx, n, sizeof *s->at);
    s->apart = vouch__alloc(ctx, n, 1);
    bool is_made = s->bins.cut && s->bins.bin_of && s->value && s->error && s->weight && s->at && s->apart;
    return is_made ? VOUCH_OK : vouch__oom(ctx);
}

vouch_status vouch__gam_pair_memory(vouch_ctx *ctx, const vouch__gam *gam, vouch__gam_pair *p)
{
    size_t cells = p->n_a * p->n_b;
    p->to_a = vouch__alloc(ctx, gam->shape[p->a].bins.n_bins, 1);
    p->to_b = vouch__alloc(ctx, gam->shape[p->b].bins.n_bins, 1);
    p->value = vouch__alloc(ctx, cells, sizeof *p->value);
    p->error = vouch__alloc(ctx, cells, sizeof *p->error);
    p->weight = vouch__alloc(ctx, cells, sizeof *p->weight);
    return p->to_a && p->to_b && p->value && p->error && p->weight ? VOUCH_OK : vouch__oom(ctx);
}

void vouch__gam_free(const vouch_alloc *alloc, void *state)
{
    vouch__gam *gam = state;
    if (!gam)
        return;
    for (size_t j = 0; gam->shape && j < gam->n_inputs; j++) {
        vouch__gam_shape *s = &gam->shape[j];
        void *const own[] = { s->bins.cut, s->bins.bin_of, s->value, s->error,
                              s->weight,   s->at,          s->apart, s->fitted };
        for (size_t k = 0; k < sizeof own / sizeof own[0]; k++)
            vouch__free(alloc, own[k]);
    }
    for (size_t p = 0; gam->pair && p < gam->n_pairs; p++) {
        vouch__gam_pair *pair = &gam->pair[p];
        void *const own[] = { pair->to_a, pair->to_b, pair->value, pair->error, pair->weight };
        for (size_t k = 0; k < sizeof own / sizeof own[0]; k++)
            vouch__free(alloc, own[k]);
    }
    vouch__free(alloc, gam->shape);
    vouch__free(alloc, gam->pair);
    vouch__doc_free(gam->log);
    vouch__free(alloc, gam);
}

static double probability(const void *state, double raw)
{
    const vouch__gam *gam = state;
    if (isnan(raw))
        return NAN;
    switch (vouch__gbdt_link(gam->loss)) {
    case VOUCH_LINK_LOGIT: return vouch__sigmoid(raw);
    case VOUCH_LINK_LOG: return vouch__exp(raw);
    default: return raw;
    }
}

static vouch__scale scale(const void *state)
{
    return vouch__link_scale(vouch__gbdt_link(((const vouch__gam *)state)->loss));
}

static vouch_status check(vouch_ctx *ctx, const void *state, const vouch__inputs *inputs, vouch__matrix x,
                          size_t first)
{
    const vouch__gam *gam = state;
    (void)inputs;
    if (gam->offset == SIZE_MAX && gam->exposure == SIZE_MAX)
        return VOUCH_OK;
    for (size_t i = 0; i < x.rows; i++)
        if (!isfinite(vouch__gam_offset(gam, x.at + i * x.cols)))
            return vouch__fail(
                ctx, VOUCH_E_DATA,
                "score: row %zu has no offset: it must not be missing, and an exposure must be above 0",
                first + i);
    return VOUCH_OK;
}

static const char *const settings[] = { "offset", "exposure", "curve", "interactions", "edits", NULL };

static const vouch__form forms[] = {
    { "c", vouch__gam_c }, { "json", vouch__gam_json }, { "pmml", vouch__said_pmml }, VOUCH__SAID_SQL
};

const vouch__model_kind vouch__kind_gam = {
    .name = "gam",
    .title = "Additive boosting",
    .version = 1,
    .capabilities = VOUCH__CAN_ADDITIVE | VOUCH__CAN_CALIBRATED,
    .params = params,
    .n_params = VOUCH__GAM_PARAMS,
    .settings = settings,
    .fit = vouch__gam_fit,
    .predict = vouch__gam_predict,
    .probability = probability,
    .scale = scale,
    .check = check,
    .contributions = vouch__gam_contributions,
    .n_moments = vouch__gam_n_moments,
    .add_moments = vouch__gam_add_moments,
    .moment_values = vouch__gam_moment_values,
    .describe = vouch__gam_describe,
    .save = vouch__gam_save,
    .load = vouch__gam_load,
    .free = vouch__gam_free,
    .say = vouch__gam_say,
    .form = forms,
    .n_forms = sizeof forms / sizeof forms[0],
};
