/* Lending a table as an Arrow stream: one batch for each block of 65,536 rows.
 *
 * The interface lets a consumer take every array apart and keep its pieces after all else is released, so
 * each piece owns what it points to. Texts are shared by all batches and live until the last of them, and the
 * stream, is gone: the lender counts. */
#include "data/arrow.h"
#include "data/table_form.h"

#include <errno.h>
#include <string.h>

typedef struct words { /* a text column's categories as an Arrow array: offsets and bytes */
    void *offset;      /* int32, or int64 when the bytes need it */
    char *bytes;
    bool is_large;
} words;

typedef struct lender {
    vouch_alloc alloc;
    atomic_size_t refs;
    const vouch_table *table;
    words *words; /* [cols] */
} lender;

typedef struct cursor { /* the stream's own */
    lender *lender;
    size_t block;
} cursor;

typedef struct piece { /* one array of a batch: its buffers, and what keeps shared ones alive */
    lender *lender;
    const void *buffer[3];
    void *mask, *data; /* owned; NULL where shared or absent */
    struct ArrowArray dictionary;
} piece;

typedef struct batch {
    lender *lender;
    const void *buffer[1];
    struct ArrowArray **child;
    struct ArrowArray *children; /* [cols] */
} batch;

typedef struct field { /* of a schema */
    vouch_alloc alloc;
    struct ArrowSchema **child;
    struct ArrowSchema *children;
    struct ArrowSchema dictionary;
    char *name;
} field;

static lender *lender_ref(lender *l)
{
    (void)atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
    return l;
}

static void lender_unref(lender *l)
{
    if (!l || atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1)
        return;
    vouch_alloc alloc = l->alloc;
    for (size_t j = 0; l->words && j < l->table->cols; j++) {
        vouch__free(&alloc, l->words[j].offset);
        vouch__free(&alloc, l->words[j].bytes);
    }
    vouch__free(&alloc, l->words);
    vouch_table_unref(l->table);
    vouch__free(&alloc, l);
}

/* Lay a column's categories end to end. */
static bool lay_words(const vouch_alloc *alloc, const vouch__table_col *col, words *out)
{
    size_t total = 0;
    for (size_t k = 0; k < col->n_categories; k++)
        total += strlen(col->category[k]);
    out->is_large = total > INT32_MAX;
    out->offset = vouch__resize(alloc, NULL, col->n_categories + 1,
                                out->is_large ? sizeof(int64_t) : sizeof(int32_t));
    out->bytes = vouch__resize(alloc, NULL, total + 1, 1);
    if (!out->offset || !out->bytes)
        return false;
    int32_t *narrow = out->offset;
    int64_t *wide = out->offset;
    size_t at = 0;
    for (size_t k = 0; k <= col->n_categories; k++) {
        if (out->is_large)
            wide[k] = (int64_t)at;
        else
            narrow[k] = (int32_t)at;
        if (k == col->n_categories)
            break;
        size_t len = strlen(col->category[k]);
        memcpy(out->bytes + at, col->category[k], len);
        at += len;
    }
    return true;
}

/* --- schema ------------------------------------------------------------------------------------------------
 */

static void release_field(struct ArrowSchema *schema)
{
    field *f = schema->private_data;
    for (int64_t j = 0; j < schema->n_children; j++)
        if (schema->children[j]->release)
            schema->children[j]->release(schema->children[j]);
    if (schema->dictionary && schema->dictionary->release)
        schema->dictionary->release(schema->dictionary);
    schema->release = NULL;
    vouch_alloc alloc = f->alloc;
    vouch__free(&alloc, f->child);
    vouch__free(&alloc, f->children);
    vouch__free(&alloc, f->name);
    vouch__free(&alloc, f);
}

static bool make_field(const vouch_alloc *alloc, const char *name, const char *format, size_t n_children,
                       struct ArrowSchema *out)
{
    size_t len = strlen(name) + 1;
    field *f = vouch__resize(alloc, NULL, 1, sizeof *f);
    if (!f)
        return false;
    f->alloc = *alloc;
    f->name = vouch__resize(alloc, NULL, len, 1);
    f->child = vouch__resize(alloc, NULL, n_children + 1, sizeof(struct ArrowSchema *));
    f->children = vouch__resize(alloc, NULL, n_children + 1, sizeof(struct ArrowSchema));
    *out = (struct ArrowSchema){ .format = format,
                                 .name = f->name,
                                 .flags = ARROW_FLAG_NULLABLE,
                                 .children = f->child,
                                 .release = release_field,
                                 .private_data = f };
    if (!f->name || !f->child || !f->children) {
        release_field(out);
        return false;
    }
    memcpy(f->name, name, len);
    for (size_t j = 0; j < n_children; j++)
        f->child[j] = &f->children[j];
    out->n_children = (int64_t)n_children; /* each is empty, which release_field passes over */
    return true;
}

