/* Is the table sound? Missing, constant and crowded columns; repeated and contradicting rows; the balance of
 * outcomes; special codes. */
#include "data/check_tools.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PIECE = 4096, SHOWN = 20 };

typedef struct quality {
    vouch_ctx *ctx;
    const vouch_table *table;
    const vouch__data_spec *spec;
    vouch__evidence *list;
    size_t rows;
    const uint8_t *bad; /* [rows] */
} quality;

typedef struct tally { /* of the rows of a column that answer a question, and of the others */
    double in, in_known, in_bad, out, out_known, out_bad; /* known: with an outcome */
} tally;

static double share(double part, double all) { return all > 0 ? part / all : (double)NAN; }

/* Count rows whose value equals x, or is missing when x is NaN. */
static tally count(const quality *q, size_t col, double x)
{
    tally t = { .in = 0 };
    double value[PIECE];
    for (size_t begin = 0; begin < q->rows; begin += PIECE) {
        size_t end = q->rows - begin < PIECE ? q->rows : begin + PIECE;
        vouch_table_read(q->table, col, begin, end, value);
        for (size_t i = begin; i < end; i++) {
            double v = value[i - begin];
            bool in = v == x || (isnan(v) && isnan(x));
            *(in ? &t.in : &t.out) += 1;
            *(in ? &t.in_known : &t.out_known) += q->bad[i] != VOUCH__BAD_UNKNOWN;
            *(in ? &t.in_bad : &t.out_bad) += q->bad[i] == 1;
        }
    }
    return t;
}

static bool is_expected(const quality *q, size_t col)
{
    for (size_t r = 0; r < q->spec->n_rules; r++)
        if (q->spec->rule[r].missing_expected &&
            !strcmp(q->spec->rule[r].name, vouch_table_name(q->table, col)))
            return true;
    return false;
}

static vouch_status missing(const quality *q)
{
    double worst = 0;
    char note[160] = "";
    size_t mark = vouch__scratch_mark(q->ctx), n = q->spec->n_features;
    tally *t = vouch__scratch(q->ctx, n, sizeof *t);
    if (!t)
        return vouch__oom(q->ctx);
    for (size_t i = 0; i < n; i++) {
        t[i] = count(q, q->spec->feature[i], NAN);
        if (!(share(t[i].in, (double)q->rows) > worst) || is_expected(q, q->spec->feature[i]))
            continue;
        worst = share(t[i].in, (double)q->rows);
        (void)snprintf(note, sizeof note, "Most are missing in %.100s.",
                       vouch_table_name(q->table, q->spec->feature[i]));
    }
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_missing, .n = (double)q->rows, .value = worst,
                                           .judged = true, .note = worst > 0 ? note : NULL);
    vouch__json *object = vouch__evidence_add(q->list, &entry);
    vouch__json *table = vouch__evidence_table(
        q->list, object, "columns", "column,missing,share,bad_rate_missing,bad_rate_present,contract");
    for (size_t i = 0; i < n; i++) {
        if (t[i].in == 0)
            continue;
        vouch__json *row = vouch__evidence_row(q->list, table);
        vouch__row_text(q->list, row, vouch_table_name(q->table, q->spec->feature[i]));
        vouch__row_number(q->list, row, t[i].in);
        vouch__row_number(q->list, row, t[i].in / (double)q->rows);
        vouch__row_number(q->list, row, share(t[i].in_bad, t[i].in_known));
        vouch__row_number(q->list, row, share(t[i].out_bad, t[i].out_known));
        vouch__row_text(q->list, row, is_expected(q, q->spec->feature[i]) ? "missing is expected" : "");
    }
    vouch__scratch_reset(q->ctx, mark);
    return VOUCH_OK;
}

/* One value holds that share of those that are known: the majority's, found by Boyer and Moore, counted. */
static bool is_constant(const quality *q, size_t col)
{
    double value[PIECE], most = NAN, lead = 0, known = 0, count = 0;
    double share = q->spec->constant_share > 0 ? q->spec->constant_share : 1;
    for (int pass = 0; pass < 2; pass++)
        for (size_t begin = 0; begin < q->rows; begin += PIECE) {
            size_t end = q->rows - begin < PIECE ? q->rows : begin + PIECE;
            vouch_table_read(q->table, col, begin, end, value);
            for (size_t i = 0; i < end - begin; i++) {
                if (isnan(value[i]))
                    continue;
                if (pass) {
                    known++;
                    count += value[i] == most;
                } else if (lead == 0) {
                    most = value[i];
                    lead = 1;
                } else if (share >= 1 && value[i] != most) {
                    return false;
                } else {
                    lead += value[i] == most ? 1 : -1;
                }
            }
        }
    return count >= share * known;
}

