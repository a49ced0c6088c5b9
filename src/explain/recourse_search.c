/* Branch and bound over boxes of candidates, the box with the least bound first; and different answers, by
 * Lawler's partition: what is left after an answer is the union of the spaces in which one of the inputs that
 * it changes stays. */
#include "explain/recourse.h"

#include <math.h>
#include <string.h>

enum { PARTS = 512, CLOCK_EVERY = 16 };
#define EQUAL 1e-9

typedef struct box_node {
    double bound;
    uint32_t slot; /* of its box */
    uint32_t dim;
    vouch__range below, above;
} box_node;

typedef struct search {
    vouch_ctx *ctx;
    const vouch__space *space;
    vouch__bounder *bounder;
    vouch__box_view view;
    double *moved;      /* [inputs] a row being scored */
    box_node *heap;     /* by bound, then by slot */
    vouch__range *pool; /* [slots x n_dims] */
    uint32_t *spare;    /* [n_spare] slots that are free */
    size_t n, cap, slots, n_spare, looked;
    int64_t until;
    uint32_t *best; /* [n_dims] */
    double cost;    /* INFINITY: none found */
} search;

static double cost_of(const vouch__space *s, const uint32_t *at, size_t *out_changes)
{
    double cost = 0.0;
    size_t changes = 0;
    for (size_t d = 0; d < s->n_dims; d++) {
        cost += s->dim[d].cost[at[d]];
        changes += at[d] != s->dim[d].own;
    }
    *out_changes = changes;
    return cost;
}

static bool is_approved(search *s, const uint32_t *at)
{
    const vouch__space *space = s->space;
    double raw, p;
    memcpy(s->moved, space->row, space->recourse->model->inputs.n * sizeof *s->moved);
    for (size_t d = 0; d < space->n_dims; d++)
        s->moved[space->dim[d].input] = space->dim[d].value[at[d]];
    vouch__recourse_score(space->recourse, s->moved, &raw, &p);
    return p <= space->recourse->cutoff;
}

/* An answer that is found is drawn toward the row, dimension by dimension, while it stays one. */
static void draw_back(search *s, uint32_t *at)
{
    for (size_t d = 0; d < s->space->n_dims; d++) {
        const vouch__dimension *dim = &s->space->dim[d];
        uint32_t from = at[d], own = (uint32_t)dim->own;
        if (from == own)
            continue;
        at[d] = own;
        if (is_approved(s, at))
            continue;
        at[d] = from;
        if (dim->is_category)
            continue;
        uint32_t fails = own, holds = from; /* raw need not be monotone: this finds some edge */
        while (fails > holds ? fails - holds > 1 : holds - fails > 1) {
            at[d] = fails > holds ? holds + (fails - holds) / 2 : fails + (holds - fails) / 2;
            if (is_approved(s, at))
                holds = at[d];
            else
                fails = at[d];
        }
        at[d] = holds;
    }
}

static void consider(search *s, uint32_t *at)
{
    size_t changes;
    double cost = cost_of(s->space, at, &changes);
    if (changes > s->space->recourse->max_changes || !(cost < s->cost + s->cost) || !is_approved(s, at))
        return;
    draw_back(s, at);
    cost = cost_of(s->space, at, &changes);
    if (cost < s->cost) {
        s->cost = cost;
        memcpy(s->best, at, s->space->n_dims * sizeof *at);
    }
}

/* ---- the heap ---- */

static bool is_before(const box_node *a, const box_node *b)
{
    return a->bound != b->bound ? a->bound < b->bound : a->slot < b->slot;
}

static void sink(search *s, size_t at)
{
    box_node held = s->heap[at];
    for (size_t child = 2 * at + 1; child < s->n; child = 2 * at + 1) {
        child += child + 1 < s->n && is_before(&s->heap[child + 1], &s->heap[child]);
        if (!is_before(&s->heap[child], &held))
            break;
        s->heap[at] = s->heap[child];
        at = child;
    }
    s->heap[at] = held;
}

static void push(search *s, box_node node)
{
    size_t at = s->n++;
    for (; at > 0 && is_before(&node, &s->heap[(at - 1) / 2]); at = (at - 1) / 2)
        s->heap[at] = s->heap[(at - 1) / 2];
    s->heap[at] = node;
}

