/* Rules across columns of a row, and keys that must stand in another table. */
#include "base/schema.h"
#include "data/check_tools.h"
#include "data/sample_column.h"
#include "num/rank.h"
#include "num/sum.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE_MAX = 16, RULES_MAX = 200, ID_TEXT = 64 };

/* clang-format off */
static const vouch__key rule_keys[] = {
    { "name", VOUCH__KEY_TEXT, false, 0, 0, NULL },
    { "left", VOUCH__KEY_ANY, true, 0, 0, NULL },
    { "is", VOUCH__KEY_TEXT, true, 0, 0, "<|<=|=|>=|>|!=" },
    { "right", VOUCH__KEY_ANY, true, 0, 0, NULL },
    { "tolerance", VOUCH__KEY_NUMBER, false, 0, INFINITY, NULL },
};
static const vouch__key unique_keys[] = {
    { "name", VOUCH__KEY_TEXT, false, 0, 0, NULL },
    { "unique", VOUCH__KEY_LIST, true, 0, 0, NULL },
};
static const vouch__key measure_keys[] = {
    { "name", VOUCH__KEY_TEXT, false, 0, 0, NULL },
    { "measure", VOUCH__KEY_TEXT, true, 0, 0, "mean|sd|minimum|p01|p05|p25|median|p75|p95|p99|maximum|missing" },
    { "column", VOUCH__KEY_TEXT, true, 0, 0, NULL },
    { "low", VOUCH__KEY_NUMBER, false, -INFINITY, INFINITY, NULL },
    { "high", VOUCH__KEY_NUMBER, false, -INFINITY, INFINITY, NULL },
};
/* clang-format on */

typedef struct side { /* a constant, or a sum of columns */
    double constant;
    size_t n, col[SIDE_MAX];
} side;

typedef struct rule {
    const char *name, *is;
    side left, right;
    double tolerance;
    const char *measure; /* of left.col[0], between low and high; or NULL */
    double low, high;
} rule; /* without `is` and measure: left.col must be unique together */

static vouch_status add_column(vouch_ctx *ctx, const vouch__test_call *call, const vouch__json *node,
                               bool may_be_text, side *out)
{
    const char *name = vouch__json_string(node);
    size_t col = name ? vouch_table_find(call->now->table, name) : SIZE_MAX;
    if (!name)
        return vouch__schema_fail(ctx, call->test->id, node,
                                  "a side is a number, a column or a list of columns");
    if (col == SIZE_MAX)
        return vouch__schema_fail(ctx, call->test->id, node, "no column '%.60s'", name);
    if (!may_be_text && vouch__sample_is_text(call->now, col))
        return vouch__schema_fail(ctx, call->test->id, node, "column '%.60s' holds text", name);
    if (out->n == SIDE_MAX)
        return vouch__schema_fail(ctx, call->test->id, node, "over %d columns on a side", SIDE_MAX);
    out->col[out->n++] = col;
    return VOUCH_OK;
}

static vouch_status read_side(vouch_ctx *ctx, const vouch__test_call *call, const vouch__json *node,
                              side *out)
{
    vouch_status status = VOUCH_OK;
    *out = (side){ .constant = 0.0 };
    if (node->type == VOUCH__JSON_NUMBER)
        out->constant = node->number;
    else if (node->type != VOUCH__JSON_ARRAY)
        return add_column(ctx, call, node, false, out);
    for (const vouch__json *at = node->type == VOUCH__JSON_ARRAY ? node->first : NULL; at && !status;
         at = at->next)
        status = add_column(ctx, call, at, false, out);
    return status;
}

static vouch_status read_unique(vouch_ctx *ctx, const vouch__test_call *call, const vouch__json *node,
                                rule *out)
{
    vouch_status status = vouch__schema_check(ctx, call->test->id, "rules", node, unique_keys,
                                              sizeof unique_keys / sizeof *unique_keys);
    for (const vouch__json *at = status ? NULL : vouch__json_get(node, "unique")->first; at && !status;
         at = at->next)
        status = add_column(ctx, call, at, true, &out->left);
    return status;
}

