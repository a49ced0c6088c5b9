/* run/lda.h: the search for less discriminatory alternatives of one model of a project. Candidates differ
 * from the baseline in inputs left out, parameters, seeds and cut-offs, and where the legal profiles allow it
 * in weights or cut-offs by group. Protected columns are measured and never an input. Everything is chosen on
 * tune; test is read once, for the baseline and the chosen one. */
#ifndef VOUCH_LDA_H
#define VOUCH_LDA_H

#include "fairness/alternatives.h"
#include "run/job.h"

enum { VOUCH__LDA_SHARES = 16, VOUCH__LDA_PROTECTED = 16 };

/* What is looked for: the project's "alternatives", completed. */
typedef struct vouch__lda_rules {
    const vouch__model_plan *plan;
    const char *approver;                           /* person and key */
    size_t column[VOUCH__LDA_PROTECTED], n_columns; /* protected columns, of the table */
    vouch__disparity_measure measure;
    bool by_profit;
    vouch__payoff payoff;
    double margin, min_group;
    size_t candidates, drop, seeds;
    double share[VOUCH__LDA_SHARES]; /* approved, beside the baseline's own; profit only */
    size_t n_shares;
    const vouch__json *vary; /* parameter -> values, or NULL: the kind's usual ones */
    bool reweighs, cuts_by_group;
    const char *measure_by, *allowed_by; /* profiles */
} vouch__lda_rules;

/* What the law says, before anything is read; then what people said; then the rest.
 * Fails E_FORMAT  with file, line, column;  E_CONTROL  a profile blocks the search or a mitigation, or none
 * allows it */
vouch_status vouch__lda_allow(vouch_ctx *ctx, const vouch__job *job, vouch__lda_rules *out);
/* An approver's word for this search, in the ledger; and whether it is there. model: as asked for, or NULL.
 * Fails E_DENIED  the key is no approver's, or is one no more;  E_CONTROL  nobody approved the search as it
 * stands, or who did would run it */
vouch_status vouch__lda_approve(vouch_ctx *ctx, const vouch__job *job, const char *model, vouch_store *store,
                                const vouch_key *key, int64_t *out_seq);
vouch_status vouch__lda_approved(vouch_ctx *ctx, vouch__job *job, const char *model, vouch_store *store,
                                 const vouch_key *developer, vouch__lda_rules *rules);
vouch_status vouch__lda_rules_read(vouch_ctx *ctx, const vouch__job *job, const char *model,
                                   size_t candidates, vouch__lda_rules *out);

typedef struct vouch__lda_try {
    const char *way, *what; /* "inputs"; "without income, postal_area" */
    const size_t *feature;
    size_t n_features;
    const double *value;
    const vouch__json *mapping, *monotone;
    uint64_t seed;
    size_t reweighed, by_group; /* position in rules->column, or SIZE_MAX */
    double share;               /* to approve */
    size_t fit;                 /* tries of one number are one model */
    vouch__candidate c;
    double cutoff, bad_rate; /* of the approved */
    double auc, ratio, difference;
    const char *error;
} vouch__lda_try;

typedef struct vouch__lda_input { /* an input's part in the baseline's gap of log-odds */
    size_t column;
    double part;
} vouch__lda_input;

typedef struct vouch__lda { /* lives in scratch, texts in the job's document */
    vouch__job *job;
    vouch__lda_rules rules;
    const char *out; /* folder where finished candidates are kept, or NULL */
    vouch__groups *tune, *test;
    vouch__scored on_tune; /* of the baseline */
    uint8_t *approve;      /* [tune], of the baseline */
    vouch__lda_input *input;
    size_t n_inputs;
    const char *worst; /* "ethnicity = b, against a" */
    vouch__lda_try *attempt;
    size_t n, chosen, reused; /* chosen: SIZE_MAX where there is none */
    vouch__model_plan plan;   /* of the chosen: the baseline's under another name */
} vouch__lda;

/* Fills in lda but for job, rules and out. Baseline and chosen become the job's contenders. */
vouch_status vouch__lda_search(vouch_ctx *ctx, vouch__lda *lda);
/* The tries after the baseline, which is attempt[0]. */
vouch_status vouch__lda_plan(vouch_ctx *ctx, vouch__lda *lda);
/* The baseline's largest gap of mean log-odds, split among its inputs by Shapley values. */
vouch_status vouch__lda_attribute(vouch_ctx *ctx, vouch__lda *lda);
/* A candidate's results by a hash of all they depend on. path is freed by the caller. */
typedef struct vouch__lda_kept {
    char print[VOUCH__HEX];
    char *path;
} vouch__lda_kept;
/* Fills in the try where its results are kept and can be read. */
vouch_status vouch__lda_kept_find(vouch_ctx *ctx, const vouch__lda *lda, vouch__lda_try *t,
                                  vouch__lda_kept *out, bool *out_found);
vouch_status vouch__lda_keep(vouch_ctx *ctx, const vouch__lda_kept *kept, vouch__lda_try *t);
/* Evidence: the search on tune, and the held-out figures. */
vouch_status vouch__lda_tell(vouch_ctx *ctx, vouch__lda *lda);

/* A contender's rows of a part, decided as a try says. cutoff [VOUCH__GROUPS_MAX]: by group; one that is
 * NaN is made from the share to approve. */
typedef struct vouch__lda_ruled {
    vouch__scored scored;
    vouch__ruling ruling;
    double approved, bad_rate;
} vouch__lda_ruled;
vouch_status vouch__lda_rule(vouch_ctx *ctx, const vouch__lda *lda, const vouch__contender *c,
                             vouch__part part, const vouch__lda_try *by, double cutoff[VOUCH__GROUPS_MAX],
                             vouch__lda_ruled *out);
vouch_status vouch__lda_performance(vouch_ctx *ctx, const vouch__lda *lda, const vouch__ruling *a,
                                    const vouch__ruling *b, vouch__figure *out, vouch__figure *out_against);

#endif
