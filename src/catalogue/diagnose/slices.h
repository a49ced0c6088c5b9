/* catalogue/diagnose/slices.h: inputs cut into bins, and the parts of the cases that bins of one or two
 * inputs make. */
#ifndef VOUCH_SLICES_H
#define VOUCH_SLICES_H

#include "catalogue/diagnose/probe.h"

enum { VOUCH__SLICE_BINS = 64, VOUCH__SLICE_TEXT = 200 };

/* Numbers: bins [edge k - 1, edge k) between quantiles of the cases, then missing. Categories: one each, the
 * last of many together, then unseen and missing. */
typedef struct vouch__cut {
    size_t n; /* bins, the one of missing values included */
    size_t n_edges;
    double edge[VOUCH__SLICE_BINS];
} vouch__cut;

/* A cut for each input, in scratch, from the values of a probe. */
vouch_status vouch__cuts_make(vouch_ctx *ctx, const vouch__probe *probe, size_t bins, vouch__cut **out_cuts);
size_t vouch__cut_bin(const vouch__probe *probe, const vouch__cut *cuts, size_t input, double x);
/* "income in [10, 20)", "region = north", "income missing" */
void vouch__cut_text(const vouch__probe *probe, const vouch__cut *cuts, size_t input, size_t bin, size_t size,
                     char *out);

/* One slice: cases whose input a falls in bin_a, and whose input b (SIZE_MAX: any) falls in bin_b. */
typedef struct vouch__slice {
    size_t a, b, bin_a, bin_b;
    size_t n, n_bad;
    const uint32_t *at; /* [n] cases, ascending */
} vouch__slice;
void vouch__slice_text(const vouch__probe *probe, const vouch__cut *cuts, const vouch__slice *slice,
                       size_t size, char *out);

/* Visit every slice with at least `least` cases, of one input and, of the first n_crossed[] inputs, of two. A
 * slice is the visitor's during the call only. Cancellation is polled. */
typedef vouch_status vouch__slice_fn(vouch_ctx *ctx, const vouch__slice *slice, void *self);
typedef struct vouch__slicing {
    const vouch__probe *probe;
    const vouch__cut *cuts;
    size_t least, n_crossed;
    const size_t *crossed; /* inputs that are also taken in pairs */
} vouch__slicing;
vouch_status vouch__slices_visit(vouch_ctx *ctx, const vouch__slicing *slicing, vouch__slice_fn *visit,
                                 void *self);
/* How many visits there can be at most. */
size_t vouch__slices_most(const vouch__slicing *slicing);

/* The k inputs (or all) by which the model's raw score differs most between bins, largest first; in scratch.
 * Outcomes are not looked at, so that choosing by it biases no test. */
vouch_status vouch__slices_strongest(vouch_ctx *ctx, const vouch__probe *probe, const vouch__cut *cuts,
                                     size_t k, size_t **out_input, size_t *out_n);
/* A probe of the call's cases without outcomes, "rows" at most, and its "inputs" strongest inputs. */
vouch_status vouch__probe_strongest(vouch_ctx *ctx, const vouch__test_call *call, vouch__probe *out_probe,
                                    size_t **out_input, size_t *out_n);

#endif
