/* Building a forest from a file's trees. Each tree is walked from its root with a stack of its own, so that
 * nothing a file says can recurse, loop or reach beyond what it holds; what comes out stands parent before
 * child. */
#include "models/import/maker.h"

#include "models/trees_io.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS_MAX = 65536 };
static const size_t largest = (size_t)1 << 34;

vouch_status vouch__maker_refuse(vouch__maker *m, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return vouch__fail(m->ctx, VOUCH_E_FORMAT, "import: %s: %s", m->file, text);
}

vouch_status vouch__maker_init(vouch__maker *m, vouch_ctx *ctx, const char *file,
                               const vouch_import_options *options)
{
    memset(m, 0, sizeof *m);
    m->ctx = ctx;
    m->file = file;
    m->options = options;
    vouch__buf *buf[] = {
        &m->root, &m->node, &m->group, &m->line_of, &m->bits, &m->line, &m->term, &m->draft
    };
    for (size_t i = 0; i < sizeof buf / sizeof *buf; i++)
        vouch__buf_init(ctx, buf[i], largest);
    m->forest = vouch__alloc(ctx, 1, sizeof *m->forest);
    if (!m->forest)
        return vouch__oom(ctx);
    m->forest->slope = m->forest->scale = 1.0;
    m->forest->n_groups = 1;
    uint32_t zero = 0;
    vouch__buf_add(&m->root, &zero, sizeof zero);
    return vouch__buf_status(ctx, &m->root);
}

void vouch__maker_clear(vouch__maker *m)
{
    vouch__buf *buf[] = {
        &m->root, &m->node, &m->group, &m->line_of, &m->bits, &m->line, &m->term, &m->draft
    };
    for (size_t i = 0; i < sizeof buf / sizeof *buf; i++)
        vouch__buf_free(buf[i]);
    vouch__forest_free(vouch__allocator(m->ctx), m->forest);
    m->forest = NULL;
    vouch__inputs_clear(&m->inputs);
}

typedef struct visit {
    uint32_t at, depth;
} visit;

static const uint32_t unseen = UINT32_MAX, waiting = UINT32_MAX - 1;

typedef struct walk {
    const vouch__node *draft;
    size_t n, n_order, n_stack;
    uint32_t *place, *order; /* [n] */
    visit *stack;            /* [n] */
} walk;

static const char *check_node(const vouch__node *node, size_t n)
{
    if (!(node->cover >= 0.0 && node->cover < INFINITY))
        return "has a cover that is not finite, or below 0";
    if (node->left < 0)
        return isfinite(node->value) ? NULL : "has a value that is not finite";
    if ((size_t)node->left >= n || node->right < 0 || (size_t)node->right >= n)
        return "has a child that is not there";
    return isnan(node->threshold) ? "has a threshold that is not a number" : NULL;
}

/* Puts nodes in order, left before right. What is wrong with which node, or NULL. */
static const char *walk_tree(walk *w, size_t *out_node)
{
    memset(w->place, UINT8_MAX, w->n * sizeof *w->place);
    w->place[0] = waiting;
    w->stack[w->n_stack++] = (visit){ 0, 0 };
    while (w->n_stack > 0) {
        visit here = w->stack[--w->n_stack];
        const vouch__node *node = &w->draft[here.at];
        *out_node = here.at;
        const char *wrong = check_node(node, w->n);
        if (wrong)
            return wrong;
        w->place[here.at] = (uint32_t)w->n_order;
        w->order[w->n_order++] = here.at;
        if (node->left < 0)
            continue;
        if (here.depth == VOUCH__IMPORTED_DEPTH)
            return "is deeper than trees may be";
        int32_t child[] = { node->right, node->left };
        for (int side = 0; side < 2; side++) {
            if (w->place[child[side]] != unseen)
                return "has a child that has another parent";
            w->place[child[side]] = waiting;
            w->stack[w->n_stack++] = (visit){ (uint32_t)child[side], here.depth + 1 };
        }
    }
    return NULL;
}

