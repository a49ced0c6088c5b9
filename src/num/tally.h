/* num/tally.h: how often each text occurs, in bounded memory, to be merged and stored.
 *
 * Exact up to VOUCH__TALLY_TEXTS distinct texts. When twice as many have come, the count of the first beyond
 * that number, by size, is taken off all, and what has none left is dropped (Misra & Gries, Science of
 * Computer Programming 2 (1982); merged as by Agarwal et al., ACM TODS 38 (2013)). So a count is never too
 * large, and too small by at most `error`, which is at most n / (VOUCH__TALLY_TEXTS + 1) and usually far
 * less. A text of over 255 bytes is known by its first 238, a mark and a hash of all. */
#ifndef VOUCH_TALLY_H
#define VOUCH_TALLY_H

#include "base/ctx.h"

enum { VOUCH__TALLY_TEXTS = 4096, VOUCH__TALLY_LENGTH = 255 };

typedef struct vouch__tally vouch__tally;

vouch_status vouch__tally_new(vouch_ctx *ctx, vouch__tally **out_tally);
void vouch__tally_free(vouch__tally *tally); /* NULL is fine */

/* Count a text; text NULL is missing. */
vouch_status vouch__tally_add(vouch_ctx *ctx, vouch__tally *tally, const char *text, size_t len);
/* Put in order, and cut to the bound. More may be added or merged after. */
vouch_status vouch__tally_settle(vouch_ctx *ctx, vouch__tally *tally);
/* Add all that `from` has seen; `from` is settled, `into` is afterwards. Bounds add up. */
vouch_status vouch__tally_merge(vouch_ctx *ctx, vouch__tally *into, const vouch__tally *from);

typedef struct vouch__tally_entry {
    const char *text; /* ends with NUL; lives until the tally is changed */
    size_t len;
    double count;
} vouch__tally_entry;

typedef struct vouch__tally_view {
    size_t texts;
    const vouch__tally_entry *at; /* by bytes, all different */
    double n, missing;            /* texts there, and not; n less all counts: of texts that are not told */
    double error;                 /* no count is too small by more; 0: exact */
} vouch__tally_view;
void vouch__tally_view_of(const vouch__tally *tally, vouch__tally_view *out_view); /* settled */

/* A tally from what view says, copied. Fails  E_FORMAT  it can't be one of a settled tally */
vouch_status vouch__tally_from(vouch_ctx *ctx, const vouch__tally_view *view, vouch__tally **out_tally);

/* Which of view->at a text is; SIZE_MAX: none. */
size_t vouch__tally_find(const vouch__tally_view *view, const char *text, size_t len);
/* The count of a text; 0 where it is not among them. */
double vouch__tally_count(const vouch__tally_view *view, const char *text, size_t len);

#endif
