/* size_more.h: more rows of size and power: tables, drift, protected groups, several classes. For
 * bench_size.c; each returns a p-value. */
#ifndef SIZE_MORE_H
#define SIZE_MORE_H

#include "size_world.h"

enum { MORE_COLUMNS = 3 };

/* Columns a, b, c of a sample; the table is let go by put(). */
static void columns(world *w, vouch__sample *s, size_t n, size_t cols, const double *const *x)
{
    static const char *const name[MORE_COLUMNS] = { "a", "b", "c" };
    static const vouch_type type[MORE_COLUMNS] = { VOUCH_NUMBER, VOUCH_NUMBER, VOUCH_NUMBER };
    static const size_t place[MORE_COLUMNS] = { 0, 1, 2 };
    vouch__table_builder *builder = NULL;
    vouch_table *made = NULL;
    must(w->ctx, vouch__table_builder_new(w->ctx, cols, name, type, &builder));
    must(w->ctx, vouch__table_builder_add(w->ctx, builder, n, x, NULL));
    must(w->ctx, vouch__table_builder_end(w->ctx, builder, &made));
    vouch__table_builder_free(builder);
    s->table = made;
    s->n = n;
    s->feature = place;
    s->n_features = cols;
    s->id_column = s->label_column = s->date_column = SIZE_MAX;
}

static double put(world *w, const char *id, const char *name, double value)
{
    double p = row(w, id, name, value, (double)NAN);
    vouch_table_unref(w->now.table);
    vouch_table_unref(w->before.table);
    return p;
}

/* ---- tables ---- */

static double x_of[MORE_COLUMNS][MAX];
static const double *const x_all[MORE_COLUMNS] = { x_of[0], x_of[1], x_of[2] };

/* Outcomes, and normal columns whose bads are higher by shift. */
static void related(world *w, size_t n, size_t cols, double shift)
{
    w->now = scores(w, 0, n, 0.25, shift);
    for (size_t j = 0; j < cols; j++)
        for (size_t i = 0; i < n; i++)
            x_of[j][i] = normal(w) + (j == 0 ? shift * w->bad[0][i] : 0.0);
}

static double missing_label(world *w)
{
    related(w, 400, 1, 0.0);
    for (size_t i = 0; i < 400; i++)
        if (uniform(w) < (w->effect && w->bad[0][i] ? 0.36 : 0.2))
            x_of[0][i] = NAN;
    columns(w, &w->now, 400, 1, x_all);
    return put(w, "data.missing_label", NULL, 0);
}

static double association(world *w)
{
    related(w, 1000, 3, w->effect ? 0.4 : 0.0);
    columns(w, &w->now, 1000, 3, x_all);
    return put(w, "data.association", NULL, 0);
}

static double single_auc(world *w) /* an AUC at the limit of 0.85 exactly */
{
    related(w, 1000, 1, w->effect ? 2.5 : 1.4657);
    for (size_t i = 0; i < 1000; i++)
        w->target[0][i] = w->bad[0][i];
    columns(w, &w->now, 1000, 2, (const double *const[]){ x_of[0], w->target[0] });
    w->now.label_column = 1;
    w->now.n_features = 1;
    w->now.bad_value = 1.0;
    return put(w, "data.single_auc", NULL, 0);
}

static double survivorship(world *w)
{
    w->now = (vouch__sample){ .n = 1200, .bad = w->bad[0], .target = w->target[0], .date = w->date };
    for (size_t i = 0; i < 1200; i++) {
        size_t month = i / 100;
        w->date[i] = (double)(20089 + 31 * month);
        w->bad[0][i] = uniform(w) < 0.2 - (w->effect ? 0.008 * (double)month : 0.0);
        w->target[0][i] = w->bad[0][i];
        w->now.n_bad += w->bad[0][i];
    }
    return p_of(w, "data.survivorship");
}

/* ---- drift ---- */

