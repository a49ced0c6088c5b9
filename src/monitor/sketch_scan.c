/* Rows into sketches, batch by batch as DuckDB hands them over, the columns of a batch on the context's
 * threads. A column is always added to by one thread, in order of rows. */
#include "monitor/sketch_set.h"

#include "base/file.h"
#include "base/parallel.h"
#include "data/duckdb_scan.h"

#include <string.h>

enum { TOGETHER = 64, TOGETHER_WIDE = 1024, GRAIN = 2 };

typedef struct work {
    vouch__sketch_set *set;
    size_t first, n; /* columns of the set that this scan fills */
    double rows;
    const vouch__batch *batch;
} work;

static void clear_column(vouch__sketch_column *c)
{
    vouch__sketch_free(c->numbers);
    vouch__tally_free(c->texts);
    c->numbers = NULL;
    c->texts = NULL;
}

/* ---- which columns there are ---- */

/* `name` is among those between commas. */
static bool is_listed(const char *list, const char *name)
{
    size_t len = strlen(name);
    while (list && *list) {
        size_t n = strcspn(list, ",");
        if (n == len && !memcmp(list, name, n))
            return true;
        list += n + (list[n] == ',');
    }
    return false;
}

static bool is_wanted(const vouch__sketch_options *options, const char *name)
{
    return !(options->only && !is_listed(options->only, name)) && !is_listed(options->without, name);
}

typedef struct shape {
    const vouch__sketch_options *options;
    vouch__sketch_set *set;
} shape;

static vouch_status take_names(vouch_ctx *ctx, const vouch__batch *batch, void *arg)
{
    const shape *s = arg;
    vouch__sketch_set *set = s->set;
    for (size_t j = 0; j < set->cols; j++)
        vouch__free(&set->alloc, set->col[j].name);
    set->cols = 0;
    vouch__free(&set->alloc, set->col);
    set->col = vouch__alloc(ctx, batch->cols + 1, sizeof *set->col);
    if (!set->col)
        return vouch__oom(ctx);
    for (size_t j = 0; j < batch->cols; j++) {
        if (!is_wanted(s->options, batch->name[j]))
            continue;
        set->col[set->cols].name = vouch__strdup(ctx, batch->name[j]);
        if (!set->col[set->cols].name)
            return vouch__oom(ctx);
        set->cols++;
    }
    return VOUCH_OK;
}

static vouch_status no_rows(vouch_ctx *ctx, const vouch__batch *batch, void *arg)
{
    (void)ctx, (void)batch, (void)arg;
    return VOUCH_OK;
}

/* Every name that was asked for is there. */
static vouch_status check_names(vouch_ctx *ctx, const char *source, const char *list,
                                const vouch__sketch_set *set)
{
    char name[256];
    while (list && *list) {
        size_t n = strcspn(list, ",");
        if (n < sizeof name) {
            memcpy(name, list, n);
            name[n] = '\0';
            if (vouch__sketch_set_find(set, name) == SIZE_MAX)
                return vouch__fail(ctx, VOUCH_E_NOTFOUND, "read: %s has no column '%s'", source, name);
        }
        list += n + (list[n] == ',');
    }
    return set->cols ? VOUCH_OK
                     : vouch__fail(ctx, VOUCH_E_DATA, "read: %s has no column that is wanted", source);
}

static vouch_status find_columns(vouch_ctx *ctx, const vouch_source *source, const vouch__place *place,
                                 const vouch__sketch_options *options, vouch__sketch_set *set)
{
    shape s = { options, set };
    const vouch__scan_options scan = { .stage = options->stage, .wanted = { .no_rows = true }, .parts = 2 };
    const vouch__sink sink = { .begin = take_names, .rows = no_rows, .arg = &s };
    vouch_status status = vouch__scan(ctx, source, place, &scan, &sink);
    if (!status)
        status = check_names(ctx, place->name, options->only, set);
    return status;
}

/* ---- their values ---- */

static vouch_status begin(vouch_ctx *ctx, const vouch__batch *batch, void *arg)
{
    work *w = arg;
    w->rows = 0.0;
    if (batch->cols != w->n)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "read: the source has %zu columns where it had %zu",
                           batch->cols, w->n);
    for (size_t j = 0; j < w->n; j++) {
        vouch__sketch_column *c = &w->set->col[w->first + j];
        clear_column(c);
        c->type = batch->type[j];
        vouch_status status = c->type == VOUCH_TEXT ? vouch__tally_new(ctx, &c->texts)
                                                    : vouch__sketch_new(ctx, &c->numbers);
        if (status)
            return status;
    }
    return VOUCH_OK;
}

