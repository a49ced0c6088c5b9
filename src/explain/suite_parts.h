/* explain/suite_parts.h: what the files that make the explanation evidence share. */
#ifndef VOUCH_SUITE_PARTS_H
#define VOUCH_SUITE_PARTS_H

#include "explain/effects.h"
#include "explain/explain_suite.h"

enum {
    VOUCH__EXPLAIN_ROWS = 20000,
    VOUCH__EFFECT_ROWS = 500,
    VOUCH__SWARM_ROWS = 200,
    VOUCH__SWARM_INPUTS = 12
};

/* Sums over the rows explained: of every row, and of the declined among them. */
typedef struct vouch__tally {
    size_t n, n_inputs, n_characteristics; /* n: rows explained, at most 20,000 of the part's */
    const uint32_t *at;                    /* [n] which of data->row; ascending */
    double *abs, *square;                  /* [n_inputs] of |value| */
    double residual, relative;             /* largest |base + sum - total|, and over max(1, |total|) */
    double gap;                            /* largest |total - raw|: rounding of a float model */
    double declined, unexplained[2];       /* unexplained: no adverse characteristic */
    double *first[2], *any[2];             /* [n_characteristics] declined with it as first reason, as any; by
                                              average-applicant, by just-approved */
    double both, same_first, same_set;     /* declined with reasons by both methods, and how they agree */
} vouch__tally;

/* Everything in out_tally comes from scratch. */
vouch_status vouch__tally_make(vouch_ctx *ctx, const vouch__explain_data *data, vouch__tally *out_tally);

/* Inputs by falling mean |value|, ties by number; [n_inputs]. */
void vouch__tally_order(const vouch__tally *tally, size_t *out);

vouch_status vouch__suite_global(vouch_ctx *ctx, const vouch__explain_data *data, const vouch__tally *tally,
                                 vouch__evidence *list);
vouch_status vouch__suite_effects(vouch_ctx *ctx, const vouch__explain_data *data, const vouch__tally *tally,
                                  vouch__evidence *list);
vouch_status vouch__suite_reasons(vouch_ctx *ctx, const vouch__explain_data *data, const vouch__tally *tally,
                                  vouch__evidence *list);
vouch_status vouch__suite_own(vouch_ctx *ctx, const vouch__explain_data *data, vouch__evidence *list);
vouch_status vouch__suite_one(vouch_ctx *ctx, const vouch__explain_data *data, vouch__evidence *list);

const vouch__explain_words *vouch__suite_words(const vouch__explain_data *data);
/* Whose rows data->all holds, in words. */
const char *vouch__suite_reference(const vouch__explain_data *data);

/* The words of a characteristic or input value in evidence. */
void vouch__suite_cell(vouch__evidence *list, vouch__json *row, const vouch__input *input, double x);

#endif
