/* One value of a table as people read it. */
#include "data/table_form.h"

#include "data/calendar.h"

#include <math.h>

void vouch__value_text(vouch_type type, double x, vouch__buf *out)
{
    switch (type) {
    case VOUCH_TEXT: /* a code has no text without its table */
    case VOUCH_NUMBER:
    case VOUCH_INTEGER: vouch__buf_double(out, x); break;
    case VOUCH_FLAG: vouch__buf_text(out, x != 0 ? "true" : "false"); break;
    case VOUCH_DATE: vouch__day_text(out, (int64_t)x); break;
    case VOUCH_TIME: vouch__time_text(out, (int64_t)x); break;
    }
}

void vouch__table_cell(const vouch_table *table, size_t col, size_t row, vouch__buf *out)
{
    double x;
    vouch_table_read(table, col, row, row + 1, &x);
    if (isnan(x))
        return;
    if (vouch_table_type(table, col) == VOUCH_TEXT)
        vouch__buf_text(out, vouch_table_category(table, col, (size_t)x));
    else
        vouch__value_text(vouch_table_type(table, col), x, out);
}
