/* A generalised linear model in tables: what it is, its coefficients with their uncertainty, and what they
 * mean as factors on the mean (or the odds), level by level. */
#include "models/glm/glm_fit.h"
#include "models/tell.h"

#include "num/special.h"

#include <math.h>
#include <string.h>

/* How many errors an interval reaches to either side. */
static double reach(const vouch__glm *glm)
{
    if (!glm->uses_t)
        return vouch__normal_quantile(0.5 + 0.5 * glm->level);
    double x = vouch__beta_quantile(glm->level, 0.5, 0.5 * glm->facts.degrees);
    return sqrt(glm->facts.degrees * x / (1.0 - x));
}

static double p_value(const vouch__glm *glm, double statistic)
{
    if (isnan(statistic)) /* penalised estimates have no errors */
        return NAN;
    double tail = glm->uses_t ? vouch__t_sf(fabs(statistic), glm->facts.degrees)
                              : vouch__normal_sf(fabs(statistic));
    return fmin(1.0, 2.0 * tail);
}

static void estimate(const vouch__glm *glm, vouch__doc *doc, vouch__json *rows, const char *label,
                     double value, double error, bool is_left_out)
{
    double far = reach(glm);
    vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
    vouch__json_push(doc, row, vouch__json_text(doc, label));
    vouch__tell_push(doc, row, is_left_out ? NAN : value);
    vouch__tell_push(doc, row, error);
    vouch__tell_push(doc, row, value / error);
    vouch__tell_push(doc, row, p_value(glm, value / error));
    vouch__tell_push(doc, row, value - far * error);
    vouch__tell_push(doc, row, value + far * error);
}

static void coefficients(const vouch__glm *glm, const vouch__inputs *inputs, vouch__doc *doc,
                         vouch__json *object)
{
    const char *column[] = { "coefficient", "estimate", "standard_error", glm->uses_t ? "t" : "z", "p_value",
                             "low",         "high" };
    vouch__json *rows = vouch__tell_table(doc, object, "coefficients", column,
                                          sizeof column / sizeof *column);
    for (size_t k = glm->has_intercept ? 0 : 1; k < glm->n_columns; k++) {
        const vouch__glm_estimate *e = &glm->estimate[k];
        char label[VOUCH__GLM_LABEL];
        vouch__glm_label(glm, inputs, k, label, sizeof label);
        estimate(glm, doc, rows, label, e->value, e->error, e->is_left_out);
    }
    if (!glm->n_precision)
        return;
    column[0] = "log_precision";
    rows = vouch__tell_table(doc, object, "precision", column, sizeof column / sizeof *column);
    for (size_t k = 0; k < glm->n_precision; k++) {
        const vouch__glm_precision *at = &glm->precision[k];
        char label[VOUCH__GLM_LABEL];
        vouch__glm_label(glm, inputs, at->column, label, sizeof label);
        estimate(glm, doc, rows, label, at->value, at->error, false);
    }
}

/* ---- relativities ---- */

typedef struct telling {
    const vouch__glm *glm;
    vouch__doc *doc;
    vouch__json *rows;
    double far;
} telling;

/* by: how much more of the input the factor is of; 1 for a level. */
static void relativity(const telling *t, const char *input, const char *level, const double *tally,
                       size_t column, double by)
{
    const vouch__glm_estimate *e = column ? &t->glm->estimate[column] : NULL;
    vouch__json *row = vouch__json_push(t->doc, t->rows, vouch__json_array(t->doc));
    vouch__json_push(t->doc, row, vouch__json_text(t->doc, input));
    vouch__json_push(t->doc, row, vouch__json_text(t->doc, level));
    vouch__tell_push(t->doc, row, tally ? tally[0] : t->glm->facts.rows);
    vouch__tell_push(t->doc, row, tally ? tally[1] : t->glm->facts.weight);
    vouch__tell_push(t->doc, row, tally ? tally[2] / tally[1] : NAN);
    vouch__tell_push(t->doc, row, e ? vouch__exp(by * e->value) : 1.0);
    vouch__tell_push(t->doc, row, e ? vouch__exp(by * (e->value - t->far * e->error)) : NAN);
    vouch__tell_push(t->doc, row, e ? vouch__exp(by * (e->value + t->far * e->error)) : NAN);
}

/* The factor of one more says nothing of an amount of money: of ten, a hundred ... more, until the factor or
 * a bound of it is a hundredth off 1. */
