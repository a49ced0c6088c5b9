/* Every test of the catalogue on input that no one plans for, outcomes of events, of classes and on a scale:
 * nothing, one case, one outcome, ties, missing values, infinities, weights of nothing, groups of three. A
 * test may answer or refuse; it may not be silent, nor give a number that is none, nor be judged by one. */
#include "base/embedded.h"
#include "fit_kit.h"
#include "formula.h"
#include "trial.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define USUAL                                                                                                \
    "'probability':[0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.15,0.25,0.35,0.45],"                                   \
    "'score':[-2.2,-1.4,-0.8,-0.4,0,0.4,0.8,1.4,-1.7,-1.1,-0.6,-0.2],"                                       \
    "'rival':[-2,-1.6,-0.7,-0.5,0.1,0.3,0.9,1.2,-1.5,-1,-0.9,-0.1],"                                         \
    "'bad':[0,0,1,0,0,1,1,1,0,0,0,1],'amount':[5,1,2,2,9,1,4,4,3,1,1,7],"                                    \
    "'date':[1,2,3,4,5,6,7,8,9,10,11,12],'group':['a','a','a','b','b','b','a','a','a','b','b','c'],"         \
    "'segment':['x','x','x','y','y','y','x','x','y','y','x','z'],"                                           \
    "'grade':[1,1,2,2,3,3,3,3,1,1,2,2],'grade_before':[1,2,2,2,3,2,3,3,1,1,1,3],"                            \
    "'columns':{'id':[1,2,3,4,5,6,7,8,9,10,11,12],'amount':[5,1,2,2,9,1,4,4,3,1,1,7],"                       \
    "'region':['n','s','n','n','s','s','n','w','n','n','s','s'],"                                            \
    "'gap':[1,null,2,null,3,4,null,2,1,1,1,1],'still':[1,1,1,1,1,1,1,1,1,1,1,1],"                            \
    "'when':[1,2,3,4,5,6,7,8,9,10,11,12],'y':[0,0,1,0,0,1,1,1,0,0,0,1]},"                                    \
    "'dates':['when'],'not_features':['y','id'],'id':'id','label':'y','time':'when'"

/* Outcomes on a scale, of twelve cases, and all that may stand beside them. */
#define SCALE                                                                                                \
    "'score':[1,2,3,4,5,6,7,8,1.5,2.5,3.5,4.5],'rival':[2,2,2,5,5,5,7,7,2,2,3,4],"                           \
    "'amount':[5,1,2,2,9,1,4,4,3,1,1,7],'date':[1,2,3,4,5,6,7,8,9,10,11,12],"                                \
    "'group':['a','a','a','b','b','b','a','a','a','b','b','c'],"                                             \
    "'segment':['x','x','x','y','y','y','x','x','y','y','x','z'],'grade':[1,1,2,2,3,3,3,3,1,1,2,2],"         \
    "'grade_before':[1,2,2,2,3,2,3,3,1,1,1,3],'columns':{'region':['n','s','n','n','s','s','n','w','n','n'," \
    "'s','s'],'gap':[1,null,2,null,3,4,null,2,1,1,1,1],'still':[1,1,1,1,1,1,1,1,1,1,1,1],"                   \
    "'x':[2,1,4,3,6,5,8,7,2,3,3,5]}"

