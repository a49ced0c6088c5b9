/* The score and every input, column by column on the context's threads: read, cut into the reference's bins,
 * sorted where values are wanted, measured; then corrected together. */
#include "monitor/drift_columns.h"

#include "base/parallel.h"
#include "data/table.h"
#include "monitor/drift_pairs.h"
#include "monitor/drift_tests.h"
#include "monitor/sketch_set.h"
#include "num/rank.h"
#include "validate/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const vouch__param vouch__drift_params[VOUCH__DRIFT_PARAMS] = {
    { "bins", VOUCH__PARAM_INTEGER, 2, 100, 10, NULL, "", "Most quantile bins of the reference that a number is cut into." },
    { "level", VOUCH__PARAM_REAL, 0.5, 0.9999, 0.95, NULL, "", "The level of critical values; 1 - level is what an adjusted p-value must not exceed to be judged." },
    { "correction", VOUCH__PARAM_CHOICE, 0, 0, 0, "holm|bh|none", "", "How p-values are corrected over the columns: Holm (no false alarm at all), Benjamini-Hochberg (the share of false alarms), or not." },
    { "columns", VOUCH__PARAM_CHOICE, 0, 0, 0, "all|score|features", "", "Which columns are compared." },
};
/* clang-format on */

typedef struct job {
    const vouch__test_call *call;
    const vouch__drift_pair *at;
    vouch__drift_measure only; /* MEASURES: all of them */
    vouch__drift_result *out;  /* [subjects][MEASURES] */
    const double *bridge;
    size_t bins;
    double level;
} job;

static vouch__drift_fn *const measures[VOUCH__DRIFT_MEASURES] = {
    [VOUCH__DRIFT_PSI] = vouch__measure_psi,
    [VOUCH__DRIFT_JS] = vouch__measure_js,
    [VOUCH__DRIFT_HELLINGER] = vouch__measure_hellinger,
    [VOUCH__DRIFT_LINF] = vouch__measure_linf,
    [VOUCH__DRIFT_CHI2] = vouch__measure_chi2,
    [VOUCH__DRIFT_KS] = vouch__measure_ks,
    [VOUCH__DRIFT_WASSERSTEIN] = vouch__measure_wasserstein,
    [VOUCH__DRIFT_MISSING] = vouch__measure_missing,
    [VOUCH__DRIFT_UNSEEN] = vouch__measure_unseen,
};

/* It is of values, so not of texts. */
static bool is_of_values(vouch__drift_measure measure)
{
    return measure == VOUCH__DRIFT_KS || measure == VOUCH__DRIFT_WASSERSTEIN;
}

/* Of bins, put together where thin; else of rows. */
static bool is_of_bins(vouch__drift_measure measure)
{
    return !is_of_values(measure) && measure != VOUCH__DRIFT_MISSING && measure != VOUCH__DRIFT_UNSEEN;
}

static vouch_status read_side(vouch_ctx *ctx, const vouch__sample *s, size_t col, double **out)
{
    double *x = vouch__scratch(ctx, s->n + 1, sizeof *x);
    *out = x;
    if (!x)
        return vouch__oom(ctx);
    if (col == SIZE_MAX)
        memcpy(x, s->score, s->n * sizeof *x);
    else if (s->row)
        vouch__table_gather(s->table, col, s->n, s->row, x);
    else
        vouch_table_read(s->table, col, 0, s->n, x);
    return VOUCH_OK;
}

/* Where each text of the sample stands among the reference's; n where it is not there. */
static vouch_status text_map(vouch_ctx *ctx, const job *j, const vouch__drift_pair *u, size_t **out,
                             size_t *out_n)
{
    const vouch_table *now = j->call->now->table, *before = j->call->before->table;
    size_t cats = vouch_table_categories(now, u->now), n = vouch_table_categories(before, u->before), k = 0;
    size_t *map = vouch__scratch(ctx, cats + 1, sizeof *map);
    if (!map)
        return vouch__oom(ctx);
    for (size_t c = 0; c < cats; c++) { /* both lists are sorted by bytes */
        const char *text = vouch_table_category(now, u->now, c);
        int order = -1;
        while (k < n && order < 0) {
            order = strcmp(vouch_table_category(before, u->before, k), text);
            k += order < 0;
        }
        map[c] = k < n && order == 0 ? k : n;
    }
    *out = map;
    *out_n = n;
    return VOUCH_OK;
}

