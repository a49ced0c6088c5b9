/* What dates tell: rows that come and go, samples that overlap in time, values from the future, outcomes that
 * are not ripe. */
#include "data/calendar.h"
#include "data/sample_column.h"
#include "num/rank.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERIODS_MAX = 20000, LAG = 6, DATE_TEXT = 32 };

typedef struct period {
    double n, bad, known; /* known: with an outcome */
} period;

typedef struct periods {
    int64_t first; /* number of the first period */
    size_t n;
    period *at;
} periods;

/* The number of the period that a day is in. */
static int64_t period_of(const vouch__test_call *call, double day)
{
    int64_t year;
    int month, of_month;
    if (vouch__test_choice(call, "period", "day"))
        return (int64_t)day;
    if (vouch__test_choice(call, "period", "week"))
        return (int64_t)floor((day + 3.0) / 7.0); /* 1970-01-01 was a Thursday */
    vouch__civil_from_day((int64_t)day, &year, &month, &of_month);
    return vouch__test_choice(call, "period", "quarter") ? year * 4 + (month - 1) / 3 : year * 12 + month - 1;
}

static vouch_status cut(vouch_ctx *ctx, const vouch__test_call *call, periods *out)
{
    const vouch__sample *s = call->now;
    double low = s->date[0], high = s->date[0];
    for (size_t i = 0; i < s->n; i++) {
        low = fmin(low, s->date[i]);
        high = fmax(high, s->date[i]);
    }
    if (!(high - low < PERIODS_MAX * 366.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "the dates span over %d years", PERIODS_MAX);
    out->first = period_of(call, low);
    out->n = (size_t)(period_of(call, high) - out->first) + 1;
    if (out->n > PERIODS_MAX)
        return vouch__fail(ctx, VOUCH_E_DATA, "there are over %d periods; take longer ones", PERIODS_MAX);
    out->at = vouch__scratch(ctx, out->n, sizeof *out->at);
    if (!out->at)
        return vouch__oom(ctx);
    memset(out->at, 0, out->n * sizeof *out->at);
    for (size_t i = 0; i < s->n; i++) {
        period *p = &out->at[period_of(call, s->date[i]) - out->first];
        bool known = s->bad && s->target && !isnan(s->target[i]);
        p->n++;
        p->known += known;
        p->bad += known ? s->bad[i] : 0;
    }
    return VOUCH_OK;
}

static void label_of(const vouch__test_call *call, int64_t number, char out[DATE_TEXT])
{
    if (vouch__test_choice(call, "period", "quarter"))
        (void)snprintf(out, DATE_TEXT, "%lld Q%d", (long long)(number / 4), (int)(number % 4) + 1);
    else if (vouch__test_choice(call, "period", "month"))
        (void)snprintf(out, DATE_TEXT, "%lld-%02d", (long long)(number / 12), (int)(number % 12) + 1);
    else {
        int64_t year, day = vouch__test_choice(call, "period", "week") ? number * 7 - 3 : number;
        int month, of_month;
        vouch__civil_from_day(day, &year, &month, &of_month);
        (void)snprintf(out, DATE_TEXT, "%lld-%02d-%02d", (long long)year, month, of_month);
    }
}

static const vouch__param period_params[] = {
    { "period", VOUCH__PARAM_CHOICE, 0, 0, 2, "day|week|month|quarter", "", "How long a period is." },
};

/* ---- row counts ---- */

static vouch_status run_row_count(vouch_ctx *ctx, const vouch__test_call *call)
{
    periods p = { .n = 0 };
    double worst = 0.0;
    size_t at = 0;
    char note[200], label[DATE_TEXT];
    vouch_status status = cut(ctx, call, &p);
    if (status || !p.at)
        return status;
    if (p.n < 4) {
        vouch__test_skip(
            call, "There are fewer than four periods: the first and the last, which may be cut, are not "
                  "judged.");
        return VOUCH_OK;
    }
    double *expected = vouch__scratch(ctx, p.n, sizeof *expected);
    if (!expected)
        return vouch__oom(ctx);
    for (size_t k = 0; k < p.n; k++) {
        double sum = 0.0, m = 0.0;
        for (size_t l = k > LAG ? k - LAG : 0; l < k; l++)
            if (l > 0 || p.n < 6) { /* the first may be cut */
                sum += p.at[l].n;
                m += 1.0;
            }
        expected[k] = m > 0.0 ? sum / m : (double)NAN;
        double change = expected[k] > 0.0 ? fabs(p.at[k].n / expected[k] - 1.0) : 0.0;
        if (k + 1 < p.n && change > worst) {
            worst = change;
            at = k;
        }
    }
    label_of(call, p.first + (int64_t)at, label);
    (void)snprintf(note, sizeof note, "Furthest from its moving average: %s.", label);
    vouch__entry entry = vouch__test_entry(call);
    entry.value = worst;
    entry.judged = true;
    entry.note = note;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "periods", "period,n,moving_average");
    for (size_t k = 0; k < p.n; k++) {
        label_of(call, p.first + (int64_t)k, label);
        vouch__test_row(call, table, "tnn", label, p.at[k].n, expected[k]);
    }
    return VOUCH_OK;
}

