/* Lifetime PDs against what became of the cohorts they were given to. A cohort is seen to a horizon only when
 * its last month lies that long back; who left without default either stays as one who has not defaulted, or
 * counts as long as he was there. Rows of one obligor in overlapping cohorts repeat each other, so their
 * error is larger than that of as many obligors. */
#include "evidence/test.h"

#include "data/calendar.h"
#include "data/sample_column.h"
#include "monitor/cohorts.h"
#include "num/rank.h"
#include "num/rates.h"
#include "num/special.h"
#include "validate/cases.h"
#include "validate/pd_tests.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HORIZONS = 60, MONTHS = 600 };

typedef struct horizon {
    int months;
    const double *pd; /* [n] cumulative */
} horizon;

typedef struct backtest {
    vouch_ctx *ctx;
    const vouch__test_call *call;
    size_t n, n_horizons, n_grades;
    horizon at[HORIZONS];
    double *bad, *left; /* [n] days; NaN: none */
    size_t *obligor;    /* [n] from 0 */
    double *rest;       /* [n] by obligor: sums of observed - expected */
    vouch__cohorts c;   /* of the horizon at hand */
    double end;         /* day up to which outcomes were read */
    double level;
    bool leavers_stay, repeats;
    double already; /* in default on their date */
} backtest;

typedef struct cell {                                /* of a grade and a horizon */
    double n, open, left, bad, expected, pd, square; /* pd: sum; square: of observed - expected */
    double overlap, realised, low, high, p, adjusted;
} cell;

/* ---- what is read ---- */

static vouch_status find(const backtest *b, const char *param, const char *name, size_t *out)
{
    vouch_status status = vouch_table_column(b->ctx, b->call->now->table, name, out);
    return vouch__because(b->ctx, status == VOUCH_E_NOTFOUND ? VOUCH_E_DATA : status, "%s", param);
}

static vouch_status column(backtest *b, const char *param, const char *name, bool is_date, double **out)
{
    const vouch__sample *s = b->call->now;
    size_t col = SIZE_MAX;
    vouch_status status = find(b, param, name, &col);
    if (status)
        return status;
    vouch_type type = vouch_table_type(s->table, col);
    if (is_date ? type != VOUCH_DATE && type != VOUCH_TIME : vouch__type_kind(type) != VOUCH_NUMBER)
        return vouch__fail(b->ctx, VOUCH_E_DATA, "%s: column '%.60s' is of type %s, must be %s", param, name,
                           vouch_type_name(type), is_date ? "dates or times" : "numbers");
    *out = vouch__sample_column(b->ctx, s, col);
    if (!*out)
        return vouch__oom(b->ctx);
    for (size_t i = 0; type == VOUCH_TIME && i < s->n; i++)
        (*out)[i] = floor((*out)[i] / (double)VOUCH__DAY_US);
    return VOUCH_OK;
}

/* pd: {12: column, 24: column, ...}, made cumulative. */
static vouch_status read_curves(backtest *b)
{
    const vouch__json *given = vouch__test_tree(b->call, "pd");
    bool is_marginal = vouch__test_choice(b->call, "of", "marginal");
    vouch_status status = VOUCH_OK;
    for (const vouch__json *at = given->first; at && !status; at = at->next) {
        double months, *pd = NULL;
        horizon *h = &b->at[b->n_horizons], *before = b->n_horizons ? h - 1 : NULL;
        const char *name = vouch__json_string(at);
        if (!at->key || !name || !vouch__double_read(at->key, strlen(at->key), &months) ||
            months != floor(months) || !(months > (before ? before->months : 0) && months <= MONTHS) ||
            b->n_horizons == HORIZONS)
            return vouch__fail(
                b->ctx, VOUCH_E_ARG,
                "pd must be months and columns, as {12: pd_1y, 24: pd_2y}: at most %d, rising, up to %d",
                HORIZONS, MONTHS);
        status = column(b, "pd", name, false, &pd);
        for (size_t i = 0; i < b->n && !status; i++) {
            double earlier = before ? before->pd[i] : 0.0;
            pd[i] += is_marginal ? earlier : 0.0;
            if (pd[i] < earlier || pd[i] > (b->leavers_stay ? 1.0 : 1.0 - 1e-12))
                status = vouch__fail(
                    b->ctx, VOUCH_E_DATA,
                    "pd: case %zu has a cumulative PD at %g months that falls or is not between 0 and 1", i,
                    months);
        }
        *h = (horizon){ (int)months, pd };
        b->n_horizons++;
    }
    return status;
}

