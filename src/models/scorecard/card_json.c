/* A scorecard's bins as JSON, for programs that run it from data: docs/scorecard.md says how they are read.
 */
#include "models/scorecard/scorecard.h"

#include <math.h>

static void add_number(vouch__doc *doc, vouch__json *object, const char *key, double value)
{
    (void)vouch__json_set(doc, object, key, vouch__json_number(doc, value));
}

static void write_bin(vouch__doc *doc, const vouch__input *input, const vouch__bin *bin, vouch__json *out)
{
    static const char *const type[] = { "range", "set", "special", "missing" };
    (void)vouch__json_set(doc, out, "type", vouch__json_text(doc, type[bin->type]));
    if (bin->type == VOUCH__BIN_RANGE && !isinf(bin->low))
        add_number(doc, out, "above", bin->low);
    if (bin->type == VOUCH__BIN_RANGE && !isinf(bin->high))
        add_number(doc, out, "up_to", bin->high);
    if (bin->type == VOUCH__BIN_SPECIAL)
        add_number(doc, out, "equals", bin->low);
    if (bin->type == VOUCH__BIN_SET) {
        vouch__json *list = vouch__json_set(doc, out, "in", vouch__json_array(doc));
        for (size_t k = 0; k < input->n_categories; k++)
            if (vouch__card_has(bin, k))
                (void)vouch__json_push(doc, list, vouch__json_text(doc, input->category[k]));
    }
    add_number(doc, out, "points", bin->points);
}

/* The tree; what fails sticks to doc. */
static void build(const vouch_model *model, vouch__doc *doc)
{
    const vouch__card *card = vouch__model_card(model);
    vouch__json *root = vouch__json_object(doc); /* the first made is the document's */
    (void)vouch__json_set(doc, root, "form", vouch__json_text(doc, "vouch-scorecard-1"));
    (void)vouch__json_set(doc, root, "model", vouch__json_text(doc, model->fingerprint));
    add_number(doc, root, "base_points", card->base_points);
    add_number(doc, root, "offset", card->offset);
    add_number(doc, root, "factor", card->factor);
    vouch__json *list = vouch__json_set(doc, root, "characteristics", vouch__json_array(doc));
    for (size_t c = 0; c < card->n; c++) {
        const vouch__card_input *at = &card->at[c];
        const vouch__input *input = &model->inputs.at[at->input];
        vouch__json *one = vouch__json_push(doc, list, vouch__json_object(doc));
        (void)vouch__json_set(doc, one, "input", vouch__json_text(doc, input->name));
        if (input->is_category)
            add_number(doc, one, "otherwise", (double)at->otherwise);
        vouch__json *bins = vouch__json_set(doc, one, "bins", vouch__json_array(doc));
        for (size_t b = 0; b < at->n_bins; b++)
            write_bin(doc, input, &at->bin[b], vouch__json_push(doc, bins, vouch__json_object(doc)));
    }
}

vouch_status vouch__card_form_json(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    vouch__doc *doc = NULL;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    build(model, doc);
    status = vouch__doc_status(ctx, doc);
    if (!status)
        vouch__json_write(out, vouch__doc_root(doc));
    vouch__doc_free(doc);
    return status;
}
