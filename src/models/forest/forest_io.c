/* The saved form of a forest: docs/import.md. First where it came from, then what decides the scores. */
#include "models/forest/forest.h"

#include "models/trees_io.h"
#include "models/wire.h"

#include <math.h>
#include <string.h>

enum {
    FLOAT = 1,
    AVERAGED = 2,
    SCALED = 4,
    COVER = 8,
    LENIENT = 16,
    WEIGHTED = 32,
    LINEAR = 64,
    DIVIDED = 128 /* by scale, where SCALED */
};

static void put_sums(const vouch__forest *f, vouch__buf *out)
{
    vouch__put_u8(out, (uint8_t)((f->is_float ? FLOAT : 0) | (f->is_averaged ? AVERAGED : 0) |
                                 (f->is_scaled ? SCALED : 0) | (f->has_cover ? COVER : 0) |
                                 (f->is_lenient ? LENIENT : 0) | (f->weight ? WEIGHTED : 0) |
                                 (f->line_of ? LINEAR : 0) | (f->is_divided ? DIVIDED : 0)));
    vouch__put_u8(out, (uint8_t)f->transform);
    vouch__put_f64(out, f->slope);
    vouch__put_f64(out, f->scale);
    vouch__put_u32(out, f->n_groups);
    vouch__put_u32(out, f->shown);
    for (uint32_t g = 0; g < f->n_groups; g++) {
        vouch__put_f64(out, f->start[g]);
        if (f->is_scaled)
            vouch__put_f64(out, f->bias[g]);
    }
    vouch__put_u32(out, (uint32_t)f->trees.n_trees);
    for (size_t t = 0; t < f->trees.n_trees; t++) {
        vouch__put_u32(out, f->group[t]);
        if (f->weight)
            vouch__put_f64(out, (double)f->weight[t]);
    }
}

static void put_lines(const vouch__forest *f, vouch__buf *out)
{
    if (!f->line_of)
        return;
    vouch__put_u32(out, f->n_lines);
    for (uint32_t i = 0; i < f->trees.n_nodes; i++) {
        if (f->line_of[i] == UINT32_MAX)
            continue;
        const vouch__leaf_line *line = &f->line[f->line_of[i]];
        vouch__put_u32(out, i);
        vouch__put_f64(out, line->constant);
        vouch__put_u32(out, line->n);
        for (uint32_t k = 0; k < line->n; k++) {
            vouch__put_u32(out, f->term[line->first + k].input);
            vouch__put_f64(out, f->term[line->first + k].coefficient);
        }
    }
}

static void put_scores(const vouch__forest *f, vouch__buf *out)
{
    put_sums(f, out);
    put_lines(f, out);
    vouch__trees_put(&f->trees, out);
}

void vouch__forest_put(const vouch__forest *f, vouch__buf *out)
{
    vouch__put_u8(out, (uint8_t)f->source);
    vouch__put_text(out, f->objective);
    vouch__put_text(out, f->version);
    vouch__put_text(out, f->source_hash);
    vouch__put_u32(out, f->found);
    vouch__put_u32(out, f->best);
    put_scores(f, out);
}

vouch_status vouch__forest_digest(vouch_ctx *ctx, const vouch__forest *f, const vouch__inputs *inputs,
                                  char out_hex[VOUCH__HEX])
{
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, 0);
    vouch__put_u32(&buf, (uint32_t)inputs->n);
    for (size_t j = 0; j < inputs->n; j++) {
        vouch__put_text(&buf, inputs->at[j].name);
        vouch__put_u32(&buf, (uint32_t)inputs->at[j].n_categories);
        for (size_t k = 0; k < inputs->at[j].n_categories; k++)
            vouch__put_text(&buf, inputs->at[j].category[k]);
    }
    put_scores(f, &buf);
    vouch_status status = vouch__buf_status(ctx, &buf);
    if (!status)
        status = vouch__hash_hex(ctx, buf.at, buf.len, out_hex);
    vouch__buf_free(&buf);
    return status;
}

static vouch_status malformed(vouch_ctx *ctx, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: the forest %s", what);
}

