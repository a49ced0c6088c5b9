/* Who may do what to which model: the four-eyes rules, by person and not by key. */
#include "people.h"

#include "data/table.h"
#include "govern/ledger.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_model_goes_from_candidate_to_approved_to_retired(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch__doc *doc = NULL;
    vouch__json *model = NULL;
    char fingerprint[65], id[9] = { 0 };
    int64_t run = add_run(ctx, store, DANA, "cards", 1, fingerprint);
    memcpy(id, fingerprint, 8);
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    assert_status(ctx, vouch__registry_approved(ctx, store, NULL, doc, &model), VOUCH_E_NOTFOUND);
    assert_status(ctx, vouch_govern_approve(ctx, store, person_key(ANNA), id, NULL), VOUCH_E_CONFLICT);
    assert_error_has(ctx, "is candidate, must be validated");
    assert_ok(ctx, vouch_govern_sign(ctx, store, person_key(VICTOR), id, "looked at"));
    assert_status(ctx, vouch_govern_sign(ctx, store, person_key(VICTOR), id, NULL), VOUCH_E_CONFLICT);
    assert_ok(ctx, vouch_govern_approve(ctx, store, person_key(ANNA), "cards", "for branch 7"));
    assert_ok(ctx, vouch__registry_approved(ctx, store, "cards", doc, &model));
    assert_string_equal(vouch__json_string(vouch__json_get(model, "state")), "approved");
    assert_string_equal(vouch__json_string(vouch__json_get(model, "developer")), person_name[DANA]);
    assert_string_equal(vouch__json_string(vouch__json_get(model, "validator")), person_name[VICTOR]);
    assert_string_equal(vouch__json_string(vouch__json_get(model, "approver")), person_name[ANNA]);
    assert_int_equal(vouch__json_int(vouch__json_get(model, "run_seq"), 0), run);
    assert_ok(ctx, vouch_govern_retire(ctx, store, person_key(ANNA), id, "replaced"));
    assert_status(ctx, vouch_govern_retire(ctx, store, person_key(ANNA), id, NULL), VOUCH_E_CONFLICT);
    assert_status(ctx, vouch__registry_approved(ctx, store, NULL, doc, &model), VOUCH_E_NOTFOUND);
    vouch__doc_free(doc);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void grant(vouch_ctx *ctx, vouch_store *store, int key_of, const char *person, const char *role,
                  int64_t from, int64_t until, vouch_status want)
{
    char pub[300];
    (void)snprintf(pub, sizeof pub, "%s.pub", person_key_path(key_of));
    assert_status(ctx, vouch_govern_grant(ctx, store, person_key(OLGA), pub, person, role, from, until),
                  want);
}

