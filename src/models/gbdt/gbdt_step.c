/* The steps by which leaves are split, many leaves at once where a tree grows by depth: so that few, large
 * portions of work are shared out, and processors seldom wait for each other.
 *
 * How the work is cut depends on how many threads there are; sums of integers, and a search whose result does
 * not depend on what was searched before, make the tree the same however it is cut. */
#include "base/parallel.h"
#include "models/gbdt/gbdt_grow.h"

#include <stdlib.h>
#include <string.h>

enum {
    PRIVATE = 16,          /* histograms beside the leaves' own */
    PRIVATE_WORDS = 32768, /* largest histogram that is built in parts */
    PARTS = 8,             /* of one histogram */
    PART_ROWS = 4096,      /* least, of a leaf built in parts */
    SEARCH_COST = 512,     /* of one input, in additions to a histogram */
    LEAST_COST = 1 << 16,  /* of a task */
    INPUTS = 8             /* searched by a task, at least, where a leaf's search is shared out */
};

static size_t words(const struct vouch__gbdt_grower *g) { return g->n_use * VOUCH__GBDT_HIST; }

static int64_t *slot_of(const struct vouch__gbdt_grower *g, size_t slot)
{
    return g->slots + slot * g->bins->n * VOUCH__GBDT_HIST;
}

vouch_status vouch__step_memory(vouch_ctx *ctx, struct vouch__gbdt_grower *g)
{
    size_t leaves = g->p->leaves, hist = g->bins->n * VOUCH__GBDT_HIST, n = g->rows->n;
    size_t searches = leaves + 3 * vouch__threads(ctx) + 2, chunks = n / VOUCH__GBDT_CHUNK + leaves + 1;
    size_t tasks = searches > chunks ? searches : chunks;
    g->n_private = vouch__threads(ctx) > 1 && hist <= PRIVATE_WORDS ? PRIVATE : 0;
    g->side = vouch__scratch(ctx, n / 16 + leaves + 2, sizeof *g->side);
    g->chunk_left = vouch__scratch(ctx, chunks, sizeof *g->chunk_left);
    g->slots = vouch__scratch(ctx, hist * (leaves + 1), sizeof *g->slots);
    g->private = vouch__scratch(ctx, hist * g->n_private, sizeof *g->private);
    g->pair = vouch__scratch(ctx, leaves, sizeof *g->pair);
    g->task = vouch__scratch(ctx, tasks + PRIVATE, sizeof *g->task);
    g->found[0] = vouch__scratch(ctx, tasks, sizeof *g->found[0]);
    g->found[1] = vouch__scratch(ctx, tasks, sizeof *g->found[1]);
    if (!g->side || !g->chunk_left || !g->slots || !g->private || !g->pair || !g->task || !g->found[0] ||
        !g->found[1])
        return vouch__oom(ctx);
    return VOUCH_OK;
}

/* Dividing. A task takes one chunk of one leaf of the batch. */

