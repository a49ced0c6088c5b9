/* vouch/explain.h: why a model says what it says: exact Shapley values against a reference population, and
 * the reasons a declined applicant is told (12 CFR 1002.9, comment 9(b)(2)-5). SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef VOUCH_EXPLAIN_H
#define VOUCH_EXPLAIN_H

#include "vouch/models.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A model prepared for explaining: exact Shapley values in log-odds. It holds all that an explanation needs
 * and never changes, so any number of threads may use one. The model is borrowed and must outlive it. Values
 * have the same bits on every processor, at any number of threads, one row at a time or many. */
typedef struct vouch_explainer vouch_explainer;

/* Against a stored background, the reference population's rows: interventional values, for reasons.
 * Cost: trees of depth d against m background rows take O(leaves (m + d 2^d)) once; then a row of 500 trees
 * of depth 6 takes some 50 us alone and 10 us among many, whatever m. Leaves of over 10 inputs are compared
 * with the patterns that the background has of them, which grow in number with it, if slowly. Fails  E_DATA
 * (a column missing, no rows), E_LIMIT (a leaf depends on over 64 inputs, or there are over 2^26 patterns),
 * E_ARG (a kind without an exact method) */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_explainer_new(vouch_ctx *ctx, const vouch_model *model,
                                                          const vouch_table *background,
                                                          vouch_explainer **out_explainer);
/* Against those of table whom the model would approve with the highest probability: the 5 % of the rows at or
 * just below cutoff, fewer when fewer are approved (comment 9(b)(2)-5, method a).
 * Fails  as vouch_explainer_new; E_DATA when nobody is approved */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_explainer_new_just_approved(vouch_ctx *ctx,
                                                                        const vouch_model *model,
                                                                        const vouch_table *table,
                                                                        double cutoff,
                                                                        vouch_explainer **out_explainer);
/* Without a population: path-dependent values, by the covers that training left in the trees, as boosting
 * libraries give them. They explain a model, never a decline. Where a split's children have no cover they
 * count half each; vouch_explainer_uncovered says how many there are. Fails  E_ARG (not made of trees, linear
 * trees, no covers), E_LIMIT (trees over 64 nodes deep) */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_explainer_new_by_cover(vouch_ctx *ctx, const vouch_model *model,
                                                                   vouch_explainer **out_explainer);
VOUCH_API size_t vouch_explainer_uncovered(const vouch_explainer *explainer);
VOUCH_API void vouch_explainer_free(vouch_explainer *explainer); /* NULL is fine */

/* A background kept in a file, as counts that name no row, and back for the same model.
 * Fails  E_ARG (an explainer by cover), E_IO; E_FORMAT (not an explainer, or of another model) */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_explainer_save(vouch_ctx *ctx, const vouch_explainer *explainer,
                                                           const char *path);
VOUCH_API VOUCH_MUST_USE vouch_status vouch_explainer_load(vouch_ctx *ctx, const vouch_model *model,
                                                           const char *path, vouch_explainer **out_explainer);
VOUCH_API uint64_t vouch_explainer_rows(const vouch_explainer *explainer); /* of the background; 0 by cover */

/* What belongs to the values of one row. */
typedef struct vouch_explanation {
    double base;     /* mean raw of the background, or of the leaves by cover */
    double sum;      /* the model's leaves or points for this row, added in double */
    double residual; /* base + values - sum: within 1e-9 of max(1, |sum|) */
    double
        source_gap; /* the score as the model gives it - sum: float rounding of an imported model; else 0 */
} vouch_explanation;

/* One row [inputs] as vouch_scorer_row takes it; out_value [inputs]; out_explanation may be NULL. Allocates
 * nothing, takes no lock. */
VOUCH_API void vouch_explainer_row(const vouch_explainer *explainer, const double *row, double *out_value,
                                   vouch_explanation *out_explanation);
/* out [rows x inputs], base [1] = mean raw of the background; sums to raw within 1e-9 relative. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_explainer_values(vouch_ctx *ctx, const vouch_explainer *explainer,
                                                             const vouch_table *table, double *out_value,
                                                             double *out_base);
/* The same, with what belongs to each row: out_explanation [rows]. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_explainer_explain(vouch_ctx *ctx,
                                                              const vouch_explainer *explainer,
                                                              const vouch_table *table, double *out_value,
                                                              vouch_explanation *out_explanation);
/* What inputs do two by two: out [rows x inputs x inputs], symmetric. Off the diagonal half of the Shapley
 * interaction index of the pair; on it what is left, so that each row of a matrix adds up to the input's
 * value. Some milliseconds a row for 500 trees of depth 6. Source  Grabisch & Roubens, Int. J. Game Theory 28
 * (1999) 547-565; Lundberg et al. (2020), section 2.3 */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_explainer_interactions(vouch_ctx *ctx,
                                                                   const vouch_explainer *explainer,
                                                                   const vouch_table *table,
                                                                   double *out_value);