static void line_relativity(const telling *t, const char *input, size_t column)
{
    static const char *const level[] = { "one more",       "10 more",         "100 more",
                                         "1,000 more",     "10,000 more",     "100,000 more",
                                         "1,000,000 more", "10,000,000 more", "100,000,000 more" };
    const vouch__glm_estimate *e = &t->glm->estimate[column];
    const double reach = fabs(e->value) + (isnan(e->error) ? 0.0 : t->far * fabs(e->error));
    size_t zeros = 0;
    double by = 1.0;
    for (; zeros + 1 < sizeof level / sizeof *level && reach > 0.0 && by * reach < 0.01; zeros++)
        by *= 10.0;
    relativity(t, input, level[zeros], NULL, column, by);
}

static void piece_relativities(const telling *t, const vouch__inputs *inputs, const vouch__glm_term *term)
{
    const vouch__glm_piece *p = &t->glm->piece[term->a];
    const vouch__input *input = &inputs->at[p->input];
    char number[VOUCH__DOUBLE_MAX];
    if (p->type == VOUCH__GLM_LINEAR)
        line_relativity(t, input->name, term->first);
    if (p->type != VOUCH__GLM_LEVELS && p->type != VOUCH__GLM_FLAGS)
        return;
    for (size_t k = 0; k < p->n_levels; k++) {
        const char *level = "missing";
        if (p->tally[3 * k] <= 0.0 || (p->type == VOUCH__GLM_FLAGS && !p->level[k]))
            continue;
        if (k + 1 < p->n_levels && p->type == VOUCH__GLM_LEVELS) {
            level = input->category[k];
        } else if (k + 1 < p->n_levels) {
            (void)vouch__double_text(p->knot[k], number);
            level = number;
        }
        relativity(t, input->name, level, p->tally + 3 * k, p->level[k] ? term->first + p->level[k] - 1 : 0,
                   1.0);
    }
}

static bool has_relativities(const vouch__glm *glm)
{
    return glm->law.link == VOUCH__GLM_LOG || glm->law.link == VOUCH__GLM_LOGIT ||
           glm->law.link == VOUCH__GLM_CLOGLOG;
}

static void relativities(const vouch__glm *glm, const vouch__inputs *inputs, vouch__doc *doc,
                         vouch__json *object)
{
    const char *const column[] = { "input",       "level",      "rows", "weight",
                                   "mean_target", "relativity", "low",  "high" };
    telling t = { glm, doc, NULL, reach(glm) };
    if (!has_relativities(glm))
        return;
    t.rows = vouch__tell_table(doc, object, "relativities", column, sizeof column / sizeof *column);
    for (size_t k = 0; k < glm->n_terms; k++)
        if (glm->term[k].b == SIZE_MAX)
            piece_relativities(&t, inputs, &glm->term[k]);
}

/* What a spline says between its outer knots, against the average of the training rows: its coefficients say
 * nothing that anybody can read. Several values a gap of knots, the knots among them. */
static void curve(const vouch__glm *glm, const vouch__glm_term *term, vouch__doc *doc, vouch__json *object)
{
    enum { A_GAP = 8 };
    const vouch__glm_piece *p = &glm->piece[term->a];
    bool is_factor = has_relativities(glm);
    const char *const column[] = { "value", is_factor ? "relativity" : "effect" };
    vouch__json *rows = vouch__tell_table(doc, object, "curve", column, 2);
    for (size_t i = 0; i + 1 < p->n_knots; i++)
        for (size_t k = 0; k < A_GAP + (i + 2 == p->n_knots); k++) {
            double basis[VOUCH__GLM_BASIS_MAX], sum = 0.0;
            double x = p->knot[i] + (p->knot[i + 1] - p->knot[i]) * (double)k / A_GAP;
            vouch__glm_basis(p, x, basis);
            for (size_t j = 0; j < p->n; j++)
                sum += glm->estimate[term->first + j].value * (basis[j] - p->mean[j]);
            vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
            vouch__tell_push(doc, row, x);
            vouch__tell_push(doc, row, is_factor ? vouch__exp(sum) : sum);
        }
}

static void splines(const vouch__glm *glm, const vouch__inputs *inputs, vouch__doc *doc, vouch__json *object)
{
    vouch__json *list = NULL;
    for (size_t k = 0; k < glm->n_pieces; k++) {
        const vouch__glm_piece *p = &glm->piece[k];
        if (p->type != VOUCH__GLM_NATURAL && p->type != VOUCH__GLM_BSPLINE)
            continue;
        if (!list)
            list = vouch__json_set(doc, object, "splines", vouch__json_array(doc));
        vouch__json *o = vouch__json_push(doc, list, vouch__json_object(doc));
        vouch__json_set(doc, o, "input", vouch__json_text(doc, inputs->at[p->input].name));
        vouch__json_set(
            doc, o, "type",
            vouch__json_text(doc, p->type == VOUCH__GLM_NATURAL ? "natural cubic" : "cubic B-spline"));
        vouch__json *knots = vouch__json_set(doc, o, "knots", vouch__json_array(doc));
        for (size_t i = 0; i < p->n_knots; i++)
            vouch__tell_push(doc, knots, p->knot[i]);
        for (size_t t = 0; t < glm->n_terms; t++)
            if (glm->term[t].a == k && glm->term[t].b == SIZE_MAX)
                curve(glm, &glm->term[t], doc, o);
    }
}

