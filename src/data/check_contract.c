/* The contract: what the project file promises of each column, held against every row. */
#include "data/check_tools.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PIECE = 4096, TEXT_MAX = 96, MUST_MAX = 160 };

/* One promise of one column, broken. */
typedef struct breach {
    const char *column, *promise;
    size_t rows;
    char id[TEXT_MAX], value[TEXT_MAX], must[MUST_MAX];
} breach;

typedef struct contract {
    vouch_ctx *ctx;
    const vouch_table *table;
    const vouch__data_spec *spec;
    vouch__evidence *list;
    vouch__json *rows; /* the evidence table; the entry needs the count first, so breaches wait */
    breach *found;     /* scratch */
    size_t n, room;
} contract;

static void limit_text(double x, size_t size, char *out)
{
    char digits[VOUCH__DOUBLE_MAX];
    size_t n = vouch__double_text(x, digits);
    (void)snprintf(out, size, "%.*s", (int)n, digits);
}

static breach *add(contract *c, const vouch__column_rule *rule, const char *promise, size_t rows)
{
    if (c->n == c->room)
        return NULL; /* room is for every promise of every rule */
    breach *b = &c->found[c->n++];
    *b = (breach){ .column = rule->name, .promise = promise, .rows = rows };
    return b;
}

/* Rows that break a promise, counted; the first one kept. */
static void broken(contract *c, const vouch__column_rule *rule, size_t col, const char *promise, size_t rows,
                   size_t first, const char *must)
{
    if (rows == 0)
        return;
    breach *b = add(c, rule, promise, rows);
    if (!b)
        return;
    vouch__check_id(c->ctx, c->table, c->spec->id, first, sizeof b->id, b->id);
    vouch__check_cell(c->ctx, c->table, col, first, sizeof b->value, b->value);
    (void)snprintf(b->must, sizeof b->must, "%s", must);
}

static bool is_special(const vouch__column_rule *rule, double x)
{
    for (size_t i = 0; i < rule->n_special; i++)
        if (x == rule->special[i])
            return true;
    return false;
}

/* Does the column's type keep what was declared? A whole number is a number, a flag a whole number; a column
 * of numbers is one of integers when every value is whole, which the rows decide. */
static bool type_fits(vouch_type declared, vouch_type is)
{
    if (declared == is)
        return true;
    if (declared == VOUCH_NUMBER)
        return is == VOUCH_INTEGER || is == VOUCH_FLAG;
    if (declared == VOUCH_INTEGER)
        return is == VOUCH_FLAG || is == VOUCH_NUMBER;
    return declared == VOUCH_TIME && is == VOUCH_DATE;
}

typedef bool breaks_fn(const vouch__column_rule *rule, double x, const uint8_t *allowed);

static bool not_whole(const vouch__column_rule *rule, double x, const uint8_t *allowed)
{
    (void)rule, (void)allowed;
    return !isnan(x) && nearbyint(x) != x;
}

static bool is_missing(const vouch__column_rule *rule, double x, const uint8_t *allowed)
{
    (void)rule, (void)allowed;
    return isnan(x);
}

static bool out_of_range(const vouch__column_rule *rule, double x, const uint8_t *allowed)
{
    (void)allowed;
    return (x < rule->min || x > rule->max) && !is_special(rule, x); /* NaN limits and values compare false */
}

static bool text_not_allowed(const vouch__column_rule *rule, double x, const uint8_t *allowed)
{
    (void)rule;
    return !isnan(x) && !allowed[(size_t)x];
}

static bool number_not_allowed(const vouch__column_rule *rule, double x, const uint8_t *allowed)
{
    (void)allowed;
    for (size_t i = 0; i < rule->n_allowed; i++) {
        double one;
        const char *text = rule->allowed[i];
        if (!strcmp(text, "true") || !strcmp(text, "false"))
            one = *text == 't' ? 1 : 0;
        else if (!vouch__double_read(text, strlen(text), &one))
            continue;
        if (one == x)
            return false;
    }
    return !isnan(x) && !is_special(rule, x);
}

