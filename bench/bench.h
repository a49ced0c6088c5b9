/* bench.h: the fastest of several runs, and one TSV line a row: name, ours, best peer, unit, ratio (peer /
 * ours: how many times faster we are), bar, ok or short. The bar of bench_ratio is the least ratio, that of
 * bench_line what ours may take at most. Without a measured peer its columns are '-'. Link with the shared
 * library only. */
#ifndef BENCH_H
#define BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef void bench_fn(void *arg);

static inline double bench_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of the fastest of runs calls. */
static inline double bench_fastest(bench_fn *fn, void *arg, int runs)
{
    double best = 1e300;
    for (int i = 0; i < runs; i++) {
        double begun = bench_now();
        fn(arg);
        double took = bench_now() - begun;
        best = took < best ? took : best;
    }
    return best;
}

/* peer 0: none was measured. Times and sizes, so smaller is better. */
static inline void bench_line(const char *name, double ours, double peer, const char *unit, double bar)
{
    (void)printf("%s\t%.4g\t", name, ours);
    if (peer > 0.0)
        (void)printf("%.4g\t%s\t%.2f\t", peer, unit, peer / ours);
    else
        (void)printf("-\t%s\t-\t", unit);
    (void)printf("%.4g\t%s\n", bar, ours <= bar ? "ok" : "short");
}

/* Smaller is better; bar 0: none. */
static inline void bench_ratio(const char *name, double ours, double peer, const char *unit, double bar)
{
    (void)printf("%s\t%.4g\t%.4g\t%s\t%.2f\t%.4g\t%s\n", name, ours, peer, unit, peer / ours, bar,
                 ours * bar <= peer ? "ok" : "short");
}

/* The seconds that a peer's script printed as "name<TAB>seconds" into file; 0 where there is no such line. */
static inline double bench_peer(const char *path, const char *name)
{
    char word[128];
    double value, found = 0.0;
    FILE *file = path ? fopen(path, "r") : NULL;
    while (file && fscanf(file, "%127s %lf", word, &value) == 2) {
        const char *a = word, *b = name;
        while (*a && *a == *b)
            a++, b++;
        if (*a == *b)
            found = value;
    }
    if (file)
        (void)fclose(file);
    return found;
}

#endif
