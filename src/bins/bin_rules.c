/* The rules of binning, from text. */
#include "bins/bin_rules.h"

#include "bins/cut_grid.h"

#include <math.h>
#include <string.h>

enum {
    KIND,
    EVENT,
    TREND,
    MAX_BINS,
    MIN_BINS,
    MAX_CELLS,
    MIN_SHARE,
    MAX_SHARE,
    MIN_EVENTS,
    MIN_GAP,
    MAX_P,
    SPLITS,
    FIXED,
    SPECIAL,
    GRID,
    WITH,
    PARAMS
};
enum { LIST_MAX = VOUCH__CELLS_MAX - 1 };

static const vouch__param param[PARAMS] = {
    [KIND] = { "kind", VOUCH__PARAM_CHOICE, 0, 0, VOUCH__AUTO_KIND, "binary|continuous|count|classes|auto",
               "", "What the target is." },
    [EVENT] = { "event", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
                "Of a target of two values the one that is the event; 0 and 1: 1." },
    [TREND] = { "trend", VOUCH__PARAM_CHOICE, 0, 0, VOUCH__AUTO_TREND,
                "any|rising|falling|peak|valley|convex|concave|auto", "",
                "How levels go from bin to bin; auto: the better of rising and falling." },
    [MAX_BINS] = { "max_bins", VOUCH__PARAM_INTEGER, 1, 50, 8, NULL, "",
                   "Most bins, not counting those for special codes and missing." },
    [MIN_BINS] = { "min_bins", VOUCH__PARAM_INTEGER, 1, 50, 1, NULL, "", "Fewest bins." },
    [MAX_CELLS] = { "max_cells", VOUCH__PARAM_INTEGER, 2, VOUCH__CELLS_MAX, 50, NULL, "",
                    "How finely values are told apart before bins are chosen." },
    [MIN_SHARE] = { "min_share", VOUCH__PARAM_REAL, 0, 1, 0.05, NULL, "",
                    "Smallest share of the weight in a bin." },
    [MAX_SHARE] = { "max_share", VOUCH__PARAM_REAL, 0, 1, 1, NULL, "",
                    "Largest share of the weight in a bin." },
    [MIN_EVENTS] = { "min_events", VOUCH__PARAM_REAL, 0, 1e9, 5, NULL, "rows",
                     "Fewest rows of each class, or events of a count, in a bin." },
    [MIN_GAP] = { "min_gap", VOUCH__PARAM_REAL, 0, 1e300, 0, NULL, "",
                  "Least difference of neighbours' levels." },
    [MAX_P] = { "max_p", VOUCH__PARAM_REAL, 0, 1, 1, NULL, "",
                "Greatest p-value of the test that neighbours' levels differ." },
    [SPLITS] = { "splits", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "", "The only places where a range may end." },
    [FIXED] = { "fixed", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "", "Places where a range must end." },
    [SPECIAL] = { "special", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "", "Values that are codes, not amounts." },
    [GRID] = { "grid", VOUCH__PARAM_INTEGER, 2, VOUCH__GRID_MAX, 6, NULL, "",
               "Cells of each variable where two are binned at once." },
    [WITH] = { "with", VOUCH__PARAM_TREE, 0, 0, 0, NULL, "",
               "Of the second variable: trend, splits, fixed, special, grid." },
};
enum { WITH_TREND, WITH_SPLITS, WITH_FIXED, WITH_SPECIAL, WITH_GRID, WITH_PARAMS };
static const size_t of_with[WITH_PARAMS] = { TREND, SPLITS, FIXED, SPECIAL, GRID };

static const char *const kind_names[] = { "binary", "continuous", "count", "classes" };
static const char *const trend_names[] = {
    "any", "rising", "falling", "peak", "valley", "convex", "concave"
};

const char *vouch__trend_name(vouch__trend trend) { return trend_names[trend]; }
const char *vouch__bin_kind_name(vouch__bin_target kind) { return kind_names[kind]; }

/* A list of ascending finite numbers. */
static vouch_status read_list(vouch_ctx *ctx, const vouch__json *root, const char *key, const double **out,
                              size_t *out_n)
{
    const vouch__json *list = vouch__json_get(root, key);
    size_t n = 0;
    *out = NULL;
    *out_n = 0;
    if (!list)
        return VOUCH_OK;
    if (list->type != VOUCH__JSON_ARRAY)
        return vouch__json_fail(ctx, VOUCH_E_FORMAT, "rules", list, "%s must be a list of numbers", key);
    double *value = vouch__scratch(ctx, LIST_MAX + 1, sizeof *value);
    if (!value)
        return vouch__oom(ctx);
    for (const vouch__json *at = list->first; at; at = at->next) {
        double x = at->type == VOUCH__JSON_NUMBER ? vouch__json_double(at, NAN) : NAN;
        if (!isfinite(x))
            return vouch__json_fail(ctx, VOUCH_E_FORMAT, "rules", at, "%s must hold finite numbers", key);
        if (n > 0 && !(x > value[n - 1]))
            return vouch__json_fail(ctx, VOUCH_E_FORMAT, "rules", at, "%s must ascend", key);
        if (n == LIST_MAX)
            return vouch__json_fail(ctx, VOUCH_E_FORMAT, "rules", at, "%s may hold at most %d numbers", key,
                                    (int)LIST_MAX);
        value[n++] = x;
    }
    *out = value;
    *out_n = n;
    return VOUCH_OK;
}

