/* models/shap/shap_cover512.h: eight rows of an integrated tree at once, by the operations of shap_cover.c.
 * What the last two levels below a node of level 4 are worth depends on three decisions, what reaches it from
 * above on four, those of its path: these outcomes fit one register and two. They are computed once for many
 * rows, as if they were rows, so that a single pass up the tree gives all values and nothing is kept for a
 * way down. */

typedef struct cover_unit {   /* by outcome: decisions of the left child, the right one, the node itself */
    __m512d worth[SHAP_T];    /* S */
    __m512d own[2];           /* what multiplies N and M in its value */
    __m512d f[2];             /* of its children */
    __m512d all[2], first[2]; /* M and N, by the path: the last decision says which */
} cover_unit;

typedef struct cover_tree {
    cover_unit unit[VOUCH__SHAP_UNITS];
    __m512d from[VOUCH__SHAP_UNITS][SHAP_T]; /* C of levels 0 to 3, by the path */
    double right[SHAP_LAST];                 /* q */
    uint32_t to[VOUCH__SHAP_LANES];          /* bytes from the first input's sums */
} cover_tree;

typedef struct cover_rows { /* a block's decisions, by node; outcomes by unit, paths by node of level 3 */
    uint64_t right[VOUCH__SHAP_LANES];
    uint8_t outcome[VOUCH__SHAP_UNITS][SHAP_BLOCK], path[VOUCH__SHAP_UNITS / 2][SHAP_BLOCK];
} cover_rows;

/* Given by value: what is written to sum could change it otherwise, and all would be read again. */
typedef struct cover_eight {
    const cover_tree *t;
    const cover_rows *rows;
    size_t at; /* the eight, in the block */
    uint8_t *sum;
    __m512d round, one, point[SHAP_T];
} cover_eight;

SHAP_HERE __m512d f_of(cover_eight e, size_t h)
{
    const uint8_t *right = (const uint8_t *)&e.rows->right[h];
    return _mm512_maskz_mov_pd(right[e.at], e.one) - _mm512_set1_pd(e.t->right[h]);
}

SHAP_HERE __m512i bytes_of(cover_eight e, const uint8_t *rows)
{
    return _mm512_cvtepu8_epi64(
        _mm_loadl_epi64((const __m128i *)(const void *)(rows + VOUCH__SHAP_ROWS * e.at)));
}

SHAP_HERE void add_to(cover_eight e, size_t h, __m512d value)
{
    void *at = e.sum + e.t->to[h];
    _mm512_store_si512(at, _mm512_add_epi64(_mm512_load_si512(at), _mm512_castpd_si512(value)));
}

/* Values of node h on level 4 and its children; S. */
SHAP_HERE void cover_last(cover_eight e, size_t h, __m512i path, __m512d worth[SHAP_T])
{
    const cover_unit *unit = &e.t->unit[h - VOUCH__SHAP_UNITS];
    __m512i at = bytes_of(e, e.rows->outcome[h - VOUCH__SHAP_UNITS]);
    __m512d all = _mm512_permutex2var_pd(unit->all[0], path, unit->all[1]);
    __m512d first = _mm512_permutex2var_pd(unit->first[0], path, unit->first[1]);
    __m512d right = times_plus(f_of(e, h), first, _mm512_set1_pd(e.t->right[h]) * all), left = all - right;
    __m512d value = times_plus(_mm512_permutexvar_pd(at, unit->own[1]), all, e.round);
    add_to(e, h, times_plus(_mm512_permutexvar_pd(at, unit->own[0]), first, value));
    add_to(e, 2 * h, times_plus(_mm512_permutexvar_pd(at, unit->f[0]), left, e.round));
    add_to(e, 2 * h + 1, times_plus(_mm512_permutexvar_pd(at, unit->f[1]), right, e.round));
    for (size_t k = 0; k < SHAP_T; k++)
        worth[k] = _mm512_permutexvar_pd(at, unit->worth[k]);
}

/* The value of node h above it; S, of its children's. */
SHAP_HERE void cover_join(cover_eight e, size_t h, __m512i path, const __m512d *left, const __m512d *right,
                          __m512d worth[SHAP_T])
{
    __m512d f = f_of(e, h), q = _mm512_set1_pd(e.t->right[h]), apart[SHAP_T], own[SHAP_T];
    for (size_t k = 0; k < SHAP_T; k++) {
        apart[k] = right[k] - left[k];
        own[k] = _mm512_permutexvar_pd(path, e.t->from[h][k]);
        worth[k] = times_plus(times_plus(e.point[k], f, q), apart[k], left[k]);
    }
    add_to(e, h, times_plus(f, along(own, apart), e.round));
}

