/* Mantel and Haenszel's estimates over strata. Sources: N. Mantel & W. Haenszel, J. Natl. Cancer Inst. 22
 * (1959) 719-748; J. Robins, N. Breslow & S. Greenland, Biometrics 42 (1986) 311-323; S. Greenland & J.
 * Robins, Biometrics 41 (1985) 55-68; N. Breslow & N. Day, Statistical Methods in Cancer Research I (1980)
 * 142; R. Tarone, Biometrika 72 (1985) 91-95. */
#include "fairness/stratified.h"

#include "num/special.h"

#include <math.h>
#include <stdbool.h>

typedef struct sums {
    double a, expected, variance;             /* of the test */
    double ratio_over, ratio_under, ratio_pq; /* of the ratio */
    double r, s, pr, psqr, qs;                /* of the odds */
} sums;

static bool tells(const vouch__stratum *t)
{
    double n = t->approved_p + t->declined_p, m = t->approved_r + t->declined_r;
    return n > 0 && m > 0;
}

static bool varies(const vouch__stratum *t)
{
    return tells(t) && t->approved_p + t->approved_r > 0 && t->declined_p + t->declined_r > 0;
}

static void add(const vouch__stratum *t, sums *s)
{
    double a = t->approved_p, b = t->declined_p, c = t->approved_r, d = t->declined_r;
    double n = a + b, m = c + d, all = n + m;
    s->ratio_over += a * m / all;
    s->ratio_under += c * n / all;
    s->ratio_pq += (n * m * (a + c) - a * c * all) / (all * all);
    if (!varies(t))
        return;
    double r = a * d / all, q = b * c / all, same = (a + d) / all, other = (b + c) / all;
    s->a += a;
    s->expected += n * (a + c) / all;
    s->variance += n * m * (a + c) * (b + d) / (all * all * (all - 1));
    s->r += r;
    s->s += q;
    s->pr += same * r;
    s->psqr += same * q + other * r;
    s->qs += other * q;
}

/* The number approved in the group, given the margins, at which the odds ratio is this. */
static double at_odds(const vouch__stratum *t, double odds)
{
    double n = t->approved_p + t->declined_p, m = t->approved_r + t->declined_r;
    double k = t->approved_p + t->approved_r, b = m - k + odds * (n + k);
    return 2 * odds * k * n / (b + sqrt(b * b + 4 * (1 - odds) * odds * k * n));
}

/* Breslow and Day's statistic with Tarone's correction. */
static double unevenness(size_t n, const vouch__stratum *stratum, double odds)
{
    double sum = 0, off = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        const vouch__stratum *t = &stratum[i];
        if (!varies(t))
            continue;
        double a = at_odds(t, odds), k = t->approved_p + t->approved_r;
        double b = t->approved_p + t->declined_p - a, c = k - a, d = t->approved_r + t->declined_r - c;
        double variance = 1 / (1 / a + 1 / b + 1 / c + 1 / d);
        sum += (t->approved_p - a) * (t->approved_p - a) / variance;
        off += t->approved_p - a;
        all += variance;
    }
    return sum - off * off / all;
}

vouch__stratified vouch__stratify(size_t n, const vouch__stratum *stratum, double level)
{
    vouch__stratified out = { NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0 };
    sums s = { 0 };
    double z = vouch__normal_quantile(0.5 + 0.5 * level);
    for (size_t i = 0; i < n; i++)
        if (tells(&stratum[i])) {
            add(&stratum[i], &s);
            out.used += varies(&stratum[i]);
        }
    if (s.ratio_under > 0)
        out.ratio = s.ratio_over / s.ratio_under;
    if (s.ratio_over > 0 && s.ratio_under > 0) {
        double reach = vouch__exp(z * sqrt(fmax(0, s.ratio_pq) / (s.ratio_over * s.ratio_under)));
        out.ratio_low = out.ratio / reach;
        out.ratio_high = out.ratio * reach;
    }
    if (s.r > 0 && s.s > 0) {
        out.odds = s.r / s.s;
        double variance = s.pr / (2 * s.r * s.r) + s.psqr / (2 * s.r * s.s) + s.qs / (2 * s.s * s.s);
        double reach = vouch__exp(z * sqrt(variance));
        out.odds_low = out.odds / reach;
        out.odds_high = out.odds * reach;
    }
    if (s.variance > 0) {
        out.chi2 = (s.a - s.expected) * (s.a - s.expected) / s.variance;
        out.p = vouch__chi2_sf(out.chi2, 1);
    }
    if (out.used >= 2 && !isnan(out.odds)) {
        out.even = fmax(0, unevenness(n, stratum, out.odds));
        out.even_p = vouch__chi2_sf(out.even, (double)(out.used - 1));
    }
    return out;
}
