/* Drift that is of rows, not of bins: values that went missing, and values the reference never had. */
#include "monitor/drift_columns.h"
#include "monitor/drift_tests.h"

#include "num/special.h"

#include <math.h>

#define JUDGED "p-values are corrected over the columns; the largest effect that is significant is judged."

vouch_status vouch__measure_missing(vouch_ctx *worker, const vouch__drift_column *c, double level,
                                    vouch__drift_result *out)
{
    double n = c->all_to, m = c->all_from, both = (c->missing_from + c->missing_to) / (n + m);
    (void)worker;
    *out = (vouch__drift_result){ .value = fabs(c->missing_to / n - c->missing_from / m), .statistic = NAN };
    out->p_value = vouch__drift_rates(c->missing_from, m, c->missing_to, n);
    out->critical = vouch__normal_quantile(0.5 + 0.5 * level) *
                    sqrt(both * (1.0 - both) * (1.0 / n + 1.0 / m));
    return VOUCH_OK;
}

static vouch_status run_missing(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__drift_columns(ctx, call, VOUCH__DRIFT_MISSING);
}

const vouch_test vouch__test_drift_missing = {
    .id = "drift.missing",
    .title = "Change of the share of missing values",
    .purpose =
        "Does a column come with its values as often as it did? A feed that breaks shows here first, and "
        "a model goes on scoring what is missing.",
    .mechanism = "In each column the share of rows without a value, in the sample and in the reference, and "
                 "Fisher's exact test that the two are equal; the value is the size of the change.",
    .convention = "Two-sided: twice the smaller tail. The critical value is that of the normal law, beside "
                  "the exact p-value. " JUDGED,
    .high_risk = "A change above five points. At twenty a feed has broken.",
    .strengths = "Exact at any size, of stored sketches too; a share that falls is seen as one that rises.",
    .limits = "A code that stands for missing, such as -1 or \"unknown\", is a value here.",
    .source = "Fisher, J. R. Stat. Soc. 98 (1935) 39-82; Holm, Scand. J. Stat. 6 (1979) 65-70",
    .null_hypothesis = "values are missing as often as in the reference",
    .unit = "share",
    VOUCH__DRIFT_ROW,
    .run = run_missing,
};

vouch_status vouch__measure_unseen(vouch_ctx *worker, const vouch__drift_column *c, double level,
                                   vouch__drift_result *out)
{
    double known_from = c->all_from - c->missing_from, known_to = c->all_to - c->missing_to,
           count = c->unseen;
    (void)worker, (void)level;
    if (!(known_from > 0.0) || !c->is_exact)
        return VOUCH_OK; /* nothing was seen, or the sketch does not know what it left out */
    if (c->is_text) {
        out->p_value = vouch__drift_unseen(c->singles, known_from, count, known_to);
    } else {
        double below, above;
        size_t low = 0, high = c->n;
        while (low < c->n && c->x_to[low] < c->x_from[0])
            low++;
        while (high > low && c->x_to[high - 1] > c->x_from[c->m - 1])
            high--;
        below = vouch__drift_upto(c->upto_to, low);
        above = known_to - vouch__drift_upto(c->upto_to, high);
        count = below + above;
        out->p_value = vouch__drift_beyond(known_from, known_to, below, above);
    }
    out->value = count / c->all_to;
    return VOUCH_OK;
}

static vouch_status run_unseen(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__drift_columns(ctx, call, VOUCH__DRIFT_UNSEEN);
}

const vouch_test vouch__test_drift_unseen = {
    .id = "drift.unseen",
    .title = "Values that the reference never had",
    .purpose = "Does the model meet values of which it has no experience: numbers beyond the range it knows, "
               "texts it never saw?",
    .mechanism =
        "In each column the share of rows with a number below the reference's smallest or above its "
        "largest, or a text it lacks. Of numbers the p-value is the chance that so many of all values' "
        "extremes are of the sample; of texts that so many come although the reference has only so many "
        "texts just once.",
    .convention =
        "Exchangeability for numbers, twice the likelier side; for texts a new value is unseen with "
        "a chance of (f + 1) / (N + 1) when f of N are of texts seen once (Good-Turing). No critical "
        "value: what is unseen is judged by its share. " JUDGED,
    .high_risk = "More than one row in a hundred: a new product, a renamed code, another unit.",
    .strengths = "Exact for numbers, and allows for texts that are rare by nature.",
    .limits = "A value within the range that never occurred is not seen. Of sketches only columns that are "
              "exact are told; data.unseen counts texts by name.",
    .source = "Good, Biometrika 40 (1953) 237-264; Holm, Scand. J. Stat. 6 (1979) 65-70",
    .null_hypothesis = "sample and reference come from one distribution",
    .unit = "share",
    VOUCH__DRIFT_ROW,
    .run = run_unseen,
};
