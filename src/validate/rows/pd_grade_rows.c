/* Tests of the PDs of rating grades, grade by grade and for the portfolio. A grade's PD is the mean
 * probability of its cases. */
#include "validate/low_default.h"
#include "validate/pd_tests.h"
#include "validate/rows/grades.h"
#include "validate/rows/row_parts.h"

#include "base/ctx.h"

#include <math.h>

#define NEEDS (VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_GRADE)
#define HOLM                                                                                                 \
    "p-values of grades are adjusted for their number (Holm); the value is the smallest adjusted one. "

typedef double pd_test(const vouch__test_call *call, const vouch__grade *g);

static double binomial(const vouch__test_call *call, const vouch__grade *g)
{
    (void)call;
    return vouch__pd_binomial(g->n, g->bad, g->probability / g->n);
}

static double jeffreys(const vouch__test_call *call, const vouch__grade *g)
{
    (void)call;
    return vouch__pd_jeffreys(g->n, g->bad, g->probability / g->n);
}

static double correlated(const vouch__test_call *call, const vouch__grade *g)
{
    return vouch__pd_binomial_correlated(g->n, g->bad, g->probability / g->n,
                                         vouch__test_param(call, "correlation"));
}

/* The grades that hold cases, and behind them the portfolio. */
static vouch_status grades(vouch_ctx *ctx, const vouch__test_call *call, vouch__grade **out, size_t *out_n)
{
    const vouch__factor *f = call->now->grade;
    vouch__grade *g = vouch__scratch(ctx, f->n_levels + 1, sizeof *g), all = { .name = "portfolio" };
    size_t used = 0;
    if (!g)
        return vouch__oom(ctx);
    vouch__grades_count(call->now, f, g);
    for (size_t k = 0; k < f->n_levels; k++) {
        if (!(g[k].n > 0.0))
            continue;
        all.n += g[k].n;
        all.bad += g[k].bad;
        all.probability += g[k].probability;
        g[used++] = g[k];
    }
    g[used] = all;
    *out = g;
    *out_n = used;
    return VOUCH_OK;
}

static vouch_status by_grade(vouch_ctx *ctx, const vouch__test_call *call, pd_test *test)
{
    size_t n = 0;
    vouch__grade *g;
    double least;
    vouch_status status = grades(ctx, call, &g, &n);
    double *p = status ? NULL : vouch__scratch(ctx, 2 * n, sizeof *p), *adjusted = p ? p + n : NULL;
    if (status)
        return status;
    if (!p)
        return vouch__oom(ctx);
    for (size_t k = 0; k < n; k++)
        p[k] = test(call, &g[k]);
    status = vouch__row_holm(ctx, n, p, adjusted, &least);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = least;
    entry.judged = true;
    entry.p_value = least;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "grades",
                                               "grade,n,n_bad,pd,default_rate,p_value,p_holm");
    for (size_t k = 0; k <= n; k++)
        vouch__test_row(call, table, "tnnnnnn", g[k].name, g[k].n, g[k].bad, g[k].probability / g[k].n,
                        g[k].bad / g[k].n, k < n ? p[k] : test(call, &g[k]),
                        k < n ? adjusted[k] : (double)NAN);
    return VOUCH_OK;
}

static vouch_status run_binomial(vouch_ctx *ctx, const vouch__test_call *call)
{
    return by_grade(ctx, call, binomial);
}
static vouch_status run_jeffreys(vouch_ctx *ctx, const vouch__test_call *call)
{
    return by_grade(ctx, call, jeffreys);
}
static vouch_status run_correlated(vouch_ctx *ctx, const vouch__test_call *call)
{
    return by_grade(ctx, call, correlated);
}

