/* A generalised linear model as an expression: offset, constant, and each term as the sum over its columns of
 * coefficient times column. A piece of levels is a choice of the level with the coefficients that count
 * there; a spline is the cubic that it is between two knots. */
#include "models/glm/glm_fit.h"
#include "models/say.h"

#include <math.h>

static const vouch__when otherwise = { .op = VOUCH__WHEN_ELSE };

/* A cubic a + b u + c u^2 + d u^3 of u = x - from. */
typedef struct cubic {
    double from, a[4];
} cubic;

/* Through n <= 4 points at steps of h from c->from: divided differences, then powers. */
static void interpolate(double h, size_t n, const double *y, cubic *c)
{
    double d[4] = { 0.0 };
    for (size_t i = 0; i < n; i++)
        d[i] = y[i];
    for (size_t k = 1; k < n; k++)
        for (size_t i = n - 1; i >= k; i--)
            d[i] = (d[i] - d[i - 1]) / ((double)k * h);
    c->a[0] = d[0];
    c->a[1] = d[1] - d[2] * h + d[3] * 2.0 * h * h;
    c->a[2] = d[2] - d[3] * 3.0 * h;
    c->a[3] = d[3];
}

/* Column k of a spline in interval i: before knot 0, between knots i - 1 and i, or after the last. */
static cubic spline_part(const vouch__glm_piece *p, size_t k, size_t i)
{
    const double *t = p->knot;
    bool is_inside = i > 0 && i < p->n_knots;
    cubic c = { .from = i == 0 ? t[0] : t[i - 1] };
    double h = is_inside ? (t[i] - t[i - 1]) / 3.0 : (t[p->n_knots - 1] - t[0]) * (i == 0 ? -1.0 : 1.0);
    double y[4], value[VOUCH__GLM_BASIS_MAX] = { 0.0 };
    size_t n = is_inside ? 4 : p->type == VOUCH__GLM_NATURAL ? 2 : 1; /* straight, or flat, outside */
    for (size_t m = 0; m < n; m++) {
        vouch__glm_basis(p, is_inside && m == 3 ? t[i] : c.from + (double)m * h, value);
        y[m] = value[k];
    }
    interpolate(h, n, y, &c);
    return c;
}

static vouch__say *say_cubic(vouch__speech *s, size_t input, const cubic *c)
{
    size_t degree = 3;
    while (degree > 0 && c->a[degree] == 0.0)
        degree--;
    vouch__say *e = vouch__say_number(s, c->a[degree]);
    while (degree-- > 0) {
        vouch__say *sum = vouch__say_list(s, VOUCH__SAY_ADD), *u = vouch__say_list(s, VOUCH__SAY_ADD);
        vouch__say_push(s, u, vouch__say_input(s, input));
        vouch__say_push(s, u, vouch__say_number(s, -c->from));
        vouch__say_push(s, sum, vouch__say_number(s, c->a[degree]));
        vouch__say_push(s, sum, vouch__say_times(s, u, e));
        e = sum;
    }
    return e;
}

/* Column k of a number's piece; what is no amount counts as the fill. */
static vouch__say *say_column(vouch__speech *s, const vouch__glm_piece *p, size_t k)
{
    const vouch__glm *glm = s->model->state;
    const vouch__glm_piece *flags = p->flags == SIZE_MAX ? NULL : &glm->piece[p->flags];
    vouch__say *choice = vouch__say_list(s, VOUCH__SAY_CHOICE);
    double at[VOUCH__GLM_BASIS_MAX] = { 0.0 };
    vouch__glm_basis(p, p->fill, at);
    double fill = glm->missing == VOUCH__GLM_MISSING_REFUSE ? (double)NAN : at[k];
    vouch__say_case(s, choice, (vouch__when){ .op = VOUCH__WHEN_MISSING, .input = p->input },
                    vouch__say_number(s, fill));
    for (size_t c = 0; flags && c < flags->n_knots; c++) {
        vouch__when when = { .op = VOUCH__WHEN_EQUAL, .input = p->input, .value = flags->knot[c] };
        vouch__say_case(s, choice, when, vouch__say_number(s, at[k]));
    }
    if (p->type == VOUCH__GLM_LINEAR || (p->type == VOUCH__GLM_NATURAL && k == 0)) {
        vouch__say_case(s, choice, otherwise, vouch__say_input(s, p->input));
        return choice;
    }
    for (size_t i = 0; i <= p->n_knots; i++) {
        cubic c = spline_part(p, k, i);
        vouch__when when = { .op = VOUCH__WHEN_UP_TO, .input = p->input };
        when.value = i < p->n_knots ? p->knot[i] : 0.0;
        vouch__say_case(s, choice, i < p->n_knots ? when : otherwise, say_cubic(s, p->input, &c));
    }
    return choice;
}

/* What is left to say of a term: coefficients [columns of a x columns of b]; a or b NULL: none, or said. */
typedef struct rest {
    const vouch__glm_piece *a, *b;
    const double *coefficient;
} rest;

