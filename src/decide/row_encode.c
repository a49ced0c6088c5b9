/* A row as a client sends it becomes the numbers the model was fitted on. Every refusal names the column and
 * never the value, which is personal data. */
#include "decide/decider.h"

#include <math.h>
#include <string.h>

static size_t category_find(const vouch__input *input, const char *text)
{
    size_t low = 0, high = input->n_categories;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(input->category[mid], text);
        if (order == 0)
            return mid;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return SIZE_MAX;
}

static double category_code(const vouch__input *input, const char *text)
{
    size_t code = category_find(input, text);
    return code == SIZE_MAX ? VOUCH__UNSEEN : (double)code;
}

/* Do this input's categories look like numbers, so that a client may send them as such? */
static bool is_numeric(const vouch__input *input)
{
    double number;
    for (size_t c = 0; c < input->n_categories; c++)
        if (!vouch__double_read(input->category[c], strlen(input->category[c]), &number))
            return false;
    return input->n_categories > 0;
}

static vouch_status encode_category(vouch_ctx *ctx, const vouch__input *input, const vouch__json *node,
                                    double *out)
{
    char text[VOUCH__DOUBLE_MAX + 1];
    if (node->type == VOUCH__JSON_STRING && strlen(node->text) == node->len) {
        *out = category_code(input, node->text);
        return VOUCH_OK;
    }
    if (node->type == VOUCH__JSON_NUMBER && isfinite(node->number) && is_numeric(input)) {
        size_t len = vouch__double_text(node->number + 0.0, text); /* + 0: no minus zero */
        text[len] = '\0';
        *out = category_code(input, text);
        return VOUCH_OK;
    }
    return vouch__fail(ctx, VOUCH_E_DATA, "decide: column '%s' must be text or null", input->name);
}

static vouch_status encode_number(vouch_ctx *ctx, const vouch__input *input, const vouch__json *node,
                                  double *out)
{
    if (node->type == VOUCH__JSON_NUMBER && isfinite(node->number)) {
        *out = node->number;
        return VOUCH_OK;
    }
    if (node->type == VOUCH__JSON_BOOL) { /* flags are 0 and 1 in every table */
        *out = node->flag ? 1.0 : 0.0;
        return VOUCH_OK;
    }
    return vouch__fail(ctx, VOUCH_E_DATA, "decide: column '%s' must be a finite number or null", input->name);
}

/* Clients mostly send columns in the order they were listed to them: look at the next one first. */
static const vouch__json *member(const vouch__json *row, const vouch__json *last, const char *name)
{
    if (last && last->next && strcmp(last->next->key, name) == 0)
        return last->next;
    return vouch__json_get(row, name);
}

vouch_status vouch__row_encode(vouch_ctx *ctx, const vouch__inputs *inputs, const vouch__json *row,
                               double *out)
{
    if (!row || row->type != VOUCH__JSON_OBJECT)
        return vouch__fail(ctx, VOUCH_E_DATA, "decide: a row must be an object of column names and values");
    const vouch__json *node = NULL;
    for (size_t j = 0; j < inputs->n; j++) {
        const vouch__input *input = &inputs->at[j];
        vouch_status status = VOUCH_OK;
        node = member(row, node, input->name);
        if (!node)
            return vouch__fail(ctx, VOUCH_E_DATA, "decide: column '%s' is absent (null means missing)",
                               input->name);
        if (node->type == VOUCH__JSON_NULL)
            out[j] = NAN;
        else if (input->is_category)
            status = encode_category(ctx, input, node, &out[j]);
        else
            status = encode_number(ctx, input, node, &out[j]);
        if (status)
            return status;
    }
    return VOUCH_OK;
}
