/* Which candidates are tried. The order is fixed: seeds, single inputs, growing sets of inputs, reweighing
 * and cut-offs by group, then draws of parameters and sets of inputs until the number asked for. None depends
 * on what another one gave, so that the log is the same whatever was kept from an earlier search. */
#include "run/lda.h"

#include "base/schema.h"
#include "num/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { VALUES_MAX = 16, VARIED_MAX = 16, STREAM = 0x6c6461, DRAWS = 20 };

typedef struct varied { /* a parameter and what it may be */
    size_t param, n;
    double value[VALUES_MAX];
} varied;

/* What is usual for a kind; 0 ends a list that does not begin with it. */
static const struct {
    const char *kind, *param;
    double value[5];
    size_t n;
} usual[] = {
    { "gbdt", "learning_rate", { 0.03, 0.05, 0.1 }, 3 },
    { "gbdt", "leaves", { 7, 15, 31, 63 }, 4 },
    { "gbdt", "depth", { 3, 4, 5, 6 }, 4 },
    { "gbdt", "l2", { 0.1, 1, 10, 100 }, 4 },
    { "gbdt", "min_child_rows", { 10, 20, 50, 200 }, 4 },
    { "gbdt", "column_sample", { 0.4, 0.7, 1 }, 3 },
    { "scorecard", "max_bins", { 3, 4, 6, 8, 12 }, 5 },
    { "scorecard", "min_bin_share", { 0.02, 0.05, 0.1 }, 3 },
    { "scorecard", "min_iv", { 0, 0.02, 0.05, 0.1 }, 4 },
    { "scorecard", "l2", { 0, 1, 10, 100 }, 4 },
    { "glm", "penalty", { 0, 0.0001, 0.001, 0.01, 0.1 }, 5 },
    { "glm", "mix", { 0, 0.5, 1 }, 3 },
};

typedef struct planner {
    vouch_ctx *ctx;
    vouch__lda *lda;
    const vouch__model_plan *plan;
    varied vary[VARIED_MAX];
    size_t n_varied, drop, room, fits;
    bool is_short;
} planner;

static vouch_status read_varied(planner *p, const vouch__json *node)
{
    const vouch__model_kind *kind = p->plan->kind;
    const vouch__param_table table = { "kind", kind->name, kind->params, kind->n_params };
    const char *path = p->lda->job->project.path;
    size_t at = vouch__param_find(&table, node->key);
    const vouch__param *param = at == SIZE_MAX ? NULL : &kind->params[at];
    if (!param || (param->type != VOUCH__PARAM_REAL && param->type != VOUCH__PARAM_INTEGER) ||
        p->n_varied == VARIED_MAX)
        return vouch__schema_fail(p->ctx, path, node,
                                  "alternatives.vary: '%s' is no parameter of kind %s that is a number",
                                  node->key, kind->name);
    varied *v = &p->vary[p->n_varied++];
    *v = (varied){ .param = at };
    for (const vouch__json *value = node->first; value; value = value->next) {
        double x = vouch__json_double(value, NAN);
        bool fits = x >= param->lo && x <= param->hi && (param->type == VOUCH__PARAM_REAL || x == floor(x));
        if (!fits || v->n == VALUES_MAX)
            return vouch__schema_fail(p->ctx, path, value,
                                      "alternatives.vary.%s must hold up to %d values in the parameter's "
                                      "range",
                                      node->key, VALUES_MAX);
        v->value[v->n++] = x;
    }
    return VOUCH_OK;
}

static vouch_status choose_varied(planner *p)
{
    const vouch__json *given = p->lda->rules.vary;
    const vouch__model_kind *kind = p->plan->kind;
    const vouch__param_table table = { "kind", kind->name, kind->params, kind->n_params };
    vouch_status status = VOUCH_OK;
    for (const vouch__json *at = given ? given->first : NULL; at && !status; at = at->next)
        status = read_varied(p, at);
    for (size_t k = 0; !given && k < sizeof usual / sizeof *usual; k++) {
        if (strcmp(usual[k].kind, kind->name) != 0)
            continue;
        varied *v = &p->vary[p->n_varied++];
        *v = (varied){ .param = vouch__param_find(&table, usual[k].param), .n = usual[k].n };
        memcpy(v->value, usual[k].value, usual[k].n * sizeof *v->value);
    }
    return status;
}

/* ---- settings without an input ---- */

static bool is_gone(const planner *p, size_t gone, const char *name)
{
    for (size_t i = 0; i < gone; i++)
        if (!strcmp(vouch_table_name(p->lda->job->table, p->lda->input[i].column), name))
            return true;
    return false;
}