static vouch_status emit(vouch__maker *m, const walk *w, uint32_t group)
{
    for (size_t i = 0; i < w->n_order; i++) {
        vouch__node node = w->draft[w->order[i]];
        uint32_t line = UINT32_MAX;
        if (node.left >= 0) {
            node.left = (int32_t)w->place[node.left];
            node.right = (int32_t)w->place[node.right];
        } else {
            line = node.bits_at ? node.bits_at - 1 : UINT32_MAX;
            node.bits_at = 0;
        }
        vouch__buf_add(&m->node, &node, sizeof node);
        vouch__buf_add(&m->line_of, &line, sizeof line);
    }
    size_t n = VOUCH__LEN(m->node, vouch__node);
    if (n > INT32_MAX)
        return vouch__fail(m->ctx, VOUCH_E_LIMIT, "import: %s: more than 2147483647 nodes", m->file);
    uint32_t end = (uint32_t)n;
    vouch__buf_add(&m->root, &end, sizeof end);
    vouch__buf_add(&m->group, &group, sizeof group);
    m->n_trees++;
    vouch__buf *buf[] = { &m->root, &m->node, &m->group, &m->line_of, &m->bits, &m->line, &m->term };
    vouch_status status = VOUCH_OK;
    for (size_t i = 0; !status && i < sizeof buf / sizeof *buf; i++)
        status = vouch__buf_status(m->ctx, buf[i]);
    return status;
}

vouch_status vouch__maker_tree(vouch__maker *m, uint32_t group, bool is_complete)
{
    size_t mark = vouch__scratch_mark(m->ctx), node = 0;
    walk w = { .draft = VOUCH__AT(m->draft, vouch__node), .n = VOUCH__LEN(m->draft, vouch__node) };
    vouch_status status = vouch__buf_status(m->ctx, &m->draft);
    if (status)
        return status;
    if (w.n == 0 || w.n > INT32_MAX)
        return vouch__maker_refuse(m, "tree %u has no nodes", m->n_trees);
    w.place = vouch__scratch(m->ctx, w.n, sizeof *w.place);
    w.order = vouch__scratch(m->ctx, w.n, sizeof *w.order);
    w.stack = vouch__scratch(m->ctx, w.n, sizeof *w.stack);
    if (!w.place || !w.order || !w.stack) {
        status = vouch__oom(m->ctx);
        goto done;
    }
    const char *wrong = walk_tree(&w, &node);
    if (wrong) {
        status = vouch__maker_refuse(m, "tree %u: node %zu %s", m->n_trees, node, wrong);
        goto done;
    }
    if (is_complete && w.n_order < w.n) {
        status = vouch__maker_refuse(m, "tree %u: %zu nodes are not reached from its root", m->n_trees,
                                     w.n - w.n_order);
        goto done;
    }
    status = emit(m, &w, group);
done:
    vouch__scratch_reset(m->ctx, mark);
    vouch__buf_clear(&m->draft);
    return status;
}

static int by_text(const void *a, const void *b)
{
    const char *const *s = a, *const *t = b;
    return strcmp(*s, *t);
}

static vouch_status check_names(vouch__maker *m)
{
    size_t mark = vouch__scratch_mark(m->ctx), n = m->inputs.n;
    const char **name = vouch__scratch(m->ctx, n, sizeof *name);
    vouch_status status = VOUCH_OK;
    if (!name)
        return vouch__oom(m->ctx);
    for (size_t j = 0; j < n; j++)
        name[j] = m->inputs.at[j].name;
    qsort(name, n, sizeof *name, by_text);
    for (size_t j = 1; !status && j < n; j++)
        if (strcmp(name[j - 1], name[j]) == 0)
            status = vouch__maker_refuse(m, "two features are named '%.60s'", name[j]);
    vouch__scratch_reset(m->ctx, mark);
    return status;
}

