/* Any bytes as JSON. */
#include "text_entrance.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__doc *doc = NULL;
    require(ctx != NULL);
    vouch_status status = vouch__json_read(ctx, "in", (const char *)data, size, 0, &doc);
    check_read(ctx, status, doc);
    vouch__doc_free(doc);
    vouch_ctx_free(ctx);
    return 0;
}
