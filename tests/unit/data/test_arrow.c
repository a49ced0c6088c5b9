/* The Arrow boundary: what goes out comes back the same, every accepted type and layout is read, and what a
 * producer gets wrong is refused by name. */
#include "check.h"

#include "data/arrow.h"
#include "data/table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One column in one batch, lent from static memory; the tests change what they need. */
typedef struct lent {
    struct ArrowSchema schema, child, dictionary, *children[1];
    struct ArrowArray array, column, words, *columns[1];
    const void *top[1], *buffer[3], *word_buffer[3];
    int error, batches, released;
} lent;

static void keep_schema(struct ArrowSchema *schema) { schema->release = NULL; }

static void keep_array(struct ArrowArray *array) { array->release = NULL; }

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    lent *l = stream->private_data;
    *out = l->schema;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    lent *l = stream->private_data;
    *out = (struct ArrowArray){ .release = NULL };
    if (l->error)
        return l->error;
    if (l->batches-- > 0)
        *out = l->array;
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the wire\nbroke";
}

static void release_stream(struct ArrowArrayStream *stream)
{
    lent *l = stream->private_data;
    l->released++;
    stream->release = NULL;
}

static void lend(lent *l, const char *format, int64_t length, const void *mask, const void *data,
                 const void *more)
{
    *l = (lent){ .batches = 1 };
    l->child = (struct ArrowSchema){ .format = format, .name = "x" };
    l->children[0] = &l->child;
    l->schema = (struct ArrowSchema){
        .format = "+s", .n_children = 1, .children = l->children, .release = keep_schema
    };
    l->buffer[0] = mask;
    l->buffer[1] = data;
    l->buffer[2] = more;
    l->column = (struct ArrowArray){ .length = length,
                                     .null_count = mask ? -1 : 0,
                                     .n_buffers = *format == 'n'                     ? 0
                                                  : *format == 'u' || *format == 'U' ? 3
                                                                                     : 2,
                                     .buffers = l->buffer };
    l->columns[0] = &l->column;
    l->array = (struct ArrowArray){ .length = length,
                                    .n_buffers = 1,
                                    .n_children = 1,
                                    .buffers = l->top,
                                    .children = l->columns,
                                    .release = keep_array };
}

static vouch_status take(vouch_ctx *ctx, lent *l, vouch_table **out_table)
{
    struct ArrowArrayStream stream = { get_schema, get_next, get_last_error, release_stream, l };
    *out_table = NULL;
    vouch_status status = vouch_table_import(ctx, &stream, out_table);
    assert_int_equal(l->released, status == VOUCH_OK);
    assert_true((stream.release == NULL) == (status == VOUCH_OK));
    return status;
}

static void every_accepted_type_is_read(void **state)
{
    (void)state;
    static const int8_t i8[] = { -128, 0, 127 };
    static const uint8_t u8[] = { 0, 1, 255 }, bits[] = { 5 }, mask[] = { 6 };
    static const int16_t i16[] = { -32768, 0, 32767 };
    static const uint16_t u16[] = { 0, 1, 65535 };
    static const int32_t i32[] = { -2147483647, 0, 2147483647 };
    static const uint32_t u32[] = { 0, 1, 4294967295u };
    static const int64_t i64[] = { -(INT64_C(1) << 53), 0, INT64_C(1) << 53 },
                         seconds[] = { -1, 0, 253402300799 };
    static const int64_t nanos[] = { -1, 999, 1000 };
    static const uint64_t u64[] = { 0, 1, UINT64_C(1) << 53 };
    static const float f32[] = { -0.5F, 0.1F, INFINITY };
    static const double f64[] = { -0.5, NAN, 1e300 };
    static const struct {
        const char *format;
        const void *mask, *data;
        vouch_type type;
        double want[3];
    } cases[] = {
        { "c", NULL, i8, VOUCH_INTEGER, { -128, 0, 127 } },
        { "C", NULL, u8, VOUCH_INTEGER, { 0, 1, 255 } },
        { "s", NULL, i16, VOUCH_INTEGER, { -32768, 0, 32767 } },
        { "S", NULL, u16, VOUCH_INTEGER, { 0, 1, 65535 } },
        { "i", NULL, i32, VOUCH_INTEGER, { -2147483647.0, 0, 2147483647.0 } },
        { "I", NULL, u32, VOUCH_INTEGER, { 0, 1, 4294967295.0 } },
        { "l", NULL, i64, VOUCH_INTEGER, { -0x1p53, 0, 0x1p53 } },
        { "L", NULL, u64, VOUCH_INTEGER, { 0, 1, 0x1p53 } },
        { "f", NULL, f32, VOUCH_NUMBER, { -0.5, 0.10000000149011612, INFINITY } },
        { "g", NULL, f64, VOUCH_NUMBER, { -0.5, NAN, 1e300 } },
        { "g", mask, f64, VOUCH_NUMBER, { NAN, NAN, 1e300 } },
        { "b", NULL, bits, VOUCH_FLAG, { 1, 0, 1 } },
        { "b", mask, bits, VOUCH_FLAG, { NAN, 0, 1 } },
        { "n", NULL, NULL, VOUCH_NUMBER, { NAN, NAN, NAN } },
        { "tdD", NULL, i32, VOUCH_DATE, { -2147483647.0, 0, 2147483647.0 } },
        { "tss:UTC", NULL, seconds, VOUCH_TIME, { -1e6, 0, 253402300799e6 } },
        { "tsm:", NULL, seconds, VOUCH_TIME, { -1e3, 0, 253402300799e3 } },
        { "tsu:Europe/Oslo", NULL, seconds, VOUCH_TIME, { -1, 0, 253402300799.0 } },
        { "tsn:", NULL, nanos, VOUCH_TIME, { -1, 0, 1 } },
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lent l;
        vouch_table *table;
        double got[3];
        lend(&l, cases[i].format, 3, cases[i].mask, cases[i].data, NULL);
        assert_ok(ctx, take(ctx, &l, &table));
        assert_int_equal(vouch_table_type(table, 0), cases[i].type);
        vouch_table_read(table, 0, 0, 3, got);
        for (size_t k = 0; k < 3; k++)
            assert_true(got[k] == cases[i].want[k] || (isnan(got[k]) && isnan(cases[i].want[k])));
        vouch_table_unref(table);
    }
    vouch_ctx_free(ctx);
}

