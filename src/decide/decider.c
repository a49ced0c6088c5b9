/* Decision bundles: all that a decision depends on, in one run of bytes that can be hashed, signed, stored
 * and replayed. Little-endian:
 *   1. "VOUCHDEC"                                   8 bytes
 *   2. version, 1                                   u32
 *   3. three sections, each a length (u64) and its bytes:
 *        the policy, canonical JSON: {cutoff, method, model, most, reasons: {characteristics, of}}; cutoff
 * null: a number is predicted and nothing decided the model file the explainer
 *   4. SHA-256 of everything before it              32 bytes */
#include "decide/decider.h"

#include "explain/explainer.h"

#include <math.h>
#include <string.h>

#define MAGIC "VOUCHDEC"
enum { MAGIC_LEN = 8, VERSION = 1, SECTIONS = 3, MOST = 100, POLICY_MAX = 64 << 20 };

typedef struct section {
    const char *at;
    size_t len;
} section;

static void put(vouch__buf *out, uint64_t value, unsigned bytes)
{
    uint8_t b[8];
    for (unsigned i = 0; i < bytes; i++)
        b[i] = (uint8_t)(value >> (8 * i));
    vouch__buf_add(out, b, bytes);
}

static uint64_t get(const char *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)(uint8_t)at[i] << (8 * i);
    return value;
}

static void put_section(vouch__buf *out, const void *bytes, size_t len)
{
    put(out, len, 8);
    vouch__buf_add(out, bytes, len);
}

static bool method_is_known(const char *method)
{
    static const char *const known[] = { "average-applicant", "just-approved", "most-points",
                                         "neutral-points" };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcmp(method, known[k]) == 0)
            return true;
    return false;
}

static vouch_status check_policy(vouch_ctx *ctx, const char *method, double most, double cutoff)
{
    if (!method || !method_is_known(method))
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "decider: method is '%s', must be average-applicant, just-approved, "
                           "most-points or neutral-points",
                           method ? method : "");
    if (!(most >= 1 && most <= MOST && floor(most) == most))
        return vouch__fail(ctx, VOUCH_E_ARG, "decider: at most %d reasons, and at least 1", MOST);
    if (!(isnan(cutoff) || cutoff == -1.0 || (cutoff >= 0.0 && cutoff <= 1.0)))
        return vouch__fail(ctx, VOUCH_E_ARG,
                           "decider: the cut-off must be a probability, or -1 where nobody is approved");
    if (isnan(cutoff) && strcmp(method, "just-approved") == 0)
        return vouch__fail(ctx, VOUCH_E_ARG, "decider: without a cut-off nobody is just approved");
    return VOUCH_OK;
}

static vouch_status write_policy(vouch_ctx *ctx, const vouch_model *model, const vouch__reason_map *map,
                                 const char *method, size_t most, double cutoff, vouch__buf *out)
{
    vouch__doc *doc = NULL;
    vouch_status status = vouch__doc_new(ctx, &doc);
    if (status)
        return status;
    vouch__json *policy = vouch__json_object(doc);
    (void)vouch__json_set(doc, policy, "cutoff",
                          isnan(cutoff) ? vouch__json_null(doc) : vouch__json_number(doc, cutoff));
    (void)vouch__json_set(doc, policy, "method", vouch__json_text(doc, method));
    (void)vouch__json_set(doc, policy, "model", vouch__json_text(doc, vouch_model_fingerprint(model)));
    (void)vouch__json_set(doc, policy, "most", vouch__json_number(doc, (double)most));
    (void)vouch__json_set(doc, policy, "reasons", vouch__reason_map_save(map, doc));
    status = vouch__doc_status(ctx, doc);
    if (!status) {
        vouch__json_write(out, policy);
        status = vouch__buf_status(ctx, out);
    }
    vouch__doc_free(doc);
    return status;
}

static vouch_status seal(vouch_ctx *ctx, vouch__buf *bundle)
{
    uint8_t hash[VOUCH__HASH];
    vouch_status status = vouch__buf_status(ctx, bundle);
    if (status)
        return status;
    status = vouch__hash(ctx, bundle->at, bundle->len, hash);
    if (status)
        return status;
    vouch__buf_add(bundle, hash, sizeof hash);
    return vouch__buf_status(ctx, bundle);
}

vouch_status vouch__decider_bundle(vouch_ctx *ctx, const vouch_model *model, const vouch_explainer *explainer,
                                   const vouch__reason_map *map, const char *method, size_t most,
                                   double cutoff, vouch__buf *out_bundle)
{
    vouch__buf part;
    vouch_status status = check_policy(ctx, method, (double)most, cutoff);
    if (status)
        return status;
    if (strcmp(vouch_model_fingerprint(explainer->model), vouch_model_fingerprint(model)) != 0 ||
        map->n_inputs != model->inputs.n)
        return vouch__fail(ctx, VOUCH_E_ARG, "decider: the explainer and the reasons must be of the model");
    vouch__buf_init(ctx, &part, 0);
    status = write_policy(ctx, model, map, method, most, cutoff, &part);
    if (status)
        goto done;
    vouch__buf_clear(out_bundle);
    vouch__buf_add(out_bundle, MAGIC, MAGIC_LEN);
    put(out_bundle, VERSION, 4);
    put_section(out_bundle, part.at, part.len);
    put_section(out_bundle, model->file, model->file_len);
    vouch__buf_clear(&part);
    vouch__explainer_save(explainer, &part);
    status = vouch__buf_status(ctx, &part);
    if (status)
        goto done;
    put_section(out_bundle, part.at, part.len);
    status = seal(ctx, out_bundle);
done:
    vouch__buf_free(&part);
    return status;
}