static const char *meaning(const vouch__glm *glm)
{
    switch (glm->law.link) {
    case VOUCH__GLM_LOGIT:
        return "raw is the log-odds; a relativity multiplies the odds, against the base level or for as much "
               "more of the input as its row says.";
    case VOUCH__GLM_LOG:
        return "raw is the log of the mean; a relativity multiplies the mean, against the base level or for "
               "as "
               "much more of the input as its row says.";
    case VOUCH__GLM_CLOGLOG:
        return "raw is log(-log(1 - p)); a relativity multiplies the hazard, against the base level or for "
               "as "
               "much more of the input as its row says.";
    default: return "raw is the linear predictor; the mean is its inverse link.";
    }
}

static void facts(const vouch__glm *glm, vouch__doc *doc, vouch__json *object)
{
    static const char *const covariance[] = { "model", "hc0", "hc1", "hc2", "hc3", "cluster" };
    const vouch__glm_facts *f = &glm->facts;
    vouch__json *fit = vouch__json_set(doc, object, "fit", vouch__json_object(doc));
    vouch__tell_number(doc, fit, "rows", f->rows);
    vouch__tell_number(doc, fit, "weight", f->weight);
    vouch__tell_number(doc, fit, "coefficients", f->used);
    vouch__tell_number(doc, fit, "degrees_of_freedom", f->degrees);
    vouch__tell_number(doc, fit, "deviance", f->deviance);
    vouch__tell_number(doc, fit, "null_deviance", f->null_deviance);
    vouch__tell_number(doc, fit, "pearson_chi2", f->pearson);
    vouch__tell_number(doc, fit, "dispersion", f->dispersion);
    vouch__tell_number(doc, fit, "log_likelihood", f->log_likelihood);
    vouch__tell_number(doc, fit, "aic", f->aic);
    vouch__tell_number(doc, fit, "bic", f->bic);
    vouch__tell_number(doc, fit, "interval_level", glm->level);
    vouch__json_set(doc, fit, "covariance",
                    glm->is_penalised
                        ? vouch__json_text(doc, "none: penalised or bounded estimates have no such errors")
                        : vouch__json_text(doc, covariance[glm->covariance]));
    if (glm->n_precision)
        vouch__tell_number(doc, fit, "pseudo_r2", glm->pseudo_r2);
    if (glm->n_precision == 1) {
        vouch__tell_number(doc, fit, "precision", vouch__exp(glm->precision[0].value));
        vouch__tell_number(doc, fit, "precision_error",
                           vouch__exp(glm->precision[0].value) * glm->precision[0].error);
    }
    if (f->lambda > 0.0)
        vouch__tell_number(doc, fit, "lambda", f->lambda);
    if (glm->is_firth)
        vouch__json_set(doc, fit, "method", vouch__json_text(doc, "Firth's penalised likelihood"));
}

void vouch__glm_describe(const void *state, const vouch__inputs *inputs, vouch__doc *doc, vouch__json *object)
{
    const vouch__glm *glm = state;
    vouch__json_set(doc, object, "family", vouch__json_text(doc, vouch__glm_family_name(glm->law.family)));
    vouch__json_set(doc, object, "link", vouch__json_text(doc, vouch__glm_link_name(glm->law.link)));
    if (glm->law.family == VOUCH__GLM_TWEEDIE)
        vouch__tell_number(doc, object, "variance_power", glm->law.power);
    if (glm->law.family == VOUCH__GLM_NEGATIVE_BINOMIAL)
        vouch__tell_number(doc, object, "alpha", glm->law.alpha);
    if (glm->n_precision)
        vouch__json_set(doc, object, "precision_link",
                        vouch__json_text(doc, "log: the table precision tells the logarithm of phi; the "
                                              "variance is mu (1 - mu) / (1 + phi)"));
    if (glm->offset != SIZE_MAX)
        vouch__json_set(doc, object, "offset", vouch__json_text(doc, inputs->at[glm->offset].name));
    if (glm->exposure != SIZE_MAX)
        vouch__json_set(doc, object, "exposure", vouch__json_text(doc, inputs->at[glm->exposure].name));
    vouch__json_set(doc, object, "convention", vouch__json_text(doc, meaning(glm)));
    facts(glm, doc, object);
    coefficients(glm, inputs, doc, object);
    relativities(glm, inputs, doc, object);
    splines(glm, inputs, doc, object);
}