static vouch_status read_measure(vouch_ctx *ctx, const vouch__test_call *call, const vouch__json *node,
                                 rule *out)
{
    vouch_status status = vouch__schema_check(ctx, call->test->id, "rules", node, measure_keys,
                                              sizeof measure_keys / sizeof *measure_keys);
    if (status)
        return status;
    out->measure = vouch__json_string(vouch__json_get(node, "measure"));
    out->low = vouch__json_double(vouch__json_get(node, "low"), -INFINITY);
    out->high = vouch__json_double(vouch__json_get(node, "high"), INFINITY);
    return add_column(ctx, call, vouch__json_get(node, "column"), !strcmp(out->measure, "missing"),
                      &out->left);
}

static vouch_status read_rule(vouch_ctx *ctx, const vouch__test_call *call, const vouch__json *node,
                              rule *out)
{
    *out = (rule){ .name = vouch__json_string(vouch__json_get(node, "name")) };
    if (vouch__json_get(node, "unique"))
        return read_unique(ctx, call, node, out);
    if (vouch__json_get(node, "measure"))
        return read_measure(ctx, call, node, out);
    vouch_status status = vouch__schema_check(ctx, call->test->id, "rules", node, rule_keys,
                                              sizeof rule_keys / sizeof *rule_keys);
    if (status)
        return status;
    *out = (rule){ .name = vouch__json_string(vouch__json_get(node, "name")),
                   .is = vouch__json_string(vouch__json_get(node, "is")),
                   .tolerance = vouch__json_double(vouch__json_get(node, "tolerance"), 0.0) };
    status = read_side(ctx, call, vouch__json_get(node, "left"), &out->left);
    return status ? status : read_side(ctx, call, vouch__json_get(node, "right"), &out->right);
}

static vouch_status value_of(vouch_ctx *ctx, const vouch__sample *s, const side *of, double *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    for (size_t i = 0; i < s->n; i++)
        out[i] = of->constant;
    for (size_t k = 0; k < of->n; k++) {
        const double *x = vouch__sample_column(ctx, s, of->col[k]);
        if (!x)
            return vouch__oom(ctx);
        for (size_t i = 0; i < s->n; i++)
            out[i] += x[i];
        vouch__scratch_reset(ctx, mark);
    }
    return VOUCH_OK;
}

static bool holds(const rule *r, double a, double b)
{
    double t = r->tolerance;
    switch (r->is[0]) {
    case '<': return r->is[1] ? a <= b + t : a < b + t;
    case '>': return r->is[1] ? a >= b - t : a > b - t;
    case '!': return fabs(a - b) > t;
    default: return a == b || fabs(a - b) <= t;
    }
}

typedef struct breach {
    double held, broken, value; /* value: of a measure, else NaN */
    size_t first;
} breach;

/* Rows whose values in the columns stand in an earlier row; one where any is missing is not looked at. */
static vouch_status try_unique(vouch_ctx *ctx, const vouch__sample *s, const side *of, uint8_t *is_broken,
                               breach *out)
{
    size_t mark = vouch__scratch_mark(ctx), kept = 0, rows = vouch_table_rows(s->table);
    uint64_t *hash = vouch__scratch(ctx, rows + 1, sizeof *hash);
    vouch__keyed *keyed = vouch__scratch(ctx, s->n + 1, sizeof *keyed);
    uint8_t *lacks = vouch__scratch(ctx, s->n + 1, 1);
    if (!hash || !keyed || !lacks)
        return vouch__oom(ctx);
    memset(lacks, 0, s->n + 1);
    vouch_status status = vouch__check_hashes(ctx, s->table, of->n, of->col, hash);
    for (size_t k = 0; k < of->n && !status; k++) {
        size_t inner = vouch__scratch_mark(ctx);
        const double *x = vouch__sample_column(ctx, s, of->col[k]);
        if (!x)
            return vouch__oom(ctx);
        for (size_t i = 0; i < s->n; i++)
            lacks[i] = lacks[i] || isnan(x[i]);
        vouch__scratch_reset(ctx, inner);
    }
    for (size_t i = 0; i < s->n && !status; i++)
        if (!lacks[i])
            keyed[kept++] = (vouch__keyed){ hash[s->row ? s->row[i] : i], (uint32_t)i };
    if (!status)
        vouch__check_sort(kept, keyed);
    for (size_t i = 1; i < kept && !status; i++)
        if (keyed[i].key == keyed[i - 1].key) {
            out->first = keyed[i].row < out->first ? keyed[i].row : out->first;
            out->broken += 1.0;
            is_broken[keyed[i].row] = 1;
        }
    out->held = (double)kept;
    vouch__scratch_reset(ctx, mark);
    return status;
}

