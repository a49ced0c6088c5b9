/* A policy file as a sorted table of limits. Reading is strict, because a limit that is misspelt is a control
 * that silently does not run. */
#include "evidence/evidence.h"

#include <stdlib.h>
#include <string.h>

enum { POLICY_BYTES = 1 << 20 };

struct vouch__policy {
    vouch_alloc alloc;
    vouch__doc *doc; /* owns the texts */
    const char *name, *version;
    vouch__limit *limit; /* sorted by id */
    size_t n;
};

typedef struct reader {
    vouch_ctx *ctx;
    const char *file;
} reader;

static int by_id(const void *a, const void *b)
{
    const vouch__limit *x = a, *y = b;
    return strcmp(x->id, y->id);
}

/* A required text, or NULL with the failure raised. */
static const char *required_text(const reader *r, const vouch__json *object, const char *key)
{
    const vouch__json *node = vouch__json_get(object, key);
    const char *text = vouch__json_string(node);
    if (!node)
        (void)vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->file, object, "'%s' is missing", key);
    else if (!text || !*text)
        (void)vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->file, node, "%s must be text", key);
    return text && *text ? text : NULL;
}

static vouch_status read_number(const reader *r, const vouch__json *object, const char *key, double *out)
{
    const vouch__json *node = vouch__json_get(object, key);
    *out = NAN;
    if (!node || node->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    if (node->type != VOUCH__JSON_NUMBER || !isfinite(node->number))
        return vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->file, node, "%s must be a number", key);
    *out = node->number;
    return VOUCH_OK;
}

static vouch_status read_limit(const reader *r, const vouch__json *node, vouch__limit *out)
{
    static const char *const known[] = { "direction", "advisory", "fail" };
    static const char *const direction[] = { "above", "below" };
    vouch_status status = vouch__json_known(r->ctx, r->file, node, known, 3);
    if (status)
        return status;
    const char *side = required_text(r, node, "direction");
    if (!side)
        return VOUCH_E_FORMAT;
    if (strcmp(side, "above") != 0 && strcmp(side, "below") != 0) {
        const char *near = vouch__nearest(side, direction, 2);
        return vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->file, vouch__json_get(node, "direction"),
                                "direction is '%.60s', must be above or below%s", side,
                                vouch__did_you_mean(near).text);
    }
    vouch__limit limit = { .id = node->key, .is_above = !strcmp(side, "above") };
    status = read_number(r, node, "advisory", &limit.advisory);
    if (!status)
        status = read_number(r, node, "fail", &limit.fail);
    if (status)
        return status;
    if (isnan(limit.advisory) && isnan(limit.fail))
        return vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->file, node,
                                "a limit needs advisory, fail, or both");
    if (limit.is_above ? limit.advisory > limit.fail : limit.advisory < limit.fail)
        return vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->file, node,
                                "the advisory limit lies beyond the fail limit");
    *out = limit;
    return VOUCH_OK;
}

static vouch_status read_policy(const reader *r, vouch__policy *policy)
{
    static const char *const known[] = { "name", "version", "limits" };
    const vouch__json *root = vouch__doc_root(policy->doc), *limits = vouch__json_get(root, "limits");
    vouch_status status = vouch__json_known(r->ctx, r->file, root, known, 3);
    if (status)
        return status;
    policy->name = required_text(r, root, "name");
    policy->version = policy->name ? required_text(r, root, "version") : NULL;
    if (!policy->version)
        return VOUCH_E_FORMAT;
    if (!limits)
        return vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->file, root, "'limits' is missing");
    if (limits->type != VOUCH__JSON_OBJECT)
        return vouch__json_fail(r->ctx, VOUCH_E_FORMAT, r->file, limits,
                                "limits must be ids with their limits");
    policy->limit = vouch__alloc(r->ctx, limits->len, sizeof *policy->limit);
    if (!policy->limit)
        return vouch__oom(r->ctx);
    for (const vouch__json *node = limits->first; node && !status; node = node->next) {
        status = read_limit(r, node, &policy->limit[policy->n]);
        policy->n += !status;
    }
    qsort(policy->limit, policy->n, sizeof *policy->limit, by_id);
    return status;
}

vouch_status vouch__policy_read(vouch_ctx *ctx, const char *name, const char *yaml, size_t len,
                                vouch__policy **out_policy)
{
    const reader r = { ctx, name };
    vouch__policy *policy = vouch__alloc(ctx, 1, sizeof *policy);
    if (!policy)
        return vouch__oom(ctx);
    policy->alloc = *vouch__allocator(ctx);
    vouch_status status = vouch__yaml_read(ctx, name, yaml, len, POLICY_BYTES, &policy->doc);
    if (!status)
        status = read_policy(&r, policy);
    if (status) {
        vouch__policy_free(policy);
        return status;
    }
    *out_policy = policy;
    return VOUCH_OK;
}

void vouch__policy_free(vouch__policy *policy)
{
    if (!policy)
        return;
    vouch_alloc alloc = policy->alloc;
    vouch__doc_free(policy->doc);
    vouch__free(&alloc, policy->limit);
    vouch__free(&alloc, policy);
}

const char *vouch__policy_name(const vouch__policy *policy) { return policy ? policy->name : NULL; }

const char *vouch__policy_version(const vouch__policy *policy) { return policy ? policy->version : NULL; }

const vouch__limit *vouch__policy_limit(const vouch__policy *policy, const char *id)
{
    const vouch__limit wanted = { .id = id };
    return policy && policy->n ? bsearch(&wanted, policy->limit, policy->n, sizeof wanted, by_id) : NULL;
}

vouch__verdict vouch__limit_judge(const vouch__limit *limit, double value)
{
    if (isnan(value))
        return VOUCH__REFUSED;
    bool fails = limit->is_above ? value > limit->fail : value < limit->fail;
    bool warns = limit->is_above ? value > limit->advisory : value < limit->advisory;
    return fails ? VOUCH__FAIL : warns ? VOUCH__ADVISORY : VOUCH__PASS;
}
