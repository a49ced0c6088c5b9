/* data/simulate.h: simulated loans, one at a time. */
#ifndef VOUCH_SIMULATE_H
#define VOUCH_SIMULATE_H

#include "vouch/data.h"

#include <stdbool.h>

typedef enum vouch__fault { VOUCH__CLEAN, VOUCH__LEAK, VOUCH__PROXY, VOUCH__DRIFT } vouch__fault;

enum { VOUCH__SIM_FIRST_DAY = 18628, VOUCH__SIM_DAYS = 1096 }; /* 2021-01-01, three years */

typedef struct vouch__loan {
    int64_t id, date; /* date: days since 1970 */
    const char *region, *home_ownership, *purpose, *sex, *ethnicity;
    double employment_years, income; /* NAN: not stated */
    double known_employment, known_income;
    double loan_amount, term_months, utilisation, open_accounts, inquiries_6m, delinquencies_2y;
    double months_since_delinquency; /* NAN: never */
    double debt_to_income, savings, history_months;
    int postal_area;                          /* 1..24 */
    int64_t service_calls, service_calls_day; /* and when they were last counted */
    double true_pd;
    bool defaulted;
} vouch__loan;

/* Loan number row of rows: a function of (seed, row, fault) and of where row lies among rows. */
void vouch__loan_make(uint64_t seed, size_t row, size_t rows, vouch__fault fault, vouch__loan *out);

#endif