static vouch_status count_texts(vouch_ctx *ctx, const job *j, const vouch__drift_pair *u, const double *a,
                                const double *b, vouch__drift_column *c)
{
    size_t *map = NULL, n = 0;
    vouch_status status = text_map(ctx, j, u, &map, &n);
    if (status)
        return status;
    c->bins = n + 2; /* each text, those not seen, missing */
    c->from = vouch__scratch(ctx, c->bins, sizeof *c->from);
    c->to = vouch__scratch(ctx, c->bins, sizeof *c->to);
    if (!c->from || !c->to)
        return vouch__oom(ctx);
    memset(c->from, 0, c->bins * sizeof *c->from);
    memset(c->to, 0, c->bins * sizeof *c->to);
    for (size_t i = 0; i < j->call->before->n; i++)
        c->from[isnan(a[i]) ? n + 1 : (size_t)a[i]]++;
    for (size_t i = 0; i < j->call->now->n; i++)
        c->to[isnan(b[i]) ? n + 1 : map[(size_t)b[i]]]++;
    return VOUCH_OK;
}

/* How many of x[n], which ascend, are at or below each edge, as differences. */
static void cut(size_t n, const double *x, size_t n_edges, const double *edge, double missing, double *out)
{
    size_t before = 0;
    for (size_t k = 0; k <= n_edges; k++) {
        size_t low = before, high = k < n_edges ? n : before; /* the first value above the edge */
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (x[middle] <= edge[k])
                low = middle + 1;
            else
                high = middle;
        }
        size_t upto = k < n_edges ? low : n;
        out[k] = (double)(upto - before);
        before = upto;
    }
    out[n_edges + 1] = missing;
}

static vouch_status of_numbers(vouch_ctx *ctx, const job *j, double *a, double *b, vouch__drift_column *c)
{
    const vouch__sample *before = j->call->before, *now = j->call->now;
    double *edge = vouch__scratch(ctx, j->bins, sizeof *edge);
    c->from = vouch__scratch(ctx, j->bins + 1, sizeof *c->from);
    c->to = vouch__scratch(ctx, j->bins + 1, sizeof *c->to);
    if (!edge || !c->from || !c->to)
        return vouch__oom(ctx);
    vouch_status status = vouch__sort(ctx, before->n, a, &c->m);
    if (!status)
        status = vouch__sort(ctx, now->n, b, &c->n);
    if (status)
        return status;
    size_t n_edges = vouch__psi_edges_sorted(c->m, a, j->bins, edge);
    c->bins = n_edges + 2;
    cut(c->m, a, n_edges, edge, (double)(before->n - c->m), c->from);
    cut(c->n, b, n_edges, edge, (double)(now->n - c->n), c->to);
    c->x_from = a;
    c->x_to = b;
    return VOUCH_OK;
}

/* slack[n] of the bins that were put together is the sum of theirs. */
static double *thin_slack(vouch_ctx *ctx, size_t bins, const size_t *group, const double *slack, size_t n)
{
    double *out = vouch__scratch(ctx, n + 1, sizeof *out);
    for (size_t k = 0; out && k <= n; k++)
        out[k] = 0.0;
    for (size_t b = 0; out && b < bins; b++)
        if (group[b] < n)
            out[group[b]] += slack[b];
    return out;
}

/* What is of rows, before bins are put together. The last bin is that of missing values; of texts the one
 * before it is of those that the reference lacks. */
static void count_rows(vouch__drift_column *c)
{
    c->missing_from = c->from[c->bins - 1];
    c->missing_to = c->to[c->bins - 1];
    c->is_exact = c->error_from == 0.0 && c->error_to == 0.0;
    for (size_t b = 0; b < c->bins; b++) {
        c->all_from += c->from[b];
        c->all_to += c->to[b];
        c->singles += b + 2 < c->bins && c->from[b] == 1.0;
        c->is_exact = c->is_exact && !(c->slack_from && c->slack_from[b] + c->slack_to[b] > 0.0);
    }
    c->unseen = c->is_text ? c->to[c->bins - 2] : 0.0;
}