static void constant(const quality *q)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_constant, .n = (double)q->rows, .value = 0,
                                           .judged = true);
    for (size_t i = 0; i < q->spec->n_features; i++)
        entry.value += is_constant(q, q->spec->feature[i]) ? 1 : 0;
    vouch__json *object = vouch__evidence_add(q->list, &entry);
    if (entry.value == 0)
        return;
    vouch__json *table = vouch__evidence_table(q->list, object, "columns", "column");
    for (size_t i = 0; i < q->spec->n_features; i++)
        if (is_constant(q, q->spec->feature[i]))
            vouch__row_text(q->list, vouch__evidence_row(q->list, table),
                            vouch_table_name(q->table, q->spec->feature[i]));
}

/* Rows sorted by the hash of the given columns. */
static vouch_status keyed_rows(const quality *q, size_t n_cols, const size_t *col, vouch__keyed *keyed)
{
    size_t mark = vouch__scratch_mark(q->ctx);
    uint64_t *hash = vouch__scratch(q->ctx, q->rows, sizeof *hash);
    if (!hash)
        return vouch__oom(q->ctx);
    vouch_status status = vouch__check_hashes(q->ctx, q->table, n_cols, col, hash);
    for (size_t i = 0; i < q->rows && !status; i++)
        keyed[i] = (vouch__keyed){ .key = hash[i], .row = (uint32_t)i };
    vouch__scratch_reset(q->ctx, mark);
    if (!status)
        vouch__check_sort(q->rows, keyed);
    return status;
}

static vouch_status duplicates(const quality *q, vouch__keyed *keyed)
{
    size_t n = 0, cols = vouch_table_cols(q->table), mark = vouch__scratch_mark(q->ctx);
    size_t *col = vouch__scratch(q->ctx, cols, sizeof *col);
    if (!col)
        return vouch__oom(q->ctx);
    for (size_t j = 0; j < cols; j++)
        if (j != q->spec->id)
            col[n++] = j;
    vouch_status status = keyed_rows(q, n, col, keyed);
    vouch__scratch_reset(q->ctx, mark);
    if (status)
        return status;
    double repeats = 0;
    for (size_t i = 1; i < q->rows; i++)
        repeats += keyed[i].key == keyed[i - 1].key ? 1 : 0;
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_duplicate_rows, .n = (double)q->rows,
                                           .value = share(repeats, (double)q->rows), .judged = true);
    vouch__json *object = vouch__evidence_add(q->list, &entry);
    if (repeats == 0)
        return VOUCH_OK;
    vouch__json *table = vouch__evidence_table(q->list, object, "first", "id,repeats_id");
    for (size_t i = 1, shown = 0; i < q->rows && shown < SHOWN; i++) {
        char id[64], other[64];
        if (keyed[i].key != keyed[i - 1].key)
            continue;
        vouch__check_id(q->ctx, q->table, q->spec->id, keyed[i].row, sizeof id, id);
        vouch__check_id(q->ctx, q->table, q->spec->id, keyed[i - 1].row, sizeof other, other);
        vouch__json *row = vouch__evidence_row(q->list, table);
        vouch__row_text(q->list, row, id);
        vouch__row_text(q->list, row, other);
        shown++;
    }
    return VOUCH_OK;
}

static vouch_status conflicts(const quality *q, vouch__keyed *keyed)
{
    double rows = 0, groups = 0, all = 0;
    vouch_status status = keyed_rows(q, q->spec->n_features, q->spec->feature, keyed);
    if (status)
        return status;
    for (size_t i = 0, j; i < q->rows; i = j) {
        size_t bad = 0, known = 0;
        for (j = i; j < q->rows && keyed[j].key == keyed[i].key; j++) {
            bad += q->bad[keyed[j].row] == 1;
            known += q->bad[keyed[j].row] != VOUCH__BAD_UNKNOWN;
        }
        all += (double)known;
        if (bad > 0 && bad < known) {
            rows += (double)known;
            groups++;
        }
    }
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_conflicting_labels, .n = all,
                                           .value = share(rows, all), .judged = true);
    vouch__json *object = vouch__evidence_add(q->list, &entry);
    vouch__json *row = vouch__evidence_row(
        q->list, vouch__evidence_table(q->list, object, "counts", "rows,distinct_inputs"));
    vouch__row_number(q->list, row, rows);
    vouch__row_number(q->list, row, groups);
    return VOUCH_OK;
}

static void cardinality(const quality *q)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_high_cardinality, .n = (double)q->rows,
                                           .value = 0, .judged = true);
    for (size_t i = 0; i < q->spec->n_features; i++)
        entry.value = fmax(entry.value, (double)vouch_table_categories(q->table, q->spec->feature[i]));
    vouch__json *object = vouch__evidence_add(q->list, &entry);
    vouch__json *table = vouch__evidence_table(q->list, object, "columns", "column,levels");
    for (size_t i = 0; i < q->spec->n_features; i++) {
        size_t col = q->spec->feature[i];
        if (vouch_table_type(q->table, col) != VOUCH_TEXT)
            continue;
        vouch__json *row = vouch__evidence_row(q->list, table);
        vouch__row_text(q->list, row, vouch_table_name(q->table, col));
        vouch__row_number(q->list, row, (double)vouch_table_categories(q->table, col));
    }
}

