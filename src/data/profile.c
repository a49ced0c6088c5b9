/* A portrait of a source in one pass, without keeping the rows.
 *
 * Rows come in a fixed order and are gathered into rounds of 25,000; within a round every column is worked on
 * apart, on the context's threads, so the result does not depend on their number. Sums are compensated.
 * Quantiles are of a sample: the 100,000 rows whose numbers have the smallest hashes, the same rows for all
 * columns. Of more than 500 columns rounds and samples are shorter, so that memory is bounded by values. */
#include "data/duckdb_scan.h"
#include "data/table.h"
#include "data/value_counts.h"

#include "base/parallel.h"
#include "num/rank.h"
#include "num/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 100000, ROUND = 25000, WIDE = 500, SAMPLE_LEAST = 2000, ROUND_LEAST = 250 };

typedef struct sum { /* Neumaier's: as good as twice the precision */
    double value, lost;
} sum;

typedef struct column {
    char *name;
    vouch_type type;
    double *round;             /* [p->round] numbers */
    char *text;                /* texts of the round, one after another */
    size_t text_len, text_cap; /* round[i] is then where text i begins, and round_len its length */
    uint32_t *round_len;       /* [p->round]; NULL unless TEXT */
    double *sample;            /* [p->room]; NULL for TEXT */
    vouch__value_counts *counts;
    double missing, low, high, shift;
    sum first, second; /* of x - shift and its square */
} column;

typedef struct keyed {
    uint64_t key;
    uint32_t at;
} keyed;

typedef struct profile {
    vouch_alloc alloc;
    size_t cols;
    column *col;
    uint64_t rows;      /* before this round */
    size_t filled;      /* rows of this round */
    size_t round, most; /* rows of a round, and of a sample */
    size_t room;        /* for sampled rows: grows to most + round */
    uint64_t *key;      /* [room] of the sampled rows */
    size_t sampled;
    uint64_t limit;   /* a row whose key is above it can't be in the sample */
    uint32_t *chosen; /* [round] rows of the round that enter the sample */
    size_t n_chosen;
    keyed *order; /* [most + round], once the sample is cut back */
} profile;

static void sum_add(sum *s, double x)
{
    double total = s->value + x;
    s->lost += fabs(s->value) >= fabs(x) ? (s->value - total) + x : (x - total) + s->value;
    s->value = total;
}

static void clear(profile *p)
{
    for (size_t j = 0; p->col && j < p->cols; j++) {
        column *c = &p->col[j];
        vouch__free(&p->alloc, c->name);
        vouch__free(&p->alloc, c->round);
        vouch__free(&p->alloc, c->round_len);
        vouch__free(&p->alloc, c->text);
        vouch__free(&p->alloc, c->sample);
        vouch__value_counts_free(c->counts);
    }
    vouch__free(&p->alloc, p->col);
    vouch__free(&p->alloc, p->key);
    vouch__free(&p->alloc, p->chosen);
    vouch__free(&p->alloc, p->order);
    *p = (profile){ .alloc = p->alloc };
}

/* So many rows of few columns, fewer of many. */
static size_t bounded(size_t most, size_t least, size_t cols)
{
    size_t share = cols > WIDE ? most * WIDE / cols : most;
    return share > least ? share : least;
}

