/* one_ctx.h: one context for all tests of a program: cmocka_run_group_tests(tests, setup, teardown). */
#ifndef ONE_CTX_H
#define ONE_CTX_H

#include "check.h"

static vouch_ctx *ctx;

static int setup(void **state)
{
    (void)state;
    ctx = vouch_ctx_new(NULL);
    return ctx ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    vouch_ctx_free(ctx);
    return 0;
}

#endif