static vouch_status grow(search *s)
{
    const vouch_alloc *alloc = vouch__allocator(s->ctx);
    size_t cap = s->cap ? 2 * s->cap : 64, width = s->space->n_dims + 1;
    box_node *heap = vouch__resize(alloc, s->heap, cap, sizeof *heap);
    s->heap = heap ? heap : s->heap;
    vouch__range *pool = vouch__resize(alloc, s->pool, cap * width, sizeof *pool);
    s->pool = pool ? pool : s->pool;
    uint32_t *spare = vouch__resize(alloc, s->spare, cap, sizeof *spare);
    s->spare = spare ? spare : s->spare;
    if (!heap || !pool || !spare)
        return vouch__oom(s->ctx);
    s->cap = cap;
    return VOUCH_OK;
}

static vouch_status take_slot(search *s, uint32_t *out_slot)
{
    if (s->n_spare) {
        *out_slot = s->spare[--s->n_spare];
        return VOUCH_OK;
    }
    vouch_status status = s->slots + 1 < s->cap ? VOUCH_OK : grow(s);
    if (!status)
        *out_slot = (uint32_t)s->slots++;
    return status;
}

/* Look at the box in a slot: it comes into the heap, or its slot is free again. */
static void enter(search *s, uint32_t slot, double least)
{
    vouch__range *box = s->pool + slot * (s->space->n_dims + 1);
    vouch__bounder_look(s->bounder, box, &s->view);
    s->looked++;
    for (size_t k = 0; k < s->view.n_try && isfinite(s->view.bound); k++)
        consider(s, s->view.try[k]);
    double bound = fmax(s->view.bound, least);
    if (!(bound < s->cost - EQUAL) || s->view.dim == SIZE_MAX) {
        s->spare[s->n_spare++] = slot;
        return;
    }
    push(s, (box_node){ bound, slot, (uint32_t)s->view.dim, s->view.below, s->view.above });
}

static vouch_status branch(search *s)
{
    box_node node = s->heap[0];
    uint32_t other;
    size_t width = s->space->n_dims + 1;
    s->heap[0] = s->heap[--s->n];
    if (s->n)
        sink(s, 0);
    vouch_status status = take_slot(s, &other);
    if (status || !s->pool)
        return status;
    memcpy(s->pool + other * width, s->pool + node.slot * width, width * sizeof *s->pool);
    s->pool[node.slot * width + node.dim] = node.below;
    s->pool[other * width + node.dim] = node.above;
    enter(s, node.slot, node.bound);
    enter(s, other, node.bound);
    return VOUCH_OK;
}

static bool is_time_over(const search *s)
{
    return s->until && s->looked % CLOCK_EVERY < 2 && vouch__now(s->ctx) >= s->until;
}

/* The cheapest answer in a box; s->cost and s->best, and what nothing in it costs less than. */
static vouch_status solve(search *s, const vouch__range *box, double *out_bound)
{
    const vouch_recourse *r = s->space->recourse;
    uint32_t slot = 0;
    s->n = s->slots = s->n_spare = s->looked = 0;
    s->cost = INFINITY;
    vouch_status status = take_slot(s, &slot);
    if (status || !s->pool)
        return status;
    memcpy(s->pool, box, s->space->n_dims * sizeof *box);
    enter(s, slot, 0.0);
    while (s->n && s->heap[0].bound < s->cost - EQUAL && !status) {
        if (s->looked >= r->nodes || is_time_over(s) ||
            (isfinite(s->cost) && s->cost - s->heap[0].bound <= r->gap * s->cost))
            break;
        status = vouch__poll(s->ctx);
        if (!status)
            status = branch(s);
    }
    *out_bound = s->n ? fmin(s->heap[0].bound, s->cost) : s->cost;
    return status;
}

/* ---- different answers ---- */

typedef struct part { /* a space in which some dimensions stay, and its cheapest answer */
    uint8_t *stays;   /* [n_dims] */
    uint32_t *at;     /* [n_dims] */
    double cost, bound;
    bool is_done;
} part;

