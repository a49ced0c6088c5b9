/* models/gbdt/gbdt.h: what the files of the boosting kind share. Data go one way through them:
 *
 *   gbdt_bin    columns become bins, one byte a value, by quantiles of the training rows
 *   gbdt_grad   scores become gradients, rounded to integers on a scale that no sum can overflow
 *   gbdt_hist   rows of a leaf become sums of gradients by input and bin
 *   gbdt_find   sums become the best split of an input; gbdt_category the same for categories
 *   gbdt_part   rows of a leaf become rows of its two children
 *   gbdt_step   leaves that are split together become their children, with histograms and best splits
 *   gbdt_grow   leaves become a tree
 *   gbdt_fit    trees become a forest
 *
 * Every sum over rows is a sum of integers, so it has one value whatever the order: the model's bytes depend
 * on neither threads nor processor. What a processor can do at once is in gbdt_kernels, with AVX-512, AVX2
 * and plain C forms that give the same bits. Working memory is scratch of the context that fits. */
#ifndef VOUCH_GBDT_H
#define VOUCH_GBDT_H

#include "models/engine/engine.h"
#include "models/model_kind.h"
#include "models/trees.h"

enum {
    VOUCH__GBDT_BINS = 256,   /* of an input; bin 0 is missing, so 255 hold values */
    VOUCH__GBDT_HIST = 264,   /* words an input takes in a histogram: 33 cache lines, so that the low bins of
                                 neighbouring inputs do not compete for the same places in the cache */
    VOUCH__GBDT_PAD = 64,     /* records readable past the last: they are prefetched; bytes past a column */
    VOUCH__GBDT_TILE = 16384, /* rows a task of a pass over all rows takes */
    VOUCH__GBDT_TUNE = 4096,  /* rows whose losses are added up in one task */
    VOUCH__GBDT_WORDS = 8     /* of a set of bins */
};

/* As model files number them. CUSTOM is the caller's own. */
typedef enum vouch__gbdt_loss_id {
    VOUCH__LOSS_LOGISTIC,
    VOUCH__LOSS_SQUARED,
    VOUCH__LOSS_POISSON,
    VOUCH__LOSS_GAMMA,
    VOUCH__LOSS_TWEEDIE,
    VOUCH__LOSS_QUANTILE,
    VOUCH__LOSS_FOCAL,
    VOUCH__LOSS_CUSTOM,
    VOUCH__LOSSES
} vouch__gbdt_loss_id;

typedef struct vouch__gbdt { /* the state of a fitted model */
    vouch__gbdt_loss_id loss;
    vouch_link link;
    vouch__trees trees;
    vouch__engine *engine; /* trees compiled: what scores rows */
} vouch__gbdt;

typedef struct vouch__gbdt_kernels vouch__gbdt_kernels;

/* Parameters as the table in gbdt_kind.c orders them. */
typedef struct vouch__gbdt_params {
    size_t trees, leaves, depth, max_bins, min_rows, early_stop;
    double rate, l2, min_weight, row_sample, column_sample;
    bool is_leaf_wise;
    vouch__gbdt_loss_id loss;
    double shape;      /* power, quantile or focal, as the loss has it */
    double bad_weight; /* of a bad row beside a good one; 0: what makes the classes weigh the same */
    const vouch__gbdt_kernels *kernels;
} vouch__gbdt_params;

/* One input's bins. NUMBER: bin b >= 1 holds cut[b - 2] < x <= cut[b - 1], open at both ends.
 * CATEGORY: bin_of[code]. Missing and unseen: bin 0. */
typedef struct vouch__gbdt_input {
    bool is_category;
    int monotone;
    int missing;     /* forced side of missing values: +1 left, -1 right; 0: learned */
    uint64_t groups; /* those of the inputs that may interact that it belongs to; 0: alone */
    size_t n_bins;   /* with bin 0 */
    double *cut;     /* [n_bins - 2], then infinity up to 256 */
    uint8_t *bin_of; /* [n_codes] */
    size_t n_codes;
} vouch__gbdt_input;

typedef struct vouch__gbdt_bins {
    size_t n;                 /* inputs */
    vouch__gbdt_input *input; /* [n] */
} vouch__gbdt_bins;

