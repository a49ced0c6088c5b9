/* DuckDB's vectors to doubles and texts. Vectors from a result are flat: one value a row, and a bit mask of
 * those that are there. */
#include "data/duckdb_column.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef __int128 int128;

const char *vouch__duckdb_kind_name(duckdb_kind kind)
{
    switch (kind) {
    case DUCKDB_TIME: return "TIME";
    case DUCKDB_INTERVAL: return "INTERVAL";
    case DUCKDB_BLOB: return "BLOB";
    case DUCKDB_LIST: return "LIST";
    case DUCKDB_STRUCT: return "STRUCT";
    case DUCKDB_MAP: return "MAP";
    case DUCKDB_UNION: return "UNION";
    case DUCKDB_BIT: return "BIT";
    case DUCKDB_TIME_TZ: return "TIME WITH TIME ZONE";
    case DUCKDB_ARRAY: return "ARRAY";
    case DUCKDB_BIGNUM: return "BIGNUM";
    case DUCKDB_TIME_NS: return "TIME_NS";
    default: return "of a type unknown here";
    }
}

static void decimal(const vouch__duckdb *api, duckdb_answer *result, uint64_t col, vouch__duckdb_column *out)
{
    duckdb_handle type = api->column_logical_type(result, col);
    out->is_decimal = true;
    out->scale = api->decimal_scale(type);
    out->kind = (duckdb_kind)api->decimal_internal_type(type);
    out->type = out->scale == 0 ? VOUCH_INTEGER : VOUCH_NUMBER;
    api->destroy_logical_type(&type);
}

vouch__duckdb_way vouch__duckdb_column_type(const vouch__duckdb *api, duckdb_answer *result, uint64_t col,
                                            vouch__duckdb_column *out_column)
{
    vouch__duckdb_column column = { .kind = (duckdb_kind)api->column_type(result, col) };
    vouch__duckdb_way way = VOUCH__AS_IS;
    switch (column.kind) {
    case DUCKDB_BOOLEAN: column.type = VOUCH_FLAG; break;
    case DUCKDB_TINYINT:
    case DUCKDB_SMALLINT:
    case DUCKDB_INTEGER:
    case DUCKDB_BIGINT:
    case DUCKDB_UTINYINT:
    case DUCKDB_USMALLINT:
    case DUCKDB_UINTEGER:
    case DUCKDB_UBIGINT:
    case DUCKDB_HUGEINT:
    case DUCKDB_UHUGEINT: column.type = VOUCH_INTEGER; break;
    case DUCKDB_FLOAT:
    case DUCKDB_DOUBLE:
    case DUCKDB_SQLNULL: column.type = VOUCH_NUMBER; break;
    case DUCKDB_DECIMAL: decimal(api, result, col, &column); break;
    case DUCKDB_VARCHAR: column.type = VOUCH_TEXT; break;
    case DUCKDB_DATE: column.type = VOUCH_DATE; break;
    case DUCKDB_TIMESTAMP:
    case DUCKDB_TIMESTAMP_S:
    case DUCKDB_TIMESTAMP_MS:
    case DUCKDB_TIMESTAMP_NS:
    case DUCKDB_TIMESTAMP_TZ: column.type = VOUCH_TIME; break;
    case DUCKDB_ENUM:
    case DUCKDB_UUID: way = VOUCH__AS_TEXT; break;
    default: way = VOUCH__NOT; break;
    }
    *out_column = column;
    return way;
}

/* v x 10^-scale, rounded once: both sides of the division are exact up to 2^53 and 10^22; beyond, by way of
 * digits. */
