/* Arrow columns, read without trust: a producer may be wrong about everything the interface lets us see. What
 * it does not let us see is how long a buffer is; for that its word is taken, as everybody's is who uses
 * Arrow. Values are loaded byte by byte because nothing promises that a buffer is aligned. */
#include "data/arrow_column.h"

#include <math.h>
#include <string.h>

static bool is_text(vouch__arrow_form form)
{
    return form == VOUCH__ARROW_UTF8 || form == VOUCH__ARROW_LARGE_UTF8;
}

static bool is_index(vouch__arrow_form form)
{
    return form >= VOUCH__ARROW_INT8 && form <= VOUCH__ARROW_UINT64;
}

static bool read_form(const char *format, vouch__arrow_form *out)
{
    static const char letter[] = "nbcCsSiIlLfguU";
    static const vouch__arrow_form of_letter[] = {
        VOUCH__ARROW_NULL,  VOUCH__ARROW_BOOL,       VOUCH__ARROW_INT8,  VOUCH__ARROW_UINT8,
        VOUCH__ARROW_INT16, VOUCH__ARROW_UINT16,     VOUCH__ARROW_INT32, VOUCH__ARROW_UINT32,
        VOUCH__ARROW_INT64, VOUCH__ARROW_UINT64,     VOUCH__ARROW_FLOAT, VOUCH__ARROW_DOUBLE,
        VOUCH__ARROW_UTF8,  VOUCH__ARROW_LARGE_UTF8,
    };
    static const struct {
        const char *begins;
        vouch__arrow_form form;
    } times[] = { { "tss:", VOUCH__ARROW_SECONDS },
                  { "tsm:", VOUCH__ARROW_MILLIS },
                  { "tsu:", VOUCH__ARROW_MICROS },
                  { "tsn:", VOUCH__ARROW_NANOS } };
    const char *at = format[0] && !format[1] ? strchr(letter, format[0]) : NULL;
    if (at) {
        *out = of_letter[at - letter];
        return true;
    }
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (!strncmp(format, times[i].begins, strlen(times[i].begins))) {
            *out = times[i].form;
            return true;
        }
    *out = VOUCH__ARROW_DATE32;
    return !strcmp(format, "tdD");
}

static vouch_type type_of(vouch__arrow_form form)
{
    if (is_index(form))
        return VOUCH_INTEGER;
    switch (form) {
    case VOUCH__ARROW_BOOL: return VOUCH_FLAG;
    case VOUCH__ARROW_UTF8:
    case VOUCH__ARROW_LARGE_UTF8: return VOUCH_TEXT;
    case VOUCH__ARROW_DATE32: return VOUCH_DATE;
    case VOUCH__ARROW_SECONDS:
    case VOUCH__ARROW_MILLIS:
    case VOUCH__ARROW_MICROS:
    case VOUCH__ARROW_NANOS: return VOUCH_TIME;
    default: return VOUCH_NUMBER;
    }
}

vouch_status vouch__arrow_column_make(vouch_ctx *ctx, const struct ArrowSchema *schema,
                                      vouch__arrow_column *out_column)
{
    vouch__arrow_column c = { .name = schema->name };
    if (!c.name || !vouch__utf8_valid(c.name, strlen(c.name)))
        return vouch__fail(ctx, VOUCH_E_FORMAT, "import: a column's name is absent or not valid UTF-8");
    if (!schema->format || !read_form(schema->format, &c.form))
        return vouch__fail(ctx, VOUCH_E_FORMAT,
                           "import: column '%.60s' has the Arrow format '%.20s', which is "
                           "not accepted",
                           c.name, schema->format ? schema->format : "");
    c.type = type_of(c.form);
    if (schema->dictionary) {
        const char *text = schema->dictionary->format;
        if (!is_index(c.form) || !text || !read_form(text, &c.text) || !is_text(c.text) ||
            schema->dictionary->dictionary)
            return vouch__fail(ctx, VOUCH_E_FORMAT,
                               "import: column '%.60s' is a dictionary of the Arrow format "
                               "'%.20s', only text is accepted",
                               c.name, text ? text : "");
        c.is_dictionary = true;
        c.type = VOUCH_TEXT;
    }
    *out_column = c;
    return VOUCH_OK;
}

static vouch_status bad(vouch_ctx *ctx, const char *name, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_FORMAT, "import: column '%.60s': %s", name, what);
}

