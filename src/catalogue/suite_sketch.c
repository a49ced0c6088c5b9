/* Suites on sketches of the columns, where cases would not fit into memory or are not there any more; and
 * sketches made, merged and stored. */
#include "catalogue/suite_run.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 1 << 16 };

/* The columns with a role that is not to be compared, between commas. */
static vouch_status roles(vouch_ctx *ctx, const vouch_test_columns *c, vouch__buf *out)
{
    const char *const role[] = { c->id, c->label, c->weight, c->date };
    for (size_t i = 0; i < sizeof role / sizeof *role; i++)
        if (role[i])
            vouch__buf_fmt(out, "%s%s", out->len ? "," : "", role[i]);
    return vouch__buf_status(ctx, out);
}

/* What a set is known by: the hash its file would end with. */
static vouch_status print_of(vouch_ctx *ctx, const vouch__sketch_set *set, char out[VOUCH__HEX])
{
    vouch__buf bytes;
    vouch__buf_init(ctx, &bytes, 0);
    vouch_status status = vouch__sketch_set_write(ctx, set, &bytes);
    if (!status)
        vouch__hex((const uint8_t *)bytes.at + bytes.len - VOUCH__HASH, VOUCH__HASH, out);
    vouch__buf_free(&bytes);
    return status;
}

bool vouch__suite_is_sketched(const vouch__suite_work *w)
{
    return w->options->sketch || vouch__is_sketch_file(w->plan.data) ||
           (w->plan.reference && vouch__is_sketch_file(w->plan.reference));
}

vouch_status vouch__suite_sketch(vouch_ctx *ctx, vouch__suite_work *w, const char *path, bool is_own,
                                 bool is_reference)
{
    const vouch_source source = { .source = path,
                                  .folder = is_own ? w->plan.folder : NULL,
                                  .duckdb = w->options->duckdb };
    vouch__sketch_set **set = is_reference ? &w->sketches_before : &w->sketches;
    vouch__sample *sample = is_reference ? &w->bound.before : &w->bound.now;
    vouch__buf without;
    vouch__buf_init(ctx, &without, COLUMNS_MAX);
    vouch_status status = roles(ctx, &w->plan.column, &without);
    if (!status && w->options->without)
        vouch__buf_fmt(&without, "%s%s", without.len ? "," : "", w->options->without);
    if (!status)
        status = vouch__buf_status(ctx, &without);
    const vouch__sketch_options options = { .stage = is_reference ? "reference" : "data",
                                            .only = w->plan.column.features,
                                            .without = without.len ? without.at : NULL };
    if (!status)
        status = vouch__sketch_set_open(ctx, &source, &options, set);
    vouch__buf_free(&without);
    if (!status)
        status = print_of(ctx, *set, is_reference ? w->prints.reference : w->prints.data);
    if (status)
        return status;
    *sample = (vouch__sample){ .n = (size_t)(*set)->rows, .sketches = *set };
    w->bound.has_before |= is_reference;
    return VOUCH_OK;
}

/* ---- stored ---- */

static vouch_status write_set(vouch_ctx *ctx, const vouch__sketch_set *set, const char *path)
{
    vouch__buf bytes;
    vouch__buf_init(ctx, &bytes, 0);
    vouch_status status = vouch__sketch_set_write(ctx, set, &bytes);
    if (!status)
        status = vouch__file_write(ctx, path, bytes.at, bytes.len, 0644);
    vouch__buf_free(&bytes);
    return status;
}

vouch_status vouch_sketch_make(vouch_ctx *ctx, const vouch_sketch_options *options,
                               vouch_sketch_result *out_result)
{
    vouch__sketch_set *all = NULL;
    vouch_status status = VOUCH_OK;
    if (!options->n_sources)
        return vouch__fail(ctx, VOUCH_E_ARG, "sketch: no data are named");
    if (!vouch__is_sketch_file(options->out))
        return vouch__fail(ctx, VOUCH_E_ARG, "sketch: '%s' must end in .sketch", options->out);
    for (size_t i = 0; i < options->n_sources && !status; i++) {
        const vouch_source source = { .source = options->sources[i], .duckdb = options->duckdb };
        const vouch__sketch_options how = { options->sources[i], options->only, options->without };
        vouch__sketch_set *set = NULL;
        status = vouch__sketch_set_open(ctx, &source, &how, &set);
        if (!status && all)
            status = vouch__sketch_set_merge(ctx, all, set);
        if (!status && !all)
            all = set;
        else
            vouch__sketch_set_free(set);
    }
    if (!status)
        status = write_set(ctx, all, options->out);
    if (!status) {
        vouch_sketch_result r = { .rows = all->rows, .columns = all->cols };
        for (size_t j = 0; j < all->cols; j++) {
            vouch__sketch_view v = { .n = 0 };
            vouch__tally_view t = { .n = 0 };
            if (all->col[j].texts)
                vouch__tally_view_of(all->col[j].texts, &t);
            else
                vouch__sketch_view_of(all->col[j].numbers, &v);
            double error = v.n > 0.0 ? vouch__sketch_error(&v) / v.n : t.n > 0.0 ? t.error / t.n : 0.0;
            r.exact += !(error > 0.0);
            r.error = error > r.error ? error : r.error;
        }
        *out_result = r;
    }
    vouch__sketch_set_free(all);
    return status;
}
