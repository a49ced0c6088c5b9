/* Cases that have what a test needs: the others are left out and counted, so that no test meets a missing
 * value it was not written for. */
#include "catalogue/tests.h"

#include <math.h>
#include <string.h>

unsigned vouch__sample_lacks(const vouch__sample *s, unsigned needs)
{
    const struct {
        unsigned need;
        bool is_there;
    } column[] = {
        { VOUCH__NEEDS_SCORE, s->score != NULL },
        { VOUCH__NEEDS_PROBABILITY, s->probability != NULL },
        { VOUCH__NEEDS_LABELS, s->bad != NULL },
        { VOUCH__NEEDS_TARGET, s->target != NULL },
        { VOUCH__NEEDS_FEATURES, s->table != NULL && s->n_features > 0 },
        { VOUCH__NEEDS_DATE, s->date != NULL },
        { VOUCH__NEEDS_GROUPS, s->n_groups > 0 },
        { VOUCH__NEEDS_SEGMENT, s->segment != NULL },
        { VOUCH__NEEDS_GRADE, s->grade != NULL },
        { VOUCH__NEEDS_GRADE_BEFORE, s->grade_before != NULL },
        { VOUCH__NEEDS_AMOUNT, s->amount != NULL },
        { VOUCH__NEEDS_RIVAL, s->rival != NULL },
        { VOUCH__NEEDS_WEIGHT, s->weight != NULL },
        { VOUCH__NEEDS_CLASSES, s->outcome != NULL && s->class_probability != NULL },
    };
    unsigned lacks = 0;
    for (size_t i = 0; i < sizeof column / sizeof *column; i++)
        if ((needs & column[i].need) && !column[i].is_there)
            lacks |= column[i].need;
    return lacks;
}

static vouch_status wrong(vouch_ctx *ctx, size_t at, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_DATA, "case %zu has %s", at, what);
}

/* Values that no case may have, whoever made them. */
static vouch_status check(vouch_ctx *ctx, const vouch__sample *s, unsigned needs)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->weight && (s->weight[i] < 0.0 || isinf(s->weight[i])))
            return wrong(ctx, i, "a weight that is negative or infinite");
        if ((needs & VOUCH__NEEDS_PROBABILITY) && (s->probability[i] < 0.0 || s->probability[i] > 1.0))
            return wrong(ctx, i, "a probability that is not between 0 and 1");
        if ((needs & VOUCH__NEEDS_AMOUNT) && (s->amount[i] < 0.0 || isinf(s->amount[i])))
            return wrong(ctx, i, "an amount that is negative or infinite");
        if ((needs & VOUCH__NEEDS_TARGET) && isinf(s->target[i]))
            return wrong(ctx, i, "an infinite outcome");
        if ((needs & VOUCH__NEEDS_FINITE) &&
            ((s->score && isinf(s->score[i])) || (s->rival && isinf(s->rival[i]))))
            return wrong(ctx, i, "an infinite score; this test needs finite ones");
    }
    return vouch__poll(ctx);
}

static bool has_classes(const vouch__sample *s, size_t i)
{
    size_t k = s->outcome->n_levels;
    bool whole = s->outcome->code[i] != VOUCH__NO_LEVEL;
    for (size_t c = 0; c < k; c++)
        whole = whole && !isnan(s->class_probability[i * k + c]);
    return whole;
}

static bool is_whole(const vouch__sample *s, unsigned needs, size_t i)
{
    return !((needs & VOUCH__NEEDS_SCORE) && isnan(s->score[i])) &&
           !((needs & VOUCH__NEEDS_PROBABILITY) && isnan(s->probability[i])) &&
           !((needs & VOUCH__NEEDS_RIVAL) && isnan(s->rival[i])) &&
           !((needs & (VOUCH__NEEDS_LABELS | VOUCH__NEEDS_TARGET)) && !(needs & VOUCH__KEEPS_UNKNOWN) &&
             s->target && isnan(s->target[i])) &&
           !((needs & VOUCH__NEEDS_DATE) && isnan(s->date[i])) &&
           !((needs & VOUCH__NEEDS_AMOUNT) && isnan(s->amount[i])) &&
           !((needs & VOUCH__NEEDS_GRADE) && s->grade->code[i] == VOUCH__NO_LEVEL) &&
           !((needs & VOUCH__NEEDS_GRADE_BEFORE) && s->grade_before->code[i] == VOUCH__NO_LEVEL) &&
           !((needs & VOUCH__NEEDS_CLASSES) && !has_classes(s, i)) &&
           !(s->weight && !(s->weight[i] > 0.0)); /* so written, NaN is left out too */
}

