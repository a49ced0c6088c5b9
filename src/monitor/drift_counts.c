/* Measures of drift on counts over bins. Without drift each is a quadratic form in the differences of shares,
 * so chi-square with one degree of freedom less than bins once scaled by 1/n + 1/m; the largest difference is
 * corrected for the number of bins. */
#include "monitor/drift_columns.h"

#include "num/special.h"
#include "validate/suite.h"

#include <math.h>

#define BINNED                                                                                               \
    "Bins are frozen on the reference: quantiles of numbers, ties merged, closed on the right; each text "   \
    "has "                                                                                                   \
    "one; missing values and texts that the reference lacks have one each. Bins that would hold fewer than " \
    "5 "                                                                                                     \
    "of the sample are put together. "
#define JUDGED "p-values are corrected over the columns; the largest effect that is significant is judged."

static double per_case(const vouch__drift_column *c) { return 1.0 / c->n_from + 1.0 / c->n_to; }

/* Fill in the law: statistic = value scaled to chi-square; critical is brought back by `back`. */
static void by_chi2(const vouch__drift_column *c, double level, double statistic, vouch__drift_result *out)
{
    double df = (double)c->bins - 1.0;
    out->statistic = statistic;
    out->p_value = vouch__chi2_sf(statistic, df);
    out->critical = vouch__chi2_quantile(level, df);
}

/* ---- how far counts that may be off let a sum over bins be off ---- */

/* What a bin adds, of its shares in the reference and in the sample: convex, 0 where they are equal. */
typedef double part_fn(const vouch__drift_column *c, double e, double a);

/* A share, its count held to what is possible and smoothed. */
static double share(double count, double n, double smooth, double bins)
{
    return (fmin(n, fmax(0.0, count)) + smooth) / (n + smooth * bins);
}

/* The largest and the least that the sum may be: of a convex part the largest is at a corner of the counts'
 * ranges, the least where the shares come closest. */
static void bound(const vouch__drift_column *c, part_fn *part, double smooth, double *most, double *least)
{
    double bins = (double)c->bins;
    *most = *least = 0.0;
    for (size_t k = 0; k < c->bins; k++) {
        double s = c->slack_from[k], t = c->slack_to[k];
        double e0 = share(c->from[k] - s, c->n_from, smooth, bins);
        double e1 = share(c->from[k] + s, c->n_from, smooth, bins);
        double a0 = share(c->to[k] - t, c->n_to, smooth, bins);
        double a1 = share(c->to[k] + t, c->n_to, smooth, bins);
        *most += fmax(fmax(part(c, e0, a0), part(c, e0, a1)), fmax(part(c, e1, a0), part(c, e1, a1)));
        *least += a0 > e1 ? part(c, e1, a0) : e0 > a1 ? part(c, e0, a1) : 0.0;
    }
}

/* Of sketches: fill in the error of a value that is a root (or not) of the sum times `unit`, and the p-value
 * at the least statistic, which is the sum times `scale`. */
static void by_bound(const vouch__drift_column *c, part_fn *part, double smooth, double unit, bool is_root,
                     double scale, vouch__drift_result *out)
{
    double most, least;
    if (!c->slack_from)
        return;
    bound(c, part, smooth, &most, &least);
    double high = is_root ? sqrt(most * unit) : most * unit,
           low = is_root ? sqrt(least * unit) : least * unit;
    if (least > 0.0 && fmax(high - out->value, out->value - low) <= 0x1p-40 * out->value)
        return; /* nothing is off: the value stands as it is */
    out->error = fmax(0.0, fmax(high - out->value, out->value - low));
    out->p_value = vouch__chi2_sf(least * scale, (double)c->bins - 1.0);
}

static double psi_part(const vouch__drift_column *c, double e, double a)
{
    (void)c;
    return (a - e) * vouch__log(a / e);
}

