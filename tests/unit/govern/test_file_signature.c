/* A signed file is refused once it, or its signature, has changed. */
#include "check.h"

#include "base/file.h"
#include "govern/file_signature.h"
#include "vouch/govern.h"

#include <string.h>

static void a_signature_holds_for_the_bytes_it_was_made_of(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_key *key = NULL;
    vouch__doc *doc = NULL;
    vouch__buf sig;
    const char *path = test_path("decided.yaml");
    assert_ok(ctx, vouch_key_new(ctx, test_path("k.pem"), "secret"));
    assert_ok(ctx, vouch_key_open(ctx, test_path("k.pem"), "secret", &key));
    assert_ok(ctx, vouch__file_write(ctx, path, "a: 1\n", 5, 0644));
    assert_ok(ctx, vouch__file_signature(ctx, path, "a: 1\n", 5, &doc));
    assert_null(doc); /* nobody has signed it */
    assert_ok(ctx, vouch_file_sign(ctx, key, path, "Board", "2026-03-14"));
    assert_ok(ctx, vouch__file_signature(ctx, path, "a: 1\n", 5, &doc));
    assert_string_equal(vouch__json_string(vouch__json_get(vouch__doc_root(doc), "person")), "Board");
    assert_string_equal(vouch__json_string(vouch__json_get(vouch__doc_root(doc), "key")), vouch_key_id(key));
    vouch__doc_free(doc);
    assert_status(ctx, vouch__file_signature(ctx, path, "a: 2\n", 5, &doc), VOUCH_E_CORRUPT);
    assert_error_has(ctx, "changed after Board signed it");
    vouch__buf_init(ctx, &sig, 0);
    assert_ok(ctx, vouch__file_read(ctx, test_path("decided.yaml.sig"), 10000, &sig));
    char *person = strstr(sig.at, "Board");
    memcpy(person, "Bored", 5);
    assert_ok(ctx, vouch__file_write(ctx, test_path("decided.yaml.sig"), sig.at, sig.len, 0644));
    assert_status(ctx, vouch__file_signature(ctx, path, "a: 1\n", 5, &doc), VOUCH_E_CORRUPT);
    assert_error_has(ctx, "the signature is not good");
    assert_ok(ctx, vouch__file_write(ctx, test_path("decided.yaml.sig"), "{}", 2, 0644));
    assert_status(ctx, vouch__file_signature(ctx, path, "a: 1\n", 5, &doc), VOUCH_E_FORMAT);
    vouch__buf_free(&sig);
    vouch_key_free(key);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_signature_holds_for_the_bytes_it_was_made_of) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
