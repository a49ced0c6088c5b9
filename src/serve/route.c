/* The routes, in one table, and what every request has in common: finding its route, counting it, and turning
 * a failure into a code and one line of JSON. */
#include "serve/route.h"

#include "serve/service.h"

#include <string.h>

typedef vouch_status handler(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                             const char *rest, vouch__response *response, vouch__pending **out_pending);

static handler get_index, get_health, get_ready, get_metrics, get_model;

/* A path that ends in {…} takes any last part. GET answers HEAD too. */
static const struct route {
    const char *method, *path;
    handler *handle;
    const char *content_type, *help;
} routes[] = {
    { "GET", "/", get_index, "text/html; charset=utf-8", "this page" },
    { "GET", "/healthz", get_health, "application/json", "the process runs" },
    { "GET", "/readyz", get_ready, "application/json", "an approved model serves" },
    { "GET", "/metrics", get_metrics, "text/plain; version=0.0.4; charset=utf-8", "counters for Prometheus" },
    { "GET", "/v1/model", get_model, "application/json", "the model that serves, and its inputs" },
    { "POST", "/v1/decisions", vouch__decisions_post, "application/json",
      "decide {\"row\": {…}} or {\"rows\": [{…}, …]}; Idempotency-Key is honoured" },
    { "GET", "/v1/decisions/{id}", vouch__decisions_get, "application/json", "a decision as it was stored" },
};
enum { N_ROUTES = sizeof routes / sizeof *routes };
_Static_assert(N_ROUTES == VOUCH__METRIC_ROUTES - 1, "every route is counted, and the rest as one more");

static vouch_status get_index(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                              const char *rest, vouch__response *response, vouch__pending **out_pending)
{
    vouch__buf *out = &response->body;
    (void)request, (void)rest, (void)out_pending;
    vouch__buf_text(out,
                    "<!doctype html><html lang=en><meta charset=utf-8><title>vouch</title>"
                    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46em;margin:3em auto;"
                    "padding:0 1em}td{padding:.2em 1em .2em 0;vertical-align:top}code{white-space:nowrap}"
                    "</style><h1>vouch</h1>");
    vouch__buf_fmt(out, "<p>Version %s. ", vouch_version());
    if (service->serving.fingerprint)
        vouch__buf_fmt(out, "Model <code>%.16s</code> serves.</p><table>", service->serving.fingerprint);
    else
        vouch__buf_text(out, "No approved model serves.</p><table>");
    for (size_t i = 0; i < N_ROUTES; i++)
        vouch__buf_fmt(out, "<tr><td><code>%s %s</code><td>%s", routes[i].method, routes[i].path,
                       routes[i].help);
    vouch__buf_text(out, "</table></html>\n");
    return vouch__buf_status(ctx, out);
}

static vouch_status get_health(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                               const char *rest, vouch__response *response, vouch__pending **out_pending)
{
    (void)service, (void)request, (void)rest, (void)out_pending;
    vouch__buf_text(&response->body, "{\"status\":\"live\"}");
    return vouch__buf_status(ctx, &response->body);
}

static vouch_status get_ready(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                              const char *rest, vouch__response *response, vouch__pending **out_pending)
{
    (void)request, (void)rest, (void)out_pending;
    if (service->is_stopping)
        return vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "ready: the server is stopping");
    if (!service->serving.fingerprint)
        return vouch__fail(ctx, VOUCH_E_UNAVAILABLE, "ready: no approved model serves");
    vouch__buf_fmt(&response->body, "{\"model\":\"%s\",\"status\":\"ready\"}", service->serving.fingerprint);
    return vouch__buf_status(ctx, &response->body);
}

static vouch_status get_metrics(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                                const char *rest, vouch__response *response, vouch__pending **out_pending)
{
    const char *name[N_ROUTES];
    char text[N_ROUTES][48];
    const vouch__serving *s = &service->serving;
    (void)request, (void)rest, (void)out_pending;
    for (size_t i = 0; i < N_ROUTES; i++) {
        size_t len = strlen(routes[i].method);
        memcpy(text[i], routes[i].method, len);
        text[i][len] = ' ';
        memcpy(text[i] + len + 1, routes[i].path, strlen(routes[i].path) + 1);
        name[i] = text[i];
    }
    vouch__metrics_write(&service->metrics, N_ROUTES, name, s->name, s->kind, s->fingerprint,
                         &response->body);
    return vouch__buf_status(ctx, &response->body);
}

