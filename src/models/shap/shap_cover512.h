/* models/shap/shap_cover512.h: eight rows of an integrated tree at once, by the operations of shap_cover.c.
 * What the last two levels below a node of level 4 are worth depends on three decisions, so that all eight
 * outcomes fit a register: they are computed once for many rows, as if they were eight rows. */

typedef struct cover_unit { /* by outcome: decisions of the left child, the right one, the node itself */
    __m512d worth[SHAP_T];  /* S */
    __m512d own[2];         /* what multiplies N and M in its value */
    __m512d f[2];           /* of its children */
} cover_unit;

typedef struct cover_tree {
    cover_unit unit[VOUCH__SHAP_UNITS];
    double right[SHAP_LAST];        /* q */
    uint32_t to[VOUCH__SHAP_LANES]; /* bytes from the first input's sums */
} cover_tree;

typedef struct cover_kept { /* levels 0 to 3, on the way down */
    __m512d apart[VOUCH__SHAP_UNITS][SHAP_T], share[VOUCH__SHAP_UNITS][SHAP_T], f[VOUCH__SHAP_UNITS];
} cover_kept;

/* Given by value: what is written to sum could change it otherwise, and all would be read again. */
typedef struct cover_eight {
    const cover_tree *t;
    cover_kept *kept;
    uint8_t *sum;
    const uint8_t *right; /* [64] rows, by node */
    __m512d round, one, point[SHAP_T], weight[SHAP_T];
    __m512i bit[3];
} cover_eight;

SHAP_HERE __m512d f_of(cover_eight e, size_t h)
{
    return _mm512_maskz_mov_pd(e.right[h], e.one) - _mm512_set1_pd(e.t->right[h]);
}

SHAP_HERE __m512i outcome_of(cover_eight e, size_t h)
{
    __m512i at = _mm512_maskz_mov_epi64(e.right[2 * h], e.bit[0]);
    at = _mm512_mask_or_epi64(at, e.right[2 * h + 1], at, e.bit[1]);
    return _mm512_mask_or_epi64(at, e.right[h], at, e.bit[2]);
}

SHAP_HERE void add_to(cover_eight e, size_t h, __m512d value)
{
    void *at = e.sum + e.t->to[h];
    _mm512_store_si512(at, _mm512_add_epi64(_mm512_load_si512(at), _mm512_castpd_si512(value)));
}

SHAP_HERE void unit_up(cover_eight e, size_t h, __m512d worth[SHAP_T])
{
    __m512i at = outcome_of(e, h);
    for (size_t k = 0; k < SHAP_T; k++)
        worth[k] = _mm512_permutexvar_pd(at, e.t->unit[h - VOUCH__SHAP_UNITS].worth[k]);
}

SHAP_HERE void unit_down(cover_eight e, size_t h, const __m512d own[SHAP_T])
{
    const cover_unit *unit = &e.t->unit[h - VOUCH__SHAP_UNITS];
    __m512i at = outcome_of(e, h);
    __m512d all = (own[0] + own[1]) + own[2], first = along(own, e.point);
    __m512d right = times_plus(f_of(e, h), first, _mm512_set1_pd(e.t->right[h]) * all), left = all - right;
    __m512d value = times_plus(_mm512_permutexvar_pd(at, unit->own[1]), all, e.round);
    add_to(e, h, times_plus(_mm512_permutexvar_pd(at, unit->own[0]), first, value));
    add_to(e, 2 * h, times_plus(_mm512_permutexvar_pd(at, unit->f[0]), left, e.round));
    add_to(e, 2 * h + 1, times_plus(_mm512_permutexvar_pd(at, unit->f[1]), right, e.round));
}

/* S of node h, of its children's. */
SHAP_HERE void join(cover_eight e, size_t h, const __m512d *left, const __m512d *right, __m512d *worth)
{
    __m512d f = f_of(e, h), q = _mm512_set1_pd(e.t->right[h]);
    e.kept->f[h] = f;
    for (size_t k = 0; k < SHAP_T; k++) {
        __m512d apart = right[k] - left[k], share = times_plus(e.point[k], f, q);
        worth[k] = times_plus(share, apart, left[k]);
        e.kept->apart[h][k] = apart;
        e.kept->share[h][k] = share;
    }
}