static vouch_status get_text(vouch_ctx *ctx, vouch__wire *in, char **out_text)
{
    size_t len = vouch__get_count(in, 1);
    const uint8_t *bytes = vouch__get_bytes(in, len);
    if (!bytes || memchr(bytes, 0, len) || !vouch__utf8_valid((const char *)bytes, len))
        return malformed(ctx, "has a text that is not one");
    char *text = vouch__alloc(ctx, len + 1, 1);
    if (!text)
        return vouch__oom(ctx);
    memcpy(text, bytes, len);
    *out_text = text;
    return VOUCH_OK;
}

static vouch_status get_origin(vouch_ctx *ctx, vouch__wire *in, vouch__forest *f)
{
    uint8_t source = vouch__get_u8(in), bytes[VOUCH__HASH];
    char *hash = NULL;
    if (in->is_short || source >= VOUCH__SOURCES)
        return malformed(ctx, "is of no known source");
    f->source = source;
    vouch_status status = get_text(ctx, in, &f->objective);
    if (!status)
        status = get_text(ctx, in, &f->version);
    if (!status)
        status = get_text(ctx, in, &hash);
    if (!status && !vouch__unhex(hash, bytes, sizeof bytes))
        status = malformed(ctx, "has no hash of its source");
    if (!status)
        vouch__hex(bytes, sizeof bytes, f->source_hash);
    vouch__free(vouch__allocator(ctx), hash);
    f->found = vouch__get_u32(in);
    f->best = vouch__get_u32(in);
    return status;
}

static bool is_float(double v) { return isfinite(v) && (double)(float)v == v; }

static vouch_status get_groups(vouch_ctx *ctx, vouch__wire *in, vouch__forest *f)
{
    f->n_groups = vouch__get_u32(in);
    f->shown = vouch__get_u32(in);
    if (in->is_short || f->n_groups == 0 || f->n_groups > VOUCH__GROUPS_MAX || f->shown >= f->n_groups)
        return malformed(ctx, "has no outputs");
    f->start = vouch__alloc(ctx, f->n_groups, sizeof *f->start);
    f->bias = f->is_scaled ? vouch__alloc(ctx, f->n_groups, sizeof *f->bias) : NULL;
    if (!f->start || (f->is_scaled && !f->bias))
        return vouch__oom(ctx);
    for (uint32_t g = 0; g < f->n_groups; g++) {
        f->start[g] = vouch__get_f64(in);
        if (f->is_scaled)
            f->bias[g] = vouch__get_f64(in);
        if (!isfinite(f->start[g]) || (f->is_float && !is_float(f->start[g])) ||
            (f->is_scaled && !isfinite(f->bias[g])))
            return malformed(ctx, "starts at no finite number");
    }
    return VOUCH_OK;
}

static vouch_status get_sums(vouch_ctx *ctx, vouch__wire *in, vouch__forest *f, uint8_t flags,
                             uint32_t *n_trees)
{
    uint8_t transform = vouch__get_u8(in);
    f->slope = vouch__get_f64(in);
    f->scale = vouch__get_f64(in);
    if (in->is_short || transform >= VOUCH__TRANSFORMS || !isfinite(f->slope) || !isfinite(f->scale) ||
        (f->is_divided && !(f->is_scaled && f->scale > 0.0)))
        return malformed(ctx, "has sums of no known kind");
    f->transform = transform;
    vouch_status status = get_groups(ctx, in, f);
    if (status)
        return status;
    size_t n = vouch__get_count(in, flags & WEIGHTED ? 12 : 4);
    f->group = vouch__alloc(ctx, n ? n : 1, sizeof *f->group);
    f->weight = flags & WEIGHTED ? vouch__alloc(ctx, n ? n : 1, sizeof *f->weight) : NULL;
    if (!f->group || (flags & WEIGHTED && !f->weight))
        return vouch__oom(ctx);
    for (size_t t = 0; t < n; t++) {
        f->group[t] = vouch__get_u32(in);
        double weight = f->weight ? vouch__get_f64(in) : 1.0;
        if (f->group[t] >= f->n_groups || !is_float(weight))
            return malformed(ctx, "has a tree of no output or weight");
        if (f->weight)
            f->weight[t] = (float)weight;
    }
    *n_trees = (uint32_t)n;
    return in->is_short ? malformed(ctx, "ends inside its sums") : VOUCH_OK;
}

/* A first pass counts the terms. leaf[n_lines] takes the leaves' places, to be checked once the trees are
 * read. */
