/* What a plan makes room for is filled: lanes, cells and maps of trees that fit 64 lanes, items of the
 * others. */
#include "models/engine/engine_plan.h"

#include <math.h>

/* --- items ------------------------------------------------------------------------------------ */

static vouch__item step_of(size_t byte, uint8_t least, uint8_t out, ptrdiff_t beyond)
{
    return (vouch__item){
        .step = { .byte = (uint16_t)byte, .least = least, .out = out, .beyond = (int32_t)beyond }
    };
}

/* Nodes in the order they have, which is parents first, become items in preorder, left side first: item_of is
 * where a tree's node is, the root at first. */
static void place_items(const vouch__node *tree, size_t n, size_t first, uint32_t *item_of)
{
    uint32_t *size = item_of; /* of the part below a node, in items, until it has its place */
    for (size_t i = n; i-- > 0;)
        size[i] = tree[i].left < 0 ? 2 : 1 + size[tree[i].left] + size[tree[i].right];
    item_of[0] = (uint32_t)first;
    for (size_t i = 0; i < n; i++)
        if (tree[i].left >= 0) {
            uint32_t left = size[tree[i].left];
            item_of[tree[i].left] = item_of[i] + 1;
            item_of[tree[i].right] = item_of[i] + 1 + left;
        }
}

/* The items of tree t; `next` is where its leaves lead, `number` its pack's in the stretch. */
static void fill_tree_items(vouch__engine *e, const vouch__plan *p, size_t t, size_t next, uint8_t number)
{
    const vouch__node *tree = vouch__tree_of(e, t);
    size_t first = e->trees->root[t], n = e->trees->root[t + 1] - first, stride = e->ranks.stride;
    const uint32_t *at = p->item_of + first;
    for (size_t i = 0; i < n; i++) {
        const vouch__node *node = &tree[i];
        if (node->left < 0) {
            e->item[at[i]] = step_of(0, 0, number, (ptrdiff_t)next - at[i]);
            e->item[at[i] + 1].value = vouch__engine_leaf(e, t, node);
            continue;
        }
        uint32_t place = e->ranks.place[first + i];
        size_t byte = node->is_category ? 2 * stride + place
                                        : (place >> 8) + (node->default_left ? 0 : stride);
        e->item[at[i]] = step_of(byte, node->is_category ? UINT8_MAX : (uint8_t)place, VOUCH__NO_LEAF,
                                 (ptrdiff_t)at[node->right] - at[i]);
    }
}

/* Trees of a run in order; then each one's leaves are led eight trees on, or to the stop. */
static void fill_items(vouch__engine *e, const vouch__plan *p, const vouch__run *run, size_t *used)
{
    size_t stop = p->n_items - 1, first = (size_t)VOUCH__PACK * run->first;
    size_t last = VOUCH__PACK * ((size_t)run->first + run->n);
    for (size_t t = first; t < last; t++) {
        e->item_at[t] = (uint32_t)stop;
        if (t >= e->n_trees)
            continue;
        size_t root = e->trees->root[t], n = e->trees->root[t + 1] - root;
        e->item_at[t] = (uint32_t)*used;
        place_items(vouch__tree_of(e, t), n, *used, p->item_of + root);
        *used += n + p->tree[t].leaves;
    }
    for (size_t t = first; t < last && t < e->n_trees; t++) {
        size_t number = (t - first) / VOUCH__PACK % VOUCH__STRETCH, after = t + VOUCH__PACK;
        bool goes_on = after < last && number + 1 < VOUCH__STRETCH;
        fill_tree_items(e, p, t, goes_on ? e->item_at[after] : stop, (uint8_t)number);
    }
}

/* --- lanes ------------------------------------------------------------------------------------ */

typedef struct lanes { /* of one tree, being filled */
    vouch__engine *e;
    const vouch__node *tree;
    size_t t, used, leaves;
    bool is_complete;
    const vouch__pack_cat *cats;
} lanes;

