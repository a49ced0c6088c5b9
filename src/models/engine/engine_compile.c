/* A forest becomes its compiled form: lanes to decide at once for the trees that fit 64 of them, items to
 * walk for the others. What a processor will use is decided when a row is scored, so that every form can be
 * tested on every machine. */
#include "models/engine/engine_plan.h"

#include <string.h>

enum { CAT_MASK_BYTES_MAX = 32 << 20 };

static void measure_tree(const vouch__engine *e, vouch__plan *p, size_t t)
{
    const vouch__node *tree = vouch__tree_of(e, t);
    uint16_t *depth = p->depth + e->trees->root[t];
    size_t n = e->trees->root[t + 1] - e->trees->root[t];
    vouch__shape s = { 0, 0 };
    depth[0] = 0;
    for (size_t i = 0; i < n; i++) {
        if (tree[i].left < 0) {
            s.leaves++;
            s.depth = depth[i] > s.depth ? depth[i] : s.depth;
            continue;
        }
        depth[tree[i].left] = depth[tree[i].right] = (uint16_t)(depth[i] + 1);
    }
    p->tree[t] = s;
}

static vouch__pack_form form_of(const vouch__engine *e, const vouch__plan *p, size_t pack)
{
    vouch__pack_form form = e->lookup == VOUCH__LOOKUP_NONE ? VOUCH__FORM_WALK : VOUCH__FORM_COMPLETE;
    for (size_t t = VOUCH__PACK * pack; t < e->n_trees && t < VOUCH__PACK * (pack + 1); t++) {
        vouch__shape s = p->tree[t];
        if (s.leaves > VOUCH__CELLS)
            return VOUCH__FORM_WALK;
        if (s.depth > VOUCH__COMPLETE_DEPTH && form == VOUCH__FORM_COMPLETE)
            form = VOUCH__FORM_JUMP;
    }
    return form;
}

size_t vouch__count_cats(const vouch__engine *e, size_t pack, bool *uses, size_t *out_masks)
{
    size_t n = 0, last = VOUCH__PACK * (pack + 1);
    memset(uses, 0, VOUCH__RANK_CATS * sizeof *uses);
    *out_masks = 0;
    if (e->ranks.n_cats == 0)
        return 0;
    last = last < e->n_trees ? last : e->n_trees;
    for (size_t i = e->trees->root[VOUCH__PACK * pack]; i < e->trees->root[last]; i++)
        if (vouch__splits_on_category(&e->trees->node[i]))
            uses[vouch__rank_cat_of(&e->ranks, &e->trees->node[i])] = true;
    for (size_t c = 0; c < e->ranks.n_cats; c++)
        if (uses[c]) {
            n++;
            *out_masks += ((size_t)e->ranks.cat[c].n_codes + 2) * VOUCH__PACK;
        }
    return n;
}

/* Items of a pack: a node one, a leaf two. */
static size_t count_items(const vouch__engine *e, const vouch__plan *p, size_t pack)
{
    size_t n = 0;
    for (size_t t = VOUCH__PACK * pack; t < e->n_trees && t < VOUCH__PACK * (pack + 1); t++)
        n += e->trees->root[t + 1] - e->trees->root[t] + p->tree[t].leaves;
    return n;
}

static void measure(vouch__engine *e, vouch__plan *p)
{
    bool uses[VOUCH__RANK_CATS];
    for (size_t t = 0; t < e->n_trees; t++)
        measure_tree(e, p, t);
    for (size_t k = 0; k < e->n_packs; k++) {
        size_t masks = 0, cats = vouch__count_cats(e, k, uses, &masks);
        p->form[k] = form_of(e, p, k);
        if (p->form[k] != VOUCH__FORM_WALK && (p->n_masks + masks) * sizeof(uint64_t) > CAT_MASK_BYTES_MAX)
            p->form[k] = VOUCH__FORM_WALK;
        if (p->form[k] != VOUCH__FORM_WALK) {
            p->n_pack_cats += cats;
            p->n_masks += masks;
            p->has_lanes = true;
        }
        p->has_jumps |= p->form[k] == VOUCH__FORM_JUMP;
        p->has_complete |= p->form[k] == VOUCH__FORM_COMPLETE;
        if (p->form[k] != VOUCH__FORM_COMPLETE)
            p->n_items += count_items(e, p, k);
        e->n_runs += k == 0 || p->form[k] != p->form[k - 1];
    }
    p->n_items++; /* where walkers stop */
    p->fits = p->n_items <= INT32_MAX;
    for (size_t c = 0; c < e->ranks.n_columns; c++)
        p->n_heap += (size_t)1 << vouch__heap_levels(e->ranks.column[c].n_cuts);
    e->can_batch = e->n_runs == 1 && p->has_complete && e->ranks.n_cats == 0 && !e->group;
}