static int by_place(const void *a, const void *b)
{
    const vouch__leaf *x = *(vouch__leaf *const *)a, *y = *(vouch__leaf *const *)b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* In the order of the records' places, so that the same thread meets the same records again. */
static size_t tasks_make(struct vouch__gbdt_grower *g, bool only_new)
{
    size_t n = 0;
    memcpy(g->near, g->batch, g->n_batch * sizeof(vouch__leaf *));
    qsort(g->near, g->n_batch, sizeof(vouch__leaf *), by_place);
    for (size_t k = 0; k < g->n_batch; k++) {
        if (only_new && g->near[k]->has_sides)
            continue;
        for (size_t c = 0; c < vouch__chunks(g->near[k]->n, VOUCH__GBDT_CHUNK); c++)
            g->task[n++] = (vouch__task){ (uint32_t)k, (uint32_t)c };
    }
    return n;
}

static size_t chunk_of(const vouch__leaf *l, const vouch__task *task, size_t *out_n)
{
    size_t from = (size_t)task->at * VOUCH__GBDT_CHUNK;
    *out_n = l->n - from < VOUCH__GBDT_CHUNK ? l->n - from : VOUCH__GBDT_CHUNK;
    return from;
}

static uint16_t *side_of(const struct vouch__gbdt_grower *g, const vouch__leaf *l)
{
    return g->side + l->side_at;
}

static vouch_status side_task(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const struct vouch__gbdt_grower *g = arg;
    const vouch__leaf *l = g->near[g->task[chunk].of];
    size_t n, from = chunk_of(l, &g->task[chunk], &n);
    (void)worker, (void)begin, (void)end;
    g->chunk_left[chunk] = g->p->kernels->sides(g->rows->column + l->best.input * g->rows->n,
                                                g->tree.set[l->node], vouch__leaf_records(g, l) + from, n,
                                                side_of(g, l) + from / 16);
    return VOUCH_OK;
}

vouch_status vouch__step_sides(vouch_ctx *ctx, struct vouch__gbdt_grower *g)
{
    size_t tasks = tasks_make(g, true);
    for (size_t k = 0; k < g->n_batch; k++) {
        if (g->batch[k]->side_at != SIZE_MAX)
            continue;
        g->batch[k]->side_at = g->side_used;
        g->side_used += vouch__chunks(g->batch[k]->n, 16);
    }
    vouch_status status = vouch__parallel_near(ctx, tasks, 1, side_task, g);
    if (status)
        return status;
    for (size_t k = 0; k < g->n_batch; k++)
        if (!g->batch[k]->has_sides)
            g->batch[k]->n_left = 0;
    for (size_t t = 0; t < tasks; t++)
        g->near[g->task[t].of]->n_left += g->chunk_left[t];
    for (size_t k = 0; k < g->n_batch; k++)
        g->batch[k]->has_sides = true;
    return VOUCH_OK;
}

static vouch_status move_task(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const struct vouch__gbdt_grower *g = arg;
    const vouch__leaf *l = g->near[g->task[chunk].of];
    size_t n, from = chunk_of(l, &g->task[chunk], &n), left = g->chunk_left[chunk];
    vouch__record *out = g->record[!l->buffer] + l->begin;
    (void)worker, (void)begin, (void)end;
    g->p->kernels->move(vouch__leaf_records(g, l) + from, n, side_of(g, l) + from / 16, out + left,
                        l->n_left + (from - left) - left);
    return VOUCH_OK;
}

/* How many records of a chunk go left is counted again from the bits: leaves of a batch may have been divided
 * at different times. */
static size_t bits_count(const uint16_t *side, size_t n)
{
    size_t count = 0;
    for (size_t k = 0; k < vouch__chunks(n, 16); k++)
        count += (size_t)__builtin_popcount(side[k]);
    return count;
}

vouch_status vouch__step_move(vouch_ctx *ctx, struct vouch__gbdt_grower *g)
{
    size_t tasks = tasks_make(g, false), left = 0;
    for (size_t t = 0; t < tasks; t++) {
        const vouch__leaf *l = g->near[g->task[t].of];
        size_t n, from = chunk_of(l, &g->task[t], &n);
        if (from == 0)
            left = 0;
        g->chunk_left[t] = left; /* before it */
        if (from + n < l->n)
            left += bits_count(side_of(g, l) + from / 16, n);
    }
    return vouch__parallel_near(ctx, tasks, 1, move_task, g);
}

/* Building in parts. */

static vouch_status build_task(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const struct vouch__gbdt_grower *g = arg;
    const vouch__pair *pair = &g->pair[g->task[chunk].of];
    const vouch__leaf *l = pair->small;
    size_t part = g->task[chunk].at, from = l->n * part / pair->parts, to = l->n * (part + 1) / pair->parts;
    int64_t *hist = part == 0 ? slot_of(g, l->slot) : g->private + (pair->first_part + part - 1) * words(g);
    (void)worker, (void)begin, (void)end;
    memset(hist, 0, words(g) * sizeof *hist);
    vouch__gbdt_add(g->rows->row, g->rows->stride, vouch__leaf_records(g, l) + from, to - from,
                    g->n_use == g->bins->n ? NULL : g->use, g->n_use, hist);
    return VOUCH_OK;
}

/* Searching. */

/* Whether a leaf may be split by an input: some group holds it and every input above. */
static bool is_allowed(const struct vouch__gbdt_grower *g, const vouch__leaf *l, uint32_t j)
{
    uint64_t groups = g->bins->input[j].groups;
    return l->depth == 0 || (groups ? (groups & l->groups) != 0 : l->alone == j);
}

static void find_one(const struct vouch__gbdt_grower *g, const vouch__leaf *l, const vouch__gbdt_node *node,
                     uint32_t j, const int64_t *hist, const int64_t *sum, const uint32_t *count,
                     vouch__gbdt_split *best)
{
    const vouch__gbdt_input *input = &g->bins->input[j];
    bool is_found = false;
    if (!is_allowed(g, l, j))
        return;
    if (input->is_category)
        is_found = vouch__gbdt_find_category(input, node, hist, count, best);
    else
        is_found = vouch__gbdt_find_number(g->p->kernels, input, node, hist, sum, count, best);
    if (is_found)
        best->input = j;
}

/* One input of a pair: what is left to build, subtract and search. */
static void search_input(const struct vouch__gbdt_grower *g, const vouch__pair *pair, size_t k,
                         const uint32_t *count, vouch__gbdt_split *best[2])
{
    int64_t sum[VOUCH__GBDT_HIST];
    const vouch__gbdt_kernels *kernels = g->p->kernels;
    size_t at = k * VOUCH__GBDT_HIST, n = (g->bins->input[g->use[k]].n_bins + 7) / 8 * 8;
    int64_t *small = slot_of(g, pair->small->slot) + at;
    for (size_t t = 1; pair->is_built && t < pair->parts; t++) {
        const int64_t *part = g->private + (pair->first_part + t - 1) * words(g) + at;
        for (size_t b = 0; b < n; b++)
            small[b] += part[b];
    }
    if (pair->small->can_split) {
        kernels->running(small, NULL, n, sum);
        find_one(g, pair->small, &pair->node[0], g->use[k], small, sum, count ? count + at : NULL, best[0]);
    }
    if (!pair->large)
        return;
    int64_t *large = slot_of(g, pair->large->slot) + at;
    kernels->running(large, small, n, sum);
    if (pair->large->can_split)
        find_one(g, pair->large, &pair->node[1], g->use[k], large, sum, NULL, best[1]);
}

typedef struct search_job {
    const struct vouch__gbdt_grower *g;
    const uint32_t *count;
} search_job;

static vouch_status search_task(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const search_job *job = arg;
    const struct vouch__gbdt_grower *g = job->g;
    const vouch__pair *pair = &g->pair[g->task[chunk].of];
    size_t part = g->task[chunk].at, from = g->n_use * part / pair->n, to = g->n_use * (part + 1) / pair->n;
    vouch__gbdt_split *best[2] = { &g->found[0][chunk], &g->found[1][chunk] };
    const vouch__leaf *l = pair->small;
    (void)worker, (void)begin, (void)end;
    if (!pair->is_built && !job->count) {
        bool is_whole = g->n_use == g->bins->n;
        int64_t *hist = slot_of(g, l->slot) + from * VOUCH__GBDT_HIST;
        memset(hist, 0, (to - from) * VOUCH__GBDT_HIST * sizeof *hist);
        vouch__gbdt_add(g->rows->row + (is_whole ? from : 0), g->rows->stride, vouch__leaf_records(g, l),
                        l->n, is_whole ? NULL : g->use + from, to - from, hist);
    }
    for (size_t side = 0; side < 2; side++)
        *best[side] = (vouch__gbdt_split){ .score = pair->node[side].parent, .input = UINT32_MAX };
    for (size_t k = from; k < to; k++)
        search_input(g, pair, k, job->count, best);
    return VOUCH_OK;
}

/* The best over a pair's tasks; of equals the first, which has the first inputs. */
static void take(const vouch__gbdt_split *found, size_t n, double parent, vouch__leaf *l)
{
    const vouch__gbdt_split *best = NULL;
    for (size_t k = 0; k < n; k++)
        if (found[k].input != UINT32_MAX && (!best || found[k].score > best->score))
            best = &found[k];
    l->can_split = best != NULL;
    if (best) {
        l->best = *best;
        l->gain = best->score - parent;
    }
}

/* How much work each pair is, and how it is cut up. */
static size_t plan(vouch_ctx *ctx, struct vouch__gbdt_grower *g, const uint32_t *count)
{
    size_t threads = vouch__threads(ctx), total = 0, tasks = 0, privates = 0;
    for (size_t k = 0; k < g->n_pairs; k++)
        total += (g->pair[k].small->n + SEARCH_COST) * g->n_use;
    size_t fair = total / (3 * threads) + 1;
    if (fair < LEAST_COST)
        fair = LEAST_COST;
    for (size_t k = 0; k < g->n_pairs; k++) {
        vouch__pair *pair = &g->pair[k];
        size_t add = pair->small->n * g->n_use, search = SEARCH_COST * g->n_use;
        size_t parts = threads > 1 && !count ? vouch__chunks(add, fair) : 1;
        parts = parts > PARTS ? PARTS : parts;
        pair->is_built = parts > 1 && pair->small->n >= PART_ROWS && privates + parts - 1 <= g->n_private;
        pair->parts = pair->is_built ? parts : 1;
        pair->first_part = privates;
        privates += pair->parts - 1;
        size_t cost = search + (pair->is_built ? 0 : add), most = vouch__chunks(g->n_use, INPUTS);
        pair->n = threads == 1 ? 1 : vouch__chunks(cost, fair);
        pair->n = pair->n > most ? most : pair->n;
        for (size_t part = 0; pair->is_built && part < parts; part++)
            g->task[tasks++] = (vouch__task){ (uint32_t)k, (uint32_t)part };
    }
    return tasks;
}

vouch_status vouch__step_search(vouch_ctx *ctx, struct vouch__gbdt_grower *g, const uint32_t *count)
{
    search_job job = { g, count };
    size_t builds = plan(ctx, g, count), n = 0;
    vouch_status status = vouch__parallel_near(ctx, builds, 1, build_task, g);
    if (status)
        return status;
    for (size_t k = 0; k < g->n_pairs; k++) {
        g->pair[k].first = n;
        for (size_t part = 0; part < g->pair[k].n; part++)
            g->task[n++] = (vouch__task){ (uint32_t)k, (uint32_t)part };
    }
    status = vouch__parallel_near(ctx, n, 1, search_task, &job);
    for (size_t k = 0; !status && k < g->n_pairs; k++) {
        vouch__pair *pair = &g->pair[k];
        if (pair->small->can_split)
            take(g->found[0] + pair->first, pair->n, pair->node[0].parent, pair->small);
        if (pair->large && pair->large->can_split)
            take(g->found[1] + pair->first, pair->n, pair->node[1].parent, pair->large);
    }
    return status;
}
