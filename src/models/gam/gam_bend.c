/* The nearest shape with a direction or a bend, by weighted least squares.
 *
 * A direction is kept by pooling neighbours that stand the wrong way round (isotonic regression): the means
 * of pools are compared as they are stored, so the result is in order to the last bit.
 *
 * A bend is a quadratic programme: minimise sum w (x - y)^2 with C x >= 0, where C has a row for every change
 * of slope (three neighbours) and, with a direction, one for the slope at the end that decides. Its dual has
 * one multiplier a row; those that are not 0 are found by an active set (Lawson & Hanson 1974), and every
 * step solves a system with two bands beside the diagonal. From one round of boosting to the next the set
 * hardly changes, so it is kept. */
#include "models/gam/gam_fit.h"

#include <math.h>
#include <string.h>

static void rising(size_t n, double *value, const double *weight, double *work)
{
    double *mean = work, *mass = work + n, *size = work + 2 * n;
    size_t pools = 0, at = n;
    for (size_t i = 0; i < n; i++) {
        mean[pools] = value[i];
        mass[pools] = weight[i];
        size[pools++] = 1.0;
        while (pools > 1 && mean[pools - 2] > mean[pools - 1]) {
            double sum = mass[pools - 2] + mass[pools - 1];
            mean[pools - 2] += (mean[pools - 1] - mean[pools - 2]) * (mass[pools - 1] / sum);
            mass[pools - 2] = sum;
            size[pools - 2] += size[pools - 1];
            pools--;
        }
    }
    while (pools-- > 0)
        for (size_t k = (size_t)size[pools]; k > 0; k--)
            value[--at] = mean[pools];
}

static void negate(size_t n, double *value)
{
    for (size_t i = 0; i < n; i++)
        value[i] = -value[i];
}

void vouch__gam_isotonic(size_t n, double *value, const double *weight, int direction, double *work)
{
    if (direction < 0)
        negate(n, value);
    if (direction)
        rising(n, value, weight, work);
    if (direction < 0)
        negate(n, value);
}

/* The programme. Row i of C stands at columns first[i] .. first[i] + 2. */
typedef struct programme {
    size_t n, rows;
    const double *weight;
    double *c[3], *first; /* [rows] */
    double *a[3];         /* [rows] C W^-1 C', its diagonal and two bands: a[k][i] is of rows i, i + k */
    double *b;            /* [rows] C y */
    double *lambda, *next, *rest;
    double *d, *l1, *l2; /* of the factor */
    double *x;           /* [n] */
    size_t n_active;
    double *set; /* [rows] the active rows, ascending */
} programme;

static void add_row(programme *p, size_t first, double c0, double c1, double c2)
{
    double size = fmax(fmax(fabs(c0), fabs(c1)), fabs(c2));
    p->first[p->rows] = (double)first;
    p->c[0][p->rows] = c0 / size;
    p->c[1][p->rows] = c1 / size;
    p->c[2][p->rows++] = c2 / size;
}

static double product(const programme *p, size_t i, size_t j)
{
    size_t gap = (size_t)(p->first[j] - p->first[i]);
    double sum = 0.0;
    for (size_t k = gap; k < 3; k++) {
        size_t column = (size_t)p->first[i] + k;
        if (column < p->n)
            sum += p->c[k][i] * p->c[k - gap][j] / p->weight[column];
    }
    return sum;
}

static void build(programme *p, const double *at, const double *y, int direction)
{
    size_t n = p->n;
    if (direction > 0)
        add_row(p, 0, -1.0, 1.0, 0.0);
    for (size_t k = 1; k + 1 < n; k++) {
        double before = 1.0 / (at[k] - at[k - 1]), after = 1.0 / (at[k + 1] - at[k]);
        add_row(p, k - 1, before, -before - after, after);
    }
    if (direction < 0)
        add_row(p, n - 2, 1.0, -1.0, 0.0);
    for (size_t i = 0; i < p->rows; i++) {
        for (size_t k = 0; k < 3; k++)
            p->a[k][i] = i + k < p->rows ? product(p, i, i + k) : 0.0;
        p->b[i] = 0.0;
        for (size_t k = 0; k < 3 && (size_t)p->first[i] + k < n; k++)
            p->b[i] += p->c[k][i] * y[(size_t)p->first[i] + k];
    }
}