const vouch_test vouch__test_data_row_count = {
    .id = "data.row_count",
    .section = "data",
    .title = "Rows by period",
    .purpose = "Did a delivery fail, double or stop? A month with half its rows is half a month of another "
               "population.",
    .mechanism =
        "Rows are counted by period; each is held against the mean of up to six before it. The largest "
        "relative deviation is judged.",
    .convention =
        "The first and the last period, which may be cut, are not judged. Empty periods count as 0.",
    .high_risk = "A period at half or at twice its moving average.",
    .strengths = "Finds lost and doubled deliveries before anything is fitted on them.",
    .limits = "Seasons and campaigns move counts too; with few rows a period chance does.",
    .source = "Breck et al., Data Validation for Machine Learning, SysML (2019)",
    .unit = "relative deviation",
    .needs = VOUCH__NEEDS_DATE,
    .params = period_params,
    .n_params = 1,
    .run = run_row_count,
};

/* ---- survivorship and ripeness ---- */

static vouch_status run_survivorship(vouch_ctx *ctx, const vouch__test_call *call)
{
    periods p = { .n = 0 };
    double all = 0.0, bads = 0.0, mean = 0.0, u = 0.0, v = 0.0;
    char label[DATE_TEXT];
    vouch_status status = cut(ctx, call, &p);
    if (status || !p.at)
        return status;
    for (size_t k = 0; k < p.n; k++) {
        all += p.at[k].known;
        bads += p.at[k].bad;
        mean += (double)k * p.at[k].known;
    }
    double rate = bads / all;
    mean /= all;
    for (size_t k = 0; k < p.n; k++) {
        u += ((double)k - mean) * p.at[k].bad;
        v += ((double)k - mean) * ((double)k - mean) * p.at[k].known;
    }
    v *= rate * (1.0 - rate);
    if (!(v > 0.0)) {
        vouch__test_refuse(call, "Every case is of one period: there is no trend to see.");
        return VOUCH_OK;
    }
    double third = (double)p.n / 3.0, early = 0.0, early_n = 0.0, late = 0.0, late_n = 0.0;
    for (size_t k = 0; k < p.n; k++) {
        early += (double)k < third ? p.at[k].bad : 0.0;
        early_n += (double)k < third ? p.at[k].known : 0.0;
        late += (double)k >= 2.0 * third ? p.at[k].bad : 0.0;
        late_n += (double)k >= 2.0 * third ? p.at[k].known : 0.0;
    }
    vouch__entry entry = vouch__test_entry(call);
    if (!(early_n > 0.0 && late_n > 0.0 && early > 0.0)) {
        vouch__test_refuse(
            call, "The first or the last third of the periods has no case, or the first no bad one.");
        return VOUCH_OK;
    }
    entry.value = fabs(late / late_n / (early / early_n) - 1.0);
    entry.statistic = u / sqrt(v);
    entry.p_value = fmin(1.0, 2.0 * vouch__normal_sf(fabs(entry.statistic)));
    entry.judged = entry.p_value <= 0.05;
    entry.verdict = vouch__policy_limit(call->list->policy, entry.id) ? VOUCH__PASS : VOUCH__INFO;
    entry.note = late / late_n < early / early_n
                     ? "Recent cases have fewer bads: their outcomes may not be ripe yet."
                     : "Recent cases have more bads: the old ones may be survivors, or times are worse.";
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "periods", "period,n,n_bad,bad_rate");
    for (size_t k = 0; k < p.n; k++) {
        label_of(call, p.first + (int64_t)k, label);
        vouch__test_row(call, table, "tnnn", label, p.at[k].known, p.at[k].bad,
                        p.at[k].known > 0.0 ? p.at[k].bad / p.at[k].known : (double)NAN);
    }
    return VOUCH_OK;
}

