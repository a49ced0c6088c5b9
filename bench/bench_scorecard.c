/* Generalised linear models against statsmodels, glum, scikit-learn and R, on the tables that
 * bench/peers/glm_peers.py writes: seconds from a table in memory to coefficients with their errors. A row is
 * ok when the time is below the bar and the objective is no worse than the peer's. */
#include "bench.h"

#include "data/table.h"
#include "models/glm/glm.h"

#include <math.h>
#include <string.h>

enum { COLS = 64 };

typedef struct job {
    vouch_ctx *ctx;
    vouch_table *table;
    vouch__inputs inputs;
    double *y;
    const char *params;
    vouch_model *model;
    size_t n;
} job;

static void need(const job *j, vouch_status status)
{
    if (!status)
        return;
    (void)fprintf(stderr, "bench_scorecard: %s\n", vouch_ctx_error(j->ctx));
    exit(1);
}

static int load(job *j, const char *place, const char *name)
{
    char path[1024], text[COLS][8];
    double head[3], is_text = 0;
    const char *names[COLS];
    vouch_type type[COLS];
    const double *value[COLS];
    vouch__table_builder *builder = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", place, name);
    FILE *file = fopen(path, "rb");
    if (!file || fread(head, sizeof *head, 3, file) != 3)
        return 0;
    size_t n = (size_t)head[0], cols = (size_t)head[1], got = 0;
    double *all = malloc((cols + 1) * n * sizeof *all);
    for (size_t c = 0; c < cols; c++) {
        got += fread(&is_text, sizeof is_text, 1, file);
        got += fread(all + c * n, sizeof *all, n, file);
        (void)snprintf(text[c], sizeof text[c], "x%zu", c);
        names[c] = text[c];
        type[c] = is_text != 0 ? VOUCH_TEXT : VOUCH_NUMBER;
        value[c] = all + c * n;
    }
    got += fread(all + cols * n, sizeof *all, n, file);
    (void)fclose(file);
    j->n = got == cols * (n + 1) + n ? n : 0;
    j->y = all + cols * n;
    need(j, vouch__table_builder_new(j->ctx, cols, names, type, &builder));
    for (size_t c = 0; c < cols; c++)
        for (size_t i = 0; type[c] == VOUCH_TEXT && i < n; i++) {
            char word[16];
            int len = snprintf(word, sizeof word, "c%03d", (int)all[c * n + i]);
            need(j, vouch__table_intern(j->ctx, builder, c, word, (size_t)len, &all[c * n + i]));
        }
    need(j, vouch__table_builder_add(j->ctx, builder, n, value, NULL));
    need(j, vouch__table_builder_end(j->ctx, builder, &j->table));
    vouch__table_builder_free(builder);
    return j->n > 0;
}

static void fit(void *arg)
{
    job *j = arg;
    const vouch__model_kind *kind = vouch__kind_find("glm");
    vouch__inputs inputs;
    vouch__binding binding;
    vouch__doc *doc, *params;
    double value[64];
    size_t cols = vouch_table_cols(j->table);
    uint32_t *row = malloc(j->n * sizeof *row);
    for (size_t i = 0; i < j->n; i++)
        row[i] = (uint32_t)i;
    vouch_model_free(j->model);
    need(j, vouch__yaml_read(j->ctx, "params", j->params, strlen(j->params), 1 << 16, &params));
    need(j, vouch__params_read(j->ctx, kind, vouch__doc_root(params), NULL, 0, value));
    need(j, vouch__inputs_new(j->ctx, cols, &inputs));
    for (size_t c = 0; c < cols; c++) {
        inputs.at[c].name = vouch__strdup(j->ctx, vouch_table_name(j->table, c));
        if (vouch_table_type(j->table, c) == VOUCH_TEXT)
            need(j, vouch__input_categories(j->ctx, j->table, c, j->n, row, &inputs.at[c]));
    }
    need(j, vouch__bind(j->ctx, &inputs, j->table, &binding));
    need(j, vouch__doc_new(j->ctx, &doc));
    vouch__fit_data data = { .binding = &binding, .settings = vouch__doc_root(params) };
    data.train = (vouch__part_rows){ j->n, row, j->y, NULL };
    need(j, vouch__model_fit(j->ctx, kind, "bench", &inputs, value, &data, doc, vouch__json_object(doc),
                             &j->model));
    vouch__binding_clear(&binding);
    vouch__inputs_clear(&inputs);
    vouch__doc_free(doc);
    vouch__doc_free(params);
    free(row);
}

static void line(const char *name, const char *peer, double ours, double objective, const char *peers,
                 double bar)
{
    char key[160], label[160];
    (void)snprintf(key, sizeof key, "%s/%s", name, peer);
    double took = bench_peer(peers, key);
    (void)snprintf(key, sizeof key, "%s/%s-objective", name, peer);
    double theirs = bench_peer(peers, key);
    (void)snprintf(label, sizeof label, "%s_%s", name, peer);
    if (took <= 0)
        return;
    if (objective <= theirs * (1 + 1e-9))
        bench_ratio(label, ours, took, "s", bar);
    else
        (void)printf("%s\t%.4g\t%.4g\ts\t%.2f\t%.4g\tshort: objective %.17g, theirs %.17g\n", label, ours,
                     took, took / ours, bar, objective, theirs);
}

int main(int argc, char **argv)
{
    const char *place = argc > 1 ? argv[1] : ".", *peers = argc > 2 ? argv[2] : NULL;
    vouch_ctx_options options = { .threads = argc > 3 ? (unsigned)atoi(argv[3]) : 0 };
    char params[256];
    job j = { .ctx = vouch_ctx_new(&options) };
    if (load(&j, place, "logistic")) {
        j.params = "{influence: false}";
        double took = bench_fastest(fit, &j, 3);
        const vouch__glm *glm = j.model->state;
        double nll = glm->facts.deviance / 2 / (double)j.n;
        line("logistic", "statsmodels", took, nll, peers, 20);
        line("logistic", "glum", took, nll, peers, 3);
    }
    if (load(&j, place, "claims")) {
        j.params = "{family: poisson, exposure: x9, base_level: first, influence: false}";
        double took = bench_fastest(fit, &j, 3);
        const vouch__glm *glm = j.model->state;
        line("claims", "statsmodels", took, glm->facts.deviance, peers, 20);
        line("claims", "glum", took, glm->facts.deviance, peers, 2);
        line("claims", "R", took, glm->facts.deviance, peers, 15);
    }
    if (load(&j, place, "path")) {
        (void)snprintf(params, sizeof params, "{lambdas: 100, penalty: %.17g, mix: 0.5, choose: last}",
                       bench_peer(peers, "logistic_path/lambda"));
        j.params = params;
        double took = bench_fastest(fit, &j, 2);
        line("logistic_path", "glum", took, ((const vouch__glm *)j.model->state)->facts.objective, peers, 2);
    }
    if (load(&j, place, "gaussian")) {
        (void)snprintf(params, sizeof params,
                       "{family: gaussian, lambdas: 100, penalty: %.17g, mix: 0.5, choose: last}",
                       bench_peer(peers, "gaussian_path/lambda"));
        j.params = params;
        double took = bench_fastest(fit, &j, 7);
        line("gaussian_path", "scikit-learn", took, ((const vouch__glm *)j.model->state)->facts.objective,
             peers, 5);
        line("gaussian_path", "glum", took, ((const vouch__glm *)j.model->state)->facts.objective, peers, 2);
    }
    return 0;
}
