/* Terms over the training rows, block by block. Each block is made by one worker from the table: inputs are
 * read, pieces evaluated, terms put together; of a summed design its sums are taken and the block forgotten,
 * so that the rows are read once and never written. Dense columns are stored less a typical value, so that
 * sums of products keep their digits; what is subtracted is put back into the intercept when the fit is done.
 */
#include "models/glm/glm_pass.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

enum { B = VOUCH__GLM_BLOCK, GROUP = 8 };

#define NONE UINT16_MAX /* the base level: no column of the piece is 1 */

/* Where a piece's values stand in a worker's scratch: numbers from `at`, or codes. */
typedef struct making {
    const vouch__fit_data *data;
    vouch__glm *glm;
    vouch__glm_design *d;
    const vouch__glm_design *like; /* NULL: these rows are the training rows */
    size_t *at;                    /* [pieces] of the first value of a piece that gives numbers; in columns */
    size_t n_values;               /* columns of numbers of all pieces */
    size_t *term_first;            /* [terms] first dense column or factor of a term */
    bool *is_multiplied;           /* [pieces] in a product with another */
    double *part;       /* [groups x (2 p + 7)]: sums of w x and w x^2 (less shift), w y, w, rows, w offset, w
                         * log exposure */
    size_t size, group; /* blocks that a worker makes at a time */
    double *sums;       /* [groups x sums_size] of a summed design, with the reading that takes them */
    size_t sums_size;
    vouch__glm_pass pass;
    double *beta; /* [p + 1] origin, 0, ... */
} making;

typedef struct here {
    double *value;        /* [n_values x B] */
    uint16_t *code;       /* [pieces x B] */
    double *input;        /* [inputs x B] */
    vouch__glm_design to; /* where rows are put: the design, or of a summed one this block only */
    size_t block, at;     /* which it is, and which of `to` */
    size_t begin, n;
} here;

static bool gives_codes(const vouch__glm_piece *p)
{
    return p->type == VOUCH__GLM_LEVELS || p->type == VOUCH__GLM_FLAGS;
}

/* ---- shape ---- */

/* The value itself, but where it is missing. */
static bool is_plain(const vouch__glm *glm, const vouch__glm_piece *p)
{
    return p->type == VOUCH__GLM_LINEAR && (p->flags == SIZE_MAX || glm->piece[p->flags].n_knots == 0);
}

static void add_factor(vouch__glm_design *d, size_t n, bool is_multiplied)
{
    vouch__glm_factor *f = &d->factor[d->n_factors++];
    *f = (vouch__glm_factor){ .n = n, .times = SIZE_MAX };
    if (is_multiplied)
        f->times = d->n_times++;
}

static size_t factors_of(const vouch__glm *glm, const vouch__glm_term *t)
{
    bool is_product = t->b != SIZE_MAX, codes_a = gives_codes(&glm->piece[t->a]);
    bool codes_b = is_product && gives_codes(&glm->piece[t->b]);
    if (!is_product || codes_a == codes_b)
        return codes_a ? 1 : 0;
    return glm->piece[codes_a ? t->b : t->a].n;
}

/* Which coefficient column c of the f-th factor of a term is. */
static size_t factor_coefficient(const vouch__glm *glm, const vouch__glm_term *t, size_t f, size_t c)
{
    if (t->b == SIZE_MAX || (gives_codes(&glm->piece[t->a]) && gives_codes(&glm->piece[t->b])))
        return t->first + c;
    size_t nb = glm->piece[t->b].n;
    return t->first + (gives_codes(&glm->piece[t->a]) ? c * nb + f : f * nb + c);
}

