/* Models of XGBoost and LightGBM with what those libraries scored for 400 rows: raw and predictions equal in
 * every bit, leaves equal, contributions within the source's own precision. A few configurations are kept
 * here; all 35 are tried where the development data are. */
#include "check.h"

#include "models/forest/forest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 400, COLS = 10 };

static const char *folder; /* where the golden files are */

static void *slurp(const char *name, size_t *out_len)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    (void)fseek(file, 0, SEEK_END);
    long len = ftell(file);
    rewind(file);
    char *bytes = malloc((size_t)len + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)len, file), (size_t)len);
    (void)fclose(file);
    *out_len = (size_t)len;
    return bytes;
}

/* Numbers of a file of float32 or float64, as double; NULL when it is not there. */
static double *numbers(const char *name, bool is_float, size_t *out_n)
{
    size_t len = 0, width = is_float ? sizeof(float) : sizeof(double);
    unsigned char *bytes = slurp(name, &len);
    if (!bytes)
        return NULL;
    *out_n = len / width;
    double *out = calloc(*out_n + 1, sizeof *out);
    assert_non_null(out);
    for (size_t i = 0; i < *out_n; i++) {
        float f;
        if (is_float) {
            memcpy(&f, bytes + i * width, sizeof f);
            out[i] = (double)f;
        } else {
            memcpy(&out[i], bytes + i * width, sizeof out[i]);
        }
    }
    free(bytes);
    return out;
}

static size_t differences(const double *got, const double *want, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += memcmp(&got[i], &want[i], sizeof got[i]) != 0;
    return count;
}

static vouch_model *import(vouch_ctx *ctx, const char *name, int output)
{
    size_t len = 0;
    vouch_model *model = NULL, *again = NULL;
    vouch_import_options options = { .output = output };
    char *bytes = slurp(name, &len);
    if (!bytes)
        return NULL;
    assert_ok(ctx, vouch_model_import_bytes(ctx, name, bytes, len, &options, &model));
    free(bytes);
    assert_ok(ctx, vouch_model_read(ctx, model->file, model->file_len,
                                    &again)); /* what is tested is what is kept */
    vouch_model_free(model);
    return again;
}

/* How many of raw the engine gets wrong, on every path the processor has, and the definition. */
static size_t engine_differences(const vouch__forest *f, const double *x, const double *want)
{
    size_t bad = 0, groups = f->n_groups;
    double *row = calloc(groups, sizeof *row);
    assert_non_null(row);
    for (int p = VOUCH__ENGINE_PATHS; f->engine && p-- > 0;) {
        if (!vouch__engine_use(f->engine, (vouch__engine_path)p))
            continue;
        for (size_t i = 0; i < ROWS; i++) {
            vouch__forest_raw(f, x + i * COLS, row);
            bad += differences(row, want + i * groups, groups);
        }
    }
    for (size_t i = 0; i < ROWS; i++) {
        vouch__forest_raw_defined(f, x + i * COLS, row);
        bad += differences(row, want + i * groups, groups);
    }
    free(row);
    return bad;
}

static void check_scores(const vouch__forest *f, const char *stem, const char *raw_name, const double *x)
{
    char name[256];
    size_t n = 0, n_pred = 0, n_leaf = 0, groups = f->n_groups, outputs = vouch__forest_outputs(f);
    double *got = calloc(ROWS * groups, sizeof *got), *pred = calloc(ROWS * outputs, sizeof *pred),
           *row = calloc(groups, sizeof *row);
    assert_true(got && pred && row);
    for (size_t i = 0; i < ROWS; i++) {
        vouch__forest_raw(f, x + i * COLS, row);
        memcpy(got + i * groups, row, groups * sizeof *row);
        vouch__forest_transform(f, row);
        memcpy(pred + i * outputs, row, outputs * sizeof *row);
    }
    (void)snprintf(name, sizeof name, "%s.%s.bin", stem, raw_name);
    double *want = numbers(name, f->is_float, &n);
    assert_non_null(want);
    assert_int_equal(n, ROWS * groups);
    size_t bad = differences(got, want, n) + engine_differences(f, x, want);
    (void)snprintf(name, sizeof name, "%s.pred.bin", stem);
    double *want_pred = numbers(name, f->is_float, &n_pred);
    assert_non_null(want_pred);
    assert_int_equal(n_pred, ROWS * outputs);
    size_t bad_pred = differences(pred, want_pred, n_pred), bad_leaf = 0;
    (void)snprintf(name, sizeof name, "%s.leaf.bin", stem);
    double *want_leaf = numbers(name, f->is_float, &n_leaf);
    if (want_leaf)
        assert_int_equal(n_leaf, ROWS * f->trees.n_trees);
    for (size_t i = 0; want_leaf && i < ROWS; i++)
        for (size_t t = 0; t < f->trees.n_trees; t++)
            bad_leaf += vouch__forest_leaf(f, t, x + i * COLS) !=
                        (uint32_t)want_leaf[i * f->trees.n_trees + t];
    if (bad || bad_pred || bad_leaf)
        print_error("%s: %zu raw, %zu predictions and %zu leaves differ\n", stem, bad, bad_pred, bad_leaf);
    assert_int_equal(bad + bad_pred + bad_leaf, 0);
    free(got);
    free(pred);
    free(row);
    free(want);
    free(want_pred);
    free(want_leaf);
}

