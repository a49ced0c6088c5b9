/* Any bytes as a policy's limits: never a crash, a refusal says why in one line, and what is accepted judges
 * every value, no value beyond a limit more mildly than one within it. */
#include "evidence/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int severity(const vouch__limit *limit, double value)
{
    vouch__verdict verdict = vouch__limit_judge(limit, value);
    if (verdict != VOUCH__PASS && verdict != VOUCH__ADVISORY && verdict != VOUCH__FAIL)
        abort();
    return (int)verdict;
}

static void judge(const vouch__limit *limit)
{
    static const double rising[] = { -INFINITY, -1e300, -1.0, 0.0, 1e-300, 0.25, 1.0, 7.0, 1e300, INFINITY };
    enum { N = sizeof rising / sizeof rising[0] };
    for (size_t i = 1; i < N; i++) {
        int a = severity(limit, rising[i - 1]), b = severity(limit, rising[i]);
        if (limit->is_above ? a > b : a < b)
            abort();
    }
    if (vouch__limit_judge(limit, NAN) != VOUCH__REFUSED)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const id[] = { "validate.auc", "fairness.air", "a", "1", "" };
    vouch__policy *policy = NULL;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    if (!ctx)
        return 0;
    if (vouch__policy_read(ctx, "p.yaml", (const char *)data, size, &policy)) {
        if (policy || *vouch_ctx_error(ctx) == '\0' || strchr(vouch_ctx_error(ctx), '\n'))
            abort();
    } else if (!vouch__policy_name(policy) || !vouch__policy_version(policy)) {
        abort();
    }
    for (size_t k = 0; policy && k < sizeof id / sizeof id[0]; k++) {
        const vouch__limit *limit = vouch__policy_limit(policy, id[k]);
        if (limit)
            judge(limit);
    }
    vouch__policy_free(policy);
    vouch_ctx_free(ctx);
    return 0;
}
