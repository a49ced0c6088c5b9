/* A forest becomes its compiled form: bytes to walk for every tree, and lanes to decide at once for the trees
 * that fit 64 of them. What a processor will use is decided when a row is scored, so that every form can be
 * tested on every machine. */
#include "models/engine/engine_form.h"

#include <string.h>

enum { CAT_MASK_BYTES_MAX = 32 << 20, WALK_NODES_MAX = 0xffff };

typedef struct shape { /* of a tree */
    size_t leaves, depth;
} shape;

typedef struct plan {  /* of the whole compiled form; scratch */
    shape *tree;       /* [n_trees] */
    uint16_t *depth;   /* [n_nodes] */
    uint16_t *walk_of; /* [n_nodes]: number in the walk: internal nodes first */
    vouch__form *form; /* [n_packs] */
    size_t n_cells, n_pack_cats, n_masks;
    bool fits, is_wide;
} plan;

static const vouch__node *tree_of(const vouch__engine *e, size_t t)
{
    return e->trees->node + e->trees->root[t];
}

static void measure_tree(const vouch__engine *e, plan *p, size_t t)
{
    const vouch__node *tree = tree_of(e, t);
    uint16_t *depth = p->depth + e->trees->root[t];
    size_t n = e->trees->root[t + 1] - e->trees->root[t];
    shape s = { 0, 0 };
    depth[0] = 0;
    for (size_t i = 0; i < n; i++) {
        if (tree[i].left < 0) {
            s.leaves++;
            s.depth = depth[i] > s.depth ? depth[i] : s.depth;
            continue;
        }
        depth[tree[i].left] = depth[tree[i].right] = (uint16_t)(depth[i] + 1);
    }
    p->fits &= n <= WALK_NODES_MAX;
    p->tree[t] = s;
}

static vouch__form form_of(const vouch__engine *e, const plan *p, size_t pack)
{
    vouch__form form = e->lookup == VOUCH__LOOKUP_NONE ? VOUCH__FORM_WALK : VOUCH__FORM_COMPLETE;
    for (size_t t = VOUCH__PACK * pack; t < e->n_trees && t < VOUCH__PACK * (pack + 1); t++) {
        shape s = p->tree[t];
        if (s.leaves > VOUCH__LANES)
            return VOUCH__FORM_WALK;
        if (s.depth > VOUCH__COMPLETE_DEPTH && form == VOUCH__FORM_COMPLETE)
            form = VOUCH__FORM_REACH;
    }
    return form;
}

static size_t cat_of(const vouch__engine *e, const vouch__node *node)
{
    size_t c = 0;
    while (!vouch__rank_cat_is(&e->ranks.cat[c], node))
        c++;
    return c;
}

/* Category columns that the trees of a pack split on, and the masks they need. uses[n_cats] is set. */
static size_t count_cats(const vouch__engine *e, size_t pack, bool *uses, size_t *out_masks)
{
    size_t n = 0, last = VOUCH__PACK * (pack + 1);
    memset(uses, 0, VOUCH__RANK_CATS * sizeof *uses);
    *out_masks = 0;
    if (e->ranks.n_cats == 0)
        return 0;
    last = last < e->n_trees ? last : e->n_trees;
    for (size_t i = e->trees->root[VOUCH__PACK * pack]; i < e->trees->root[last]; i++)
        if (e->trees->node[i].left >= 0 && e->trees->node[i].is_category)
            uses[cat_of(e, &e->trees->node[i])] = true;
    for (size_t c = 0; c < e->ranks.n_cats; c++)
        if (uses[c]) {
            n++;
            *out_masks += ((size_t)e->ranks.cat[c].n_codes + 2) * VOUCH__PACK;
        }
    return n;
}