static double moved(world *w, const char *id)
{
    w->now = scores(w, 0, 500, 0.25, 0.0);
    w->before = scores(w, 1, 2000, 0.25, 0.0);
    for (size_t i = 0; i < 500 && w->effect; i++)
        w->score[0][i] += 0.2;
    return p_of(w, id);
}
static double drift_psi(world *w) { return moved(w, "drift.psi"); }
static double drift_js(world *w) { return moved(w, "drift.jensen_shannon"); }
static double drift_hellinger(world *w) { return moved(w, "drift.hellinger"); }
static double drift_linf(world *w) { return moved(w, "drift.l_infinity"); }
static double drift_chi2(world *w) { return moved(w, "drift.chi_square"); }
static double drift_wasserstein(world *w) { return moved(w, "drift.wasserstein"); }

/* A tenth of the scores has no value, or three twentieths; the scores spread as they did, or half as far
 * again. */
static double missing(world *w)
{
    w->now = scores(w, 0, 500, 0.25, 0.0);
    w->before = scores(w, 1, 2000, 0.25, 0.0);
    for (int which = 0; which < 2; which++)
        for (size_t i = 0; i < (which ? 2000u : 500u); i++)
            if (uniform(w) < (w->effect && which == 0 ? 0.15 : 0.1))
                w->score[which][i] = NAN;
    return p_of(w, "drift.missing");
}

static double unseen(world *w)
{
    w->now = scores(w, 0, 500, 0.25, 0.0);
    w->before = scores(w, 1, 2000, 0.25, 0.0);
    for (size_t i = 0; i < 500 && w->effect; i++)
        w->score[0][i] *= 1.5;
    return p_of(w, "drift.unseen");
}

static double domain(world *w)
{
    static double y_of[MORE_COLUMNS][MAX];
    related(w, 400, 3, 0.0);
    for (size_t j = 0; j < 3; j++)
        for (size_t i = 0; i < 400; i++)
            y_of[j][i] = normal(w) + (w->effect && j == 0 ? 0.5 : 0.0);
    w->now = w->before = (vouch__sample){ .n = 0 };
    columns(w, &w->now, 400, 3, (const double *const[]){ y_of[0], y_of[1], y_of[2] });
    columns(w, &w->before, 400, 3, x_all);
    return put(w, "drift.domain_classifier", "trees", 20);
}

/* The reference is right; the cases, of 600, are too, or go bad more often than they are told. */
static double told(world *w, const char *id, bool without_outcomes)
{
    static double was[MAX];
    probabilities(w, 1500, 1.0);
    w->before = w->now;
    memcpy(w->score[1], w->score[0], 1500 * sizeof(double));
    memcpy(was, w->probability, 1500 * sizeof(double));
    memcpy(w->bad[1], w->bad[0], 1500);
    w->before.score = w->score[1];
    w->before.probability = was;
    w->before.bad = w->bad[1];
    w->before.target = w->target[1];
    for (size_t i = 0; i < 1500; i++)
        w->target[1][i] = w->bad[1][i];
    probabilities(w, 600, 1.0);
    for (size_t i = 0; i < 600 && w->effect; i++) {
        if (without_outcomes) /* harder to tell apart */
            w->probability[i] = vouch__sigmoid(w->score[0][i] = -1.5 + 0.75 * (w->score[0][i] + 1.5));
        else
            w->bad[0][i] = uniform(w) < vouch__sigmoid(0.4 + w->score[0][i]);
    }
    w->now.n_bad = 0;
    for (size_t i = 0; i < 600; i++)
        w->now.n_bad += w->bad[0][i];
    if (without_outcomes)
        w->now.bad = NULL;
    return p_of(w, id);
}
static double cbpe(world *w) { return told(w, "drift.estimated_performance", true); }

/* Errors whose spread goes with a column, of which the cases have as much as the reference, or more. The
 * truth of the interval is what comes about. */