/* Level by level, so that all nodes' numbers are known when this is compiled. Paths are those of the first
 * node of level 3 below; what comes after a node on them does not matter to it. */
SHAP_HERE __m512i cover_3(cover_eight e, size_t h, __m512d worth[SHAP_T])
{
    __m512d left[SHAP_T], right[SHAP_T];
    __m512i path = bytes_of(e, e.rows->path[h - VOUCH__SHAP_UNITS / 2]);
    cover_last(e, 2 * h, path, left);
    cover_last(e, 2 * h + 1, path, right);
    cover_join(e, h, path, left, right, worth);
    return path;
}

#define SHAP_LEVEL(level, below)                                                                             \
    SHAP_HERE __m512i cover_##level(cover_eight e, size_t h, __m512d worth[SHAP_T])                          \
    {                                                                                                        \
        __m512d left[SHAP_T], right[SHAP_T];                                                                 \
        __m512i path = below(e, 2 * h, left);                                                                \
        (void)below(e, 2 * h + 1, right);                                                                    \
        cover_join(e, h, path, left, right, worth);                                                          \
        return path;                                                                                         \
    }
SHAP_LEVEL(2, cover_3)
SHAP_LEVEL(1, cover_2)
SHAP_LEVEL(0, cover_1)

SHAP_HERE void open_unit(cover_eight e, const vouch__shap_pack *pack, size_t lane, size_t h, cover_unit *out)
{
    const double(*last)[3][VOUCH__SHAP_PACK] = &pack->last[2 * h - SHAP_LAST];
    __m512d q = _mm512_set1_pd(pack->right[h][lane]), f = choose(0xf0, 1.0 - q, 0.0 - q), mean[2];
    for (size_t side = 0; side < 2; side++) {
        mean[side] = _mm512_set1_pd(last[side][2][lane]);
        out->f[side] = choose(side ? 0xcc : 0xaa, _mm512_set1_pd(last[side][1][lane]),
                              _mm512_set1_pd(last[side][0][lane]));
    }
    for (size_t k = 0; k < SHAP_T; k++) {
        __m512d left = times_plus(e.point[k], out->f[0], mean[0]),
                right = times_plus(e.point[k], out->f[1], mean[1]);
        out->worth[k] = times_plus(times_plus(e.point[k], f, q), right - left, left);
    }
    out->own[0] = f * (out->f[1] - out->f[0]);
    out->own[1] = f * (mean[1] - mean[0]);
}

/* C of node h's children, of its own, where rows go right at `lanes` of its path. */
SHAP_HERE void open_children(cover_eight e, const cover_tree *t, size_t h, unsigned lanes, __m512d *left,
                             __m512d *right)
{
    __m512d q = _mm512_set1_pd(t->right[h]), f = choose(lanes, 1.0 - q, 0.0 - q);
    for (size_t k = 0; k < SHAP_T; k++) {
        right[k] = t->from[h][k] * times_plus(e.point[k], f, q);
        left[k] = t->from[h][k] - right[k];
    }
}

/* What of tree q every row needs. */
SHAP_HERE void open_tree(const struct vouch__shap *s, cover_eight e, size_t q, cover_tree *t)
{
    const vouch__shap_pack *pack = &s->pack[q / VOUCH__SHAP_PACK];
    const uint16_t *input = s->input_of + q * VOUCH__SHAP_LANES;
    size_t lane = q % VOUCH__SHAP_PACK, bytes = VOUCH__SHAP_ROWS * sizeof(uint64_t);
    for (size_t h = 0; h < SHAP_LAST; h++)
        t->right[h] = pack->right[h][lane];
    for (size_t h = 0; h < VOUCH__SHAP_LANES; h++)
        t->to[h] = (uint32_t)(input[h] * bytes);
    for (uint64_t left = ~s->live[q]; left;
         left &= left - 1) { /* nobody's: apart, so that they do not wait */
        size_t h = (size_t)__builtin_ctzll(left);
        t->to[h] = (uint32_t)((s->trees->n_inputs + h % VOUCH__SHAP_ROWS) * bytes);
    }
    for (size_t h = VOUCH__SHAP_UNITS; h < SHAP_LAST; h++)
        open_unit(e, pack, lane, h, &t->unit[h - VOUCH__SHAP_UNITS]);
    for (size_t k = 0; k < SHAP_T; k++)
        t->from[1][k] = all_of(s->cover_weight[k]);
    for (size_t h = 1; h < VOUCH__SHAP_UNITS / 2; h++)
        open_children(e, t, h, h < 2 ? 0xaa : h < 4 ? 0xcc : 0xf0, t->from[2 * h], t->from[2 * h + 1]);
    for (size_t h = VOUCH__SHAP_UNITS / 2; h < VOUCH__SHAP_UNITS; h++)
        for (size_t side = 0; side < 2; side++) {
            __m512d child[2][SHAP_T];
            open_children(e, t, h, side ? 0xff : 0, child[0], child[1]);
            for (size_t c = 0; c < 2; c++) {
                cover_unit *unit = &t->unit[2 * h + c - VOUCH__SHAP_UNITS];
                unit->all[side] = (child[c][0] + child[c][1]) + child[c][2];
                unit->first[side] = along(child[c], e.point);
            }
        }
}