static vouch_status check_buffers(vouch_ctx *ctx, const char *name, vouch__arrow_form form,
                                  const struct ArrowArray *a)
{
    int64_t wanted = form == VOUCH__ARROW_NULL ? 0 : is_text(form) ? 3 : 2;
    if (a->length < 0 || a->offset < 0 || a->length > INT64_MAX / 16 || a->offset > INT64_MAX / 16)
        return bad(ctx, name, "a length or an offset is out of range");
    if (a->null_count < -1 || a->null_count > a->length)
        return bad(ctx, name, "the null count is out of range");
    if (a->n_children != 0)
        return bad(ctx, name, "children where there can be none");
    if (a->n_buffers != wanted || (wanted > 0 && !a->buffers))
        return bad(ctx, name, "the number of buffers is wrong for the type");
    if (wanted == 0 || a->length == 0)
        return VOUCH_OK;
    if (!a->buffers[1])
        return bad(ctx, name, "a buffer is absent");
    if (a->null_count > 0 && !a->buffers[0])
        return bad(ctx, name, "nulls are announced and no mask says which");
    return VOUCH_OK;
}

static int64_t text_edge(vouch__arrow_form form, const struct ArrowArray *a, int64_t i)
{
    const char *offsets = a->buffers[1];
    int32_t narrow;
    int64_t wide;
    if (form == VOUCH__ARROW_LARGE_UTF8) {
        memcpy(&wide, offsets + (size_t)(a->offset + i) * sizeof wide, sizeof wide);
        return wide;
    }
    memcpy(&narrow, offsets + (size_t)(a->offset + i) * sizeof narrow, sizeof narrow);
    return narrow;
}

/* Offsets of texts rise from at least 0. Once they do, every text lies within the last one. */
static vouch_status check_texts(vouch_ctx *ctx, const char *name, vouch__arrow_form form,
                                const struct ArrowArray *a, int64_t n)
{
    if (a->length == 0)
        return VOUCH_OK;
    int64_t before = text_edge(form, a, 0);
    if (before < 0)
        return bad(ctx, name, "a text offset is negative");
    for (int64_t i = 1; i <= n; i++) {
        int64_t edge = text_edge(form, a, i);
        if (edge < before)
            return bad(ctx, name, "text offsets fall");
        before = edge;
    }
    if (before > 0 && !a->buffers[2])
        return bad(ctx, name, "the text buffer is absent");
    return VOUCH_OK;
}

vouch_status vouch__arrow_column_check(vouch_ctx *ctx, const vouch__arrow_column *column,
                                       const struct ArrowArray *array, int64_t need)
{
    const struct ArrowArray *dictionary = array->dictionary;
    vouch_status status = check_buffers(ctx, column->name, column->form, array);
    if (status)
        return status;
    if (array->length < need)
        return bad(ctx, column->name, "it is shorter than the batch");
    if (!column->is_dictionary && dictionary)
        return bad(ctx, column->name, "a dictionary that the schema does not have");
    if (!column->is_dictionary)
        return is_text(column->form) ? check_texts(ctx, column->name, column->form, array, need) : VOUCH_OK;
    if (!dictionary || dictionary->dictionary)
        return bad(ctx, column->name, "its dictionary is absent or nested");
    status = check_buffers(ctx, column->name, column->text, dictionary);
    if (!status && dictionary->length > UINT32_MAX)
        status = bad(ctx, column->name, "its dictionary is too long");
    return status ? status : check_texts(ctx, column->name, column->text, dictionary, dictionary->length);
}

static bool is_valid(const struct ArrowArray *a, int64_t i)
{
    const uint8_t *mask = a->n_buffers > 0 ? a->buffers[0] : NULL;
    int64_t at = a->offset + i;
    return !mask || (mask[at / 8] >> (at % 8) & 1);
}

/* A whole number of any width; false when it is beyond int64. */
static bool whole(vouch__arrow_form form, const struct ArrowArray *a, int64_t i, int64_t *out)
{
    const char *data = a->buffers[1];
    size_t at = (size_t)(a->offset + i);
    switch (form) {
#define WIDTH(name, type)                                                                                    \
    case VOUCH__ARROW_##name: {                                                                              \
        type x;                                                                                              \
        memcpy(&x, data + at * sizeof x, sizeof x);                                                          \
        *out = (int64_t)x;                                                                                   \
        return true;                                                                                         \
    }
        WIDTH(INT8, int8_t)
        WIDTH(UINT8, uint8_t)
        WIDTH(INT16, int16_t)
        WIDTH(UINT16, uint16_t)
        WIDTH(INT32, int32_t)
        WIDTH(DATE32, int32_t)
        WIDTH(UINT32, uint32_t)
#undef WIDTH
    case VOUCH__ARROW_UINT64: {
        uint64_t x;
        memcpy(&x, data + at * sizeof x, sizeof x);
        *out = (int64_t)(x & INT64_MAX);
        return x <= INT64_MAX;
    }
    default: memcpy(out, data + at * sizeof *out, sizeof *out); return true;
    }
}

