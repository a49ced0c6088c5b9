/* Conditions are mined, rows alike in all of them become one, the list is searched, and the list becomes the
 * tree that answers alike. */
#include "models/rules/rules.h"

#include "num/rank.h"
#include "num/special.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool vouch__condition_holds(const vouch__condition *c, const double *row)
{
    double v = row[c->input];
    switch (c->op) {
    case VOUCH__UP_TO: return v <= c->value;
    case VOUCH__ABOVE: return v > c->value;
    case VOUCH__IS: return v == c->value;
    default: return isnan(v);
    }
}

typedef struct candidate {
    size_t n;
    vouch__condition at[2];
    double gain;
    size_t number;
} candidate;

typedef struct mining {
    const vouch__fit_data *data;
    const double *param;
    size_t rows, cols;
    double *x; /* [rows x cols] */
    double weight, target;
    candidate *found;
    size_t n, cap;
} mining;

static double weight_of(const mining *m, size_t i)
{
    return m->data->train.weight ? m->data->train.weight[i] : 1.0;
}

static double gini(double target, double weight)
{
    return weight > 0.0 ? target * (1.0 - target / weight) : 0.0;
}

/* Keep a candidate that takes rows enough and leaves enough. */
static void offer(mining *m, candidate c)
{
    double rows = 0.0, weight = 0.0, target = 0.0;
    if (m->n == m->cap)
        return;
    for (size_t i = 0; i < m->rows; i++) {
        const double *row = m->x + i * m->cols;
        if (!vouch__condition_holds(&c.at[0], row) || (c.n > 1 && !vouch__condition_holds(&c.at[1], row)))
            continue;
        rows += 1.0;
        weight += weight_of(m, i);
        target += weight_of(m, i) * m->data->train.target[i];
    }
    if (rows < m->param[VOUCH__RULES_MIN_ROWS] || (double)m->rows - rows < m->param[VOUCH__RULES_MIN_ROWS])
        return;
    c.gain = gini(m->target, m->weight) - gini(target, weight) - gini(m->target - target, m->weight - weight);
    c.number = m->n;
    m->found[m->n++] = c;
}

static void one(mining *m, vouch__rule_op op, size_t input, double value)
{
    offer(m, (candidate){ .n = 1, .at = { { op, input, value } } });
}

