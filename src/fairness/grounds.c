/* Grounds on which a law forbids to decide, and columns that speak of them: by their names, or by what they
 * hold. */
#include "fairness/fair_suite.h"

#include "fairness/legal_parts.h"

#include <string.h>

enum { WORDS_MAX = 160 };

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80); }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c; }

/* " marital status " of "MARITAL_STATUS", "maritalStatus" or "marital-status2". */
static void words_of(const char *text, char out[WORDS_MAX])
{
    size_t n = 0;
    out[n++] = ' ';
    for (const char *at = text; *at && n + 3 < WORDS_MAX; at++) {
        bool hump = at > text && *at >= 'A' && *at <= 'Z' && at[-1] >= 'a' && at[-1] <= 'z';
        if ((!is_letter(*at) || hump) && out[n - 1] != ' ')
            out[n++] = ' ';
        if (is_letter(*at))
            out[n++] = lower(*at);
    }
    if (out[n - 1] != ' ')
        out[n++] = ' ';
    out[n] = '\0';
}

static void squash(char *words)
{
    size_t n = 0;
    for (const char *at = words; *at; at++)
        if (*at != ' ')
            words[n++] = *at;
    words[n] = '\0';
}

/* What comes before the phrase is a thing, not a person: the age of an account is nobody's. */
static bool is_of_a_thing(const char *name, const char *at)
{
    static const char *const thing[] = { "account",  "loan",    "vehicle", "car",    "property",
                                         "building", "house",   "file",    "credit", "trade",
                                         "oldest",   "history", "bureau",  "card" };
    const char *from = at;
    while (from > name && from[-1] != ' ')
        from--;
    for (size_t k = 0; k < sizeof thing / sizeof *thing; k++)
        if (strlen(thing[k]) == (size_t)(at - from) && !strncmp(from, thing[k], (size_t)(at - from)))
            return true;
    return false;
}

/* The phrase stands in the name as words of its own, or the name is the phrase without its blanks. */
static bool names(const char *column, const char *phrase)
{
    char name[WORDS_MAX], words[WORDS_MAX];
    words_of(column, name);
    words_of(phrase, words);
    const char *at = strstr(name, words);
    if (at)
        return !is_of_a_thing(name, at);
    squash(name);
    squash(words);
    return !strcmp(name, words);
}

static bool equals(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

const char *vouch__legal_ground(const vouch__legal *legal, const char *column)
{
    const vouch__json *grounds = vouch__legal_grounds(legal);
    for (const vouch__json *at = grounds ? grounds->first : NULL; at; at = at->next) {
        const vouch__json *columns = vouch__json_get(at, "columns");
        for (const vouch__json *phrase = columns->first; phrase; phrase = phrase->next)
            if (names(column, phrase->text))
                return at->key;
    }
    return NULL;
}

const char *vouch__legal_value_ground(const vouch__legal *legal, size_t n, const char *const *text)
{
    const vouch__json *grounds = vouch__legal_grounds(legal);
    for (const vouch__json *at = grounds ? grounds->first : NULL; at; at = at->next) {
        const vouch__json *values = vouch__json_get(at, "values");
        size_t found = 0;
        for (const vouch__json *value = values ? values->first : NULL; value; value = value->next)
            for (size_t k = 0; k < n; k++)
                found += equals(text[k], value->text);
        if (found >= 2)
            return at->key;
    }
    return NULL;
}

bool vouch__legal_covers(size_t n, vouch__legal *const *legal, const char *column)
{
    for (size_t i = 0; i < n; i++)
        if (!vouch__legal_grounds(legal[i]) || vouch__legal_ground(legal[i], column))
            return true;
    return n == 0;
}

/* [{columns: [text..], values: [text..]}] under each ground; values may be left out. */
vouch_status vouch__legal_check_grounds(vouch_ctx *ctx, const char *file, const vouch__json *grounds)
{
    static const char *const known[] = { "columns", "values" };
    vouch_status status = VOUCH_OK;
    if (grounds->type != VOUCH__JSON_OBJECT)
        return vouch__json_fail(ctx, VOUCH_E_FORMAT, file, grounds, "grounds must be a mapping");
    for (const vouch__json *at = grounds->first; at && !status; at = at->next) {
        if (at->type != VOUCH__JSON_OBJECT || !vouch__json_get(at, "columns"))
            return vouch__json_fail(ctx, VOUCH_E_FORMAT, file, at, "%s must be a mapping with columns",
                                    at->key);
        status = vouch__json_known(ctx, file, at, known, sizeof known / sizeof *known);
        for (const vouch__json *list = at->first; list && !status; list = list->next) {
            if (list->type != VOUCH__JSON_ARRAY)
                return vouch__json_fail(ctx, VOUCH_E_FORMAT, file, list, "%s must be a list", list->key);
            for (const vouch__json *text = list->first; text; text = text->next)
                if (!vouch__json_string(text) || !*text->text)
                    return vouch__json_fail(ctx, VOUCH_E_FORMAT, file, text, "%s must hold words", list->key);
        }
    }
    return status;
}