static vouch__say *say_rest(vouch__speech *s, const rest *r);

static size_t columns_of(const vouch__glm_piece *p) { return p ? p->n : 1; }

/* The rest where the piece of levels (a, or b where a is none or a number) has value x. */
static vouch__say *say_level(vouch__speech *s, const rest *r, bool is_a, double x)
{
    const vouch__glm_piece *p = is_a ? r->a : r->b;
    size_t nb = columns_of(r->b), n = is_a ? nb : columns_of(r->a);
    double *left = vouch__scratch(s->ctx, n, sizeof *left);
    vouch__glm_value v;
    if (!left) {
        s->is_short_of_memory = true;
        return NULL;
    }
    vouch__glm_piece_value(s->model->state, p, x, &v);
    for (size_t i = 0; i < n; i++) {
        left[i] = 0.0;
        for (size_t k = 0; k < v.n; k++)
            left[i] += r->coefficient[is_a ? (v.first + k) * nb + i : i * nb + v.first + k] * v.value[k];
    }
    rest other = { is_a ? NULL : r->a, is_a ? r->b : NULL, left };
    return say_rest(s, &other);
}

static vouch__say *say_levels(vouch__speech *s, const rest *r, bool is_a)
{
    const vouch__glm *glm = s->model->state;
    const vouch__glm_piece *p = is_a ? r->a : r->b;
    bool is_category = p->type == VOUCH__GLM_LEVELS;
    vouch__say *choice = vouch__say_list(s, VOUCH__SAY_CHOICE);
    vouch__when when = { .op = VOUCH__WHEN_MISSING, .input = p->input };
    vouch__say_case(s, choice, when, say_level(s, r, is_a, (double)NAN));
    for (size_t k = 0; k + 1 < p->n_levels; k++) {
        uint8_t *in = is_category ? vouch__say_set(s, p->input) : NULL;
        if (in)
            in[k] = 1;
        when = (vouch__when){ .op = is_category ? VOUCH__WHEN_IN : VOUCH__WHEN_EQUAL, .input = p->input };
        when.in = in;
        when.value = is_category ? 0.0 : p->knot[k];
        vouch__say_case(s, choice, when, say_level(s, r, is_a, is_category ? (double)k : p->knot[k]));
    }
    bool refuses = is_category && glm->unseen == VOUCH__GLM_UNSEEN_REFUSE;
    vouch__say_case(s, choice, otherwise,
                    refuses ? vouch__say_number(s, (double)NAN)
                            : say_level(s, r, is_a, is_category ? -1.0 : (double)INFINITY));
    return choice;
}

static bool is_levels(const vouch__glm_piece *p)
{
    return p && (p->type == VOUCH__GLM_LEVELS || p->type == VOUCH__GLM_FLAGS);
}

static vouch__say *say_rest(vouch__speech *s, const rest *r)
{
    if (is_levels(r->a) || is_levels(r->b))
        return say_levels(s, r, is_levels(r->a));
    if (!r->a && !r->b)
        return vouch__say_number(s, r->coefficient[0]);
    vouch__say *sum = vouch__say_list(s, VOUCH__SAY_ADD);
    for (size_t i = 0; i < columns_of(r->a); i++)
        for (size_t j = 0; j < columns_of(r->b); j++) {
            vouch__say *a = r->a ? say_column(s, r->a, i) : NULL, *b = r->b ? say_column(s, r->b, j) : NULL;
            vouch__say *column = a && b ? vouch__say_times(s, a, b) : a ? a : b;
            double coefficient = r->coefficient[i * columns_of(r->b) + j];
            vouch__say_push(s, sum, vouch__say_times(s, vouch__say_number(s, coefficient), column));
        }
    return sum;
}

vouch_status vouch__glm_say(vouch__speech *s, vouch__say **out_said)
{
    const vouch__glm *glm = s->model->state;
    vouch__say *sum = vouch__say_list(s, VOUCH__SAY_ADD);
    if (glm->offset != SIZE_MAX)
        vouch__say_push(s, sum, vouch__say_input(s, glm->offset));
    if (glm->exposure != SIZE_MAX)
        vouch__say_push(s, sum, vouch__say_log(s, glm->exposure));
    vouch__say_push(s, sum, vouch__say_number(s, glm->estimate[0].value));
    for (size_t t = 0; t < glm->n_terms; t++) {
        const vouch__glm_term *term = &glm->term[t];
        double *coefficient = vouch__scratch(s->ctx, term->n + 1, sizeof *coefficient);
        if (!coefficient)
            return vouch__oom(s->ctx);
        for (size_t k = 0; k < term->n; k++)
            coefficient[k] = glm->estimate[term->first + k].value;
        rest r = { &glm->piece[term->a], term->b == SIZE_MAX ? NULL : &glm->piece[term->b], coefficient };
        vouch__say_push(s, sum, say_rest(s, &r));
    }
    *out_said = sum;
    return VOUCH_OK;
}
