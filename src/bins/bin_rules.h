/* bins/bin_rules.h: how a column is to be binned, as vouch_bin is told. */
#ifndef VOUCH_BIN_RULES_H
#define VOUCH_BIN_RULES_H

#include "base/param.h"
#include "bins/bin_cells.h"

enum { VOUCH__AUTO_TREND = VOUCH__TRENDS, VOUCH__AUTO_KIND = VOUCH__BIN_CLASSES + 1 };

typedef struct vouch__bin_rules { /* lists in scratch */
    size_t kind, trend;           /* vouch__bin_target and vouch__trend, or AUTO */
    size_t max_bins, min_bins, max_cells;
    double min_share, max_share, min_events, min_gap, max_p;
    const double *split, *fixed, *special; /* ascending */
    size_t n_splits, n_fixed, n_special;
    const char *event; /* as it was written, a number by its shortest text; NULL: not said */
    size_t grid;       /* cells, where two variables are binned at once */
    const struct vouch__bin_rules *with; /* of the second variable; what it does not say is as here */
} vouch__bin_rules;

/* From YAML or JSON text; NULL: the defaults. Fails E_FORMAT with "rules:line:column: ..." */
vouch_status vouch__bin_rules_read(vouch_ctx *ctx, const char *text, vouch__bin_rules *out);
const char *vouch__trend_name(vouch__trend trend);
const char *vouch__bin_kind_name(vouch__bin_target kind);

#endif
