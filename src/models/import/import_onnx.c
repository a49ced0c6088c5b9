/* ONNX models whose graph is one tree ensemble: TreeEnsembleClassifier, TreeEnsembleRegressor or TreeEnsemble
 * of ai.onnx.ml, with nothing around it but Cast, Identity, ZipMap and Exp, as skl2onnx and onnxmltools write
 * scikit-learn's forests and boosting. The graph is followed from its input to its scores; any other operator
 * is refused by name. */
#include "models/import/onnx.h"

#include <string.h>

#define N(table) (sizeof(table) / sizeof *(table))

enum { NODES_MAX = 64, OPSET_MAX = 5 };

typedef struct node {
    vouch__proto op, domain, input, output[2], all;
    size_t n_inputs, n_outputs;
} node;

/* A graph is followed by the names of three values: what is to reach the trees, and what comes out of them.
 */
typedef struct graph {
    vouch__onnx_reading *r;
    vouch__proto value, label, scores;
    int64_t type; /* of value */
    size_t n_inputs, n_nodes, n_trees;
} graph;

static bool same(const vouch__proto *a, const vouch__proto *b)
{
    size_t len = vouch__proto_len(a);
    return len == vouch__proto_len(b) && (!len || memcmp(a->p, b->p, len) == 0);
}

/* ValueInfoProto: name 1, type 2; TypeProto: tensor 1; its elem_type 1, shape 2; dim 1; dim_value 1. */
static vouch_status read_input(graph *g, vouch__proto in)
{
    vouch__proto_field info[3], type[2], tensor[3], dim[2], each;
    if (++g->n_inputs > 1)
        return vouch__maker_refuse(g->r->m, "graph.input: more than one; one table of all features is read");
    if (!vouch__proto_fields(in, info, N(info)) || !vouch__proto_fields(info[2].inside, type, N(type)) ||
        !vouch__proto_fields(type[1].inside, tensor, N(tensor)))
        return vouch__maker_refuse(g->r->m, "graph.input: malformed");
    g->value = info[1].inside;
    g->type = (int64_t)tensor[1].value;
    vouch__proto shape = tensor[2].inside;
    size_t n = 0;
    for (; vouch__proto_next(&shape, &each); n++) {
        if (!vouch__proto_fields(each.inside, dim, N(dim)))
            return vouch__maker_refuse(g->r->m, "graph.input: malformed");
        g->r->width = (int64_t)dim[1].value;
    }
    if (g->type != VOUCH__ONNX_FLOAT && g->type != VOUCH__ONNX_DOUBLE && g->type != VOUCH__ONNX_INT32 &&
        g->type != VOUCH__ONNX_INT64)
        return vouch__maker_refuse(g->r->m,
                                   "graph.input: elem_type %lld, must be float, double, int32 or int64",
                                   (long long)g->type);
    if ((n != 0 && n != 2) || g->r->width < 0 || g->r->width > INT32_MAX)
        return vouch__maker_refuse(g->r->m, "graph.input: not a table of rows and features");
    return VOUCH_OK;
}

/* NodeProto: input 1, output 2, op_type 4, domain 7. */
static bool read_node(vouch__proto in, node *out)
{
    vouch__proto_field field;
    *out = (node){ .all = in };
    while (vouch__proto_next(&in, &field)) {
        switch (field.number) {
        case 1: out->input = out->n_inputs++ ? out->input : field.inside; break;
        case 2:
            if (out->n_outputs < 2)
                out->output[out->n_outputs] = field.inside;
            out->n_outputs++;
            break;
        case 4: out->op = field.inside; break;
        case 7: out->domain = field.inside; break;
        default: break;
        }
    }
    return !in.is_bad;
}

/* Cast's attribute to, a TensorProto.DataType; 0 when it has none. */
static int64_t cast_to(const node *n)
{
    vouch__proto in = n->all;
    vouch__proto_field field, part[4];
    while (vouch__proto_next(&in, &field))
        if (field.number == 5 && vouch__proto_fields(field.inside, part, N(part)) &&
            vouch__proto_is(&part[1].inside, "to"))
            return (int64_t)part[3].value;
    return 0;
}

