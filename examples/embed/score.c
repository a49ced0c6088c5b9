/* Scores a CSV file of plain values (no quotes) by a model file: the first line names columns, those that are
 * no inputs are passed over, an empty value is missing. Prints raw and probability, a line a row. After the
 * start nothing is allocated, looked up or locked, so any number of threads could share the scorer.
 *
 *   cc -std=c17 score.c $(pkg-config --cflags --libs vouch) -o score
 *   ./score model.vouch < rows.csv */
#include <vouch/models.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 1000, LINE = 65536 };

/* Cut a line into at most COLUMNS values; returns how many. */
static size_t cut(char *line, char **out)
{
    size_t n = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at && n < COLUMNS; n++) {
        char *comma = strchr(at, ',');
        if (comma)
            *comma = '\0';
        out[n] = at;
        at = comma ? comma + 1 : NULL;
    }
    return n;
}

/* The value of an input: a number as it is, a category as its code, NaN where missing. */
static double value_of(const vouch_scorer *scorer, size_t input, const char *text)
{
    char *end;
    double code = vouch_scorer_code(scorer, input, *text ? text : NULL);
    double number = strtod(text, &end);
    return isnan(code) && *text && *end == '\0' ? number : code; /* a number's code is NaN */
}

static int score(const vouch_model *model, const vouch_scorer *scorer, double *row)
{
    static char line[LINE], *value[COLUMNS];
    size_t input[COLUMNS], n_inputs = vouch_model_inputs(model), n = 0, found = 0;
    if (fgets(line, sizeof line, stdin))
        n = cut(line, value);
    for (size_t k = 0; k < n; k++) {
        input[k] = 0;
        while (input[k] < n_inputs && strcmp(vouch_model_input_name(model, input[k]), value[k]) != 0)
            input[k]++;
        found += input[k] < n_inputs;
    }
    if (found != n_inputs) {
        fprintf(stderr, "score: the first line names %zu of the model's %zu inputs\n", found, n_inputs);
        return 1;
    }
    while (fgets(line, sizeof line, stdin)) {
        char raw_text[32], probability_text[32];
        double raw;
        size_t m = cut(line, value);
        for (size_t k = 0; k < n; k++)
            if (input[k] < n_inputs)
                row[input[k]] = value_of(scorer, input[k], k < m ? value[k] : "");
        vouch_scorer_row(scorer, row, &raw);
        (void)vouch_number_text(raw, raw_text);
        (void)vouch_number_text(vouch_scorer_probability(scorer, raw), probability_text);
        printf("%s,%s\n", raw_text, probability_text);
    }
    return ferror(stdin) || fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *model = NULL;
    vouch_scorer *scorer = NULL;
    double *row = NULL;
    int code = 1;
    if (!ctx || argc != 2) {
        fprintf(stderr, "usage: score MODEL < rows.csv\n");
        goto done;
    }
    if (vouch_model_load(ctx, argv[1], &model) || vouch_scorer_new(ctx, model, &scorer)) {
        fprintf(stderr, "score: %s\n", vouch_ctx_error(ctx));
        goto done;
    }
    row = calloc(vouch_model_inputs(model) + 1, sizeof *row);
    if (row)
        code = score(model, scorer, row);
done:
    free(row);
    vouch_scorer_free(scorer);
    vouch_model_free(model);
    vouch_ctx_free(ctx);
    return code;
}
