/* vouch/models.h: models of every kind: load, look at, score.
 *
 * Shared vocabulary
 *   raw          log-odds of the bad event (of other losses the prediction, or its logarithm: docs/models.md)
 *   probability  P(bad), larger is riskier
 *   points       integers, larger is safer; only kinds that have them
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef VOUCH_MODELS_H
#define VOUCH_MODELS_H

#include "vouch/data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Immutable; may be used from many threads at once. */
typedef struct vouch_model vouch_model;

/* Model files: docs/models.md. A file of another version, cut short, or with a changed byte is refused.
 * Fails  E_NOTFOUND, E_FORMAT (not a model file, or another version), E_CORRUPT (SHA-256 differs), E_NOMEM */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_load(vouch_ctx *ctx, const char *path,
                                                       vouch_model **out_model);
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_read(vouch_ctx *ctx, const void *bytes, size_t len,
                                                       vouch_model **out_model);
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_save(vouch_ctx *ctx, const vouch_model *model,
                                                       const char *path);
VOUCH_API void vouch_model_free(vouch_model *model); /* NULL is fine */

VOUCH_API const char *vouch_model_kind_name(const vouch_model *model);   /* "gbdt", "scorecard", "forest" */
VOUCH_API const char *vouch_model_name(const vouch_model *model);        /* as in the project file */
VOUCH_API const char *vouch_model_fingerprint(const vouch_model *model); /* SHA-256 of the file, hex */
VOUCH_API size_t vouch_model_inputs(const vouch_model *model);
VOUCH_API const char *vouch_model_input_name(const vouch_model *model, size_t input);
/* Whether an input of that name is a text; model is a vouch_model. For vouch_source, so that a file of one
 * case whose sex is F is not read as false. */
VOUCH_API int vouch_model_takes_text(const void *model, const char *column);
VOUCH_API int vouch_model_has_points(const vouch_model *model);
/* Grades of the master scale that calibration gave it, 0: it has none; and the grade of a probability, 1 the
 * safest (0 without a scale or a probability). */
VOUCH_API size_t vouch_model_grades(const vouch_model *model);
VOUCH_API size_t vouch_model_grade(const vouch_model *model, double probability);
/* Whether its probability is a share of exposures at default: fitted by a recipe whose target names exposure,
 * drawn and limit (docs/glm.md). */
VOUCH_API int vouch_model_has_exposure(const vouch_model *model);
/* What the model is, as canonical JSON: kind, parameters as used, inputs, and what the kind tells of itself
 * (points table, trees). The caller frees it with vouch_text_free. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_describe(vouch_ctx *ctx, const vouch_model *model,
                                                           char **out_json);

/* Fitting. */

typedef enum vouch_link { VOUCH_LINK_IDENTITY, VOUCH_LINK_LOGIT, VOUCH_LINK_LOG } vouch_link;

/* A loss of the caller's, for kind "gbdt". slopes fills gradient and curvature (>= 0; both finite) of n rows,
 * each from its own raw value and target alone; it is called from several threads at once, twice for each
 * tree. For a model to come out the same everywhere its results must be the same bits for the same arguments,
 * which the C library's exp and log do not promise from one machine to another. The model file keeps link,
 * which says what probability is made of raw; loss and slopes are not kept. */
typedef struct vouch_objective {
    void *self;
    double start;    /* raw of every row before any tree */
    vouch_link link; /* probability: raw held to 0..1, 1 / (1 + exp(-raw)), or exp(raw) held to 0..1 */
    void (*slopes)(void *self, size_t n, const double *raw, const double *target, double *out_gradient,
                   double *out_curvature);
    double (*loss)(void *self, double raw, double target); /* for early stopping; NULL: there is none */
} vouch_objective;

enum { VOUCH_PART_TRAIN = 0, VOUCH_PART_TUNE = 1, VOUCH_PART_NEITHER = 2 };

/* Members may be 0 where so said. */
typedef struct vouch_fit_spec {
    const char *kind; /* NULL: "gbdt" */
    const char *name; /* of the model */
    const vouch_table *table;
    const char *const *inputs; /* [n_inputs] names of columns; NULL: every column */
    size_t n_inputs;
    const double *target; /* [rows] 0/1 (1 = bad), or what the loss takes */
    const double *weight; /* [rows] > 0; NULL: ones */
    const uint8_t *part;  /* [rows] VOUCH_PART_...; NULL: every row trains */
    const char *params;   /* a mapping in YAML or JSON with the keys of a model in a project file, such as
                             "{trees: 200, monotone: {age: down}}"; NULL: defaults */
    uint64_t seed;
    const vouch_objective *objective; /* NULL: the loss that params names */
    const vouch_model *resume;        /* NULL, or a model to grow on from */
    const char *checkpoint; /* NULL, or a file that is a model every checkpoint_every trees (0: 1) and when
                               the fit is cancelled after its first tree */
    size_t checkpoint_every;
} vouch_fit_spec;