typedef struct parting {
    search *s;
    vouch__range *box;
    part *part;
    size_t n;
    uint8_t *told; /* [n_told x n_dims] which dimensions each answer changes */
    size_t n_told;
} parting;

static vouch_status open_part(vouch_ctx *ctx, parting *p, const uint8_t *stays, size_t also)
{
    const vouch__space *space = p->s->space;
    part new = { .stays = vouch__scratch(ctx, space->n_dims + 1, 1),
                 .at = vouch__scratch(ctx, space->n_dims + 1, sizeof *new.at) };
    if (!new.stays || !new.at)
        return vouch__oom(ctx);
    memset(new.stays, 0, space->n_dims + 1);
    if (stays)
        memcpy(new.stays, stays, space->n_dims);
    if (also != SIZE_MAX)
        new.stays[also] = 1;
    for (size_t k = 0; k < p->n; k++)
        if (!memcmp(p->part[k].stays, new.stays, space->n_dims))
            return VOUCH_OK;
    if (p->n == PARTS)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "recourse: the answers fall into more than %d parts", PARTS);
    for (size_t d = 0; d < space->n_dims; d++) {
        const vouch__dimension *dim = &space->dim[d];
        uint64_t own = UINT64_C(1) << (dim->own % 64);
        if (dim->is_category)
            p->box[d].set = new.stays[d] ? own : dim->n == 64 ? UINT64_MAX : (UINT64_C(1) << dim->n) - 1;
        else
            p->box[d].of.lo = new.stays[d] ? (uint32_t)dim->own : 0;
        if (!dim->is_category)
            p->box[d].of.hi = new.stays[d] ? (uint32_t)dim->own : (uint32_t)dim->n - 1;
    }
    vouch_status status = solve(p->s, p->box, &new.bound);
    new.cost = p->s->cost;
    memcpy(new.at, p->s->best, space->n_dims * sizeof *new.at);
    p->part[p->n++] = new;
    return status;
}

/* The part with the cheapest answer, and the least bound of all. */
static part *cheapest_part(const parting *p, double *out_bound)
{
    part *best = NULL;
    *out_bound = INFINITY;
    for (size_t k = 0; k < p->n; k++) {
        if (p->part[k].is_done)
            continue;
        *out_bound = fmin(*out_bound, p->part[k].bound);
        if (isfinite(p->part[k].cost) && (!best || p->part[k].cost < best->cost))
            best = &p->part[k];
    }
    return best;
}

/* An earlier answer all of whose changes this one makes, or SIZE_MAX. */
static size_t covered(const parting *p, const part *at)
{
    const vouch__space *space = p->s->space;
    for (size_t k = 0; k < p->n_told; k++) {
        bool is_covered = true;
        for (size_t d = 0; d < space->n_dims; d++)
            is_covered = is_covered && (!p->told[k * space->n_dims + d] || at->at[d] != space->dim[d].own);
        if (is_covered)
            return k;
    }
    return SIZE_MAX;
}

static void tell(const parting *p, const part *at, double bound, double *out_row, vouch_recourse_answer *out)
{
    const vouch__space *space = p->s->space;
    memcpy(out_row, space->row, space->recourse->model->inputs.n * sizeof *out_row);
    *out = (vouch_recourse_answer){ .cost = at->cost, .bound = fmin(bound, at->cost) };
    for (size_t d = 0; d < space->n_dims; d++) {
        out_row[space->dim[d].input] = space->dim[d].value[at->at[d]];
        out->changes += at->at[d] != space->dim[d].own;
    }
    out->is_optimal = out->cost - out->bound <= EQUAL * (1.0 + out->cost);
    vouch__recourse_score(space->recourse, out_row, &out->raw, &out->probability);
}

/* Open what is left when changes of answer k may not all be made. */
static vouch_status part_again(vouch_ctx *ctx, parting *p, const part *from, size_t k)
{
    size_t dims = p->s->space->n_dims;
    const uint8_t *stays = from->stays;
    vouch_status status = VOUCH_OK;
    for (size_t d = 0; d < dims && !status; d++)
        if (p->told[k * dims + d])
            status = open_part(ctx, p, stays, d);
    return status;
}

