/* Reject inference itself: the model of the accepts, the model of acceptance, one refit a method and one a
 * factor, all on the same inputs; and what each would mean for the same number approved. */
#include "base/schema.h"
#include "num/rank.h"
#include "run/rejecting.h"
#include "vouch/validate.h"

#include <math.h>
#include <string.h>

enum { FACTORS = VOUCH__REJECT_FACTORS, FITS = VOUCH__REJECT_FITS };
const double vouch__reject_factors[FACTORS] = { 1, 1.5, 2, 3, 5, 10 };
static const double least = 1e-6; /* of a probability */
#define N(table) (sizeof(table) / sizeof((table)[0]))

/* clang-format off */
static const vouch__key reject_keys[] = {
    { "column", VOUCH__KEY_TEXT, true, 0, 0, NULL },    { "accepted", VOUCH__KEY_ANY, true, 0, 0, NULL },
    { "method", VOUCH__KEY_TEXT, false, 0, 0, NULL },   { "factor", VOUCH__KEY_NUMBER, false, 1e-3, 1e3, NULL },
    { "bands", VOUCH__KEY_NUMBER, false, 1, 1000, NULL }, { "floor", VOUCH__KEY_NUMBER, false, 1e-6, 1, NULL },
    { "truth", VOUCH__KEY_TEXT, false, 0, 0, NULL },
};
/* clang-format on */

typedef vouch__rejecting work;
typedef vouch__reject_outcome outcome;

vouch_status vouch__rejecting_plan(work *w, const char *path, const vouch__json *rejects)
{
    vouch_status status = vouch__schema_check(w->ctx, path, "rejects", rejects, reject_keys, N(reject_keys));
    if (status)
        return status;
    const vouch__json *method = vouch__json_get(rejects, "method");
    w->rejects = rejects;
    w->method = vouch__json_string(method) ? vouch__reject_find(method->text) : VOUCH__REJECT_FUZZY;
    w->r.factor = vouch__json_double(vouch__json_get(rejects, "factor"), 1.0);
    w->r.bands = (size_t)vouch__json_int(vouch__json_get(rejects, "bands"), 20);
    w->r.floor = vouch__json_double(vouch__json_get(rejects, "floor"), 0.05);
    return w->method < VOUCH__REJECT_METHODS
               ? VOUCH_OK
               : vouch__schema_fail(w->ctx, path, method,
                                    "rejects.method must be accepts-only, augmentation, reweighting, "
                                    "hard-cutoff, parcelling or fuzzy");
}

vouch_status vouch__rejecting_value(vouch_ctx *ctx, const char *path, const vouch_table *table, size_t col,
                                    const vouch__json *at, double *out)
{
    *out = at->type == VOUCH__JSON_BOOL ? (double)at->flag : vouch__json_double(at, NAN);
    if (vouch_table_type(table, col) == VOUCH_TEXT) {
        *out = NAN;
        for (size_t c = 0; vouch__json_string(at) && c < vouch_table_categories(table, col); c++)
            if (!strcmp(vouch_table_category(table, col, c), at->text))
                *out = (double)c;
    }
    return isnan(*out) ? vouch__schema_fail(ctx, path, at, "no row has this value") : VOUCH_OK;
}

vouch_status vouch__rejecting_room(work *w, size_t n, size_t beside)
{
    w->n = n;
    double **out[] = { &w->target, &w->row_target, &w->row_weight, &w->implied, &w->p };
    for (size_t k = 0; k < N(out); k++) {
        *out[k] = vouch__scratch(w->ctx, 2 * n + beside + 1, sizeof(double));
        if (!*out[k])
            return vouch__oom(w->ctx);
    }
    w->accepted = vouch__scratch(w->ctx, n + 1, 1);
    w->bad = vouch__scratch(w->ctx, n + 1, 1);
    w->part = vouch__scratch(w->ctx, 2 * n + beside + 1, 1);
    for (size_t i = 2 * n; w->part && i < 2 * n + beside; i++)
        w->part[i] = VOUCH_PART_NEITHER;
    return w->accepted && w->bad && w->part ? VOUCH_OK : vouch__oom(w->ctx);
}