static vouch_status shape(vouch_ctx *ctx, making *m)
{
    vouch__glm *glm = m->glm;
    vouch__glm_design *d = m->d;
    size_t n_factors = 0, dense = glm->has_intercept ? 1 : 0;
    for (size_t p = 0; p < glm->n_pieces; p++) {
        m->at[p] = m->n_values;
        m->n_values += gives_codes(&glm->piece[p]) ? 0 : glm->piece[p].n;
    }
    for (size_t t = 0; t < glm->n_terms; t++)
        n_factors += factors_of(glm, &glm->term[t]);
    d->p = glm->n_columns - (glm->has_intercept ? 0 : 1);
    d->factor = vouch__alloc(ctx, n_factors + 1, sizeof *d->factor);
    d->coefficient = vouch__alloc(ctx, d->p + 1, sizeof *d->coefficient);
    d->shift = vouch__alloc(ctx, 3 * (d->p + 1), sizeof *d->shift);
    if (!d->factor || !d->coefficient || !d->shift)
        return vouch__oom(ctx);
    d->mean = d->shift + d->p + 1;
    d->sd = d->mean + d->p + 1;
    for (size_t t = 0; t < glm->n_terms; t++) {
        const vouch__glm_term *term = &glm->term[t];
        size_t n = factors_of(glm, term);
        m->term_first[t] = n ? d->n_factors : dense;
        for (size_t k = 0; !n && k < term->n; k++)
            d->coefficient[dense++] = term->first + k;
        for (size_t f = 0; f < n; f++)
            add_factor(d, term->n / n,
                       n > 1 || (term->b != SIZE_MAX &&
                                 (!gives_codes(&glm->piece[term->a]) || !gives_codes(&glm->piece[term->b]))));
    }
    d->dense = dense;
    d->padded = (dense + VOUCH__GLM_TILE - 1) / VOUCH__GLM_TILE * VOUCH__GLM_TILE;
    for (size_t t = 0, column = dense; t < glm->n_terms; t++)
        for (size_t f = 0; f < factors_of(glm, &glm->term[t]); f++) {
            vouch__glm_factor *factor = &d->factor[m->term_first[t] + f];
            factor->first = column;
            for (size_t c = 0; c < factor->n; c++)
                d->coefficient[column++] = factor_coefficient(glm, &glm->term[t], f, c);
        }
    return VOUCH_OK;
}

static vouch_status room(vouch_ctx *ctx, making *m)
{
    vouch__glm_design *d = m->d;
    bool has_offset = m->glm->offset != SIZE_MAX || m->glm->exposure != SIZE_MAX;
    size_t rows = d->blocks * B, kept = d->is_summed ? 0 : rows;
    if (d->is_summed) {
        d->score = vouch__alloc(ctx, d->p + 1, sizeof *d->score);
        d->info = vouch__alloc(ctx, d->p * d->p + 1, sizeof *d->info);
        if (!d->score || !d->info)
            return vouch__oom(ctx);
    }
    d->x = vouch__alloc(ctx, kept * d->padded + 1, sizeof *d->x);
    d->code = vouch__alloc(ctx, kept * d->n_factors + 1, sizeof *d->code);
    d->times = vouch__alloc(ctx, kept * d->n_times + 1, sizeof *d->times);
    d->y = vouch__alloc(ctx, rows, sizeof *d->y);
    d->weight = vouch__alloc(ctx, rows, sizeof *d->weight);
    d->offset = has_offset ? vouch__alloc(ctx, rows, sizeof *d->offset) : NULL;
    return d->x && d->code && d->times && d->y && d->weight && (d->offset || !has_offset) ? VOUCH_OK
                                                                                          : vouch__oom(ctx);
}

/* ---- a block ---- */

