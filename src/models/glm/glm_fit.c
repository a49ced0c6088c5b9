/* A fit from parameters and rows to a model: terms, design, solution, facts, errors; and the messages for
 * what has no solution. */
#include "models/glm/glm_fit.h"
#include "models/glm/glm_columns.h"

#include "num/special.h"

#include <math.h>
#include <string.h>

/* ---- the law ---- */

static vouch_status read_law(vouch_ctx *ctx, const double *value, vouch__glm_law *law)
{
    law->family = (vouch__glm_family)value[VOUCH__GLM_FAMILY];
    law->link = value[VOUCH__GLM_LINK] == 0.0 ? vouch__glm_usual_link(law->family)
                                              : (vouch__glm_link)(value[VOUCH__GLM_LINK] - 1.0);
    law->power = value[VOUCH__GLM_TWEEDIE_POWER];
    law->alpha = value[VOUCH__GLM_ALPHA];
    law->exponent = value[VOUCH__GLM_LINK_POWER];
    if (!vouch__glm_link_suits(law->family, law->link))
        return vouch__fail(ctx, VOUCH_E_ARG, "glm: family %s has no link %s",
                           vouch__glm_family_name(law->family), vouch__glm_link_name(law->link));
    if (law->family == VOUCH__GLM_TWEEDIE && law->power != 0.0 && law->power < 1.0)
        return vouch__fail(ctx, VOUCH_E_ARG, "glm: tweedie_power must be 1 or above, or 0 to be estimated");
    if (law->link == VOUCH__GLM_POWER && law->exponent == 0.0)
        return vouch__fail(ctx, VOUCH_E_ARG, "glm: link_power must not be 0: that is link log");
    return VOUCH_OK;
}

/* The first law of a family whose own parameter is to be estimated. */
static void guess_shape(vouch__glm_fitting *f)
{
    vouch__glm_law *law = &f->glm->law;
    f->is_tuned_shape = (law->family == VOUCH__GLM_TWEEDIE && law->power == 0.0) ||
                        (law->family == VOUCH__GLM_NEGATIVE_BINOMIAL && law->alpha == 0.0);
    if (law->family == VOUCH__GLM_TWEEDIE && law->power == 0.0)
        law->power = 1.5;
    if (law->family == VOUCH__GLM_NEGATIVE_BINOMIAL && law->alpha == 0.0)
        law->alpha = 1.0;
}

/* ---- what can't be fitted ---- */

static vouch_status check_target(vouch_ctx *ctx, const vouch__glm_fitting *f)
{
    const vouch__glm_design *d = &f->design;
    vouch__glm_family family = f->glm->law.family;
    double p = 0.0;
    if (family == VOUCH__GLM_BINOMIAL && (d->target <= 0.0 || d->target >= 1.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "glm: every training row has target %d, must have both classes",
                           d->target > 0.0);
    if (family != VOUCH__GLM_GAUSSIAN && d->target <= 0.0)
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "glm: every training row has target 0: there is no mean to fit");
    for (size_t j = 0; j < d->p; j++)
        p += d->sd[j] > 0.0 || (j == 0 && d->has_intercept);
    if (d->p == 0)
        return vouch__fail(ctx, VOUCH_E_SHAPE,
                           "glm: no coefficient to fit: intercept is false and no input left");
    if (!f->glm->is_penalised && d->rows < p)
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "glm: %.0f rows for %.0f coefficients: no unique fit; a penalty above 0 gives one",
                           d->rows, p);
    return VOUCH_OK;
}

