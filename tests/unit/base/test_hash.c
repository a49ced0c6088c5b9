/* SHA-256 against FIPS 180-4's examples, in pieces and whole; hex both ways. */
#include "one_ctx.h"

#include "base/hash.h"

#include <string.h>

static void the_published_examples_hold(void **state)
{
    (void)state;
    char hex[VOUCH__HEX];
    assert_ok(ctx, vouch__hash_hex(ctx, "abc", 3, hex));
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_ok(ctx, vouch__hash_hex(ctx, NULL, 0, hex));
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_ok(ctx, vouch__hash_hex(ctx, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex));
    assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void pieces_hash_like_the_whole(void **state)
{
    (void)state;
    uint8_t bytes[1000], whole[VOUCH__HASH], pieces[VOUCH__HASH];
    for (int round = 0; round < 200; round++) {
        size_t n = seeded_below(sizeof bytes);
        vouch__sha256 hash;
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)seeded_below(256);
        assert_ok(ctx, vouch__hash(ctx, bytes, n, whole));
        assert_ok(ctx, vouch__sha256_init(ctx, &hash));
        for (size_t at = 0, step; at < n; at += step) {
            step = 1 + seeded_below(n - at);
            vouch__sha256_add(&hash, bytes + at, step);
        }
        vouch__sha256_end(&hash, pieces);
        assert_memory_equal(whole, pieces, VOUCH__HASH);
        vouch__sha256_drop(&hash);
    }
}

static void a_dropped_hash_may_be_dropped_again(void **state)
{
    (void)state;
    vouch__sha256 hash;
    assert_ok(ctx, vouch__sha256_init(ctx, &hash));
    vouch__sha256_drop(&hash);
    vouch__sha256_drop(&hash);
}

static void hex_goes_both_ways_and_is_strict(void **state)
{
    (void)state;
    static const uint8_t bytes[] = { 0x00, 0x9f, 0xa0, 0xff };
    uint8_t back[4];
    char hex[9];
    vouch__hex(bytes, 4, hex);
    assert_string_equal(hex, "009fa0ff");
    assert_true(vouch__unhex(hex, back, 4));
    assert_memory_equal(bytes, back, 4);
    assert_true(vouch__unhex("009FA0FF", back, 4));
    assert_false(vouch__unhex("009fa0f", back, 4));
    assert_false(vouch__unhex("009fa0ff0", back, 4));
    assert_false(vouch__unhex("009fa0fg", back, 4));
    assert_false(vouch__unhex("", back, 4));
    assert_true(vouch__unhex("", back, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_examples_hold),
        cmocka_unit_test(pieces_hash_like_the_whole),
        cmocka_unit_test(a_dropped_hash_may_be_dropped_again),
        cmocka_unit_test(hex_goes_both_ways_and_is_strict),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
