/* A model of trees as one C11 file that includes nothing but limits of floating point: nodes as a table, and
 * one small loop over them. Thresholds stand as the model has them, so that the file can be read beside it.
 */
#include "models/trees_c.h"

#include "models/c_text.h"
#include "models/forest/forest.h"
#include "models/gbdt/gbdt.h"
#include "models/say.h"

#include <math.h>
#include <string.h>

enum { COLUMNS_MAX = 65536 };

/* How a node sees its input; the numbers are those of `seen` in the file. Categories come after WHOLE. */
enum { PLAIN, FLOAT, SNAP, SNAP_ZERO, SNAP_NAN, WHOLE, WHOLE_ABOVE, WHOLE_FLOAT, SEEN };

/* Bits of a node's side. */
enum { EQUAL_RIGHT = 1, MISSING_RIGHT = 2, UNLISTED_RIGHT = 4, IS_CATEGORY = 8 };

typedef struct source { /* what is to be written */
    const vouch_model *model;
    const vouch__trees *trees;
    const vouch__forest *forest; /* NULL of a gbdt */
    char prefix[VOUCH__C_NAME];
    uint32_t *column_of; /* [n_inputs x SEEN]: 1 + the column, 0 for none; scratch */
    size_t n_columns, n_trees;
    bool is_float, has_categories;
} source;

static unsigned seen_as(const vouch__node *node)
{
    switch ((vouch__rule)node->rule) {
    case VOUCH__RULE_FLOAT_BELOW:
    case VOUCH__RULE_FLOAT_UPTO: return FLOAT;
    case VOUCH__RULE_SNAP: return SNAP;
    case VOUCH__RULE_SNAP_ZERO: return SNAP_ZERO;
    case VOUCH__RULE_SNAP_NAN: return SNAP_NAN;
    case VOUCH__RULE_SET_ELSE_LEFT: return WHOLE_FLOAT;
    case VOUCH__RULE_SET_ELSE_RIGHT: return WHOLE_ABOVE;
    default: return node->is_category ? WHOLE : PLAIN;
    }
}

static unsigned side_of(const vouch__trees *trees, const vouch__node *node)
{
    unsigned side = node->rule == VOUCH__RULE_FLOAT_BELOW ? EQUAL_RIGHT : 0;
    side |= vouch__node_goes_left(trees, node, (double)NAN) ? 0 : MISSING_RIGHT;
    if (node->is_category) /* -1 is never listed */
        side |= IS_CATEGORY | (vouch__node_goes_left(trees, node, -1.0) ? 0u : UNLISTED_RIGHT);
    return side;
}

/* Trees of other outputs are left out: they do not count in raw. */
static bool is_shown(const source *s, size_t t)
{
    return !s->forest || s->forest->group[t] == s->forest->shown;
}

static double leaf_of(const source *s, size_t t, const vouch__node *leaf)
{
    if (!s->is_float)
        return leaf->value;
    float value = (float)leaf->value;
    return (double)(s->forest->weight ? value * s->forest->weight[t] : value);
}

static void write_columns(source *s, vouch__buf *out)
{
    vouch__buf_text(out, "/* Each input, as nodes of one rule see it. */\n"
                         "static const struct {\n    unsigned input, rule;\n} column[] = {\n");
    for (size_t t = 0; t < s->trees->n_trees; t++)
        for (size_t i = s->trees->root[t]; is_shown(s, t) && i < s->trees->root[t + 1]; i++) {
            const vouch__node *node = &s->trees->node[i];
            if (node->left < 0)
                continue;
            unsigned rule = seen_as(node);
            uint32_t *column = &s->column_of[(size_t)node->input * SEEN + rule];
            s->has_categories |= rule >= WHOLE;
            if (*column)
                continue;
            *column = (uint32_t)++s->n_columns;
            vouch__buf_fmt(out, "    { %u, %u },\n", node->input, rule);
        }
    vouch__buf_fmt(out, "    { 0, 0 },\n};\nenum { COLUMNS = %zu };\n\n", s->n_columns);
}

/* Codes that go left, in words; and where those of a node begin. */
static void write_lists(const source *s, vouch__buf *out)
{
    if (!s->has_categories)
        return;
    vouch__buf_text(out, "/* Codes that go left, 32 a word; and where each list of them begins. */\n"
                         "static const unsigned listed[] = {");
    for (size_t i = 0; i < s->trees->n_bits; i++)
        vouch__buf_fmt(out, "%s%uu,", i % 8 ? " " : "\n    ", s->trees->bits[i]);
    vouch__buf_text(out, "\n    0u\n};\nstatic const struct {\n    unsigned first, n_codes;\n} list[] = {\n");
    for (size_t t = 0; t < s->trees->n_trees; t++)
        for (size_t i = s->trees->root[t]; is_shown(s, t) && i < s->trees->root[t + 1]; i++)
            if (s->trees->node[i].left >= 0 && s->trees->node[i].is_category)
                vouch__buf_fmt(out, "    { %u, %u },\n", s->trees->node[i].bits_at, s->trees->node[i].n_bits);
    vouch__buf_text(out, "};\n\n");
}

