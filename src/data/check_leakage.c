/* Does the table know too much? Rows on both sides of the split, categories the model has never met, columns
 * that number the rows, columns known only later. */
#include "data/check_tools.h"

#include "data/calendar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 4096, ID_LEAST_ROWS = 100, ID_SPREAD = 10 };

typedef struct leakage {
    vouch_ctx *ctx;
    const vouch_table *table;
    const vouch__data_spec *spec;
    const vouch__split *split;
    vouch__evidence *list;
    size_t rows;
} leakage;

static int by_hash(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static vouch_status overlap(const leakage *l)
{
    size_t n_train = l->split->n[VOUCH__TRAIN], n_test = l->split->n[VOUCH__TEST];
    size_t mark = vouch__scratch_mark(l->ctx);
    uint64_t *hash = vouch__scratch(l->ctx, l->rows, sizeof *hash);
    uint64_t *train = vouch__scratch(l->ctx, n_train, sizeof *train);
    double shared = 0;
    if (!hash || !train)
        return vouch__oom(l->ctx);
    vouch_status status = vouch__check_hashes(l->ctx, l->table, l->spec->n_features, l->spec->feature, hash);
    if (status)
        return status;
    for (size_t i = 0; i < n_train; i++)
        train[i] = hash[l->split->row[VOUCH__TRAIN][i]];
    if (n_train > 0)
        qsort(train, n_train, sizeof *train, by_hash);
    for (size_t i = 0; i < n_test && n_train > 0; i++)
        shared += bsearch(&hash[l->split->row[VOUCH__TEST][i]], train, n_train, sizeof *train, by_hash) ? 1
                                                                                                        : 0;
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_overlap, .part = "test", .n = (double)n_test,
                                           .judged = true);
    entry.value = n_test > 0 ? shared / (double)n_test : (double)NAN;
    (void)vouch__evidence_add(l->list, &entry);
    vouch__scratch_reset(l->ctx, mark);
    return VOUCH_OK;
}

/* Mark in seen[] which categories of a column train has; count test rows with another one, per column and, in
 * any_row, per row. */
static double unseen_in(const leakage *l, size_t col, uint8_t *seen, uint8_t *any_row)
{
    double x[PIECE], count = 0;
    memset(seen, 0, vouch_table_categories(l->table, col));
    for (int pass = 0; pass < 2; pass++) {
        vouch__part part = pass == 0 ? VOUCH__TRAIN : VOUCH__TEST;
        size_t n = l->split->n[part];
        for (size_t begin = 0; begin < n; begin += PIECE) {
            size_t step = n - begin < PIECE ? n - begin : PIECE;
            vouch__table_gather(l->table, col, step, l->split->row[part] + begin, x);
            for (size_t i = 0; i < step; i++) {
                if (isnan(x[i]))
                    continue;
                if (pass == 0) {
                    seen[(size_t)x[i]] = 1;
                } else if (!seen[(size_t)x[i]]) {
                    count++;
                    any_row[begin + i] = 1;
                }
            }
        }
    }
    return count;
}

static vouch_status unseen(const leakage *l)
{
    size_t n_test = l->split->n[VOUCH__TEST], most = 0, mark = vouch__scratch_mark(l->ctx);
    double rows = 0;
    for (size_t i = 0; i < l->spec->n_features; i++) {
        size_t n = vouch_table_categories(l->table, l->spec->feature[i]);
        most = n > most ? n : most;
    }
    uint8_t *seen = vouch__scratch(l->ctx, most, 1), *any_row = vouch__scratch(l->ctx, n_test, 1);
    double *count = vouch__scratch(l->ctx, l->spec->n_features, sizeof *count);
    if (!seen || !any_row || !count)
        return vouch__oom(l->ctx);
    memset(any_row, 0, n_test);
    for (size_t i = 0; i < l->spec->n_features; i++) {
        size_t col = l->spec->feature[i];
        count[i] = vouch_table_type(l->table, col) == VOUCH_TEXT ? unseen_in(l, col, seen, any_row) : 0;
    }
    for (size_t i = 0; i < n_test; i++)
        rows += any_row[i];
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_unseen, .part = "test", .n = (double)n_test,
                                           .judged = true);
    entry.value = n_test > 0 ? rows / (double)n_test : (double)NAN;
    vouch__json *object = vouch__evidence_add(l->list, &entry);
    vouch__json *table = vouch__evidence_table(l->list, object, "columns", "column,test_rows");
    for (size_t i = 0; i < l->spec->n_features; i++) {
        if (count[i] == 0)
            continue;
        vouch__json *row = vouch__evidence_row(l->list, table);
        vouch__row_text(l->list, row, vouch_table_name(l->table, l->spec->feature[i]));
        vouch__row_number(l->list, row, count[i]);
    }
    vouch__scratch_reset(l->ctx, mark);
    return VOUCH_OK;
}

