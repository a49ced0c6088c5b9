/* fairness/fair_suite.h: fair-lending evidence under the legal profiles of a portfolio. */
#ifndef VOUCH_FAIR_SUITE_H
#define VOUCH_FAIR_SUITE_H

#include "data/split.h"
#include "evidence/evidence.h"
#include "explain/shapley.h"
#include "vouch/fairness.h"

/* A legal profile: legal/<name>.yaml with name, title, citation, from, until (null: open), note, tests: test
 * id -> run | advisory | blocked, and grounds: ground -> {columns: words of names of columns, values: what
 * such a column holds}. A test that a profile doesn't name is advisory under it. Fails E_FORMAT with
 * "name:line:column: ..." and, for an unknown key, the nearest right one. */
typedef struct vouch__legal vouch__legal;
typedef enum vouch__legal_mode {
    VOUCH__LEGAL_ADVISORY,
    VOUCH__LEGAL_RUN,
    VOUCH__LEGAL_BLOCKED
} vouch__legal_mode;
vouch_status vouch__legal_read(vouch_ctx *ctx, const char *name, const char *yaml, size_t len,
                               vouch__legal **out_legal);
void vouch__legal_free(vouch__legal *legal);
/* Together: a test required by one profile and blocked by another is E_CONFLICT, naming both. date: days
 * since 1970; a profile not in force then is E_ARG. */
vouch_status vouch__legal_check(vouch_ctx *ctx, size_t n, vouch__legal *const *legal, int32_t date);
/* What a test is under all of them together: blocked over run over advisory, and which profile says so.
 * Without profiles everything is advisory: measured and documented. */
vouch__legal_mode vouch__legal_of(size_t n, vouch__legal *const *legal, const char *test,
                                  const char **out_by);

const vouch__json *vouch__legal_root(const vouch__legal *legal); /* the file, for reports */
/* The ground that a column's name speaks of ("sex"), or, of text columns, that two of its values do; NULL:
 * none. */
const char *vouch__legal_ground(const vouch__legal *legal, const char *column);
const char *vouch__legal_value_ground(const vouch__legal *legal, size_t n, const char *const *text);
/* The column speaks of a ground of one of them, or one lists none, or there are none. */
bool vouch__legal_covers(size_t n, vouch__legal *const *legal, const char *column);

typedef struct vouch__fair_data {
    const vouch_table *table;
    const vouch__split *split;
    const size_t *protected_column; /* measured, never modelled */
    size_t n_protected;
    const size_t *feature;
    size_t n_features;
    double min_group; /* smaller groups are said to be too small; default 30 */
    uint64_t seed;
    bool is_sample;        /* cases of a file, all in TRAIN, not a project: */
    const char *part_name; /* then, of entries; may be NULL */
} vouch__fair_data;

/* fairness.prohibited: no protected column, nor a column equal to one up to coding, is an input of the model.
 */
vouch_status vouch__fair_scan(vouch_ctx *ctx, const vouch__fair_data *data, const vouch_model *model,
                              vouch__evidence *list);
/* fairness.proxy: how well each feature alone tells each protected group from the rest (AUC on train, p-value
 * Holm-adjusted over features and groups; a finding needs both significance and an effect above the policy's
 * limit), and the score. */
vouch_status vouch__fair_proxy(vouch_ctx *ctx, const vouch__fair_data *data, vouch__evidence *list);
/* fairness.air, .smd, .error_rates (false positive and negative gaps at the cut-off), .score_proxy, .flip;
 * for each protected column, its groups against the largest (numbers cut at 40 and 62 for a column named
 * AGE-like, else at quartiles). approve [n] of part rows. */
vouch_status vouch__fair_outcomes(vouch_ctx *ctx, const vouch__fair_data *data, const vouch_model *model,
                                  vouch__part part, const double *raw, const uint8_t *approve,
                                  const uint8_t *bad, vouch__legal *const *legal, size_t n_legal,
                                  vouch__evidence *list);

#endif