static vouch_status get_model(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                              const char *rest, vouch__response *response, vouch__pending **out_pending)
{
    (void)request, (void)rest, (void)out_pending;
    if (!service->serving.fingerprint)
        return vouch__fail(ctx, VOUCH_E_NOTFOUND, "model: no approved model serves");
    vouch__json_write(&response->body, service->serving.about);
    return vouch__buf_status(ctx, &response->body);
}

/* What of path stands for {…}, or "" for a path without; NULL when it does not match. */
static const char *match(const char *pattern, const char *path)
{
    const char *open = strchr(pattern, '{');
    if (!open)
        return strcmp(pattern, path) == 0 ? "" : NULL;
    size_t len = (size_t)(open - pattern);
    if (strncmp(pattern, path, len) != 0 || path[len] == '\0' || strchr(path + len, '/'))
        return NULL;
    return path + len;
}

static bool has_method(const struct route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* N_ROUTES when there is none; *out_allow is then set where the path is right and the method wrong. */
static size_t find_route(const vouch__request *request, const char **out_rest, const char **out_allow)
{
    for (size_t i = 0; i < N_ROUTES; i++) {
        *out_rest = match(routes[i].path, request->path);
        if (!*out_rest)
            continue;
        if (has_method(&routes[i], request->method))
            return i;
        *out_allow = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : routes[i].method;
    }
    return N_ROUTES;
}

static void refuse(int code, const char *name, const char *message, vouch__response *response)
{
    vouch__buf *out = &response->body;
    response->code = code;
    response->content_type = "application/json";
    response->is_replay = false;
    vouch__buf_clear(out);
    vouch__buf_text(out, "{\"error\":{\"message\":");
    const vouch__json text = { .type = VOUCH__JSON_STRING, .text = message, .len = strlen(message) };
    vouch__json_write(out, &text);
    vouch__buf_fmt(out, ",\"status\":\"%s\"}}", name);
    if (out->status) { /* out of memory: the code alone must do */
        vouch__buf_clear(out);
        response->code = 500;
    }
}

void vouch__serve_refuse(vouch_ctx *ctx, vouch_status status, vouch__response *response)
{
    refuse(vouch_status_http(status), vouch_status_name(status), vouch_ctx_error(ctx), response);
}

void vouch__serve_begin(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                        vouch__response *out_response, vouch__pending **out_pending)
{
    const char *rest = NULL;
    vouch_status status;
    *out_response = (vouch__response){ .code = 200 };
    vouch__buf_init(ctx, &out_response->body, 0);
    *out_pending = NULL;
    size_t at = find_route(request, &rest, &out_response->allow);
    if (at < N_ROUTES) {
        out_response->content_type = routes[at].content_type;
        status = routes[at].handle(ctx, service, request, rest, out_response, out_pending);
        if (status)
            vouch__serve_refuse(ctx, status, out_response);
    } else if (out_response->allow) {
        refuse(405, "E_ARG", "this path has other methods", out_response);
    } else {
        refuse(404, "E_NOTFOUND", "no such path", out_response);
    }
    if (*out_pending)
        (*out_pending)->route = at;
    else
        vouch__metrics_request(&service->metrics, at, out_response->code);
}

void vouch__serve_finish(vouch_ctx *ctx, vouch__service *service, vouch__pending *pending,
                         vouch__response *out_response)
{
    *out_response = (vouch__response){ .code = 200, .content_type = "application/json" };
    vouch__buf_init(ctx, &out_response->body, 0);
    vouch_status status = vouch__decisions_answer(ctx, service, pending, out_response);
    if (status)
        vouch__serve_refuse(ctx, status, out_response);
    vouch__metrics_request(&service->metrics, pending->route, out_response->code);
    vouch__pending_free(pending);
}

void vouch__serve_request(vouch_ctx *ctx, vouch__service *service, const vouch__request *request,
                          vouch__response *out_response)
{
    vouch__pending *pending = NULL;
    vouch__serve_begin(ctx, service, request, out_response, &pending);
    if (!pending)
        return;
    vouch__buf_free(&out_response->body);
    vouch_status status = vouch__decisions_put(ctx, service->store, service->key, 1, &pending->batch,
                                               &pending->status);
    const char *said = status ? vouch_ctx_error(ctx) : "";
    size_t len = strlen(said) < sizeof pending->message ? strlen(said) : sizeof pending->message - 1;
    memcpy(pending->message, said, len);
    vouch__serve_finish(ctx, service, pending, out_response);
}
