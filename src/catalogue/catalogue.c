/* The list of tests, and looking one up. */
#include "catalogue/tests.h"

#include <string.h>

static const vouch_test *const tests[] = {
#define X(name) &vouch__test_##name,
    VOUCH__TEST_LIST(X)
#undef X
};

size_t vouch_test_count(void) { return sizeof tests / sizeof *tests; }

const vouch_test *vouch_test_at(size_t i) { return i < vouch_test_count() ? tests[i] : NULL; }

const vouch_test *vouch_test_find(const char *id)
{
    for (size_t i = 0; i < vouch_test_count(); i++)
        if (!strcmp(tests[i]->id, id))
            return tests[i];
    return NULL;
}

const char *vouch_test_id(const vouch_test *test) { return test->id; }

const char *vouch_test_title(const vouch_test *test) { return test->title; }