vouch_status vouch__measure_psi(vouch_ctx *worker, const vouch__drift_column *c, double level,
                                vouch__drift_result *out)
{
    vouch_psi p;
    vouch_status status = vouch_validate_psi(worker, c->bins, c->from, c->to, level, &p);
    if (!status) {
        *out = (vouch__drift_result){ p.psi, p.psi / per_case(c), p.p_value, p.critical, 0.0 };
        by_bound(c, psi_part, 0.5, 1.0, false, 1.0 / per_case(c), out);
    }
    return status;
}

static vouch_status run_psi(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__drift_columns(ctx, call, VOUCH__DRIFT_PSI);
}

const vouch_test vouch__test_drift_psi = {
    .id = "drift.psi",
    .title = "Population and characteristic stability indices (PSI, CSI)",
    .purpose =
        "Have the score and the inputs the distributions that the reference had? The index of the score "
        "is the PSI, that of an input its CSI.",
    .mechanism =
        "Sum over bins of (a - e) ln(a / e), e the reference's share and a the sample's. Without drift "
        "PSI / (1/n + 1/m) is chi-square with one degree of freedom less than bins.",
    .convention = BINNED "Shares are smoothed as (c + 1/2) / (N + B/2) on both sides. " JUDGED,
    .high_risk =
        "An index above 0.25, or above its critical value on an input that the model leans on; a jump "
        "that the bin of missing values makes.",
    .strengths = "The index that credit risk has used for decades, with what it lacks: a critical value that "
                 "knows the sample sizes, and bins that do not move with the sample.",
    .limits = "It depends on the bins, and has no unit. Many inputs can drift without harm, and one that "
              "matters can drift within a bin.",
    .source = "Yurdakul & Naranjo, Journal of Risk Model Validation 14 (2020) 89-100; Siddiqi, Intelligent "
              "Credit Scoring (2nd ed., 2017)",
    .null_hypothesis = "sample and reference come from one distribution",
    .unit = "PSI",
    VOUCH__DRIFT_ROW,
    .run = run_psi,
};

/* x ln(x / y), 0 at 0. */
static double entropy_part(double x, double y) { return x > 0.0 ? x * vouch__log(x / y) : 0.0; }

static double js_part(const vouch__drift_column *c, double e, double a)
{
    double mid = 0.5 * (e + a);
    (void)c;
    return 0.5 * (entropy_part(e, mid) + entropy_part(a, mid));
}

vouch_status vouch__measure_js(vouch_ctx *worker, const vouch__drift_column *c, double level,
                               vouch__drift_result *out)
{
    const double ln2 = 0x1.62e42fefa39efp-1;
    double sum = 0.0;
    (void)worker;
    for (size_t k = 0; k < c->bins; k++)
        sum += js_part(c, c->from[k] / c->n_from, c->to[k] / c->n_to);
    sum = fmax(0.0, sum);
    by_chi2(c, level, 8.0 * sum / per_case(c), out);
    out->value = sqrt(sum / ln2);
    out->critical = sqrt(out->critical * per_case(c) / 8.0 / ln2);
    by_bound(c, js_part, 0.0, 1.0 / ln2, true, 8.0 / per_case(c), out);
    return VOUCH_OK;
}

static vouch_status run_js(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__drift_columns(ctx, call, VOUCH__DRIFT_JS);
}

const vouch_test vouch__test_drift_js = {
    .id = "drift.jensen_shannon",
    .title = "Jensen-Shannon distance",
    .purpose = "How far apart are two distributions, on a scale from 0, the same, to 1, nothing in common?",
    .mechanism =
        "The square root of the mean of both divergences (Kullback and Leibler's) from the middle of "
        "the two distributions. Without drift 8 JSD / (1/n + 1/m), in nats, is chi-square with one "
        "degree of freedom less than bins.",
    .convention = BINNED "Logarithms to base 2, so that 1 is the largest distance. " JUDGED,
    .high_risk = "A distance above 0.1 that is also above its critical value.",
    .strengths = "Bounded, symmetric, a true distance, and defined when a bin is empty on one side.",
    .limits =
        "The distance of two small samples from one distribution is not small: read the critical value. "
        "The order of the bins does not count, so a small shift and a jump look alike.",
    .source = "Lin, IEEE Transactions on Information Theory 37 (1991) 145-151; Endres & Schindelin, ibid. 49 "
              "(2003) 1858-1860; Menendez et al., J. Franklin Institute 334 (1997) 307-318",
    .null_hypothesis = "sample and reference come from one distribution",
    .unit = "distance",
    VOUCH__DRIFT_ROW,
    .run = run_js,
};

