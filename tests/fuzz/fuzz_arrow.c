/* Any Arrow stream whose buffers are as long as its lengths, offsets and text offsets reach: never a crash, a
 * refusal always says why, and what is taken comes back the same through an export. Each byte of input
 * decides one field; what the interface can't show, the length of a buffer, is kept honest by making buffers
 * longer than the largest lie. */
#include "data/arrow.h"
#include "data/table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 4096, MOST = 40, BUFFERS = 4, COLS = 4 };

typedef struct source {
    const uint8_t *data;
    size_t size, at;
    int batches;
} source;

static uint8_t byte(source *s) { return s->at < s->size ? s->data[s->at++] : 0; }

/* Mostly in range, sometimes not: but never longer than the buffers. */
static int64_t length(source *s)
{
    uint8_t b = byte(s);
    return b == 255 ? -1 : b == 254 ? INT64_MIN : b % MOST;
}

static const char *const formats[] = { "n",       "b",    "c",    "C", "s",  "S", "i",     "I",
                                       "l",       "L",    "f",    "g", "u",  "U", "tdD",   "tss:",
                                       "tsm:UTC", "tsu:", "tsn:", "z", "+l", "",  "d:10,2" };

typedef struct array_memory {
    uint8_t buffer[BUFFERS][ROOM];
    const void *at[BUFFERS];
    struct ArrowArray dictionary;
} array_memory;

static void release_array(struct ArrowArray *array)
{
    if (array->dictionary && array->dictionary->release)
        array->dictionary->release(array->dictionary);
    free(array->private_data);
    array->release = NULL;
}

static void fill(source *s, uint8_t *buffer, int style)
{
    for (size_t i = 0; i < 64; i++) {
        if (style == 1) { /* text offsets of four bytes, mostly rising, within the buffer */
            int32_t offset = (int8_t)byte(s);
            memcpy(buffer + i * sizeof offset, &offset, sizeof offset);
        } else if (style == 2) {
            int64_t offset = (int8_t)byte(s);
            memcpy(buffer + i * sizeof offset, &offset, sizeof offset);
        } else {
            for (size_t k = 0; k < 8; k++)
                buffer[i * 8 + k] = byte(s);
        }
    }
}

static struct ArrowArray make_array(source *s, const char *format, const char *inner, int depth)
{
    array_memory *memory = calloc(1, sizeof *memory);
    int64_t wanted = *format == 'n' ? 0 : *format == 'u' || *format == 'U' ? 3 : 2;
    struct ArrowArray array = { .length = length(s),
                                .offset = length(s),
                                .null_count = (int8_t)byte(s) % 8,
                                .n_buffers = byte(s) % 16 ? wanted : byte(s) % BUFFERS,
                                .release = release_array,
                                .private_data = memory };
    if (!memory)
        abort();
    array.buffers = byte(s) % 32 ? memory->at : NULL;
    for (int k = 0; k < BUFFERS; k++) {
        fill(s, memory->buffer[k], k == 1 ? (*format == 'u' ? 1 : *format == 'U' ? 2 : 0) : 0);
        memory->at[k] = byte(s) % 8 ? memory->buffer[k] : NULL;
    }
    if (inner && depth == 0 && byte(s) % 8) {
        memory->dictionary = make_array(s, inner, NULL, 1);
        array.dictionary = &memory->dictionary;
    }
    return array;
}

typedef struct shape {
    source *s;
    size_t cols;
    const char *format[COLS], *inner[COLS];
} shape;

static void release_schema(struct ArrowSchema *schema)
{
    free(schema->private_data);
    schema->release = NULL;
}

typedef struct schema_memory {
    struct ArrowSchema child[COLS], dictionary[COLS], *children[COLS];
} schema_memory;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    static const char *const names[] = { "a", "b", "c", "", "\xff" };
    shape *h = stream->private_data;
    schema_memory *memory = calloc(1, sizeof *memory);
    if (!memory)
        abort();
    *out = (struct ArrowSchema){ .format = byte(h->s) % 16 ? "+s" : "i",
                                 .n_children = (int64_t)h->cols,
                                 .children = memory->children,
                                 .release = release_schema,
                                 .private_data = memory };
    for (size_t j = 0; j < h->cols; j++) {
        uint8_t name = byte(h->s);
        memory->child[j].name = name % 8 ? names[j] : names[name / 8 % 5];
        memory->child[j].format = h->format[j];
        if (h->inner[j]) {
            memory->dictionary[j].format = h->inner[j];
            memory->child[j].dictionary = &memory->dictionary[j];
        }
        memory->children[j] = byte(h->s) % 32 ? &memory->child[j] : NULL;
    }
    return byte(h->s) % 64 == 63 ? (release_schema(out), 5) : 0;
}

