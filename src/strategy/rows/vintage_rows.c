/* Vintages: how accounts opened together age. */
#include "num/rates.h"
#include "strategy/panel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MONTHS_MAX = 600, VINTAGES_MAX = 1200, DRAWN = 5 };

typedef struct group { /* accounts opened in one period */
    int32_t from, to;  /* months of opening seen in it */
    double accounts, left, late;
    double *bad;        /* [months + 1] accounts whose first default is in that month on book */
    double *amount_bad; /* the same of amounts */
    double amount;
} group;

typedef struct vintages {
    int32_t first; /* number of the first period */
    size_t n, months;
    group *at;
    int step; /* months a period */
    int32_t last;
} vintages;

static int step_of(const vouch__test_call *call)
{
    static const struct {
        const char *word;
        int months;
    } period[] = { { "month", 1 }, { "quarter", 3 }, { "half-year", 6 }, { "year", 12 } };
    for (size_t i = 0; i < sizeof period / sizeof *period; i++)
        if (vouch__test_choice(call, "period", period[i].word))
            return period[i].months;
    return 1;
}

static void label_of(const vintages *v, size_t k, char out[VOUCH__MONTH_TEXT])
{
    vouch__period_text(v->first + (int32_t)k, v->step, out);
}

static vouch_status room(vouch_ctx *ctx, const vouch__panel *p, vintages *v)
{
    int32_t low = p->opened[0], high = p->opened[0];
    for (size_t a = 0; a < p->n_accounts; a++) {
        low = p->opened[a] < low ? p->opened[a] : low;
        high = p->opened[a] > high ? p->opened[a] : high;
    }
    v->first = low / v->step;
    v->n = (size_t)(high / v->step - v->first) + 1;
    v->months = (size_t)(p->last - low);
    v->last = p->last;
    if (v->n > VINTAGES_MAX || v->months > MONTHS_MAX)
        return vouch__fail(ctx, VOUCH_E_DATA,
                           "vintages: %zu vintages over %zu months; there can be %d over %d", v->n, v->months,
                           VINTAGES_MAX, MONTHS_MAX);
    size_t cells = v->n * (v->months + 1);
    v->at = vouch__scratch(ctx, v->n, sizeof *v->at);
    double *bad = vouch__scratch(ctx, 2 * cells, sizeof *bad);
    if (!v->at || !bad)
        return vouch__oom(ctx);
    memset(v->at, 0, v->n * sizeof *v->at);
    memset(bad, 0, 2 * cells * sizeof *bad);
    for (size_t k = 0; k < v->n; k++) {
        v->at[k].bad = bad + k * (v->months + 1);
        v->at[k].amount_bad = bad + cells + k * (v->months + 1);
    }
    return VOUCH_OK;
}

static void take_account(const vouch__panel *p, size_t begin, size_t end, double bad_from, vintages *v)
{
    int32_t opened = p->opened[p->account[begin]];
    group *g = &v->at[opened / v->step - v->first];
    double amount = p->amount ? p->amount[begin] : 0.0;
    g->from = g->accounts > 0.0 && g->from < opened ? g->from : opened;
    g->to = g->accounts > 0.0 && g->to > opened ? g->to : opened;
    g->accounts++;
    g->amount += amount;
    g->late += opened < p->month[begin];
    for (size_t k = begin; k < end; k++)
        if (p->status[k] >= bad_from) {
            g->bad[p->month[k] - opened]++;
            g->amount_bad[p->month[k] - opened] += amount;
            return;
        }
    g->left += p->month[end - 1] < p->last;
}

/* The last month on book that every account of the vintage has had time to reach. */
static size_t ripe_to(const vintages *v, const group *g) { return (size_t)(v->last - g->to); }

static double sum_to(const double *x, size_t months)
{
    double sum = 0.0;
    for (size_t m = 0; m <= months; m++)
        sum += x[m];
    return sum;
}

/* All vintages that are ripe at that month on book together. */
static void pooled(const vintages *v, size_t months, double *bad, double *accounts)
{
    *bad = *accounts = 0.0;
    for (size_t k = 0; k < v->n; k++)
        if (v->at[k].accounts > 0.0 && ripe_to(v, &v->at[k]) >= months) {
            *bad += sum_to(v->at[k].bad, months);
            *accounts += v->at[k].accounts;
        }
}

/* The share of the accounts of vintages ripe at a month on book, not bad before it, that go bad in it. */
static double hazard(const vintages *v, size_t month)
{
    double bad = 0.0, at_risk = 0.0;
    for (size_t k = 0; k < v->n; k++) {
        const group *g = &v->at[k];
        if (!(g->accounts > 0.0) || ripe_to(v, g) < month)
            continue;
        bad += g->bad[month];
        at_risk += g->accounts - (sum_to(g->bad, month) - g->bad[month]);
    }
    return at_risk > 0.0 ? bad / at_risk : 0.0;
}