typedef struct picker {
    vouch_ctx *ctx;
    size_t n;
    const uint32_t *at; /* [n] */
    bool is_short;      /* memory ran out */
} picker;

static const double *pick(picker *p, const double *x)
{
    double *out = x ? vouch__scratch(p->ctx, p->n + 1, sizeof *out) : NULL;
    if (x && !out)
        p->is_short = true;
    for (size_t i = 0; out && i < p->n; i++)
        out[i] = x[p->at[i]];
    return out;
}

static const vouch__factor *pick_factors(picker *p, const vouch__factor *factor, size_t n)
{
    vouch__factor *out = factor && n ? vouch__scratch(p->ctx, n, sizeof *out) : NULL;
    if (factor && n && !out)
        p->is_short = true;
    for (size_t k = 0; out && k < n; k++) {
        uint32_t *code = vouch__scratch(p->ctx, p->n + 1, sizeof *code);
        if (!code) {
            p->is_short = true;
            return NULL;
        }
        for (size_t i = 0; i < p->n; i++)
            code[i] = factor[k].code[p->at[i]];
        out[k] = factor[k];
        out[k].code = code;
    }
    return out;
}

static const double *pick_rows(picker *p, const double *x, size_t k)
{
    double *out = x ? vouch__scratch(p->ctx, p->n * k + 1, sizeof *out) : NULL;
    if (x && !out)
        p->is_short = true;
    for (size_t i = 0; out && i < p->n; i++)
        memcpy(out + i * k, x + p->at[i] * k, k * sizeof *out);
    return out;
}

static vouch_status pick_all(picker *p, const vouch__sample *s, vouch__sample *out)
{
    out->n = p->n;
    out->left_out = s->left_out + s->n - p->n;
    out->score = pick(p, s->score);
    out->probability = pick(p, s->probability);
    out->rival = pick(p, s->rival);
    out->target = pick(p, s->target);
    out->weight = pick(p, s->weight);
    out->date = pick(p, s->date);
    out->amount = pick(p, s->amount);
    out->group = pick_factors(p, s->group, s->n_groups);
    out->segment = pick_factors(p, s->segment, 1);
    out->grade = pick_factors(p, s->grade, 1);
    out->grade_before = pick_factors(p, s->grade_before, 1);
    out->outcome = pick_factors(p, s->outcome, 1);
    out->class_probability = pick_rows(p, s->class_probability, s->outcome ? s->outcome->n_levels : 0);
    uint32_t *row = vouch__scratch(p->ctx, p->n + 1, sizeof *row);
    uint8_t *bad = vouch__scratch(p->ctx, p->n + 1, sizeof *bad);
    int32_t *points = s->points ? vouch__scratch(p->ctx, p->n + 1, sizeof *points) : NULL;
    if (p->is_short || !row || !bad || (s->points && !points))
        return vouch__oom(p->ctx);
    out->n_bad = 0;
    for (size_t i = 0; i < p->n; i++) {
        row[i] = s->row ? s->row[p->at[i]] : p->at[i];
        bad[i] = s->bad ? s->bad[p->at[i]] : 0;
        out->n_bad += bad[i];
        if (points)
            points[i] = s->points[p->at[i]];
    }
    out->row = row;
    out->bad = s->bad ? bad : NULL;
    out->points = points;
    return VOUCH_OK;
}

vouch_status vouch__sample_select(vouch_ctx *ctx, const vouch__sample *sample, unsigned needs,
                                  vouch__sample *out)
{
    vouch_status status = check(ctx, sample, needs);
    if (status)
        return status;
    vouch__sample kept = *sample;
    size_t n = 0, n_bad = 0;
    uint32_t *at = vouch__scratch(ctx, sample->n + 1, sizeof *at);
    if (!at)
        return vouch__oom(ctx);
    for (size_t i = 0; i < sample->n; i++)
        if (is_whole(sample, needs, i)) {
            n_bad += sample->bad ? sample->bad[i] : 0;
            at[n++] = (uint32_t)i;
        }
    kept.n_bad = n_bad;
    if (n < sample->n) {
        picker p = { .ctx = ctx, .n = n, .at = at };
        status = pick_all(&p, sample, &kept);
    }
    if (!status)
        *out = kept;
    return status;
}
