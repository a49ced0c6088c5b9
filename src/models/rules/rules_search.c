/* The best rule list of a pool by branch and bound (Angelino et al. 2018; falling: Wang & Rudin 2015). The
 * objective is log-loss with every rule's own rate, and a penalty for each rule. Lists are extended at the
 * end, the most promising first. What no extension can avoid: the loss of the rows already taken, one more
 * penalty, and of the rest the loss that rows alike in every condition of the pool have among themselves.
 * When nothing open is below the best list found, that list is the best there is; when the nodes are used up,
 * the lowest open bound says how far it may be from that. */
#include "models/rules/rules.h"

#include "num/special.h"

#include <math.h>
#include <string.h>

typedef struct node {
    uint32_t parent, rule, depth;
    double loss, bound, risk; /* of the rows taken; of any extension; of the last rule */
} node;

typedef struct search {
    const vouch__rule_search *s;
    double *alike;  /* [groups] loss within a group */
    uint64_t *rest; /* [words] groups not yet taken */
    node *node;
    uint32_t *heap; /* by bound, then number */
    size_t n, n_heap, cap;
    double best;
    size_t best_n, best_rule[VOUCH__RULES_LIMIT];
} search;

static double entropy(double target, double weight)
{
    double good = weight - target;
    if (!(weight > 0.0) || target <= 0.0 || good <= 0.0)
        return 0.0;
    return -target * vouch__log(target / weight) - good * vouch__log(good / weight);
}

static bool before(const search *q, uint32_t a, uint32_t b)
{
    return q->node[a].bound < q->node[b].bound || (q->node[a].bound <= q->node[b].bound && a < b);
}

static void push(search *q, uint32_t at)
{
    size_t i = q->n_heap++;
    for (; i > 0 && before(q, at, q->heap[(i - 1) / 2]); i = (i - 1) / 2)
        q->heap[i] = q->heap[(i - 1) / 2];
    q->heap[i] = at;
}

static uint32_t pop(search *q)
{
    uint32_t top = q->heap[0], last = q->heap[--q->n_heap];
    size_t i = 0;
    for (size_t c = 1; c < q->n_heap; c = 2 * i + 1) {
        c += c + 1 < q->n_heap && before(q, q->heap[c + 1], q->heap[c]);
        if (!before(q, q->heap[c], last))
            break;
        q->heap[i] = q->heap[c];
        i = c;
    }
    q->heap[i] = last;
    return top;
}

typedef struct sums {
    double weight, target, alike;
} sums;

/* Sums over the groups that are in a set, and in `with` unless it is NULL. */
static sums over(const search *q, const uint64_t *set, const uint64_t *with)
{
    sums t = { 0.0, 0.0, 0.0 };
    for (size_t w = 0; w < q->s->words; w++)
        for (uint64_t bits = set[w] & (with ? with[w] : ~UINT64_C(0)); bits; bits &= bits - 1) {
            size_t g = 64 * w + (size_t)__builtin_ctzll(bits);
            t.weight += q->s->weight[g];
            t.target += q->s->target[g];
            t.alike += q->alike[g];
        }
    return t;
}

/* A list that ends here. */
static void consider(search *q, uint32_t at, const sums *rest)
{
    const node *end = &q->node[at];
    double objective = end->loss + q->s->penalty * (double)end->depth + entropy(rest->target, rest->weight);
    if (q->s->is_falling && end->depth && rest->weight > 0.0 && rest->target / rest->weight > end->risk)
        return;
    if (!(objective < q->best))
        return;
    q->best = objective;
    q->best_n = end->depth;
    for (size_t k = end->depth; k-- > 0; at = q->node[at].parent)
        q->best_rule[k] = q->node[at].rule;
}

/* Every rule that may follow; what can't be better than the best list is not kept. */
static void expand(search *q, uint32_t at)
{
    const node from = q->node[at];
    memset(q->rest, 0xff, q->s->words * sizeof *q->rest);
    if (q->s->groups % 64)
        q->rest[q->s->words - 1] = (UINT64_C(1) << q->s->groups % 64) - 1;
    for (uint32_t k = at, d = from.depth; d > 0; d--, k = q->node[k].parent)
        for (size_t w = 0; w < q->s->words; w++)
            q->rest[w] &= ~q->s->holds[q->node[k].rule * q->s->words + w];
    sums all = over(q, q->rest, NULL);
    consider(q, at, &all);
    for (uint32_t rule = 0; rule < q->s->pool && from.depth < q->s->most && q->n < q->cap; rule++) {
        sums in = over(q, q->rest, q->s->holds + rule * q->s->words);
        double risk = in.weight > 0.0 ? in.target / in.weight : 0.0;
        if (in.weight < q->s->least_weight || (q->s->is_falling && from.depth && risk > from.risk))
            continue;
        node child = { at, rule, from.depth + 1, from.loss + entropy(in.target, in.weight), 0.0, risk };
        sums rest = { all.weight - in.weight, all.target - in.target, all.alike - in.alike };
        q->node[q->n] = child;
        consider(q, (uint32_t)q->n, &rest);
        /* nothing shorter than one more rule betters it now */
        child.bound = child.loss + q->s->penalty * (double)(child.depth + 1) + fmax(rest.alike, 0.0);
        if (child.depth == q->s->most || !(child.bound < q->best))
            continue;
        q->node[q->n].bound = child.bound;
        push(q, (uint32_t)q->n++);
    }
}

vouch_status vouch__rules_search(vouch_ctx *ctx, const vouch__rule_search *s, size_t *out_rule, size_t *out_n,
                                 double *out_objective, double *out_bound, double *out_examined)
{
    size_t mark = vouch__scratch_mark(ctx), examined = 0;
    search q = { .s = s, .cap = s->nodes * 8 + 2, .best = INFINITY };
    vouch_status status = VOUCH_OK;
    q.alike = vouch__scratch(ctx, s->groups, sizeof *q.alike);
    q.rest = vouch__scratch(ctx, s->words, sizeof *q.rest);
    q.node = vouch__scratch(ctx, q.cap + 1, sizeof *q.node);
    q.heap = vouch__scratch(ctx, q.cap + 1, sizeof *q.heap);
    if (!q.alike || !q.rest || !q.node || !q.heap)
        return vouch__oom(ctx);
    for (size_t g = 0; g < s->groups; g++)
        q.alike[g] = entropy(s->target[g], s->weight[g]);
    q.node[0] = (node){ 0 };
    q.n = 1;
    push(&q, 0);
    double bound = 0.0;
    while (q.n_heap && examined < s->nodes && q.n < q.cap && !status) {
        uint32_t at = pop(&q);
        bound = q.node[at].bound;
        if (!(bound < q.best))
            break;
        expand(&q, at);
        examined++;
        status = vouch__poll(ctx);
    }
    bool is_done = !q.n_heap && q.n < q.cap;
    if (q.n_heap)
        is_done = !(q.node[q.heap[0]].bound < q.best) && q.n < q.cap;
    *out_bound = is_done ? q.best : fmin(q.n_heap ? fmin(bound, q.node[q.heap[0]].bound) : bound, q.best);
    *out_objective = q.best;
    *out_n = q.best_n;
    *out_examined = (double)examined;
    for (size_t k = 0; k < q.best_n; k++)
        out_rule[k] = q.best_rule[k];
    vouch__scratch_reset(ctx, mark);
    return status;
}
