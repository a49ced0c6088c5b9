/* A column's bins as JSON, and as a table. */
#include "bins/bin_tell.h"

#include "base/text.h"
#include "data/table.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PEAK_IV 0.39573884 /* where optbinning's quality score is largest */

typedef struct teller {
    const vouch__bin_job *job;
    vouch__doc *doc;
    double *sums; /* [(bins + tail) x stride] */
} teller;

static void number(const teller *t, vouch__json *o, const char *key, double value)
{
    (void)vouch__json_set(t->doc, o, key, vouch__json_number(t->doc, value));
}

static void text(const teller *t, vouch__json *o, const char *key, const char *value)
{
    (void)vouch__json_set(t->doc, o, key, vouch__json_text(t->doc, value));
}

static const char *objective(const vouch__bin_job *job)
{
    static const char *const name[] = { "information value", "share of variance explained",
                                        "Poisson deviance explained", "mutual information in nats" };
    return name[job->outcome->worth.target];
}

static const char *level_name(const vouch__bin_job *job)
{
    static const char *const name[] = { "event_rate", "mean", "rate", "share_of_last_class" };
    return name[job->outcome->worth.target];
}

/* Where bins end in the column's own terms. */
static void range(const teller *t, vouch__json *o, size_t b)
{
    const vouch__bin_job *job = t->job;
    char low[VOUCH__DOUBLE_MAX] = "", high[VOUCH__DOUBLE_MAX] = "", label[128];
    bool is_first = b == 0, is_last = b + 1 == job->n_bins;
    if (!is_first)
        vouch__double_text(job->cells.top[job->end[b - 1] - 1], low);
    if (!is_last)
        vouch__double_text(job->cells.top[job->end[b] - 1], high);
    if (is_first || is_last)
        (void)snprintf(label, sizeof label, "%s%s%s",
                       is_first && is_last ? "any value"
                       : is_first          ? "up to "
                                           : "above ",
                       low, high);
    else
        (void)snprintf(label, sizeof label, "%s to %s", low, high);
    text(t, o, "type", "range");
    text(t, o, "label", label);
    if (!is_first)
        number(t, o, "above", job->cells.top[job->end[b - 1] - 1]);
    if (!is_last)
        number(t, o, "up_to", job->cells.top[job->end[b] - 1]);
}

static void set(const teller *t, vouch__json *o, size_t b)
{
    const vouch__bin_job *job = t->job;
    size_t begin = b ? job->end[b - 1] : 0, end = job->end[b], listed = 0;
    vouch__json *list = vouch__json_array(t->doc);
    char label[128] = "";
    for (size_t k = 0; k < job->rows.n_categories; k++) {
        if (job->cells.of[k] < begin || job->cells.of[k] >= end)
            continue;
        const char *name = vouch_table_category(job->outcome->table, job->column, k);
        size_t used = strlen(label);
        (void)vouch__json_push(t->doc, list, vouch__json_text(t->doc, name));
        if (listed++ < 4)
            (void)snprintf(label + used, sizeof label - used, "%s%.24s", used ? ", " : "", name);
        else if (listed == 5)
            (void)snprintf(label + used, sizeof label - used, ", ...");
    }
    bool holds_rest = job->cells.pool != SIZE_MAX && job->cells.pool >= begin && job->cells.pool < end;
    text(t, o, "type", "set");
    text(t, o, "label", label);
    (void)vouch__json_set(t->doc, o, "in", list);
    if (holds_rest)
        (void)vouch__json_set(t->doc, o, "and_any_other", vouch__json_bool(t->doc, true));
}

static void special(const teller *t, vouch__json *o, size_t at)
{
    char label[64], value[VOUCH__DOUBLE_MAX];
    if (at == t->job->rows.n_special) {
        text(t, o, "type", "missing");
        text(t, o, "label", "missing");
        return;
    }
    vouch__double_text(t->job->rows.special[at], value);
    (void)snprintf(label, sizeof label, "= %s (special code)", value);
    text(t, o, "type", "special");
    text(t, o, "label", label);
    number(t, o, "equals", t->job->rows.special[at]);
}

/* What a bin of any target has, and of two classes the weight of evidence: ln(share of non-events / share of
 * events), so that positive is safer. */
