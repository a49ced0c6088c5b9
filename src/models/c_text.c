/* C literals that mean exactly what is to be said, and the tables of a model's inputs. */
#include "models/c_text.h"

#include <math.h>
#include <string.h>

/* What is not plain is written in octal, which ends after three digits. */
void vouch__c_string(vouch__buf *out, const char *text)
{
    vouch__buf_text(out, "\"");
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte >= ' ' && byte < 127 && !strchr("\"\\?", byte))
            vouch__buf_add(out, text, 1);
        else
            vouch__buf_fmt(out, "\\%03o", byte);
    }
    vouch__buf_text(out, "\"");
}

void vouch__c_number(vouch__buf *out, double value)
{
    char text[VOUCH__DOUBLE_MAX];
    vouch__double_text(value, text);
    if (isinf(value))
        vouch__buf_text(out, value < 0 ? "-HUGE" : "HUGE");
    else
        vouch__buf_fmt(out, strpbrk(text, ".e") ? "%s" : "%s.0", text);
}

void vouch__c_inputs(vouch__buf *out, const vouch__inputs *inputs, const char *prefix)
{
    size_t first = 0;
    vouch__buf_fmt(out, "enum { INPUTS = %zu };\nconst char *const %s_input[INPUTS + 1] = {\n", inputs->n,
                   prefix);
    for (size_t j = 0; j < inputs->n; j++) {
        vouch__buf_text(out, "    ");
        vouch__c_string(out, inputs->at[j].name);
        vouch__buf_text(out, ",\n");
    }
    vouch__buf_text(
        out, "    0,\n};\n\n/* Texts of all inputs, one after the other; codes of an input count from 0. */\n"
             "static const char *const category[] = {\n");
    for (size_t j = 0; j < inputs->n; j++)
        for (size_t k = 0; k < inputs->at[j].n_categories; k++) {
            vouch__buf_text(out, "    ");
            vouch__c_string(out, inputs->at[j].category[k]);
            vouch__buf_text(out, ",\n");
        }
    vouch__buf_text(out, "    0,\n};\nstatic const unsigned first_category[INPUTS + 1] = { 0");
    for (size_t j = 0; j < inputs->n; j++) {
        first += inputs->at[j].n_categories;
        vouch__buf_fmt(out, ", %zu", first);
    }
    vouch__buf_fmt(out,
                   " };\n\n"
                   "/* The code of a category of an input, or -1: never seen when the model was made. */\n"
                   "double %s_code(unsigned input, const char *text)\n"
                   "{\n"
                   "    for (unsigned k = first_category[input]; k < first_category[input + 1]; k++) {\n"
                   "        unsigned i = 0;\n"
                   "        while (text[i] && text[i] == category[k][i])\n"
                   "            i++;\n"
                   "        if (text[i] == category[k][i])\n"
                   "            return (double)(k - first_category[input]);\n"
                   "    }\n"
                   "    return -1.0;\n"
                   "}\n\n",
                   prefix);
}
