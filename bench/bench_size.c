/* Size and power: how often each p-value is below its level when the null hypothesis is true, and when a
 * stated effect is there. Data are simulated from fixed seeds, so the table is the same on every machine.
 * Argument: the file to write the table to. Standard output has a row a test, as other benches: ours is the
 * size at 5 %, the bar what it may be within Monte-Carlo error. */
#include "catalogue/tests.h"
#include "num/rng.h"
#include "num/special.h"
#include "size_models.h"
#include "size_world.h"
#include "validate/calibration.h"
#include "validate/irb.h"
#include "validate/pd_tests.h"
#include "validate/regression.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- cases: each returns a p-value
 * --------------------------------------------------------------------------------- */

static double auc_unpaired(world *w)
{
    w->now = scores(w, 0, 400, 0.25, w->effect ? 0.6 : 1.0);
    w->before = scores(w, 1, 400, 0.25, 1.0);
    return p_of(w, "validate.auc_unpaired");
}

static double auc_paired(world *w)
{
    vouch_auc_pair pair;
    w->now = scores(w, 0, 400, 0.25, 1.0);
    for (size_t i = 0; i < 400; i++)
        w->score[1][i] = normal(w) + (w->effect ? 0.6 : 1.0) * w->bad[0][i];
    must(w->ctx, vouch_validate_auc_paired(w->ctx, 400, w->score[0], w->score[1], w->bad[0], 0.95, &pair));
    return pair.p_value;
}

static double auc_decline(world *w, size_t reference)
{
    w->now = scores(w, 0, 400, 0.25, w->effect ? 0.6 : 1.0);
    w->before = scores(w, 1, reference, 0.25, 1.0);
    return p_of(w, "irb.auc_decline");
}
static double auc_decline_large(world *w) { return auc_decline(w, 8000); }
static double auc_decline_small(world *w) { return auc_decline(w, 400); }

static double auc_interval(world *w)
{
    w->now = scores(w, 0, 200, 0.2, w->effect ? 0.4 : 1.0);
    return row(w, "validate.auc", NULL, 0.0, vouch__normal_cdf(sqrt(0.5)));
}

static double auc_bootstrap(world *w)
{
    w->now = scores(w, 0, 200, 0.2, w->effect ? 0.4 : 1.0);
    return row(w, "validate.bootstrap", "resamples", 400.0, vouch__normal_cdf(sqrt(0.5)));
}

static double ks(world *w)
{
    w->now = scores(w, 0, 120, 0.25, w->effect ? 0.7 : 0.0);
    return p_of(w, "validate.ks_test");
}

static double ks_tied(world *w)
{
    w->now = scores(w, 0, 120, 0.25, w->effect ? 0.7 : 0.0);
    for (size_t i = 0; i < 120; i++)
        w->score[0][i] = floor(2.0 * w->score[0][i]);
    return p_of(w, "validate.ks_test");
}

static double drift_ks(world *w)
{
    w->now = scores(w, 0, 500, 0.25, 0.0);
    w->before = scores(w, 1, 2000, 0.25, 0.0);
    for (size_t i = 0; i < 500 && w->effect; i++)
        w->score[0][i] += 0.2;
    return p_of(w, "drift.ks");
}

static double psi(world *w)
{
    w->now = scores(w, 0, 500, 0.25, 0.0);
    w->before = scores(w, 1, 2000, 0.25, 0.0);
    for (size_t i = 0; i < 500 && w->effect; i++)
        w->score[0][i] += 0.2;
    return p_of(w, "validate.psi_score");
}

static double hosmer(world *w)
{
    probabilities(w, 500, w->effect ? 1.4 : 1.0);
    return p_of(w, "calibration.hosmer_lemeshow");
}

static double hosmer_fitted(world *w) /* a logistic regression on one input, tested on its own cases */
{
    vouch__calibration_line line;
    probabilities(w, 500, 1.0);
    for (size_t i = 0; i < 500 && w->effect; i++) /* the truth is curved */
        w->bad[0][i] = uniform(w) < vouch__sigmoid(-1.8 + 0.5 * w->score[0][i] * w->score[0][i]);
    must(w->ctx, vouch__calibration_line_fit(w->ctx, 500, w->probability, w->bad[0], NULL, &line));
    for (size_t i = 0; i < 500; i++)
        w->probability[i] = vouch__sigmoid(line.intercept + line.slope * w->score[0][i]);
    w->now.n_bad = 0;
    for (size_t i = 0; i < 500; i++)
        w->now.n_bad += w->bad[0][i];
    return row(w, "calibration.hosmer_lemeshow", "fitted", 1.0, (double)NAN);
}

