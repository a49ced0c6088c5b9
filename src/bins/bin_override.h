/* bins/bin_override.h: bins that people have decided on, read from the file that they sign.
 *
 *   title: words                           optional
 *   overrides:
 *     - column: income
 *       splits: [1000, 2500]               all ends of its ranges; a value equal to one lies below it
 *       by: Jane Doe                       who decided
 *       reason: words                      why
 *       on: "2026-03-10"                   when; optional
 *     - column: purpose
 *       groups: [[car, radio], [business]] sets of categories; what is in none of them goes together
 *       ...
 *     - column: age
 *       merge: [[2, 3]]                    bins of the automatic binning, numbered from 1, taken together
 *       ... */
#ifndef VOUCH_BIN_OVERRIDE_H
#define VOUCH_BIN_OVERRIDE_H

#include "base/hash.h"
#include "base/json.h"

enum { VOUCH__OVERRIDE_SPLITS = 200, VOUCH__OVERRIDE_FILE = 1 << 20 };

typedef struct vouch__override { /* one of splits, groups and merge is there; texts are the document's */
    const char *column, *by, *reason, *on; /* on: NULL where it is not given */
    const vouch__json *at;                 /* where it stands, for messages */
    const double *split;
    size_t n_splits;
    const vouch__json *groups, *merge;
} vouch__override;

typedef struct vouch__overrides {
    const char *name, *title; /* name: of the file, for messages; title: NULL where it is not given */
    char hash[VOUCH__HEX];    /* SHA-256 of the text */
    const char *signer, *signed_on,
        *key; /* who signed it when, by which key; NULL: nobody. Set by who checks */
    vouch__override *at;
    size_t n;
    vouch__doc *doc;
    vouch_alloc alloc;
} vouch__overrides;

/* Fails E_FORMAT  "name:line:column: what" */
vouch_status vouch__overrides_read(vouch_ctx *ctx, const char *name, const char *text, size_t len,
                                   vouch__overrides *out);
void vouch__overrides_clear(vouch__overrides *overrides); /* a zeroed one is fine */
const vouch__override *vouch__override_of(const vouch__overrides *overrides,
                                          const char *column); /* or NULL */
/* The group that holds bin number `bin` of merge, counted from 0; SIZE_MAX: none. */
size_t vouch__override_merged(const vouch__override *o, size_t bin);
/* The group that names a category; the number of groups: none does. */
size_t vouch__override_group(const vouch__override *o, const char *category);
/* Merges and groups that name what is not there: n_bins automatic bins (neighbours only where is_range), or
 * categories. Fails E_FORMAT at its line. */
vouch_status vouch__override_check(vouch_ctx *ctx, const vouch__overrides *overrides,
                                   const vouch__override *o, size_t n_bins, bool is_range,
                                   const char *const *category, size_t n_categories);

#endif
