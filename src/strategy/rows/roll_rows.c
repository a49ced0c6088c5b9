/* Roll rates between buckets of delinquency. */
#include "num/rates.h"
#include "num/special.h"
#include "strategy/roll.h"

#include <math.h>
#include <stdio.h>

static const char *bucket_name(size_t bucket, size_t buckets, char out[VOUCH__MONTH_TEXT])
{
    if (bucket == 0)
        return "current";
    (void)snprintf(out, VOUCH__MONTH_TEXT, bucket + 1 == buckets ? "%zu+" : "%zu", bucket);
    return out;
}

static double row_sum(const double *row, size_t from, size_t n)
{
    double sum = 0.0;
    for (size_t j = from; j < n; j++)
        sum += row[j];
    return sum;
}

/* The mean over months of a cell's share, and its least and largest, over the months in which its row has
 * accounts. */
static void over_months(const vouch__rolls *r, size_t i, size_t from, size_t to, double out[3])
{
    double sum = 0.0, used = 0.0;
    out[1] = INFINITY;
    out[2] = -INFINITY;
    for (size_t m = 0; m < r->months; m++) {
        const double *row = r->at + (m * r->buckets + i) * r->buckets;
        double all = row_sum(row, 0, r->buckets);
        if (!(all > 0.0))
            continue;
        double share = row_sum(row, from, to) / all;
        sum += share;
        used += 1.0;
        out[1] = fmin(out[1], share);
        out[2] = fmax(out[2], share);
    }
    out[0] = used > 0.0 ? sum / used : (double)NAN;
    if (!(used > 0.0))
        out[1] = out[2] = NAN;
}

static void show_matrix(const vouch__test_call *call, const vouch__rolls *r, double level,
                        vouch__json *object)
{
    size_t n = r->buckets;
    vouch__json *table = vouch__evidence_table(
        call->list, object, "matrix",
        "from,to,accounts,of,share,low,high,mean_of_months_share,least_share,"
        "most_share");
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double all = row_sum(r->all + i * n, 0, n), months[3], low, high;
            char from[VOUCH__MONTH_TEXT], to[VOUCH__MONTH_TEXT];
            if (!(all > 0.0))
                continue;
            vouch__jeffreys_interval(r->all[i * n + j], all, level, &low, &high);
            over_months(r, i, j, j + 1, months);
            vouch__test_row(call, table, "ttnnnnnnnn", bucket_name(i, n, from), bucket_name(j, n, to),
                            r->all[i * n + j], all, r->all[i * n + j] / all, low, high, months[0], months[1],
                            months[2]);
        }
    vouch__evidence_plot(call->list, object, "heat", "matrix", "to", "share,from", "bucket a month later",
                         "bucket");
}

/* Product of the shares that roll on, k to k + 1 and so forth up to bad, with an interval on the log scale.
 */
static void chain_of(const vouch__rolls *r, size_t k, size_t bad, double margin, double out[3])
{
    double log_rate = 0.0, variance = 0.0;
    for (; k < bad; k++) {
        const double *row = r->all + k * r->buckets;
        double all = row_sum(row, 0, r->buckets), on = row_sum(row, k + 1, r->buckets);
        log_rate += vouch__log(on / all); /* -infinity where nobody rolls on */
        variance += (1.0 - on / all) / on;
    }
    double reach = margin * sqrt(variance);
    out[0] = vouch__exp(log_rate);
    out[1] = out[0] > 0.0 ? vouch__exp(log_rate - reach) : (double)NAN; /* no interval where nobody does */
    out[2] = out[0] > 0.0 ? fmin(1.0, vouch__exp(log_rate + reach)) : (double)NAN;
}

static vouch_status show_chain(vouch_ctx *ctx, const vouch__test_call *call, const vouch__rolls *r,
                               size_t bad, double level, vouch__json *object)
{
    size_t n = r->buckets, horizon = (size_t)vouch__test_param(call, "horizon");
    double *p = vouch__scratch(ctx, n * n + 4 * n, sizeof *p),
           margin = vouch__normal_quantile(0.5 + 0.5 * level);
    if (!p)
        return vouch__oom(ctx);
    double *reach = p + n * n;
    for (size_t i = 0; i < n; i++)
        vouch__rolls_shares(n, r->all + i * n, p + i * n);
    vouch__rolls_reach(n, p, bad, horizon, reach + n, reach);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "chain",
        "from,accounts,roll_on_rate,low,high,mean_of_months_rate,least_rate,most_rate,straight_roll_rate,"
        "straight_roll_rate_low,straight_roll_rate_high,bad_within_horizon_rate");
    for (size_t k = 0; k < bad; k++) {
        char from[VOUCH__MONTH_TEXT];
        double all = row_sum(r->all + k * n, 0, n), on = row_sum(r->all + k * n, k + 1, n), low = NAN,
               high = NAN, months[3], chain[3];
        if (all > 0.0)
            vouch__jeffreys_interval(on, all, level, &low, &high);
        over_months(r, k, k + 1, n, months);
        chain_of(r, k, bad, margin, chain);
        vouch__test_row(call, table, "tnnnnnnnnnnn", bucket_name(k, n, from), all,
                        all > 0.0 ? on / all : (double)NAN, low, high, months[0], months[1], months[2],
                        chain[0], chain[1], chain[2], all > 0.0 ? reach[k] : (double)NAN);
    }
    return VOUCH_OK;
}

