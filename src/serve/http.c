/* HTTP/1.1 by libevent. One thread runs the loop, reads, decides and writes; another makes decisions durable
 * (committer.c), and an event descriptor brings them back.
 *
 * evhttp takes what it can make sense of; two parties that read one request differently are how requests are
 * smuggled, so what is ambiguous is refused and the connection closed: Content-Length twice or not of digits,
 * with Transfer-Encoding, or no Host. A Host that is not this machine, or an Origin, is refused too: a page
 * in a browser could otherwise talk to the server through the person who looks at it.
 *
 * A connection may go away while its decision is stored: libevent then either keeps the request for us (it
 * has no connection any more) or frees it, and tells us before. */
#include "serve/http.h"

#include "serve/committer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
    TICK_MS = 50,
    REFRESH_TICKS = 20,
    DRAIN_TICKS = 200,
    TIMEOUT_S = 30,
    MAX_HEADERS = 16 << 10,
    MAX_WAITING = 4096
};

typedef struct server {
    vouch_ctx *ctx;
    vouch__service *service;
    vouch__committer *committer;
    struct event_base *base;
    struct evhttp *http;
    struct evhttp_bound_socket *bound;
    struct event *tick, *done;
    size_t n_open; /* requests not yet answered to the end */
    unsigned ticks, stopping_ticks;
    bool is_stopping;
    char warned[200]; /* the last warning's beginning: said once, not every second */
} server;

typedef struct exchange { /* a request under way */
    server *s;
    struct evhttp_request *req; /* NULL: libevent has freed it */
    bool is_waiting;            /* for the committer */
} exchange;

static void maybe_end(server *s)
{
    if (s->is_stopping && s->n_open == 0)
        (void)event_base_loopexit(s->base, NULL);
}

static void exchange_free(exchange *x)
{
    server *s = x->s;
    vouch_alloc alloc = *vouch__allocator(s->ctx);
    vouch__free(&alloc, x);
    s->n_open--;
    maybe_end(s);
}

static void on_sent(struct evhttp_request *req, void *arg)
{
    exchange *x = arg;
    struct evhttp_connection *connection = evhttp_request_get_connection(req);
    if (connection)
        evhttp_connection_set_closecb(connection, NULL, NULL);
    exchange_free(x);
}

static void on_close(struct evhttp_connection *connection, void *arg)
{
    exchange *x = arg;
    evhttp_connection_set_closecb(connection, NULL, NULL);
    if (x->req && evhttp_request_get_connection(x->req))
        x->req = NULL; /* freed with its connection; otherwise it is ours to free */
    if (x->is_waiting)
        return; /* the committer has it; on_done ends it */
    if (x->req)
        evhttp_request_set_on_complete_cb(x->req, NULL, NULL);
    exchange_free(x);
}

static void put_header(struct evhttp_request *req, const char *name, const char *value)
{
    (void)evhttp_add_header(evhttp_request_get_output_headers(req), name,
                            value); /* out of memory: less is sent */
}

static void answer(exchange *x, vouch__response *response)
{
    struct evhttp_request *req = x->req;
    if (!req) { /* nobody is there to hear it */
        exchange_free(x);
        return;
    }
    if (!evhttp_request_get_connection(req)) {
        evhttp_request_free(req);
        exchange_free(x);
        return;
    }
    struct evbuffer *out = evhttp_request_get_output_buffer(req);
    if (response->content_type)
        put_header(req, "Content-Type", response->content_type);
    put_header(req, "Cache-Control", "no-store");
    put_header(req, "X-Content-Type-Options", "nosniff");
    if (response->allow)
        put_header(req, "Allow", response->allow);
    if (response->code == 503)
        put_header(req, "Retry-After", "1");
    if (response->is_replay)
        put_header(req, "Idempotent-Replay", "true");
    if (x->s->is_stopping)
        put_header(req, "Connection", "close");
    (void)evbuffer_add(out, response->body.at ? response->body.at : "", response->body.len);
    evhttp_request_set_on_complete_cb(req, on_sent, x);
    evhttp_send_reply(req, response->code, NULL, NULL); /* x may be gone when this returns */
}