static void write_node(const source *s, size_t t, const vouch__node *node, size_t *lists, vouch__buf *out)
{
    double cut = node->left < 0 ? leaf_of(s, t, node) : node->threshold;
    if (node->left < 0) {
        vouch__buf_text(out, "    { 0, 0, 0, 0, ");
    } else {
        unsigned rule = seen_as(node);
        if (rule == FLOAT)
            cut = (double)(float)cut;
        if (node->is_category)
            cut = (double)(*lists)++;
        vouch__buf_fmt(out, "    { %u, %d, %d, %u, ", s->column_of[(size_t)node->input * SEEN + rule] - 1,
                       node->left, node->right, side_of(s->trees, node));
    }
    vouch__c_number(out, cut);
    vouch__buf_text(out, " },\n");
}

static vouch_status write_nodes(vouch_ctx *ctx, source *s, vouch__buf *out)
{
    size_t lists = 0, nodes = 0;
    vouch_status status = VOUCH_OK;
    vouch__buf roots;
    vouch__buf_init(ctx, &roots, 0);
    vouch__buf_text(
        out,
        "/* A node looks at x[column] and goes to its tree's node left or right: right when x is above the\n"
        " * cut, or equal and side has 1, or missing and side has 2. With side 8 x is a category: left when\n"
        " * it is in list[cut], else as 2 and 4 (not in the list's range) say. A leaf has left 0; its cut "
        "is\n"
        " * what it adds. */\n"
        "static const struct node {\n    unsigned column, left, right, side;\n    double cut;\n} node[] = "
        "{\n");
    for (size_t t = 0; t < s->trees->n_trees && !status; t++) {
        if (!is_shown(s, t))
            continue;
        vouch__buf_fmt(&roots, "%s%zu,", s->n_trees % 12 ? " " : "\n    ", nodes);
        s->n_trees++;
        for (size_t i = s->trees->root[t]; i < s->trees->root[t + 1]; i++, nodes++)
            write_node(s, t, &s->trees->node[i], &lists, out);
        status = vouch__poll(ctx);
    }
    vouch__buf_text(out, "    { 0, 0, 0, 0, 0.0 },\n};\nstatic const unsigned root[] = {");
    if (roots.len > 0)
        vouch__buf_add(out, roots.at, roots.len);
    vouch__buf_fmt(out, "\n    0,\n};\nenum { TREES = %zu };\n\n", s->n_trees);
    if (!status)
        status = vouch__buf_status(ctx, &roots);
    vouch__buf_free(&roots);
    return status;
}

static const char seen_function[] =
    "/* A value as nodes of a rule see it: rounded to float (1, 7); sizes up to 1e-35 as 0 (2 to 4), where\n"
    " * missing is 0 (2) or 0 is missing (3); the whole part, -1 when it is no category (5 to 7). */\n"
    "static double seen(double x, unsigned rule)\n"
    "{\n"
    "    if (rule == 1 || rule == 7)\n"
    "        x = (double)(float)x;\n"
    "    if (rule >= 2 && rule <= 4 && x <= 1.0000000180025095e-35 && x >= -1.0000000180025095e-35)\n"
    "        x = 0.0;\n"
    "    if (rule == 2 && x != x)\n"
    "        x = 0.0;\n"
    "    if (rule == 3 && x == 0.0)\n"
    "        x = MISSING;\n"
    "    if (rule >= 6 && x > -1.0 && x < 0.0)\n"
    "        x = 0.0;\n"
    "    if (rule >= 5 && x < 0.0)\n"
    "        x = -1.0;\n"
    "    return x;\n"
    "}\n\n";

static const char number_function[] =
    "static int goes_right(const struct node *at, double x)\n"
    "{\n"
    "    return (x > at->cut) | ((x == at->cut) & (int)at->side) | ((x != x) & (int)(at->side >> 1));\n"
    "}\n\n";

static const char category_function[] =
    "static int goes_right(const struct node *at, double x)\n"
    "{\n"
    "    if (at->side & 8) {\n"
    "        unsigned n = list[(unsigned)at->cut].n_codes, code = x >= 0.0 && x < n ? (unsigned)x : n;\n"
    "        const unsigned *word = listed + list[(unsigned)at->cut].first;\n"
    "        if (x != x)\n"
    "            return at->side >> 1 & 1;\n"
    "        return code == n ? at->side >> 2 & 1 : !(word[code / 32] >> code % 32 & 1);\n"
    "    }\n"
    "    return (x > at->cut) | ((x == at->cut) & (int)at->side) | ((x != x) & (int)(at->side >> 1));\n"
    "}\n\n";