static void piece_values(const making *m, const here *b, size_t piece)
{
    const vouch__glm_piece *p = &m->glm->piece[piece];
    const double *x = b->input + p->input * B;
    double *out = b->value + m->at[piece] * B;
    vouch__glm_value value;
    if (p->n == 0)
        return; /* flags of values that no row has: in no term */
    if (gives_codes(p)) {
        uint16_t *code = b->code + piece * B;
        for (size_t i = 0; i < b->n; i++) {
            size_t level = vouch__glm_level_of(p, x[i]);
            uint32_t column = level < p->n_levels ? p->level[level] : 0;
            code[i] = column ? (uint16_t)(column - 1) : NONE;
        }
        return;
    }
    if (is_plain(m->glm, p) && !m->is_multiplied[piece])
        return; /* its term reads the input */
    if (is_plain(m->glm, p)) {
        for (size_t i = 0; i < b->n; i++)
            out[i] = isnan(x[i]) ? p->fill : x[i];
        return;
    }
    for (size_t i = 0; i < b->n; i++) {
        vouch__glm_piece_value(m->glm, p, x[i], &value);
        for (size_t k = 0; k < p->n; k++)
            out[k * B + i] = value.value[k];
    }
}

static void dense_term(const making *m, const here *b, size_t t)
{
    const vouch__glm_term *term = &m->glm->term[t];
    const vouch__glm_piece *line = &m->glm->piece[term->a];
    const double *a = b->value + m->at[term->a] * B, *x = b->input + line->input * B;
    double *out = b->to.x + (b->at * m->d->padded + m->term_first[t]) * B;
    const double *shift = m->d->shift + m->term_first[t];
    size_t nb = term->b == SIZE_MAX ? 1 : m->glm->piece[term->b].n;
    const double *other = term->b == SIZE_MAX ? NULL : b->value + m->at[term->b] * B;
    if (is_plain(m->glm, line) && !m->is_multiplied[term->a]) {
        for (size_t i = 0; i < b->n; i++)
            out[i] = (isnan(x[i]) ? line->fill : x[i]) - shift[0];
        return;
    }
    for (size_t k = 0; k < term->n; k++)
        for (size_t i = 0; i < b->n; i++)
            out[k * B + i] = a[k / nb * B + i] * (other ? other[k % nb * B + i] : 1.0) - shift[k];
}

static void factor_term(const making *m, const here *b, size_t t)
{
    const vouch__glm_term *term = &m->glm->term[t];
    const vouch__glm_piece *pa = &m->glm->piece[term->a];
    const vouch__glm_design *d = &b->to;
    size_t n = factors_of(m->glm, term), coded = gives_codes(pa) ? term->a : term->b;
    size_t dense = coded == term->a ? term->b : term->a;
    bool is_joint = term->b != SIZE_MAX && gives_codes(pa) && gives_codes(&m->glm->piece[term->b]);
    for (size_t f = 0; f < n; f++) {
        const vouch__glm_factor *factor = &d->factor[m->term_first[t] + f];
        uint16_t *code = d->code + (b->at * d->n_factors + m->term_first[t] + f) * B;
        const uint16_t *from = b->code + coded * B;
        const uint16_t *other = is_joint ? b->code + term->b * B : NULL;
        for (size_t i = 0; i < B; i++) {
            size_t c = i < b->n ? from[i] : NONE;
            if (other && c != NONE)
                c = other[i] == NONE ? NONE : c * m->glm->piece[term->b].n + other[i];
            code[i] = (uint16_t)(c == NONE ? d->p : factor->first + c);
        }
        if (factor->times != SIZE_MAX)
            memcpy(d->times + (b->at * d->n_times + factor->times) * B, b->value + (m->at[dense] + f) * B,
                   b->n * sizeof(double));
    }
}

