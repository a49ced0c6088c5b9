/* What a box of candidates costs at least, and where to split it.
 *
 * Every tree chooses its leaf by itself, paying its part of what the leaf asks of each dimension (Lagrangian
 * decomposition; the parts of a dimension add up to 1), and a price on raw makes all of them together reach
 * the target. For any price the sum of the trees' least is at most the cost of every approved row in the box:
 *     base + sum over trees of min over leaves (parts of the cost + price leaf) - price target
 * It is concave and piecewise linear in the price, so its top is found exactly by meeting lines. For a model
 * that adds over inputs a dimension is a tree, and the bound is the linear relaxation of the multiple-choice
 * knapsack. What the trees ask for at the top is where the box is split, and a guess at an answer. */
#include "explain/recourse.h"

#include <math.h>
#include <string.h>

typedef struct demand { /* of one tree: this much of the dimension */
    uint32_t dim, at;
    double cost, part;
} demand;

typedef struct line { /* a choice of leaves: cost + price over */
    double cost, over;
} line;

struct vouch__bounder {
    const vouch__space *space;
    const vouch__range *box;
    vouch__range *at;     /* [n_dims] the box while a tree is walked */
    double *pay, *leaf;   /* [entries] what a leaf costs its tree, and its value */
    uint32_t *of, *begin; /* [entries] node or candidate; [pieces + 1] */
    uint32_t n, pieces;
    uint32_t *pick[3]; /* [pieces] entries chosen: on either side of the top, and a new one */
    demand *demand;
    size_t n_demands;
    double *most, *mean; /* [n_dims] */
    uint32_t *far;       /* [n_dims] the position that costs most */
    double *base;        /* [n_dims] cheapest cost in the box */
};

