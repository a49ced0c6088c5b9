/* An additive model for other systems: as one C11 file of tables and a loop, and as JSON. Both give raw by
 * the same additions in the same order. */
#include "models/c_text.h"
#include "models/gam/gam.h"
#include "models/tell.h"

#include <math.h>

/* double name[n] = { ... }; never empty. */
static void c_doubles(vouch__buf *out, const char *name, size_t k, size_t n, const double *x)
{
    vouch__buf_fmt(out, "static const double %s_%zu[] = {", name, k);
    for (size_t i = 0; i < n; i++) {
        vouch__buf_text(out, i % 6 ? " " : "\n    ");
        vouch__c_number(out, x[i]);
        vouch__buf_text(out, ",");
    }
    vouch__buf_text(out, n ? "\n};\n" : " 0.0 };\n");
}

static void c_bytes(vouch__buf *out, const char *name, size_t k, size_t n, const uint8_t *x)
{
    vouch__buf_fmt(out, "static const unsigned char %s_%zu[] = {", name, k);
    for (size_t i = 0; i < n; i++)
        vouch__buf_fmt(out, "%s%d,", i % 20 ? " " : "\n    ", x[i]);
    vouch__buf_text(out, n ? "\n};\n" : " 0 };\n");
}

static const char c_functions[] =
    "/* The bin of a value: 0 where it is missing or a category never seen. */\n"
    "static unsigned bin(unsigned j, double x)\n"
    "{\n"
    "    unsigned b = 1;\n"
    "    if (x != x)\n"
    "        return 0;\n"
    "    if (shape[j].bin_of)\n"
    "        return x >= 0.0 && x < (double)shape[j].n ? shape[j].bin_of[(unsigned)x] : 0;\n"
    "    for (unsigned lo = 0, hi = shape[j].n; lo < hi;) {\n"
    "        unsigned mid = (lo + hi) / 2;\n"
    "        if (shape[j].cut[mid] < x)\n"
    "            lo = mid + 1;\n"
    "        else\n"
    "            hi = mid;\n"
    "        b = lo + 1;\n"
    "    }\n"
    "    return b;\n"
    "}\n"
    "\n"
    "/* x[j] is input j: a number as it is, a category as its code, NaN where missing. */\n"
    "double gam_raw(const double *x)\n"
    "{\n"
    "    double sum = INTERCEPT;\n"
    "    sum += OFFSET;\n"
    "    for (unsigned j = 0; j < INPUTS; j++)\n"
    "        if (shape[j].value)\n"
    "            sum += shape[j].value[bin(j, x[j])];\n"
    "    for (unsigned p = 0; p != PAIRS; p++) {\n"
    "        unsigned a = pair[p].to_a[bin(pair[p].a, x[pair[p].a])];\n"
    "        unsigned b = pair[p].to_b[bin(pair[p].b, x[pair[p].b])];\n"
    "        sum += pair[p].value[a * pair[p].n_b + b];\n"
    "    }\n"
    "    return sum;\n"
    "}\n";

static void c_tables(const vouch__gam *gam, vouch__buf *out)
{
    for (size_t j = 0; j < gam->n_inputs; j++) {
        const vouch__gam_shape *s = &gam->shape[j];
        if (!s->bins.n_bins)
            continue;
        c_doubles(out, "value", j, s->bins.n_bins, s->value);
        if (s->bins.is_category)
            c_bytes(out, "bin_of", j, s->bins.n_codes, s->bins.bin_of);
        else
            c_doubles(out, "cut", j, s->bins.n_bins - 2, s->bins.cut);
    }
    vouch__buf_text(
        out, "static const struct {\n    const double *value, *cut;\n    const unsigned char *bin_of;\n"
             "    unsigned n; /* cuts, or codes */\n} shape[] = {\n");
    for (size_t j = 0; j < gam->n_inputs; j++) {
        const vouch__gam_shape *s = &gam->shape[j];
        if (!s->bins.n_bins)
            vouch__buf_text(out, "    { 0, 0, 0, 0 },\n");
        else if (s->bins.is_category)
            vouch__buf_fmt(out, "    { value_%zu, 0, bin_of_%zu, %zu },\n", j, j, s->bins.n_codes);
        else
            vouch__buf_fmt(out, "    { value_%zu, cut_%zu, 0, %zu },\n", j, j, s->bins.n_bins - 2);
    }
    vouch__buf_text(out, "};\n");
    for (size_t p = 0; p < gam->n_pairs; p++) {
        const vouch__gam_pair *pair = &gam->pair[p];
        c_bytes(out, "to_a", p, gam->shape[pair->a].bins.n_bins, pair->to_a);
        c_bytes(out, "to_b", p, gam->shape[pair->b].bins.n_bins, pair->to_b);
        c_doubles(out, "table", p, pair->n_a * pair->n_b, pair->value);
    }
    vouch__buf_fmt(out,
                   "enum { PAIRS = %zu };\nstatic const struct {\n    unsigned a, b, n_b;\n"
                   "    const unsigned char *to_a, *to_b;\n    const double *value;\n} pair[PAIRS + 1] = {\n",
                   gam->n_pairs);
    for (size_t p = 0; p < gam->n_pairs; p++)
        vouch__buf_fmt(out, "    { %zu, %zu, %zu, to_a_%zu, to_b_%zu, table_%zu },\n", gam->pair[p].a,
                       gam->pair[p].b, gam->pair[p].n_b, p, p, p);
    vouch__buf_text(out, "    { 0, 0, 0, 0, 0, 0 },\n};\n\n");
}