static const char *format_of(vouch_type type)
{
    switch (type) {
    case VOUCH_NUMBER: return "g";
    case VOUCH_INTEGER: return "l";
    case VOUCH_FLAG: return "b";
    case VOUCH_TEXT: return "i"; /* the dictionary's indices */
    case VOUCH_DATE: return "tdD";
    case VOUCH_TIME: return "tsu:UTC";
    }
    return "n";
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    const cursor *c = stream->private_data;
    const vouch_table *table = c->lender->table;
    struct ArrowSchema schema;
    if (!make_field(&c->lender->alloc, "", "+s", table->cols, &schema))
        return ENOMEM;
    schema.flags = 0;
    for (size_t j = 0; j < table->cols; j++) {
        struct ArrowSchema *child = schema.children[j];
        bool made = make_field(&c->lender->alloc, table->col[j].name, format_of(table->col[j].type), 0,
                               child);
        if (made && table->col[j].type == VOUCH_TEXT) {
            field *f = child->private_data;
            made = make_field(&c->lender->alloc, "", c->lender->words[j].is_large ? "U" : "u", 0,
                              &f->dictionary);
            child->dictionary = made ? &f->dictionary : NULL;
        }
        if (!made) {
            schema.release(&schema);
            return ENOMEM;
        }
    }
    *out = schema;
    return 0;
}

/* --- arrays ------------------------------------------------------------------------------------------------
 */

static void release_piece(struct ArrowArray *array)
{
    piece *p = array->private_data;
    if (array->dictionary && array->dictionary->release)
        array->dictionary->release(array->dictionary);
    array->release = NULL;
    vouch_alloc alloc = p->lender->alloc;
    vouch__free(&alloc, p->mask);
    vouch__free(&alloc, p->data);
    lender_unref(p->lender);
    vouch__free(&alloc, p);
}

static piece *make_piece(lender *l, int64_t length, int64_t n_buffers, struct ArrowArray *out)
{
    piece *p = vouch__resize(&l->alloc, NULL, 1, sizeof *p);
    if (!p)
        return NULL;
    p->lender = lender_ref(l);
    *out = (struct ArrowArray){ .length = length,
                                .n_buffers = n_buffers,
                                .buffers = p->buffer,
                                .release = release_piece,
                                .private_data = p };
    return p;
}

static size_t width_of(vouch_type type) { return type == VOUCH_TEXT || type == VOUCH_DATE ? 4 : 8; }

/* n doubles as the column's Arrow type; missing values are zeros there and zeros in the mask. */
static int64_t fill(vouch_type type, size_t n, const double *x, uint8_t *mask, void *data)
{
    double *number = data;
    int64_t *wide = data, nulls = 0;
    int32_t *narrow = data;
    uint8_t *bits = data;
    for (size_t i = 0; i < n; i++) {
        if (x[i] != x[i]) {
            nulls++;
            continue;
        }
        mask[i / 8] |= (uint8_t)(1 << (i % 8));
        if (type == VOUCH_NUMBER)
            number[i] = x[i];
        else if (type == VOUCH_FLAG)
            bits[i / 8] |= (uint8_t)((x[i] != 0) << (i % 8));
        else if (width_of(type) == 4)
            narrow[i] = (int32_t)x[i];
        else
            wide[i] = (int64_t)x[i];
    }
    return nulls;
}

static bool make_column(lender *l, size_t col, size_t block, size_t n, double *x, struct ArrowArray *out)
{
    vouch_type type = l->table->col[col].type;
    piece *p = make_piece(l, (int64_t)n, 2, out);
    if (!p)
        return false;
    p->mask = vouch__resize(&l->alloc, NULL, n / 8 + 1, 1);
    p->data = vouch__resize(&l->alloc, NULL, n + 1, width_of(type)); /* bits need less */
    if (!p->mask || !p->data) {
        release_piece(out);
        return false;
    }
    vouch__block_read(&l->table->col[col].block[block], 0, n, x);
    out->null_count = fill(type, n, x, p->mask, p->data);
    p->buffer[0] = p->mask;
    p->buffer[1] = p->data;
    if (type != VOUCH_TEXT)
        return true;
    piece *d = make_piece(l, (int64_t)l->table->col[col].n_categories, 3, &p->dictionary);
    if (!d) {
        release_piece(out);
        return false;
    }
    d->buffer[1] = l->words[col].offset; /* the lender's, which the piece keeps */
    d->buffer[2] = l->words[col].bytes;
    out->dictionary = &p->dictionary;
    return true;
}

