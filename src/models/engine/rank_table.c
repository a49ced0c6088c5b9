/* Thresholds of a forest become sorted columns of cuts; a row becomes bytes. */
#include "models/engine/rank_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SET_BYTES_MAX = 16 << 20 };

typedef struct cut_key {
    uint32_t input;
    uint8_t rule;
    uint32_t place;
    double cut;
} cut_key;

static int by_cut(const void *a, const void *b)
{
    const cut_key *x = a, *y = b;
    if (x->input != y->input)
        return x->input < y->input ? -1 : 1;
    if (x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    return (x->cut > y->cut) - (x->cut < y->cut);
}

void *vouch__piece(vouch__pieces *pieces, size_t count, size_t size)
{
    size_t at = pieces->used;
    pieces->used += (count * size + 63) & ~(size_t)63;
    return pieces->base ? pieces->base + at : NULL;
}

/* The largest float below x, which is a float above -infinity. */
static double float_before(double x)
{
    float narrow = (float)x;
    int32_t bits;
    if (narrow == 0.0F)
        return -1.401298464324817e-45; /* 2^-149 */
    memcpy(&bits, &narrow, sizeof bits);
    bits += narrow > 0.0F ? -1 : 1;
    memcpy(&narrow, &bits, sizeof narrow);
    return (double)narrow;
}

/* A node sends x, as its rule sees it, right exactly when x > cut. -0.0 and 0.0 are one cut. */
static cut_key key_of(const vouch__node *node)
{
    double cut = node->threshold;
    if (node->rule == VOUCH__RULE_FLOAT_BELOW)
        cut = float_before(cut);
    else if (node->rule == VOUCH__RULE_FLOAT_UPTO)
        cut = (double)(float)cut;
    return (cut_key){ .input = node->input, .rule = node->rule, .cut = cut + 0.0 };
}

static bool rounds(uint8_t rule) { return rule == VOUCH__RULE_FLOAT_BELOW || rule == VOUCH__RULE_FLOAT_UPTO; }

/* No cut sends everything right, as x < -infinity does. */
static bool has_cut(const vouch__node *node)
{
    return node->rule != VOUCH__RULE_FLOAT_BELOW || (float)node->threshold > -INFINITY;
}

/* Sorted keys without repeats, each with its place; columns are counted. */
static size_t settle(cut_key *key, size_t n, size_t *out_columns)
{
    size_t kept = 0, columns = 0, in_column = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && by_cut(&key[kept - 1], &key[i]) == 0)
            continue;
        bool is_new = kept == 0 || key[kept - 1].input != key[i].input || key[kept - 1].rule != key[i].rule;
        if (is_new || in_column == VOUCH__RANK_CUTS) {
            columns++;
            in_column = 0;
        }
        in_column++;
        key[kept] = key[i];
        key[kept].place = (uint32_t)((columns - 1) << 8 | in_column);
        kept++;
    }
    *out_columns = columns;
    return kept;
}

/* Category columns in order of input, how many nodes each has, and the set of each node. */
static bool find_cats(const vouch__trees *trees, vouch__rank_cat *cat, uint32_t *place, size_t *out_cats,
                      size_t *out_sets, size_t *out_bytes)
{
    size_t n = 0, sets = 0, bytes = 0;
    for (size_t i = 0; i < trees->n_nodes; i++) {
        const vouch__node *node = &trees->node[i];
        size_t c = 0;
        if (!vouch__splits_on_category(node))
            continue;
        while (c < n && !vouch__rank_cat_is(&cat[c], node))
            c++;
        if (c == VOUCH__RANK_CATS)
            return false;
        if (c == n)
            cat[n++] = (vouch__rank_cat){ .input = node->input, .rule = node->rule };
        cat[c].n_codes = node->n_bits > cat[c].n_codes ? node->n_bits : cat[c].n_codes;
        place[i] = cat[c].n_sets++;
    }
    for (size_t c = 0; c < n; c++) {
        cat[c].first_set = (uint32_t)sets;
        cat[c].byte_at = bytes;
        sets += cat[c].n_sets;
        bytes += ((size_t)cat[c].n_codes + 2) * cat[c].n_sets;
        if (sets > VOUCH__RANK_SETS || bytes > SET_BYTES_MAX)
            return false;
    }
    *out_cats = n;
    *out_sets = sets;
    *out_bytes = bytes;
    return true;
}

