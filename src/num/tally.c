/* Entries in one array, found through a table of their places by hash, their texts in one buffer. Cutting and
 * ordering rebuild all three. */
#include "num/tally.h"

#include "num/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BOUND = VOUCH__TALLY_TEXTS, FULL = 2 * BOUND, SLOTS = 4 * BOUND, LONGEST = VOUCH__TALLY_LENGTH };
enum { HASH_DIGITS = 16, KEPT = LONGEST - HASH_DIGITS - 1 };

typedef struct entry {
    uint64_t hash;
    double count;
    uint32_t text, len;
} entry;

struct vouch__tally {
    vouch_alloc alloc;
    uint16_t *slot; /* [SLOTS] place + 1, or 0 */
    entry *at;      /* [FULL] */
    size_t n_texts;
    char *text;
    size_t len, room;
    vouch__tally_entry *view; /* [n_texts] when settled */
    bool is_settled;
    double n, missing, error;
};

vouch_status vouch__tally_new(vouch_ctx *ctx, vouch__tally **out_tally)
{
    vouch__tally *t = vouch__alloc(ctx, 1, sizeof *t);
    if (!t)
        return vouch__oom(ctx);
    t->alloc = *vouch__allocator(ctx);
    t->is_settled = true;
    *out_tally = t;
    return VOUCH_OK;
}

void vouch__tally_free(vouch__tally *tally)
{
    if (!tally)
        return;
    vouch_alloc alloc = tally->alloc;
    vouch__free(&alloc, tally->slot);
    vouch__free(&alloc, tally->at);
    vouch__free(&alloc, tally->text);
    vouch__free(&alloc, tally->view);
    vouch__free(&alloc, tally);
}

/* What a text is known by: itself, or what is put in `form`. */
static const char *known_by(const char *text, size_t *len, char form[LONGEST])
{
    if (*len <= LONGEST)
        return text;
    uint64_t hash = vouch__mix_bytes(1, text, *len);
    memcpy(form, text, KEPT);
    form[KEPT] = '#';
    for (size_t i = 0; i < HASH_DIGITS; i++)
        form[KEPT + 1 + i] = "0123456789abcdef"[hash >> (4 * i) & 15];
    *len = LONGEST;
    return form;
}

static uint16_t *place(const vouch__tally *t, uint64_t hash, const char *text, size_t len)
{
    size_t i = (size_t)hash & (SLOTS - 1);
    for (; t->slot[i]; i = (i + 1) & (SLOTS - 1)) {
        const entry *e = &t->at[t->slot[i] - 1];
        if (e->hash == hash && e->len == len && !memcmp(t->text + e->text, text, len))
            break;
    }
    return &t->slot[i];
}

static bool take_text(vouch__tally *t, const char *text, size_t len)
{
    if (t->len + len + 1 > t->room) {
        size_t room = 2 * t->room + len + 256;
        char *grown = vouch__resize(&t->alloc, t->text, room, 1);
        if (!grown)
            return false;
        t->text = grown;
        t->room = room;
    }
    if (len)
        memcpy(t->text + t->len, text, len);
    t->text[t->len + len] = '\0';
    return true;
}

static int by_count(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    return (x->count < y->count) - (x->count > y->count);
}

/* Put n entries of old, whose texts lie in `text`, into the empty tally. */
static vouch_status rebuild(vouch_ctx *ctx, vouch__tally *t, size_t n, const entry *old, const char *text)
{
    memset(t->slot, 0, SLOTS * sizeof *t->slot);
    t->len = t->n_texts = 0;
    for (size_t i = 0; i < n; i++) {
        uint16_t *slot = place(t, old[i].hash, text + old[i].text, old[i].len);
        if (!take_text(t, text + old[i].text, old[i].len))
            return vouch__oom(ctx);
        t->at[t->n_texts] = old[i];
        t->at[t->n_texts].text = (uint32_t)t->len;
        t->len += old[i].len + 1;
        *slot = (uint16_t)++t->n_texts;
    }
    return VOUCH_OK;
}

static vouch_status cut(vouch_ctx *ctx, vouch__tally *t)
{
    size_t n = t->n_texts, kept = 0, mark = vouch__scratch_mark(ctx);
    entry *old = vouch__scratch(ctx, n + 1, sizeof *old);
    char *text = vouch__scratch(ctx, t->len + 1, 1);
    if (!old || !text)
        return vouch__oom(ctx);
    memcpy(old, t->at, n * sizeof *old);
    memcpy(text, t->text, t->len);
    qsort(old, n, sizeof *old, by_count);
    double off = old[BOUND].count; /* ties make no difference: they all go */
    for (size_t i = 0; i < n; i++) {
        old[i].count -= off;
        kept += old[i].count > 0.0;
    }
    t->error += off;
    vouch_status status = rebuild(ctx, t, kept, old, text);
    vouch__scratch_reset(ctx, mark);
    return status;
}

static vouch_status first(vouch_ctx *ctx, vouch__tally *t)
{
    if (!t->slot)
        t->slot = vouch__alloc(ctx, SLOTS, sizeof *t->slot);
    if (!t->at)
        t->at = vouch__alloc(ctx, FULL, sizeof *t->at);
    return t->slot && t->at ? VOUCH_OK : vouch__oom(ctx);
}

