/* report/html_report.h: one self-contained HTML file from evidence: a summary a committee can read, then
 * every entry with purpose, method, convention, number, interval, verdict and plot. It formats; it computes
 * no number. */
#ifndef VOUCH_HTML_REPORT_H
#define VOUCH_HTML_REPORT_H

#include "base/json.h"

/* evidence: the root of evidence.json:
 *   {project, demo, data {..}, models [..], champion {..}, code, entries [..], controls [{id, title,
 * evidence, status}], legal [..], limits [..]} head: the ledger's head {seq, hash}, or NULL before there is
 * one. The same input gives the same bytes. */
vouch_status vouch__report_html(vouch_ctx *ctx, const vouch__json *evidence, const vouch__json *head,
                                vouch__buf *out);

#endif
