"""Small ONNX models with what ONNX Runtime gives for them on one thread: scikit-learn's forests and boosting as skl2onnx
writes them, XGBoost and LightGBM (categories: tests for equality) as onnxmltools does, and graphs made by hand for what
those do not write. Run: OMP_NUM_THREADS=1 python3 make_onnx.py (versions are in the file it writes; onnx 1.17 and
protobuf 4, as skl2onnx 1.20 cannot write HistGradientBoosting with newer ones)."""
import json
import pathlib

import lightgbm
import numpy as np
import onnx
import onnxruntime
import skl2onnx
import sklearn
import xgboost
from onnx import TensorProto, helper
from onnxmltools.convert import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from sklearn.ensemble import (ExtraTreesRegressor, GradientBoostingClassifier, GradientBoostingRegressor,
                              HistGradientBoostingClassifier, RandomForestClassifier)
from sklearn.tree import DecisionTreeClassifier

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(23)
N, COLS = 600, 4
x = rng.normal(size=(N, COLS)).astype("f4")
x[:, 3] = rng.integers(0, 6, N)
with_missing = x.copy()
with_missing[rng.random(N) < 0.15, 1] = np.nan
z = x[:, 0] + x[:, 1] * x[:, 2] + (x[:, 3] % 2) + 0.5 * rng.normal(size=N)
binary, classes = (z > 0.5).astype(int), np.digitize(z, [0, 1])
rows = with_missing[:50].copy()
rows[:4, 0] = [np.inf, -np.inf, 0.0, -0.0]
rows[4:8, 3] = [2.5, -1.0, 17.0, np.nan]
cases = []


def keep(name, model, wide=False):
    for output in model.graph.output: # but for TreeEnsemble ONNX Runtime gives float whatever goes in
        if model.graph.node[0].op_type != "TreeEnsemble" and output.type.tensor_type.elem_type == TensorProto.DOUBLE:
            output.type.tensor_type.elem_type = TensorProto.FLOAT
    (here / f"onnx_{name}.onnx").write_bytes(model.SerializeToString())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0].name
    said = session.run(None, {given: rows.astype("f8" if wide else "f4")})[-1]
    if isinstance(said, list):
        said = [list(one.values()) for one in said]
    said = np.asarray(said, "f8").reshape(len(rows), -1)
    cases.append({"model": f"onnx_{name}.onnx", "predictions": said.ravel().tolist(), "outputs": said.shape[1]})


def fitted(name, model, y, data=x, wide=False, **more):
    more.setdefault("options", {"zipmap": False} if hasattr(model, "predict_proba") and wide else None)
    keep(name, to_onnx(model.fit(data, y), data[:1].astype("f8" if wide else "f4"), **more), wide)


fitted("boosting", GradientBoostingClassifier(n_estimators=12, random_state=1), binary)
fitted("boosting_classes", GradientBoostingClassifier(n_estimators=4, max_depth=2, random_state=1), classes)
fitted("boosting_double", GradientBoostingRegressor(n_estimators=8, random_state=1), z, wide=True)
fitted("hist", HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=9, random_state=1), binary, with_missing)
fitted("forest", RandomForestClassifier(n_estimators=7, max_depth=4, random_state=1), binary)
fitted("forest_double", RandomForestClassifier(n_estimators=5, max_depth=3, random_state=1), binary, wide=True)
fitted("forest_classes", RandomForestClassifier(n_estimators=4, max_depth=3, random_state=1), classes)
fitted("extra_two", ExtraTreesRegressor(n_estimators=4, max_depth=3, random_state=1), np.c_[z, -z])
fitted("tree", DecisionTreeClassifier(max_depth=3, random_state=1), classes)
fitted("margin", GradientBoostingClassifier(n_estimators=5, random_state=1), binary,
       options={"raw_scores": True, "zipmap": False})
told = [("x", FloatTensorType([None, COLS]))]
keep("xgboost", convert_xgboost(xgboost.XGBClassifier(n_estimators=6, max_depth=3, n_jobs=1).fit(with_missing, binary),
                                initial_types=told))
keep("lightgbm_sets", convert_lightgbm(
    lightgbm.LGBMClassifier(n_estimators=5, num_leaves=6, verbose=-1, min_data_per_group=5, cat_smooth=1,
                            max_cat_to_onehot=1, n_jobs=1).fit(x, binary, categorical_feature=[3]), initial_types=told))
keep("lightgbm_poisson", convert_lightgbm(
    lightgbm.LGBMRegressor(n_estimators=4, num_leaves=6, verbose=-1, objective="gamma", n_jobs=1).fit(x, np.exp(z / 4)),
    initial_types=told))
