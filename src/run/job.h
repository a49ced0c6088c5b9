/* run/job.h: one run in memory, from the table to the evidence. Computing touches no store and writes no
 * file, so that replay can do the same work and compare. */
#ifndef VOUCH_JOB_H
#define VOUCH_JOB_H

#include "decide/policy.h"
#include "evidence/test.h"
#include "explain/explain_suite.h"
#include "fairness/fair_suite.h"
#include "run/project.h"
#include "validate/suite.h"

enum { VOUCH__LEGAL_MAX = 8 };

typedef struct vouch__contender { /* one model of the run and all that was made with it */
    const vouch__model_plan *plan;
    vouch_model *model;
    vouch__binding binding;
    double *raw, *probability;            /* [rows of the table]; of a number the mean, not a probability */
    int32_t *points;                      /* [rows], or NULL */
    vouch__json *log;                     /* what the fit told, in the evidence's document */
    vouch_explainer *all, *just_approved; /* the two official reference populations */
    vouch_explainer *own;                 /* against points, where the project asks for it; or NULL */
    vouch__reason_map map;
    double cutoff,
        share;         /* of an event: approve when probability <= cutoff; share approved on tune; else NAN */
    vouch__buf bundle; /* what the server loads */
    vouch__buf reference; /* what monitoring compares with: canonical JSON */
} vouch__contender;

typedef struct vouch__job {
    vouch__project project;
    const char *duckdb, *stamp;
    vouch__policy *policy;
    vouch__legal *legal[VOUCH__LEGAL_MAX];
    size_t n_legal;

    const vouch_table *table;    /* with rejects: of the accepted */
    const vouch_table *rejected; /* the others, or NULL */
    char data[VOUCH__HEX];       /* fingerprint */
    vouch__data_spec spec;
    size_t *feature, *protected_column, n_protected, target_column;
    const vouch__law *law; /* the project's, settled by the outcomes */
    double *target;        /* [rows]: 1 or 0 of an event, else the outcome by unit of exposure */
    uint8_t *bad;          /* [rows], of an event; else NULL */
    double *weight;        /* [rows] times exposure, or NULL */
    vouch__split split;

    vouch__contender contender[VOUCH__MODELS_MAX];
    size_t n_contenders, champion;
    char why[512]; /* how the champion won */

    vouch__evidence list; /* everything found */
    vouch__json *root;    /* evidence.json */
    vouch_alloc alloc;
} vouch__job;

/* Zero the job, give it its project (taken) and run every stage. On failure the job is cleared. A job
 * holds pointers into itself: it can't be copied.
 */
vouch_status vouch__job_run(vouch_ctx *ctx, vouch__project *project, const char *duckdb, const char *stamp,
                            vouch__job *job);
void vouch__job_clear(vouch__job *job);

/* The stages, in order. open: policy and legal profiles; takes the project. */
vouch_status vouch__job_open(vouch_ctx *ctx, vouch__project *project, const char *duckdb, const char *stamp,
                             vouch__job *job);
vouch_status vouch__job_read(vouch_ctx *ctx,
                             vouch__job *job); /* table, roles, contract, quality, split, leakage */
vouch_status vouch__job_fit(vouch_ctx *ctx, vouch__job *job); /* models and the scores of every row */
/* then the law's stages: validation, comparison, cut-off */
vouch_status vouch__job_explain(vouch_ctx *ctx,
                                vouch__job *job); /* explanations, reasons, fair lending, bundles */
vouch_status vouch__job_close(vouch_ctx *ctx, vouch__job *job); /* the evidence's root */

/* What differs from a plan of the project. NULL: as there. */
typedef struct vouch__variation {
    const size_t *feature; /* [n_features] columns of the table */
    size_t n_features;
    const double *value;                   /* [kind->n_params] */
    const vouch__json *mapping, *monotone; /* settings, without what is no input */
    const double *weight;                  /* [rows of the table] */
    bool has_seed;
    uint64_t seed;
    const vouch_table *table; /* not NULL: train and tune are rows of it, with targets and weights */
    vouch__part_rows train, tune;
} vouch__variation;
/* The model of a plan. log as vouch__contender_fit has it. */
vouch_status vouch__plan_fit(vouch_ctx *ctx, const vouch__job *job, const vouch__model_plan *plan,
                             const vouch__variation *varied, vouch__json *log, vouch_model **out_model);
/* job_rejects.c: the table in two, by what the project says of rejects; and a plan's model by its method,
 * with entries about every method and belief. */
vouch_status vouch__job_part_rejects(vouch_ctx *ctx, vouch__job *job, const vouch_table *all);
vouch_status vouch__job_fit_rejects(vouch_ctx *ctx, vouch__job *job, const vouch__model_plan *plan,
                                    vouch__json *log, vouch_model **out_model);
