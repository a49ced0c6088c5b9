/* models/scorecard/scorecard.h: what the parts of the scorecard kind share.
 *
 * Saved form, version 2 (little-endian, after the model file's own header)
 *    1  u32  inputs of the model
 *    2  f64  intercept, its standard error, pdo, base_score, base_odds, factor, offset
 *    3  i32  base points
 *    4  u32  characteristics; for each:
 *    5       u32 input · u32 otherwise · f64 iv, coefficient, standard error · u32 bins; for each:
 *    6         u8 type · f64 low, high (a set: 0, words) · f64 goods, bads, woe · i32 points
 *    7         sets: u32 words of bits, bit k of word w = category 32 w + k
 *    8  f64  of each characteristic: its variance inflation
 *    9  text the record of binning decisions: canonical JSON (docs/scorecard.md), or empty
 * Version 1 ends with 7.
 * Bins stand in the order ranges (or sets), special codes as declared, missing. */
#ifndef VOUCH_SCORECARD_H
#define VOUCH_SCORECARD_H

#include "models/card.h"
#include "models/model_kind.h"

typedef struct vouch__scorecard {
    vouch__card card;
    vouch_alloc alloc;
} vouch__scorecard;

/* The parameters, in the order of the kind's table. */
enum {
    VOUCH__CARD_PDO,
    VOUCH__CARD_BASE_SCORE,
    VOUCH__CARD_BASE_ODDS,
    VOUCH__CARD_MAX_BINS,
    VOUCH__CARD_MIN_BIN_SHARE,
    VOUCH__CARD_MIN_EVENTS,
    VOUCH__CARD_MIN_IV,
    VOUCH__CARD_MAX_P,
    VOUCH__CARD_L2,
    VOUCH__CARD_PARAMS_OF_1,
    VOUCH__CARD_L1 = VOUCH__CARD_PARAMS_OF_1,
    VOUCH__CARD_PENALTY,
    VOUCH__CARD_FOLDS,
    VOUCH__CARD_CHOOSE,
    VOUCH__CARD_SIGNS,
    VOUCH__CARD_STEPWISE,
    VOUCH__CARD_CRITERION,
    VOUCH__CARD_ROUNDING,
    VOUCH__CARD_PARAMS
};
enum { VOUCH__CARD_GIVEN, VOUCH__CARD_RIDGE, VOUCH__CARD_LASSO };
enum { VOUCH__CARD_SIGNS_DROP, VOUCH__CARD_SIGNS_HELD, VOUCH__CARD_SIGNS_FREE };

enum { VOUCH__CARD_POINTS_MAX = 1000000 }; /* of one bin, either sign */

vouch_status vouch__card_fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value,
                             vouch__doc *doc, vouch__json *log, void **state);
void vouch__card_describe(const void *state, const vouch__inputs *inputs, vouch__doc *doc,
                          vouch__json *object);
void vouch__card_save(const void *state, vouch__buf *out);
vouch_status vouch__card_load(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                              void **state);
void vouch__card_free(const vouch_alloc *alloc, void *state);

/* The card as other systems run it, all giving its integer points; docs/scorecard.md says how each is used.
 */
extern const vouch__form vouch__card_forms[];
enum { VOUCH__CARD_FORMS = 6 };
vouch_status vouch__card_say(struct vouch__speech *speech, struct vouch__say **out_said); /* its points */
vouch_status vouch__card_c(vouch_ctx *ctx, const struct vouch_model *model, vouch__buf *out);
vouch_status vouch__card_pmml(vouch_ctx *ctx, const struct vouch_model *model, vouch__buf *out);
vouch_status vouch__card_form_json(vouch_ctx *ctx, const struct vouch_model *model, vouch__buf *out);
/* Mean points of a characteristic over the training rows. */
double vouch__card_mean_points(const vouch__card_input *c);
/* Does the set bin hold category k? */
bool vouch__card_has(const vouch__bin *bin, size_t k);

/* Factor, offset and the nearest points and base points from coefficients and the scaling. */
vouch_status vouch__card_scale(vouch_ctx *ctx, vouch__card *card);
/* Total of one row of the model's inputs. */
int64_t vouch__card_total(const vouch__card *card, const double *row);
/* What points make of log-odds: raw = (offset - points) / factor. */
double vouch__card_raw(const vouch__card *card, int64_t points);
/* The points of a bin before they are rounded. */
double vouch__card_exact_points(const vouch__card *card, const vouch__card_input *c, size_t bin);

#endif