static const int32_t edges[] = { 0, 1, 1, 4, 6 };
static const int64_t wide_edges[] = { 0, 1, 1, 4, 6 };
static const char letters[] = "abcd\xc3\xa9"; /* "a", "", "bcd", "é" */

static void texts_and_dictionaries_are_read_from_any_offset(void **state)
{
    (void)state;
    static const int8_t index[] = { 3, 0, 2, 0, 1 };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    lent l;
    vouch_table *table;
    double got[4];
    for (int large = 0; large < 2; large++) {
        lend(&l, large ? "U" : "u", 3, NULL, large ? (const void *)wide_edges : edges, letters);
        l.column.offset = 1; /* "", "bcd", "é" */
        assert_ok(ctx, take(ctx, &l, &table));
        vouch_table_read(table, 0, 0, 3, got);
        assert_int_equal(vouch_table_categories(table, 0), 3);
        assert_string_equal(vouch_table_category(table, 0, (size_t)got[0]), "");
        assert_string_equal(vouch_table_category(table, 0, (size_t)got[1]), "bcd");
        assert_string_equal(vouch_table_category(table, 0, (size_t)got[2]), "\xc3\xa9");
        vouch_table_unref(table);
    }
    static const uint8_t mask[] = { 14 }; /* the dictionary's first word is null */
    lend(&l, "c", 5, NULL, index, NULL);
    l.dictionary = (struct ArrowSchema){ .format = "u", .name = "" };
    l.child.dictionary = &l.dictionary;
    l.word_buffer[0] = mask;
    l.word_buffer[1] = edges;
    l.word_buffer[2] = letters;
    l.words = (struct ArrowArray){ .length = 4, .null_count = 1, .n_buffers = 3, .buffers = l.word_buffer };
    l.column.dictionary = &l.words;
    l.array.offset = 1; /* rows 1..4 of the children */
    l.array.length = 4;
    assert_ok(ctx, take(ctx, &l, &table));
    vouch_table_read(table, 0, 0, 4, got);
    assert_nan(got[0]);
    assert_string_equal(vouch_table_category(table, 0, (size_t)got[1]), "bcd");
    assert_nan(got[2]);
    assert_string_equal(vouch_table_category(table, 0, (size_t)got[3]), "");
    assert_int_equal(vouch_table_categories(table, 0), 2); /* what no row has is not there */
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
}

/* A change to a sound stream, and the words of the refusal. */
typedef struct lie {
    void (*tell)(lent *l);
    vouch_status status;
    const char *words;
} lie;

static const int32_t falling[] = { 0, 3, 1, 4, 6 }, negative[] = { -1, 1, 1, 4, 6 };