static vouch_status thin_out(vouch_ctx *ctx, vouch__drift_column *c)
{
    double *from = vouch__scratch(ctx, c->bins, sizeof *from), *to = vouch__scratch(ctx, c->bins, sizeof *to);
    size_t n = 0, *group = vouch__scratch(ctx, c->bins, sizeof *group);
    if (!from || !to || !group)
        return vouch__oom(ctx);
    vouch_status status = vouch__drift_merge(ctx, c->bins, c->from, c->to, from, to, group, &n);
    if (!status && c->slack_from) {
        c->slack_from = thin_slack(ctx, c->bins, group, c->slack_from, n);
        c->slack_to = thin_slack(ctx, c->bins, group, c->slack_to, n);
        if (!c->slack_from || !c->slack_to)
            return vouch__oom(ctx);
    }
    c->from = from;
    c->to = to;
    c->bins = n;
    for (size_t k = 0; k < n; k++) {
        c->n_from += from[k];
        c->n_to += to[k];
    }
    return status;
}

static vouch_status of_cases(vouch_ctx *worker, const job *j, const vouch__drift_pair *u,
                             vouch__drift_column *c)
{
    double *a = NULL, *b = NULL;
    vouch_status status = read_side(worker, j->call->before, u->before, &a);
    if (!status)
        status = read_side(worker, j->call->now, u->now, &b);
    if (status)
        return status;
    return u->is_text ? count_texts(worker, j, u, a, b, c) : of_numbers(worker, j, a, b, c);
}

static vouch_status one_column(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const job *j = arg;
    const vouch__drift_pair *u = &j->at[chunk];
    const vouch__sketch_set *before = j->call->before->sketches, *now = j->call->now->sketches;
    vouch__drift_column c = { .name = u->name, .is_text = u->is_text, .bridge = j->bridge };
    vouch__drift_result *out = j->out + chunk * VOUCH__DRIFT_MEASURES;
    size_t mark = vouch__scratch_mark(worker);
    (void)begin, (void)end;
    vouch_status status = now ? vouch__drift_of_sketches(worker, &before->col[u->before], &now->col[u->now],
                                                         j->bins, &c)
                              : of_cases(worker, j, u, &c);
    if (!status)
        count_rows(&c);
    if (!status)
        status = thin_out(worker, &c);
    for (vouch__drift_measure k = 0; k < VOUCH__DRIFT_MEASURES && !status; k++) {
        bool can = is_of_values(k) ? c.m > 0 && c.n > 0 : !is_of_bins(k) || c.bins >= 2;
        out[k] = (vouch__drift_result){ NAN, NAN, NAN, NAN, 0.0 };
        if (can && (j->only == VOUCH__DRIFT_MEASURES || j->only == k))
            status = measures[k](worker, &c, j->level, &out[k]);
    }
    vouch__scratch_reset(worker, mark);
    return status;
}

/* The score and the columns that both samples have and that are of one kind. */
static vouch_status find_subjects(vouch_ctx *ctx, const vouch__test_call *call, vouch__drift_pairs *out)
{
    const vouch__sample *now = call->now, *before = call->before;
    vouch__drift_pairs columns = { .n = 0 };
    bool with_score = !vouch__test_choice(call, "columns", "features") && now->score && before->score;
    if (now->sketches || !vouch__test_choice(call, "columns", "score")) {
        vouch_status status = vouch__drift_pair_up(ctx, now, before, false, &columns);
        if (status)
            return status;
    }
    *out = columns;
    out->at = vouch__scratch(ctx, columns.n + 1, sizeof *out->at);
    if (!out->at)
        return vouch__oom(ctx);
    if (with_score)
        out->at[0] = (vouch__drift_pair){ SIZE_MAX, SIZE_MAX, now->score_name ? now->score_name : "log-odds",
                                          false };
    for (size_t i = 0; i < columns.n; i++)
        out->at[with_score + i] = columns.at[i];
    out->n += with_score;
    return VOUCH_OK;
}

