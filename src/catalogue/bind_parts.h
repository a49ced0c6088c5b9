/* catalogue/bind_parts.h: what the files that bind columns to roles share. */
#ifndef VOUCH_BIND_PARTS_H
#define VOUCH_BIND_PARTS_H

#include "catalogue/bind.h"

typedef struct vouch__binder {
    vouch_ctx *ctx;
    const vouch_test_input *in;
    const vouch_test_columns *column;
    vouch__bound *bound;
    const vouch_table *table; /* the one being bound */
    vouch__sample *s;
    bool is_reference;
} vouch__binder;

/* Memory that lives as long as the bound samples. */
void *vouch__binder_hold(const vouch__binder *b, size_t count, size_t size);
/* The column of both tables with one list of levels: that of data's type. NULL where it is not given. */
vouch_status vouch__binder_factor(const vouch__binder *b, const char *role, const char *name,
                                  const vouch__factor **out);
/* Columns named between commas, blanks around them ignored; room for vouch__binder_commas. */
vouch_status vouch__binder_columns(const vouch__binder *b, const char *role, const char *names, size_t *out,
                                   size_t *n);
size_t vouch__binder_commas(const char *text);

/* The outcome of several classes and its probabilities. */
vouch_status vouch__binder_classes(const vouch__binder *b);

#endif