static double hellinger_part(const vouch__drift_column *c, double e, double a)
{
    double d = sqrt(e) - sqrt(a);
    (void)c;
    return 0.5 * d * d;
}

vouch_status vouch__measure_hellinger(vouch_ctx *worker, const vouch__drift_column *c, double level,
                                      vouch__drift_result *out)
{
    double square = 0.0; /* 1 - sum sqrt(p q) = half the sum of squared differences of roots */
    (void)worker;
    for (size_t k = 0; k < c->bins; k++)
        square += hellinger_part(c, c->from[k] / c->n_from, c->to[k] / c->n_to);
    by_chi2(c, level, 8.0 * square / per_case(c), out);
    out->value = sqrt(square);
    out->critical = sqrt(out->critical * per_case(c) / 8.0);
    by_bound(c, hellinger_part, 0.0, 1.0, true, 8.0 / per_case(c), out);
    return VOUCH_OK;
}

static vouch_status run_hellinger(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__drift_columns(ctx, call, VOUCH__DRIFT_HELLINGER);
}

const vouch_test vouch__test_drift_hellinger = {
    .id = "drift.hellinger",
    .title = "Hellinger distance",
    .purpose = "How little do two distributions overlap? It weighs changes of rare bins more than the other "
               "distances do.",
    .mechanism = "The square root of 1 - sum sqrt(p q) over bins. Without drift 8 times its square over "
                 "(1/n + 1/m) is chi-square with one degree of freedom less than bins.",
    .convention = BINNED "From 0, the same, to 1, no bin in common. " JUDGED,
    .high_risk =
        "A distance above 0.1 that is also above its critical value; a rare category that appears or "
        "vanishes.",
    .strengths = "Bounded, a true distance, needs no logarithm and no smoothing, and notices rare bins.",
    .limits =
        "As every distance on bins it does not know their order. In small samples rare bins make noise.",
    .source =
        "Hellinger, J. reine angew. Mathematik 136 (1909) 210-271; Beran, Annals of Statistics 5 (1977) "
        "445-463",
    .null_hypothesis = "sample and reference come from one distribution",
    .unit = "distance",
    VOUCH__DRIFT_ROW,
    .run = run_hellinger,
};

vouch_status vouch__measure_linf(vouch_ctx *worker, const vouch__drift_column *c, double level,
                                 vouch__drift_result *out)
{
    double all = c->n_from + c->n_to, z = 0.0, sure = 0.0, quantile;
    (void)worker;
    *out = (vouch__drift_result){ .value = 0.0, .critical = 0.0 };
    quantile = vouch__normal_quantile(1.0 - 0.5 * (1.0 - level) / (double)c->bins);
    for (size_t k = 0; k < c->bins; k++) {
        double part = (c->from[k] + c->to[k]) / all, se = sqrt(part * (1.0 - part) * per_case(c));
        double d = fabs(c->from[k] / c->n_from - c->to[k] / c->n_to);
        double off = c->slack_from ? c->slack_from[k] / c->n_from + c->slack_to[k] / c->n_to : 0.0;
        out->value = fmax(out->value, d);
        out->error = fmax(out->error, off);
        z = se > 0.0 ? fmax(z, d / se) : z;
        sure = se > 0.0 ? fmax(sure, (d - off) / se) : sure;
        out->critical = fmax(out->critical, quantile * se);
    }
    out->statistic = z;
    out->p_value = fmin(1.0, 2.0 * (double)c->bins * vouch__normal_sf(sure));
    return VOUCH_OK;
}

