/* The attributes of an ONNX tree operator, as the lists they are. The three operators say the same things in
 * three ways; no name means two things. */
#include "models/import/onnx.h"

#define N(table) (sizeof(table) / sizeof *(table))

enum { POLL = 65536 };

typedef enum kind { INTS, REALS, TENSOR, MODES, POST, AGGREGATE, OUTPUTS, LABELS, NOTHING } kind;

typedef struct attribute {
    const char *name;
    kind kind;
    vouch__onnx_list list; /* of the first four kinds */
} attribute;

static const attribute attributes[] = {
    { "nodes_treeids", INTS, VOUCH__ONNX_TREE },
    { "nodes_nodeids", INTS, VOUCH__ONNX_NODE },
    { "nodes_featureids", INTS, VOUCH__ONNX_INPUT },
    { "nodes_truenodeids", INTS, VOUCH__ONNX_YES },
    { "nodes_falsenodeids", INTS, VOUCH__ONNX_NO },
    { "nodes_missing_value_tracks_true", INTS, VOUCH__ONNX_MISSING },
    { "nodes_modes", MODES, VOUCH__ONNX_MODE },
    { "nodes_values", REALS, VOUCH__ONNX_VALUE },
    { "nodes_values_as_tensor", TENSOR, VOUCH__ONNX_VALUE },
    { "class_treeids", INTS, VOUCH__ONNX_W_TREE },
    { "class_nodeids", INTS, VOUCH__ONNX_W_NODE },
    { "class_ids", INTS, VOUCH__ONNX_W_OUTPUT },
    { "class_weights", REALS, VOUCH__ONNX_WEIGHT },
    { "class_weights_as_tensor", TENSOR, VOUCH__ONNX_WEIGHT },
    { "target_treeids", INTS, VOUCH__ONNX_W_TREE },
    { "target_nodeids", INTS, VOUCH__ONNX_W_NODE },
    { "target_ids", INTS, VOUCH__ONNX_W_OUTPUT },
    { "target_weights", REALS, VOUCH__ONNX_WEIGHT },
    { "target_weights_as_tensor", TENSOR, VOUCH__ONNX_WEIGHT },
    { "base_values", REALS, VOUCH__ONNX_BASE },
    { "base_values_as_tensor", TENSOR, VOUCH__ONNX_BASE },
    { "tree_roots", INTS, VOUCH__ONNX_ROOT },
    { "nodes_trueleafs", INTS, VOUCH__ONNX_YES_LEAF },
    { "nodes_falseleafs", INTS, VOUCH__ONNX_NO_LEAF },
    { "nodes_splits", TENSOR, VOUCH__ONNX_VALUE },
    { "leaf_targetids", INTS, VOUCH__ONNX_W_OUTPUT },
    { "leaf_weights", TENSOR, VOUCH__ONNX_WEIGHT },
    { "post_transform", POST, 0 },
    { "aggregate_function", AGGREGATE, 0 },
    { "n_targets", OUTPUTS, 0 },
    { "classlabels_strings", LABELS, 0 },
    { "classlabels_int64s", LABELS, 0 },
    { "nodes_hitrates", NOTHING, 0 },
    { "nodes_hitrates_as_tensor", NOTHING, 0 },
};

static vouch_status add_mode(vouch__onnx_reading *r, const vouch__proto *text)
{
    static const char *const name[] = { "BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE", "BRANCH_GT",
                                        "BRANCH_EQ",  "BRANCH_NEQ", "LEAF" };
    int64_t mode = 0;
    while (mode < (int64_t)N(name) && !vouch__proto_is(text, name[mode]))
        mode++;
    if (mode == (int64_t)N(name))
        return vouch__maker_refuse(r->m, "nodes_modes: '%s' is not one that is read",
                                   vouch__proto_plain(text).text);
    vouch__buf_add(&r->list[VOUCH__ONNX_MODE], &mode, sizeof mode);
    return VOUCH_OK;
}

/* Numbers of 4, 8 or 1 bytes in a row. */
static bool add_raw(vouch__proto raw, int64_t type, vouch__buf *out)
{
    vouch__proto_field packed = { .type = VOUCH__PROTO_BYTES, .inside = raw };
    if (type != VOUCH__ONNX_UINT8)
        return vouch__proto_reals(&packed, type == VOUCH__ONNX_DOUBLE, out);
    for (const uint8_t *p = raw.p; p < raw.end; p++) {
        int64_t wide = *p;
        vouch__buf_add(out, &wide, sizeof wide);
    }
    return true;
}

/* TensorProto: data_type 2, float_data 4, int32_data 5, raw_data 9, double_data 10, data_location 14. */
static vouch_status read_tensor(vouch__onnx_reading *r, const attribute *a, vouch__proto in, bool is_real)
{
    vouch__proto_field field[15], each;
    vouch__buf *out = &r->list[a->list];
    if (!vouch__proto_fields(in, field, N(field)))
        return vouch__maker_refuse(r->m, "%s: not a tensor", a->name);
    int64_t type = (int64_t)field[2].value;
    bool is_double = type == VOUCH__ONNX_DOUBLE, is_read = true;
    if (is_real ? !is_double && type != VOUCH__ONNX_FLOAT : type != VOUCH__ONNX_UINT8)
        return vouch__maker_refuse(r->m, "%s: data_type is %lld, must be %s", a->name, (long long)type,
                                   is_real ? "float or double" : "uint8");
    if (is_double && !r->is_double)
        return vouch__maker_refuse(r->m, "%s: double, where the trees' input is float", a->name);
    if (field[14].value)
        return vouch__maker_refuse(r->m, "%s: its numbers are outside the file", a->name);
    if (field[9].type == VOUCH__PROTO_BYTES)
        is_read = add_raw(field[9].inside, type, out);
    while (is_read && field[9].type != VOUCH__PROTO_BYTES && vouch__proto_next(&in, &each)) {
        if (type == VOUCH__ONNX_UINT8 && each.number == 5)
            is_read = vouch__proto_ints(&each, out);
        else if (type != VOUCH__ONNX_UINT8 && each.number == (is_double ? 10 : 4))
            is_read = vouch__proto_reals(&each, is_double, out);
    }
    return is_read ? VOUCH_OK : vouch__maker_refuse(r->m, "%s: its numbers are cut short", a->name);
}

