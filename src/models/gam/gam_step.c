/* Small steps. Of a shape: a tree with a few leaves over the bins in order, or with cuts drawn at random in
 * the first rounds, which keeps shapes smooth; categories, missing values and special codes each take a step
 * of their own, held back by a ridge. Of a table: the best cut of one input, and on either side the best of
 * the other. */
#include "models/gam/gam_fit.h"
#include "num/rng.h"

#include <math.h>

static void add(vouch__gam_sum *to, const vouch__gam_sum *from)
{
    to->g += from->g;
    to->h += from->h;
    to->rows += from->rows;
}

static vouch__gam_sum less(const vouch__gam_sum *a, const vouch__gam_sum *b)
{
    return (vouch__gam_sum){ a->g - b->g, a->h - b->h, a->rows - b->rows };
}

static double gain(const vouch__gam_sum *s, double l2)
{
    return s->h + l2 > 0.0 ? s->g * s->g / (s->h + l2) : 0.0;
}

static double move(const vouch__gam_rule *rule, double g, double h)
{
    return h > 0.0 ? rule->rate * vouch__gbdt_step(rule->loss, -rule->unit * (g / h)) : 0.0;
}

/* Bins from .. to - 1 of those in order, and the best cut of them. */
typedef struct run {
    size_t from, to, cut;
    double gain;
} run;

static void search(const vouch__gam_rule *rule, const vouch__gam_sum *before, run *r)
{
    vouch__gam_sum all = less(&before[r->to], &before[r->from]);
    double whole = gain(&all, rule->l2);
    r->gain = 0.0;
    for (size_t cut = r->from + 1; cut < r->to; cut++) {
        vouch__gam_sum left = less(&before[cut], &before[r->from]),
                       right = less(&before[r->to], &before[cut]);
        if (left.rows < rule->least_rows || right.rows < rule->least_rows)
            continue;
        double found = gain(&left, rule->l2) + gain(&right, rule->l2) - whole;
        if (found > r->gain) {
            r->gain = found;
            r->cut = cut;
        }
    }
}

static size_t searched(const vouch__gam_rule *rule, size_t n, const vouch__gam_sum *before, run *leaf)
{
    size_t leaves = 1;
    leaf[0] = (run){ .to = n };
    search(rule, before, &leaf[0]);
    while (leaves < rule->leaves) {
        size_t best = 0;
        for (size_t k = 1; k < leaves; k++)
            if (leaf[k].gain > leaf[best].gain)
                best = k;
        if (!(leaf[best].gain > 0.0))
            break;
        leaf[leaves] = (run){ .from = leaf[best].cut, .to = leaf[best].to };
        leaf[best].to = leaf[best].cut;
        search(rule, before, &leaf[best]);
        search(rule, before, &leaf[leaves++]);
    }
    return leaves;
}

static size_t drawn(const vouch__gam_rule *rule, size_t n, run *leaf)
{
    vouch__rng rng = vouch__rng_make(rule->seed, 0);
    size_t leaves = 1;
    leaf[0] = (run){ .to = n };
    for (size_t k = 1; k < rule->leaves; k++) {
        size_t cut = 1 + (size_t)vouch__rng_below(&rng, n - 1), of = 0;
        while (!(leaf[of].from < cut && cut < leaf[of].to) && ++of < leaves)
            ;
        if (of == leaves) /* drawn before */
            continue;
        leaf[leaves++] = (run){ .from = cut, .to = leaf[of].to };
        leaf[of].to = cut;
    }
    return leaves;
}

