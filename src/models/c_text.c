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

void vouch__c_name(const vouch_model *model, char out[VOUCH__C_NAME])
{
    const char *name = model->name;
    size_t n = 0;
    if (name[0] >= '0' && name[0] <= '9')
        out[n++] = '_';
    for (; *name && n + 1 < VOUCH__C_NAME; name++) {
        bool is_plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                        (*name >= '0' && *name <= '9');
        out[n++] = is_plain ? *name : '_';
    }
    out[n] = '\0';
}

void vouch__c_check(vouch__buf *out, const char *prefix)
{
    vouch__buf_fmt(
        out,
        "\n#ifdef VOUCH_CHECK /* cc -std=c11 -DVOUCH_CHECK FILE -o check && ./check < rows.csv\n"
        " * Of each line, the inputs in order and the raw score that is expected: is it given in every bit?\n"
        " * Missing is empty; texts of categories hold no comma. */\n"
        "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\n"
        "int main(void)\n"
        "{\n"
        "    static char line[1 << 20];\n"
        "    unsigned long rows = 0, same = 0;\n"
        "    while (fgets(line, sizeof line, stdin)) {\n"
        "        double row[INPUTS + 1], raw;\n"
        "        char *at = line;\n"
        "        for (unsigned j = 0; j <= INPUTS; j++) {\n"
        "            size_t length = strcspn(at, \",\\r\\n\");\n"
        "            char *next = at + length + (at[length] == ',');\n"
        "            at[length] = 0;\n"
        "            if (j < INPUTS && first_category[j] < first_category[j + 1] && length)\n"
        "                row[j] = %s_code(j, at);\n"
        "            else\n"
        "                row[j] = length ? strtod(at, 0) : MISSING;\n"
        "            at = next;\n"
        "        }\n"
        "        raw = %s_raw(row);\n"
        "        rows++;\n"
        "        same += memcmp(&raw, &row[INPUTS], sizeof raw) == 0 || (raw != raw && row[INPUTS] != "
        "row[INPUTS]);\n"
        "    }\n"
        "    printf(\"%%lu of %%lu rows have the same bits\\n\", same, rows);\n"
        "    return same != rows;\n"
        "}\n#endif\n",
        prefix, prefix);
}
