/* Cases that are alike in all inputs at once, and whether the model is worse on one such group. */
#include "base/parallel.h"
#include "catalogue/diagnose/errors.h"

#include "num/rank.h"
#include "num/rng.h"
#include "validate/cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, LEVELS = 16, ROUNDS = 100, START = 0xC100, PERMUTE = 0x42000000, SHOWN = 10 };

/* Cases as points: a number is its place among the cases, from 0 to 1, what is not a number the middle; a
 * category one coordinate a level, of 1/2, so that two levels are as far apart as half of all cases times the
 * root of 2. */
typedef struct points {
    size_t n, dims, k;
    double *x;      /* [n x dims] */
    double *centre; /* [k x dims] */
    uint8_t *of;    /* [n] cluster */
    size_t size[MOST];
} points;

/* The share of cases below x, half of those at it. */
static double place(const vouch__probe *p, size_t j, double x)
{
    const double *v = p->sorted[j];
    size_t lo[2] = { 0, 0 }, n = p->n_sorted[j];
    for (int upper = 0; upper < 2; upper++)
        for (size_t hi = n; lo[upper] < hi;) {
            size_t middle = lo[upper] + (hi - lo[upper]) / 2;
            if (upper ? v[middle] <= x : v[middle] < x)
                lo[upper] = middle + 1;
            else
                hi = middle;
        }
    return 0.5 * (double)(lo[0] + lo[1]) / (double)n;
}

static size_t levels(const vouch__probe *p, size_t j)
{
    size_t n = p->model->inputs.at[j].n_categories;
    return !vouch__probe_is_category(p, j) ? 1 : n < LEVELS ? n : LEVELS;
}

typedef struct placing {
    const vouch__probe *p;
    points *at;
} placing;

static vouch_status place_cases(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const placing *a = arg;
    const vouch__probe *p = a->p;
    (void)worker, (void)chunk;
    for (size_t i = begin; i < end; i++) {
        double *out = a->at->x + i * a->at->dims;
        for (size_t j = 0; j < p->cols; j++) {
            double x = p->x[i * p->cols + j];
            size_t n = levels(p, j);
            if (!vouch__probe_is_category(p, j))
                out[0] = vouch__probe_moves(p, j, x) ? place(p, j, x) : 0.5;
            for (size_t k = 0; k < n && vouch__probe_is_category(p, j); k++)
                out[k] = x == (double)k ? 0.5 : 0.0;
            out += n;
        }
    }
    return VOUCH_OK;
}

static double distance(size_t dims, const double *a, const double *b)
{
    double sum = 0.0;
    for (size_t d = 0; d < dims; d++)
        sum += (a[d] - b[d]) * (a[d] - b[d]);
    return sum;
}

static size_t nearest(const points *at, const double *x, double *out_far)
{
    size_t best = 0;
    double far = INFINITY;
    for (size_t c = 0; c < at->k; c++) {
        double now = distance(at->dims, x, at->centre + c * at->dims);
        if (now < far) {
            far = now;
            best = c;
        }
    }
    *out_far = far;
    return best;
}

/* k-means++: each next centre is a case, drawn by its squared distance from those there are. */
static void start(points *at, uint64_t seed, size_t k, double *far)
{
    vouch__rng rng = vouch__rng_make(seed, START);
    size_t first = (size_t)vouch__rng_below(&rng, at->n);
    memcpy(at->centre, at->x + first * at->dims, at->dims * sizeof *at->centre);
    for (at->k = 1; at->k < k; at->k++) {
        double total = 0.0;
        for (size_t i = 0; i < at->n; i++) {
            (void)nearest(at, at->x + i * at->dims, &far[i]);
            total += far[i];
        }
        if (!(total > 0.0))
            return; /* fewer different cases than clusters */
        double left = vouch__rng_uniform(&rng) * total;
        size_t i = 0;
        for (; i + 1 < at->n && (left >= far[i] || far[i] == 0.0); i++)
            left -= far[i];
        memcpy(at->centre + at->k * at->dims, at->x + i * at->dims, at->dims * sizeof *at->centre);
    }
}

static vouch_status assign(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    points *at = arg;
    double far;
    (void)worker, (void)chunk;
    for (size_t i = begin; i < end; i++)
        at->of[i] = (uint8_t)nearest(at, at->x + i * at->dims, &far);
    return VOUCH_OK;
}