/* Rows of one obligor: of the column named, else of the id; each row its own where there is neither. */
static vouch_status read_obligors(backtest *b)
{
    const vouch__sample *s = b->call->now;
    const char *name = vouch__json_string(vouch__test_tree(b->call, "obligor"));
    size_t col = s->id_column, mark, n = 0;
    vouch_status status = name ? find(b, "obligor", name, &col) : VOUCH_OK;
    b->obligor = vouch__scratch(b->ctx, b->n + 1, sizeof *b->obligor);
    b->rest = vouch__scratch(b->ctx, b->n + 1, sizeof *b->rest);
    mark = vouch__scratch_mark(b->ctx);
    uint32_t *order = vouch__scratch(b->ctx, b->n + 1, sizeof *order);
    if (status)
        return status;
    if (!b->obligor || !b->rest || !order)
        return vouch__oom(b->ctx);
    double *x = col == SIZE_MAX ? NULL : vouch__sample_column(b->ctx, s, col);
    if (col != SIZE_MAX && !x)
        return vouch__oom(b->ctx);
    if (x)
        status = vouch__order(b->ctx, b->n, x, order);
    for (size_t k = 0; k < b->n && !status; k++) {
        bool same = x && k && x[order[k]] == x[order[k - 1]]; /* a name that is missing is nobody else's */
        b->obligor[x ? order[k] : k] = n += !same && k;
        b->repeats = b->repeats || same;
    }
    vouch__scratch_reset(b->ctx, mark);
    return status;
}

static double latest(const backtest *b, const double *day)
{
    double most = -INFINITY;
    for (size_t i = 0; day && i < b->n; i++)
        most = fmax(most, day[i]);
    return most;
}

static vouch_status read_cohorts(backtest *b, int maturity)
{
    static const int months[] = { 1, 3, 6, 12 };
    double as_of = vouch__test_param(b->call, "as_of");
    const double *date = b->call->now->date;
    if (as_of == 0.0) { /* the month of the latest date of any kind */
        double day = fmax(latest(b, date), fmax(latest(b, b->bad), latest(b, b->left)));
        if (!(day > -719162.0 && day < 2932896.0))
            return vouch__fail(b->ctx, VOUCH_E_DATA, "a date is not of years 1 to 9999");
        int32_t month = vouch__month_of_day((int64_t)day);
        int32_t number = month / 12 * 100 + month % 12 + 1; /* as 202609 */
        as_of = number;
    }
    vouch_status status = vouch__cohorts_make(
        b->ctx, b->n, date, months[(size_t)vouch__test_param(b->call, "period")], maturity, as_of, &b->c);
    if (!status)
        b->end = (double)vouch__day_from_civil((b->c.as_of + 1) / 12, (b->c.as_of + 1) % 12 + 1, 1) - 1.0;
    return status;
}

/* So many months after a day: the same day of the month, or its last. */
static double after(double day, int months)
{
    int64_t year;
    int month, of_month;
    vouch__civil_from_day((int64_t)day, &year, &month, &of_month);
    int64_t at = year * 12 + month - 1 + months;
    int64_t first = vouch__day_from_civil(at / 12, (int)(at % 12) + 1, 1);
    int64_t next = vouch__day_from_civil((at + 1) / 12, (int)((at + 1) % 12) + 1, 1);
    return (double)(first + of_month <= next ? first + of_month - 1 : next - 1);
}

/* ---- what is measured ---- */

/* The expected number of defaults of a case in so many months: hazards are even between horizons. */
static double cumulated(const backtest *b, size_t i, double months)
{
    double from = 0.0, was = 0.0;
    for (size_t k = 0; k < b->n_horizons; k++) {
        double to = b->at[k].months, is = -vouch__log1p(-b->at[k].pd[i]);
        if (months <= to)
            return was + (is - was) * (months - from) / (to - from);
        from = to;
        was = is;
    }
    return was;
}

