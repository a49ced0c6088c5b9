/* A tree in words: every leaf as the conditions that lead to it with what was seen there, and the nodes, from
 * which a picture is drawn. */
#include "models/tree/tree.h"

#include "models/tell.h"
#include "num/rates.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEST = 120, PATH = 1200 };

/* The categories that go left, or those that go right where they are fewer. */
static void set_text(const vouch__trees *trees, const vouch__input *input, const vouch__node *node, bool left,
                     char *out)
{
    size_t in = 0, used = 0;
    for (size_t k = 0; k < input->n_categories; k++)
        in += vouch__node_goes_left(trees, node, (double)k);
    bool side = 2 * in <= input->n_categories;
    const char *word = side == left ? "in" : "not in";
    used = (size_t)snprintf(out, TEST, "%.40s %s {", input->name, word);
    bool is_first = true, is_cut = false;
    for (size_t k = 0; k < input->n_categories; k++) {
        if (vouch__node_goes_left(trees, node, (double)k) != side)
            continue;
        if (used + strlen(input->category[k]) + 8 > TEST) {
            is_cut = true;
            continue;
        }
        used += (size_t)snprintf(out + used, TEST - used, "%s%s", is_first ? "" : ", ", input->category[k]);
        is_first = false;
    }
    (void)snprintf(out + used, TEST - used, is_cut ? ", ..}" : "}");
}

/* The condition of going left or right at a node. */
static void test_text(const vouch__trees *trees, const vouch__inputs *inputs, const vouch__node *node,
                      bool left, char *out)
{
    const vouch__input *input = &inputs->at[node->input];
    char number[VOUCH__DOUBLE_MAX];
    if (node->is_category) {
        set_text(trees, input, node, left, out);
        return;
    }
    (void)vouch__double_text(node->threshold, number);
    (void)snprintf(out, TEST, "%.60s %s %s%s", input->name, left ? "<=" : ">", number,
                   node->default_left == left ? " or missing" : "");
}

void vouch__tree_push_rates(const vouch__tree_tally *t, bool is_share, vouch__doc *doc, vouch__json *row)
{
    double low = NAN, high = NAN, rate = t->weight > 0.0 ? t->target / t->weight : NAN;
    if (is_share && t->weight > 0.0 && rate >= 0.0 && rate <= 1.0)
        vouch__wilson(rate * t->rows, t->rows, 0.95, &low, &high);
    vouch__tell_push(doc, row, t->rows);
    vouch__tell_push(doc, row, rate);
    vouch__tell_push(doc, row, low);
    vouch__tell_push(doc, row, high);
    vouch__tell_push(doc, row, t->tune_rows);
    vouch__tell_push(doc, row, t->tune_weight > 0.0 ? t->tune_target / t->tune_weight : NAN);
}

static void push_rates(const vouch__tree *tree, size_t k, vouch__doc *doc, vouch__json *row)
{
    vouch__tree_push_rates(&tree->tally[k], tree->forest->loss == VOUCH__LOSS_LOGISTIC, doc, row);
}

typedef struct telling {
    const vouch__tree *tree;
    const vouch__trees *trees;
    const vouch__inputs *inputs;
    vouch__doc *doc;
    vouch__json *leaves, *nodes;
    char path[PATH];
} telling;

static void tell_node(telling *t, size_t k, size_t used)
{
    const vouch__node *node = &t->trees->node[k];
    char test[TEST] = "";
    vouch__json *one = vouch__json_push(t->doc, t->nodes, vouch__json_array(t->doc));
    if (node->left >= 0)
        test_text(t->trees, t->inputs, node, true, test);
    vouch__tell_push(t->doc, one, (double)k);
    vouch__tell_push(t->doc, one, node->left < 0 ? NAN : (double)node->left);
    vouch__tell_push(t->doc, one, node->left < 0 ? NAN : (double)node->right);
    vouch__json_push(t->doc, one, vouch__json_text(t->doc, test));
    push_rates(t->tree, k, t->doc, one);
    if (node->left < 0) {
        vouch__json *row = vouch__json_push(t->doc, t->leaves, vouch__json_array(t->doc));
        vouch__json_push(t->doc, row, vouch__json_text(t->doc, used ? t->path : "everybody"));
        push_rates(t->tree, k, t->doc, row);
        return;
    }
    for (int side = 1; side >= 0; side--) {
        size_t room = PATH - used;
        test_text(t->trees, t->inputs, node, side == 1, test);
        bool is_either = !node->is_category && node->default_left == (side == 1); /* "... or missing" */
        int len = snprintf(t->path + used, room, "%s%s%s%s", used ? " and " : "", is_either ? "(" : "", test,
                           is_either ? ")" : "");
        tell_node(t, (size_t)(side ? node->left : node->right),
                  used + ((size_t)len < room ? (size_t)len : room - 1));
        t->path[used] = '\0';
    }
}

void vouch__tree_describe(const void *state, const vouch__inputs *inputs, vouch__doc *doc,
                          vouch__json *object)
{
    const vouch__tree *tree = state;
    bool is_risk = tree->forest->loss == VOUCH__LOSS_LOGISTIC;
    const char *value = is_risk ? "risk" : "mean", *tune = is_risk ? "tune_risk" : "tune_mean";
    const char *const leaf[] = { "rule", "rows", value, "low", "high", "tune_rows", tune };
    const char *const node[] = { "node", "left", "right", "test",      "rows",
                                 value,  "low",  "high",  "tune_rows", tune };
    telling t = { .tree = tree, .trees = &tree->forest->trees, .inputs = inputs, .doc = doc };
    vouch__tell_text(doc, object, "loss", vouch__gbdt_loss_name(tree->forest->loss));
    vouch__tell_number(doc, object, "leaves", t.trees->n_trees ? (double)(t.trees->n_nodes + 1) / 2.0 : 1.0);
    t.leaves = vouch__tell_table(doc, object, "rules", leaf, sizeof leaf / sizeof leaf[0]);
    vouch__json *picture = vouch__json_set(doc, object, "tree", vouch__json_object(doc));
    t.nodes = vouch__tell_table(doc, picture, "nodes", node, sizeof node / sizeof node[0]);
    if (t.trees->n_trees) {
        tell_node(&t, 0, 0);
        return;
    }
    vouch__json *row = vouch__json_push(doc, t.leaves, vouch__json_array(doc));
    vouch__json_push(doc, row, vouch__json_text(doc, "everybody"));
    push_rates(tree, 0, doc, row);
}