const vouch_test vouch__test_data_survivorship = {
    .id = "data.survivorship",
    .section = "data",
    .title = "Does the bad rate depend on when a case was decided?",
    .purpose =
        "Young cases have not had the time to go bad, and old ones are in the table only if they survived "
        "long enough: either way a trend in the bad rate is a trend of the sample, not of risk.",
    .mechanism = "Bad rates by period with the test of Cochran and Armitage for a trend; the value is the "
                 "relative difference of the last third of the periods from the first.",
    .convention =
        "Two-sided normal p-value; periods count by their number. Cases without an outcome are left "
        "out. Judged only when significant at 5 %.",
    .high_risk =
        "A bad rate that falls towards the latest periods: the outcome window is not complete. One that "
        "falls towards the earliest: closed accounts were dropped.",
    .strengths = "Needs dates and outcomes only, and finds with one number what makes many models too "
                 "optimistic.",
    .limits = "The economy moves the bad rate as well; the test says that there is a trend, not whose.",
    .source = "Cochran, Biometrics 10 (1954) 417-451; Armitage, Biometrics 11 (1955) 375-386; Brown et al., "
              "Review of Financial Studies 5 (1992) 553-580 (survivorship)",
    .null_hypothesis = "the bad rate does not depend on the period",
    .unit = "relative change",
    .needs = VOUCH__NEEDS_DATE | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_BOTH,
    .params = period_params,
    .n_params = 1,
    .run = run_survivorship,
};

/* ---- two samples in time ---- */

