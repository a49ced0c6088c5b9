/* What inputs are turned into: lines, splines, levels; and the sum of what they say. */
#include "models/glm/glm.h"

#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- numbers ---- */

static double cube_above(double x) { return x > 0.0 ? x * x * x : 0.0; }

/* Restricted cubic spline, knots t[0 .. k): x, and k - 2 cubics that are straight beyond the outer knots,
 * over (t[k-1] - t[0])^2 so that all are in units of x. Harrell, Regression Modeling Strategies, 2.4.5. */
static void natural_basis(const vouch__glm_piece *p, double x, double *out)
{
    const double *t = p->knot;
    size_t k = p->n_knots;
    double last = t[k - 1], before = t[k - 2], scale = (last - t[0]) * (last - t[0]);
    out[0] = x;
    for (size_t j = 0; j + 2 < k; j++) {
        double a = cube_above(x - before) * (last - t[j]), b = cube_above(x - last) * (before - t[j]);
        out[j + 1] = (cube_above(x - t[j]) - (a - b) / (last - before)) / scale;
    }
}

/* Cubic B-splines by de Boor's recurrence, the outer knots four times; the first function is left out. */
static void bspline_basis(const vouch__glm_piece *p, double x, double *out)
{
    enum { ORDER = 4 };
    double value[ORDER] = { 1.0 }, left[ORDER], right[ORDER];
    size_t k = p->n_knots, span = 0;
    const double *t = p->knot;
    x = fmin(fmax(x, t[0]), t[k - 1]);
    while (span + 2 < k && x >= t[span + 1])
        span++;
    for (size_t d = 1; d < ORDER; d++) {
        double saved = 0.0;
        right[d] = t[span + d < k ? span + d : k - 1] - x;
        left[d] = x - t[span + 1 >= d ? span + 1 - d : 0];
        for (size_t r = 0; r < d; r++) {
            double part = value[r] / (right[r + 1] + left[d - r]);
            value[r] = saved + right[r + 1] * part;
            saved = left[d - r] * part;
        }
        value[d] = saved;
    }
    memset(out, 0, p->n * sizeof *out);
    for (size_t d = 0; d < ORDER; d++)
        if (span + d > 0)
            out[span + d - 1] = value[d];
}

void vouch__glm_basis(const vouch__glm_piece *piece, double x, double *out)
{
    switch (piece->type) {
    case VOUCH__GLM_NATURAL: natural_basis(piece, x, out); return;
    case VOUCH__GLM_BSPLINE: bspline_basis(piece, x, out); return;
    default: out[0] = x; return;
    }
}

/* ---- levels ---- */

size_t vouch__glm_level_of(const vouch__glm_piece *piece, double x)
{
    if (isnan(x))
        return piece->n_levels - 1;
    if (piece->type == VOUCH__GLM_LEVELS)
        return x >= 0.0 ? (size_t)x : piece->n_levels;
    for (size_t s = 0; s < piece->n_knots; s++)
        if (x == piece->knot[s])
            return s;
    return piece->n_levels;
}

static void level_value(const vouch__glm *glm, const vouch__glm_piece *p, double x, vouch__glm_value *out)
{
    static const double one = 1.0;
    size_t level = vouch__glm_level_of(p, x);
    bool is_known = level < p->n_levels && p->tally[3 * level] > 0.0;
    *out = (vouch__glm_value){ .value = &one };
    if (is_known && p->level[level]) {
        out->first = p->level[level] - 1;
        out->n = 1;
    } else if (!is_known && p->type == VOUCH__GLM_LEVELS && glm->unseen == VOUCH__GLM_UNSEEN_AVERAGE) {
        out->n = p->n;
        out->value = p->mean;
    }
}

void vouch__glm_piece_value(const vouch__glm *glm, const vouch__glm_piece *piece, double x,
                            vouch__glm_value *out)
{
    if (piece->type == VOUCH__GLM_LEVELS || piece->type == VOUCH__GLM_FLAGS) {
        level_value(glm, piece, x, out);
        return;
    }
    if (isnan(x) || (piece->flags != SIZE_MAX &&
                     vouch__glm_level_of(&glm->piece[piece->flags], x) < glm->piece[piece->flags].n_levels))
        x = piece->fill;
    out->first = 0;
    out->n = piece->n;
    out->value = out->own;
    for (size_t k = 0; k < piece->n; k++)
        out->own[k] = 0.0;
    vouch__glm_basis(piece, x, out->own);
}