static double spiegelhalter(world *w)
{
    probabilities(w, 500, w->effect ? 1.4 : 1.0);
    return p_of(w, "calibration.spiegelhalter");
}

static double line(world *w)
{
    probabilities(w, 500, w->effect ? 1.4 : 1.0);
    return p_of(w, "validate.calibration_line");
}

static double binomial(world *w)
{
    rated(w, 1, 1000, 0.0, w->effect ? 1.8 : 1.0);
    return p_of(w, "irb.binomial");
}

static double binomial_grades(world *w)
{
    rated(w, 7, 400, 0.0, w->effect ? 1.5 : 1.0);
    return p_of(w, "irb.binomial");
}

static double binomial_in_a_cycle(world *w)
{
    rated(w, 1, 1000, 0.12, w->effect ? 1.8 : 1.0);
    return p_of(w, "irb.binomial");
}

static double jeffreys(world *w)
{
    rated(w, 1, 1000, 0.0, w->effect ? 1.8 : 1.0);
    return p_of(w, "irb.jeffreys");
}

static double jeffreys_grades(world *w)
{
    rated(w, 7, 400, 0.0, w->effect ? 1.5 : 1.0);
    return p_of(w, "irb.jeffreys");
}

static double correlated(world *w)
{
    rated(w, 1, 1000, 0.12, w->effect ? 4.0 : 1.0);
    return p_of(w, "irb.correlated_binomial");
}

static double years(world *w) /* eight years of 500, each with its own factor */
{
    double rate[8], pd[8];
    vouch__normal_test t;
    for (size_t y = 0; y < 8; y++) {
        rated(w, 1, 500, 0.02, w->effect ? 1.8 : 1.0);
        rate[y] = (double)w->now.n_bad / 500.0;
        pd[y] = 0.01;
    }
    return vouch__pd_normal_test(w->ctx, 8, rate, pd, &t) == VOUCH_OK ? t.p_value : 1.0;
}

static double concentration(world *w)
{
    static const char *const name[] = { "1", "2", "3", "4", "5", "6", "7" };
    static const double share[2][7] = { { 0.05, 0.12, 0.23, 0.25, 0.2, 0.1, 0.05 },
                                        { 0.02, 0.05, 0.2, 0.46, 0.2, 0.05, 0.02 } };
    for (int s = 0; s < 2; s++) {
        vouch__sample *sample = s ? &w->before : &w->now;
        w->factor[s] = (vouch__factor){ "grade", 7, name, w->code[s] };
        *sample = (vouch__sample){ .n = 1000, .grade = &w->factor[s] };
        for (size_t i = 0; i < 1000; i++) {
            double u = uniform(w);
            uint32_t k = 0;
            for (; k < 6 && u > share[!s && w->effect][k]; k++)
                u -= share[!s && w->effect][k];
            w->code[s][i] = k;
        }
    }
    return p_of(w, "irb.concentration");
}

static double migration(world *w) /* four grades, every move as likely: the edge of the hypothesis */
{
    static const char *const name[] = { "1", "2", "3", "4" };
    w->factor[0] = (vouch__factor){ "grade", 4, name, w->code[0] };
    w->factor[1] = (vouch__factor){ "before", 4, name, w->code[1] };
    w->now = (vouch__sample){ .n = 800, .grade = &w->factor[0], .grade_before = &w->factor[1] };
    for (size_t i = 0; i < 800; i++) {
        w->code[1][i] = (uint32_t)(i % 4);
        w->code[0][i] = (uint32_t)vouch__rng_below(&w->rng, 4);
        if (w->effect && i % 4 == 0 && uniform(w) < 0.15)
            w->code[0][i] = 3; /* a leap */
    }
    return p_of(w, "irb.migration");
}

static double lgd_normal(world *w)
{
    numbers(w, 30, w->effect ? -0.6 : 0.0, 0.0, false);
    return p_of(w, "irb.lgd_bias");
}

static double lgd_bimodal(world *w)
{
    losses(w, 30, w->effect ? 0.2 : 0.0);
    return p_of(w, "irb.lgd_bias");
}

