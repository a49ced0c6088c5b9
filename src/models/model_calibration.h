/* models/model_calibration.h: what is done to a model's probability after the model: a few rising maps, one
 * after the other, and a master scale of grades. raw, points, contributions and reasons stay the model's own;
 * so does every order, since no map falls. */
#ifndef VOUCH_MODEL_CALIBRATION_H
#define VOUCH_MODEL_CALIBRATION_H

#include "base/json.h"
#include "models/wire.h"

struct vouch_model;

typedef enum vouch__map_type {
    VOUCH__MAP_LOGIT,  /* logit p' = a + b logit p, b > 0 */
    VOUCH__MAP_SCALE,  /* p' = min(1, a p), a > 0 */
    VOUCH__MAP_PROBIT, /* quantile p' = a + b quantile p of the normal distribution, b > 0 */
    VOUCH__MAP_BETA,   /* logit p' = c + a ln p - b ln(1 - p), a and b >= 0 and not both 0 */
    VOUCH__MAP_KNOTS,  /* straight between points, constant beyond them */
    VOUCH__MAP_GRADES, /* the PD of the grade p falls in */
    VOUCH__MAP_TYPES
} vouch__map_type;

typedef struct vouch__map {
    uint8_t type;
    double a, b, c;
    size_t n;      /* KNOTS */
    double *x, *y; /* [n] in [0, 1], x rising, y not falling; y is behind x in one block */
} vouch__map;

enum { VOUCH__MAPS_MAX = 8, VOUCH__GRADES_MAX = 100 };

/* Grade g holds probabilities above bound[g - 1] up to bound[g]; the last those above all bounds. */
typedef struct vouch__calibration {
    size_t n_maps;
    vouch__map map[VOUCH__MAPS_MAX];
    size_t n_grades;                     /* 0: no scale; else from 2 */
    double bound[VOUCH__GRADES_MAX - 1]; /* [n_grades - 1] rising, in (0, 1) */
    double pd[VOUCH__GRADES_MAX];        /* [n_grades] rising, in [0, 1] */
    char *told;                          /* how it was made: canonical JSON, an array */
    vouch_alloc alloc;
} vouch__calibration;

double vouch__map_apply(const vouch__calibration *c, const vouch__map *map,
                        double p);                                      /* p in [0, 1] or NaN */
double vouch__calibration_apply(const vouch__calibration *c, double p); /* all maps; c NULL: p */
size_t vouch__calibration_grade(const vouch__calibration *c, double p); /* of a calibrated p, from 0 */

/* A copy with room of its own; from NULL gives an empty one. */
vouch_status vouch__calibration_copy(vouch_ctx *ctx, const vouch__calibration *from,
                                     vouch__calibration **out);
void vouch__calibration_free(vouch__calibration *c); /* NULL is fine */
/* Add a map (its points are copied) and a line of told. Fails E_LIMIT, E_ARG a map that could fall, E_NOMEM
 */
vouch_status vouch__calibration_add(vouch_ctx *ctx, vouch__calibration *c, const vouch__map *map);
vouch_status vouch__calibration_tell(vouch_ctx *ctx, vouch__calibration *c, const vouch__json *step);
void vouch__calibration_describe(const vouch__calibration *c, vouch__doc *doc, vouch__json *object);

void vouch__calibration_save(const vouch__calibration *c, vouch__buf *out);
vouch_status vouch__calibration_load(vouch_ctx *ctx, vouch__wire *in, vouch__calibration **out);

/* A copy of a model with that calibration, which is taken on success. */
vouch_status vouch__model_calibrated(vouch_ctx *ctx, const struct vouch_model *model,
                                     vouch__calibration *calibration, struct vouch_model **out_model);

#endif
