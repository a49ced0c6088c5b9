/* Columns of a sample and of its reference brought together by name and kind, from tables or from sketches.
 */
#include "monitor/drift_pairs.h"

#include "data/table.h"
#include "monitor/sketch_set.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static size_t columns(const vouch__sample *s)
{
    return s->sketches ? s->sketches->cols : s->table ? s->n_features : 0;
}

static size_t column(const vouch__sample *s, size_t i) { return s->sketches ? i : s->feature[i]; }

static const char *name_of(const vouch__sample *s, size_t col)
{
    return s->sketches ? s->sketches->col[col].name : vouch_table_name(s->table, col);
}

static vouch_type type_of(const vouch__sample *s, size_t col)
{
    return s->sketches ? s->sketches->col[col].type : vouch_table_type(s->table, col);
}

static size_t find(const vouch__sample *s, const char *name)
{
    return s->sketches ? vouch__sketch_set_find(s->sketches, name)
           : s->table  ? vouch_table_find(s->table, name)
                       : SIZE_MAX;
}

/* No value at all: CSV files make texts of such a column, whatever it should hold. */
static bool is_empty(const vouch__sample *s, size_t col)
{
    double x[1024];
    enum { PIECE = sizeof x / sizeof *x };
    if (s->sketches)
        return vouch__sketch_column_count(&s->sketches->col[col]) == 0.0;
    for (size_t at = 0, n = vouch_table_rows(s->table); at < n; at += PIECE) {
        size_t end = n - at < PIECE ? n : at + PIECE;
        vouch_table_read(s->table, col, at, end, x);
        for (size_t i = 0; i < end - at; i++)
            if (!isnan(x[i]))
                return false;
    }
    return true;
}

typedef struct sides {
    const vouch__sample *now, *before;
    bool by_type;
} sides;

/* The kind that both columns can be taken for. */
static bool is_pair(const sides *s, size_t now, size_t before, bool *is_text)
{
    vouch_type a = vouch__type_kind(type_of(s->now, now)), b = vouch__type_kind(type_of(s->before, before));
    *is_text = a == VOUCH_TEXT;
    if (a == b)
        return true;
    if (s->by_type)
        return false;
    if (is_empty(s->now, now)) {
        *is_text = b == VOUCH_TEXT;
        return true;
    }
    return is_empty(s->before, before);
}

/* ---- what is told of the others ---- */

typedef struct list {
    char text[VOUCH__DRIFT_NOTE / 2 - 60]; /* four names, each with a reason */
    size_t n, len;
} list;

static void add(list *l, const char *name, const char *why)
{
    enum { SHOWN = 4 };
    if (l->n < SHOWN)
        l->len += (size_t)snprintf(l->text + l->len, sizeof l->text - l->len, "%s%.40s%s", l->n ? ", " : "",
                                   name, why);
    l->n++;
    if (l->n > SHOWN)
        (void)snprintf(l->text + l->len, sizeof l->text - l->len, " and %zu more", l->n - SHOWN);
}

static void say(const list *lost, const list *new_ones, vouch__drift_pairs *out)
{
    size_t len = 0, all = lost->n + out->n;
    out->lost = lost->n;
    out->note[0] = '\0';
    if (lost->n)
        len = (size_t)snprintf(out->note, sizeof out->note, "Of %zu columns %zu could not be compared: %s.",
                               all, lost->n, lost->text);
    if (new_ones->n)
        (void)snprintf(out->note + len, sizeof out->note - len,
                       "%sNot in the reference, so not compared: %s.", len ? " " : "", new_ones->text);
}

/* Columns of the reference that have no partner. */
static void find_lost(const sides *s, list *lost)
{
    char why[64];
    for (size_t i = 0; i < columns(s->before); i++) {
        bool is_text;
        size_t col = column(s->before, i), at = find(s->now, name_of(s->before, col));
        if (at == SIZE_MAX)
            add(lost, name_of(s->before, col), " (not in the data)");
        else if (!is_pair(s, at, col, &is_text)) {
            (void)snprintf(why, sizeof why, " (%s, was %s)", vouch_type_name(type_of(s->now, at)),
                           vouch_type_name(type_of(s->before, col)));
            add(lost, name_of(s->before, col), why);
        }
    }
}

vouch_status vouch__drift_pair_up(vouch_ctx *ctx, const vouch__sample *now, const vouch__sample *before,
                                  bool by_type, vouch__drift_pairs *out)
{
    const sides s = { now, before, by_type };
    list lost = { .n = 0 }, new_ones = { .n = 0 };
    *out = (vouch__drift_pairs){ .at = vouch__scratch(ctx, columns(now) + 1, sizeof *out->at) };
    if (!out->at)
        return vouch__oom(ctx);
    find_lost(&s, &lost);
    for (size_t i = 0; i < columns(now); i++) {
        bool is_text;
        size_t col = column(now, i), at = find(before, name_of(now, col));
        if (at == SIZE_MAX)
            add(now->features_chosen ? &lost : &new_ones, name_of(now, col),
                now->features_chosen ? " (not in the reference)" : "");
        else if (is_pair(&s, col, at, &is_text))
            out->at[out->n++] = (vouch__drift_pair){ col, at, name_of(now, col), is_text };
    }
    say(&lost, &new_ones, out);
    return VOUCH_OK;
}

void vouch__drift_mind_lost(const vouch__test_call *call, const vouch__drift_pairs *pairs,
                            vouch__entry *entry)
{
    const vouch__limit *limit = vouch__policy_limit(call->list->policy, entry->id);
    vouch__verdict verdict = !entry->judged ? entry->verdict
                             : limit        ? vouch__limit_judge(limit, entry->value)
                                            : VOUCH__INFO;
    if (!pairs->lost || verdict != VOUCH__PASS)
        return;
    entry->judged = false;
    entry->verdict = VOUCH__ADVISORY;
}

vouch_status vouch__drift_check(vouch_ctx *ctx, const vouch__sample *now, const vouch__sample *before)
{
    const sides s = { now, before, false };
    static const char way_out[] = "leave it out with --without or choose --columns";
    for (size_t i = 0; i < columns(before); i++) {
        bool is_text;
        size_t at = find(now, name_of(before, i));
        if (at == SIZE_MAX)
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "drift: column '%.60s' of the reference is not in the current data; %s",
                               name_of(before, i), way_out);
        if (!is_pair(&s, at, i, &is_text))
            return vouch__fail(
                ctx, VOUCH_E_DATA,
                "drift: column '%.60s' is of type %s in the reference and of type %s in the current data; %s",
                name_of(before, i), vouch_type_name(type_of(before, i)), vouch_type_name(type_of(now, at)),
                way_out);
    }
    return VOUCH_OK;
}