static double between(const programme *p, size_t i, size_t back)
{
    if (i < back)
        return 0.0;
    size_t row = (size_t)p->set[i], other = (size_t)p->set[i - back];
    return row - other < 3 ? p->a[row - other][other] : 0.0;
}

/* next = the multipliers of the active rows that make them hold as equations. */
static void solve(programme *p)
{
    size_t n = p->n_active;
    for (size_t i = 0; i < n; i++) {
        size_t row = (size_t)p->set[i];
        double far = between(p, i, 2), near = between(p, i, 1);
        p->l2[i] = i > 1 ? far / p->d[i - 2] : 0.0;
        p->l1[i] = i > 0 ? (near - (i > 1 ? far * p->l1[i - 1] : 0.0)) / p->d[i - 1] : 0.0;
        double d = p->a[0][row];
        d -= i > 0 ? p->l1[i] * p->l1[i] * p->d[i - 1] : 0.0;
        d -= i > 1 ? p->l2[i] * p->l2[i] * p->d[i - 2] : 0.0;
        p->d[i] = fmax(d, 1e-14 * p->a[0][row]);
        p->next[i] = -p->b[row] - (i > 0 ? p->l1[i] * p->next[i - 1] : 0.0) -
                     (i > 1 ? p->l2[i] * p->next[i - 2] : 0.0);
    }
    for (size_t i = 0; i < n; i++)
        p->next[i] /= p->d[i];
    for (size_t i = n; i-- > 0;) {
        p->next[i] -= i + 1 < n ? p->l1[i + 1] * p->next[i + 1] : 0.0;
        p->next[i] -= i + 2 < n ? p->l2[i + 2] * p->next[i + 2] : 0.0;
    }
}

/* Keep the active rows whose multiplier is above 0; lambda is by place in the set. */
static bool drop(programme *p)
{
    size_t kept = 0, n = p->n_active;
    for (size_t i = 0; i < n; i++) {
        if (!(p->lambda[i] > 0.0))
            continue;
        p->lambda[kept] = p->lambda[i];
        p->set[kept++] = p->set[i];
    }
    p->n_active = kept;
    return kept < n;
}

/* Go from lambda towards next as far as no multiplier falls below 0. */
static bool step(programme *p)
{
    double share = 1.0;
    size_t stop = SIZE_MAX;
    for (size_t i = 0; i < p->n_active; i++)
        if (p->next[i] <= 0.0 && p->lambda[i] <= share * (p->lambda[i] - p->next[i])) {
            share = p->lambda[i] / (p->lambda[i] - p->next[i]);
            stop = i;
        }
    for (size_t i = 0; i < p->n_active; i++)
        p->lambda[i] += share * (p->next[i] - p->lambda[i]);
    if (stop == SIZE_MAX)
        return false;
    p->lambda[stop] = 0.0;
    return drop(p);
}

/* x and what is left of every row: C x. Returns the row that is most below 0, or SIZE_MAX. */
static size_t most_wrong(programme *p, const double *y, double least)
{
    size_t worst = SIZE_MAX, at = 0;
    memcpy(p->x, y, p->n * sizeof *y);
    for (size_t i = 0; i < p->n_active; i++) {
        size_t row = (size_t)p->set[i], first = (size_t)p->first[row];
        for (size_t k = 0; k < 3 && first + k < p->n; k++)
            p->x[first + k] += p->c[k][row] * p->lambda[i] / p->weight[first + k];
    }
    for (size_t i = 0; i < p->rows; i++) {
        size_t first = (size_t)p->first[i];
        double rest = 0.0;
        if (at < p->n_active && (size_t)p->set[at] == i) {
            at++;
            continue;
        }
        for (size_t k = 0; k < 3 && first + k < p->n; k++)
            rest += p->c[k][i] * p->x[first + k];
        if (rest < least) {
            least = rest;
            worst = i;
        }
    }
    return worst;
}

