/* vouch_serve: the approved model of a store behind the HTTP front end. */
#include "vouch/serve.h"

#include "serve/http.h"

vouch_status vouch_serve(vouch_ctx *ctx, const vouch_serve_options *options)
{
    vouch_store *store = NULL;
    vouch__service *service = NULL;
    if (!vouch__http_loopback(options->address))
        return vouch__fail(
            ctx, VOUCH_E_DENIED,
            "serve: %s is not this machine alone; beyond loopback TLS and authentication are needed",
            options->address);
    vouch_status status = vouch_store_open(ctx, options->store, 0, &store);
    if (!status) /* told now rather than at the first decision */
        status = vouch__ledger_may(ctx, store, options->key, "service");
    if (!status)
        status = vouch__service_new(ctx, store, options->key, options->model, options->max_body,
                                    options->max_rows, &service);
    if (!status)
        status = vouch__service_refresh(ctx, service);
    if (!status && !service->serving.fingerprint)
        status = vouch__fail(ctx, VOUCH_E_NOTFOUND, "serve: no model is approved");
    if (!status)
        status = vouch__http_serve(ctx, options, service);
    vouch__service_free(service);
    vouch_store_close(store);
    return status;
}
