/* Rows are copied block by block; texts go by their text, so codes of different tables meet. */
#include "data/table_stack.h"

#include <math.h>

enum { BLOCK = 2048, PARTS_MAX = 2 };

typedef struct stack {
    vouch_ctx *ctx;
    size_t n_parts, cols;
    const vouch__stack_part *part;
    size_t (*from)[PARTS_MAX]; /* [cols] the column of each part */
    const char **name;
    vouch_type *type;
    double **value;     /* [cols][BLOCK] */
    const char ***text; /* [cols][BLOCK], for texts */
} stack;

static bool is_numeric(vouch_type type)
{
    return type == VOUCH_NUMBER || type == VOUCH_INTEGER || type == VOUCH_FLAG;
}

/* The type that holds both, or false. */
static bool common_type(vouch_type a, vouch_type b, vouch_type *out)
{
    *out = a;
    if (a == b)
        return true;
    if (!is_numeric(a) || !is_numeric(b))
        return false;
    *out = a == VOUCH_NUMBER || b == VOUCH_NUMBER ? VOUCH_NUMBER : VOUCH_INTEGER;
    return true;
}

static void choose_columns(stack *s)
{
    const vouch_table *first = s->part[0].table;
    for (size_t j = 0; j < vouch_table_cols(first); j++) {
        bool everywhere = true;
        vouch_type type = vouch_table_type(first, j);
        s->from[s->cols][0] = j;
        for (size_t p = 1; p < s->n_parts && everywhere; p++) {
            size_t at = vouch_table_find(s->part[p].table, vouch_table_name(first, j));
            everywhere = at != SIZE_MAX && common_type(type, vouch_table_type(s->part[p].table, at), &type);
            s->from[s->cols][p] = at;
        }
        if (!everywhere)
            continue;
        s->name[s->cols] = vouch_table_name(first, j);
        s->type[s->cols++] = type;
    }
}

static vouch_status room(stack *s)
{
    size_t most = vouch_table_cols(s->part[0].table) + 1;
    s->from = vouch__scratch(s->ctx, most, sizeof *s->from);
    s->name = vouch__scratch(s->ctx, most, sizeof *s->name);
    s->type = vouch__scratch(s->ctx, most, sizeof *s->type);
    s->value = vouch__scratch(s->ctx, most, sizeof *s->value);
    s->text = vouch__scratch(s->ctx, most, sizeof *s->text);
    if (!s->from || !s->name || !s->type || !s->value || !s->text)
        return vouch__oom(s->ctx);
    choose_columns(s);
    for (size_t j = 0; j < s->cols; j++) {
        s->value[j] = vouch__scratch(s->ctx, BLOCK, sizeof **s->value);
        s->text[j] = s->type[j] == VOUCH_TEXT ? vouch__scratch(s->ctx, BLOCK, sizeof **s->text) : NULL;
        if (!s->value[j] || (s->type[j] == VOUCH_TEXT && !s->text[j]))
            return vouch__oom(s->ctx);
    }
    return VOUCH_OK;
}

static void read_block(const stack *s, size_t p, size_t begin, size_t n)
{
    const vouch__stack_part *part = &s->part[p];
    for (size_t j = 0; j < s->cols; j++) {
        size_t col = s->from[j][p];
        if (part->row)
            vouch__table_gather(part->table, col, n, part->row + begin, s->value[j]);
        else
            vouch_table_read(part->table, col, begin, begin + n, s->value[j]);
        for (size_t i = 0; s->text[j] && i < n; i++)
            s->text[j][i] = isnan(s->value[j][i])
                                ? NULL
                                : vouch_table_category(part->table, col, (size_t)s->value[j][i]);
    }
}

static vouch_status fill(const stack *s, vouch__table_builder *builder)
{
    for (size_t p = 0; p < s->n_parts; p++)
        for (size_t begin = 0; begin < s->part[p].n; begin += BLOCK) {
            size_t n = s->part[p].n - begin < BLOCK ? s->part[p].n - begin : BLOCK;
            vouch_status status = vouch__poll(s->ctx);
            if (status)
                return status;
            read_block(s, p, begin, n);
            status = vouch__table_builder_add(s->ctx, builder, n, (const double *const *)s->value,
                                              (const char *const *const *)s->text);
            if (status)
                return status;
        }
    return VOUCH_OK;
}

vouch_status vouch__table_stack(vouch_ctx *ctx, size_t n_parts, const vouch__stack_part *part,
                                vouch_table **out_table)
{
    stack s = { .ctx = ctx, .n_parts = n_parts, .part = part };
    vouch__table_builder *builder = NULL;
    size_t mark = vouch__scratch_mark(ctx);
    if (n_parts == 0 || n_parts > PARTS_MAX)
        return vouch__fail(ctx, VOUCH_E_ARG, "stack: %zu parts, must be 1 or %d", n_parts, PARTS_MAX);
    vouch_status status = room(&s);
    if (!status)
        status = vouch__table_builder_new(ctx, s.cols, s.name, s.type, &builder);
    if (!status)
        status = fill(&s, builder);
    if (!status)
        status = vouch__table_builder_end(ctx, builder, out_table);
    vouch__table_builder_free(builder);
    vouch__scratch_reset(ctx, mark);
    return status;
}
