/* Legal profiles: what each test is under a law, and from when until when the law holds. */
#include "data/calendar.h"
#include "fairness/legal_parts.h"

#include <string.h>

static const char *const tests[] = { "fairness.prohibited",   "fairness.flip",         "fairness.proxy",
                                     "fairness.score_proxy",  "fairness.air",          "fairness.smd",
                                     "fairness.error_rates",  "fairness.alternatives", "fairness.mitigation",
                                     "fairness.group_cutoffs" };
enum { TESTS = sizeof tests / sizeof tests[0] };
static const char *const modes[] = { "advisory", "run", "blocked" };
static const char *const keys[] = {
    "name", "title", "citation", "from", "until", "tests", "note", "grounds"
};
enum { KEYS = sizeof keys / sizeof keys[0], LONGEST = 1 << 18 };

struct vouch__legal {
    char *name;
    bool has_from, has_until;
    int32_t from, until; /* days since 1970; until is the last day */
    vouch__legal_mode mode[TESTS];
    vouch__doc *doc;            /* the file */
    const vouch__json *grounds; /* ground -> {columns, values}, or NULL */
    vouch_alloc alloc;
};

/* Tests of the catalogue that are judged as one of those above. */
static const struct {
    const char *id, *as;
} families[] = {
    { "fairness.odds_ratio", "fairness.air" },
    { "fairness.air_by_quantile", "fairness.air" },
    { "fairness.intersections", "fairness.air" },
    { "fairness.conditional_parity", "fairness.air" },
    { "fairness.air_probable", "fairness.air" },
    { "fairness.residual_smd", "fairness.smd" },
    { "fairness.group_rates", "fairness.error_rates" },
    { "fairness.equal_opportunity", "fairness.error_rates" },
    { "fairness.average_odds", "fairness.error_rates" },
    { "fairness.equalised_odds", "fairness.error_rates" },
    { "fairness.proxy_set", "fairness.proxy" },
    { "fairness.swap", "fairness.flip" },
};

const vouch__json *vouch__legal_grounds(const vouch__legal *legal) { return legal->grounds; }
const vouch__json *vouch__legal_root(const vouch__legal *legal) { return vouch__doc_root(legal->doc); }

static vouch_status unknown(vouch_ctx *ctx, const char *file, const vouch__json *at, const char *const *known,
                            size_t n)
{
    const char *near = vouch__nearest(at->key, known, n);
    return vouch__fail(ctx, VOUCH_E_FORMAT, "%s:%u:%u: unknown key '%s'%s", file, at->line, at->column,
                       at->key, vouch__did_you_mean(near).text);
}

/* "2026-07-21", a day that exists. */
static bool read_day(const char *text, int32_t *out_day)
{
    int64_t part[3], year;
    int month, day;
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || strspn(text, "0123456789-") != 10 ||
        !vouch__int_read(text, 4, &part[0]) || text[5] == '-' || text[8] == '-')
        return false;
    part[1] = (text[5] - '0') * 10 + (text[6] - '0'); /* vouch__int_read refuses a leading zero */
    part[2] = (text[8] - '0') * 10 + (text[9] - '0');
    if (part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31)
        return false;
    int64_t at = vouch__day_from_civil(part[0], (int)part[1], (int)part[2]);
    vouch__civil_from_day(at, &year, &month, &day);
    *out_day = (int32_t)at;
    return month == (int)part[1] && day == (int)part[2];
}

static vouch_status read_date(vouch_ctx *ctx, const char *file, const vouch__json *root, const char *key,
                              bool *out_has, int32_t *out_day)
{
    const vouch__json *at = vouch__json_get(root, key);
    if (!at || at->type == VOUCH__JSON_NULL)
        return VOUCH_OK;
    *out_has = true;
    if (at->type == VOUCH__JSON_STRING && read_day(at->text, out_day))
        return VOUCH_OK;
    return vouch__fail(ctx, VOUCH_E_FORMAT, "%s:%u:%u: %s must be a date such as \"2026-07-21\", or null",
                       file, at->line, at->column, key);
}

static vouch_status read_tests(vouch_ctx *ctx, const char *file, const vouch__json *root, vouch__legal *legal)
{
    const vouch__json *map = vouch__json_get(root, "tests");
    if (!map || map->type != VOUCH__JSON_OBJECT)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "%s: tests must map test ids to run, advisory or blocked",
                           file);
    for (const vouch__json *at = map->first; at; at = at->next) {
        const char *word = vouch__json_string(at);
        size_t test = 0, mode = 0;
        while (test < TESTS && strcmp(tests[test], at->key) != 0)
            test++;
        if (test == TESTS)
            return unknown(ctx, file, at, tests, TESTS);
        while (mode < 3 && (!word || strcmp(modes[mode], word) != 0))
            mode++;
        if (mode == 3)
            return vouch__fail(ctx, VOUCH_E_FORMAT, "%s:%u:%u: %s must be run, advisory or blocked", file,
                               at->line, at->column, at->key);
        legal->mode[test] = (vouch__legal_mode)mode;
    }
    return VOUCH_OK;
}