typedef struct ranked {
    double value;
    size_t at;
} ranked;

static int by_value(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

/* One measure of the columns that have it. */
typedef struct told {
    const vouch__test_call *call;
    const vouch__drift_pairs *pairs;
    const vouch__drift_pair *at; /* those of the pairs that the measure is of */
    const vouch__drift_result *out;
    double level;
} told;

/* What sketches leave open, behind the note. */
static void tell_error(const told *j, const vouch__drift_result *worst, char *note, size_t size)
{
    const vouch__limit *limit = vouch__policy_limit(j->call->list->policy, j->call->test->id);
    char error[VOUCH__DOUBLE_MAX];
    size_t len = strlen(note);
    (void)vouch__double_text(ceil(1e4 * worst->error) / 1e4, error);
    bool is_open = limit && vouch__limit_judge(limit, worst->value - worst->error) !=
                                vouch__limit_judge(limit, worst->value + worst->error);
    (void)snprintf(note + len, size - len, " Measured on sketches: the value is off by at most %s%s.", error,
                   is_open ? ", which spans a limit: measure this column on its cases" : "");
}

static vouch_status tell(vouch_ctx *ctx, const told *j, size_t n)
{
    const vouch__test_call *call = j->call;
    double *p = vouch__scratch(ctx, n, sizeof *p);
    ranked *rank = vouch__scratch(ctx, n, sizeof *rank);
    size_t significant = 0, measured = 0, worst = SIZE_MAX;
    char note[VOUCH__DRIFT_NOTE + 400];
    vouch_status status = VOUCH_OK;
    if (!p || !rank)
        return vouch__oom(ctx);
    for (size_t i = 0; i < n; i++)
        p[i] = j->out[i].p_value;
    if (vouch__test_choice(call, "correction", "holm"))
        status = vouch__holm(ctx, n, p, p);
    else if (vouch__test_choice(call, "correction", "bh"))
        status = vouch__benjamini_hochberg(ctx, n, p, p);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++) {
        if (isnan(j->out[i].value))
            continue;
        rank[measured++] = (ranked){ j->out[i].value, i };
        significant += p[i] <= 1.0 - j->level;
    }
    if (!measured) {
        vouch__test_refuse(call, "No column of both samples has values to compare.");
        return VOUCH_OK;
    }
    qsort(rank, measured, sizeof *rank, by_value);
    for (size_t k = 0; k < measured && worst == SIZE_MAX; k++)
        if (!significant || p[rank[k].at] <= 1.0 - j->level)
            worst = rank[k].at;
    const vouch__drift_result *w = &j->out[worst];
    (void)snprintf(note, sizeof note, "%zu of %zu columns differ significantly after correction; %s: %.100s.",
                   significant, measured, significant ? "the most" : "the largest difference",
                   j->at[worst].name);
    if (call->now->sketches)
        tell_error(j, w, note, sizeof note);
    if (*j->pairs->note)
        (void)snprintf(note + strlen(note), sizeof note - strlen(note), " %s", j->pairs->note);
    vouch__entry entry = vouch__test_entry(call);
    entry.value = w->value;
    entry.statistic = w->statistic;
    entry.p_value = p[worst];
    entry.critical = w->critical;
    entry.note = note;
    entry.judged = significant > 0;
    entry.verdict = vouch__policy_limit(call->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    vouch__drift_mind_lost(call, j->pairs, &entry);
    vouch__json *object = vouch__test_add(call, &entry);
    bool is_sketched = call->now->sketches != NULL;
    vouch__json *table = vouch__evidence_table(call->list, object, "columns",
                                               is_sketched ? "column,value,error,critical,p_value,p_adjusted"
                                                           : "column,value,critical,p_value,p_adjusted");
    for (size_t k = 0; k < measured; k++) {
        const vouch__drift_result *r = &j->out[rank[k].at];
        const char *name = j->at[rank[k].at].name;
        if (is_sketched)
            vouch__test_row(call, table, "tnnnnn", name, r->value, r->error, r->critical, r->p_value,
                            p[rank[k].at]);
        else
            vouch__test_row(call, table, "tnnnn", name, r->value, r->critical, r->p_value, p[rank[k].at]);
    }
    return VOUCH_OK;
}

/* ---- what is kept for the next test ---- */

void vouch__drift_memo_free(vouch__drift_memo *memo)
{
    if (!memo)
        return;
    vouch_alloc alloc = memo->alloc;
    vouch__free(&alloc, memo->at);
    vouch__free(&alloc, memo);
}

static bool is_kept(const vouch__drift_memo *m, const job *j, size_t n)
{
    return m && m->bins == j->bins && m->level == j->level && m->subjects == n &&
           m->columns == vouch__test_param(j->call, "columns") && m->n_now == j->call->now->n &&
           m->n_before == j->call->before->n;
}

/* All measures of all columns, from the memo or made and put there. Without a memo j->only, in scratch. */
static vouch_status measure_all(vouch_ctx *ctx, job *j, size_t n, const vouch__drift_result **out)
{
    vouch__test_memo *kept = j->call->memo;
    double *bridge = vouch__scratch(ctx, VOUCH__DRIFT_BRIDGE, sizeof *bridge);
    if (kept && is_kept(kept->drift, j, n)) {
        *out = kept->drift->at;
        return VOUCH_OK;
    }
    vouch__drift_memo *memo = kept ? vouch__alloc(ctx, 1, sizeof *memo) : NULL;
    if (!bridge || (kept && !memo))
        return vouch__oom(ctx);
    if (memo) {
        *memo = (vouch__drift_memo){ .alloc = *vouch__allocator(ctx),
                                     .bins = j->bins,
                                     .subjects = n,
                                     .level = j->level,
                                     .n_now = j->call->now->n,
                                     .n_before = j->call->before->n,
                                     .columns = vouch__test_param(j->call, "columns") };
        memo->at = vouch__alloc(ctx, n * VOUCH__DRIFT_MEASURES, sizeof *memo->at);
        j->only = VOUCH__DRIFT_MEASURES;
    }
    j->out = memo ? memo->at : vouch__scratch(ctx, n * VOUCH__DRIFT_MEASURES, sizeof *j->out);
    vouch_status status = j->out ? VOUCH_OK : vouch__oom(ctx);
    if (!status && (memo || j->only == VOUCH__DRIFT_WASSERSTEIN))
        vouch__drift_bridge(bridge);
    j->bridge = bridge;
    if (!status)
        status = vouch__parallel(ctx, n, 1, one_column, j);
    if (status) {
        vouch__drift_memo_free(memo);
        return status;
    }
    if (kept) {
        vouch__drift_memo_free(kept->drift);
        kept->drift = memo;
    }
    *out = j->out;
    return VOUCH_OK;
}

vouch_status vouch__drift_columns(vouch_ctx *ctx, const vouch__test_call *call, vouch__drift_measure measure)
{
    vouch__drift_pairs pairs;
    size_t n = 0;
    const vouch__drift_result *measured = NULL;
    vouch_status status = find_subjects(ctx, call, &pairs);
    if (status)
        return status;
    for (size_t i = 0; i < pairs.n; i++)
        n += !(pairs.at[i].is_text && is_of_values(measure));
    if (n == 0) {
        if (pairs.lost)
            vouch__test_refuse(call, pairs.note);
        else
            vouch__test_skip(call,
                             "The samples share neither a score nor a column that the test can compare.");
        return VOUCH_OK;
    }
    job j = { .call = call, .at = pairs.at, .only = measure };
    j.bins = (size_t)vouch__test_param(call, "bins");
    j.level = vouch__test_param(call, "level");
    status = measure_all(ctx, &j, pairs.n, &measured);
    if (status || !measured)
        return status;
    vouch__drift_result *out = vouch__scratch(ctx, n, sizeof *out);
    if (!out)
        return vouch__oom(ctx);
    n = 0;
    for (size_t i = 0; i < pairs.n; i++) {
        if (pairs.at[i].is_text && is_of_values(measure))
            continue;
        out[n] = measured[i * VOUCH__DRIFT_MEASURES + measure];
        pairs.at[n++] = pairs.at[i];
    }
    const told t = { call, &pairs, pairs.at, out, j.level };
    return tell(ctx, &t, n);
}
