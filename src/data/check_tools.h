/* data/check_tools.h: what several checks of a table need. */
#ifndef VOUCH_CHECK_TOOLS_H
#define VOUCH_CHECK_TOOLS_H

#include "data/checks.h"

/* out[rows]: 1 where the target has the bad value, 0 where another; all 0 without a target. Missing counts as
 * not bad: the contract or the split refuses it. */
void vouch__check_bad(const vouch_table *table, const vouch__data_spec *spec, uint8_t *out);

/* out[rows] = a hash of each row's values in the given columns; missing equals missing. Equal rows hash
 * alike; that different rows do has a chance of n^2 / 2^65. */
vouch_status vouch__check_hashes(vouch_ctx *ctx, const vouch_table *table, size_t n_cols, const size_t *col,
                                 uint64_t *out);

/* A row and its hash; sorted by hash, then row. */
typedef struct vouch__keyed {
    uint64_t key;
    uint32_t row;
} vouch__keyed;
void vouch__check_sort(size_t n, vouch__keyed *keyed);

/* The id of a row as text into out (cut to size); "row 17" where there is no id. */
void vouch__check_id(vouch_ctx *ctx, const vouch_table *table, size_t id, size_t row, size_t size, char *out);
/* A value as text, shortened to size. */
void vouch__check_cell(vouch_ctx *ctx, const vouch_table *table, size_t col, size_t row, size_t size,
                       char *out);

/* data.profile: a portrait of every column. */
vouch_status vouch__check_profile(vouch_ctx *ctx, const vouch_table *table, vouch__evidence *list);
/* data.single_auc */
vouch_status vouch__check_single(vouch_ctx *ctx, const vouch_table *table, const vouch__data_spec *spec,
                                 const vouch__split *split, vouch__evidence *list);

#endif
