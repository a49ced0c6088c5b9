/* A scorecard as PMML 4.4 (Data Mining Group, 2019, "Scorecard"): partial scores are the points, reason codes
 * the characteristics by how far their points lie below the training rows' mean. */
#include "models/scorecard/scorecard.h"

#include <math.h>
#include <string.h>

static void escaped(vouch__buf *out, const char *text)
{
    for (; *text; text++) {
        const char *as = *text == '&'    ? "&amp;"
                         : *text == '<'  ? "&lt;"
                         : *text == '>'  ? "&gt;"
                         : *text == '"'  ? "&quot;"
                         : *text == '\n' ? "&#10;"
                         : *text == '\r' ? "&#13;"
                         : *text == '\t' ? "&#9;"
                                         : NULL;
        if (as)
            vouch__buf_text(out, as);
        else if ((unsigned char)*text >= ' ')
            vouch__buf_add(out, text, 1);
        else
            vouch__buf_text(out, "\xef\xbf\xbd"); /* XML 1.0 has no place for control characters */
    }
}

static void attribute(vouch__buf *out, const char *name, const char *text)
{
    vouch__buf_fmt(out, " %s=\"", name);
    escaped(out, text);
    vouch__buf_text(out, "\"");
}

static void dictionary(const vouch_model *model, vouch__buf *out)
{
    const vouch__card *card = vouch__model_card(model);
    vouch__buf_fmt(out, "  <DataDictionary numberOfFields=\"%zu\">\n", card->n);
    for (size_t c = 0; c < card->n; c++) { /* inputs without a characteristic change nothing */
        const vouch__input *input = &model->inputs.at[card->at[c].input];
        vouch__buf_text(out, "    <DataField");
        attribute(out, "name", input->name);
        vouch__buf_text(out, input->is_category ? " optype=\"categorical\" dataType=\"string\"/>\n"
                                                : " optype=\"continuous\" dataType=\"double\"/>\n");
    }
    vouch__buf_text(out, "  </DataDictionary>\n");
}

static void open_attribute(vouch__buf *out, int32_t points)
{
    vouch__buf_fmt(out, "        <Attribute partialScore=\"%d\">", points);
}

static void predicate(vouch__buf *out, const char *input, const char *operator, const double * value)
{
    vouch__buf_text(out, "<SimplePredicate");
    attribute(out, "field", input);
    vouch__buf_fmt(out, " operator=\"%s\"", operator);
    if (value) {
        vouch__buf_text(out, " value=\"");
        vouch__buf_double(out, *value);
        vouch__buf_text(out, "\"");
    }
    vouch__buf_text(out, "/></Attribute>\n");
}

static void set(vouch__buf *out, const vouch__input *input, const vouch__bin *bin)
{
    size_t n = 0;
    for (size_t k = 0; k < input->n_categories; k++)
        n += vouch__card_has(bin, k);
    vouch__buf_text(out, "<SimpleSetPredicate");
    attribute(out, "field", input->name);
    vouch__buf_fmt(out, " booleanOperator=\"isIn\"><Array type=\"string\" n=\"%zu\">", n);
    for (size_t k = 0; k < input->n_categories; k++) {
        if (!vouch__card_has(bin, k))
            continue;
        vouch__buf_text(out, n-- ? "\"" : "");
        for (const char *at = input->category[k]; *at; at++) {
            char one[2] = { *at, 0 };
            vouch__buf_text(out, *at == '"' || *at == '\\' ? "\\" : ""); /* within an Array */
            escaped(out, one);
        }
        vouch__buf_text(out, n ? "\" " : "\"");
    }
    vouch__buf_text(out, "</Array></SimpleSetPredicate></Attribute>\n");
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

static void characteristic(const vouch_model *model, const vouch__card_input *c, vouch__buf *out)
{
    const vouch__input *input = &model->inputs.at[c->input];
    vouch__buf_text(out, "      <Characteristic");
    attribute(out, "name", input->name);
    attribute(out, "reasonCode", input->name);
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
            set(out, input, &c->bin[b]);
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
    (void)ctx;
    vouch__buf_fmt(out,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\">\n"
                   "  <Header description=\"model file %s\">\n"
                   "    <Application name=\"vouch\" version=\"%s\"/>\n  </Header>\n",
                   model->fingerprint, vouch_version());
    dictionary(model, out);
    vouch__buf_text(out, "  <Scorecard");
    attribute(out, "modelName", model->name);
    vouch__buf_fmt(out,
                   " functionName=\"regression\" initialScore=\"%d\" useReasonCodes=\"true\" "
                   "reasonCodeAlgorithm=\"pointsBelow\" baselineMethod=\"mean\">\n    <MiningSchema>\n",
                   card->base_points);
    for (size_t c = 0; c < card->n; c++) {
        vouch__buf_text(out, "      <MiningField");
        attribute(out, "name", model->inputs.at[card->at[c].input].name);
        vouch__buf_text(out, " invalidValueTreatment=\"asIs\"/>\n");
    }
    vouch__buf_text(out,
                    "    </MiningSchema>\n    <Output>\n"
                    "      <OutputField name=\"points\" feature=\"predictedValue\" optype=\"continuous\" "
                    "dataType=\"double\"/>\n    </Output>\n    <Characteristics>\n");
    for (size_t c = 0; c < card->n; c++)
        characteristic(model, &card->at[c], out);
    vouch__buf_text(out, "    </Characteristics>\n  </Scorecard>\n</PMML>\n");
    return VOUCH_OK;
}
