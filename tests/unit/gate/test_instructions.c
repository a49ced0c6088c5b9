/* No operation takes more instructions than it did: each is run once with the processor stopping after every
 * instruction, which counts them exactly, on any path it has, and needs no permission. Figures are those of
 * bench/instructions.tsv; --update writes them anew. */
#include "applicants.h"
#include "check.h"
#include "fit_kit.h"
#include "forest.h"

#include "base/json.h"
#include "decide/policy.h"
#include "models/engine/engine.h"
#include "models/gbdt/gbdt.h"
#include "models/shap/shap.h"
#include "vouch/explain.h"
#include "vouch/validate.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__) && defined(__linux__) && defined(__OPTIMIZE__) && !defined(__clang__) &&             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_COUNT 1
#include <x86intrin.h>
#else
#define CAN_COUNT 0
#endif

#define FIGURES VOUCH_PROJECT_ROOT "/bench/instructions.tsv"
static const double slack = 0.03;

/* --- counting --------------------------------------------------------------------------------- */

typedef void op_fn(void *arg);

#if CAN_COUNT
static volatile sig_atomic_t steps;

enum { TRAP = 0x100 };

static void on_step(int signal)
{
    (void)signal;
    steps++;
}

static size_t count(op_fn *op, void *arg)
{
    struct sigaction step = { .sa_handler = on_step }, before;
    op(arg); /* what is done once only is done */
    assert_int_equal(sigaction(SIGTRAP, &step, &before), 0);
    steps = 0;
    __writeeflags(__readeflags() | TRAP);
    op(arg);
    __writeeflags(__readeflags() & ~(unsigned long long)TRAP);
    assert_int_equal(sigaction(SIGTRAP, &before, NULL), 0);
    return (size_t)steps;
}

static void hundred(void *arg)
{
    (void)arg;
    __asm__ volatile(".rept 100\n\tnop\n\t.endr");
}

/* Why nothing can be counted here, or NULL. */
static const char *why_not(void)
{
    struct timespec begun, ended;
    (void)clock_gettime(CLOCK_MONOTONIC, &begun);
    size_t n = count(hundred, NULL);
    (void)clock_gettime(CLOCK_MONOTONIC, &ended);
    if (n < 100 || n > 130)
        return "this machine does not stop after every instruction";
    double took = (double)(ended.tv_sec - begun.tv_sec) + 1e-9 * (double)(ended.tv_nsec - begun.tv_nsec);
    return took > 0.5 ? "this machine takes too long to stop after an instruction" : NULL;
}
#else
static size_t count(op_fn *op, void *arg)
{
    op(arg);
    return 0;
}
static const char *why_not(void)
{
    return "instructions are counted in the release build by gcc, on x86-64 under Linux";
}
#endif

/* --- figures ---------------------------------------------------------------------------------- */

enum { OPS_MAX = 40, NAME_ROOM = 48 };

typedef struct figure {
    char name[NAME_ROOM];
    size_t instructions;
} figure;

typedef struct figures {
    figure at[OPS_MAX];
    size_t n;
} figures;

static figures read_figures(void)
{
    figures f = { .n = 0 };
    char line[256];
    FILE *file = fopen(FIGURES, "r");
    while (file && f.n < OPS_MAX && fgets(line, sizeof line, file))
        if (line[0] != '#' && sscanf(line, "%47s %zu", f.at[f.n].name, &f.at[f.n].instructions) == 2)
            f.n++;
    if (file)
        (void)fclose(file);
    return f;
}

static size_t find(const figures *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->at[i].name, name) == 0)
            return f->at[i].instructions;
    return 0;
}

static figures known, found;
static size_t too_many;

static void measure(const char *name, op_fn *op, void *arg)
{
    size_t n = count(op, arg), before = find(&known, name);
    double change = before ? 100.0 * ((double)n / (double)before - 1.0) : 0.0;
    bool is_more = !before || (double)n > (1.0 + slack) * (double)before;
    print_message("%-32s %8zu instructions, was %zu (%+.1f %%)%s\n", name, n, before, change,
                  is_more ? ": more" : "");
    too_many += is_more;
    assert_true(found.n < OPS_MAX);
    (void)snprintf(found.at[found.n].name, NAME_ROOM, "%s", name);
    found.at[found.n++].instructions = n;
}

