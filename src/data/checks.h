/* data/checks.h: is the table what it was promised to be, is it sound, and does it know too much? Each check
 * adds evidence; only a broken contract stops a run. */
#ifndef VOUCH_CHECKS_H
#define VOUCH_CHECKS_H

#include "data/split.h"
#include "evidence/evidence.h"

/* What a project declares of one column; what is not declared is NAN, NULL or 0. */
typedef struct vouch__column_rule {
    const char *name;
    bool has_type, required; /* required: no missing values */
    bool missing_expected;   /* absent by design where there is nothing to tell: shown, not judged */
    vouch_type type;
    double min, max;
    size_t n_special, n_allowed;
    const double *special;
    const char *const *allowed; /* set of values, as text */
    const char *available_at;   /* a date or time column, or NULL */
    uint32_t line, column;      /* in the project file */
} vouch__column_rule;

/* Rules from a mapping {column: {type, min, max, special, allowed, required, available_at}}; file is named in
 * messages, texts made of numbers live in doc. *out_rule and *out_n are to be freed after a failure too.
 * Fails E_FORMAT  "file:line:column: ..." */
vouch_status vouch__rules_read(vouch_ctx *ctx, const char *file, const vouch__json *columns, vouch__doc *doc,
                               vouch__column_rule **out_rule, size_t *out_n);
void vouch__rules_free(const vouch_alloc *alloc, vouch__column_rule *rule, size_t n); /* NULL is fine */

typedef struct vouch__data_spec {
    const vouch__column_rule *rule;
    size_t n_rules;
    const size_t *feature; /* columns that may be modelled */
    size_t n_features;
    size_t id, target, time; /* columns; SIZE_MAX where absent */
    double bad;              /* the target's value that means bad */
    bool is_above;           /* bad is a number, and outcomes above it count as bad */
    uint64_t seed;
    double constant_share; /* of the known values, from which one value makes a column constant; 0: all */
} vouch__data_spec;

/* Fails E_CONTROL when the contract is broken: the message names column, how many rows, the first row (by id)
 * and value. Adds data.contract with every breach. */
vouch_status vouch__check_contract(vouch_ctx *ctx, const vouch_table *table, const vouch__data_spec *spec,
                                   vouch__evidence *list);
/* data.missing, .constant, .duplicate_rows, .conflicting_labels, .high_cardinality, .special, .class_balance,
 * .profile */
vouch_status vouch__check_quality(vouch_ctx *ctx, const vouch_table *table, const vouch__data_spec *spec,
                                  vouch__evidence *list);
/* On the split: data.overlap (the same row content in train and test), .unseen (categories), .identifier,
 * .single_auc (Holm-adjusted over features: is one feature's AUC above the limit?), .available_at. */
vouch_status vouch__check_leakage(vouch_ctx *ctx, const vouch_table *table, const vouch__data_spec *spec,
                                  const vouch__split *split, vouch__evidence *list);

#endif