/* Fit the rows as they stand. */
static vouch_status fit_plain(work *w, const char *kind, const char *params, vouch_model **out)
{
    const vouch_fit_spec spec = { .kind = kind,
                                  .name = w->name,
                                  .table = w->twice,
                                  .inputs = w->input,
                                  .n_inputs = w->n_inputs,
                                  .target = w->row_target,
                                  .weight = w->row_weight,
                                  .part = w->part,
                                  .params = params,
                                  .seed = w->r.seed };
    return vouch_model_fit(w->ctx, &spec, out);
}

static vouch_status score(work *w, const vouch_model *model)
{
    vouch_status status = vouch_model_score(w->ctx, model, w->table, NULL, w->p, NULL);
    for (size_t i = 0; !status && i < w->n; i++)
        w->p[i] = fmin(1.0 - least, fmax(least, w->p[i]));
    return status;
}

/* The chance of having been accepted, by a logistic regression on the same inputs. */
static vouch_status fit_chance(work *w, double *chance)
{
    vouch_model *model = NULL;
    for (size_t i = 0; i < w->n; i++) {
        w->row_target[i] = w->accepted[i];
        w->row_weight[i] = w->weight_of ? w->weight_of[i] : 1.0;
        w->part[i] = VOUCH_PART_TRAIN;
        w->part[w->n + i] = VOUCH_PART_NEITHER;
    }
    vouch_status status = fit_plain(w, "glm", "{influence: false}", &model);
    w->is_ruled = status == VOUCH_E_CONVERGE;
    if (w->is_ruled) /* the inputs tell the decision: a ridge keeps the chances finite */
        status = fit_plain(w, "glm", "{influence: false, penalty: 0.0001, mix: 0}", &model);
    if (!status)
        status = score(w, model);
    if (!status)
        memcpy(chance, w->p, w->n * sizeof *chance);
    vouch_model_free(model);
    return status ? vouch__because(w->ctx, status, "the model of acceptance") : VOUCH_OK;
}

static double weight_at(const work *w, size_t i) { return w->weight_of ? w->weight_of[i] : 1.0; }

static vouch_status auc_of(const work *w, const double *truth, bool accepts, double *out)
{
    size_t n = 0, mark = vouch__scratch_mark(w->ctx), bads = 0;
    double *score = vouch__scratch(w->ctx, w->n + 1, sizeof *score),
           *weight = vouch__scratch(w->ctx, w->n + 1, sizeof *weight);
    uint8_t *bad = vouch__scratch(w->ctx, w->n + 1, 1);
    *out = NAN;
    if (!score || !weight || !bad)
        return vouch__oom(w->ctx);
    for (size_t i = 0; i < w->n; i++) {
        if (accepts ? !w->accepted[i] : isnan(truth[i]))
            continue;
        score[n] = w->p[i];
        weight[n] = weight_at(w, i);
        bad[n] = accepts ? w->bad[i] : truth[i] == 1.0;
        bads += bad[n++];
    }
    vouch_status status = bads == 0 || bads == n ? VOUCH_OK
                                                 : vouch_validate_auc(w->ctx, n, score, bad, weight, out);
    vouch__scratch_reset(w->ctx, mark);
    return status;
}