static size_t max_depth(const vouch__space *s)
{
    size_t deepest = 0;
    for (size_t k = 0; k < s->n_nodes; k++) {
        size_t depth = 0;
        for (int32_t at = s->node[k].left < 0 ? s->node[k].parent : -1; at >= 0; at = s->node[at].parent)
            depth++;
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

vouch_status vouch__bounder_make(vouch_ctx *ctx, const vouch__space *s, vouch__bounder **out)
{
    bool is_sum = s->recourse->form == VOUCH__RECOURSE_SUM;
    size_t pieces = is_sum ? s->n_dims : s->n_trees, entries = s->n_nodes, demands;
    for (size_t d = 0; d < s->n_dims && is_sum; d++)
        entries += s->dim[d].n;
    demands = 2 * pieces * (is_sum ? 1 : max_depth(s)) + 1;
    vouch__bounder *b = vouch__scratch(ctx, 1, sizeof *b);
    if (!b)
        return vouch__oom(ctx);
    *b = (vouch__bounder){ .space = s, .pieces = (uint32_t)pieces };
    b->at = vouch__scratch(ctx, s->n_dims + 1, sizeof *b->at);
    b->pay = vouch__scratch(ctx, entries + 1, sizeof *b->pay);
    b->leaf = vouch__scratch(ctx, entries + 1, sizeof *b->leaf);
    b->of = vouch__scratch(ctx, entries + 1, sizeof *b->of);
    b->begin = vouch__scratch(ctx, pieces + 1, sizeof *b->begin);
    b->demand = vouch__scratch(ctx, demands, sizeof *b->demand);
    b->most = vouch__scratch(ctx, s->n_dims + 1, sizeof *b->most);
    b->mean = vouch__scratch(ctx, s->n_dims + 1, sizeof *b->mean);
    b->base = vouch__scratch(ctx, s->n_dims + 1, sizeof *b->base);
    b->far = vouch__scratch(ctx, s->n_dims + 1, sizeof *b->far);
    for (int k = 0; k < 3; k++) {
        b->pick[k] = vouch__scratch(ctx, pieces + 1, sizeof **b->pick);
        if (!b->pick[k])
            return vouch__oom(ctx);
    }
    if (!b->at || !b->pay || !b->leaf || !b->of || !b->begin || !b->demand || !b->most || !b->mean ||
        !b->base || !b->far)
        return vouch__oom(ctx);
    *out = b;
    return VOUCH_OK;
}

vouch__cheapest vouch__range_cheapest(const vouch__dimension *dim, vouch__range range)
{
    uint32_t at = (uint32_t)dim->own;
    if (!vouch__range_has_own(dim, range))
        at = dim->is_category         ? (uint32_t)__builtin_ctzll(range.set)
             : range.of.lo > dim->own ? range.of.lo
                                      : range.of.hi;
    return (vouch__cheapest){ dim->cost[at], at };
}

/* ---- the leaves that a box reaches ---- */

static void put(vouch__bounder *b, double pay, double leaf, uint32_t of)
{
    b->pay[b->n] = pay;
    b->leaf[b->n] = leaf;
    b->of[b->n++] = of;
}

/* The part of a range on one side of a split; false when there is none. */
static bool take_side(const vouch__space *s, const vouch__recourse_node *node, bool left, vouch__range *range)
{
    if (s->dim[node->dim].is_category) {
        range->set &= left ? node->set : ~node->set;
        return range->set != 0;
    }
    if (left ? range->of.lo >= node->cut : range->of.hi < node->cut)
        return false;
    if (left && range->of.hi >= node->cut)
        range->of.hi = node->cut - 1;
    if (!left && range->of.lo < node->cut)
        range->of.lo = node->cut;
    return true;
}

static void walk(vouch__bounder *b, int32_t at, double pay)
{
    const vouch__space *s = b->space;
    const vouch__recourse_node *node = &s->node[at];
    if (node->left < 0) {
        put(b, pay, node->value, (uint32_t)at);
        return;
    }
    vouch__range held = b->at[node->dim];
    const vouch__dimension *dim = &s->dim[node->dim];
    double before = vouch__range_cheapest(dim, held).cost;
    for (int left = 1; left >= 0; left--) {
        b->at[node->dim] = held;
        if (take_side(s, node, left, &b->at[node->dim]))
            walk(b, left ? node->left : node->right,
                 pay + node->part * (vouch__range_cheapest(dim, b->at[node->dim]).cost - before));
    }
    b->at[node->dim] = held;
}

static void reach_sums(vouch__bounder *b, size_t d)
{
    const vouch__dimension *dim = &b->space->dim[d];
    vouch__range range = b->box[d];
    if (dim->is_category) {
        for (uint64_t set = range.set; set; set &= set - 1) {
            uint32_t k = (uint32_t)__builtin_ctzll(set);
            put(b, dim->cost[k] - b->base[d], dim->sum[k], k);
        }
        return;
    }
    for (uint32_t k = range.of.lo; k <= range.of.hi; k++)
        put(b, dim->cost[k] - b->base[d], dim->sum[k], k);
}

static void reach_leaves(vouch__bounder *b)
{
    const vouch__space *s = b->space;
    b->n = 0;
    memcpy(b->at, b->box, s->n_dims * sizeof *b->at);
    for (uint32_t p = 0; p < b->pieces; p++) {
        b->begin[p] = b->n;
        if (s->recourse->form == VOUCH__RECOURSE_SUM)
            reach_sums(b, p);
        else
            walk(b, (int32_t)s->root[p], 0.0);
    }
    b->begin[b->pieces] = b->n;
}

/* ---- the price ---- */

/* The leaves that are least at a price (INFINITY: the least leaves), the lower of equals. */
static line choose(const vouch__bounder *b, double price, uint32_t *pick)
{
    const vouch__space *s = b->space;
    line sum = { 0.0, s->constant - s->enough };
    for (uint32_t p = 0; p < b->pieces; p++) {
        uint32_t best = b->begin[p];
        double least = isinf(price) ? b->leaf[best] : b->pay[best] + price * b->leaf[best];
        for (uint32_t k = best + 1; k < b->begin[p + 1]; k++) {
            double at = isinf(price) ? b->leaf[k] : b->pay[k] + price * b->leaf[k];
            double tie = isinf(price) ? b->pay[k] - b->pay[best] : b->leaf[k] - b->leaf[best];
            if (at < least || (at == least && tie < 0.0)) {
                least = at;
                best = k;
            }
        }
        pick[p] = best;
        sum.cost += b->pay[best];
        sum.over += b->leaf[best];
    }
    return sum;
}

static void swap(uint32_t **a, uint32_t **b)
{
    uint32_t *held = *a;
    *a = *b;
    *b = held;
}

/* The top of the bound above base; INFINITY where even the least leaves are not approved. pick[0] and pick[1]
 * are then the choices that meet there. */
static double top(vouch__bounder *b)
{
    line low = choose(b, 0.0, b->pick[0]), high = choose(b, INFINITY, b->pick[1]);
    double best = 0.0;
    if (high.over > 0.0)
        return INFINITY;
    if (low.over <= 0.0) {
        memcpy(b->pick[1], b->pick[0], b->pieces * sizeof **b->pick);
        return 0.0;
    }
    for (int round = 0; round < 50; round++) {
        double price = (high.cost - low.cost) / (low.over - high.over);
        double meet = low.cost + price * low.over;
        line now = choose(b, price, b->pick[2]);
        double value = now.cost + price * now.over;
        best = fmax(best, value);
        if (!(value < meet - 1e-12 * (1.0 + fabs(meet))))
            break;
        if (now.over > 0.0) {
            low = now;
            swap(&b->pick[0], &b->pick[2]);
        } else {
            high = now;
            swap(&b->pick[1], &b->pick[2]);
        }
    }
    return best;
}

/* ---- what the trees ask for ---- */

static void ask(vouch__bounder *b, uint32_t dim, vouch__cheapest found, double part)
{
    double cost = found.cost - b->base[dim];
    if (cost <= 0.0)
        return;
    b->demand[b->n_demands++] = (demand){ dim, found.at, cost, part };
    b->mean[dim] += 0.5 * part * cost;
    if (cost > b->most[dim]) {
        b->most[dim] = cost;
        b->far[dim] = found.at;
    }
}

/* Every dimension on the way to a leaf, once. */
static void ask_leaf(vouch__bounder *b, uint32_t leaf)
{
    const vouch__space *s = b->space;
    size_t first = b->n_demands;
    int32_t below = (int32_t)leaf;
    for (int32_t at = s->node[leaf].parent; at >= 0; below = at, at = s->node[at].parent) {
        const vouch__recourse_node *node = &s->node[at];
        (void)take_side(s, node, node->left == below, &b->at[node->dim]);
    }
    for (int32_t at = s->node[leaf].parent; at >= 0; at = s->node[at].parent) {
        uint32_t d = s->node[at].dim;
        bool is_asked = false;
        for (size_t k = first; k < b->n_demands; k++)
            is_asked = is_asked || b->demand[k].dim == d;
        if (!is_asked)
            ask(b, d, vouch__range_cheapest(&s->dim[d], b->at[d]), s->node[at].part);
        b->at[d] = b->box[d];
    }
}

static void ask_choice(vouch__bounder *b, const uint32_t *pick)
{
    const vouch__space *s = b->space;
    for (uint32_t p = 0; p < b->pieces; p++) {
        uint32_t of = b->of[pick[p]];
        if (s->recourse->form == VOUCH__RECOURSE_SUM)
            ask(b, p, (vouch__cheapest){ s->dim[p].cost[of], of }, 1.0);
        else
            ask_leaf(b, of);
    }
}

static void guess(const vouch__bounder *b, uint32_t *out)
{
    const vouch__space *s = b->space;
    for (size_t d = 0; d < s->n_dims; d++)
        out[d] = b->most[d] > 0.0 ? b->far[d] : vouch__range_cheapest(&s->dim[d], b->box[d]).at;
}

static void forget(vouch__bounder *b)
{
    b->n_demands = 0;
    memset(b->most, 0, b->space->n_dims * sizeof *b->most);
    memset(b->mean, 0, b->space->n_dims * sizeof *b->mean);
}

/* ---- splitting ---- */

/* Numbers: the candidate and what lies beyond it, seen from the cheapest, against the rest. */
static void split_at(const vouch__bounder *b, size_t d, uint32_t at, vouch__box_view *out)
{
    const vouch__dimension *dim = &b->space->dim[d];
    vouch__range range = b->box[d];
    vouch__cheapest nearest = vouch__range_cheapest(dim, range);
    out->dim = d;
    out->below = out->above = range;
    if (dim->is_category) {
        out->below.set = UINT64_C(1) << (vouch__range_has_own(dim, range) ? (uint32_t)dim->own : at);
        out->above.set = range.set & ~out->below.set;
    } else if (at > nearest.at) {
        out->below.of.hi = at - 1;
        out->above.of.lo = at;
    } else {
        out->below.of.lo = at + 1;
        out->above.of.hi = at;
    }
}

/* Where trees agree least on how far to go; half way between what they ask on average and at most. */
static bool split_by_demand(const vouch__bounder *b, bool is_crowded, vouch__box_view *out)
{
    const vouch__space *s = b->space;
    size_t best = SIZE_MAX;
    double widest = 1e-12, nearest = INFINITY;
    uint32_t at = 0;
    for (size_t d = 0; d < s->n_dims; d++) {
        double gap = is_crowded && vouch__range_has_own(&s->dim[d], b->box[d]) ? b->most[d]
                                                                               : b->most[d] - b->mean[d];
        if (gap > widest) {
            widest = gap;
            best = d;
        }
    }
    if (best == SIZE_MAX)
        return false;
    const vouch__dimension *dim = &s->dim[best];
    double middle = 0.5 * (b->most[best] + b->mean[best]);
    for (size_t k = 0; k < b->n_demands; k++)
        if (b->demand[k].dim == best && fabs(b->demand[k].cost - middle) < nearest) {
            nearest = fabs(b->demand[k].cost - middle);
            at = b->demand[k].at;
        }
    if (is_crowded && !dim->is_category && vouch__range_has_own(dim, b->box[best]))
        at = at > dim->own ? (uint32_t)dim->own + 1 : (uint32_t)dim->own - 1;
    split_at(b, best, at, out);
    return true;
}

/* The dimension with the cheapest next candidate, split beside its cheapest. */
static void split_anyhow(const vouch__bounder *b, vouch__box_view *out)
{
    const vouch__space *s = b->space;
    double least = INFINITY;
    out->dim = SIZE_MAX;
    for (size_t d = 0; d < s->n_dims; d++) {
        vouch__range range = b->box[d];
        if (vouch__range_count(&s->dim[d], range) < 2)
            continue;
        vouch__cheapest here = vouch__range_cheapest(&s->dim[d], range);
        uint32_t next;
        if (s->dim[d].is_category)
            next = (uint32_t)__builtin_ctzll(range.set & ~(UINT64_C(1) << here.at));
        else if (here.at < range.of.hi &&
                 (here.at == range.of.lo || s->dim[d].cost[here.at + 1] <= s->dim[d].cost[here.at - 1]))
            next = here.at + 1;
        else
            next = here.at - 1;
        double more = s->dim[d].cost[next] - here.cost;
        if (more < least || out->dim == SIZE_MAX) {
            least = more;
            split_at(b, d, next, out);
        }
    }
}

void vouch__bounder_look(vouch__bounder *b, vouch__range *box, vouch__box_view *out)
{
    const vouch__space *s = b->space;
    size_t forced = 0, asked = 0;
    double base = 0.0, above = 0.0;
    out->n_try = 0;
    out->dim = SIZE_MAX;
    for (size_t d = 0; d < s->n_dims; d++)
        forced += !vouch__range_has_own(&s->dim[d], box[d]);
    out->bound = INFINITY;
    if (forced > s->recourse->max_changes)
        return;
    for (size_t d = 0; d < s->n_dims; d++) {
        if (forced == s->recourse->max_changes && vouch__range_has_own(&s->dim[d], box[d])) {
            if (s->dim[d].is_category)
                box[d].set = UINT64_C(1) << s->dim[d].own;
            else
                box[d].of.lo = box[d].of.hi = (uint32_t)s->dim[d].own;
        }
        b->base[d] = vouch__range_cheapest(&s->dim[d], box[d]).cost;
        base += b->base[d];
    }
    b->box = box;
    forget(b);
    if (s->recourse->form != VOUCH__RECOURSE_ASK) {
        reach_leaves(b);
        above = top(b);
        if (isinf(above))
            return;
        ask_choice(b, b->pick[0]);
        guess(b, out->try[out->n_try++]);
        ask_choice(b, b->pick[1]);
    }
    guess(b, out->try[out->n_try++]);
    for (size_t d = 0; d < s->n_dims; d++)
        asked += b->most[d] > 0.0 && vouch__range_has_own(&s->dim[d], box[d]);
    out->bound = base + above;
    if (!split_by_demand(b, forced + asked > s->recourse->max_changes, out))
        split_anyhow(b, out);
}