static vouch__sample errors(world *w, int which, size_t n, double more, double *rms)
{
    vouch__sample s = { .score = w->score[which], .target = w->target[which] };
    *rms = 0.0;
    for (size_t i = 0; i < n; i++) {
        double x = fmin(1.0, more + uniform(w)), off = (0.5 + x) * normal(w);
        x_of[0][i] = x;
        w->score[which][i] = normal(w);
        w->target[which][i] = w->score[which][i] + off;
        *rms += off * off / (double)n;
    }
    columns(w, &s, n, 1, x_all);
    return s;
}
static double unseen_errors(world *w)
{
    double rms;
    w->before = errors(w, 1, 1500, 0.0, &rms);
    w->now = errors(w, 0, 600, w->effect ? 0.1 : 0.0, &rms);
    w->now.target = NULL;
    return put(w, "drift.estimated_errors", NULL, 0);
}
static double unseen_interval(world *w)
{
    double was, is;
    w->before = errors(w, 1, 1500, 0.0, &was);
    w->now = errors(w, 0, 600, 0.3, &is);
    w->now.target = NULL;
    double held = row(w, "drift.estimated_errors", NULL, 0, (w->effect ? 0.9 : 1.0) * sqrt(is / was));
    vouch_table_unref(w->now.table);
    vouch_table_unref(w->before.table);
    return held;
}
static double bad_rate(world *w) { return told(w, "drift.bad_rate", false); }
static double score_bands(world *w) { return told(w, "drift.score_bands", false); }
static double drift_calibration(world *w) { return told(w, "drift.calibration", false); }

/* ---- ranking and losses ---- */

static double gap(world *w)
{
    w->now = scores(w, 0, 400, 0.25, w->effect ? 0.6 : 1.0);
    w->before = scores(w, 1, 400, 0.25, 1.0);
    return p_of(w, "validate.gap");
}

static double tenths(world *w)
{
    probabilities(w, 500, w->effect ? 1.4 : 1.0);
    return p_of(w, "validate.calibration");
}

/* Losses of U shape, estimates that know `knows` of them. */
static vouch__sample lgd(world *w, int which, size_t n, double knows)
{
    for (size_t i = 0; i < n; i++) {
        double u = uniform(w), loss = u < 0.3 ? 0.0 : u < 0.5 ? 1.0 : uniform(w);
        w->target[which][i] = loss;
        w->score[which][i] = knows * loss + (1.0 - knows) * uniform(w);
    }
    return (vouch__sample){ .n = n, .score = w->score[which], .target = w->target[which] };
}

static double gauc_decline(world *w)
{
    w->now = lgd(w, 0, 150, w->effect ? 0.15 : 0.4);
    w->before = lgd(w, 1, 8000, 0.4);
    return p_of(w, "irb.gauc_decline");
}

/* The value of a test on so many cases as there is room for, on average over draws: what intervals should
 * hold. */
typedef void draw(world *w, size_t n, bool effect);
static double truth(world *w, const char *id, draw *make, size_t rounds)
{
    double sum = 0.0;
    vouch__rng kept = w->rng;
    const vouch_test *test = vouch_test_find(id);
    for (size_t r = 0; r < rounds; r++) {
        vouch__evidence list;
        w->rng = vouch__rng_make(5, r);
        make(w, 4000, false);
        const vouch__test_call call = { .test = test, .now = &w->now, .list = &list };
        must(w->ctx, vouch__evidence_new(w->ctx, NULL, &list));
        must(w->ctx, vouch__test_perform(w->ctx, &call));
        sum += vouch__json_double(vouch__json_get(list.entries->first, "value"), (double)NAN) /
               (double)rounds;
        vouch__evidence_free(&list);
    }
    w->rng = kept;
    return sum;
}

static void draw_losses(world *w, size_t n, bool effect) { w->now = lgd(w, 0, n, effect ? 0.25 : 0.5); }

static double clar(world *w)
{
    static double known;
    if (!(known > 0.0))
        known = truth(w, "irb.lgd_clar", draw_losses, 20);
    draw_losses(w, 300, w->effect);
    return row(w, "irb.lgd_clar", "resamples", 200, known);
}