static void write_figures(void)
{
    FILE *file = fopen(FIGURES, "w");
    assert_non_null(file);
    (void)fprintf(file,
                  "# Instructions of one run of each operation, release build by gcc %d. Written by\n"
                  "# build/release/bin/test_instructions --update; the test fails above them by 3 %%.\n",
                  __GNUC__);
    for (size_t i = 0; i < found.n; i++)
        (void)fprintf(file, "%s\t%zu\n", found.at[i].name, found.at[i].instructions);
    for (size_t i = 0; i < known.n; i++) /* of paths that this processor has not */
        if (!find(&found, known.at[i].name))
            (void)fprintf(file, "%s\t%zu\n", known.at[i].name, known.at[i].instructions);
    assert_int_equal(fclose(file), 0);
}

/* --- operations ------------------------------------------------------------------------------- */

enum { INPUTS = 30, TREES = 24, BATCH = 64 };

typedef struct scoring {
    const vouch__engine *engine;
    double row[BATCH * INPUTS], raw[BATCH];
} scoring;

static void score_row(void *arg)
{
    scoring *s = arg;
    vouch__engine_row(s->engine, s->row, s->raw);
}

static void score_batch(void *arg)
{
    scoring *s = arg;
    vouch__engine_rows(s->engine, BATCH, s->row, s->raw);
}

/* leaves 7: at most 6 deep, complete; 60: jumps; 200: walked. */
static void measure_scoring(vouch_ctx *ctx, const char *what, size_t leaves)
{
    static scoring s;
    char name[NAME_ROOM];
    vouch__trees trees = forest_random(INPUTS, 0, TREES, leaves);
    vouch__engine_sum sum = { .n_outputs = 1, .start = &trees.base };
    vouch__engine *engine = NULL;
    forest_rows(&trees, INPUTS, BATCH, s.row);
    assert_ok(ctx, vouch__engine_new(ctx, &trees, &sum, &engine));
    s.engine = engine;
    for (int p = 0; p < VOUCH__ENGINE_PATHS; p++) {
        (void)snprintf(name, sizeof name, "row_%s_%s", what, vouch__engine_path_name((vouch__engine_path)p));
        if (vouch__engine_use(engine, (vouch__engine_path)p))
            measure(name, score_row, &s);
        else
            print_message("skipped: %s, a path that this processor has not\n", name);
        if (p == VOUCH__ENGINE_AVX512VBMI && leaves == 7 &&
            vouch__engine_use(engine, VOUCH__ENGINE_AVX512VBMI))
            measure("batch_64_complete_avx512vbmi", score_batch, &s);
    }
    vouch__engine_free(vouch__allocator(ctx), engine);
    forest_free(&trees);
}

static const char applicant[] = "{\"income\": 31250.5, \"delay\": 3, \"region\": \"north\", \"owner\": null, "
                                "\"noise\": 0.12345678901234567}";

typedef struct deciding {
    vouch_ctx *ctx;
    vouch__decider *decider;
    const vouch__json *row;
} deciding;

static void read_json(void *arg)
{
    deciding *d = arg;
    vouch__doc *doc = NULL;
    if (vouch__json_read(d->ctx, "row", applicant, sizeof applicant - 1, 4096, &doc))
        abort();
    vouch__doc_free(doc);
}

static void decide(void *arg)
{
    deciding *d = arg;
    vouch__doc *doc = NULL;
    vouch__json *decision = NULL;
    if (vouch__doc_new(d->ctx, &doc) || vouch__decide(d->ctx, d->decider, d->row, doc, NULL, &decision))
        abort();
    vouch__doc_free(doc);
}