static void measure(vouch__engine *e, plan *p)
{
    bool uses[VOUCH__RANK_CATS];
    for (size_t t = 0; t < e->n_trees; t++)
        measure_tree(e, p, t);
    for (size_t k = 0; k < e->n_packs; k++) {
        size_t masks = 0, cats = count_cats(e, k, uses, &masks);
        p->form[k] = form_of(e, p, k);
        if (p->form[k] != VOUCH__FORM_WALK && (p->n_masks + masks) * sizeof(uint64_t) > CAT_MASK_BYTES_MAX)
            p->form[k] = VOUCH__FORM_WALK;
        if (p->form[k] != VOUCH__FORM_WALK) {
            p->n_pack_cats += cats;
            p->n_masks += masks;
            p->n_cells += VOUCH__PACK * (size_t)(p->form[k] == VOUCH__FORM_REACH ? VOUCH__REACH_CELLS
                                                                                 : VOUCH__COMPLETE_CELLS);
        }
        e->n_runs += k == 0 || p->form[k] != p->form[k - 1];
    }
    p->is_wide = e->n_runs == 1 && p->form[0] == VOUCH__FORM_COMPLETE && e->ranks.n_cats == 0 && !e->group;
}

static void lay_out(vouch__pieces *pieces, vouch__engine *e, const plan *p)
{
    size_t trees = VOUCH__PACK * e->n_packs, lanes = trees * VOUCH__LANES;
    e->run = vouch__piece(pieces, e->n_runs, sizeof *e->run);
    e->index = vouch__piece(pieces, lanes, 1);
    e->rank = vouch__piece(pieces, lanes, 1);
    e->up = vouch__piece(pieces, lanes, 1);
    e->cell = vouch__piece(pieces, p->n_cells, sizeof *e->cell);
    size_t wide = p->is_wide ? lanes : 0;
    e->wide_index = vouch__piece(pieces, wide, sizeof *e->wide_index);
    e->cell_float = vouch__piece(pieces, e->is_float ? wide : 0, sizeof *e->cell_float);
    e->default_left = vouch__piece(pieces, trees, sizeof *e->default_left);
    e->cell_at = vouch__piece(pieces, trees, sizeof *e->cell_at);
    e->doublings = vouch__piece(pieces, e->n_packs, 1);
    e->pack_cat_at = vouch__piece(pieces, e->n_packs + 1, sizeof *e->pack_cat_at);
    e->pack_cat = vouch__piece(pieces, p->n_pack_cats, sizeof *e->pack_cat);
    e->cat_mask = vouch__piece(pieces, p->n_masks, sizeof *e->cat_mask);
    /* one more: the trees that fill up the last pack */
    e->node = vouch__piece(pieces, e->trees->n_nodes + 1, sizeof *e->node);
    e->node_at = vouch__piece(pieces, trees, sizeof *e->node_at);
    e->depth = vouch__piece(pieces, e->n_packs, sizeof *e->depth);
    e->value = vouch__piece(pieces, e->trees->n_nodes + 1, sizeof *e->value);
}

static uint64_t walk_node(uint64_t byte, uint64_t least, uint64_t left, uint64_t right)
{
    return byte | least << 16 | left << 32 | right << 48;
}

static void fill_walk(vouch__engine *e, const plan *p)
{
    size_t stride = e->ranks.stride;
    for (size_t t = 0; t < e->n_trees; t++) {
        const vouch__node *tree = tree_of(e, t);
        size_t first = e->trees->root[t], n = e->trees->root[t + 1] - first, internal = 0;
        uint16_t *number = p->walk_of + first, *deepest = &e->depth[t / VOUCH__PACK];
        for (size_t i = 0; i < n; i++)
            if (tree[i].left >= 0)
                number[i] = (uint16_t)internal++;
        e->node_at[t] = (uint32_t)first;
        *deepest = p->tree[t].depth > *deepest ? (uint16_t)p->tree[t].depth : *deepest;
        for (size_t i = 0, leaves = 0; i < n; i++)
            if (tree[i].left < 0) {
                number[i] = (uint16_t)(internal + leaves++);
                e->value[first + number[i]] = vouch__engine_leaf(e, t, &tree[i]);
                e->node[first + number[i]] = walk_node(0, VOUCH__WALK_LEAF, number[i], number[i]);
            }
        for (size_t i = 0; i < n; i++) {
            if (tree[i].left < 0)
                continue;
            uint32_t place = e->ranks.place[first + i];
            uint64_t byte = tree[i].is_category ? 2 * stride + place
                                                : (place >> 8) + (tree[i].default_left ? 0 : stride);
            e->node[first + number[i]] = walk_node(byte, tree[i].is_category ? 1 : place & 255,
                                                   number[tree[i].left], number[tree[i].right]);
        }
    }
    e->node[e->trees->n_nodes] = walk_node(0, VOUCH__WALK_LEAF, 0, 0);
    for (size_t t = e->n_trees; t < VOUCH__PACK * e->n_packs; t++)
        e->node_at[t] = (uint32_t)e->trees->n_nodes;
}

