/* One simulated loan.
 *
 * Two hidden traits, wealth and stress, make the observed columns hang together; the probability of default
 * is a logistic function of what is observed (docs/data.md gives it), so that it is the truth about the
 * columns and not about something hidden. Every loan takes the same draws in the same order whatever the
 * fault, which therefore changes nothing but what it is about. */
#include "data/simulate.h"

#include "num/rng.h"
#include "num/special.h"

#include <math.h>

static double clamp(double x, double low, double high) { return fmin(fmax(x, low), high); }

static double round_to(double x, double step) { return nearbyint(x / step) * step; }

/* Poisson by inversion: one uniform, so that every draw costs the same. At most 40. */
static double poisson(vouch__rng *rng, double mean)
{
    double u = vouch__rng_uniform(rng), p = vouch__exp(-mean), below = p;
    double k = 0;
    for (; u >= below && k < 40; below += p) {
        k++;
        p *= mean / k;
    }
    return k;
}

/* Which of n cumulative shares u falls into; the last takes the rest. */
static size_t pick(double u, size_t n, const double *cumulative)
{
    size_t i = 0;
    while (i + 1 < n && u >= cumulative[i])
        i++;
    return i;
}

static const char *const region[] = {
    "central", "coast", "east", "lakes", "north", "south", "uplands", "west"
};
static const double region_effect[] = { 0.0, -0.1, 0.05, 0.0, 0.1, 0.15, -0.05, -0.1 };
static const char *const purpose[] = { "business",         "car",    "debt consolidation", "education",
                                       "home improvement", "medical" };
static const double purpose_share[] = { 0.08, 0.30, 0.66, 0.74, 0.92, 1 };
static const double purpose_effect[] = { 0.35, -0.15, 0.15, 0.0, -0.1, 0.2 };
static const char *const home[] = { "mortgage", "own", "rent" };
static const double home_effect[] = { -0.05, -0.15, 0.2 };
static const char *const ethnicity[] = { "A", "B", "C" };
static const double ethnicity_share[] = { 0.6, 0.85, 1 };

typedef struct kinds { /* positions in the lists above */
    size_t region, purpose, home;
} kinds;

static void person(vouch__rng *rng, double wealth, double stress, vouch__loan *out, kinds *k)
{
    k->region = (size_t)(vouch__rng_uniform(rng) * 8);
    out->region = region[k->region];
    out->known_income = clamp(round_to(vouch__exp(10.9 + 0.45 * wealth + 0.25 * vouch__rng_normal(rng)), 100),
                              8000, 900000);
    out->known_employment = clamp(nearbyint(6 + 3 * wealth + 5 * vouch__rng_normal(rng)), 0, 40);
    double owns = vouch__rng_uniform(rng), borrows = vouch__rng_uniform(rng);
    k->home = owns < vouch__sigmoid(-1.6 + 0.8 * wealth)     ? 1
              : borrows < vouch__sigmoid(0.1 + 0.6 * wealth) ? 0
                                                             : 2;
    out->home_ownership = home[k->home];
    out->savings = round_to(vouch__exp(7.2 + 0.9 * wealth - 0.3 * stress + 0.8 * vouch__rng_normal(rng)), 10);
    out->income = vouch__rng_uniform(rng) < 0.03 ? (double)NAN : out->known_income;
    out->employment_years = vouch__rng_uniform(rng) < 0.06 ? (double)NAN : out->known_employment;
}

static void bureau(vouch__rng *rng, double wealth, double stress, vouch__loan *out)
{
    out->utilisation = round_to(vouch__sigmoid(-0.7 + 0.9 * stress + 0.5 * vouch__rng_normal(rng)), 0.001);
    out->inquiries_6m = poisson(rng, vouch__exp(-0.4 + 0.45 * stress));
    out->delinquencies_2y = poisson(rng, vouch__exp(-1.6 + 0.7 * stress));
    double months = 1 + floor(vouch__rng_uniform(rng) * 24);
    out->months_since_delinquency = out->delinquencies_2y > 0 ? months : (double)NAN;
    out->open_accounts = 1 + poisson(rng, vouch__exp(1.9 + 0.15 * wealth));
    out->debt_to_income = clamp(
        round_to(0.22 + 0.08 * stress - 0.03 * wealth + 0.08 * vouch__rng_normal(rng), 0.001), 0, 0.9);
    out->history_months = clamp(nearbyint(110 + 40 * wealth + 60 * vouch__rng_normal(rng)), 6, 480);
}