static void lay_out(vouch__pieces *pieces, vouch__engine *e, const vouch__plan *p)
{
    size_t trees = VOUCH__PACK * e->n_packs, lanes = p->has_lanes ? trees * VOUCH__LANES : 0;
    size_t jumps = p->has_jumps ? lanes : 0;
    e->run = vouch__piece(pieces, e->n_runs, sizeof *e->run);
    e->index = vouch__piece(pieces, lanes, 1);
    e->rank = vouch__piece(pieces, lanes, 1);
    e->rank_one = vouch__piece(pieces, e->lookup == VOUCH__LOOKUP_ONE_COPY ? lanes : 0, 1);
    e->left = vouch__piece(pieces, jumps, 1);
    e->right = vouch__piece(pieces, jumps, 1);
    e->cell = vouch__piece(pieces, e->is_float ? 0 : lanes, sizeof *e->cell);
    e->cell_float = vouch__piece(pieces, e->is_float ? lanes : 0, sizeof *e->cell_float);
    e->wide_index = vouch__piece(pieces, p->has_complete ? lanes : 0, sizeof *e->wide_index);
    e->default_left = vouch__piece(pieces, p->has_lanes ? trees : 0, sizeof *e->default_left);
    e->jumps = vouch__piece(pieces, e->n_packs, 1);
    e->pack_cat_at = vouch__piece(pieces, e->n_packs + 1, sizeof *e->pack_cat_at);
    e->pack_cat = vouch__piece(pieces, p->n_pack_cats, sizeof *e->pack_cat);
    e->cat_mask = vouch__piece(pieces, p->n_masks, sizeof *e->cat_mask);
    size_t columns = e->can_batch ? e->ranks.n_columns : 0, heap = e->can_batch ? p->n_heap : 0;
    e->heap = vouch__piece(pieces, e->ranks.is_float ? 0 : heap, sizeof *e->heap);
    e->heap_float = vouch__piece(pieces, e->ranks.is_float ? heap : 0, sizeof *e->heap_float);
    e->heap_at = vouch__piece(pieces, columns, sizeof *e->heap_at);
    e->heap_levels = vouch__piece(pieces, columns, 1);
    e->item = vouch__piece(pieces, p->n_items, sizeof *e->item);
    e->item_at = vouch__piece(pieces, trees, sizeof *e->item_at);
}

/* false: out of memory. */
static bool make_plan(vouch_ctx *ctx, const vouch__engine *e, vouch__plan *out_plan)
{
    vouch__plan p = { .fits = true };
    p.tree = vouch__scratch(ctx, e->n_trees + 1, sizeof *p.tree);
    p.depth = vouch__scratch(ctx, e->trees->n_nodes + 1, sizeof *p.depth);
    p.item_of = vouch__scratch(ctx, e->trees->n_nodes + 1, sizeof *p.item_of);
    p.form = vouch__scratch(ctx, e->n_packs + 1, sizeof *p.form);
    if (!p.tree || !p.depth || !p.item_of || !p.form)
        return false;
    memset(p.depth, 0, (e->trees->n_nodes + 1) * sizeof *p.depth);
    memset(p.form, 0, (e->n_packs + 1) * sizeof *p.form);
    *out_plan = p;
    return true;
}

static void choose_lookup(vouch__engine *e)
{
    size_t columns = e->ranks.n_columns;
    e->lookup = columns <= 64    ? VOUCH__LOOKUP_64
                : columns <= 128 ? VOUCH__LOOKUP_128
                : columns <= 256 ? VOUCH__LOOKUP_ONE_COPY
                                 : VOUCH__LOOKUP_NONE;
    for (uint32_t c = 1; c < columns; c++)
        if (e->ranks.column[c].n_cuts < e->ranks.column[e->quiet].n_cuts)
            e->quiet = c;
    if (e->lookup == VOUCH__LOOKUP_ONE_COPY && e->ranks.n_cats &&
        e->ranks.column[e->quiet].n_cuts == VOUCH__RANK_CUTS)
        e->lookup = VOUCH__LOOKUP_NONE;
}

static vouch_status compile(vouch_ctx *ctx, vouch__engine *e)
{
    vouch__plan p = { .fits = true };
    vouch__pieces pieces = { 0 };
    if (!make_plan(ctx, e, &p))
        return vouch__oom(ctx);
    choose_lookup(e);
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
    vouch__engine_fill(e, &p);
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