static double lgd_ranking(world *w)
{
    losses(w, 150, 0.0);
    for (size_t i = 0; i < 150; i++) /* estimates that know nothing, or a little */
        w->score[0][i] = w->effect ? 0.3 + 0.2 * w->target[0][i] + 0.4 * uniform(w) : 0.2 + 0.6 * uniform(w);
    return p_of(w, "irb.lgd_ranking");
}

static double bias(world *w)
{
    numbers(w, 50, w->effect ? 0.5 : 0.0, 0.0, false);
    return p_of(w, "validate.regression_bias");
}

static vouch__residual_test residual(world *w, size_t n, bool heavy, double memory,
                                     vouch_status test(vouch_ctx *, size_t, const double *,
                                                       vouch__residual_test *))
{
    vouch__residual_test t;
    numbers(w, n, 0.0, memory, false);
    for (size_t i = 0; i < n; i++)
        w->target[1][i] = (w->target[0][i] - w->score[0][i]) /
                          (heavy ? sqrt(0.02 + vouch__rng_exponential(&w->rng)) : 1.0);
    must(w->ctx, test(w->ctx, n, w->target[1], &t));
    return t;
}

static double durbin_watson(world *w)
{
    return residual(w, 60, false, w->effect ? 0.4 : 0.0, vouch__durbin_watson).p_value;
}
static double jarque_bera_50(world *w) { return residual(w, 50, w->effect, 0.0, vouch__jarque_bera).p_value; }
static double jarque_bera_1000(world *w)
{
    return residual(w, 1000, w->effect, 0.0, vouch__jarque_bera).p_value;
}
static double lilliefors(world *w) { return residual(w, 50, w->effect, 0.0, vouch__lilliefors).p_value; }
static double lilliefors_1000(world *w)
{
    return residual(w, 1000, w->effect, 0.0, vouch__lilliefors).p_value;
}

static double ljung_box(world *w)
{
    numbers(w, 200, 0.0, w->effect ? 0.25 : 0.0, false);
    return p_of(w, "validate.residual_memory");
}

static double spread(world *w)
{
    numbers(w, 200, 0.0, 0.0, w->effect);
    return p_of(w, "validate.residual_spread");
}

static double conformal(world *w)
{
    numbers(w, 100, 0.0, 0.0, false);
    w->before = (vouch__sample){ .n = 200, .score = w->score[1], .target = w->target[1] };
    for (size_t i = 0; i < 200; i++) {
        w->score[1][i] = 2.0 + uniform(w);
        w->target[1][i] = w->score[1][i] + normal(w);
    }
    for (size_t i = 0; i < 100 && w->effect; i++)
        w->target[0][i] = w->score[0][i] + 1.5 * (w->target[0][i] - w->score[0][i]);
    return p_of(w, "validate.conformal");
}

/* A test that asks the model: true probabilities, or a corner where outcomes follow nothing. */
static double asked(world *w, const char *id, const char *name, double value, bool has_before)
{
    must(w->ctx, line_cases(w->ctx, &w->rng, w->effect, w->bad[0], &w->now));
    if (has_before)
        must(w->ctx, line_cases(w->ctx, &w->rng, false, w->bad[1], &w->before));
    w->model = &line_model;
    double p = row(w, id, name, value, (double)NAN);
    w->model = NULL;
    vouch_table_unref(w->now.table);
    vouch_table_unref(w->before.table);
    return p;
}

static double weak(world *w) { return asked(w, "diagnose.weak_spots", NULL, 0, false); }
static double weak_loss(world *w) { return asked(w, "diagnose.weak_spots", "measure", 1, false); }
static double weak_all(world *w) { return asked(w, "diagnose.weak_spots", "against", 1, false); }
static double overfit(world *w) { return asked(w, "diagnose.overfit_slices", NULL, 0, true); }
static double error_tree(world *w) { return asked(w, "diagnose.error_tree", NULL, 0, false); }
static double worst_cluster(world *w) { return asked(w, "diagnose.worst_cluster", NULL, 0, false); }
static double sets(world *w) { return asked(w, "diagnose.prediction_sets", NULL, 0, false); }

#include "size_more.h"
#include "size_terms.h"

/* --- the table --- */

typedef double sim(world *w);

