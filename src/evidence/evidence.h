/* evidence/evidence.h: what every control hands over. One entry is one JSON object of
 * one shape; a list of them is the evidence of a run. Entries hold no times, no paths of
 * machines and nothing that differs between two runs of the same work. Reports, consoles
 * and cards are views of entries and compute nothing.
 *
 * An entry:
 *   id           "validate.auc", the row in policy and controls that judges it
 *   key          unique in the run: id, then model, part and subject where they apply, with "/" between; a
 *                second entry that is about the same has "#2" behind it
 *   section      data | split | fit | validate | explain | fairness | compare | decide | portfolio | monitor
 *   title, purpose, method, convention, source       sentences
 *   model, part, subject                             what it is about
 *   n, n_bad                                         sample sizes
 *   value, unit; interval {level, low, high, method}; null, statistic, p_value, critical
 *   policy {name, version, direction, advisory, fail}; verdict; note
 *   tables { name: {columns: [..], rows: [[..]..]} }; plot {type, table, x, y, ...}
 *   fingerprints {data, model, code, params, seed}   added by run/ when the entry is closed
 *
 * id, key, section and verdict are always there; every other member is left out where there is nothing to
 * say (a NULL text, a NAN number, an id without a limit). An infinite number is text, "Infinity".
 */
#ifndef VOUCH_EVIDENCE_H
#define VOUCH_EVIDENCE_H

#include "base/json.h"

#include <math.h>

typedef enum vouch__verdict {
    VOUCH__PASS,
    VOUCH__ADVISORY, /* beyond the advisory limit */
    VOUCH__FAIL,
    VOUCH__INFO,           /* a number nobody judges */
    VOUCH__NOT_APPLICABLE, /* the note says why */
    VOUCH__REFUSED         /* asked for, but the data do not allow it: the note says why */
} vouch__verdict;
const char *vouch__verdict_name(vouch__verdict verdict); /* "pass", "advisory", ... "not-applicable" */

/* Limits by test id, read from a policy YAML: {name: .., version: .., limits: {id: {direction: above|below,
 * advisory: x, fail: y}}}. direction says on which side trouble lies; a value at a limit is within it. Either
 * limit may be left out. A NULL policy judges nothing. policy/default.yaml, with reasons, is embedded.
 * Fails  E_FORMAT  "name:line:column: ..." and, for an unknown key, the nearest right one */
typedef struct vouch__policy vouch__policy;
typedef struct vouch__limit {
    const char *id;
    bool is_above;         /* trouble lies above the limits; else below */
    double advisory, fail; /* NAN where there is none */
} vouch__limit;
vouch_status vouch__policy_read(vouch_ctx *ctx, const char *name, const char *yaml, size_t len,
                                vouch__policy **out_policy);
void vouch__policy_free(vouch__policy *policy);
const char *vouch__policy_name(const vouch__policy *policy); /* NULL policy: NULL */
const char *vouch__policy_version(const vouch__policy *policy);
/* NULL when policy is, or has none on id. */
const vouch__limit *vouch__policy_limit(const vouch__policy *policy, const char *id);
vouch__verdict vouch__limit_judge(const vouch__limit *limit, double value); /* NaN is REFUSED */

typedef struct vouch__evidence { /* a list being made */
    vouch__doc *doc;
    vouch__json *entries; /* array */
    const vouch__policy *policy;
    vouch__verdict worst; /* FAIL over ADVISORY over PASS, over what has been added */
} vouch__evidence;

vouch_status vouch__evidence_new(vouch_ctx *ctx, const vouch__policy *policy, vouch__evidence *out_list);
void vouch__evidence_free(vouch__evidence *list);

/* What an entry starts from. Text members may be NULL; numbers NAN where there is none. */
typedef struct vouch__entry {
    const char *id, *section, *title, *purpose, *method, *convention, *source;
    const char *model, *part, *subject, *unit, *note, *null_hypothesis, *interval_method;
    double n, n_bad, value, level, low, high, statistic, p_value, critical;
    vouch__verdict verdict; /* used when judged is false */
    bool judged;            /* the policy's limit on id decides; INFO when it has none */
} vouch__entry;
#define VOUCH__ENTRY(...)                                                                                    \
    (vouch__entry)                                                                                           \
    {                                                                                                        \
        .n = NAN, .n_bad = NAN, .value = NAN, .level = NAN, .low = NAN, .high = NAN, .statistic = NAN,       \
        .p_value = NAN, .critical = NAN, .verdict = VOUCH__INFO, __VA_ARGS__                                 \
    }

/* Add an entry and return its object, for tables and plot. Never fails by itself: the
 * list's doc holds what stuck (vouch__doc_status). */
vouch__json *vouch__evidence_add(vouch__evidence *list, const vouch__entry *entry);

/* Add a copy of an entry that another list has judged; its key is made anew. */
vouch__json *vouch__evidence_take(vouch__evidence *list, const vouch__json *entry);

/* Add a table to an entry: columns are comma-separated names. Then a row at a time. */
vouch__json *vouch__evidence_table(vouch__evidence *list, vouch__json *entry, const char *name,
                                   const char *columns);
vouch__json *vouch__evidence_row(vouch__evidence *list, vouch__json *table); /* returns the row, an array */
void vouch__row_number(vouch__evidence *list, vouch__json *row, double value);
void vouch__row_text(vouch__evidence *list, vouch__json *row, const char *text);

/* type: line | bars | points | steps | heat | waterfall | interval. x, y: column names of
 * table; y may name several, comma-separated. Labels are for people. */
void vouch__evidence_plot(vouch__evidence *list, vouch__json *entry, const char *type, const char *table,
                          const char *x, const char *y, const char *x_label, const char *y_label);

/* Holm's step-down adjustment of n p-values (Scand. J. Stat. 6, 1979); out may be p. NaN stays NaN
 * and does not count. */
vouch_status vouch__holm(vouch_ctx *ctx, size_t n, const double *p, double *out);

/* Benjamini and Hochberg's step-up adjustment (J. R. Stat. Soc. B 57, 1995): what is at most q has a false
 * discovery rate of at most q. As vouch__holm otherwise. */
vouch_status vouch__benjamini_hochberg(vouch_ctx *ctx, size_t n, const double *p, double *out);

#endif
