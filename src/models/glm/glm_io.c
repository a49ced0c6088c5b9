/* The saved form of a glm, version 2 (little-endian, after the model file's own header)
 * 1. u8 family, link; f64 tweedie power, alpha, link exponent
 * 2. u8 flags (1 intercept, 2 penalised, 4 firth, 8 t); u8 covariance, unseen, missing; f64 interval level
 * 3. u32 1 + input of offset, of exposure (0: none); f64 their means; u32 inputs
 * 4. u32 pieces; for each u8 type; u32 input, columns; f64 fill; u32 1 + flags' piece; u32 knots, each f64;
 *    u32 levels, each u32 column and f64 rows, weight, target; if any, those three of the rest; columns x f64
 *    mean
 * 5. u32 terms; for each u32 piece, 1 + second piece (0: none)
 * 6. u32 columns; for each f64 estimate, error, mean; u8 left out
 * 7. 13 x f64: the facts, in the order of their struct
 * 8. of family beta: u32 coefficients of the precision, each u32 column and f64 value, error; f64 pseudo R2
 *
 * Version 1 has neither family beta nor the parameter squeeze. What is read is checked until scoring needs no
 * checks. */
#include "models/glm/glm_fit.h"
#include "models/wire.h"

#include <math.h>

enum { FACTS = sizeof(vouch__glm_facts) / sizeof(double) };

static void save_piece(const vouch__glm_piece *p, vouch__buf *out)
{
    vouch__put_u8(out, (uint8_t)p->type);
    vouch__put_u32(out, (uint32_t)p->input);
    vouch__put_u32(out, (uint32_t)p->n);
    vouch__put_f64(out, p->fill);
    vouch__put_u32(out, p->flags == SIZE_MAX ? 0 : (uint32_t)p->flags + 1);
    vouch__put_u32(out, (uint32_t)p->n_knots);
    for (size_t k = 0; k < p->n_knots; k++)
        vouch__put_f64(out, p->knot[k]);
    vouch__put_u32(out, (uint32_t)p->n_levels);
    for (size_t k = 0; k < p->n_levels; k++)
        vouch__put_u32(out, p->level[k]);
    for (size_t k = 0; p->n_levels && k < 3 * (p->n_levels + 1); k++)
        vouch__put_f64(out, p->tally[k]);
    for (size_t k = 0; k < p->n; k++)
        vouch__put_f64(out, p->mean[k]);
}

void vouch__glm_save(const void *state, vouch__buf *out)
{
    const vouch__glm *glm = state;
    double facts[FACTS];
    memcpy(facts, &glm->facts, sizeof facts);
    vouch__put_u8(out, (uint8_t)glm->law.family);
    vouch__put_u8(out, (uint8_t)glm->law.link);
    vouch__put_f64(out, glm->law.power);
    vouch__put_f64(out, glm->law.alpha);
    vouch__put_f64(out, glm->law.exponent);
    vouch__put_u8(
        out, (uint8_t)(glm->has_intercept | glm->is_penalised << 1 | glm->is_firth << 2 | glm->uses_t << 3));
    vouch__put_u8(out, glm->covariance);
    vouch__put_u8(out, glm->unseen);
    vouch__put_u8(out, glm->missing);
    vouch__put_f64(out, glm->level);
    vouch__put_u32(out, glm->offset == SIZE_MAX ? 0 : (uint32_t)glm->offset + 1);
    vouch__put_u32(out, glm->exposure == SIZE_MAX ? 0 : (uint32_t)glm->exposure + 1);
    vouch__put_f64(out, glm->offset_mean);
    vouch__put_f64(out, glm->exposure_mean);
    vouch__put_u32(out, (uint32_t)glm->n_inputs);
    vouch__put_u32(out, (uint32_t)glm->n_pieces);
    for (size_t p = 0; p < glm->n_pieces; p++)
        save_piece(&glm->piece[p], out);
    vouch__put_u32(out, (uint32_t)glm->n_terms);
    for (size_t t = 0; t < glm->n_terms; t++) {
        vouch__put_u32(out, (uint32_t)glm->term[t].a);
        vouch__put_u32(out, glm->term[t].b == SIZE_MAX ? 0 : (uint32_t)glm->term[t].b + 1);
    }
    vouch__put_u32(out, (uint32_t)glm->n_columns);
    for (size_t k = 0; k < glm->n_columns; k++) {
        vouch__put_f64(out, glm->estimate[k].value);
        vouch__put_f64(out, glm->estimate[k].error);
        vouch__put_f64(out, glm->estimate[k].mean);
        vouch__put_u8(out, glm->estimate[k].is_left_out);
    }
    for (size_t k = 0; k < FACTS; k++)
        vouch__put_f64(out, facts[k]);
    if (glm->law.family != VOUCH__GLM_BETA)
        return;
    vouch__put_u32(out, (uint32_t)glm->n_precision);
    for (size_t k = 0; k < glm->n_precision; k++) {
        vouch__put_u32(out, (uint32_t)glm->precision[k].column);
        vouch__put_f64(out, glm->precision[k].value);
        vouch__put_f64(out, glm->precision[k].error);
    }
    vouch__put_f64(out, glm->pseudo_r2);
}

