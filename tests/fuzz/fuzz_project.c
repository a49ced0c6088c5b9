/* Any bytes as a project file: never a crash, and a refusal says why in one line. */
#include "run/project.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch__project project;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    if (!ctx)
        return 0;
    if (vouch__project_parse(ctx, "p.yaml", "/nowhere", (const char *)data, size, &project) == VOUCH_OK) {
        if (project.n_plans == 0 || !project.source || !project.target || !project.prefer)
            abort(); /* what is accepted is complete */
        vouch__project_clear(&project);
    } else if (*vouch_ctx_error(ctx) == '\0' || strchr(vouch_ctx_error(ctx), '\n')) {
        abort();
    }
    vouch_ctx_free(ctx);
    return 0;
}