/* How an input numbers the rows, or NULL: a text that differs in every row; a whole number that differs in
 * every row and either only rises or falls in order of id, or fills its range so densely that it can only be
 * a number that was handed out. An amount that happens to differ everywhere does neither. */
static vouch_status numbers_rows(const leakage *l, size_t col, const char **out_how)
{
    vouch_type type = vouch_table_type(l->table, col);
    *out_how = NULL;
    if (type == VOUCH_TEXT && vouch_table_categories(l->table, col) == l->rows)
        *out_how = "another text in every row";
    if (type != VOUCH_INTEGER)
        return VOUCH_OK;
    size_t mark = vouch__scratch_mark(l->ctx), rising = 0, falling = 0, repeats = 0;
    double *x = vouch__scratch(l->ctx, l->rows, sizeof *x);
    if (!x)
        return vouch__oom(l->ctx);
    vouch_table_read(l->table, col, 0, l->rows, x);
    double low = x[0], high = x[0];
    bool whole = true;
    for (size_t i = 0; i < l->rows; i++) {
        whole = whole && !isnan(x[i]);
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
        rising += i > 0 && x[i] > x[i - 1] ? 1 : 0;
        falling += i > 0 && x[i] < x[i - 1] ? 1 : 0;
    }
    if (whole && (rising == l->rows - 1 || falling == l->rows - 1)) {
        *out_how = "rises or falls with every row";
    } else if (whole && high - low < (double)l->rows * ID_SPREAD) {
        size_t bytes = (size_t)(high - low) / 8 + 1;
        uint8_t *taken = vouch__scratch(l->ctx, bytes, 1);
        if (!taken)
            return vouch__oom(l->ctx);
        memset(taken, 0, bytes);
        for (size_t i = 0; i < l->rows && repeats == 0; i++) {
            size_t at = (size_t)(x[i] - low);
            repeats += taken[at / 8] >> (at % 8) & 1;
            taken[at / 8] |= (uint8_t)(1 << (at % 8));
        }
        *out_how = repeats == 0 ? "another number in every row" : NULL;
    }
    vouch__scratch_reset(l->ctx, mark);
    return VOUCH_OK;
}

static vouch_status identifier(const leakage *l)
{
    size_t mark = vouch__scratch_mark(l->ctx);
    const char **how = vouch__scratch(l->ctx, l->spec->n_features, sizeof *how);
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_identifier, .n = (double)l->rows, .value = 0,
                                           .judged = true);
    if (!how)
        return vouch__oom(l->ctx);
    for (size_t i = 0; i < l->spec->n_features; i++) {
        vouch_status status = VOUCH_OK;
        how[i] = NULL;
        if (l->rows >= ID_LEAST_ROWS)
            status = numbers_rows(l, l->spec->feature[i], &how[i]);
        if (status)
            return status;
        entry.value += how[i] ? 1 : 0;
    }
    if (l->rows < ID_LEAST_ROWS) {
        entry.note = "Fewer than 100 rows: that every row differs would say nothing.";
        entry.judged = false;
        entry.verdict = VOUCH__NOT_APPLICABLE;
        entry.value = NAN;
    }
    vouch__json *object = vouch__evidence_add(l->list, &entry);
    for (size_t i = 0; i < l->spec->n_features; i++) {
        if (!how[i])
            continue;
        vouch__json *table = vouch__evidence_table(l->list, object, "columns", "column,how");
        vouch__json *row = vouch__evidence_row(l->list, table);
        vouch__row_text(l->list, row, vouch_table_name(l->table, l->spec->feature[i]));
        vouch__row_text(l->list, row, how[i]);
    }
    vouch__scratch_reset(l->ctx, mark);
    return VOUCH_OK;
}

typedef struct lateness {
    double late, unknown;
    size_t first; /* row */
} lateness;

/* Rows in which `at` is later than `time`. A date against a time is compared by day. */
static lateness how_late(const leakage *l, size_t at, size_t time)
{
    lateness r = { .late = 0 };
    double a[PIECE], t[PIECE];
    vouch_type at_type = vouch_table_type(l->table, at), time_type = vouch_table_type(l->table, time);
    double at_day = at_type == VOUCH_TIME && time_type == VOUCH_DATE ? (double)VOUCH__DAY_US : 1;
    double time_day = time_type == VOUCH_TIME && at_type == VOUCH_DATE ? (double)VOUCH__DAY_US : 1;
    for (size_t begin = 0; begin < l->rows; begin += PIECE) {
        size_t end = l->rows - begin < PIECE ? l->rows : begin + PIECE;
        vouch_table_read(l->table, at, begin, end, a);
        vouch_table_read(l->table, time, begin, end, t);
        for (size_t i = 0; i < end - begin; i++) {
            double known = at_day > 1 ? floor(a[i] / at_day) : a[i];
            double due = time_day > 1 ? floor(t[i] / time_day) : t[i];
            if (isnan(known) || isnan(due)) {
                r.unknown++;
            } else if (known > due) {
                r.first = r.late == 0 ? begin + i : r.first;
                r.late++;
            }
        }
    }
    return r;
}