static void activate(programme *p, size_t row)
{
    size_t at = p->n_active++;
    for (; at > 0 && (size_t)p->set[at - 1] > row; at--) {
        p->set[at] = p->set[at - 1];
        p->lambda[at] = p->lambda[at - 1];
    }
    p->set[at] = (double)row;
    p->lambda[at] = 0.0;
}

/* Start from the rows that were active before, less those that no longer push. */
static void resume(programme *p, const uint8_t *active)
{
    for (size_t i = 0; i < p->rows; i++)
        if (active[i])
            p->set[p->n_active++] = (double)i;
    do {
        solve(p);
        memcpy(p->lambda, p->next, p->n_active * sizeof *p->lambda);
    } while (drop(p));
}

static void run(programme *p, const double *y, uint8_t *active)
{
    double size = 0.0;
    for (size_t i = 0; i < p->n; i++)
        size = fmax(size, fabs(y[i]));
    resume(p, active);
    for (size_t turn = 0; turn < 20 * p->n + 20; turn++) {
        size_t row = most_wrong(p, y, -1e-12 * size);
        if (row == SIZE_MAX)
            break;
        activate(p, row);
        do
            solve(p);
        while (step(p));
    }
    memset(active, 0, p->n);
    for (size_t i = 0; i < p->n_active; i++)
        active[(size_t)p->set[i]] = 1;
}

void vouch__gam_bend(size_t n, const double *at, double *value, const double *weight, vouch__gam_curve curve,
                     int direction, uint8_t *active, double *work)
{
    programme p = { .n = n, .weight = weight };
    double **array[] = { &p.c[0],   &p.c[1], &p.c[2], &p.first, &p.a[0], &p.a[1], &p.a[2], &p.b,
                         &p.lambda, &p.next, &p.rest, &p.d,     &p.l1,   &p.l2,   &p.set };
    if (n < 2)
        return;
    for (size_t k = 0; k < sizeof array / sizeof array[0]; k++)
        *array[k] = work + k * (n + 1);
    p.x = work + sizeof array / sizeof array[0] * (n + 1);
    if (curve == VOUCH__GAM_CONCAVE)
        negate(n, value);
    build(&p, at, value, curve == VOUCH__GAM_CONCAVE ? -direction : direction);
    run(&p, value, active);
    memcpy(value, p.x, n * sizeof *value);
    if (curve == VOUCH__GAM_CONCAVE)
        negate(n, value);
    vouch__gam_isotonic(n, value, weight, direction, work);
}

void vouch__gam_project(const vouch__gam_shape *shape, int direction, double *value, uint8_t *active,
                        double *work)
{
    double *y = work, *w = work + VOUCH__GAM_BINS, *at = work + 2 * VOUCH__GAM_BINS, total = 0.0;
    uint8_t none[VOUCH__GAM_BINS] = { 0 };
    size_t n = 0;
    if (!direction && shape->curve == VOUCH__GAM_FREE)
        return;
    for (size_t b = 0; b < shape->bins.n_bins; b++)
        total += shape->weight[b];
    for (size_t b = 0; b < shape->bins.n_bins; b++)
        if (!shape->apart[b]) {
            y[n] = value[b];
            w[n] = fmax(shape->weight[b], 1e-6 * total / (double)shape->bins.n_bins);
            at[n++] = shape->at[b];
        }
    work += 3 * VOUCH__GAM_BINS;
    if (shape->curve == VOUCH__GAM_FREE)
        vouch__gam_isotonic(n, y, w, direction, work);
    else
        vouch__gam_bend(n, at, y, w, shape->curve, direction, active ? active : none, work);
    for (size_t b = shape->bins.n_bins; b-- > 0;)
        if (!shape->apart[b])
            value[b] = y[--n];
}