static vouch_status explain(vouch_ctx *ctx, const vouch__glm_fitting *f, vouch_status status, size_t at)
{
    char label[VOUCH__GLM_LABEL];
    if (at == SIZE_MAX || (status != VOUCH_E_DATA && status != VOUCH_E_CONVERGE))
        return status;
    vouch__glm_label(f->glm, f->data->binding->inputs, f->design.coefficient[at], label, sizeof label);
    if (status == VOUCH_E_DATA)
        return vouch__fail(
            ctx, status,
            "glm: '%s' is constant or depends on the columns before it (collinear: drop leaves it "
            "out)",
            label);
    if (f->glm->law.family == VOUCH__GLM_BINOMIAL)
        return vouch__fail(ctx, status,
                           "glm: '%s' separates the classes: no finite coefficient exists; firth: true or a "
                           "penalty above 0 gives one, or pool the level or leave the input out",
                           label);
    return vouch__fail(
        ctx, status,
        "glm: '%s' has a target of 0 throughout: no finite coefficient exists; a penalty above 0 "
        "gives one, or pool the level or leave the input out",
        label);
}

/* ---- from the design's columns to the model's ---- */

static void keep_estimates(vouch__glm_fitting *f)
{
    const vouch__glm_design *d = &f->design;
    const vouch__glm_solver *s = &f->solver;
    vouch__glm *glm = f->glm;
    size_t p = d->p;
    bool has_errors = !glm->is_penalised && (!glm->uses_t || glm->facts.degrees > 0.0);
    for (size_t j = 0; j < p; j++) {
        vouch__glm_estimate *e = &glm->estimate[d->coefficient[j]];
        e->is_left_out = s->left_out[j];
        e->value = s->left_out[j] ? 0.0 : s->beta[j];
        e->error = has_errors && !s->left_out[j] ? sqrt(fmax(0.0, f->covariance[j * p + j])) : NAN;
    }
    if (!d->has_intercept)
        return;
    double value, variance;
    vouch__glm_constant(d, s->beta, f->covariance, &value, &variance);
    glm->estimate[0].value = value;
    if (has_errors)
        glm->estimate[0].error = sqrt(fmax(0.0, variance));
}

static void log_fit(vouch__glm_fitting *f)
{
    vouch__doc *doc = f->doc;
    const vouch__inputs *inputs = f->data->binding->inputs;
    char label[VOUCH__GLM_LABEL];
    vouch__json_set(doc, f->log, "steps", vouch__json_number(doc, (double)f->solver.steps));
    if (f->is_tuned_shape)
        vouch__json_set(
            doc, f->log,
            f->glm->law.family == VOUCH__GLM_TWEEDIE ? "tweedie_power_estimated" : "alpha_estimated",
            vouch__json_number(doc, f->glm->law.family == VOUCH__GLM_TWEEDIE ? f->glm->law.power
                                                                             : f->glm->law.alpha));
    vouch__json *out = NULL;
    for (size_t j = 0; j < f->design.p; j++) {
        if (!f->solver.left_out[j])
            continue;
        if (!out)
            out = vouch__json_set(doc, f->log, "left_out", vouch__json_array(doc));
        vouch__glm_label(f->glm, inputs, f->design.coefficient[j], label, sizeof label);
        vouch__json *o = vouch__json_push(doc, out, vouch__json_object(doc));
        vouch__json_set(doc, o, "column", vouch__json_text(doc, label));
        vouch__json_set(doc, o, "why",
                        vouch__json_text(doc, f->design.sd[j] == 0.0 ? "constant over the training rows"
                                                                     : "depends on the columns before it"));
    }
}

static vouch_status solve(vouch_ctx *ctx, vouch__glm_fitting *f, size_t *out_at)
{
    *out_at = SIZE_MAX;
    if (f->glm->law.family == VOUCH__GLM_BETA)
        return vouch__glm_beta(ctx, f, out_at);
    if (f->glm->is_penalised)
        return vouch__glm_penalised(ctx, f);
    if (f->glm->is_firth)
        return vouch__glm_firth(ctx, f);
    if (f->is_tuned_shape)
        return vouch__glm_shape(ctx, f, out_at);
    if (vouch__glm_is_exact(f->glm, (size_t)f->design.rows, f->design.p))
        return vouch__glm_exact(ctx, &f->solver);
    return vouch__glm_solve(ctx, &f->solver, false, out_at);
}