static double decimal_value(int128 v, uint8_t scale)
{
    static const double power[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    const int128 exact = (int128)1 << 53;
    if (scale <= 22 && v <= exact && v >= -exact)
        return (double)v / power[scale];
    if (v == 0)
        return 0;
    char digits[64];
    size_t at = 48;
    int n = snprintf(digits + 48, sizeof digits - 48, "e-%d", (int)scale);
    bool negative = v < 0;
    for (; v; v /= 10)
        digits[--at] = (char)('0' + (int)(negative ? -(v % 10) : v % 10));
    if (negative)
        digits[--at] = '-';
    double value = NAN;
    (void)vouch__double_read(digits + at, 48 - at + (size_t)n, &value); /* it is well formed */
    return value;
}

/* One whole number as the vector holds it. */
static int128 whole_at(const void *data, duckdb_kind kind, size_t i)
{
    switch (kind) {
    case DUCKDB_BOOLEAN:
    case DUCKDB_UTINYINT: return ((const uint8_t *)data)[i];
    case DUCKDB_TINYINT: return ((const int8_t *)data)[i];
    case DUCKDB_SMALLINT: return ((const int16_t *)data)[i];
    case DUCKDB_USMALLINT: return ((const uint16_t *)data)[i];
    case DUCKDB_DATE:
    case DUCKDB_INTEGER: return ((const int32_t *)data)[i];
    case DUCKDB_UINTEGER: return ((const uint32_t *)data)[i];
    case DUCKDB_UBIGINT: return ((const uint64_t *)data)[i];
    case DUCKDB_HUGEINT: {
        const duckdb_huge *huge = data;
        return (int128)huge[i].upper * ((int128)1 << 64) + huge[i].lower;
    }
    case DUCKDB_UHUGEINT: { /* the upper half is unsigned; a value that needs its top bit is out of range */
        const duckdb_huge *huge = data;
        int64_t upper = huge[i].upper < 0 ? INT64_MAX : huge[i].upper;
        return (int128)upper * ((int128)1 << 64) + huge[i].lower;
    }
    default: return ((const int64_t *)data)[i];
    }
}

/* Times as microseconds; nanoseconds are cut towards the past. false: it is an infinity or beyond reach. */
static bool time_value(int64_t v, duckdb_kind kind, double *out)
{
    int64_t us = v;
    if (v == INT64_MAX || v == -INT64_MAX)
        return false;
    if (kind == DUCKDB_TIMESTAMP_S && __builtin_mul_overflow(v, 1000000, &us))
        return false;
    if (kind == DUCKDB_TIMESTAMP_MS && __builtin_mul_overflow(v, 1000, &us))
        return false;
    if (kind == DUCKDB_TIMESTAMP_NS)
        us = v / 1000 - (v % 1000 < 0);
    *out = (double)us;
    return fabs(*out) <= 0x1p62 && (int64_t)*out == us;
}

static bool whole_value(const vouch__duckdb_column *column, const void *data, size_t i, double *out)
{
    const int128 exact = (int128)1 << 53;
    int128 v = whole_at(data, column->kind, i);
    if (column->type == VOUCH_TIME)
        return time_value((int64_t)v, column->kind, out);
    if (column->is_decimal && column->scale > 0) {
        *out = decimal_value(v, column->scale);
        return true;
    }
    *out = (double)v;
    if (column->type == VOUCH_DATE)
        return v != INT32_MAX && v != -INT32_MAX;
    return v <= exact && v >= -exact;
}

static void read_text(const duckdb_string *string, const uint64_t *valid, size_t n, vouch__span *out)
{
    for (size_t i = 0; i < n; i++) {
        if (valid && !(valid[i / 64] >> (i % 64) & 1))
            out[i] = (vouch__span){ .at = NULL };
        else if (string[i].inlined.len <= DUCKDB_INLINED)
            out[i] = (vouch__span){ string[i].inlined.at, string[i].inlined.len };
        else
            out[i] = (vouch__span){ string[i].pointer.at, string[i].pointer.len };
    }
}

/* The commonest kinds, value by value without a choice in between. false: not one of them. */
static bool read_common(const vouch__duckdb_column *column, const void *data, size_t n, double *out)
{
    const double *f64 = data;
    const float *f32 = data;
    const int32_t *i32 = data;
    if (column->is_decimal)
        return false;
    switch (column->kind) {
    case DUCKDB_DOUBLE: memcpy(out, f64, n * sizeof *out); return true;
    case DUCKDB_FLOAT:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)f32[i];
        return true;
    case DUCKDB_INTEGER:
        for (size_t i = 0; i < n; i++)
            out[i] = i32[i];
        return true;
    case DUCKDB_SQLNULL:
        for (size_t i = 0; i < n; i++)
            out[i] = NAN;
        return true;
    default: return false;
    }
}

size_t vouch__duckdb_column_read(const vouch__duckdb *api, duckdb_handle vector, size_t n,
                                 vouch__duckdb_column *column)
{
    const void *data = api->vector_get_data(vector);
    const uint64_t *valid = api->vector_get_validity(vector);
    double *out = column->value;
    if (column->type == VOUCH_TEXT) {
        read_text(data, valid, n, column->text);
        return n;
    }
    bool common = read_common(column, data, n, out);
    if (common && !valid)
        return n;
    for (size_t i = 0; i < n; i++) {
        if (valid && !(valid[i / 64] >> (i % 64) & 1))
            out[i] = NAN;
        else if (!common && !whole_value(column, data, i, &out[i]))
            return i;
    }
    return n;
}
