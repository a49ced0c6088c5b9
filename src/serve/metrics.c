/* Counters and histograms as Prometheus reads them: text format 0.0.4. */
#include "serve/metrics.h"

#include <stdio.h>
#include <string.h>

static const int codes[VOUCH__METRIC_CODES - 1] = { 200, 400, 403, 404, 405, 409, 413, 422, 499, 500, 503 };

static const struct {
    int64_t us;
    const char *text;
} edges[VOUCH__METRIC_BUCKETS] = {
    { 5, "0.000005" },  { 10, "0.00001" },   { 20, "0.00002" },  { 30, "0.00003" },  { 40, "0.00004" },
    { 50, "0.00005" },  { 60, "0.00006" },   { 70, "0.00007" },  { 80, "0.00008" },  { 90, "0.00009" },
    { 100, "0.0001" },  { 125, "0.000125" }, { 150, "0.00015" }, { 200, "0.0002" },  { 250, "0.00025" },
    { 500, "0.0005" },  { 1000, "0.001" },   { 2500, "0.0025" }, { 5000, "0.005" },  { 10000, "0.01" },
    { 25000, "0.025" }, { 50000, "0.05" },   { 100000, "0.1" },  { 250000, "0.25" }, { 500000, "0.5" },
    { 1000000, "1" },   { 2500000, "2.5" },
};

static const char *const outcomes[VOUCH__OUTCOMES] = { "approve", "decline", "refer", "score" };

void vouch__metrics_request(vouch__metrics *metrics, size_t route, int code)
{
    size_t at = 0;
    while (at + 1 < VOUCH__METRIC_CODES && codes[at] != code)
        at++;
    metrics->requests[route][at]++;
}

void vouch__metrics_time(vouch__histogram *histogram, int64_t us)
{
    size_t at = 0;
    if (us < 0)
        us = 0; /* the clock was set back */
    while (at < VOUCH__METRIC_BUCKETS && us > edges[at].us)
        at++;
    histogram->count[at]++;
    histogram->sum_us += us;
}

static void head(vouch__buf *out, const char *name, const char *type, const char *help)
{
    vouch__buf_fmt(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and newline are escaped. */
static void label(vouch__buf *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\n')
            vouch__buf_text(out, "\\n");
        else if (*p == '\\' || *p == '"')
            vouch__buf_fmt(out, "\\%c", *p);
        else
            vouch__buf_add(out, p, 1);
    }
}

static void write_requests(const vouch__metrics *m, size_t n, const char *const *route, vouch__buf *out)
{
    head(out, "vouch_http_requests_total", "counter", "Requests answered, by route and code.");
    for (size_t r = 0; r <= n; r++) {
        const char *name = r < n ? route[r] : "other";
        const char *space = strchr(name, ' ');
        int method = space ? (int)(space - name) : 0;
        for (size_t c = 0; c < VOUCH__METRIC_CODES; c++) {
            if (m->requests[r][c] == 0)
                continue;
            vouch__buf_fmt(out, "vouch_http_requests_total{method=\"%.*s\",route=\"%s\",code=\"", method,
                           name, space ? space + 1 : name);
            if (c + 1 < VOUCH__METRIC_CODES)
                vouch__buf_int(out, codes[c]);
            else
                vouch__buf_text(out, "other");
            vouch__buf_fmt(out, "\"} %llu\n", (unsigned long long)m->requests[r][c]);
        }
    }
}

/* stage: a label, or NULL. */
static void write_series(const vouch__histogram *h, const char *name, const char *stage, vouch__buf *out)
{
    uint64_t below = 0;
    char with[64] = "", alone[64] = "";
    if (stage) {
        (void)snprintf(with, sizeof with, "stage=\"%s\",", stage);
        (void)snprintf(alone, sizeof alone, "{stage=\"%s\"}", stage);
    }
    for (size_t b = 0; b <= VOUCH__METRIC_BUCKETS; b++) {
        below += h->count[b];
        vouch__buf_fmt(out, "%s_bucket{%sle=\"%s\"} %llu\n", name, with,
                       b < VOUCH__METRIC_BUCKETS ? edges[b].text : "+Inf", (unsigned long long)below);
    }
    vouch__buf_fmt(out, "%s_sum%s ", name, alone);
    vouch__buf_double(out, (double)h->sum_us / 1e6);
    vouch__buf_fmt(out, "\n%s_count%s %llu\n", name, alone, (unsigned long long)below);
}

static void write_histogram(const vouch__histogram *h, const char *name, const char *help, vouch__buf *out)
{
    head(out, name, "histogram", help);
    write_series(h, name, NULL, out);
}

static void write_stages(const vouch__metrics *m, vouch__buf *out)
{
    static const char *const stage[VOUCH__SERVE_STAGES] = { "parse", "score", "explain", "reasons",
                                                            "serialize" };
    head(out, "vouch_stage_seconds", "histogram",
         "Where the time from a request read to its decisions made goes.");
    for (size_t s = 0; s < VOUCH__SERVE_STAGES; s++)
        write_series(&m->stage[s], "vouch_stage_seconds", stage[s], out);
}

void vouch__metrics_write(const vouch__metrics *m, size_t n, const char *const *route, const char *model_name,
                          const char *model_kind, const char *fingerprint, vouch__buf *out)
{
    write_requests(m, n, route, out);
    head(out, "vouch_decisions_total", "counter", "Decisions stored, by outcome.");
    for (size_t i = 0; i < VOUCH__OUTCOMES; i++)
        vouch__buf_fmt(out, "vouch_decisions_total{outcome=\"%s\"} %llu\n", outcomes[i],
                       (unsigned long long)m->decisions[i]);
    head(out, "vouch_idempotent_replays_total", "counter", "Requests answered from the store.");
    vouch__buf_fmt(out, "vouch_idempotent_replays_total %llu\n", (unsigned long long)m->replays);
    write_histogram(&m->scoring, "vouch_scoring_seconds", "From a request read to its decisions made.", out);
    write_stages(m, out);
    write_histogram(&m->commit, "vouch_commit_seconds", "From decisions made to decisions durable.", out);
    head(out, "vouch_model_info", "gauge", "The model that serves.");
    if (!fingerprint)
        return;
    vouch__buf_text(out, "vouch_model_info{name=\"");
    label(out, model_name);
    vouch__buf_text(out, "\",kind=\"");
    label(out, model_kind);
    vouch__buf_fmt(out, "\",fingerprint=\"%s\"} 1\n", fingerprint);
}
