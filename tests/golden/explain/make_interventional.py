"""Interventional Shapley values of a small boosted forest, by the shap package. Not run in the build.

    python3 make_interventional.py > interventional.json
"""
import datetime
import json
import sys

import numpy
import shap
import sklearn
from sklearn.ensemble import GradientBoostingClassifier

SEED = 20261122
random = numpy.random.default_rng(SEED)
x = numpy.floor(random.random((600, 6)) * 64) / 8  # exact in float32, in which scikit-learn compares
logit = x[:, 0] - 0.5 * x[:, 1] + (x[:, 2] > 4) * x[:, 3] / 2 - 3
y = random.random(600) < 1 / (1 + numpy.exp(-logit))
model = GradientBoostingClassifier(n_estimators=12, max_depth=4, learning_rate=0.3, random_state=SEED).fit(x, y)
background, rows = x[:40], x[300:312]

# shap stores leaf values in float32; these are exact there, so that both sides explain the same forest.
trees, given = [], []
for stage in model.estimators_[:, 0]:
    t = stage.tree_
    value = numpy.round(t.value[:, 0, 0] * model.learning_rate * 1024) / 1024
    trees.append({
        "left": t.children_left.tolist(),
        "right": t.children_right.tolist(),
        "feature": [int(max(f, 0)) for f in t.feature],
        "threshold": t.threshold.tolist(),
        "value": value.tolist(),
    })
    given.append({
        "children_left": t.children_left, "children_right": t.children_right,
        "children_default": t.children_right, "features": t.feature, "thresholds": t.threshold,
        "values": value.reshape(-1, 1), "node_sample_weight": t.weighted_n_node_samples,
    })
base = 0.25
explainer = shap.TreeExplainer({"trees": given, "base_offset": base}, data=background,
                               feature_perturbation="interventional")
values = explainer.shap_values(rows, check_additivity=False)

json.dump({
    "provenance": {"library": "shap " + shap.__version__ + ", scikit-learn " + sklearn.__version__,
                   "seed": SEED, "date": str(datetime.date.today()), "script": "make_interventional.py"},
    "tolerance": 1e-7,  # shap weighs coalitions in float32; the definition itself is tested to 1e-12
    "inputs": 6,
    "base": base,
    "trees": trees,
    "background": background.tolist(),
    "rows": rows.tolist(),
    "expected_value": float(numpy.ravel(explainer.expected_value)[0]),
    "values": values.tolist(),
}, sys.stdout)