static double measured(const char *what, size_t n, const double *sorted, double missing)
{
    static const struct {
        const char *name;
        double p;
    } places[] = { { "minimum", 0 }, { "p01", 0.01 }, { "p05", 0.05 }, { "p25", 0.25 }, { "median", 0.5 },
                   { "p75", 0.75 },  { "p95", 0.95 }, { "p99", 0.99 }, { "maximum", 1 } };
    if (!strcmp(what, "missing"))
        return missing;
    if (n == 0)
        return NAN;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (!strcmp(what, places[i].name))
            return vouch__quantile_sorted(n, sorted, places[i].p);
    return !strcmp(what, "sd") ? sqrt(vouch__variance(n, sorted, NULL)) : vouch__mean(n, sorted, NULL);
}

/* A measure out of its bounds, or that cannot be taken, is broken by every row. */
static vouch_status try_measure(vouch_ctx *ctx, const vouch__sample *s, const rule *r, uint8_t *is_broken,
                                breach *out)
{
    size_t mark = vouch__scratch_mark(ctx), known = 0;
    uint32_t *order = vouch__scratch(ctx, s->n + 1, sizeof *order);
    double *sorted = vouch__scratch(ctx, s->n + 1, sizeof *sorted);
    const double *x = vouch__sample_column(ctx, s, r->left.col[0]);
    if (!order || !sorted || !x)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, s->n, x, order);
    for (size_t i = 0; i < s->n && !status && !isnan(x[order[i]]); i++)
        sorted[known++] = x[order[i]];
    double value = measured(r->measure, known, sorted, (double)(s->n - known) / (double)s->n);
    out->held = (double)s->n;
    out->value = value;
    if (!(value >= r->low && value <= r->high) && !status) {
        out->broken = (double)s->n;
        memset(is_broken, 1, s->n);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status try_rule(vouch_ctx *ctx, const vouch__sample *s, const rule *r, uint8_t *is_broken,
                             breach *out)
{
    size_t mark = vouch__scratch_mark(ctx);
    *out = (breach){ 0.0, 0.0, (double)NAN, SIZE_MAX };
    if (!r->is)
        return r->measure ? try_measure(ctx, s, r, is_broken, out)
                          : try_unique(ctx, s, &r->left, is_broken, out);
    double *a = vouch__scratch(ctx, s->n + 1, sizeof *a), *b = vouch__scratch(ctx, s->n + 1, sizeof *b);
    if (!a || !b)
        return vouch__oom(ctx);
    vouch_status status = value_of(ctx, s, &r->left, a);
    if (!status)
        status = value_of(ctx, s, &r->right, b);
    for (size_t i = 0; i < s->n && !status; i++) {
        if (isnan(a[i]) || isnan(b[i]))
            continue;
        out->held += 1.0;
        if (holds(r, a[i], b[i]))
            continue;
        out->first = out->broken > 0.0 ? out->first : i;
        out->broken += 1.0;
        is_broken[i] = 1;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void id_of(vouch_ctx *ctx, const vouch__sample *s, size_t i, char out[ID_TEXT])
{
    out[0] = '\0';
    if (i != SIZE_MAX)
        vouch__check_id(ctx, s->table, s->id_column, s->row ? s->row[i] : i, ID_TEXT, out);
}

static vouch_status run_rules(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__json *rules = vouch__test_tree(call, "rules");
    const vouch__sample *s = call->now;
    size_t n = 0;
    vouch_status status = VOUCH_OK;
    if (!rules) {
        vouch__test_skip(call, "No rules are given.");
        return VOUCH_OK;
    }
    if (rules->type != VOUCH__JSON_ARRAY || rules->len > RULES_MAX)
        return vouch__schema_fail(ctx, call->test->id, rules, "rules must be a list of at most %d",
                                  RULES_MAX);
    uint8_t *is_broken = vouch__scratch(ctx, s->n + 1, 1);
    rule *r = vouch__scratch(ctx, rules->len + 1, sizeof *r);
    breach *b = vouch__scratch(ctx, rules->len + 1, sizeof *b);
    if (!is_broken || !r || !b)
        return vouch__oom(ctx);
    memset(is_broken, 0, s->n + 1);
    for (const vouch__json *at = rules->first; at && !status; at = at->next, n++) {
        status = read_rule(ctx, call, at, &r[n]);
        if (!status)
            status = try_rule(ctx, s, &r[n], is_broken, &b[n]);
    }
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = 0.0;
    for (size_t i = 0; i < s->n; i++)
        entry.value += is_broken[i];
    entry.value /= (double)s->n;
    entry.judged = true;
    vouch__json *table = vouch__evidence_table(call->list, vouch__test_add(call, &entry), "rules",
                                               "rule,rows_held_against_it,rows_broken,first_id,measured");
    for (size_t k = 0; k < n; k++) {
        char id[ID_TEXT], name[32];
        id_of(ctx, s, b[k].first, id);
        (void)snprintf(name, sizeof name, "rule %zu", k + 1);
        vouch__test_row(call, table, "tnntn", r[k].name ? r[k].name : name, b[k].held, b[k].broken, id,
                        b[k].value);
    }
    return VOUCH_OK;
}

static const vouch__param rule_params[] = {
    { "rules", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
      "A list of {left, is, right}: each side a number, a column or a list of columns that are added up; is "
      "one of "
      "<, <=, =, >=, >, !=; also name and tolerance. {left: [paid, open], is: =, right: granted, tolerance: "
      "0.01}. Or {unique: [branch, number]}: no two rows have the same values in these columns. Or {measure: "
      "mean, column: income, low: 2000, high: 4000}, of mean, sd, minimum, p01, p05, p25, median, p75, p95, "
      "p99, maximum, and missing, the share of it." },
};

const vouch_test vouch__test_data_rules = {
    .id = "data.rules",
    .section = "data",
    .title = "Rules across columns",
    .purpose =
        "Does each row make sense in itself: no repayment above the loan, parts that add up to the total, "
        "dates in order, no account twice? A column can be sound and the row impossible. And does a column "
        "as a whole lie where it always has?",
    .mechanism =
        "Every rule is held against every row; the value is the share of rows that break at least one.",
    .convention =
        "A row where a side is missing is not held against the rule. Dates count in days, times in "
        "microseconds. The tolerance widens equality and bounds. Of rows that share a unique key all "
        "but the first are broken; a measure that is out of its bounds is broken by every row.",
    .high_risk = "Rows that break a rule which holds by definition: two systems disagree, or a unit changed.",
    .strengths = "Exact, says which rule and shows the first row that breaks it.",
    .limits =
        "Only what somebody thought of is checked. Texts take part in unique keys and missing shares only.",
    .source = "Breck et al., Data Validation for Machine Learning, SysML (2019)",
    .unit = "share of rows",
    .needs = VOUCH__NEEDS_FEATURES,
    .params = rule_params,
    .n_params = 1,
    .run = run_rules,
};

/* ---- keys ---- */

static int by_number(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

typedef struct keys { /* what the other table has, sorted */
    size_t n;
    double *number;
    const char **text;
} keys;

static vouch_status other_keys(vouch_ctx *ctx, const vouch_table *table, size_t col, keys *out)
{
    *out = (keys){ .n = 0 };
    if (vouch_table_type(table, col) == VOUCH_TEXT) {
        out->n = vouch_table_categories(table, col);
        out->text = vouch__scratch(ctx, out->n + 1, sizeof *out->text);
        for (size_t k = 0; out->text && k < out->n; k++)
            out->text[k] = vouch_table_category(table, col, k);
        return out->text ? VOUCH_OK : vouch__oom(ctx);
    }
    size_t rows = vouch_table_rows(table);
    out->number = vouch__scratch(ctx, rows + 1, sizeof *out->number);
    if (!out->number)
        return vouch__oom(ctx);
    vouch_table_read(table, col, 0, rows, out->number);
    for (size_t i = 0; i < rows; i++)
        if (!isnan(out->number[i]))
            out->number[out->n++] = out->number[i];
    if (out->n)
        qsort(out->number, out->n, sizeof *out->number, by_number);
    return VOUCH_OK;
}

static bool is_there(const keys *k, const vouch__sample *s, size_t col, double x)
{
    if (k->n == 0)
        return false;
    if (k->number)
        return bsearch(&x, k->number, k->n, sizeof x, by_number) != NULL;
    const char *text = vouch_table_category(s->table, col, (size_t)x);
    return k->text && bsearch(&text, k->text, k->n, sizeof text, by_text) != NULL;
}

static vouch_status one_key(vouch_ctx *ctx, const vouch__test_call *call, const vouch__json *node,
                            breach *out)
{
    const vouch__sample *s = call->now;
    const char *other = vouch__json_string(node);
    size_t col = vouch_table_find(s->table, node->key), mark = vouch__scratch_mark(ctx);
    size_t there = other ? vouch_table_find(call->before->table, other) : SIZE_MAX;
    keys k = { .n = 0 };
    if (!other || col == SIZE_MAX || there == SIZE_MAX)
        return vouch__schema_fail(ctx, call->test->id, node, "%s: %s", node->key,
                                  !other            ? "must name a column of the reference"
                                  : col == SIZE_MAX ? "is no column of the data"
                                                    : "its column is not in the reference");
    if (vouch__sample_is_text(s, col) != (vouch_table_type(call->before->table, there) == VOUCH_TEXT))
        return vouch__schema_fail(ctx, call->test->id, node,
                                  "%s: is text in one table and numbers in the other", node->key);
    const double *x = vouch__sample_column(ctx, s, col);
    if (!x)
        return vouch__oom(ctx);
    vouch_status status = other_keys(ctx, call->before->table, there, &k);
    *out = (breach){ 0.0, 0.0, (double)NAN, SIZE_MAX };
    for (size_t i = 0; i < s->n && !status; i++) {
        if (isnan(x[i]))
            continue;
        out->held += 1.0;
        if (is_there(&k, s, col, x[i]))
            continue;
        out->first = out->broken > 0.0 ? out->first : i;
        out->broken += 1.0;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status run_keys(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__json *map = vouch__test_tree(call, "keys");
    const vouch__sample *s = call->now;
    double worst = 0.0;
    size_t n = 0;
    vouch_status status = VOUCH_OK;
    if (!map) {
        vouch__test_skip(call, "No keys are given.");
        return VOUCH_OK;
    }
    if (map->type != VOUCH__JSON_OBJECT)
        return vouch__schema_fail(ctx, call->test->id, map, "keys must be a mapping of columns to columns");
    breach *b = vouch__scratch(ctx, map->len + 1, sizeof *b);
    if (!b)
        return vouch__oom(ctx);
    for (const vouch__json *at = map->first; at && !status; at = at->next, n++) {
        status = one_key(ctx, call, at, &b[n]);
        if (!status && b[n].held > 0.0)
            worst = fmax(worst, b[n].broken / b[n].held);
    }
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = worst;
    entry.judged = true;
    vouch__json *table = vouch__evidence_table(call->list, vouch__test_add(call, &entry), "keys",
                                               "column,in,rows_with_a_value,rows_without_a_match,first_id");
    n = 0;
    for (const vouch__json *at = map->first; at; at = at->next, n++) {
        char id[ID_TEXT];
        id_of(ctx, s, b[n].first, id);
        vouch__test_row(call, table, "ttnnt", at->key, vouch__json_string(at), b[n].held, b[n].broken, id);
    }
    return VOUCH_OK;
}

static const vouch__param key_params[] = {
    { "keys", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
      "For each column of the data the column of the reference that must have its values: {branch: "
      "branch_id}." },
};

const vouch_test vouch__test_data_keys = {
    .id = "data.keys",
    .section = "data",
    .title = "Keys that are in no other table",
    .purpose =
        "Does every customer, branch or product that the rows speak of exist in the table that describes "
        "it? What has no match was joined wrongly, or is newer than the table.",
    .mechanism =
        "Values of each key column are looked up among those of the named column of the reference. The "
        "largest share without a match is judged.",
    .convention = "Exact values; missing ones are not looked up. The reference is the other table.",
    .high_risk = "Any share that is not zero, where the other table is complete.",
    .strengths = "Exact, in the time of a sort.",
    .limits = "That there is a match does not say that it is the right one.",
    .source = "Codd, Communications of the ACM 13 (1970) 377-387",
    .unit = "share of rows",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_REFERENCE,
    .params = key_params,
    .n_params = 1,
    .run = run_keys,
};
