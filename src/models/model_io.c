/* Model files: sealing, reading, loading, saving. The layout is in docs/models.md; every number is
 * little-endian, every count is bounded by the bytes that are left, and only the one way of writing a model
 * that vouch__model_seal uses is accepted: what is read and sealed again is the same bytes. */
#include "base/file.h"
#include "base/hash.h"
#include "models/model_kind.h"
#include "models/wire.h"

#include <math.h>
#include <string.h>

/* The payload begins with a calibration where bit 0 of format - 1 is set, then, bit 1, with a conversion. */
enum { MAGIC = 8, FORMAT = 1, CALIBRATED = 1, CONVERTED = 2, FORMATS = 4 };
static const char magic[] = "VOUCHMDL";
static const size_t longest = (size_t)1 << 30;

/* Writing. */

static void put_inputs(vouch__buf *out, const vouch__inputs *inputs)
{
    vouch__put_u32(out, (uint32_t)inputs->n);
    for (size_t j = 0; j < inputs->n; j++) {
        const vouch__input *input = &inputs->at[j];
        vouch__put_text(out, input->name);
        vouch__put_u8(out, input->is_category);
        vouch__put_u8(out, (uint8_t)(input->monotone + 1));
        vouch__put_u32(out, (uint32_t)input->n_categories);
        for (size_t k = 0; k < input->n_categories; k++)
            vouch__put_text(out, input->category[k]);
        vouch__put_u32(out, (uint32_t)input->n_special);
        for (size_t k = 0; k < input->n_special; k++)
            vouch__put_f64(out, input->special[k]);
    }
}

/* Parameters that a version adds come last. */
static size_t params_of(const vouch_model *model)
{
    return model->version == model->kind->version ? model->kind->n_params : model->kind->params_of_1;
}

static void put_params(vouch__buf *out, const vouch_model *model)
{
    size_t n = params_of(model);
    vouch__put_u32(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        vouch__put_text(out, model->kind->params[i].name);
        vouch__put_f64(out, model->value[i]);
    }
}

vouch_status vouch__model_seal(vouch_ctx *ctx, vouch_model *model)
{
    vouch__buf payload, file;
    uint8_t hash[VOUCH__HASH];
    vouch__buf_init(ctx, &payload, longest);
    vouch__buf_init(ctx, &file, longest);

    if (model->calibration)
        vouch__calibration_save(model->calibration, &payload);
    if (model->conversion)
        vouch__conversion_save(model->conversion, &payload);
    vouch__put_text(&payload, model->kind->name);
    vouch__put_u32(&payload, model->version);
    vouch__put_text(&payload, model->name);
    put_inputs(&payload, &model->inputs);
    put_params(&payload, model);
    model->kind->save(model->state, &payload);
    vouch_status status = vouch__buf_status(ctx, &payload);
    if (status)
        goto done;

    vouch__buf_add(&file, magic, MAGIC);
    vouch__put_u32(&file,
                   FORMAT + (model->calibration ? CALIBRATED : 0u) + (model->conversion ? CONVERTED : 0u));
    vouch__put_u64(&file, payload.len);
    vouch__buf_add(&file, payload.at, payload.len);
    status = vouch__buf_status(ctx, &file);
    if (status)
        goto done;
    status = vouch__hash(ctx, file.at, file.len, hash);
    if (status)
        goto done;
    vouch__buf_add(&file, hash, sizeof hash);
    status = vouch__buf_status(ctx, &file);
    if (status)
        goto done;
    status = vouch__hash_hex(ctx, file.at, file.len, model->fingerprint);
    if (status)
        goto done;
    vouch__free(&model->alloc, model->file);
    model->file_len = file.len;
    model->file = (uint8_t *)vouch__buf_take(&file);
done:
    vouch__buf_free(&file);
    vouch__buf_free(&payload);
    return status;
}

/* Reading. */

static vouch_status malformed(vouch_ctx *ctx, const char *what)
{
    return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: %s", what);
}

vouch_status vouch__get_text(vouch_ctx *ctx, vouch__wire *in, char **out_text)
{
    size_t len = vouch__get_count(in, 1);
    const uint8_t *bytes = vouch__get_bytes(in, len);
    if (!bytes)
        return malformed(ctx, "it ends inside a text");
    if (memchr(bytes, 0, len) || !vouch__utf8_valid((const char *)bytes, len))
        return malformed(ctx, "a text is not UTF-8");
    char *text = vouch__alloc(ctx, len + 1, 1);
    if (!text)
        return vouch__oom(ctx);
    memcpy(text, bytes, len);
    *out_text = text;
    return VOUCH_OK;
}

