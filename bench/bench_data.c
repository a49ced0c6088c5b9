/* Reading and profiling 1 M x 50; bench_data.sh makes the files and measures the peers. */
#include "bench.h"

#include "vouch/data.h"

#include <string.h>
#include <sys/resource.h>

typedef struct job {
    vouch_ctx *ctx;
    vouch_source source;
    int profile;
} job;

static void run(void *arg)
{
    job *j = arg;
    vouch_table *table = NULL;
    vouch_status status = j->profile ? vouch_data_profile(j->ctx, &j->source, &table)
                                     : vouch_table_open(j->ctx, &j->source, &table);
    if (status) {
        (void)fprintf(stderr, "%s\n", vouch_ctx_error(j->ctx));
        exit(1);
    }
    vouch_table_unref(table);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        (void)fprintf(stderr, "usage: %s LIBDUCKDB FILE.parquet FILE.csv PEERS\n", argv[0]);
        return 2;
    }
    struct rusage used;
    job j = { .ctx = vouch_ctx_new(NULL), .source = { .source = argv[2], .id = "id", .duckdb = argv[1] } };
    j.profile = 1;
    bench_line("data.profile_parquet", bench_fastest(run, &j, 3), bench_peer(argv[4], "profile"), "s", 10);
    (void)getrusage(RUSAGE_SELF, &used);
    bench_line("data.profile_peak", (double)used.ru_maxrss / 1024, 0, "MiB", 1024);
    j.profile = 0;
    bench_line("data.read_parquet", bench_fastest(run, &j, 3), bench_peer(argv[4], "read_parquet"), "s", 5);
    j.source.source = argv[3];
    bench_line("data.read_csv", bench_fastest(run, &j, 3), bench_peer(argv[4], "read_csv"), "s", 10);
    (void)getrusage(RUSAGE_SELF, &used);
    bench_line("data.read_peak", (double)used.ru_maxrss / 1024, 0, "MiB", 1024);
    vouch_ctx_free(j.ctx);
    return 0;
}
