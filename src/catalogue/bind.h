/* catalogue/bind.h: from a table and the names of its columns to the cases that tests take. */
#ifndef VOUCH_BIND_H
#define VOUCH_BIND_H

#include "catalogue/tests.h"

typedef struct vouch__bound {
    vouch__sample now, before;
    bool has_before;
    void **held; /* what the samples point to */
    size_t n_held, room;
    vouch_alloc alloc;
} vouch__bound;

/* Levels of segments and grades are shared by both tables, so that codes can be compared. A column that the
 * reference lacks is not given there. Tables and model are borrowed.
 * Fails  E_NOTFOUND  no such column in data (with the nearest name);  E_DATA  a column is of the wrong type,
 * or as vouch_model_score;  E_LIMIT  over 10,000 levels. out is to be cleared after success only. */
vouch_status vouch__bind_samples(vouch_ctx *ctx, const vouch_test_input *input, vouch__bound *out);
void vouch__bound_clear(vouch__bound *bound);

#endif