typedef struct batch_memory {
    struct ArrowArray child[COLS], *children[COLS];
    const void *buffer[1];
    uint8_t mask[ROOM];
} batch_memory;

static void release_batch(struct ArrowArray *array)
{
    batch_memory *memory = array->private_data;
    for (size_t j = 0; j < COLS; j++)
        if (memory->child[j].release)
            memory->child[j].release(&memory->child[j]);
    free(memory);
    array->release = NULL;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    shape *h = stream->private_data;
    *out = (struct ArrowArray){ .release = NULL };
    if (h->s->at >= h->s->size || h->s->batches++ > 8)
        return 0;
    batch_memory *memory = calloc(1, sizeof *memory);
    if (!memory)
        abort();
    *out = (struct ArrowArray){ .length = length(h->s),
                                .offset = length(h->s) / 8,
                                .n_buffers = byte(h->s) % 16 ? 1 : (int8_t)byte(h->s) % 3,
                                .n_children = (int64_t)h->cols - (byte(h->s) % 16 ? 0 : 1),
                                .buffers = memory->buffer,
                                .children = memory->children,
                                .release = release_batch,
                                .private_data = memory };
    memset(memory->mask, byte(h->s) % 8 ? 255 : 0x55, sizeof memory->mask);
    memory->buffer[0] = byte(h->s) % 4 ? NULL : memory->mask;
    out->null_count = byte(h->s) % 2;
    for (size_t j = 0; j < h->cols; j++) {
        memory->child[j] = make_array(h->s, h->format[j], h->inner[j], 0);
        memory->children[j] = byte(h->s) % 32 ? &memory->child[j] : NULL;
    }
    return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "broken\non purpose";
}

static void release_stream(struct ArrowArrayStream *stream) { stream->release = NULL; }

static void return_trip(vouch_ctx *ctx, const vouch_table *table)
{
    struct ArrowArrayStream stream;
    vouch_table *again = NULL;
    char before[VOUCH__HEX], after[VOUCH__HEX];
    if (vouch_table_export(ctx, table, &stream) || vouch_table_import(ctx, &stream, &again) ||
        vouch__table_fingerprint(ctx, table, before) || vouch__table_fingerprint(ctx, again, after))
        abort();
    size_t same = 0; /* a null column comes back as numbers, so only like is compared with like */
    for (size_t j = 0; j < vouch_table_cols(table); j++)
        same += vouch_table_type(table, j) == vouch_table_type(again, j);
    if (same == vouch_table_cols(table) && strcmp(before, after) != 0)
        abort();
    vouch_table_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    source s = { .data = data, .size = size };
    shape h = { .s = &s, .cols = byte(&s) % (COLS + 1) };
    const vouch_ctx_options options = { .threads = 1 };
    vouch_ctx *ctx = vouch_ctx_new(&options);
    vouch_table *table = NULL;
    if (!ctx)
        abort();
    for (size_t j = 0; j < h.cols; j++) {
        h.format[j] = formats[byte(&s) % (sizeof formats / sizeof *formats)];
        h.inner[j] = byte(&s) % 4 ? NULL : formats[11 + byte(&s) % 3];
    }
    struct ArrowArrayStream stream = { get_schema, get_next, get_last_error, release_stream, &h };
    vouch_status status = vouch_table_import(ctx, &stream, &table);
    if (status && (!stream.release || *vouch_ctx_error(ctx) == '\0' || strchr(vouch_ctx_error(ctx), '\n')))
        abort(); /* on failure the stream is still the caller's */
    if (!status && stream.release)
        abort();
    if (!status)
        return_trip(ctx, table);
    vouch_table_unref(table);
    vouch_ctx_free(ctx);
    return 0;
}