static void draw_classes(world *w, size_t n, bool effect)
{
    static const char *const name[] = { "a", "b", "c" };
    static double share[3 * MAX];
    w->factor[0] = (vouch__factor){ "class", 3, name, w->code[0] };
    w->now = (vouch__sample){ .n = n, .outcome = &w->factor[0], .class_probability = share };
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0, u = uniform(w);
        w->code[0][i] = u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
        for (size_t c = 0; c < 3; c++)
            sum += share[3 * i + c] = vouch__exp(normal(w) + (effect ? 0.6 : 1.0) * (w->code[0][i] == c));
        for (size_t c = 0; c < 3; c++)
            share[3 * i + c] /= sum;
    }
}

static double class_auc(world *w)
{
    static double known;
    if (!(known > 0.0))
        known = truth(w, "validate.class_auc", draw_classes, 40);
    draw_classes(w, 240, w->effect);
    return row(w, "validate.class_auc", NULL, 0, known);
}

/* ---- protected groups: score, outcome and everything else have nothing to do with them ---- */

static void people(world *w, size_t n)
{
    static const char *const group[] = { "one", "other" }, *const half[] = { "new", "old" };
    static const char *const part[] = { "n", "s", "e", "w" };
    w->factor[0] = (vouch__factor){ "group", 2, group, w->code[0] };
    w->factor[1] = (vouch__factor){ "half", 2, half, w->code[1] };
    w->factor[2] = (vouch__factor){ "part", 4, part, w->code[2] };
    w->now = (vouch__sample){ .n = n,
                              .score = w->score[0],
                              .probability = w->probability,
                              .bad = w->bad[0],
                              .group = &w->factor[0],
                              .n_groups = 1,
                              .segment = &w->factor[2] };
    for (size_t i = 0; i < n; i++) {
        w->code[0][i] = uniform(w) < 0.4;
        w->code[1][i] = uniform(w) < 0.5;
        w->code[2][i] = (uint32_t)(4.0 * uniform(w));
        w->bad[0][i] = uniform(w) < 0.3;
        w->score[0][i] = normal(w) + w->bad[0][i] + 0.3 * (double)w->code[2][i] +
                         (w->effect ? 0.4 * w->code[0][i] : 0.0);
        w->probability[i] = vouch__sigmoid(w->score[0][i] - 1.5);
        w->now.n_bad += w->bad[0][i];
    }
}

static double fair(world *w, const char *id, const char *name, double value)
{
    people(w, 600);
    return row(w, id, name, value, (double)NAN);
}
static double air(world *w) { return fair(w, "fairness.air", NULL, 0); }
static double air_by_quantile(world *w) { return fair(w, "fairness.air_by_quantile", NULL, 0); }
static double conditional(world *w) { return fair(w, "fairness.conditional_parity", NULL, 0); }
static double smd(world *w) { return fair(w, "fairness.smd", NULL, 0); }
static double residual_smd(world *w) { return fair(w, "fairness.residual_smd", NULL, 0); }
static double score_proxy(world *w) { return fair(w, "fairness.score_proxy", NULL, 0); }
static double error_rates(world *w) { return fair(w, "fairness.error_rates", NULL, 0); }
static double opportunity(world *w) { return fair(w, "fairness.equal_opportunity", NULL, 0); }
static double average_odds(world *w) { return fair(w, "fairness.average_odds", NULL, 0); }
static double equalised_odds(world *w) { return fair(w, "fairness.equalised_odds", "resamples", 100); }

static double intersections(world *w)
{
    people(w, 800);
    w->now.n_groups = 2;
    return p_of(w, "fairness.intersections");
}

