/* What stands behind the entries: facts of the run by section, controls, limits, fingerprints, the ledger. */
#include "report/report_page.h"

#include <math.h>
#include <string.h>

static const vouch__entry_group *group_of(const vouch__page *page, const char *id, size_t len)
{
    for (size_t g = 0; g < page->n_groups; g++)
        if (strlen(page->group[g].id) == len && !memcmp(page->group[g].id, id, len))
            return &page->group[g];
    return NULL;
}

static const char *title_of(const vouch__page *page, const vouch__entry_group *group)
{
    const char *title = vouch__member(vouch__page_entry(page, group, 0), "title");
    return title ? title : group->id;
}

/* What a legal profile says of each test, by its title where the report has it. */
static void tests_of_profile(vouch__page *page, const vouch__json *tests)
{
    size_t mark = vouch__scratch_mark(page->ctx);
    vouch__member_list list = vouch__page_sorted(page, tests);
    vouch__buf_text(page->out, "<dl class=\"facts\">\n");
    for (size_t k = 0; k < list.n; k++) {
        const vouch__entry_group *group = group_of(page, list.at[k]->key, strlen(list.at[k]->key));
        vouch__page_fact(page, group ? title_of(page, group) : NULL, list.at[k]->key, tests);
    }
    vouch__buf_text(page->out, "</dl>\n");
    vouch__scratch_reset(page->ctx, mark);
}

static void legal(vouch__page *page)
{
    const vouch__json *list = vouch__json_get(page->root, "legal");
    static const char *const told[] = { "name", "title" };
    if (!list || list->type != VOUCH__JSON_ARRAY)
        return;
    for (const vouch__json *profile = list->first; profile; profile = profile->next) {
        const vouch__json *tests = vouch__json_get(profile, "tests");
        vouch__buf_text(page->out,
                        "<div class=\"card\"><div class=\"head\"><p class=\"kicker\">Legal profile ");
        vouch__html_text(page->out,
                         vouch__json_string(profile) ? profile->text : vouch__member(profile, "name"));
        vouch__buf_text(page->out, "</p><h3>");
        vouch__html_text(page->out, vouch__member(profile, "title"));
        vouch__buf_text(page->out, "</h3>\n");
        vouch__page_members(page, profile, told, 2);
        vouch__buf_text(page->out, "</div>\n");
        if (tests && tests->len) {
            vouch__buf_text(
                page->out,
                "<h4>What it says of each test</h4>\n<p class=\"fine\">run: judged as the policy says; "
                "advisory: a failure is told as advice; blocked: not done under this law.</p>\n");
            tests_of_profile(page, tests);
        }
        vouch__buf_text(page->out, "</div>\n");
    }
}

void vouch__page_facts(vouch__page *page, const char *section)
{
    const vouch__json *root = page->root;
    if (!strcmp(section, "data")) {
        vouch__page_members(page, vouch__json_get(root, "data"), NULL, 0);
    } else if (!strcmp(section, "split")) {
        const vouch__json *split = vouch__json_get(root, "split");
        vouch__page_members(page, split, NULL, 0);
        if (!vouch__page_tells(page, section)) /* its own entry has the parts */
            vouch__page_objects(page, vouch__json_get(split, "parts"));
    } else if (!strcmp(section, "fairness")) {
        legal(page);
    } else if (!strcmp(section, "compare")) {
        const vouch__json *champion = vouch__json_get(root, "champion");
        if (!vouch__page_tells(page, section) && vouch__member(champion, "why")) {
            vouch__buf_text(page->out, "<p class=\"verdict\">");
            vouch__html_text(page->out, vouch__member(champion, "why"));
            vouch__buf_text(page->out, "</p>\n");
        }
    } else if (!strcmp(section, "decide")) {
        const vouch__json *decision = vouch__json_get(root, "decision"),
                          *test = vouch__json_get(decision, "test");
        vouch__page_members(page, decision, NULL, 0);
        if (test && test->type == VOUCH__JSON_OBJECT) {
            vouch__buf_text(page->out, "<h3>Seen on the test part</h3>\n");
            vouch__page_members(page, test, NULL, 0);
        }
    }
}