static const struct {
    const char *name, *json;
} inputs[] = {
    { "usual", "{" USUAL "}" },
    { "nothing at all", "{}" },
    { "no cases",
      "{'probability':[],'score':[],'rival':[],'bad':[],'amount':[],'date':[],'group':[],'segment':[],"
      "'grade':[],'grade_before':[],'columns':{'x':[],'y':[]},'label':'y','not_features':['y']}" },
    { "one good case",
      "{'probability':[0.2],'score':[-1],'rival':[0],'bad':[0],'amount':[1],'date':[3],'group':['a'],"
      "'segment':['a'],'grade':[1],'grade_before':[1],'columns':{'x':[1],'t':['a'],'y':[0]},'label':'y',"
      "'not_features':['y']}" },
    { "one bad case",
      "{'probability':[0.2],'score':[-1],'rival':[0],'bad':[1],'amount':[1],'date':[3],'group':['a'],"
      "'segment':['a'],'grade':[1],'grade_before':[1],'columns':{'x':[1],'t':['a'],'y':[1]},'label':'y',"
      "'not_features':['y']}" },
    { "two cases",
      "{'probability':[0.2,0.9],'score':[-1,2],'rival':[0,1],'bad':[0,1],'amount':[1,2],'date':[3,4],"
      "'group':['a','b'],'segment':['a','b'],'grade':[1,2],'grade_before':[1,2],"
      "'columns':{'x':[1,2],'t':['a','b'],'y':[0,1]},'label':'y','not_features':['y']}" },
    { "all good", "{'probability':[0.2,0.9,0.3,0.4],'score':[-1,2,0,1],'rival':[0,1,2,3],'bad':[0,0,0,0],"
                  "'amount':[1,2,3,4],'date':[3,4,5,6],'group':['a','b','a','b'],'segment':['a','b','a','b'],"
                  "'grade':[1,2,1,2],'grade_before':[1,2,2,1],'columns':{'x':[1,2,3,4],'t':['a','b','a','b'],"
                  "'y':[0,0,0,0]},'label':'y','not_features':['y']}" },
    { "all bad", "{'probability':[0.2,0.9,0.3,0.4],'score':[-1,2,0,1],'rival':[0,1,2,3],'bad':[1,1,1,1],"
                 "'amount':[1,2,3,4],'date':[3,4,5,6],'group':['a','b','a','b'],'segment':['a','b','a','b'],"
                 "'grade':[1,2,1,2],'grade_before':[1,2,2,1],'columns':{'x':[1,2,3,4],'t':['a','b','a','b'],"
                 "'y':[1,1,1,1]},'label':'y','not_features':['y']}" },
    { "all ties",
      "{'probability':[0.5,0.5,0.5,0.5,0.5,0.5],'score':[0,0,0,0,0,0],'rival':[1,1,1,1,1,1],"
      "'bad':[0,1,0,1,1,0],'amount':[1,1,1,1,1,1],'date':[3,3,3,3,3,3],'group':['a','a','a','a','a','a'],"
      "'segment':['a','a','a','a','a','a'],'grade':[1,1,1,1,1,1],'grade_before':[1,1,1,1,1,1],"
      "'columns':{'x':[1,1,1,1,1,1],'t':['a','a','a','a','a','a'],'y':[0,1,0,1,1,0]},'label':'y',"
      "'not_features':['y']}" },
    { "separated",
      "{'probability':[0,0,0,1,1,1],'score':[-9,-9,-9,9,9,9],'rival':[-9,-9,-9,9,9,9],'bad':[0,0,0,1,1,1],"
      "'amount':[0,0,0,0,0,0],'date':[1,2,3,4,5,6],'group':['a','a','a','b','b','b'],"
      "'segment':['a','a','a','b','b','b'],'grade':[1,1,1,2,2,2],'grade_before':[2,2,2,1,1,1],"
      "'columns':{'x':[0,0,0,1,1,1],'t':['a','a','a','b','b','b'],'y':[0,0,0,1,1,1]},'label':'y',"
      "'not_features':['y']}" },
    { "everything missing",
      "{'probability':[null,null,null],'score':[null,null,null],'rival':[null,null,null],"
      "'bad':[null,null,null],'amount':[null,null,null],'date':[null,null,null],'group':[null,null,null],"
      "'segment':[null,null,null],'grade':[null,null,null],'grade_before':[null,null,null],"
      "'columns':{'x':[null,null,null],'t':['a',null,null],'y':[null,null,null]},'label':'y',"
      "'not_features':['y']}" },
    { "some outcomes missing",
      "{'probability':[0.5,0.4,null,0.5,0.2,0.5],'score':[0,1,2,null,0,3],'rival':[1,null,1,1,1,1],"
      "'bad':[0,1,0,1,null,null],'amount':[1,null,1,1,1,1],'date':[3,null,3,3,3,3],"
      "'group':['a',null,'a','a','b','a'],'segment':['a',null,'a','a','b','a'],"
      "'grade':[1,null,1,2,2,1],'grade_before':[1,null,1,2,2,1],"
      "'columns':{'x':[1,null,1,1,2,1],'t':['a','b',null,'a','a','a'],'y':[0,1,0,1,null,null]},"
      "'label':'y','not_features':['y']}" },
    { "infinite scores",
      "{'probability':[0,1,0.5,0.5,0.2,0.5],'score':['-Infinity','Infinity',2,0,0,'Infinity'],"
      "'rival':['Infinity','Infinity',1,1,1,'-Infinity'],'bad':[0,1,0,1,1,0],'amount':[1,1,1,1,1,1],"
      "'date':[1,2,3,4,5,6],'group':['a','b','a','a','b','a'],'segment':['a','b','a','a','b','a'],"
      "'grade':[1,1,1,2,2,1],'grade_before':[1,2,1,2,2,1],"
      "'columns':{'x':['Infinity',1,'-Infinity',1,2,1],'t':['a','b','a','a','a','a'],'y':[0,1,0,1,1,0]},"
      "'label':'y','not_features':['y']}" },
    { "classes",
      "{'class':['a','b','c',null,'a','b'],'class_probability':[[0.5,0.3,0.2],[0.2,0.6,0.2],[0,0,1],"
      "[1,0,0],[null,1,0],[0.4,0.3,0.3]]}" },
    { "one class alone", "{'class':['a','a','a'],'class_probability':[[1],[1],[1]]}" },
    { "two classes, one case each", "{'class':['a','b'],'class_probability':[[1,0],[0,1]]}" },
    { "classes that do not add up", "{'class':['a','b'],'class_probability':[[0.9,0.3],[-1,2]]}" },
    { "no cases of classes", "{'class':[],'class_probability':[]}" },
    { "classes all tied",
      "{'class':['a','b','a','b'],'class_probability':[[0.5,0.5],[0.5,0.5],[0.5,0.5],[0.5,0.5]]}" },
    { "numbers", "{" SCALE ",'target':[0,2.5,2,5,4,7,6,9,1,2,4,4]}" },
    { "numbers with some missing", "{" SCALE ",'target':[0,null,2,5,null,7,6,9,1,2,null,4]}" },
    { "numbers all missing",
      "{" SCALE ",'target':[null,null,null,null,null,null,null,null,null,null,null,null]}" },
    { "numbers all alike", "{" SCALE ",'target':[3,3,3,3,3,3,3,3,3,3,3,3]}" },
    { "numbers all 0", "{" SCALE ",'target':[0,0,0,0,0,0,0,0,0,0,0,0]}" },
    { "numbers below 0", "{" SCALE ",'target':[-1,-2.5,-2,-5,-4,-7,-6,-9,-1,-2,-4,-4]}" },
    { "numbers told exactly", "{" SCALE ",'target':[1,2,3,4,5,6,7,8,1.5,2.5,3.5,4.5]}" },
    { "an infinite number", "{" SCALE ",'target':[0,'Infinity',2,5,4,'-Infinity',6,9,1,2,4,4]}" },
    { "huge numbers", "{" SCALE ",'target':[1e300,-1e300,1e308,5,4,7e-300,6,-1.7e308,1,1e-320,4,4]}" },
    { "numbers, weights of nothing",
      "{" SCALE ",'target':[0,2.5,2,5,4,7,6,9,1,2,4,4],'weight':[0,0,0,0,0,0,0,0,0,0,0,0]}" },
    { "numbers, huge and tiny weights",
      "{" SCALE ",'target':[0,2.5,2,5,4,7,6,9,1,2,4,4],'weight':[1e300,1e-300,1,1,1,1,1,1,1,1,1,1]}" },
    { "no numbers", "{'score':[],'rival':[],'target':[],'amount':[],'columns':{'x':[]}}" },
    { "one number", "{'score':[1],'rival':[2],'target':[3],'amount':[4],'date':[5],'columns':{'x':[1]}}" },
    { "two numbers, tied",
      "{'score':[1,1],'rival':[2,2],'target':[3,3],'amount':[4,4],'date':[5,5],'columns':{'x':[1,1]}}" },
    { "probabilities out of range",
      "{'probability':[-0.1,1.2,0.5,'Infinity'],'score':[1,2,3,4],'rival':[1,2,3,4],'bad':[0,1,0,1],"
      "'amount':[-1,'Infinity',1,1],'date':[1,2,3,4]}" },
    { "weights of nothing", "{" USUAL ",'weight':[0,0,0,0,0,0,0,0,0,0,0,0]}" },
    { "huge and tiny weights", "{" USUAL ",'weight':[1e300,1e-300,1,1,1,1,1,1,1,1,1,1]}" },
    { "negative weights", "{" USUAL ",'weight':[-1,1,1,1,1,1,1,1,1,1,1,1]}" },
    { "missing weights", "{" USUAL ",'weight':[null,1,1,2,1,1,1,3,1,1,1,1]}" },
};
enum { N_INPUTS = sizeof inputs / sizeof *inputs };

