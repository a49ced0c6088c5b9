/* The classical methods of reject inference as weights and outcomes of rows. Which rejects parcelling draws
 * is decided by a hash of seed and row: the same on any machine. */
#include "strategy/reject.h"

#include "num/rank.h"
#include "num/rng.h"
#include "vouch/models.h"

#include <math.h>
#include <string.h>

enum { BANDS_MAX = 1000 };

static const struct {
    const char *name, *assumption;
} methods[] = {
    [VOUCH__REJECT_ACCEPTS] = { "accepts-only",
                                "Rejects are like accepts with the same inputs, and the model has the right "
                                "form: then nothing needs to be done." },
    [VOUCH__REJECT_AUGMENT] = { "augmentation",
                                "Within a band of the chance of acceptance, rejects turn out like accepts; "
                                "the past decision tells nothing more." },
    [VOUCH__REJECT_REWEIGHT] = { "reweighting", "Given the inputs, the past decision tells nothing of the "
                                                "outcome, and every "
                                                "kind of applicant had some chance of being accepted." },
    [VOUCH__REJECT_CUTOFF] = { "hard-cutoff", "The riskiest rejects are bad and the others good, as many bad "
                                              "as the model of the accepts "
                                              "expects at the odds factor; since the score itself made these "
                                              "outcomes, the refit and its figures "
                                              "flatter it." },
    [VOUCH__REJECT_PARCEL] = { "parcelling", "Within a score band, rejects' odds of bad are the accepts' "
                                             "times the factor." },
    [VOUCH__REJECT_FUZZY] = { "fuzzy",
                              "Every reject's odds of bad are those the model of the accepts gives it times "
                              "the factor." },
};

const char *vouch__reject_name(vouch__reject_method method) { return methods[method].name; }
const char *vouch__reject_assumption(vouch__reject_method method) { return methods[method].assumption; }

vouch__reject_method vouch__reject_find(const char *name)
{
    size_t m = 0;
    while (m < VOUCH__REJECT_METHODS && strcmp(methods[m].name, name) != 0)
        m++;
    return (vouch__reject_method)m;
}

double vouch__reject_odds(double p, double factor) { return factor * p / (1.0 - p + factor * p); }

static double weight_of(const vouch__rejects *r, size_t i) { return r->weight ? r->weight[i] : 1.0; }

static vouch_status check(vouch_ctx *ctx, const vouch__rejects *r)
{
    size_t accepted = 0, bad = 0;
    for (size_t i = 0; i < r->n; i++) {
        accepted += r->accepted[i];
        bad += r->accepted[i] && r->bad[i];
    }
    if (accepted == 0 || accepted == r->n)
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "reject inference: %s applicant was accepted; there must be "
                           "accepted and rejected ones",
                           accepted ? "every" : "no");
    if (bad == 0 || bad == accepted)
        return vouch__fail(ctx, VOUCH_E_DATA, "reject inference: every accepted applicant is %s",
                           bad ? "bad" : "good");
    return VOUCH_OK;
}

/* band[n]: `bands` bands of as many applicants each, by x; ties stay together. Returns how many. */
static vouch_status cut_bands(vouch_ctx *ctx, const vouch__rejects *r, const double *x, uint32_t *band)
{
    size_t bands = r->bands < 1 ? 1 : r->bands > BANDS_MAX ? BANDS_MAX : r->bands;
    uint32_t *order = vouch__scratch(ctx, r->n + 1, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, r->n, x, order);
    for (size_t k = 0; !status && k < r->n; k++) {
        bool tied = k > 0 && x[order[k]] == x[order[k - 1]];
        band[order[k]] = tied ? band[order[k - 1]] : (uint32_t)(k * bands / r->n);
    }
    return status;
}

/* Accepts of a band count for all of it. A band without accepts is spread over all others. */
static vouch_status augment(vouch_ctx *ctx, const vouch__rejects *r, double *weight)
{
    double all[BANDS_MAX] = { 0 }, in[BANDS_MAX] = { 0 }, whole = 0.0, covered = 0.0;
    uint32_t *band = vouch__scratch(ctx, r->n + 1, sizeof *band);
    if (!band)
        return vouch__oom(ctx);
    vouch_status status = cut_bands(ctx, r, r->chance, band);
    if (status)
        return status;
    for (size_t i = 0; i < r->n; i++) {
        all[band[i]] += weight_of(r, i);
        in[band[i]] += r->accepted[i] ? weight_of(r, i) : 0.0;
    }
    for (size_t b = 0; b < BANDS_MAX; b++) {
        whole += all[b];
        covered += in[b] > 0.0 ? all[b] : 0.0;
    }
    for (size_t i = 0; i < r->n; i++)
        if (r->accepted[i])
            weight[i] = weight_of(r, i) * all[band[i]] / in[band[i]] * whole / covered;
    return VOUCH_OK;
}