/* Which of SHAP_BLOCK rows go right, by node: columns have rows of both halves in turn. */
SHAP_HERE void right_of_columns(const struct vouch__shap *s, size_t q, const uint8_t *column,
                                uint64_t right[VOUCH__SHAP_LANES])
{
    const uint64_t even = 0x5555555555555555;
    for (size_t h = 0; h < VOUCH__SHAP_LANES; h++) {
        size_t at = q * VOUCH__SHAP_LANES + h;
        __m512i byte = _mm512_load_si512(column + (size_t)s->place[at] * SHAP_BLOCK);
        uint64_t is_right = _mm512_cmpge_epu8_mask(byte, _mm512_set1_epi8((char)s->rank[at]));
        right[h] = _pext_u64(is_right, even) | _pext_u64(is_right, ~even) << 32;
    }
}

/* The same of rows from the i-th on, where there are no columns. */
SHAP_HERE void right_of_rows(const struct vouch__shap *s, size_t q, const vouch__shap_batch *b, size_t i,
                             uint64_t right[VOUCH__SHAP_LANES])
{
    memset(right, 0, VOUCH__SHAP_LANES * sizeof *right);
    for (size_t r = 0; r < SHAP_BLOCK && i + r < b->n; r++) {
        uint64_t row = by_definition(s, b->rows + (i + r) * s->trees->n_inputs, q);
        for (; row; row &= row - 1)
            right[__builtin_ctzll(row)] |= (uint64_t)1 << r;
    }
}

SHAP_HERE __m512i bits_of(uint64_t a, uint64_t b, uint64_t c)
{
    __m512i low = _mm512_or_si512(_mm512_maskz_set1_epi8(a, 1), _mm512_maskz_set1_epi8(b, 2));
    return _mm512_or_si512(low, _mm512_maskz_set1_epi8(c, 4));
}

SHAP_HERE void open_rows(const struct vouch__shap *s, size_t q, const vouch__shap_batch *b, size_t i,
                         cover_rows *out)
{
    if (b->columns)
        right_of_columns(s, q, b->columns + i * b->apart, out->right);
    else
        right_of_rows(s, q, b, i, out->right);
    const uint64_t *right = out->right;
    for (size_t h = VOUCH__SHAP_UNITS; h < SHAP_LAST; h++)
        _mm512_store_si512(out->outcome[h - VOUCH__SHAP_UNITS],
                           bits_of(right[2 * h], right[2 * h + 1], right[h]));
    for (size_t h = VOUCH__SHAP_UNITS / 2; h < VOUCH__SHAP_UNITS; h++)
        _mm512_store_si512(out->path[h - VOUCH__SHAP_UNITS / 2],
                           _mm512_or_si512(bits_of(right[1], right[h / 4], right[h / 2]),
                                           _mm512_maskz_set1_epi8(right[h], 8)));
}

SHAP_TARGET void vouch__shap_cover_rows_avx512(const struct vouch__shap *s, const vouch__shap_batch *b)
{
    _Alignas(64) cover_rows rows;
    cover_tree t;
    cover_eight e = { .t = &t, .rows = &rows, .round = all_of(VOUCH__SHAP_ROUND), .one = all_of(1.0) };
    for (size_t k = 0; k < SHAP_T; k++)
        e.point[k] = all_of(s->cover_t[k]);
    __asm__("" : "+v"(e.round), "+v"(e.one)); /* or every use would make it anew */
    for (size_t i = 0; i < b->n; i += SHAP_TOGETHER) {
        size_t end = b->n - i < SHAP_TOGETHER ? b->n : i + SHAP_TOGETHER;
        for (size_t q = 0; q < s->n_cover; q++) {
            open_tree(s, e, q, &t);
            for (size_t r = i; r < end; r += VOUCH__SHAP_ROWS) {
                __m512d worth[SHAP_T];
                if (r % SHAP_BLOCK == 0)
                    open_rows(s, q, b, r, &rows);
                e.at = r % SHAP_BLOCK / VOUCH__SHAP_ROWS;
                e.sum = (uint8_t *)(b->sum + r * b->sums);
                (void)cover_0(e, 1, worth);
            }
        }
    }
}
