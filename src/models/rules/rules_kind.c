/* The kind rules: its parameters, its words, its file. Its saved form:
 *   1. u8 1 when falling · f64 objective, bound, lists examined
 *   2. lines: count, at least 1, then for each: u8 conditions (0 of the last, else 1 or 2), each u8 op, u32
 * input, f64 value · 6 x f64 its tally · f64 raw
 *   3. the part of kind gbdt: the tree that answers alike, which is checked */
#include "models/rules/rules.h"

#include "models/tell.h"
#include "models/trees_c.h"
#include "models/trees_io.h"
#include "models/wire.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
static const vouch__param params[VOUCH__RULES_PARAMS] = {
    [VOUCH__RULES_MOST] = { "rules", VOUCH__PARAM_INTEGER, 1, VOUCH__RULES_LIMIT, 6, NULL, "rules", "Most rules, besides the last for everybody else." },
    [VOUCH__RULES_PENALTY] = { "penalty", VOUCH__PARAM_REAL, 0, 10, 0.001, NULL, "", "What a rule must gain, as mean log-loss." },
    [VOUCH__RULES_MIN_ROWS] = { "min_rows", VOUCH__PARAM_INTEGER, 1, 1e8, 50, NULL, "rows", "Least number of training rows that a rule takes." },
    [VOUCH__RULES_CUTS] = { "cuts", VOUCH__PARAM_INTEGER, 1, 100, 9, NULL, "cuts", "Quantiles of a number that conditions are made of." },
    [VOUCH__RULES_POOL] = { "pool", VOUCH__PARAM_INTEGER, 2, VOUCH__RULES_POOL_MAX, 40, NULL, "rules", "How many candidate rules are searched, those of largest gain." },
    [VOUCH__RULES_CONDITIONS] = { "conditions", VOUCH__PARAM_INTEGER, 1, 2, 2, NULL, "conditions", "Most conditions of a rule." },
    [VOUCH__RULES_FALLING] = { "falling", VOUCH__PARAM_FLAG, 0, 1, 1, NULL, "", "Whether the risk may only fall from rule to rule." },
    [VOUCH__RULES_NODES] = { "nodes", VOUCH__PARAM_INTEGER, 1, 1000000, 3000, NULL, "lists", "Most lists that are extended before the search ends without proof." },
};
/* clang-format on */

static void condition_text(const vouch__inputs *inputs, const vouch__condition *c, char *out, size_t cap)
{
    const vouch__input *input = &inputs->at[c->input];
    char number[VOUCH__DOUBLE_MAX];
    (void)vouch__double_text(c->value, number);
    if (c->op == VOUCH__IS_MISSING)
        (void)snprintf(out, cap, "%.80s is missing", input->name);
    else if (c->op == VOUCH__IS)
        (void)snprintf(out, cap, "%.80s = %.80s", input->name, input->category[(size_t)c->value]);
    else
        (void)snprintf(out, cap, "%.80s %s %s", input->name, c->op == VOUCH__UP_TO ? "<=" : ">", number);
}

static void describe(const void *state, const vouch__inputs *inputs, vouch__doc *doc, vouch__json *object)
{
    static const char *const column[] = { "rule", "rows", "risk", "low", "high", "tune_rows", "tune_risk" };
    const vouch__rules *r = state;
    vouch__json_set(doc, object, "falling", vouch__json_bool(doc, r->is_falling));
    vouch__tell_number(doc, object, "objective", r->objective);
    vouch__tell_number(doc, object, "lower_bound", r->bound);
    vouch__tell_number(doc, object, "gap", r->objective - r->bound);
    vouch__tell_number(doc, object, "lists_examined", r->examined);
    vouch__json *rows = vouch__tell_table(doc, object, "rules", column, sizeof column / sizeof column[0]);
    for (size_t k = 0; k < r->n; k++) {
        const vouch__rule_line *l = &r->line[k];
        char a[200] = "", b[200] = "";
        vouch__json *row = vouch__json_push(doc, rows, vouch__json_array(doc));
        if (l->n)
            condition_text(inputs, &l->at[0], a, sizeof a);
        if (l->n > 1)
            condition_text(inputs, &l->at[1], b, sizeof b);
        const char *word = l->n == 0 ? (k ? "else" : "everybody") : k ? "else if " : "if ";
        vouch__json_push(doc, row, vouch__json_fmt(doc, "%s%s%s%s", word, a, l->n > 1 ? " and " : "", b));
        vouch__tree_push_rates(&l->tally, true, doc, row);
    }
}

static void save(const void *state, vouch__buf *out)
{
    const vouch__rules *r = state;
    vouch__put_u8(out, r->is_falling);
    vouch__put_f64(out, r->objective);
    vouch__put_f64(out, r->bound);
    vouch__put_f64(out, r->examined);
    vouch__put_u32(out, (uint32_t)r->n);
    for (size_t k = 0; k < r->n; k++) {
        const vouch__rule_line *l = &r->line[k];
        vouch__put_u8(out, (uint8_t)l->n);
        for (size_t i = 0; i < l->n; i++) {
            vouch__put_u8(out, (uint8_t)l->at[i].op);
            vouch__put_u32(out, (uint32_t)l->at[i].input);
            vouch__put_f64(out, l->at[i].value);
        }
        vouch__tree_put_tally(&l->tally, out);
        vouch__put_f64(out, l->raw);
    }
    vouch__kind_gbdt.save(r->tree.forest, out);
}