/* ---- rows ---- */

double vouch__glm_offset(const vouch__glm *glm, const double *row)
{
    double sum = 0.0;
    if (glm->offset != SIZE_MAX)
        sum += row[glm->offset];
    if (glm->exposure != SIZE_MAX)
        sum += row[glm->exposure] > 0.0 ? vouch__log(row[glm->exposure]) : NAN;
    return sum;
}

static double term_value(const vouch__glm *glm, const vouch__glm_term *t, const double *row)
{
    const vouch__glm_estimate *at = glm->estimate + t->first;
    vouch__glm_value a, b;
    double sum = 0.0;
    vouch__glm_piece_value(glm, &glm->piece[t->a], row[glm->piece[t->a].input], &a);
    if (t->b == SIZE_MAX) {
        for (size_t i = 0; i < a.n; i++)
            sum += at[a.first + i].value * a.value[i];
        return sum;
    }
    vouch__glm_piece_value(glm, &glm->piece[t->b], row[glm->piece[t->b].input], &b);
    for (size_t i = 0; i < a.n; i++)
        for (size_t j = 0; j < b.n; j++)
            sum += at[(a.first + i) * glm->piece[t->b].n + b.first + j].value * (a.value[i] * b.value[j]);
    return sum;
}

double vouch__glm_raw(const vouch__glm *glm, const double *row)
{
    double raw = vouch__glm_offset(glm, row) + glm->estimate[0].value;
    for (size_t t = 0; t < glm->n_terms; t++)
        raw += term_value(glm, &glm->term[t], row);
    return raw;
}

/* ---- names ---- */

const vouch__glm_term *vouch__glm_term_of(const vouch__glm *glm, size_t column, size_t *out_place)
{
    size_t t = 0;
    while (t + 1 < glm->n_terms && column >= glm->term[t + 1].first)
        t++;
    *out_place = column - glm->term[t].first;
    return &glm->term[t];
}

static void piece_label(const vouch__glm *glm, const vouch__inputs *inputs, size_t piece, size_t column,
                        char *out, size_t cap)
{
    const vouch__glm_piece *p = &glm->piece[piece];
    const vouch__input *input = &inputs->at[p->input];
    char number[VOUCH__DOUBLE_MAX];
    size_t level = 0;
    switch (p->type) {
    case VOUCH__GLM_LINEAR: (void)snprintf(out, cap, "%s", input->name); return;
    case VOUCH__GLM_NATURAL:
    case VOUCH__GLM_BSPLINE: (void)snprintf(out, cap, "%s spline %zu", input->name, column + 1); return;
    default: break;
    }
    while (level + 1 < p->n_levels && p->level[level] != column + 1)
        level++;
    if (level + 1 == p->n_levels)
        (void)snprintf(out, cap, "%s missing", input->name);
    else if (p->type == VOUCH__GLM_LEVELS)
        (void)snprintf(out, cap, "%s = %s", input->name, input->category[level]);
    else {
        (void)vouch__double_text(p->knot[level], number);
        (void)snprintf(out, cap, "%s = %s (special code)", input->name, number);
    }
}

void vouch__glm_label(const vouch__glm *glm, const vouch__inputs *inputs, size_t column, char *out,
                      size_t cap)
{
    size_t place;
    if (column == 0) {
        (void)snprintf(out, cap, "(intercept)");
        return;
    }
    const vouch__glm_term *t = vouch__glm_term_of(glm, column, &place);
    if (t->b == SIZE_MAX) {
        piece_label(glm, inputs, t->a, place, out, cap);
        return;
    }
    char a[VOUCH__GLM_LABEL / 2 - 2], b[VOUCH__GLM_LABEL / 2 - 2];
    piece_label(glm, inputs, t->a, place / glm->piece[t->b].n, a, sizeof a);
    piece_label(glm, inputs, t->b, place % glm->piece[t->b].n, b, sizeof b);
    (void)snprintf(out, cap, "%s x %s", a, b);
}
