/* Sums over the rows in chunks of blocks, combined in order. Dense columns are multiplied by tiles; a
 * category adds a row of the weighted block to the row of its level, and two categories one number to one
 * cell, so the cost of a category does not depend on how many levels it has. */
#include "models/glm/glm_pass.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

enum { B = VOUCH__GLM_BLOCK, PART_BYTES = 1 << 26, LEAST_GROUP = 8 };

typedef struct job {
    const vouch__glm_pass *pass;
    const double *beta; /* [p + 1] */
    double *part;       /* [groups x size] */
    size_t size;
    bool has_info;
} job;

/* Of a part: deviance, pearson, invalid blocks; score [p + 1]; square of the dense columns [padded x padded];
 * the factors' rows [(factors' columns + 1) x (p + 1)]. */
size_t vouch__glm_part(const vouch__glm_design *d, bool has_info)
{
    return 3 + d->p + 1 + (has_info ? d->padded * d->padded + (d->p - d->dense + 1) * (d->p + 1) : 0);
}

size_t vouch__glm_room(const vouch__glm_design *d) { return (3 + d->padded + 1 + d->dense + 1) * B; }

size_t vouch__glm_part_blocks(size_t blocks, size_t part)
{
    size_t most = PART_BYTES / (part * sizeof(double));
    most = most < 4 ? 4 : most > 512 ? 512 : most;
    return vouch__chunks(blocks, LEAST_GROUP) > most ? vouch__chunks(blocks, most) : LEAST_GROUP;
}

void vouch__glm_block_eta(const vouch__glm_pass *pass, const double *beta, size_t block, double *out)
{
    const vouch__glm_design *d = pass->design;
    if (d->offset)
        memcpy(out, d->offset + block * B, B * sizeof *out);
    else
        memset(out, 0, B * sizeof *out);
    pass->kernel->predict(d->dense, d->x + block * d->padded * B, beta, out);
    for (size_t f = 0; f < d->n_factors; f++) {
        const uint16_t *code = d->code + (block * d->n_factors + f) * B;
        const double *times = d->factor[f].times == SIZE_MAX
                                  ? NULL
                                  : d->times + (block * d->n_times + d->factor[f].times) * B;
        if (times)
            for (size_t i = 0; i < B; i++)
                out[i] += beta[code[i]] * times[i];
        else
            for (size_t i = 0; i < B; i++)
                out[i] += beta[code[i]];
    }
}

typedef struct room {
    double *eta, *pull, *grip, *wx, *row; /* [B], [B], [B], [padded x B], [B x dense] */
} room;

static void add_score(const vouch__glm_design *d, const vouch__glm_kernel *kernel, size_t block,
                      const double *pull, double *dots, double *score)
{
    kernel->dots(d->dense, d->x + block * d->padded * B, pull, dots);
    for (size_t j = 0; j < d->dense; j++)
        score[j] += dots[j];
    for (size_t f = 0; f < d->n_factors; f++) {
        const uint16_t *code = d->code + (block * d->n_factors + f) * B;
        const double *times = d->factor[f].times == SIZE_MAX
                                  ? NULL
                                  : d->times + (block * d->n_times + d->factor[f].times) * B;
        for (size_t i = 0; i < B; i++)
            score[code[i]] += times ? pull[i] * times[i] : pull[i];
    }
}

/* Rows of the factors: each row of the block adds to the rows of its levels. */
static void add_factors(const vouch__glm_design *d, size_t block, const room *r, double *info)
{
    size_t width = d->p + 1, n = d->n_factors, dense = d->dense;
    const uint16_t *code = d->code + block * n * B;
    const double *times = d->times + block * d->n_times * B;
    for (size_t j = 0; j < dense; j++)
        for (size_t i = 0; i < B; i++)
            r->row[i * dense + j] = r->wx[j * B + i];
    for (size_t i = 0; i < B; i++) {
        const double *wx = r->row + i * dense;
        double w = r->grip[i];
        for (size_t f = 0; f < n; f++) {
            double *to = info + (code[f * B + i] - dense) * width;
            double m = d->factor[f].times == SIZE_MAX ? 1.0 : times[d->factor[f].times * B + i], wf = w * m;
            for (size_t j = 0; j < dense; j++)
                to[j] += m * wx[j];
            if (d->n_times == 0) {
                for (size_t g = 0; g <= f; g++)
                    to[code[g * B + i]] += w;
                continue;
            }
            for (size_t g = 0; g <= f; g++)
                to[code[g * B + i]] += wf * (d->factor[g].times == SIZE_MAX
                                                 ? 1.0
                                                 : times[d->factor[g].times * B + i]);
        }
    }
}

static bool are_ones(const double *w)
{
    bool is_other = false;
    for (size_t i = 0; i < B; i++)
        is_other |= w[i] != 1.0;
    return !is_other;
}

