/* Import: which format a file is, its hash, and the importer of that format. */
#include "base/file.h"
#include "models/import/maker.h"

#include <string.h>

static const size_t largest = (size_t)1 << 32;

typedef enum format { UNKNOWN, XGBOOST_JSON, XGBOOST_UBJSON, LIGHTGBM, CATBOOST, ONNX, OURS } format;

static bool has(const uint8_t *bytes, size_t len, const char *word)
{
    return memmem(bytes, len, word, strlen(word)) != NULL;
}

static format guess(const uint8_t *bytes, size_t len)
{
    size_t at = 0, head = len < 4096 ? len : 4096;
    while (at < len && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t'))
        at++;
    if (len >= 8 && memcmp(bytes, "VOUCHMDL", 8) == 0)
        return OURS;
    if (len - at > 5 && memcmp(bytes + at, "tree\n", 5) == 0)
        return LIGHTGBM;
    if (len - at > 6 && memcmp(bytes + at, "tree\r\n", 6) == 0)
        return LIGHTGBM;
    if (len > 2 && bytes[0] == 0x08) /* ir_version, a whole number, comes first */
        return ONNX;
    if (at == len || bytes[at] != '{')
        return UNKNOWN;
    /* after '{' JSON has a quote or space; UBJSON the type of a length */
    if (at + 1 < len && bytes[at + 1] && strchr("iUIlL#$N", bytes[at + 1]))
        return XGBOOST_UBJSON;
    if (has(bytes, head, "\"learner\""))
        return XGBOOST_JSON;
    if (has(bytes, len, "\"oblivious_trees\""))
        return CATBOOST;
    return has(bytes, len, "\"learner\"") ? XGBOOST_JSON : UNKNOWN;
}

static vouch_status pick(vouch__maker *m, const uint8_t *bytes, size_t len, format *out_format)
{
    const char *wanted = m->options->format ? m->options->format : "auto";
    static const char *const name[] = { "auto", "xgboost", "lightgbm", "catboost", "onnx" };
    format found = guess(bytes, len);
    size_t which = 0;
    enum { N_FORMATS = sizeof name / sizeof *name };
    while (which < N_FORMATS && strcmp(name[which], wanted) != 0)
        which++;
    if (which == N_FORMATS)
        return vouch__fail(m->ctx, VOUCH_E_ARG,
                           "import: format '%.20s' is none of auto, xgboost, lightgbm, catboost and onnx",
                           wanted);
    if (found == OURS)
        return vouch__maker_refuse(m, "it is a model file of vouch already");
    if (which == 0 && found == UNKNOWN)
        return vouch__maker_refuse(m, "it is neither XGBoost JSON or UBJSON, LightGBM text, CatBoost JSON "
                                      "nor ONNX");
    *out_format = which == 1   ? (found == XGBOOST_UBJSON ? XGBOOST_UBJSON : XGBOOST_JSON)
                  : which == 2 ? LIGHTGBM
                  : which == 3 ? CATBOOST
                  : which == 4 ? ONNX
                               : found;
    return VOUCH_OK;
}

vouch_status vouch_model_import_bytes(vouch_ctx *ctx, const char *name, const void *bytes, size_t len,
                                      const vouch_import_options *options, vouch_model **out_model)
{
    vouch_import_options o = options ? *options : (vouch_import_options){ .output = -1 };
    vouch__maker maker;
    format found = UNKNOWN;
    o.name = o.name ? o.name : "imported";
    if (o.name[0] == '\0' || !vouch__utf8_valid(o.name, strlen(o.name)))
        return vouch__fail(ctx, VOUCH_E_ARG, "import: the model's name is empty or not UTF-8");
    vouch_status status = vouch__maker_init(&maker, ctx, name, &o);
    maker.most_bits = 64 * len + ((size_t)1 << 16);
    if (!status)
        status = pick(&maker, bytes, len, &found);
    if (!status)
        status = vouch__hash_hex(ctx, bytes, len, maker.forest->source_hash);
    if (!status && (found == XGBOOST_JSON || found == XGBOOST_UBJSON))
        status = vouch__import_xgboost(&maker, bytes, len, found == XGBOOST_UBJSON);
    else if (!status && found == LIGHTGBM)
        status = vouch__import_lightgbm(&maker, bytes, len);
    else if (!status && found == ONNX)
        status = vouch__import_onnx(&maker, bytes, len);
    else if (!status)
        status = vouch__import_catboost(&maker, bytes, len);
    if (!status)
        status = vouch__maker_finish(&maker, out_model);
    vouch__maker_clear(&maker);
    return status;
}

vouch_status vouch_model_import(vouch_ctx *ctx, const char *path, const vouch_import_options *options,
                                vouch_model **out_model)
{
    vouch__buf buf;
    vouch_status status = vouch__file_read(ctx, path, largest, &buf);
    if (!status)
        status = vouch_model_import_bytes(ctx, path, buf.at ? buf.at : "", buf.len, options, out_model);
    vouch__buf_free(&buf);
    return status;
}