typedef struct vouch__gbdt_rows { /* a part of the table, as bins */
    size_t n, stride;
    uint8_t *column; /* input j of row i at column[j * n + i]; VOUCH__GBDT_PAD readable past the last */
    uint8_t *row;    /* and at row[i * stride + j], as readable past the last; NULL where not asked for */
} vouch__gbdt_rows;

vouch_status vouch__gbdt_bins_make(vouch_ctx *ctx, const vouch__fit_data *data, size_t max_bins,
                                   vouch__gbdt_bins *out_bins);
vouch_status vouch__gbdt_rows_make(vouch_ctx *ctx, const vouch__gbdt_bins *bins,
                                   const vouch__binding *binding, const vouch__part_rows *part, bool by_row,
                                   vouch__gbdt_rows *out_rows);
size_t vouch__gbdt_bin(const vouch__gbdt_input *input, double x);

/* A row on its way through a tree: its number, and gradient and curvature in units of the tree's scale.
 * bits 0-31 row, 32-47 curvature (unsigned, >= 1), 48-63 gradient (signed). */
typedef uint64_t vouch__record;

/* Sums of gradient and curvature in one word: gradient x 2^32 + curvature. */
static inline double vouch__sum_g(int64_t sum) { return (double)(sum >> 32); }
static inline double vouch__sum_h(int64_t sum) { return (double)(sum & 0xffffffff); }

typedef struct vouch__gbdt_scale {
    double g, h;    /* units of one unit of gradient and of curvature */
    double least_h; /* of any row, in units */
    int64_t sum;    /* over the records */
} vouch__gbdt_scale;

typedef struct vouch__gbdt_outcome { /* what gradients are made from */
    size_t n;
    const double *target;
    const float *weight; /* relative to the largest; NULL: ones */
    vouch__gbdt_loss_id loss;
    double shape;
    const vouch_objective *objective; /* custom loss */
    const vouch__gbdt_kernels *kernels;
    double unit;   /* squared and custom loss: gradients are measured in this */
    double *score; /* [n] */
} vouch__gbdt_outcome;

const char *vouch__gbdt_loss_name(vouch__gbdt_loss_id loss);
const char *vouch__gbdt_loss_title(vouch__gbdt_loss_id loss); /* "log-loss" */
vouch_link vouch__gbdt_link(vouch__gbdt_loss_id loss);
bool vouch__gbdt_is_binary(vouch__gbdt_loss_id loss);
const char *vouch__gbdt_target_wrong(vouch__gbdt_loss_id loss, double target); /* NULL: nothing */
/* Gradient and curvature of one row, and its loss, unweighted. */
void vouch__gbdt_slopes(const vouch__gbdt_outcome *outcome, double score, double target, double *g,
                        double *h);
double vouch__gbdt_loss_of(const vouch__gbdt_outcome *outcome, double score, double target);
double vouch__gbdt_step(vouch__gbdt_loss_id loss, double newton); /* what is made of a leaf's Newton step */
/* The score of every row before any tree. */
vouch_status vouch__gbdt_start(vouch_ctx *ctx, const vouch__gbdt_outcome *outcome, const double *weight,
                               double *out_start);
vouch_status vouch__gbdt_quantile(vouch_ctx *ctx, size_t n, const double *value, const double *weight,
                                  double p, double *out);

/* Which rows a tree is grown on: all when share is 1, else those whose hash falls below it. */
typedef struct vouch__gbdt_sample {
    double share;
    uint64_t seed; /* of this tree */
    const uint32_t *row;
} vouch__gbdt_sample;

/* Gradient and curvature of rows [begin, begin + n), weighted. */
vouch_status vouch__gbdt_loss(vouch_ctx *ctx, const vouch__gbdt_outcome *outcome, size_t begin, size_t n,
                              float *g, float *h);
/* Gradients at the present scores, rounded, as one record for each sampled row in ascending order. */
vouch_status vouch__gbdt_gradients(vouch_ctx *ctx, const vouch__gbdt_outcome *outcome,
                                   const vouch__gbdt_sample *sample, vouch__record *record, size_t *out_n,
                                   vouch__gbdt_scale *out_scale);

typedef struct vouch__gbdt_split {
    double score; /* of both children together; larger is better */
    int64_t left; /* sum of what goes left */
    uint32_t input;
    uint32_t bin; /* NUMBER: values of bins 1..bin go left */
    bool default_left;
    uint32_t set[VOUCH__GBDT_WORDS]; /* CATEGORY: bins that go left, with bin 0 when default_left */
} vouch__gbdt_split;