const vouch_test vouch__test_pd_binomial = {
    .id = "irb.binomial",
    .section = "validate",
    .title = "Binomial test of PDs",
    .purpose = "Did more obligors of a grade default than its PD allows?",
    .mechanism =
        "The chance of at least as many defaults among the grade's obligors, each defaulting on its own "
        "with the grade's PD.",
    .convention = HOLM "One-sided: a small p says the PD is too low. The last row of the table pools all "
                       "grades at their mean PD.",
    .high_risk =
        "An adjusted p below 5 %. In a bad year many grades reject together, because defaults are not "
        "independent: see the correlated form.",
    .strengths = "Exact at any number of obligors.",
    .limits = "Assumes that defaults are independent, and then rejects far too often in downturns and too "
              "seldom in good years.",
    .source =
        "BCBS, Studies on the validation of internal rating systems, Working Paper 14 (2005), p. 47; S. "
        "Holm, Scandinavian Journal of Statistics 6 (1979) 65-70",
    .null_hypothesis = "no grade's PD is below its true default rate",
    .needs = NEEDS,
    .run = run_binomial,
};

const vouch_test vouch__test_pd_jeffreys = {
    .id = "irb.jeffreys",
    .section = "validate",
    .title = "Jeffreys test of PDs (ECB)",
    .purpose =
        "The supervisor's form of the same question, which every IRB bank reports each year by grade and "
        "for the portfolio.",
    .mechanism =
        "With Jeffreys' prior the default rate, after d defaults among n, is distributed as beta(d + "
        "1/2, n - d + 1/2); p is its distribution function at the PD.",
    .convention = HOLM "One-sided: a small p says the PD is too low. Defined without any default, too. The "
                       "ECB's template asks for the "
                       "unadjusted p, which is in the table.",
    .high_risk =
        "A small p in one grade, or p below one half in nearly all: many grades that are each a little "
        "too low.",
    .strengths =
        "Prescribed, and closer to its nominal level than the binomial test, which is too cautious with "
        "few obligors.",
    .limits = "Assumes that defaults are independent, as the binomial test does.",
    .source = "ECB, Instructions for reporting the validation results of internal models (2019), section "
              "2.5.3.1; L. D. Brown, T. T. Cai & A. DasGupta, Statistical Science 16 (2001) 101-133",
    .null_hypothesis = "no grade's PD is below its true default rate",
    .needs = NEEDS,
    .run = run_jeffreys,
};

#define CORRELATION                                                                                          \
    {                                                                                                        \
        "correlation", VOUCH__PARAM_REAL, 0.0, 0.95, 0.12, NULL, "", "asset correlation of obligors"         \
    }

static const vouch__param correlated_params[] = { CORRELATION };

const vouch_test vouch__test_pd_correlated = {
    .id = "irb.correlated_binomial",
    .section = "validate",
    .title = "Binomial test of PDs with correlated defaults",
    .purpose = "Were there more defaults than the PD allows, when a bad year may hit all obligors at once?",
    .mechanism =
        "Given a normal factor common to all, defaults are independent with chance Phi((Phi^-1(PD) + "
        "sqrt(rho) x) / sqrt(1 - rho)). The binomial tail is averaged over the factor.",
    .convention = HOLM "One-sided. The average is by numerical integration, not by the limit of an infinite "
                       "pool, so it holds for small "
                       "grades. With rho = 0 it is the binomial test.",
    .high_risk = "A small p even here: the year alone does not explain it.",
    .strengths = "Holds its level in good and bad years alike, if rho is right.",
    .limits =
        "Little power: with a correlation of 12 % a default rate must be several times its PD to reject "
        "on one year. The correlation is an assumption; supervisory ones (12 to 24 %) are on the high "
        "side for the purpose.",
    .source = "O. Vasicek, Loan portfolio value, Risk 15 (2002) 160-162; BCBS Working Paper 14 (2005), p. 48",
    .null_hypothesis = "no grade's PD is below its true default rate",
    .needs = NEEDS,
    .params = correlated_params,
    .n_params = sizeof correlated_params / sizeof *correlated_params,
    .run = run_correlated,
};

