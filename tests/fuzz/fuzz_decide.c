/* Any text a client can send as a row: never a crash; a refusal says why; a decision is whole and adds up,
 * and the same row gives the same bytes again. */
#include "tiny_model.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static vouch__decider *decider_of(const tiny_model *t)
{
    vouch__reason_map map;
    vouch__buf bundle;
    vouch__decider *decider = NULL;
    vouch__buf_init(t->ctx, &bundle, 0);
    must(t->ctx, vouch__reason_map_make(t->ctx, &t->model->inputs, NULL, &map));
    must(t->ctx,
         vouch__decider_bundle(t->ctx, t->model, t->explainer, &map, "average-applicant", 2, 0.3, &bundle));
    must(t->ctx, vouch__decider_new(t->ctx, bundle.at, bundle.len, &decider));
    vouch__buf_free(&bundle);
    vouch__reason_map_clear(&map);
    return decider;
}

static void check(const vouch__json *d)
{
    const char *decision = vouch__json_string(vouch__json_get(d, "decision"));
    double p = vouch__json_double(vouch__json_get(d, "probability"), NAN);
    size_t reasons = vouch__json_get(d, "reasons")->len;
    bool is_approved = strcmp(decision, "approve") == 0, is_declined = strcmp(decision, "decline") == 0;
    if (!(p >= 0.0 && p <= 1.0) || is_approved != (p <= 0.3) || is_declined != (reasons > 0) || reasons > 2)
        abort();
}

static void decide(vouch_ctx *ctx, const vouch__decider *decider, const vouch__json *row, vouch__buf *out)
{
    vouch__doc *doc = NULL;
    vouch__json *decision = NULL;
    must(ctx, vouch__doc_new(ctx, &doc));
    vouch_status status = vouch__decide(ctx, decider, row, doc, NULL, &decision);
    if (status == VOUCH_OK) {
        check(decision);
        vouch__json_write(out, decision);
    } else if (status != VOUCH_E_DATA || *vouch_ctx_error(ctx) == '\0') {
        abort();
    }
    vouch__doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static tiny_model t;
    static vouch__decider *decider;
    vouch__doc *row = NULL;
    if (!decider) {
        t = tiny_make("gbdt");
        decider = decider_of(&t);
    }
    if (vouch__json_read(t.ctx, "row", (const char *)data, size, 1 << 16, &row) == VOUCH_OK) {
        vouch__buf once, twice;
        vouch__buf_init(t.ctx, &once, 0);
        vouch__buf_init(t.ctx, &twice, 0);
        decide(t.ctx, decider, vouch__doc_root(row), &once);
        decide(t.ctx, decider, vouch__doc_root(row), &twice);
        if (once.len != twice.len || (once.len && memcmp(once.at, twice.at, once.len) != 0))
            abort();
        vouch__buf_free(&once);
        vouch__buf_free(&twice);
    }
    vouch__doc_free(row);
    return 0;
}