static void measure_decision(vouch_ctx *ctx)
{
    static const char texts[] = "income: {text: Income insufficient for amount of credit requested}\n";
    deciding d = { .ctx = ctx };
    vouch_explainer *explainer = NULL;
    vouch__reason_map map;
    vouch__doc *doc = NULL, *row = NULL;
    vouch__buf bundle;
    applicants a = applicants_make(ctx, 200);
    vouch_model *model = applicants_fit(&a, "gbdt", "trees: 10");
    assert_ok(ctx, vouch_explainer_new(ctx, model, a.table, &explainer));
    assert_ok(ctx, vouch__yaml_read(ctx, "reasons", texts, strlen(texts), 4096, &doc));
    assert_ok(ctx, vouch__reason_map_make(ctx, &model->inputs, vouch__doc_root(doc), &map));
    vouch__buf_init(ctx, &bundle, 0);
    assert_ok(ctx, vouch__decider_bundle(ctx, model, explainer, &map, "average-applicant", 4, 0.01, &bundle));
    assert_ok(ctx, vouch__decider_new(ctx, bundle.at, bundle.len, &d.decider));
    assert_ok(ctx, vouch__json_read(ctx, "row", applicant, sizeof applicant - 1, 4096, &row));
    d.row = vouch__doc_root(row);
    measure("json_of_one_applicant", read_json, &d);
    measure("decision_with_reasons", decide, &d);
    vouch__doc_free(row);
    vouch__decider_free(d.decider);
    vouch__buf_free(&bundle);
    vouch__reason_map_clear(&map);
    vouch__doc_free(doc);
    vouch_explainer_free(explainer);
    vouch_model_free(model);
    applicants_free(&a);
}

typedef struct valuing {
    const vouch__shap *shap;
    double row[INPUTS], value[INPUTS];
} valuing;

static void value_row(void *arg)
{
    valuing *v = arg;
    vouch__shap_row(v->shap, v->row, v->value);
}

/* Path-dependent values; leaves 7: at most 6 deep, from tables; 60: integrated. */
static void measure_values(vouch_ctx *ctx, const char *what, size_t leaves)
{
    static valuing v;
    char name[NAME_ROOM];
    vouch__trees trees = forest_random(INPUTS, 0, TREES, leaves);
    vouch__shap *shap = NULL;
    forest_rows(&trees, INPUTS, 1, v.row);
    assert_ok(ctx, vouch__shap_new(ctx, &trees, NULL, &shap));
    v.shap = shap;
    for (int p = 0; p < VOUCH__SHAP_PATHS; p++) {
        (void)snprintf(name, sizeof name, "values_%s_%s", what, vouch__shap_path_name((vouch__shap_path)p));
        if (vouch__shap_use(shap, (vouch__shap_path)p))
            measure(name, value_row, &v);
        else
            print_message("skipped: %s, a path that this processor has not\n", name);
    }
    vouch__shap_free(vouch__allocator(ctx), shap);
    forest_free(&trees);
}

enum { RANKED = 64 };

typedef struct ranking {
    vouch_ctx *ctx;
    double score[RANKED], auc;
    uint8_t bad[RANKED];
} ranking;

static void rank(void *arg)
{
    ranking *r = arg;
    if (vouch_validate_auc(r->ctx, RANKED, r->score, r->bad, NULL, &r->auc))
        abort();
}

static void write_numbers(void *arg)
{
    const ranking *r = arg;
    char text[VOUCH__DOUBLE_MAX];
    double back;
    for (size_t i = 0; i < 16; i++)
        if (!vouch__double_read(text, vouch__double_text(r->score[i], text), &back))
            abort();
}

static void measure_numbers(vouch_ctx *ctx)
{
    static ranking r;
    r.ctx = ctx;
    for (size_t i = 0; i < RANKED; i++) {
        r.score[i] = seeded_normal();
        r.bad[i] = seeded() < 0.3;
    }
    measure("auc_of_64", rank, &r);
    measure("numbers_16_written_and_read", write_numbers, &r);
}

enum { LEARNT = 128, LEARNT_COLS = 20 };

typedef struct learning {
    vouch_ctx *ctx;
    vouch__gbdt_bins bins;
    const vouch__binding *binding;
    vouch__part_rows part;
    vouch__gbdt_rows rows;
    vouch__record record[LEARNT + VOUCH__GBDT_PAD];
    int64_t hist[LEARNT_COLS * VOUCH__GBDT_HIST];
} learning;

