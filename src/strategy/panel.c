/* Rows of accounts and months put in order by two stable sorts. */
#include "strategy/panel.h"

#include "data/calendar.h"
#include "data/sample_column.h"
#include "num/rank.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double day_us = 86400e6;

static int32_t month_of(double day) { return vouch__month_of_day((int64_t)day); }

/* The column a parameter names; otherwise where it names none. SIZE_MAX: neither. */
static vouch_status column_of(vouch_ctx *ctx, const vouch__test_call *call, const char *param,
                              size_t otherwise, size_t *out)
{
    const vouch_table *table = call->now->table;
    const char *name = vouch__json_string(vouch__test_tree(call, param));
    *out = name && table ? vouch_table_find(table, name) : otherwise;
    if (name && *out == SIZE_MAX)
        return vouch__fail(ctx, VOUCH_E_DATA, "%s: there is no column '%.60s'", param, name);
    return VOUCH_OK;
}

static vouch_status needed(vouch_ctx *ctx, const vouch__test_call *call, const char *param, size_t otherwise,
                           double **out)
{
    size_t col;
    vouch_status status = column_of(ctx, call, param, otherwise, &col);
    if (status)
        return status;
    if (col == SIZE_MAX || !call->now->table)
        return vouch__fail(ctx, VOUCH_E_DATA, "parameter %s must name a column", param);
    if (!strcmp(param, "status") && vouch__sample_is_text(call->now, col))
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "status: column '%.60s' holds text; make it a number that grows "
                           "worse, with CASE in a query",
                           vouch_table_name(call->now->table, col));
    *out = vouch__sample_column(ctx, call->now, col);
    return *out ? VOUCH_OK : vouch__oom(ctx);
}

/* Months in which accounts were opened: [n], NaN where there is no date; NULL without such a column. */
static vouch_status opened_column(vouch_ctx *ctx, const vouch__test_call *call, double **out)
{
    size_t col;
    bool has = false;
    *out = NULL;
    for (size_t i = 0; i < call->test->n_params; i++)
        has = has || !strcmp(call->test->params[i].name, "opened");
    vouch_status status = has ? column_of(ctx, call, "opened", SIZE_MAX, &col) : VOUCH_OK;
    if (status || !has || col == SIZE_MAX)
        return status;
    vouch_type type = vouch_table_type(call->now->table, col);
    if (type != VOUCH_DATE && type != VOUCH_TIME)
        return vouch__fail(ctx, VOUCH_E_DATA, "opened: column '%.60s' is of type %s, must be dates or times",
                           vouch_table_name(call->now->table, col), vouch_type_name(type));
    double *x = vouch__sample_column(ctx, call->now, col);
    for (size_t i = 0; x && i < call->now->n; i++)
        x[i] = isnan(x[i]) ? x[i] : month_of(type == VOUCH_TIME ? floor(x[i] / day_us) : x[i]);
    *out = x;
    return x ? VOUCH_OK : vouch__oom(ctx);
}

/* order[n]: by account, then by month. */
static vouch_status sort_rows(vouch_ctx *ctx, size_t n, const double *account, const double *month,
                              uint32_t *order)
{
    uint32_t *by_month = vouch__scratch(ctx, n + 1, sizeof *by_month);
    double *key = vouch__scratch(ctx, n + 1, sizeof *key);
    if (!by_month || !key)
        return vouch__oom(ctx);
    vouch_status status = vouch__order(ctx, n, month, by_month);
    for (size_t k = 0; !status && k < n; k++)
        key[k] = account[by_month[k]];
    if (!status)
        status = vouch__order(ctx, n, key, order);
    for (size_t k = 0; !status && k < n; k++)
        order[k] = by_month[order[k]];
    return status;
}

static vouch_status fill(vouch_ctx *ctx, const vouch__test_call *call, const uint32_t *order, size_t n,
                         const double *account, const double *month, const double *status,
                         const double *opened, vouch__panel *out)
{
    const double *amount = call->now->amount;
    char text[VOUCH__MONTH_TEXT];
    for (size_t k = 0; k < n; k++) {
        size_t i = order[k];
        bool begins = k == 0 || account[i] != account[order[k - 1]];
        int32_t m = (int32_t)month[i];
        if (!begins && m == out->month[k - 1]) {
            vouch__month_text(m, text);
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "one account has two rows in %s: rows must be one an "
                               "account and month",
                               text);
        }
        if (amount && !(amount[i] >= 0.0 && amount[i] < INFINITY))
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "case %zu has an amount that is missing, negative or infinite", i);
        out->n_accounts += begins;
        size_t a = out->n_accounts - 1;
        out->account[k] = (uint32_t)a;
        out->month[k] = m;
        out->status[k] = status[i];
        if (amount)
            out->amount[k] = amount[i];
        out->first = k == 0 || m < out->first ? m : out->first;
        out->last = k == 0 || m > out->last ? m : out->last;
        if (begins)
            out->opened[a] = opened ? INT32_MAX : m;
        if (opened && !isnan(opened[i]) && opened[i] < out->opened[a])
            out->opened[a] = (int32_t)opened[i];
    }
    return vouch__poll(ctx);
}

/* What the months of opening say of accounts: unknown ones begin with their first row. */
static void settle_opened(vouch__panel *p)
{
    for (size_t k = 0; k < p->n; k++) {
        if (k && p->account[k] == p->account[k - 1])
            continue;
        int32_t *opened = &p->opened[p->account[k]];
        p->opened_unknown += *opened == INT32_MAX;
        if (*opened > p->month[k])
            *opened = p->month[k];
        p->late += *opened < p->month[k];
    }
}

vouch_status vouch__panel_make(vouch_ctx *ctx, const vouch__test_call *call, vouch__panel *out)
{
    const vouch__sample *s = call->now;
    double *account = NULL, *status_of = NULL, *opened = NULL;
    vouch_status status = needed(ctx, call, "account", s->id_column, &account);
    if (!status)
        status = needed(ctx, call, "status", s->label_column, &status_of);
    if (!status)
        status = opened_column(ctx, call, &opened);
    if (status)
        return status;
    double *month = vouch__scratch(ctx, s->n + 1, sizeof *month);
    uint32_t *order = vouch__scratch(ctx, s->n + 1, sizeof *order);
    *out = (vouch__panel){ .account = vouch__scratch(ctx, s->n + 1, sizeof *out->account),
                           .month = vouch__scratch(ctx, s->n + 1, sizeof *out->month),
                           .status = vouch__scratch(ctx, s->n + 1, sizeof *out->status),
                           .opened = vouch__scratch(ctx, s->n + 1, sizeof *out->opened),
                           .amount = s->amount ? vouch__scratch(ctx, s->n + 1, sizeof *out->amount) : NULL };
    if (!account || !status_of || !month || !order || !out->account || !out->month || !out->status ||
        !out->opened || (s->amount && !out->amount))
        return vouch__oom(ctx);
    for (size_t i = 0; i < s->n; i++)
        month[i] = month_of(s->date[i]);
    status = sort_rows(ctx, s->n, account, month, order);
    size_t n = s->n;
    while (!status && n > 0 && isnan(account[order[n - 1]])) /* rows of no account sort last */
        n--;
    if (!status && n == 0)
        status = vouch__fail(ctx, VOUCH_E_DATA, "no row names an account");
    out->n = n;
    if (!status)
        status = fill(ctx, call, order, n, account, month, status_of, opened, out);
    if (!status)
        settle_opened(out);
    return status;
}