static vouch_status run_largest(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__drift_columns(ctx, call, VOUCH__DRIFT_LINF);
}

const vouch_test vouch__test_drift_linf = {
    .id = "drift.l_infinity",
    .title = "Largest change of a share (L-infinity distance)",
    .purpose = "By how many points has the share of any one bin or category changed? The plainest measure of "
               "drift, on the scale of the shares themselves.",
    .mechanism =
        "The largest |a - e| over bins. Each bin's difference is held against its standard error under "
        "no drift; the p-value is that of the largest ratio, times the number of bins.",
    .convention = BINNED "Two-sided normal p-value, Bonferroni over bins, which is conservative. " JUDGED,
    .high_risk = "A category that gained or lost more than five points.",
    .strengths = "Everybody understands it, and it names one bin rather than a sum over all.",
    .limits = "Many small changes in one direction leave it small. It depends on how wide the bins are.",
    .source = "Dunn, JASA 56 (1961) 52-64 (the correction)",
    .null_hypothesis = "sample and reference come from one distribution",
    .unit = "share",
    VOUCH__DRIFT_ROW,
    .run = run_largest,
};

/* Of shares; times the number of all cases it is what the bin adds to chi-square. */
static double chi2_part(const vouch__drift_column *c, double e, double a)
{
    double all = c->n_from + c->n_to, mid = c->n_from * e + c->n_to * a;
    return mid > 0.0 ? c->n_from * c->n_to * (e - a) * (e - a) / mid / all : 0.0;
}

vouch_status vouch__measure_chi2(vouch_ctx *worker, const vouch__drift_column *c, double level,
                                 vouch__drift_result *out)
{
    double all = c->n_from + c->n_to, sum = 0.0;
    (void)worker;
    for (size_t k = 0; k < c->bins; k++) {
        double both = c->from[k] + c->to[k], e = both * c->n_from / all, a = both * c->n_to / all;
        if (both > 0.0)
            sum += (c->from[k] - e) * (c->from[k] - e) / e + (c->to[k] - a) * (c->to[k] - a) / a;
    }
    by_chi2(c, level, sum, out);
    out->value = sqrt(sum / all);
    out->critical = sqrt(out->critical / all);
    by_bound(c, chi2_part, 0.0, 1.0, true, all, out);
    return VOUCH_OK;
}

static vouch_status run_chi_square(vouch_ctx *ctx, const vouch__test_call *call)
{
    return vouch__drift_columns(ctx, call, VOUCH__DRIFT_CHI2);
}

const vouch_test vouch__test_drift_chi2 = {
    .id = "drift.chi_square",
    .title = "Chi-square test of two samples, with Cramer's V",
    .purpose = "Could the counts by bin or category of both samples come from one distribution, and if not, "
               "how strongly do they differ?",
    .mechanism = "Pearson's chi-square of the table of bins by sample; the value is Cramer's V, the root of "
                 "chi-square over the number of cases, which does not grow with it.",
    .convention = BINNED "No continuity correction. " JUDGED,
    .high_risk =
        "V above 0.1 with a small p-value. A small p-value with V near 0 only says that there are many "
        "cases.",
    .strengths = "The textbook test, with an effect size beside it so that large samples do not raise alarms "
                 "about nothing.",
    .limits = "V depends on how unequal the two samples are in size. Ignores the order of bins.",
    .source = "Pearson, Philosophical Magazine 50 (1900) 157-175; Cramer, Mathematical Methods of Statistics "
              "(1946), section 21.9",
    .null_hypothesis = "sample and reference come from one distribution",
    .unit = "V",
    VOUCH__DRIFT_ROW,
    .run = run_chi_square,
};
