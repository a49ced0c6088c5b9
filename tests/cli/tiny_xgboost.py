"""A small model file as XGBoost 3 writes it, of 20 trees over columns of the simulated loans, without XGBoost: made by
a fixed rule, so that the same bytes come out everywhere."""
import json

NAMES = ["income", "loan_amount", "savings", "utilisation", "debt_to_income", "delinquencies_2y"]
CUTS = [[30000, 60000, 90000], [8000, 15000, 25000], [1000, 4000, 9000], [0.3, 0.55, 0.8], [0.15, 0.25, 0.4], [0.5, 1.5, 2.5]]
SIGN = [-1, 1, -1, 1, 1, 1]  # whether more is riskier


def tree(t):
    """Three levels; node k has children 2k + 1 and 2k + 2."""
    feature = [(t + 2 * k + k * t) % len(NAMES) for k in range(7)]
    cut = [CUTS[f][(t + k) % 3] for k, f in enumerate(feature)]
    leaf = []
    for k in range(8):
        value, at = 0.0, k + 7
        while at > 0:
            parent = (at - 1) // 2
            value += SIGN[feature[parent]] * (0.03 if at % 2 == 0 else -0.03) / (1 + t % 3)
            at = parent
        leaf.append(round(value, 6))
    n = 15
    return {
        "base_weights": [0.0] * 7 + leaf, "categories": [], "categories_nodes": [], "categories_segments": [],
        "categories_sizes": [], "default_left": [k % 2 for k in range(7)] + [0] * 8, "id": t,
        "left_children": [2 * k + 1 for k in range(7)] + [-1] * 8,
        "loss_changes": [1.0] * 7 + [0.0] * 8, "parents": [2147483647] + [(k - 1) // 2 for k in range(1, n)],
        "right_children": [2 * k + 2 for k in range(7)] + [-1] * 8,
        "split_conditions": cut + leaf, "split_indices": feature + [0] * 8, "split_type": [0] * n,
        "sum_hessian": [float(2 ** (6 - (k + 1).bit_length())) for k in range(n)],
        "tree_param": {"num_deleted": "0", "num_feature": str(len(NAMES)), "num_nodes": str(n), "size_leaf_vector": "1"},
    }


trees = [tree(t) for t in range(20)]
print(json.dumps({
    "learner": {
        "attributes": {}, "feature_names": NAMES, "feature_types": ["float"] * len(NAMES),
        "gradient_booster": {
            "model": {"gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
                      "iteration_indptr": list(range(len(trees) + 1)), "tree_info": [0] * len(trees), "trees": trees},
            "name": "gbtree"},
        "learner_model_param": {"base_score": "[9E-2]", "boost_from_average": "1", "num_class": "0",
                                "num_feature": str(len(NAMES)), "num_target": "1"},
        "objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}}},
    "version": [3, 2, 0]}))