/* ---- reading ---- */

static vouch_status wrong(vouch_ctx *ctx, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_FORMAT, "glm file: %s", what);
}

static bool read_numbers(vouch_ctx *ctx, vouch__wire *in, size_t n, double **out)
{
    if (in->left / 8 < n) {
        in->is_short = true;
        return true;
    }
    *out = vouch__alloc(ctx, n ? n : 1, sizeof **out);
    for (size_t k = 0; *out && k < n; k++)
        (*out)[k] = vouch__get_f64(in);
    return *out != NULL;
}

static bool is_finite(const double *x, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (!isfinite(x[k]))
            return false;
    return true;
}

static bool levels_are_sound(const vouch__glm_piece *p)
{
    uint32_t next = 1;
    for (size_t k = 0; k < p->n_levels; k++)
        if (p->level[k] && p->level[k] != next++)
            return false;
    for (size_t k = 0; k < 3 * (p->n_levels + 1); k++)
        if (!(isfinite(p->tally[k])))
            return false;
    return next == p->n + 1;
}

static bool piece_is_sound(const vouch__glm *glm, size_t at, const vouch__inputs *inputs)
{
    const vouch__glm_piece *p = &glm->piece[at];
    const vouch__input *input = &inputs->at[p->input];
    bool is_spline = p->type == VOUCH__GLM_NATURAL || p->type == VOUCH__GLM_BSPLINE;
    if (!isfinite(p->fill) || !is_finite(p->knot, p->n_knots) || !is_finite(p->mean, p->n))
        return false;
    for (size_t k = 1; k < p->n_knots; k++)
        if (!(p->knot[k] > p->knot[k - 1]))
            return false;
    if (p->type == VOUCH__GLM_LEVELS)
        return input->is_category && p->n_levels == input->n_categories + 1 && !p->n_knots &&
               levels_are_sound(p);
    if (input->is_category)
        return false;
    if (p->type == VOUCH__GLM_FLAGS) {
        if (p->n_levels != p->n_knots + 1 || p->n_knots != input->n_special)
            return false;
        for (size_t k = 0; k < p->n_knots; k++)
            if (p->knot[k] != input->special[k])
                return false;
        return levels_are_sound(p);
    }
    if (p->n_levels || (is_spline && (p->n_knots < 3 || p->n_knots > VOUCH__GLM_BASIS_MAX - 2)) ||
        (!is_spline && p->n_knots))
        return false;
    return p->n == (p->type == VOUCH__GLM_LINEAR    ? 1
                    : p->type == VOUCH__GLM_NATURAL ? p->n_knots - 1
                                                    : p->n_knots + 1);
}

static vouch_status load_piece(vouch_ctx *ctx, vouch__wire *in, const vouch__inputs *inputs, vouch__glm *glm)
{
    vouch__glm_piece *p = &glm->piece[glm->n_pieces++];
    uint8_t type = vouch__get_u8(in);
    p->type = (vouch__glm_piece_type)type;
    p->input = vouch__get_u32(in);
    p->n = vouch__get_u32(in);
    p->fill = vouch__get_f64(in);
    p->flags = vouch__get_u32(in);
    p->flags = p->flags ? p->flags - 1 : SIZE_MAX;
    p->n_knots = vouch__get_count(in, 8);
    if (in->is_short || type > VOUCH__GLM_FLAGS || p->input >= inputs->n || p->n > VOUCH__GLM_COLUMNS_MAX)
        return wrong(ctx, "a piece is cut short or out of range");
    if (!read_numbers(ctx, in, p->n_knots, &p->knot))
        return vouch__oom(ctx);
    p->n_levels = vouch__get_count(in, 4 + 24);
    if (p->n_levels) {
        p->level = vouch__alloc(ctx, p->n_levels, sizeof *p->level);
        if (!p->level)
            return vouch__oom(ctx);
        for (size_t k = 0; k < p->n_levels; k++)
            p->level[k] = vouch__get_u32(in);
        if (!read_numbers(ctx, in, 3 * (p->n_levels + 1), &p->tally))
            return vouch__oom(ctx);
    }
    if (!in->is_short && !read_numbers(ctx, in, p->n, &p->mean))
        return vouch__oom(ctx);
    bool has_levels = p->type == VOUCH__GLM_LEVELS || p->type == VOUCH__GLM_FLAGS;
    if (in->is_short || has_levels != (p->n_levels > 0) || !piece_is_sound(glm, glm->n_pieces - 1, inputs))
        return wrong(ctx, "a piece does not match its input");
    return VOUCH_OK;
}