/* C of node h's children, of its own. */
SHAP_HERE void part(cover_eight e, size_t h, const __m512d *own, __m512d *left, __m512d *right)
{
    add_to(e, h, times_plus(e.kept->f[h], along(own, e.kept->apart[h]), e.round));
    for (size_t k = 0; k < SHAP_T; k++) {
        right[k] = own[k] * e.kept->share[h][k];
        left[k] = own[k] - right[k];
    }
}

/* Level by level, so that all nodes' numbers are known when this is compiled. */
#define SHAP_LEVEL(level, up, down)                                                                          \
    SHAP_HERE void up_##level(cover_eight e, size_t h, __m512d *worth)                                       \
    {                                                                                                        \
        __m512d left[SHAP_T], right[SHAP_T];                                                                 \
        up(e, 2 * h, left);                                                                                  \
        up(e, 2 * h + 1, right);                                                                             \
        join(e, h, left, right, worth);                                                                      \
    }                                                                                                        \
    SHAP_HERE void down_##level(cover_eight e, size_t h, const __m512d *own)                                 \
    {                                                                                                        \
        __m512d left[SHAP_T], right[SHAP_T];                                                                 \
        part(e, h, own, left, right);                                                                        \
        down(e, 2 * h, left);                                                                                \
        down(e, 2 * h + 1, right);                                                                           \
    }
SHAP_LEVEL(3, unit_up, unit_down)
SHAP_LEVEL(2, up_3, down_3)
SHAP_LEVEL(1, up_2, down_2)
SHAP_LEVEL(0, up_1, down_1)

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
}

SHAP_HERE void eight_rows(cover_eight e)
{
    __m512d all[SHAP_T];
    up_0(e, 1, all);
    __asm__ volatile("" : "+m"(*e.kept)); /* not in registers, of which there are too few */
    down_0(e, 1, e.weight);
}

/* The rows' decisions at tree q, by eights. */
SHAP_HERE void turn_rows(const struct vouch__shap *s, size_t q, size_t n, const double *rows,
                         const uint8_t *bytes, size_t apart, uint8_t (*out)[VOUCH__SHAP_LANES])
{
    uint64_t right[SHAP_TOGETHER];
    for (size_t r = 0; r < n; r++)
        right[r] = decisions_of(s, rows + r * s->trees->n_inputs, bytes + r * apart, q);
    for (size_t r = 0; r < n; r += VOUCH__SHAP_ROWS)
        turn_bits(right + r, out[r / VOUCH__SHAP_ROWS]);
}

SHAP_TARGET void vouch__shap_cover_rows_avx512(const struct vouch__shap *s, size_t n, const double *rows,
                                               const uint8_t *bytes, size_t apart, uint64_t *sum)
{
    size_t inputs = s->trees->n_inputs, sums = vouch__shap_sums(s);
    uint8_t right[SHAP_TOGETHER / VOUCH__SHAP_ROWS][VOUCH__SHAP_LANES];
    cover_tree t;
    cover_kept kept;
    cover_eight e = { .t = &t, .kept = &kept, .round = all_of(VOUCH__SHAP_ROUND), .one = all_of(1.0) };
    for (size_t k = 0; k < SHAP_T; k++) {
        e.point[k] = all_of(s->cover_t[k]);
        e.weight[k] = all_of(s->cover_weight[k]);
        e.bit[k] = _mm512_set1_epi64(1 << k);
        __asm__("" : "+v"(e.bit[k])); /* or every use would make it anew */
    }
    __asm__("" : "+v"(e.round), "+v"(e.one));
    for (size_t i = 0; i < n; i += SHAP_TOGETHER) {
        size_t here = n - i < SHAP_TOGETHER ? n - i : SHAP_TOGETHER;
        for (size_t q = 0; q < s->n_cover; q++) {
            open_tree(s, e, q, &t);
            turn_rows(s, q, here, rows + i * inputs, bytes + i * apart, apart, right);
            for (size_t r = 0; r < here; r += VOUCH__SHAP_ROWS) {
                e.sum = (uint8_t *)(sum + (i + r) * sums);
                e.right = right[r / VOUCH__SHAP_ROWS];
                eight_rows(e);
            }
        }
    }
}