/* Go through the column once for one promise. */
static void hold(contract *c, const vouch__column_rule *rule, size_t col, breaks_fn *breaks,
                 const uint8_t *allowed, const char *promise, const char *must)
{
    size_t n = vouch_table_rows(c->table), count = 0, first = 0;
    double x[PIECE];
    for (size_t begin = 0; begin < n; begin += PIECE) {
        size_t end = n - begin < PIECE ? n : begin + PIECE;
        vouch_table_read(c->table, col, begin, end, x);
        for (size_t i = begin; i < end; i++) {
            if (!breaks(rule, x[i - begin], allowed))
                continue;
            first = count == 0 ? i : first;
            count++;
        }
    }
    broken(c, rule, col, promise, count, first, must);
}

static void hold_range(contract *c, const vouch__column_rule *rule, size_t col)
{
    char low[VOUCH__DOUBLE_MAX + 1] = "", high[VOUCH__DOUBLE_MAX + 1] = "", must[MUST_MAX];
    if (isnan(rule->min) && isnan(rule->max))
        return;
    limit_text(rule->min, sizeof low, low);
    limit_text(rule->max, sizeof high, high);
    if (isnan(rule->max))
        (void)snprintf(must, sizeof must, "at least %s", low);
    else if (isnan(rule->min))
        (void)snprintf(must, sizeof must, "at most %s", high);
    else
        (void)snprintf(must, sizeof must, "%s to %s", low, high);
    hold(c, rule, col, out_of_range, NULL, "range", must);
}

static vouch_status hold_set(contract *c, const vouch__column_rule *rule, size_t col)
{
    char must[MUST_MAX];
    size_t used = (size_t)snprintf(must, sizeof must, "one of"), mark = vouch__scratch_mark(c->ctx);
    if (rule->n_allowed == 0)
        return VOUCH_OK;
    for (size_t i = 0; i < rule->n_allowed && used < sizeof must; i++)
        used += (size_t)snprintf(must + used, sizeof must - used, "%s %s", i ? "," : "", rule->allowed[i]);
    if (vouch_table_type(c->table, col) != VOUCH_TEXT) {
        hold(c, rule, col, number_not_allowed, NULL, "allowed", must);
        return VOUCH_OK;
    }
    size_t n = vouch_table_categories(c->table, col);
    uint8_t *allowed = vouch__scratch(c->ctx, n, 1);
    if (!allowed)
        return vouch__oom(c->ctx);
    for (size_t code = 0; code < n; code++) {
        allowed[code] = 0;
        for (size_t i = 0; i < rule->n_allowed && !allowed[code]; i++)
            allowed[code] = !strcmp(vouch_table_category(c->table, col, code), rule->allowed[i]);
    }
    hold(c, rule, col, text_not_allowed, allowed, "allowed", must);
    vouch__scratch_reset(c->ctx, mark);
    return VOUCH_OK;
}

/* A promise about the column as such: no row, no value. */
static void hold_column(contract *c, const vouch__column_rule *rule, const char *promise, const char *is,
                        const char *must)
{
    breach *b = add(c, rule, promise, vouch_table_rows(c->table));
    if (!b)
        return;
    (void)snprintf(b->value, sizeof b->value, "%s", is);
    (void)snprintf(b->must, sizeof b->must, "%s", must);
}

/* A column of another type. Of numbers that a few words make text, the words are told. */
static vouch_status hold_type(contract *c, const vouch__column_rule *rule, size_t col, vouch_type is)
{
    size_t mark = vouch__scratch_mark(c->ctx), n_numbers = 0;
    size_t n = is == VOUCH_TEXT ? vouch_table_categories(c->table, col) : 0;
    bool is_number = rule->type == VOUCH_NUMBER || rule->type == VOUCH_INTEGER;
    uint8_t *allowed = vouch__scratch(c->ctx, n + 1, 1);
    if (!allowed)
        return vouch__oom(c->ctx);
    for (size_t code = 0; code < n && is_number; code++) {
        const char *text = vouch_table_category(c->table, col, code);
        double number;
        allowed[code] = vouch__double_read(text, strlen(text), &number);
        n_numbers += allowed[code];
    }
    if (n_numbers && n_numbers < n)
        hold(c, rule, col, text_not_allowed, allowed, "type", vouch_type_name(rule->type));
    else
        hold_column(c, rule, "type", vouch_type_name(is), vouch_type_name(rule->type));
    vouch__scratch_reset(c->ctx, mark);
    return VOUCH_OK;
}