static bool is_standard(const node *n, const char *op)
{
    return (vouch__proto_len(&n->domain) == 0 || vouch__proto_is(&n->domain, "ai.onnx")) &&
           vouch__proto_is(&n->op, op);
}

static bool is_of_trees(const node *n, const char *op)
{
    return vouch__proto_is(&n->domain, "ai.onnx.ml") && vouch__proto_is(&n->op, op);
}

/* Before the trees. Doubles may become floats, as importing a float model does with every value; what was a
 * float and is compared as double would need a rule of its own. */
static bool takes_value(graph *g, const node *n)
{
    int64_t to = is_standard(n, "Cast") ? cast_to(n) : g->type;
    bool is_kept = is_standard(n, "Identity") || to == g->type || to == VOUCH__ONNX_FLOAT ||
                   (to == VOUCH__ONNX_DOUBLE && g->type != VOUCH__ONNX_FLOAT);
    if (!is_kept || !(is_standard(n, "Cast") || is_standard(n, "Identity")))
        return false;
    g->type = to;
    g->value = n->output[0];
    return true;
}

static vouch_status take_trees(graph *g, const node *n)
{
    vouch__onnx_reading *r = g->r;
    bool is_classifier = is_of_trees(n, "TreeEnsembleClassifier");
    r->op = is_classifier                             ? VOUCH__ONNX_CLASSIFIER
            : is_of_trees(n, "TreeEnsembleRegressor") ? VOUCH__ONNX_REGRESSOR
                                                      : VOUCH__ONNX_ENSEMBLE;
    r->is_double = g->type == VOUCH__ONNX_DOUBLE;
    if (++g->n_trees > 1 || !same(&n->input, &g->value) || n->n_inputs != 1)
        return vouch__maker_refuse(r->m,
                                   "graph.node[%zu]: a second tree ensemble, or one that is not fed by the "
                                   "graph's input",
                                   g->n_nodes);
    g->label = n->output[0];
    g->scores = n->output[is_classifier];
    return vouch__onnx_attributes(r, n->all);
}

/* After the trees. ZipMap only names the columns. */
static bool takes_scores(graph *g, const node *n)
{
    int64_t to = is_standard(n, "Cast") ? cast_to(n) : 0;
    bool is_exp = is_standard(n, "Exp") && g->r->op != VOUCH__ONNX_CLASSIFIER && !g->r->is_exp;
    if (!(is_standard(n, "Identity") || to == VOUCH__ONNX_FLOAT || to == VOUCH__ONNX_DOUBLE ||
          is_of_trees(n, "ZipMap") || is_exp))
        return false;
    g->r->is_exp = g->r->is_exp || is_exp;
    g->scores = n->output[0];
    return true;
}

static vouch_status take_node(graph *g, vouch__proto in)
{
    node n;
    vouch__maker *m = g->r->m;
    if (g->n_nodes == NODES_MAX)
        return vouch__maker_refuse(m, "graph.node: more than %d operators; only a tree ensemble is read",
                                   NODES_MAX);
    if (!read_node(in, &n))
        return vouch__maker_refuse(m, "graph.node[%zu]: malformed", g->n_nodes);
    bool is_taken = false;
    vouch_status status = VOUCH_OK;
    if (is_of_trees(&n, "TreeEnsembleClassifier") || is_of_trees(&n, "TreeEnsembleRegressor") ||
        is_of_trees(&n, "TreeEnsemble")) {
        status = take_trees(g, &n);
        is_taken = true;
    } else if (n.n_inputs == 1 && g->n_trees && same(&n.input, &g->scores)) {
        is_taken = takes_scores(g, &n);
    } else if (n.n_inputs == 1 && g->n_trees && same(&n.input, &g->label)) {
        is_taken = is_standard(&n, "Cast") || is_standard(&n, "Identity"); /* the label is not used */
        g->label = n.output[0];
    } else if (n.n_inputs == 1 && !g->n_trees && same(&n.input, &g->value)) {
        is_taken = takes_value(g, &n);
    }
    if (!status && !is_taken)
        return vouch__maker_refuse(
            m,
            "graph.node[%zu]: operator '%s' is not read here: only a tree ensemble with "
            "Cast, Identity, ZipMap or a last Exp around it is",
            g->n_nodes, vouch__proto_plain(&n.op).text);
    g->n_nodes++;
    return status;
}