/* Words of the two older operators, numbers of TreeEnsemble. */
static vouch_status read_choice(vouch__onnx_reading *r, const attribute *a, const vouch__proto_field *field)
{
    static const char *const post[] = { "NONE", "SOFTMAX", "LOGISTIC" }, *const aggregate[] = { "AVERAGE",
                                                                                                "SUM" };
    const char *const *name = a->kind == POST ? post : aggregate;
    size_t n = a->kind == POST ? N(post) : N(aggregate), i = 0;
    if (r->op == VOUCH__ONNX_ENSEMBLE) {
        if (field[3].value >= n)
            return vouch__maker_refuse(r->m, "%s: %llu is not one that is read", a->name,
                                       (unsigned long long)field[3].value);
        i = (size_t)field[3].value;
    } else {
        while (i < n && !vouch__proto_is(&field[4].inside, name[i]))
            i++;
        if (i == n)
            return vouch__maker_refuse(r->m, "%s: '%s' is not one that is read", a->name,
                                       vouch__proto_plain(&field[4].inside).text);
    }
    if (a->kind == POST)
        r->post = (vouch__onnx_post)i;
    else
        r->is_averaged = i == 0;
    return VOUCH_OK;
}

/* AttributeProto: floats 7, ints 8, strings 9. */
static vouch_status read_list(vouch__onnx_reading *r, const attribute *a, vouch__proto in)
{
    vouch__proto_field each;
    vouch_status status = VOUCH_OK;
    bool is_read = true;
    vouch__buf *out = &r->list[a->list];
    for (size_t i = 1; !status && is_read && vouch__proto_next(&in, &each); i++) {
        if (each.number == 8 && a->kind == INTS)
            is_read = vouch__proto_ints(&each, out);
        else if (each.number == 7 && a->kind == REALS)
            is_read = vouch__proto_reals(&each, false, out);
        else if (each.number == 9 && a->kind == MODES && each.type == VOUCH__PROTO_BYTES)
            status = add_mode(r, &each.inside);
        if (!status && i % POLL == 0)
            status = vouch__poll(r->m->ctx);
    }
    return status || is_read ? status : vouch__maker_refuse(r->m, "%s: its numbers are cut short", a->name);
}

/* Of labels only how many there are counts; whole numbers may be packed. */
static vouch_status count_labels(vouch__onnx_reading *r, const attribute *a, vouch__proto in)
{
    vouch__proto_field each;
    vouch__buf numbers;
    bool is_read = true;
    vouch__buf_init(r->m->ctx, &numbers, 0);
    while (is_read && vouch__proto_next(&in, &each)) {
        r->n_labels += each.number == 9;
        if (each.number == 8)
            is_read = vouch__proto_ints(&each, &numbers);
    }
    r->n_labels += numbers.len / 8;
    vouch_status status = vouch__buf_status(r->m->ctx, &numbers);
    vouch__buf_free(&numbers);
    return status || is_read ? status : vouch__maker_refuse(r->m, "%s: its numbers are cut short", a->name);
}

/* AttributeProto: name 1, i 3, s 4, t 5. */
static vouch_status read_attribute(vouch__onnx_reading *r, vouch__proto in, uint64_t *seen)
{
    vouch__proto_field field[10];
    size_t i = 0;
    if (!vouch__proto_fields(in, field, N(field)))
        return vouch__maker_refuse(r->m, "an attribute of the trees is malformed");
    while (i < N(attributes) && !vouch__proto_is(&field[1].inside, attributes[i].name))
        i++;
    if (i == N(attributes))
        return vouch__maker_refuse(r->m, "attribute '%s' of the trees is not read",
                                   vouch__proto_plain(&field[1].inside).text);
    const attribute *a = &attributes[i];
    if (*seen >> i & 1 || (a->kind <= MODES && r->list[a->list].len))
        return vouch__maker_refuse(r->m, "%s: stands twice", a->name);
    *seen |= (uint64_t)1 << i;
    switch (a->kind) {
    case MODES:
        return r->op == VOUCH__ONNX_ENSEMBLE ? read_tensor(r, a, field[5].inside, false)
                                             : read_list(r, a, in);
    case TENSOR: return read_tensor(r, a, field[5].inside, true);
    case POST:
    case AGGREGATE: return read_choice(r, a, field);
    case OUTPUTS: r->n_outputs = (int64_t)field[3].value; return VOUCH_OK;
    case LABELS: return count_labels(r, a, in);
    case NOTHING: return VOUCH_OK;
    default: return read_list(r, a, in);
    }
}

/* NodeProto: attribute 5. */
vouch_status vouch__onnx_attributes(vouch__onnx_reading *r, vouch__proto in)
{
    vouch__proto_field field;
    uint64_t seen = 0;
    vouch_status status = VOUCH_OK;
    while (!status && vouch__proto_next(&in, &field))
        if (field.number == 5)
            status = read_attribute(r, field.inside, &seen);
    for (size_t i = 0; !status && i < VOUCH__ONNX_LISTS; i++)
        status = vouch__buf_status(r->m->ctx, &r->list[i]);
    return status;
}
