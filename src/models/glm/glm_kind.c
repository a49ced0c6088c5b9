/* The kind glm: its parameters and what it is to the rest of vouch. raw is the linear predictor (log-odds for
 * the usual link of a binomial); probability is the mean that the inverse link makes of it. */
#include "models/glm/glm_fit.h"
#include "models/glm/glm_moments.h"
#include "models/say.h"

#include <math.h>

/* clang-format off */
static const vouch__param params[VOUCH__GLM_PARAMS] = {
    [VOUCH__GLM_FAMILY] = { "family", VOUCH__PARAM_CHOICE, 0, 7, 1,
        "gaussian|binomial|poisson|gamma|inverse_gaussian|tweedie|negative_binomial|beta", "",
        "What the target follows around its mean." },
    [VOUCH__GLM_LINK] = { "link", VOUCH__PARAM_CHOICE, 0, 8, 0,
        "auto|identity|log|inverse|logit|probit|cloglog|inverse_squared|power", "",
        "How the mean hangs on the linear predictor; auto: identity for gaussian, logit for binomial and beta, else "
        "log." },
    [VOUCH__GLM_TWEEDIE_POWER] = { "tweedie_power", VOUCH__PARAM_REAL, 0, 10, 0, NULL, "",
        "Variance power of family tweedie; 0: estimated between 1 and 2." },
    [VOUCH__GLM_ALPHA] = { "alpha", VOUCH__PARAM_REAL, 0, 1e6, 0, NULL, "",
        "Of family negative_binomial: variance mu + alpha mu^2; 0: estimated." },
    [VOUCH__GLM_LINK_POWER] = { "link_power", VOUCH__PARAM_REAL, -10, 10, 1, NULL, "",
        "Exponent of link power." },
    [VOUCH__GLM_INTERCEPT] = { "intercept", VOUCH__PARAM_FLAG, 0, 1, 1, NULL, "",
        "Whether there is a constant term." },
    [VOUCH__GLM_PENALTY] = { "penalty", VOUCH__PARAM_REAL, 0, 1e9, 0, NULL, "",
        "Strength of the elastic net (lambda), beside the mean half deviance; 0: none." },
    [VOUCH__GLM_MIX] = { "mix", VOUCH__PARAM_REAL, 0, 1, 0.5, NULL, "",
        "Share of the lasso in the penalty: 1 lasso, 0 ridge." },
    [VOUCH__GLM_STANDARDISE] = { "standardise", VOUCH__PARAM_FLAG, 0, 1, 1, NULL, "",
        "Penalise coefficients of columns with unit standard deviation." },
    [VOUCH__GLM_LAMBDAS] = { "lambdas", VOUCH__PARAM_INTEGER, 0, 1000, 0, NULL, "",
        "How many penalties to try, from the one that keeps nothing down; 0: only penalty." },
    [VOUCH__GLM_LAMBDA_RATIO] = { "lambda_ratio", VOUCH__PARAM_REAL, 1e-8, 1, 0.001, NULL, "",
        "Smallest penalty of the path as a share of the largest." },
    [VOUCH__GLM_CHOOSE] = { "choose", VOUCH__PARAM_CHOICE, 0, 3, 0, "tune|aic|bic|last", "",
        "Which penalty of the path is kept: least deviance on tune rows (bic where there are none), a criterion, or "
        "the smallest." },
    [VOUCH__GLM_COVARIANCE] = { "covariance", VOUCH__PARAM_CHOICE, 0, 5, 0, "model|hc0|hc1|hc2|hc3|cluster", "",
        "Which covariance the errors come from." },
    [VOUCH__GLM_DISPERSION] = { "dispersion", VOUCH__PARAM_CHOICE, 0, 3, 0, "auto|pearson|deviance|one", "",
        "How the dispersion is estimated; auto: 1 where the family has none, else Pearson's." },
    [VOUCH__GLM_WEIGHTS] = { "weights", VOUCH__PARAM_CHOICE, 0, 1, 0, "prior|frequency", "",
        "Whether a weight of 2 says a more certain row, or that the row stands for two." },
    [VOUCH__GLM_BASE_LEVEL] = { "base_level", VOUCH__PARAM_CHOICE, 0, 1, 0, "heaviest|first", "",
        "Which level of a category is the base, unless base names it." },
    [VOUCH__GLM_UNSEEN] = { "unseen", VOUCH__PARAM_CHOICE, 0, 2, 0, "base|average|refuse", "",
        "What a category that training did not have counts as." },
    [VOUCH__GLM_MISSING] = { "missing", VOUCH__PARAM_CHOICE, 0, 2, 0, "flag|mean|refuse", "",
        "A missing number: the mean with a coefficient of its own, the mean, or an error." },
    [VOUCH__GLM_COLLINEAR] = { "collinear", VOUCH__PARAM_CHOICE, 0, 1, 0, "drop|refuse", "",
        "A column that depends on those before it: left out and said, or an error." },
    [VOUCH__GLM_FIRTH] = { "firth", VOUCH__PARAM_FLAG, 0, 1, 0, NULL, "",
        "Firth's penalised likelihood: finite coefficients under separation (binomial, logit)." },
    [VOUCH__GLM_LEVEL] = { "level", VOUCH__PARAM_REAL, 0.5, 0.9999, 0.95, NULL, "",
        "Coverage of the intervals." },
    [VOUCH__GLM_INFLUENCE] = { "influence", VOUCH__PARAM_FLAG, 0, 1, 1, NULL, "",
        "Tell leverage and the rows that move the fit most, where rows times coefficients squared is below 1e9." },
    [VOUCH__GLM_SQUEEZE] = { "squeeze", VOUCH__PARAM_FLAG, 0, 1, 0, NULL, "",
        "Of family beta: shares are moved inside (0, 1) as (y (n - 1) + 1/2) / n, so that 0 and 1 may be among them." },
};
/* clang-format on */