void vouch__gam_step(const vouch__gam_rule *rule, const vouch__gam_shape *input, const vouch__gam_sum *sum,
                     const double *shape, double *out)
{
    enum { MOST_LEAVES = 16 };
    vouch__gam_sum before[VOUCH__GAM_BINS + 1] = { { 0.0, 0.0, 0.0 } };
    size_t bin[VOUCH__GAM_BINS] = { 0 }, n = 0;
    run leaf[MOST_LEAVES];
    for (size_t b = 0; b < input->bins.n_bins; b++) {
        if (input->bins.is_category || input->apart[b]) {
            double l2 = rule->category_l2;
            out[b] = sum[b].rows > 0.0 ? move(rule, sum[b].g + l2 * (shape[b] / rule->unit), sum[b].h + l2)
                                       : 0.0;
            continue;
        }
        before[n + 1] = before[n];
        add(&before[n + 1], &sum[b]);
        bin[n++] = b;
    }
    if (n == 0)
        return;
    size_t leaves = rule->is_random && n > 1 ? drawn(rule, n, leaf) : searched(rule, n, before, leaf);
    for (size_t k = 0; k < leaves; k++) {
        vouch__gam_sum all = less(&before[leaf[k].to], &before[leaf[k].from]);
        double value = all.rows >= rule->least_rows ? move(rule, all.g, all.h + rule->l2) : 0.0;
        for (size_t i = leaf[k].from; i < leaf[k].to; i++)
            out[bin[i]] = value;
    }
}

/* Sums of the cells below and left of every corner. */
static void running_make(size_t n_a, size_t n_b, const vouch__gam_sum *sum, vouch__gam_sum *running)
{
    size_t wide = n_b + 1;
    for (size_t j = 0; j <= n_b; j++)
        running[j] = (vouch__gam_sum){ 0.0, 0.0, 0.0 };
    for (size_t i = 0; i < n_a; i++) {
        vouch__gam_sum row = { 0.0, 0.0, 0.0 };
        running[(i + 1) * wide] = row;
        for (size_t j = 0; j < n_b; j++) {
            add(&row, &sum[i * n_b + j]);
            running[(i + 1) * wide + j + 1] = running[i * wide + j + 1];
            add(&running[(i + 1) * wide + j + 1], &row);
        }
    }
}

/* Cells [a0, a1) x [b0, b1). */
static vouch__gam_sum block(const vouch__gam_sum *r, size_t wide, size_t a0, size_t a1, size_t b0, size_t b1)
{
    vouch__gam_sum top = less(&r[a1 * wide + b1], &r[a1 * wide + b0]);
    vouch__gam_sum low = less(&r[a0 * wide + b1], &r[a0 * wide + b0]);
    return less(&top, &low);
}

typedef struct cuts {
    size_t first, low, high; /* 0: no cut */
    double gain;
} cuts;

/* The best cut across cells whose place along the first input is in [from, to). */
static double across(const vouch__gam_rule *rule, size_t n_a, size_t n_b, const vouch__gam_sum *r,
                     bool b_first, size_t from, size_t to, size_t *out_cut)
{
    size_t wide = n_b + 1, n = b_first ? n_a : n_b;
    vouch__gam_sum all = b_first ? block(r, wide, 0, n_a, from, to) : block(r, wide, from, to, 0, n_b);
    double best = gain(&all, rule->l2);
    *out_cut = 0;
    if (all.rows < rule->least_rows)
        return -INFINITY;
    for (size_t cut = 1; cut < n; cut++) {
        vouch__gam_sum left = b_first ? block(r, wide, 0, cut, from, to) : block(r, wide, from, to, 0, cut);
        vouch__gam_sum right = less(&all, &left);
        if (left.rows < rule->least_rows || right.rows < rule->least_rows)
            continue;
        double found = gain(&left, rule->l2) + gain(&right, rule->l2);
        if (found > best) {
            best = found;
            *out_cut = cut;
        }
    }
    return best;
}

static cuts find(const vouch__gam_rule *rule, size_t n_a, size_t n_b, const vouch__gam_sum *r, bool b_first)
{
    size_t n = b_first ? n_b : n_a;
    cuts best = { 0, 0, 0, 0.0 };
    for (size_t cut = 1; cut < n; cut++) {
        cuts c = { cut, 0, 0, 0.0 };
        c.gain = across(rule, n_a, n_b, r, b_first, 0, cut, &c.low);
        c.gain += across(rule, n_a, n_b, r, b_first, cut, n, &c.high);
        if (c.gain > best.gain)
            best = c;
    }
    return best;
}

