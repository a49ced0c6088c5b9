/* Values wait in a buffer of one block. A full one is sorted and, while there are few distinct values, merged
 * into a list of values with their counts. Then it becomes a block of weight 1: two blocks of one weight make
 * one of twice the weight, as in binary addition, so there is at most one block of each weight. */
#include "num/sketch.h"

#include "num/rank.h"

#include <math.h>
#include <string.h>

enum { BLOCK = VOUCH__SKETCH_POINTS, LEVELS = 44, DIGITS = 8, BYTE = 256 };

struct vouch__sketch {
    vouch_alloc alloc;
    double *x, *upto; /* [n_points] the list, room [room] */
    size_t n_points, room;
    bool is_full; /* the list takes no more; blocks go to levels */
    double *buffer;
    size_t waiting;
    double *level[LEVELS]; /* [BLOCK + 1] sorted, infinity at the end; NULL: none */
    double *spare;
    uint64_t turn;       /* a bit a level: which of two values was kept last */
    double below, above; /* infinities, until settled */
    double n, missing, over, under, moved, mean, square, finite;
};

vouch_status vouch__sketch_new(vouch_ctx *ctx, vouch__sketch **out_sketch)
{
    vouch__sketch *s = vouch__alloc(ctx, 1, sizeof *s);
    if (!s)
        return vouch__oom(ctx);
    s->alloc = *vouch__allocator(ctx);
    *out_sketch = s;
    return VOUCH_OK;
}

static void drop_blocks(vouch__sketch *s)
{
    for (size_t h = 0; h < LEVELS; h++) {
        vouch__free(&s->alloc, s->level[h]);
        s->level[h] = NULL;
    }
    vouch__free(&s->alloc, s->spare);
    vouch__free(&s->alloc, s->buffer);
    s->spare = s->buffer = NULL;
    s->waiting = 0;
}

void vouch__sketch_free(vouch__sketch *sketch)
{
    if (!sketch)
        return;
    vouch_alloc alloc = sketch->alloc;
    drop_blocks(sketch);
    vouch__free(&alloc, sketch->x);
    vouch__free(&alloc, sketch->upto);
    vouch__free(&alloc, sketch);
}

/* ---- sorting a block ---- */

