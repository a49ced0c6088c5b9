/* One open-addressing table per column. When it is full, the entries with the smallest hashes stay, and those
 * that had the largest counts the first time; from then on only a value whose hash is below the largest kept
 * one may enter, so what is in the table has been counted since it first came. */
#include "data/value_counts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FULL = 12000,
    SMALLEST = 10000,
    LEADERS = 1000,
    FIRST_SLOTS = 64,
    TEXT_KEPT = 200,
    LEADER_BITS = 1 << 16
};

#define NO_TEXT UINT32_MAX

typedef struct entry {
    uint64_t hash, count; /* count 0: empty */
    double value;
    uint32_t text; /* into the text buffer */
    bool leads;    /* kept for its count */
} entry;

struct vouch__value_counts {
    vouch_alloc alloc;
    entry *slot;
    size_t slots, n;
    bool pruned;
    uint64_t limit;                      /* once pruned: the largest hash that may enter */
    uint64_t may_lead[LEADER_BITS / 64]; /* a bit per leader, so that most others need no look-up */
    char *text;
    size_t len, cap;
};

vouch_status vouch__value_counts_new(vouch_ctx *ctx, vouch__value_counts **out_counts)
{
    vouch__value_counts *counts = vouch__alloc(ctx, 1, sizeof *counts);
    if (!counts)
        return vouch__oom(ctx);
    counts->alloc = *vouch__allocator(ctx);
    counts->limit = UINT64_MAX;
    *out_counts = counts;
    return VOUCH_OK;
}

void vouch__value_counts_free(vouch__value_counts *counts)
{
    if (!counts)
        return;
    vouch_alloc alloc = counts->alloc;
    vouch__free(&alloc, counts->slot);
    vouch__free(&alloc, counts->text);
    vouch__free(&alloc, counts);
}

static uint64_t finish(uint64_t h)
{
    h = (h ^ (h >> 32)) * UINT64_C(0xD6E8FEB86659FD93);
    h = (h ^ (h >> 32)) * UINT64_C(0xD6E8FEB86659FD93);
    return h ^ (h >> 32);
}

static uint64_t hash_number(double value)
{
    uint64_t bits;
    value += 0.0; /* -0 is 0 */
    memcpy(&bits, &value, sizeof bits);
    return finish(bits ^ UINT64_C(0x9E3779B97F4A7C15));
}

static uint64_t hash_text(const char *text, size_t len)
{
    uint64_t h = UINT64_C(0xA0761D6478BD642F) ^ len, word;
    for (; len >= sizeof word; text += sizeof word, len -= sizeof word) {
        memcpy(&word, text, sizeof word);
        h = finish(h ^ word);
    }
    word = 0;
    memcpy(&word, text, len);
    return finish(h ^ word);
}

static entry *place(entry *slot, size_t slots, uint64_t hash)
{
    size_t i = (size_t)hash & (slots - 1);
    while (slot[i].count && slot[i].hash != hash)
        i = (i + 1) & (slots - 1);
    return &slot[i];
}

/* Put n entries into a new table of the given size. */
static bool rebuild(vouch__value_counts *c, size_t slots, size_t n, const entry *from)
{
    entry *slot = vouch__resize(&c->alloc, NULL, slots, sizeof *slot);
    if (!slot)
        return false;
    for (size_t i = 0; i < n; i++)
        if (from[i].count)
            *place(slot, slots, from[i].hash) = from[i];
    vouch__free(&c->alloc, c->slot);
    c->slot = slot;
    c->slots = slots;
    return true;
}

static int by_hash(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static int by_count(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return by_hash(a, b);
}

/* The entries, sorted by hash, in scratch. */
static entry *sorted(vouch_ctx *ctx, const vouch__value_counts *c)
{
    size_t n = 0;
    entry *e = vouch__scratch(ctx, c->n ? c->n : 1, sizeof *e);
    if (!e)
        return NULL;
    for (size_t i = 0; i < c->slots; i++)
        if (c->slot[i].count)
            e[n++] = c->slot[i];
    qsort(e, n, sizeof *e, by_hash);
    return e;
}

/* Keep the texts of the entries that stay, and no others. */
static bool pack_texts(vouch__value_counts *c, size_t n, entry *e)
{
    size_t len = 0;
    if (!c->text)
        return true;
    char *packed = vouch__resize(&c->alloc, NULL, c->cap, 1);
    if (!packed)
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t bytes = strlen(c->text + e[i].text) + 1;
        memcpy(packed + len, c->text + e[i].text, bytes);
        e[i].text = (uint32_t)len;
        len += bytes;
    }
    vouch__free(&c->alloc, c->text);
    c->text = packed;
    c->len = len;
    return true;
}

/* The bit of a hash; its last six bits say which of a word. */
static size_t leader_bit(uint64_t hash) { return (size_t)hash & (LEADER_BITS - 1); }

