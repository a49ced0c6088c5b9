/* Cutting a table into parts.
 *
 * What is drawn is a unit: a row, or all rows of a group. Units of one class lie in the order of a hash of
 * (seed, id), and a part takes those whose middle lies within its share of the rows. So a unit's part depends
 * on its own hash and on the shares only; other rows coming or going move nothing but the cuts. */
#include "data/split.h"

#include "num/rank.h"
#include "num/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CLASSES = 20, NONE = VOUCH__PARTS };
#define SECOND_DRAW UINT64_C(0x74756E65) /* folds cut tune by a draw of its own */

typedef struct unit {
    uint64_t key;
    uint32_t class, at, rows; /* at: which unit */
} unit;

typedef struct work {
    const vouch_table *table;
    const vouch__split_rule *rule;
    size_t n, n_units, rest; /* rest: rows not out of time */
    uint8_t *part;           /* [n] */
    uint32_t *unit_of;       /* [n]; NULL: each row is its own */
    unit *unit;              /* [n_units] */
    uint8_t *unit_part;      /* [n_units] */
} work;

const char *vouch__part_name(vouch__part part)
{
    static const char *const name[] = { "train", "tune", "test", "out-of-time" };
    return (size_t)part < VOUCH__PARTS ? name[part] : "?";
}

static vouch_status check_rule(vouch_ctx *ctx, const vouch__split_rule *rule)
{
    if (!(rule->test >= 0 && rule->tune >= 0 && rule->out_of_time >= 0))
        return vouch__fail(ctx, VOUCH_E_ARG, "split: a share is negative");
    if (!(rule->test + rule->tune + rule->out_of_time < 1) && rule->folds == 0)
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "split: the shares of test, tune and out-of-time leave no row to train");
    if (rule->folds == 1 || (rule->folds > 0 && rule->fold >= rule->folds))
        return vouch__fail(ctx, VOUCH_E_ARG, "split: fold %zu of %zu, must be below at least 2", rule->fold,
                           rule->folds);
    if (rule->folds > 0 && !(rule->tune + rule->out_of_time + 1.0 / (double)rule->folds < 1))
        return vouch__fail(ctx, VOUCH_E_ARG, "split: tune and out-of-time leave nothing of %zu folds",
                           rule->folds);
    if (rule->by == VOUCH__SPLIT_GROUP && rule->group == SIZE_MAX)
        return vouch__fail(ctx, VOUCH_E_ARG, "split: by group needs a group column");
    if (rule->by == VOUCH__SPLIT_TIME && rule->time == SIZE_MAX)
        return vouch__fail(ctx, VOUCH_E_ARG, "split: by time needs a time column");
    if (rule->by != VOUCH__SPLIT_TIME && rule->out_of_time > 0)
        return vouch__fail(ctx, VOUCH_E_ARG, "split: an out-of-time part needs a split by time");
    return VOUCH_OK;
}

/* A column's values, none missing. */
static vouch_status complete(vouch_ctx *ctx, const work *w, size_t col, const char *what, double *x)
{
    size_t missing = 0;
    vouch_table_read(w->table, col, 0, w->n, x);
    for (size_t i = 0; i < w->n; i++)
        missing += isnan(x[i]) ? 1 : 0;
    if (missing)
        return vouch__fail(ctx, VOUCH_E_DATA, "split: %s %s is missing in %zu of %zu rows", what,
                           vouch_table_name(w->table, col), missing, w->n);
    return VOUCH_OK;
}

static uint64_t key_of(const vouch_table *table, size_t col, uint64_t seed, double x)
{
    if (col != SIZE_MAX && vouch_table_type(table, col) == VOUCH_TEXT) {
        const char *text = vouch_table_category(table, col, (size_t)x);
        return vouch__mix_bytes(seed, text, strlen(text));
    }
    return vouch__mix_bytes(seed, &x, sizeof x);
}

/* The latest rows, cut between distinct times as near the wanted share as may be. */
static vouch_status cut_time(vouch_ctx *ctx, work *w)
{
    double *time = vouch__scratch(ctx, w->n, sizeof *time);
    uint32_t *order = vouch__scratch(ctx, w->n, sizeof *order);
    if (!time || !order)
        return vouch__oom(ctx);
    vouch_status status = complete(ctx, w, w->rule->time, "time", time);
    if (status || w->rule->out_of_time <= 0)
        return status;
    status = vouch__order(ctx, w->n, time, order);
    if (status)
        return status;
    size_t want = w->n - (size_t)(w->rule->out_of_time * (double)w->n + 0.5);
    size_t below = want < w->n ? want : w->n - 1, above = below + 1;
    while (below > 0 && time[order[below]] == time[order[below - 1]])
        below--;
    while (above < w->n && time[order[above]] == time[order[above - 1]])
        above++;
    size_t cut = below > 0 && (above >= w->n || want - below <= above - want) ? below : above;
    if (cut >= w->n)
        return vouch__fail(ctx, VOUCH_E_DATA, "split: all rows have the same %s, so none is out of time",
                           vouch_table_name(w->table, w->rule->time));
    for (size_t i = cut; i < w->n; i++)
        w->part[order[i]] = VOUCH__OOT;
    w->rest = cut;
    return VOUCH_OK;
}

