/* One value of a table as people read it. */
#include "data/table_form.h"

#include "data/calendar.h"

#include <math.h>

static void put_time(vouch__buf *out, double micros)
{
    int64_t us = (int64_t)micros;
    int64_t day = us / VOUCH__DAY_US - (us % VOUCH__DAY_US < 0);
    int64_t rest = us - day * VOUCH__DAY_US;
    vouch__day_text(out, day);
    int64_t s = rest / 1000000, fraction = rest % 1000000;
    vouch__buf_fmt(out, "T%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
    if (fraction)
        vouch__buf_fmt(out, ".%06d", (int)fraction);
    vouch__buf_text(out, "Z");
}

void vouch__table_cell(const vouch_table *table, size_t col, size_t row, vouch__buf *out)
{
    double x;
    vouch_table_read(table, col, row, row + 1, &x);
    if (isnan(x))
        return;
    switch (vouch_table_type(table, col)) {
    case VOUCH_NUMBER:
    case VOUCH_INTEGER: vouch__buf_double(out, x); break;
    case VOUCH_FLAG: vouch__buf_text(out, x != 0 ? "true" : "false"); break;
    case VOUCH_TEXT: vouch__buf_text(out, vouch_table_category(table, col, (size_t)x)); break;
    case VOUCH_DATE: vouch__day_text(out, (int64_t)x); break;
    case VOUCH_TIME: put_time(out, x); break;
    }
}
