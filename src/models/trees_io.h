/* models/trees_io.h: the bytes of a forest, for the kinds that are made of trees: docs/models.md. */
#ifndef VOUCH_TREES_IO_H
#define VOUCH_TREES_IO_H

#include "models/inputs.h"
#include "models/trees.h"
#include "models/wire.h"

enum {
    VOUCH__TREE_DEPTH = 64,      /* edges from the root to the deepest leaf of any tree of ours */
    VOUCH__IMPORTED_DEPTH = 4096 /* and of an imported one */
};

void vouch__trees_put(const vouch__trees *trees, vouch__buf *out);
/* Fails E_FORMAT saying what is wrong; out_trees then holds nothing. Everything that walks relies on holds of
 * what is read: each tree is one tree, inputs exist and are of the node's type, covers are above 0. */
vouch_status vouch__trees_get(vouch_ctx *ctx, const vouch__inputs *inputs, vouch__wire *in,
                              vouch__trees *out_trees);
/* The same of imported trees: nodes may have rules, leaves numbers and covers be 0. */
vouch_status vouch__trees_get_imported(vouch_ctx *ctx, const vouch__inputs *inputs, vouch__wire *in,
                                       vouch__trees *out_trees);
/* Every node but the root is the child of exactly one earlier node. Gives how deep the tree is, or SIZE_MAX
 * and what is wrong with which node. depth[nodes] is scratch. */
size_t vouch__tree_check(const vouch__node *tree, size_t nodes, uint16_t *depth, size_t *out_node,
                         const char **out_wrong);
void vouch__trees_clear(const vouch_alloc *alloc, vouch__trees *trees); /* twice is fine */

#endif
