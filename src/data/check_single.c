/* How well does one input alone tell the outcomes apart?
 *
 * Each input is turned into a score by the bad rates of its values on train: at most 32 bins of equal numbers
 * for a number (missing in a bin of its own), one for each text. So any shape of dependence counts, also one
 * that shows only in what is missing. The score is judged on rows that took no part in making it, where an
 * identifier or a crowd of rare texts is worth nothing.
 *
 * Under the null hypothesis the AUC is at most the advisory limit A. Its standard error there is that of
 * Hanley & McNeil, which depends on A and the numbers of cases only and so holds for an AUC of 1, where an
 * estimated error would be 0: (A (1 - A) + (bads - 1) (A / (2 - A) - A^2) + (goods - 1) (2 A^2 / (1 + A) -
 * A^2)) / (bads goods). */
#include "data/check_tools.h"

#include "base/parallel.h"
#include "num/rank.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BINS = 32, LEAST_CASES = 10 };
#define LIMIT_OTHERWISE 0.85 /* where no policy gives one */
#define LEVEL 0.05

typedef struct single {
    const vouch_table *table;
    const vouch__data_spec *spec;
    const uint8_t *bad;
    size_t n_train, n_held;
    const uint32_t *train, *held; /* rows, ascending */
    double *auc;                  /* [features] */
} single;

/* Right-closed bin edges at train quantiles, ties merged; returns their number. */
static vouch_status edges(vouch_ctx *ctx, size_t n, const double *x, double *edge, size_t *out_n)
{
    size_t mark = vouch__scratch_mark(ctx), there = 0, n_edges = 0;
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!order)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, x, order);
    while (!status && there < n && !isnan(x[order[there]]))
        there++;
    for (size_t b = 1; b < BINS && there > 0; b++) {
        double at = x[order[b * there / BINS]];
        if (n_edges == 0 || at > edge[n_edges - 1])
            edge[n_edges++] = at;
    }
    *out_n = n_edges;
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* Bins of x: 0 for missing, then 1 + the number of edges below it. Texts: 0 for missing, then 1 + code. */
static size_t bin_of(double x, size_t n_edges, const double *edge)
{
    size_t low = 0, high = n_edges;
    if (isnan(x))
        return 0;
    if (!edge)
        return 1 + (size_t)x;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (edge[mid] < x)
            low = mid + 1;
        else
            high = mid;
    }
    return 1 + low;
}

/* Bad rates per bin on train, drawn towards the overall rate by one case's weight; an empty bin has that
 * rate. */
static void rates(const single *s, const double *x, size_t n_edges, const double *edge, size_t n_bins,
                  double *rate, double *count)
{
    double all = 0;
    memset(rate, 0, n_bins * sizeof *rate);
    memset(count, 0, n_bins * sizeof *count);
    for (size_t i = 0; i < s->n_train; i++) {
        size_t b = bin_of(x[i], n_edges, edge);
        rate[b] += s->bad[s->train[i]];
        count[b]++;
        all += s->bad[s->train[i]];
    }
    all /= (double)s->n_train;
    for (size_t b = 0; b < n_bins; b++)
        rate[b] = (rate[b] + all) / (count[b] + 1);
}

static double auc_of(size_t n, const double *rank, const uint32_t *row, const uint8_t *bad)
{
    double sum = 0, bads = 0;
    for (size_t i = 0; i < n; i++) {
        sum += bad[row[i]] ? rank[i] : 0; /* halves: exact */
        bads += bad[row[i]];
    }
    return (sum - bads * (bads + 1) / 2) / (bads * ((double)n - bads));
}

static vouch_status one_feature(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const single *s = arg;
    size_t col = s->spec->feature[chunk], n_edges = 0, mark = vouch__scratch_mark(worker);
    bool is_text = vouch_table_type(s->table, col) == VOUCH_TEXT;
    size_t n_bins = is_text ? vouch_table_categories(s->table, col) + 1 : BINS + 1;
    double edge[BINS];
    double *x = vouch__scratch(worker, s->n_train > s->n_held ? s->n_train : s->n_held, sizeof *x);
    double *rank = vouch__scratch(worker, s->n_held, sizeof *rank);
    double *rate = vouch__scratch(worker, n_bins, sizeof *rate);
    double *count = vouch__scratch(worker, n_bins, sizeof *count);
    (void)begin, (void)end;
    if (!x || !rank || !rate || !count)
        return vouch__oom(worker);
    vouch__table_gather(s->table, col, s->n_train, s->train, x);
    vouch_status status = is_text ? VOUCH_OK : edges(worker, s->n_train, x, edge, &n_edges);
    if (!status) {
        rates(s, x, n_edges, is_text ? NULL : edge, n_bins, rate, count);
        vouch__table_gather(s->table, col, s->n_held, s->held, x);
        for (size_t i = 0; i < s->n_held; i++)
            x[i] = rate[bin_of(x[i], n_edges, is_text ? NULL : edge)];
        status = vouch__midranks(worker, s->n_held, x, rank);
    }
    if (!status)
        s->auc[chunk] = auc_of(s->n_held, rank, s->held, s->bad);
    vouch__scratch_reset(worker, mark);
    return status;
}

/* Chance of an AUC this large or larger where the true one is limit. */
static double p_value(double auc, double limit, double bads, double goods)
{
    double square = limit * limit;
    double variance = limit * (1 - limit) + (bads - 1) * (limit / (2 - limit) - square) +
                      (goods - 1) * (2 * square / (1 + limit) - square);
    return vouch__normal_sf((auc - limit) / sqrt(variance / (bads * goods)));
}

typedef struct ranked {
    double auc;
    size_t at;
} ranked;

