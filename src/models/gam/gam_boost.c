/* One bag. A round gives every shape a small step; inputs are taken a few at a time, on one set of gradients,
 * few enough that their steps together stay short of a whole Newton step. What a pass over the rows does: add
 * the steps just made to scores, make gradients, and add them up by bin as integers, in chunks of fixed size,
 * so that the sums have one value on any number of threads.
 *
 * After each round the loss of the held rows is taken: the tuning rows, or where there are none the rows this
 * bag leaves out. The best round's shapes are kept. */
#include "models/gam/gam_fit.h"

#include "base/parallel.h"
#include "models/gbdt/gbdt_kernels.h"
#include "num/rng.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 32768, TILE = 1024, BLOCK = 12, TAB = VOUCH__GAM_BINS };
enum { IGNORED, IN_BAG, HELD };

typedef struct part { /* of one chunk */
    float most_g, most_h;
    double loss;
} part;

typedef struct bag {
    const vouch__gam_data *d;
    const vouch__gam_bag *out;
    vouch__gbdt_outcome outcome;
    bool is_pairs;
    uint8_t *role;                     /* [n] */
    double *rows;                      /* rows of the bag by input and bin, or by cell */
    double *step;                      /* as shape or table: what is to be added to scores */
    size_t use_from, use_to;           /* inputs (places in use) or pairs whose sums are wanted */
    bool moves, measures, adds, looks; /* what the pass does */
    size_t from_moved, to_moved;
    float scale_g, scale_h;
    part *part;    /* [chunks] */
    int64_t *hist; /* [chunks x width] */
    size_t width;
    size_t *first; /* [pairs + 1] of each pair's cells */
} bag;

static size_t bins_of(const bag *b, size_t k) { return b->d->gam->shape[b->d->use[k]].bins.n_bins; }

/* Add the moved steps of a tile's rows: two sums under way, always in the same order. */
static void move_shapes(const bag *b, size_t at, size_t n, double *score)
{
    const vouch__gam_data *d = b->d;
    const double *step[BLOCK];
    size_t m = b->to_moved - b->from_moved, column[BLOCK];
    for (size_t k = 0; k < m; k++) {
        column[k] = d->use[b->from_moved + k];
        step[k] = b->step + column[k] * TAB;
    }
    for (size_t i = 0; i < n; i++) {
        const uint8_t *row = d->rows.row + (at + i) * d->rows.stride;
        double even = 0.0, odd = 0.0;
        size_t k = 0;
        for (; k + 2 <= m; k += 2) {
            even += step[k][row[column[k]]];
            odd += step[k + 1][row[column[k + 1]]];
        }
        if (k < m)
            even += step[k][row[column[k]]];
        score[i] += even + odd;
    }
}

static void move_tile(const bag *b, size_t at, size_t n)
{
    const vouch__gam_data *d = b->d;
    double *score = b->outcome.score + at;
    if (!b->is_pairs)
        move_shapes(b, at, n, score);
    for (size_t p = b->from_moved; b->is_pairs && p < b->to_moved; p++) {
        const uint16_t *cell = d->cell + p * d->n + at;
        const double *step = b->step + b->first[p];
        for (size_t i = 0; i < n; i++)
            score[i] += step[cell[i]];
    }
}

/* Loss of the held rows of a tile. Of unweighted log-loss the logarithm of what happened to several rows at
 * once; their probabilities are floats, and none counts as less than 2^-24. */
static double look_tile(const bag *b, size_t at, size_t n)
{
    enum { TOGETHER = 32 };
    const vouch__gam_data *d = b->d;
    float g[TILE], h[TILE];
    double loss = 0.0, product = 1.0;
    size_t held = 0;
    if (d->gam->loss != VOUCH__LOSS_LOGISTIC || d->weight) {
        for (size_t i = at; i < at + n; i++)
            if (b->role[i] == HELD)
                loss += (d->weight ? (double)d->weight[i] : 1.0) *
                        vouch__gbdt_loss_of(&b->outcome, b->outcome.score[i], d->target[i]);
        return loss;
    }
    b->outcome.kernels->logistic(n, b->outcome.score + at, d->target + at, g, h);
    for (size_t i = 0; i < n; i++) {
        if (b->role[at + i] != HELD)
            continue;
        product *= fmax(1.0 - fabs((double)g[i]), 0x1p-24);
        if (++held % TOGETHER == 0) {
            loss -= vouch__log(product);
            product = 1.0;
        }
    }
    return loss - vouch__log(product);
}