static vouch_status get_lines(vouch_ctx *ctx, vouch__wire *in, size_t n_inputs, vouch__forest *f,
                              uint32_t **out_leaf)
{
    size_t n = vouch__get_count(in, 16), terms = 0;
    vouch__wire ahead = *in;
    for (size_t i = 0; i < n; i++) {
        (void)vouch__get_bytes(&ahead, 12);
        size_t k = vouch__get_count(&ahead, 12);
        (void)vouch__get_bytes(&ahead, 12 * k);
        terms += k;
    }
    if (ahead.is_short || terms > UINT32_MAX)
        return malformed(ctx, "ends inside its linear leaves");
    f->line = vouch__alloc(ctx, n ? n : 1, sizeof *f->line);
    f->term = vouch__alloc(ctx, terms ? terms : 1, sizeof *f->term);
    *out_leaf = vouch__alloc(ctx, n ? n : 1, sizeof **out_leaf);
    if (!f->line || !f->term || !*out_leaf)
        return vouch__oom(ctx);
    for (; f->n_lines < n; f->n_lines++) {
        vouch__leaf_line *line = &f->line[f->n_lines];
        (*out_leaf)[f->n_lines] = vouch__get_u32(in);
        *line = (vouch__leaf_line){ .constant = vouch__get_f64(in), .first = f->n_terms };
        line->n = vouch__get_u32(in);
        for (uint32_t k = 0; k < line->n; k++, f->n_terms++) {
            vouch__term *term = &f->term[f->n_terms];
            term->input = vouch__get_u32(in);
            term->coefficient = vouch__get_f64(in);
            if (term->input >= n_inputs || !isfinite(term->coefficient))
                return malformed(ctx, "has a term of no input");
        }
        if (!isfinite(line->constant))
            return malformed(ctx, "has a leaf that is not finite");
    }
    return VOUCH_OK;
}

static vouch_status place_lines(vouch_ctx *ctx, vouch__forest *f, const uint32_t *leaf)
{
    size_t n = f->trees.n_nodes;
    f->line_of = vouch__alloc(ctx, n ? n : 1, sizeof *f->line_of);
    if (!f->line_of)
        return vouch__oom(ctx);
    memset(f->line_of, UINT8_MAX, n * sizeof *f->line_of);
    for (uint32_t i = 0; i < f->n_lines; i++) {
        if (leaf[i] >= n || (i && leaf[i] <= leaf[i - 1]) || f->trees.node[leaf[i]].left >= 0)
            return malformed(ctx, "has a linear leaf where none is");
        f->line_of[leaf[i]] = i;
    }
    return VOUCH_OK;
}

static vouch_status get_scores(vouch_ctx *ctx, const vouch__inputs *inputs, vouch__wire *in, vouch__forest *f)
{
    uint8_t flags = vouch__get_u8(in);
    uint32_t n_trees = 0, *leaf = NULL;
    f->is_float = flags & FLOAT;
    f->is_averaged = flags & AVERAGED;
    f->is_scaled = flags & SCALED;
    f->is_divided = flags & DIVIDED;
    f->has_cover = flags & COVER;
    f->is_lenient = flags & LENIENT;
    vouch_status status = get_sums(ctx, in, f, flags, &n_trees);
    if (!status && flags & LINEAR)
        status = get_lines(ctx, in, inputs->n, f, &leaf);
    if (!status)
        status = vouch__trees_get_imported(ctx, inputs, in, &f->trees);
    if (!status && f->trees.n_trees != n_trees)
        status = malformed(ctx, "has more or fewer trees than it says");
    if (!status && flags & LINEAR)
        status = place_lines(ctx, f, leaf);
    vouch__free(vouch__allocator(ctx), leaf);
    return status;
}

vouch_status vouch__forest_get(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                               vouch__forest **out_forest)
{
    vouch__wire in = { bytes, len, false };
    vouch__forest *f = vouch__alloc(ctx, 1, sizeof *f);
    if (!f)
        return vouch__oom(ctx);
    vouch_status status = get_origin(ctx, &in, f);
    if (!status)
        status = get_scores(ctx, inputs, &in, f);
    if (!status)
        status = vouch__forest_finish(ctx, f);
    if (status)
        vouch__forest_free(vouch__allocator(ctx), f);
    else
        *out_forest = f;
    return status;
}