/* Fit a plan and score every row of the table. varied may be NULL; log (an object of the evidence's document)
 * too. out is to be cleared whatever came of it. */
vouch_status vouch__contender_fit(vouch_ctx *ctx, const vouch__job *job, const vouch__model_plan *plan,
                                  const vouch__variation *varied, vouch__json *log, vouch__contender *out);
/* The project's calibration on tune: the model, and what it says of every row. Entries go to list, where
 * there is one. */
vouch_status vouch__contender_calibrate(vouch_ctx *ctx, const vouch__job *job, vouch__evidence *list,
                                        vouch__contender *contender);
void vouch__contender_clear(const vouch_alloc *alloc, vouch__contender *contender);
/* The cut-off of decide.cutoff, from tune. */
vouch_status vouch__contender_cutoff(vouch_ctx *ctx, const vouch__job *job, vouch__contender *contender);

/* Members of the root that runs and searches share, and what every entry stands on. */
void vouch__job_data_members(vouch__job *job, vouch__json *root);
vouch_status vouch__job_models_member(vouch_ctx *ctx, vouch__job *job, vouch__json *root);
void vouch__job_close_entries(vouch__job *job);
/* The champion's strategy curves and swap sets on test, as a part of assessing. */
vouch_status vouch__job_strategy(vouch_ctx *ctx, vouch__job *job);

/* What a contender's cut-off does to one part. */
typedef struct vouch__outcome {
    double n; /* rows of the part */
    double approved, bad,
        expected; /* of the approved: how many, how many bad, the sum of their probabilities */
} vouch__outcome;
vouch__outcome vouch__job_outcome(const vouch__job *job, const vouch__contender *contender, vouch__part part);

/* Rows of one part with a contender's scores gathered in scratch. */
vouch_status vouch__job_scored(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *contender,
                               vouch__part part, vouch__scored *out_scored);
/* The outcome of a table's rows as models are fitted to it: 1 or 0 of an event, else by unit of exposure; NaN
 * where missing. weight [rows]: times the exposure, as far as the project has them; NULL: not wanted.
 * Fails  E_DATA  a column or a value of one */
vouch_status vouch__outcome_read(vouch_ctx *ctx, const vouch_table *table, const vouch__project *project,
                                 double *out_target, double *weight);

/* What a run does in its own way for outcomes of a kind: the laws say which (run/law.h). */
typedef struct vouch__stages {
    vouch_status (*assess)(vouch_ctx *ctx, vouch__job *job);
    vouch_status (*explain)(vouch_ctx *ctx, const vouch__explain_data *data, vouch__evidence *list);
    vouch_status (*judge_fairness)(vouch_ctx *ctx, vouch__job *job, const vouch__fair_data *data,
                                   const vouch__contender *c);
    vouch_status (*reference)(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *c,
                              vouch__doc *doc, vouch__json **out_reference);
    /* Of the rows of the evidence's members "data" and "split.parts": what happened to them. */
    void (*facts)(const vouch__job *job, size_t n, const uint32_t *row, vouch__doc *doc, vouch__json *object);
    const char *fact_columns; /* the same as columns of split.parts */
    void (*fact_cells)(vouch__job *job, size_t n, const uint32_t *row, vouch__json *cells);
    void (*decision)(vouch__job *job, vouch__json *root); /* NULL: nothing is decided */
    /* One row of test told as a decision: text for people or NULL, and the request that the server takes. */
    vouch_status (*tell)(vouch_ctx *ctx, const vouch__job *job, char **out_text, char **out_request);
    const char *outcome, *prediction; /* names in scores.parquet */
    vouch_type outcome_type;
    const char *headline, *headline_id; /* "AUC", and the evidence that has it */
    const char *const *limits;          /* what the report cannot say, to NULL */
} vouch__stages;
extern const vouch__stages vouch__stages_event, vouch__stages_number;
vouch_status vouch__assess_event(vouch_ctx *ctx, vouch__job *job);
vouch_status vouch__assess_number(vouch_ctx *ctx, vouch__job *job);

/* Rows of one part as tests of the catalogue take them, in scratch: score is the prediction. */
vouch_status vouch__job_sample(vouch_ctx *ctx, const vouch__job *job, const vouch__contender *c,
                               vouch__part part, vouch__sample *out);
/* Put a test to samples; its parameters are the row's but for those that values name and have. before may be
 * NULL. */
typedef struct vouch__given {
    const char *param;
    double value; /* NAN: as the row has it */
} vouch__given;
typedef struct vouch__putting {
    const vouch__sample *now, *before;
    const vouch__contender *of;
    size_t n;
    const vouch__given *values; /* [n] */
} vouch__putting;
vouch_status vouch__job_put(vouch_ctx *ctx, vouch__job *job, const char *id, const vouch__putting *how);

#endif