static vouch_status block_target(vouch_ctx *worker, const making *m, const here *b, double *offsets)
{
    const vouch__part_rows *rows = &m->data->train;
    const vouch__glm *glm = m->glm;
    const vouch__glm_design *d = &b->to;
    for (size_t i = 0; i < b->n; i++) {
        size_t at = b->at * B + i, row = b->begin + i;
        double w = rows->weight ? rows->weight[row] : 1.0, one = 0.0, other = 0.0;
        char number[VOUCH__DOUBLE_MAX];
        const char *wrong = w > 0.0 ? vouch__glm_refuses(&glm->law, rows->target[row]) : NULL;
        if (!(w >= 0.0 && w < INFINITY))
            return vouch__fail(worker, VOUCH_E_DATA, "glm: weight[%zu] must be 0 or above, and finite", row);
        if (wrong) {
            (void)vouch__double_text(rows->target[row], number);
            return vouch__fail(worker, VOUCH_E_DATA, "glm: target[%zu] is %s, for family %s it %s", row,
                               number, vouch__glm_family_name(glm->law.family), wrong);
        }
        d->weight[at] = w;
        d->y[at] = w > 0.0 ? rows->target[row] : 0.0;
        if (!d->offset)
            continue;
        if (glm->offset != SIZE_MAX)
            one = b->input[glm->offset * B + i];
        if (glm->exposure != SIZE_MAX) {
            double exposure = b->input[glm->exposure * B + i];
            vouch__glm only = { .offset = SIZE_MAX, .exposure = 0 };
            other = vouch__glm_offset(&only, &exposure);
        }
        d->offset[at] = w > 0.0 ? one + other : 0.0;
        offsets[0] += w > 0.0 ? w * one : 0.0;
        offsets[1] += w > 0.0 ? w * other : 0.0;
        if (w > 0.0 && !(fabs(one + other) < INFINITY))
            return vouch__fail(worker, VOUCH_E_DATA,
                               "glm: training row %zu has no offset: it must not be missing, and an exposure "
                               "must be above 0",
                               row);
    }
    return VOUCH_OK;
}

static void block_sums(const here *b, double *part)
{
    const vouch__glm_design *d = &b->to;
    const double *w = d->weight + b->at * B, *y = d->y + b->at * B;
    double *square = part + d->p + 1, *rest = square + d->p + 1;
    for (size_t j = 0; j < d->dense && !d->is_summed; j++) {
        const double *x = d->x + (b->at * d->padded + j) * B;
        double s = 0.0, q = 0.0;
        for (size_t i = 0; i < b->n; i++) {
            double wx = w[i] * x[i];
            s += wx;
            q += wx * x[i];
        }
        part[j] += s;
        square[j] += q;
    }
    for (size_t f = 0; f < d->n_factors && !d->is_summed; f++) {
        const uint16_t *code = d->code + (b->at * d->n_factors + f) * B;
        const double *times = d->factor[f].times == SIZE_MAX
                                  ? NULL
                                  : d->times + (b->at * d->n_times + d->factor[f].times) * B;
        for (size_t i = 0; i < b->n; i++) {
            double v = times ? times[i] : 1.0;
            part[code[i]] += w[i] * v;
            square[code[i]] += w[i] * v * v;
        }
    }
    for (size_t i = 0; i < b->n; i++) {
        rest[0] += w[i] * y[i];
        rest[1] += w[i];
        rest[2] += w[i] > 0.0;
    }
}

static void read_block(const making *m, here *b)
{
    const vouch__part_rows *rows = &m->data->train;
    b->begin = b->block * B;
    b->n = rows->n - b->begin < B ? rows->n - b->begin : B;
    for (size_t j = 0; j < m->glm->n_inputs; j++)
        vouch__bound_column(m->data->binding, j, b->begin, b->n, rows->row ? rows->row + b->begin : NULL,
                            b->input + j * B);
    for (size_t p = 0; p < m->glm->n_pieces; p++)
        piece_values(m, b, p);
}

static vouch_status block_room(vouch_ctx *worker, const making *m, here *b)
{
    b->value = vouch__scratch(worker, (m->n_values + 1) * B, sizeof *b->value);
    b->code = vouch__scratch(worker, (m->glm->n_pieces + 1) * B, sizeof *b->code);
    b->input = vouch__scratch(worker, (m->glm->n_inputs + 1) * B, sizeof *b->input);
    b->to = *m->d;
    if (!b->value || !b->code || !b->input)
        return vouch__oom(worker);
    if (!m->d->is_summed)
        return VOUCH_OK;
    b->to.x = vouch__scratch(worker, m->d->padded * B + 1, sizeof *b->to.x);
    b->to.code = vouch__scratch(worker, m->d->n_factors * B + 1, sizeof *b->to.code);
    b->to.times = vouch__scratch(worker, m->d->n_times * B + 1, sizeof *b->to.times);
    return b->to.x && b->to.code && b->to.times ? VOUCH_OK : vouch__oom(worker);
}

