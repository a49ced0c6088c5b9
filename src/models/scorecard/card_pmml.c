/* A scorecard as PMML 4.4 (Data Mining Group, 2019, "Scorecard"): partial scores are the points, reason codes
 * the characteristics by how far their points lie below the training rows' mean. */
#include "models/pmml_text.h"
#include "models/scorecard/scorecard.h"

#include <math.h>
#include <string.h>

static void open_attribute(vouch__buf *out, int32_t points)
{
    vouch__buf_fmt(out, "        <Attribute partialScore=\"%d\">", points);
}

static void predicate(vouch__buf *out, const char *input, const char *operator, const double * value)
{
    vouch__pmml_simple(out, input, operator, value);
    vouch__buf_text(out, "</Attribute>\n");
}

static void numbers(vouch__buf *out, const vouch__card_input *c, const char *input)
{
    for (size_t pass = 0; pass < 2; pass++) /* the first that holds counts: special codes before ranges */
        for (size_t b = 0; b + 1 < c->n_bins; b++) {
            const vouch__bin *bin = &c->bin[b];
            if ((bin->type == VOUCH__BIN_SPECIAL) != (pass == 0))
                continue;
            open_attribute(out, bin->points);
            if (pass == 1 && bin->high == INFINITY)
                vouch__buf_text(out, "<True/></Attribute>\n");
            else
                predicate(out, input, pass == 0 ? "equal" : "lessOrEqual", &bin->high);
        }
}

/* in: room for the categories of any input. */
static void characteristic(const vouch_model *model, const vouch__card_input *c, uint8_t *in, vouch__buf *out)
{
    const vouch__input *input = &model->inputs.at[c->input];
    vouch__buf_text(out, "      <Characteristic");
    vouch__pmml_attribute(out, "name", input->name);
    vouch__pmml_attribute(out, "reasonCode", input->name);
    vouch__buf_text(out, " baselineScore=\"");
    vouch__buf_double(out, vouch__card_mean_points(c));
    vouch__buf_text(out, "\">\n");
    open_attribute(out, c->bin[c->n_bins - 1].points);
    predicate(out, input->name, "isMissing", NULL);
    if (!input->is_category)
        numbers(out, c, input->name);
    for (size_t b = 0; input->is_category && b + 1 < c->n_bins; b++)
        if (b != c->otherwise) {
            open_attribute(out, c->bin[b].points);
            for (size_t k = 0; k < input->n_categories; k++)
                in[k] = vouch__card_has(&c->bin[b], k);
            vouch__pmml_set(out, input, in);
            vouch__buf_text(out, "</Attribute>\n");
        }
    if (input->is_category) {
        open_attribute(out, c->bin[c->otherwise].points);
        vouch__buf_text(out, "<True/></Attribute>\n");
    }
    vouch__buf_text(out, "      </Characteristic>\n");
}

vouch_status vouch__card_pmml(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    const vouch__card *card = vouch__model_card(model);
    size_t mark = vouch__scratch_mark(ctx), most = 1;
    for (size_t j = 0; j < model->inputs.n; j++)
        most = model->inputs.at[j].n_categories > most ? model->inputs.at[j].n_categories : most;
    uint8_t *in = vouch__scratch(ctx, most, 1);
    bool *used = vouch__scratch(ctx, model->inputs.n + 1, sizeof *used);
    if (!used || !in)
        return vouch__oom(ctx);
    memset(used, 0, (model->inputs.n + 1) * sizeof *used);
    for (size_t c = 0; c < card->n; c++) /* inputs without a characteristic change nothing */
        used[card->at[c].input] = true;
    vouch__pmml_begin(out, model, used);
    vouch__buf_text(out, "  <Scorecard");
    vouch__pmml_attribute(out, "modelName", model->name);
    vouch__buf_fmt(out,
                   " functionName=\"regression\" initialScore=\"%d\" useReasonCodes=\"true\" "
                   "reasonCodeAlgorithm=\"pointsBelow\" baselineMethod=\"mean\">\n",
                   card->base_points);
    vouch__pmml_fields(out, model, used, "points");
    vouch__buf_text(out, "    <Characteristics>\n");
    for (size_t c = 0; c < card->n; c++)
        characteristic(model, &card->at[c], in, out);
    vouch__buf_text(out, "    </Characteristics>\n  </Scorecard>\n</PMML>\n");
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}
