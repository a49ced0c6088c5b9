/* Optimal monotone binning of 100 columns of 1,000,000 rows, two threads, as `vouch bin` ranks them.
 * Arguments: a folder in which sample columns and the target are left for the peer (written before anything
 * is timed), and then, on a second call, the file of the peer's seconds. */
#include "bench.h"
#include "data/table.h"
#include "vouch/bins.h"

#include <math.h>
#include <string.h>

enum { ROWS = 1000000, COLS = 100, SAMPLE = 4, BLOCK = 10000 };

static void must(vouch_ctx *ctx, vouch_status status)
{
    if (status == VOUCH_OK)
        return;
    (void)fprintf(stderr, "%s\n", vouch_ctx_error(ctx));
    exit(1);
}

static double uniform(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* Column 0 is the target. Of four columns one is continuous, one skewed, one of whole numbers, one has gaps;
 * each tells a little of the target. */
static void fill(uint64_t *state, double *const *value)
{
    for (size_t i = 0; i < BLOCK; i++) {
        double bad = uniform(state) < 0.1;
        value[0][i] = bad;
        for (size_t j = 1; j <= COLS; j++) {
            double u = uniform(state) + uniform(state) + 0.004 * (double)j * bad;
            value[j][i] = (float)(j % 4 == 1   ? u
                                  : j % 4 == 2 ? u * u * u
                                  : j % 4 == 3 ? floor(20.0 * u)
                                               : (u < 0.3 ? NAN : u));
        }
    }
}

static vouch_table *make(vouch_ctx *ctx, FILE *sample)
{
    static char names[COLS + 1][8];
    static double block[COLS + 1][BLOCK];
    const char *name[COLS + 1];
    vouch_type type[COLS + 1];
    double *value[COLS + 1];
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    uint64_t state = 7;
    for (size_t j = 0; j <= COLS; j++) {
        (void)snprintf(names[j], sizeof names[j], j ? "x%zu" : "bad", j);
        name[j] = names[j];
        type[j] = VOUCH_NUMBER;
        value[j] = block[j];
    }
    must(ctx, vouch__table_builder_new(ctx, COLS + 1, name, type, &builder));
    for (size_t i = 0; i < ROWS; i += BLOCK) {
        fill(&state, value);
        must(ctx, vouch__table_builder_add(ctx, builder, BLOCK, (const double *const *)value, NULL));
        for (size_t j = 0; sample && j <= SAMPLE; j++)
            (void)fwrite(block[j], sizeof(double), BLOCK, sample);
    }
    must(ctx, vouch__table_builder_end(ctx, builder, &table));
    vouch__table_builder_free(builder);
    return table;
}

typedef struct job {
    vouch_ctx *ctx;
    vouch_table *table;
} job;

static void rank_all(void *arg)
{
    job *j = arg;
    vouch_table *ranking = NULL;
    must(j->ctx, vouch_bin_rank(j->ctx, j->table, 0, SIZE_MAX, NULL, &ranking));
    vouch_table_unref(ranking);
}

int main(int argc, char **argv)
{
    const vouch_ctx_options options = { .threads = 2 };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    FILE *sample = argc > 1 ? fopen(argv[1], "wb") : NULL;
    job j = { ctx, make(ctx, sample) };
    if (sample)
        (void)fclose(sample);
    double ours = bench_fastest(rank_all, &j, 3), peer = argc > 2 ? bench_peer(argv[2], "optbinning") : 0.0;
    if (peer > 0.0)
        bench_ratio("bins_100x1m", ours, peer, "s", 20);
    else
        bench_line("bins_100x1m", ours, 0, "s", 1e9);
    vouch_table_unref(j.table);
    vouch_ctx_free(ctx);
    return 0;
}
