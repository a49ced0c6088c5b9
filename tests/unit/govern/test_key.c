#include "people.h"

#include "base/file.h"
#include "govern/grants.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_new_key_is_encrypted_and_private(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__buf pem;
    struct stat st;
    const char *path = test_path("new.pem");
    vouch_key *key = NULL;
    assert_ok(ctx, vouch_key_new(ctx, path, "a passphrase"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_ok(ctx, vouch__file_read(ctx, path, 1 << 16, &pem));
    assert_non_null(strstr(pem.at, "BEGIN ENCRYPTED PRIVATE KEY"));
    vouch__buf_free(&pem);
    assert_ok(ctx, vouch_key_open(ctx, path, "a passphrase", &key));
    assert_int_equal(strlen(vouch_key_id(key)), 16);

    uint8_t public_key[32];
    char pub[300];
    (void)snprintf(pub, sizeof pub, "%s.pub", path);
    assert_ok(ctx, vouch__key_public(ctx, pub, public_key));
    assert_memory_equal(public_key, key->public_key, 32);
    vouch_key_free(key);
    vouch_ctx_free(ctx);
}

static void openssl_itself_reads_the_key_as_scrypt_and_aes_256(void **state)
{
    (void)state;
    char command[600], line[300];
    bool scrypt = false, aes = false;
    (void)person_key(OLGA);
    (void)snprintf(command, sizeof command, "openssl asn1parse -in '%s' 2>/dev/null", person_key_path(OLGA));
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe)) {
        scrypt |= strstr(line, "scrypt") || strstr(line, "1.3.6.1.4.1.11591.4.11");
        aes |= strstr(line, "aes-256-cbc") != NULL;
    }
    if (pclose(pipe) != 0) {
        print_message("skipped: no openssl program\n");
        skip();
    }
    assert_true(scrypt && aes);
}

static void a_wrong_passphrase_is_denied(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_key *key = NULL;
    (void)person_key(OLGA);
    assert_status(ctx, vouch_key_open(ctx, person_key_path(OLGA), "incorrect horse", &key), VOUCH_E_DENIED);
    assert_error_has(ctx, "passphrase is wrong");
    assert_status(ctx, vouch_key_open(ctx, person_key_path(OLGA), "", &key), VOUCH_E_DENIED);
    assert_null(key);
    vouch_ctx_free(ctx);
}

static void an_existing_key_is_never_replaced(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    (void)person_key(OLGA);
    assert_status(ctx, vouch_key_new(ctx, person_key_path(OLGA), "x"), VOUCH_E_CONFLICT);
    vouch_ctx_free(ctx);
}

static void what_is_not_a_key_is_refused(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_key *key = NULL;
    uint8_t public_key[32];
    const char *path = test_path("junk.pem");
    assert_status(ctx, vouch_key_open(ctx, test_path("absent.pem"), "x", &key), VOUCH_E_NOTFOUND);
    assert_ok(ctx, vouch__file_write(ctx, path, "junk", 4, 0600));
    assert_status(ctx, vouch_key_open(ctx, path, "x", &key), VOUCH_E_FORMAT);
    assert_status(ctx, vouch__key_public(ctx, path, public_key), VOUCH_E_FORMAT);
    assert_status(ctx, vouch_key_new(ctx, test_path("no.pem"), ""), VOUCH_E_ARG);
    assert_status(ctx, vouch_key_new(ctx, test_path("no/such/folder.pem"), "x"), VOUCH_E_NOTFOUND);
    vouch_ctx_free(ctx);
}

/* RFC 8032, 7.1, TEST 3 signs two bytes; ours signs a hash, so only the public key's own hash is fixed here:
 * SHA-256 of d75a98...511a (TEST 1's public key), computed with sha256sum. */
static void a_key_id_is_the_start_of_the_hash_of_the_public_key(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    uint8_t public_key[32];
    char id[VOUCH__KEY_ID];
    assert_true(
        vouch__unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", public_key, 32));
    assert_ok(ctx, vouch__key_id(ctx, public_key, id));
    assert_string_equal(id, "21fe31dfa154a261");
    vouch_ctx_free(ctx);
}

static void a_signature_holds_for_its_hash_and_key_only(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    uint8_t hash[32] = { 1, 2, 3 }, signature[64];
    bool good = false;
    const vouch_key *key = person_key(OLGA);
    assert_ok(ctx, vouch__key_sign(ctx, key, hash, signature));
    assert_ok(ctx, vouch__key_check(ctx, key->public_key, hash, signature, &good));
    assert_true(good);
    assert_ok(ctx, vouch__key_check(ctx, person_key(DANA)->public_key, hash, signature, &good));
    assert_false(good);
    for (int round = 0; round < 100; round++) { /* any flipped bit */
        uint8_t h[32], s[64];
        memcpy(h, hash, sizeof h);
        memcpy(s, signature, sizeof s);
        size_t bit = seeded_below(8 * 96);
        if (bit < 8 * 32)
            h[bit / 8] ^= (uint8_t)(1 << (bit % 8));
        else
            s[bit / 8 - 32] ^= (uint8_t)(1 << (bit % 8));
        assert_ok(ctx, vouch__key_check(ctx, key->public_key, h, s, &good));
        assert_false(good);
    }
    vouch_ctx_free(ctx);
}

static vouch_status open_once(vouch_ctx *ctx, void *arg)
{
    vouch_key *key = NULL;
    vouch_status status = vouch_key_open(ctx, arg, "correct horse", &key);
    vouch_key_free(key);
    return status;
}

static void opening_a_key_survives_every_allocation_failure(void **state)
{
    (void)state;
    char path[300];
    (void)person_key(OLGA);
    (void)snprintf(path, sizeof path, "%s", person_key_path(OLGA));
    sweep_allocations(open_once, path, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_key_is_encrypted_and_private),
        cmocka_unit_test(openssl_itself_reads_the_key_as_scrypt_and_aes_256),
        cmocka_unit_test(a_wrong_passphrase_is_denied),
        cmocka_unit_test(an_existing_key_is_never_replaced),
        cmocka_unit_test(what_is_not_a_key_is_refused),
        cmocka_unit_test(a_key_id_is_the_start_of_the_hash_of_the_public_key),
        cmocka_unit_test(a_signature_holds_for_its_hash_and_key_only),
        cmocka_unit_test(opening_a_key_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
