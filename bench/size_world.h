/* size_world.h: simulated data of size and power, and one test put to them. For bench_size.c. */
#ifndef SIZE_WORLD_H
#define SIZE_WORLD_H

#include "catalogue/tests.h"
#include "num/rng.h"
#include "num/special.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = 12000, FACTORS = 4 };

typedef struct world { /* one simulated data set, and room for it */
    vouch_ctx *ctx;
    vouch__rng rng;
    bool effect;
    const vouch_model *model;
    const vouch__json *given; /* for parameters that are trees; or NULL */
    vouch__sample now, before;
    double score[2][MAX], probability[MAX], target[2][MAX], date[MAX];
    uint8_t bad[2][MAX];
    uint32_t code[FACTORS][MAX];
    vouch__factor factor[FACTORS];
} world;

static double uniform(world *w) { return vouch__rng_uniform(&w->rng); }
static double normal(world *w) { return vouch__rng_normal(&w->rng); }

static void must(vouch_ctx *ctx, vouch_status status)
{
    if (status == VOUCH_OK)
        return;
    (void)fprintf(stderr, "%s\n", vouch_ctx_error(ctx));
    exit(1);
}

/* The smallest p-value of the entries; NaN when there is none. outside: instead, 0 when the truth is outside
 * the interval. */
static double row(world *w, const char *id, const char *name, double value, double truth)
{
    const vouch_test *test = vouch_test_find(id);
    vouch__evidence list;
    double param[32], p = NAN;
    if (!test) {
        (void)fprintf(stderr, "no test %s\n", id);
        exit(1);
    }
    for (size_t i = 0; i < test->n_params; i++)
        param[i] = name && !strcmp(test->params[i].name, name) ? value : test->params[i].value;
    const vouch__test_call call = { .test = test,
                                    .now = &w->now,
                                    .before = w->before.n ? &w->before : NULL,
                                    .model = w->model,
                                    .param = param,
                                    .given = w->given,
                                    .seed = vouch__rng_next(&w->rng),
                                    .list = &list };
    must(w->ctx, vouch__evidence_new(w->ctx, NULL, &list));
    must(w->ctx, vouch__test_perform(w->ctx, &call));
    for (const vouch__json *e = list.entries->first; e; e = e->next) {
        const vouch__json *interval = vouch__json_get(e, "interval");
        if (isnan(truth))
            p = fmin(p, vouch__json_double(vouch__json_get(e, "p_value"), (double)NAN));
        else if (interval)
            p = vouch__json_double(vouch__json_get(interval, "low"), 0.0) <= truth &&
                        truth <= vouch__json_double(vouch__json_get(interval, "high"), 1.0)
                    ? 1.0
                    : 0.0;
    }
    vouch__evidence_free(&list);
    return p;
}

static double p_of(world *w, const char *id) { return row(w, id, NULL, 0.0, (double)NAN); }

/* Normal scores, bads higher by shift. */
static vouch__sample scores(world *w, int which, size_t n, double rate, double shift)
{
    vouch__sample s = { .n = n, .score = w->score[which], .bad = w->bad[which], .score_name = "score" };
    for (size_t i = 0; i < n; i++) {
        w->bad[which][i] = i < 2 ? (uint8_t)i : uniform(w) < rate;
        w->score[which][i] = normal(w) + shift * w->bad[which][i];
        s.n_bad += w->bad[which][i];
    }
    return s;
}

/* Probabilities, and outcomes with log-odds stretched by slope. */
static void probabilities(world *w, size_t n, double slope)
{
    w->now = (vouch__sample){ .n = n, .probability = w->probability, .score = w->score[0], .bad = w->bad[0] };
    for (size_t i = 0; i < n; i++) {
        double x = -1.5 + normal(w);
        w->score[0][i] = x;
        w->probability[i] = vouch__sigmoid(x);
        w->bad[0][i] = uniform(w) < vouch__sigmoid(slope * x);
        w->now.n_bad += w->bad[0][i];
    }
}

/* Grades of n obligors each, whose defaults share a factor. */
static void rated(world *w, size_t grades, size_t n, double rho, double times)
{
    static const char *const name[] = { "1", "2", "3", "4", "5", "6", "7" };
    double x = normal(w);
    w->factor[0] = (vouch__factor){ "grade", grades, name, w->code[0] };
    w->now = (vouch__sample){ .n = grades * n,
                              .probability = w->probability,
                              .bad = w->bad[0],
                              .grade = &w->factor[0],
                              .date = w->date };
    for (size_t g = 0, i = 0; g < grades; g++) {
        double pd = 0.01 * (double)(g + 1), t = vouch__normal_quantile(fmin(0.99, times * pd));
        double now = vouch__normal_cdf((t + sqrt(rho) * x) / sqrt(1.0 - rho));
        for (size_t k = 0; k < n; k++, i++) {
            w->code[0][i] = (uint32_t)g;
            w->probability[i] = pd;
            w->bad[0][i] = uniform(w) < now;
            w->now.n_bad += w->bad[0][i];
        }
    }
}

/* A prediction, and what was seen: errors normal times spread, remembering memory of the last. */
static void numbers(world *w, size_t n, double bias, double memory, bool fans_out)
{
    double last = normal(w) / sqrt(1.0 - memory * memory);
    w->now = (vouch__sample){ .n = n, .score = w->score[0], .target = w->target[0] };
    for (size_t i = 0; i < n; i++) {
        w->score[0][i] = 2.0 + uniform(w);
        last = memory * last + normal(w);
        w->target[0][i] = w->score[0][i] - bias + last * (fans_out ? w->score[0][i] - 1.5 : 1.0);
    }
}

/* Losses that are mostly 0 or 1, about the estimate on average. */
static void losses(world *w, size_t n, double more)
{
    w->now = (vouch__sample){ .n = n, .score = w->score[0], .target = w->target[0] };
    for (size_t i = 0; i < n; i++) {
        double said = 0.2 + 0.4 * uniform(w), u = uniform(w);
        w->score[0][i] = said;
        w->target[0][i] = u < 0.3 ? said + more : uniform(w) < said + more ? 1.0 : 0.0;
    }
}

#endif
