/* The calendar in eras of 400 years, each of 146,097 days, with years that begin on 1 March so that the leap
 * day comes last (H. Hinnant, "chrono-compatible low-level date algorithms"). */
#include "data/calendar.h"

#include <stdio.h>

int64_t vouch__day_from_civil(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void vouch__civil_from_day(int64_t day, int64_t *out_year, int *out_month, int *out_day)
{
    int64_t z = day + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * of_year + 2) / 153; /* from March */
    *out_day = (int)(of_year - (153 * month + 2) / 5 + 1);
    *out_month = (int)(month < 10 ? month + 3 : month - 9);
    *out_year = year_of_era + era * 400 + (*out_month <= 2);
}

int32_t vouch__month_of_day(int64_t day)
{
    int64_t year;
    int month, of_month;
    vouch__civil_from_day(day, &year, &month, &of_month);
    return (int32_t)(year * 12 + month - 1);
}

void vouch__month_text(int32_t month, char out[VOUCH__MONTH_TEXT])
{
    (void)snprintf(out, VOUCH__MONTH_TEXT, "%d-%02d", month / 12, month % 12 + 1);
}

void vouch__period_text(int32_t number, int months, char out[VOUCH__MONTH_TEXT])
{
    if (months == 1)
        vouch__month_text(number, out);
    else if (months == 12)
        (void)snprintf(out, VOUCH__MONTH_TEXT, "%d", number);
    else
        (void)snprintf(out, VOUCH__MONTH_TEXT, "%d %s%d", number / (12 / months), months == 3 ? "Q" : "H",
                       number % (12 / months) + 1);
}

void vouch__day_text(vouch__buf *out, int64_t day)
{
    int64_t year;
    int month, of_month;
    vouch__civil_from_day(day, &year, &month, &of_month);
    vouch__buf_fmt(out, "%04lld-%02d-%02d", (long long)year, month, of_month);
}

void vouch__time_text(vouch__buf *out, int64_t us)
{
    int64_t day = us / VOUCH__DAY_US - (us % VOUCH__DAY_US < 0);
    int64_t rest = us - day * VOUCH__DAY_US;
    int64_t s = rest / 1000000, fraction = rest % 1000000;
    vouch__day_text(out, day);
    vouch__buf_fmt(out, "T%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    if (fraction)
        vouch__buf_fmt(out, ".%06d", (int)fraction);
    vouch__buf_text(out, "Z");
}