static vouch_status number_groups(vouch_ctx *ctx, work *w)
{
    double *group = vouch__scratch(ctx, w->n, sizeof *group);
    uint32_t *order = vouch__scratch(ctx, w->n, sizeof *order);
    w->unit_of = vouch__scratch(ctx, w->n, sizeof *w->unit_of);
    if (!group || !order || !w->unit_of)
        return vouch__oom(ctx);
    vouch_status status = complete(ctx, w, w->rule->group, "group", group);
    if (!status)
        status = vouch__order(ctx, w->n, group, order);
    if (status)
        return status;
    for (size_t i = 0; i < w->n; i++) {
        w->n_units += i == 0 || group[order[i]] != group[order[i - 1]] ? 1 : 0;
        w->unit_of[order[i]] = (uint32_t)w->n_units - 1;
    }
    w->unit = vouch__scratch(ctx, w->n_units, sizeof *w->unit);
    if (!w->unit)
        return vouch__oom(ctx);
    memset(w->unit, 0, w->n_units * sizeof *w->unit);
    for (size_t i = 0; i < w->n; i++) {
        unit *u = &w->unit[w->unit_of[i]];
        u->key = key_of(w->table, w->rule->group, w->rule->seed, group[i]);
        u->at = w->unit_of[i];
        u->rows++;
    }
    return VOUCH_OK;
}

/* Classes of the target as small numbers; all 0 when there are too many to stratify by. */
static vouch_status classes(vouch_ctx *ctx, const work *w, uint32_t *class)
{
    double level[MAX_CLASSES];
    double *target = vouch__scratch(ctx, w->n, sizeof *target);
    size_t n_levels = 0;
    memset(class, 0, w->n * sizeof *class);
    if (w->rule->target == SIZE_MAX)
        return VOUCH_OK;
    if (!target)
        return vouch__oom(ctx);
    vouch_status status = complete(ctx, w, w->rule->target, "target", target);
    if (status)
        return status;
    for (size_t i = 0; i < w->n; i++) {
        size_t k = 0;
        while (k < n_levels && level[k] != target[i])
            k++;
        if (k == MAX_CLASSES) {
            memset(class, 0, w->n * sizeof *class);
            return VOUCH_OK;
        }
        if (k == n_levels)
            level[n_levels++] = target[i];
        class[i] = (uint32_t)k;
    }
    return VOUCH_OK;
}

static vouch_status number_rows(vouch_ctx *ctx, work *w)
{
    double *id = vouch__scratch(ctx, w->n, sizeof *id);
    uint32_t *class = vouch__scratch(ctx, w->n, sizeof *class);
    w->unit = vouch__scratch(ctx, w->n, sizeof *w->unit);
    if (!id || !class || !w->unit)
        return vouch__oom(ctx);
    for (size_t i = 0; i < w->n; i++)
        id[i] = (double)i;
    vouch_status status = classes(ctx, w, class);
    if (!status && w->rule->id != SIZE_MAX)
        status = complete(ctx, w, w->rule->id, "id", id);
    if (status)
        return status;
    for (size_t i = 0; i < w->n; i++) {
        if (w->part[i] != NONE)
            continue;
        uint64_t key = key_of(w->table, w->rule->id, w->rule->seed, id[i]);
        w->unit[w->n_units++] = (unit){ .key = key, .class = class[i], .at = (uint32_t)i, .rows = 1 };
    }
    return VOUCH_OK;
}

