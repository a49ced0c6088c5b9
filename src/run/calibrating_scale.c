/* The grades of a calibration: from a file, the optimal ones of the data, or geometric ones. */
#include "base/file.h"
#include "base/schema.h"
#include "run/calibrating.h"

#include <math.h>

enum { FILE_MAX = 1 << 16 };

static const vouch__key file_keys[] = { { "grades", VOUCH__KEY_LIST, true, 0, 0, NULL } };
static const vouch__key grade_keys[] = { { "pd", VOUCH__KEY_NUMBER, true, 0, 1, NULL },
                                         { "up_to", VOUCH__KEY_NUMBER, false, 0, 1, NULL } };

/* grades: [{pd: .., up_to: ..}, ..], safest first; a bound that is not there is the geometric mean of the
 * PDs. */
static vouch_status read_grades(vouch__calibrating *w, const char *path, const vouch__json *root)
{
    vouch__calibration *c = w->calibration;
    vouch_status status = vouch__schema_check(w->ctx, path, "the scale", root, file_keys, 1);
    const vouch__json *list = vouch__json_get(root, "grades");
    if (status)
        return status;
    if (list->len < 2 || list->len > VOUCH__GRADES_MAX)
        return vouch__schema_fail(w->ctx, path, list, "a scale must have 2 to %d grades", VOUCH__GRADES_MAX);
    c->n_grades = 0;
    for (const vouch__json *node = list->first; node && !status; node = node->next) {
        size_t g = c->n_grades++;
        status = vouch__schema_check(w->ctx, path, "a grade", node, grade_keys, 2);
        c->pd[g] = vouch__json_double(vouch__json_get(node, "pd"), NAN);
        if (!status && g && !(c->pd[g] > c->pd[g - 1]))
            status = vouch__schema_fail(w->ctx, path, node, "the PDs of grades must rise");
        if (node->next)
            c->bound[g] = vouch__json_double(vouch__json_get(node, "up_to"), NAN);
    }
    const vouch__json *node = list->first;
    for (size_t g = 0; g + 1 < c->n_grades && !status; g++, node = node->next) {
        if (isnan(c->bound[g]))
            c->bound[g] = sqrt(c->pd[g] * c->pd[g + 1]);
        if (!(c->bound[g] > 0.0 && c->bound[g] < 1.0 && (g == 0 || c->bound[g] > c->bound[g - 1])))
            status = vouch__schema_fail(w->ctx, path, node,
                                        "up_to must rise from grade to grade, between 0 and 1");
    }
    return status;
}

static vouch_status read_file(vouch__calibrating *w)
{
    vouch__doc *doc = NULL;
    vouch__buf text;
    vouch__buf_init(w->ctx, &text, FILE_MAX);
    char *path = w->folder ? vouch__path_join(w->ctx, w->folder, w->o->scale)
                           : vouch__strdup(w->ctx, w->o->scale);
    vouch_status status = path ? vouch__file_read(w->ctx, path, FILE_MAX, &text) : vouch__oom(w->ctx);
    if (!status)
        status = vouch__yaml_read(w->ctx, w->o->scale, text.at ? text.at : "", text.len, FILE_MAX, &doc);
    if (!status)
        status = read_grades(w, w->o->scale, vouch__doc_root(doc));
    vouch__doc_free(doc);
    vouch__free(vouch__allocator(w->ctx), path);
    vouch__buf_free(&text);
    return status;
}

vouch_status vouch__calibrate_scale(vouch__calibrating *w, const vouch__cal_data *data)
{
    const vouch_calibrate_options *o = w->o;
    if (o->scale)
        return read_file(w);
    if (o->optimal) {
        const vouch__scale_rule rule = { o->grades, o->min_share, o->max_share, o->max_herfindahl, o->max_p };
        return vouch__scale_optimal(w->ctx, data, &rule, w->calibration, &w->found);
    }
    vouch_status status = vouch__scale_geometric(w->ctx, o->grades, o->min_pd, o->max_pd, w->calibration);
    if (!status && w->n && o->min_share > 0.0)
        status = vouch__scale_merge(w->ctx, data, o->min_share, w->calibration);
    return status;
}