static void set_lane(const lanes *f, size_t lane, uint32_t column, uint8_t rank, bool is_left)
{
    vouch__engine *e = f->e;
    size_t at = f->t * VOUCH__LANES + lane;
    unsigned side = is_left ? 0 : e->lookup == VOUCH__LOOKUP_64 ? 64 : 128;
    e->index[at] = (uint8_t)(e->lookup == VOUCH__LOOKUP_ONE_COPY ? column : column | side);
    e->rank[at] = rank;
    if (e->lookup == VOUCH__LOOKUP_ONE_COPY)
        e->rank_one[at] = (uint8_t)(rank + (is_left && rank < VOUCH__NEVER_RIGHT));
    e->default_left[f->t] &= ~((uint64_t)1 << lane);
    e->default_left[f->t] |= (uint64_t)is_left << lane;
    if (f->is_complete)
        e->wide_index[at] = (uint16_t)(column + (is_left ? 0 : e->ranks.stride));
}

/* A category node's lane never goes right by itself; the masks of its column say when it does. The quiet
 * column has so few cuts that no byte of it, nor one more, is NEVER_RIGHT. */
static void set_category(const lanes *f, size_t lane, const vouch__node *node)
{
    vouch__engine *e = f->e;
    const vouch__pack_cat *use = f->cats;
    while (use->cat != vouch__rank_cat_of(&e->ranks, node))
        use++;
    const vouch__rank_cat *cat = &e->ranks.cat[use->cat];
    size_t place = e->ranks.place[node - e->trees->node], set = place - cat->first_set;
    set_lane(f, lane, e->quiet, VOUCH__NEVER_RIGHT, true);
    if (f->is_complete)
        e->wide_index[f->t * VOUCH__LANES + lane] = (uint16_t)(2 * e->ranks.stride + place);
    for (size_t code = 0; code < (size_t)cat->n_codes + 2; code++)
        if (e->ranks.set_byte[cat->byte_at + code * cat->n_sets + set])
            e->cat_mask[use->mask_at + VOUCH__PACK * code + f->t % VOUCH__PACK] |= (uint64_t)1 << lane;
}

static void set_node(const lanes *f, size_t lane, const vouch__node *node)
{
    uint32_t place = f->e->ranks.place[node - f->e->trees->node];
    if (node->is_category)
        set_category(f, lane, node);
    else
        set_lane(f, lane, place >> 8, (uint8_t)place, node->default_left);
}

static void set_cell(const lanes *f, size_t cell, const vouch__node *leaf)
{
    double value = vouch__engine_leaf(f->e, f->t, leaf);
    if (f->e->is_float)
        f->e->cell_float[f->t * VOUCH__CELLS + cell] = (float)value;
    else
        f->e->cell[f->t * VOUCH__CELLS + cell] = value;
}

static void fill_complete(const lanes *f, const vouch__node *node, size_t h)
{
    if (h >= VOUCH__LANES) {
        set_cell(f, h - VOUCH__LANES, node);
        return;
    }
    bool is_leaf = node->left < 0;
    if (is_leaf) /* either way the same leaf */
        set_lane(f, h, 0, VOUCH__NEVER_RIGHT, true);
    else
        set_node(f, h, node);
    fill_complete(f, is_leaf ? node : f->tree + node->left, 2 * h);
    fill_complete(f, is_leaf ? node : f->tree + node->right, 2 * h + 1);
}

/* Where one comes to by going to a node: its lane, or VOUCH__LANES + its cell. */
static uint8_t fill_jump(lanes *f, const vouch__node *node)
{
    if (node->left < 0) {
        set_cell(f, f->leaves, node);
        return (uint8_t)(VOUCH__LANES + f->leaves++);
    }
    size_t lane = f->used++, at = f->t * VOUCH__LANES + lane;
    set_node(f, lane, node);
    f->e->left[at] = fill_jump(f, f->tree + node->left);
    f->e->right[at] = fill_jump(f, f->tree + node->right);
    return (uint8_t)lane;
}

/* Lanes that are not used lead to cell 0. A tree without a split is one that goes left to its leaf. */
static void fill_jump_tree(lanes *f)
{
    uint8_t *left = f->e->left + f->t * VOUCH__LANES, *right = f->e->right + f->t * VOUCH__LANES;
    for (size_t lane = 0; lane < VOUCH__LANES; lane++) {
        left[lane] = right[lane] = VOUCH__LANES;
        set_lane(f, lane, 0, VOUCH__NEVER_RIGHT, true);
    }
    (void)fill_jump(f, f->tree);
}