static uint8_t side(const vouch__trees *trees, const vouch__node *node, double x)
{
    return vouch__node_goes_left(trees, node, x) ? 0 : UINT8_MAX;
}

/* The time is that of the bytes and of the nodes' own bits: a node is asked only about codes that it lists,
 * all others it decides as "outside". */
static void fill_sets(const vouch__trees *trees, const vouch__rank_table *table, uint32_t *place)
{
    for (size_t i = 0; i < trees->n_nodes; i++) {
        const vouch__node *node = &trees->node[i];
        if (!vouch__splits_on_category(node))
            continue;
        const vouch__rank_cat *cat = &table->cat[vouch__rank_cat_of(table, node)];
        uint8_t *at = table->set_byte + cat->byte_at + place[i];
        at[0] = at[(size_t)cat->n_codes * cat->n_sets] = side(trees, node, -1.0);
        at[((size_t)cat->n_codes + 1) * cat->n_sets] = side(trees, node, (double)NAN);
    }
    for (size_t c = 0; c < table->n_cats; c++) {
        const vouch__rank_cat *cat = &table->cat[c];
        uint8_t *first = table->set_byte + cat->byte_at;
        for (size_t code = 1; code < cat->n_codes; code++)
            memcpy(first + code * cat->n_sets, first, cat->n_sets);
    }
    for (size_t i = 0; i < trees->n_nodes; i++) {
        const vouch__node *node = &trees->node[i];
        if (!vouch__splits_on_category(node))
            continue;
        const vouch__rank_cat *cat = &table->cat[vouch__rank_cat_of(table, node)];
        uint8_t *at = table->set_byte + cat->byte_at + place[i];
        for (size_t code = 0; code < node->n_bits; code++)
            at[code * cat->n_sets] = side(trees, node, (double)code);
        place[i] += cat->first_set;
    }
}

/* A search ends in the block after the last full one, so that there always is one. */
static size_t padded(size_t n_cuts) { return (n_cuts / VOUCH__RANK_BLOCK + 1) * VOUCH__RANK_BLOCK; }

static void fill_columns(const vouch__rank_table *table, const cut_key *key, size_t n)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t c = key[i].place >> 8, j = (key[i].place & 255) - 1;
        vouch__rank_column *column = &table->column[c];
        if (j == 0)
            *column = (vouch__rank_column){ .input = key[i].input,
                                            .rule = key[i].rule,
                                            .cut_at = (uint32_t)at };
        column->n_cuts = (uint16_t)(j + 1);
        table->cut[at++] = key[i].cut;
        bool is_last = i + 1 == n || key[i + 1].place >> 8 != c;
        for (size_t end = padded(j + 1) - (j + 1); is_last && end > 0; end--)
            table->cut[at++] = NAN;
    }
    for (size_t c = 0; c < table->n_columns; c++)
        for (size_t b = 0; b < VOUCH__RANK_BLOCK; b++) {
            const vouch__rank_column *column = &table->column[c];
            size_t last = VOUCH__RANK_BLOCK * b + VOUCH__RANK_BLOCK - 1;
            table->pivot[c * VOUCH__RANK_BLOCK + b] = last < column->n_cuts
                                                          ? table->cut[column->cut_at + last]
                                                          : (double)NAN;
        }
}

static void fill_rules(vouch__rank_table *table)
{
    table->is_identity = table->is_float = true;
    for (size_t c = 0; c < table->n_columns; c++) {
        vouch__rule rule = (vouch__rule)table->column[c].rule;
        uint8_t bit = (uint8_t)(1u << c % 8);
        table->input[c] = table->column[c].input;
        table->is_identity &= table->column[c].input == c;
        table->is_float &= rounds(table->column[c].rule);
        table->snaps |= rule >= VOUCH__RULE_SNAP;
        table->snap[c / 8] |= rule >= VOUCH__RULE_SNAP ? bit : 0;
        table->nan_is_zero[c / 8] |= rule == VOUCH__RULE_SNAP ? bit : 0;
        table->zero_is_nan[c / 8] |= rule == VOUCH__RULE_SNAP_ZERO ? bit : 0;
    }
    for (size_t i = 0; table->is_float && i < table->n_cuts; i++)
        table->cut_float[i] = (float)table->cut[i];
    for (size_t i = 0; table->is_float && i < table->n_columns * VOUCH__RANK_BLOCK; i++)
        table->pivot_float[i] = (float)table->pivot[i];
}

