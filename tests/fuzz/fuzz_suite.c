/* Any bytes as a suite of tests: never a crash, and a refusal says why in one line. */
#include "catalogue/suite_plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch__plan plan = { .doc = NULL };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    if (!ctx)
        return 0;
    vouch_status status = vouch__plan_parse(ctx, "s.yaml", (const char *)data, size, &plan);
    if (status && (*vouch_ctx_error(ctx) == '\0' || strchr(vouch_ctx_error(ctx), '\n')))
        abort();
    for (size_t i = 0; i < plan.n; i++)
        if (!plan.item[i].test || !plan.item[i].given)
            abort(); /* what is accepted is complete */
    vouch__plan_clear(&plan);
    vouch_ctx_free(ctx);
    return 0;
}
