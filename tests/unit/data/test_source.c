/* Reading through DuckDB: every type, order by id, every refusal with its words. Needs libduckdb in .cache/;
 * without it the tests say so and skip. */
#include "duckdb.h"

#include "data/table_write.h"

#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *file(vouch_ctx *ctx, const char *name, const char *text)
{
    const char *path = test_path(name);
    assert_ok(ctx, vouch__file_write(ctx, path, text, strlen(text), 0644));
    return name;
}

static vouch_status open_from(vouch_ctx *ctx, const char *source, const char *id, vouch_table **out)
{
    const vouch_source s = { .source = source, .folder = test_folder(), .id = id, .duckdb = DUCKDB };
    *out = NULL;
    return vouch_table_open(ctx, &s, out);
}

static void assert_cell(vouch_ctx *ctx, const vouch_table *table, const char *col, size_t row,
                        const char *want)
{
    vouch__buf cell;
    size_t j = vouch_table_find(table, col);
    assert_true(j != SIZE_MAX);
    vouch__buf_init(ctx, &cell, 0);
    vouch__table_cell(table, j, row, &cell);
    assert_string_equal(cell.len ? cell.at : "", want);
    vouch__buf_free(&cell);
}

static void a_csv_file_is_read_in_order_of_its_id(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    file(ctx, "a.csv",
         "\xef\xbb\xbfID,amount,on,when,flag,name\n3,1.5,2024-02-29,2024-02-29 10:30:00,true,x\n"
         "1,NA,,,,\n2,-7,1969-12-31,1969-12-31 23:59:59.5,false,\"a, b\"\n");
    assert_ok(ctx, open_from(ctx, "a.csv", "ID", &table));
    assert_int_equal(vouch_table_rows(table), 3);
    const vouch_type want[] = { VOUCH_INTEGER, VOUCH_NUMBER, VOUCH_DATE, VOUCH_TIME, VOUCH_FLAG, VOUCH_TEXT };
    for (size_t j = 0; j < 6; j++)
        assert_int_equal(vouch_table_type(table, j), want[j]);
    assert_cell(ctx, table, "ID", 0, "1");
    assert_cell(ctx, table, "amount", 0, "");
    assert_cell(ctx, table, "name", 0, "");
    assert_cell(ctx, table, "amount", 1, "-7");
    assert_cell(ctx, table, "on", 1, "1969-12-31");
    assert_cell(ctx, table, "when", 1, "1969-12-31T23:59:59.500000Z");
    assert_cell(ctx, table, "flag", 1, "false");
    assert_cell(ctx, table, "name", 1, "a, b");
    assert_cell(ctx, table, "on", 2, "2024-02-29");
    assert_cell(ctx, table, "when", 2, "2024-02-29T10:30:00Z");
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void every_type_of_a_query_becomes_ours_or_is_refused_by_name(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    static const struct {
        const char *sql;
        vouch_type type;
        const char *text;
    } cases[] = {
        { "(-100)::TINYINT", VOUCH_INTEGER, "-100" },
        { "(-30000)::SMALLINT", VOUCH_INTEGER, "-30000" },
        { "(-2000000000)::INTEGER", VOUCH_INTEGER, "-2000000000" },
        { "(-9007199254740992)::BIGINT", VOUCH_INTEGER, "-9007199254740992" },
        { "200::UTINYINT", VOUCH_INTEGER, "200" },
        { "60000::USMALLINT", VOUCH_INTEGER, "60000" },
        { "4000000000::UINTEGER", VOUCH_INTEGER, "4000000000" },
        { "9007199254740992::UBIGINT", VOUCH_INTEGER, "9007199254740992" },
        { "(-12345)::HUGEINT", VOUCH_INTEGER, "-12345" },
        { "12345::UHUGEINT", VOUCH_INTEGER, "12345" },
        { "0.1::FLOAT", VOUCH_NUMBER, "0.10000000149011612" },
        { "0.1::DOUBLE", VOUCH_NUMBER, "0.1" },
        { "(-1.23)::DECIMAL(4,2)", VOUCH_NUMBER, "-1.23" },
        { "12345678.91::DECIMAL(18,2)", VOUCH_NUMBER, "12345678.91" },
        { "0.1::DECIMAL(38,30)", VOUCH_NUMBER, "0.1" },
        { "0::DECIMAL(38,30)", VOUCH_NUMBER, "0" },
        { "(-123456789012345678901234.5)::DECIMAL(38,10)", VOUCH_NUMBER, "-1.2345678901234569e+23" },
        { "77::DECIMAL(10,0)", VOUCH_INTEGER, "77" },
        { "true", VOUCH_FLAG, "true" },
        { "'a longer text than twelve'", VOUCH_TEXT, "a longer text than twelve" },
        { "'short'", VOUCH_TEXT, "short" },
        { "DATE '1582-10-15'", VOUCH_DATE, "1582-10-15" },
        { "TIMESTAMP '9999-12-31 00:00:00'", VOUCH_TIME, "9999-12-31T00:00:00Z" },
        { "TIMESTAMP_S '2024-01-02 03:04:05'", VOUCH_TIME, "2024-01-02T03:04:05Z" },
        { "TIMESTAMP_MS '2024-01-02 03:04:05.006'", VOUCH_TIME, "2024-01-02T03:04:05.006000Z" },
        { "TIMESTAMP_NS '1969-12-31 23:59:59.999999999'", VOUCH_TIME, "1969-12-31T23:59:59.999999Z" },
        { "'b'::ENUM('a','b')", VOUCH_TEXT, "b" },
        { "'6f9619ff-8b86-d011-b42d-00c04fc964ff'::UUID", VOUCH_TEXT,
          "6f9619ff-8b86-d011-b42d-00c04fc964ff" },
        { "'inf'::DOUBLE", VOUCH_NUMBER, "inf" },
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[300];
        vouch_table *table;
        (void)snprintf(sql, sizeof sql, "SELECT 1 AS id, %s AS x UNION ALL SELECT 2, NULL;\n", cases[i].sql);
        assert_ok(ctx, open_from(ctx, sql, "id", &table));
        size_t x = vouch_table_find(table, "x");
        if (vouch_table_type(table, x) != cases[i].type)
            fail_msg("%s is read as %s", cases[i].sql, vouch_type_name(vouch_table_type(table, x)));
        assert_cell(ctx, table, "x", 0, cases[i].text);
        assert_cell(ctx, table, "x", 1, "");
        vouch_table_unref(table);
    }
    static const char *const refused[][2] = {
        { "[1, 2]", "LIST" },
        { "{'a': 1}", "STRUCT" },
        { "INTERVAL 1 DAY", "INTERVAL" },
        { "TIME '10:00:00'", "TIME" },
        { "'x'::BLOB", "BLOB" },
        { "'101'::BIT", "BIT" },
        { "MAP {'a': 1}", "MAP" },
        { "9007199254740993", "2^53" },
        { "'infinity'::TIMESTAMP", "time out" },
        { "1e30::HUGEINT", "2^53" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char sql[300];
        vouch_table *table;
        (void)snprintf(sql, sizeof sql, "SELECT 1 AS id, %s AS odd", refused[i][0]);
        assert_true(open_from(ctx, sql, "id", &table) != VOUCH_OK);
        assert_error_has(ctx, "'odd'");
        assert_error_has(ctx, refused[i][1]);
        assert_null(table);
    }
    vouch_ctx_free(ctx);
}

static void an_id_beyond_exact_doubles_is_read_as_text(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    file(ctx, "big.csv", "id,x\n9007199254740993,1\n9007199254740992,2\n");
    assert_ok(ctx, open_from(ctx, "big.csv", "id", &table));
    assert_int_equal(vouch_table_type(table, 0), VOUCH_TEXT);
    assert_cell(ctx, table, "id", 0, "9007199254740992");
    assert_cell(ctx, table, "id", 1, "9007199254740993");
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void bad_sources_get_one_clear_line(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    file(ctx, "dup.csv", "id,x\n7,1\n3,2\n7,3\n");
    file(ctx, "null.csv", "id,x\n7,1\n,2\n");
    file(ctx, "utf8.csv", "id,x\n1,a\n2,\xff\xfe\n");
    file(ctx, "ragged.csv", "id,x\n1,a\n2,b,c,d\n3,c\n");
    file(ctx, "late.csv", "id,x,y\n1,2,3\n2,3,4\n3,4,5,6\n"); /* its last line is no header */
    file(ctx, "junk.parquet", "PAR1 this is no parquet file PAR1");
    file(ctx, "bad.json", "[{\"id\": 1,");
    file(ctx, "deep.json", "[{\"id\":1,\"a\":{\"b\":1}}]");
    static const struct {
        const char *source, *id;
        vouch_status status;
        const char *words[2];
    } cases[] = {
        { "none.csv", "id", VOUCH_E_NOTFOUND, { "there is no file", "none.csv" } },
        { "none*.csv", "id", VOUCH_E_NOTFOUND, { "No files found", "none*.csv" } },
        { "dup.csv", "id", VOUCH_E_DATA, { "id id '7' stands in more than one row", "" } },
        { "null.csv", "id", VOUCH_E_DATA, { "id id is missing in 1 rows", "" } },
        { "dup.csv", "ID", VOUCH_E_NOTFOUND, { "no id column 'ID', did you mean 'id'", "dup.csv" } },
        { "utf8.csv", "id", VOUCH_E_FORMAT, { "Invalid unicode", "utf8.csv" } },
        { "ragged.csv", "id", VOUCH_E_FORMAT, { "Line: 3", "ragged.csv" } },
        { "late.csv", "id", VOUCH_E_FORMAT, { "Line: 4", "late.csv" } },
        { "junk.parquet", "id", VOUCH_E_FORMAT, { "junk.parquet", "" } },
        { "bad.json", "id", VOUCH_E_FORMAT, { "bad.json", "" } },
        { "deep.json", "id", VOUCH_E_FORMAT, { "column 'a' is STRUCT", "deep.json" } },
        { "data.xls", "id", VOUCH_E_ARG, { "must end in .csv", "data.xls" } },
        { "SELECT 1 AS id", NULL, VOUCH_E_ARG, { "name an id column", "query" } },
        { "dup*.csv", NULL, VOUCH_E_ARG, { "name an id column", "glob" } },
        { "SELECT FROM WHERE", "id", VOUCH_E_FORMAT, { "syntax error", "the query" } },
        { "SELECT 1 AS id; DROP TABLE x", "id", VOUCH_E_FORMAT, { "the query", "" } },
        { "SELECT * FROM nowhere", "id", VOUCH_E_NOTFOUND, { "nowhere", "" } },
        { "SELECT error('no')", "id", VOUCH_E_FORMAT, { "the query", "" } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(ctx, open_from(ctx, cases[i].source, cases[i].id, &table), cases[i].status);
        assert_error_has(ctx, cases[i].words[0]);
        assert_error_has(ctx, cases[i].words[1]);
        assert_null(strchr(vouch_ctx_error(ctx), '\n'));
        assert_null(table);
    }
    vouch_ctx_free(ctx);
}

static void lines_above_a_header_are_passed_over(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    static const char *const above[] = { "", "\n", "A report\n", "# a comment\n", "\xef\xbb\xbf" };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < sizeof above / sizeof *above; i++) {
        char text[128];
        vouch_table *table;
        (void)snprintf(text, sizeof text, "%sid,x\n2,b\n1,a\n", above[i]);
        file(ctx, "above.csv", text);
        assert_ok(ctx, open_from(ctx, "above.csv", "id", &table));
        assert_int_equal(vouch_table_rows(table), 2);
        assert_cell(ctx, table, "x", 0, "a");
        vouch_table_unref(table);
    }
    vouch_ctx_free(ctx);
}

static void a_file_of_very_many_columns_is_read(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    enum { COLS = 1500, ROWS = 40 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_source source = { .source = "wide.csv", .folder = test_folder(), .duckdb = DUCKDB };
    vouch_table *table = NULL;
    FILE *out = fopen(test_path("wide.csv"), "w");
    assert_non_null(out);
    for (int i = 0; i <= ROWS; i++)
        for (int j = 0; j < COLS; j++)
            (void)fprintf(out, i ? "%.0s%d%c" : "%s%d%c", "c", i ? i + j : j, j + 1 < COLS ? ',' : '\n');
    (void)fclose(out);
    source.memory_bytes = (size_t)48 << 20; /* too little for rows of so many */
    assert_ok(ctx, vouch_table_open(ctx, &source, &table));
    assert_int_equal(vouch_table_rows(table), ROWS);
    assert_int_equal(vouch_table_cols(table), COLS);
    assert_cell(ctx, table, "c1499", 39, "1539");
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* A Parquet file in which some bytes were changed: any answer but a crash, and every refusal in one line that
 * names the file. */
static void a_parquet_file_that_lies_is_refused_or_read(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__buf text, whole;
    char path[256];
    size_t refused = 0;
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_text(&text, "id,x,t\n");
    for (int i = 0; i < 3000; i++)
        vouch__buf_fmt(&text, "%d,%d,t%d\n", i, i * 7919 % 1000, i % 13);
    (void)snprintf(path, sizeof path, "%s", test_path("lie.parquet"));
    const vouch__csv_column column[] = { { "id", VOUCH_INTEGER },
                                         { "x", VOUCH_NUMBER },
                                         { "t", VOUCH_TEXT } };
    const vouch__csv csv = { text.at, text.len, 3, column };
    assert_ok(ctx, vouch__parquet_write(ctx, DUCKDB, &csv, path));
    assert_ok(ctx, vouch__file_read(ctx, path, 0, &whole));
    for (int round = 0; round < 40; round++) {
        vouch_table *table;
        char *bytes = malloc(whole.len);
        size_t len = whole.len, at = seeded_below(len - 12);
        memcpy(bytes, whole.at, len);
        if (round == 0)
            memset(bytes + len - 8, 0x7f, 4); /* the footer's length */
        else if (round < 5)
            len = len * (size_t)round / 5; /* cut off */
        else if (round < 20)
            memset(bytes + len - 300 + seeded_below(280), 0xff, 8); /* counts and sizes in the footer */
        else
            memset(bytes + at, 0xff, 8);
        assert_ok(ctx, vouch__file_write(ctx, path, bytes, len, 0644));
        free(bytes);
        if (open_from(ctx, "lie.parquet", "id", &table)) {
            refused++;
            assert_error_has(ctx, "lie.parquet");
            assert_null(strchr(vouch_ctx_error(ctx), '\n'));
        }
        assert_true(round >= 5 || !table);
        vouch_table_unref(table);
    }
    assert_true(refused > 10);
    vouch__buf_free(&text);
    vouch__buf_free(&whole);
    vouch_ctx_free(ctx);
}

static void a_compressed_file_is_read(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    static const uint8_t gz[] = { 31, 139, 8,  0,   0,  0,   0, 0, 2,  255, 203, 76,  209, 169, 224, 50, 210,
                                  49, 229, 50, 212, 49, 225, 2, 0, 95, 32,  189, 162, 13,  0,   0,   0 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    assert_ok(ctx, vouch__file_write(ctx, test_path("z.csv.gz"), gz, sizeof gz, 0644));
    assert_ok(ctx, open_from(ctx, "z.csv.gz", "id", &table));
    assert_cell(ctx, table, "x", 0, "4");
    assert_cell(ctx, table, "x", 1, "5");
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* The 30,000 accounts of Yeh & Lien 2009, as anybody can count them. */
static void the_uci_cards_are_read(void **state)
{
    (void)state;
    const char *path = shared_data("taiwan_default/taiwan_credit.csv");
    if (!path)
        skip();
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table = NULL;
    const vouch_source s = { .source = path, .id = "ID", .duckdb = DUCKDB };
    double bad = 0, y;
    assert_ok(ctx, vouch_table_open(ctx, &s, &table));
    assert_int_equal(vouch_table_rows(table), 30000);
    size_t target = vouch_table_find(table, "DEFAULT");
    assert_true(target != SIZE_MAX);
    for (size_t i = 0; i < 30000; i++) {
        vouch_table_read(table, target, i, i + 1, &y);
        bad += y;
    }
    assert_close(bad, 6636, 0);
    assert_cell(ctx, table, "ID", 0, "1");
    assert_cell(ctx, table, "ID", 29999, "30000");
    assert_cell(ctx, table, "LIMIT_BAL", 0, "20000");
    assert_cell(ctx, table, "PAY_0", 0, "2");
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void a_file_without_id_keeps_its_own_order(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    file(ctx, "it's a \"file\".csv", "x\n3\n1\n2\n");
    assert_ok(ctx, open_from(ctx, "it's a \"file\".csv", NULL, &table));
    assert_cell(ctx, table, "x", 0, "3");
    assert_cell(ctx, table, "x", 1, "1");
    assert_cell(ctx, table, "x", 2, "2");
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void a_late_row_of_another_type_widens_the_column(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    const char *path = test_path("late.csv");
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    (void)fprintf(out, "id,x\n");
    for (int i = 0; i < 60000; i++)
        (void)fprintf(out, "%d,%s\n", i, i == 59000 ? "abc" : "5");
    (void)fclose(out);
    assert_ok(ctx, open_from(ctx, "late.csv", "id", &table));
    assert_int_equal(vouch_table_rows(table), 60000);
    assert_int_equal(vouch_table_type(table, 1), VOUCH_TEXT);
    assert_cell(ctx, table, "x", 59000, "abc");
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* The same content by four roads: one fingerprint. */
static void the_format_does_not_change_the_fingerprint(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_table *table;
    char want[VOUCH__HEX] = "", got[VOUCH__HEX];
    file(ctx, "f.csv", "id,x,t\n2,0.5,b\n1,,a\n3,7.25,b\n");
    file(ctx, "f.tsv", "id\tx\tt\n1\tNA\ta\n3\t7.25\tb\n2\t0.5\tb\n");
    file(ctx, "f.jsonl",
         "{\"id\":3,\"x\":7.25,\"t\":\"b\"}\n{\"id\":2,\"x\":0.5,\"t\":\"b\"}\n"
         "{\"id\":1,\"x\":null,\"t\":\"a\"}\n");
    static const char *const source[] = { "f.csv", "f.tsv", "f.jsonl", "from 'f.csv' -- as it is",
                                          "SELECT * FROM read_csv('f*.csv') ORDER BY x;" };
    for (size_t i = 0; i < sizeof source / sizeof *source; i++) {
        assert_ok(ctx, open_from(ctx, source[i], "id", &table));
        assert_ok(ctx, vouch__table_fingerprint(ctx, table, got));
        if (i == 0)
            memcpy(want, got, sizeof want);
        assert_string_equal(got, want);
        vouch_table_unref(table);
    }
    assert_ok(ctx, open_from(ctx, "SELECT * REPLACE (x + 0.25 AS x) FROM 'f.csv'", "id", &table));
    assert_ok(ctx, vouch__table_fingerprint(ctx, table, got));
    assert_string_not_equal(got, want);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void the_number_of_threads_changes_nothing(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    char want[VOUCH__HEX] = "", got[VOUCH__HEX];
    for (unsigned threads = 1; threads <= 4; threads *= 2) {
        const vouch_ctx_options options = { .threads = threads };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        vouch_table *table;
        assert_ok(
            ctx,
            open_from(ctx,
                      "SELECT (hash(range) % 1000000007)::BIGINT * 300000 + range AS id, range % 7 AS a, "
                      "'t' || (range % 100) AS t FROM range(300000)",
                      "id", &table));
        assert_ok(ctx, vouch__table_fingerprint(ctx, table, got));
        if (threads == 1)
            memcpy(want, got, sizeof want);
        assert_string_equal(got, want);
        vouch_table_unref(table);
        vouch_ctx_free(ctx);
    }
}

static int after_some_polls(void *self)
{
    size_t *left = self;
    return *left == 0 || (*left)-- == 0;
}

static void reading_stops_when_it_is_told_to(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    for (size_t polls = 0; polls < 40; polls += 7) {
        size_t left = polls;
        const vouch_ctx_options options = { .self = &left, .is_cancelled = after_some_polls };
        vouch_ctx *ctx = vouch_ctx_new(&options);
        vouch_table *table;
        assert_status(ctx, open_from(ctx, "SELECT range AS id FROM range(100000000)", "id", &table),
                      VOUCH_E_CANCELLED);
        assert_null(table);
        vouch_ctx_free(ctx);
    }
}

typedef struct watch {
    size_t calls;
    uint64_t most;
} watch;

static void watch_progress(void *self, const char *stage, uint64_t done, uint64_t total)
{
    watch *w = self;
    assert_string_equal(stage, "read");
    assert_true(total == 0 || done <= total);
    w->calls++;
    w->most = done > w->most ? done : w->most;
}

static void reading_reports_progress(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    watch w = { .calls = 0 };
    const vouch_ctx_options options = { .self = &w, .progress = watch_progress };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    vouch_table *table;
    assert_ok(ctx, open_from(ctx, "SELECT range AS id FROM range(1000000)", "id", &table));
    assert_true(w.calls >= 1 && w.most > 0); /* how often depends on the machine */
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

static void an_absent_library_says_how_to_get_it(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const vouch_source s = { .source = "SELECT 1 AS id", .id = "id", .duckdb = "/nowhere/libduckdb.so" };
    vouch_table *table = NULL;
    assert_status(ctx, vouch_table_open(ctx, &s, &table), VOUCH_E_UNAVAILABLE);
    assert_error_has(ctx, "/nowhere/libduckdb.so");
    vouch_ctx_free(ctx);
}

static vouch_status open_small(vouch_ctx *ctx, void *arg)
{
    vouch_table *table;
    vouch_status status = open_from(ctx, arg, "id", &table);
    vouch_table_unref(table);
    return status;
}

static void reading_survives_every_allocation_failure(void **state)
{
    (void)state;
    NEEDS_DUCKDB();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    file(ctx, "s.csv", "id,t\n2,b\n1,a\n");
    sweep_allocations(open_small, "s.csv", 0);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_csv_file_is_read_in_order_of_its_id),
        cmocka_unit_test(every_type_of_a_query_becomes_ours_or_is_refused_by_name),
        cmocka_unit_test(an_id_beyond_exact_doubles_is_read_as_text),
        cmocka_unit_test(bad_sources_get_one_clear_line),
        cmocka_unit_test(lines_above_a_header_are_passed_over),
        cmocka_unit_test(a_file_of_very_many_columns_is_read),
        cmocka_unit_test(a_parquet_file_that_lies_is_refused_or_read),
        cmocka_unit_test(a_compressed_file_is_read),
        cmocka_unit_test(the_uci_cards_are_read),
        cmocka_unit_test(a_file_without_id_keeps_its_own_order),
        cmocka_unit_test(a_late_row_of_another_type_widens_the_column),
        cmocka_unit_test(the_format_does_not_change_the_fingerprint),
        cmocka_unit_test(the_number_of_threads_changes_nothing),
        cmocka_unit_test(reading_stops_when_it_is_told_to),
        cmocka_unit_test(reading_reports_progress),
        cmocka_unit_test(an_absent_library_says_how_to_get_it),
        cmocka_unit_test(reading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