/* The caller's names, each ended by NUL. */
static vouch_status given_names(vouch__maker *m, size_t n, vouch__buf *out)
{
    size_t found = 1;
    vouch__buf_text(out, m->options->inputs);
    vouch__buf_add(out, "", 1);
    for (size_t i = 0; out->at && i < out->len; i++)
        if (out->at[i] == ',') {
            out->at[i] = '\0';
            found++;
        }
    vouch_status status = vouch__buf_status(m->ctx, out);
    if (!status && found != n)
        status = vouch__fail(m->ctx, VOUCH_E_ARG,
                             "import: %s has %zu inputs, and %zu names are given for them", m->file, n,
                             found);
    return status;
}

static vouch_status name_inputs(vouch__maker *m, size_t n, const vouch__buf *names, size_t n_names)
{
    const char *name = names && names->at ? names->at : "";
    char made[32];
    if (n_names && n_names != n)
        return vouch__maker_refuse(m, "%zu features have %zu names", n, n_names);
    if (n == 0 || (!n_names && n > INPUTS_MAX))
        return vouch__maker_refuse(m, "%zu features without names, must be 1 to %d", n, INPUTS_MAX);
    vouch_status status = vouch__inputs_new(m->ctx, n, &m->inputs);
    if (status)
        return status;
    for (size_t j = 0; j < n; j++) {
        (void)snprintf(made, sizeof made, "f%zu", j);
        m->inputs.at[j].name = vouch__strdup(m->ctx, n_names ? name : made);
        m->inputs.at[j].category = vouch__alloc(m->ctx, 1, sizeof *m->inputs.at[j].category);
        m->inputs.at[j].special = vouch__alloc(m->ctx, 1, sizeof *m->inputs.at[j].special);
        if (!m->inputs.at[j].name || !m->inputs.at[j].category || !m->inputs.at[j].special)
            return vouch__oom(m->ctx);
        name += n_names ? strlen(name) + 1 : 0;
    }
    return check_names(m);
}

vouch_status vouch__maker_inputs(vouch__maker *m, size_t n, const vouch__buf *names, size_t n_names)
{
    vouch__buf given;
    if (!m->options->inputs)
        return name_inputs(m, n, names, n_names);
    vouch__buf_init(m->ctx, &given, 0);
    vouch_status status = given_names(m, n, &given);
    if (!status)
        status = name_inputs(m, n, &given, n);
    vouch__buf_free(&given);
    return status;
}

typedef struct labelled {
    const char *text;
    uint32_t at;
} labelled;

static int by_label(const void *a, const void *b)
{
    return strcmp(((const labelled *)a)->text, ((const labelled *)b)->text);
}

vouch_status vouch__maker_categories(vouch__maker *m, size_t input, const char *const *text, size_t n,
                                     uint32_t *order)
{
    vouch__input *in = &m->inputs.at[input];
    size_t mark = vouch__scratch_mark(m->ctx);
    labelled *label = vouch__scratch(m->ctx, n ? n : 1, sizeof *label);
    char **category = vouch__alloc(m->ctx, n ? n : 1, sizeof *category);
    vouch_status status = VOUCH_OK;
    if (!label || !category) {
        vouch__free(vouch__allocator(m->ctx), category);
        status = vouch__oom(m->ctx);
        goto done;
    }
    vouch__free(vouch__allocator(m->ctx), in->category);
    in->category = category;
    in->is_category = true;
    for (size_t i = 0; i < n; i++)
        label[i] = (labelled){ text[i], (uint32_t)i };
    if (n)
        qsort(label, n, sizeof *label, by_label);
    for (size_t i = 0; !status && i < n; i++) {
        if (i && strcmp(label[i - 1].text, label[i].text) == 0)
            status = vouch__maker_refuse(m, "feature '%.60s' has category '%.60s' twice", in->name,
                                         label[i].text);
        order[label[i].at] = (uint32_t)i;
        if (!status) {
            in->category[i] = vouch__strdup(m->ctx, label[i].text);
            in->n_categories = i + 1;
            status = in->category[i] ? VOUCH_OK : vouch__oom(m->ctx);
        }
    }
done:
    vouch__scratch_reset(m->ctx, mark);
    return status;
}

