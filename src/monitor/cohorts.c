/* Cases counted into periods of the calendar. */
#include "monitor/cohorts.h"

#include "data/calendar.h"

#include <string.h>

enum { PERIODS_MAX = 1200 };

static vouch_status as_of_month(vouch_ctx *ctx, double as_of, int32_t latest, int32_t *out)
{
    int32_t year = (int32_t)as_of / 100, month = (int32_t)as_of % 100;
    *out = latest;
    if (as_of == 0.0)
        return VOUCH_OK;
    if (year < 1 || year > 9999 || month < 1 || month > 12)
        return vouch__fail(ctx, VOUCH_E_ARG, "as_of is %d, must be a year and a month, as 202609",
                           (int)as_of);
    *out = year * 12 + month - 1;
    return VOUCH_OK;
}

static vouch_status months_of(vouch_ctx *ctx, size_t n, const double *date, int32_t *out, int32_t *low,
                              int32_t *high)
{
    const double first_day = -719162.0, last_day = 2932896.0; /* of year 1, of year 9999 */
    for (size_t i = 0; i < n; i++) {
        if (!(date[i] >= first_day && date[i] <= last_day))
            return vouch__fail(ctx, VOUCH_E_DATA, "case %zu has a date that is not of years 1 to 9999", i);
        out[i] = vouch__month_of_day((int64_t)date[i]);
        *low = i && *low < out[i] ? *low : out[i];
        *high = i && *high > out[i] ? *high : out[i];
    }
    return VOUCH_OK;
}

vouch_status vouch__cohorts_make(vouch_ctx *ctx, size_t n, const double *date, int months, int maturity,
                                 double as_of, vouch__cohorts *out)
{
    int32_t low = 0, high = 0, *month = vouch__scratch(ctx, n + 1, sizeof *month);
    *out = (vouch__cohorts){ .months = months };
    if (!month)
        return vouch__oom(ctx);
    vouch_status status = months_of(ctx, n, date, month, &low, &high);
    if (!status)
        status = as_of_month(ctx, as_of, high, &out->as_of);
    if (status)
        return status;
    out->first = low / months;
    out->n = n ? (size_t)(high / months - out->first) + 1 : 0;
    if (out->n > PERIODS_MAX)
        return vouch__fail(ctx, VOUCH_E_DATA, "the dates span %zu periods, of which there can be %d", out->n,
                           PERIODS_MAX);
    out->begin = vouch__scratch(ctx, out->n + 2, sizeof *out->begin);
    out->order = vouch__scratch(ctx, n + 1, sizeof *out->order);
    if (!out->begin || !out->order)
        return vouch__oom(ctx);
    /* counted two places up, so that after the sums begin[k + 1] is where period k is put next */
    memset(out->begin, 0, (out->n + 2) * sizeof *out->begin);
    for (size_t i = 0; i < n; i++)
        out->begin[month[i] / months - out->first + 2]++;
    for (size_t k = 1; k <= out->n; k++)
        out->begin[k + 1] += out->begin[k];
    for (size_t i = 0; i < n; i++)
        out->order[out->begin[month[i] / months - out->first + 1]++] = (uint32_t)i;
    while (out->mature < out->n &&
           (out->first + (int32_t)out->mature + 1) * months - 1 + maturity <= out->as_of)
        out->mature++;
    return VOUCH_OK;
}