static vouch_status read_root(vouch_ctx *ctx, const char *file, const vouch__json *root, vouch__legal *legal)
{
    if (root->type != VOUCH__JSON_OBJECT)
        return vouch__fail(ctx, VOUCH_E_FORMAT, "%s: must be a mapping", file);
    for (const vouch__json *at = root->first; at; at = at->next) {
        size_t k = 0;
        while (k < KEYS && strcmp(keys[k], at->key) != 0)
            k++;
        if (k == KEYS)
            return unknown(ctx, file, at, keys, KEYS);
    }
    const char *name = vouch__json_string(vouch__json_get(root, "name"));
    legal->name = vouch__strdup(ctx, name ? name : file);
    if (!legal->name)
        return vouch__oom(ctx);
    vouch_status status = read_date(ctx, file, root, "from", &legal->has_from, &legal->from);
    if (!status)
        status = read_date(ctx, file, root, "until", &legal->has_until, &legal->until);
    if (!status && vouch__json_get(root, "grounds"))
        status = vouch__legal_check_grounds(ctx, file, vouch__json_get(root, "grounds"));
    legal->grounds = vouch__json_get(root, "grounds");
    return status ? status : read_tests(ctx, file, root, legal);
}

vouch_status vouch__legal_read(vouch_ctx *ctx, const char *name, const char *yaml, size_t len,
                               vouch__legal **out_legal)
{
    vouch__doc *doc = NULL;
    vouch__legal *legal = NULL;
    vouch_status status = vouch__yaml_read(ctx, name, yaml, len, LONGEST, &doc);
    if (status)
        return status;
    legal = vouch__alloc(ctx, 1, sizeof *legal);
    if (!legal) {
        status = vouch__oom(ctx);
        goto done;
    }
    legal->alloc = *vouch__allocator(ctx);
    legal->doc = doc;
    doc = NULL;
    status = read_root(ctx, name, vouch__doc_root(legal->doc), legal);
    if (status)
        goto done;
    *out_legal = legal;
    legal = NULL;
done:
    vouch__legal_free(legal);
    vouch__doc_free(doc);
    return status;
}

void vouch__legal_free(vouch__legal *legal)
{
    if (!legal)
        return;
    vouch_alloc alloc = legal->alloc;
    vouch__doc_free(legal->doc);
    vouch__free(&alloc, legal->name);
    vouch__free(&alloc, legal);
}

static vouch_status not_in_force(vouch_ctx *ctx, const vouch__legal *legal, int32_t date)
{
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_fmt(&text, "legal: profile '%s' is in force ", legal->name);
    if (legal->has_from)
        vouch__buf_text(&text, "from ");
    if (legal->has_from)
        vouch__day_text(&text, legal->from);
    if (legal->has_until)
        vouch__buf_text(&text, legal->has_from ? " until " : "until ");
    if (legal->has_until)
        vouch__day_text(&text, legal->until);
    vouch__buf_text(&text, ", not on ");
    vouch__day_text(&text, date);
    vouch_status status = vouch__buf_status(ctx, &text);
    if (!status)
        status = vouch__fail(ctx, VOUCH_E_ARG, "%s", text.at);
    vouch__buf_free(&text);
    return status;
}

vouch_status vouch__legal_check(vouch_ctx *ctx, size_t n, vouch__legal *const *legal, int32_t date)
{
    for (size_t i = 0; i < n; i++)
        if ((legal[i]->has_from && date < legal[i]->from) || (legal[i]->has_until && date > legal[i]->until))
            return not_in_force(ctx, legal[i], date);
    for (size_t t = 0; t < TESTS; t++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                if (legal[i]->mode[t] == VOUCH__LEGAL_RUN && legal[j]->mode[t] == VOUCH__LEGAL_BLOCKED)
                    return vouch__fail(ctx, VOUCH_E_CONFLICT,
                                       "legal: %s is required by '%s' and blocked by '%s'", tests[t],
                                       legal[i]->name, legal[j]->name);
    return VOUCH_OK;
}

vouch__legal_mode vouch__legal_of(size_t n, vouch__legal *const *legal, const char *test, const char **out_by)
{
    vouch__legal_mode mode = VOUCH__LEGAL_ADVISORY;
    size_t t = 0;
    for (size_t k = 0; k < sizeof families / sizeof *families; k++)
        if (!strcmp(families[k].id, test))
            test = families[k].as;
    *out_by = n > 0 ? legal[0]->name : "measure-only";
    while (t < TESTS && strcmp(tests[t], test) != 0)
        t++;
    for (size_t i = 0; t < TESTS && i < n; i++)
        if (legal[i]->mode[t] > mode) {
            mode = legal[i]->mode[t];
            *out_by = legal[i]->name;
        }
    return mode;
}