static void go_to(const making *m, here *b, size_t block)
{
    const vouch__glm_design *d = m->d;
    b->block = b->at = block;
    if (!d->is_summed)
        return;
    b->at = 0;
    b->to.y = d->y + block * B;
    b->to.weight = d->weight + block * B;
    b->to.offset = d->offset ? d->offset + block * B : NULL;
    if (block + 1 == d->blocks ||
        block % m->group == 0) { /* nothing stands beyond the columns or the last row */
        memset(b->to.x, 0, d->padded * B * sizeof *b->to.x);
        memset(b->to.times, 0, d->n_times * B * sizeof *b->to.times);
    }
}

static vouch_status make_group(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const making *m = arg;
    const vouch__glm_design *d = m->d;
    size_t mark = vouch__scratch_mark(worker);
    here b = { .value = NULL };
    vouch__glm_pass pass = m->pass;
    double *part = m->part + chunk * m->size, *memory = NULL;
    vouch_status status = block_room(worker, m, &b);
    if (d->is_summed && !status) {
        memory = vouch__scratch(worker, vouch__glm_room(d), sizeof *memory);
        status = memory ? VOUCH_OK : vouch__oom(worker);
        memset(m->sums + chunk * m->sums_size, 0, m->sums_size * sizeof *m->sums);
        pass.design = &b.to;
    }
    memset(part, 0, m->size * sizeof *part);
    for (size_t block = begin; block < end && !status; block++) {
        go_to(m, &b, block);
        read_block(m, &b);
        status = block_target(worker, m, &b, part + 2 * d->p + 5);
        for (size_t i = 0; d->has_intercept && i < b.n; i++)
            b.to.x[b.at * d->padded * B + i] = 1.0;
        for (size_t t = 0; t < m->glm->n_terms && !status; t++) {
            if (factors_of(m->glm, &m->glm->term[t]))
                factor_term(m, &b, t);
            else
                dense_term(m, &b, t);
        }
        if (!status)
            block_sums(&b, part);
        if (!status && memory)
            vouch__glm_part_add(&pass, m->beta, true, 0, memory, m->sums + chunk * m->sums_size);
    }
    vouch__scratch_reset(worker, mark);
    return status;
}

/* A target that is near to all: the mean over the first block. */
static double first_target(const making *m)
{
    const vouch__part_rows *rows = &m->data->train;
    double sum = 0.0, total = 0.0;
    for (size_t i = 0; i < rows->n && i < B; i++) {
        double w = rows->weight ? rows->weight[i] : 1.0;
        sum += w > 0.0 ? w * rows->target[i] : 0.0;
        total += w > 0.0 ? w : 0.0;
    }
    return total > 0.0 && fabs(sum) < INFINITY ? sum / total : 0.0;
}

/* What is subtracted from a column: its mean over the first block, so that none is far from 0. */
static vouch_status choose_shifts(vouch_ctx *ctx, making *m)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__glm_design *d = m->d;
    here b = { .at = 0 };
    if (d->is_summed)
        d->origin = m->like ? m->like->origin : first_target(m);
    if (m->like) {
        memcpy(d->shift, m->like->shift, d->p * sizeof *d->shift);
        return VOUCH_OK;
    }
    if (!d->has_intercept || vouch__glm_is_exact(m->glm, d->n, d->p))
        return VOUCH_OK;
    vouch_status status = block_room(ctx, m, &b);
    if (status)
        return status;
    go_to(m, &b, 0);
    read_block(m, &b);
    for (size_t t = 0; t < m->glm->n_terms; t++) {
        const vouch__glm_term *term = &m->glm->term[t];
        if (factors_of(m->glm, term))
            continue;
        dense_term(m, &b, t);
        for (size_t k = 0; k < term->n; k++) {
            const double *x = b.to.x + (m->term_first[t] + k) * B;
            double sum = 0.0;
            for (size_t i = 0; i < b.n; i++)
                sum += x[i];
            d->shift[m->term_first[t] + k] = sum / (double)b.n;
        }
        /* a line is read by its own mean where it is already known */
        if (term->b == SIZE_MAX && m->glm->piece[term->a].type == VOUCH__GLM_LINEAR &&
            !isnan(m->glm->piece[term->a].fill))
            d->shift[m->term_first[t]] = m->glm->piece[term->a].fill;
    }
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