static int by_key(const void *a, const void *b)
{
    const unit *x = a, *y = b;
    if (x->class != y->class)
        return x->class > y->class ? 1 : -1;
    if (x->key != y->key)
        return x->key > y->key ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

/* Give units of one class, in order, to the part from where on [low, high) of their rows lies; the others
 * that have no part keep none. */
static void take(const work *w, size_t n, const unit *u, double low, double high, vouch__part part)
{
    uint64_t before = 0;
    for (size_t i = 0; i < n; i++) {
        double middle = (double)before + 0.5 * (double)u[i].rows;
        if (middle >= low && middle < high)
            w->unit_part[u[i].at] = (uint8_t)part;
        before += u[i].rows;
    }
}

/* One class: test and tune by their shares, or the wanted fold and then tune from a second draw of the rest.
 */
static void cut_class(const work *w, size_t n, unit *u)
{
    const vouch__split_rule *rule = w->rule;
    double scale = (double)w->n / (double)w->rest, rows = 0; /* shares are of all rows */
    for (size_t i = 0; i < n; i++)
        rows += (double)u[i].rows;
    if (rule->folds == 0) {
        double test = rule->test * scale * rows, tune = rule->tune * scale * rows;
        take(w, n, u, 0, test, VOUCH__TEST);
        take(w, n, u, test, test + tune, VOUCH__TUNE);
        return;
    }
    double share = rows / (double)rule->folds;
    take(w, n, u, share * (double)rule->fold, share * (double)(rule->fold + 1), VOUCH__TEST);
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (w->unit_part[u[i].at] == VOUCH__TRAIN) {
            u[left] = u[i];
            u[left++].key = vouch__mix(SECOND_DRAW, u[i].key);
        }
    qsort(u, left, sizeof *u, by_key);
    take(w, left, u, 0, rule->tune * scale * rows, VOUCH__TUNE);
}

static vouch_status cut(vouch_ctx *ctx, work *w)
{
    w->unit_part = vouch__scratch(ctx, w->unit_of ? w->n_units : w->n, 1);
    if (!w->unit_part)
        return vouch__oom(ctx);
    memset(w->unit_part, VOUCH__TRAIN, w->unit_of ? w->n_units : w->n);
    if (w->n_units > 0)
        qsort(w->unit, w->n_units, sizeof *w->unit, by_key);
    for (size_t i = 0, j; i < w->n_units; i = j) {
        for (j = i + 1; j < w->n_units && w->unit[j].class == w->unit[i].class; j++)
            ;
        cut_class(w, j - i, w->unit + i);
        vouch_status status = vouch__poll(ctx);
        if (status)
            return status;
    }
    for (size_t i = 0; i < w->n; i++)
        if (w->part[i] == NONE)
            w->part[i] = w->unit_part[w->unit_of ? w->unit_of[i] : i];
    return VOUCH_OK;
}

/* The ids of a part in row order: texts with their lengths, else doubles; row numbers where there is no id.
 */
static vouch_status fingerprint(vouch_ctx *ctx, const work *w, size_t n, const uint32_t *row,
                                char out_hex[VOUCH__HEX])
{
    size_t col = w->rule->id;
    uint8_t digest[VOUCH__HASH];
    vouch__sha256 hash;
    vouch_status status = vouch__sha256_init(ctx, &hash);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++) {
        double id = row[i];
        if (col != SIZE_MAX)
            vouch__table_gather(w->table, col, 1, &row[i], &id);
        if (col != SIZE_MAX && vouch_table_type(w->table, col) == VOUCH_TEXT) {
            const char *text = vouch_table_category(w->table, col, (size_t)id);
            vouch__sha256_add(&hash, text, strlen(text) + 1);
        } else {
            vouch__sha256_add(&hash, &id, sizeof id);
        }
    }
    vouch__sha256_end(&hash, digest);
    vouch__hex(digest, sizeof digest, out_hex);
    return VOUCH_OK;
}

static vouch_status collect(vouch_ctx *ctx, const work *w, vouch__split *split)
{
    for (size_t i = 0; i < w->n; i++)
        split->n[w->part[i]]++;
    for (int p = 0; p < VOUCH__PARTS; p++) {
        size_t at = 0;
        split->row[p] = vouch__alloc(ctx, split->n[p] ? split->n[p] : 1, sizeof *split->row[p]);
        if (!split->row[p])
            return vouch__oom(ctx);
        for (size_t i = 0; i < w->n; i++)
            if (w->part[i] == p)
                split->row[p][at++] = (uint32_t)i;
        vouch_status status = fingerprint(ctx, w, at, split->row[p], split->fingerprint[p]);
        if (status)
            return status;
    }
    const bool wanted[] = { true, w->rule->tune > 0, w->rule->test > 0 || w->rule->folds > 0,
                            w->rule->out_of_time > 0 };
    for (int p = 0; p < VOUCH__PARTS; p++)
        if (wanted[p] && split->n[p] == 0)
            return vouch__fail(ctx, VOUCH_E_DATA, "split: %zu rows are too few: none falls to %s", w->n,
                               vouch__part_name((vouch__part)p));
    return VOUCH_OK;
}

vouch_status vouch__split_make(vouch_ctx *ctx, const vouch_table *table, const vouch__split_rule *rule,
                               vouch__split *out_split)
{
    vouch__split split = { .alloc = *vouch__allocator(ctx) };
    work w = { .table = table, .rule = rule, .n = vouch_table_rows(table) };
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = check_rule(ctx, rule);
    if (status)
        return status;
    if (w.n == 0)
        return vouch__fail(ctx, VOUCH_E_DATA, "split: the table has no rows");
    w.rest = w.n;
    w.part = vouch__scratch(ctx, w.n, 1);
    if (!w.part)
        return vouch__oom(ctx);
    memset(w.part, NONE, w.n);
    if (rule->by == VOUCH__SPLIT_TIME)
        status = cut_time(ctx, &w);
    if (!status)
        status = rule->by == VOUCH__SPLIT_GROUP ? number_groups(ctx, &w) : number_rows(ctx, &w);
    if (!status)
        status = cut(ctx, &w);
    if (!status)
        status = collect(ctx, &w, &split);
    vouch__scratch_reset(ctx, mark);
    if (status)
        vouch__split_clear(&split);
    else
        *out_split = split;
    return status;
}

void vouch__split_clear(vouch__split *split)
{
    for (int p = 0; p < VOUCH__PARTS; p++) {
        vouch__free(&split->alloc, split->row[p]);
        split->row[p] = NULL;
        split->n[p] = 0;
    }
}
