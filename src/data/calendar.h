/* data/calendar.h: days since 1970-01-01 and the proleptic Gregorian calendar. */
#ifndef VOUCH_CALENDAR_H
#define VOUCH_CALENDAR_H

#include "base/text.h"

#define VOUCH__DAY_US INT64_C(86400000000)

int64_t vouch__day_from_civil(int64_t year, int month, int day);
void vouch__civil_from_day(int64_t day, int64_t *out_year, int *out_month, int *out_day);
/* Months since year 0, from 0 in January; and of so many months (1, 3, 6 or 12) each the period of that
 * number, as 2026-01, 2026 Q1, 2026 H1 or 2026. */
enum { VOUCH__MONTH_TEXT = 16 };
int32_t vouch__month_of_day(int64_t day);
void vouch__month_text(int32_t month, char out[VOUCH__MONTH_TEXT]);
void vouch__period_text(int32_t number, int months, char out[VOUCH__MONTH_TEXT]);
void vouch__day_text(vouch__buf *out, int64_t day); /* 2026-01-31 */
void vouch__time_text(vouch__buf *out, int64_t us); /* 2026-01-31T12:34:56.789000Z */

#endif
