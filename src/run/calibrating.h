/* run/calibrating.h: one more map for a model, a scale, and what they did. */
#ifndef VOUCH_CALIBRATING_H
#define VOUCH_CALIBRATING_H

#include "evidence/evidence.h"
#include "strategy/calibrate.h"
#include "vouch/run.h"

typedef struct vouch__calibrating {
    vouch_ctx *ctx;
    const vouch_calibrate_options *o; /* method, its numbers, scale; not model, data or columns */
    const char *folder;               /* where the file o->scale is, NULL: as it is named */
    const vouch_model *model;
    size_t n;             /* cases; 0: none */
    const double *p;      /* [n] the model's probabilities */
    const uint8_t *bad;   /* [n] or NULL */
    const double *weight; /* [n] or NULL */
    const char *data;     /* fingerprint of the data, or NULL */
    const char *part;     /* of the run, or NULL */
    vouch__evidence *list;

    /* What is made of them. */
    double *after; /* [n] */
    vouch__cal_spec spec;
    vouch__calibration *calibration;
    vouch__scale_found found; /* of an optimal scale */
    double z;
} vouch__calibrating;

/* Fails E_ARG a method or scale that is none */
vouch_status vouch__calibrate_check(vouch_ctx *ctx, const vouch_calibrate_options *options);
/* A calibrated copy of w->model, with entries about it in w->list. Fails as vouch_calibrate */
vouch_status vouch__calibrate_model(vouch__calibrating *w, vouch_model **out_model);

/* calibrating_scale.c: the grades that o asks for, into w->calibration. */
vouch_status vouch__calibrate_scale(vouch__calibrating *w, const vouch__cal_data *data);
/* calibrating_tell.c */
void vouch__calibrate_show_map(vouch__calibrating *w, const vouch__map *map, double before, double after);
void vouch__calibrate_show_scale(vouch__calibrating *w);

#endif
