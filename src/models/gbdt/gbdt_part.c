/* Rows of a leaf become rows of its children, in their old order: first each record's side is noted and
 * counted by chunk, then each chunk moves its records to where the chunks before it end. */
#include "base/parallel.h"
#include "models/gbdt/gbdt.h"

enum { CHUNK = 32768, AHEAD = 32 };

typedef struct part_job {
    const uint8_t *column, *goes_left;
    const vouch__record *record;
    uint8_t *side;
    size_t *chunk_left;
    const size_t *left_before;
    size_t n_left;
    vouch__record *out;
} part_job;

size_t vouch__gbdt_move_chunks(size_t n) { return vouch__chunks(n, CHUNK); }

static vouch_status side_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const part_job *job = arg;
    size_t left = 0;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        uint8_t side = job->goes_left[job->column[(uint32_t)job->record[i]]];
        __builtin_prefetch(job->column + (uint32_t)job->record[i + AHEAD]);
        job->side[i] = side;
        left += side;
    }
    job->chunk_left[chunk] = left;
    return VOUCH_OK;
}

static vouch_status move_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const part_job *job = arg;
    size_t left = job->left_before[chunk], right = job->n_left + (begin - left);
    (void)worker;
    for (size_t i = begin; i < end; i++) { /* without a branch, which could not be foreseen */
        size_t side = job->side[i], to = right ^ ((left ^ right) & (0 - side));
        job->out[to] = job->record[i];
        left += side;
        right += 1 - side;
    }
    return VOUCH_OK;
}

vouch_status vouch__gbdt_sides(vouch_ctx *ctx, const uint8_t *column,
                               const uint8_t goes_left[VOUCH__GBDT_BINS], const vouch__record *record,
                               size_t n, uint8_t *side, size_t *chunk_left, size_t *out_left)
{
    part_job job = { .column = column, .goes_left = goes_left, .record = record };
    size_t left = 0;
    job.side = side;
    job.chunk_left = chunk_left;
    vouch_status status = vouch__parallel(ctx, n, CHUNK, side_chunk, &job);
    if (status)
        return status;
    for (size_t k = 0; k < vouch__gbdt_move_chunks(n); k++) {
        size_t here = chunk_left[k];
        chunk_left[k] = left; /* from now on: how many went left before it */
        left += here;
    }
    *out_left = left;
    return VOUCH_OK;
}

vouch_status vouch__gbdt_move(vouch_ctx *ctx, const vouch__record *record, size_t n, const uint8_t *side,
                              const size_t *chunk_left, size_t n_left, vouch__record *out)
{
    uint8_t *sides = (uint8_t *)side;
    part_job job = { .record = record, .side = sides, .left_before = chunk_left, .n_left = n_left };
    job.out = out;
    return vouch__parallel(ctx, n, CHUNK, move_chunk, &job);
}
