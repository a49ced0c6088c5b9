/* A model's certificate: what it tells of itself, what holds of its structure, and a self-test on given rows:
 * every way of scoring that this processor has against the walk that defines the scores, and scores against
 * what the model's source gave. */
#include "models/engine/engine.h"
#include "models/forest/forest.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 1024 };

typedef struct test {
    const vouch_model *model;
    const vouch_table *table;
    const vouch__binding *binding;
    vouch__doc *doc;
    vouch__json *told;
    size_t n;
    bool passed;
} test;

static bool equal(double a, double b)
{
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y || (isnan(a) && isnan(b));
}

/* Raw scores of the shown output that differ from the definition's, rows one by one and as a block. */
static size_t path_differences(const vouch__forest *f, vouch__matrix x, double *want, double *got)
{
    double group[VOUCH__GROUPS_MAX];
    size_t bad = 0;
    vouch__forest_shown(f, x, got);
    for (size_t i = 0; i < x.rows; i++) {
        vouch__forest_raw_defined(f, x.at + i * x.cols, group);
        want[i] = group[f->shown];
        vouch__forest_raw(f, x.at + i * x.cols, group);
        bad += !equal(got[i], want[i]) || !equal(group[f->shown], want[i]);
    }
    return bad;
}

/* An engine of its own, since the model's is shared and must keep its path. */
static vouch_status test_paths(vouch_ctx *ctx, test *t)
{
    vouch__forest probe = *(const vouch__forest *)t->model->state;
    vouch__engine_sum sum = { .is_float = probe.is_float, .n_outputs = probe.n_groups, .start = probe.start };
    size_t mark = vouch__scratch_mark(ctx), width = t->model->inputs.n, bad[VOUCH__ENGINE_PATHS] = { 0 };
    bool is_there[VOUCH__ENGINE_PATHS] = { false };
    sum.group = probe.group;
    sum.weight = probe.weight;
    probe.engine = NULL;
    if (probe.n_lines)
        return VOUCH_OK; /* linear trees are walked: there is one way */
    double *x = vouch__scratch(ctx, BLOCK * width, sizeof *x),
           *want = vouch__scratch(ctx, BLOCK, sizeof *want), *got = vouch__scratch(ctx, BLOCK, sizeof *got);
    vouch_status status = x && want && got ? vouch__engine_new(ctx, &probe.trees, &sum, &probe.engine)
                                           : vouch__oom(ctx);
    for (size_t begin = 0; !status && begin < t->n; begin += BLOCK) {
        size_t n = t->n - begin < BLOCK ? t->n - begin : BLOCK;
        vouch__bound_rows(t->binding, begin, n, NULL, x);
        for (int p = 0; p < VOUCH__ENGINE_PATHS; p++) {
            is_there[p] = vouch__engine_use(probe.engine, (vouch__engine_path)p);
            bad[p] += is_there[p] ? path_differences(&probe, (vouch__matrix){ x, n, width }, want, got) : 0;
        }
        status = vouch__poll(ctx);
    }
    vouch__json *paths = vouch__json_set(t->doc, t->told, "paths", vouch__json_object(t->doc));
    for (int p = 0; p < VOUCH__ENGINE_PATHS; p++) {
        if (is_there[p])
            vouch__json_set(t->doc, paths, vouch__engine_path_name((vouch__engine_path)p),
                            vouch__json_number(t->doc, (double)bad[p]));
        t->passed = t->passed && bad[p] == 0;
    }
    vouch__engine_free(vouch__allocator(ctx), probe.engine);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status compare(vouch_ctx *ctx, test *t, const char *what, const char *column, const double *got,
                            double within)
{
    size_t at = vouch_table_find(t->table, column), bad = 0, first = 0, mark = vouch__scratch_mark(ctx);
    double largest = 0.0, *want = vouch__scratch(ctx, t->n + 1, sizeof *want);
    if (!want)
        return vouch__oom(ctx);
    if (at == SIZE_MAX || vouch_table_type(t->table, at) == VOUCH_TEXT)
        return vouch__fail(ctx, VOUCH_E_DATA, "self-test: '%.60s' is no column of numbers of the rows",
                           column);
    vouch_table_read(t->table, at, 0, t->n, want);
    for (size_t i = 0; i < t->n; i++) {
        double gap = equal(got[i], want[i]) ? 0.0 : fabs(got[i] - want[i]);
        if (equal(got[i], want[i]) || gap <= within * fmax(1.0, fabs(want[i])))
            continue;
        first = bad++ ? first : i + 1;
        largest = gap > largest || isnan(gap) ? gap : largest;
    }
    vouch__json *told = vouch__json_set(t->doc, t->told, what, vouch__json_object(t->doc));
    vouch__json_set(t->doc, told, "column", vouch__json_text(t->doc, column));
    vouch__json_set(t->doc, told, "within", vouch__json_number(t->doc, within));
    vouch__json_set(t->doc, told, "rows_that_differ", vouch__json_number(t->doc, (double)bad));
    if (bad) {
        vouch__json_set(t->doc, told, "first_row", vouch__json_number(t->doc, (double)first));
        vouch__json_set(t->doc, told, "largest_difference", vouch__json_number(t->doc, largest));
    }
    t->passed = t->passed && bad == 0;
    vouch__scratch_reset(ctx, mark);
    return VOUCH_OK;
}

static vouch_status self_test(vouch_ctx *ctx, test *t, const vouch_self_test *expected)
{
    vouch__binding binding;
    size_t mark = vouch__scratch_mark(ctx);
    t->n = vouch_table_rows(t->table);
    double *raw = vouch__scratch(ctx, t->n + 1, sizeof *raw),
           *probability = vouch__scratch(ctx, t->n + 1, sizeof *raw);
    if (!raw || !probability)
        return vouch__oom(ctx);
    vouch_status status = vouch__bind(ctx, &t->model->inputs, t->table, &binding);
    if (status)
        return vouch__because(ctx, status, "self-test");
    t->binding = &binding;
    t->passed = t->n > 0;
    vouch__json_set(t->doc, t->told, "rows", vouch__json_number(t->doc, (double)t->n));
    status = vouch_model_score(ctx, t->model, t->table, raw, probability, NULL);
    if (!status && t->model->kind == &vouch__kind_forest)
        status = test_paths(ctx, t);
    if (!status && expected->raw)
        status = compare(ctx, t, "raw", expected->raw, raw, expected->within);
    if (!status && expected->probability)
        status = compare(ctx, t, "probability", expected->probability, probability, expected->within);
    vouch__json_set(t->doc, t->told, "passed", vouch__json_bool(t->doc, t->passed));
    vouch__binding_clear(&binding);
    t->binding = NULL;
    vouch__scratch_reset(ctx, mark);
    return status;
}

/* What making and loading a model hold it to, else it is not there. */
static void tell_structure(const vouch_model *model, vouch__doc *doc, vouch__json *list)
{
    static const char *const trees[] = {
        "every tree is one tree: no cycles, no shared or missing children, nothing unreached",
        "inputs, sets of categories and outputs that trees name are there",
        "thresholds are numbers, leaves and where sums start are finite, covers are finite and not below 0",
        "trees are at most 4096 splits deep",
    };
    vouch__json_push(doc, list, vouch__json_text(doc, "the file's SHA-256 is that of its bytes"));
    for (size_t i = 0; model->kind == &vouch__kind_forest && i < sizeof trees / sizeof *trees; i++)
        vouch__json_push(doc, list, vouch__json_text(doc, trees[i]));
}

vouch_status vouch_model_certify(vouch_ctx *ctx, const vouch_model *model, const vouch_table *rows,
                                 const vouch_self_test *expected, int *out_passed, char **out_json)
{
    static const vouch_self_test nothing = { .within = 0.0 };
    test t = { .model = model, .table = rows, .passed = true };
    vouch__buf buf;
    vouch_status status = vouch__model_doc(ctx, model, &t.doc);
    if (status)
        return status;
    vouch__json *root = vouch__doc_root(t.doc);
    tell_structure(model, t.doc, vouch__json_set(t.doc, root, "structure", vouch__json_array(t.doc)));
    t.told = vouch__json_set(t.doc, root, "self_test",
                             rows ? vouch__json_object(t.doc) : vouch__json_null(t.doc));
    if (rows)
        status = self_test(ctx, &t, expected ? expected : &nothing);
    if (!status)
        status = vouch__doc_status(ctx, t.doc);
    vouch__buf_init(ctx, &buf, 0);
    if (!status) {
        vouch__json_write(&buf, root);
        status = vouch__buf_status(ctx, &buf);
    }
    if (!status) {
        *out_passed = t.passed;
        *out_json = vouch__buf_take(&buf);
    }
    vouch__buf_free(&buf);
    vouch__doc_free(t.doc);
    return status;
}