static bool is(const vouch__json *entry, const char *key, const char *value)
{
    const char *text = vouch__json_string(vouch__json_get(entry, key));
    return text && !strcmp(text, value);
}

/* Some table of an entry has a row. */
static bool has_rows(const vouch__json *e)
{
    const vouch__json *tables = vouch__json_get(e, "tables");
    for (const vouch__json *t = tables ? tables->first : NULL; t; t = t->next)
        if (vouch__json_get(t, "rows")->first)
            return true;
    return false;
}

static bool is_finite(const vouch__json *of, const char *key)
{
    return isfinite(vouch__json_double(vouch__json_get(of, key), (double)NAN));
}

/* An entry says something: a value, or tables, or why there is none. What was judged, or has an interval, is
 * a number; one without end is explained. */
static bool speaks(const vouch__json *e)
{
    const vouch__json *value = vouch__json_get(e, "value"), *interval = vouch__json_get(e, "interval");
    const char *note = vouch__json_string(vouch__json_get(e, "note"));
    bool says = value && value->type != VOUCH__JSON_NULL, explains = note && *note;
    if (is(e, "verdict", "refused") || is(e, "verdict", "not-applicable"))
        return explains;
    if ((says && !is_finite(e, "value") && !explains) || (vouch__json_get(e, "policy") && !says))
        return false;
    if (interval && (!is_finite(interval, "low") || !is_finite(interval, "high")) && !explains)
        return false;
    return says || has_rows(e) || (vouch__json_get(e, "tables") && explains);
}

