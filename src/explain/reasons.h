/* explain/reasons.h: the principal reasons for an adverse decision. Shapley values in log-odds are summed by
 * characteristic, then ranked; adverse ones only; ties by the characteristic's name. The reference population
 * makes the method: all training applicants (b, "average-applicant") or those at or just above the cut-off
 * (a, "just-approved"): DESIGN of both, comment 9(b)(2)-5 of Supplement I to Part 1002. */
#ifndef VOUCH_REASONS_H
#define VOUCH_REASONS_H

#include "explain/shapley.h"

/* What moved the log-odds by no more than rounding can is no reason. */
#define VOUCH__ADVERSE_MIN 1e-9

typedef struct vouch__characteristic {
    char *name, *text; /* the words a customer reads; "{}" never appears */
    char *code;        /* the institution's own, such as "R07"; NULL: none */
} vouch__characteristic;

typedef struct vouch__reason_map { /* input -> characteristic */
    size_t n_inputs, n;
    size_t *of;                /* [n_inputs] */
    vouch__characteristic *at; /* [n], sorted by name */
    size_t *begin,
        *member; /* inputs of c: member[begin[c] .. begin[c + 1]), ascending; [n + 1], [n_inputs] */
    vouch_alloc alloc;
} vouch__reason_map;

/* From the project's `reasons:` mapping, {COLUMN: {characteristic: name, text: words,
 * code: short}} (NULL: each input its
 * own characteristic, named by itself). Every input gets one; an entry that names no input of the model is
 * ignored. Where inputs share a characteristic, the first input's text and code that are given stand; without
 * a text, the name does. Fails E_FORMAT, naming line and column: an entry of another form. */
vouch_status vouch__reason_map_make(vouch_ctx *ctx, const vouch__inputs *inputs, const vouch__json *reasons,
                                    vouch__reason_map *out_map);
void vouch__reason_map_clear(vouch__reason_map *map); /* a zeroed one is fine */

/* {"of": [input -> index], "characteristics": [{name, text, and code where there is one}]}, and back. Fails
 * E_FORMAT. */
vouch__json *vouch__reason_map_save(const vouch__reason_map *map, vouch__doc *doc);
vouch_status vouch__reason_map_load(vouch_ctx *ctx, size_t n_inputs, const vouch__json *saved,
                                    vouch__reason_map *out_map);

typedef struct vouch__reason {
    size_t characteristic; /* index into the map */
    double log_odds;       /* > 0: how much it raised the risk against the reference population */
    double share;          /* of the sum of all adverse characteristics */
} vouch__reason;

/* Rank one row's Shapley values[n_inputs]; writes at most `most` reasons and returns how many. 0: refer. */
size_t vouch__reasons_rank(const vouch__reason_map *map, const double *value, size_t most,
                           vouch__reason *out);
/* The sum of one characteristic's values, in input order. */
double vouch__characteristic_sum(const vouch__reason_map *map, size_t characteristic, const double *value);

#endif