static vouch_status get_categories(vouch_ctx *ctx, vouch__wire *in, vouch__input *input)
{
    size_t n = vouch__get_count(in, 4);
    if (in->is_short)
        return malformed(ctx, "it ends inside the categories of an input");
    if (n && !input->is_category)
        return malformed(ctx, "a number has categories");
    input->category = vouch__alloc(ctx, n ? n : 1, sizeof *input->category);
    if (!input->category)
        return vouch__oom(ctx);
    for (; input->n_categories < n; input->n_categories++) {
        size_t k = input->n_categories;
        vouch_status status = vouch__get_text(ctx, in, &input->category[k]);
        if (status)
            return status;
        if (k && strcmp(input->category[k - 1], input->category[k]) >= 0) {
            input->n_categories++; /* it is made, so it is freed */
            return malformed(ctx, "categories are not in order");
        }
    }
    return VOUCH_OK;
}

static vouch_status get_special(vouch_ctx *ctx, vouch__wire *in, vouch__input *input)
{
    size_t n = vouch__get_count(in, 8);
    if (in->is_short)
        return malformed(ctx, "it ends inside the special codes of an input");
    input->special = vouch__alloc(ctx, n ? n : 1, sizeof *input->special);
    if (!input->special)
        return vouch__oom(ctx);
    input->n_special = n;
    for (size_t k = 0; k < n; k++) {
        input->special[k] = vouch__get_f64(in);
        if (isnan(input->special[k]) || (k && !(input->special[k] > input->special[k - 1])))
            return malformed(ctx, "special codes are not in order");
    }
    return VOUCH_OK;
}

static vouch_status get_inputs(vouch_ctx *ctx, vouch__wire *in, vouch__inputs *inputs)
{
    size_t n = vouch__get_count(in, 14); /* the least an input takes */
    if (in->is_short)
        return malformed(ctx, "it ends inside the inputs");
    vouch_status status = vouch__inputs_new(ctx, n, inputs);
    for (size_t j = 0; !status && j < n; j++) {
        vouch__input *input = &inputs->at[j];
        status = vouch__get_text(ctx, in, &input->name);
        if (status)
            return status;
        uint8_t is_category = vouch__get_u8(in), monotone = vouch__get_u8(in);
        if (is_category > 1 || monotone > 2)
            return malformed(ctx, "an input is of no known type or direction");
        input->is_category = is_category;
        input->monotone = (int8_t)(monotone - 1);
        status = get_categories(ctx, in, input);
        if (!status)
            status = get_special(ctx, in, input);
    }
    return status;
}

static bool param_fits(const vouch__param *param, double v)
{
    double top = param->hi;
    if (param->type == VOUCH__PARAM_CHOICE) {
        top = 0;
        for (const char *p = param->choices; *p; p++)
            top += *p == '|';
    } else if (param->type == VOUCH__PARAM_FLAG || param->type == VOUCH__PARAM_TREE) {
        top = 1;
    }
    bool is_real = param->type == VOUCH__PARAM_REAL;
    bool is_counted = param->type != VOUCH__PARAM_INTEGER && !is_real;
    return v >= (is_counted ? 0.0 : param->lo) && v <= top && (is_real || v == floor(v));
}

static vouch_status get_params(vouch_ctx *ctx, vouch__wire *in, vouch_model *model)
{
    size_t n = vouch__get_count(in, 12);
    if (in->is_short || n != params_of(model))
        return malformed(ctx, "its parameters are not those of its kind");
    model->value = vouch__alloc(ctx, model->kind->n_params + 1, sizeof *model->value);
    if (!model->value)
        return vouch__oom(ctx);
    for (size_t i = n; i < model->kind->n_params; i++)
        model->value[i] = model->kind->params[i].value;
    for (size_t i = 0; i < n; i++) {
        const vouch__param *param = &model->kind->params[i];
        size_t len = vouch__get_count(in, 1);
        const uint8_t *name = vouch__get_bytes(in, len);
        model->value[i] = vouch__get_f64(in);
        if (in->is_short || len != strlen(param->name) || memcmp(name, param->name, len) != 0)
            return malformed(ctx, "its parameters are not those of its kind");
        if (!param_fits(param, model->value[i]))
            return vouch__fail(ctx, VOUCH_E_FORMAT, "model file: parameter %s is out of range", param->name);
    }
    return VOUCH_OK;
}