static void figures(const teller *t, vouch__json *o, const double *s)
{
    const vouch__worth *w = &t->job->outcome->worth;
    number(t, o, "rows", s[VOUCH__SUM_ROWS]);
    number(t, o, "weight", s[VOUCH__SUM_W]);
    number(t, o, "share", s[VOUCH__SUM_W] / w->all[VOUCH__SUM_W]);
    if (w->target == VOUCH__BIN_BINARY || w->target == VOUCH__BIN_COUNT)
        number(t, o, "events", s[VOUCH__SUM_EVENTS]);
    number(t, o, level_name(t->job), s[VOUCH__SUM_W] > 0.0 ? vouch__worth_level(w, s) : NAN);
    if (w->target == VOUCH__BIN_BINARY) {
        double good = (s[VOUCH__SUM_W] - s[VOUCH__SUM_Y]) / (w->all[VOUCH__SUM_W] - w->all[VOUCH__SUM_Y]);
        double bad = s[VOUCH__SUM_Y] / w->all[VOUCH__SUM_Y];
        number(t, o, "woe", good > 0.0 && bad > 0.0 ? vouch__log(good / bad) : NAN);
    }
    number(t, o, "worth", vouch__worth_of(w, s));
}

static void bins(const teller *t, vouch__json *root)
{
    const vouch__bin_job *job = t->job;
    vouch__json *list = vouch__json_set(t->doc, root, "bins", vouch__json_array(t->doc));
    for (size_t b = 0; b < job->n_bins + job->cells.n_tail; b++) {
        const double *s = t->sums + b * job->outcome->worth.stride;
        vouch__json *o = vouch__json_push(t->doc, list, vouch__json_object(t->doc));
        if (b >= job->n_bins)
            special(t, o, b - job->n_bins);
        else if (job->rows.n_categories > 0)
            set(t, o, b);
        else
            range(t, o, b);
        figures(t, o, s);
    }
}

/* The chance that neighbours are alike, as max_p tests it. */
static double p_alike(const vouch__run *a, const vouch__run *b)
{
    return a->level == b->level ? 1.0 : fmin(1.0, 2.0 * vouch__normal_sf(sqrt(vouch__gap_z2(a, b))));
}

/* optbinning's score of a binary binning: large for a strong but believable information value, bins that
 * differ, and none that holds nearly everybody. */
static double quality(const teller *t)
{
    const vouch__bin_job *job = t->job;
    if (job->outcome->worth.target != VOUCH__BIN_BINARY)
        return NAN;
    double differ = 1.0, concentration = 0.0, n = 0.0, c = job->value / PEAK_IV, k = (double)job->n_bins;
    for (size_t b = 0; b < job->n_bins; b++)
        n += t->sums[b * job->outcome->worth.stride + VOUCH__SUM_ROWS];
    for (size_t b = 0; b < job->n_bins; b++) {
        const double *s = t->sums + b * job->outcome->worth.stride;
        vouch__run here = vouch__worth_run(&job->outcome->worth, s);
        concentration += s[VOUCH__SUM_ROWS] / n * (s[VOUCH__SUM_ROWS] / n);
        if (b > 0) {
            vouch__run last = vouch__worth_run(&job->outcome->worth, s - job->outcome->worth.stride);
            differ *= 1.0 - p_alike(&last, &here);
        }
    }
    double spread = k > 1.0 ? 1.0 - (concentration - 1.0 / k) / (1.0 - 1.0 / k) : 0.0;
    return c * vouch__exp(0.5 * (1.0 - c * c)) * differ * spread;
}

static void build(const teller *t)
{
    const vouch__bin_job *job = t->job;
    vouch__json *root = vouch__json_object(t->doc); /* the first made is the document's */
    text(t, root, "column", vouch_table_name(job->outcome->table, job->column));
    text(t, root, "target", vouch_table_name(job->outcome->table, job->outcome->target));
    text(t, root, "kind", vouch__bin_kind_name(job->outcome->worth.target));
    text(t, root, "objective", objective(job));
    number(t, root, "rows", (double)job->rows.n);
    number(t, root, "left_out", (double)job->outcome->left_out);
    number(t, root, "value", job->value);
    text(t, root, "trend", job->n_bins > 1 ? vouch__trend_name(job->trend) : "none");
    if (job->outcome->worth.target == VOUCH__BIN_BINARY) {
        number(t, root, "quality", quality(t));
        if (vouch_table_type(job->outcome->table, job->outcome->target) == VOUCH_TEXT)
            text(
                t, root, "event",
                vouch_table_category(job->outcome->table, job->outcome->target, (size_t)job->outcome->event));
        else
            number(t, root, "event", job->outcome->event);
    }
    bins(t, root);
    vouch__json *price = vouch__json_set(t->doc, root, "price", vouch__json_object(t->doc));
    for (size_t k = 0; job->rows.n_categories == 0 && k < VOUCH__TRENDS; k++)
        number(t, price, vouch__trend_name((vouch__trend)k), job->price[k]);
}