/* Each output's values, the base last; factor: what the source's are to be multiplied by. */
/* Every path that this processor has gives the bits of out. */
static void check_paths(vouch_ctx *ctx, const vouch_model *model, vouch__matrix rows, const double *out)
{
    vouch__shap *shap = NULL;
    double *got = calloc(rows.rows * rows.cols, sizeof *got);
    assert_non_null(got);
    assert_ok(ctx, model->kind->shap(ctx, model->state, &shap));
    for (size_t path = 0; path < VOUCH__SHAP_PATHS; path++) {
        if (!vouch__shap_use(shap, (vouch__shap_path)path))
            continue;
        for (size_t i = 0; i < rows.rows; i++)
            vouch__shap_row(shap, rows.at + i * rows.cols, got + i * rows.cols);
        assert_int_equal(differences(got, out, rows.rows * rows.cols), 0);
    }
    vouch__shap_free(vouch__allocator(ctx), shap);
    free(got);
}

static void check_contributions(vouch_ctx *ctx, const char *model_name, const char *stem, size_t groups,
                                const double *x, double tolerance, double *worst)
{
    char name[256];
    size_t n = 0;
    for (size_t g = 0; g < groups; g++) {
        vouch_model *model = import(ctx, model_name, groups > 1 ? (int)g : -1);
        const vouch__forest *f = model->state;
        double base, *out = calloc((size_t)ROWS * COLS, sizeof *out), raw[ROWS];
        (void)snprintf(name, sizeof name, "%s.contrib.bin", stem);
        double *want = numbers(name, f->is_float, &n);
        assert_true(out && want);
        assert_int_equal(n, ROWS * groups * (COLS + 1));
        vouch__matrix rows = { x, ROWS, COLS };
        assert_ok(ctx, model->kind->contributions(ctx, f, rows, out, &base));
        check_paths(ctx, model, rows, out);
        model->kind->predict(f, rows, raw);
        for (size_t i = 0; i < ROWS; i++) {
            const double *w = want + (i * groups + g) * (COLS + 1);
            double sum = base;
            for (size_t j = 0; j < COLS; j++) {
                *worst = fmax(*worst, fabs(out[i * COLS + j] - w[j]));
                assert_close(out[i * COLS + j], w[j], tolerance);
                sum += out[i * COLS + j];
            }
            *worst = fmax(*worst, fabs(base - w[COLS]));
            assert_close(base, w[COLS], tolerance);
            assert_close(sum, raw[i], f->is_float ? 1e-5 : 1e-9);
        }
        free(out);
        free(want);
        vouch_model_free(model);
    }
}