/* Members and items that name an input that is gone are left out, and pairs that lost a half. */
static vouch__json *without(const planner *p, size_t gone, const vouch__json *node)
{
    vouch__doc *doc = p->lda->job->list.doc;
    bool is_list = node->type == VOUCH__JSON_ARRAY;
    if (!is_list && node->type != VOUCH__JSON_OBJECT)
        return vouch__json_copy(doc, node);
    vouch__json *copy = is_list ? vouch__json_array(doc) : vouch__json_object(doc);
    for (const vouch__json *at = node->first; at; at = at->next) {
        const char *name = is_list ? vouch__json_string(at) : at->key;
        if (name && is_gone(p, gone, name))
            continue;
        vouch__json *item = without(p, gone, at);
        if (item && item->type == VOUCH__JSON_ARRAY && item->len < 2 && at->len >= 2)
            continue;
        (void)(is_list ? vouch__json_push(doc, copy, item) : vouch__json_set(doc, copy, at->key, item));
    }
    return copy;
}

/* A column that a setting names by itself (an offset, an exposure) has to stay. */
static bool may_go(const planner *p, size_t column)
{
    const char *name = vouch_table_name(p->lda->job->table, column);
    for (const vouch__json *at = p->plan->mapping->first; at; at = at->next)
        if (vouch__json_string(at) && !strcmp(at->text, name))
            return false;
    return true;
}

/* ---- tries ---- */

static vouch__lda_try *add(planner *p, const char *way, const char *what)
{
    vouch__lda *lda = p->lda;
    const vouch__job *job = lda->job;
    if (lda->n == p->room)
        return NULL;
    const vouch__json *text = vouch__json_text(job->list.doc, what);
    vouch__lda_try *t = &lda->attempt[lda->n++];
    *t = (vouch__lda_try){ .way = way,
                           .what = text ? text->text : "",
                           .feature = job->feature,
                           .n_features = job->spec.n_features,
                           .value = p->plan->value,
                           .mapping = p->plan->mapping,
                           .monotone = p->plan->monotone,
                           .seed = job->project.seed,
                           .reweighed = SIZE_MAX,
                           .by_group = SIZE_MAX,
                           .share = lda->attempt[0].share,
                           .fit = p->fits++ };
    return t;
}

/* The first `n` inputs of the ranking, or the one at `only`, are left out. */
static void leave_out(planner *p, vouch__lda_try *t, size_t n, size_t only)
{
    vouch__lda *lda = p->lda;
    vouch__lda_input kept = lda->input[0];
    size_t gone = only == SIZE_MAX ? n : 1;
    size_t *feature = vouch__scratch(p->ctx, lda->job->spec.n_features + 1, sizeof *feature);
    if (!feature || gone == 0) {
        p->is_short = p->is_short || !feature;
        return;
    }
    if (only != SIZE_MAX) { /* to the front, for as long as it takes */
        lda->input[0] = lda->input[only];
        lda->input[only] = kept;
    }
    t->n_features = 0;
    for (size_t j = 0; j < lda->job->spec.n_features; j++)
        if (!is_gone(p, gone, vouch_table_name(lda->job->table, lda->job->feature[j])))
            feature[t->n_features++] = lda->job->feature[j];
    t->feature = feature;
    t->mapping = without(p, gone, p->plan->mapping);
    t->monotone = t->mapping && p->plan->monotone ? vouch__json_get(t->mapping, "monotone") : NULL;
    if (only != SIZE_MAX) {
        lda->input[only] = lda->input[0];
        lda->input[0] = kept;
    }
}

static void say_without(const planner *p, size_t from, size_t to, vouch__buf *out)
{
    for (size_t i = from; i < to; i++)
        vouch__buf_fmt(out, "%s%s", i > from ? ", " : "without ",
                       vouch_table_name(p->lda->job->table, p->lda->input[i].column));
}

static void add_inputs(planner *p, vouch__buf *text)
{
    for (size_t i = 0; i < p->drop; i++) {
        vouch__buf_clear(text);
        say_without(p, i, i + 1, text);
        vouch__lda_try *t = text->at ? add(p, "input", text->at) : NULL;
        if (t)
            leave_out(p, t, 0, i);
    }
    for (size_t k = 2; k <= p->drop; k++) {
        vouch__buf_clear(text);
        say_without(p, 0, k, text);
        vouch__lda_try *t = text->at ? add(p, "inputs", text->at) : NULL;
        if (t)
            leave_out(p, t, k, SIZE_MAX);
    }
}

static void add_mitigations(planner *p, vouch__buf *text)
{
    const vouch__lda_rules *r = &p->lda->rules;
    for (size_t k = 0; k < 2 * r->n_columns; k++) {
        size_t c = k / 2;
        const char *name = vouch_table_name(p->lda->job->table, r->column[c]);
        if (k % 2 ? !r->cuts_by_group : !r->reweighs)
            continue;
        vouch__buf_clear(text);
        vouch__buf_fmt(text, k % 2 ? "a cut-off for each group of %s" : "cases reweighed by %s", name);
        vouch__lda_try *t = text->at ? add(p, k % 2 ? "group cut-offs" : "reweighing", text->at) : NULL;
        if (!t)
            continue;
        *(k % 2 ? &t->by_group : &t->reweighed) = c;
        if (k % 2) { /* the baseline's model, decided otherwise */
            t->fit = 0;
            p->fits--;
        }
    }
}

