/* vouch/run.h: the main job. A project file in; models, evidence, a report and ledger entries out.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef VOUCH_RUN_H
#define VOUCH_RUN_H

#include "vouch/explain.h"
#include "vouch/govern.h"
#include "vouch/models.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vouch_run_options {
    const char *project; /* path of vouch.yaml */
    const char *out;     /* folder for models/, evidence.json, scores.parquet, report.html, request.json */
    const char *store;   /* url; NULL: vouch.db beside the project file */
    const vouch_key
        *key; /* the developer's, which signs the run; NULL: nothing is recorded, and the report says so */
    const char *duckdb; /* as in vouch_source */
    int has_seed;       /* override the project's seed */
    uint64_t seed;
    const char *stamp; /* a word across the report, such as DEMO; NULL: none */
} vouch_run_options;

typedef struct vouch_run_result { /* text the caller frees with vouch_run_result_clear */
    char *champion, *why;         /* name, and the sentence that says how it won */
    char *fingerprint;            /* of the champion */
    char *report;                 /* path */
    char *declined; /* one declined applicant of test with reasons, as text for people; NULL when none */
    char *summary;  /* the verdicts, as text for people */
    int failed;     /* how many controls failed */
    int64_t seq;    /* ledger entry; -1 when not recorded */
} vouch_run_result;

/* Fails  E_FORMAT  the project file (message names file, line, column, and the nearest right key)
 *        E_CONTROL the data contract is broken;  and as reading, fitting and recording do.
 * A run that stops leaves no half-written file and no ledger entry. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_run(vouch_ctx *ctx, const vouch_run_options *options,
                                                vouch_run_result *out_result);
VOUCH_API void vouch_run_result_clear(vouch_ctx *ctx, vouch_run_result *result);

/* Search for less discriminatory alternatives of one model of a project: docs/fairness.md. The project's
 * legal profiles must allow it, and an approver must have approved it. */
typedef struct vouch_lda_options {
    const char *project;  /* path of vouch.yaml, whose "alternatives" says what is looked for */
    const char *out;      /* folder for evidence.json, report.html, baseline.vouch and alternative.vouch; each
                             finished candidate is kept there and not fitted again while nothing changes */
    const char *model;    /* of the project; NULL: alternatives.model, else the preferred one */
    size_t candidates;    /* models tried beside the baseline; 0: alternatives.candidates, else 60 */
    const char *store;    /* url, where the approval is; NULL: vouch.db beside the project file */
    const vouch_key *key; /* the developer's, which signs a ledger entry; NULL: nothing is recorded */
    const char *duckdb;   /* as in vouch_source */
} vouch_lda_options;

typedef struct vouch_lda_result { /* text the caller frees with vouch_lda_result_clear */
    char *what;                   /* what was found, in a sentence or two */
    char *summary, *report;       /* verdicts as text for people; path */
    size_t candidates, reused;    /* tried beside the baseline; of which taken from out */
    int found;                    /* an alternative was chosen */
    int64_t seq;                  /* ledger entry; -1 when not recorded */
} vouch_lda_result;

/* An approver's word for a search, as a ledger entry bound to the project file, the model and the legal
 * profiles as they stand. options->key: the approver's; out and candidates are not looked at.
 * Fails  E_CONTROL  a profile blocks the search;  E_DENIED  the key is no approver's */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_lda_approve(vouch_ctx *ctx, const vouch_lda_options *options,
                                                        int64_t *out_seq);

/* Fails  E_CONTROL  a profile blocks the search or a mitigation, none allows it, nobody approved it as it
 *                   stands, or who did would run it;
 *        E_DENIED   the approver is one no more;
 *        E_FORMAT   the project file;  and as reading, fitting and recording do */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_lda(vouch_ctx *ctx, const vouch_lda_options *options,
                                                vouch_lda_result *out_result);
VOUCH_API void vouch_lda_result_clear(vouch_ctx *ctx, vouch_lda_result *result);

/* Explain rows of data by a model file, of any kind with an exact method: docs/explain.md. Texts are as the
 * command line takes them; NULL and 0 are the defaults. */
typedef struct vouch_explain_options {
    const char *model;     /* path of a model file */
    const char *data;      /* rows to explain, as vouch_source.source */
    const char *id;        /* their id column; NULL: rows are numbered from 1 */
    const char *row;       /* explain the row of this id alone (html: show it in full); NULL: all */
    size_t rows;           /* at most the first so many; 0: all */
    const char *reference; /* whom rows are compared with: "all" (default) or "near-cutoff" of the population,
                              or a source of rows */
    const char *population; /* a source; NULL: data */
    double cutoff;          /* decline above this P(bad), which near-cutoff needs; 0: none */
    const char *method; /* "interventional" (default) or "path", which has no reference; reasons: the first */
    const char *groups; /* YAML, {COLUMN: {characteristic, text, code}}; NULL: each input by itself */
    size_t top;         /* most reasons a row; 0: 4 */
    const char *output; /* "csv" (default), "json" or "html", a page with a waterfall and a beeswarm */
    const char *duckdb; /* as in vouch_source */
    uint64_t seed;      /* which rows the beeswarm draws */
} vouch_explain_options;

