/* Which trees are quick, and the lanes that decide their nodes. */
#include "models/shap/shap_form.h"

#include "models/trees_io.h"

#include <math.h>
#include <string.h>

enum { LINES_MAX = 1 << 22, NEVER_RIGHT = 255, INTEGRATED = 2 };

typedef struct measure { /* of one tree */
    size_t depth, nodes, leaves, inputs;
    bool meets_twice; /* an input, on some path */
} measure;

typedef struct measuring {
    const vouch__node *tree;
    uint32_t met[VOUCH__TREE_DEPTH + 1];
    measure *m;
} measuring;

static void measure_node(measuring *w, const vouch__node *node, size_t depth, size_t met)
{
    measure *m = w->m;
    size_t k = 0;
    if (node->left < 0) {
        m->leaves++;
        m->depth = depth > m->depth ? depth : m->depth;
        m->inputs = met > m->inputs ? met : m->inputs;
        return;
    }
    m->nodes++;
    while (k < met && w->met[k] != node->input)
        k++;
    w->met[k] = node->input;
    m->meets_twice |= k < met;
    met += k == met;
    measure_node(w, w->tree + node->left, depth + 1, met);
    measure_node(w, w->tree + node->right, depth + 1, met);
}

static measure measure_tree(const vouch__trees *trees, size_t t)
{
    measure m = { 0 };
    measuring w = { .tree = trees->node + trees->root[t], .m = &m };
    measure_node(&w, w.tree, 0, 0);
    return m;
}

/* Quick trees may be of any forest; deep ones are only measured where every path holds, so depth is looked at
 * first. */
static size_t depth_of(const vouch__node *tree, const vouch__node *node, size_t most)
{
    if (node->left < 0 || most == 0)
        return 0;
    size_t left = depth_of(tree, tree + node->left, most - 1);
    size_t right = depth_of(tree, tree + node->right, most - 1);
    return 1 + (left > right ? left : right);
}

/* Lines of a subtree's units, when the path above it has `above` nodes. */
size_t vouch__shap_lines(const vouch__node *tree, const vouch__node *node, size_t level)
{
    if (node->left < 0)
        return (size_t)1 << level;
    if (level < VOUCH__SHAP_DEPTH - 2)
        return vouch__shap_lines(tree, tree + node->left, level + 1) +
               vouch__shap_lines(tree, tree + node->right, level + 1);
    size_t own = 1 + (size_t)(tree[node->left].left >= 0) + (size_t)(tree[node->right].left >= 0);
    return (size_t)1 << (level + own);
}

static void set_place(struct vouch__shap *s, size_t group, size_t lane, const vouch__node *node, size_t n)
{
    size_t at = group * VOUCH__SHAP_LANES + lane, stride = s->ranks.stride;
    uint32_t place = s->ranks.place[n], column = place >> 8;
    if (node->is_category) { /* decided one by one: never right in registers */
        s->place[at] = (uint16_t)(2 * stride + place);
        return;
    }
    unsigned side = s->lookup == VOUCH__SHAP_COPIES_64 ? 64 : s->lookup == VOUCH__SHAP_COPIES_128 ? 128 : 0;
    s->place[at] = (uint16_t)(column + (node->default_left ? 0 : stride));
    s->rank[at] = (uint8_t)place;
    s->index[at] = (uint8_t)(column | (node->default_left ? 0 : side));
    if (!node->default_left)
        s->default_left[group] &= ~((uint64_t)1 << lane);
}

void vouch__shap_set_lane(struct vouch__shap *s, size_t group, size_t lane, size_t n)
{
    const vouch__node *node = &s->trees->node[n];
    s->node_of[group * VOUCH__SHAP_LANES + lane] = (uint32_t)n;
    if (s->is_ranked)
        set_place(s, group, lane, node, n);
}