static double probable(world *w)
{
    static vouch__doc *doc;
    static const char text[] = "{\"probabilities\": [\"a\", \"b\"]}";
    if (!doc)
        must(w->ctx, vouch__json_read(w->ctx, "size", text, sizeof text - 1, 0, &doc));
    people(w, 800);
    for (size_t i = 0; i < 800; i++) {
        double near = 0.15 + 0.2 * uniform(w);
        x_of[1][i] = w->code[0][i] ? 1.0 - near : near;
        x_of[0][i] = 1.0 - x_of[1][i];
    }
    columns(w, &w->now, 800, 2, x_all);
    w->given = vouch__doc_root(doc);
    double p = put(w, "fairness.air_probable", NULL, 0);
    w->given = NULL;
    return p;
}

/* Two inputs, of which the first is higher in the group where there is an effect. */
static double stand_in(world *w, const char *id, const char *name, double value)
{
    static const size_t protected_column[] = { 2 };
    people(w, 600);
    for (size_t i = 0; i < 600; i++) {
        x_of[0][i] = normal(w) + (w->effect ? 0.5 * w->code[0][i] : 0.0);
        x_of[1][i] = normal(w);
        x_of[2][i] = w->code[0][i];
    }
    columns(w, &w->now, 600, 3, x_all);
    w->now.n_features = 2;
    w->now.group_column = protected_column;
    return put(w, id, name, value);
}
static double proxy(world *w) { return stand_in(w, "fairness.proxy", NULL, 0); }
static double proxy_set(world *w) { return stand_in(w, "fairness.proxy_set", "trees", 20); }

/* ---- counts of claims ---- */

static double poisson(world *w, double mean)
{
    double u = uniform(w), chance = vouch__exp(-mean), k = 0.0;
    for (; u > chance && k < 100.0; u -= chance, chance *= mean / ++k)
        ;
    return k;
}

/* Counts about times the prediction, bent by it: power 1 follows it, 0 does not know it. */
static vouch__sample claims(world *w, int which, size_t n, double times, double power)
{
    for (size_t i = 0; i < n; i++) {
        double x = 0.5 * normal(w);
        w->score[which][i] = 0.3 * vouch__exp(x);
        w->target[which][i] = poisson(w, times * 0.3 * vouch__exp(power * x));
    }
    return (vouch__sample){ .n = n, .score = w->score[which], .target = w->target[which] };
}

static double actual_expected(world *w)
{
    w->now = claims(w, 0, 1000, w->effect ? 1.2 : 1.0, 1.0);
    return row(w, "validate.actual_expected", "deviance", 1.0, (double)NAN);
}
static double actual_bands(world *w)
{
    w->now = claims(w, 0, 1000, 1.0, w->effect ? 1.6 : 1.0);
    return row(w, "validate.actual_bands", "deviance", 1.0, (double)NAN);
}
static double ordered_gini(world *w)
{
    w->now = claims(w, 0, 600, 1.0, w->effect ? 0.6 : 0.0);
    return p_of(w, "validate.ordered_gini");
}
static double gini_gap(world *w)
{
    w->before = claims(w, 1, 1000, 1.0, 1.0);
    w->now = claims(w, 0, 1000, 1.0, w->effect ? 0.3 : 1.0);
    return p_of(w, "validate.gini_gap");
}
static double actual_groups(world *w)
{
    people(w, 1000);
    vouch__sample of = claims(w, 0, 1000, 1.0, 1.0);
    for (size_t i = 0; i < 1000 && w->effect; i++)
        if (w->code[0][i])
            w->target[0][i] = poisson(w, 1.4 * w->score[0][i]);
    w->now.score = of.score;
    w->now.target = of.target;
    w->now.bad = NULL;
    w->now.probability = NULL;
    return row(w, "fairness.actual_expected", "deviance", 1.0, (double)NAN);
}
/* Of these rows a null hypothesis is named and no size is measured: why. */
static const char *const not_measured[][2] = {
    { "irb.traffic_light", "lights of irb.correlated_binomial's p-values" },
    { "calibration.reliability", "bands, no p-value" },
    { "calibration.errors", "a critical value, no p-value" },
    { "validate.auc_paired", "the row is measured as AUC, paired (DeLong)" },
    { "fairness.odds_ratio", "Fisher's test of the counts of fairness.air" },
    { "explain.permutation",
      "an input that the model weighs does matter; one that it does not has no p-value" },
    { "diagnose.overfit_iterations", "fewer trees are worse or no better, so nothing is at the edge of the "
                                     "hypothesis; each number is a paired DeLong test" },
    { "validate.actual_levels",
      "p-values of levels stand in its table: those of validate.actual_bands, Holm over them" },
    { "diagnose.worst_cases", "worst cases differ by nature in every input that the model leans on" },
};