/* Texts and numbers alike as text, kept in scratch: what a target holds is not known here. */
static vouch_status read_event(vouch_ctx *ctx, const vouch__json *root, const char **out)
{
    const vouch__json *at = vouch__json_get(root, "event");
    char number[VOUCH__DOUBLE_MAX];
    const char *text = at && at->type == VOUCH__JSON_STRING ? at->text : number;
    if (!at)
        return VOUCH_OK;
    if (at->type == VOUCH__JSON_NUMBER)
        (void)vouch__double_text(at->number, number);
    else if (at->type != VOUCH__JSON_STRING)
        return vouch__json_fail(ctx, VOUCH_E_FORMAT, "rules", at, "event must be a value of the target");
    char *copy = vouch__scratch(ctx, strlen(text) + 1, 1);
    if (!copy)
        return vouch__oom(ctx);
    *out = memcpy(copy, text, strlen(text) + 1);
    return VOUCH_OK;
}

static vouch_status read_lists(vouch_ctx *ctx, const vouch__json *root, vouch__bin_rules *out)
{
    vouch_status status = read_list(ctx, root, "splits", &out->split, &out->n_splits);
    if (!status)
        status = read_list(ctx, root, "fixed", &out->fixed, &out->n_fixed);
    return status ? status : read_list(ctx, root, "special", &out->special, &out->n_special);
}

static vouch_status check(vouch_ctx *ctx, const vouch__json *root, const vouch__bin_rules *r)
{
    if (r->min_bins > r->max_bins)
        return vouch__json_fail(ctx, VOUCH_E_FORMAT, "rules", vouch__json_get(root, "min_bins"),
                                "min_bins is above max_bins");
    if (r->min_share > r->max_share)
        return vouch__json_fail(ctx, VOUCH_E_FORMAT, "rules", vouch__json_get(root, "min_share"),
                                "min_share is above max_share");
    for (size_t f = 0; r->n_splits > 0 && f < r->n_fixed; f++) {
        bool found = false;
        for (size_t s = 0; s < r->n_splits; s++)
            found = found || r->split[s] == r->fixed[f];
        if (!found)
            return vouch__json_fail(ctx, VOUCH_E_FORMAT, "rules",
                                    vouch__json_at(vouch__json_get(root, "fixed"), f),
                                    "what is fixed must be one of splits");
    }
    return VOUCH_OK;
}

/* What is said of the second variable; bounds are of the bins, so of both. */
static vouch_status read_with(vouch_ctx *ctx, const vouch__json *root, vouch__bin_rules *out)
{
    vouch__param some[WITH_PARAMS];
    vouch__bin_rules *with = vouch__scratch(ctx, 1, sizeof *with);
    double v[WITH_PARAMS];
    if (!with)
        return vouch__oom(ctx);
    for (size_t k = 0; k < WITH_PARAMS; k++)
        some[k] = param[of_with[k]];
    some[WITH_GRID].value = (double)out->grid;
    const vouch__param_table table = { "rules of", "the second variable", some, WITH_PARAMS };
    vouch_status status = vouch__param_read(ctx, &table, root, NULL, 0, v);
    if (status)
        return status;
    *with = *out;
    with->trend = (size_t)v[WITH_TREND];
    with->grid = (size_t)v[WITH_GRID];
    status = read_lists(ctx, root, with);
    out->with = with;
    return status ? status : check(ctx, root, with);
}

static vouch_status interpret(vouch_ctx *ctx, const vouch__json *root, vouch__bin_rules *out)
{
    const vouch__param_table table = { "rules of", "binning", param, PARAMS };
    double v[PARAMS];
    vouch_status status = vouch__param_read(ctx, &table, root, NULL, 0, v);
    if (status)
        return status;
    *out = (vouch__bin_rules){ .kind = (size_t)v[KIND],
                               .trend = (size_t)v[TREND],
                               .max_bins = (size_t)v[MAX_BINS],
                               .min_bins = (size_t)v[MIN_BINS],
                               .max_cells = (size_t)v[MAX_CELLS],
                               .min_share = v[MIN_SHARE],
                               .max_share = v[MAX_SHARE],
                               .min_events = v[MIN_EVENTS],
                               .min_gap = v[MIN_GAP],
                               .max_p = v[MAX_P],
                               .grid = (size_t)v[GRID] };
    status = read_event(ctx, root, &out->event);
    if (!status)
        status = read_lists(ctx, root, out);
    if (!status)
        status = check(ctx, root, out);
    return status ? status : read_with(ctx, vouch__json_get(root, "with"), out);
}

vouch_status vouch__bin_rules_read(vouch_ctx *ctx, const char *text, vouch__bin_rules *out)
{
    vouch__doc *doc = NULL;
    if (!text)
        return interpret(ctx, NULL, out);
    vouch_status status = vouch__yaml_read(ctx, "rules", text, strlen(text), 1 << 20, &doc);
    if (!status)
        status = interpret(ctx, vouch__doc_root(doc), out);
    vouch__doc_free(doc);
    return status;
}