static void a_type(lent *l) { l->child.format = "z"; }
static void a_name(lent *l) { l->child.name = NULL; }
static void a_bad_name(lent *l) { l->child.name = "\xff"; }
static void the_top(lent *l) { l->schema.format = "u"; }
static void many(lent *l) { l->schema.n_children = INT64_MAX; }
static void few(lent *l) { l->array.n_children = 0; }
static void no_child(lent *l) { l->columns[0] = NULL; }
static void short_child(lent *l) { l->column.length = 2; }
static void far_batch(lent *l) { l->array.offset = 3; }
static void minus(lent *l) { l->column.length = -5; }
static void huge(lent *l) { l->column.length = INT64_MAX; }
static void huge_offset(lent *l) { l->column.offset = INT64_MAX; }
static void nulls(lent *l) { l->column.null_count = 2; }
static void more_nulls(lent *l) { l->column.null_count = 9; }
static void two_buffers(lent *l) { l->column.n_buffers = 2; }
static void no_buffers(lent *l) { l->column.buffers = NULL; }
static void no_offsets(lent *l) { l->buffer[1] = NULL; }
static void no_bytes(lent *l) { l->buffer[2] = NULL; }
static void fall(lent *l) { l->buffer[1] = falling; }
static void below(lent *l) { l->buffer[1] = negative; }
static void not_utf8(lent *l) { l->buffer[2] = "abc\xff\xff\xff"; }
static void a_nul(lent *l) { l->buffer[2] = "a\0bcdef"; }
static void a_dictionary(lent *l) { l->column.dictionary = &l->words; }
static void broken(lent *l) { l->error = EIO; }
static void children(lent *l) { l->column.n_children = 1; }

static void every_lie_is_refused_by_name(void **state)
{
    (void)state;
    static const lie lies[] = {
        { a_type, VOUCH_E_FORMAT, "column 'x' has the Arrow format 'z'" },
        { a_name, VOUCH_E_FORMAT, "name" },
        { a_bad_name, VOUCH_E_FORMAT, "name" },
        { the_top, VOUCH_E_FORMAT, "not one of tables" },
        { many, VOUCH_E_FORMAT, "announces 9223372036854775807 columns" },
        { few, VOUCH_E_FORMAT, "0 columns" },
        { no_child, VOUCH_E_FORMAT, "lacks column 0" },
        { short_child, VOUCH_E_FORMAT, "shorter than the batch" },
        { far_batch, VOUCH_E_FORMAT, "shorter than the batch" },
        { minus, VOUCH_E_FORMAT, "length" },
        { huge, VOUCH_E_FORMAT, "length" },
        { huge_offset, VOUCH_E_FORMAT, "offset" },
        { nulls, VOUCH_E_FORMAT, "no mask" },
        { more_nulls, VOUCH_E_FORMAT, "null count" },
        { two_buffers, VOUCH_E_FORMAT, "number of buffers" },
        { no_buffers, VOUCH_E_FORMAT, "number of buffers" },
        { no_offsets, VOUCH_E_FORMAT, "buffer is absent" },
        { no_bytes, VOUCH_E_FORMAT, "text buffer is absent" },
        { fall, VOUCH_E_FORMAT, "offsets fall" },
        { below, VOUCH_E_FORMAT, "negative" },
        { not_utf8, VOUCH_E_FORMAT, "UTF-8" },
        { a_nul, VOUCH_E_FORMAT, "NUL" },
        { a_dictionary, VOUCH_E_FORMAT, "dictionary" },
        { children, VOUCH_E_FORMAT, "children" },
        { broken, VOUCH_E_IO, "the wire broke" },
    };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        lent l;
        vouch_table *table;
        lend(&l, "u", 4, NULL, edges, letters);
        lies[i].tell(&l);
        assert_status(ctx, take(ctx, &l, &table), lies[i].status);
        assert_error_has(ctx, lies[i].words);
        assert_null(strchr(vouch_ctx_error(ctx), '\n'));
        assert_null(table);
    }
    static const int64_t beyond[] = { (INT64_C(1) << 53) + 1 };
    static const uint64_t far_beyond[] = { UINT64_MAX };
    lent l;
    vouch_table *table;
    lend(&l, "l", 1, NULL, beyond, NULL);
    assert_status(ctx, take(ctx, &l, &table), VOUCH_E_DATA);
    assert_error_has(ctx, "column 'x' holds a whole number beyond 2^53");
    lend(&l, "L", 1, NULL, far_beyond, NULL);
    assert_status(ctx, take(ctx, &l, &table), VOUCH_E_DATA);
    static const int8_t outside[] = { 4 };
    lend(&l, "c", 1, NULL, outside, NULL);
    l.dictionary = (struct ArrowSchema){ .format = "u" };
    l.child.dictionary = &l.dictionary;
    l.buffer[2] = NULL;
    l.word_buffer[1] = edges;
    l.word_buffer[2] = letters;
    l.words = (struct ArrowArray){ .length = 4, .n_buffers = 3, .buffers = l.word_buffer };
    l.column.dictionary = &l.words;
    assert_status(ctx, take(ctx, &l, &table), VOUCH_E_FORMAT);
    assert_error_has(ctx, "outside its dictionary");
    vouch_ctx_free(ctx);
}