/* Flags belong to the same input; what is multiplied also stands alone. */
static bool terms_are_sound(const vouch__glm *glm)
{
    for (size_t p = 0; p < glm->n_pieces; p++) {
        size_t flags = glm->piece[p].flags;
        if (flags != SIZE_MAX && (flags >= glm->n_pieces || glm->piece[flags].type != VOUCH__GLM_FLAGS ||
                                  glm->piece[flags].input != glm->piece[p].input))
            return false;
    }
    for (size_t t = 0; t < glm->n_terms; t++) {
        size_t b = glm->term[t].b;
        bool found = b == SIZE_MAX, found_a = b == SIZE_MAX;
        for (size_t u = 0; u < t; u++) {
            found |= glm->term[u].a == b && glm->term[u].b == SIZE_MAX;
            found_a |= glm->term[u].a == glm->term[t].a && glm->term[u].b == SIZE_MAX;
        }
        if (!found || !found_a)
            return false;
    }
    return true;
}

static vouch_status load_terms(vouch_ctx *ctx, vouch__wire *in, vouch__glm *glm)
{
    size_t n = vouch__get_count(in, 8);
    glm->term = vouch__alloc(ctx, n ? n : 1, sizeof *glm->term);
    if (!glm->term)
        return vouch__oom(ctx);
    glm->n_columns = 1;
    for (; glm->n_terms < n && !in->is_short; glm->n_terms++) {
        vouch__glm_term *t = &glm->term[glm->n_terms];
        t->a = vouch__get_u32(in);
        size_t b = vouch__get_u32(in);
        t->b = b ? b - 1 : SIZE_MAX;
        if (t->a >= glm->n_pieces || (b && t->b >= glm->n_pieces))
            return wrong(ctx, "a term names no piece");
        t->first = glm->n_columns;
        t->n = glm->piece[t->a].n * (b ? glm->piece[t->b].n : 1);
        glm->n_columns += t->n;
        if (t->n == 0 || glm->n_columns > VOUCH__GLM_COLUMNS_MAX + 1)
            return wrong(ctx, "a term has no coefficients or too many");
    }
    return !in->is_short && terms_are_sound(glm) ? VOUCH_OK
                                                 : wrong(ctx, "terms are cut short or do not match");
}

static vouch_status load_precision(vouch_ctx *ctx, vouch__wire *in, vouch__glm *glm)
{
    size_t n = vouch__get_count(in, 20);
    if (in->is_short || n == 0)
        return wrong(ctx, "it has no precision");
    glm->precision = vouch__alloc(ctx, n, sizeof *glm->precision);
    if (!glm->precision)
        return vouch__oom(ctx);
    glm->n_precision = n;
    for (size_t k = 0; k < n; k++) {
        vouch__glm_precision *at = &glm->precision[k];
        at->column = vouch__get_u32(in);
        at->value = vouch__get_f64(in);
        at->error = vouch__get_f64(in);
        if (!isfinite(at->value) || !(at->error >= 0.0) || at->column >= glm->n_columns ||
            (k == 0) != (at->column == 0))
            return wrong(ctx, "a coefficient of the precision is out of range");
    }
    glm->pseudo_r2 = vouch__get_f64(in);
    return VOUCH_OK;
}

static vouch_status load_estimates(vouch_ctx *ctx, vouch__wire *in, vouch__glm *glm)
{
    double facts[FACTS];
    size_t n = vouch__get_count(in, 25);
    if (in->is_short || n != glm->n_columns)
        return wrong(ctx, "the coefficients do not match the terms");
    glm->estimate = vouch__alloc(ctx, n, sizeof *glm->estimate);
    if (!glm->estimate)
        return vouch__oom(ctx);
    for (size_t k = 0; k < n; k++) {
        vouch__glm_estimate *e = &glm->estimate[k];
        e->value = vouch__get_f64(in);
        e->error = vouch__get_f64(in);
        e->mean = vouch__get_f64(in);
        uint8_t out = vouch__get_u8(in);
        e->is_left_out = out != 0;
        if (!isfinite(e->value) || !isfinite(e->mean) || out > 1 || !(isnan(e->error) || e->error >= 0.0))
            return wrong(ctx, "a coefficient is out of range");
    }
    for (size_t k = 0; k < FACTS; k++)
        facts[k] = vouch__get_f64(in);
    memcpy(&glm->facts, facts, sizeof facts);
    if (glm->law.family == VOUCH__GLM_BETA) {
        vouch_status status = load_precision(ctx, in, glm);
        if (status)
            return status;
    }
    return in->is_short || in->left ? wrong(ctx, "it is cut short or goes on after the facts") : VOUCH_OK;
}