static void release_batch(struct ArrowArray *array)
{
    batch *b = array->private_data;
    for (int64_t j = 0; j < array->n_children; j++)
        if (array->children[j]->release)
            array->children[j]->release(array->children[j]);
    array->release = NULL;
    vouch_alloc alloc = b->lender->alloc;
    vouch__free(&alloc, b->child);
    vouch__free(&alloc, b->children);
    lender_unref(b->lender);
    vouch__free(&alloc, b);
}

static bool make_batch(lender *l, size_t n, struct ArrowArray *out)
{
    batch *b = vouch__resize(&l->alloc, NULL, 1, sizeof *b);
    if (!b)
        return false;
    b->lender = lender_ref(l);
    b->child = vouch__resize(&l->alloc, NULL, l->table->cols + 1, sizeof(struct ArrowArray *));
    b->children = vouch__resize(&l->alloc, NULL, l->table->cols + 1, sizeof(struct ArrowArray));
    *out = (struct ArrowArray){ .length = (int64_t)n,
                                .n_buffers = 1,
                                .buffers = b->buffer,
                                .children = b->child,
                                .release = release_batch,
                                .private_data = b };
    if (!b->child || !b->children) {
        release_batch(out);
        return false;
    }
    for (size_t j = 0; j < l->table->cols; j++)
        b->child[j] = &b->children[j];
    out->n_children = (int64_t)l->table->cols;
    return true;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    cursor *c = stream->private_data;
    lender *l = c->lender;
    struct ArrowArray array;
    size_t begin = c->block << VOUCH__BLOCK_BITS;
    if (c->block == l->table->blocks) {
        *out = (struct ArrowArray){ .release = NULL };
        return 0;
    }
    size_t n = l->table->rows - begin < VOUCH__BLOCK ? l->table->rows - begin : VOUCH__BLOCK;
    double *x = vouch__resize(&l->alloc, NULL, n, sizeof *x);
    if (!x)
        return ENOMEM;
    bool made = make_batch(l, n, &array);
    for (size_t j = 0; made && j < l->table->cols; j++) {
        made = make_column(l, j, c->block, n, x, array.children[j]);
        if (!made)
            array.release(&array);
    }
    vouch__free(&l->alloc, x);
    if (!made)
        return ENOMEM;
    *out = array;
    c->block++;
    return 0;
}

/* --- the stream --------------------------------------------------------------------------------------------
 */

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "out of memory"; /* nothing else can fail */
}

static void release_stream(struct ArrowArrayStream *stream)
{
    cursor *c = stream->private_data;
    vouch_alloc alloc = c->lender->alloc;
    stream->release = NULL;
    lender_unref(c->lender);
    vouch__free(&alloc, c);
}

vouch_status vouch_table_export(vouch_ctx *ctx, const vouch_table *table, struct ArrowArrayStream *out_stream)
{
    cursor *c = vouch__alloc(ctx, 1, sizeof *c);
    lender *l = vouch__alloc(ctx, 1, sizeof *l);
    vouch_status status = VOUCH_OK;
    if (!c || !l) {
        vouch__free(vouch__allocator(ctx), c);
        vouch__free(vouch__allocator(ctx), l);
        return vouch__oom(ctx);
    }
    l->alloc = *vouch__allocator(ctx);
    atomic_init(&l->refs, 1);
    l->table = vouch_table_ref(table);
    l->words = vouch__alloc(ctx, table->cols + 1, sizeof *l->words);
    if (!l->words) {
        status = vouch__oom(ctx);
        goto done;
    }
    for (size_t j = 0; j < table->cols; j++)
        if (table->col[j].type == VOUCH_TEXT && !lay_words(&l->alloc, &table->col[j], &l->words[j])) {
            status = vouch__oom(ctx);
            goto done;
        }
    c->lender = l;
    *out_stream = (struct ArrowArrayStream){ .get_schema = get_schema,
                                             .get_next = get_next,
                                             .get_last_error = get_last_error,
                                             .release = release_stream,
                                             .private_data = c };
    c = NULL;
    l = NULL;
done:
    vouch__free(vouch__allocator(ctx), c);
    lender_unref(l);
    return status;
}
