/* Files: bounded reads, writes that leave the old file or the new one, and messages that name the path. */
#include "one_ctx.h"

#include "base/file.h"
#include "base/hash.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void holds(const char *path, const void *bytes, size_t len)
{
    vouch__buf buf;
    assert_ok(ctx, vouch__file_read(ctx, path, 0, &buf));
    assert_int_equal(buf.len, len);
    assert_memory_equal(buf.at, bytes, len + 1); /* with its NUL */
    vouch__buf_free(&buf);
}

static size_t files_in(const char *folder)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        n += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    (void)closedir(dir);
    return n;
}

/* A folder of this test's own, so that what a write leaves behind can be counted. */
static const char *fresh_folder(const char *name)
{
    const char *path = test_path(name);
    assert_ok(ctx, vouch__folder_make(ctx, path));
    return path;
}

static void what_is_written_is_read_back_with_its_mode(void **state)
{
    (void)state;
    const char *folder = fresh_folder("modes");
    char *path = vouch__path_join(ctx, folder, "a.txt");
    struct stat st;
    assert_ok(ctx, vouch__file_write(ctx, path, "one", 3, 0644));
    holds(path, "one", 3);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_ok(ctx, vouch__file_write(ctx, path, "two\0two", 7, 0600));
    holds(path, "two\0two", 7);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_ok(ctx, vouch__file_write(ctx, path, NULL, 0, 0644));
    holds(path, "", 0);
    assert_int_equal(files_in(folder), 1);
    vouch__free(vouch__allocator(ctx), path);
}

static void a_read_is_bounded_and_a_missing_file_is_named(void **state)
{
    (void)state;
    const char *path = test_path("bounded");
    vouch__buf buf;
    assert_ok(ctx, vouch__file_write(ctx, path, "12345678", 8, 0644));
    assert_ok(ctx, vouch__file_read(ctx, path, 8, &buf));
    vouch__buf_free(&buf);
    assert_status(ctx, vouch__file_read(ctx, path, 7, &buf), VOUCH_E_LIMIT);
    assert_error_has(ctx, "longer than 7 bytes");
    vouch__buf_free(&buf); /* fine after a failure, too */
    assert_status(ctx, vouch__file_read(ctx, "/no/such/file", 0, &buf), VOUCH_E_NOTFOUND);
    assert_string_equal(vouch_ctx_error(ctx), "read /no/such/file: No such file or directory");
    assert_status(ctx, vouch__file_read(ctx, test_folder(), 0, &buf), VOUCH_E_IO);
    assert_error_has(ctx, "Is a directory");
}

static void a_write_into_no_folder_or_over_a_folder_fails_and_leaves_nothing(void **state)
{
    (void)state;
    const char *folder = fresh_folder("taken");
    char *inner = vouch__path_join(ctx, folder, "inner");
    assert_status(ctx, vouch__file_write(ctx, "/no/such/folder/x", "a", 1, 0644), VOUCH_E_NOTFOUND);
    assert_error_has(ctx, "write /no/such/folder/x: No such file or directory");
    assert_ok(ctx, vouch__folder_make(ctx, inner));
    assert_status(ctx, vouch__file_write(ctx, inner, "a", 1, 0644), VOUCH_E_IO);
    assert_error_has(ctx, "Is a directory");
    assert_int_equal(files_in(folder), 1);
    vouch__free(vouch__allocator(ctx), inner);
}

/* A limit on the size of files stands for a full disk: the write fails half way. */
static void a_write_that_runs_out_of_room_leaves_the_old_file_whole(void **state)
{
    (void)state;
    const char *folder = fresh_folder("full");
    char *path = vouch__path_join(ctx, folder, "kept");
    static char large[100000];
    struct rlimit old, small = { 0 };
    assert_ok(ctx, vouch__file_write(ctx, path, "the old file", 12, 0644));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){ .rlim_cur = 4096, .rlim_max = old.rlim_max };
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    vouch_status status = vouch__file_write(ctx, path, large, sizeof large, 0644);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, SIG_DFL);
    assert_status(ctx, status, VOUCH_E_IO);
    assert_error_has(ctx, path);
    assert_error_has(ctx, "File too large");
    holds(path, "the old file", 12);
    assert_int_equal(files_in(folder), 1);
    vouch__free(vouch__allocator(ctx), path);
}

static void a_device_that_is_full_is_reported(void **state)
{
    (void)state;
    vouch__buf buf;
    if (access("/dev/full", R_OK) != 0)
        skip();
    assert_status(ctx, vouch__file_read(ctx, "/dev/full", 1000, &buf), VOUCH_E_LIMIT);
}