static bool are_finite(const vouch__glm_design *d)
{
    double sum = 0.0;
    for (size_t j = 0; j < d->p; j++)
        sum += d->info[j * d->p + j];
    return fabs(sum) < INFINITY;
}

static vouch_status fit_design(vouch_ctx *ctx, vouch__glm_fitting *f)
{
    size_t at = SIZE_MAX;
    double constant;
    f->is_deceived = f->is_trusting && !are_finite(&f->design);
    if (f->is_deceived)
        return VOUCH_OK;
    vouch_status status = check_target(ctx, f);
    if (!status)
        status = vouch__glm_solver_make(ctx, &f->design, &f->glm->law, &f->solver);
    if (status)
        return status;
    f->solver.name = f->data->name ? f->data->name : "glm";
    f->solver.refuses_collinear = f->value[VOUCH__GLM_COLLINEAR] != 0.0;
    f->covariance = vouch__scratch(ctx, f->design.p * f->design.p + 1, sizeof *f->covariance);
    if (!f->covariance)
        return vouch__oom(ctx);
    memset(f->covariance, 0, f->design.p * f->design.p * sizeof *f->covariance);
    status = solve(ctx, f, &at);
    if (status)
        return explain(ctx, f, status, at);
    f->glm->law = f->solver.law;
    if (f->glm->law.family != VOUCH__GLM_BETA) {
        status = vouch__glm_null(ctx, &f->solver, &constant, &f->null_deviance);
        if (!status)
            status = vouch__glm_facts_make(ctx, f);
        if (!status && !f->glm->is_penalised)
            status = vouch__glm_errors(ctx, f);
    }
    if (status)
        return status;
    keep_estimates(f);
    log_fit(f);
    return VOUCH_OK;
}

/* Shares of 0 and 1 moved inside: (y (n - 1) + 1/2) / n, n the training rows (Smithson & Verkuilen 2006). */
static vouch_status squeeze(vouch_ctx *ctx, const vouch__glm_fitting *f, vouch__fit_data *out)
{
    vouch__part_rows *part[] = { &out->train, &out->tune };
    double n = (double)out->train.n;
    if (f->glm->law.family != VOUCH__GLM_BETA)
        return vouch__fail(ctx, VOUCH_E_ARG, "glm: squeeze is for family beta");
    for (size_t k = 0; k < 2; k++) {
        double *inside = vouch__scratch(ctx, part[k]->n + 1, sizeof *inside);
        if (!inside)
            return vouch__oom(ctx);
        for (size_t i = 0; i < part[k]->n; i++) {
            double y = part[k]->target[i];
            if (!(y >= 0.0 && y <= 1.0))
                return vouch__fail(ctx, VOUCH_E_DATA,
                                   "glm: target in training row %zu must be from 0 to 1 to be squeezed",
                                   i + 1);
            inside[i] = (y * (n - 1.0) + 0.5) / n;
        }
        part[k]->target = inside;
    }
    return VOUCH_OK;
}

/* Sums tell what is left of the deviance to the digits that cancelling leaves: where that is less than nine
 * of them, or a number that was trusted to be there is not, *out_again. */
static vouch_status fit_read(vouch_ctx *ctx, vouch__glm_fitting *f, bool is_summed, bool *out_again)
{
    size_t mark = vouch__scratch_mark(ctx);
    f->is_trusting = is_summed && f->value[VOUCH__GLM_MISSING] != (double)VOUCH__GLM_MISSING_REFUSE;
    vouch_status status = vouch__glm_terms_make(ctx, f->data, f->value, f->is_trusting, f->glm);
    if (!status)
        status = vouch__glm_design_make(ctx, f->data, f->glm, is_summed, &f->design);
    if (!status)
        status = fit_design(ctx, f);
    *out_again = !status && is_summed &&
                 (f->is_deceived || !(f->solver.deviance > 1e-6 * f->design.deviance));
    vouch__glm_design_clear(&f->design);
    if (*out_again) {
        vouch__glm_terms_clear(f->glm);
        vouch__scratch_reset(ctx, mark);
    }
    return status;
}