/* Values that the source library leaves undefined score NaN, as they do in the model. */
static void write_refusals(const source *s, vouch__buf *out)
{
    unsigned any = 0;
    for (size_t j = 0; s->forest && j < s->model->inputs.n; j++)
        any |= s->forest->refuses[j];
    if (!any)
        return;
    vouch__buf_text(out,
                    "/* Inputs that must be finite as float (1), or a category that an int holds (2). */\n"
                    "static const unsigned char must_be[INPUTS] = {");
    for (size_t j = 0; j < s->model->inputs.n; j++)
        vouch__buf_fmt(out, "%s%u,", j % 24 ? " " : "\n    ", s->forest->refuses[j]);
    vouch__buf_text(out, "\n};\n\n"
                         "static int is_refused(const double *row)\n"
                         "{\n"
                         "    for (unsigned j = 0; j < INPUTS; j++) {\n"
                         "        double x = row[j], narrow = (double)(float)x;\n"
                         "        if (((must_be[j] & 1) && (narrow == HUGE || narrow == -HUGE)) ||\n"
                         "            ((must_be[j] & 2) && (x <= -2147483649.0 || x >= 2147483648.0)))\n"
                         "            return 1;\n"
                         "    }\n"
                         "    return 0;\n"
                         "}\n\n"
                         "#define REFUSES 1\n");
}

static void write_raw(const source *s, vouch__buf *out)
{
    const vouch__forest *f = s->forest;
    const char *type = s->is_float ? "float" : "double";
    vouch__buf_text(out, seen_function);
    vouch__buf_text(out, s->has_categories ? category_function : number_function);
    write_refusals(s, out);
    vouch__buf_fmt(out, "double %s_raw(const double *row)\n{\n    double x[COLUMNS + 1];\n    %s sum = (%s)",
                   s->prefix, type, type);
    vouch__c_number(out, f ? f->start[f->shown] : s->trees->base);
    vouch__buf_fmt(out,
                   ";\n    for (unsigned c = 0; c < COLUMNS; c++)\n"
                   "        x[c] = seen(row[column[c].input], column[c].rule);\n"
                   "    for (unsigned t = 0; t < TREES; t++) {\n"
                   "        const struct node *tree = node + root[t], *at = tree;\n"
                   "        while (at->left)\n"
                   "            at = tree + (goes_right(at, x[at->column]) ? at->right : at->left);\n"
                   "        sum += (%s)at->cut;\n"
                   "    }\n",
                   type);
    vouch__buf_text(out, "    double raw = (double)sum;\n");
    if (f && f->is_scaled) {
        vouch__buf_text(out, "    volatile double product = raw * ");
        vouch__c_number(out, f->scale);
        vouch__buf_text(out, "; /* rounded by itself */\n    raw = product + ");
        vouch__c_number(out, f->bias[f->shown]);
        vouch__buf_text(out, ";\n");
    }
    vouch__buf_text(out, "#ifdef REFUSES\n    if (is_refused(row))\n        return MISSING;\n#endif\n"
                         "    return raw;\n}\n");
}

static vouch_status write(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    source s = { .model = model };
    const vouch__gbdt *gbdt = vouch__model_gbdt(model);
    if (gbdt) {
        s.trees = &gbdt->trees;
    } else {
        s.forest = model->state;
        s.trees = &s.forest->trees;
        s.is_float = s.forest->is_float;
        if (s.forest->n_lines)
            return vouch__fail(ctx, VOUCH_E_ARG, "export: c: trees with linear leaves have no such form");
    }
    size_t mark = vouch__scratch_mark(ctx), room = (model->inputs.n + 1) * SEEN;
    s.column_of = vouch__scratch(ctx, room, sizeof *s.column_of);
    if (!s.column_of)
        return vouch__oom(ctx);
    memset(s.column_of, 0, room * sizeof *s.column_of);
    vouch__c_name(model, s.prefix);
    vouch__buf_fmt(
        out,
        "/* Trees of the model file %s, as one C11 file: %s_raw(row) gives its raw score, with the bits "
        "that\n"
        " * vouch %s gives. Written by vouch; don't edit.\n"
        " * row[j] is input %s_input[j]: a number as it is, a category as its code (%s_code), NaN where "
        "missing.\n"
        " * Each operation must round by itself: -std=c11, or -ffp-contract=off, and never -ffast-math. */\n"
        "#include <float.h>\n_Static_assert(FLT_EVAL_METHOD == 0, \"floats must be computed as floats\");\n"
        "#define HUGE __builtin_inf()\n#define MISSING __builtin_nan(\"\")\n\n",
        model->fingerprint, s.prefix, vouch_version(), s.prefix, s.prefix);
    vouch__c_inputs(out, &model->inputs, s.prefix);
    write_columns(&s, out);
    vouch_status status = s.n_columns > COLUMNS_MAX
                              ? vouch__fail(ctx, VOUCH_E_LIMIT,
                                            "export: c: %zu columns, at most %d are written", s.n_columns,
                                            COLUMNS_MAX)
                              : VOUCH_OK;
    write_lists(&s, out);
    if (!status)
        status = write_nodes(ctx, &s, out);
    write_raw(&s, out);
    vouch__c_check(out, s.prefix);
    vouch__scratch_reset(ctx, mark);
    return status;
}

const vouch__form vouch__forest_forms[VOUCH__FOREST_FORMS] = { { "c", write } };

const vouch__form vouch__trees_forms[VOUCH__TREES_FORMS] = {
    { "c", write }, { "json", vouch__said_json }, { "pmml", vouch__said_pmml }, VOUCH__SAID_SQL
};