/* Month by month the share of each bucket that rolls on. */
static void show_months(const vouch__test_call *call, const vouch__rolls *r, size_t bad, size_t accounts)
{
    char columns[256] = "month", y[256] = "", label[VOUCH__MONTH_TEXT];
    size_t n = r->buckets, drawn = bad < 6 ? bad : 6;
    for (size_t k = 0, at = 5, at_y = 0; k < drawn; k++) {
        char from[VOUCH__MONTH_TEXT];
        const char *name = bucket_name(k, n, from);
        at += (size_t)snprintf(columns + at, sizeof columns - at, ",rate_from_%s", name);
        at_y += (size_t)snprintf(y + at_y, sizeof y - at_y, "%srate_from_%s", k ? "," : "", name);
    }
    vouch__entry entry = vouch__test_entry(call);
    entry.subject = "by month";
    entry.n = (double)accounts;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "months", columns);
    for (size_t m = 0; m < r->months; m++) {
        vouch__json *row = vouch__evidence_row(call->list, table);
        vouch__month_text(r->first + (int32_t)m, label);
        vouch__row_text(call->list, row, label);
        for (size_t k = 0; k < drawn; k++) {
            const double *counts = r->at + (m * n + k) * n;
            vouch__row_number(call->list, row, row_sum(counts, k + 1, n) / row_sum(counts, 0, n));
        }
    }
    vouch__evidence_plot(call->list, object, "line", "months", "month", y, "from this month to the next",
                         "share that rolls on");
}

static vouch_status run(vouch_ctx *ctx, const vouch__test_call *call)
{
    vouch__panel p;
    vouch__rolls r;
    size_t buckets = (size_t)vouch__test_param(call, "buckets"),
           bad = (size_t)vouch__test_param(call, "bad_from");
    double level = vouch__test_param(call, "level"), chain[3];
    char note[500];
    if (bad >= buckets)
        return vouch__fail(ctx, VOUCH_E_DATA, "roll rates: bad_from is %zu, must be below %zu buckets", bad,
                           buckets);
    vouch_status status = vouch__panel_make(ctx, call, &p);
    if (!status)
        status = vouch__rolls_count(ctx, &p, buckets, &r);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.n = (double)p.n_accounts;
    chain_of(&r, 0, bad, vouch__normal_quantile(0.5 + 0.5 * level), chain);
    entry.value = chain[0];
    if (!isnan(chain[0]) && !isnan(chain[2])) {
        entry.level = level;
        entry.low = chain[1];
        entry.high = chain[2];
        entry.interval_method = "normal on the log scale";
    }
    (void)snprintf(
        note, sizeof note,
        "The value is the straight roll from current to bucket %zu: the product of the shares that "
        "roll on. Not counted: %.0f pairs of rows that are not a month apart, %.0f last rows before "
        "the table ends (closed, sold or written off), %.0f rows without a status.",
        bad, r.gaps, r.ends, r.missing);
    entry.note = note;
    vouch__json *object = vouch__test_add(call, &entry);
    show_matrix(call, &r, level, object);
    status = show_chain(ctx, call, &r, bad, level, object);
    if (!status)
        show_months(call, &r, bad, p.n_accounts);
    return status;
}

static const vouch__param params[] = {
    { "account", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "", "column that names the account; else the id" },
    { "status", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
      "column of months past due, or another number that grows worse; else the label" },
    { "buckets", VOUCH__PARAM_INTEGER, 2, VOUCH__BUCKETS_MAX, 7, NULL, "buckets",
      "how many, current being the first; the last holds all that is worse" },
    { "bad_from", VOUCH__PARAM_INTEGER, 1, VOUCH__BUCKETS_MAX, 3, NULL, "", "bucket that counts as bad" },
    { "horizon", VOUCH__PARAM_INTEGER, 1, 600, 12, NULL, "months",
      "for the chance of having gone bad by then" },
    { "level", VOUCH__PARAM_REAL, 0.5, 0.999, 0.95, NULL, "", "coverage of the intervals" },
};

const vouch_test vouch__test_roll_rates = {
    .id = "strategy.roll_rates",
    .section = "portfolio",
    .title = "Roll rates between buckets of delinquency",
    .purpose = "Of the accounts that are so many months behind, how many roll on to the next bucket, and how "
               "many of those that pay today will be bad in a year if things go on like this?",
    .mechanism =
        "An account with rows in two neighbouring months is counted from its bucket in the first to "
        "that in the second. Shares are of all months together; beside them the mean over months and "
        "the least and most of any. The straight roll multiplies the shares that roll on from bucket "
        "to bucket; bad within the horizon follows from the whole matrix as a Markov chain in which "
        "bad is for ever.",
    .convention =
        "Statuses are rounded down, below 1 is current. Rolling on means being in any worse bucket a "
        "month later. Shares have Jeffreys' interval, the straight roll one on the log scale (delta "
        "method, rows of the matrix independent). Weights are not used.",
    .high_risk = "Shares that drift from month to month, so that no one matrix holds; many accounts that "
                 "vanish from late buckets, which makes the rolls out of them too low.",
    .strengths = "Needs no model and no outcome window: two months of statuses are enough.",
    .limits =
        "The chain forgets the past: an account new in bucket 1 and one cured out of bucket 3 are alike "
        "to it, which understates cures and relapses. Where statuses jump over a bucket the straight roll is "
        "too low. Accounts repeat over months, so the intervals are "
        "somewhat too narrow.",
    .source =
        "R. M. Cyert, H. J. Davidson & G. L. Thompson, Management Science 8 (1962) 287-303; N. Siddiqi, "
        "Intelligent Credit Scoring, 2nd ed. (2017), chapter 6",
    .unit = "rate",
    .needs = VOUCH__NEEDS_DATE,
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
};