/* Lloyd's rounds until nothing moves. A cluster that is left empty keeps its centre. */
static vouch_status settle(vouch_ctx *ctx, points *at, uint8_t *before)
{
    vouch_status status = VOUCH_OK;
    memset(before, 0xFF, at->n);
    for (int round = 0; round < ROUNDS && !status; round++) {
        status = vouch__parallel(ctx, at->n, 1024, assign, at);
        if (status || !memcmp(before, at->of, at->n))
            break;
        memcpy(before, at->of, at->n);
        memset(at->size, 0, sizeof at->size);
        for (size_t i = 0; i < at->n; i++)
            at->size[at->of[i]]++;
        for (size_t c = 0; c < at->k; c++)
            if (at->size[c])
                memset(at->centre + c * at->dims, 0, at->dims * sizeof *at->centre);
        for (size_t i = 0; i < at->n; i++)
            for (size_t d = 0; d < at->dims; d++)
                at->centre[at->of[i] * at->dims + d] += at->x[i * at->dims + d] / (double)at->size[at->of[i]];
    }
    return status;
}

/* ---- performance ---- */

typedef struct contest {
    const points *at;
    const double *excess; /* [n] */
    double mean, variance, least;
    double *largest; /* [permutations] */
    uint64_t seed;
} contest;

/* Each cluster's mean against the rest, in standard errors of a random group of its size. */
static double lead(const contest *c, size_t cluster, double sum)
{
    double n = (double)c->at->size[cluster], all = (double)c->at->n;
    if (n < c->least || all - n < 1.0)
        return -INFINITY;
    double se = sqrt(c->variance / n * (all - n) / all);
    return se > 0.0 ? (sum / n - c->mean) / se : -INFINITY;
}

static double largest_lead(const contest *c, const double *sum)
{
    double most = -INFINITY;
    for (size_t k = 0; k < c->at->k; k++)
        most = fmax(most, lead(c, k, sum[k]));
    return most;
}