/* GraphProto: node 1, input 11, output 12. Inputs may stand after the nodes that use them. */
static vouch_status read_graph(vouch__onnx_reading *r, vouch__proto in)
{
    graph g = { .r = r };
    vouch__proto again = in;
    vouch__proto_field field, name[2];
    vouch_status status = VOUCH_OK;
    bool is_output = false;
    while (!status && vouch__proto_next(&in, &field))
        if (field.number == 11)
            status = read_input(&g, field.inside);
    if (!status && in.is_bad)
        return vouch__maker_refuse(r->m, "graph: malformed");
    for (in = again; !status && vouch__proto_next(&in, &field);)
        if (field.number == 1)
            status = take_node(&g, field.inside);
    if (!status && !g.n_trees)
        return vouch__maker_refuse(r->m, "graph: it has no tree ensemble");
    for (in = again; !status && vouch__proto_next(&in, &field);)
        if (field.number == 12 && vouch__proto_fields(field.inside, name, N(name)))
            is_output = is_output || same(&name[1].inside, &g.scores);
    if (!status && !is_output)
        return vouch__maker_refuse(r->m, "graph.output: the trees' scores are not among them");
    return status;
}

/* ModelProto: producer_name 2, producer_version 3, graph 7, opset_import 8: domain 1, version 2. */
static vouch_status read_model(vouch__onnx_reading *r, vouch__proto in)
{
    vouch__proto_field model[9], opset[3], field;
    vouch__buf version;
    size_t n_graphs = 0;
    if (!vouch__proto_fields(in, model, N(model)))
        return vouch__maker_refuse(r->m, "malformed, or cut short");
    while (vouch__proto_next(&in, &field)) {
        n_graphs += field.number == 7;
        if (field.number == 8 && vouch__proto_fields(field.inside, opset, N(opset)) &&
            vouch__proto_is(&opset[1].inside, "ai.onnx.ml") && opset[2].value > OPSET_MAX)
            return vouch__maker_refuse(r->m, "opset_import: ai.onnx.ml %llu, at most %d is read",
                                       (unsigned long long)opset[2].value, OPSET_MAX);
    }
    if (n_graphs != 1 || model[7].type != VOUCH__PROTO_BYTES)
        return vouch__maker_refuse(r->m, "it has no graph, or several");
    vouch__buf_init(r->m->ctx, &version, 0);
    vouch__buf_fmt(&version, "%s %s", vouch__proto_plain(&model[2].inside).text,
                   vouch__proto_plain(&model[3].inside).text);
    vouch_status status = vouch__buf_status(r->m->ctx, &version);
    if (!status)
        r->m->forest->version = vouch__buf_take(&version);
    vouch__buf_free(&version);
    return status ? status : read_graph(r, model[7].inside);
}

vouch_status vouch__import_onnx(vouch__maker *m, const void *bytes, size_t len)
{
    size_t mark = vouch__scratch_mark(m->ctx);
    vouch__onnx_reading *r = vouch__scratch(m->ctx, 1, sizeof *r);
    if (!r)
        return vouch__oom(m->ctx);
    memset(r, 0, sizeof *r);
    r->m = m;
    r->n_outputs = 1;
    for (size_t i = 0; i < VOUCH__ONNX_LISTS; i++)
        vouch__buf_init(m->ctx, &r->list[i], (size_t)1 << 34);
    vouch_status status = read_model(r, vouch__proto_of(bytes, len));
    if (!status)
        status = vouch__onnx_make(r);
    for (size_t i = 0; i < VOUCH__ONNX_LISTS; i++)
        vouch__buf_free(&r->list[i]);
    vouch__scratch_reset(m->ctx, mark);
    return status;
}