static bool is_feature(const leakage *l, size_t col)
{
    for (size_t i = 0; i < l->spec->n_features; i++)
        if (l->spec->feature[i] == col)
            return true;
    return false;
}

/* The columns of a rule that can be compared: the input and its time of availability. */
static bool dated(const leakage *l, const vouch__column_rule *rule, size_t *out_col, size_t *out_at)
{
    *out_col = vouch_table_find(l->table, rule->name);
    *out_at = rule->available_at ? vouch_table_find(l->table, rule->available_at) : SIZE_MAX;
    return *out_col != SIZE_MAX && *out_at != SIZE_MAX && is_feature(l, *out_col);
}

static vouch_status available(const leakage *l)
{
    size_t mark = vouch__scratch_mark(l->ctx), n = 0, col, at;
    char note[200];
    lateness *late = vouch__scratch(l->ctx, l->spec->n_rules, sizeof *late);
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_available_at, .n = (double)l->rows, .value = 0,
                                           .judged = true);
    if (!late)
        return vouch__oom(l->ctx);
    vouch_type time_type = l->spec->time == SIZE_MAX ? VOUCH_TEXT : vouch_table_type(l->table, l->spec->time);
    bool has_time = time_type == VOUCH_DATE || time_type == VOUCH_TIME;
    for (size_t i = 0; i < l->spec->n_rules && has_time; i++) {
        late[i] = (lateness){ .late = 0 };
        if (!dated(l, &l->spec->rule[i], &col, &at))
            continue;
        late[i] = how_late(l, at, l->spec->time);
        if (late[i].late > 0 && entry.value == 0) {
            (void)snprintf(note, sizeof note, "%.100s is known after the decision in %zu of %zu rows.",
                           l->spec->rule[i].name, (size_t)late[i].late, l->rows);
            entry.note = note;
        }
        entry.value += late[i].late > 0 ? 1 : 0;
        n++;
    }
    if (n == 0) {
        entry.judged = false;
        entry.verdict = VOUCH__NOT_APPLICABLE;
        entry.value = NAN;
        entry.note = has_time ? "No input has a declared time of availability (available_at)."
                              : "No decision time is named.";
    }
    vouch__json *object = vouch__evidence_add(l->list, &entry);
    vouch__json *table = n > 0 ? vouch__evidence_table(
                                     l->list, object, "columns",
                                     "column,available_at,rows_late,rows_unknown,first_late_id")
                               : NULL;
    for (size_t i = 0; i < l->spec->n_rules && n > 0; i++) {
        char id[64] = "";
        if (!dated(l, &l->spec->rule[i], &col, &at))
            continue;
        if (late[i].late > 0)
            vouch__check_id(l->ctx, l->table, l->spec->id, late[i].first, sizeof id, id);
        vouch__json *row = vouch__evidence_row(l->list, table);
        vouch__row_text(l->list, row, l->spec->rule[i].name);
        vouch__row_text(l->list, row, l->spec->rule[i].available_at);
        vouch__row_number(l->list, row, late[i].late);
        vouch__row_number(l->list, row, late[i].unknown);
        vouch__row_text(l->list, row, id);
    }
    vouch__scratch_reset(l->ctx, mark);
    return VOUCH_OK;
}

vouch_status vouch__leakage_parts(vouch_ctx *ctx, const vouch__checked *c)
{
    const leakage l = { ctx, c->table, c->spec, c->split, c->list, vouch_table_rows(c->table) };
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = VOUCH_OK;
    if (vouch__check_wants(c->only, &vouch__test_data_overlap))
        status = overlap(&l);
    if (!status && vouch__check_wants(c->only, &vouch__test_data_unseen))
        status = unseen(&l);
    if (!status && vouch__check_wants(c->only, &vouch__test_data_identifier))
        status = identifier(&l);
    if (!status && vouch__check_wants(c->only, &vouch__test_data_single_auc))
        status = vouch__check_single(ctx, c->table, c->spec, c->split, c->list);
    if (!status && vouch__check_wants(c->only, &vouch__test_data_available_at))
        status = available(&l);
    vouch__scratch_reset(ctx, mark);
    return status ? status : vouch__doc_status(ctx, c->list->doc);
}

vouch_status vouch__check_leakage(vouch_ctx *ctx, const vouch_table *table, const vouch__data_spec *spec,
                                  const vouch__split *split, vouch__evidence *list)
{
    const vouch__checked checked = { .table = table, .spec = spec, .split = split, .list = list };
    return vouch__leakage_parts(ctx, &checked);
}