vouch_status vouch__gam_c(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    const vouch__gam *gam = model->state;
    (void)ctx;
    vouch__buf_fmt(
        out,
        "/* Additive model, model file %s.\n * gam_raw(x) gives raw. Written by vouch %s; don't edit. */\n",
        model->fingerprint, vouch_version());
    if (gam->exposure != SIZE_MAX)
        vouch__buf_text(out, "#include <math.h>\n");
    vouch__buf_text(out, "#define HUGE __builtin_inf()\n#define INTERCEPT ");
    vouch__c_number(out, gam->intercept);
    vouch__buf_text(out, "\n#define OFFSET (0.0");
    if (gam->offset != SIZE_MAX)
        vouch__buf_fmt(out, " + x[%zu]", gam->offset);
    if (gam->exposure != SIZE_MAX)
        vouch__buf_fmt(out, " + log(x[%zu])", gam->exposure);
    vouch__buf_text(out, ")\n\n");
    vouch__c_inputs(out, &model->inputs, "gam");
    c_tables(gam, out);
    vouch__buf_text(out, c_functions);
    return VOUCH_OK;
}

/* ---- JSON ---- */

static void numbers(vouch__doc *doc, vouch__json *o, const char *key, size_t n, const double *x)
{
    vouch__json *list = vouch__json_set(doc, o, key, vouch__json_array(doc));
    for (size_t k = 0; k < n; k++)
        vouch__tell_push(doc, list, x[k]);
}

static void bytes(vouch__doc *doc, vouch__json *o, const char *key, size_t n, const uint8_t *x)
{
    vouch__json *list = vouch__json_set(doc, o, key, vouch__json_array(doc));
    for (size_t k = 0; k < n; k++)
        vouch__tell_push(doc, list, x[k]);
}

static void json_build(const vouch_model *model, vouch__doc *doc)
{
    static const char *const link[] = { "identity", "logit", "log" };
    const vouch__gam *gam = model->state;
    vouch__json *root = vouch__json_object(doc);
    vouch__tell_text(doc, root, "form", "vouch-gam-1");
    vouch__tell_text(doc, root, "model", model->fingerprint);
    vouch__tell_text(doc, root, "link", link[vouch__gbdt_link(gam->loss)]);
    vouch__tell_number(doc, root, "intercept", gam->intercept);
    vouch__json *inputs = vouch__json_set(doc, root, "inputs", vouch__json_array(doc));
    for (size_t j = 0; j < gam->n_inputs; j++) {
        const vouch__gam_shape *s = &gam->shape[j];
        const vouch__input *input = &model->inputs.at[j];
        vouch__json *o = vouch__json_push(doc, inputs, vouch__json_object(doc));
        vouch__tell_text(doc, o, "name", input->name);
        if (!s->bins.n_bins) {
            vouch__tell_text(doc, o, "adds", j == gam->exposure ? "its logarithm" : "itself");
            continue;
        }
        numbers(doc, o, "values", s->bins.n_bins, s->value);
        if (!s->bins.is_category) {
            numbers(doc, o, "cuts", s->bins.n_bins - 2, s->bins.cut);
            continue;
        }
        vouch__json *names = vouch__json_set(doc, o, "categories", vouch__json_array(doc));
        for (size_t k = 0; k < input->n_categories; k++)
            (void)vouch__json_push(doc, names, vouch__json_text(doc, input->category[k]));
        bytes(doc, o, "bins", s->bins.n_codes, s->bins.bin_of);
    }
    vouch__json *pairs = vouch__json_set(doc, root, "pairs", vouch__json_array(doc));
    for (size_t p = 0; p < gam->n_pairs; p++) {
        const vouch__gam_pair *pair = &gam->pair[p];
        vouch__json *o = vouch__json_push(doc, pairs, vouch__json_object(doc));
        vouch__tell_number(doc, o, "a", (double)pair->a);
        vouch__tell_number(doc, o, "b", (double)pair->b);
        vouch__tell_number(doc, o, "columns", (double)pair->n_b);
        bytes(doc, o, "to_a", gam->shape[pair->a].bins.n_bins, pair->to_a);
        bytes(doc, o, "to_b", gam->shape[pair->b].bins.n_bins, pair->to_b);
        numbers(doc, o, "values", pair->n_a * pair->n_b, pair->value);
    }
}

vouch_status vouch__gam_json(vouch_ctx *ctx, const vouch_model *model, vouch__buf *out)
{
    vouch__doc *doc;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    json_build(model, doc);
    status = vouch__doc_status(ctx, doc);
    if (!status)
        vouch__json_write(out, vouch__doc_root(doc));
    vouch__doc_free(doc);
    return status;
}