static void make_bins(void *arg)
{
    learning *l = arg;
    vouch__gbdt_rows rows;
    size_t mark = vouch__scratch_mark(l->ctx);
    if (vouch__gbdt_rows_make(l->ctx, &l->bins, l->binding, &l->part, true, &rows))
        abort();
    vouch__scratch_reset(l->ctx, mark);
}

static void add_to_histograms(void *arg)
{
    learning *l = arg;
    vouch__gbdt_add(l->rows.row, l->rows.stride, l->record, LEARNT / 2, NULL, LEARNT_COLS, l->hist);
}

/* Every other row, as in the leaves of a tree. */
static void measure_learning(vouch_ctx *ctx)
{
    static learning l;
    static double x[LEARNT * LEARNT_COLS], target[LEARNT];
    uint32_t row[LEARNT];
    vouch_table *table = NULL;
    vouch__inputs inputs;
    vouch__binding binding;
    for (size_t i = 0; i < LEARNT * LEARNT_COLS; i++)
        x[i] = seeded() < 0.05 ? NAN : seeded_normal();
    for (size_t i = 0; i < LEARNT; i++) {
        row[i] = (uint32_t)i;
        l.record[i] = 2 * i % LEARNT + ((uint64_t)(i + 1) << 32);
    }
    assert_ok(ctx, kit_table(ctx, LEARNT, LEARNT_COLS, x, NULL, &table));
    assert_ok(ctx, vouch__inputs_new(ctx, LEARNT_COLS, &inputs));
    for (size_t j = 0; j < LEARNT_COLS; j++)
        inputs.at[j].name = vouch__strdup(ctx, vouch_table_name(table, j));
    assert_ok(ctx, vouch__bind(ctx, &inputs, table, &binding));
    vouch__fit_data data = { .binding = &binding, .train = { LEARNT, row, target, NULL } };
    l.ctx = ctx;
    l.binding = &binding;
    l.part = data.train;
    assert_ok(ctx, vouch__gbdt_bins_make(ctx, &data, VOUCH__GBDT_BINS - 1, &l.bins));
    assert_ok(ctx, vouch__gbdt_rows_make(ctx, &l.bins, &binding, &l.part, true, &l.rows));
    measure("bins_of_128_rows_of_20", make_bins, &l);
    measure("histograms_of_64_rows_of_20", add_to_histograms, &l);
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch_table_unref(table);
}

static void no_operation_takes_more_instructions_than_it_did(void **state)
{
    const bool *is_update = *state;
    const char *reason = why_not();
    if (reason) {
        print_message("skipped: %s\n", reason);
        skip();
    }
    vouch_ctx *ctx = vouch_ctx_new(&(vouch_ctx_options){ .threads = 1 });
    known = read_figures();
    measure_scoring(ctx, "complete", 7);
    measure_scoring(ctx, "jump", 60);
    measure_scoring(ctx, "walk", 200);
    measure_decision(ctx);
    measure_numbers(ctx);
    measure_learning(ctx);
    measure_values(ctx, "quick", 7);
    measure_values(ctx, "deep", 60);
    vouch_ctx_free(ctx);
    if (*is_update) {
        write_figures();
        return;
    }
    if (too_many)
        print_error(
            "%zu operations take more than %.0f %% above bench/instructions.tsv; when that is meant, run "
            "test_instructions --update\n",
            too_many, 100.0 * slack);
    assert_int_equal(too_many, 0);
}

/* The C library's own choice of instructions is taken from it, so that figures are those of any processor. */
static void start_again_without_choice(char **argv)
{
    if (getenv("GLIBC_TUNABLES"))
        return;
    (void)setenv(
        "GLIBC_TUNABLES",
        "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-BMI2,-ERMS,-FSRM,-LZCNT,-MOVBE,-POPCNT,"
        "-SSE4_1,-SSE4_2,-SSSE3",
        1);
    (void)execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    static bool is_update;
    start_again_without_choice(argv);
    is_update = argc == 2 && strcmp(argv[1], "--update") == 0;
    (void)setenv("VOUCH_TEST_SEED", "1", 1);
    const struct CMUnitTest tests[] = { cmocka_unit_test_prestate(
        no_operation_takes_more_instructions_than_it_did, &is_update) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
