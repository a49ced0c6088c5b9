/* The record of binning decisions: what people have put in the place of the automatic bins, and what that
 * costs in information value. */
#include "models/scorecard/card_fit.h"

#include "base/schema.h"

#include <math.h>
#include <string.h>

vouch_status vouch__card_check_overrides(vouch_ctx *ctx, const vouch__card_fitting *f)
{
    const vouch__overrides *all = f->data->overrides;
    const vouch__json *given = vouch__json_get(f->data->settings, "overrides");
    if (given && given->type != VOUCH__JSON_NULL && !all)
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "scorecard: overrides are read from a file by projects and recipes");
    for (size_t k = 0; all && k < all->n; k++) {
        bool found = false;
        for (size_t j = 0; j < f->inputs->n; j++)
            found = found || !strcmp(f->inputs->at[j].name, all->at[k].column);
        if (!found)
            return vouch__schema_fail(ctx, all->name, all->at[k].at, "'%s' is no input of the model",
                                      all->at[k].column);
    }
    return VOUCH_OK;
}

static void text(vouch__doc *doc, vouch__json *object, const char *key, const char *value)
{
    if (value)
        vouch__json_set(doc, object, key, vouch__json_text(doc, value));
}

/* "a | b | c": the ranges or sets of c in words. */
static vouch__json *labels(vouch_ctx *ctx, vouch__doc *doc, const vouch__inputs *inputs,
                           const vouch__card_input *c)
{
    char label[VOUCH__CARD_LABEL];
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 0);
    for (size_t b = 0; b < c->n_bins; b++) {
        if (c->bin[b].type == VOUCH__BIN_SPECIAL || c->bin[b].type == VOUCH__BIN_MISSING)
            continue;
        vouch__card_label(inputs, c, b, label, sizeof label);
        vouch__buf_fmt(&buf, "%s%s", b ? " | " : "", label);
    }
    vouch__json *node = vouch__json_bytes(doc, buf.at ? buf.at : "", buf.len);
    vouch__buf_free(&buf);
    return node;
}

/* Ranges whose WoE goes one way; sets have no order. */
static const char *way_of(const vouch__card_input *c)
{
    int up = 0, down = 0;
    for (size_t b = 1; b < c->n_bins && c->bin[b].type == VOUCH__BIN_RANGE; b++) {
        up += c->bin[b].woe > c->bin[b - 1].woe;
        down += c->bin[b].woe < c->bin[b - 1].woe;
    }
    return c->bin[0].type != VOUCH__BIN_RANGE ? "sets" : up && down ? "not one way" : up ? "rises" : "falls";
}

static void push(vouch__doc *doc, vouch__json *row, double value)
{
    vouch__json_push(doc, row, vouch__json_number(doc, value));
}

static void decisions(vouch_ctx *ctx, const vouch__card_fitting *f, const vouch__card *card, vouch__doc *doc,
                      vouch__json *rows)
{
    for (size_t j = 0; j < f->inputs->n; j++) {
        const vouch__override *o = vouch__override_of(f->data->overrides, f->inputs->at[j].name);
        const vouch__card_input *now = &f->at[j], *was = &f->automatic[j];
        if (!o)
            continue;
        for (size_t c = 0; c < card->n; c++) /* the card has taken the bins of what it keeps */
            if (card->at[c].input == j)
                now = &card->at[c];
        vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
        vouch__json_push(doc, row, vouch__json_text(doc, o->column));
        vouch__json_push(doc, row, vouch__json_text(doc, o->by));
        vouch__json_push(doc, row, vouch__json_text(doc, o->on ? o->on : ""));
        vouch__json_push(doc, row, vouch__json_text(doc, o->reason));
        vouch__json_push(doc, row, labels(ctx, doc, f->inputs, was));
        push(doc, row, was->iv);
        vouch__json_push(doc, row, labels(ctx, doc, f->inputs, now));
        push(doc, row, now->iv);
        push(doc, row, was->iv - now->iv);
        vouch__json_push(doc, row, vouch__json_text(doc, way_of(now)));
        vouch__json_push(doc, row, vouch__json_text(doc, now == &f->at[j] ? "no" : "yes"));
    }
}

vouch_status vouch__card_record(vouch_ctx *ctx, const vouch__card_fitting *f, vouch__card *card)
{
    static const char *const column[] = { "characteristic", "by",           "on",         "reason",
                                          "automatic_bins", "automatic_iv", "bins",       "iv",
                                          "cost_in_iv",     "woe",          "in_the_card" };
    const vouch__overrides *all = f->data->overrides;
    vouch__doc *doc = NULL;
    vouch__buf buf;
    if (!all || all->n == 0)
        return VOUCH_OK;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__buf_init(ctx, &buf, 0);
    vouch__json *root = vouch__json_object(doc);
    vouch__json *table = vouch__json_set(doc, root, "decisions", vouch__json_object(doc));
    vouch__json *names = vouch__json_set(doc, table, "columns", vouch__json_array(doc));
    for (size_t k = 0; k < sizeof column / sizeof *column; k++)
        vouch__json_push(doc, names, vouch__json_text(doc, column[k]));
    decisions(ctx, f, card, doc, vouch__json_set(doc, table, "rows", vouch__json_array(doc)));
    text(doc, root, "title", all->title);
    text(doc, root, "sha256", all->hash);
    text(doc, root, "signed_by", all->signer ? all->signer : "nobody: the file has no signature");
    text(doc, root, "signed_on", all->signed_on);
    text(doc, root, "key", all->key);
    text(doc, root, "of_all_others",
         "the automatic bins: the largest information value under the parameters");
    status = vouch__doc_status(ctx, doc);
    if (!status) {
        vouch__json_write(&buf, root);
        status = vouch__buf_status(ctx, &buf);
    }
    if (!status)
        card->record = vouch__buf_take(&buf);
    vouch__buf_free(&buf);
    if (status)
        vouch__doc_free(doc);
    else
        card->told = doc;
    return status;
}