static vouch_status add_columns(vouch_ctx *worker, size_t chunk, size_t from, size_t to, void *arg)
{
    const work *w = arg;
    const vouch__batch *b = w->batch;
    vouch_status status = VOUCH_OK;
    (void)chunk;
    for (size_t j = from; j < to && !status; j++) {
        vouch__sketch_column *c = &w->set->col[w->first + j];
        if (c->numbers)
            status = vouch__sketch_add(worker, c->numbers, b->n, b->value[j]);
        for (size_t i = 0; c->texts && i < b->n && !status; i++)
            status = vouch__tally_add(worker, c->texts, b->text[j][i].at, b->text[j][i].len);
    }
    return status;
}

static vouch_status rows(vouch_ctx *ctx, const vouch__batch *batch, void *arg)
{
    work *w = arg;
    w->batch = batch;
    w->rows += (double)batch->n;
    return vouch__parallel(ctx, w->n, GRAIN, add_columns, w);
}

static vouch_status settle_columns(vouch_ctx *worker, size_t chunk, size_t from, size_t to, void *arg)
{
    const work *w = arg;
    vouch_status status = VOUCH_OK;
    (void)chunk;
    for (size_t j = from; j < to && !status; j++) {
        vouch__sketch_column *c = &w->set->col[w->first + j];
        status = c->texts ? vouch__tally_settle(worker, c->texts) : vouch__sketch_settle(worker, c->numbers);
    }
    return status;
}

static vouch_status fill(vouch_ctx *ctx, const vouch_source *source, const vouch__place *place,
                         const vouch__sketch_options *options, vouch__sketch_set *set)
{
    bool by_column = place->form != VOUCH__QUERY && place->file == VOUCH__PARQUET;
    size_t together = by_column ? TOGETHER : TOGETHER_WIDE, parts = vouch__chunks(set->cols, together);
    size_t mark = vouch__scratch_mark(ctx);
    const char **name = vouch__scratch(ctx, set->cols, sizeof *name);
    vouch_status status = VOUCH_OK;
    if (!name)
        return vouch__oom(ctx);
    for (size_t part = 0; part < parts && !status; part++) {
        work w = { .set = set, .first = part * together };
        w.n = set->cols - w.first < together ? set->cols - w.first : together;
        for (size_t j = 0; j < w.n; j++)
            name[j] = set->col[w.first + j].name;
        const vouch__scan_options scan = { .stage = options->stage,
                                           .wanted = { .column = name, .columns = w.n },
                                           .part = part,
                                           .parts = parts };
        const vouch__sink sink = { .begin = begin, .rows = rows, .arg = &w };
        status = vouch__scan(ctx, source, place, &scan, &sink);
        if (!status)
            status = vouch__parallel(ctx, w.n, GRAIN, settle_columns, &w);
        if (!status && part > 0 && w.rows != set->rows)
            status = vouch__fail(ctx, VOUCH_E_DATA, "read: %s changed while it was read", place->name);
        set->rows = w.rows;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static void drop_unwanted(const vouch__sketch_options *options, vouch__sketch_set *set)
{
    size_t kept = 0;
    for (size_t j = 0; j < set->cols; j++) {
        vouch__sketch_column *c = &set->col[j];
        if (is_wanted(options, c->name)) {
            set->col[kept++] = *c;
        } else {
            clear_column(c);
            vouch__free(&set->alloc, c->name);
        }
    }
    set->cols = kept;
}

static vouch_status open_stored(vouch_ctx *ctx, const vouch_source *source,
                                const vouch__sketch_options *options, vouch__sketch_set **out_set)
{
    enum { LARGEST = 1 << 30 };
    vouch__buf text;
    char *path = vouch__path_join(ctx, source->folder ? source->folder : ".", source->source);
    if (!path)
        return vouch__oom(ctx);
    vouch_status status = vouch__file_read(ctx, path, LARGEST, &text);
    if (!status) {
        status = vouch__sketch_set_read(ctx, source->source, text.at, text.len, out_set);
        vouch__buf_free(&text);
    }
    vouch__free(vouch__allocator(ctx), path);
    if (status)
        return status;
    drop_unwanted(options, *out_set);
    status = check_names(ctx, source->source, options->only, *out_set);
    if (status)
        vouch__sketch_set_free(*out_set);
    return status;
}

vouch_status vouch__sketch_set_open(vouch_ctx *ctx, const vouch_source *source,
                                    const vouch__sketch_options *options, vouch__sketch_set **out_set)
{
    vouch__place place;
    if (vouch__is_sketch_file(source->source))
        return open_stored(ctx, source, options, out_set);
    vouch_status status = vouch__place_make(ctx, source, &place);
    if (status)
        return status;
    vouch__sketch_set *set = vouch__alloc(ctx, 1, sizeof *set);
    if (!set) {
        vouch__place_clear(ctx, &place);
        return vouch__oom(ctx);
    }
    set->alloc = *vouch__allocator(ctx);
    status = find_columns(ctx, source, &place, options, set);
    if (!status)
        status = fill(ctx, source, &place, options, set);
    vouch__place_clear(ctx, &place);
    if (status)
        vouch__sketch_set_free(set);
    else
        *out_set = set;
    return status;
}
