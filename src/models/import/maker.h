/* models/import/maker.h: what every importer builds: trees in the source's own numbering go in, a checked
 * forest comes out. */
#ifndef VOUCH_MAKER_H
#define VOUCH_MAKER_H

#include "models/forest/forest.h"
#include "vouch/models.h"

typedef struct vouch__maker {
    vouch_ctx *ctx;
    const char *file; /* its name, for messages */
    const vouch_import_options *options;
    vouch__forest *forest; /* sums, transform and origin are set by the importer */
    vouch__inputs inputs;
    vouch__buf root, node, group, line_of; /* of the trees so far */
    vouch__buf bits, line, term;           /* added to by the importer: u32, vouch__leaf_line, vouch__term */
    vouch__buf draft; /* vouch__node of the tree being read, root first; numbers are the source's.
                         bits_at of a leaf: its line + 1, or 0 */
    uint32_t n_trees;
    size_t most_bits; /* bytes that bits may take, by the file's length */
} vouch__maker;

vouch_status vouch__maker_init(vouch__maker *maker, vouch_ctx *ctx, const char *file,
                               const vouch_import_options *options);
void vouch__maker_clear(vouch__maker *maker);

/* Take draft as the next tree, of a group. Refuses cycles, shared children, too deep or (complete) unreached
 * nodes; and what is not finite. */
vouch_status vouch__maker_tree(vouch__maker *maker, uint32_t group, bool is_complete);
/* One tree of a single leaf or the like goes the same way. n inputs, named by n NUL-ended texts in names;
 * when names is empty f0, f1 ... */
vouch_status vouch__maker_inputs(vouch__maker *maker, size_t n, const vouch__buf *names, size_t n_names);
/* Of an input, categories: n texts; order[i] gets where text i stands among the sorted ones. */
vouch_status vouch__maker_categories(vouch__maker *maker, size_t input, const char *const *text, size_t n,
                                     uint32_t *order);
/* How many iterations to keep of found, by options and best (of forest); trees past them go. */
vouch_status vouch__maker_cut(vouch__maker *maker, const uint32_t *trees_up_to, size_t found);
vouch_status vouch__maker_finish(vouch__maker *maker, vouch_model **out_model);

vouch_status vouch__maker_refuse(vouch__maker *maker, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

vouch_status vouch__import_xgboost(vouch__maker *maker, const void *bytes, size_t len, bool is_ubjson);
vouch_status vouch__import_lightgbm(vouch__maker *maker, const void *bytes, size_t len);
vouch_status vouch__import_catboost(vouch__maker *maker, const void *bytes, size_t len);
vouch_status vouch__import_onnx(vouch__maker *maker, const void *bytes, size_t len);

/* An element of a vouch__buf that holds an array. */
#define VOUCH__AT(buf, type) ((type *)(void *)(buf).at)
#define VOUCH__LEN(buf, type) ((buf).len / sizeof(type))

#endif