static void refuse(exchange *x, vouch_status status, bool closes, const char *message)
{
    vouch__response response = { .code = 0 };
    vouch__buf_init(x->s->ctx, &response.body, 0);
    (void)vouch__fail(x->s->ctx, status, "%s", message);
    vouch__serve_refuse(x->s->ctx, status, &response);
    vouch__metrics_request(&x->s->service->metrics, VOUCH__METRIC_ROUTES - 1, response.code);
    if (closes)
        put_header(x->req, "Connection", "close");
    answer(x, &response);
    vouch__buf_free(&response.body);
}

/* The header's value; *out_n counts how often it stands. */
static const char *header(struct evhttp_request *req, const char *name, size_t *out_n)
{
    const char *value = NULL;
    *out_n = 0;
    for (struct evkeyval *kv = evhttp_request_get_input_headers(req)->tqh_first; kv; kv = kv->next.tqe_next) {
        if (strcasecmp(kv->key, name) == 0) {
            value = kv->value;
            ++*out_n;
        }
    }
    return value;
}

bool vouch__http_host_is_local(const char *host)
{
    size_t len = strcspn(host, ":");
    struct in_addr v4;
    char name[64];
    if (strncmp(host, "[::1]", 5) == 0)
        return host[5] == '\0' || host[5] == ':';
    if (len == 0 || len >= sizeof name)
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    if (strcasecmp(name, "localhost") == 0)
        return true;
    return inet_pton(AF_INET, name, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

const char *vouch__http_loopback(const char *address)
{
    struct in_addr v4;
    if (!address || strcmp(address, "localhost") == 0)
        return "127.0.0.1";
    if (strcmp(address, "::1") == 0)
        return address;
    return inet_pton(AF_INET, address, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127 ? address : NULL;
}

/* What evhttp lets through and must not be let through; NULL when nothing. */
static const char *ambiguity(struct evhttp_request *req)
{
    size_t n_length, n_coding, n_host;
    const char *length = header(req, "Content-Length", &n_length);
    const char *coding = header(req, "Transfer-Encoding", &n_coding);
    (void)header(req, "Host", &n_host);
    if (n_length > 1)
        return "request: Content-Length stands more than once";
    if (length && (*length == '\0' || length[strspn(length, "0123456789")] != '\0'))
        return "request: Content-Length must be digits";
    if (n_coding && (n_length || n_coding > 1 || strcasecmp(coding, "chunked") != 0))
        return "request: Transfer-Encoding must be 'chunked', once and without Content-Length";
    if (n_host != 1)
        return n_host ? "request: Host stands more than once" : "request: Host is missing";
    return NULL;
}

/* May this come from a page of another site? */
static const char *foreign(struct evhttp_request *req)
{
    size_t n;
    const char *host = header(req, "Host", &n);
    if (!host || !vouch__http_host_is_local(host))
        return "request: Host must be this machine (localhost, 127.0.0.1 or [::1])";
    const char *origin = header(req, "Origin", &n);
    if (origin && (strncmp(origin, "http://", 7) != 0 || strcmp(origin + 7, host) != 0))
        return "request: Origin must be this server";
    return NULL;
}

static const char *method_name(struct evhttp_request *req)
{
    switch (evhttp_request_get_command(req)) {
    case EVHTTP_REQ_GET: return "GET";
    case EVHTTP_REQ_POST: return "POST";
    case EVHTTP_REQ_HEAD: return "HEAD";
    case EVHTTP_REQ_PUT: return "PUT";
    case EVHTTP_REQ_DELETE: return "DELETE";
    case EVHTTP_REQ_OPTIONS: return "OPTIONS";
    case EVHTTP_REQ_PATCH: return "PATCH";
    default: return "?";
    }
}

static void serve_one(exchange *x, const vouch__request *request)
{
    server *s = x->s;
    vouch__response response;
    vouch__pending *pending = NULL;
    vouch__serve_begin(s->ctx, s->service, request, &response, &pending);
    if (!pending) {
        answer(x, &response);
    } else {
        pending->owner = x;
        x->is_waiting = true;
        if (!vouch__committer_push(s->committer, pending)) {
            x->is_waiting = false;
            vouch__pending_free(pending);
            refuse(x, VOUCH_E_UNAVAILABLE, false, "decide: too many requests wait to be stored");
        }
    }
    vouch__buf_free(&response.body);
}

static void on_request(struct evhttp_request *req, void *arg)
{
    server *s = arg;
    size_t n_keys;
    exchange *x = vouch__alloc(s->ctx, 1, sizeof *x);
    if (!x) {
        evhttp_send_error(req, HTTP_INTERNAL, NULL);
        return;
    }
    *x = (exchange){ .s = s, .req = req };
    s->n_open++;
    evhttp_connection_set_closecb(evhttp_request_get_connection(req), on_close, x);

    const char *wrong = ambiguity(req);
    if (wrong) {
        refuse(x, VOUCH_E_FORMAT, true, wrong);
        return;
    }
    wrong = foreign(req);
    if (wrong) {
        refuse(x, VOUCH_E_DENIED, true, wrong);
        return;
    }
    const char *key = header(req, "Idempotency-Key", &n_keys);
    if (n_keys > 1) {
        refuse(x, VOUCH_E_ARG, false, "request: Idempotency-Key stands more than once");
        return;
    }
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    struct evbuffer *in = evhttp_request_get_input_buffer(req);
    size_t len = evbuffer_get_length(in);
    const char *body = len ? (const char *)evbuffer_pullup(in, -1) : "";
    if (!body) {
        refuse(x, VOUCH_E_NOMEM, true, "out of memory");
        return;
    }
    const vouch__request request = { .method = method_name(req),
                                     .path = path && *path ? path : "/",
                                     .idempotency_key = key,
                                     .body = body,
                                     .len = len };
    serve_one(x, &request);
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
    server *s = arg;
    (void)fd, (void)what;
    vouch__pending *p = vouch__committer_take(s->committer);
    while (p) {
        vouch__pending *next = p->next;
        exchange *x = p->owner;
        vouch__response response;
        vouch__serve_finish(s->ctx, s->service, p, &response);
        x->is_waiting = false;
        answer(x, &response);
        vouch__buf_free(&response.body);
        p = next;
    }
}

/* Stop taking new connections; what is under way is answered. */
static void stop(server *s)
{
    s->is_stopping = true;
    s->service->is_stopping = true;
    if (s->bound)
        evhttp_del_accept_socket(s->http, s->bound);
    s->bound = NULL;
    maybe_end(s);
}

/* Another model may have been approved. One that can't be loaded leaves the old one serving. */
static void refresh(server *s)
{
    vouch_status status = vouch__service_refresh(s->ctx, s->service);
    const char *said = vouch_ctx_error(s->ctx);
    if (!status || status == VOUCH_E_NOTFOUND || strncmp(said, s->warned, sizeof s->warned - 1) == 0)
        return;
    (void)snprintf(s->warned, sizeof s->warned, "%s", said);
    vouch__note(s->ctx, VOUCH_LOG_WARNING, "serve: the model stays: %s", s->warned);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    server *s = arg;
    (void)fd, (void)what;
    if (!s->is_stopping && vouch__poll(s->ctx))
        stop(s);
    if (s->is_stopping && ++s->stopping_ticks > DRAIN_TICKS)
        (void)event_base_loopbreak(s->base); /* a client that does not read its answer can't hold us */
    if (!s->is_stopping && ++s->ticks % REFRESH_TICKS == 0)
        refresh(s);
}

static vouch_status bound_port(vouch_ctx *ctx, const server *s, uint16_t *out_port)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    memset(&at, 0, sizeof at);
    if (getsockname(evhttp_bound_socket_get_fd(s->bound), (struct sockaddr *)&at, &len))
        return vouch__fail(ctx, VOUCH_E_IO, "serve: no address: %s", strerror(errno));
    *out_port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                               : ((struct sockaddr_in *)&at)->sin_port);
    return VOUCH_OK;
}

static vouch_status listen_at(vouch_ctx *ctx, server *s, const vouch_serve_options *o, const char *address)
{
    const struct timeval every = { .tv_usec = TICK_MS * 1000 };
    s->base = event_base_new();
    s->http = s->base ? evhttp_new(s->base) : NULL;
    s->tick = s->base ? event_new(s->base, -1, EV_PERSIST, on_tick, s) : NULL;
    s->done = s->base
                  ? event_new(s->base, vouch__committer_fd(s->committer), EV_READ | EV_PERSIST, on_done, s)
                  : NULL;
    if (!s->http || !s->tick || !s->done || event_add(s->tick, &every) || event_add(s->done, NULL))
        return vouch__oom(ctx);
    evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
                                            EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
    evhttp_set_max_headers_size(s->http, MAX_HEADERS);
    evhttp_set_max_body_size(s->http, (ev_ssize_t)s->service->max_body);
    evhttp_set_timeout(s->http, TIMEOUT_S);
    evhttp_set_default_content_type(s->http, NULL);
    evhttp_set_gencb(s->http, on_request, s);
    s->bound = evhttp_bind_socket_with_handle(s->http, address, o->port);
    if (!s->bound)
        return vouch__fail(ctx, VOUCH_E_IO, "serve: %s port %u cannot be listened on: %s", address,
                           (unsigned)o->port, strerror(errno));
    return VOUCH_OK;
}

/* Writing to a connection that has gone raises SIGPIPE on this thread; the program's own handling of signals
 * is not ours to change, so it is held back here and taken off at the end. */
static void hold_sigpipe(sigset_t *old)
{
    sigset_t pipe_only;
    (void)sigemptyset(&pipe_only);
    (void)sigaddset(&pipe_only, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_only, old);
}

static void release_sigpipe(const sigset_t *old)
{
    sigset_t pipe_only;
    const struct timespec none = { .tv_sec = 0 };
    (void)sigemptyset(&pipe_only);
    (void)sigaddset(&pipe_only, SIGPIPE);
    if (!sigismember(old, SIGPIPE))
        (void)sigtimedwait(&pipe_only, NULL, &none);
    (void)pthread_sigmask(SIG_SETMASK, old, NULL);
}

/* Answers that came too late to be sent. The decisions are durable all the same. */
static void drop_unsent(server *s)
{
    vouch__committer_end(s->committer);
    for (vouch__pending *p = vouch__committer_take(s->committer), *next; p; p = next) {
        next = p->next;
        exchange *x = p->owner;
        if (x->req)
            evhttp_request_free(x->req); /* its connection is gone */
        vouch__free(vouch__allocator(s->ctx), x);
        vouch__pending_free(p);
    }
}

vouch_status vouch__http_serve(vouch_ctx *ctx, const vouch_serve_options *options, vouch__service *service)
{
    server s = { .ctx = ctx, .service = service };
    sigset_t old;
    uint16_t port = 0;
    const char *address = vouch__http_loopback(options->address);
    if (!address)
        return vouch__fail(
            ctx, VOUCH_E_DENIED,
            "serve: %s is not this machine alone; beyond loopback TLS and authentication are needed",
            options->address);
    hold_sigpipe(&old);
    vouch_status status = vouch__committer_start(ctx, options->store, options->key, MAX_WAITING,
                                                 &s.committer);
    if (!status)
        status = listen_at(ctx, &s, options, address);
    if (!status)
        status = bound_port(ctx, &s, &port);
    if (!status) {
        if (options->ready)
            options->ready(options->self, address, port);
        if (event_base_dispatch(s.base) < 0)
            status = vouch__fail(ctx, VOUCH_E_IO, "serve: the event loop failed");
    }
    if (s.http)
        evhttp_free(s.http); /* closes what is open: on_close runs */
    if (s.tick)
        event_free(s.tick);
    if (s.done)
        event_free(s.done);
    if (s.committer)
        drop_unsent(&s);
    vouch__committer_free(s.committer);
    if (s.base)
        event_base_free(s.base);
    release_sigpipe(&old);
    return status;
}