/* Fit a model. The same spec gives the same bytes on any number of threads and on any processor; so does
 * growing on from a model (or checkpoint) fitted on the same rows with the same parameters but for trees,
 * whose trees become the first of the new one's. Progress is told by tree; cancelling leaves nothing but the
 * checkpoint.
 * Fails  E_ARG    no such kind, what the kind does not take, or a model that cannot be grown on from
 *        E_FORMAT params are malformed or out of range (named)
 *        E_DATA   targets or weights that the loss does not take, no rows, one outcome, no such column
 *        E_LIMIT, E_CANCELLED, E_IO, E_NOMEM */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_fit(vouch_ctx *ctx, const vouch_fit_spec *spec,
                                                      vouch_model **out_model);

/* Score every row of table. Inputs are found by name; extra columns are ignored. Any out may be NULL.
 *   out_raw, out_probability  [rows]
 *   out_points                [rows], models with points only
 * Fails  E_DATA  an input column is absent or of the wrong type (named) */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_score(vouch_ctx *ctx, const vouch_model *model,
                                                        const vouch_table *table, double *out_raw,
                                                        double *out_probability, int32_t *out_points);

/* Exposures at default of every row, from the columns that the recipe named: out_share the share the model
 * expects, out_exposure the exposure it means, at least what is drawn, out_realised the share that came about
 * (NaN where it is undefined), for data that have the exposure at default. Any out may be NULL; [rows] each.
 * Fails  E_ARG  a model of something else;  E_DATA  as scoring does, or drawn or limit is absent or missing
 */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_exposure(vouch_ctx *ctx, const vouch_model *model,
                                                           const vouch_table *table, double *out_share,
                                                           double *out_exposure, double *out_realised);

/* Exact contributions of each input to raw, against the training population:
 *   out_contribution [rows x inputs], out_base [1]; the sum and base add up to raw within 1e-9 relative.
 * Trees: path-dependent Shapley values. Scorecards: exact, from points. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_contributions(vouch_ctx *ctx, const vouch_model *model,
                                                                const vouch_table *table,
                                                                double *out_contribution, double *out_base);

/* A model of kind "gam" with shapes changed by a person: text is YAML, a mapping whose edits is a list of
 * {input, action, by, why, ...} (docs/gam.md); file is what messages call it. The new model holds every edit
 * with the values before and after. The same model and text give the same bytes. Fails  E_ARG another kind;
 * E_FORMAT file, line and column of what is wrong, also where an edit would break a direction or curve that
 * the input is held to */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_edit(vouch_ctx *ctx, const vouch_model *model,
                                                       const char *file, const char *text,
                                                       vouch_model **out_model);

/* Scoring without a table, for programs that decide one case at a time: what a row needs is prepared once,
 * and after that nothing is allocated, looked up or locked. Any number of threads may use one scorer at once.
 * A row holds the model's inputs in order: numbers as they are, categories as their code, NaN where missing.
 * Scores are those of vouch_model_score, bit for bit, whichever instructions the processor has. */
typedef struct vouch_scorer vouch_scorer;

/* The model is borrowed and must outlive the scorer.    Fails  E_NOMEM */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_scorer_new(vouch_ctx *ctx, const vouch_model *model,
                                                       vouch_scorer **out_scorer);
VOUCH_API void vouch_scorer_free(vouch_scorer *scorer); /* NULL is fine */
/* The code of a category of an input: -1 when the model has never seen it, NaN when text is NULL (missing) or
 * the input is a number. */
VOUCH_API double vouch_scorer_code(const vouch_scorer *scorer, size_t input, const char *text);
/* row [inputs]. Some 1 us for 500 trees of 64 leaves. */
VOUCH_API void vouch_scorer_row(const vouch_scorer *scorer, const double *row, double *out_raw);
/* rows [n x inputs], out_raw [n]: the same bits, for a block of them. Runs on the calling thread. */
VOUCH_API void vouch_scorer_rows(const vouch_scorer *scorer, size_t n, const double *rows, double *out_raw);
VOUCH_API double vouch_scorer_probability(const vouch_scorer *scorer, double raw);