static const struct {
    const char *test, *cases, *effect, *theory;
    sim *run;
    size_t rounds;
} row_of[] = {
    { "validate.auc (interval)", "200 cases, 20 % bad, true AUC 0.760", "AUC 0.611", "asymptotic",
      auc_interval, 4000 },
    { "validate.bootstrap (interval)", "the same, 400 resamples", "AUC 0.611", "asymptotic", auc_bootstrap,
      2000 },
    { "AUC, paired (DeLong)", "400 cases, 25 % bad", "AUC 0.664 against 0.760", "asymptotic", auc_paired,
      4000 },
    { "validate.auc_unpaired", "400 and 400 cases", "AUC 0.664 against 0.760", "asymptotic", auc_unpaired,
      4000 },
    { "irb.auc_decline", "400 cases, reference of 8,000", "AUC 0.664 against 0.760", "reference known",
      auc_decline_large, 2000 },
    { "irb.auc_decline", "400 cases, reference of 400", "AUC 0.664 against 0.760", "reference known",
      auc_decline_small, 4000 },
    { "validate.ks_test", "120 cases, 25 % bad", "bads 0.7 sd higher", "exact", ks, 4000 },
    { "validate.ks_test", "the same, about ten distinct scores", "bads 0.7 sd higher", "exact", ks_tied,
      4000 },
    { "drift.ks", "500 cases, reference of 2,000", "scores 0.2 sd higher", "asymptotic", drift_ks, 4000 },
    { "validate.psi_score", "500 cases, reference of 2,000", "scores 0.2 sd higher", "asymptotic", psi,
      4000 },
    { "calibration.hosmer_lemeshow", "500 cases, probabilities fixed beforehand", "slope 1.4", "asymptotic",
      hosmer, 4000 },
    { "calibration.hosmer_lemeshow", "500 cases the model was fitted to", "a curved truth", "asymptotic",
      hosmer_fitted, 4000 },
    { "calibration.spiegelhalter", "500 cases", "slope 1.4", "asymptotic", spiegelhalter, 4000 },
    { "validate.calibration_line", "500 cases", "slope 1.4", "asymptotic", line, 4000 },
    { "irb.binomial", "one grade of 1,000, PD 1 %", "true PD 1.8 %", "at most nominal", binomial, 4000 },
    { "irb.binomial", "seven grades of 400, Holm", "all PDs times 1.5", "at most nominal", binomial_grades,
      2000 },
    { "irb.binomial", "one grade, defaults correlated 12 %", "true PD 1.8 %", "independence",
      binomial_in_a_cycle, 4000 },
    { "irb.jeffreys", "one grade of 1,000, PD 1 %", "true PD 1.8 %", "approximate", jeffreys, 4000 },
    { "irb.jeffreys", "seven grades of 400, Holm", "all PDs times 1.5", "approximate", jeffreys_grades,
      2000 },
    { "irb.correlated_binomial", "one grade, defaults correlated 12 %", "true PD 4 %", "at most nominal",
      correlated, 4000 },
    { "irb.normal_test", "eight years of 500, PD 1 %", "true PD 1.8 %", "asymptotic", years, 4000 },
    { "irb.concentration", "seven grades, 1,000 obligors twice", "nearly half in one grade",
      "reference known", concentration, 4000 },
    { "irb.migration", "four grades, 800 moves, all as likely", "one leap in seven from grade 1",
      "asymptotic, Holm", migration, 4000 },
    { "irb.lgd_bias", "30 normal losses", "0.6 sd too low", "exact", lgd_normal, 4000 },
    { "irb.lgd_bias", "30 losses, mostly 0 or 1", "0.2 too low", "approximate", lgd_bimodal, 4000 },
    { "irb.lgd_ranking", "150 losses", "estimates know a little", "asymptotic", lgd_ranking, 2000 },
    { "validate.regression_bias", "50 normal errors", "0.5 sd", "exact", bias, 4000 },
    { "Durbin-Watson", "60 residuals", "correlation 0.4", "asymptotic", durbin_watson, 4000 },
    { "validate.residual_memory (Ljung-Box)", "200 residuals, 10 lags", "correlation 0.25", "asymptotic",
      ljung_box, 4000 },
    { "validate.residual_normality (Lilliefors)", "50 residuals", "heavy tails", "simulated", lilliefors,
      4000 },
    { "validate.residual_normality (Lilliefors)", "1,000 residuals", "heavy tails", "simulated",
      lilliefors_1000, 2000 },
    { "Jarque-Bera", "50 residuals", "heavy tails", "asymptotic, slow", jarque_bera_50, 4000 },
    { "Jarque-Bera", "1,000 residuals", "heavy tails", "asymptotic, slow", jarque_bera_1000, 2000 },
    { "validate.residual_spread", "200 residuals", "spread doubles or trebles", "asymptotic", spread, 4000 },
    { "validate.conformal", "100 cases, reference of 200", "errors half as large again", "exact", conformal,
      2000 },
    { "diagnose.weak_spots", "a sound model, 2,000 cases, some 150 slices",
      "a fifth of the cases follow nothing", "asymptotic, BH", weak, 1000 },
    { "diagnose.weak_spots (log loss)", "the same", "the same", "asymptotic, BH", weak_loss, 1000 },
    { "diagnose.weak_spots (against all)", "the same; shown, not judged", "the same", "none", weak_all,
      1000 },
    { "diagnose.overfit_slices", "the same, and 2,000 training cases", "the same", "asymptotic, BH", overfit,
      1000 },
    { "diagnose.error_tree", "the same", "the same", "asymptotic, Holm", error_tree, 1000 },
    { "diagnose.worst_cluster", "the same", "the same", "exact", worst_cluster, 500 },
    SIZE_MORE,
    { "drift.missing", SCORES ", a tenth missing", "15 % missing", "at most nominal", missing, 4000 },
    { "drift.unseen", SCORES, "scores spread half as far again", "at most nominal", unseen, 4000 },
    { "diagnose.prediction_sets", "a sound model, 2,000 cases", "a fifth of the cases follow nothing",
      "exact, BH", sets, 1000 },
    { "drift.estimated_errors", "600 cases, reference of 1,500",
      "a tenth more of a column that errors rise with", "asymptotic", unseen_errors, 500 },
    { "drift.estimated_errors (interval)", "the same, three tenths more", "outcomes a tenth nearer",
      "jackknife", unseen_interval, 500 },
    { "irb.pd_backtest", "400 obligors in five overlapping cohorts, three horizons, Holm",
      "5 % a year, not 3 %", "approximate", terms_alone, 2000 },
    { "irb.pd_backtest", "the same, defaults of a year correlated 12 %", "5 % a year, not 3 %",
      "independence", terms_together, 2000 },
};