vouch_status vouch__maker_cut(vouch__maker *m, const uint32_t *trees_up_to, size_t found)
{
    long wanted = m->options->iterations;
    m->forest->found = (uint32_t)found;
    if (wanted == VOUCH_ITERATIONS_BEST) {
        if (!m->forest->best)
            return vouch__maker_refuse(m, "it names no best iteration");
        wanted = (long)m->forest->best;
    }
    if (wanted == 0 || (size_t)wanted == found)
        return VOUCH_OK;
    if (wanted < 0 || (size_t)wanted > found)
        return vouch__maker_refuse(m, "%ld iterations are wanted, it has %zu", wanted, found);
    m->n_trees = trees_up_to[wanted];
    size_t n_nodes = VOUCH__AT(m->root, uint32_t)[m->n_trees];
    m->root.len = ((size_t)m->n_trees + 1) * sizeof(uint32_t);
    m->group.len = (size_t)m->n_trees * sizeof(uint32_t);
    m->node.len = n_nodes * sizeof(vouch__node);
    m->line_of.len = n_nodes * sizeof(uint32_t);
    return VOUCH_OK;
}

static void *give(vouch__buf *buf) { return vouch__buf_take(buf); }

/* Lines and bits that only trees cut away had are dropped by writing the forest and reading it again, which
 * also holds it to every check of a model file. */
static vouch_status hand_over(vouch__maker *m)
{
    vouch__forest *f = m->forest, *read = NULL;
    vouch__buf buf;
    bool is_linear = m->line.len > 0;
    size_t n_nodes = VOUCH__LEN(m->node, vouch__node);
    f->trees = (vouch__trees){ .n_inputs = m->inputs.n, .n_trees = m->n_trees, .n_nodes = n_nodes };
    f->trees.n_bits = VOUCH__LEN(m->bits, uint32_t);
    for (size_t i = 0; is_linear && i < n_nodes; i++)
        f->n_lines += VOUCH__AT(m->line_of, uint32_t)[i] != UINT32_MAX;
    f->trees.root = give(&m->root);
    f->trees.node = give(&m->node);
    f->trees.bits = give(&m->bits);
    f->group = give(&m->group);
    f->line = give(&m->line);
    f->term = give(&m->term);
    f->line_of = f->n_lines ? give(&m->line_of) : NULL;
    if (!f->trees.root || !f->trees.node || !f->trees.bits || !f->group || !f->line || !f->term ||
        (f->n_lines && !f->line_of))
        return vouch__oom(m->ctx);
    vouch__buf_init(m->ctx, &buf, largest);
    vouch__forest_put(f, &buf);
    vouch__forest_free(vouch__allocator(m->ctx), f);
    m->forest = NULL;
    vouch_status status = vouch__buf_status(m->ctx, &buf);
    if (!status)
        status = vouch__forest_get(m->ctx, &m->inputs, buf.at, buf.len, &read);
    vouch__buf_free(&buf);
    m->forest = read;
    return status;
}

vouch_status vouch__maker_finish(vouch__maker *m, vouch_model **out_model)
{
    vouch__forest *f = m->forest;
    const vouch_import_options *o = m->options;
    if (m->n_trees == 0)
        return vouch__maker_refuse(m, "it has no trees");
    f->is_lenient = o->lenient != 0;
    if (f->n_groups > 1) {
        if (o->output < 0)
            return vouch__maker_refuse(m, "it has %u outputs: say which is the bad one", f->n_groups);
        if ((uint32_t)o->output >= f->n_groups)
            return vouch__maker_refuse(m, "output %d is wanted, it has 0 to %u", o->output, f->n_groups - 1);
        f->shown = (uint32_t)o->output;
    }
    vouch_status status = hand_over(m);
    if (!status)
        status = vouch__model_make(m->ctx, &vouch__kind_forest, o->name, &m->inputs, m->forest, out_model);
    if (!status)
        m->forest = NULL;
    return status;
}