/* The model as text that another system runs, giving the same numbers. Of a scorecard the integer points:
 *   "sql-duckdb", "sql-postgresql", "sql-spark"   one expression over the input columns
 *   "c"      one C11 file without dependencies     "pmml"   a PMML 4.4 Scorecard     "json"   its bins
 * Of gbdt, tree, rules, glm and gam the raw score, in the same forms (docs/models.md); pmml is a TreeModel or
 * a RegressionModel, and the c of trees gives raw bit for bit. Of imported trees:
 *   "c"   one C11 file of tables and a loop; <model's name>_raw(row) gives raw bit for bit
 * The caller frees it with vouch_text_free. Fails E_ARG for a kind without the form; the message lists those
 * there are. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_export(vouch_ctx *ctx, const vouch_model *model,
                                                         const char *form, char **out_text);

/* Models of other libraries: docs/import.md says which files, versions and objectives. */
enum { VOUCH_ITERATIONS_ALL = 0, VOUCH_ITERATIONS_BEST = -1 };
typedef struct vouch_import_options { /* all 0 will do, but for output of a model with several */
    const char *format;               /* NULL, "auto", "xgboost", "lightgbm", "catboost" or "onnx" */
    const char *name;                 /* of the model; NULL: "imported" */
    int lenient;     /* score what the source leaves undefined as the source does, instead of refusing it */
    long iterations; /* how many of its iterations to keep, VOUCH_ITERATIONS_ALL or VOUCH_ITERATIONS_BEST */
    int output;      /* of several (classes), the one that is bad; -1: refuse such a model */
    const char *inputs; /* what to call its inputs, in order, between commas; NULL: as the file has them, or
                           f0, f1 ... */
} vouch_import_options;

/* Take over a trained tree ensemble as a model of kind "forest", which gives the source library's own scores
 * to the last bit. options NULL: as they are, output -1. Time and memory are bounded by the file's length.
 * vouch_model_describe tells the certificate: hashes, semantics, what was checked.
 * Fails  E_FORMAT  the file is not of the format or is not sound; the message names file, field and place
 *        E_LIMIT, E_NOTFOUND, E_IO, E_NOMEM, E_CANCELLED */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_import(vouch_ctx *ctx, const char *path,
                                                         const vouch_import_options *options,
                                                         vouch_model **out_model);
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_import_bytes(vouch_ctx *ctx, const char *name,
                                                               const void *bytes, size_t len,
                                                               const vouch_import_options *options,
                                                               vouch_model **out_model);

/* What the source library itself predicts, all its outputs, bit for bit: out [rows x outputs]. Of other kinds
 * the probability. */
VOUCH_API size_t vouch_model_outputs(const vouch_model *model);
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_predictions(vouch_ctx *ctx, const vouch_model *model,
                                                              const vouch_table *table, double *out);
/* The leaf each row reaches, as the source numbers them: out [rows x trees]. Fails E_ARG for other kinds. */
VOUCH_API size_t vouch_model_trees(const vouch_model *model); /* 0 for other kinds */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_leaves(vouch_ctx *ctx, const vouch_model *model,
                                                         const vouch_table *table, uint32_t *out);

/* The certificate of a model: what vouch_model_describe tells, "structure" (what was checked when it was made
 * or loaded) and, of rows, "self_test": that every set of instructions this processor has scores them in the
 * same bits as the walk that defines the scores, and that raw and probability are what their source gave in
 * the columns named. rows NULL: no self-test; expected NULL: nothing to compare with. out_passed: 1 when all
 * that was tried holds and there was at least one row. The caller frees out_json with vouch_text_free.
 * Fails  E_DATA  a column is absent or not of numbers, or rows are refused (strict) */
typedef struct vouch_self_test {   /* all 0 will do */
    const char *raw, *probability; /* columns of rows, or NULL */
    double within; /* how far from a column a score may be, relative where that is above 1; 0: equal bits */
} vouch_self_test;
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_certify(vouch_ctx *ctx, const vouch_model *model,
                                                          const vouch_table *rows,
                                                          const vouch_self_test *expected, int *out_passed,
                                                          char **out_json);

/* How two models differ, as canonical JSON: "same_scores" and a list of what differs, each with path and both
 * values; of forests the first trees and nodes that do. The caller frees it with vouch_text_free. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_diff(vouch_ctx *ctx, const vouch_model *a,
                                                       const vouch_model *b, char **out_json);

#ifdef __cplusplus
}
#endif
#endif