/* What is needed to judge a split of one leaf. */
typedef struct vouch__gbdt_node {
    int64_t sum;
    size_t n;
    double lo, hi;        /* bounds on the outputs, from monotone inputs above */
    double l2, least_h;   /* in units of the scale */
    double category_l2;   /* added to l2 for sets of categories */
    double category_mass; /* least curvature for a category to be placed by its own gradient */
    size_t min_rows;
    double parent; /* score to beat */
} vouch__gbdt_node;

double vouch__gbdt_output(const vouch__gbdt_node *node, int64_t sum); /* clamped to the bounds */
/* The score of a leaf that gives its best output within the bounds. */
double vouch__gbdt_score(const vouch__gbdt_node *node, int64_t sum, double l2);

/* What a candidate is compared with before it is judged: a split with sum x on the left may score above bar
 * where, a = h(x) + l2 and c = (h - h(x)) + l2, g(x)^2 c + (g - g(x))^2 a > bar a c. */
typedef struct vouch__gbdt_screen {
    double g, h, l2, least_h, bar;
    int64_t less; /* taken from each running sum: the missing, where they go right */
} vouch__gbdt_screen;

typedef enum vouch__gbdt_path {
    VOUCH__GBDT_PORTABLE,
    VOUCH__GBDT_AVX2,
    VOUCH__GBDT_AVX512,
    VOUCH__GBDT_PATHS
} vouch__gbdt_path;

/* What is done many at a time. Every path gives the same results. */
struct vouch__gbdt_kernels {
    /* Bit i % 16 of side[i / 16]: the bin of record i is in the set; returns how many are. */
    size_t (*sides)(const uint8_t *column, const uint32_t set[VOUCH__GBDT_WORDS], const vouch__record *record,
                    size_t n, uint16_t *side);
    /* A stable move of the records: those that go left to out[0 ..), the others to out[right ..). */
    void (*move)(const vouch__record *record, size_t n, const uint16_t *side, vouch__record *out,
                 size_t right);
    /* sum[b] = hist[0] + ... + hist[b], n a multiple of 8; with small, hist[b] -= small[b] first. */
    void (*running)(int64_t *hist, const int64_t *small, size_t n, int64_t *sum);
    /* The first bin of [from, last] that passes the screen and leaves either side least_h; > last: none.
     * sum is readable to a multiple of 8. */
    size_t (*next)(const vouch__gbdt_screen *screen, const int64_t *sum, size_t from, size_t last);
    /* Gradients and curvatures of logistic loss. */
    void (*logistic)(size_t n, const double *score, const double *target, float *g, float *h);
    /* Records of rows row .. row + n - 1, rounded to the nearest unit; returns their sum. */
    int64_t (*records)(size_t n, size_t row, const float *g, const float *h, float scale_g, float scale_h,
                       vouch__record *record);
};

/* NULL where the processor has not what the path takes. */
const vouch__gbdt_kernels *vouch__gbdt_kernels_of(vouch__gbdt_path path);
const vouch__gbdt_kernels *vouch__gbdt_kernels_best(void);

/* The best split of an input above out_split->score (first node->parent), from its histogram hist[n_bins]
 * and, of a number, its running sums. count[n_bins] of rows, or NULL where it is left to the caller to see
 * that children have rows enough. false: there is none, and out_split is as it was. */
bool vouch__gbdt_find_number(const vouch__gbdt_kernels *kernels, const vouch__gbdt_input *input,
                             const vouch__gbdt_node *node, const int64_t *hist, const int64_t *sum,
                             const uint32_t *count, vouch__gbdt_split *out_split);
bool vouch__gbdt_find_category(const vouch__gbdt_input *input, const vouch__gbdt_node *node,
                               const int64_t *hist, const uint32_t *count, vouch__gbdt_split *out_split);

/* Add n records to the histogram of inputs use[n_use]: that of use[k] begins at hist[k * VOUCH__GBDT_HIST].
 * use NULL: inputs 0 .. n_use - 1. bins are rows->row from the first of those inputs on. */
void vouch__gbdt_add(const uint8_t *bins, size_t stride, const vouch__record *record, size_t n,
                     const uint32_t *use, size_t n_use, int64_t *hist);