/* Kaplan and Meier's curve at the horizon: share defaulted, and the sum of Greenwood's formula. */
static vouch_status product_limit(const backtest *b, size_t n, const double *time, const uint8_t *bad,
                                  double *out, double *out_sum)
{
    uint32_t *order = vouch__scratch(b->ctx, n + 1, sizeof *order);
    double survival = 1.0, sum = 0.0;
    if (!order)
        return vouch__oom(b->ctx);
    vouch_status status = vouch__order(b->ctx, n, time, order);
    for (size_t k = 0, end; k < n && !status; k = end) {
        double events = 0.0, at_risk = (double)(n - k);
        for (end = k; end < n && time[order[end]] == time[order[k]]; end++)
            events += bad[order[end]];
        survival *= 1.0 - events / at_risk;
        sum += events > 0.0 && events < at_risk ? events / (at_risk * (at_risk - events)) : 0.0;
    }
    *out = 1.0 - survival;
    *out_sum = sum;
    return status;
}

/* The p-value and interval of rows that leavers do not thin out: Jeffreys', of the number of rows that are
 * not repeats. */
static void conclude_counts(const backtest *b, cell *c)
{
    double n = c->n / c->overlap, bad = c->bad / c->overlap;
    c->realised = c->bad / c->n;
    vouch__jeffreys_interval(bad, n, b->level, &c->low, &c->high);
    c->p = vouch__pd_jeffreys(n, bad, c->pd / c->n);
}

/* Of time at risk: a gamma law of the ratio of observed to expected, with Jeffreys' prior. */
static void conclude_times(const backtest *b, double greenwood, cell *c)
{
    double bad = c->bad / c->overlap, expected = c->expected / c->overlap, z = vouch__cases_margin(b->level);
    c->p = expected > 0.0 ? vouch__gamma_p(bad + 0.5, expected) : (double)NAN;
    if (c->realised > 0.0 && c->realised < 1.0) { /* on the scale of log(-log S) */
        double l = vouch__log1p(-c->realised), reach = z * sqrt(c->overlap * greenwood) / -l;
        c->low = -vouch__expm1(l * vouch__exp(-reach));
        c->high = -vouch__expm1(l * vouch__exp(reach));
    } else if (c->realised == 0.0 && expected > 0.0) {
        double most = 0.5 * vouch__chi2_quantile(0.5 + 0.5 * b->level, 1.0) / expected;
        c->low = 0.0;
        c->high = -vouch__expm1(most * vouch__log1p(-c->pd / c->n));
    }
}

static vouch_status measure(backtest *b, size_t k, size_t grade, cell *out)
{
    const vouch__sample *s = b->call->now;
    const horizon *h = &b->at[k];
    cell c = { .overlap = 1.0, .realised = NAN, .low = NAN, .high = NAN, .p = NAN, .adjusted = NAN };
    size_t mark = vouch__scratch_mark(b->ctx), n = 0;
    double *time = vouch__scratch(b->ctx, b->n + 1, sizeof *time), greenwood = 0.0, together = 0.0;
    uint8_t *is_bad = vouch__scratch(b->ctx, b->n + 1, 1);
    if (!time || !is_bad)
        return vouch__oom(b->ctx);
    memset(b->rest, 0, b->n * sizeof *b->rest);
    for (size_t j = 0; j < b->n; j++) {
        size_t i = b->c.order[j];
        bool is_matured = j < b->c.begin[b->c.mature];
        if ((s->grade && s->grade->code[i] != grade) || isnan(h->pd[i]) || b->bad[i] <= s->date[i])
            continue;
        c.open += !is_matured;
        if (!is_matured && b->leavers_stay)
            continue;
        double to = fmin(after(s->date[i], h->months), b->end);
        bool has_left = b->left && b->left[i] < to && !(b->bad[i] <= b->left[i]);
        double until = has_left && !b->leavers_stay ? fmax(b->left[i], s->date[i]) : to;
        bool bad = b->bad[i] <= until;
        double months = ((bad ? b->bad[i] : until) - s->date[i]) / (365.25 / 12.0);
        double expected = b->leavers_stay ? h->pd[i] : cumulated(b, i, fmin(months, h->months));
        double rest = (double)bad - expected;
        time[n] = months;
        is_bad[n++] = bad;
        c.left += has_left;
        c.bad += bad;
        c.expected += expected;
        c.pd += h->pd[i];
        c.square += rest * rest;
        b->rest[b->obligor[i]] += rest;
    }
    c.n = (double)n;
    for (size_t i = 0; i < b->n && b->repeats; i++)
        together += b->rest[i] * b->rest[i];
    if (b->repeats && c.square > 0.0)
        c.overlap = fmax(1.0, together / c.square);
    vouch_status status = VOUCH_OK;
    if (n && !b->leavers_stay)
        status = product_limit(b, n, time, is_bad, &c.realised, &greenwood);
    if (n && !status && b->leavers_stay)
        conclude_counts(b, &c);
    else if (n && !status)
        conclude_times(b, greenwood, &c);
    vouch__scratch_reset(b->ctx, mark);
    *out = c;
    return status;
}