/* Sums of each bin, then of the tail. */
static void join_cells(const teller *t)
{
    const vouch__bin_job *job = t->job;
    size_t stride = job->outcome->worth.stride;
    memset(t->sums, 0, (job->n_bins + job->cells.n_tail) * stride * sizeof *t->sums);
    for (size_t b = 0, c = 0; b < job->n_bins; b++)
        for (; c < job->end[b]; c++)
            vouch__worth_join(&job->outcome->worth, t->sums + b * stride, job->cells.sums + c * stride);
    for (size_t k = 0; k < job->cells.n_tail; k++)
        vouch__worth_join(&job->outcome->worth, t->sums + (job->n_bins + k) * stride,
                          job->cells.sums + (job->cells.n + k) * stride);
}

static vouch_status teller_new(vouch_ctx *ctx, const vouch__bin_job *job, teller *t)
{
    *t = (teller){ .job = job };
    t->sums = vouch__scratch(ctx, (job->n_bins + job->cells.n_tail) * job->outcome->worth.stride,
                             sizeof *t->sums);
    if (!t->sums)
        return vouch__oom(ctx);
    join_cells(t);
    return vouch__doc_new(ctx, &t->doc);
}

double vouch__bin_quality(vouch_ctx *ctx, const vouch__bin_job *job)
{
    teller t;
    double value = teller_new(ctx, job, &t) ? NAN : quality(&t);
    vouch__doc_free(t.doc);
    return value;
}

vouch_status vouch__bin_json(vouch_ctx *ctx, const vouch__bin_job *job, char **out_json)
{
    vouch__buf buf;
    teller t;
    vouch_status status = teller_new(ctx, job, &t);
    if (status)
        return status;
    vouch__buf_init(ctx, &buf, 0);
    build(&t);
    status = vouch__doc_status(ctx, t.doc);
    if (!status) {
        vouch__json_write(&buf, vouch__doc_root(t.doc));
        status = vouch__buf_status(ctx, &buf);
    }
    if (!status)
        *out_json = vouch__buf_take(&buf);
    vouch__buf_free(&buf);
    vouch__doc_free(t.doc);
    return status;
}

/* The members of each bin that make a row, in order; woe of two classes only. */
static vouch_status add_rows(vouch_ctx *ctx, const teller *t, vouch__table_builder *builder,
                             const char *const *key, size_t n_keys)
{
    const vouch__json *list = vouch__json_get(vouch__doc_root(t->doc), "bins");
    vouch_status status = VOUCH_OK;
    for (const vouch__json *o = list ? list->first : NULL; !status && o; o = o->next) {
        double value[8];
        const double *column[8] = { 0 };
        const char *label = vouch__json_string(vouch__json_get(o, "label"));
        const char *const *text[8] = { &label };
        for (size_t k = 1; k < n_keys; k++) {
            value[k] = vouch__json_double(vouch__json_get(o, key[k]), NAN);
            column[k] = &value[k];
        }
        status = vouch__table_builder_add(ctx, builder, 1, column, text);
    }
    return status;
}

vouch_status vouch__bin_table(vouch_ctx *ctx, const vouch__bin_job *job, vouch_table **out_bins)
{
    const char *key[] = { "label", "rows", "share", level_name(job), "worth", "woe" };
    const char *name[] = { "bin", "rows", "share", level_name(job), "worth", "woe" };
    static const vouch_type type[] = { VOUCH_TEXT,   VOUCH_INTEGER, VOUCH_NUMBER,
                                       VOUCH_NUMBER, VOUCH_NUMBER,  VOUCH_NUMBER };
    size_t n = job->outcome->worth.target == VOUCH__BIN_BINARY ? 6 : 5;
    vouch__table_builder *builder = NULL;
    teller t;
    vouch_status status = teller_new(ctx, job, &t);
    if (status)
        return status;
    build(&t);
    status = vouch__doc_status(ctx, t.doc);
    if (!status)
        status = vouch__table_builder_new(ctx, n, name, type, &builder);
    if (!status)
        status = add_rows(ctx, &t, builder, key, n);
    if (!status)
        status = vouch__table_builder_end(ctx, builder, out_bins);
    vouch__table_builder_free(builder);
    vouch__doc_free(t.doc);
    return status;
}