/* ---- after the rows ---- */

static void keep_means(const making *m)
{
    vouch__glm *glm = m->glm;
    const vouch__glm_design *d = m->d;
    glm->estimate[0].mean = 1.0;
    for (size_t j = 0; j < d->p; j++)
        glm->estimate[d->coefficient[j]].mean = d->mean[j];
    if (d->has_intercept)
        glm->estimate[0].mean = 1.0;
    for (size_t t = 0; t < glm->n_terms; t++) {
        vouch__glm_piece *p = &glm->piece[glm->term[t].a];
        for (size_t k = 0; glm->term[t].b == SIZE_MAX && k < p->n; k++)
            p->mean[k] = glm->estimate[glm->term[t].first + k].mean;
        if (glm->term[t].b == SIZE_MAX && isnan(p->fill))
            p->fill = p->mean[0];
    }
}

static vouch_status add_up(vouch_ctx *ctx, making *m, size_t groups)
{
    vouch__glm_design *d = m->d;
    double *sum = m->part;
    for (size_t g = 1; g < groups; g++)
        for (size_t s = 0; s < m->size; s++)
            sum[s] += m->part[g * m->size + s];
    const double *rest = sum + 2 * d->p + 2;
    if (d->is_summed) {
        vouch__glm_sums sums = { .score = d->score, .info = d->info };
        vouch__glm_parts_end(d, groups, m->sums, &sums);
        d->deviance = sums.deviance;
        for (size_t j = 0; j < d->p; j++) {
            sum[j] = d->info[j];
            sum[d->p + 1 + j] = d->info[j * d->p + j];
        }
    }
    d->total = rest[1];
    d->rows = rest[2];
    if (!(d->total > 0.0))
        return vouch__fail(ctx, VOUCH_E_DATA, "glm: no training row has a weight above 0");
    d->target = rest[0] / d->total;
    if (!m->like) {
        m->glm->offset_mean = rest[3] / d->total;
        m->glm->exposure_mean = rest[4] / d->total;
    }
    for (size_t j = 0; j < d->p; j++) {
        double mean = sum[j] / d->total, square = sum[d->p + 1 + j] / d->total;
        d->mean[j] = mean + d->shift[j];
        d->sd[j] = sqrt(fmax(0.0, square - mean * mean));
        if (square - mean * mean <= 1e-13 * square && !(j == 0 && d->has_intercept))
            d->sd[j] = 0.0; /* nothing but rounding: constant */
    }
    if (!m->like)
        keep_means(m);
    return VOUCH_OK;
}

