/* Sets of sketches as bytes and together. The file is little-endian: "VSKETCH1", length of what follows up to
 * the hash (u64), rows (f64), columns (u32); of each its name, type (u8) and what its view holds; SHA-256. */
#include "monitor/sketch_set.h"

#include "base/hash.h"
#include "data/table.h"
#include "models/wire.h"

#include <string.h>

enum { MAGIC = 8, HEADER = 16, COLS_MAX = 1 << 16 };
static const char magic[] = "VSKETCH1";

void vouch__sketch_set_free(vouch__sketch_set *set)
{
    if (!set)
        return;
    vouch_alloc alloc = set->alloc;
    for (size_t j = 0; set->col && j < set->cols; j++) {
        vouch__free(&alloc, set->col[j].name);
        vouch__sketch_free(set->col[j].numbers);
        vouch__tally_free(set->col[j].texts);
    }
    vouch__free(&alloc, set->col);
    vouch__free(&alloc, set);
}

bool vouch__is_sketch_file(const char *name)
{
    static const char ending[] = ".sketch";
    size_t len = strlen(name), n = sizeof ending - 1;
    return len > n && !strcmp(name + len - n, ending);
}

size_t vouch__sketch_set_find(const vouch__sketch_set *set, const char *name)
{
    for (size_t j = 0; j < set->cols; j++)
        if (!strcmp(set->col[j].name, name))
            return j;
    return SIZE_MAX;
}

vouch_status vouch__sketch_set_merge(vouch_ctx *ctx, vouch__sketch_set *into, const vouch__sketch_set *from)
{
    for (size_t j = 0; j < from->cols; j++)
        if (vouch__sketch_set_find(into, from->col[j].name) == SIZE_MAX)
            return vouch__fail(ctx, VOUCH_E_DATA, "sketch: column '%s' is not in all sets",
                               from->col[j].name);
    for (size_t j = 0; j < into->cols; j++) {
        vouch__sketch_column *a = &into->col[j];
        size_t at = vouch__sketch_set_find(from, a->name);
        if (at == SIZE_MAX)
            return vouch__fail(ctx, VOUCH_E_DATA, "sketch: column '%s' is not in all sets", a->name);
        const vouch__sketch_column *b = &from->col[at];
        if (vouch__type_kind(a->type) != vouch__type_kind(b->type))
            return vouch__fail(ctx, VOUCH_E_DATA,
                               "sketch: column '%s' is of type %s in one set and of type %s in another",
                               a->name, vouch_type_name(a->type), vouch_type_name(b->type));
        vouch_status status = a->texts ? vouch__tally_merge(ctx, a->texts, b->texts)
                                       : vouch__sketch_merge(ctx, a->numbers, b->numbers);
        if (status)
            return status;
        if (a->type != b->type)
            a->type = VOUCH_NUMBER;
    }
    into->rows += from->rows;
    return VOUCH_OK;
}

/* ---- writing ---- */

static void put_numbers(vouch__buf *out, const vouch__sketch *sketch)
{
    vouch__sketch_view v;
    vouch__sketch_view_of(sketch, &v);
    const double head[] = { v.n, v.missing, v.over, v.under, v.moved, v.mean, v.square, v.finite };
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        vouch__put_f64(out, head[i]);
    vouch__put_u32(out, (uint32_t)v.points);
    for (size_t i = 0; i < v.points; i++) {
        vouch__put_f64(out, v.x[i]);
        vouch__put_f64(out, v.upto[i]);
    }
}

static void put_texts(vouch__buf *out, const vouch__tally *tally)
{
    vouch__tally_view v;
    vouch__tally_view_of(tally, &v);
    vouch__put_f64(out, v.n);
    vouch__put_f64(out, v.missing);
    vouch__put_f64(out, v.error);
    vouch__put_u32(out, (uint32_t)v.texts);
    for (size_t i = 0; i < v.texts; i++) {
        vouch__put_f64(out, v.at[i].count);
        vouch__put_u32(out, (uint32_t)v.at[i].len);
        vouch__buf_add(out, v.at[i].text, v.at[i].len);
    }
}

vouch_status vouch__sketch_set_write(vouch_ctx *ctx, const vouch__sketch_set *set, vouch__buf *out)
{
    vouch__buf body;
    uint8_t hash[VOUCH__HASH];
    vouch__buf_init(ctx, &body, 0);
    vouch__put_f64(&body, set->rows);
    vouch__put_u32(&body, (uint32_t)set->cols);
    for (size_t j = 0; j < set->cols; j++) {
        vouch__put_text(&body, set->col[j].name);
        vouch__put_u8(&body, (uint8_t)set->col[j].type);
        if (set->col[j].texts)
            put_texts(&body, set->col[j].texts);
        else
            put_numbers(&body, set->col[j].numbers);
    }
    vouch_status status = vouch__buf_status(ctx, &body);
    vouch__buf_add(out, magic, MAGIC);
    vouch__put_u64(out, body.len);
    if (!status)
        vouch__buf_add(out, body.at, body.len);
    vouch__buf_free(&body);
    if (!status)
        status = vouch__buf_status(ctx, out);
    if (!status)
        status = vouch__hash(ctx, out->at, out->len, hash);
    if (!status)
        vouch__buf_add(out, hash, sizeof hash);
    return status ? status : vouch__buf_status(ctx, out);
}

/* ---- reading ---- */

