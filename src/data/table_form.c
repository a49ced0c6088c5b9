/* Blocks: choosing the narrowest exact form, and reading it back. */
#include "data/table_form.h"

#include <float.h>
#include <string.h>

typedef struct shape {
    bool constant, whole, single;
    double low, high; /* of what is not missing; low > high when nothing is there */
} shape;

static bool fits_float(double x) { return isinf(x) || (fabs(x) <= (double)FLT_MAX && (double)(float)x == x); }

static shape shape_of(size_t n, const double *x)
{
    shape s = { .constant = true, .whole = true, .single = true, .low = INFINITY, .high = -INFINITY };
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] == x[0] || (isnan(x[i]) && isnan(x[0]))))
            s.constant = false;
        if (isnan(x[i]))
            continue;
        s.low = x[i] < s.low ? x[i] : s.low;
        s.high = x[i] > s.high ? x[i] : s.high;
        s.whole = s.whole && fabs(x[i]) < 0x1p31 && (double)(int32_t)x[i] == x[i];
        s.single = s.single && fits_float(x[i]);
    }
    return s;
}

static vouch__form form_of(const shape *s)
{
    if (s->constant)
        return VOUCH__CONSTANT;
    if (s->whole && s->low > INT8_MIN && s->high <= INT8_MAX)
        return VOUCH__INT8;
    if (s->whole && s->low > INT16_MIN && s->high <= INT16_MAX)
        return VOUCH__INT16;
    if (s->whole && s->low > INT32_MIN)
        return VOUCH__INT32;
    return s->single ? VOUCH__FLOAT : VOUCH__DOUBLE;
}

static void store(const vouch__block *block, size_t n, const double *x)
{
    int8_t *i8 = block->at;
    int16_t *i16 = block->at;
    int32_t *i32 = block->at;
    float *f32 = block->at;
    double *f64 = block->at;
    switch (block->form) {
    case VOUCH__CONSTANT: break;
    case VOUCH__INT8:
        for (size_t i = 0; i < n; i++)
            i8[i] = isnan(x[i]) ? INT8_MIN : (int8_t)x[i];
        break;
    case VOUCH__INT16:
        for (size_t i = 0; i < n; i++)
            i16[i] = isnan(x[i]) ? INT16_MIN : (int16_t)x[i];
        break;
    case VOUCH__INT32:
        for (size_t i = 0; i < n; i++)
            i32[i] = isnan(x[i]) ? INT32_MIN : (int32_t)x[i];
        break;
    case VOUCH__FLOAT:
        for (size_t i = 0; i < n; i++)
            f32[i] = isnan(x[i]) ? (float)NAN : (float)x[i] + 0.0F; /* -0 becomes 0 */
        break;
    case VOUCH__DOUBLE:
        for (size_t i = 0; i < n; i++)
            f64[i] = isnan(x[i]) ? (double)NAN : x[i] + 0.0;
        break;
    }
}

vouch_status vouch__block_make(vouch_ctx *ctx, size_t n, const double *x, vouch__block *out_block)
{
    static const size_t width[] = { 0, 1, 2, 4, 4, 8 };
    shape s = shape_of(n, x);
    vouch__block block = { .form = form_of(&s) };
    if (block.form == VOUCH__CONSTANT) {
        block.constant = isnan(x[0]) ? (double)NAN : x[0] + 0.0;
    } else {
        block.at = vouch__alloc(ctx, n, width[block.form]);
        if (!block.at)
            return vouch__oom(ctx);
        store(&block, n, x);
    }
    *out_block = block;
    return VOUCH_OK;
}

void vouch__block_read(const vouch__block *block, size_t begin, size_t n, double *out)
{
    const int8_t *i8 = block->at;
    const int16_t *i16 = block->at;
    const int32_t *i32 = block->at;
    const float *f32 = block->at;
    const double *f64 = block->at;
    switch (block->form) {
    case VOUCH__CONSTANT:
        for (size_t i = 0; i < n; i++)
            out[i] = block->constant;
        break;
    case VOUCH__INT8:
        for (size_t i = 0; i < n; i++)
            out[i] = i8[begin + i] == INT8_MIN ? (double)NAN : i8[begin + i];
        break;
    case VOUCH__INT16:
        for (size_t i = 0; i < n; i++)
            out[i] = i16[begin + i] == INT16_MIN ? (double)NAN : i16[begin + i];
        break;
    case VOUCH__INT32:
        for (size_t i = 0; i < n; i++)
            out[i] = i32[begin + i] == INT32_MIN ? (double)NAN : i32[begin + i];
        break;
    case VOUCH__FLOAT:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)f32[begin + i];
        break;
    case VOUCH__DOUBLE: memcpy(out, f64 + begin, n * sizeof *out); break;
    }
}

void vouch__block_gather(const vouch__block *block, uint32_t base, size_t n, const uint32_t *row, double *out)
{
    const int8_t *i8 = block->at;
    const int16_t *i16 = block->at;
    const int32_t *i32 = block->at;
    const float *f32 = block->at;
    const double *f64 = block->at;
    switch (block->form) {
    case VOUCH__CONSTANT:
        for (size_t i = 0; i < n; i++)
            out[i] = block->constant;
        break;
    case VOUCH__INT8:
        for (size_t i = 0; i < n; i++)
            out[i] = i8[row[i] - base] == INT8_MIN ? (double)NAN : i8[row[i] - base];
        break;
    case VOUCH__INT16:
        for (size_t i = 0; i < n; i++)
            out[i] = i16[row[i] - base] == INT16_MIN ? (double)NAN : i16[row[i] - base];
        break;
    case VOUCH__INT32:
        for (size_t i = 0; i < n; i++)
            out[i] = i32[row[i] - base] == INT32_MIN ? (double)NAN : i32[row[i] - base];
        break;
    case VOUCH__FLOAT:
        for (size_t i = 0; i < n; i++)
            out[i] = (double)f32[row[i] - base];
        break;
    case VOUCH__DOUBLE:
        for (size_t i = 0; i < n; i++)
            out[i] = f64[row[i] - base];
        break;
    }
}