static vouch_status make_rows(vouch_ctx *ctx, making *m)
{
    size_t mark = vouch__scratch_mark(ctx), p = m->d->p;
    m->size = 2 * p + 7;
    m->sums_size = vouch__glm_part(m->d, true);
    m->group = m->d->is_summed ? vouch__glm_part_blocks(m->d->blocks, m->sums_size) : GROUP;
    size_t groups = vouch__chunks(m->d->blocks, m->group);
    vouch_status status = choose_shifts(ctx, m);
    if (status)
        return status;
    m->part = vouch__scratch(ctx, groups * m->size, sizeof *m->part);
    m->sums = vouch__scratch(ctx, m->d->is_summed ? groups * m->sums_size : 1, sizeof *m->sums);
    m->beta = vouch__scratch(ctx, p + 1, sizeof *m->beta);
    if (!m->part || !m->sums || !m->beta)
        return vouch__oom(ctx);
    memset(m->beta, 0, (p + 1) * sizeof *m->beta);
    m->beta[0] = m->d->origin;
    m->pass = (vouch__glm_pass){ .kernel = vouch__glm_kernel_best(), .law = m->glm->law, .step = 1 };
    status = vouch__parallel(ctx, m->d->blocks, m->group, make_group, m);
    if (!status)
        status = add_up(ctx, m, groups);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status design_make(vouch_ctx *ctx, const vouch__fit_data *data, vouch__glm *glm,
                                const vouch__glm_design *like, bool is_summed, vouch__glm_design *out_design)
{
    size_t mark = vouch__scratch_mark(ctx);
    vouch__glm_design d = { .n = data->train.n, .has_intercept = glm->has_intercept };
    d.is_summed = is_summed;
    making m = { .data = data, .glm = glm, .d = &d, .like = like };
    d.blocks = vouch__chunks(d.n, B);
    d.alloc = *vouch__allocator(ctx);
    m.at = vouch__scratch(ctx, glm->n_pieces + 1, sizeof *m.at);
    m.term_first = vouch__scratch(ctx, glm->n_terms + 1, sizeof *m.term_first);
    m.is_multiplied = vouch__scratch(ctx, glm->n_pieces + 1, sizeof *m.is_multiplied);
    if (!m.at || !m.term_first || !m.is_multiplied)
        return vouch__oom(ctx);
    memset(m.is_multiplied, 0, (glm->n_pieces + 1) * sizeof *m.is_multiplied);
    for (size_t t = 0; t < glm->n_terms; t++)
        if (glm->term[t].b != SIZE_MAX)
            m.is_multiplied[glm->term[t].a] = m.is_multiplied[glm->term[t].b] = true;
    vouch_status status = shape(ctx, &m);
    if (!status)
        status = room(ctx, &m);
    if (!status)
        status = make_rows(ctx, &m);
    vouch__scratch_reset(ctx, mark);
    if (status)
        vouch__glm_design_clear(&d);
    else
        *out_design = d;
    return status;
}

vouch_status vouch__glm_design_make(vouch_ctx *ctx, const vouch__fit_data *data, vouch__glm *glm,
                                    bool is_summed, vouch__glm_design *out_design)
{
    return design_make(ctx, data, glm, NULL, is_summed, out_design);
}

vouch_status vouch__glm_design_like(vouch_ctx *ctx, const vouch__fit_data *data, vouch__glm *glm,
                                    const vouch__glm_design *like, vouch__glm_design *out_design)
{
    return design_make(ctx, data, glm, like, like->is_summed, out_design);
}

void vouch__glm_row(const vouch__glm_design *d, size_t i, double *out)
{
    size_t block = i / B, in = i % B;
    memset(out, 0, (d->p + 1) * sizeof *out);
    for (size_t j = 0; j < d->dense; j++)
        out[j] = d->x[(block * d->padded + j) * B + in];
    for (size_t f = 0; f < d->n_factors; f++) {
        size_t times = d->factor[f].times;
        out[d->code[(block * d->n_factors + f) * B + in]] =
            times == SIZE_MAX ? 1.0 : d->times[(block * d->n_times + times) * B + in];
    }
}

void vouch__glm_design_clear(vouch__glm_design *d)
{
    if (!d->alloc.resize)
        return;
    vouch__free(&d->alloc, d->x);
    vouch__free(&d->alloc, d->code);
    vouch__free(&d->alloc, d->times);
    vouch__free(&d->alloc, d->y);
    vouch__free(&d->alloc, d->weight);
    vouch__free(&d->alloc, d->offset);
    vouch__free(&d->alloc, d->score);
    vouch__free(&d->alloc, d->info);
    vouch__free(&d->alloc, d->factor);
    vouch__free(&d->alloc, d->coefficient);
    vouch__free(&d->alloc, d->shift);
    *d = (vouch__glm_design){ .n = 0 };
}