static int by_auc(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->auc != y->auc)
        return x->auc < y->auc ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

#define ENTRY(...) VOUCH__TEST_ENTRY(vouch__test_data_single_auc, .part = "tune and test", __VA_ARGS__)

static vouch_status tell(vouch_ctx *ctx, const single *s, double bads, vouch__evidence *list)
{
    size_t n = s->spec->n_features;
    const vouch__limit *given = vouch__policy_limit(list->policy, "data.single_auc");
    double goods = (double)s->n_held - bads;
    double limit = given && given->advisory > 0.5 && given->advisory < 1 ? given->advisory : LIMIT_OTHERWISE;
    double *p = vouch__scratch(ctx, n, sizeof *p), *adjusted = vouch__scratch(ctx, n, sizeof *adjusted);
    ranked *r = vouch__scratch(ctx, n, sizeof *r);
    if (!p || !adjusted || !r)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++) {
        p[i] = p_value(s->auc[i], limit, bads, goods);
        r[i] = (ranked){ s->auc[i], i };
    }
    vouch_status status = vouch__holm(ctx, n, p, adjusted);
    if (status)
        return status;
    qsort(r, n, sizeof *r, by_auc);
    size_t top = r[0].at;
    bool significant = adjusted[top] < LEVEL;
    vouch__entry entry = ENTRY(.n = (double)s->n_held, .n_bad = bads, .value = s->auc[top],
                               .p_value = adjusted[top], .critical = limit, .judged = significant,
                               .verdict = VOUCH__PASS);
    char note[320];
    int len = significant
                  ? snprintf(note, sizeof note, "%.100s alone is significantly above the advisory limit. ",
                             vouch_table_name(s->table, s->spec->feature[top]))
                  : 0;
    if (s->spec->is_above) {
        char text[VOUCH__DOUBLE_MAX + 1];
        text[vouch__double_text(s->spec->bad, text)] = '\0';
        (void)snprintf(note + len, sizeof note - (size_t)len,
                       "Bad is an outcome above %s, the median (the lowest, where that is the largest too).",
                       text);
    } else if (len) {
        note[len - 1] = '\0';
    }
    entry.note = significant || s->spec->is_above ? note : NULL;
    vouch__json *object = vouch__evidence_add(list, &entry);
    vouch__json *table = vouch__evidence_table(list, object, "inputs", "column,auc,p_value,p_holm");
    for (size_t i = 0; i < n; i++) {
        vouch__json *row = vouch__evidence_row(list, table);
        vouch__row_text(list, row, vouch_table_name(s->table, s->spec->feature[r[i].at]));
        vouch__row_number(list, row, r[i].auc);
        vouch__row_number(list, row, p[r[i].at]);
        vouch__row_number(list, row, adjusted[r[i].at]);
    }
    vouch__evidence_plot(list, object, "bars", "inputs", "column", "auc", "input", "AUC alone");
    return VOUCH_OK;
}

/* Tune and test rows, ascending. */
static void merge(const vouch__split *split, uint32_t *out)
{
    size_t a = 0, b = 0;
    const uint32_t *tune = split->row[VOUCH__TUNE], *test = split->row[VOUCH__TEST];
    while (a < split->n[VOUCH__TUNE] || b < split->n[VOUCH__TEST]) {
        bool first = b == split->n[VOUCH__TEST] || (a < split->n[VOUCH__TUNE] && tune[a] < test[b]);
        *out++ = first ? tune[a++] : test[b++];
    }
}

static void refuse(vouch__evidence *list, const char *why, double n, double bads)
{
    vouch__entry entry = ENTRY(.n = n, .n_bad = bads, .verdict = VOUCH__REFUSED, .note = why);
    (void)vouch__evidence_add(list, &entry);
}

vouch_status vouch__check_single(vouch_ctx *ctx, const vouch_table *table, const vouch__data_spec *spec,
                                 const vouch__split *split, vouch__evidence *list)
{
    size_t n_held = split->n[VOUCH__TUNE] + split->n[VOUCH__TEST], mark = vouch__scratch_mark(ctx);
    uint8_t *bad = vouch__scratch(ctx, vouch_table_rows(table), 1);
    uint32_t *held = vouch__scratch(ctx, n_held, sizeof *held);
    double *auc = vouch__scratch(ctx, spec->n_features, sizeof *auc);
    double bads = 0, bads_train = 0;
    vouch_status status = VOUCH_OK;
    if (!bad || !held || !auc)
        return vouch__oom(ctx);
    vouch__check_bad(table, spec, bad);
    for (size_t i = 0; i < vouch_table_rows(table); i++)
        bad[i] = bad[i] == 1;
    merge(split, held);
    single s = { .table = table,
                 .spec = spec,
                 .bad = bad,
                 .n_train = split->n[VOUCH__TRAIN],
                 .train = split->row[VOUCH__TRAIN],
                 .n_held = n_held,
                 .held = held,
                 .auc = auc };
    for (size_t i = 0; i < n_held; i++)
        bads += bad[held[i]];
    for (size_t i = 0; i < s.n_train; i++)
        bads_train += bad[s.train[i]];
    if (spec->n_features == 0 || spec->target == SIZE_MAX) {
        refuse(list, "There is no input, or no outcome.", (double)n_held, bads);
    } else if (fmin(bads, (double)n_held - bads) < LEAST_CASES ||
               fmin(bads_train, (double)s.n_train - bads_train) < LEAST_CASES) {
        refuse(list, "Fewer than 10 cases of an outcome, on train or on tune and test together.",
               (double)n_held, bads);
    } else {
        status = vouch__parallel(ctx, spec->n_features, 1, one_feature, &s);
        if (!status)
            status = tell(ctx, &s, bads, list);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}