/* A few trees fitted to these very cases, outcome and all; NULL where they allow none. */
static vouch_model *trees_of(vouch_ctx *ctx, const vouch__sample *s)
{
    vouch_model *model = NULL;
    const kit_fit spec = { .table = s->table,
                           .n_train = s->n,
                           .target = s->target,
                           .params = "{trees: 3, depth: 2, min_child_rows: 1, min_child_weight: 0}" };
    for (size_t i = 0; i < s->n; i++)
        if (!s->target || isnan(s->target[i]))
            return NULL;
    return s->table && s->n && kit_model(ctx, &spec, &model) == VOUCH_OK ? model : NULL;
}

static const vouch__policy *usual_limits(void)
{
    static vouch__policy *policy;
    const vouch__embedded *file = vouch__embedded_find("policy/default.yaml");
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    if (!policy)
        assert_ok(ctx, vouch__policy_read(ctx, file->path, file->text, file->len, &policy));
    vouch_ctx_free(ctx);
    return policy;
}

static void on_model(const vouch_test *test, const char *name, const vouch__sample *now,
                     const vouch__sample *before, const vouch__json *params, bool by_trees)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__evidence list;
    char what[256];
    (void)snprintf(what, sizeof what, "%s on %s", test->id, name);
    assert_ok(ctx, vouch__evidence_new(ctx, usual_limits(), &list));
    bool needs = (test->needs & VOUCH__NEEDS_MODEL) && now->n_features;
    vouch_model *trees = needs && by_trees ? trees_of(ctx, now) : NULL;
    const vouch_model *model = trees   ? trees
                               : needs ? formula_of_features(now->table, now->n_features, now->feature)
                                       : NULL;
    check_status(ctx, trial_run_model(ctx, test, model, now, before, params, &list), VOUCH_OK, what, __FILE__,
                 __LINE__);
    if (!list.entries->first)
        fail_msg("%s says nothing", what);
    for (const vouch__json *e = list.entries->first; e; e = e->next) {
        if (!speaks(e)) {
            vouch__buf text;
            vouch__buf_init(ctx, &text, 0);
            vouch__json_write(&text, e);
            print_error("%s\n", text.at);
            vouch__buf_free(&text);
            fail_msg("%s gives an entry without value, tables or reason", what);
        }
        double p = vouch__json_double(vouch__json_get(e, "p_value"), 0.5);
        if (!(p >= 0.0 && p <= 1.0))
            fail_msg("%s gives a p-value of %g", what, p);
        if (!is(e, "section", test->section) || !is(e, "id", test->id))
            fail_msg("%s gives an entry of another test", what);
    }
    vouch__evidence_free(&list);
    vouch_model_free(trees);
    vouch_ctx_free(ctx);
}