/* What a declined applicant could do: the cheapest changes of a row after which the model approves it, under
 * rules of what may change at all. Each number takes the value that it has or a multiple of its step, each
 * category one that is allowed; of these rows (for trees only finitely many differ) the cheapest is searched
 * by branch and bound, so that every answer carries a bound which is proven: nothing cheaper than it keeps
 * the rules. Immutable; any number of threads may use one. The model is borrowed.
 *
 * Rules, a mapping in YAML or JSON from input to a word (free, fixed, up, down) or to a mapping:
 *   move    free, fixed, up or down                  low, high  the range that an answer may lie in
 *   weight  what its cost is multiplied by           step       answers are multiples of it
 *   only    categories that may be answered
 * '*' is for all inputs that are not named. Without a rule an input is free; low and high are the
 * population's, and the step is 1 where its values are whole, else the power of ten just below a thousandth
 * of its range. Missing values, special codes and categories never seen stay as they are, and are never
 * proposed.
 *
 * Cost of a change, by the population:
 *   "quantile"  the share of it that is passed: |F(new) - F(old)|, F with half of ties, linear in between
 *   "mad"       |new - old| / median absolute deviation
 * and 1 for a category; times weight, plus per_change for each input that changes; summed over inputs.
 * Source  Ustun, Spangher & Liu, FAT* (2019) 10-19; Wachter, Mittelstadt & Russell, Harvard J. Law & Tech. 31
 * (2018) 841-887; Cui, Chen, He & Chen, KDD (2015) 179-188 */
typedef struct vouch_recourse vouch_recourse;

typedef struct vouch_recourse_options { /* all 0 will do, but for cutoff */
    double cutoff;                      /* approved at or below this P(bad) */
    const char *rules;                  /* NULL: every input is free */
    const char *cost;                   /* NULL: "quantile" */
    double per_change;                  /* >= 0 */
    size_t max_changes;                 /* most inputs that an answer changes; 0: any number */
    size_t answers; /* how many, at most 16; 0: one. Each leaves something as it is that any earlier one
                       changes, and is the cheapest that does */
    size_t nodes;   /* boxes looked at before the search for an answer stops; 0: 20,000 */
    double seconds; /* the same by time, when the result hangs on the machine; 0: no limit */
    double gap;     /* stop when the cost is proven to be within this share of the least; 0: when it is */
} vouch_recourse_options;

typedef struct vouch_recourse_answer {
    double cost, bound;      /* bound <= cost: no row that keeps the rules and differs from earlier answers is
                                approved at a lower cost */
    double raw, probability; /* what the model says of the answer */
    size_t changes;
    int is_optimal; /* bound is cost, to rounding */
} vouch_recourse_answer;

/* population: rows that scale costs and bound values. Fails  E_ARG an option;  E_FORMAT rules, with line and
 * column;  E_DATA a column is missing, no rows */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_recourse_new(vouch_ctx *ctx, const vouch_model *model,
                                                         const vouch_table *population,
                                                         const vouch_recourse_options *options,
                                                         vouch_recourse **out_recourse);
VOUCH_API void vouch_recourse_free(vouch_recourse *recourse);            /* NULL is fine */
VOUCH_API size_t vouch_recourse_answers(const vouch_recourse *recourse); /* at most */

/* row [inputs] as vouch_scorer_row takes it; out_row [answers x inputs], out_answer [answers], by cost. An
 * approved row has one answer, itself. *out_bound: what the next answer, if there is one, costs at least;
 * INFINITY when it is proven that there is none. Runs on the calling thread.
 * Fails  E_DATA a row that the model refuses to score;  E_CANCELLED, E_NOMEM */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_recourse_find(vouch_ctx *ctx, const vouch_recourse *recourse,
                                                          const double *row, double *out_row,
                                                          vouch_recourse_answer *out_answer, size_t *out_n,
                                                          double *out_bound);

#ifdef __cplusplus
}
#endif
#endif