static vouch_status count(vouch_ctx *ctx, vouch__tally *t, const char *text, size_t len, double by)
{
    char form[LONGEST];
    text = known_by(text, &len, form);
    uint64_t hash = vouch__mix_bytes(0, text, len);
    uint16_t *slot = place(t, hash, text, len);
    if (*slot) {
        t->at[*slot - 1].count += by;
        return VOUCH_OK;
    }
    if (t->n_texts == FULL) {
        vouch_status status = cut(ctx, t);
        if (status)
            return status;
        slot = place(t, hash, text, len);
    }
    if (!take_text(t, text, len))
        return vouch__oom(ctx);
    t->at[t->n_texts] = (entry){ hash, by, (uint32_t)t->len, (uint32_t)len };
    t->len += len + 1;
    *slot = (uint16_t)++t->n_texts;
    return VOUCH_OK;
}

vouch_status vouch__tally_add(vouch_ctx *ctx, vouch__tally *tally, const char *text, size_t len)
{
    vouch_status status = tally->slot ? VOUCH_OK : first(ctx, tally);
    tally->is_settled = false;
    if (!text) {
        tally->missing++;
        return status;
    }
    if (!status)
        status = count(ctx, tally, text, len, 1.0);
    tally->n += status ? 0.0 : 1.0;
    return status;
}

static int by_bytes(const void *a, const void *b)
{
    const vouch__tally_entry *x = a, *y = b;
    size_t least = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->text, y->text, least);
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

vouch_status vouch__tally_settle(vouch_ctx *ctx, vouch__tally *tally)
{
    vouch__tally *t = tally;
    vouch_status status = t->n_texts > BOUND ? cut(ctx, t) : VOUCH_OK;
    if (status || t->is_settled)
        return status;
    vouch__tally_entry *view = vouch__resize(&t->alloc, t->view, t->n_texts + 1, sizeof *view);
    if (!view)
        return vouch__oom(ctx);
    t->view = view;
    for (size_t i = 0; i < t->n_texts; i++)
        view[i] = (vouch__tally_entry){ t->text + t->at[i].text, t->at[i].len, t->at[i].count };
    qsort(view, t->n_texts, sizeof *view, by_bytes);
    t->is_settled = true;
    return VOUCH_OK;
}

vouch_status vouch__tally_merge(vouch_ctx *ctx, vouch__tally *into, const vouch__tally *from)
{
    vouch_status status = into->slot ? VOUCH_OK : first(ctx, into);
    if (!status)
        status = vouch__tally_settle(ctx, into);
    into->is_settled = false;
    for (size_t i = 0; i < from->n_texts && !status; i++) /* 2 BOUND at most: nothing is cut on the way */
        status = count(ctx, into, from->view[i].text, from->view[i].len, from->view[i].count);
    if (status)
        return status;
    into->n += from->n;
    into->missing += from->missing;
    into->error += from->error;
    return vouch__tally_settle(ctx, into);
}

void vouch__tally_view_of(const vouch__tally *tally, vouch__tally_view *out_view)
{
    *out_view = (vouch__tally_view){ .texts = tally->n_texts,
                                     .at = tally->view,
                                     .n = tally->n,
                                     .missing = tally->missing,
                                     .error = tally->error };
}

static bool is_count(double x) { return x >= 0.0 && x <= 0x1p53 && floor(x) == x; }

static bool is_whole(const vouch__tally_view *v)
{
    double sum = 0.0;
    bool good = v->texts <= BOUND && is_count(v->n) && is_count(v->missing) && is_count(v->error);
    for (size_t i = 0; i < v->texts && good; i++) {
        good = v->at[i].len <= LONGEST && v->at[i].count > 0.0 && is_count(v->at[i].count) &&
               (i == 0 || by_bytes(&v->at[i - 1], &v->at[i]) < 0);
        sum += v->at[i].count;
    }
    return good && sum <= v->n && v->error <= v->n && (v->error > 0.0 || sum == v->n);
}

vouch_status vouch__tally_from(vouch_ctx *ctx, const vouch__tally_view *view, vouch__tally **out_tally)
{
    vouch__tally *t = NULL;
    if (!is_whole(view))
        return vouch__fail(ctx, VOUCH_E_FORMAT, "tally: its texts and counts do not fit together");
    vouch_status status = vouch__tally_new(ctx, &t);
    if (!status)
        status = first(ctx, t);
    for (size_t i = 0; i < view->texts && !status; i++)
        status = count(ctx, t, view->at[i].text, view->at[i].len, view->at[i].count);
    if (!status) {
        t->n = view->n;
        t->missing = view->missing;
        t->error = view->error;
        t->is_settled = false;
        status = vouch__tally_settle(ctx, t);
    }
    if (status) {
        vouch__tally_free(t);
        return status;
    }
    *out_tally = t;
    return VOUCH_OK;
}

size_t vouch__tally_find(const vouch__tally_view *view, const char *text, size_t len)
{
    char form[LONGEST];
    text = known_by(text, &len, form);
    const vouch__tally_entry wanted = { text, len, 0.0 };
    const vouch__tally_entry *found = view->texts
                                          ? bsearch(&wanted, view->at, view->texts, sizeof wanted, by_bytes)
                                          : NULL;
    return found ? (size_t)(found - view->at) : SIZE_MAX;
}

double vouch__tally_count(const vouch__tally_view *view, const char *text, size_t len)
{
    size_t at = vouch__tally_find(view, text, len);
    return at == SIZE_MAX ? 0.0 : view->at[at].count;
}
