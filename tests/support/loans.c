/* Simulated loans as a table. */
#include "loans.h"

#include "data/simulate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLS = 24, PIECE = 1024 };

static const char *const name[COLS] = {
    "id",
    "application_date",
    "region",
    "postal_area",
    "employment_years",
    "home_ownership",
    "income",
    "savings",
    "purpose",
    "loan_amount",
    "term_months",
    "debt_to_income",
    "utilisation",
    "open_accounts",
    "inquiries_6m",
    "delinquencies_2y",
    "months_since_delinquency",
    "history_months",
    "service_calls",
    "service_calls_at",
    "sex",
    "ethnicity",
    "true_pd",
    "defaulted",
};
static const vouch_type type[COLS] = {
    VOUCH_INTEGER, VOUCH_DATE,    VOUCH_TEXT,    VOUCH_TEXT,    VOUCH_INTEGER, VOUCH_TEXT,
    VOUCH_INTEGER, VOUCH_INTEGER, VOUCH_TEXT,    VOUCH_INTEGER, VOUCH_INTEGER, VOUCH_NUMBER,
    VOUCH_NUMBER,  VOUCH_INTEGER, VOUCH_INTEGER, VOUCH_INTEGER, VOUCH_INTEGER, VOUCH_INTEGER,
    VOUCH_INTEGER, VOUCH_DATE,    VOUCH_TEXT,    VOUCH_TEXT,    VOUCH_NUMBER,  VOUCH_INTEGER,
};

typedef struct piece {
    double number[COLS][PIECE];
    const char *text[COLS][PIECE];
    char area[PIECE][4];
} piece;

static void put(piece *p, size_t i, const vouch__loan *loan)
{
    const double number[COLS] = {
        (double)loan->id,
        (double)loan->date,
        NAN,
        NAN,
        loan->employment_years,
        NAN,
        loan->income,
        loan->savings,
        NAN,
        loan->loan_amount,
        loan->term_months,
        loan->debt_to_income,
        loan->utilisation,
        loan->open_accounts,
        loan->inquiries_6m,
        loan->delinquencies_2y,
        loan->months_since_delinquency,
        loan->history_months,
        (double)loan->service_calls,
        (double)loan->service_calls_day,
        NAN,
        NAN,
        loan->true_pd,
        loan->defaulted ? 1 : 0,
    };
    for (size_t j = 0; j < COLS; j++)
        p->number[j][i] = number[j];
    (void)snprintf(p->area[i], sizeof p->area[i], "Z%02u", (unsigned)loan->postal_area % 100);
    p->text[2][i] = loan->region;
    p->text[3][i] = p->area[i];
    p->text[5][i] = loan->home_ownership;
    p->text[8][i] = loan->purpose;
    p->text[20][i] = loan->sex;
    p->text[21][i] = loan->ethnicity;
}

static vouch__fault fault_of(const char *word)
{
    return !word || !strcmp(word, "none") ? VOUCH__CLEAN
           : !strcmp(word, "leak")        ? VOUCH__LEAK
           : !strcmp(word, "proxy")       ? VOUCH__PROXY
                                          : VOUCH__DRIFT;
}

vouch_table *simulated_loans(vouch_ctx *ctx, size_t rows, uint64_t seed, const char *fault)
{
    const double *value[COLS];
    const char *const *text[COLS];
    vouch_table *table = NULL;
    vouch__table_builder *builder = NULL;
    piece *p = malloc(sizeof *p);
    vouch_status status = p ? vouch__table_builder_new(ctx, COLS, name, type, &builder) : VOUCH_E_NOMEM;
    for (size_t j = 0; j < COLS && !status; j++) {
        value[j] = p->number[j];
        text[j] = type[j] == VOUCH_TEXT ? p->text[j] : NULL;
    }
    for (size_t begin = 0; begin < rows && !status; begin += PIECE) {
        size_t n = rows - begin < PIECE ? rows - begin : PIECE;
        for (size_t i = 0; i < n; i++) {
            vouch__loan loan;
            vouch__loan_make(seed, begin + i, rows, fault_of(fault), &loan);
            put(p, i, &loan);
        }
        status = vouch__table_builder_add(ctx, builder, n, value, text);
    }
    if (!status)
        status = vouch__table_builder_end(ctx, builder, &table);
    vouch__table_builder_free(builder);
    free(p);
    return status ? NULL : table;
}

vouch__data_spec simulated_spec(const vouch_table *table, uint64_t seed)
{
    static size_t feature[COLS];
    static const vouch__column_rule rule[] = {
        { .name = "utilisation", .has_type = true, .type = VOUCH_NUMBER, .min = 0, .max = 1.5 },
        { .name = "service_calls", .min = 0, .max = NAN, .available_at = "service_calls_at" },
    };
    static const char *const not_modelled[] = { "id",        "application_date", "service_calls_at", "sex",
                                                "ethnicity", "true_pd",          "defaulted" };
    vouch__data_spec spec = { .rule = rule, .n_rules = 2, .feature = feature, .bad = 1, .seed = seed };
    for (size_t j = 0; j < vouch_table_cols(table); j++) {
        bool is_input = true;
        for (size_t k = 0; k < sizeof not_modelled / sizeof *not_modelled; k++)
            is_input = is_input && strcmp(vouch_table_name(table, j), not_modelled[k]) != 0;
        if (is_input)
            feature[spec.n_features++] = j;
    }
    spec.id = vouch_table_find(table, "id");
    spec.target = vouch_table_find(table, "defaulted");
    spec.time = vouch_table_find(table, "application_date");
    return spec;
}