static vouch_status prune(vouch_ctx *ctx, vouch__value_counts *c)
{
    size_t mark = vouch__scratch_mark(ctx), n = 0;
    entry *e = sorted(ctx, c);
    vouch_status status = VOUCH_OK;
    if (!e)
        return vouch__oom(ctx);
    if (!c->pruned) {
        qsort(e, c->n, sizeof *e, by_count);
        for (size_t i = 0; i < LEADERS; i++) {
            e[i].leads = true;
            c->may_lead[leader_bit(e[i].hash) / 64] |= UINT64_C(1) << (e[i].hash % 64);
        }
        qsort(e, c->n, sizeof *e, by_hash);
    }
    uint64_t limit = e[SMALLEST - 1]
                         .hash; /* leaders beyond the old limit are fewer than what is above this */
    for (size_t i = 0; i < c->n; i++)
        if (e[i].hash <= limit || e[i].leads)
            e[n++] = e[i];
    if (!pack_texts(c, n, e) || !rebuild(c, c->slots, n, e)) {
        status = vouch__oom(ctx);
    } else {
        c->n = n;
        c->limit = limit;
        c->pruned = true;
    }
    vouch__scratch_reset(ctx, mark);
    return status;
}

static bool keep_text(vouch__value_counts *c, const char *text, size_t len, uint32_t *out_at)
{
    len = len < TEXT_KEPT ? len : TEXT_KEPT;
    if (c->cap - c->len <= len) {
        size_t cap = c->cap * 2 + len + TEXT_KEPT;
        char *grown = vouch__resize(&c->alloc, c->text, cap, 1);
        if (!grown)
            return false;
        c->text = grown;
        c->cap = cap;
    }
    memcpy(c->text + c->len, text, len);
    c->text[c->len + len] = '\0';
    *out_at = (uint32_t)c->len;
    c->len += len + 1;
    return true;
}

static vouch_status count(vouch_ctx *ctx, vouch__value_counts *c, uint64_t hash, double value,
                          const char *text, size_t len)
{
    if (hash > c->limit && !(c->may_lead[leader_bit(hash) / 64] >> (hash % 64) & 1))
        return VOUCH_OK;
    if (c->slots) {
        entry *known = place(c->slot, c->slots, hash);
        if (known->count) {
            known->count++;
            return VOUCH_OK;
        }
        if (hash > c->limit)
            return VOUCH_OK;
    }
    if (2 * c->n >= c->slots && !rebuild(c, c->slots ? c->slots * 2 : FIRST_SLOTS, c->slots, c->slot))
        return vouch__oom(ctx);
    entry fresh = { .hash = hash, .count = 1, .value = value, .text = NO_TEXT };
    if (text && !keep_text(c, text, len, &fresh.text))
        return vouch__oom(ctx);
    *place(c->slot, c->slots, hash) = fresh;
    return ++c->n >= FULL + LEADERS ? prune(ctx, c) : VOUCH_OK;
}

vouch_status vouch__value_counts_number(vouch_ctx *ctx, vouch__value_counts *counts, double value)
{
    return count(ctx, counts, hash_number(value), value, NULL, 0);
}

vouch_status vouch__value_counts_text(vouch_ctx *ctx, vouch__value_counts *counts, const char *text,
                                      size_t len)
{
    return count(ctx, counts, hash_text(text, len), NAN, text, len);
}

/* On ties of the count the smaller number, or the text first by bytes. */
static bool beats(const vouch__value_counts *c, const entry *a, const entry *b)
{
    if (!b || a->count != b->count)
        return !b || a->count > b->count;
    if (a->text != NO_TEXT)
        return strcmp(c->text + a->text, c->text + b->text) < 0;
    return a->value < b->value;
}

vouch_status vouch__value_counts_top(vouch_ctx *ctx, const vouch__value_counts *c, vouch__value_top *out_top)
{
    const entry *top = NULL;
    double distinct = (double)c->n;
    for (size_t i = 0; i < c->slots; i++)
        if (c->slot[i].count && beats(c, &c->slot[i], top))
            top = &c->slot[i];
    if (c->pruned) {
        size_t mark = vouch__scratch_mark(ctx);
        const entry *e = sorted(ctx, c);
        if (!e)
            return vouch__oom(ctx);
        /* At least SMALLEST entries lie below the limit, where nothing was ever turned away. */
        distinct = nearbyint((SMALLEST - 1) / (((double)e[SMALLEST - 1].hash + 1) * 0x1p-64));
        vouch__scratch_reset(ctx, mark);
    }
    *out_top = (vouch__value_top){ .distinct = distinct,
                                   .count = top ? (double)top->count : 0,
                                   .value = NAN };
    if (top) {
        out_top->value = top->value;
        out_top->text = top->text != NO_TEXT ? c->text + top->text : NULL;
    }
    return VOUCH_OK;
}
