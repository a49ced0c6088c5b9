/* The summary as plain text: the same look-ups as the first page of the report, in columns. */
#include "report/text_summary.h"

#include "report/report_page.h"

#include <math.h>
#include <string.h>

static void words(vouch__buf *out, const vouch__json *text)
{
    if (vouch__json_string(text))
        vouch__plain_bytes(out, text->text, text->len);
}

static void number(vouch__buf *out, double value, const char *unit)
{
    vouch__format_number(out, value, vouch__format_for(vouch__style_of(unit), 1, &value));
}

/* Fill with blanks up to a column, counting characters and not bytes. */
static void pad(vouch__buf *out, size_t from, size_t column)
{
    size_t chars = 0;
    for (size_t i = from; !out->status && i < out->len; i++)
        chars += ((unsigned char)out->at[i] & 0xC0) != 0x80;
    vouch__buf_fmt(out, "%*s", chars < column ? (int)(column - chars) : 1, "");
}

static void key_figure(const vouch__page *page, const char *id, const char *name)
{
    const vouch__json *entry = vouch__page_find(page, id, "test"),
                      *interval = vouch__json_get(entry, "interval");
    double value = vouch__member_number(entry, "value");
    const char *unit = vouch__member(entry, "unit");
    if (isnan(value))
        return;
    size_t from = page->out->len;
    vouch__buf_fmt(page->out, "  %s", name);
    pad(page->out, from, 24);
    number(page->out, value, unit);
    double both[] = { vouch__member_number(interval, "low"), vouch__member_number(interval, "high"), value };
    if (!isnan(both[0]) && !isnan(both[1])) {
        vouch__number_format format = vouch__format_for(vouch__style_of(unit), 3, both);
        pad(page->out, from, 34);
        vouch__buf_text(page->out, "(");
        vouch__format_number(page->out, both[0], format);
        vouch__buf_text(page->out, " to ");
        vouch__format_number(page->out, both[1], format);
        vouch__buf_text(page->out, ")");
    }
    const char *verdict = vouch__member(entry, "verdict");
    if (verdict && strcmp(verdict, "info") != 0) {
        pad(page->out, from, 58);
        words(page->out, vouch__json_get(entry, "verdict"));
    }
    vouch__buf_text(page->out, "\n");
}

static void decision_line(const vouch__page *page)
{
    const vouch__json *decision = vouch__json_get(page->root, "decision");
    double approved = vouch__member_number(decision, "approval_rate"),
           expected = vouch__member_number(decision, "expected_bad_rate");
    double seen = vouch__member_number(vouch__json_get(decision, "test"), "bad_rate");
    if (isnan(approved))
        return;
    vouch__buf_text(page->out, "  Approved ");
    number(page->out, approved, "rate");
    if (!isnan(expected)) {
        vouch__buf_text(page->out, " on tune, expected bad rate ");
        number(page->out, expected, "rate");
    }
    if (!isnan(seen)) {
        vouch__buf_text(page->out, "; bad rate seen on test ");
        number(page->out, seen, "rate");
    }
    vouch__buf_text(page->out, "\n");
}

static void champion(const vouch__page *page)
{
    const vouch__json *project = vouch__json_get(page->root, "project"),
                      *stamp = vouch__json_get(page->root, "stamp");
    words(page->out, project);
    if (vouch__json_string(stamp)) {
        vouch__buf_text(page->out, "  [");
        words(page->out, stamp);
        vouch__buf_text(page->out, "]");
    }
    if (vouch__json_string(project) || vouch__json_string(stamp))
        vouch__buf_text(page->out, "\n");
    if (!page->champion)
        return;
    vouch__buf_text(page->out, "Champion: ");
    words(page->out, vouch__json_get(vouch__json_get(page->root, "champion"), "name"));
    vouch__buf_text(page->out, "\n  ");
    vouch__plain_wrapped(page->out, vouch__member(vouch__json_get(page->root, "champion"), "why"), 2, 2);
    vouch__buf_text(page->out, "\n");
}

static size_t count(const vouch__page *page, const char *section, const char *verdict)
{
    size_t n = 0;
    for (size_t i = 0; i < page->n_entries; i++) {
        bool here = !section || !strcmp(vouch__section_of(page->entry[i]), section);
        n += here && (!verdict || vouch__entry_is(page->entry[i], "verdict", verdict));
    }
    return n;
}

static void verdicts(const vouch__page *page)
{
    if (!page->n_entries)
        return;
    vouch__buf_fmt(page->out, "\n  %-30s %6s %9s %6s %11s\n", "", "pass", "advisory", "fail", "not judged");
    for (const vouch__report_section *s = vouch__report_sections; s->key; s++) {
        size_t pass = count(page, s->key, "pass"), advisory = count(page, s->key, "advisory");
        size_t fail = count(page, s->key, "fail"), all = count(page, s->key, NULL);
        if (all)
            vouch__buf_fmt(page->out, "  %-30s %6zu %9zu %6zu %11zu\n", vouch__page_section_title(page, s),
                           pass, advisory, fail, all - pass - advisory - fail);
    }
}