/* All types, n rows, some missing. */
static vouch_table *mixed(vouch_ctx *ctx, size_t n)
{
    static const char *const words[] = { "north", "east", "", "s\xc3\xb8r", "a longer text than most" };
    const char *name[] = { "n", "i", "f", "t", "d", "u" };
    const vouch_type type[] = { VOUCH_NUMBER, VOUCH_INTEGER, VOUCH_FLAG, VOUCH_TEXT, VOUCH_DATE, VOUCH_TIME };
    vouch__table_builder *builder = NULL;
    vouch_table *table = NULL;
    vouch_status status = vouch__table_builder_new(ctx, 6, name, type, &builder);
    for (size_t i = 0; i < n && !status; i++) {
        double x[6] = { (double)i / 7, (double)i * 1e6, i % 2 ? 1 : 0,
                        NAN,           (double)i - 100, (double)i * 86400e6 };
        const char *text = i % 11 ? words[i % 5] : NULL;
        const double *value[6];
        const char *const *texts[6] = { NULL, NULL, NULL, &text, NULL, NULL };
        for (size_t j = 0; j < 6; j++) {
            x[j] = (i + j) % 9 ? x[j] : NAN;
            value[j] = &x[j];
        }
        status = vouch__table_builder_add(ctx, builder, 1, value, texts);
    }
    if (!status)
        status = vouch__table_builder_end(ctx, builder, &table);
    vouch__table_builder_free(builder);
    return table;
}

static void what_goes_out_comes_back_the_same(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    const size_t sizes[] = { 0, 1, 9, 1000, 65536, 70001 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct ArrowArrayStream stream;
        char want[VOUCH__HEX], got[VOUCH__HEX];
        vouch_table *table = mixed(ctx, sizes[i]), *again = NULL;
        assert_ok(ctx, vouch__table_fingerprint(ctx, table, want));
        assert_ok(ctx, vouch_table_export(ctx, table, &stream));
        vouch_table_unref(table); /* the stream holds its own */
        assert_ok(ctx, vouch_table_import(ctx, &stream, &again));
        assert_ok(ctx, vouch__table_fingerprint(ctx, again, got));
        assert_string_equal(got, want);
        vouch_table_unref(again);
    }
    vouch_ctx_free(ctx);
}

static void a_column_outlives_its_batch_and_stream(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch, column;
    vouch_table *table = mixed(ctx, 100);
    assert_ok(ctx, vouch_table_export(ctx, table, &stream));
    vouch_table_unref(table);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    stream.release(&stream);
    column = *batch.children[3]; /* moved out */
    batch.children[3]->release = NULL;
    batch.release(&batch);
    const int32_t *index = column.buffers[1], *edge = column.dictionary->buffers[1];
    const char *bytes = column.dictionary->buffers[2];
    int32_t word = index[1]; /* "east" */
    assert_memory_equal(bytes + edge[word], "east", 4);
    assert_int_equal(edge[word + 1] - edge[word], 4);
    column.release(&column);
    assert_string_equal(schema.children[3]->name, "t");
    assert_string_equal(schema.children[5]->format, "tsu:UTC");
    schema.release(&schema);
    vouch_ctx_free(ctx);
}

static vouch_status out_and_in(vouch_ctx *ctx, void *arg)
{
    struct ArrowArrayStream stream;
    vouch_table *table = mixed(ctx, 30), *again = NULL;
    (void)arg;
    if (!table)
        return VOUCH_E_NOMEM;
    vouch_status status = vouch_table_export(ctx, table, &stream);
    vouch_table_unref(table);
    if (status)
        return status;
    status = vouch_table_import(ctx, &stream, &again);
    if (stream.release)
        stream.release(&stream);
    vouch_table_unref(again);
    return status == VOUCH_E_IO ? VOUCH_E_NOMEM : status; /* the stream says "out of memory" in its own way */
}

static void lending_and_taking_survive_every_allocation_failure(void **state)
{
    (void)state;
    sweep_allocations(out_and_in, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_accepted_type_is_read),
        cmocka_unit_test(texts_and_dictionaries_are_read_from_any_offset),
        cmocka_unit_test(every_lie_is_refused_by_name),
        cmocka_unit_test(what_goes_out_comes_back_the_same),
        cmocka_unit_test(a_column_outlives_its_batch_and_stream),
        cmocka_unit_test(lending_and_taking_survive_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
