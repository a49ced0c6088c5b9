/* Pieces of PMML 4.4 (Data Mining Group, 2019). */
#include "models/pmml_text.h"

void vouch__pmml_escaped(vouch__buf *out, const char *text)
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

void vouch__pmml_attribute(vouch__buf *out, const char *name, const char *text)
{
    vouch__buf_fmt(out, " %s=\"", name);
    vouch__pmml_escaped(out, text);
    vouch__buf_text(out, "\"");
}

void vouch__pmml_begin(vouch__buf *out, const vouch_model *model, const bool *used)
{
    size_t n = 0;
    for (size_t j = 0; j < model->inputs.n; j++)
        n += used[j];
    vouch__buf_fmt(out,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\">\n"
                   "  <Header description=\"model file %s\">\n"
                   "    <Application name=\"vouch\" version=\"%s\"/>\n  </Header>\n"
                   "  <DataDictionary numberOfFields=\"%zu\">\n",
                   model->fingerprint, vouch_version(), n);
    for (size_t j = 0; j < model->inputs.n; j++) {
        if (!used[j])
            continue;
        vouch__buf_text(out, "    <DataField");
        vouch__pmml_attribute(out, "name", model->inputs.at[j].name);
        vouch__buf_text(out, model->inputs.at[j].is_category
                                 ? " optype=\"categorical\" dataType=\"string\"/>\n"
                                 : " optype=\"continuous\" dataType=\"double\"/>\n");
    }
    vouch__buf_text(out, "  </DataDictionary>\n");
}

void vouch__pmml_fields(vouch__buf *out, const vouch_model *model, const bool *used, const char *output)
{
    vouch__buf_text(out, "    <MiningSchema>\n");
    for (size_t j = 0; j < model->inputs.n; j++) {
        if (!used[j])
            continue;
        vouch__buf_text(out, "      <MiningField");
        vouch__pmml_attribute(out, "name", model->inputs.at[j].name);
        vouch__buf_text(out, " invalidValueTreatment=\"asIs\"/>\n");
    }
    vouch__buf_fmt(out,
                   "    </MiningSchema>\n    <Output>\n"
                   "      <OutputField name=\"%s\" feature=\"predictedValue\" optype=\"continuous\" "
                   "dataType=\"double\"/>\n    </Output>\n",
                   output);
}

void vouch__pmml_simple(vouch__buf *out, const char *input, const char *operator, const double * value)
{
    vouch__buf_text(out, "<SimplePredicate");
    vouch__pmml_attribute(out, "field", input);
    vouch__buf_fmt(out, " operator=\"%s\"", operator);
    if (value) {
        vouch__buf_text(out, " value=\"");
        vouch__buf_double(out, *value);
        vouch__buf_text(out, "\"");
    }
    vouch__buf_text(out, "/>");
}

void vouch__pmml_set(vouch__buf *out, const vouch__input *input, const uint8_t *in)
{
    size_t n = 0;
    for (size_t k = 0; k < input->n_categories; k++)
        n += in[k] != 0;
    vouch__buf_text(out, "<SimpleSetPredicate");
    vouch__pmml_attribute(out, "field", input->name);
    vouch__buf_fmt(out, " booleanOperator=\"isIn\"><Array type=\"string\" n=\"%zu\">", n);
    for (size_t k = 0; k < input->n_categories; k++) {
        if (!in[k])
            continue;
        vouch__buf_text(out, n-- ? "\"" : "");
        for (const char *at = input->category[k]; *at; at++) {
            char one[2] = { *at, 0 };
            vouch__buf_text(out, *at == '"' || *at == '\\' ? "\\" : ""); /* within an Array */
            vouch__pmml_escaped(out, one);
        }
        vouch__buf_text(out, n ? "\" " : "\"");
    }
    vouch__buf_text(out, "</Array></SimpleSetPredicate>");
}