/* ---- what is told ---- */

static void tell_cohorts(const backtest *b, size_t k, vouch__json *table)
{
    const vouch__sample *s = b->call->now;
    for (size_t q = 0; q < b->c.n; q++) {
        char label[VOUCH__MONTH_TEXT];
        double n = 0.0, bad = 0.0, pd = 0.0;
        bool is_matured = q < b->c.mature;
        for (size_t j = b->c.begin[q]; j < b->c.begin[q + 1]; j++) {
            size_t i = b->c.order[j];
            if (isnan(b->at[k].pd[i]) || b->bad[i] <= s->date[i])
                continue;
            n++;
            pd += b->at[k].pd[i];
            bad += b->bad[i] <= fmin(after(s->date[i], b->at[k].months), b->end);
        }
        vouch__period_text(b->c.first + (int32_t)q, b->c.months, label);
        if (n > 0.0)
            vouch__test_row(b->call, table, "tntnnnn", label, (double)b->at[k].months,
                            is_matured ? "matured" : "open", n, bad, pd / n,
                            is_matured ? bad / n : (double)NAN);
    }
}

static void write_note(const backtest *b, const cell *cells, size_t size, char *out)
{
    char as_of[VOUCH__MONTH_TEXT];
    double n = 0.0, open = 0.0, overlap = 1.0;
    size_t last = b->n_horizons - 1;
    for (size_t g = 0; g < b->n_grades; g++) {
        n += cells[last * b->n_grades + g].n;
        open += cells[last * b->n_grades + g].open;
        for (size_t k = 0; k < b->n_horizons; k++)
            overlap = fmax(overlap, cells[k * b->n_grades + g].overlap);
    }
    vouch__month_text(b->c.as_of, as_of);
    size_t len = (size_t)snprintf(
        out, size,
        "Defaults are read to the end of %s. At %d months %.0f cases %s; %.0f are of cohorts still open%s.",
        as_of, b->at[last].months, n,
        b->leavers_stay ? "are matured and count" : "count, each as long as it was seen", open,
        b->leavers_stay && open > 0.0 ? " and are not looked at" : "");
    if (b->already > 0.0)
        len += (size_t)snprintf(out + len, size - len,
                                " %.0f were in default on their date and are left out.", b->already);
    if (!b->left)
        len += (size_t)snprintf(out + len, size - len, " Nobody is known to have left.");
    if (overlap > 1.0) {
        char factor[VOUCH__DOUBLE_MAX];
        (void)vouch__double_text(round(100.0 * overlap) / 100.0, factor);
        (void)snprintf(
            out + len, size - len,
            " Rows of one obligor repeat each other: their variance is up to %s times that of as many.",
            factor);
    }
}

