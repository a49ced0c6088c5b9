/* monitor/drift_pairs.h: which column of a sample is held against which of the reference, and what could not
 * be: a column that vanished from the data is the largest drift there is, so it is never passed over. */
#ifndef VOUCH_DRIFT_PAIRS_H
#define VOUCH_DRIFT_PAIRS_H

#include "evidence/test.h"

enum { VOUCH__DRIFT_NOTE = 800 };

typedef struct vouch__drift_pair {
    size_t now, before; /* columns of the tables or sketches; SIZE_MAX: the score */
    const char *name;   /* borrowed */
    bool is_text;
} vouch__drift_pair;

typedef struct vouch__drift_pairs {
    vouch__drift_pair *at; /* [n] in scratch, in the sample's order */
    size_t n;
    size_t lost;                  /* columns that could not be compared */
    char note[VOUCH__DRIFT_NOTE]; /* a sentence on these and on columns that are new; empty: none */
} vouch__drift_pairs;

/* Columns of one kind on both sides: texts, dates, times, or numbers, whole numbers and flags. One without
 * any value is of either kind unless `by_type`. Those of the reference that the sample lacks are lost; those
 * of the sample that the reference lacks are lost where they were named or are a model's, and new otherwise.
 */
vouch_status vouch__drift_pair_up(vouch_ctx *ctx, const vouch__sample *now, const vouch__sample *before,
                                  bool by_type, vouch__drift_pairs *out);

/* With columns lost a pass becomes an advice: what was not measured has not passed. */
void vouch__drift_mind_lost(const vouch__test_call *call, const vouch__drift_pairs *pairs,
                            vouch__entry *entry);

/* Of sketches, where every column was chosen: E_DATA where one of the reference is lost, with its name. */
vouch_status vouch__drift_check(vouch_ctx *ctx, const vouch__sample *now, const vouch__sample *before);

#endif