static void finding(const vouch__page *page, const vouch__json *entry, const char *mark)
{
    static const char *const about[] = { "model", "part", "subject" };
    double value = vouch__member_number(entry, "value");
    const char *title = vouch__member(entry, "title"), *note = vouch__member(entry, "note");
    vouch__buf_fmt(page->out, "  %-9s", mark);
    words(page->out, vouch__json_get(entry, title ? "title" : "id"));
    for (size_t i = 0; i < 3; i++)
        if (vouch__member(entry, about[i])) {
            vouch__buf_text(page->out, ", ");
            words(page->out, vouch__json_get(entry, about[i]));
        }
    if (!isnan(value)) {
        vouch__buf_text(page->out, ": ");
        number(page->out, value, vouch__member(entry, "unit"));
    }
    const vouch__json *policy = vouch__json_get(entry, "policy");
    double limit = vouch__member_number(policy, !strcmp(mark, "FAIL") ? "fail" : "advisory");
    if (!isnan(limit)) {
        vouch__buf_text(page->out,
                        vouch__entry_is(policy, "direction", "below") ? " (limit: not below " : " (limit: ");
        vouch__format_number(page->out, limit,
                             vouch__format_exact(vouch__style_of(vouch__member(entry, "unit")), limit));
        vouch__buf_text(page->out, ")");
    }
    if (note && *note) {
        vouch__buf_text(page->out, "\n           ");
        vouch__plain_wrapped(page->out, note, 11, 11);
    }
    vouch__buf_text(page->out, "\n");
}

/* Of a suite, what every test said. */
static void results(const vouch__page *page)
{
    enum { SHOWN = 500, VALUE_AT = 56 };
    for (size_t i = 0; i < page->n_entries && i < SHOWN; i++) {
        const vouch__json *entry = page->entry[i], *interval = vouch__json_get(entry, "interval");
        double value = vouch__member_number(entry, "value"), p = vouch__member_number(entry, "p_value");
        double both[] = { vouch__member_number(interval, "low"), vouch__member_number(interval, "high"),
                          value };
        const char *unit = vouch__member(entry, "unit");
        size_t from = page->out->len;
        vouch__buf_text(page->out, i ? "  " : "\n  ");
        from += !i;
        words(page->out, vouch__json_get(entry, "verdict"));
        pad(page->out, from, 18);
        words(page->out, vouch__json_get(entry, "key"));
        const char *note = vouch__member(entry, "note");
        if (!isnan(value) || note)
            pad(page->out, from, VALUE_AT);
        if (!isnan(value))
            number(page->out, value, unit);
        else if (note) /* why there is none */
            vouch__plain_wrapped(page->out, note, VALUE_AT, VALUE_AT);
        if (!isnan(both[0]) && !isnan(both[1])) {
            vouch__number_format format = vouch__format_for(vouch__style_of(unit), 3, both);
            pad(page->out, from, 66);
            vouch__buf_text(page->out, "(");
            vouch__format_number(page->out, both[0], format);
            vouch__buf_text(page->out, " to ");
            vouch__format_number(page->out, both[1], format);
            vouch__buf_text(page->out, ")");
        }
        if (!isnan(p)) {
            pad(page->out, from, 86);
            vouch__buf_text(page->out, "p ");
            vouch__format_number(page->out, p, vouch__format_for(VOUCH__STYLE_P_VALUE, 0, NULL));
        }
        vouch__buf_text(page->out, "\n");
    }
    if (page->n_entries > SHOWN)
        vouch__buf_fmt(page->out, "  ... and %zu more\n", page->n_entries - SHOWN);
}

static void findings(const vouch__page *page)
{
    enum { SHOWN = 40 };
    static const char *const verdict[] = { "fail", "advisory" }, *const mark[] = { "FAIL", "advisory" };
    size_t n = 0;
    for (int rivals = 0; rivals < 2; rivals++) {
        bool is_told = false;
        for (size_t k = 0; k < 2; k++)
            for (size_t i = 0; i < page->n_entries; i++)
                if (vouch__entry_is(page->entry[i], "verdict", verdict[k]) &&
                    vouch__page_is_rival(page, page->entry[i]) == rivals) {
                    if (!is_told)
                        vouch__buf_text(page->out, rivals ? "\nFindings on the other models\n"
                                                   : page->champion
                                                       ? "\nFindings on the champion and the data\n"
                                                       : "\nFindings\n");
                    is_told = true;
                    if (n++ < SHOWN)
                        finding(page, page->entry[i], mark[k]);
                }
    }
    if (!n && page->n_entries)
        vouch__buf_text(page->out, "\nNo number is beyond a policy limit.\n");
    if (n > SHOWN)
        vouch__buf_fmt(page->out, "  ... and %zu more\n", n - SHOWN);
}

vouch_status vouch__report_text(vouch_ctx *ctx, const vouch__json *evidence, vouch__buf *out)
{
    vouch__page page = { .ctx = ctx, .out = out, .root = evidence };
    size_t mark = vouch__scratch_mark(ctx);
    page.champion = vouch__member(vouch__json_get(evidence, "champion"), "name");
    vouch_status status = vouch__page_groups(&page);
    if (!status) {
        champion(&page);
        key_figure(&page, "validate.auc", "AUC");
        key_figure(&page, "validate.ks", "KS");
        key_figure(&page, "validate.brier", "Brier score");
        key_figure(&page, "validate.ece", "calibration error");
        key_figure(&page, "validate.deviance", "Deviance explained");
        key_figure(&page, "validate.ordered_gini", "Gini");
        key_figure(&page, "validate.actual_expected", "Error of the level");
        key_figure(&page, "validate.actual_bands", "Error by band");
        key_figure(&page, "validate.psi_score", "PSI of the score");
        decision_line(&page);
        if (vouch__member(evidence, "suite"))
            results(&page);
        verdicts(&page);
        findings(&page);
    }
    vouch__scratch_reset(ctx, mark);
    return status ? status : vouch__buf_status(ctx, out);
}