/* Category lanes of all groups, in order. */
static void set_cats(struct vouch__shap *s)
{
    size_t n = 0;
    for (size_t g = 0; g < s->n_groups; g++) {
        s->cat_at[g] = (uint32_t)n;
        for (size_t lane = 0; lane < VOUCH__SHAP_LANES; lane++) {
            size_t at = g * VOUCH__SHAP_LANES + lane;
            uint32_t node = s->node_of[at];
            if (node == UINT32_MAX || !s->trees->node[node].is_category)
                continue;
            s->cat[n++] = (vouch__shap_cat){ (uint8_t)lane, s->place[at] };
        }
    }
    s->cat_at[s->n_groups] = (uint32_t)n;
}

static void lay_out(vouch__pieces *pieces, struct vouch__shap *s)
{
    size_t lanes = s->n_groups * VOUCH__SHAP_LANES, units = s->n_quick * VOUCH__SHAP_UNITS;
    s->index = vouch__piece(pieces, lanes, sizeof *s->index);
    s->rank = vouch__piece(pieces, lanes, sizeof *s->rank);
    s->place = vouch__piece(pieces, lanes, sizeof *s->place);
    s->node_of = vouch__piece(pieces, lanes, sizeof *s->node_of);
    s->default_left = vouch__piece(pieces, s->n_groups, sizeof *s->default_left);
    s->cat_at = vouch__piece(pieces, s->n_groups + 1, sizeof *s->cat_at);
    s->cat = vouch__piece(pieces, s->n_cats, sizeof *s->cat);
    s->quick = vouch__piece(pieces, s->n_quick, sizeof *s->quick);
    s->mask = vouch__piece(pieces, units, sizeof *s->mask);
    s->line = vouch__piece(pieces, s->n_quick + 1, sizeof *s->line);
    s->at = vouch__piece(pieces, units, sizeof *s->at);
    s->bit = vouch__piece(pieces, units, VOUCH__SHAP_LINE);
    s->live = vouch__piece(pieces, s->n_quick, sizeof *s->live);
    s->input_of = vouch__piece(pieces, s->n_quick * VOUCH__SHAP_LANES, sizeof *s->input_of);
    s->deep = vouch__piece(pieces, s->n_deep, sizeof *s->deep);
}

static size_t cats_of(const vouch__trees *trees, size_t t)
{
    size_t n = 0;
    for (size_t i = trees->root[t]; i < trees->root[t + 1]; i++)
        n += trees->node[i].left >= 0 && trees->node[i].is_category;
    return n;
}

static size_t groups_of(size_t nodes) { return (nodes + VOUCH__SHAP_LANES - 1) / VOUCH__SHAP_LANES; }

/* Quick or deep, and how much of everything there is. */
static void sort_trees(struct vouch__shap *s)
{
    size_t once = 0; /* lines of integrated trees */
    const vouch__trees *trees = s->trees;
    double most = 0.0;
    for (size_t i = 0; i < trees->n_nodes; i++)
        if (trees->node[i].left < 0 && !(fabs(trees->node[i].value) <= most))
            most = fabs(trees->node[i].value);
    bool can = isfinite(most) && most < 1e300 && trees->n_inputs <= UINT16_MAX;
    s->n_lines = 0;
    for (size_t t = 0; t < trees->n_trees; t++) {
        const vouch__node *tree = trees->node + trees->root[t];
        size_t lines = 0;
        if (can && depth_of(tree, tree, VOUCH__SHAP_DEPTH + 1) <= VOUCH__SHAP_DEPTH)
            lines = 1 + vouch__shap_lines(tree, tree, 0);
        s->is_quick[t] = lines > 0 && s->n_lines + lines <= LINES_MAX;
        if (!s->is_quick[t]) {
            s->n_deep++;
            continue;
        }
        if (s->by_cover && !measure_tree(trees, t).meets_twice) {
            s->is_quick[t] = INTEGRATED;
            once += lines;
            s->n_cover++;
        }
        s->n_lines += lines;
        s->n_quick++;
        s->n_cats += cats_of(trees, t);
    }
    if (2 * s->n_cover < s->n_quick) /* too few for what rows have to do twice */
        s->n_cover = once = 0;
    s->n_lines -= once;
    s->n_groups = s->n_quick;
}