/* Whenever the writer is killed, the name holds one whole version. */
static void a_killed_writer_leaves_a_whole_file(void **state)
{
    (void)state;
    const char *folder = fresh_folder("killed");
    char *path = vouch__path_join(ctx, folder, "file");
    static char version[2][200000];
    memset(version[0], 'a', sizeof version[0]);
    memset(version[1], 'b', sizeof version[1]);
    assert_ok(ctx, vouch__file_write(ctx, path, version[0], sizeof version[0], 0644));
    for (int round = 0; round < 20; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            for (int i = 1;; i++)
                if (vouch__file_write(ctx, path, version[i % 2], sizeof version[0], 0644))
                    _exit(1);
        (void)usleep((useconds_t)(1000 + seeded_below(8000)));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        vouch__buf buf;
        assert_ok(ctx, vouch__file_read(ctx, path, 0, &buf));
        assert_int_equal(buf.len, sizeof version[0]);
        assert_true(memcmp(buf.at, version[0], buf.len) == 0 || memcmp(buf.at, version[1], buf.len) == 0);
        vouch__buf_free(&buf);
    }
    vouch__free(vouch__allocator(ctx), path);
}

static void a_file_hashes_like_its_bytes(void **state)
{
    (void)state;
    static char bytes[200000];
    char want[VOUCH__HEX], got[VOUCH__HEX];
    uint64_t size = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)seeded_below(256);
    assert_ok(ctx, vouch__file_write(ctx, test_path("hashed"), bytes, sizeof bytes, 0644));
    assert_ok(ctx, vouch__hash_hex(ctx, bytes, sizeof bytes, want));
    assert_ok(ctx, vouch__file_hash(ctx, test_path("hashed"), got, &size));
    assert_string_equal(got, want);
    assert_int_equal(size, sizeof bytes);
    assert_ok(ctx, vouch__file_hash(ctx, test_path("hashed"), got, NULL));
    assert_status(ctx, vouch__file_hash(ctx, test_path("absent"), got, &size), VOUCH_E_NOTFOUND);
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    char path[300];
    (void)snprintf(path, sizeof path, "%s/p/q//r/", test_folder());
    assert_ok(ctx, vouch__folder_make(ctx, path));
    assert_ok(ctx, vouch__folder_make(ctx, path));
    assert_true(vouch__file_exists(path));
    assert_ok(ctx, vouch__folder_make(ctx, "/"));
    assert_ok(ctx, vouch__folder_make(ctx, "."));
    assert_ok(ctx, vouch__file_write(ctx, test_path("p/file"), "x", 1, 0644));
    (void)snprintf(path, sizeof path, "%s/p/file/below", test_folder());
    assert_status(ctx, vouch__folder_make(ctx, path), VOUCH_E_IO);
    assert_error_has(ctx, "make folder");
}

static void paths_join_and_part(void **state)
{
    (void)state;
    static const char *const join[][3] = {
        { "a", "b", "a/b" },     { "a/", "b", "a/b" }, { "", "b", "b" },
        { "a", "/b/c", "/b/c" }, { "/", "b", "/b" },   { "a/", "", "a/" }
    };
    static const char *const folder[][2] = {
        { "a/b", "a" }, { "b", "." }, { "/b", "/" }, { "/a/b", "/a" }, { "a/b/", "a/b" }
    };
    for (size_t i = 0; i < sizeof join / sizeof *join; i++) {
        char *path = vouch__path_join(ctx, join[i][0], join[i][1]);
        assert_string_equal(path, join[i][2]);
        vouch__free(vouch__allocator(ctx), path);
    }
    for (size_t i = 0; i < sizeof folder / sizeof *folder; i++) {
        char *path = vouch__path_folder(ctx, folder[i][0]);
        assert_string_equal(path, folder[i][1]);
        vouch__free(vouch__allocator(ctx), path);
    }
}

static vouch_status write_and_read(vouch_ctx *c, void *arg)
{
    vouch__buf buf;
    char hex[VOUCH__HEX];
    const char *path = arg;
    vouch_status status = vouch__file_write(c, path, "bytes", 5, 0644);
    if (!status)
        status = vouch__file_hash(c, path, hex, NULL);
    if (!status)
        status = vouch__folder_make(c, test_folder());
    if (!status)
        status = vouch__file_read(c, path, 0, &buf);
    if (!status)
        vouch__buf_free(&buf);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char path[300];
    (void)snprintf(path, sizeof path, "%s", test_path("swept"));
    sweep_allocations(write_and_read, path, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back_with_its_mode),
        cmocka_unit_test(a_read_is_bounded_and_a_missing_file_is_named),
        cmocka_unit_test(a_write_into_no_folder_or_over_a_folder_fails_and_leaves_nothing),
        cmocka_unit_test(a_write_that_runs_out_of_room_leaves_the_old_file_whole),
        cmocka_unit_test(a_device_that_is_full_is_reported),
        cmocka_unit_test(a_killed_writer_leaves_a_whole_file),
        cmocka_unit_test(a_file_hashes_like_its_bytes),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(paths_join_and_part),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
