/* A kind of model that only tests know. */
#include "formula.h"

#include "num/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PRODUCTS = 8 };

typedef struct formula {
    size_t n, n_products;
    double constant, linear[64];
    struct {
        size_t a, b;
        double weight;
    } product[PRODUCTS];
    vouch__input input[64];
    vouch_model model;
    struct formula *next;
} formula;

static formula *made; /* reachable when the program ends */

static double known(double x) { return isnan(x) ? 0.0 : x; }

static void predict(const void *state, vouch__matrix x, double *raw)
{
    const formula *f = state;
    for (size_t i = 0; i < x.rows; i++) {
        const double *row = x.at + i * x.cols;
        raw[i] = f->constant;
        for (size_t j = 0; j < f->n; j++)
            raw[i] += f->linear[j] * known(row[j]);
        for (size_t k = 0; k < f->n_products; k++)
            raw[i] += f->product[k].weight * known(row[f->product[k].a]) * known(row[f->product[k].b]);
    }
}

static double probability(const void *state, double raw)
{
    (void)state;
    return vouch__sigmoid(raw);
}

static const vouch__model_kind kind = {
    .name = "formula", .title = "Formula", .predict = predict, .probability = probability
};

static formula *start(void)
{
    formula *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->next = made;
    made = f;
    f->model = (vouch_model){ .kind = &kind, .inputs = { .at = f->input }, .state = f };
    return f;
}

static void add_input(formula *f, const vouch_table *table, const char *name, double weight)
{
    vouch__input *in = &f->input[f->n];
    size_t col = vouch_table_find(table, name);
    in->name = strdup(name);
    if (col != SIZE_MAX && vouch_table_type(table, col) == VOUCH_TEXT) {
        in->is_category = true;
        in->n_categories = vouch_table_categories(table, col);
        in->category = calloc(in->n_categories + 1, sizeof(char *));
        for (size_t c = 0; c < in->n_categories; c++) { /* sorted, as a model has them */
            const char *text = vouch_table_category(table, col, c);
            size_t at = c;
            for (; at > 0 && strcmp(in->category[at - 1], text) > 0; at--)
                in->category[at] = in->category[at - 1];
            in->category[at] = strdup(text);
        }
    }
    f->linear[f->n++] = weight;
    f->model.inputs.n = f->n;
}

static size_t input_named(const formula *f, const char *name)
{
    for (size_t j = 0; j < f->n; j++)
        if (!strcmp(f->input[j].name, name))
            return j;
    fail_msg("no input '%s' in the formula", name);
    return 0;
}

const vouch_model *formula_model(const vouch_table *table, const vouch__json *node)
{
    formula *f = start();
    f->constant = vouch__json_double(vouch__json_get(node, "constant"), 0.0);
    for (const vouch__json *at = golden_at(node, "linear")->first; at; at = at->next)
        add_input(f, table, at->key, vouch__json_double(at, 0.0));
    const vouch__json *products = vouch__json_get(node, "products");
    for (const vouch__json *at = products ? products->first : NULL; at; at = at->next) {
        assert_true(f->n_products < PRODUCTS);
        size_t a = input_named(f, vouch__json_string(vouch__json_at(at, 0)));
        size_t b = input_named(f, vouch__json_string(vouch__json_at(at, 1)));
        f->product[f->n_products].a = a;
        f->product[f->n_products].b = b;
        f->product[f->n_products++].weight = vouch__json_double(vouch__json_at(at, 2), 0.0);
    }
    return &f->model;
}

const vouch_model *formula_of_features(const vouch_table *table, size_t n, const size_t *feature)
{
    formula *f = start();
    for (size_t j = 0; j < n; j++)
        add_input(f, table, vouch_table_name(table, feature[j]), 1.0 / (double)(j + 1));
    if (n > 1) {
        f->n_products = 1;
        f->product[0].b = 1;
        f->product[0].weight = 0.25;
    }
    return &f->model;
}
