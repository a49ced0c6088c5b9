/* Folders for what spills: gone when closed, removed by the next when their owner was killed, left alone
 * while in use. */
#include "check.h"

#include "data/spill.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_there(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

static void put_file(const char *folder, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("x", file);
    (void)fclose(file);
}

static void a_folder_goes_with_all_that_is_in_it(void **state)
{
    (void)state;
    vouch__spill spill;
    vouch__spill_make(test_folder(), &spill);
    char path[VOUCH__SPILL_PATH];
    memcpy(path, spill.path, sizeof path);
    assert_true(is_there(path));
    put_file(path, "duckdb_temp_storage-0.tmp");
    vouch__spill_remove(&spill);
    assert_false(is_there(path));
    vouch__spill_remove(&spill);
}

static void the_dead_are_swept_and_the_living_left_alone(void **state)
{
    (void)state;
    vouch__spill living, next;
    char dead[VOUCH__SPILL_PATH + 64], fresh[VOUCH__SPILL_PATH + 64];
    (void)snprintf(dead, sizeof dead, "%s/vouch-spill-dead00", test_folder());
    (void)snprintf(fresh, sizeof fresh, "%s/vouch-spill-fresh0", test_folder());
    assert_int_equal(mkdir(dead, 0700), 0);
    put_file(dead, "lock");
    put_file(dead, "duckdb_temp_storage-0.tmp");
    assert_int_equal(mkdir(fresh, 0700), 0); /* of one who has not locked it yet */
    vouch__spill_make(test_folder(), &living);
    assert_false(is_there(dead));
    assert_true(is_there(fresh));
    vouch__spill_make(test_folder(), &next);
    assert_true(is_there(living.path));
    assert_true(strcmp(living.path, next.path) != 0);
    vouch__spill_remove(&next);
    vouch__spill_remove(&living);
    assert_int_equal(rmdir(fresh), 0);
}

static void without_a_place_there_is_no_folder(void **state)
{
    (void)state;
    vouch__spill spill;
    vouch__spill_make("/nowhere/at/all", &spill);
    assert_string_equal(spill.path, "");
    vouch__spill_remove(&spill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_goes_with_all_that_is_in_it),
        cmocka_unit_test(the_dead_are_swept_and_the_living_left_alone),
        cmocka_unit_test(without_a_place_there_is_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