cases[-1]["tolerance"] = 1e-6 # its exp is another


def by_hand(name, op, version, wide=False, **attributes):
    node = helper.make_node(op, ["x"], ["z"], domain="ai.onnx.ml", **attributes)
    kind = TensorProto.DOUBLE if wide else TensorProto.FLOAT
    out = kind if op == "TreeEnsemble" else TensorProto.FLOAT
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", kind, [None, COLS])],
                              [helper.make_tensor_value_info("z", out, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", version)],
                              ir_version=8)
    (here / f"onnx_{name}.onnx").write_bytes(model.SerializeToString())
    return model


modes = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
numbers = [1.0, 1.0, 2.0, 2.0, 2.0, 3.0]
for aggregate in ("SUM", "AVERAGE"):
    for wide in (False, True):
        lists = {key: [] for key in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
                                     "missing_value_tracks_true")}
        for t in range(12): # each mode with either side for missing values; a test below each of them
            n = len(modes)
            lists["treeids"] += [t] * 7
            lists["nodeids"] += list(range(7))
            lists["featureids"] += [3, 3, 1] + [0] * 4
            lists["values"] += [numbers[t % n], numbers[(t + 1) % n], 0.25] + [0.0] * 4
            lists["modes"] += [modes[t % n], modes[(t * 5 + 4) % n], modes[t % 4]] + ["LEAF"] * 4
            lists["truenodeids"] += [1, 3, 5] + [0] * 4
            lists["falsenodeids"] += [2, 4, 6] + [0] * 4
            lists["missing_value_tracks_true"] += [t // n, (t + 1) % 2, t % 2] + [0] * 4
        weights = np.round(rng.normal(size=48), 3).tolist()
        base = {"base_values_as_tensor": helper.make_tensor("b", TensorProto.DOUBLE, [1], [0.1]),
                "target_weights_as_tensor": helper.make_tensor("w", TensorProto.DOUBLE, [48], weights),
                "nodes_values_as_tensor": helper.make_tensor("v", TensorProto.DOUBLE, [84], lists.pop("values")),
                } if wide else {"base_values": [0.1], "target_weights": weights, "nodes_values": lists.pop("values")}
        model = by_hand(f"modes_{aggregate.lower()}" + "_double" * wide, "TreeEnsembleRegressor", 3, wide, n_targets=1,
                        aggregate_function=aggregate, target_ids=[0] * 48,
                        target_treeids=[t for t in range(12) for _ in range(4)], target_nodeids=[3, 4, 5, 6] * 12,
                        **{f"nodes_{key}": value for key, value in lists.items()}, **base)
        keep(f"modes_{aggregate.lower()}" + "_double" * wide, model, wide)

for wide in (False, True):
    kind = TensorProto.DOUBLE if wide else TensorProto.FLOAT
    model = by_hand(
        "ensemble" + "_double" * wide, "TreeEnsemble", 5, wide, n_targets=2, aggregate_function=1, post_transform=0,
        tree_roots=[0, 2, 3], nodes_featureids=[0, 1, 2, 3],
        nodes_splits=helper.make_tensor("s", kind, [4], [0.5, -0.25, 0.1, 2.0]),
        nodes_modes=helper.make_tensor("m", TensorProto.UINT8, [4], [0, 1, 2, 4]),
        nodes_truenodeids=[1, 0, 3, 5], nodes_trueleafs=[0, 1, 1, 1],
        nodes_falsenodeids=[2, 1, 4, 6], nodes_falseleafs=[1, 1, 1, 1],
        nodes_missing_value_tracks_true=[1, 0, 1, 0], leaf_targetids=[0, 1, 0, 1, 0, 0, 1],
        leaf_weights=helper.make_tensor("w", kind, [7], [0.3, 0.1, -0.7, 0.9, 0.2, -0.4, 1.7]))
    keep("ensemble" + "_double" * wide, model, wide)

made = {"onnxruntime": onnxruntime.__version__, "scikit-learn": sklearn.__version__, "skl2onnx": skl2onnx.__version__,
        "onnx": onnx.__version__, "xgboost": xgboost.__version__, "lightgbm": lightgbm.__version__}
text = [[None if v != v else float(v) if abs(v) != np.inf else ("inf" if v > 0 else "-inf") for v in row] for row in rows.tolist()]
(here / "onnx.json").write_text(json.dumps({"provenance": {"made": "2026-11-22", "versions": made}, "rows": text,
                                            "cases": cases}, indent=1) + "\n")