/* What the model in p[] would do: as many are approved as were accepted, the safest first. */
static vouch_status measure(work *w, outcome *o)
{
    size_t mark = vouch__scratch_mark(w->ctx);
    uint32_t *order = vouch__scratch(w->ctx, w->n + 1, sizeof *order);
    double room = 0.0, all = 0.0, bad = 0.0, out = 0.0, out_bad = 0.0, taken = 0.0, taken_bad = 0.0,
           truly = 0.0, newly = 0.0;
    if (!order)
        return vouch__oom(w->ctx);
    vouch_status status = vouch__order(w->ctx, w->n, w->p, order);
    for (size_t i = 0; i < w->n; i++) {
        double x = weight_at(w, i), p = isnan(w->implied[i]) ? w->p[i] : w->implied[i];
        room += w->accepted[i] ? x : 0.0;
        all += x;
        bad += x * p;
        out += w->accepted[i] ? 0.0 : x;
        out_bad += w->accepted[i] ? 0.0 : x * p;
    }
    for (size_t k = 0; !status && k < w->n && taken < room; k++) {
        size_t i = order[k];
        double x = weight_at(w, i);
        taken += x;
        taken_bad += x * (isnan(w->implied[i]) ? w->p[i] : w->implied[i]);
        truly += w->truth ? x * w->truth[i] : (double)NAN;
        newly += w->accepted[i] ? 0.0 : x;
    }
    o->rejects_bad = out_bad / out;
    o->all_bad = bad / all;
    o->approved_bad = taken_bad / taken;
    o->approved_true = truly / taken;
    o->newly = newly / taken;
    vouch__scratch_reset(w->ctx, mark);
    if (!status)
        status = auc_of(w, NULL, true, &o->auc);
    o->auc_true = NAN;
    return status || !w->truth ? status : auc_of(w, w->truth, false, &o->auc_true);
}

static vouch_status one_fit(work *w, size_t at, vouch__reject_method method, double factor)
{
    size_t held = 0;
    vouch__rejects r = w->r;
    r.factor = factor;
    vouch_status status = vouch__reject_rows(w->ctx, &r, method, w->row_target, w->row_weight, w->part,
                                             w->implied, &held);
    if (!status)
        status = w->refit ? w->refit(w, at == w->method, &w->fitted[at])
                          : fit_plain(w, w->kind, w->params.at, &w->fitted[at]);
    if (!status)
        status = score(w, w->fitted[at]);
    if (!status)
        status = measure(w, &w->result[at]);
    w->result[at].held = (double)held;
    return status ? vouch__because(w->ctx, status, "%s", vouch__reject_name(method)) : VOUCH_OK;
}

vouch_status vouch__rejecting_fits(work *w)
{
    double *pd = vouch__scratch(w->ctx, w->n + 1, sizeof *pd),
           *chance = vouch__scratch(w->ctx, w->n + 1, sizeof *chance);
    if (!pd || !chance)
        return vouch__oom(w->ctx);
    for (size_t i = 0; i < w->n; i++) { /* until they are known */
        pd[i] = 0.5;
        chance[i] = 0.5;
    }
    w->r.n = w->n;
    w->r.accepted = w->accepted;
    w->r.bad = w->bad;
    w->r.weight = w->weight_of;
    w->r.pd = pd;
    w->r.chance = chance;
    vouch_status status = one_fit(w, VOUCH__REJECT_ACCEPTS, VOUCH__REJECT_ACCEPTS, 1.0);
    if (!status)
        memcpy(pd, w->p, w->n * sizeof *pd);
    if (!status)
        status = fit_chance(w, chance);
    for (size_t m = 1; m < VOUCH__REJECT_METHODS && !status; m++) {
        vouch__progress(w->ctx, "reject inference", m, FITS);
        status = one_fit(w, m, (vouch__reject_method)m, w->r.factor);
    }
    for (size_t k = 0; k < FACTORS && !status; k++) {
        vouch__progress(w->ctx, "reject inference", VOUCH__REJECT_METHODS + k, FITS);
        status = one_fit(w, VOUCH__REJECT_METHODS + k, VOUCH__REJECT_FUZZY, vouch__reject_factors[k]);
    }
    vouch__progress(w->ctx, "reject inference", FITS, FITS);
    return status;
}