void vouch__glm_part_add(const vouch__glm_pass *pass, const double *beta, bool has_info, size_t block,
                         double *memory, double *part)
{
    const vouch__glm_design *d = pass->design;
    const double *x = d->x + block * d->padded * B;
    double *score = part + 3, *square = score + d->p + 1, *rest = square + d->padded * d->padded;
    room r;
    r.eta = memory;
    r.pull = r.eta + B;
    r.grip = r.pull + B;
    r.wx = r.grip + B;
    r.row = r.wx + (d->padded + 1) * B;
    vouch__glm_rows rows = {
        .eta = r.eta, .y = d->y + block * B, .weight = d->weight + block * B, .pull = r.pull, .grip = r.grip
    };
    bool is_valid = true;
    rows.is_observed = pass->is_observed;
    if (pass->weight) {
        memcpy(r.pull, pass->weight + block * B, B * sizeof *r.pull);
        memcpy(r.grip, r.pull, B * sizeof *r.grip);
    } else {
        vouch__glm_block_eta(pass, beta, block, r.eta);
        vouch__glm_rows_run(pass->kernel, &pass->law, &rows, &is_valid);
        part[0] += rows.deviance;
        part[1] += rows.pearson;
        part[2] += !is_valid;
    }
    add_score(d, pass->kernel, block, r.pull, r.wx, score);
    if (!has_info)
        return;
    if (d->n_factors || !are_ones(r.grip))
        pass->kernel->scale(d->padded, x, r.grip, r.wx);
    else
        r.wx = (double *)x; /* only read */
    pass->kernel->gram(d->padded, x, r.wx, square, d->padded);
    if (d->n_factors)
        add_factors(d, block, &r, rest);
}

static vouch_status run_group(vouch_ctx *worker, size_t chunk, size_t begin, size_t end, void *arg)
{
    const job *j = arg;
    size_t mark = vouch__scratch_mark(worker);
    double *memory = vouch__scratch(worker, vouch__glm_room(j->pass->design), sizeof *memory);
    if (!memory)
        return vouch__oom(worker);
    memset(j->part + chunk * j->size, 0, j->size * sizeof *j->part);
    for (size_t k = begin; k < end; k++)
        vouch__glm_part_add(j->pass, j->beta, j->has_info, k * j->pass->step, memory,
                            j->part + chunk * j->size);
    vouch__scratch_reset(worker, mark);
    return VOUCH_OK;
}

/* The parts in order, and the information as one symmetric matrix. */
void vouch__glm_parts_end(const vouch__glm_design *d, size_t n, double *sum, vouch__glm_sums *sums)
{
    size_t p = d->p, size = vouch__glm_part(d, sums->info != NULL);
    for (size_t g = 1; g < n; g++)
        for (size_t s = 0; s < size; s++)
            sum[s] += sum[g * size + s];
    const double *score = sum + 3, *square = score + p + 1, *rest = square + d->padded * d->padded;
    sums->deviance = sum[0];
    sums->pearson = sum[1];
    sums->is_valid = sum[2] == 0.0;
    memcpy(sums->score, score, p * sizeof *score);
    for (size_t a = 0; a < p && sums->info; a++)
        for (size_t b = 0; b <= a; b++)
            sums->info[a * p + b] = sums->info[b * p + a] = a < d->dense ? square[a * d->padded + b]
                                                                         : rest[(a - d->dense) * (p + 1) + b];
}

/* A quadratic is known everywhere by what it is at one point. */
static void from_sums(const vouch__glm_pass *pass, vouch__glm_sums *sums)
{
    const vouch__glm_design *d = pass->design;
    size_t p = d->p;
    memcpy(sums->score, d->score, p * sizeof *d->score);
    for (size_t k = 0; k < p; k++) {
        double step = pass->beta[k] - (k == 0 ? d->origin : 0.0);
        for (size_t j = 0; step != 0.0 && j < p; j++)
            sums->score[j] -= step * d->info[k * p + j];
    }
    sums->deviance = d->deviance;
    for (size_t k = 0; k < p; k++)
        sums->deviance -= (d->score[k] + sums->score[k]) * (pass->beta[k] - (k == 0 ? d->origin : 0.0));
    sums->pearson = sums->deviance = fmax(0.0, sums->deviance);
    sums->is_valid = true;
    if (sums->info)
        memcpy(sums->info, d->info, p * p * sizeof *d->info);
}

vouch_status vouch__glm_pass_run(vouch_ctx *ctx, const vouch__glm_pass *pass, vouch__glm_sums *sums)
{
    const vouch__glm_design *d = pass->design;
    size_t mark = vouch__scratch_mark(ctx), p = d->p, blocks = vouch__chunks(d->blocks, pass->step);
    job j = { .pass = pass, .has_info = sums->info != NULL };
    if (d->is_summed) {
        from_sums(pass, sums);
        return VOUCH_OK;
    }
    j.size = vouch__glm_part(d, j.has_info);
    size_t group = vouch__glm_part_blocks(blocks, j.size), groups = vouch__chunks(blocks, group);
    j.part = vouch__scratch(ctx, groups * j.size, sizeof *j.part);
    double *beta = vouch__scratch(ctx, p + 1, sizeof *beta);
    if (!j.part || !beta)
        return vouch__oom(ctx);
    if (pass->beta)
        memcpy(beta, pass->beta, p * sizeof *beta);
    beta[p] = 0.0;
    j.beta = beta;
    vouch_status status = vouch__parallel(ctx, blocks, group, run_group, &j);
    if (!status)
        vouch__glm_parts_end(d, groups, j.part, sums);
    vouch__scratch_reset(ctx, mark);
    return status;
}
