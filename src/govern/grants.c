/* Who holds which key, and which roles it has when. A key belongs to one person for ever; a person may have
 * several keys. The first entry makes its signer an owner; every later grant is an owner's. */
#include "govern/grants.h"

#include "govern/store.h"

#include <string.h>

static const char *const roles_known[] = {
    "owner", "developer", "validator", "approver", "auditor", "service"
};

const char *vouch__role_find(const char *name)
{
    for (size_t i = 0; i < sizeof roles_known / sizeof *roles_known; i++)
        if (name && strcmp(name, roles_known[i]) == 0)
            return roles_known[i];
    return NULL;
}

void vouch__grants_init(vouch_ctx *ctx, vouch__grants *grants)
{
    *grants = (vouch__grants){ .alloc = *vouch__allocator(ctx) };
}

void vouch__grants_clear(vouch__grants *grants)
{
    vouch_alloc alloc = grants->alloc;
    for (size_t i = 0; i < grants->n; i++)
        vouch__free(&alloc, grants->at[i].person);
    vouch__free(&alloc, grants->at);
    *grants = (vouch__grants){ .alloc = alloc };
}

vouch_status vouch__person_check(vouch_ctx *ctx, const char *person)
{
    size_t len = person ? strlen(person) : 0;
    if (len == 0 || len > 100)
        return vouch__fail(ctx, VOUCH_E_ARG, "person: a name must be of 1 to 100 bytes");
    if (!vouch__utf8_valid(person, len))
        return vouch__fail(ctx, VOUCH_E_ARG, "person: the name is not valid UTF-8");
    if (person[0] == ' ' || person[len - 1] == ' ' || strstr(person, "  "))
        return vouch__fail(ctx, VOUCH_E_ARG, "person '%s': has spaces at an end or doubled", person);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)person[i] < 0x20 || person[i] == 0x7f)
            return vouch__fail(ctx, VOUCH_E_ARG, "person: the name has a control character at byte %zu", i);
    return VOUCH_OK;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool same_but_case(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

const vouch__grant *vouch__grants_key(const vouch__grants *grants, const char *key)
{
    for (size_t i = 0; i < grants->n; i++)
        if (strcmp(grants->at[i].key, key) == 0)
            return &grants->at[i];
    return NULL;
}

bool vouch__grant_stands(const vouch__grants *grants, size_t i)
{
    const vouch__grant *g = &grants->at[i];
    for (size_t j = i + 1; j < grants->n; j++)
        if (grants->at[j].role == g->role && strcmp(grants->at[j].key, g->key) == 0)
            return false;
    return true;
}

/* Is role one of the words of "a|b|c"? */
static bool among(const char *roles, const char *role)
{
    size_t len = strlen(role);
    for (const char *word = roles; word; word = strchr(word, '|')) {
        word += *word == '|';
        if (strncmp(word, role, len) == 0 && (word[len] == '\0' || word[len] == '|'))
            return true;
    }
    return false;
}

bool vouch__grants_hold(const vouch__grants *grants, const char *key, const char *roles, int64_t time)
{
    for (size_t i = 0; i < grants->n; i++) {
        const vouch__grant *g = &grants->at[i];
        if (strcmp(g->key, key) != 0 || (roles && !among(roles, g->role)) || !vouch__grant_stands(grants, i))
            continue;
        if (g->from <= time && (g->until == 0 || time < g->until))
            return true;
    }
    return false;
}

/* One key, one person; and no two persons whose names differ in case only. */
static vouch_status check_person(vouch_ctx *ctx, const vouch__grants *grants, const vouch__grant *new_grant)
{
    for (size_t i = 0; i < grants->n; i++) {
        const vouch__grant *g = &grants->at[i];
        bool same_person = strcmp(g->person, new_grant->person) == 0;
        if (strcmp(g->key, new_grant->key) == 0) {
            if (memcmp(g->public_key, new_grant->public_key, VOUCH__KEY_PUBLIC) != 0)
                return vouch__fail(ctx, VOUCH_E_CONFLICT, "grant: key %s has the id of another key", g->key);
            if (!same_person)
                return vouch__fail(ctx, VOUCH_E_CONFLICT, "grant: key %s is %s's, it can't be %s's", g->key,
                                   g->person, new_grant->person);
        }
        if (!same_person && same_but_case(g->person, new_grant->person))
            return vouch__fail(ctx, VOUCH_E_CONFLICT, "grant: '%s' differs from '%s' in case only",
                               new_grant->person, g->person);
    }
    return VOUCH_OK;
}

static vouch_status read_grant(vouch_ctx *ctx, const char *kind, const vouch__json *body, vouch__grant *g)
{
    const int64_t last = (int64_t)1 << 53;
    const char *public_key = vouch__json_string(vouch__json_get(body, "public_key"));
    const char *role = vouch__json_string(vouch__json_get(body, "role"));
    g->role = vouch__role_find(strcmp(kind, "init") == 0 ? "owner" : role);
    g->from = vouch__json_int(vouch__json_get(body, "from"), 0);
    g->until = vouch__json_int(vouch__json_get(body, "until"), 0);
    if (!g->role)
        return vouch__fail(
            ctx, VOUCH_E_ARG,
            "grant: role is '%s', must be owner, developer, validator, approver, auditor or service",
            role ? role : "");
    if (!public_key || !vouch__unhex(public_key, g->public_key, VOUCH__KEY_PUBLIC))
        return vouch__fail(ctx, VOUCH_E_FORMAT, "grant: public_key is not 64 hex digits");
    if (g->from < 0 || g->from > last || g->until < 0 || g->until > last)
        return vouch__fail(ctx, VOUCH_E_ARG, "grant: from and until must be within 0 and 2^53 microseconds");
    return vouch__key_id(ctx, g->public_key, g->key);
}

vouch_status vouch__grants_apply(vouch_ctx *ctx, vouch__grants *grants, int64_t seq, const char *kind,
                                 const vouch__json *body)
{
    vouch__grant g = { .seq = seq };
    const char *person = vouch__json_string(vouch__json_get(body, "person"));
    vouch_status status = vouch__person_check(ctx, person);
    if (!status)
        status = read_grant(ctx, kind, body, &g);
    if (status)
        return status;
    g.person = vouch__resize(&grants->alloc, NULL, strlen(person) + 1, 1);
    if (!g.person)
        return vouch__oom(ctx);
    memcpy(g.person, person, strlen(person) + 1);
    status = check_person(ctx, grants, &g);
    if (status)
        goto done;
    if (grants->n == grants->cap) {
        size_t cap = grants->cap ? 2 * grants->cap : 8;
        vouch__grant *at = vouch__resize(&grants->alloc, grants->at, cap, sizeof *at);
        if (!at) {
            status = vouch__oom(ctx);
            goto done;
        }
        grants->at = at;
        grants->cap = cap;
    }
    grants->at[grants->n++] = g;
    grants->seq = seq;
    g.person = NULL;
done:
    vouch__free(&grants->alloc, g.person);
    return status;
}

static vouch_status load_row(vouch_ctx *ctx, vouch__grants *grants, const vouch__ledger_row *row)
{
    vouch__doc *doc = NULL;
    vouch_status status = vouch__ledger_row_read(ctx, row, &doc);
    if (status)
        return status;
    const vouch__json *entry = vouch__doc_root(doc);
    const vouch__json *body = vouch__json_get(entry, "body");
    if (grants->n == 0) { /* the first entry brings the key it is signed with */
        status = vouch__grants_apply(ctx, grants, row->seq, row->kind, body);
        if (!status)
            status = vouch__ledger_row_signed(ctx, row, entry, grants);
    } else {
        status = vouch__ledger_row_signed(ctx, row, entry, grants);
        if (!status)
            status = vouch__grants_apply(ctx, grants, row->seq, row->kind, body);
    }
    vouch__doc_free(doc);
    return status;
}

vouch_status vouch__grants_load(vouch_ctx *ctx, vouch_store *store)
{
    sqlite3_stmt *stmt = NULL;
    bool more = false;
    vouch_status status = vouch__sql(ctx, store, VOUCH__SQL_GRANTS, &stmt);
    if (status)
        return status;
    vouch__sql_int(stmt, 1, store->grants.seq);
    for (;;) {
        vouch__ledger_row row = { .seq = 0 };
        status = vouch__sql_step(ctx, store, stmt, &more);
        if (status || !more)
            break;
        status = vouch__ledger_row_at(ctx, stmt, &row);
        if (!status)
            status = load_row(ctx, &store->grants, &row);
        if (status)
            break;
    }
    vouch__sql_reset(stmt);
    if (status)
        vouch__grants_clear(&store->grants);
    return status;
}