static void show_vintages(const vouch__test_call *call, const vintages *v, size_t horizon, double level,
                          vouch__json *object)
{
    char label[VOUCH__MONTH_TEXT];
    vouch__json *table = vouch__evidence_table(
        call->list, object, "vintages",
        "vintage,accounts,months_on_book,bad,bad_rate,low,high,at_horizon_bad_rate,bad_so_far,left_early,"
        "seen_late");
    for (size_t k = 0; k < v->n; k++) {
        const group *g = &v->at[k];
        double low, high;
        if (!(g->accounts > 0.0))
            continue;
        size_t ripe = ripe_to(v, g);
        double bad = sum_to(g->bad, ripe);
        vouch__jeffreys_interval(bad, g->accounts, level, &low, &high);
        label_of(v, k, label);
        vouch__test_row(call, table, "tnnnnnnnnnn", label, g->accounts, (double)ripe, bad, bad / g->accounts,
                        low, high, ripe >= horizon ? sum_to(g->bad, horizon) / g->accounts : (double)NAN,
                        sum_to(g->bad, v->months), g->left, g->late);
    }
}

static void show_curves(const vouch__test_call *call, const vintages *v, double level, bool has_amount,
                        vouch__json *object)
{
    char label[VOUCH__MONTH_TEXT];
    vouch__json *table = vouch__evidence_table(
        call->list, object, "curves",
        has_amount ? "vintage,months_on_book,state,bad_rate,low,high,bad,accounts,amount_bad_rate"
                   : "vintage,months_on_book,state,bad_rate,low,high,bad,accounts");
    for (size_t k = 0; k < v->n; k++) {
        const group *g = &v->at[k];
        size_t oldest = g->accounts > 0.0 ? (size_t)(v->last - g->from) : 0;
        double bad = 0.0, lost = 0.0;
        label_of(v, k, label);
        for (size_t m = 0; g->accounts > 0.0 && m <= oldest; m++) {
            bool ripe = m <= ripe_to(v, g);
            double low = NAN, high = NAN;
            bad += g->bad[m];
            lost += g->amount_bad[m];
            if (ripe)
                vouch__jeffreys_interval(bad, g->accounts, level, &low, &high);
            vouch__test_row(call, table, has_amount ? "tntnnnnnn" : "tntnnnnn", label, (double)m,
                            ripe ? "ripe" : "not ripe", ripe ? bad / g->accounts : (double)NAN, low, high,
                            bad, g->accounts, ripe ? lost / g->amount : (double)NAN);
        }
    }
    vouch__evidence_plot(call->list, object, "heat", "curves", "months_on_book", "bad_rate,vintage",
                         "months on book", "vintage");
}