static vouch_status hold_rule(contract *c, const vouch__column_rule *rule)
{
    size_t col = vouch_table_find(c->table, rule->name);
    if (col == SIZE_MAX) {
        char must[MUST_MAX];
        const char *near = vouch__table_nearest(c->ctx, c->table, rule->name);
        (void)snprintf(must, sizeof must,
                       near ? "a column of the data, as '%.100s' is" : "a column of the data", near);
        hold_column(c, rule, "present", "not in the data", must);
        return VOUCH_OK;
    }
    vouch_type is = vouch_table_type(c->table, col);
    if (rule->has_type && !type_fits(rule->type, is))
        return hold_type(c, rule, col, is); /* what else was promised was promised of another type */
    if (rule->has_type && rule->type == VOUCH_INTEGER && is == VOUCH_NUMBER)
        hold(c, rule, col, not_whole, NULL, "type", "integer");
    if (rule->required)
        hold(c, rule, col, is_missing, NULL, "required", "present");
    if (is != VOUCH_TEXT)
        hold_range(c, rule, col);
    if (rule->available_at) {
        size_t at = vouch_table_find(c->table, rule->available_at);
        vouch_type type = at == SIZE_MAX ? VOUCH_TEXT : vouch_table_type(c->table, at);
        if (type != VOUCH_DATE && type != VOUCH_TIME)
            hold_column(c, rule, "available_at", rule->available_at, "a date or time column of the data");
    }
    return hold_set(c, rule, col);
}

static void tell(contract *c)
{
    vouch__entry entry = VOUCH__TEST_ENTRY(
        vouch__test_data_contract, .n = (double)vouch_table_rows(c->table), .value = (double)c->n,
        .verdict = c->n ? VOUCH__FAIL : VOUCH__PASS,
        .note = c->spec->n_rules ? NULL : "No columns are declared: nothing is promised.");
    vouch__json *object = vouch__evidence_add(c->list, &entry);
    if (c->n == 0)
        return;
    vouch__json *table = vouch__evidence_table(c->list, object, "breaches",
                                               "column,promise,rows,first_id,value,must_be");
    for (size_t i = 0; i < c->n; i++) {
        const breach *b = &c->found[i];
        vouch__json *row = vouch__evidence_row(c->list, table);
        vouch__row_text(c->list, row, b->column);
        vouch__row_text(c->list, row, b->promise);
        vouch__row_number(c->list, row, (double)b->rows);
        vouch__row_text(c->list, row, b->id);
        vouch__row_text(c->list, row, b->value);
        vouch__row_text(c->list, row, b->must);
    }
}

static vouch_status refuse(const contract *c)
{
    const breach *b = &c->found[0];
    char more[48] = "";
    if (c->n > 1)
        (void)snprintf(more, sizeof more, "; %zu more promise%s broken", c->n - 1,
                       c->n > 2 ? "s are" : " is");
    if (!b->id[0])
        return vouch__fail(c->ctx, VOUCH_E_CONTROL, "contract: column '%s' is %s, must be %s%s", b->column,
                           b->value, b->must, more);
    return vouch__fail(
        c->ctx, VOUCH_E_CONTROL,
        "contract: column '%s' breaks its %s in %zu row%s, first at id %s: value is %s, must be %s%s",
        b->column, b->promise, b->rows, b->rows == 1 ? "" : "s", b->id, b->value[0] ? b->value : "missing",
        b->must, more);
}

vouch_status vouch__check_contract(vouch_ctx *ctx, const vouch_table *table, const vouch__data_spec *spec,
                                   vouch__evidence *list)
{
    enum { PROMISES = 6 };
    contract c = { .ctx = ctx, .table = table, .spec = spec, .list = list };
    size_t mark = vouch__scratch_mark(ctx);
    vouch_status status = VOUCH_OK;
    c.room = spec->n_rules * PROMISES;
    c.found = vouch__scratch(ctx, c.room, sizeof *c.found);
    if (!c.found)
        return vouch__oom(ctx);
    for (size_t i = 0; i < spec->n_rules && !status; i++) {
        status = hold_rule(&c, &spec->rule[i]);
        if (!status)
            status = vouch__poll(ctx);
    }
    if (!status) {
        tell(&c);
        status = vouch__doc_status(ctx, list->doc);
    }
    if (!status && c.n > 0)
        status = refuse(&c);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__contract_parts(vouch_ctx *ctx, const vouch__checked *c)
{
    vouch_status status = vouch__check_contract(ctx, c->table, c->spec, c->list);
    return status == VOUCH_E_CONTROL ? VOUCH_OK : status; /* the entry says it */
}
