/* models/tell.h: the pieces of what a kind tells of itself: members, rows of numbers, tables. */
#ifndef VOUCH_TELL_H
#define VOUCH_TELL_H

#include "base/json.h"

static inline void vouch__tell_number(vouch__doc *doc, vouch__json *object, const char *key, double value)
{
    (void)vouch__json_set(doc, object, key, vouch__json_number(doc, value));
}

static inline void vouch__tell_text(vouch__doc *doc, vouch__json *object, const char *key, const char *text)
{
    (void)vouch__json_set(doc, object, key, vouch__json_text(doc, text));
}

static inline void vouch__tell_push(vouch__doc *doc, vouch__json *row, double value)
{
    (void)vouch__json_push(doc, row, vouch__json_number(doc, value));
}

/* A table of these columns as member name; returns its rows, to be pushed to. */
static inline vouch__json *vouch__tell_table(vouch__doc *doc, vouch__json *object, const char *name,
                                             const char *const *column, size_t n)
{
    vouch__json *t = vouch__json_set(doc, object, name, vouch__json_object(doc));
    vouch__json *columns = vouch__json_set(doc, t, "columns", vouch__json_array(doc));
    for (size_t i = 0; i < n; i++)
        (void)vouch__json_push(doc, columns, vouch__json_text(doc, column[i]));
    return vouch__json_set(doc, t, "rows", vouch__json_array(doc));
}

#endif