static vouch_status run_light(vouch_ctx *ctx, const vouch__test_call *call)
{
    double rho = vouch__test_param(call, "correlation"), low = vouch__test_param(call, "yellow"), red = 0.0;
    double high = vouch__test_param(call, "red");
    size_t n = 0;
    vouch__grade *g;
    if (!(low < high))
        return vouch__fail(ctx, VOUCH_E_ARG, "traffic light: yellow must be below red");
    vouch_status status = grades(ctx, call, &g, &n);
    if (status)
        return status;
    for (size_t k = 0; k < n; k++)
        red += vouch__pd_light(correlated(call, &g[k]), low, high) == VOUCH__RED;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = red;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "grades", "grade,n,n_bad,pd,default_rate,p_value,yellow_from,red_from,light");
    for (size_t k = 0; k <= n; k++) {
        double pd = g[k].probability / g[k].n, p = correlated(call, &g[k]);
        vouch__test_row(call, table, "tnnnnnnnt", g[k].name, g[k].n, g[k].bad, pd, g[k].bad / g[k].n, p,
                        vouch__pd_critical_count(g[k].n, pd, rho, low),
                        vouch__pd_critical_count(g[k].n, pd, rho, high),
                        vouch__light_name(vouch__pd_light(p, low, high)));
    }
    return vouch__poll(ctx);
}

static const vouch__param light_params[] = {
    CORRELATION,
    { "yellow", VOUCH__PARAM_REAL, 0.5, 0.9999, 0.95, NULL, "", "level from which a grade is yellow" },
    { "red", VOUCH__PARAM_REAL, 0.5, 0.99999, 0.999, NULL, "", "level from which a grade is red" },
};

const vouch_test vouch__test_pd_light = {
    .id = "irb.traffic_light",
    .section = "validate",
    .title = "Traffic light of PDs",
    .purpose = "Which grades had as many defaults as they should, which should be watched, and which PDs are "
               "too low?",
    .mechanism =
        "The correlated binomial test at two levels: yellow from the number of defaults that a right PD "
        "reaches with a chance of 5 %, red from that of 0.1 %. The table gives both numbers for each "
        "grade.",
    .convention =
        "The value is the number of red grades. Levels are of each grade by itself. A correlation of 0 "
        "is the stricter light for independent defaults.",
    .high_risk = "Any red; or yellow in several neighbouring grades in two years running.",
    .strengths = "Says before the year is over how many defaults a grade can bear.",
    .limits = "Colours hide how close a grade is to the next; the p-values stand beside them.",
    .source = "D. Tasche, A traffic lights approach to PD validation, Deutsche Bundesbank (2003)",
    .null_hypothesis = "the grade's PD is not below its true default rate",
    .needs = NEEDS,
    .params = light_params,
    .n_params = sizeof light_params / sizeof *light_params,
    .run = run_light,
};

static vouch_status run_low_default(vouch_ctx *ctx, const vouch__test_call *call)
{
    static const double levels[] = { 0.5, 0.75, 0.9, 0.95, 0.99 };
    enum { LEVELS = sizeof levels / sizeof *levels };
    const vouch__default_law law = { vouch__test_param(call, "correlation"),
                                     vouch__test_param(call, "year_correlation"),
                                     (size_t)vouch__test_param(call, "years") };
    double level = vouch__test_param(call, "level");
    size_t n = 0;
    vouch__grade *g;
    vouch_status status = grades(ctx, call, &g, &n);
    double *count = status ? NULL : vouch__scratch(ctx, (3 + LEVELS) * n, sizeof *count);
    if (status)
        return status;
    if (!count)
        return vouch__oom(ctx);
    for (size_t k = 0; k < n; k++) {
        count[k] = g[k].n;
        count[n + k] = g[k].bad;
    }
    status = vouch__pluto_tasche(ctx, n, count, count + n, &law, level, count + 2 * n);
    for (size_t l = 0; l < LEVELS && !status; l++)
        status = vouch__pluto_tasche(ctx, n, count, count + n, &law, levels[l], count + (3 + l) * n);
    if (status)
        return status;
    double below = 0.0;
    for (size_t k = 0; k < n; k++)
        below += g[k].probability / g[k].n < count[2 * n + k];
    vouch__entry entry = vouch__test_entry(call);
    entry.value = below;
    entry.judged = true;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(
        call->list, object, "bounds",
        "grade,n,n_bad,pd,pd_bound,pd_bound_50,pd_bound_75,pd_bound_90,pd_bound_95,pd_bound_99");
    for (size_t k = 0; k < n; k++)
        vouch__test_row(call, table, "tnnnnnnnnn", g[k].name, g[k].n, g[k].bad, g[k].probability / g[k].n,
                        count[2 * n + k], count[3 * n + k], count[4 * n + k], count[5 * n + k],
                        count[6 * n + k], count[7 * n + k]);
    return VOUCH_OK;
}