/* The vintages with most months, at most DRAWN spread over all, a column each, and all together. */
static void show_lines(const vouch__test_call *call, const vintages *v, size_t accounts)
{
    char columns[256] = "months_on_book,rate_of_all", y[256] = "rate_of_all", label[VOUCH__MONTH_TEXT];
    size_t chosen[DRAWN], n = 0, used = 0, longest = 0;
    for (size_t k = 0; k < v->n; k++)
        used += v->at[k].accounts > 0.0 && ripe_to(v, &v->at[k]) > 0;
    for (size_t k = 0, seen = 0; k < v->n && n < DRAWN - 1; k++) {
        if (!(v->at[k].accounts > 0.0) || ripe_to(v, &v->at[k]) == 0)
            continue;
        size_t wanted = used <= DRAWN - 1 ? n : n * (used - 1) / (DRAWN - 2);
        if (seen++ != wanted)
            continue;
        label_of(v, k, label);
        for (char *end = strchr(label, ' '); end; end = NULL)
            *end = '_';
        size_t at = strlen(columns), at_y = strlen(y);
        (void)snprintf(columns + at, sizeof columns - at, ",%s", label);
        (void)snprintf(y + at_y, sizeof y - at_y, ",%s", label);
        size_t ripe = ripe_to(v, &v->at[k]);
        longest = ripe > longest ? ripe : longest;
        chosen[n++] = k;
    }
    if (!n)
        return;
    double survival = 1.0;
    vouch__entry entry = vouch__test_entry(call);
    entry.subject = "curves";
    entry.n = (double)accounts;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "lines", columns);
    for (size_t m = 0; m <= longest; m++) {
        vouch__json *row = vouch__evidence_row(call->list, table);
        survival *= 1.0 - hazard(v, m);
        vouch__row_number(call->list, row, (double)m);
        vouch__row_number(call->list, row, 1.0 - survival);
        for (size_t i = 0; i < n; i++) {
            const group *g = &v->at[chosen[i]];
            vouch__row_number(call->list, row,
                              m <= ripe_to(v, g) ? sum_to(g->bad, m) / g->accounts : (double)NAN);
        }
    }
    vouch__evidence_plot(call->list, object, "line", "lines", "months_on_book", y, "months on book",
                         "cumulative bad rate");
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__panel p;
    vintages v = { .step = step_of(call) };
    double level = vouch__test_param(call, "level"), bad, accounts;
    size_t horizon = (size_t)vouch__test_param(call, "horizon");
    char note[600];
    vouch_status status = vouch__panel_make(ctx, call, &p);
    if (!status)
        status = room(ctx, &p, &v);
    if (status || !v.at)
        return status;
    double left = 0.0;
    for (size_t begin = 0, end; begin < p.n; begin = end) {
        for (end = begin; end < p.n && p.account[end] == p.account[begin]; end++) {
        }
        take_account(&p, begin, end, vouch__test_param(call, "bad_from"), &v);
    }
    for (size_t k = 0; k < v.n; k++)
        left += v.at[k].left;
    while (pooled(&v, horizon, &bad, &accounts), !(accounts > 0.0)) /* month 0 is ripe for all */
        horizon--;
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)p.n_accounts;
    entry.value = bad / accounts;
    entry.level = level;
    entry.interval_method = "Jeffreys";
    vouch__jeffreys_interval(bad, accounts, level, &entry.low, &entry.high);
    char last[VOUCH__MONTH_TEXT];
    vouch__month_text(p.last, last);
    (void)snprintf(note, sizeof note,
                   "The value is of the %.0f accounts of vintages that are ripe at month %zu. The table ends "
                   "in %s. %.0f accounts stop before it without having gone bad and stay in the "
                   "denominator; %zu were opened before their first row, so what they did earlier is not "
                   "seen; of %zu the opening is not known and their first row is taken.",
                   accounts, horizon, last, left, p.late, p.opened_unknown);
    entry.note = note;
    vouch__json *object = vouch__test_add(call, &entry);
    show_vintages(call, &v, horizon, level, object);
    show_curves(call, &v, level, p.amount != NULL, object);
    show_lines(call, &v, p.n_accounts);
    return VOUCH_OK;
}

static const vouch__param params[] = {
    { "account", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "", "column that names the account; else the id" },
    { "status", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
      "column of numbers that grow worse, such as months past due; else the label" },
    { "opened", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
      "column with the date of opening; else the account's first row is its month 0" },
    { "bad_from", VOUCH__PARAM_REAL, -1e9, 1e9, 3.0, NULL, "", "status from which an account counts as bad" },
    { "period", VOUCH__PARAM_CHOICE, 0, 0, 1, "month|quarter|half-year|year", "",
      "how long a vintage is open" },
    { "horizon", VOUCH__PARAM_INTEGER, 0, MONTHS_MAX, 12, NULL, "months",
      "the value is the bad rate by then" },
    { "level", VOUCH__PARAM_REAL, 0.5, 0.999, 0.95, NULL, "", "coverage of the intervals" },
};

const vouch_test vouch__test_vintage = {
    .id = "strategy.vintage",
    .section = "portfolio",
    .title = "Vintages: cumulative bad rate by months on book",
    .purpose = "Are accounts opened lately turning out better or worse, at the same age, than those opened "
               "before?",
    .mechanism =
        "An account is bad from the first month in which its status reaches bad_from, and stays so. Of "
        "the accounts opened in a period, the share that is bad by each month on book is counted.",
    .convention =
        "Month 0 is the month of opening. A month on book is ripe for a vintage when its youngest "
        "account has had time to reach it before the table ends; months that are not ripe are shown as "
        "such and have no rate. Accounts that close or vanish stay in the denominator as not bad. "
        "Weights are not used; with amounts there is a rate by the amount of an account's first row too. "
        "The curve of all takes each month's rate from the vintages ripe then and multiplies up (Kaplan "
        "and Meier), so that it never falls.",
    .high_risk =
        "Later curves above earlier ones at the same age; a curve that still climbs where the outcome "
        "window of the model ends; bads in month 0 to 2, which may be fraud.",
    .strengths = "Compares like with like: age is held fixed, so that growth does not hide losses.",
    .limits =
        "Age, calendar time and vintage cannot be told apart by counting: a recession shows as a bend at "
        "another age in every vintage. The rows of one account must be there from its opening.",
    .source = "N. Siddiqi, Intelligent Credit Scoring, 2nd ed. (2017), chapters 6 and 14; E. L. Kaplan & P. "
              "Meier, Journal of the American Statistical Association 53 (1958) 457-481",
    .unit = "rate",
    .needs = VOUCH__NEEDS_DATE,
    .uses = VOUCH__NEEDS_AMOUNT,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