/* Inputs that deep trees split on, ascending: number[n_inputs] of each. */
static size_t number_inputs(const struct vouch__shap *s, uint32_t *number)
{
    size_t n = 0;
    memset(number, 0, s->trees->n_inputs * sizeof *number);
    for (size_t t = 0; t < s->trees->n_trees; t++)
        for (size_t i = s->trees->root[t]; !s->is_quick[t] && i < s->trees->root[t + 1]; i++)
            if (s->trees->node[i].left >= 0)
                number[s->trees->node[i].input] = 1;
    for (size_t j = 0; j < s->trees->n_inputs; j++)
        n += number[j];
    return n;
}

static void measure_deep(struct vouch__shap *s, vouch__shap_deep *out, size_t t)
{
    measure m = measure_tree(s->trees, t);
    size_t points = (m.inputs + 1) / 2, width = (points + VOUCH__SHAP_POINTS - 1) / VOUCH__SHAP_POINTS;
    *out = (vouch__shap_deep){ .tree = (uint32_t)t, .points = (uint16_t)points };
    if (m.nodes == 0 || m.nodes * width > VOUCH__SHAP_NODES || s->n_inputs > VOUCH__SHAP_INPUTS)
        return;
    out->n = (uint16_t)m.nodes;
    out->width = (uint16_t)width;
    out->group = (uint32_t)s->n_groups;
    out->node = (uint32_t)s->n_nodes;
    out->value = (uint32_t)s->n_values;
    out->leaf = (uint32_t)s->n_leaves;
    s->n_groups += groups_of(m.nodes);
    s->n_nodes += m.nodes;
    s->n_values += (m.nodes + VOUCH__SHAP_POINTS - 1) / VOUCH__SHAP_POINTS * VOUCH__SHAP_POINTS;
    s->n_leaves += m.leaves;
    s->n_cats += cats_of(s->trees, t);
}

static vouch_status take(vouch_ctx *ctx, struct vouch__shap *s)
{
    vouch__pieces pieces = { 0 };
    lay_out(&pieces, s);
    s->work = vouch__alloc(ctx, pieces.used + 64, 1);
    if (!s->work)
        return vouch__oom(ctx);
    pieces = (vouch__pieces){ (uint8_t *)s->work + (64 - (uintptr_t)s->work % 64), 0 };
    lay_out(&pieces, s);
    memset(s->rank, NEVER_RIGHT, s->n_groups * VOUCH__SHAP_LANES);
    memset(s->node_of, 0xff, s->n_groups * VOUCH__SHAP_LANES * sizeof *s->node_of);
    memset(s->default_left, 0xff, s->n_groups * sizeof *s->default_left);
    return VOUCH_OK;
}

static void fill_quick(struct vouch__shap *s, size_t q, size_t n, size_t h)
{
    const vouch__node *node = &s->trees->node[n];
    size_t root = s->trees->root[s->quick[q]];
    if (node->left < 0)
        return;
    vouch__shap_set_lane(s, q, h, n);
    s->input_of[q * VOUCH__SHAP_LANES + h] = (uint16_t)node->input;
    s->live[q] |= q < s->n_cover ? (uint64_t)1 << h : 0;
    fill_quick(s, q, root + (size_t)node->left, 2 * h);
    fill_quick(s, q, root + (size_t)node->right, 2 * h + 1);
}

size_t vouch__shap_order(const vouch__node *tree, uint32_t inner[VOUCH__SHAP_NODES], size_t *out_upper)
{
    uint32_t last[VOUCH__SHAP_NODES];
    size_t n = 1, upper = 0, n_last = 0;
    inner[0] = 0;
    for (size_t k = 0; k < n; k++) {
        const int32_t child[2] = { tree[inner[k]].left, tree[inner[k]].right };
        size_t before = n;
        for (size_t side = 0; side < 2; side++)
            if (tree[child[side]].left >= 0)
                inner[n++] = (uint32_t)child[side];
        if (n > before)
            inner[upper++] = inner[k];
        else
            last[n_last++] = inner[k];
    }
    memcpy(inner + upper, last, n_last * sizeof *last);
    *out_upper = upper;
    return n;
}