/* A time as microseconds; false when a double can't hold it exactly. */
static bool time_value(vouch__arrow_form form, int64_t x, double *out)
{
    int64_t us = x;
    if (form == VOUCH__ARROW_SECONDS && __builtin_mul_overflow(x, 1000000, &us))
        return false;
    if (form == VOUCH__ARROW_MILLIS && __builtin_mul_overflow(x, 1000, &us))
        return false;
    if (form == VOUCH__ARROW_NANOS)
        us = x / 1000 - (x % 1000 < 0);
    *out = (double)us;
    return fabs(*out) <= 0x1p62 && (int64_t)*out == us;
}

static vouch_status intern(vouch_ctx *ctx, const vouch__arrow_column *c, vouch__arrow_form form,
                           const struct ArrowArray *a, int64_t i, vouch__table_builder *builder, size_t col,
                           double *out)
{
    int64_t begin = text_edge(form, a, i), end = text_edge(form, a, i + 1);
    const char *text = a->buffers[2] ? (const char *)a->buffers[2] + begin : "";
    if (!vouch__utf8_valid(text, (size_t)(end - begin)))
        return bad(ctx, c->name, "a text is not valid UTF-8");
    return vouch__table_intern(ctx, builder, col, text, (size_t)(end - begin), out);
}

static vouch_status from_dictionary(vouch_ctx *ctx, const vouch__arrow_column *c, const struct ArrowArray *a,
                                    int64_t i, vouch__table_builder *builder, size_t col, double *code,
                                    double *out)
{
    const struct ArrowArray *dictionary = a->dictionary;
    int64_t index;
    if (!whole(c->form, a, i, &index) || index < 0 || index >= dictionary->length)
        return bad(ctx, c->name, "an index lies outside its dictionary");
    if (code[index] == -1) {
        code[index] = NAN;
        vouch_status status = is_valid(dictionary, index)
                                  ? intern(ctx, c, c->text, dictionary, index, builder, col, &code[index])
                                  : VOUCH_OK;
        if (status)
            return status;
    }
    *out = code[index];
    return VOUCH_OK;
}

static vouch_status number(vouch_ctx *ctx, const vouch__arrow_column *c, const struct ArrowArray *a,
                           int64_t i, double *out)
{
    size_t at = (size_t)(a->offset + i);
    const char *data = a->buffers[1];
    float single;
    int64_t x;
    if (c->form == VOUCH__ARROW_DOUBLE) {
        memcpy(out, data + at * sizeof *out, sizeof *out);
    } else if (c->form == VOUCH__ARROW_FLOAT) {
        memcpy(&single, data + at * sizeof single, sizeof single);
        *out = (double)single;
    } else if (c->form == VOUCH__ARROW_BOOL) {
        *out = (uint8_t)data[at / 8] >> (at % 8) & 1;
    } else {
        bool fits = whole(c->form, a, i, &x);
        if (c->type == VOUCH_TIME && !time_value(c->form, x, out))
            return vouch__fail(ctx, VOUCH_E_DATA, "import: column '%.60s' holds a time out of range",
                               c->name);
        if (c->type == VOUCH_TIME)
            return VOUCH_OK;
        if (!fits || x > (INT64_C(1) << 53) || x < -(INT64_C(1) << 53))
            return vouch__fail(ctx, VOUCH_E_DATA, "import: column '%.60s' holds a whole number beyond 2^53",
                               c->name);
        *out = (double)x;
    }
    return VOUCH_OK;
}

vouch_status vouch__arrow_column_read(vouch_ctx *ctx, const vouch__arrow_column *column,
                                      const struct ArrowArray *array, int64_t begin, int64_t n,
                                      vouch__table_builder *builder, size_t col, double *code, double *out)
{
    vouch_status status = VOUCH_OK;
    for (int64_t k = 0; k < n && !status; k++) {
        int64_t i = begin + k;
        if (column->form == VOUCH__ARROW_NULL || !is_valid(array, i))
            out[k] = NAN;
        else if (column->is_dictionary)
            status = from_dictionary(ctx, column, array, i, builder, col, code, &out[k]);
        else if (column->type == VOUCH_TEXT)
            status = intern(ctx, column, column->form, array, i, builder, col, &out[k]);
        else
            status = number(ctx, column, array, i, &out[k]);
    }
    return status;
}