/* The contributions of every input to raw, with base, residual (base + contributions less the sum of the same
 * leaves in double) and source gap (the model's own raw less that sum; 0 but for float models).
 * *out_text: freed with vouch_text_free.
 * Fails  E_ARG an option (named), a kind without an exact method;  E_NOTFOUND no such file or row
 *        E_FORMAT a model or groups file;  E_DATA, E_LIMIT as vouch_explainer_new */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_explain(vouch_ctx *ctx, const vouch_explain_options *options,
                                                    char **out_text);
/* The principal reasons of every row (with a cut-off: of every row that is declined): contributions summed by
 * characteristic, adverse ones only, largest first, equal ones by name. A declined row without one is
 * referred. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_reasons(vouch_ctx *ctx, const vouch_explain_options *options,
                                                    char **out_text);

typedef struct vouch_counterfactual_options {
    const char *model, *data, *id, *row; /* as in vouch_explain_options */
    size_t rows;
    const char *population;     /* whose rows scale costs and bound values; NULL: data */
    const char *rules;          /* a YAML file: vouch/explain.h; NULL: every input is free */
    vouch_recourse_options how; /* but for its rules */
    const char *output;         /* "text" (default), "csv" or "json" */
    const char *duckdb;
} vouch_counterfactual_options;

/* What every declined row could change to be approved, at least cost, with what is proven of it.
 * *out_text: freed with vouch_text_free.
 * Fails  E_ARG an option;  E_NOTFOUND no such file or row;  E_FORMAT a model or rules file;  E_DATA */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_counterfactual(vouch_ctx *ctx,
                                                           const vouch_counterfactual_options *options,
                                                           char **out_text);

/* Fit one model by a model file's recipe, without a run: a YAML mapping of
 *   target   a column, {column: .., bad: ..} for an event, or {exposure: .., drawn: .., limit: ..} for the
 * share of an exposure at default (form ccf | leq | eadf | balance, outside hold | keep | refuse,
 *            least_undrawn: docs/glm.md);  weight, name   optional
 *   inputs   a list of columns (default: all but those named here or ignored);  ignore   a list
 *   tune     share of the rows held back for choosing (default 0);  seed   which ones (default 1)
 *   model    {kind: glm, ...}: the kind, its parameters and settings, as in a project file
 * *out_summary is text for people (vouch_text_free); either out may be NULL.
 * Fails  E_FORMAT the recipe, naming line and column;  E_DATA a column;  as reading and fitting do */
typedef struct vouch_fit_options {
    const char *recipe; /* path of the YAML file */
    const char *data;   /* as vouch_source.source */
    const char *id;     /* as vouch_source.id: the column that orders rows, never an input; or NULL */
    const char *duckdb;
    const char *resume;     /* NULL, or a model file to grow on from, as vouch_fit_spec has it */
    const char *checkpoint; /* NULL, or a file that is a model every checkpoint_every trees (0: 1) and when
                               the fit is cancelled */
    size_t checkpoint_every;
} vouch_fit_options;
VOUCH_API VOUCH_MUST_USE vouch_status vouch_fit(vouch_ctx *ctx, const vouch_fit_options *options,
                                                vouch_model **out_model, char **out_summary);

/* Reject inference by a recipe, which is that of vouch_fit with
 *   target   {column: .., bad: ..}; rejects' outcomes are not looked at
 *   rejects  {column: .., accepted: VALUE}: whom the past accepted; and optional
 *            method  accepts-only | augmentation | reweighting | hard-cutoff | parcelling | fuzzy (default)
 *            factor  rejects' odds of bad over those of accepts like them (1);  bands (20);  floor  least
 *            chance of acceptance that reweighting counts with (0.05);  truth  a column with every outcome,
 *            for trials
 * Every method is fitted and compared, then fuzzy augmentation at odds times 1, 1.5, 2, 3, 5 and 10.
 * out_model (may be NULL) is that of `method`. Texts are freed with vouch_told_clear. Fails  as
 * vouch_fit;  E_DATA  nobody or everybody was accepted, an accepted row has no outcome */
typedef struct vouch_reject_options {
    const char *recipe, *data, *id, *duckdb; /* as in vouch_fit_options */
} vouch_reject_options;
typedef struct vouch_told {
    char *summary, *evidence, *report; /* for people; canonical JSON; HTML */
} vouch_told;
VOUCH_API VOUCH_MUST_USE vouch_status vouch_reject(vouch_ctx *ctx, const vouch_reject_options *options,
                                                   vouch_model **out_model, vouch_told *out_result);