static void fill_deep(struct vouch__shap *s, const vouch__shap_deep *d)
{
    uint32_t inner[VOUCH__SHAP_NODES];
    size_t first = s->trees->root[d->tree], upper;
    if (!d->width)
        return;
    size_t n = vouch__shap_order(s->trees->node + first, inner, &upper);
    for (size_t k = 0; k < n; k++)
        vouch__shap_set_lane(s, d->group + k / VOUCH__SHAP_LANES, k % VOUCH__SHAP_LANES, first + inner[k]);
}

vouch_status vouch__shap_compile(vouch_ctx *ctx, struct vouch__shap *s)
{
    size_t mark = vouch__scratch_mark(ctx), q = 0, d = 0;
    s->is_quick = vouch__alloc(ctx, s->trees->n_trees + 1, sizeof *s->is_quick);
    uint32_t *number = vouch__scratch(ctx, s->trees->n_inputs + 1, sizeof *number);
    if (!s->is_quick || !number)
        return vouch__oom(ctx);
    sort_trees(s);
    if (!s->by_cover)
        s->n_deep = 0;
    vouch__shap_deep *deep = vouch__scratch(ctx, s->n_deep + 1, sizeof *deep);
    if (!deep)
        return vouch__oom(ctx);
    s->n_inputs = s->n_deep ? number_inputs(s, number) : 0;
    for (size_t t = 0; s->by_cover && t < s->trees->n_trees; t++)
        if (!s->is_quick[t])
            measure_deep(s, &deep[d++], t);
    vouch_status status = take(ctx, s);
    if (status)
        goto done;
    if (d)
        memcpy(s->deep, deep, d * sizeof *deep);
    for (size_t later = 0; later < 2; later++)
        for (size_t t = 0; t < s->trees->n_trees; t++)
            if (s->is_quick[t] && (later == 1) != (s->n_cover && s->is_quick[t] == INTEGRATED))
                s->quick[q++] = (uint32_t)t;
    for (q = 0; q < s->n_quick; q++)
        fill_quick(s, q, s->trees->root[s->quick[q]], 1);
    for (d = 0; d < s->n_deep; d++)
        fill_deep(s, &s->deep[d]);
    if (s->is_ranked)
        set_cats(s);
done:
    vouch__scratch_reset(ctx, mark);
    return status;
}

enum { KEPT = 4 * VOUCH__SHAP_SLOTS, ZERO = KEPT - 1 };

typedef struct kept { /* an integer that keep_lines leaves for an input */
    uint16_t input, at;
} kept;

typedef struct summing { /* of a group */
    size_t n, n_fours;
    uint32_t *n_of, *open; /* [n_inputs] how many an input has so far; its last four */
    kept all[VOUCH__SHAP_GROUP * VOUCH__SHAP_LANES];
    vouch__shap_four four[VOUCH__SHAP_GROUP * VOUCH__SHAP_LANES];
    uint32_t turn[VOUCH__SHAP_GROUP * VOUCH__SHAP_LANES]; /* of a four among its input's */
    uint32_t first[VOUCH__SHAP_GROUP * VOUCH__SHAP_LANES + 1];
} summing;

/* Where keep_lines leaves what heap node h gets. */
static size_t kept_at(size_t h)
{
    if (h >= 2 * VOUCH__SHAP_UNITS)
        return 4 * (h / 2 - VOUCH__SHAP_UNITS) + 1 + h % 2;
    if (h >= VOUCH__SHAP_UNITS)
        return 4 * (h - VOUCH__SHAP_UNITS);
    if (h >= 8)
        return 4 * 2 * (h - 8) + 3;
    return 4 * (size_t)(VOUCH__SHAP_UNITS + (h == 3 || h > 5)) + vouch__shap_place(h);
}