/* One id of a control's evidence, as what it is called where the report has it. */
static void evidence_name(vouch__page *page, const char *id, size_t len)
{
    const vouch__entry_group *group = group_of(page, id, len);
    if (group) {
        vouch__buf_text(page->out, "<a href=\"#");
        vouch__page_anchor(page, group->id);
        vouch__buf_text(page->out, "\">");
        vouch__html_text(page->out, title_of(page, group));
        vouch__buf_text(page->out, "</a>");
        return;
    }
    for (const vouch__report_section *s = vouch__report_sections; s->key; s++)
        if (len > 2 && !strncmp(id + len - 2, ".*", 2) && strlen(s->key) == len - 2 &&
            !strncmp(s->key, id, len - 2) && vouch__page_has(page, s->key)) {
            vouch__buf_fmt(page->out, "any of <a href=\"#%s\">%s</a>", s->key,
                           vouch__page_section_title(page, s));
            return;
        }
    vouch__html_bytes(page->out, id, len);
}

/* "a|b": either; of those the ones that are here, all when none is. */
static void evidence_names(vouch__page *page, const char *text)
{
    bool any = false;
    for (int pass = 0; pass < 2 && !any; pass++) {
        const char *joint = "";
        for (const char *at = text; at; at = strchr(at, '|')) {
            at += *at == '|';
            size_t len = strcspn(at, "|");
            if (!pass && !group_of(page, at, len))
                continue;
            vouch__buf_text(page->out, joint);
            evidence_name(page, at, len);
            joint = " or ";
            any = true;
        }
    }
}

static void control_row(vouch__page *page, const vouch__json *item)
{
    vouch__buf *out = page->out;
    const char *note = vouch__member(item, "note");
    vouch__buf_text(out, "<tr><td class=\"limit\">");
    vouch__html_text(out, vouch__member(item, "id"));
    vouch__buf_text(out, "</td><td><strong>");
    vouch__html_text(out, vouch__member(item, "title"));
    vouch__buf_text(out, "</strong><br>");
    vouch__html_text(out, vouch__member(item, "text"));
    if (note && *note) {
        vouch__buf_text(out, "<br><em>");
        vouch__html_text(out, note);
        vouch__buf_text(out, "</em>");
    }
    vouch__buf_text(out, "</td><td>");
    const vouch__json *evidence = vouch__json_get(item, "evidence");
    for (const vouch__json *at = evidence ? evidence->first : NULL; at; at = at->next)
        if (vouch__json_string(at)) {
            evidence_names(page, at->text);
            vouch__buf_text(out, at->next ? "<br>" : "");
        }
    vouch__buf_text(out, "</td><td class=\"num\">");
    if (vouch__json_get(item, "matched"))
        vouch__html_value(out, NULL, vouch__json_get(item, "matched"));
    vouch__buf_text(out, "</td><td>");
    vouch__html_badge(out, vouch__member(item, "status"));
    vouch__buf_text(out, "</td></tr>\n");
}

void vouch__page_controls(vouch__page *page)
{
    const vouch__json *controls = vouch__json_get(page->root, "controls");
    const vouch__json *items = controls && controls->type == VOUCH__JSON_ARRAY
                                   ? controls
                                   : vouch__json_get(controls, "items");
    const char *title = vouch__member(controls, "title"), *note = vouch__member(controls, "note");
    if (title) {
        vouch__buf_text(page->out, "<h3>");
        vouch__html_text(page->out, title);
        vouch__buf_text(page->out, "</h3>\n");
    }
    if (note) {
        vouch__buf_text(page->out, "<p class=\"purpose\">");
        vouch__html_text(page->out, note);
        vouch__buf_text(page->out, "</p>\n");
    }
    vouch__buf_text(page->out,
                    "<div class=\"scroll\"><table class=\"asks\"><thead><tr><th "
                    "scope=\"col\">Control</th><th scope=\"col\">What it "
                    "asks</th><th scope=\"col\">Evidence</th><th scope=\"col\" class=\"num\">Entries</th><th "
                    "scope=\"col\">Status</th></tr></thead>\n<tbody>\n");
    if (items && items->type == VOUCH__JSON_ARRAY)
        for (const vouch__json *item = items->first; item; item = item->next)
            control_row(page, item);
    vouch__buf_text(page->out, "</tbody></table></div>\n");
}