VOUCH_API void vouch_told_clear(vouch_ctx *ctx, vouch_told *result);

/* A copy of a model whose probability goes through one more map (at most 8), and may have a master scale.
 * raw, points, contributions and reasons stay the model's own. method:
 *   platt, beta, isotonic   fitted to outcomes of data
 *   shift, scale            so that the mean probability over data is `to` exactly: log-odds plus, or
 *                           probabilities times, one number
 *   prior                   log-odds + logit(to) - logit(from): Bayes with another share of bads; no data
 *   qmm                     log-odds times b plus a, so that the mean is `to` and the AUC that the
 * probabilities imply is `auc` (NAN: that of the outcomes) pit, ttc                Vasicek's model with
 * correlation rho, into the state z and out of it; z NAN: the state for which the mean over data is `to`
 * grades > 0 adds a scale of geometric PDs from min_pd to max_pd, merged until each grade holds min_share of
 * data. With `optimal` at most so many grades are cut instead that tell most of the outcomes, their observed
 * rates rising, each holding min_share to max_share of data, with Herfindahl's index at most max_herfindahl
 * and neighbours' rates differing with p at most max_p. `scale` names a YAML file of grades instead (docs/
 * calibration.md). grade_pd: the probability becomes its grade's PD. Every step is told in the model's file.
 * Fails  E_ARG (what a method needs), E_DATA (a mean that cannot be met), as scoring and loading do */
typedef struct vouch_calibrate_options {
    const char *model, *data, *id, *duckdb; /* data: as vouch_source.source, or NULL; id as vouch_source.id */
    const char *label, *bad, *weight; /* columns of data, and the label's bad value (NULL: 1), or NULL */
    const char *method;               /* NULL: only a scale */
    double to, from, rho, z, auc;     /* NAN where not given */
    const char *scale;                /* NULL, or a file of grades */
    size_t grades;
    double min_pd, max_pd, min_share, max_share, max_herfindahl, max_p; /* the last three NAN: any */
    int optimal, grade_pd;
} vouch_calibrate_options;
VOUCH_API VOUCH_MUST_USE vouch_status vouch_calibrate(vouch_ctx *ctx, const vouch_calibrate_options *options,
                                                      vouch_model **out_model, vouch_told *out_told);

/* Compare a new batch with the reference of the latest approved model (or `model`), record the verdict.
 * *out_summary is text for people, *out_evidence the same as canonical JSON (both freed with
 * vouch_text_free). *out_verdict: 0 pass, 1 advisory, 2 fail. */
typedef struct vouch_monitor_options {
    const char *model;          /* name or fingerprint; NULL: the latest approved */
    const char *batch, *duckdb; /* as vouch_source */
    int maturity; /* > 0: outcomes count only of rows decided so many months before as_of, by the project's
                     decision_time; and what the rows without an outcome could change is told */
    int as_of;    /* at the end of which month outcomes were read, as 202609; 0: that of the last decision */
} vouch_monitor_options;
VOUCH_API VOUCH_MUST_USE vouch_status vouch_monitor(vouch_ctx *ctx, vouch_store *store, const vouch_key *key,
                                                    const vouch_monitor_options *options, char **out_summary,
                                                    char **out_evidence, int *out_verdict);

/* An entry of kind edit in the store's ledger: a model that vouch_model_edit changed, by a developer's key.
 * Both files and the text of the edits are kept as objects. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_model_edit_record(vouch_ctx *ctx, vouch_store *store,
                                                              const vouch_key *key, const vouch_model *before,
                                                              const vouch_model *after, const char *edits,
                                                              int64_t *out_seq);

/* Recompute and compare byte for byte. what: a model's fingerprint prefix or name (fit again from the
 * recorded project and data), "evidence:KEY" of the latest run, or a decision id. Fails E_CORRUPT saying what
 * differs: data, project, code version or the result. */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_replay(vouch_ctx *ctx, vouch_store *store, const char *what,
                                                   const char *duckdb, char **out_message);

/* Bins as a page: their table, a plot of their levels or, of two columns, a map, and the price of every
 * trend. bins: the JSON of vouch_bin or vouch_bin_pair on table; grid: of the latter, else NULL; source: of
 * the data, as it is to be told. Fails E_FORMAT (not such JSON), E_NOMEM */
VOUCH_API VOUCH_MUST_USE vouch_status vouch_bin_page(vouch_ctx *ctx, const vouch_table *table,
                                                     const char *source, const char *bins,
                                                     const vouch_table *grid, char **out_html);

#ifdef __cplusplus
}
#endif
#endif