static void reweight(const vouch__rejects *r, double *weight, size_t *out_held)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->accepted[i]) {
            *out_held += r->chance[i] < r->floor;
            weight[i] = weight_of(r, i) / fmax(r->chance[i], r->floor);
        }
}

/* The riskiest rejects become bad until their weight is what is expected. */
static vouch_status hard_cutoff(vouch_ctx *ctx, const vouch__rejects *r, double *implied)
{
    double wanted = 0.0, so_far = 0.0;
    uint32_t *order = vouch__scratch(ctx, r->n + 1, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, r->n, r->pd, order);
    for (size_t i = 0; i < r->n; i++)
        if (!r->accepted[i])
            wanted += weight_of(r, i) * vouch__reject_odds(r->pd[i], r->factor);
    for (size_t k = r->n; !status && k-- > 0;) {
        size_t i = order[k];
        if (r->accepted[i])
            continue;
        implied[i] = so_far + 0.5 * weight_of(r, i) < wanted;
        so_far += weight_of(r, i);
    }
    return status;
}

/* The bad rate of each band's rejects, and within it the rejects with the smallest hashes are bad. */
static vouch_status parcel(vouch_ctx *ctx, const vouch__rejects *r, double *implied)
{
    double in[BANDS_MAX] = { 0 }, bad[BANDS_MAX] = { 0 }, pd[BANDS_MAX] = { 0 }, out[BANDS_MAX] = { 0 },
           given[BANDS_MAX] = { 0 };
    uint32_t *band = vouch__scratch(ctx, r->n + 1, sizeof *band),
             *order = vouch__scratch(ctx, r->n + 1, sizeof *order);
    double *key = vouch__scratch(ctx, r->n + 1, sizeof *key);
    if (!band || !order || !key)
        return vouch__oom(ctx);
    vouch_status status = cut_bands(ctx, r, r->pd, band);
    for (size_t i = 0; !status && i < r->n; i++) {
        double w = weight_of(r, i);
        key[i] = (double)(vouch__mix(r->seed, i) >> 11);
        if (r->accepted[i]) {
            in[band[i]] += w;
            bad[band[i]] += w * r->bad[i];
        } else {
            out[band[i]] += w;
            pd[band[i]] += w * r->pd[i];
        }
    }
    for (size_t b = 0; b < BANDS_MAX; b++) { /* a band without accepts has only its model */
        double rate = in[b] > 0.0 ? (bad[b] + 0.5) / (in[b] + 1.0) : pd[b] / out[b];
        bad[b] = vouch__reject_odds(rate, r->factor) * out[b];
    }
    if (!status)
        status = vouch__order(ctx, r->n, key, order);
    for (size_t k = 0; !status && k < r->n; k++) {
        size_t i = order[k], b = band[i];
        if (r->accepted[i])
            continue;
        implied[i] = given[b] + 0.5 * weight_of(r, i) < bad[b];
        given[b] += weight_of(r, i);
    }
    return status;
}

vouch_status vouch__reject_rows(vouch_ctx *ctx, const vouch__rejects *r, vouch__reject_method method,
                                double *target, double *weight, uint8_t *part, double *implied,
                                size_t *out_held)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = check(ctx, r);
    bool takes_rejects = method >= VOUCH__REJECT_CUTOFF;
    *out_held = 0;
    for (size_t i = 0; i < r->n; i++) {
        implied[i] = r->accepted[i] ? (double)r->bad[i] : (double)NAN;
        if (!r->accepted[i] && method == VOUCH__REJECT_FUZZY)
            implied[i] = vouch__reject_odds(r->pd[i], r->factor);
        weight[i] = weight[r->n + i] = weight_of(r, i);
    }
    if (!status && method == VOUCH__REJECT_AUGMENT)
        status = augment(ctx, r, weight);
    if (!status && method == VOUCH__REJECT_REWEIGHT)
        reweight(r, weight, out_held);
    if (!status && method == VOUCH__REJECT_CUTOFF)
        status = hard_cutoff(ctx, r, implied);
    if (!status && method == VOUCH__REJECT_PARCEL)
        status = parcel(ctx, r, implied);
    for (size_t i = 0; !status && i < r->n; i++) {
        double p = implied[i];
        bool is_split = !r->accepted[i] && takes_rejects && p > 0.0 && p < 1.0;
        target[i] = p == 1.0;
        target[r->n + i] = 1.0;
        part[i] = r->accepted[i] || takes_rejects ? VOUCH_PART_TRAIN : VOUCH_PART_NEITHER;
        part[r->n + i] = is_split ? VOUCH_PART_TRAIN : VOUCH_PART_NEITHER;
        if (is_split) { /* row i is the good part, row n + i the bad one */
            weight[i] *= 1.0 - p;
            weight[r->n + i] *= p;
        }
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
