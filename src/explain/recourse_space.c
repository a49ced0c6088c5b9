/* What one row may become: a few candidates for every input that may change, and the model seen through
 * them. */
#include "explain/recourse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GRID_SUM = 1000, GRID_ASK = 60 };

static double value_at(const vouch__recourse_input *in, int64_t k)
{
    return in->per_unit > 0.0 ? (double)k / in->per_unit : (double)k * in->step;
}

/* The first k whose value is at least x, and the last whose value is at most x. */
static int64_t first_from(const vouch__recourse_input *in, double x)
{
    int64_t k = (int64_t)fmin(fmax(floor(x / in->step), -9e15), 9e15) - 2;
    while (value_at(in, k) < x)
        k++;
    return k;
}

static int64_t last_upto(const vouch__recourse_input *in, double x)
{
    int64_t k = (int64_t)fmin(fmax(ceil(x / in->step), -9e15), 9e15) + 2;
    while (value_at(in, k) > x)
        k--;
    return k;
}

/* ---- cells ---- */

static int by_place(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool is_left(const vouch__trees *trees, const vouch__node *node, double x)
{
    bool as_number = node->rule == VOUCH__RULE_SNAP_ZERO && x == 0.0;
    return as_number ? 0.0 <= node->threshold : vouch__node_goes_left(trees, node, x);
}

static void edge_add(vouch__recourse_input *in, const vouch__trees *trees, const vouch__node *node)
{
    if (!isfinite(node->threshold) || fabs(node->threshold / in->step) > 4e15)
        return;
    int64_t at = first_from(in, node->threshold), lo = at - 1, hi = at, by = 1;
    for (; !is_left(trees, node, value_at(in, lo)); by *= 2) /* rules differ at the threshold, and by float */
        lo -= by;
    for (by = 1; is_left(trees, node, value_at(in, hi)); by *= 2)
        hi += by;
    while (hi - lo > 1) {
        int64_t middle = lo + (hi - lo) / 2;
        if (is_left(trees, node, value_at(in, middle)))
            lo = middle;
        else
            hi = middle;
    }
    in->edge[in->n_edges++] = hi;
}

/* A number that the model takes for a category: the whole numbers of the population are its categories. */
static vouch_status as_category(vouch_ctx *ctx, vouch__recourse_input *in)
{
    in->allowed = vouch__alloc(ctx, in->n_knots + 1, sizeof *in->allowed);
    if (!in->allowed)
        return vouch__oom(ctx);
    in->is_category = true;
    for (size_t k = 0; k < in->n_knots; k++)
        if (in->at[k] >= 0.0 && in->at[k] < 4e9 && in->at[k] == floor(in->at[k]))
            in->allowed[in->n_allowed++] = (uint32_t)in->at[k];
    return VOUCH_OK;
}

static void edges_sort(vouch__recourse_input *in)
{
    size_t n = 0;
    if (!in->edge || in->n_edges == 0)
        return;
    qsort(in->edge, in->n_edges, sizeof *in->edge, by_place);
    for (size_t i = 0; i < in->n_edges; i++)
        if (n == 0 || in->edge[i] != in->edge[n - 1])
            in->edge[n++] = in->edge[i];
    in->n_edges = n;
}

static bool splits_number(const vouch_recourse *r, const vouch__node *node)
{
    return node->left >= 0 && !r->in[node->input].is_category && !node->is_category;
}

vouch_status vouch__recourse_edges(vouch_ctx *ctx, vouch_recourse *r)
{
    size_t n = r->model->inputs.n, mark = vouch__scratch_mark(ctx);
    size_t *count = vouch__scratch(ctx, n + 1, sizeof *count);
    vouch_status status = VOUCH_OK;
    if (!count)
        return vouch__oom(ctx);
    memset(count, 0, (n + 1) * sizeof *count);
    for (size_t k = 0; r->trees && k < r->trees->n_nodes && !status; k++) {
        const vouch__node *node = &r->trees->node[k];
        if (node->left >= 0 && node->is_category && !r->in[node->input].is_category)
            status = as_category(ctx, &r->in[node->input]);
    }
    for (size_t k = 0; r->trees && k < r->trees->n_nodes; k++)
        count[r->trees->node[k].input] += splits_number(r, &r->trees->node[k]);
    for (size_t c = 0; r->card && c < r->card->n; c++)
        count[r->card->at[c].input] = r->card->at[c].n_bins;
    for (size_t j = 0; j < n && !status; j++) {
        r->in[j].edge = vouch__alloc(ctx, count[j] + 1, sizeof *r->in[j].edge);
        status = r->in[j].edge ? VOUCH_OK : vouch__oom(ctx);
    }
    for (size_t k = 0; r->trees && k < r->trees->n_nodes && !status; k++) {
        const vouch__node *node = &r->trees->node[k];
        if (!splits_number(r, node))
            continue;
        edge_add(&r->in[node->input], r->trees, node);
        if (node->rule == VOUCH__RULE_SNAP_ZERO)
            r->in[node->input].zero_is_missing = true;
    }
    for (size_t c = 0; r->card && c < r->card->n && !status; c++)
        for (size_t b = 0; b < r->card->at[c].n_bins; b++) {
            vouch__node node = { .threshold = r->card->at[c].bin[b].high };
            if (r->card->at[c].bin[b].type == VOUCH__BIN_RANGE)
                edge_add(&r->in[r->card->at[c].input], NULL, &node);
        }
    for (size_t j = 0; j < n && !status; j++)
        edges_sort(&r->in[j]);
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* ---- candidates ---- */

static bool is_barred(const vouch_recourse *r, size_t input, double x)
{
    const vouch__input *at = &r->model->inputs.at[input];
    if (r->in[input].zero_is_missing && x == 0.0)
        return true;
    for (size_t k = 0; k < at->n_special; k++)
        if (at->special[k] == x)
            return true;
    return false;
}

typedef struct reach { /* of one number */
    const vouch_recourse *r;
    size_t input;
    double own;
    int64_t low, high;
} reach;

static void offer(const reach *at, vouch__dimension *dim, int64_t k, int direction)
{
    const vouch__recourse_input *in = &at->r->in[at->input];
    k = direction < 0 ? (k < at->high ? k : at->high) : (k > at->low ? k : at->low);
    while (is_barred(at->r, at->input, value_at(in, k)))
        k += direction;
    double x = value_at(in, k);
    if (k < at->low || k > at->high || !(direction < 0 ? x < at->own : x > at->own))
        return;
    if (dim->n == 0 || x > dim->value[dim->n - 1])
        dim->value[dim->n++] = x;
}

/* Without cells: the multiples of the step, or of so many steps that they are not too many. */
static int64_t stride(const reach *at, size_t most)
{
    int64_t by = 1;
    while ((at->high - at->low) / by > (int64_t)most)
        by *= 10;
    return by;
}

static vouch_status numbers(vouch_ctx *ctx, const reach *at, vouch__dimension *dim)
{
    const vouch__recourse_input *in = &at->r->in[at->input];
    bool has_cells = at->r->trees || at->r->card;
    size_t most = has_cells ? 2 * in->n_edges + 1 : GRID_SUM + 4;
    int64_t by = stride(at, at->r->form == VOUCH__RECOURSE_ASK ? GRID_ASK : GRID_SUM);
    dim->value = vouch__scratch(ctx, most, sizeof *dim->value);
    if (!dim->value)
        return vouch__oom(ctx);
    for (int direction = -1; direction <= 1; direction += 2) {
        if (direction > 0) {
            dim->own = dim->n;
            dim->value[dim->n++] = at->own;
        }
        if (in->move == (direction < 0 ? VOUCH__MOVE_UP : VOUCH__MOVE_DOWN))
            continue;
        for (size_t e = 0; e < in->n_edges && has_cells; e++)
            offer(at, dim, in->edge[e] - (direction < 0), direction);
        for (int64_t k = at->low; k <= at->high && !has_cells;
             k = k == at->high || k + by < at->high ? k + by : at->high)
            offer(at, dim, k, direction);
    }
    return VOUCH_OK;
}

static vouch_status categories(vouch_ctx *ctx, const vouch__recourse_input *in, double own,
                               vouch__dimension *dim)
{
    dim->value = vouch__scratch(ctx, VOUCH__RECOURSE_CATEGORIES, sizeof *dim->value);
    if (!dim->value)
        return vouch__oom(ctx);
    dim->is_category = true;
    dim->value[dim->n++] = own;
    for (size_t k = 0; k < in->n_allowed && dim->n < VOUCH__RECOURSE_CATEGORIES; k++)
        if ((double)in->allowed[k] != own)
            dim->value[dim->n++] = (double)in->allowed[k];
    return VOUCH_OK;
}

static vouch_status price(vouch_ctx *ctx, const vouch_recourse *r, const double *row, vouch__dimension *dim)
{
    double *moved = vouch__scratch(ctx, r->model->inputs.n, sizeof *moved), from = 0.0, p = 0.0;
    size_t n = 0, own = dim->own;
    dim->cost = vouch__scratch(ctx, dim->n, sizeof *dim->cost);
    dim->sum = vouch__scratch(ctx, dim->n, sizeof *dim->sum);
    if (!moved || !dim->cost || !dim->sum)
        return vouch__oom(ctx);
    memcpy(moved, row, r->model->inputs.n * sizeof *moved);
    vouch__recourse_score(r, row, &from, &p);
    for (size_t k = 0; k < dim->n; k++) {
        double raw = from;
        moved[dim->input] = dim->value[k];
        if (k != own && r->form == VOUCH__RECOURSE_SUM)
            vouch__recourse_score(r, moved, &raw, &p);
        if (!isfinite(raw)) /* an exposure of 0, say */
            continue;
        if (k == own)
            dim->own = n;
        dim->value[n] = dim->value[k];
        dim->cost[n] = vouch__recourse_cost(r, dim->input, row[dim->input], dim->value[k]);
        dim->sum[n++] = raw - from;
    }
    dim->n = n;
    return VOUCH_OK;
}

static vouch_status dimension(vouch_ctx *ctx, const vouch_recourse *r, const double *row, size_t input,
                              vouch__dimension *dim)
{
    const vouch__recourse_input *in = &r->in[input];
    double own = row[input];
    vouch_status status = VOUCH_OK;
    *dim = (vouch__dimension){ .input = input };
    if (in->move == VOUCH__MOVE_FIXED || isnan(own) || isinf(own) || is_barred(r, input, own))
        return VOUCH_OK;
    if (in->is_category) {
        if (own >= 0.0)
            status = categories(ctx, in, own, dim);
    } else {
        reach at = { r, input, own, first_from(in, in->low), last_upto(in, in->high) };
        status = numbers(ctx, &at, dim);
    }
    return status || dim->n < 2 ? status : price(ctx, r, row, dim);
}

/* ---- trees, as far as they are still open ---- */

typedef struct compiling {
    vouch__space *space;
    const vouch__node *tree;
    const uint32_t *dim_of; /* [inputs], or UINT32_MAX */
    double *pull;           /* [n_dims] of the present tree: by how much its splits part the leaves */
} compiling;

typedef struct extent {
    double least, most;
} extent;

static bool test(const compiling *c, const vouch__node *node, vouch__recourse_node *out)
{
    const vouch__trees *trees = c->space->recourse->trees;
    const vouch__dimension *dim = &c->space->dim[out->dim];
    if (dim->is_category) {
        uint64_t all = dim->n == 64 ? UINT64_MAX : (UINT64_C(1) << dim->n) - 1;
        for (size_t k = 0; k < dim->n; k++)
            out->set |= (uint64_t)vouch__node_goes_left(trees, node, dim->value[k]) << k;
        return out->set != 0 && out->set != all;
    }
    size_t lo = 0, hi = dim->n; /* candidates below lo go left, from hi on right */
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        if (vouch__node_goes_left(trees, node, dim->value[middle]))
            lo = middle + 1;
        else
            hi = middle;
    }
    out->cut = (uint32_t)lo;
    return lo > 0 && lo < dim->n;
}

static extent compile(compiling *c, size_t at, int32_t parent, int32_t *out_node)
{
    vouch__space *s = c->space;
    const vouch__node *node = c->tree + at;
    vouch__recourse_node made = { .left = -1, .parent = parent };
    while (node->left >= 0) {
        made.dim = c->dim_of[node->input];
        made.set = 0;
        if (made.dim != UINT32_MAX && test(c, node, &made))
            break;
        double x = made.dim == UINT32_MAX ? s->row[node->input] : s->dim[made.dim].value[0];
        node = c->tree + (vouch__node_goes_left(s->recourse->trees, node, x) ? node->left : node->right);
    }
    int32_t mine = (int32_t)s->n_nodes++;
    made.value = node->value;
    s->node[mine] = made;
    *out_node = mine;
    if (node->left < 0)
        return (extent){ node->value, node->value };
    int32_t left, right;
    extent a = compile(c, (size_t)node->left, mine, &left), b = compile(c, (size_t)node->right, mine, &right);
    s->node[mine].left = left;
    s->node[mine].right = right;
    c->pull[made.dim] += fabs(a.least - b.least) + fabs(a.most - b.most) + 1e-300;
    return (extent){ fmin(a.least, b.least), fmax(a.most, b.most) };
}

/* Each dimension's cost is shared among the trees that ask for it, by how much it matters to them. */
static void share_costs(vouch__space *s, size_t first, const double *pull, double *total)
{
    for (size_t k = first; k < s->n_nodes; k++)
        if (s->node[k].left >= 0)
            s->node[k].part = pull[s->node[k].dim];
    for (size_t d = 0; d < s->n_dims; d++)
        total[d] += pull[d];
}

static vouch_status compile_trees(vouch_ctx *ctx, vouch__space *s, const uint32_t *dim_of)
{
    const vouch__trees *trees = s->recourse->trees;
    compiling c = { .space = s, .dim_of = dim_of };
    double *total = vouch__scratch(ctx, s->n_dims + 1, sizeof *total), size = fabs(trees->base);
    c.pull = vouch__scratch(ctx, s->n_dims + 1, sizeof *c.pull);
    s->node = vouch__scratch(ctx, trees->n_nodes + 1, sizeof *s->node);
    s->root = vouch__scratch(ctx, trees->n_trees + 1, sizeof *s->root);
    if (!total || !c.pull || !s->node || !s->root)
        return vouch__oom(ctx);
    memset(total, 0, (s->n_dims + 1) * sizeof *total);
    s->constant = trees->base;
    for (size_t t = 0; t < trees->n_trees; t++) {
        size_t first = s->n_nodes;
        int32_t root;
        memset(c.pull, 0, (s->n_dims + 1) * sizeof *c.pull);
        c.tree = trees->node + trees->root[t];
        extent e = compile(&c, 0, -1, &root);
        size += fmax(fabs(e.least), fabs(e.most));
        if (s->n_nodes == first + 1) { /* nothing that may change is asked for */
            s->constant += s->node[first].value;
            s->n_nodes = first;
            continue;
        }
        s->root[s->n_trees++] = (uint32_t)root;
        share_costs(s, first, c.pull, total);
    }
    for (size_t k = 0; k < s->n_nodes; k++)
        if (s->node[k].left >= 0)
            s->node[k].part /= total[s->node[k].dim];
    /* the model may add in another order, and in float */
    s->enough = s->recourse->target +
                size * (s->recourse->model->kind->capabilities & VOUCH__IS_IMPORTED ? 1e-5 : 1e-10);
    return VOUCH_OK;
}

vouch_status vouch__space_make(vouch_ctx *ctx, const vouch_recourse *r, const double *row, vouch__space *out)
{
    size_t n = r->model->inputs.n;
    vouch__space s = { .recourse = r, .row = row, .enough = INFINITY };
    uint32_t *dim_of = vouch__scratch(ctx, n + 1, sizeof *dim_of);
    vouch_status status = VOUCH_OK;
    s.dim = vouch__scratch(ctx, n + 1, sizeof *s.dim);
    if (!dim_of || !s.dim)
        return vouch__oom(ctx);
    for (size_t j = 0; j < n && !status; j++) {
        dim_of[j] = UINT32_MAX;
        status = dimension(ctx, r, row, j, &s.dim[s.n_dims]);
        if (!status && s.dim[s.n_dims].n > 1)
            dim_of[j] = (uint32_t)s.n_dims++;
    }
    if (!status && r->form == VOUCH__RECOURSE_TREES)
        status = compile_trees(ctx, &s, dim_of);
    if (!status && r->form == VOUCH__RECOURSE_SUM) {
        double p;
        vouch__recourse_score(r, row, &s.constant, &p);
        s.enough = r->target + 1e-9 * (1.0 + fabs(r->target) + fabs(s.constant));
    }
    if (!status)
        *out = s;
    return status;
}