static vouch_status add_tile(vouch_ctx *worker, const bag *b, size_t at, size_t n, int64_t *hist)
{
    const vouch__gam_data *d = b->d;
    vouch__record record[TILE + VOUCH__GBDT_PAD];
    float g[TILE], h[TILE];
    size_t kept = 0;
    vouch_status status = vouch__gbdt_loss(worker, &b->outcome, at, n, g, h);
    if (status)
        return status;
    (void)b->outcome.kernels->records(n, at, g, h, b->scale_g, b->scale_h, record);
    for (size_t i = 0; i < n; i++) {
        record[kept] = record[i];
        kept += b->role[at + i] == IN_BAG;
    }
    memset(record + kept, 0, VOUCH__GBDT_PAD * sizeof *record); /* they are prefetched */
    if (!b->is_pairs) {
        vouch__gbdt_add(d->rows.row, d->rows.stride, record, kept, d->use + b->use_from,
                        b->use_to - b->use_from, hist);
        return VOUCH_OK;
    }
    for (size_t p = b->use_from; p < b->use_to; p++) {
        const uint16_t *cell = d->cell + p * d->n;
        int64_t *to = hist + (b->first[p] - b->first[b->use_from]);
        for (size_t i = 0; i < kept; i++)
            to[cell[(uint32_t)record[i]]] += ((int64_t)record[i] >> 48) * 4294967296 +
                                             (int64_t)(record[i] >> 32 & 0xffff);
    }
    return VOUCH_OK;
}

static vouch_status measure_tile(vouch_ctx *worker, const bag *b, size_t at, size_t n, part *out)
{
    float g[TILE], h[TILE];
    vouch_status status = vouch__gbdt_loss(worker, &b->outcome, at, n, g, h);
    for (size_t i = 0; i < n && !status; i++)
        if (b->role[at + i] == IN_BAG) {
            out->most_g = fmaxf(out->most_g, fabsf(g[i]));
            out->most_h = fmaxf(out->most_h, h[i]);
        }
    return status;
}

static vouch_status pass_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const bag *b = arg;
    part mine = { .most_g = b->measures ? 0.0f : b->part[chunk].most_g };
    vouch_status status = VOUCH_OK;
    if (b->adds)
        memset(b->hist + chunk * b->width, 0, b->width * sizeof *b->hist);
    for (size_t at = begin; at < end && !status; at += TILE) {
        size_t n = end - at < TILE ? end - at : TILE;
        if (b->moves)
            move_tile(b, at, n);
        if (b->looks)
            mine.loss += look_tile(b, at, n);
        if (b->measures)
            status = measure_tile(worker, b, at, n, &mine);
        if (b->adds && !status)
            status = add_tile(worker, b, at, n, b->hist + chunk * b->width);
    }
    b->part[chunk] = mine;
    return status;
}

/* One pass; the loss of the held rows when it is looked at. */
static vouch_status pass(vouch_ctx *ctx, bag *b, double *out_loss)
{
    size_t n = b->d->n;
    bool is_known = b->d->gam->loss == VOUCH__LOSS_LOGISTIC;
    bool adds = b->adds;
    vouch_status status = VOUCH_OK;
    b->measures = adds && !is_known;
    b->adds = adds && is_known;
    b->scale_g = 32000.0f; /* of logistic loss |g| <= 1, h <= 1/4 */
    b->scale_h = 65000.0f * 4.0f;
    if (is_known || b->moves || b->looks || b->measures)
        status = vouch__parallel(ctx, n, CHUNK, pass_chunk, b);
    if (out_loss)
        *out_loss = 0.0;
    for (size_t c = 0; out_loss && c < vouch__chunks(n, CHUNK); c++)
        *out_loss += b->part[c].loss;
    if (!status && adds && !is_known) {
        float most_g = 0.0f, most_h = 0.0f;
        for (size_t c = 0; c < vouch__chunks(n, CHUNK); c++) {
            most_g = fmaxf(most_g, b->part[c].most_g);
            most_h = fmaxf(most_h, b->part[c].most_h);
        }
        bool moves = b->moves, looks = b->looks;
        b->scale_g = most_g > 0.0f ? fminf(32000.0f / most_g, 1e30f) : 1.0f;
        b->scale_h = most_h > 0.0f ? fminf(65000.0f / most_h, 1e30f) : 1.0f;
        b->moves = b->looks = b->measures = false;
        b->adds = true;
        status = vouch__parallel(ctx, n, CHUNK, pass_chunk, b);
        b->moves = moves;
        b->looks = looks;
    }
    b->adds = adds;
    return status;
}