static const vouch__param low_default_params[] = {
    { "level", VOUCH__PARAM_REAL, 0.01, 0.9999, 0.75, NULL, "",
      "confidence of the bound that PDs are compared with" },
    { "correlation", VOUCH__PARAM_REAL, 0.0, 0.95, 0.0, NULL, "",
      "asset correlation; 0: independent defaults" },
    { "years", VOUCH__PARAM_INTEGER, 1.0, VOUCH__LOW_DEFAULT_YEARS, 1.0, NULL, "years",
      "over which the obligors were watched: bad is who defaulted in any of them" },
    { "year_correlation", VOUCH__PARAM_REAL, 0.0, 0.99, 0.3, NULL, "",
      "correlation of one year's common factor with the next year's; two years apart it counts squared" },
};

const vouch_test vouch__test_low_default = {
    .id = "irb.low_default",
    .section = "validate",
    .title = "Most prudent PDs of a low-default portfolio (Pluto-Tasche)",
    .purpose =
        "Where hardly anybody defaults the default rate is 0 or chance, and no PD can be estimated from "
        "it. How high may the PDs be without being refuted by what was seen, in one year or in several?",
    .mechanism =
        "Grades are ordered by risk, so the obligors of a grade and of all worse ones are at least as "
        "risky as the grade itself. Its bound is the largest yearly PD at which so few defaults among "
        "all of them have a chance of 1 - level: by the beta distribution when defaults are independent, "
        "else by averaging over the factor that obligors share. Over several years each year has its own "
        "factor, related to the last one's; the chance is found by going through the years with the "
        "number of defaults so far.",
    .convention =
        "Grades are taken from best to worst in the order of their names (numbers by size). With more "
        "than one year the cases are the obligors of the first, bad is who defaulted in any year, nobody "
        "joins, and PDs and bounds are of one year. Factors are normal; those of years s and t have the "
        "year correlation to the power |s - t|. The value is the number of grades whose PD lies below "
        "its bound.",
    .high_risk = "PDs below the bound at 50 %: they claim more than the data can say.",
    .strengths =
        "Gives a figure where the default rate gives 0, keeps grades in order, and lets every year that "
        "was watched count.",
    .limits =
        "Conservative by design, increasingly with the level; the level and both correlations are "
        "choices that must be made before. Obligors who join or leave are not modelled: count those who "
        "stayed.",
    .source = "K. Pluto & D. Tasche, Estimating probabilities of default for low default portfolios (2005), "
              "arXiv cond-mat/0411699, sections 3 to 6",
    .needs = NEEDS,
    .params = low_default_params,
    .n_params = sizeof low_default_params / sizeof *low_default_params,
    .run = run_low_default,
};

/* --- several years
 * ------------------------------------------------------------------------------------------------- */

enum { FIRST_YEAR = 1600, YEARS = 800 };