static void special(const quality *q)
{
    size_t codes = 0;
    for (size_t i = 0; i < q->spec->n_rules; i++)
        codes += q->spec->rule[i].n_special;
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_special, .n = (double)q->rows,
                                           .value = (double)codes,
                                           .note = codes ? NULL : "No special codes are declared.");
    vouch__json *object = vouch__evidence_add(q->list, &entry);
    if (codes == 0)
        return;
    vouch__json *table = vouch__evidence_table(q->list, object, "codes", "column,code,rows,share,bad_rate");
    for (size_t i = 0; i < q->spec->n_rules; i++) {
        const vouch__column_rule *rule = &q->spec->rule[i];
        size_t col = vouch_table_find(q->table, rule->name);
        for (size_t k = 0; k < rule->n_special && col != SIZE_MAX; k++) {
            tally t = count(q, col, rule->special[k]);
            vouch__json *row = vouch__evidence_row(q->list, table);
            vouch__row_text(q->list, row, rule->name);
            vouch__row_number(q->list, row, rule->special[k]);
            vouch__row_number(q->list, row, t.in);
            vouch__row_number(q->list, row, share(t.in, (double)q->rows));
            vouch__row_number(q->list, row, share(t.in_bad, t.in_known));
        }
    }
}

static void balance(const quality *q)
{
    double bad = 0, all = 0;
    for (size_t i = 0; i < q->rows; i++) {
        bad += q->bad[i] == 1;
        all += q->bad[i] != VOUCH__BAD_UNKNOWN;
    }
    double rate = share(bad, all);
    vouch__entry entry = VOUCH__TEST_ENTRY(vouch__test_data_class_balance, .n = all, .n_bad = bad,
                                           .value = fmin(rate, 1 - rate), .judged = true);
    vouch__json *object = vouch__evidence_add(q->list, &entry);
    vouch__json *table = vouch__evidence_table(q->list, object, "classes", "class,rows,share");
    for (int i = 0; i < 2; i++) {
        vouch__json *row = vouch__evidence_row(q->list, table);
        vouch__row_text(q->list, row, i ? "bad" : "good");
        vouch__row_number(q->list, row, i ? bad : all - bad);
        vouch__row_number(q->list, row, i ? rate : 1 - rate);
    }
}

vouch_status vouch__quality_parts(vouch_ctx *ctx, const vouch__checked *c)
{
    quality q = { .ctx = ctx, .table = c->table, .spec = c->spec, .list = c->list };
    size_t mark = vouch__scratch_mark(ctx);
    bool has_target = c->spec->target != SIZE_MAX;
    q.rows = vouch_table_rows(c->table);
    uint8_t *bad = vouch__scratch(ctx, q.rows, 1);
    vouch__keyed *keyed = vouch__scratch(ctx, q.rows, sizeof *keyed);
    vouch_status status = VOUCH_OK;
    if (!bad || !keyed)
        return vouch__oom(ctx);
    vouch__check_bad(c->table, c->spec, bad);
    q.bad = bad;
    if (vouch__check_wants(c->only, &vouch__test_data_profile))
        status = vouch__check_profile(ctx, c->table, c->list);
    if (!status && vouch__check_wants(c->only, &vouch__test_data_missing))
        status = missing(&q);
    if (!status && vouch__check_wants(c->only, &vouch__test_data_constant))
        constant(&q);
    if (!status && vouch__check_wants(c->only, &vouch__test_data_duplicate_rows))
        status = duplicates(&q, keyed);
    if (!status && has_target && vouch__check_wants(c->only, &vouch__test_data_conflicting_labels))
        status = conflicts(&q, keyed);
    if (!status && vouch__check_wants(c->only, &vouch__test_data_high_cardinality))
        cardinality(&q);
    if (!status && vouch__check_wants(c->only, &vouch__test_data_special))
        special(&q);
    if (!status && has_target && vouch__check_wants(c->only, &vouch__test_data_class_balance))
        balance(&q);
    if (!status)
        status = vouch__doc_status(ctx, c->list->doc);
    vouch__scratch_reset(ctx, mark);
    return status ? status : vouch__poll(ctx);
}

vouch_status vouch__check_quality(vouch_ctx *ctx, const vouch_table *table, const vouch__data_spec *spec,
                                  vouch__evidence *list)
{
    const vouch__checked checked = { .table = table, .spec = spec, .list = list };
    return vouch__quality_parts(ctx, &checked);
}