static vouch_status run_overlap(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *now = call->now, *before = call->before;
    double last = before->date[0], first = now->date[0], late = 0.0;
    (void)ctx;
    for (size_t i = 0; i < before->n; i++)
        last = fmax(last, before->date[i]);
    for (size_t i = 0; i < now->n; i++) {
        first = fmin(first, now->date[i]);
        late += now->date[i] <= last ? 1.0 : 0.0;
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.value = late / (double)now->n;
    entry.judged = true;
    vouch__json *table = vouch__evidence_table(call->list, vouch__test_add(call, &entry), "dates",
                                               "quantity,days_since_1970");
    vouch__test_row(call, table, "tn", "last date of the reference", last);
    vouch__test_row(call, table, "tn", "first date of the sample", first);
    return VOUCH_OK;
}

const vouch_test vouch__test_data_date_overlap = {
    .id = "data.date_overlap",
    .section = "data",
    .title = "Cases from before the reference ends",
    .purpose =
        "A model is used on cases that come after those it was fitted on. A test sample from the same time "
        "shares its economy, campaigns and mistakes, and flatters.",
    .mechanism = "The share of cases dated no later than the last date of the reference.",
    .convention = "By day. A test that was drawn at random from the same period overlaps fully, by design.",
    .high_risk = "A sample that is called out of time and overlaps.",
    .strengths = "Settles by dates whether a sample is out of time.",
    .limits = "Says nothing of windows of the inputs or outcomes, which may reach across.",
    .source = "Lopez de Prado, Advances in Financial Machine Learning (2018), ch. 7",
    .unit = "share of cases",
    .needs = VOUCH__NEEDS_DATE | VOUCH__NEEDS_REFERENCE,
    .run = run_overlap,
};

/* ---- values from the future ---- */

static vouch_status run_look_ahead(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    size_t dated = 0;
    vouch__entry entry = vouch__test_entry(call);
    double *late = vouch__scratch(ctx, s->n_features, sizeof *late), found = 0.0;
    if (!late)
        return vouch__oom(ctx);
    for (size_t j = 0; j < s->n_features; j++) {
        size_t mark = vouch__scratch_mark(ctx), col = s->feature[j];
        vouch_type type = vouch_table_type(s->table, col);
        late[j] = NAN;
        if (col == s->date_column || (type != VOUCH_DATE && type != VOUCH_TIME))
            continue;
        const double *x = vouch__sample_column(ctx, s, col);
        if (!x)
            return vouch__oom(ctx);
        dated++;
        late[j] = 0.0;
        for (size_t i = 0; i < s->n; i++) {
            double day = type == VOUCH_TIME ? floor(x[i] / (double)VOUCH__DAY_US) : x[i];
            late[j] += day > s->date[i] ? 1.0 : 0.0;
        }
        found += late[j] > 0.0 ? 1.0 : 0.0;
        vouch__scratch_reset(ctx, mark);
    }
    if (!dated) {
        vouch__test_skip(call, "No input is a date.");
        return VOUCH_OK;
    }
    entry.value = found;
    entry.judged = true;
    vouch__json *table = vouch__evidence_table(call->list, vouch__test_add(call, &entry), "columns",
                                               "column,rows_after_the_decision");
    for (size_t j = 0; j < s->n_features; j++)
        if (!isnan(late[j]))
            vouch__test_row(call, table, "tn", vouch_table_name(s->table, s->feature[j]), late[j]);
    return VOUCH_OK;
}

const vouch_test vouch__test_data_look_ahead = {
    .id = "data.look_ahead",
    .section = "data",
    .title = "Dates among the inputs that lie after the decision",
    .purpose =
        "An input that holds a date from after the decision was written after it. It needs no declaration "
        "to be found.",
    .mechanism =
        "Every input of type date or time is held against the decision date, row by row; an input with "
        "one later value counts.",
    .convention =
        "By day; missing dates are not late. Dates that lie ahead by nature (a maturity) count too: "
        "leave them out of the inputs, or read the table.",
    .high_risk = "A date of closing, collection or last payment after the decision.",
    .strengths = "Finds look-ahead that nobody declared.",
    .limits =
        "Only dates give themselves away; a count or balance from the future is seen by data.single_auc, or "
        "by data.available_at where its time is declared.",
    .source = "Kaufman, Rosset & Perlich, ACM TKDD 6 (2012) 15",
    .unit = "columns",
    .needs = VOUCH__NEEDS_FEATURES | VOUCH__NEEDS_DATE,
    .run = run_look_ahead,
};

/* ---- outliers ---- */

static double outside(size_t n, double *sorted, bool by_range, double k, double *low, double *high)
{
    double count = 0.0, mean = 0.0, square = 0.0;
    if (by_range) {
        double q1 = vouch__quantile_sorted(n, sorted, 0.25), q3 = vouch__quantile_sorted(n, sorted, 0.75);
        *low = q1 - k * (q3 - q1);
        *high = q3 + k * (q3 - q1);
    } else {
        for (size_t i = 0; i < n; i++)
            mean += (sorted[i] - mean) / (double)(i + 1);
        for (size_t i = 0; i < n; i++)
            square += (sorted[i] - mean) * (sorted[i] - mean);
        double sd = n > 1 ? sqrt(square / ((double)n - 1.0)) : 0.0;
        *low = mean - k * sd;
        *high = mean + k * sd;
    }
    for (size_t i = 0; i < n; i++)
        count += sorted[i] < *low || sorted[i] > *high ? 1.0 : 0.0;
    return count;
}

static vouch_status run_outliers(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    bool by_range = vouch__test_choice(call, "method", "iqr");
    double k = vouch__test_param(call, "k"), worst = -1.0;
    char note[200];
    struct {
        double share, low, high, infinite;
    } *f = vouch__scratch(ctx, s->n_features, sizeof *f);
    size_t at = 0;
    if (!f)
        return vouch__oom(ctx);
    for (size_t j = 0; j < s->n_features; j++) {
        size_t mark = vouch__scratch_mark(ctx), n = 0;
        uint32_t *order = vouch__scratch(ctx, s->n + 1, sizeof *order);
        double *x = vouch__sample_column(ctx, s, s->feature[j]),
               *y = vouch__scratch(ctx, s->n + 1, sizeof *y);
        f[j].share = NAN;
        f[j].infinite = 0.0;
        if (!order || !x || !y)
            return vouch__oom(ctx);
        vouch_status status = vouch__sample_is_text(s, s->feature[j]) ? VOUCH_OK
                                                                      : vouch__order(ctx, s->n, x, order);
        if (status)
            return status;
        for (size_t i = 0; i < s->n && !vouch__sample_is_text(s, s->feature[j]); i++) {
            f[j].infinite += isinf(x[order[i]]) ? 1.0 : 0.0;
            if (isfinite(x[order[i]]))
                y[n++] = x[order[i]];
        }
        if (n > 0)
            f[j].share = (outside(n, y, by_range, k, &f[j].low, &f[j].high) + f[j].infinite) /
                         ((double)n + f[j].infinite);
        if (f[j].share > worst) {
            worst = f[j].share;
            at = j;
        }
        vouch__scratch_reset(ctx, mark);
    }
    if (worst < 0.0) {
        vouch__test_skip(call, "No input is a number with finite values.");
        return VOUCH_OK;
    }
    (void)snprintf(note, sizeof note, "Most in %.100s.", vouch_table_name(s->table, s->feature[at]));
    vouch__entry entry = vouch__test_entry(call);
    entry.value = worst;
    entry.judged = true;
    entry.note = worst > 0.0 ? note : NULL;
    vouch__json *table = vouch__evidence_table(call->list, vouch__test_add(call, &entry), "columns",
                                               "column,outside_share,lower_fence,upper_fence,infinite");
    for (size_t j = 0; j < s->n_features; j++)
        if (!isnan(f[j].share))
            vouch__test_row(call, table, "tnnnn", vouch_table_name(s->table, s->feature[j]), f[j].share,
                            f[j].low, f[j].high, f[j].infinite);
    return VOUCH_OK;
}

static const vouch__param outlier_params[] = {
    { "method", VOUCH__PARAM_CHOICE, 0, 0, 0, "iqr|z", "",
      "Fences from the quartiles, or from mean and spread." },
    { "k", VOUCH__PARAM_REAL, 0.1, 100, 3, NULL, "",
      "How many interquartile ranges beyond the quartiles, or standard deviations from the mean, the fences "
      "lie." },
};

const vouch_test vouch__test_data_outliers = {
    .id = "data.outliers",
    .section = "data",
    .title = "Values far from the rest",
    .purpose =
        "A wrong unit, a code taken for an amount or a comma in the wrong place stands far out. Linear "
        "models bend to such values.",
    .mechanism =
        "The share of each number's values beyond its fences: three interquartile ranges outside the "
        "quartiles (or, by choice, standard deviations from the mean). The largest share is judged.",
    .convention =
        "Quartiles interpolate linearly (type 7); infinite values lie outside every fence. Where half "
        "the values are equal the range is 0, and every other value is outside.",
    .high_risk = "A share that is not in proportion to the column's skewness, and any infinite value.",
    .strengths = "Needs no law of the values; three ranges leave the honest tails of most columns alone.",
    .limits =
        "Amounts are skewed by nature: what is outside is not wrong. Columns that are mostly one value are "
        "flagged whole; codes belong declared as special.",
    .source = "Tukey, Exploratory Data Analysis (1977), ch. 2",
    .unit = "share",
    .needs = VOUCH__NEEDS_FEATURES,
    .params = outlier_params,
    .n_params = 2,
    .run = run_outliers,
};