static vouch_status permute(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const contest *c = arg;
    size_t n = c->at->n, mark = vouch__scratch_mark(worker);
    uint32_t *from = vouch__scratch(worker, n, sizeof *from);
    (void)chunk;
    if (!from)
        return vouch__oom(worker);
    for (size_t b = begin; b < end; b++) {
        double sum[MOST] = { 0 };
        vouch__shuffle(c->seed, PERMUTE + b, n, from);
        for (size_t i = 0; i < n; i++)
            sum[c->at->of[i]] += c->excess[from[i]];
        c->largest[b] = largest_lead(c, sum);
    }
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

typedef struct cluster {
    size_t at;
    vouch__error_sums s;
    double lead, adjusted;
} cluster;

static int by_lead(const void *a, const void *b)
{
    const cluster *x = a, *y = b;
    if (x->lead != y->lead)
        return x->lead < y->lead ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

typedef struct leaning { /* how far a cluster's cases stand from all cases in one input */
    size_t input;
    double here, all;
} leaning;

static int by_leaning(const void *a, const void *b)
{
    const leaning *x = a, *y = b;
    double p = fabs(x->here - x->all), q = fabs(y->here - y->all);
    if (p != q)
        return p < q ? 1 : -1;
    return (x->input > y->input) - (x->input < y->input);
}

static void tell_centre(vouch_ctx *ctx, const vouch__test_call *call, const vouch__probe *p, const points *at,
                        size_t worst, vouch__json *object)
{
    leaning *l = vouch__scratch(ctx, p->cols + 1, sizeof *l);
    size_t n = 0, first = 0;
    vouch__json *table = vouch__evidence_table(call->list, object, "worst", "input,value,place");
    for (size_t j = 0; j < p->cols && l; first += levels(p, j), j++)
        if (!vouch__probe_is_category(p, j) && p->n_sorted[j])
            l[n++] = (leaning){ j, at->centre[worst * at->dims + first], 0.5 };
    if (!l)
        return;
    qsort(l, n, sizeof *l, by_leaning);
    for (size_t k = 0; k < n && k < SHOWN; k++)
        vouch__test_row(call, table, "tnn", vouch__probe_name(p, l[k].input),
                        vouch__quantile_sorted(p->n_sorted[l[k].input], p->sorted[l[k].input],
                                               fmin(fmax(l[k].here, 0.0), 1.0)),
                        l[k].here);
}

static void tell(vouch_ctx *ctx, const vouch__test_call *call, const vouch__probe *p, const contest *c,
                 cluster *of, size_t permutations)
{
    const points *at = c->at;
    char note[160];
    double margin = vouch__cases_margin(0.95);
    for (size_t k = 0; k < at->k; k++) {
        double above = 1.0;
        for (size_t b = 0; b < permutations; b++)
            above += c->largest[b] >= of[k].lead;
        of[k].adjusted = isfinite(of[k].lead) ? above / (double)(permutations + 1) : (double)NAN;
    }
    qsort(of, at->k, sizeof *of, by_lead);
    const vouch__error_sums *s = &of[0].s;
    double all = c->mean * (double)at->n, rest = (all - s->excess) / ((double)at->n - s->n);
    double gap = s->excess / s->n - rest, se = vouch__error_se(s);
    (void)snprintf(
        note, sizeof note,
        "The value is that of cluster %zu, of %zu; clusters of fewer than %zu cases are not judged.",
        of[0].at + 1, at->k, (size_t)c->least);
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)p->n;
    entry.n_bad = (double)p->n_bad;
    entry.note = note;
    entry.value = gap;
    entry.p_value = of[0].adjusted;
    entry.statistic = of[0].lead;
    entry.level = 0.95;
    entry.low = gap - margin * se;
    entry.high = gap + margin * se;
    entry.interval_method = "normal, of this cluster alone";
    entry.judged = of[0].adjusted <= 0.05;
    entry.verdict = vouch__policy_limit(call->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "clusters",
        "cluster,cases,bads,bad_rate,predicted,error,expected_error,excess,adjusted");
    for (size_t k = 0; k < at->k; k++) {
        s = &of[k].s;
        if (s->n > 0.0)
            vouch__test_row(call, table, "nnnnnnnnn", (double)of[k].at + 1.0, s->n, s->n_bad, s->n_bad / s->n,
                            s->expected / s->n, s->error / s->n, (s->error - s->excess) / s->n,
                            s->excess / s->n, of[k].adjusted);
    }
    double spread = 0.0;
    for (size_t i = 0; i < at->n; i++)
        spread += distance(at->dims, at->x + i * at->dims, at->centre + at->of[i] * at->dims) / (double)at->n;
    table = vouch__evidence_table(call->list, object, "grouping", "clusters,mean_square_distance");
    vouch__test_row(call, table, "nn", (double)at->k, spread);
    tell_centre(ctx, call, p, at, of[0].at, object);
}

static vouch_status compare(vouch_ctx *ctx, const vouch__test_call *call, const vouch__probe *p, points *at)
{
    size_t permutations = (size_t)vouch__test_param(call, "permutations");
    double *excess = vouch__scratch(ctx, p->n, sizeof *excess), sum[MOST] = { 0 };
    contest c = { .at = at, .excess = excess, .least = vouch__test_param(call, "least"), .seed = p->seed };
    cluster of[MOST] = { { .at = 0 } };
    c.largest = vouch__scratch(ctx, permutations, sizeof *c.largest);
    if (!excess || !c.largest)
        return vouch__oom(ctx);
    for (size_t k = 0; k < at->k; k++)
        of[k] = (cluster){ .at = k };
    memset(at->size, 0, sizeof at->size);
    for (size_t i = 0; i < p->n; i++) {
        excess[i] = vouch__excess_error(p, i);
        sum[at->of[i]] += excess[i];
        at->size[at->of[i]]++;
        vouch__error_add(&of[at->of[i]].s, p, i);
        c.mean += excess[i] / (double)p->n;
    }
    for (size_t i = 0; i < p->n; i++)
        c.variance += (excess[i] - c.mean) * (excess[i] - c.mean) / (double)(p->n - 1);
    if (!isfinite(largest_lead(&c, sum))) {
        vouch__test_refuse(call, "No cluster has enough cases, or one holds them all.");
        return VOUCH_OK;
    }
    for (size_t k = 0; k < at->k; k++)
        of[k].lead = lead(&c, k, sum[k]);
    vouch_status status = vouch__parallel(ctx, permutations, 1, permute, &c);
    if (!status)
        tell(ctx, call, p, &c, of, permutations);
    return status;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__probe p;
    points at = { .n = 0 };
    size_t k = (size_t)vouch__test_param(call, "clusters");
    vouch_status status = vouch__probe_make(ctx, call, call->now, (size_t)vouch__test_param(call, "rows"),
                                            true, &p);
    if (status)
        return status;
    if (p.n < 2 || p.cols == 0) {
        vouch__test_refuse(call, "There are fewer than two cases, or no inputs.");
        return VOUCH_OK;
    }
    for (size_t j = 0; j < p.cols; j++)
        at.dims += levels(&p, j);
    at.n = p.n;
    at.x = vouch__scratch(ctx, at.n * at.dims + 1, sizeof *at.x);
    at.centre = vouch__scratch(ctx, k * at.dims + 1, sizeof *at.centre);
    at.of = vouch__scratch(ctx, at.n, 1);
    uint8_t *before = vouch__scratch(ctx, at.n, 1);
    double *far = vouch__scratch(ctx, at.n, sizeof *far);
    placing a = { &p, &at };
    if (!at.x || !at.centre || !at.of || !before || !far)
        return vouch__oom(ctx);
    status = vouch__parallel(ctx, p.n, 256, place_cases, &a);
    if (!status) {
        start(&at, p.seed, k, far);
        status = settle(ctx, &at, before);
    }
    return status ? status : compare(ctx, call, &p, &at);
}

static const vouch__param params[] = {
    { "clusters", VOUCH__PARAM_INTEGER, 2, MOST, 10, NULL, "clusters", "How many groups are looked for." },
    { "least", VOUCH__PARAM_INTEGER, 1, 1000000, 50, NULL, "cases", "Smaller clusters are not judged." },
    { "permutations", VOUCH__PARAM_INTEGER, 19, 100000, 199, NULL, "permutations",
      "How often errors are dealt out anew." },
    { "rows", VOUCH__PARAM_INTEGER, 2, 10000000, 20000, NULL, "cases",
      "Most cases taken, drawn by the seed." },
};

const vouch_test vouch__test_worst_cluster = {
    .id = "diagnose.worst_cluster",
    .section = "validate",
    .title = "Is there a kind of case on which the model is worse?",
    .purpose =
        "Slices look at one or two inputs. Customers come in kinds that differ a little in many inputs: "
        "students, the newly self-employed, people after a move. Does the model fail one kind?",
    .mechanism =
        "Cases are grouped by k-means over all inputs, without looking at outcomes. A cluster's excess "
        "error is the mean of |outcome - p| less 2 p (1 - p), which it is on average when p is right. The "
        "value is how far the worst cluster's lies above that of all other cases. Its p-value is the share "
        "of random deals of the errors to the same clusters in which the largest of all clusters' leads, "
        "in standard errors, is as large.",
    .convention =
        "A number counts by its place among the cases, from 0 to 1, so that no input rules by its unit; "
        "what is missing or special stands in the middle; a category has a coordinate of 1/2 for each of "
        "its first 16 levels. Centres start by k-means++ from the seed, and settle by Lloyd's rounds. The "
        "p-value is (1 + deals as large) / (1 + deals): it corrects for the choice of the worst, and is "
        "exact. Judged only when significant.",
    .high_risk =
        "A significant cluster with five points more error than the rest: read who they are from the "
        "table of its centre, and refit or limit the model's use there.",
    .strengths = "Looks at all inputs at once; the correction for choosing the worst needs no assumption.",
    .limits = "k and the yardstick decide what a kind is, and k-means makes round groups of like size only. "
              "Inputs the model does not weigh count as much as those it does. An error of ranking alone, at "
              "right average risk, does not show.",
    .source =
        "S. Lloyd, IEEE Trans. Inf. Theory 28 (1982) 129-137; D. Arthur & S. Vassilvitskii, SODA (2007) "
        "1027-1035; P. Westfall & S. Young, Resampling-Based Multiple Testing (1993), on the largest of "
        "several; A. Sudjianto et al., PiML Toolbox (2023), on the worst cluster",
    .null_hypothesis = "errors beyond what the probabilities say do not depend on the cluster",
    .unit = "error above that of the rest",
    .needs = VOUCH__NEEDS_MODEL | VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