/* Sums of `count` bins whose histogram begins at `first`, over the chunks. */
static void gather(const bag *b, size_t first, size_t count, const double *rows, vouch__gam_sum *out)
{
    double g = b->d->heaviest / (double)b->scale_g, h = b->d->heaviest / (double)b->scale_h;
    for (size_t k = 0; k < count; k++) {
        double sum_g = 0.0, sum_h = 0.0;
        for (size_t c = 0; c < vouch__chunks(b->d->n, CHUNK); c++) {
            int64_t sum = b->hist[c * b->width + first + k];
            sum_g += vouch__sum_g(sum);
            sum_h += vouch__sum_h(sum);
        }
        out[k] = (vouch__gam_sum){ sum_g * g, sum_h * h, rows[k] };
    }
}

static vouch__gam_rule rule_make(const vouch__gam_data *d)
{
    const double *p = d->param;
    return (vouch__gam_rule){ .loss = d->gam->loss,
                              .rate = p[VOUCH__GAM_LEARNING_RATE],
                              .unit = d->unit,
                              .l2 = p[VOUCH__GAM_L2],
                              .category_l2 = p[VOUCH__GAM_CATEGORY_L2],
                              .least_rows = p[VOUCH__GAM_MIN_ROWS],
                              .leaves = (size_t)p[VOUCH__GAM_LEAVES] };
}

/* Working memory of the steps of one bag. */
typedef struct hands {
    vouch__gam_sum *sum, *running;
    double *work;
    uint8_t *active; /* [inputs x BINS] */
    vouch__gam_rule rule;
    uint64_t seed;
} hands;

static void steps_make(const bag *b, hands *h, double *shape, size_t round)
{
    const vouch__gam_data *d = b->d;
    for (size_t k = b->use_from; k < b->use_to && !b->is_pairs; k++) {
        size_t j = d->use[k], bins = bins_of(b, k);
        const vouch__gam_shape *input = &d->gam->shape[j];
        double *mine = shape + j * TAB, *step = b->step + j * TAB;
        int direction = d->bins.input[j].monotone;
        gather(b, (k - b->use_from) * VOUCH__GAM_HIST, bins, b->rows + j * TAB, h->sum);
        h->rule.is_random = (double)round < d->param[VOUCH__GAM_SMOOTH_ROUNDS];
        h->rule.seed = vouch__mix(h->seed, round * d->gam->n_inputs + j);
        vouch__gam_step(&h->rule, input, h->sum, mine, step);
        if (!direction && input->curve == VOUCH__GAM_FREE) {
            for (size_t i = 0; i < bins; i++)
                mine[i] += step[i];
            continue;
        }
        double *old = h->work, *work = h->work + TAB;
        memcpy(old, mine, bins * sizeof *old);
        for (size_t i = 0; i < bins; i++)
            mine[i] += step[i];
        vouch__gam_project(input, direction, mine, h->active + j * TAB, work);
        for (size_t i = 0; i < bins; i++)
            step[i] = mine[i] - old[i];
    }
    for (size_t p = b->use_from; p < b->use_to && b->is_pairs; p++) {
        const vouch__gam_pair *pair = &d->gam->pair[p];
        size_t cells = pair->n_a * pair->n_b, first = b->first[p];
        gather(b, first - b->first[b->use_from], cells, b->rows + first, h->sum);
        h->rule.is_random = (double)round < d->param[VOUCH__GAM_SMOOTH_ROUNDS];
        h->rule.seed = vouch__mix(h->seed, ~(round * d->gam->n_pairs + p));
        vouch__gam_table_step(&h->rule, pair->n_a, pair->n_b, h->sum, h->running, b->step + first);
        for (size_t i = 0; i < cells; i++)
            shape[first + i] += b->step[first + i];
    }
}