static void on(const vouch_test *test, const char *name, const vouch__sample *now,
               const vouch__sample *before, const vouch__json *params)
{
    on_model(test, name, now, before, params, false);
}

static void every_test_answers_or_refuses(void **state)
{
    (void)state;
    vouch__sample sample[N_INPUTS];
    for (size_t i = 0; i < N_INPUTS; i++)
        sample[i] = trial_read(inputs[i].json);
    for (size_t t = 0; t < vouch_test_count(); t++)
        for (size_t i = 0; i < N_INPUTS; i++) {
            bool is_scale = strstr(inputs[i].name, "number") != NULL;
            if (is_scale && !((vouch_test_at(t)->needs | vouch_test_at(t)->uses) & VOUCH__NEEDS_TARGET))
                continue; /* the same as the usual cases without outcomes */
            on(vouch_test_at(t), inputs[i].name, &sample[i], NULL, NULL);
            on(vouch_test_at(t), inputs[i].name, &sample[i], &sample[i], NULL);
            on(vouch_test_at(t), inputs[i].name, &sample[i], &sample[0], NULL);
            on(vouch_test_at(t), "the usual against such a reference", &sample[0], &sample[i], NULL);
            if (vouch_test_at(t)->needs & VOUCH__NEEDS_MODEL)
                on_model(vouch_test_at(t), inputs[i].name, &sample[i], &sample[i], NULL, true);
        }
}

/* At either end of each parameter's range the test still answers. */
static void every_parameter_works_at_its_ends(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__sample usual = trial_read(inputs[0].json);
    for (size_t t = 0; t < vouch_test_count(); t++) {
        const vouch_test *test = vouch_test_at(t);
        for (size_t i = 0; i < test->n_params; i++)
            for (int end = 0; end <= 1; end++) {
                const vouch__param *p = &test->params[i];
                vouch__doc *doc = NULL;
                char name[160];
                if (p->type == VOUCH__PARAM_TREE)
                    continue;
                assert_ok(ctx, vouch__doc_new(ctx, &doc));
                vouch__json *given = vouch__json_object(doc);
                double top = p->hi;
                if (p->type == VOUCH__PARAM_CHOICE || p->type == VOUCH__PARAM_FLAG) {
                    top = p->type == VOUCH__PARAM_FLAG ? 1 : 0;
                    for (const char *c = p->choices; p->type == VOUCH__PARAM_CHOICE && *c; c++)
                        top += *c == '|';
                }
                double low = p->type == VOUCH__PARAM_CHOICE || p->type == VOUCH__PARAM_FLAG ? 0 : p->lo;
                vouch__json_set(doc, given, p->name, vouch__param_json(doc, p, end ? top : low));
                (void)snprintf(name, sizeof name, "%s at its %s end", p->name, end ? "upper" : "lower");
                on(test, name, &usual, &usual, given);
                vouch__doc_free(doc);
            }
    }
    vouch_ctx_free(ctx);
}

/* What a test needs is what it is refused without, and the words are all there. */
static void every_row_is_complete(void **state)
{
    (void)state;
    for (size_t t = 0; t < vouch_test_count(); t++) {
        const vouch_test *test = vouch_test_at(t);
        const char *const text[] = { test->id,        test->section,    test->title,     test->purpose,
                                     test->mechanism, test->convention, test->high_risk, test->strengths,
                                     test->limits,    test->source };
        for (size_t i = 0; i < sizeof text / sizeof *text; i++)
            if (!text[i] || !*text[i])
                fail_msg("%s: text %zu of its row is missing", test->id ? test->id : "?", i);
        for (size_t i = 3; i < sizeof text / sizeof *text; i++) {
            char last = text[i][strlen(text[i]) - 1];
            if (i < 9 && last != '.' && last != '?')
                fail_msg("%s: '%s' is not a sentence", test->id, text[i]);
        }
        for (size_t i = 0; i < test->n_params; i++)
            if (!test->params[i].help || !*test->params[i].help || !test->params[i].unit)
                fail_msg("%s: parameter %s has no help", test->id, test->params[i].name);
        for (size_t k = 0; k < t; k++)
            if (!strcmp(vouch_test_at(k)->id, test->id))
                fail_msg("two tests are called %s", test->id);
        assert_ptr_equal(vouch_test_find(test->id), test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_row_is_complete),
                                        cmocka_unit_test(every_test_answers_or_refuses),
                                        cmocka_unit_test(every_parameter_works_at_its_ends) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
