/* models/card.h: a scorecard as data: bins, their weights and their points. What the scorecard kind shares
 * with what explains, reports and exports it.
 *
 * points(row) = sum over characteristics of the points of the row's bin (integers); raw = (offset - points) /
 * factor with factor = PDO / ln 2 and offset = base_score - factor ln(base_odds), base_odds good:bad; so the
 * probability is of the integer points, in metrics, decisions, reasons, SQL and C alike. */
#ifndef VOUCH_CARD_H
#define VOUCH_CARD_H

#include "models/inputs.h"

typedef enum vouch__bin_type {
    VOUCH__BIN_RANGE,   /* low < x <= high */
    VOUCH__BIN_SET,     /* category codes with their bit set; high is the number of words of bits */
    VOUCH__BIN_SPECIAL, /* x equal to one of the input's special codes (value low) */
    VOUCH__BIN_MISSING  /* missing */
} vouch__bin_type;

typedef struct vouch__bin {
    vouch__bin_type type;
    double low, high;
    uint32_t *bits;       /* SET: [ceil(n_categories / 32)] */
    double n_good, n_bad; /* of the training rows, weighted */
    double woe;           /* ln(share of goods / share of bads): positive is safer */
    int32_t points;
} vouch__bin;

typedef struct vouch__card_input {
    size_t input; /* which of the model's inputs */
    size_t n_bins;
    vouch__bin *bin;               /* every value falls in exactly one; unseen categories in `otherwise` */
    size_t otherwise;              /* bin for a category never seen */
    double iv, coefficient, error; /* information value; coefficient on WoE and its standard error, or NAN */
    double vif;                    /* variance inflation; NAN of cards that do not tell it */
} vouch__card_input;

typedef struct vouch__card {
    size_t n_inputs, n; /* inputs of the model; characteristics kept */
    vouch__card_input *at;
    double intercept, intercept_error, pdo, base_score, base_odds, factor, offset;
    int32_t base_points; /* carried by no characteristic; usually 0 */
    char *record;        /* binning decisions, as canonical JSON; NULL: none are told */
    vouch__doc *told;    /* the same as a tree */
} vouch__card;

/* Points of a characteristic: the fewest and most of its bins; those of a weight of evidence of 0, moved and
 * rounded as its bins are; and the mean over the training rows. */
typedef struct vouch__points_range {
    int32_t least, most, neutral;
    double mean;
} vouch__points_range;
vouch__points_range vouch__card_range(const vouch__card *card, size_t c);

/* The bin of characteristic c that a value falls in. */
size_t vouch__card_bin(const vouch__card *card, size_t c, double x);
/* The card of a scorecard model; NULL otherwise. */
struct vouch_model;
const vouch__card *vouch__model_card(const struct vouch_model *model);

/* The bin in words: "PAY_0 > 1", "{A, B} or any other", "PAY_0 = -2 (special code)", "missing". Cut to whole
 * names within cap bytes ("{A, B and 12 more}"). */
enum { VOUCH__CARD_LABEL = 256 };
void vouch__card_label(const vouch__inputs *inputs, const vouch__card_input *c, size_t bin, char *out,
                       size_t cap);

#endif
