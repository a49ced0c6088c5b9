/* data/check_tools.h: what several checks of a table need. */
#ifndef VOUCH_CHECK_TOOLS_H
#define VOUCH_CHECK_TOOLS_H

#include "data/checks.h"
#include "evidence/test.h"

/* The rows of the checks. */
extern const vouch_test vouch__test_data_profile, vouch__test_data_missing, vouch__test_data_constant,
    vouch__test_data_duplicate_rows, vouch__test_data_conflicting_labels, vouch__test_data_high_cardinality,
    vouch__test_data_special, vouch__test_data_class_balance, vouch__test_data_overlap,
    vouch__test_data_unseen, vouch__test_data_identifier, vouch__test_data_single_auc,
    vouch__test_data_available_at, vouch__test_data_contract;

/* A table to be checked. */
typedef struct vouch__checked {
    const vouch_table *table;
    const vouch__data_spec *spec;
    const vouch__split *split; /* of the leakage checks */
    vouch__evidence *list;
    const vouch_test *only; /* the one check that is wanted; NULL: all */
} vouch__checked;
static inline bool vouch__check_wants(const vouch_test *only, const vouch_test *test)
{
    return !only || only == test;
}
vouch_status vouch__quality_parts(vouch_ctx *ctx, const vouch__checked *checked);
vouch_status vouch__leakage_parts(vouch_ctx *ctx, const vouch__checked *checked);
vouch_status vouch__contract_parts(vouch_ctx *ctx, const vouch__checked *checked);
/* Put one of them to the sample of a test. Where the test is called with a reference, the reference trains
 * and the sample tests; else a random half of the rows does. */
vouch_status vouch__check_call(vouch_ctx *ctx, const vouch__test_call *call,
                               vouch_status (*part)(vouch_ctx *ctx, const vouch__checked *checked));

/* What is not known of an outcome. */
enum { VOUCH__BAD_UNKNOWN = 2 };
/* out[rows]: 1 where the target has the bad value, 0 where another, VOUCH__BAD_UNKNOWN where it is missing or
 * there is no target. */
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