/* Shares of p-values at or below 5 % and 1 %. */
static void measure(world *w, size_t at, bool effect, double out[2])
{
    size_t below[2] = { 0, 0 }, n = 0;
    for (size_t r = 0; r < row_of[at].rounds; r++) {
        w->rng = vouch__rng_make(20261122 + at * 2 + effect, r);
        w->effect = effect;
        w->before = (vouch__sample){ .n = 0 };
        double p = row_of[at].run(w);
        n += isnan(p) ? 0u : 1u;
        below[0] += p <= 0.05 ? 1u : 0u;
        below[1] += p <= 0.01 ? 1u : 0u;
    }
    out[0] = (double)below[0] / (double)n;
    out[1] = (double)below[1] / (double)n;
}

static const char head[] =
    "# Size and power of the tests\n\n"
    "Made by `./dev bench size`; the simulation is `bench/bench_size.c`, its seeds are fixed. Size is how "
    "often p is at or below the "
    "level when\nthe null hypothesis is true, power how often it is at 5 % when the effect named is there. A "
    "size is called held when it is "
    "within three\nMonte-Carlo errors of 5 %, cautious below (discrete data cannot do otherwise), and "
    "liberal above. For intervals the "
    "size is how often\nthe truth lies outside.\n\n"
    "| test | cases | theory | rounds | size at 5 % | size at 1 % | | effect | power |\n"
    "|---|---|---|---|---|---|---|---|---|\n";

