/* A scorecard as one C11 file that includes nothing: its bins as tables, and one small loop over them. */
#include "models/c_text.h"
#include "models/scorecard/scorecard.h"

#include <math.h>

static void bin(vouch__buf *out, char test, double high, int32_t points)
{
    vouch__buf_fmt(out, "    { '%c', ", test);
    vouch__c_number(out, high);
    vouch__buf_fmt(out, ", %d },\n", points);
}

/* In the order in which they are asked: missing, special codes, then ranges or categories; the last always
 * holds. Returns how many. */
static size_t write_bins(const vouch_model *model, const vouch__card_input *c, vouch__buf *out)
{
    const vouch__input *input = &model->inputs.at[c->input];
    size_t n = 1;
    bin(out, 'm', 0.0, c->bin[c->n_bins - 1].points);
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t b = 0; b + 1 < c->n_bins; b++) {
            const vouch__bin *at = &c->bin[b];
            if ((at->type == VOUCH__BIN_SPECIAL) != (pass == 0))
                continue;
            if (at->type != VOUCH__BIN_SET) {
                bin(out, pass == 0 ? '=' : '<', at->high, at->points);
                n++;
                continue;
            }
            for (size_t k = 0; k < input->n_categories; k++)
                if (vouch__card_has(at, k) && b != c->otherwise) {
                    bin(out, '=', (double)k, at->points);
                    n++;
                }
        }
    if (input->is_category) {
        bin(out, '<', INFINITY, c->bin[c->otherwise].points);
        n++;
    }
    return n;
}

static vouch_status characteristics(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    const vouch__card *card = vouch__model_card(model);
    size_t first = 0;
    vouch__buf begin;
    vouch__buf_init(ctx, &begin, 0);
    vouch__buf_text(
        out, "/* A value is missing ('m'), equal to the bound ('='), or at most as large ('<'). */\n"
             "static const struct {\n    char test;\n    double bound;\n    int points;\n} bin[] = {\n");
    for (size_t c = 0; c < card->n; c++) {
        vouch__buf_fmt(&begin, "    { %zu, %zu },\n", card->at[c].input, first);
        first += write_bins(model, &card->at[c], out);
    }
    vouch__buf_fmt(out,
                   "    { '<', HUGE, 0 },\n};\nenum { CHARACTERISTICS = %zu, BASE_POINTS = %d };\n"
                   "static const struct {\n    unsigned input, first_bin;\n} characteristic[] = {\n",
                   card->n, card->base_points);
    if (begin.len > 0)
        vouch__buf_add(out, begin.at, begin.len);
    vouch__buf_text(out, "    { 0, 0 },\n};\n\n");
    vouch_status status = vouch__buf_status(ctx, &begin);
    vouch__buf_free(&begin);
    return status;
}

static const char functions[] =
    "/* Points of a case: x[j] is input j, a number as it is, a category as its code, NaN where missing. */\n"
    "int card_points(const double *x)\n"
    "{\n"
    "    int points = BASE_POINTS;\n"
    "    for (unsigned c = 0; c < CHARACTERISTICS; c++) {\n"
    "        double value = x[characteristic[c].input];\n"
    "        unsigned b = characteristic[c].first_bin;\n"
    "        while (!(bin[b].test == 'm' ? value != value\n"
    "                 : bin[b].test == '=' ? value == bin[b].bound : value <= bin[b].bound))\n"
    "            b++;\n"
    "        points += bin[b].points;\n"
    "    }\n"
    "    return points;\n"
    "}\n"
    "\n"
    "/* Log-odds of the bad event. */\n"
    "double card_log_odds(int points) { return (OFFSET - (double)points) / FACTOR; }\n";

vouch_status vouch__card_c(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    const vouch__card *card = vouch__model_card(model);
    vouch__buf_fmt(
        out,
        "/* Scorecard, model file %s.\n * card_points(x) gives the integer points, larger is safer. Written "
        "by vouch %s; don't edit. */\n#define HUGE __builtin_inf()\n#define OFFSET ",
        model->fingerprint, vouch_version());
    vouch__c_number(out, card->offset);
    vouch__buf_text(out, "\n#define FACTOR ");
    vouch__c_number(out, card->factor);
    vouch__buf_text(out, "\n\n");
    vouch__c_inputs(out, &model->inputs, "card");
    vouch_status status = characteristics(ctx, model, out);
    vouch__buf_text(out, functions);
    return status;
}