typedef struct lanes { /* of one tree, being filled */
    vouch__engine *e;
    const vouch__node *tree;
    size_t t, used;
    const vouch__pack_cat *cats;
} lanes;

static void set_lane(const lanes *f, size_t lane, uint32_t column, uint8_t rank, bool is_left)
{
    vouch__engine *e = f->e;
    size_t at = f->t * VOUCH__LANES + lane;
    unsigned side = is_left ? 0 : e->lookup == VOUCH__LOOKUP_64 ? 64 : 128;
    e->index[at] = (uint8_t)(e->lookup == VOUCH__LOOKUP_ONE_COPY ? column : column | side);
    e->rank[at] = rank;
    e->default_left[f->t] &= ~((uint64_t)1 << lane);
    e->default_left[f->t] |= (uint64_t)is_left << lane;
}

/* A category node's lane never goes right by itself; the masks of its column say when it does. */
static void set_category(const lanes *f, size_t lane, const vouch__node *node)
{
    vouch__engine *e = f->e;
    const vouch__pack_cat *use = f->cats;
    while (use->cat != cat_of(e, node))
        use++;
    const vouch__rank_cat *cat = &e->ranks.cat[use->cat];
    size_t set = e->ranks.place[node - e->trees->node] - cat->first_set;
    set_lane(f, lane, 0, VOUCH__NEVER_RIGHT, true);
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

static void fill_complete(const lanes *f, const vouch__node *node, size_t h)
{
    if (h >= VOUCH__LANES) {
        f->e->cell[f->e->cell_at[f->t] + h - VOUCH__LANES] = vouch__engine_leaf(f->e, f->t, node);
        return;
    }
    bool is_leaf = node->left < 0;
    if (is_leaf)
        set_lane(f, h, 0, VOUCH__NEVER_RIGHT, true);
    else
        set_node(f, h, node);
    fill_complete(f, is_leaf ? node : f->tree + node->left, 2 * h);
    fill_complete(f, is_leaf ? node : f->tree + node->right, 2 * h + 1);
}

static void fill_reach(lanes *f, const vouch__node *node, size_t parent, size_t side)
{
    vouch__engine *e = f->e;
    if (node->left < 0) {
        e->cell[e->cell_at[f->t] + 2 * parent + side] = vouch__engine_leaf(e, f->t, node);
        return;
    }
    size_t lane = ++f->used;
    set_node(f, lane, node);
    e->up[f->t * VOUCH__LANES + lane] = (uint8_t)(parent + VOUCH__LANES * side);
    fill_reach(f, f->tree + node->left, lane, 0);
    fill_reach(f, f->tree + node->right, lane, 1);
}

/* Unused lanes hang on themselves, where they can never be reached: their own decision is "left", and to be
 * reached they would have to be their own right child. */
static void fill_reach_tree(lanes *f)
{
    vouch__engine *e = f->e;
    uint8_t *up = e->up + f->t * VOUCH__LANES;
    for (size_t lane = 0; lane < VOUCH__LANES; lane++) {
        up[lane] = (uint8_t)(lane + VOUCH__LANES);
        set_lane(f, lane, 0, lane ? VOUCH__NEVER_RIGHT : 0, lane != 0);
    }
    if (f->tree->left < 0) { /* no split at all: one that always goes left */
        f->used = 1;
        up[1] = VOUCH__LANES;
        e->cell[e->cell_at[f->t] + 2] = vouch__engine_leaf(e, f->t, f->tree);
        return;
    }
    fill_reach(f, f->tree, 0, 1);
}

static void fill_pack(vouch__engine *e, const plan *p, size_t pack, size_t *cell, size_t *mask)
{
    bool uses[VOUCH__RANK_CATS];
    size_t masks = 0, at = e->pack_cat_at[pack], deepest = 2, edges = 1;
    e->pack_cat_at[pack + 1] = (uint32_t)at;
    if (p->form[pack] == VOUCH__FORM_WALK)
        return;
    (void)count_cats(e, pack, uses, &masks);
    for (size_t c = 0; c < e->ranks.n_cats; c++)
        if (uses[c]) {
            e->pack_cat[at++] = (vouch__pack_cat){ (uint32_t)c, *mask };
            *mask += ((size_t)e->ranks.cat[c].n_codes + 2) * VOUCH__PACK;
        }
    lanes f = { .e = e, .cats = e->pack_cat + e->pack_cat_at[pack] };
    e->pack_cat_at[pack + 1] = (uint32_t)at;
    for (f.t = VOUCH__PACK * pack; f.t < VOUCH__PACK * (pack + 1); f.t++) {
        bool is_reach = p->form[pack] == VOUCH__FORM_REACH;
        e->cell_at[f.t] = (uint32_t)*cell;
        *cell += is_reach ? (size_t)VOUCH__REACH_CELLS : VOUCH__COMPLETE_CELLS;
        if (f.t >= e->n_trees)
            continue;
        f.tree = tree_of(e, f.t);
        f.used = 0;
        deepest = p->tree[f.t].depth > deepest ? p->tree[f.t].depth : deepest;
        if (is_reach)
            fill_reach_tree(&f);
        else
            fill_complete(&f, f.tree, 1);
    }
    /* One look tells of the edge above, each doubling of twice as many; an internal node has at most
     * deepest - 1 edges above it. */
    while (edges < deepest - 1) {
        edges *= 2;
        e->doublings[pack]++;
    }
}

/* For batches, where rows have two copies of every column whatever the lookup. */
static void fill_wide(vouch__engine *e, size_t n)
{
    for (size_t at = 0; at < n * VOUCH__LANES; at++) {
        bool is_left = e->default_left[at / VOUCH__LANES] >> (at % VOUCH__LANES) & 1;
        size_t column = e->index[at] & (e->lookup == VOUCH__LOOKUP_64    ? 63u
                                        : e->lookup == VOUCH__LOOKUP_128 ? 127u
                                                                         : 255u);
        e->wide_index[at] = (uint16_t)(column + (is_left ? 0 : e->ranks.stride));
        if (e->is_float)
            e->cell_float[at] = (float)e->cell[at];
    }
}

static void fill(vouch__engine *e, const plan *p)
{
    size_t cell = 0, mask = 0, runs = 0;
    fill_walk(e, p);
    for (size_t k = 0; k < e->n_packs; k++) {
        fill_pack(e, p, k, &cell, &mask);
        if (k == 0 || p->form[k] != p->form[k - 1])
            e->run[runs++] = (vouch__run){ (uint32_t)k, 0, p->form[k] };
        e->run[runs - 1].n++;
    }
    if (p->is_wide)
        fill_wide(e, e->n_trees);
    else
        e->wide_index = NULL;
}

/* false: out of memory. */
static bool make_plan(vouch_ctx *ctx, const vouch__engine *e, plan *out_plan)
{
    plan p = { .fits = true, .n_cells = 0 };
    p.tree = vouch__scratch(ctx, e->n_trees + 1, sizeof *p.tree);
    p.depth = vouch__scratch(ctx, e->trees->n_nodes + 1, sizeof *p.depth);
    p.walk_of = vouch__scratch(ctx, e->trees->n_nodes + 1, sizeof *p.walk_of);
    p.form = vouch__scratch(ctx, e->n_packs + 1, sizeof *p.form);
    if (!p.tree || !p.depth || !p.walk_of || !p.form)
        return false;
    memset(p.depth, 0, (e->trees->n_nodes + 1) * sizeof *p.depth);
    memset(p.form, 0, (e->n_packs + 1) * sizeof *p.form);
    *out_plan = p;
    return true;
}

static vouch_status compile(vouch_ctx *ctx, vouch__engine *e)
{
    plan p = { .fits = true };
    vouch__pieces pieces = { 0 };
    if (!make_plan(ctx, e, &p))
        return vouch__oom(ctx);
    size_t columns = e->ranks.n_columns;
    e->lookup = columns <= 64    ? VOUCH__LOOKUP_64
                : columns <= 128 ? VOUCH__LOOKUP_128
                : columns <= 256 ? VOUCH__LOOKUP_ONE_COPY
                                 : VOUCH__LOOKUP_NONE;
    measure(e, &p);
    e->is_defined = !p.fits;
    if (e->is_defined)
        return VOUCH_OK;
    lay_out(&pieces, e, &p);
    e->work = vouch__alloc(ctx, pieces.used + 64, 1);
    if (!e->work)
        return vouch__oom(ctx);
    pieces = (vouch__pieces){ (uint8_t *)e->work + (64 - (uintptr_t)e->work % 64), 0 };
    lay_out(&pieces, e, &p);
    fill(e, &p);
    return VOUCH_OK;
}

static vouch_status copy_sum(vouch_ctx *ctx, vouch__engine *e, const vouch__engine_sum *sum)
{
    e->is_float = sum->is_float;
    e->n_outputs = sum->n_outputs;
    e->start = vouch__alloc(ctx, sum->n_outputs, sizeof *e->start);
    if (!e->start)
        return vouch__oom(ctx);
    memcpy(e->start, sum->start, sum->n_outputs * sizeof *e->start);
    if (sum->weight) {
        e->weight = vouch__alloc(ctx, e->n_trees + 1, sizeof *e->weight);
        if (!e->weight)
            return vouch__oom(ctx);
        memcpy(e->weight, sum->weight, e->n_trees * sizeof *e->weight);
    }
    if (sum->n_outputs == 1)
        return VOUCH_OK;
    e->group = vouch__alloc(ctx, e->n_trees + 1, sizeof *e->group);
    if (!e->group)
        return vouch__oom(ctx);
    memcpy(e->group, sum->group, e->n_trees * sizeof *e->group);
    return VOUCH_OK;
}

vouch_status vouch__engine_new(vouch_ctx *ctx, const vouch__trees *trees, const vouch__engine_sum *sum,
                               vouch__engine **out_engine)
{
    bool fits = true;
    size_t mark = vouch__scratch_mark(ctx);
    vouch__engine *e = vouch__alloc(ctx, 1, sizeof *e);
    if (!e)
        return vouch__oom(ctx);
    e->trees = trees;
    e->n_trees = trees->n_trees;
    e->n_packs = (e->n_trees + VOUCH__PACK - 1) / VOUCH__PACK;
    vouch_status status = copy_sum(ctx, e, sum);
    if (!status)
        status = vouch__rank_table_make(ctx, trees, &e->ranks, &fits);
    e->is_defined = !fits;
    if (!status && fits)
        status = compile(ctx, e);
    vouch__scratch_reset(ctx, mark);
    if (status) {
        vouch__engine_free(vouch__allocator(ctx), e);
        return status;
    }
    size_t path = VOUCH__ENGINE_PATHS;
    while (!vouch__engine_use(e, (vouch__engine_path)--path)) {
    }
    *out_engine = e;
    return VOUCH_OK;
}

void vouch__engine_free(const vouch_alloc *alloc, vouch__engine *engine)
{
    if (!engine)
        return;
    vouch__rank_table_clear(alloc, &engine->ranks);
    vouch__free(alloc, engine->work);
    vouch__free(alloc, engine->group);
    vouch__free(alloc, engine->weight);
    vouch__free(alloc, engine->start);
    vouch__free(alloc, engine);
}
