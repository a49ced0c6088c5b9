/* fake_service.h: a service whose decider is three lines: input "income", approve from 100 on, decline below,
 * refer when missing. In a header, for fuzz targets do not link the support library. */
#ifndef FAKE_SERVICE_H
#define FAKE_SERVICE_H

#include "serve/service.h"

#include <math.h>

static vouch_status fake_decide(vouch_ctx *ctx, const void *decider, const vouch__json *row, vouch__doc *doc,
                                vouch__decide_times *times, vouch__json **out_decision)
{
    const vouch__json *income = vouch__json_get(row, "income");
    double x = income && income->type == VOUCH__JSON_NULL ? NAN : vouch__json_double(income, INFINITY);
    (void)decider, (void)times;
    if (isinf(x))
        return vouch__fail(ctx, VOUCH_E_DATA, "decide: column 'income' must be a finite number or null");
    vouch__json *d = vouch__json_object(doc);
    (void)vouch__json_set(doc, d, "decision",
                          vouch__json_text(doc, isnan(x)   ? "refer"
                                                : x >= 100 ? "approve"
                                                           : "decline"));
    (void)vouch__json_set(doc, d, "probability", vouch__json_number(doc, x >= 100 ? 0.25 : 0.75));
    (void)vouch__json_set(doc, d, "model", vouch__json_text(doc, "f00d"));
    vouch_status status = vouch__doc_status(ctx, doc);
    if (!status)
        *out_decision = d;
    return status;
}

static inline vouch_status fake_service(vouch_ctx *ctx, vouch_store *store, const vouch_key *key,
                                        size_t max_body, size_t max_rows, vouch__service **out_service)
{
    vouch__service *service = NULL;
    vouch_status status = vouch__service_new(ctx, store, key, NULL, max_body, max_rows, &service);
    if (status)
        return status;
    vouch__serving *s = &service->serving;
    status = vouch__doc_new(ctx, &s->doc);
    if (status) {
        vouch__service_free(service);
        return status;
    }
    vouch__json *about = vouch__json_object(s->doc);
    (void)vouch__json_set(s->doc, about, "name", vouch__json_text(s->doc, "cards"));
    vouch__json *inputs = vouch__json_set(s->doc, about, "inputs", vouch__json_array(s->doc));
    vouch__json *input = vouch__json_push(s->doc, inputs, vouch__json_object(s->doc));
    (void)vouch__json_set(s->doc, input, "name", vouch__json_text(s->doc, "income"));
    s->about = about;
    s->inputs = inputs;
    s->name = "cards";
    s->kind = "scorecard";
    s->fingerprint = s->bundle = "f00d";
    s->decide = fake_decide;
    service->stamp = 0; /* as the registry has it while nothing is approved: it is not replaced */
    status = vouch__doc_status(ctx, s->doc);
    if (status)
        vouch__service_free(service);
    else
        *out_service = service;
    return status;
}

#endif