/* own is f->data, which squeezing changes. */
static vouch_status fit_rows(vouch_ctx *ctx, vouch__glm_fitting *f, vouch__fit_data *own)
{
    vouch__glm *glm = f->glm;
    vouch_status status = read_law(ctx, f->value, &glm->law);
    bool is_square = glm->law.family == VOUCH__GLM_GAUSSIAN && glm->law.link == VOUCH__GLM_IDENTITY;
    if (!status && f->data->is_event && glm->law.family != VOUCH__GLM_BINOMIAL)
        status = vouch__fail(ctx, VOUCH_E_ARG,
                             "glm: the target is an event and decisions need its probability: family must be "
                             "binomial, not %s",
                             vouch__glm_family_name(glm->law.family));
    if (!status && glm->is_firth &&
        (glm->law.family != VOUCH__GLM_BINOMIAL || glm->law.link != VOUCH__GLM_LOGIT || glm->is_penalised))
        status = vouch__fail(ctx, VOUCH_E_ARG,
                             "glm: firth is for family binomial, link logit, without penalty");
    if (!status && glm->law.family != VOUCH__GLM_BETA && vouch__json_get(f->data->settings, "precision"))
        status = vouch__fail(ctx, VOUCH_E_ARG, "glm: precision is for family beta");
    if (status)
        return status;
    for (size_t j = 0; j < f->data->binding->inputs->n && glm->law.family != VOUCH__GLM_BETA;
         j++) /* a promised direction is a bound on a coefficient */
        glm->is_penalised |= f->data->binding->inputs->at[j].monotone != 0;
    if (f->value[VOUCH__GLM_SQUEEZE] != 0.0)
        status = squeeze(ctx, f, own);
    guess_shape(f);
    if (status)
        return status;
    bool goes_again = is_square && glm->is_penalised && glm->has_intercept;
    status = fit_read(ctx, f, goes_again, &goes_again);
    if (!status && goes_again)
        status = fit_read(ctx, f, false, &goes_again);
    return status;
}

vouch_status vouch__glm_fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value, vouch__doc *doc,
                            vouch__json *log, void **state)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__glm *glm = vouch__alloc(ctx, 1, sizeof *glm);
    vouch__fit_data own = *data;
    vouch__glm_fitting f = { .data = &own, .value = value, .glm = glm, .doc = doc, .log = log };
    if (!glm)
        return vouch__oom(ctx);
    glm->alloc = *vouch__allocator(ctx);
    glm->offset = glm->exposure = SIZE_MAX;
    glm->has_intercept = value[VOUCH__GLM_INTERCEPT] != 0.0;
    glm->is_penalised = value[VOUCH__GLM_PENALTY] > 0.0 || value[VOUCH__GLM_LAMBDAS] > 0.0;
    glm->is_firth = value[VOUCH__GLM_FIRTH] != 0.0;
    glm->covariance = (uint8_t)value[VOUCH__GLM_COVARIANCE];
    glm->unseen = (uint8_t)value[VOUCH__GLM_UNSEEN];
    glm->missing = (uint8_t)value[VOUCH__GLM_MISSING];
    glm->level = value[VOUCH__GLM_LEVEL];
    vouch_status status = data->train.n == 0 ? vouch__fail(ctx, VOUCH_E_DATA, "glm: no training rows")
                                             : fit_rows(ctx, &f, &own);
    vouch__scratch_reset(ctx, mark);
    if (status)
        vouch__glm_free(vouch__allocator(ctx), glm);
    else
        *state = glm;
    return status;
}