static void lay_out(vouch__pieces *pieces, vouch__rank_table *table, size_t n_nodes, size_t n_bytes)
{
    size_t n_cuts = table->n_cuts;
    table->column = vouch__piece(pieces, table->n_columns, sizeof *table->column);
    table->cat = vouch__piece(pieces, table->n_cats, sizeof *table->cat);
    table->cut = vouch__piece(pieces, n_cuts, sizeof *table->cut);
    table->pivot = vouch__piece(pieces, table->n_columns * VOUCH__RANK_BLOCK, sizeof *table->pivot);
    table->cut_float = vouch__piece(pieces, n_cuts, sizeof *table->cut_float);
    table->pivot_float = vouch__piece(pieces, table->n_columns * VOUCH__RANK_BLOCK,
                                      sizeof *table->pivot_float);
    table->input = vouch__piece(pieces, table->stride, sizeof *table->input);
    table->snap = vouch__piece(pieces, table->stride / 8, 1);
    table->nan_is_zero = vouch__piece(pieces, table->stride / 8, 1);
    table->zero_is_nan = vouch__piece(pieces, table->stride / 8, 1);
    table->set_byte = vouch__piece(pieces, n_bytes, 1);
    table->place = vouch__piece(pieces, n_nodes, sizeof *table->place);
}

typedef struct rank_work { /* scratch of making a table */
    cut_key *key;
    vouch__rank_cat *cat;
    uint32_t *place;
} rank_work;

static vouch_status fill(vouch_ctx *ctx, const vouch__trees *trees, const rank_work *work, size_t n_keys,
                         size_t n_bytes, vouch__rank_table *table)
{
    vouch__pieces pieces = { 0 };
    for (size_t i = 0; i < n_keys; i++) {
        bool is_last = i + 1 == n_keys || work->key[i + 1].place >> 8 != work->key[i].place >> 8;
        table->n_cuts += is_last ? padded(work->key[i].place & 255) : 0;
    }
    lay_out(&pieces, table, trees->n_nodes, n_bytes);
    table->held = vouch__alloc(ctx, pieces.used + 64, 1);
    if (!table->held)
        return vouch__oom(ctx);
    pieces = (vouch__pieces){ (uint8_t *)table->held + (64 - (uintptr_t)table->held % 64), 0 };
    lay_out(&pieces, table, trees->n_nodes, n_bytes);
    fill_columns(table, work->key, n_keys);
    memcpy(table->cat, work->cat, table->n_cats * sizeof *table->cat);
    fill_sets(trees, table, work->place);
    for (size_t i = 0; i < trees->n_nodes; i++) {
        const vouch__node *node = &trees->node[i];
        table->place[i] = work->place[i];
        if (node->left < 0 || node->is_category)
            continue;
        cut_key wanted = key_of(node);
        const cut_key *found = bsearch(&wanted, work->key, n_keys, sizeof wanted, by_cut);
        table->place[i] = found->place;
    }
    fill_rules(table);
    return VOUCH_OK;
}

vouch_status vouch__rank_table_make(vouch_ctx *ctx, const vouch__trees *trees, vouch__rank_table *out_table,
                                    bool *out_fits)
{
    vouch__rank_table table = { .n_columns = 0 };
    size_t mark = vouch__scratch_mark(ctx), n = 0, n_bytes = 0, nodes = trees->n_nodes + 1;
    vouch_status status = VOUCH_OK;
    bool fits = true, is_float[2] = { false, false };
    rank_work work = { .key = vouch__scratch(ctx, nodes, sizeof(cut_key)),
                       .cat = vouch__scratch(ctx, VOUCH__RANK_CATS, sizeof(vouch__rank_cat)),
                       .place = vouch__scratch(ctx, nodes, sizeof(uint32_t)) };
    if (!work.key || !work.cat || !work.place)
        return vouch__oom(ctx);
    memset(work.place, 0, nodes * sizeof *work.place);
    for (size_t i = 0; i < trees->n_nodes; i++)
        if (trees->node[i].left >= 0 && !trees->node[i].is_category) {
            is_float[rounds(trees->node[i].rule)] = true;
            fits &= has_cut(&trees->node[i]);
            work.key[n++] = key_of(&trees->node[i]);
        }
    qsort(work.key, n, sizeof *work.key, by_cut);
    n = settle(work.key, n, &table.n_columns);
    size_t least = table.n_columns ? table.n_columns : 1;
    table.stride = (least + VOUCH__RANK_PAD - 1) & ~(size_t)(VOUCH__RANK_PAD - 1);
    *out_fits = fits && !(is_float[0] && is_float[1]) && table.n_columns <= VOUCH__RANK_COLUMNS &&
                find_cats(trees, work.cat, work.place, &table.n_cats, &table.n_sets, &n_bytes);
    if (*out_fits)
        status = fill(ctx, trees, &work, n, n_bytes, &table);
    vouch__scratch_reset(ctx, mark);
    if (!status)
        *out_table = *out_fits ? table : (vouch__rank_table){ .n_columns = 0 };
    return status;
}