static void predict(const void *state, vouch__matrix x, double *raw)
{
    for (size_t i = 0; i < x.rows; i++)
        raw[i] = vouch__glm_raw(state, x.at + i * x.cols);
}

static double probability(const void *state, double raw)
{
    const vouch__glm *glm = state;
    return isnan(raw) || !vouch__glm_is_valid(&glm->law, raw) ? NAN : vouch__glm_mean(&glm->law, raw);
}

static vouch__scale scale(const void *state)
{
    const vouch__glm_law *law = &((const vouch__glm *)state)->law;
    if (law->family == VOUCH__GLM_BINOMIAL || law->family == VOUCH__GLM_BETA)
        return VOUCH__SCALE_SHARE;
    return law->link == VOUCH__GLM_LOG ? VOUCH__SCALE_LOG : VOUCH__SCALE_MEAN;
}

static vouch_status check(vouch_ctx *ctx, const void *state, const vouch__inputs *inputs, vouch__matrix x,
                          size_t first)
{
    const vouch__glm *glm = state;
    for (size_t i = 0; i < x.rows; i++) {
        const double *row = x.at + i * x.cols;
        if (isnan(vouch__glm_offset(glm, row)))
            return vouch__fail(
                ctx, VOUCH_E_DATA,
                "score: row %zu has no offset: it must not be missing, and an exposure must be "
                "above 0",
                first + i);
        for (size_t p = 0; p < glm->n_pieces; p++) {
            const vouch__glm_piece *piece = &glm->piece[p];
            double v = row[piece->input];
            bool is_level = piece->type == VOUCH__GLM_LEVELS;
            if (is_level && glm->unseen == VOUCH__GLM_UNSEEN_REFUSE && v < 0.0)
                return vouch__fail(ctx, VOUCH_E_DATA,
                                   "score: row %zu has a category of '%s' never seen before", first + i,
                                   inputs->at[piece->input].name);
            if (!is_level && glm->missing == VOUCH__GLM_MISSING_REFUSE && isnan(v))
                return vouch__fail(ctx, VOUCH_E_DATA, "score: row %zu has no value of '%s'", first + i,
                                   inputs->at[piece->input].name);
        }
    }
    return VOUCH_OK;
}

static const char *const settings[] = { "offset",       "exposure",  "cluster",   "base", "splines",
                                        "interactions", "leave_out", "precision", NULL };

static const vouch__form forms[] = {
    { "c", vouch__said_c }, { "json", vouch__said_json }, { "pmml", vouch__said_pmml }, VOUCH__SAID_SQL
};

const vouch__model_kind vouch__kind_glm = {
    .name = "glm",
    .title = "Generalised linear model",
    .version = 2,
    .params_of_1 = VOUCH__GLM_SQUEEZE,
    .capabilities = VOUCH__CAN_ADDITIVE | VOUCH__CAN_CALIBRATED,
    .params = params,
    .n_params = VOUCH__GLM_PARAMS,
    .settings = settings,
    .fit = vouch__glm_fit,
    .predict = predict,
    .probability = probability,
    .scale = scale,
    .check = check,
    .contributions = vouch__glm_contributions,
    .n_moments = vouch__glm_n_moments,
    .add_moments = vouch__glm_add_moments,
    .moment_values = vouch__glm_moment_values,
    .describe = vouch__glm_describe,
    .save = vouch__glm_save,
    .load = vouch__glm_load,
    .free = vouch__glm_free,
    .say = vouch__glm_say,
    .form = forms,
    .n_forms = sizeof forms / sizeof forms[0],
};