static vouch_status begin(vouch_ctx *ctx, const vouch__batch *shape, void *arg)
{
    profile *p = arg;
    clear(p);
    p->limit = UINT64_MAX;
    p->round = bounded(ROUND, ROUND_LEAST, shape->cols);
    p->most = bounded(SAMPLE, SAMPLE_LEAST, shape->cols);
    p->chosen = vouch__alloc(ctx, p->round, sizeof *p->chosen);
    p->col = vouch__alloc(ctx, shape->cols, sizeof *p->col);
    if (!p->chosen || !p->col)
        return vouch__oom(ctx);
    p->cols = shape->cols;
    for (size_t j = 0; j < p->cols; j++) {
        column *c = &p->col[j];
        bool is_text = shape->type[j] == VOUCH_TEXT;
        *c = (column){ .type = shape->type[j], .low = INFINITY, .high = -INFINITY, .shift = NAN };
        c->name = vouch__strdup(ctx, shape->name[j]);
        c->round = vouch__alloc(ctx, p->round, sizeof *c->round);
        if (is_text)
            c->round_len = vouch__alloc(ctx, p->round, sizeof *c->round_len);
        if (!c->name || !c->round || (is_text && !c->round_len))
            return vouch__oom(ctx);
        vouch_status status = vouch__value_counts_new(ctx, &c->counts);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

static vouch_status count_text(vouch_ctx *worker, const profile *p, column *c)
{
    for (size_t i = 0; i < p->filled; i++) {
        if (isnan(c->round[i])) {
            c->missing++;
            continue;
        }
        vouch_status status = vouch__value_counts_text(worker, c->counts, c->text + (size_t)c->round[i],
                                                       c->round_len[i]);
        if (status)
            return status;
    }
    c->text_len = 0;
    return VOUCH_OK;
}

static vouch_status count_numbers(vouch_ctx *worker, const profile *p, column *c)
{
    for (size_t i = 0; i < p->filled; i++) {
        double x = c->round[i];
        if (isnan(x)) {
            c->missing++;
            continue;
        }
        if (isnan(c->shift))
            c->shift = isfinite(x) ? x : 0;
        c->low = x < c->low ? x : c->low;
        c->high = x > c->high ? x : c->high;
        sum_add(&c->first, x - c->shift);
        sum_add(&c->second, (x - c->shift) * (x - c->shift));
        vouch_status status = vouch__value_counts_number(worker, c->counts, x);
        if (status)
            return status;
    }
    for (size_t i = 0; i < p->n_chosen; i++)
        c->sample[p->sampled - p->n_chosen + i] = c->round[p->chosen[i]];
    return VOUCH_OK;
}

static vouch_status work_column(vouch_ctx *worker, size_t chunk, size_t begin_at, size_t end, void *arg)
{
    profile *p = arg;
    column *c = &p->col[chunk];
    (void)begin_at, (void)end;
    return c->type == VOUCH_TEXT ? count_text(worker, p, c) : count_numbers(worker, p, c);
}

static int by_key(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key > y->key ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

static int by_at(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Room for another round's rows in every sample. */
static vouch_status make_room(vouch_ctx *ctx, profile *p)
{
    size_t need = p->sampled + p->filled, room = 2 * p->room < p->most ? 2 * p->room : p->most + p->round;
    if (need <= p->room)
        return VOUCH_OK;
    room = room > need ? room : need;
    uint64_t *key = vouch__resize(&p->alloc, p->key, room, sizeof *key);
    if (!key)
        return vouch__oom(ctx);
    p->key = key;
    for (size_t j = 0; j < p->cols; j++) {
        if (p->col[j].type == VOUCH_TEXT)
            continue;
        double *sample = vouch__resize(&p->alloc, p->col[j].sample, room, sizeof *sample);
        if (!sample)
            return vouch__oom(ctx);
        p->col[j].sample = sample;
    }
    p->room = room;
    return VOUCH_OK;
}

/* Keep the smallest keys, in order of row. */
static vouch_status cut_back(vouch_ctx *ctx, profile *p)
{
    if (p->sampled <= p->most)
        return VOUCH_OK;
    if (!p->order)
        p->order = vouch__alloc(ctx, p->most + p->round, sizeof *p->order);
    if (!p->order)
        return vouch__oom(ctx);
    for (size_t i = 0; i < p->sampled; i++)
        p->order[i] = (keyed){ p->key[i], (uint32_t)i };
    qsort(p->order, p->sampled, sizeof *p->order, by_key);
    p->limit = p->order[p->most - 1].key;
    qsort(p->order, p->most, sizeof *p->order, by_at);
    for (size_t i = 0; i < p->most; i++)
        p->key[i] = p->order[i].key;
    for (size_t j = 0; j < p->cols; j++)
        for (size_t i = 0; i < p->most && p->col[j].sample; i++)
            p->col[j].sample[i] = p->col[j].sample[p->order[i].at]; /* order[i].at >= i */
    p->sampled = p->most;
    return VOUCH_OK;
}

/* Work off what has been gathered. A sample that was cut back has room for a whole round. */
static vouch_status finish_round(vouch_ctx *ctx, profile *p)
{
    vouch_status status = make_room(ctx, p);
    p->n_chosen = 0;
    for (size_t i = 0; i < p->filled && !status; i++) {
        uint64_t key = vouch__mix(0, p->rows + i);
        if (key > p->limit)
            continue;
        p->key[p->sampled++] = key;
        p->chosen[p->n_chosen++] = (uint32_t)i;
    }
    if (!status)
        status = vouch__parallel(ctx, p->cols, 1, work_column, p);
    p->rows += p->filled;
    p->filled = 0;
    return status ? status : cut_back(ctx, p);
}

static bool gather_texts(profile *p, column *c, size_t n, const vouch__span *text)
{
    for (size_t i = 0; i < n; i++) {
        double *at = &c->round[p->filled + i];
        if (!text[i].at) {
            *at = NAN;
            continue;
        }
        if (c->text_cap - c->text_len < text[i].len) {
            size_t cap = c->text_cap * 2 + text[i].len + p->round;
            char *grown = vouch__resize(&p->alloc, c->text, cap, 1);
            if (!grown)
                return false;
            c->text = grown;
            c->text_cap = cap;
        }
        if (text[i].len > 0)
            memcpy(c->text + c->text_len, text[i].at, text[i].len);
        *at = (double)c->text_len;
        c->round_len[p->filled + i] = (uint32_t)text[i].len;
        c->text_len += text[i].len;
    }
    return true;
}

/* Rounds are cut at row numbers, not at batches, which need not be the same twice. */
static vouch_status rows(vouch_ctx *ctx, const vouch__batch *batch, void *arg)
{
    profile *p = arg;
    for (size_t done = 0, step; done < batch->n; done += step) {
        size_t room = p->round - p->filled;
        step = batch->n - done < room ? batch->n - done : room;
        for (size_t j = 0; j < p->cols; j++) {
            column *c = &p->col[j];
            if (c->type != VOUCH_TEXT)
                memcpy(c->round + p->filled, batch->value[j] + done, step * sizeof *c->round);
            else if (!gather_texts(p, c, step, batch->text[j] + done))
                return vouch__oom(ctx);
        }
        p->filled += step;
        vouch_status status = p->filled == p->round ? finish_round(ctx, p) : VOUCH_OK;
        if (status)
            return status;
    }
    return VOUCH_OK;
}

enum {
    NAME,
    TYPE,
    ROWS,
    MISSING,
    DISTINCT,
    MINIMUM,
    P1,
    P25,
    MEDIAN,
    P75,
    P99,
    MAXIMUM,
    MEAN,
    SD,
    TOP,
    TOP_SHARE,
    COLUMNS
};
static const char *const column_name[COLUMNS] = { "name", "type", "rows",   "missing",  "distinct", "minimum",
                                                  "p1",   "p25",  "median", "p75",      "p99",      "maximum",
                                                  "mean", "sd",   "top",    "top_share" };
static const vouch_type column_type[COLUMNS] = { VOUCH_TEXT,   VOUCH_TEXT,   VOUCH_INTEGER, VOUCH_INTEGER,
                                                 VOUCH_NUMBER, VOUCH_NUMBER, VOUCH_NUMBER,  VOUCH_NUMBER,
                                                 VOUCH_NUMBER, VOUCH_NUMBER, VOUCH_NUMBER,  VOUCH_NUMBER,
                                                 VOUCH_NUMBER, VOUCH_NUMBER, VOUCH_TEXT,    VOUCH_NUMBER };

static vouch_status quantiles(vouch_ctx *ctx, const profile *p, const column *c, double *row)
{
    static const struct {
        int at;
        double p;
    } wanted[] = { { P1, 0.01 }, { P25, 0.25 }, { MEDIAN, 0.5 }, { P75, 0.75 }, { P99, 0.99 } };
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    uint32_t *order = vouch__scratch(ctx, p->sampled, sizeof *order);
    double *x = vouch__scratch(ctx, p->sampled, sizeof *x);
    if (!order || !x)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, p->sampled, c->sample, order);
    for (; !status && n < p->sampled && !isnan(c->sample[order[n]]); n++)
        x[n] = c->sample[order[n]];
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted && n > 0; k++)
        row[wanted[k].at] = vouch__quantile_sorted(n, x, wanted[k].p);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status describe(vouch_ctx *ctx, const profile *p, const column *c, double *row,
                             const char **text, vouch__buf *top_text)
{
    vouch__value_top top;
    double n = (double)p->rows - c->missing;
    for (int k = 0; k < COLUMNS; k++)
        row[k] = NAN;
    vouch_status status = vouch__value_counts_top(ctx, c->counts, &top);
    if (!status && c->type != VOUCH_TEXT && n > 0)
        status = quantiles(ctx, p, c, row);
    if (status)
        return status;
    row[ROWS] = (double)p->rows;
    row[MISSING] = c->missing;
    row[DISTINCT] = fmin(top.distinct, n); /* an estimate where there are many */
    row[TOP_SHARE] = p->rows ? top.count / (double)p->rows : (double)NAN;
    text[NAME] = c->name;
    text[TYPE] = vouch_type_name(c->type);
    if (top.count > 0 && top.text)
        vouch__buf_text(top_text, top.text);
    else if (top.count > 0)
        vouch__value_text(c->type, top.value, top_text);
    text[TOP] = top.count > 0 ? top_text->at : NULL;
    if (c->type == VOUCH_TEXT || n == 0)
        return vouch__buf_status(ctx, top_text);
    double first = c->first.value + c->first.lost, second = c->second.value + c->second.lost;
    row[MINIMUM] = c->low;
    row[MAXIMUM] = c->high;
    row[MEAN] = c->shift + first / n;
    row[SD] = n > 1 ? sqrt(fmax(0, (second - first * first / n) / (n - 1))) : (double)NAN;
    return vouch__buf_status(ctx, top_text);
}

static vouch_status tabulate(vouch_ctx *ctx, const profile *p, vouch_table **out_table)
{
    vouch__table_builder *builder = NULL;
    vouch_status status = vouch__table_builder_new(ctx, COLUMNS, column_name, column_type, &builder);
    for (size_t j = 0; j < p->cols && !status; j++) {
        double row[COLUMNS];
        const char *text[COLUMNS] = { NULL };
        const double *value[COLUMNS];
        const char *const *texts[COLUMNS];
        vouch__buf top;
        vouch__buf_init(ctx, &top, 0);
        status = describe(ctx, p, &p->col[j], row, text, &top);
        for (int k = 0; k < COLUMNS; k++) {
            value[k] = &row[k];
            texts[k] = column_type[k] == VOUCH_TEXT ? &text[k] : NULL;
        }
        if (!status)
            status = vouch__table_builder_add(ctx, builder, 1, value, texts);
        vouch__buf_free(&top);
    }
    if (!status)
        status = vouch__table_builder_end(ctx, builder, out_table);
    vouch__table_builder_free(builder);
    return status;
}

vouch_status vouch_data_profile(vouch_ctx *ctx, const vouch_source *source, vouch_table **out_profile)
{
    profile p = { .alloc = *vouch__allocator(ctx) };
    vouch__place place;
    const vouch__sink sink = { .begin = begin, .rows = rows, .arg = &p };
    vouch__scan_options options = { .stage = "profile" };
    vouch_status status = vouch__place_make(ctx, source, &place);
    if (status)
        return status;
    if (place.form == VOUCH__QUERY) {
        options.wanted.order_by = source->id; /* files have an order of their own */
        if (!source->id)
            status = vouch__fail(ctx, VOUCH_E_ARG,
                                 "profile: a query gives rows in no fixed order: name an id column");
    }
    if (!status)
        status = vouch__scan(ctx, source, &place, &options, &sink);
    if (!status && p.filled > 0)
        status = finish_round(ctx, &p);
    if (!status)
        status = tabulate(ctx, &p, out_profile);
    clear(&p);
    vouch__place_clear(ctx, &place);
    return status;
}
