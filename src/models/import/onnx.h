/* models/import/onnx.h: what is noted of an ONNX file's tree operator while it is read, and the forest made
 * of it. */
#ifndef VOUCH_ONNX_H
#define VOUCH_ONNX_H

#include "models/import/maker.h"
#include "models/import/proto.h"

/* The operator's attributes that are lists; each element takes 8 bytes: double for the last three, else
 * int64. */
typedef enum vouch__onnx_list {
    VOUCH__ONNX_TREE, /* of each node, likewise all up to MODE */
    VOUCH__ONNX_NODE,
    VOUCH__ONNX_INPUT,
    VOUCH__ONNX_YES, /* where rows go that the test holds for */
    VOUCH__ONNX_NO,
    VOUCH__ONNX_MISSING, /* 1: the test holds for a missing value */
    VOUCH__ONNX_MODE,    /* vouch__onnx_mode */
    VOUCH__ONNX_W_TREE,  /* of each weight of a leaf */
    VOUCH__ONNX_W_NODE,
    VOUCH__ONNX_W_OUTPUT,
    VOUCH__ONNX_ROOT, /* TreeEnsemble alone: of each tree; YES and NO then are inner nodes or leaves */
    VOUCH__ONNX_YES_LEAF,
    VOUCH__ONNX_NO_LEAF,
    VOUCH__ONNX_VALUE, /* of each node: what is compared with */
    VOUCH__ONNX_WEIGHT,
    VOUCH__ONNX_BASE, /* of each output */
    VOUCH__ONNX_LISTS
} vouch__onnx_list;

typedef enum vouch__onnx_mode { /* as TreeEnsemble numbers them; a leaf is ours */
                                VOUCH__ONNX_LEQ,
                                VOUCH__ONNX_LT,
                                VOUCH__ONNX_GTE,
                                VOUCH__ONNX_GT,
                                VOUCH__ONNX_EQ,
                                VOUCH__ONNX_NEQ,
                                VOUCH__ONNX_LEAF
} vouch__onnx_mode;

typedef enum vouch__onnx_op {
    VOUCH__ONNX_CLASSIFIER,
    VOUCH__ONNX_REGRESSOR,
    VOUCH__ONNX_ENSEMBLE
} vouch__onnx_op;
typedef enum vouch__onnx_post {
    VOUCH__ONNX_NONE,
    VOUCH__ONNX_SOFTMAX,
    VOUCH__ONNX_LOGISTIC
} vouch__onnx_post;

typedef struct vouch__onnx_reading {
    vouch__maker *m;
    vouch__onnx_op op;
    vouch__buf list[VOUCH__ONNX_LISTS];
    bool is_double;   /* the values that reach the operator are */
    bool is_averaged; /* aggregate_function AVERAGE, else SUM */
    bool is_exp;      /* Exp follows */
    vouch__onnx_post post;
    int64_t n_outputs; /* of a regressor or ensemble */
    size_t n_labels;   /* of a classifier */
    int64_t width;     /* of its input, or 0 when the file does not say */
} vouch__onnx_reading;

static inline size_t vouch__onnx_len(const vouch__onnx_reading *r, vouch__onnx_list list)
{
    return r->list[list].len / 8;
}

static inline int64_t vouch__onnx_int(const vouch__onnx_reading *r, vouch__onnx_list list, size_t i)
{
    return VOUCH__AT(r->list[list], int64_t)[i];
}

static inline double vouch__onnx_real(const vouch__onnx_reading *r, vouch__onnx_list list, size_t i)
{
    return VOUCH__AT(r->list[list], double)[i];
}

/* TensorProto.DataType */
enum {
    VOUCH__ONNX_FLOAT = 1,
    VOUCH__ONNX_UINT8 = 2,
    VOUCH__ONNX_INT32 = 6,
    VOUCH__ONNX_INT64 = 7,
    VOUCH__ONNX_DOUBLE = 11
};

/* The attributes of the tree operator, a NodeProto, by the operator that is set. */
vouch_status vouch__onnx_attributes(vouch__onnx_reading *reading, vouch__proto node);

/* The operator's nodes, whichever operator it is: numbered through all trees, leaves among them. */
typedef struct vouch__onnx_weight {
    uint32_t leaf, output;
    double value;
} vouch__onnx_weight;

typedef struct vouch__onnx_nodes {
    bool has_equality;                     /* some tests are for equality */
    size_t n, n_inner, n_roots, n_weights; /* n_inner of an ENSEMBLE: nodes from here on are leaves */
    uint32_t *yes, *no;                    /* [n]; UINT32_MAX of a leaf */
    uint32_t *root;                        /* [n_roots], in the order that trees are added in */
    vouch__onnx_weight *weight;            /* [n_weights], by leaf and output */
    uint32_t *weight_at;                   /* [n + 1] of each node */
} vouch__onnx_nodes;

/* Finds children, roots and leaves by the file's numbers; what it gives is scratch. */
vouch_status vouch__onnx_resolve(vouch__onnx_reading *reading, vouch__onnx_nodes *out_nodes);
/* What is kept from tree to tree: nodes drawn so far, and how many steps that took. */
typedef struct vouch__onnx_walk {
    uint8_t *seen; /* [n] */
    size_t steps;
} vouch__onnx_walk;

/* One tree's nodes as drafts of ours, left and right known, in shape (vouch__node); input of a leaf is its
 * place among nodes. */
vouch_status vouch__onnx_shape(vouch__onnx_reading *reading, const vouch__onnx_nodes *nodes, size_t tree,
                               vouch__onnx_walk *walk, vouch__buf *shape);
vouch_status vouch__onnx_make(vouch__onnx_reading *reading);

#endif