#define SCORES "500 scores, reference of 2,000"
#define PEOPLE "600 people, 40 % of a group"
#define SIZE_MORE                                                                                               \
    { "data.missing_label",   "400 rows, a fifth missing",                                                      \
      "36 % of bads missing", "asymptotic",                                                                     \
      missing_label,          4000 },                                                                           \
        { "data.association",   "three columns, 1,000 rows, Holm",                                              \
          "bads 0.4 sd higher", "asymptotic",                                                                   \
          association,          2000 },                                                                         \
        { "data.single_auc", "1,000 rows, true AUC at the limit",                                               \
          "true AUC 0.96",   "at most nominal",                                                                 \
          single_auc,        2000 },                                                                            \
        { "data.survivorship", "twelve months of 100", "the rate falls by 9 points",                            \
          "asymptotic",        survivorship,           4000 },                                                  \
        { "drift.psi", SCORES, "scores 0.2 sd higher", "asymptotic", drift_psi, 4000 },                         \
        { "drift.jensen_shannon", SCORES, "scores 0.2 sd higher", "asymptotic", drift_js, 4000 },               \
        { "drift.hellinger", SCORES, "scores 0.2 sd higher", "asymptotic", drift_hellinger, 4000 },             \
        { "drift.l_infinity", SCORES, "scores 0.2 sd higher", "Bonferroni", drift_linf, 4000 },                 \
        { "drift.chi_square", SCORES, "scores 0.2 sd higher", "asymptotic", drift_chi2, 4000 },                 \
        { "drift.wasserstein", SCORES, "scores 0.2 sd higher", "two moments", drift_wasserstein, 4000 },        \
        { "drift.domain_classifier",                                                                            \
          "three columns, 400 rows against 400, 20 trees",                                                      \
          "one column 0.5 sd higher",                                                                           \
          "halves fully dependent",                                                                             \
          domain,                                                                                               \
          500 },                                                                                                \
        { "drift.estimated_performance",                                                                        \
          "600 cases, reference of 1,500",                                                                      \
          "log-odds drawn together by a quarter",                                                               \
          "asymptotic",                                                                                         \
          cbpe,                                                                                                 \
          2000 },                                                                                               \
        { "drift.bad_rate",                                                                                     \
          "600 cases, reference of 1,500",                                                                      \
          "log-odds 0.4 higher",                                                                                \
          "at most nominal",                                                                                    \
          bad_rate,                                                                                             \
          4000 },                                                                                               \
        { "drift.score_bands",   "the same, ten bands, Holm",                                                   \
          "log-odds 0.4 higher", "at most nominal",                                                             \
          score_bands,           2000 },                                                                        \
        { "drift.calibration",   "600 cases, reference of 1,500",                                               \
          "log-odds 0.4 higher", "asymptotic",                                                                  \
          drift_calibration,     4000 },                                                                        \
        { "validate.gap", "400 and 400 cases", "AUC 0.664 against 0.760", "asymptotic", gap, 4000 },            \
        { "validate.calibration", "500 cases, ten bins", "slope 1.4", "asymptotic", tenths, 4000 },             \
        { "irb.gauc_decline",    "150 losses, reference of 8,000",                                              \
          "estimates know less", "reference known",                                                             \
          gauc_decline,          1000 },                                                                        \
        { "irb.lgd_clar (interval)",                                                                            \
          "300 losses, 200 resamples",                                                                          \
          "estimates know half as much",                                                                        \
          "asymptotic",                                                                                         \
          clar,                                                                                                 \
          1000 },                                                                                               \
        { "validate.class_auc (interval)",                                                                      \
          "240 cases of three classes",                                                                         \
          "0.4 sd less apart",                                                                                  \
          "asymptotic",                                                                                         \
          class_auc,                                                                                            \
          2000 },                                                                                               \
        { "fairness.air", PEOPLE, "scores 0.4 sd higher", "at most nominal", air, 4000 },                       \
        { "fairness.air_by_quantile", PEOPLE,          "scores 0.4 sd higher",                                  \
          "at most nominal, Holm",    air_by_quantile, 1000 },                                                  \
        { "fairness.intersections",                                                                             \
          "800 people, two columns, Holm",                                                                      \
          "scores 0.4 sd higher",                                                                               \
          "at most nominal",                                                                                    \
          intersections,                                                                                        \
          2000 },                                                                                               \
        { "fairness.conditional_parity",                                                                        \
          "600 people in four segments",                                                                        \
          "scores 0.4 sd higher",                                                                               \
          "asymptotic",                                                                                         \
          conditional,                                                                                          \
          4000 },                                                                                               \
        { "fairness.air_probable",                                                                              \
          "800 people, membership three quarters known",                                                        \
          "scores 0.4 sd higher",                                                                               \
          "asymptotic",                                                                                         \
          probable,                                                                                             \
          2000 },                                                                                               \
        { "fairness.smd", PEOPLE, "scores 0.4 sd higher", "asymptotic", smd, 4000 },                            \
        { "fairness.residual_smd", PEOPLE, "scores 0.4 sd higher", "asymptotic", residual_smd, 4000 },          \
        { "fairness.score_proxy", PEOPLE, "scores 0.4 sd higher", "asymptotic", score_proxy, 4000 },            \
        { "fairness.error_rates",                                                                               \
          PEOPLE ", both errors, Holm",                                                                         \
          "scores 0.4 sd higher",                                                                               \
          "at most nominal",                                                                                    \
          error_rates,                                                                                          \
          4000 },                                                                                               \
        { "fairness.equal_opportunity", PEOPLE, "scores 0.4 sd higher", "at most nominal", opportunity, 4000 }, \
        { "fairness.average_odds", PEOPLE, "scores 0.4 sd higher", "asymptotic", average_odds, 4000 },          \
        { "fairness.equalised_odds",                                                                            \
          PEOPLE,                                                                                               \
          "scores 0.4 sd higher",                                                                               \
          "at most nominal, twice the smaller",                                                                 \
          equalised_odds,                                                                                       \
          2000 },                                                                                               \
        { "fairness.proxy",                                                                                     \
          PEOPLE ", two columns, Holm",                                                                         \
          "one column 0.5 sd higher",                                                                           \
          "halves fully dependent",                                                                             \
          proxy,                                                                                                \
          2000 },                                                                                               \
        { "fairness.proxy_set",     PEOPLE ", 20 trees", "one column 0.5 sd higher",                            \
          "halves fully dependent", proxy_set,           500 },                                                 \
        { "validate.actual_expected",                                                                           \
          "1,000 counts, mean 0.34",                                                                            \
          "20 % more",                                                                                          \
          "asymptotic",                                                                                         \
          actual_expected,                                                                                      \
          4000 },                                                                                               \
        { "validate.actual_bands",                                                                              \
          "1,000 counts, ten bands",                                                                            \
          "steeper than told",                                                                                  \
          "asymptotic",                                                                                         \
          actual_bands,                                                                                         \
          4000 },                                                                                               \
        { "validate.ordered_gini", "600 counts", "counts follow a little", "asymptotic", ordered_gini, 2000 },  \
        { "validate.gini_gap", "1,000 and 1,000 counts", "counts follow less", "asymptotic", gini_gap, 2000 },  \
    {                                                                                                           \
        "fairness.actual_expected", "1,000 counts, 40 % of a group", "40 % more in the group", "asymptotic",    \
            actual_groups, 4000                                                                                 \
    }

#endif
