/* models/shap/shap_cover.h: integrated trees of one row, included by shap_kernel.h. A path takes SHAP_WIDTH
 * of a pack's eight trees at a time and defines, beside the type SHAP_V of so many doubles, times_plus(a, b,
 * c) a b + c, rounded once choose(lanes, is_set, is_not)   by the lowest bits of lanes Every lane goes
 * through the operations that shap_cover.c lists. */

enum { SHAP_LAST = VOUCH__SHAP_LANES / 2, SHAP_T = VOUCH__SHAP_THREE };

typedef struct SHAP_NAME(cover_work) {          /* by heap node */
    uint8_t right[VOUCH__SHAP_LANES];           /* a bit for each tree */
    SHAP_V worth[SHAP_LAST][SHAP_T];            /* S, then C */
    SHAP_V apart[VOUCH__SHAP_UNITS][SHAP_T];    /* D */
    SHAP_V share[VOUCH__SHAP_UNITS][SHAP_T];    /* E */
    SHAP_V f[VOUCH__SHAP_LANES], point[SHAP_T]; /* point: t */
} SHAP_NAME(cover_work);

typedef struct SHAP_NAME(part) { /* what is computed together */
    const struct vouch__shap *s;
    const vouch__shap_pack *pack;
    SHAP_NAME(cover_work) * w;
    double (*given)[VOUCH__SHAP_PACK]; /* by node: integers above the bits of VOUCH__SHAP_ROUND */
    size_t lane;                       /* the first */
} SHAP_NAME(part);

#define SHAP_TAKE(at, lane) (*(const SHAP_V *)(const void *)((at) + (lane)))

SHAP_INLINE SHAP_V all_of(double x) { return x - (SHAP_V){ 0 }; }

/* a b + c, rounded twice: not every processor rounds once. */
SHAP_INLINE SHAP_V times_plus(SHAP_V a, SHAP_V b, SHAP_V c) { return a * b + c; }

SHAP_INLINE SHAP_V along(const SHAP_V own[SHAP_T], const SHAP_V other[SHAP_T])
{
    return times_plus(own[2], other[2], times_plus(own[1], other[1], own[0] * other[0]));
}

/* Bit h of the r-th word is bit r of byte h. */
#ifndef SHAP_HAS_TURN
SHAP_INLINE void turn_bits(const uint64_t word[VOUCH__SHAP_PACK], uint8_t out[VOUCH__SHAP_LANES])
{
    for (size_t b = 0; b < VOUCH__SHAP_LANES; b += 8) {
        uint64_t x = 0, t;
        for (size_t r = 0; r < VOUCH__SHAP_PACK; r++)
            x |= (word[r] >> b & 0xff) << 8 * r;
        t = (x ^ x >> 7) & 0x00AA00AA00AA00AA;
        x ^= t ^ t << 7;
        t = (x ^ x >> 14) & 0x0000CCCC0000CCCC;
        x ^= t ^ t << 14;
        t = (x ^ x >> 28) & 0x00000000F0F0F0F0;
        x ^= t ^ t << 28;
        memcpy(out + b, &x, sizeof x);
    }
}
#endif

SHAP_INLINE SHAP_V keep_f(const SHAP_NAME(part) * p, size_t h, SHAP_V left, SHAP_V right)
{
    return p->w->f[h] = choose((unsigned)p->w->right[h] >> p->lane, right, left);
}

/* S of a node of the last level. */
SHAP_INLINE void last_node(const SHAP_NAME(part) * p, size_t h, SHAP_V worth[SHAP_T])
{
    const double(*last)[VOUCH__SHAP_PACK] = p->pack->last[h - SHAP_LAST];
    SHAP_V f = keep_f(p, h, SHAP_TAKE(last[0], p->lane), SHAP_TAKE(last[1], p->lane));
    for (size_t k = 0; k < SHAP_T; k++)
        worth[k] = times_plus(p->w->point[k], f, SHAP_TAKE(last[2], p->lane));
}

/* S of node h above the last level, of its children's. */
SHAP_INLINE void upper_node(const SHAP_NAME(part) * p, size_t h, const SHAP_V *left, const SHAP_V *right)
{
    SHAP_V q = SHAP_TAKE(p->pack->right[h], p->lane), f = keep_f(p, h, 0.0 - q, 1.0 - q);
    for (size_t k = 0; k < SHAP_T; k++) {
        SHAP_V apart = right[k] - left[k], share = times_plus(p->w->point[k], f, q);
        p->w->worth[h][k] = times_plus(share, apart, left[k]);
        if (h < VOUCH__SHAP_UNITS) {
            p->w->share[h][k] = share;
            p->w->apart[h][k] = apart;
        }
    }
}