/* Dana has every role, and a second key: it is still Dana. */
static void a_developer_is_refused_whatever_the_key(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = NULL;
    char fingerprint[65];
    assert_ok(ctx, vouch_store_open(ctx, ":memory:", 1, &store));
    assert_ok(ctx, vouch_govern_init(ctx, store, person_key(OLGA), person_name[OLGA]));
    for (int i = DANA; i < N_PEOPLE; i++)
        (void)person_key(i);
    grant(ctx, store, DANA, "Dana Developer", "developer", 0, 0, VOUCH_OK);
    grant(ctx, store, DANA, "Dana Developer", "validator", 0, 0, VOUCH_OK);
    grant(ctx, store, SERVER, "Dana Developer", "validator", 0, 0, VOUCH_OK); /* her other key */
    grant(ctx, store, SERVER, "Dana Developer", "approver", 0, 0, VOUCH_OK);
    grant(ctx, store, VICTOR, "Victor", "validator", 0, 0, VOUCH_OK);
    grant(ctx, store, VICTOR, "Victor", "approver", 0, 0, VOUCH_OK);
    (void)add_run(ctx, store, DANA, "cards", 1, fingerprint);

    assert_status(ctx, vouch_govern_sign(ctx, store, person_key(DANA), "cards", NULL), VOUCH_E_DENIED);
    assert_error_has(ctx, "Dana Developer developed model cards");
    assert_status(ctx, vouch_govern_sign(ctx, store, person_key(SERVER), "cards", NULL), VOUCH_E_DENIED);
    assert_error_has(ctx, "can't be its validator");
    assert_ok(ctx, vouch_govern_sign(ctx, store, person_key(VICTOR), "cards", NULL));
    assert_status(ctx, vouch_govern_approve(ctx, store, person_key(SERVER), "cards", NULL), VOUCH_E_DENIED);
    assert_error_has(ctx, "can't be its approver");
    assert_status(ctx, vouch_govern_approve(ctx, store, person_key(VICTOR), "cards", NULL), VOUCH_E_DENIED);
    assert_error_has(ctx, "Victor validated model cards");

    /* The same bytes from another run: Dana has developed them all the same. */
    grant(ctx, store, ANNA, "Anna", "developer", 0, 0, VOUCH_OK);
    (void)add_run(ctx, store, ANNA, "cards", 1, fingerprint);
    assert_status(ctx, vouch_govern_sign(ctx, store, person_key(DANA), "cards", NULL), VOUCH_E_DENIED);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void a_missing_role_is_named_with_person_and_model(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    char fingerprint[65];
    (void)add_run(ctx, store, DANA, "cards", 1, fingerprint);
    assert_status(ctx, vouch_govern_sign(ctx, store, person_key(ANNA), "cards", NULL), VOUCH_E_DENIED);
    assert_error_has(ctx, "Anna Approver");
    assert_error_has(ctx, "role validator");
    assert_error_has(ctx, "model cards");
    assert_status(ctx, vouch_govern_retire(ctx, store, person_key(VICTOR), "cards", NULL), VOUCH_E_DENIED);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void rules_hold_for_whoever_appends_an_entry_directly(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch__doc *doc = NULL;
    char fingerprint[65];
    int64_t run = add_run(ctx, store, DANA, "cards", 1, fingerprint);
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    vouch__json *body = vouch__json_object(doc);
    (void)vouch__json_set(doc, body, "model", vouch__json_text(doc, fingerprint));
    (void)vouch__json_set(doc, body, "run", vouch__json_number(doc, (double)run));
    assert_status(ctx, vouch__ledger_append(ctx, store, person_key(ANNA), "approver", "approve", body, NULL),
                  VOUCH_E_CONFLICT);
    assert_status(ctx, vouch__ledger_append(ctx, store, person_key(DANA), "developer", "sign", body, NULL),
                  VOUCH_E_DENIED);
    assert_status(ctx, vouch__ledger_append(ctx, store, person_key(DANA), "developer", "grant", body, NULL),
                  VOUCH_E_DENIED);
    assert_status(ctx, vouch__ledger_append(ctx, store, person_key(DANA), "developer", "run", body, NULL),
                  VOUCH_E_FORMAT);
    assert_status(ctx,
                  vouch__ledger_append(ctx, store, person_key(DANA), "developer", "Bad Kind", body, NULL),
                  VOUCH_E_ARG);
    vouch__doc_free(doc);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void a_grant_counts_from_and_until_its_times(void **state)
{
    (void)state;
    int64_t now = 1000;
    vouch_ctx *ctx = clocked_ctx(&now);
    vouch_store *store = NULL;
    vouch__doc *doc = NULL;
    assert_ok(ctx, vouch_store_open(ctx, ":memory:", 1, &store));
    assert_ok(ctx, vouch_govern_init(ctx, store, person_key(OLGA), person_name[OLGA]));
    (void)person_key(DANA);
    grant(ctx, store, DANA, "Dana", "auditor", 2000, 3000, VOUCH_OK);
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    vouch__json *body = vouch__json_object(doc);
    const struct {
        int64_t time;
        vouch_status want;
    } cases[] = { { 1999, VOUCH_E_DENIED },
                  { 2000, VOUCH_OK },
                  { 2999, VOUCH_OK },
                  { 3000, VOUCH_E_DENIED },
                  { 2500, VOUCH_OK } /* time can't go back before the last entry, 2999 */ };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        now = cases[i].time;
        assert_status(ctx,
                      vouch__ledger_append(ctx, store, person_key(DANA), "auditor", "finding", body, NULL),
                      cases[i].want);
    }
    now = 5000; /* the ledger's time moves on; the clock is then set back into the grant's time */
    assert_ok(ctx, vouch__ledger_append(ctx, store, person_key(OLGA), "owner", "finding", body, NULL));
    now = 2500;
    assert_status(ctx, vouch__ledger_append(ctx, store, person_key(DANA), "auditor", "finding", body, NULL),
                  VOUCH_E_DENIED);
    grant(ctx, store, DANA, "Dana", "auditor", 0, 0, VOUCH_OK);
    assert_ok(ctx, vouch__ledger_append(ctx, store, person_key(DANA), "auditor", "finding", body, NULL));
    grant(ctx, store, DANA, "Dana", "auditor", 0, 1, VOUCH_OK); /* taken back */
    assert_status(ctx, vouch__ledger_append(ctx, store, person_key(DANA), "auditor", "finding", body, NULL),
                  VOUCH_E_DENIED);
    char *message = NULL;
    assert_ok(ctx, vouch_govern_verify(ctx, store, NULL, &message));
    vouch_text_free(ctx, message);
    vouch__doc_free(doc);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void grants_are_refused_when_they_contradict(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    char pub[300];
    grant(ctx, store, DANA, "Somebody Else", "validator", 0, 0, VOUCH_E_CONFLICT);
    assert_error_has(ctx, "is Dana Developer's");
    grant(ctx, store, DANA, "dana developer", "validator", 0, 0, VOUCH_E_CONFLICT);
    grant(ctx, store, DANA, "Dana Developer", "king", 0, 0, VOUCH_E_ARG);
    grant(ctx, store, DANA, "Dana Developer ", "validator", 0, 0, VOUCH_E_ARG);
    grant(ctx, store, DANA, "", "validator", 0, 0, VOUCH_E_ARG);
    grant(ctx, store, DANA, "Dana\nDeveloper", "validator", 0, 0, VOUCH_E_ARG);
    grant(ctx, store, DANA, "Dana \xff", "validator", 0, 0, VOUCH_E_ARG);
    grant(ctx, store, DANA, "Dana Developer", "validator", -1, 0, VOUCH_E_ARG);
    (void)snprintf(pub, sizeof pub, "%s.pub", person_key_path(DANA));
    assert_status(ctx,
                  vouch_govern_grant(ctx, store, person_key(VICTOR), pub, "Dana Developer", "approver", 0, 0),
                  VOUCH_E_DENIED);
    assert_status(ctx, vouch_govern_init(ctx, store, person_key(DANA), "Dana"), VOUCH_E_CONFLICT);
    assert_status(ctx, vouch_govern_sign(ctx, store, person_key(VICTOR), "nothing", NULL), VOUCH_E_NOTFOUND);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void a_store_without_an_owner_takes_no_entry(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = NULL;
    vouch__doc *doc = NULL;
    char *head = NULL;
    assert_ok(ctx, vouch_store_open(ctx, ":memory:", 1, &store));
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    assert_status(
        ctx,
        vouch__ledger_append(ctx, store, person_key(OLGA), "owner", "finding", vouch__json_object(doc), NULL),
        VOUCH_E_DENIED);
    assert_status(ctx, vouch_govern_head(ctx, store, &head), VOUCH_E_NOTFOUND);
    vouch__doc_free(doc);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void names_and_prefixes_mean_the_latest_or_nothing(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch__doc *doc = NULL;
    vouch__json *model = NULL;
    char a[65], b[65], c[65];
    (void)add_run(ctx, store, DANA, "cards", 1, a);
    (void)add_run(ctx, store, DANA, "cards", 2, b);
    assert_ok(ctx, vouch__doc_new(ctx, &doc));
    assert_ok(ctx, vouch__registry_find(ctx, store, "cards", doc, &model));
    assert_string_equal(vouch__json_string(vouch__json_get(model, "fingerprint")), b);
    assert_ok(ctx, vouch__registry_find(ctx, store, a, doc, &model));
    assert_string_equal(vouch__json_string(vouch__json_get(model, "fingerprint")), a);
    assert_status(ctx, vouch__registry_find(ctx, store, "", doc, &model), VOUCH_E_NOTFOUND);
    /* A model named like another's fingerprint deceives nobody. */
    char prefix[9] = { 0 };
    memcpy(prefix, a, 8);
    (void)add_run(ctx, store, DANA, prefix, 3, c);
    assert_status(ctx, vouch__registry_find(ctx, store, prefix, doc, &model), VOUCH_E_CONFLICT);
    vouch__doc_free(doc);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

static void cell_is(const vouch_table *table, const char *column, size_t row, const char *want)
{
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch__buf text;
    vouch__buf_init(ctx, &text, 0);
    vouch__buf_text(&text, "");
    assert_true(vouch_table_find(table, column) != SIZE_MAX);
    vouch__table_cell(table, vouch_table_find(table, column), row, &text);
    assert_string_equal(text.at, want);
    vouch__buf_free(&text);
    vouch_ctx_free(ctx);
}

static void keys_models_and_entries_are_listed(void **state)
{
    (void)state;
    vouch_ctx *ctx = vouch_ctx_new(NULL);
    vouch_store *store = people_store(ctx, NULL);
    vouch_table *table = NULL;
    char fingerprint[65];
    (void)add_run(ctx, store, DANA, "cards", 1, fingerprint);
    assert_ok(ctx, vouch_govern_sign(ctx, store, person_key(VICTOR), "cards", "fine"));

    assert_ok(ctx, vouch_govern_keys(ctx, store, &table));
    assert_int_equal(vouch_table_rows(table), N_PEOPLE);
    cell_is(table, "person", 1, "Dana Developer");
    cell_is(table, "role", 4, "service");
    vouch_table_unref(table);

    assert_ok(ctx, vouch_govern_models(ctx, store, &table));
    assert_int_equal(vouch_table_rows(table), 1);
    cell_is(table, "state", 0, "validated");
    cell_is(table, "validator", 0, "Victor Validator");
    cell_is(table, "approver", 0, "");
    cell_is(table, "fingerprint", 0, fingerprint);
    vouch_table_unref(table);

    assert_ok(ctx, vouch_govern_ledger(ctx, store, &table));
    assert_int_equal(vouch_table_rows(table), N_PEOPLE + 2);
    cell_is(table, "kind", 0, "init");
    cell_is(table, "summary", 0, "owner Olga Owner");
    cell_is(table, "person", 6, "Victor Validator");
    vouch_table_unref(table);
    vouch_store_close(store);
    vouch_ctx_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_goes_from_candidate_to_approved_to_retired),
        cmocka_unit_test(a_developer_is_refused_whatever_the_key),
        cmocka_unit_test(a_missing_role_is_named_with_person_and_model),
        cmocka_unit_test(rules_hold_for_whoever_appends_an_entry_directly),
        cmocka_unit_test(a_grant_counts_from_and_until_its_times),
        cmocka_unit_test(grants_are_refused_when_they_contradict),
        cmocka_unit_test(a_store_without_an_owner_takes_no_entry),
        cmocka_unit_test(names_and_prefixes_mean_the_latest_or_nothing),
        cmocka_unit_test(keys_models_and_entries_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