static cuts best(const vouch__gam_rule *rule, size_t n_a, size_t n_b, const vouch__gam_sum *r, bool *b_first)
{
    cuts by_a = find(rule, n_a, n_b, r, false), by_b = find(rule, n_a, n_b, r, true);
    *b_first = by_b.gain > by_a.gain;
    return *b_first ? by_b : by_a;
}

/* A cut of both; the best ones where a quarter would have too few rows. */
static cuts draw(const vouch__gam_rule *rule, size_t n_a, size_t n_b, const vouch__gam_sum *r, bool *b_first)
{
    vouch__rng rng = vouch__rng_make(rule->seed, 1);
    *b_first = false;
    if (n_a < 2 || n_b < 2)
        return (cuts){ 0, 0, 0, 0.0 };
    size_t a = 1 + (size_t)vouch__rng_below(&rng, n_a - 1), b = 1 + (size_t)vouch__rng_below(&rng, n_b - 1);
    for (size_t k = 0; k < 4; k++) {
        vouch__gam_sum q = block(r, n_b + 1, k & 1 ? a : 0, k & 1 ? n_a : a, k & 2 ? b : 0, k & 2 ? n_b : b);
        if (q.rows < rule->least_rows)
            return best(rule, n_a, n_b, r, b_first);
    }
    return (cuts){ a, b, b, 0.0 };
}

void vouch__gam_table_step(const vouch__gam_rule *rule, size_t n_a, size_t n_b, const vouch__gam_sum *sum,
                           vouch__gam_sum *running, double *out)
{
    running_make(n_a, n_b, sum, running);
    bool b_first = false;
    cuts c = rule->is_random ? draw(rule, n_a, n_b, running, &b_first)
                             : best(rule, n_a, n_b, running, &b_first);
    double value[2][2] = { { 0.0, 0.0 }, { 0.0, 0.0 } };
    size_t wide = n_b + 1, n_first = b_first ? n_b : n_a, n_other = b_first ? n_a : n_b;
    for (size_t side = 0; side < 2 && c.first; side++) {
        size_t from = side ? c.first : 0, to = side ? n_first : c.first, cut = side ? c.high : c.low;
        for (size_t part = 0; part < 2; part++) {
            size_t lo = part ? cut : 0, hi = part || !cut ? n_other : cut;
            vouch__gam_sum s = b_first ? block(running, wide, lo, hi, from, to)
                                       : block(running, wide, from, to, lo, hi);
            value[side][part] = move(rule, s.g, s.h + rule->l2);
        }
    }
    for (size_t i = 0; i < n_a; i++)
        for (size_t j = 0; j < n_b; j++) {
            size_t first = b_first ? j : i, other = b_first ? i : j, side = first >= c.first;
            out[i * n_b + j] = c.first ? value[side][other >= (side ? c.high : c.low)] : 0.0;
        }
}

/* Of two cuts the four means' contrast, squared over its variance: what a product of the two sides would gain
 * after both inputs alone. */
double vouch__gam_table_gain(size_t n_a, size_t n_b, const vouch__gam_sum *sum, vouch__gam_sum *running,
                             double least_rows)
{
    size_t wide = n_b + 1;
    double best = 0.0;
    running_make(n_a, n_b, sum, running);
    for (size_t i = 1; i < n_a; i++)
        for (size_t j = 1; j < n_b; j++) {
            vouch__gam_sum q[4] = { block(running, wide, 0, i, 0, j), block(running, wide, 0, i, j, n_b),
                                    block(running, wide, i, n_a, 0, j),
                                    block(running, wide, i, n_a, j, n_b) };
            double contrast = 0.0, variance = 0.0;
            bool is_full = true;
            for (size_t k = 0; k < 4; k++) {
                is_full &= q[k].rows >= least_rows && q[k].h > 0.0;
                contrast += (k == 0 || k == 3 ? 1.0 : -1.0) * q[k].g / q[k].h;
                variance += 1.0 / q[k].h;
            }
            if (is_full && contrast * contrast > best * variance)
                best = contrast * contrast / variance;
        }
    return best;
}