static const char foot[] =
    "\nLiberal, and why: the ECB's decline of the AUC takes the reference for known, "
    "which is right only when it is large (use\n"
    "`validate.auc_unpaired`); the binomial test takes defaults for independent, so a "
    "common cycle makes it reject in bad years (use\n"
    "`irb.correlated_binomial`, or `irb.normal_test` over several years); a slice of "
    "cases that are alike ranks worse than all cases,\nof the best model too "
    "(`against: promise`, the default, asks what the slice's own probabilities "
    "promise).\n\n"
    "Cautious, and why: scores with ties and counts of defaults come in steps, and no "
    "step may pass the level; Holm's adjustment bounds\n"
    "the chance of any rejection; yearly default rates, losses of 0 and 1, and errors where bads are few are "
    "skewed to the right, so a one-sided Student's test\n"
    "rejects less than it says; Jarque-Bera's chi-square is slow to arrive; an input's AUC at the limit is "
    "learnt\n"
    "by bins of half the rows, which ranks a little worse; neighbouring cut-offs turn away nearly the same "
    "people; of "
    "two groups\n`fairness.score_proxy` tests both; halves that teach each other are taken to agree fully; "
    "and the "
    "expected AUC is held\nagainst the reference's with the chance of the outcomes to come, which it does "
    "not "
    "have yet. The ECB's "
    "test of concentration scales with the number of\n"
    "grades and not of obligors: with seven grades and a reference whose coefficient "
    "of variation is above about 0.2, no current book\n"
    "whatever is rejected at 5 %. Read the index itself.\n";

/* Every row of the catalogue that names a null hypothesis is measured, or it says why not. */
static bool is_complete(void)
{
    size_t lacking = 0;
    for (size_t t = 0; t < vouch_test_count(); t++) {
        const char *id = vouch_test_at(t)->id;
        size_t n = strlen(id), known = vouch_test_at(t)->null_hypothesis == NULL;
        for (size_t i = 0; i < sizeof row_of / sizeof *row_of; i++)
            known += !strncmp(row_of[i].test, id, n) &&
                     (row_of[i].test[n] == '\0' || row_of[i].test[n] == ' ');
        for (size_t i = 0; i < sizeof not_measured / sizeof *not_measured; i++)
            known += !strcmp(not_measured[i][0], id);
        if (!known)
            (void)fprintf(stderr, "%s has no row of size and power\n", id);
        lacking += !known;
    }
    return lacking == 0;
}

/* bench_size [TABLE [TEST]]: of every row, or of those whose name begins so. */
int main(int argc, char **argv)
{
    if (!is_complete())
        return 1;
    world *w = calloc(1, sizeof *w);
    FILE *table = argc > 1 ? fopen(argv[1], "w") : NULL;
    if (!w || (argc > 1 && !table))
        return 1;
    w->ctx = vouch_ctx_new(&(vouch_ctx_options){ .threads = 1 });
    if (table)
        (void)fputs(head, table);
    for (size_t i = 0; i < sizeof row_of / sizeof *row_of; i++) {
        if (argc > 2 && strncmp(row_of[i].test, argv[2], strlen(argv[2])) != 0)
            continue;
        double size[2], power[2], error = 3.0 * sqrt(0.05 * 0.95 / (double)row_of[i].rounds);
        measure(w, i, false, size);
        measure(w, i, true, power);
        if (isnan(size[0]) || isnan(power[0])) {
            (void)fprintf(stderr, "%s gives no p-value\n", row_of[i].test);
            return 1;
        }
        const char *verdict = size[0] > 0.05 + error   ? "**liberal**"
                              : size[0] < 0.05 - error ? "cautious"
                                                       : "held";
        (void)printf("size_%s\t%.4f\t-\tshare\t-\t%.4f\t%s\n", row_of[i].test, size[0], 0.05 + error,
                     size[0] <= 0.05 + error ? "ok" : "short");
        (void)fflush(stdout);
        char small[16] = "-"; /* an interval has one level */
        if (!strstr(row_of[i].test, "interval"))
            (void)snprintf(small, sizeof small, "%.2f %%", 100.0 * size[1]);
        if (table)
            (void)fprintf(table, "| %s | %s | %s | %zu | %.2f %% | %s | %s | %s | %.0f %% |\n",
                          row_of[i].test, row_of[i].cases, row_of[i].theory, row_of[i].rounds,
                          100.0 * size[0], small, verdict, row_of[i].effect, 100.0 * power[0]);
    }
    if (table) {
        (void)fputs("\nNot in the table: ", table);
        for (size_t i = 0; i < sizeof not_measured / sizeof *not_measured; i++)
            (void)fprintf(table, "%s`%s` (%s)", i ? ";\n" : "", not_measured[i][0], not_measured[i][1]);
        (void)fputs(".\n", table);
        (void)fputs(foot, table);
        (void)fclose(table);
    }
    vouch_ctx_free(w->ctx);
    free(w);
    return 0;
}