static void wish(vouch__rng *rng, vouch__loan *out, kinds *k)
{
    k->purpose = pick(vouch__rng_uniform(rng), 6, purpose_share);
    out->purpose = purpose[k->purpose];
    double share = 0.08 + 0.4 * vouch__rng_uniform(rng);
    out->loan_amount = clamp(round_to(share * out->known_income, 100), 1000, 60000);
    out->term_months = vouch__rng_uniform(rng) < 0.2 + 0.4 * share ? 60 : 36;
}

/* Log-odds of default: docs/data.md has the same formula for people. */
static double log_odds(const vouch__loan *loan, const kinds *k)
{
    double recent = loan->delinquencies_2y > 0 && loan->months_since_delinquency <= 6 ? 1 : 0;
    double x = -2.86;
    x += 1.9 * (loan->utilisation - 0.35) + 2.0 * fmax(0, loan->utilisation - 0.75);
    x += 0.25 * fmin(loan->inquiries_6m, 6);
    x += 0.5 * fmin(loan->delinquencies_2y, 4) + 0.4 * recent;
    x += 2.5 * (loan->debt_to_income - 0.25);
    x -= 0.6 * vouch__log(loan->known_income / 50000);
    x -= 0.03 * fmin(loan->known_employment, 15);
    x += 0.9 * loan->loan_amount / loan->known_income;
    x += loan->term_months > 36 ? 0.25 : 0;
    x -= 0.1 * vouch__log1p(loan->savings / 1000);
    x -= 0.002 * fmin(loan->history_months, 240);
    x += home_effect[k->home] + purpose_effect[k->purpose] + region_effect[k->region];
    return x + 0.02 * ((double)loan->postal_area - 12.5);
}

/* Areas 1-12, 13-18 and 19-24 house the three groups when area stands in for ethnicity; else all do alike. */
static void protect(vouch__rng *rng, vouch__fault fault, vouch__loan *out)
{
    static const int first[] = { 1, 13, 19 }, count[] = { 12, 6, 6 };
    size_t group = pick(vouch__rng_uniform(rng), 3, ethnicity_share);
    double stays = vouch__rng_uniform(rng), where = vouch__rng_uniform(rng);
    out->sex = vouch__rng_uniform(rng) < 0.48 ? "female" : "male";
    out->ethnicity = ethnicity[group];
    if (fault == VOUCH__PROXY && stays < 0.85)
        out->postal_area = first[group] + (int)(where * count[group]);
    else
        out->postal_area = 1 + (int)(where * 24);
}

/* Calls before the application; with the leak also those of collections after default, counted later. */
static void serve(vouch__rng *rng, vouch__fault fault, vouch__loan *out)
{
    double before = poisson(rng, 0.8), collections = 3 + poisson(rng, 5);
    int64_t back = 1 + (int64_t)(vouch__rng_uniform(rng) * 90);
    int64_t on = 30 + (int64_t)(vouch__rng_uniform(rng) * 300);
    bool leak = fault == VOUCH__LEAK;
    out->service_calls = (int64_t)(before + (leak && out->defaulted ? collections : 0));
    out->service_calls_day = leak ? out->date + on : out->date - back;
}

void vouch__loan_make(uint64_t seed, size_t row, size_t rows, vouch__fault fault, vouch__loan *out)
{
    vouch__rng rng = vouch__rng_make(seed, row);
    vouch__loan loan = { .id = (int64_t)row + 1 };
    kinds k = { 0 };
    double when = (double)row / (double)rows;
    loan.date = VOUCH__SIM_FIRST_DAY + (int64_t)(when * VOUCH__SIM_DAYS);
    double wealth = vouch__rng_normal(&rng), stress = vouch__rng_normal(&rng);
    if (fault == VOUCH__DRIFT &&
        when >= 0.75) { /* harder times: the people change, the model of them does not */
        wealth -= 0.4;
        stress += 0.8;
    }
    person(&rng, wealth, stress, &loan, &k);
    bureau(&rng, wealth, stress, &loan);
    wish(&rng, &loan, &k);
    protect(&rng, fault, &loan);
    loan.true_pd = round_to(vouch__sigmoid(log_odds(&loan, &k)), 1e-6);
    loan.defaulted = vouch__rng_uniform(&rng) < loan.true_pd;
    serve(&rng, fault, &loan);
    *out = loan;
}