/* Which rows are in the bag, which are held, and the bag's rows by bin or cell. */
static double roles_make(const vouch__gam_data *d, uint64_t seed, bag *b)
{
    double share = d->param[VOUCH__GAM_BAG_SHARE], held = 0.0;
    bool is_whole = d->has_tune && d->param[VOUCH__GAM_BAGS] == 1.0;
    for (size_t i = 0; i < d->n; i++) {
        bool in = is_whole || (double)(vouch__mix(seed, d->of[i]) >> 11) * 0x1p-53 < share;
        b->role[i] = d->is_tune[i] ? HELD : in ? IN_BAG : d->has_tune ? IGNORED : HELD;
        if (b->role[i] == HELD)
            held += d->weight ? (double)d->weight[i] : 1.0;
        if (b->role[i] != IN_BAG)
            continue;
        for (size_t k = 0; !b->is_pairs && k < d->n_use; k++)
            b->rows[d->use[k] * TAB + d->rows.row[i * d->rows.stride + d->use[k]]] += 1.0;
        for (size_t p = 0; b->is_pairs && p < d->gam->n_pairs; p++)
            b->rows[b->first[p] + d->cell[p * d->n + i]] += 1.0;
    }
    return held;
}

static vouch_status memory(vouch_ctx *ctx, bag *b, hands *h, size_t values, double **best)
{
    const vouch__gam_data *d = b->d;
    size_t chunks = vouch__chunks(d->n, CHUNK), cells = VOUCH__GAM_SIDE * VOUCH__GAM_SIDE;
    b->width = (BLOCK < d->n_use ? BLOCK : d->n_use) * VOUCH__GAM_HIST;
    if (b->is_pairs)
        b->width = b->first[d->gam->n_pairs];
    b->role = vouch__scratch(ctx, d->n, 1);
    b->rows = vouch__scratch(ctx, values, sizeof *b->rows);
    b->step = vouch__scratch(ctx, values, sizeof *b->step);
    b->part = vouch__scratch(ctx, chunks, sizeof *b->part);
    b->hist = vouch__scratch(ctx, chunks * b->width, sizeof *b->hist);
    b->outcome.score = vouch__scratch(ctx, d->n, sizeof *b->outcome.score);
    *best = vouch__scratch(ctx, values, sizeof **best);
    h->sum = vouch__scratch(ctx, b->is_pairs ? cells : TAB, sizeof *h->sum);
    h->running = vouch__scratch(ctx, b->is_pairs ? (VOUCH__GAM_SIDE + 1) * (VOUCH__GAM_SIDE + 1) : 1,
                                sizeof *h->running);
    h->work = vouch__scratch(ctx, (VOUCH__GAM_BEND_WORK + 8) * TAB, sizeof *h->work);
    h->active = vouch__scratch(ctx, d->gam->n_inputs * TAB, 1);
    if (!b->role || !b->rows || !b->step || !b->part || !b->hist || !b->outcome.score || !*best || !h->sum ||
        !h->running || !h->work || !h->active)
        return vouch__oom(ctx);
    memset(b->rows, 0, values * sizeof *b->rows);
    memset(b->step, 0, values * sizeof *b->step);
    memset(b->part, 0, chunks * sizeof *b->part);
    memset(h->active, 0, d->gam->n_inputs * TAB);
    return VOUCH_OK;
}

/* Scores before the first round: start and offset, and for tables the bag's shapes. */
static void scores_make(bag *b)
{
    const vouch__gam_data *d = b->d;
    for (size_t i = 0; i < d->n; i++) {
        double score = b->out->intercept + (d->offset ? d->offset[i] : 0.0);
        const uint8_t *row = d->rows.row + i * d->rows.stride;
        for (size_t k = 0; b->is_pairs && k < d->n_use; k++)
            score += b->out->shape[d->use[k] * TAB + row[d->use[k]]];
        b->outcome.score[i] = score;
    }
}

/* Rounds until the held rows gain no more; *out_rounds is the best one's number, whose values are left in
 * value. */