SHAP_INLINE void give(const SHAP_NAME(part) * p, size_t h, SHAP_V value)
{
    *(SHAP_V *)(void *)(p->given[h] + p->lane) = value;
}

/* Values of node h of level 4 and its children. */
SHAP_INLINE void give_last(const SHAP_NAME(part) * p, size_t h)
{
    const SHAP_V *own = p->w->worth[h], *f = p->w->f, round = all_of(VOUCH__SHAP_ROUND);
    const double(*last)[3][VOUCH__SHAP_PACK] = &p->pack->last[2 * h - SHAP_LAST];
    SHAP_V all = (own[0] + own[1]) + own[2], first = along(own, p->w->point);
    SHAP_V right = times_plus(f[h], first, SHAP_TAKE(p->pack->right[h], p->lane) * all), left = all - right;
    SHAP_V apart = SHAP_TAKE(last[1][2], p->lane) - SHAP_TAKE(last[0][2], p->lane);
    give(p, h, times_plus(f[h] * (f[2 * h + 1] - f[2 * h]), first, times_plus(f[h] * apart, all, round)));
    give(p, 2 * h, times_plus(f[2 * h], left, round));
    give(p, 2 * h + 1, times_plus(f[2 * h + 1], right, round));
}

SHAP_INLINE void pack_part(const SHAP_NAME(part) * p)
{
    const SHAP_V round = all_of(VOUCH__SHAP_ROUND);
    SHAP_V(*worth)[SHAP_T] = p->w->worth;
    for (size_t h = SHAP_LAST - 1; h >= VOUCH__SHAP_UNITS; h--) {
        SHAP_V left[SHAP_T], right[SHAP_T];
        last_node(p, 2 * h, left);
        last_node(p, 2 * h + 1, right);
        upper_node(p, h, left, right);
    }
    for (size_t h = VOUCH__SHAP_UNITS - 1; h > 0; h--)
        upper_node(p, h, worth[2 * h], worth[2 * h + 1]);
    for (size_t k = 0; k < SHAP_T; k++)
        worth[1][k] = all_of(p->s->cover_weight[k]);
    for (size_t h = 1; h < VOUCH__SHAP_UNITS; h++) {
        give(p, h, times_plus(p->w->f[h], along(worth[h], p->w->apart[h]), round));
        for (size_t k = 0; k < SHAP_T; k++) {
            SHAP_V own = worth[h][k], to = own * p->w->share[h][k];
            worth[2 * h + 1][k] = to;
            worth[2 * h][k] = own - to;
        }
    }
    for (size_t h = VOUCH__SHAP_UNITS; h < SHAP_LAST; h++)
        give_last(p, h);
}

/* What the nodes of eight trees from q on give. */
SHAP_INLINE void cover_pack(const struct vouch__shap *s, size_t q, const double *row, const uint8_t *bytes,
                            SHAP_NAME(cover_work) * w, double (*given)[VOUCH__SHAP_PACK])
{
    uint64_t right[VOUCH__SHAP_PACK] = { 0 };
    for (size_t i = 0; i < VOUCH__SHAP_PACK && q + i < s->n_cover; i++)
        right[i] = decisions_of(s, row, bytes, q + i);
    turn_bits(right, w->right);
    for (size_t lane = 0; lane < VOUCH__SHAP_PACK; lane += SHAP_WIDTH) {
        SHAP_NAME(part) p = { s, &s->pack[q / VOUCH__SHAP_PACK], w, given, lane };
        pack_part(&p);
    }
}

SHAP_TARGET void SHAP_NAME(vouch__shap_cover_row)(const struct vouch__shap *s, const double *row,
                                                  const uint8_t *bytes, uint64_t *sum)
{
    SHAP_NAME(cover_work) w;
    _Alignas(64) double given[VOUCH__SHAP_GROUP / VOUCH__SHAP_PACK][VOUCH__SHAP_LANES][VOUCH__SHAP_PACK];
    given[0][0][0] = 0.0; /* what fours that are not full add */
    for (size_t k = 0; k < SHAP_T; k++)
        w.point[k] = all_of(s->cover_t[k]);
    for (size_t q = 0; q < s->n_cover; q += VOUCH__SHAP_GROUP) {
        for (size_t i = 0; i < VOUCH__SHAP_GROUP && q + i < s->n_cover; i += VOUCH__SHAP_PACK)
            cover_pack(s, q + i, row, bytes, &w, given[i / VOUCH__SHAP_PACK]);
        add_fours(s, q / VOUCH__SHAP_GROUP, (const int64_t *)(const void *)given, sum);
    }
}