static bool named_input(const vouch__inputs *inputs, uint32_t at, size_t *out)
{
    *out = at ? at - 1 : SIZE_MAX;
    return at == 0 || (*out < inputs->n && !inputs->at[*out].is_category);
}

static vouch_status load_head(vouch_ctx *ctx, vouch__wire *in, const vouch__inputs *inputs, vouch__glm *glm)
{
    uint8_t family = vouch__get_u8(in), link = vouch__get_u8(in);
    glm->law.power = vouch__get_f64(in);
    glm->law.alpha = vouch__get_f64(in);
    glm->law.exponent = vouch__get_f64(in);
    uint8_t flags = vouch__get_u8(in);
    glm->covariance = vouch__get_u8(in);
    glm->unseen = vouch__get_u8(in);
    glm->missing = vouch__get_u8(in);
    glm->level = vouch__get_f64(in);
    bool is_named = named_input(inputs, vouch__get_u32(in), &glm->offset);
    is_named &= named_input(inputs, vouch__get_u32(in), &glm->exposure);
    glm->offset_mean = vouch__get_f64(in);
    glm->exposure_mean = vouch__get_f64(in);
    glm->n_inputs = vouch__get_u32(in);
    glm->has_intercept = flags & 1;
    glm->is_penalised = flags >> 1 & 1;
    glm->is_firth = flags >> 2 & 1;
    glm->uses_t = flags >> 3 & 1;
    if (in->is_short || family >= VOUCH__GLM_FAMILIES || link >= VOUCH__GLM_LINKS || flags > 15 ||
        glm->covariance > VOUCH__GLM_CLUSTER || glm->unseen > VOUCH__GLM_UNSEEN_REFUSE ||
        glm->missing > VOUCH__GLM_MISSING_REFUSE || !(glm->level > 0.0 && glm->level < 1.0) || !is_named ||
        glm->n_inputs != inputs->n || !isfinite(glm->offset_mean) || !isfinite(glm->exposure_mean))
        return wrong(ctx, "its head is cut short or out of range");
    glm->law.family = (vouch__glm_family)family;
    glm->law.link = (vouch__glm_link)link;
    if (!vouch__glm_link_suits(glm->law.family, glm->law.link) || !isfinite(glm->law.power) ||
        !isfinite(glm->law.alpha) || !isfinite(glm->law.exponent) ||
        (glm->law.family == VOUCH__GLM_TWEEDIE && glm->law.power < 1.0) ||
        (glm->law.family == VOUCH__GLM_NEGATIVE_BINOMIAL && glm->law.alpha <= 0.0) ||
        (glm->law.link == VOUCH__GLM_POWER && glm->law.exponent == 0.0))
        return wrong(ctx, "the family and its link do not match");
    return VOUCH_OK;
}

static vouch_status load_all(vouch_ctx *ctx, vouch__wire *in, const vouch__inputs *inputs, vouch__glm *glm)
{
    enum { PIECE_BYTES = 1 + 5 * 4 + 8 };
    vouch_status status = load_head(ctx, in, inputs, glm);
    if (status)
        return status;
    size_t n = vouch__get_count(in, PIECE_BYTES);
    if (in->is_short || n > 2 * inputs->n)
        return wrong(ctx, "the number of pieces is out of range");
    glm->piece = vouch__alloc(ctx, n + 1, sizeof *glm->piece);
    if (!glm->piece)
        return vouch__oom(ctx);
    while (glm->n_pieces < n && !status)
        status = load_piece(ctx, in, inputs, glm);
    if (!status)
        status = load_terms(ctx, in, glm);
    return status ? status : load_estimates(ctx, in, glm);
}

vouch_status vouch__glm_load(vouch_ctx *ctx, const vouch__inputs *inputs, const void *bytes, size_t len,
                             void **state)
{
    vouch__wire in = { bytes, len, false };
    vouch__glm *glm = vouch__alloc(ctx, 1, sizeof *glm);
    if (!glm)
        return vouch__oom(ctx);
    glm->alloc = *vouch__allocator(ctx);
    vouch_status status = load_all(ctx, &in, inputs, glm);
    if (status)
        vouch__glm_free(&glm->alloc, glm);
    else
        *state = glm;
    return status;
}