/* The same of vouch__shap_cover_row. */
static size_t given_at(size_t tree, size_t h)
{
    size_t pack = tree / VOUCH__SHAP_PACK;
    return (pack * VOUCH__SHAP_LANES + h) * VOUCH__SHAP_PACK + tree % VOUCH__SHAP_PACK;
}

static void list_kept(const struct vouch__shap *s, size_t begin, size_t end, summing *w)
{
    w->n = 0;
    for (size_t q = begin; q < end; q++)
        for (uint64_t left = s->live[q]; left; left &= left - 1) {
            size_t h = (size_t)__builtin_ctzll(left);
            size_t at = q < s->n_cover ? given_at(q - begin, h) : (q - begin) * KEPT + kept_at(h);
            w->all[w->n++] = (kept){ s->input_of[q * VOUCH__SHAP_LANES + h], (uint16_t)at };
        }
}

static void list_fours(summing *w, uint16_t zero)
{
    w->n_fours = 0;
    for (size_t i = 0; i < w->n; i++)
        w->n_of[w->all[i].input] = 0;
    for (size_t i = 0; i < w->n; i++) {
        uint16_t input = w->all[i].input;
        uint32_t turn = w->n_of[input]++;
        if (turn % 4 == 0) {
            w->open[input] = (uint32_t)w->n_fours;
            w->turn[w->n_fours] = turn / 4;
            w->four[w->n_fours++] = (vouch__shap_four){ input, { zero, zero, zero, zero } };
        }
        w->four[w->open[input]].at[turn % 4] = w->all[i].at;
    }
}

/* The k-th of an input's m fours has its place at (2 k + 1) / 2 m of the way. */
static size_t place_of(const summing *w, size_t i)
{
    size_t m = (w->n_of[w->four[i].input] + 3) / 4;
    return (2 * (size_t)w->turn[i] + 1) * w->n_fours / (2 * m);
}

static void spread_fours(summing *w, vouch__shap_four *out)
{
    memset(w->first, 0, (w->n_fours + 1) * sizeof *w->first);
    for (size_t i = 0; i < w->n_fours; i++)
        w->first[place_of(w, i) + 1]++;
    for (size_t i = 0; i < w->n_fours; i++)
        w->first[i + 1] += w->first[i];
    for (size_t i = 0; i < w->n_fours; i++)
        out[w->first[place_of(w, i)]++] = w->four[i];
}

vouch_status vouch__shap_make_fours(vouch_ctx *ctx, struct vouch__shap *s)
{
    size_t first = vouch__shap_groups(s->n_cover), n = 0;
    size_t groups = first + vouch__shap_groups(s->n_quick - s->n_cover);
    size_t mark = vouch__scratch_mark(ctx), inputs = s->trees->n_inputs + 1;
    summing *w = vouch__scratch(ctx, 1, sizeof *w);
    uint32_t *number = vouch__scratch(ctx, 2 * inputs, sizeof *number);
    if (!w || !number)
        return vouch__oom(ctx);
    w->n_of = number;
    w->open = number + inputs;
    for (size_t filling = 0; filling < 2; filling++) {
        for (size_t g = 0; g < groups; g++, n += w->n_fours) {
            bool is_cover = g < first;
            size_t begin = is_cover ? g * VOUCH__SHAP_GROUP : s->n_cover + (g - first) * VOUCH__SHAP_GROUP;
            size_t end = begin + VOUCH__SHAP_GROUP, last = is_cover ? s->n_cover : s->n_quick;
            list_kept(s, begin, end < last ? end : last, w);
            list_fours(w, is_cover ? 0 : ZERO);
            if (filling) {
                s->four_at[g] = (uint32_t)n;
                spread_fours(w, s->four + n);
            }
        }
        if (filling)
            break;
        s->fours = vouch__alloc(ctx, n * sizeof *s->four + (groups + 1) * sizeof *s->four_at, 1);
        if (!s->fours)
            return vouch__oom(ctx);
        s->four_at = s->fours;
        s->four = (vouch__shap_four *)(void *)(s->four_at + groups + 1);
        s->four_at[groups] = (uint32_t)n;
        n = 0;
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}