static void add_draw(planner *p, size_t number, vouch__buf *text)
{
    vouch__lda *lda = p->lda;
    const vouch__param *params = p->plan->kind->params;
    vouch__rng rng = vouch__rng_make(lda->job->project.seed, STREAM + number);
    size_t gone = vouch__rng_below(&rng, 2) ? (size_t)vouch__rng_below(&rng, p->drop + 1) : 0;
    double *value = vouch__scratch(p->ctx, p->plan->kind->n_params + 1, sizeof *value);
    if (!value) {
        p->is_short = true;
        return;
    }
    memcpy(value, p->plan->value, p->plan->kind->n_params * sizeof *value);
    vouch__buf_clear(text);
    say_without(p, 0, gone, text);
    for (size_t k = 0; k < p->n_varied; k++) {
        const varied *v = &p->vary[k];
        size_t at = (size_t)vouch__rng_below(&rng, v->n + 1);
        if (at == v->n || v->value[at] == value[v->param])
            continue;
        value[v->param] = v->value[at];
        vouch__buf_fmt(text, "%s%s ", text->len ? "; " : "", params[v->param].name);
        vouch__buf_double(text, v->value[at]);
    }
    for (size_t i = 0; text->len && i < lda->n; i++)
        if (!strcmp(lda->attempt[i].what, text->at))
            return; /* drawn before */
    vouch__lda_try *t = text->len ? add(p, gone ? "inputs and parameters" : "parameters", text->at) : NULL;
    if (!t)
        return;
    leave_out(p, t, gone, SIZE_MAX);
    t->value = value;
}

/* Every model at other shares of approvals, where what is looked at depends on them. */
static void add_shares(planner *p, vouch__buf *text)
{
    vouch__lda *lda = p->lda;
    size_t models = lda->n;
    for (size_t i = 0; i < models; i++)
        for (size_t k = 0; k < lda->rules.n_shares && lda->attempt[i].by_group == SIZE_MAX; k++) {
            vouch__buf_clear(text);
            vouch__buf_fmt(text, "%s%sapproving ", i ? lda->attempt[i].what : "", i ? "; " : "");
            vouch__buf_double(text, lda->rules.share[k]);
            vouch__lda_try *t = text->at ? add(p, "cut-off", text->at) : NULL;
            if (!t)
                return;
            const char *what = t->what;
            *t = lda->attempt[i];
            t->way = "cut-off";
            t->what = what;
            t->share = lda->rules.share[k];
        }
}

vouch_status vouch__lda_plan(vouch_ctx *ctx, vouch__lda *lda)
{
    const vouch__lda_rules *r = &lda->rules;
    planner p = { .ctx = ctx, .lda = lda, .plan = r->plan, .fits = 1 };
    size_t models = 1 + r->candidates + 2 * r->n_columns;
    bool has_seed = (r->plan->kind->capabilities & VOUCH__CAN_RESUME) != 0;
    vouch__buf text;
    vouch_status status = choose_varied(&p);
    if (status)
        return status;
    for (size_t i = 0; i < lda->n_inputs; i++) /* those that may go, and widen the gap, come first */
        p.drop += lda->input[i].part > 0 && may_go(&p, lda->input[i].column) && p.drop == i;
    p.drop = p.drop < r->drop ? p.drop : r->drop;
    if (p.drop >= lda->job->spec.n_features)
        p.drop = lda->job->spec.n_features - 1;
    p.room = models * (1 + r->n_shares);
    vouch__lda_try *all = vouch__scratch(ctx, p.room, sizeof *all);
    if (!all)
        return vouch__oom(ctx);
    all[0] = lda->attempt[0];
    lda->attempt = all;
    lda->n = 1;
    vouch__buf_init(ctx, &text, 0);
    p.room = models; /* until the shares come */
    for (size_t k = 1; has_seed && k <= r->seeds && lda->n <= r->candidates; k++) {
        vouch__buf_clear(&text);
        vouch__buf_text(&text, "seed ");
        vouch__buf_int(&text, (int64_t)(lda->job->project.seed + k));
        vouch__lda_try *t = text.at ? add(&p, "seed", text.at) : NULL;
        if (t)
            t->seed = lda->job->project.seed + k;
    }
    add_mitigations(&p, &text);
    size_t mitigated = lda->n;
    p.room = 1 + r->candidates > mitigated ? 1 + r->candidates : mitigated;
    add_inputs(&p, &text);
    for (size_t k = 0; k < DRAWS * r->candidates && lda->n < p.room && !p.is_short; k++)
        add_draw(&p, k, &text);
    p.room = models * (1 + r->n_shares);
    add_shares(&p, &text);
    status = vouch__buf_status(ctx, &text);
    vouch__buf_free(&text);
    if (!status && p.is_short)
        status = vouch__oom(ctx);
    return status ? status : vouch__doc_status(ctx, lda->job->list.doc);
}
