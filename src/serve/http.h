/* serve/http.h: the HTTP/1.1 front end over a service, on loopback. vouch_serve is this over the approved
 * model; tests and benchmarks bring a service of their own. */
#ifndef VOUCH_HTTP_H
#define VOUCH_HTTP_H

#include "serve/service.h"
#include "vouch/serve.h"

vouch_status vouch__http_serve(vouch_ctx *ctx, const vouch_serve_options *options, vouch__service *service);
/* The numeric address of a name for this machine alone; NULL when it is, or may be, another's. */
const char *vouch__http_loopback(const char *address);
/* Is a Host header's value this machine: localhost, 127.x.x.x or [::1], with or without a port? */
bool vouch__http_host_is_local(const char *host);

#endif