static bool load_condition(vouch__wire *in, const vouch__inputs *inputs, vouch__condition *c)
{
    uint8_t op = vouch__get_u8(in);
    c->input = vouch__get_u32(in);
    c->value = vouch__get_f64(in);
    if (in->is_short || op >= VOUCH__RULE_OPS || c->input >= inputs->n || !isfinite(c->value))
        return false;
    const vouch__input *input = &inputs->at[c->input];
    c->op = (vouch__rule_op)op;
    if (op == VOUCH__IS)
        return input->is_category && c->value >= 0.0 && c->value < (double)input->n_categories &&
               c->value == floor(c->value);
    return !input->is_category && (op != VOUCH__IS_MISSING || c->value == 0.0);
}

static bool load_lines(vouch__wire *in, const vouch__inputs *inputs, vouch__rules *r)
{
    uint8_t falling = vouch__get_u8(in);
    r->is_falling = falling;
    r->objective = vouch__get_f64(in);
    r->bound = vouch__get_f64(in);
    r->examined = vouch__get_f64(in);
    r->n = vouch__get_count(in, 57);
    if (in->is_short || falling > 1 || r->n < 1 || r->n > VOUCH__RULES_LIMIT + 1)
        return false;
    for (size_t k = 0; k < r->n; k++) {
        vouch__rule_line *l = &r->line[k];
        l->n = vouch__get_u8(in);
        if (l->n > 2 || (l->n == 0) != (k + 1 == r->n))
            return false;
        for (size_t i = 0; i < l->n; i++)
            if (!load_condition(in, inputs, &l->at[i]))
                return false;
        if (!vouch__tree_get_tally(in, &l->tally))
            return false;
        l->raw = vouch__get_f64(in);
        if (!isfinite(l->raw))
            return false;
    }
    return true;
}

/* Covers aside: they are facts of the rows. */
static bool same_trees(const vouch__trees *a, const vouch__trees *b)
{
    if (a->n_trees != b->n_trees || a->n_nodes != b->n_nodes || a->n_bits != b->n_bits || a->base != b->base)
        return false;
    for (size_t k = 0; k < a->n_nodes; k++) {
        const vouch__node *x = &a->node[k], *y = &b->node[k];
        if (x->left != y->left || x->right != y->right || x->input != y->input ||
            x->is_category != y->is_category || x->default_left != y->default_left || x->rule != y->rule ||
            x->bits_at != y->bits_at || x->n_bits != y->n_bits || x->threshold != y->threshold ||
            x->value != y->value)
            return false;
    }
    return a->n_bits == 0 || memcmp(a->bits, b->bits, a->n_bits * sizeof *a->bits) == 0;
}

static vouch_status load(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                         void **state)
{
    vouch__wire in = { bytes, len, false };
    vouch__trees again = { .n_trees = 0 };
    void *forest = NULL;
    vouch__rules *r = vouch__alloc(ctx, 1, sizeof *r);
    if (!r)
        return vouch__oom(ctx);
    vouch_status status = load_lines(&in, inputs, r)
                              ? VOUCH_OK
                              : vouch__fail(ctx, VOUCH_E_FORMAT,
                                            "model file: a rule is cut short or out of range");
    if (!status)
        status = vouch__kind_gbdt.load(ctx, inputs, in.at, in.left, &forest);
    r->tree.forest = forest;
    if (!status)
        status = vouch__rules_tree(ctx, inputs, r, 0, NULL, NULL, &again);
    if (!status &&
        (r->tree.forest->loss != VOUCH__LOSS_LOGISTIC || !same_trees(&again, &r->tree.forest->trees)))
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "model file: the rules and their tree do not answer alike");
    vouch__trees_clear(vouch__allocator(ctx), &again);
    if (status)
        vouch__tree_free(vouch__allocator(ctx), r);
    else
        *state = r;
    return status;
}

const vouch__model_kind vouch__kind_rules = {
    .name = "rules",
    .title = "Rule list",
    .version = 1,
    .capabilities = VOUCH__CAN_TREES | VOUCH__CAN_CALIBRATED,
    .params = params,
    .n_params = VOUCH__RULES_PARAMS,
    .fit = vouch__rules_fit,
    .predict = vouch__tree_predict,
    .probability = vouch__tree_probability,
    .scale = vouch__tree_scale,
    .contributions = vouch__tree_contributions,
    .shap = vouch__tree_shap_of,
    .describe = describe,
    .save = save,
    .load = load,
    .say = vouch__trees_say,
    .form = vouch__trees_forms,
    .n_forms = VOUCH__TREES_FORMS,
    .free = vouch__tree_free,
};
