/* report/html_report.h: one self-contained HTML file from evidence: a summary a committee can read, then
 * every entry with purpose, method, convention, number, interval, verdict and plot. It formats; it computes
 * no number. Nothing in it is fetched, and it needs no script; it prints on A4.
 *
 * The root of evidence.json. Every member may be absent or null: what is absent is left out or said to be.
 *   project     name
 *   title       what the page is, where it is no report on models of a run: no champion is spoken of then
 *   tests       {id: {high_risk, strengths, limits}}: what is told of a test beside what its entries say
 *   stamp       a word across every page ("DEMO")
 *   code        {version, build}      seed    number
 *   data        {source, rows, columns, features, fingerprint, target, bad, bad_rate, id, decision_time,
 *               weight, protected [names]}
 *   split       {by, seed, parts [{part, rows, n_bad, bad_rate, fingerprint}]}
 *   models      [what vouch_model_describe tells: {name, kind, title, fingerprint, parameters {..}, inputs
 *               [{name, type, monotone, categories, special}], model {..}}; and beside it {intended_use text,
 *               limits [sentences], log {..}: what the fit told}]. Members of model and log that are tables
 *               {columns, rows} are shown as tables; arrays of numbers of one length in log are drawn against
 *               their index, as learning curves
 *   champion    {name, why; metric, part, value, rival, difference, low, high}
 *   decision    {cutoff, cutoff_points, max_bad_rate, chosen_on, approval_rate, expected_bad_rate, test
 *               {approval_rate, bad_rate, n}, reasons_method, most}
 *   policy      {name}
 *   entries     [as in evidence/evidence.h]
 *   verdicts    {pass, advisory, fail, info, not-applicable, refused}: how many entries (vouch__report_count)
 *   controls    as report/controls.h makes them
 *   legal       [{name, title, citation, from, until, tests {id: run|advisory|blocked}, note}]
 *   limits      [sentences]: what this report can't say
 * Other members of these objects are shown as name and value. */
#ifndef VOUCH_HTML_REPORT_H
#define VOUCH_HTML_REPORT_H

#include "base/json.h"

/* head: the ledger's head {seq, hash}, or NULL before there is one. The same input gives the same bytes, and
 * so does what is read from its canonical form. Text of the evidence is escaped wherever it goes; the tree
 * may hold anything. Fails E_NOMEM, E_LIMIT, E_CANCELLED
 */
vouch_status vouch__report_html(vouch_ctx *ctx, const vouch__json *evidence, const vouch__json *head,
                                vouch__buf *out);

/* How many entries carry each verdict, as an object made in doc: the root's member "verdicts". */
vouch__json *vouch__report_count(vouch__doc *doc, const vouch__json *entries);

#endif