static vouch_status mine_input(vouch_ctx *ctx, mining *m, size_t j)
{
    const vouch__input *input = &m->data->binding->inputs->at[j];
    size_t mark = vouch__scratch_mark(ctx), n = 0, cuts = (size_t)m->param[VOUCH__RULES_CUTS];
    double *v = vouch__scratch(ctx, m->rows, sizeof *v),
           *sorted = vouch__scratch(ctx, m->rows, sizeof *sorted);
    uint32_t *order = vouch__scratch(ctx, m->rows, sizeof *order);
    if (!v || !sorted || !order)
        return vouch__oom(ctx);
    for (size_t i = 0; i < m->rows; i++)
        if (!isnan(m->x[i * m->cols + j]))
            v[n++] = m->x[i * m->cols + j];
    if (n < m->rows && !input->is_category)
        one(m, VOUCH__IS_MISSING, j, 0.0);
    for (size_t k = 0; input->is_category && k < input->n_categories; k++)
        one(m, VOUCH__IS, j, (double)k);
    vouch_status status = n && !input->is_category ? vouch__order(ctx, n, v, order) : VOUCH_OK;
    for (size_t i = 0; i < n && !status && !input->is_category; i++)
        sorted[i] = v[order[i]];
    double last = NAN;
    for (size_t k = 1; k <= cuts && n && !status && !input->is_category; k++) {
        double at = sorted[k * n / (cuts + 1)];
        if (at == last || !(at < sorted[n - 1]))
            continue;
        last = at;
        if (input->monotone <= 0)
            one(m, VOUCH__UP_TO, j, at);
        if (input->monotone >= 0)
            one(m, VOUCH__ABOVE, j, at);
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static int by_gain(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->gain != y->gain)
        return x->gain > y->gain ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static vouch_status mine(vouch_ctx *ctx, mining *m)
{
    enum { PAIRED = 30 };
    const vouch__inputs *inputs = m->data->binding->inputs;
    vouch_status status = VOUCH_OK;
    m->cap = PAIRED * PAIRED;
    for (size_t j = 0; j < m->cols; j++)
        m->cap += 2 * (size_t)m->param[VOUCH__RULES_CUTS] + inputs->at[j].n_categories + 1;
    m->found = vouch__scratch(ctx, m->cap, sizeof *m->found);
    if (!m->found)
        return vouch__oom(ctx);
    for (size_t j = 0; j < m->cols && !status; j++)
        status = mine_input(ctx, m, j);
    if (status)
        return status;
    qsort(m->found, m->n, sizeof *m->found, by_gain);
    size_t singles = m->n < PAIRED ? m->n : PAIRED;
    for (size_t a = 0; a < singles && m->param[VOUCH__RULES_CONDITIONS] > 1.0 && !status; a++) {
        for (size_t b = a + 1; b < singles; b++)
            if (m->found[a].at[0].input != m->found[b].at[0].input)
                offer(m, (candidate){ .n = 2, .at = { m->found[a].at[0], m->found[b].at[0] } });
        status = vouch__poll(ctx);
    }
    qsort(m->found, m->n, sizeof *m->found, by_gain);
    size_t most = (size_t)m->param[VOUCH__RULES_POOL];
    m->n = m->n < most ? m->n : most;
    return status;
}

/* ---- rows alike ---- */

typedef struct alike {
    uint64_t pattern[(VOUCH__RULES_POOL_MAX + 63) / 64];
    size_t row;
} alike;

static int by_pattern(const void *a, const void *b)
{
    const alike *x = a, *y = b;
    int order = memcmp(x->pattern, y->pattern, sizeof x->pattern);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static vouch_status compress(vouch_ctx *ctx, const mining *m, vouch__rule_search *s)
{
    alike *row = vouch__scratch(ctx, m->rows, sizeof *row);
    double *weight = vouch__scratch(ctx, m->rows, sizeof *weight),
           *target = vouch__scratch(ctx, m->rows, sizeof *target);
    if (!row || !weight || !target)
        return vouch__oom(ctx);
    memset(row, 0, m->rows * sizeof *row);
    for (size_t i = 0; i < m->rows; i++) {
        row[i].row = i;
        for (size_t k = 0; k < m->n; k++) {
            const candidate *c = &m->found[k];
            bool holds = vouch__condition_holds(&c->at[0], m->x + i * m->cols) &&
                         (c->n < 2 || vouch__condition_holds(&c->at[1], m->x + i * m->cols));
            row[i].pattern[k / 64] |= (uint64_t)holds << k % 64;
        }
    }
    qsort(row, m->rows, sizeof *row, by_pattern);
    size_t groups = 0;
    for (size_t i = 0; i < m->rows; i++) {
        if (i == 0 || memcmp(row[i].pattern, row[i - 1].pattern, sizeof row[i].pattern) != 0) {
            memcpy(row[groups].pattern, row[i].pattern, sizeof row[i].pattern);
            weight[groups] = target[groups] = 0.0;
            groups++;
        }
        double w = weight_of(m, row[i].row);
        weight[groups - 1] += w;
        target[groups - 1] += w * m->data->train.target[row[i].row];
    }
    s->groups = groups;
    s->words = (groups + 63) / 64;
    s->pool = m->n;
    uint64_t *holds = vouch__scratch(ctx, m->n * s->words + 1, sizeof *holds);
    if (!holds)
        return vouch__oom(ctx);
    memset(holds, 0, m->n * s->words * sizeof *holds);
    for (size_t g = 0; g < groups; g++)
        for (size_t k = 0; k < m->n; k++)
            holds[k * s->words + g / 64] |= (row[g].pattern[k / 64] >> k % 64 & 1) << g % 64;
    s->holds = holds;
    s->weight = weight;
    s->target = target;
    return VOUCH_OK;
}

/* ---- the list ---- */

static size_t line_of(const vouch__rules *r, const double *row)
{
    for (size_t k = 0; k + 1 < r->n; k++) {
        const vouch__rule_line *l = &r->line[k];
        if (vouch__condition_holds(&l->at[0], row) && (l->n < 2 || vouch__condition_holds(&l->at[1], row)))
            return k;
    }
    return r->n - 1;
}

static vouch_status tally(vouch_ctx *ctx, const mining *m, vouch__rules *r)
{
    const vouch__part_rows *tune = &m->data->tune;
    double *row = vouch__scratch(ctx, m->cols, sizeof *row);
    if (!row)
        return vouch__oom(ctx);
    for (size_t i = 0; i < m->rows; i++) {
        vouch__tree_tally *t = &r->line[line_of(r, m->x + i * m->cols)].tally;
        t->rows += 1.0;
        t->weight += weight_of(m, i);
        t->target += weight_of(m, i) * m->data->train.target[i];
    }
    for (size_t i = 0; i < tune->n; i++) {
        double w = tune->weight ? tune->weight[i] : 1.0;
        vouch__bound_rows(m->data->binding, 0, 1, tune->row + i, row);
        vouch__tree_tally *t = &r->line[line_of(r, row)].tally;
        t->tune_rows += 1.0;
        t->tune_weight += w;
        t->tune_target += w * tune->target[i];
    }
    for (size_t k = 0; k < r->n; k++) {
        const vouch__tree_tally *t = &r->line[k].tally;
        double rate = t->weight > 0.0 ? t->target / t->weight : m->target / m->weight;
        double edge = 0.5 / fmax(t->rows, 1.0);
        r->line[k].raw = vouch__logit(fmin(fmax(rate, edge), 1.0 - edge));
        if (r->is_falling && k)
            r->line[k].raw = fmin(r->line[k].raw, r->line[k - 1].raw);
    }
    return VOUCH_OK;
}

/* ---- the tree ---- */

typedef struct planting {
    const vouch__rules *rules;
    const vouch__inputs *inputs;
    vouch__trees *t;
    size_t cap_nodes, cap_bits;
    bool is_full;
} planting;

static int32_t leaf(planting *p, double raw)
{
    if (p->t->n_nodes >= p->cap_nodes) {
        p->is_full = true;
        return 0;
    }
    p->t->node[p->t->n_nodes] = (vouch__node){ .left = -1, .right = -1, .value = raw };
    return (int32_t)p->t->n_nodes++;
}

/* What holds goes left for UP_TO and IS, right for ABOVE and IS_MISSING. */
static int32_t plant(planting *p, size_t line, size_t condition)
{
    const vouch__rule_line *l = &p->rules->line[line];
    if (line + 1 == p->rules->n)
        return leaf(p, l->raw);
    const vouch__condition *c = &l->at[condition];
    int32_t at = leaf(p, 0.0);
    vouch__node node = { .input = (uint32_t)c->input, .threshold = c->value };
    bool holds_left = c->op == VOUCH__UP_TO || c->op == VOUCH__IS;
    node.default_left = c->op == VOUCH__ABOVE;
    if (c->op == VOUCH__IS_MISSING)
        node.threshold = INFINITY;
    if (c->op == VOUCH__IS) {
        size_t codes = p->inputs->at[c->input].n_categories, words = (codes + 31) / 32;
        node.is_category = true;
        node.threshold = 0.0;
        node.n_bits = (uint32_t)codes;
        node.bits_at = (uint32_t)p->t->n_bits;
        if (p->t->n_bits + words > p->cap_bits) {
            p->is_full = true;
            return at;
        }
        memset(p->t->bits + p->t->n_bits, 0, words * sizeof *p->t->bits);
        p->t->bits[p->t->n_bits + (size_t)c->value / 32] |= UINT32_C(1) << (size_t)c->value % 32;
        p->t->n_bits += words;
    }
    for (int side = 0; side < 2 && !p->is_full; side++) {
        bool holds = (side == 0) == holds_left;
        int32_t child = !holds                 ? plant(p, line + 1, 0)
                        : condition + 1 < l->n ? plant(p, line, condition + 1)
                                               : leaf(p, l->raw);
        *(side ? &node.right : &node.left) = child;
    }
    if (!p->is_full)
        p->t->node[at] = node;
    return at;
}

/* Covers: the weight that comes to each leaf, never 0. */
static void covers(vouch__trees *t, size_t n, const double *row, const double *weight)
{
    for (size_t k = 0; k < t->n_nodes; k++)
        t->node[k].cover = row ? 1e-6 : 1.0;
    for (size_t i = 0; i < n; i++)
        t->node[vouch__tree_leaf(t, 0, row + i * t->n_inputs)].cover += weight ? weight[i] : 1.0;
    for (size_t k = t->n_nodes; k-- > 0;)
        if (t->node[k].left >= 0)
            t->node[k].cover = t->node[t->node[k].left].cover + t->node[t->node[k].right].cover;
}

vouch_status vouch__rules_tree(vouch_ctx *ctx, const vouch__inputs *inputs, const vouch__rules *rules,
                               size_t n_rows, const double *row, const double *weight, vouch__trees *out)
{
    size_t words = 1;
    planting p = { .rules = rules, .inputs = inputs, .t = out, .cap_nodes = (size_t)4 << VOUCH__RULES_LIMIT };
    for (size_t k = 0; k < rules->n; k++)
        for (size_t i = 0; i < rules->line[k].n; i++) {
            size_t need = (inputs->at[rules->line[k].at[i].input].n_categories + 31) / 32;
            words = need > words ? need : words;
        }
    p.cap_bits = words << VOUCH__RULES_LIMIT;
    out->n_inputs = inputs->n;
    out->root = vouch__alloc(ctx, 2, sizeof *out->root);
    out->node = vouch__alloc(ctx, p.cap_nodes, sizeof *out->node);
    out->bits = vouch__alloc(ctx, p.cap_bits, sizeof *out->bits);
    if (!out->root || !out->node || !out->bits)
        return vouch__oom(ctx);
    (void)plant(&p, 0, 0);
    if (p.is_full)
        return vouch__fail(ctx, VOUCH_E_LIMIT, "rules: the list is too long for a tree");
    out->n_trees = 1;
    out->root[1] = (uint32_t)out->n_nodes;
    covers(out, n_rows, row, weight);
    if (out->n_nodes == 1) { /* nobody is told apart */
        out->base = out->node[0].value;
        out->n_trees = out->n_nodes = 0;
    }
    return VOUCH_OK;
}

static vouch_status check(vouch_ctx *ctx, const vouch__fit_data *data, const double *value)
{
    const vouch__inputs *inputs = data->binding->inputs;
    vouch__gbdt_params as_trees = { .loss = VOUCH__LOSS_LOGISTIC, .bad_weight = 1.0 };
    for (size_t j = 0; j < inputs->n; j++)
        if (inputs->at[j].monotone && value[VOUCH__RULES_FALLING] == 0.0)
            return vouch__fail(ctx, VOUCH_E_ARG,
                               "fit: a list of rules keeps directions only with falling: true");
    return vouch__gbdt_check(ctx, data, &as_trees);
}

static vouch_status list_make(vouch_ctx *ctx, mining *m, vouch__rules *r)
{
    const double *p = m->param;
    size_t rule[VOUCH__RULES_LIMIT] = { 0 }, n = 0;
    vouch__rule_search s = { .most = (size_t)p[VOUCH__RULES_MOST], .nodes = (size_t)p[VOUCH__RULES_NODES] };
    vouch_status status = mine(ctx, m);
    if (!status)
        status = compress(ctx, m, &s);
    s.penalty = p[VOUCH__RULES_PENALTY] * m->weight;
    s.least_weight = p[VOUCH__RULES_MIN_ROWS] * m->weight / (double)m->rows;
    s.is_falling = r->is_falling;
    if (!status)
        status = vouch__rules_search(ctx, &s, rule, &n, &r->objective, &r->bound, &r->examined);
    if (status)
        return status;
    r->objective /= m->weight;
    r->bound /= m->weight;
    for (size_t k = 0; k < n; k++) {
        r->line[k].n = m->found[rule[k]].n;
        memcpy(r->line[k].at, m->found[rule[k]].at, sizeof r->line[k].at);
    }
    r->n = n + 1;
    return tally(ctx, m, r);
}

static void note(const vouch__rules *r, vouch__doc *doc, vouch__json *log)
{
    if (!doc || !log)
        return;
    vouch__json_set(doc, log, "objective", vouch__json_number(doc, r->objective));
    vouch__json_set(doc, log, "lower_bound", vouch__json_number(doc, r->bound));
    vouch__json_set(doc, log, "lists_examined", vouch__json_number(doc, r->examined));
}

vouch_status vouch__rules_fit(vouch_ctx *ctx, const vouch__fit_data *data, const double *value,
                              vouch__doc *doc, vouch__json *log, void **state)
{
    size_t mark = vouch__scratch_mark(ctx);
    mining m = { .data = data, .param = value, .rows = data->train.n, .cols = data->binding->inputs->n };
    vouch__rules *r = NULL;
    vouch_status status = check(ctx, data, value);
    if (status)
        return status;
    m.x = vouch__scratch(ctx, m.rows * m.cols, sizeof *m.x);
    r = vouch__alloc(ctx, 1, sizeof *r);
    if (r)
        r->tree.forest = vouch__alloc(ctx, 1, sizeof *r->tree.forest);
    if (!m.x || !r || !r->tree.forest) {
        status = vouch__oom(ctx);
        goto done;
    }
    r->is_falling = value[VOUCH__RULES_FALLING] != 0.0;
    r->tree.forest->loss = VOUCH__LOSS_LOGISTIC;
    r->tree.forest->link = VOUCH_LINK_LOGIT;
    vouch__bound_rows(data->binding, 0, m.rows, data->train.row, m.x);
    for (size_t i = 0; i < m.rows; i++) {
        m.weight += weight_of(&m, i);
        m.target += weight_of(&m, i) * data->train.target[i];
    }
    status = list_make(ctx, &m, r);
    if (!status)
        status = vouch__rules_tree(ctx, data->binding->inputs, r, m.rows, m.x, data->train.weight,
                                   &r->tree.forest->trees);
    if (!status)
        status = vouch__gbdt_compile(ctx, r->tree.forest);
    if (status)
        goto done;
    note(r, doc, log);
    *state = r;
    r = NULL;
done:
    vouch__tree_free(vouch__allocator(ctx), r);
    vouch__scratch_reset(ctx, mark);
    return status;
}
