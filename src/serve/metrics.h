/* serve/metrics.h: what the server counts, and the page Prometheus reads. Belongs to the event loop's thread.
 */
#ifndef VOUCH_METRICS_H
#define VOUCH_METRICS_H

#include "base/text.h"

enum { VOUCH__METRIC_ROUTES = 8, VOUCH__METRIC_CODES = 12, VOUCH__METRIC_BUCKETS = 28 };

typedef struct vouch__histogram {
    uint64_t count[VOUCH__METRIC_BUCKETS + 1]; /* of each bucket alone; the last is beyond all */
    int64_t sum_us;
} vouch__histogram;

typedef enum vouch__outcome {
    VOUCH__APPROVE,
    VOUCH__DECLINE,
    VOUCH__REFER,
    VOUCH__SCORE, /* of a number: nothing is decided */
    VOUCH__OUTCOMES
} vouch__outcome;

/* What scoring is made of, in order; of a request, whatever its number of rows. */
typedef enum vouch__serve_stage {
    VOUCH__STAGE_PARSE,     /* JSON read, its canonical form hashed, its key looked up */
    VOUCH__STAGE_SCORE,     /* rows encoded and scored */
    VOUCH__STAGE_EXPLAIN,   /* Shapley values of the declined */
    VOUCH__STAGE_REASONS,   /* reasons ranked, decisions written as trees */
    VOUCH__STAGE_SERIALIZE, /* ids, records and the answer */
    VOUCH__SERVE_STAGES
} vouch__serve_stage;

typedef struct vouch__metrics {
    uint64_t requests[VOUCH__METRIC_ROUTES][VOUCH__METRIC_CODES];
    uint64_t decisions[VOUCH__OUTCOMES];
    uint64_t replays;
    vouch__histogram scoring, commit, stage[VOUCH__SERVE_STAGES];
} vouch__metrics;

void vouch__metrics_request(vouch__metrics *metrics, size_t route, int code);
void vouch__metrics_time(vouch__histogram *histogram, int64_t us);

/* Text format 0.0.4. route[n]: "METHOD /path" of each route, in the order they are counted by; the route
 * after the last is "other". Model texts may be NULL: none serves. */
void vouch__metrics_write(const vouch__metrics *metrics, size_t n, const char *const *route,
                          const char *model_name, const char *model_kind, const char *fingerprint,
                          vouch__buf *out);

#endif
