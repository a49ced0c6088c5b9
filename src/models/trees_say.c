/* Trees of our own as choices of choices; what a single tree gives has the base in it. */
#include "models/gbdt/gbdt.h"
#include "models/say.h"
#include "models/trees_c.h"

#include <math.h>

static vouch__when left_of(vouch__speech *s, const vouch__trees *trees, const vouch__node *node, bool inverts)
{
    vouch__when when = { .op = VOUCH__WHEN_UP_TO, .input = node->input, .value = node->threshold };
    when.or_missing = node->default_left;
    if (!node->is_category)
        return when;
    uint8_t *in = vouch__say_set(s, node->input);
    for (size_t k = 0; in && k < s->model->inputs.at[node->input].n_categories; k++)
        in[k] = vouch__node_goes_left(trees, node, (double)k) != inverts;
    when = (vouch__when){ .op = VOUCH__WHEN_IN, .input = node->input, .in = in };
    return when;
}

/* A category never seen goes where missing goes: it is in no set, so the set is of those that go elsewhere.
 */
static vouch__say *say_node(vouch__speech *s, const vouch__trees *trees, size_t t, size_t at, double base)
{
    const vouch__node *node = &trees->node[trees->root[t] + at];
    if (node->left < 0)
        return vouch__say_number(s, base + node->value);
    bool inverts = node->is_category && node->default_left;
    vouch__say *choice = vouch__say_list(s, VOUCH__SAY_CHOICE);
    vouch__say *left = say_node(s, trees, t, (size_t)node->left, base);
    vouch__say *right = say_node(s, trees, t, (size_t)node->right, base);
    vouch__when when = left_of(s, trees, node, inverts);
    if (!node->is_category &&
        node->threshold == (double)INFINITY) { /* parts what is missing from what is not */
        if (node->default_left)
            return left;
        when.op = VOUCH__WHEN_MISSING;
        inverts = true;
    }
    vouch__say_case(s, choice, when, inverts ? right : left);
    vouch__say_case(s, choice, (vouch__when){ .op = VOUCH__WHEN_ELSE }, inverts ? left : right);
    return choice;
}

vouch_status vouch__trees_say(vouch__speech *s, vouch__say **out_said)
{
    const vouch__trees *trees = &vouch__model_gbdt(s->model)->trees;
    if (trees->n_trees == 1) {
        *out_said = say_node(s, trees, 0, 0, trees->base);
        return VOUCH_OK;
    }
    *out_said = vouch__say_list(s, VOUCH__SAY_ADD);
    vouch__say_push(s, *out_said, vouch__say_number(s, trees->base));
    for (size_t t = 0; t < trees->n_trees; t++)
        vouch__say_push(s, *out_said, say_node(s, trees, t, 0, 0.0));
    return VOUCH_OK;
}
