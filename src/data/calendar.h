/* data/calendar.h: days since 1970-01-01 and the proleptic Gregorian calendar. */
#ifndef VOUCH_CALENDAR_H
#define VOUCH_CALENDAR_H

#include "base/text.h"

#define VOUCH__DAY_US INT64_C(86400000000)

int64_t vouch__day_from_civil(int64_t year, int month, int day);
void vouch__civil_from_day(int64_t day, int64_t *out_year, int *out_month, int *out_day);
void vouch__day_text(vouch__buf *out, int64_t day); /* 2026-01-31 */
void vouch__time_text(vouch__buf *out, int64_t us); /* 2026-01-31T12:34:56.789000Z */

#endif