static vouch_status rounds(vouch_ctx *ctx, bag *b, hands *h, double held, size_t values, double *value,
                           double *best, size_t *out_rounds, double *out_first, double *out_loss)
{
    const vouch__gam_data *d = b->d;
    size_t n_use = b->is_pairs ? d->gam->n_pairs : d->n_use, best_round = 0, round = 0;
    size_t most = (size_t)d->param[VOUCH__GAM_ROUNDS], patience = (size_t)d->param[VOUCH__GAM_EARLY_STOP];
    double fit = 0.8 / d->param[VOUCH__GAM_LEARNING_RATE]; /* steps that together stay short of a whole one */
    size_t block = fit < 1.0 ? 1 : fit < BLOCK ? (size_t)fit : BLOCK;
    double least = INFINITY, loss = 0.0;
    for (;; round++) {
        vouch_status status = vouch__poll(ctx);
        for (size_t from = 0; from < n_use && !status; from = b->use_to) {
            b->use_from = from;
            b->use_to = from + block < n_use ? from + block : n_use;
            b->looks = from == 0;
            b->adds = true;
            status = pass(ctx, b, from == 0 ? &loss : NULL);
            if (from == 0 && held > 0.0) { /* the scores are those after `round` rounds */
                if (round == 0)
                    *out_first = loss / held;
                if (loss < least) {
                    least = loss;
                    best_round = round;
                    memcpy(best, value, values * sizeof *best);
                }
                if (round >= most || (patience && round - best_round >= patience))
                    goto done;
            } else if (from == 0 && round >= most) {
                goto done;
            }
            if (!status)
                steps_make(b, h, value, round);
            b->moves = true;
            b->from_moved = b->use_from;
            b->to_moved = b->use_to;
        }
        if (status || n_use == 0)
            return status;
    }
done:
    if (held > 0.0)
        memcpy(value, best, values * sizeof *best);
    *out_rounds = held > 0.0 ? best_round : round;
    *out_loss = held > 0.0 ? least / held : NAN;
    return VOUCH_OK;
}

static void outcome_make(const vouch__gam_data *d, vouch__gbdt_outcome *o)
{
    *o = (vouch__gbdt_outcome){ .n = d->n,
                                .target = d->target,
                                .weight = d->weight,
                                .loss = d->gam->loss,
                                .shape = d->gam->power,
                                .kernels = vouch__gbdt_kernels_best(),
                                .unit = d->unit };
}

vouch_status vouch__gam_boost(vouch_ctx *ctx, const vouch__gam_data *d, size_t number, bool is_pairs,
                              vouch__gam_bag *out)
{
    size_t mark = vouch__scratch_mark(ctx), values = d->gam->n_inputs * TAB, n_pairs = d->gam->n_pairs;
    uint64_t seed = vouch__mix(d->data->seed, 0x67616d00 + number);
    bag b = { .d = d, .out = out, .is_pairs = is_pairs };
    hands h = { .rule = rule_make(d), .seed = seed };
    double *best = NULL, start_loss = NAN;
    if (is_pairs) {
        b.first = vouch__scratch(ctx, n_pairs + 1, sizeof *b.first);
        if (!b.first)
            return vouch__oom(ctx);
        b.first[0] = 0;
        for (size_t p = 0; p < n_pairs; p++)
            b.first[p + 1] = b.first[p] + d->gam->pair[p].n_a * d->gam->pair[p].n_b;
        values = b.first[n_pairs];
    }
    outcome_make(d, &b.outcome);
    vouch_status status = memory(ctx, &b, &h, values, &best);
    if (!status) {
        out->intercept = d->start;
        out->held = roles_make(d, seed, &b);
        scores_make(&b);
        status = rounds(ctx, &b, &h, out->held, values, is_pairs ? out->table : out->shape, best,
                        is_pairs ? &out->pair_rounds : &out->rounds, &start_loss,
                        is_pairs ? &out->held_all : &out->held_mains);
        if (!is_pairs) {
            out->start_loss = start_loss;
            out->held_all = out->held_mains;
        }
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

typedef struct slopes_job {
    vouch__gbdt_outcome outcome;
    float *g, *h;
} slopes_job;

static vouch_status slopes_chunk(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const slopes_job *job = arg;
    (void)chunk;
    return vouch__gbdt_loss(worker, &job->outcome, begin, end - begin, job->g + begin, job->h + begin);
}

vouch_status vouch__gam_slopes(vouch_ctx *ctx, const vouch__gam_data *d, double *score, float *g, float *h)
{
    slopes_job job;
    outcome_make(d, &job.outcome);
    job.g = g;
    job.h = h;
    job.outcome.score = score;
    return vouch__parallel(ctx, d->n, TILE, slopes_chunk, &job);
}