void vouch__rank_table_clear(const vouch_alloc *alloc, vouch__rank_table *table)
{
    vouch__free(alloc, table->held);
    *table = (vouch__rank_table){ .n_columns = 0 };
}

void vouch__rank_values(const vouch__rank_table *table, const double *row, double *x)
{
    for (size_t c = 0; c < table->n_columns; c++) {
        double v = row[table->input[c]];
        if (table->is_float)
            v = (double)(float)v;
        if (table->snaps && table->column[c].rule >= VOUCH__RULE_SNAP) {
            v = fabs(v) <= VOUCH__ZERO ? 0.0 : v;
            if (table->column[c].rule == VOUCH__RULE_SNAP)
                v = isnan(v) ? 0.0 : v;
            if (table->column[c].rule == VOUCH__RULE_SNAP_ZERO)
                v = v == 0.0 ? (double)NAN : v;
        }
        x[c] = v;
    }
}

typedef struct search { /* of one column */
    const double *cut, *at;
    size_t left;
    double x;
} search;

static search begin_search(const vouch__rank_table *table, size_t column, double x)
{
    const double *cut = table->cut + table->column[column].cut_at;
    return (search){ cut, cut, table->column[column].n_cuts, x };
}

/* Without branches on the data: how often a half is taken is as good as random. */
static inline void halve(search *s)
{
    size_t half = s->left / 2; /* 0 once it has ended; the look below is then in vain */
    s->at += (size_t)(s->at[half - (half > 0)] < s->x) * half;
    s->left -= half;
}

static uint8_t end_search(const search *s) { return (uint8_t)(s->at - s->cut + (*s->at < s->x)); }

uint8_t vouch__rank_of(const vouch__rank_table *table, size_t column, double x)
{
    search s = begin_search(table, column, x);
    while (s.left > 1)
        halve(&s);
    return end_search(&s);
}

/* Four columns side by side: each step of a search waits for the one before. */
void vouch__rank_all(const vouch__rank_table *table, const double *x, uint8_t *rank)
{
    size_t c = 0;
    for (; c + 4 <= table->n_columns; c += 4) {
        search s0 = begin_search(table, c, x[c]), s1 = begin_search(table, c + 1, x[c + 1]);
        search s2 = begin_search(table, c + 2, x[c + 2]), s3 = begin_search(table, c + 3, x[c + 3]);
        while ((s0.left | s1.left | s2.left | s3.left) > 1) {
            halve(&s0);
            halve(&s1);
            halve(&s2);
            halve(&s3);
        }
        rank[c] = end_search(&s0);
        rank[c + 1] = end_search(&s1);
        rank[c + 2] = end_search(&s2);
        rank[c + 3] = end_search(&s3);
    }
    for (; c < table->n_columns; c++)
        rank[c] = vouch__rank_of(table, c, x[c]);
}

void vouch__rank_codes(const vouch__rank_table *table, const double *row, uint32_t *code)
{
    for (size_t c = 0; c < table->n_cats; c++) {
        const vouch__rank_cat *cat = &table->cat[c];
        double x = row[cat->input];
        if (cat->rule == VOUCH__RULE_SET_ELSE_LEFT)
            x = (double)(float)x;
        bool is_above = cat->rule == VOUCH__RULE_PLAIN ? x >= 0.0 : x > -1.0;
        code[c] = isnan(x) ? cat->n_codes + 1 : is_above && x < cat->n_codes ? (uint32_t)x : cat->n_codes;
    }
}

void vouch__rank_sets(const vouch__rank_table *table, const uint32_t *code, uint8_t *out)
{
    for (size_t c = 0; c < table->n_cats; c++) {
        const vouch__rank_cat *cat = &table->cat[c];
        memcpy(out + cat->first_set, table->set_byte + cat->byte_at + (size_t)code[c] * cat->n_sets,
               cat->n_sets);
    }
}