static vouch_status get_numbers(vouch_ctx *ctx, vouch__wire *in, vouch__sketch **out)
{
    vouch__sketch_view v = { .n = vouch__get_f64(in) };
    v.missing = vouch__get_f64(in);
    v.over = vouch__get_f64(in);
    v.under = vouch__get_f64(in);
    v.moved = vouch__get_f64(in);
    v.mean = vouch__get_f64(in);
    v.square = vouch__get_f64(in);
    v.finite = vouch__get_f64(in);
    v.points = vouch__get_count(in, 2 * sizeof(double));
    size_t mark = vouch__scratch_mark(ctx);
    double *x = vouch__scratch(ctx, v.points + 1, sizeof *x);
    double *upto = vouch__scratch(ctx, v.points + 1, sizeof *upto);
    if (!x || !upto)
        return vouch__oom(ctx);
    for (size_t i = 0; i < v.points; i++) {
        x[i] = vouch__get_f64(in);
        upto[i] = vouch__get_f64(in);
    }
    v.x = x;
    v.upto = upto;
    vouch_status status = vouch__sketch_from(ctx, &v, out);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status get_texts(vouch_ctx *ctx, vouch__wire *in, vouch__tally **out)
{
    vouch__tally_view v = { .n = vouch__get_f64(in) };
    v.missing = vouch__get_f64(in);
    v.error = vouch__get_f64(in);
    v.texts = vouch__get_count(in, sizeof(double) + sizeof(uint32_t));
    size_t mark = vouch__scratch_mark(ctx);
    vouch__tally_entry *at = vouch__scratch(ctx, v.texts + 1, sizeof *at);
    if (!at)
        return vouch__oom(ctx);
    for (size_t i = 0; i < v.texts; i++) {
        at[i].count = vouch__get_f64(in);
        at[i].len = vouch__get_count(in, 1);
        at[i].text = (const char *)vouch__get_bytes(in, at[i].len);
        if (!at[i].text) /* none there, or an end too soon */
            at[i] = (vouch__tally_entry){ "", 0, at[i].count };
    }
    v.at = at;
    vouch_status status = vouch__tally_from(ctx, &v, out);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static double values_of(const vouch__sketch_column *c, double *missing)
{
    vouch__sketch_view numbers = { .n = 0 };
    vouch__tally_view texts = { .n = 0 };
    if (c->texts)
        vouch__tally_view_of(c->texts, &texts);
    else
        vouch__sketch_view_of(c->numbers, &numbers);
    *missing = numbers.missing + texts.missing;
    return numbers.n + texts.n;
}

double vouch__sketch_column_count(const vouch__sketch_column *column)
{
    double missing;
    return values_of(column, &missing);
}

static vouch_status get_column(vouch_ctx *ctx, const char *name, vouch__wire *in, vouch__sketch_set *set)
{
    vouch__sketch_column *c = &set->col[set->cols];
    size_t len = vouch__get_count(in, 1);
    const char *text = (const char *)vouch__get_bytes(in, len);
    unsigned type = vouch__get_u8(in);
    if (!text || memchr(text, '\0', len) || !vouch__utf8_valid(text, len) || type > VOUCH_TIME)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "%s: column %zu has no valid name or type", name,
                           set->cols + 1);
    c->name = vouch__alloc(ctx, len + 1, 1);
    if (!c->name)
        return vouch__oom(ctx);
    memcpy(c->name, text, len);
    c->type = (vouch_type)type;
    bool is_known = vouch__sketch_set_find(set, c->name) != SIZE_MAX;
    set->cols++; /* from here it is freed with the set */
    if (is_known)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "%s: column '%s' stands there twice", name, c->name);
    vouch_status status = c->type == VOUCH_TEXT ? get_texts(ctx, in, &c->texts)
                                                : get_numbers(ctx, in, &c->numbers);
    double missing = 0.0;
    if (!status && values_of(c, &missing) + missing != set->rows)
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "it does not have the set's number of rows");
    return status ? vouch__because(ctx, status, "%s: column '%s'", name, c->name) : VOUCH_OK;
}

vouch_status vouch__sketch_set_read(vouch_ctx *ctx, const char *name, const void *bytes, size_t len,
                                    vouch__sketch_set **out_set)
{
    vouch__wire in = { .at = bytes, .left = len };
    uint8_t hash[VOUCH__HASH];
    const uint8_t *begins = vouch__get_bytes(&in, MAGIC);
    uint64_t body = vouch__get_u64(&in);
    if (!begins || memcmp(begins, magic, MAGIC) != 0)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "%s: not a file of sketches", name);
    if (in.is_short || in.left < VOUCH__HASH || body != in.left - VOUCH__HASH)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "%s: the file is not whole", name);
    vouch_status status = vouch__hash(ctx, bytes, len - VOUCH__HASH, hash);
    if (!status && memcmp(hash, (const uint8_t *)bytes + len - VOUCH__HASH, VOUCH__HASH) != 0)
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "%s: the file was changed: its hash is another", name);
    if (status)
        return status;
    in.left -= VOUCH__HASH;
    vouch__sketch_set *set = vouch__alloc(ctx, 1, sizeof *set);
    if (!set)
        return vouch__oom(ctx);
    set->alloc = *vouch__allocator(ctx);
    set->rows = vouch__get_f64(&in);
    size_t cols = vouch__get_count(&in, 4 + 1 + 3 * sizeof(double) + 4);
    if (in.is_short || cols > COLS_MAX || !(set->rows >= 0.0 && set->rows <= 0x1p53))
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "%s: its numbers of rows and columns can't be", name);
    if (!status) {
        set->col = vouch__alloc(ctx, cols + 1, sizeof *set->col);
        status = set->col ? VOUCH_OK : vouch__oom(ctx);
    }
    for (size_t j = 0; set->col && j < cols && !status; j++)
        status = get_column(ctx, name, &in, set);
    if (!status && (in.is_short || in.left))
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "%s: the file is not whole", name);
    if (status)
        vouch__sketch_set_free(set);
    else
        *out_set = set;
    return status;
}