static vouch_status get_kind(vouch_ctx *ctx, vouch__wire *in, vouch_model *model)
{
    char *name = NULL;
    vouch_status status = vouch__get_text(ctx, in, &name);
    if (status)
        return status;
    uint32_t version = vouch__get_u32(in);
    model->kind = vouch__kind_find(name);
    if (!model->kind)
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "model file is of kind '%.40s', which this vouch lacks",
                             name);
    else if (version != model->kind->version && !(version == 1 && model->kind->params_of_1))
        status = vouch__fail(ctx, VOUCH_E_FORMAT, "model file holds %s version %u, this vouch reads %u", name,
                             version, model->kind->version);
    model->version = version;
    vouch__free(&model->alloc, name);
    return status;
}

static vouch_status get_payload(vouch_ctx *ctx, uint32_t format, vouch__wire *in, vouch_model *model)
{
    vouch_status status = VOUCH_OK;
    if ((format - FORMAT) & CALIBRATED)
        status = vouch__calibration_load(ctx, in, &model->calibration);
    if (!status && ((format - FORMAT) & CONVERTED))
        status = vouch__conversion_load(ctx, in, &model->conversion);
    if (!status)
        status = get_kind(ctx, in, model);
    if (!status)
        status = vouch__get_text(ctx, in, &model->name);
    if (!status)
        status = get_inputs(ctx, in, &model->inputs);
    if (!status)
        status = get_params(ctx, in, model);
    if (!status)
        status = model->kind->load(ctx, &model->inputs, in->at, in->left, &model->state);
    return status;
}

/* Magic, version, length and hash; what is between is then trusted to be what was written. */
static vouch_status check_envelope(vouch_ctx *ctx, const uint8_t *bytes, size_t len, uint32_t *out_format,
                                   vouch__wire *out_payload)
{
    uint8_t hash[VOUCH__HASH];
    vouch__wire in = { bytes, len, false };
    const uint8_t *start = vouch__get_bytes(&in, MAGIC);
    if (!start || memcmp(start, magic, MAGIC) != 0)
        return vouch__fail(ctx, VOUCH_E_FORMAT,
                           "not a model file; vouch import takes over those of other libraries");
    uint32_t format = vouch__get_u32(&in);
    uint64_t payload = vouch__get_u64(&in);
    if (in.is_short)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "model file is cut short: %zu bytes", len);
    if (format < FORMAT || format > FORMATS)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "model file is format %u, this vouch reads %d to %d", format,
                           FORMAT, FORMATS);
    if (in.left < VOUCH__HASH || payload != in.left - VOUCH__HASH)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "model file is %zu bytes, its header does not say so", len);
    vouch_status status = vouch__hash(ctx, bytes, len - VOUCH__HASH, hash);
    if (status)
        return status;
    if (memcmp(hash, bytes + len - VOUCH__HASH, VOUCH__HASH) != 0)
        return vouch__fail(ctx, VOUCH_E_CORRUPT, "model file is damaged: its SHA-256 differs");
    *out_format = format;
    *out_payload = (vouch__wire){ in.at, (size_t)payload, false };
    return VOUCH_OK;
}

vouch_status vouch_model_read(vouch_ctx *ctx, const void *bytes, size_t len, vouch_model **out_model)
{
    vouch__wire in;
    vouch_model *model = NULL;
    uint32_t format = 0;
    vouch_status status = check_envelope(ctx, bytes, len, &format, &in);
    if (status)
        return status;
    model = vouch__alloc(ctx, 1, sizeof *model);
    if (!model)
        return vouch__oom(ctx);
    model->alloc = *vouch__allocator(ctx);
    status = get_payload(ctx, format, &in, model);
    if (status)
        goto done;
    status = vouch__model_seal(ctx, model);
    if (status)
        goto done;
    if (model->file_len != len || memcmp(model->file, bytes, len) != 0) {
        status = malformed(ctx, "it is not written as vouch writes it");
        goto done;
    }
    *out_model = model;
    model = NULL;
done:
    vouch_model_free(model);
    return status;
}

vouch_status vouch_model_load(vouch_ctx *ctx, const char *path, vouch_model **out_model)
{
    vouch__buf buf;
    vouch__buf_init(ctx, &buf, longest);
    vouch_status status = vouch__file_read(ctx, path, longest, &buf);
    if (!status) {
        status = vouch_model_read(ctx, buf.at, buf.len, out_model);
        if (status)
            status = vouch__because(ctx, status, "%s", path);
    }
    vouch__buf_free(&buf);
    return status;
}

vouch_status vouch_model_save(vouch_ctx *ctx, const vouch_model *model, const char *path)
{
    return vouch__file_write(ctx, path, model->file, model->file_len, 0644);
}