void vouch__page_limits(vouch__page *page)
{
    const char *name = vouch__member(vouch__json_get(page->root, "policy"), "name");
    if (name) {
        vouch__buf_text(page->out, "<p>Policy: <strong>");
        vouch__html_text(page->out, name);
        vouch__buf_text(page->out, "</strong></p>\n");
    }
    vouch__buf_text(
        page->out,
        "<div class=\"scroll\"><table class=\"fit\"><thead><tr><th scope=\"col\">Test</th><th scope=\"col\">"
        "Id</th><th scope=\"col\">Limits</th></tr></thead>\n<tbody>\n");
    for (size_t g = 0; g < page->n_groups; g++) {
        const vouch__json *judged = NULL;
        for (size_t i = 0; !judged && i < page->group[g].n; i++) {
            const vouch__json *entry = page->entry[page->group[g].first + i];
            if (vouch__json_get(vouch__json_get(entry, "policy"), "direction"))
                judged = entry;
        }
        if (!judged)
            continue;
        vouch__buf_text(page->out, "<tr><th scope=\"row\"><a href=\"#");
        vouch__page_anchor(page, page->group[g].id);
        vouch__buf_text(page->out, "\">");
        vouch__html_text(page->out, vouch__member(judged, "title"));
        vouch__buf_text(page->out, "</a></th><td><code>");
        vouch__html_text(page->out, page->group[g].id);
        vouch__buf_text(page->out, "</code></td><td class=\"limit\">");
        vouch__page_limit(page, judged);
        vouch__buf_text(page->out, "</td></tr>\n");
    }
    vouch__buf_text(page->out, "</tbody></table></div>\n");
}

static void fingerprint(vouch__page *page, const char *what, const char *name, const char *hash)
{
    if (!hash)
        return;
    vouch__buf_fmt(page->out, "<tr><th scope=\"row\">%s", what);
    if (name) {
        vouch__buf_text(page->out, " ");
        vouch__html_text(page->out, name);
    }
    vouch__buf_text(page->out, "</th><td class=\"hash\">");
    vouch__html_text(page->out, hash);
    vouch__buf_text(page->out, "</td></tr>\n");
}

void vouch__page_fingerprints(vouch__page *page)
{
    const vouch__json *root = page->root, *code = vouch__json_get(root, "code"),
                      *models = vouch__json_get(root, "models");
    const vouch__json *parts = vouch__json_get(vouch__json_get(root, "split"), "parts");
    const vouch__json *first = page->n_entries ? vouch__json_get(page->entry[0], "fingerprints") : NULL;
    vouch__buf_text(
        page->out,
        "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">What</th><th scope=\"col\">SHA-256</th>"
        "</tr></thead>\n<tbody>\n");
    fingerprint(page, "Data", NULL, vouch__member(vouch__json_get(root, "data"), "fingerprint"));
    if (parts && parts->type == VOUCH__JSON_ARRAY)
        for (const vouch__json *part = parts->first; part; part = part->next)
            fingerprint(page, "Row ids of part", vouch__member(part, "part"),
                        vouch__member(part, "fingerprint"));
    if (models && models->type == VOUCH__JSON_ARRAY)
        for (const vouch__json *model = models->first; model; model = model->next)
            fingerprint(page, "Model", vouch__member(model, "name"), vouch__member(model, "fingerprint"));
    fingerprint(page, "Parameters", NULL, vouch__member(first, "params"));
    fingerprint(page, "Code, version", vouch__member(code, "version"), vouch__member(code, "build"));
    fingerprint(page, "Ledger head", NULL, vouch__member(page->head, "hash"));
    vouch__buf_text(page->out, "</tbody></table></div>\n");
    const vouch__json *seed = vouch__json_get(root, "seed");
    if (seed) {
        vouch__buf_text(page->out, "<p>Seed: ");
        vouch__html_value(page->out, NULL, seed);
        vouch__buf_text(page->out, "</p>\n");
    }
    double seq = vouch__member_number(page->head, "seq");
    if (isnan(seq)) {
        vouch__buf_text(
            page->out,
            "<p>This report is not recorded in a ledger. Nothing proves when it was made or that its "
            "evidence is whole.</p>\n");
        return;
    }
    vouch__buf_text(page->out, "<p>When the report was made, the ledger ended at entry ");
    vouch__html_single(page->out, seq, NULL);
    vouch__buf_text(
        page->out,
        ". <code>vouch verify</code> checks the ledger offline; given this head it also finds a tail that "
        "was cut off. <code>vouch replay</code> makes a number again and compares byte for byte.</p>\n");
}
