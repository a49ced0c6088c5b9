/* From coefficients to integer points, and from points back to log-odds.
 *
 * With eta the fitted log-odds of bad, the exact score is offset - factor eta, factor = PDO / ln 2 and offset
 * = base_score - factor ln(base_odds): base_score points at odds of base_odds goods to one bad, PDO more
 * where the odds double. The intercept's and offset's share is divided equally among the characteristics,
 * each bin is rounded to the nearest integer, and base_points takes up the mean of what rounding moved over
 * the training rows, itself rounded. From here on only the integers count. */
#include "models/scorecard/binning.h"
#include "models/scorecard/scorecard.h"

#include "num/special.h"

#include <math.h>

#define LN2 0.693147180559945309

double vouch__card_exact_points(const vouch__card *card, const vouch__card_input *c, size_t bin)
{
    double share = (card->offset - card->factor * card->intercept) / (double)card->n;
    return share - card->factor * c->coefficient * c->bin[bin].woe;
}

vouch_status vouch__card_scale(vouch_ctx *ctx, vouch__card *card)
{
    double moved = 0.0;
    card->factor = card->pdo / LN2;
    card->offset = card->base_score - card->factor * vouch__log(card->base_odds);
    for (size_t c = 0; c < card->n; c++) {
        vouch__card_input *at = &card->at[c];
        double rows = 0.0, sum = 0.0;
        for (size_t b = 0; b < at->n_bins; b++) {
            double exact = vouch__card_exact_points(card, at, b), near = nearbyint(exact);
            if (!(fabs(near) <= VOUCH__CARD_POINTS_MAX))
                return vouch__fail(
                    ctx, VOUCH_E_DATA,
                    "scorecard: a bin's points would be beyond %d, pdo or base_score is too large",
                    VOUCH__CARD_POINTS_MAX);
            at->bin[b].points = (int32_t)near;
            rows += at->bin[b].n_good + at->bin[b].n_bad;
            sum += (at->bin[b].n_good + at->bin[b].n_bad) * (exact - near);
        }
        moved += sum / rows;
    }
    card->base_points = (int32_t)nearbyint(moved);
    return VOUCH_OK;
}

vouch__points_range vouch__card_range(const vouch__card *card, size_t c)
{
    const vouch__card_input *at = &card->at[c];
    vouch__points_range r = { at->bin[0].points, at->bin[0].points, 0, vouch__card_mean_points(at) };
    double rows = 0.0, exact = 0.0;
    for (size_t b = 0; b < at->n_bins; b++) {
        double n = at->bin[b].n_good + at->bin[b].n_bad;
        rows += n;
        exact += n * vouch__card_exact_points(card, at, b);
        r.least = at->bin[b].points < r.least ? at->bin[b].points : r.least;
        r.most = at->bin[b].points > r.most ? at->bin[b].points : r.most;
    }
    double share = (card->offset - card->factor * card->intercept) / (double)card->n;
    r.neutral = (int32_t)nearbyint(fmin(fmax(share + r.mean - exact / rows, r.least), r.most));
    return r;
}

bool vouch__card_has(const vouch__bin *bin, size_t k) { return bin->bits[k / 32] >> k % 32 & 1; }

size_t vouch__card_bin(const vouch__card *card, size_t c, double x)
{
    return vouch__card_input_bin(&card->at[c], x);
}

int64_t vouch__card_total(const vouch__card *card, const double *row)
{
    int64_t total = card->base_points;
    for (size_t c = 0; c < card->n; c++)
        total += card->at[c].bin[vouch__card_bin(card, c, row[card->at[c].input])].points;
    return total;
}

double vouch__card_raw(const vouch__card *card, int64_t points)
{
    return (card->offset - (double)points) / card->factor;
}
