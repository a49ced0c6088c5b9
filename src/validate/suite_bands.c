/* Score bands frozen on train: bad rates by band, and how the population moved between them. */
#include "validate/validate_parts.h"

#include <math.h>
#include <stdio.h>

static double shown(const vouch__scored *scored, size_t i)
{
    return scored->points ? (double)scored->points[i] : scored->raw[i];
}

static void into_band(const vouch__scored *scored, size_t i, bool is_train, vouch__band *band)
{
    double w = vouch__suite_weight(scored, i), at = shown(scored, i);
    if (is_train) {
        band->train_n += w;
        band->train_bad += scored->bad ? w * scored->bad[i] : 0.0;
        band->from = isnan(band->from) ? at : fmin(band->from, at);
        band->to = isnan(band->to) ? at : fmax(band->to, at);
    } else {
        band->n += w;
        band->bad += scored->bad ? w * scored->bad[i] : 0.0;
        band->effective += w * w; /* made into Kish's n at the end */
        band->probability += scored->probability ? w * scored->probability[i] : (double)NAN;
    }
}

vouch_status vouch__suite_band_table(const vouch__suite *suite, vouch__band out[VOUCH__BANDS], size_t *out_n)
{
    double edge[VOUCH__BANDS - 1];
    size_t n_edges = 0;
    vouch_status status = vouch__psi_edges(suite->ctx, suite->train->n, suite->train->raw, VOUCH__BANDS, edge,
                                           &n_edges);
    if (status)
        return status;
    for (size_t k = 0; k <= n_edges; k++)
        out[k] = (vouch__band){ .from = NAN, .to = NAN };
    for (size_t i = 0; i < suite->train->n; i++)
        into_band(suite->train, i, true, &out[vouch__psi_bin(n_edges, edge, suite->train->raw[i])]);
    for (size_t i = 0; i < suite->scored->n; i++)
        into_band(suite->scored, i, false, &out[vouch__psi_bin(n_edges, edge, suite->scored->raw[i])]);
    for (size_t k = 0; k <= n_edges; k++)
        if (out[k].n > 0.0)
            out[k].effective = out[k].n * out[k].n / out[k].effective;
    *out_n = n_edges + 1;
    return VOUCH_OK;
}

static void band_rows(const vouch__suite *suite, vouch__json *object, const vouch__band *band, size_t n)
{
    vouch__json *table = vouch__evidence_table(
        suite->list, object, "bands",
        "band,score_from,score_to,n,n_bad,bad_rate,rate_low,rate_high,predicted_rate,train_rate");
    for (size_t k = 0; k < n; k++) {
        const vouch__band *b = &band[k];
        double rate = b->n > 0.0 ? b->bad / b->n : NAN, low = NAN, high = NAN;
        if (b->n > 0.0)
            vouch__jeffreys(rate * b->effective, b->effective, &low, &high);
        const double cell[] = { (double)(k + 1),
                                b->from,
                                b->to,
                                b->n,
                                b->bad,
                                rate,
                                low,
                                high,
                                b->n > 0.0 ? b->probability / b->n : NAN,
                                b->train_n > 0.0 ? b->train_bad / b->train_n : NAN };
        vouch__json *row = vouch__evidence_row(suite->list, table);
        for (size_t i = 0; i < sizeof cell / sizeof *cell; i++)
            vouch__row_number(suite->list, row, cell[i]);
    }
    vouch__evidence_plot(suite->list, object, "interval", "bands", "band", "bad_rate,rate_low,rate_high",
                         "score band, safest to riskiest", "observed bad rate");
}

vouch_status vouch__suite_bands(const vouch__suite *suite)
{
    vouch__band band[VOUCH__BANDS];
    size_t n = 0, steps = 0, falls = 0, worst = 0, last = SIZE_MAX;
    double deepest = 0.0;
    char note[160];
    vouch_status status = vouch__suite_band_table(suite, band, &n);
    if (status)
        return status;
    for (size_t k = 0; k < n; k++) {
        if (!(band[k].n > 0.0))
            continue;
        if (last != SIZE_MAX) {
            double fall = band[last].bad / band[last].n - band[k].bad / band[k].n;
            steps++;
            falls += fall > 0.0;
            if (fall > deepest) {
                deepest = fall;
                worst = k;
            }
        }
        last = k;
    }
    if (falls)
        (void)snprintf(note, sizeof note,
                       "Not monotone: at %zu of %zu steps the bad rate falls, most on entering band %zu.",
                       falls, steps, worst + 1);
    else
        (void)snprintf(note, sizeof note, "Monotone: the bad rate falls at none of %zu steps.", steps);
    vouch__entry entry = vouch__suite_entry(suite, &vouch__test_bands);
    entry.value = (double)falls;
    entry.judged = true;
    entry.note = note;
    band_rows(suite, vouch__evidence_add(suite->list, &entry), band, n);
    return VOUCH_OK;
}

vouch_status vouch__suite_psi(const vouch__suite *suite)
{
    vouch__band band[VOUCH__BANDS];
    double reference[VOUCH__BANDS], current[VOUCH__BANDS];
    size_t n = 0;
    vouch_psi p;
    if (suite->train->n == 0) {
        vouch__suite_refuse(suite, &vouch__test_psi_score, "There are no training cases to compare with.");
        return VOUCH_OK;
    }
    vouch_status status = vouch__suite_band_table(suite, band, &n);
    for (size_t k = 0; k < n; k++) {
        reference[k] = band[k].train_n;
        current[k] = band[k].n;
    }
    if (!status)
        status = vouch_validate_psi(suite->ctx, n, reference, current, 0.95, &p);
    if (status)
        return status;
    vouch__entry entry = vouch__suite_entry(suite, &vouch__test_psi_score);
    entry.value = p.psi;
    entry.judged = true;
    entry.null_hypothesis = "The scores of this part are drawn as train's were.";
    entry.statistic = p.psi / (1.0 / p.n_reference + 1.0 / p.n_current);
    entry.critical = p.critical;
    entry.p_value = p.p_value;
    if (suite->scored->weight)
        entry.note = "Case weights are applied; critical value and p-value take them for numbers of cases.";
    vouch__json *object = vouch__evidence_add(suite->list, &entry);
    vouch__json *table = vouch__evidence_table(
        suite->list, object, "psi",
        "band,score_from,score_to,train_n,current_n,train_share,current_share,contribution");
    for (size_t k = 0; k < n; k++) {
        const double cell[] = { (double)(k + 1),
                                band[k].from,
                                band[k].to,
                                reference[k],
                                current[k],
                                reference[k] / p.n_reference,
                                current[k] / p.n_current,
                                vouch__psi_part(reference[k], current[k], p.n_reference, p.n_current,
                                                p.bins) };
        vouch__json *row = vouch__evidence_row(suite->list, table);
        for (size_t i = 0; i < sizeof cell / sizeof *cell; i++)
            vouch__row_number(suite->list, row, cell[i]);
    }
    table = vouch__evidence_table(suite->list, object, "under_no_change", "quantity,value");
    double scale = 1.0 / p.n_reference + 1.0 / p.n_current;
    vouch__suite_quantity(suite, table, "average", ((double)p.bins - 1.0) * scale);
    vouch__suite_quantity(suite, table, "critical value, 95 %", p.critical);
    vouch__evidence_plot(suite->list, object, "bars", "psi", "band", "train_share,current_share",
                         suite->scored->bad ? "score band, safest to riskiest"
                                            : "score band, lowest to highest",
                         "share of cases");
    return VOUCH_OK;
}