static void try_one(vouch_ctx *ctx, const char *library, const char *suffix, const char *config)
{
    char stem[160], name[192];
    size_t n = 0;
    bool is_xgb = strcmp(library, "xgb") == 0;
    double worst = 0.0, *x = numbers(is_xgb ? "xgb_rows_f32.bin" : "lgb_rows_f64.bin", is_xgb, &n);
    assert_non_null(x);
    assert_int_equal(n, ROWS * COLS);
    (void)snprintf(stem, sizeof stem, "%s_%s", library, config);
    (void)snprintf(name, sizeof name, "%s.model.%s", stem, suffix);
    vouch_model *model = import(ctx, name, 0);
    assert_non_null(model);
    const vouch__forest *f = model->state;
    check_scores(f, stem, is_xgb ? "margin" : "raw", x);
    if (!f->n_lines)
        check_contributions(ctx, name, stem, f->n_groups, x, is_xgb ? 1e-5 : 1e-12, &worst);
    if (worst > 0.0)
        print_message("%s.%s: scores equal in every bit, contributions within %.1e\n", stem, suffix, worst);
    else
        print_message("%s.%s: scores equal in every bit\n", stem, suffix);
    vouch_model_free(model);
    free(x);
}

static void kept_configurations_are_equal_in_every_bit(void **state)
{
    (void)state;
    static const char *const xgb[][2] = {
        { "binary_cat_part", "json" }, { "dart", "json" }, { "softprob3", "ubj" }, { "poisson", "ubj" }
    };
    static const char *const lgb[] = { "binary_categorical", "binary_zero_as_missing", "linear_tree", "rf" };
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    folder = VOUCH_TEST_ROOT "/golden/trees";
    for (size_t i = 0; i < sizeof xgb / sizeof *xgb; i++)
        try_one(ctx, "xgb", xgb[i][1], xgb[i][0]);
    for (size_t i = 0; i < sizeof lgb / sizeof *lgb; i++)
        try_one(ctx, "lgb", "txt", lgb[i]);
    vouch_ctx_free(ctx);
}

static size_t try_all(vouch_ctx *ctx, const char *library, const char *const *suffix, size_t n_suffix)
{
    char name[64], line[512], config[128];
    size_t len = 0, n = 0;
    (void)snprintf(name, sizeof name, "%s_manifest.txt", library);
    char *text = slurp(name, &len);
    assert_non_null(text);
    text[len] = '\0';
    for (const char *p = text; *p; p += strcspn(p, "\n") + 1) {
        (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(p, "\n"), p);
        if (line[0] == '#' || sscanf(line, "%127s", config) != 1)
            continue;
        for (size_t s = 0; s < n_suffix; s++)
            try_one(ctx, library, suffix[s], config);
        n++;
    }
    free(text);
    return n;
}

/* The folder of all goldens, or NULL after saying so. */
static const char *all_goldens(void)
{
    static const char path[] = VOUCH_PROJECT_ROOT "/../shared/golden/trees";
    size_t len;
    folder = path;
    char *manifest = slurp("xgb_manifest.txt", &len);
    bool is_there = manifest != NULL;
    free(manifest);
    if (!is_there)
        print_message("skipped: no development data at ../shared/golden/trees\n");
    return is_there ? path : NULL;
}

static void all_35_configurations_are_equal_in_every_bit(void **state)
{
    (void)state;
    static const char *const xgb[] = { "json", "ubj" }, *const lgb[] = { "txt" };
    folder = all_goldens();
    if (!folder)
        skip();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    assert_int_equal(try_all(ctx, "xgb", xgb, 2), 16);
    assert_int_equal(try_all(ctx, "lgb", lgb, 1), 19);
    vouch_ctx_free(ctx);
}

static void json_and_ubjson_of_one_model_have_one_digest(void **state)
{
    (void)state;
    folder = all_goldens();
    if (!folder)
        skip();
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_model *a = import(ctx, "xgb_binary_cat_part.model.json", -1),
                *b = import(ctx, "xgb_binary_cat_part.model.ubj", -1);
    char one[VOUCH__HEX], two[VOUCH__HEX];
    assert_ok(ctx, vouch__forest_digest(ctx, a->state, &a->inputs, one));
    assert_ok(ctx, vouch__forest_digest(ctx, b->state, &b->inputs, two));
    assert_string_equal(one, two);
    assert_string_not_equal(((const vouch__forest *)a->state)->source_hash,
                            ((const vouch__forest *)b->state)->source_hash);
    vouch_model_free(a);
    vouch_model_free(b);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_configurations_are_equal_in_every_bit),
        cmocka_unit_test(all_35_configurations_are_equal_in_every_bit),
        cmocka_unit_test(json_and_ubjson_of_one_model_have_one_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