static vouch_status tell(backtest *b, const cell *cells, double least)
{
    const vouch__test_call *call = b->call;
    const vouch__factor *grade = call->now->grade;
    char note[700];
    vouch__entry entry = vouch__test_entry(call);
    write_note(b, cells, sizeof note, note);
    entry.value = least;
    entry.p_value = least;
    entry.judged = true;
    entry.note = note;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "horizons",
                                               "grade,months,cases,open,left_before,defaults,expected,"
                                               "predicted,realised,low,high,overlap,p_value,p_holm");
    for (size_t g = 0; g < b->n_grades; g++)
        for (size_t k = 0; k < b->n_horizons; k++) {
            const cell *c = &cells[k * b->n_grades + g];
            if (c->n > 0.0 || c->open > 0.0)
                vouch__test_row(call, table, "tnnnnnnnnnnnnn", grade ? grade->level[g] : "all",
                                (double)b->at[k].months, c->n, c->open, c->left, c->bad, c->expected,
                                c->pd / c->n, c->realised, c->low, c->high, c->overlap, c->p, c->adjusted);
        }
    if (!grade)
        vouch__evidence_plot(call->list, object, "line", "horizons", "months", "predicted,realised,low,high",
                             "months ahead", "cumulative default rate");
    table = vouch__evidence_table(call->list, object, "cohorts",
                                  "cohort,months,state,cases,defaults,predicted,realised");
    vouch_status status = VOUCH_OK;
    for (size_t k = 0; k < b->n_horizons && !status; k++) {
        size_t mark = vouch__scratch_mark(b->ctx);
        status = read_cohorts(b, b->at[k].months);
        if (!status)
            tell_cohorts(b, k, table);
        vouch__scratch_reset(b->ctx, mark);
    }
    return status;
}

static vouch_status read_all(backtest *b)
{
    const vouch__sample *s = b->call->now;
    const char *left = vouch__json_string(vouch__test_tree(b->call, "left"));
    vouch_status status = column(b, "default", vouch__json_string(vouch__test_tree(b->call, "default")), true,
                                 &b->bad);
    if (!status && left)
        status = column(b, "left", left, true, &b->left);
    if (!status)
        status = read_curves(b);
    if (!status)
        status = read_obligors(b);
    for (size_t i = 0; i < b->n && !status && b->bad; i++)
        b->already += b->bad[i] <= s->date[i];
    return status;
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    const vouch__json *pd = vouch__test_tree(call, "pd");
    backtest b = { .ctx = ctx, .call = call, .n = s->n, .n_grades = s->grade ? s->grade->n_levels : 1 };
    if (!s->table || !pd || !pd->first || pd->first->key == NULL ||
        !vouch__json_string(vouch__test_tree(call, "default"))) {
        vouch__test_skip(
            call,
            "The parameters pd, columns by months ahead, and default, a column of dates, must be given.");
        return VOUCH_OK;
    }
    b.level = vouch__test_param(call, "level");
    b.leavers_stay = vouch__test_choice(call, "leavers", "stay");
    double least = NAN;
    vouch_status status = read_all(&b);
    size_t cells = b.n_horizons * b.n_grades, used = 0;
    cell *c = status ? NULL : vouch__scratch(ctx, cells + 1, sizeof *c);
    double *p = status ? NULL : vouch__scratch(ctx, cells + 1, sizeof *p);
    if (status)
        return status;
    if (!c || !p)
        return vouch__oom(ctx);
    for (size_t k = 0; k < b.n_horizons && !status; k++) {
        size_t mark = vouch__scratch_mark(ctx);
        status = read_cohorts(&b, b.at[k].months);
        for (size_t g = 0; g < b.n_grades && !status; g++) {
            status = measure(&b, k, g, &c[k * b.n_grades + g]);
            p[k * b.n_grades + g] = c[k * b.n_grades + g].p;
            used += isnan(p[k * b.n_grades + g]) ? 0 : 1;
        }
        vouch__scratch_reset(ctx, mark);
        if (!status)
            status = vouch__poll(ctx);
    }
    if (!status && !used) {
        vouch__test_refuse(call,
                           "No case is seen to any horizon: no cohort is old enough, or all lack their PDs.");
        return VOUCH_OK;
    }
    if (!status)
        status = vouch__holm(ctx, cells, p, p);
    for (size_t k = 0; k < cells && !status; k++) {
        c[k].adjusted = p[k];
        least = fmin(least, p[k]);
    }
    return status ? status : tell(&b, c, least);
}

