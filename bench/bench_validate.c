/* Ranking metrics on a million rows: AUC, AUC with DeLong's variance, the paired test, KS; scores that are
 * all different, and those of a card with few points; and a thousand resamples of AUC, KS and AIR at once.
 * Argument: a file of peers' seconds (bench_peer). */
#include "bench.h"

#include "validate/bootstrap.h"

#include <math.h>

enum { N = 1000000, RUNS = 7, RESAMPLES = 1000 };

typedef struct job {
    vouch_ctx *ctx;
    double *score, *other;
    uint8_t *bad, *group, *favourable;
    double result;
} job;

static void must(vouch_ctx *ctx, vouch_status status)
{
    if (status == VOUCH_OK)
        return;
    (void)fprintf(stderr, "%s\n", vouch_ctx_error(ctx));
    exit(1);
}

static void auc(void *arg)
{
    job *j = arg;
    must(j->ctx, vouch_validate_auc(j->ctx, N, j->score, j->bad, NULL, &j->result));
}

static void delong(void *arg)
{
    job *j = arg;
    vouch_auc out;
    must(j->ctx, vouch_validate_auc_delong(j->ctx, N, j->score, j->bad, 0.95, &out));
    j->result = out.variance;
}

static void paired(void *arg)
{
    job *j = arg;
    vouch_auc_pair out;
    must(j->ctx, vouch_validate_auc_paired(j->ctx, N, j->score, j->other, j->bad, 0.95, &out));
    j->result = out.z;
}

static void ks(void *arg)
{
    job *j = arg;
    must(j->ctx, vouch_validate_ks(j->ctx, N, j->score, j->bad, NULL, &j->result, NULL));
}

static void bootstrap(void *arg)
{
    job *j = arg;
    double replicate[3][RESAMPLES];
    const vouch__boot_data data = { N, j->score, j->bad, j->group, j->favourable, false };
    must(j->ctx, vouch__bootstrap(j->ctx, &data, RESAMPLES, 7, replicate[0], replicate[1], replicate[2]));
    j->result = replicate[0][0] + replicate[1][0] + replicate[2][0];
}

static double uniform(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

int main(int argc, char **argv)
{
    const char *peers = argc > 1 ? argv[1] : NULL;
    job j = { .ctx = vouch_ctx_new(NULL),
              .score = malloc(N * sizeof(double)),
              .other = malloc(N * sizeof(double)),
              .bad = malloc(N),
              .group = malloc(N),
              .favourable = malloc(N) };
    uint64_t state = 7;
    if (!j.ctx || !j.score || !j.other || !j.bad || !j.group || !j.favourable)
        return 1;
    for (size_t i = 0; i < N; i++) {
        j.bad[i] = uniform(&state) < 0.08;
        double spread = uniform(&state) + uniform(&state) + uniform(&state) - 1.5;
        j.score[i] = spread + 0.4 * j.bad[i];
        j.other[i] = spread + 0.3 * j.bad[i] + 0.5 * uniform(&state);
        j.group[i] = uniform(&state) < 0.2;
        j.favourable[i] = j.score[i] < 0.5;
    }
    bench_line("validate_auc_1m", bench_fastest(auc, &j, RUNS), bench_peer(peers, "auc"), "s", 0.5);
    bench_line("validate_auc_delong_1m", bench_fastest(delong, &j, RUNS), bench_peer(peers, "delong"), "s",
               0.5);
    bench_line("validate_auc_paired_1m", bench_fastest(paired, &j, RUNS), bench_peer(peers, "paired"), "s",
               1.0);
    bench_line("validate_ks_1m", bench_fastest(ks, &j, RUNS), bench_peer(peers, "ks"), "s", 0.5);
    bench_line("validate_bootstrap_1m_x_1000", bench_fastest(bootstrap, &j, 2),
               bench_peer(peers, "bootstrap"), "s", 10.0);
    for (size_t i = 0; i < N; i++)
        j.score[i] = floor(20.0 * j.score[i]);
    bench_line("validate_auc_delong_1m_points", bench_fastest(delong, &j, RUNS),
               bench_peer(peers, "delong_points"), "s", 0.5);
    vouch_ctx_free(j.ctx);
    free(j.score);
    free(j.other);
    free(j.bad);
    free(j.group);
    free(j.favourable);
    return 0;
}