static vouch_status find_answers(vouch_ctx *ctx, parting *p, double *out_row, vouch_recourse_answer *out,
                                 size_t *out_n, double *out_bound)
{
    const vouch__space *space = p->s->space;
    size_t inputs = space->recourse->model->inputs.n;
    vouch_status status = open_part(ctx, p, NULL, SIZE_MAX);
    part *at = status ? NULL : cheapest_part(p, out_bound);
    while (!status && at && *out_n < space->recourse->answers) {
        size_t k = covered(p, at);
        at->is_done = true;
        if (k == SIZE_MAX) {
            k = p->n_told++;
            tell(p, at, *out_bound, out_row + *out_n * inputs, &out[*out_n]);
            *out_n += 1;
            for (size_t d = 0; d < space->n_dims; d++)
                p->told[k * space->n_dims + d] = at->at[d] != space->dim[d].own;
        }
        if (*out_n < space->recourse->answers)
            status = part_again(ctx, p, at, k);
        at = status ? NULL : cheapest_part(p, out_bound);
    }
    return status;
}

static vouch_status search_space(vouch_ctx *ctx, const vouch__space *space, double *out_row,
                                 vouch_recourse_answer *out, size_t *out_n, double *out_bound)
{
    const vouch_recourse *r = space->recourse;
    size_t dims = space->n_dims + 1;
    const vouch_alloc *alloc = vouch__allocator(ctx);
    search s = { .ctx = ctx, .space = space };
    parting p = { .s = &s };
    s.until = r->seconds > 0.0 ? vouch__now(ctx) + (int64_t)fmin(r->seconds * 1e6, 9e15) : 0;
    s.moved = vouch__scratch(ctx, r->model->inputs.n + 1, sizeof *s.moved);
    s.best = vouch__scratch(ctx, dims, sizeof *s.best);
    s.view.try[0] = vouch__scratch(ctx, dims, sizeof *s.best);
    s.view.try[1] = vouch__scratch(ctx, dims, sizeof *s.best);
    p.box = vouch__scratch(ctx, dims, sizeof *p.box);
    p.part = vouch__scratch(ctx, PARTS, sizeof *p.part);
    p.told = vouch__scratch(ctx, r->answers * dims, 1);
    if (!s.moved || !s.best || !s.view.try[0] || !s.view.try[1] || !p.box || !p.part || !p.told)
        return vouch__oom(ctx);
    memset(s.best, 0, dims * sizeof *s.best);
    vouch_status status = vouch__bounder_make(ctx, space, &s.bounder);
    if (!status)
        status = find_answers(ctx, &p, out_row, out, out_n, out_bound);
    vouch__free(alloc, s.heap);
    vouch__free(alloc, s.pool);
    vouch__free(alloc, s.spare);
    return status;
}

vouch_status vouch_recourse_find(vouch_ctx *ctx, const vouch_recourse *r, const double *row, double *out_row,
                                 vouch_recourse_answer *out_answer, size_t *out_n, double *out_bound)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__space space = { .n_dims = 0 };
    double raw, p, bound = INFINITY;
    size_t n = 0;
    vouch_status status = VOUCH_OK;
    if (r->model->kind->check)
        status = r->model->kind->check(ctx, r->model->state, &r->model->inputs,
                                       (vouch__matrix){ row, 1, r->model->inputs.n }, 0);
    vouch__recourse_score(r, row, &raw, &p);
    if (!status && isnan(p))
        status = vouch__fail(ctx, VOUCH_E_DATA, "recourse: the model gives the row no probability");
    if (!status && p <= r->cutoff) {
        memcpy(out_row, row, r->model->inputs.n * sizeof *row);
        out_answer[0] = (vouch_recourse_answer){ .raw = raw, .probability = p, .is_optimal = 1 };
        n = 1;
    } else if (!status) {
        status = vouch__space_make(ctx, r, row, &space);
        if (!status)
            status = search_space(ctx, &space, out_row, out_answer, &n, &bound);
    }
    vouch__scratch_reset(ctx, mark);
    if (!status) {
        *out_n = n;
        *out_bound = bound;
    }
    return status;
}