static const vouch__param params[] = {
    { "pd", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
      "columns of predicted PDs by months ahead, as {12: pd_1y, 24: pd_2y, 36: pd_3y}" },
    { "default", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
      "column with the date of default; missing: none was seen" },
    { "left", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
      "column with the date of leaving without default (repaid, sold); else nobody is known to have left" },
    { "obligor", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
      "column that names who stands in several cohorts; else the id" },
    { "of", VOUCH__PARAM_CHOICE, 0, 0, 0, "cumulative|marginal", "",
      "whether a PD is of default up to its month, or since the month before it in the list" },
    { "leavers", VOUCH__PARAM_CHOICE, 0, 0, 0, "stay|censored", "",
      "whether who left counts as not defaulted to the end, or only as long as he was there" },
    { "period", VOUCH__PARAM_CHOICE, 0, 0, 3, "month|quarter|half-year|year", "",
      "how long a cohort is gathered" },
    { "as_of", VOUCH__PARAM_INTEGER, 0, 999912, 0, NULL, "year and month",
      "at the end of which month defaults were read, as 202609; 0: the month of the latest date" },
    { "level", VOUCH__PARAM_REAL, 0.5, 0.9999, 0.95, NULL, "", "coverage of the intervals" },
};

const vouch_test vouch__test_pd_backtest = {
    .id = "irb.pd_backtest",
    .section = "validate",
    .title = "Backtest of PD term structures over cohorts (lifetime PDs)",
    .purpose =
        "Did as many default within one, two, three years as the term structure said when each cohort "
        "was rated? Provisions over a lifetime and prices stand on these curves, and a test of one year "
        "says nothing of the rest.",
    .mechanism =
        "Cases are cohorts by their date. For each horizon the defaults within so many months are held "
        "against the predicted cumulative PDs of the same cases: Jeffreys' test of the mean PD, with "
        "Jeffreys' interval. Where leavers are censored, each case is expected to default by as much of "
        "its cumulative hazard as it was seen for, and observed over expected has a gamma law (the "
        "one-sample log-rank test with Jeffreys' prior); the realised rate is then Kaplan and Meier's, "
        "its interval Greenwood's on the scale of log(-log).",
    .convention =
        "A cohort counts at a horizon when its last month lies so long before the end of as_of; younger "
        "ones are told as open. Where leavers stay, who repaid has not defaulted (the supervisors' "
        "default rate), and no part of an open cohort is looked at; where they are censored, open "
        "cohorts count for the time they were seen. Between horizons hazards are even. Rows of one "
        "obligor in several cohorts: numbers are divided by how much the squared sums by obligor of "
        "observed less expected exceed the sum of squares, at least 1. p is one-sided for PDs that are "
        "too low, adjusted over all horizons and grades (Holm); the value is the smallest.",
    .high_risk =
        "A small adjusted p at long horizons while the first year holds: marginal PDs beyond the first "
        "year are too low, often because migrations were taken from good years. Cohorts that miss in "
        "turn.",
    .strengths = "No cohort is judged before its time, nothing of an open one passes for survival, and "
                 "overlapping cohorts do not count one default as evidence several times.",
    .limits =
        "Defaults of one year move together; the test takes obligors as independent and calls a bad year "
        "a bad model (docs/test_sizes.md has the size under a common factor): look at the cohorts, and "
        "at irb.normal_test. Censoring supposes that who leaves would have defaulted like who stays.",
    .source = "EBA, Guidelines on PD estimation, LGD estimation and the treatment of defaulted exposures "
              "(EBA/GL/2017/16), section 5.3 (default rates, overlapping windows); ECB, Instructions for "
              "reporting the validation results of internal models (2019), section 2.5.3.1 (Jeffreys); N. E. "
              "Breslow, International Statistical Review 43 (1975) 45-57, and R. F. Woolson, Biometrics 37 "
              "(1981) 687-696 (one-sample log-rank); E. L. Kaplan & P. Meier, JASA 53 (1958) 457-481",
    .null_hypothesis = "predicted PDs are not below the true ones, at any horizon",
    .needs = VOUCH__NEEDS_DATE,
    .uses = VOUCH__NEEDS_GRADE,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
