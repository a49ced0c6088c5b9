/* report/text_summary.h: the evidence of a run as a page of plain text for terminals. */
#ifndef VOUCH_TEXT_SUMMARY_H
#define VOUCH_TEXT_SUMMARY_H

#include "base/json.h"

/* evidence: the root, as in report/html_report.h. Champion and why, key figures with intervals, decision,
 * verdicts by section, and every finding. At most 100 columns; control characters of the evidence are
 * replaced, so that it can't speak to the terminal. */
vouch_status vouch__report_text(vouch_ctx *ctx, const vouch__json *evidence, vouch__buf *out);

/* {columns, rows} as aligned columns, at most `most` rows; nothing when it is none. */
vouch_status vouch__report_table(vouch_ctx *ctx, const vouch__json *table, size_t most, vouch__buf *out);
/* The tables of entries as aligned columns, at most `most` rows of each, with titles and notes. */
vouch_status vouch__report_tables(vouch_ctx *ctx, const vouch__json *entries, size_t most, vouch__buf *out);

#endif