static void fill_pack(vouch__engine *e, const vouch__plan *p, size_t pack, size_t *mask)
{
    bool uses[VOUCH__RANK_CATS];
    size_t masks = 0, at = e->pack_cat_at[pack], deepest = 1;
    e->pack_cat_at[pack + 1] = (uint32_t)at;
    if (p->form[pack] == VOUCH__FORM_WALK)
        return;
    (void)vouch__count_cats(e, pack, uses, &masks);
    for (size_t c = 0; c < e->ranks.n_cats; c++)
        if (uses[c]) {
            e->pack_cat[at++] = (vouch__pack_cat){ (uint32_t)c, *mask };
            *mask += ((size_t)e->ranks.cat[c].n_codes + 2) * VOUCH__PACK;
        }
    e->pack_cat_at[pack + 1] = (uint32_t)at;
    lanes f = { .e = e, .cats = e->pack_cat + e->pack_cat_at[pack] };
    f.is_complete = p->form[pack] == VOUCH__FORM_COMPLETE;
    for (f.t = VOUCH__PACK * pack; f.t < e->n_trees && f.t < VOUCH__PACK * (pack + 1); f.t++) {
        f.tree = vouch__tree_of(e, f.t);
        f.used = f.leaves = 0;
        deepest = p->tree[f.t].depth > deepest ? p->tree[f.t].depth : deepest;
        if (f.is_complete)
            fill_complete(&f, f.tree, 1);
        else
            fill_jump_tree(&f);
    }
    while ((size_t)1 << e->jumps[pack] < deepest)
        e->jumps[pack]++;
}

/* --- heaps ------------------------------------------------------------------------------------ */

/* Cut i of n in a heap of so many levels: with 2^levels - 1 cuts in order, number i + 1 has as many zeros at
 * its end as there are levels below it. */
static size_t place_in_heap(size_t i, unsigned levels)
{
    unsigned below = (unsigned)__builtin_ctzll(i + 1);
    return ((size_t)1 << (levels - 1 - below)) + ((i + 1) >> (below + 1));
}

static void fill_heaps(vouch__engine *e)
{
    const vouch__rank_table *ranks = &e->ranks;
    size_t at = 0;
    for (size_t c = 0; c < ranks->n_columns; c++) {
        const vouch__rank_column *column = &ranks->column[c];
        unsigned levels = vouch__heap_levels(column->n_cuts);
        size_t room = (size_t)1 << levels;
        e->heap_at[c] = (uint32_t)at;
        e->heap_levels[c] = (uint8_t)levels;
        for (size_t i = 0; i + 1 < room; i++) {
            double cut = i < column->n_cuts ? ranks->cut[column->cut_at + i] : (double)NAN;
            size_t h = at + place_in_heap(i, levels);
            if (ranks->is_float)
                e->heap_float[h] = (float)cut;
            else
                e->heap[h] = cut;
        }
        at += room;
    }
}

void vouch__engine_fill(vouch__engine *e, const vouch__plan *p)
{
    size_t mask = 0, runs = 0, items = 0;
    for (size_t k = 0; k < e->n_packs; k++) {
        fill_pack(e, p, k, &mask);
        if (k == 0 || p->form[k] != p->form[k - 1])
            e->run[runs++] = (vouch__run){ (uint32_t)k, 0, p->form[k] };
        e->run[runs - 1].n++;
    }
    e->item[p->n_items - 1] = step_of(0, 0, VOUCH__NO_LEAF, 0);
    for (size_t r = 0; r < e->n_runs; r++)
        if (e->run[r].form != VOUCH__FORM_COMPLETE)
            fill_items(e, p, &e->run[r], &items);
    if (e->can_batch)
        fill_heaps(e);
    e->stop = (uint32_t)(p->n_items - 1);
    if (e->is_float)
        e->cell = NULL;
    else
        e->cell_float = NULL;
}
