/* Gains and lift at each tenth, riskiest first. */
#include "validate/validate_parts.h"

#include "num/rank.h"
#include "validate/cases.h"

#include <math.h>

enum { TENTHS = 10 };

/* Bads among the riskiest k / 10 of cases, for k = 1..10. A cut inside a group of ties takes its part of the
 * group's bads. */
static void capture(const vouch__scored *s, const uint32_t *order, double all, double out[TENTHS])
{
    vouch__dd weight = { 0 }, bad = { 0 };
    int k = 1;
    for (size_t left = s->n, to; left > 0; left = to) {
        vouch__dd here = { 0 }, here_bad = { 0 };
        double at = s->raw[order[left - 1]];
        for (to = left; to > 0 && s->raw[order[to - 1]] == at; to--) {
            double w = vouch__suite_weight(s, order[to - 1]);
            vouch__accumulate(&here, w);
            vouch__accumulate(&here_bad, w * s->bad[order[to - 1]]);
        }
        double before = vouch__accumulated(weight), before_bad = vouch__accumulated(bad);
        double group = vouch__accumulated(here), group_bad = vouch__accumulated(here_bad);
        for (; k <= TENTHS && (to == 0 || before + group >= all * k / TENTHS); k++)
            out[k - 1] = before_bad + group_bad * fmin(1.0, (all * k / TENTHS - before) / group);
        vouch__accumulate(&weight, group);
        vouch__accumulate(&bad, group_bad);
    }
}

static void gains_row(const vouch__suite *suite, vouch__json *table, int tenth, double cases, double captured,
                      double bads)
{
    double depth = (double)tenth / TENTHS, rate = bads / (cases / depth);
    vouch__json *row = vouch__evidence_row(suite->list, table);
    vouch__row_number(suite->list, row, depth);
    vouch__row_number(suite->list, row, cases);
    vouch__row_number(suite->list, row, captured);
    vouch__row_number(suite->list, row, captured / bads);
    vouch__row_number(suite->list, row, depth);
    vouch__row_number(suite->list, row, fmin(1.0, depth / rate));
    vouch__row_number(suite->list, row, captured / cases);
    vouch__row_number(suite->list, row, captured / bads / depth);
}

vouch_status vouch__suite_gains(const vouch__suite *suite)
{
    const vouch__scored *s = suite->scored;
    size_t mark = vouch__scratch_mark(suite->ctx);
    uint32_t *order = vouch__scratch(suite->ctx, s->n, sizeof *order);
    if (!order)
        return vouch__oom(suite->ctx);
    vouch_status status = vouch__order(suite->ctx, s->n, s->raw, order);
    if (!status) {
        double captured[TENTHS] = { 0 };
        vouch__dd sum = { 0 };
        for (size_t i = 0; i < s->n; i++)
            vouch__accumulate(&sum, vouch__suite_weight(s, i));
        double all = vouch__accumulated(sum), bads = suite->rate * all;
        capture(s, order, all, captured);

        vouch__entry entry = vouch__suite_entry(suite, &vouch__test_gains);
        entry.value = captured[0] / bads * TENTHS;
        entry.judged = true;
        if (!s->weight) {
            entry.level = 0.95;
            vouch__jeffreys(captured[0], all / TENTHS, &entry.low, &entry.high);
            entry.low /= suite->rate;
            entry.high = fmin(entry.high / suite->rate, TENTHS);
            entry.interval_method = "Jeffreys, for the bad rate of the riskiest tenth";
        }
        vouch__json *object = vouch__evidence_add(suite->list, &entry);
        vouch__json *table = vouch__evidence_table(
            suite->list, object, "gains",
            "depth_share,n,n_bad,captured_share,random_share,best_share,bad_rate,lift");
        vouch__json *row = vouch__evidence_row(suite->list, table);
        for (int i = 0; i < 6; i++)
            vouch__row_number(suite->list, row, 0.0);
        vouch__row_number(suite->list, row, NAN);
        vouch__row_number(suite->list, row, NAN);
        for (int k = 1; k <= TENTHS; k++)
            gains_row(suite, table, k, all * k / TENTHS, captured[k - 1], bads);
        vouch__evidence_plot(suite->list, object, "line", "gains", "depth_share",
                             "captured_share,random_share,best_share", "share of cases, riskiest first",
                             "share of bads among them");
    }
    vouch__scratch_reset(suite->ctx, mark);
    return status;
}