/* Envelope: magic, hash, version, and three sections that fill it exactly. */
static vouch_status open_envelope(vouch_ctx *ctx, const char *bundle, size_t len, section out[SECTIONS])
{
    uint8_t hash[VOUCH__HASH];
    if (len < MAGIC_LEN + 4 + VOUCH__HASH || memcmp(bundle, MAGIC, MAGIC_LEN) != 0)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "decider: not a decision bundle");
    size_t left = len - VOUCH__HASH;
    vouch_status status = vouch__hash(ctx, bundle, left, hash);
    if (status)
        return status;
    if (memcmp(hash, bundle + left, sizeof hash) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "decider: the bundle's SHA-256 differs from its bytes");
    if (get(bundle + MAGIC_LEN, 4) != VERSION)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "decider: bundle version is %u, must be %d",
                           (unsigned)get(bundle + MAGIC_LEN, 4), VERSION);
    const char *at = bundle + MAGIC_LEN + 4;
    left -= MAGIC_LEN + 4;
    for (int s = 0; s < SECTIONS; s++) {
        uint64_t size = left >= 8 ? get(at, 8) : UINT64_MAX;
        if (left < 8 || size > left - 8)
            return vouch__fail(ctx, VOUCH_E_FORMAT, "decider: section %d of the bundle is cut short", s + 1);
        out[s] = (section){ at + 8, (size_t)size };
        at += 8 + size;
        left -= 8 + (size_t)size;
    }
    if (left)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "decider: %zu bytes after the bundle's last section", left);
    return VOUCH_OK;
}

static vouch_status read_policy(vouch_ctx *ctx, section text, vouch__decider *d)
{
    vouch__doc *doc = NULL;
    vouch_status status = vouch__json_read(ctx, "decision policy", text.at, text.len, POLICY_MAX, &doc);
    if (status)
        return status;
    const vouch__json *policy = vouch__doc_root(doc);
    const char *method = vouch__json_string(vouch__json_get(policy, "method"));
    const char *model = vouch__json_string(vouch__json_get(policy, "model"));
    double most = vouch__json_double(vouch__json_get(policy, "most"), NAN);
    const vouch__json *cutoff = vouch__json_get(policy, "cutoff");
    bool is_none = cutoff && cutoff->type == VOUCH__JSON_NULL;
    d->cutoff = vouch__json_double(cutoff, NAN);
    status = check_policy(ctx, method, most, is_none || !isnan(d->cutoff) ? d->cutoff : -2.0);
    if (status) {
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "%s", vouch_ctx_error(ctx)); /* of a file, not a call */
        goto done;
    }
    if (!model || strcmp(model, vouch_model_fingerprint(d->model)) != 0) {
        status = vouch__fail(ctx, VOUCH_E_FORMAT,
                             "decider: the policy names another model than the bundle's");
        goto done;
    }
    d->most = (size_t)most;
    d->method = vouch__strdup(ctx, method);
    if (!d->method) {
        status = vouch__oom(ctx);
        goto done;
    }
    status = vouch__reason_map_load(ctx, d->model->inputs.n, vouch__json_get(policy, "reasons"), &d->map);
done:
    vouch__doc_free(doc);
    return status;
}

vouch_status vouch__decider_new(vouch_ctx *ctx, const void *bundle, size_t len, vouch__decider **out_decider)
{
    section part[SECTIONS] = { { NULL, 0 } };
    vouch_status status = open_envelope(ctx, bundle, len, part);
    if (status)
        return status;
    vouch__decider *d = vouch__alloc(ctx, 1, sizeof *d);
    if (!d)
        return vouch__oom(ctx);
    d->alloc = *vouch__allocator(ctx);
    status = vouch__hash_hex(ctx, bundle, len, d->fingerprint);
    if (status)
        goto done;
    status = vouch_model_read(ctx, part[1].at, part[1].len, &d->model);
    if (status)
        goto done;
    status = read_policy(ctx, part[0], d);
    if (status)
        goto done;
    status = vouch__explainer_load(ctx, d->model, part[2].at, part[2].len, &d->explainer);
    if (status)
        goto done;
    *out_decider = d;
    d = NULL;
done:
    vouch__decider_free(d);
    return status;
}

void vouch__decider_free(vouch__decider *decider)
{
    if (!decider)
        return;
    vouch_alloc alloc = decider->alloc;
    vouch__reason_map_clear(&decider->map);
    vouch_explainer_free(decider->explainer);
    vouch_model_free(decider->model);
    vouch__free(&alloc, decider->method);
    vouch__free(&alloc, decider);
}

const vouch_model *vouch__decider_model(const vouch__decider *decider) { return decider->model; }

const char *vouch__decider_fingerprint(const vouch__decider *decider) { return decider->fingerprint; }