/* The year of a day since 1970, by the Gregorian calendar (days from civil, H. Hinnant). */
static double year_of(double day)
{
    double z = floor(day) + 719468.0, era = floor(z / 146097.0), in_era = z - era * 146097.0;
    double of_era = floor(
        (in_era - floor(in_era / 1460.0) + floor(in_era / 36524.0) - floor(in_era / 146096.0)) / 365.0);
    double in_year = in_era - (365.0 * of_era + floor(of_era / 4.0) - floor(of_era / 100.0));
    return of_era + era * 400.0 + (floor((5.0 * in_year + 2.0) / 153.0) >= 10.0 ? 1.0 : 0.0);
}

static vouch_status run_years(vouch_ctx *ctx, const vouch__test_call *call)
{
    const vouch__sample *s = call->now;
    vouch__grade *year = vouch__scratch(ctx, YEARS, sizeof *year);
    double *rate = vouch__scratch(ctx, YEARS, sizeof *rate), *pd = vouch__scratch(ctx, YEARS, sizeof *pd);
    size_t years = 0;
    vouch__normal_test t;
    if (!year || !rate || !pd)
        return vouch__oom(ctx);
    for (size_t k = 0; k < YEARS; k++)
        year[k] = (vouch__grade){ .n = 0.0 };
    for (size_t i = 0; i < s->n; i++) {
        double at = year_of(s->date[i]) - FIRST_YEAR;
        if (!(at >= 0.0 && at < YEARS))
            return vouch__fail(ctx, VOUCH_E_DATA, "normal test: a date lies outside the years %d to %d",
                               FIRST_YEAR, FIRST_YEAR + YEARS - 1);
        vouch__grade *y = year + (size_t)at;
        y->n += 1.0;
        y->bad += s->bad[i];
        y->probability += s->probability[i];
    }
    for (size_t k = 0; k < YEARS; k++)
        if (year[k].n > 0.0) {
            rate[years] = year[k].bad / year[k].n;
            pd[years++] = year[k].probability / year[k].n;
        }
    vouch_status status = vouch__pd_normal_test(ctx, years, rate, pd, &t);
    if (status)
        return status;
    vouch__entry entry = vouch__test_entry(call);
    entry.value = t.mean;
    entry.judged = true;
    entry.statistic = t.statistic;
    entry.p_value = t.p_value;
    vouch__json *object = vouch__test_add(call, &entry);
    vouch__json *table = vouch__evidence_table(call->list, object, "years", "year,n,n_bad,pd,default_rate");
    for (size_t k = 0; k < YEARS; k++)
        if (year[k].n > 0.0)
            vouch__test_row(call, table, "nnnnn", (double)(FIRST_YEAR + k), year[k].n, year[k].bad,
                            year[k].probability / year[k].n, year[k].bad / year[k].n);
    return VOUCH_OK;
}

const vouch_test vouch__test_pd_years = {
    .id = "irb.normal_test",
    .section = "validate",
    .title = "Test of PDs over several years",
    .purpose = "Over the years, are default rates above the PDs by more than the ups and downs between years "
               "explain?",
    .mechanism = "Each calendar year's default rate less its mean PD; the mean of these differences over its "
                 "standard error, which their own spread between years gives, is compared with Student's "
                 "distribution.",
    .convention =
        "One-sided: a small p says PDs are too low. Tasche's test compares with the normal distribution; "
        "Student's, used here, is right for few years. At least three years.",
    .high_risk = "A small p, or a mean difference above 0 in a period without a downturn.",
    .strengths =
        "Correlation of defaults within a year need not be known: it shows in the spread between years.",
    .limits = "Takes years as independent, which a cycle contradicts; few years give little power.",
    .source = "D. Tasche, in BCBS Working Paper 14 (2005), p. 52",
    .null_hypothesis = "PDs are not below the long-run default rates",
    .needs = VOUCH__NEEDS_PROBABILITY | VOUCH__NEEDS_LABELS | VOUCH__NEEDS_DATE,
    .run = run_years,
};
