/* vouch/catalogue.h: the tests that a model-risk function puts to a model, its scores and its data: what they
 * are, and running them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef VOUCH_CATALOGUE_H
#define VOUCH_CATALOGUE_H

#include "vouch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One test, described once: docs/tests.md has them all. Constant; lives as long as the library. */
typedef struct vouch_test vouch_test;

VOUCH_API size_t vouch_test_count(void);
VOUCH_API const vouch_test *vouch_test_at(size_t i);         /* by area; NULL beyond the last */
VOUCH_API const vouch_test *vouch_test_find(const char *id); /* "validate.auc"; NULL when there is none */
VOUCH_API const char *vouch_test_id(const vouch_test *test);
VOUCH_API const char *vouch_test_title(const vouch_test *test);

#ifdef __cplusplus
}
#endif
#endif