void vouch__gbdt_count(const vouch__gbdt_rows *rows, const vouch__record *record, size_t n,
                       const uint32_t *use, size_t n_use, uint32_t *count);

/* Everything a tree is grown with; made once for a fit. */
typedef struct vouch__gbdt_grower vouch__gbdt_grower;

typedef struct vouch__gbdt_tree { /* as grown */
    size_t n_nodes, n_leaves;
    vouch__node *node;                  /* [2 leaves - 1]; values before shrinkage, covers not yet known */
    vouch__gbdt_split *split;           /* [2 leaves - 1] */
    uint32_t (*set)[VOUCH__GBDT_WORDS]; /* [2 leaves - 1] bins that go left */
    uint32_t *leaf_node;                /* [leaves] */
} vouch__gbdt_tree;

vouch_status vouch__gbdt_grower_new(vouch_ctx *ctx, const vouch__gbdt_params *params,
                                    const vouch__gbdt_bins *bins, const vouch__gbdt_rows *rows,
                                    vouch__gbdt_grower **out_grower);
vouch__record *vouch__gbdt_records(vouch__gbdt_grower *grower); /* to be filled before growing */
/* Grow one tree on n records. use[n_use]: the inputs it may split on, ascending. l2 and min_weight in units
 * of the scale. */
vouch_status vouch__gbdt_grow(vouch_ctx *ctx, vouch__gbdt_grower *grower, size_t n, const uint32_t *use,
                              size_t n_use, const vouch__gbdt_scale *scale, double weight_unit,
                              vouch__gbdt_tree **out_tree);
/* Add the leaves of the tree just grown to the scores of training rows [begin, end), at most VOUCH__GBDT_TILE
 * of them; cover[leaves] becomes what came to each. */
void vouch__gbdt_apply(const vouch__gbdt_grower *grower, size_t begin, size_t end, const double *leaf_value,
                       const double *weight, double *score, double *cover);
/* The records that leaf k of that tree holds, in ascending order of rows. */
const vouch__record *vouch__gbdt_leaf(const vouch__gbdt_grower *grower, size_t k, size_t *out_n);
/* The leaf that row i of rows reaches. */
size_t vouch__gbdt_walk(const vouch__gbdt_tree *tree, const vouch__gbdt_rows *rows, size_t i);

/* The forest: a grown tree added; the first n trees kept. */
vouch_status vouch__gbdt_append(vouch_ctx *ctx, const vouch__gbdt_bins *bins, const vouch__gbdt_tree *tree,
                                vouch__trees *trees);
void vouch__gbdt_cut_back(vouch__trees *trees, size_t n);
/* A forest taken up again: whether it may be, its trees, the scores and the curve of losses they give. */
vouch_status vouch__gbdt_resume_check(vouch_ctx *ctx, const vouch__fit_data *data, const vouch__gbdt *old,
                                      vouch__gbdt_loss_id loss, double base);
vouch_status vouch__gbdt_copy_trees(vouch_ctx *ctx, const vouch__trees *from, vouch__trees *to);
vouch_status vouch__gbdt_again(vouch_ctx *ctx, const vouch__trees *trees, const vouch__binding *binding,
                               const vouch__part_rows *part, const vouch__gbdt_outcome *outcome,
                               double *score, double *curve, double weight);

/* Refuses what cannot be fitted. */
vouch_status vouch__gbdt_check(vouch_ctx *ctx, const vouch__fit_data *data, const vouch__gbdt_params *params);
/* data with weights that have the class weight in them, in scratch. */
vouch_status vouch__gbdt_weigh(vouch_ctx *ctx, const vouch__gbdt_params *params, vouch__fit_data *data);

/* Make the engine of a model whose trees are there. */
vouch_status vouch__gbdt_compile(vouch_ctx *ctx, vouch__gbdt *model);
/* The boosted forest of a model of kind gbdt or tree; NULL of others. */
const vouch__gbdt *vouch__model_gbdt(const struct vouch_model *model);

/* The kind's fit. */
vouch_status vouch__gbdt_fit(vouch_ctx *ctx, const vouch__fit_data *data, const vouch__gbdt_params *params,
                             vouch__doc *doc, vouch__json *log, vouch__gbdt **out_model);

#endif