static uint64_t key_of(double x)
{
    uint64_t bits;
    x += 0.0; /* makes -0 into 0 */
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static double value_of(uint64_t key)
{
    double x;
    uint64_t bits = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Radix sort of finite values; a digit that is the same in all is skipped, as are the low ones of floats. */
static void sort_block(size_t n, double *x)
{
    uint64_t a[BLOCK], b[BLOCK], *from = a, *to = b;
    uint32_t count[DIGITS][BYTE];
    memset(count, 0, sizeof count);
    for (size_t i = 0; i < n; i++) {
        a[i] = key_of(x[i]);
        for (unsigned d = 0; d < DIGITS; d++)
            count[d][a[i] >> (8 * d) & 255]++;
    }
    for (unsigned d = 0; d < DIGITS && n > 0; d++) {
        uint32_t start = 0;
        if (count[d][a[0] >> (8 * d) & 255] == n)
            continue;
        for (size_t k = 0; k < BYTE; k++) {
            uint32_t here = count[d][k];
            count[d][k] = start;
            start += here;
        }
        for (size_t i = 0; i < n; i++)
            to[count[d][from[i] >> (8 * d) & 255]++] = from[i];
        uint64_t *t = from;
        from = to;
        to = t;
    }
    for (size_t i = 0; i < n; i++)
        x[i] = value_of(from[i]);
}

/* ---- moments ---- */

static void join_moments(vouch__sketch *s, double n, double mean, double square)
{
    double all = s->finite + n, d = mean - s->mean;
    if (n == 0.0)
        return;
    if (s->finite == 0.0) {
        s->mean = mean;
        s->square = square;
    } else {
        s->square = s->square + square + d * d * (s->finite * n / all);
        s->mean = (s->finite * s->mean + n * mean) / all;
    }
    s->finite = all;
}

static void count_moments(vouch__sketch *s, size_t n, const double *x)
{
    enum { LANES = 8 };
    double sum[LANES] = { 0 }, square[LANES] = { 0 }, total = 0.0, squares = 0.0;
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            sum[k] += x[i + k];
    for (size_t i = whole; i < n; i++)
        sum[0] += x[i];
    for (size_t k = 0; k < LANES; k++)
        total += sum[k];
    double mean = total / (double)n;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t k = 0; k < LANES; k++)
            square[k] += (x[i + k] - mean) * (x[i + k] - mean);
    for (size_t i = whole; i < n; i++)
        square[0] += (x[i] - mean) * (x[i] - mean);
    for (size_t k = 0; k < LANES; k++)
        squares += square[k];
    join_moments(s, (double)n, mean, squares);
}

/* ---- the list ---- */

static vouch_status room_for(vouch_ctx *ctx, vouch__sketch *s, size_t points)
{
    if (points <= s->room)
        return VOUCH_OK;
    double *x = vouch__resize(&s->alloc, s->x, points, sizeof *x);
    if (!x)
        return vouch__oom(ctx);
    s->x = x;
    double *upto = vouch__resize(&s->alloc, s->upto, points, sizeof *upto);
    if (!upto)
        return vouch__oom(ctx);
    s->upto = upto;
    s->room = points;
    return VOUCH_OK;
}

/* n points with their weights, which ascend and may repeat, into the list. */
static vouch_status merge_list(vouch_ctx *ctx, vouch__sketch *s, size_t n, const double *x, const double *w)
{
    size_t mark = vouch__scratch_mark(ctx), m = s->n_points, out = 0;
    double *ox = vouch__scratch(ctx, n + m + 1, sizeof *ox), *oc = vouch__scratch(ctx, n + m + 1, sizeof *oc);
    double upto = 0.0;
    if (!ox || !oc)
        return vouch__oom(ctx);
    for (size_t i = 0, j = 0; i < m || j < n; out++) {
        double at = j == n || (i < m && s->x[i] <= x[j]) ? s->x[i] : x[j];
        if (i < m && s->x[i] == at) {
            upto += s->upto[i] - (i ? s->upto[i - 1] : 0.0);
            i++;
        }
        for (; j < n && x[j] == at; j++)
            upto += w ? w[j] : 1.0;
        ox[out] = at;
        oc[out] = upto;
    }
    vouch_status status = room_for(ctx, s, out);
    if (!status && out) {
        memcpy(s->x, ox, out * sizeof *ox);
        memcpy(s->upto, oc, out * sizeof *oc);
        s->n_points = out;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* Put points [begin, end) of the list into one, at the middle of their weight. */
static size_t gather(vouch__sketch *s, size_t begin, size_t end, double *over, double *under)
{
    double before = begin ? s->upto[begin - 1] : 0.0, all = s->upto[end - 1] - before;
    size_t at = begin;
    while (s->upto[at] - before < 0.5 * all)
        at++;
    for (size_t i = begin; i < end; i++)
        if (i != at)
            s->moved += (s->upto[i] - (i ? s->upto[i - 1] : 0.0)) * fabs(s->x[i] - s->x[at]);
    *over = fmax(*over, s->upto[end - 1] - s->upto[at]);
    *under = fmax(*under, at > begin ? s->upto[at - 1] - before : 0.0);
    return at;
}

/* Give back what the list does not need. */
static void trim(vouch__sketch *s)
{
    size_t room = s->n_points ? s->n_points : 1;
    double *x = room < s->room ? vouch__resize(&s->alloc, s->x, room, sizeof *x) : NULL;
    double *upto = x ? vouch__resize(&s->alloc, s->upto, room, sizeof *upto) : NULL;
    s->x = x ? x : s->x; /* a list that did not shrink does no harm */
    s->upto = upto ? upto : s->upto;
    s->room = x ? room : s->room;
}

/* Thin a list out that has grown beyond its bound. Infinities keep a point of their own. */
static void thin(vouch__sketch *s)
{
    double over = 0.0, under = 0.0,
           share = 2.0 * s->n / (BLOCK - 4); /* two neighbours are more, so few enough are left */
    size_t out = 0;
    if (s->n_points <= BLOCK)
        return;
    for (size_t i = 0, end; i < s->n_points; i = end) {
        double before = i ? s->upto[i - 1] : 0.0;
        for (end = i + 1;
             end < s->n_points && !isinf(s->x[i]) && !isinf(s->x[end]) && s->upto[end] - before <= share;)
            end++;
        s->x[out] = s->x[gather(s, i, end, &over, &under)];
        s->upto[out++] = s->upto[end - 1];
    }
    s->n_points = out;
    s->over += over;
    s->under += under;
}

/* ---- blocks ---- */

static double *block_new(vouch__sketch *s)
{
    double *block = s->spare;
    s->spare = NULL;
    return block ? block : vouch__resize(&s->alloc, NULL, BLOCK + 1, sizeof *block);
}

/* Two sorted blocks into one: every other value of both, the first of each two or the second. Returns the
 * sum of the distances between the two. */
static double halve(const double *a, const double *b, bool second, double *out)
{
    double gaps = 0.0;
    size_t i = 0, j = 0;
    for (size_t k = 0; k < BLOCK; k++) {
        double u = a[i], v = b[j], x, y;
        bool left = u <= v;
        x = left ? u : v;
        i += left;
        j += !left;
        u = a[i];
        v = b[j];
        left = u <= v;
        y = left ? u : v;
        i += left;
        j += !left;
        gaps += y - x;
        out[k] = second ? y : x;
    }
    out[BLOCK] = INFINITY;
    return gaps;
}

/* A block of weight 2^h joins; s->buffer is taken when block is. */
static vouch_status carry(vouch_ctx *ctx, vouch__sketch *s, double *block)
{
    size_t h = 0;
    double weight = 1.0;
    for (; h < LEVELS && s->level[h]; h++, weight *= 2.0) {
        double *half = block_new(s);
        if (!half) {
            vouch__free(&s->alloc, block);
            return vouch__oom(ctx);
        }
        bool second = s->turn >> h & 1;
        s->moved += weight * halve(s->level[h], block, second, half);
        s->turn ^= (uint64_t)1 << h;
        s->over += second ? 0.0 : weight; /* the first of two stands for both: ranks at it are ahead */
        s->under += second ? weight : 0.0;
        s->spare = s->level[h];
        s->level[h] = NULL;
        vouch__free(&s->alloc, block);
        block = half;
    }
    if (h == LEVELS) {
        vouch__free(&s->alloc, block);
        return vouch__fail(ctx, VOUCH_E_LIMIT, "sketch: too many values");
    }
    s->level[h] = block;
    return VOUCH_OK;
}

static vouch_status flush(vouch_ctx *ctx, vouch__sketch *s)
{
    size_t n = s->waiting;
    double *block = s->buffer;
    if (n == 0)
        return VOUCH_OK;
    sort_block(n, block);
    count_moments(s, n, block);
    if (s->is_full && n == BLOCK) {
        s->buffer = NULL;
        s->waiting = 0;
        block[BLOCK] = INFINITY;
        return carry(ctx, s, block);
    }
    vouch_status status = merge_list(ctx, s, n, block, NULL);
    s->waiting = status ? s->waiting : 0;
    s->is_full = s->n_points > BLOCK;
    return status;
}

vouch_status vouch__sketch_add(vouch_ctx *ctx, vouch__sketch *sketch, size_t n, const double *x)
{
    vouch__sketch *s = sketch;
    for (size_t i = 0; i < n;) {
        if (!s->buffer) {
            s->buffer = block_new(s);
            if (!s->buffer)
                return vouch__oom(ctx);
        }
        size_t end = n - i < BLOCK - s->waiting ? n : i + BLOCK - s->waiting, kept = s->waiting;
        for (; i < end; i++) {
            s->buffer[kept] = x[i];
            kept += isfinite(x[i]) ? 1 : 0;
            if (!isfinite(x[i])) {
                s->missing += isnan(x[i]) ? 1.0 : 0.0;
                s->below += x[i] < 0.0 ? 1.0 : 0.0;
                s->above += x[i] > 0.0 ? 1.0 : 0.0;
            }
        }
        s->waiting = kept;
        vouch_status status = kept == BLOCK ? flush(ctx, s) : VOUCH_OK;
        if (status)
            return status;
    }
    return VOUCH_OK;
}

/* Every block's values with their weights, and the infinities, sorted into the list. */
static vouch_status collect(vouch_ctx *ctx, vouch__sketch *s)
{
    size_t n = 2, k = 0, mark = vouch__scratch_mark(ctx);
    double weight = 1.0;
    for (size_t h = 0; h < LEVELS; h++)
        n += s->level[h] ? BLOCK : 0;
    double *x = vouch__scratch(ctx, n, sizeof *x), *w = vouch__scratch(ctx, n, sizeof *w);
    double *sx = vouch__scratch(ctx, n, sizeof *sx), *sw = vouch__scratch(ctx, n, sizeof *sw);
    uint32_t *order = vouch__scratch(ctx, n, sizeof *order);
    if (!x || !w || !sx || !sw || !order)
        return vouch__oom(ctx);
    for (size_t h = 0; h < LEVELS; h++, weight *= 2.0)
        for (size_t i = 0; s->level[h] && i < BLOCK; i++, k++) {
            x[k] = s->level[h][i];
            w[k] = weight;
        }
    if (s->below > 0.0) {
        x[k] = -INFINITY;
        w[k++] = s->below;
    }
    if (s->above > 0.0) {
        x[k] = INFINITY;
        w[k++] = s->above;
    }
    vouch_status status = vouch__order(ctx, k, x, order);
    for (size_t i = 0; i < k && !status; i++) {
        sx[i] = x[order[i]];
        sw[i] = w[order[i]];
    }
    if (!status && k)
        status = merge_list(ctx, s, k, sx, sw);
    vouch__scratch_reset(ctx, mark);
    return status;
}

vouch_status vouch__sketch_settle(vouch_ctx *ctx, vouch__sketch *sketch)
{
    vouch__sketch *s = sketch;
    bool was_full = s->is_full;
    s->is_full = false; /* what waits joins the list, however full the block */
    vouch_status status = flush(ctx, s);
    s->is_full = was_full || s->is_full;
    if (!status)
        status = collect(ctx, s);
    if (status)
        return status;
    drop_blocks(s);
    s->below = s->above = 0.0;
    s->n = s->n_points ? s->upto[s->n_points - 1] : 0.0;
    thin(s);
    trim(s);
    s->is_full = s->over + s->under > 0.0;
    return VOUCH_OK;
}

vouch_status vouch__sketch_merge(vouch_ctx *ctx, vouch__sketch *into, const vouch__sketch *from)
{
    size_t mark = vouch__scratch_mark(ctx);
    double *w = vouch__scratch(ctx, from->n_points + 1, sizeof *w);
    if (!w)
        return vouch__oom(ctx);
    vouch_status status = vouch__sketch_settle(ctx, into);
    for (size_t i = 0; i < from->n_points && !status; i++)
        w[i] = from->upto[i] - (i ? from->upto[i - 1] : 0.0);
    if (!status)
        status = merge_list(ctx, into, from->n_points, from->x, w);
    vouch__scratch_reset(ctx, mark);
    if (status)
        return status;
    into->n += from->n;
    into->missing += from->missing;
    into->over += from->over;
    into->under += from->under;
    into->moved += from->moved;
    join_moments(into, from->finite, from->mean, from->square);
    thin(into);
    trim(into);
    into->is_full = into->over + into->under > 0.0;
    return VOUCH_OK;
}

/* ---- looking ---- */

void vouch__sketch_view_of(const vouch__sketch *sketch, vouch__sketch_view *out_view)
{
    const vouch__sketch *s = sketch;
    *out_view = (vouch__sketch_view){ .points = s->n_points,
                                      .x = s->x,
                                      .upto = s->upto,
                                      .n = s->n,
                                      .missing = s->missing,
                                      .over = s->over,
                                      .under = s->under,
                                      .moved = s->moved,
                                      .mean = s->mean,
                                      .square = s->square,
                                      .finite = s->finite };
}

static bool is_count(double x) { return x >= 0.0 && x <= 0x1p53 && floor(x) == x; }

static bool is_whole(const vouch__sketch_view *v)
{
    double infinite = 0.0;
    bool good = v->points <= BLOCK && is_count(v->n) && is_count(v->missing) && is_count(v->finite) &&
                v->over >= 0.0 && v->over <= v->n && v->under >= 0.0 && v->under <= v->n && v->moved >= 0.0 &&
                !(v->square < 0.0);
    for (size_t i = 0; i < v->points && good; i++) {
        double before = i ? v->upto[i - 1] : 0.0;
        good = !isnan(v->x[i]) && (i == 0 || v->x[i] > v->x[i - 1]) && is_count(v->upto[i]) &&
               v->upto[i] > before;
        infinite += isinf(v->x[i]) ? v->upto[i] - before : 0.0;
    }
    return good && v->n == (v->points ? v->upto[v->points - 1] : 0.0) && v->finite + infinite == v->n;
}

vouch_status vouch__sketch_from(vouch_ctx *ctx, const vouch__sketch_view *view, vouch__sketch **out_sketch)
{
    vouch__sketch *s = NULL;
    if (!is_whole(view))
        return vouch__fail(ctx, VOUCH_E_FORMAT, "sketch: its points, counts and bounds do not fit together");
    vouch_status status = vouch__sketch_new(ctx, &s);
    if (!status)
        status = room_for(ctx, s, view->points);
    if (status) {
        vouch__sketch_free(s);
        return status;
    }
    if (view->points) {
        memcpy(s->x, view->x, view->points * sizeof *s->x);
        memcpy(s->upto, view->upto, view->points * sizeof *s->upto);
    }
    s->n_points = view->points;
    s->n = view->n;
    s->missing = view->missing;
    s->over = view->over;
    s->under = view->under;
    s->moved = view->moved;
    s->mean = view->mean;
    s->square = view->square;
    s->finite = view->finite;
    s->is_full = s->over + s->under > 0.0;
    *out_sketch = s;
    return VOUCH_OK;
}

double vouch__sketch_upto(const vouch__sketch_view *view, double x)
{
    size_t low = 0, high = view->points; /* the first point above x */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (view->x[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? view->upto[low - 1] : 0.0;
}

double vouch__sketch_at(const vouch__sketch_view *view, double k)
{
    size_t low = 0, high = view->points - 1; /* the first point with more than k up to it */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (view->upto[middle] > k)
            high = middle;
        else
            low = middle + 1;
    }
    return view->x[low];
}
