"""Models for bench_engine, trained by the libraries they are measured against: 500 trees, 64 leaves, 30 and 200
features of credit-like data (3 % missing). Usage: engine_models.py FOLDER LIBXGBOOST

FOLDER gets, each made once: rows_<F>.f64 (unseen rows), X<F>.json (XGBoost, depth 6), L<F>.txt (LightGBM, leaf-wise),
X<F>.onnx (the same trees for ONNX Runtime), and every model as C two ways, which the bench compiles and takes the
faster of: <M>_ifs.c, one function of nested ifs a tree on plain floats, and <M>_tl2cgen/, what TL2cgen writes."""
import ctypes
import json
import math
import os
import pathlib
import sys

import lightgbm
import numpy as np
import onnx
import onnx.helper
import tl2cgen
import treelite

folder, library = pathlib.Path(sys.argv[1]), ctypes.CDLL(sys.argv[2])
library.XGBGetLastError.restype = ctypes.c_char_p
TREES, TRAIN, UNSEEN = 500, 60000, 20000
THREADS = os.cpu_count()


def ok(status):
    if status:
        sys.exit(library.XGBGetLastError().decode())


def data(features):
    rng = np.random.default_rng(features)
    x = rng.normal(size=(TRAIN + UNSEEN, features)).astype(np.float32)
    x[:, ::3] = np.exp(x[:, ::3])  # amounts
    x[:, 1::3] = np.round(x[:, 1::3] * 20)  # counts
    part = rng.normal(size=features) * (rng.random(features) < 0.5)
    z = np.tanh(np.nan_to_num(x)) @ part * 0.6 + 0.5 * np.sin(x[:, 0] * 2) * np.sign(x[:, 1]) - 1
    y = (rng.random(len(x)) < 1 / (1 + np.exp(-z))).astype(np.float32)
    x[rng.random(x.shape) < 0.03] = np.nan
    return x, y


def interface(a):
    return json.dumps({"data": [a.ctypes.data, True], "shape": a.shape, "typestr": a.dtype.str, "version": 3}).encode()


def xgboost(x, y, path):
    matrix, booster = ctypes.c_void_p(), ctypes.c_void_p()
    ok(library.XGDMatrixCreateFromDense(interface(x), b'{"missing": NaN}', ctypes.byref(matrix)))
    ok(library.XGDMatrixSetFloatInfo(matrix, b"label", y.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(len(y))))
    ok(library.XGBoosterCreate((ctypes.c_void_p * 1)(matrix), ctypes.c_uint64(1), ctypes.byref(booster)))
    for key, value in {"objective": "binary:logistic", "max_depth": 6, "tree_method": "hist", "eta": 0.05,
                       "min_child_weight": 1, "nthread": THREADS}.items():
        ok(library.XGBoosterSetParam(booster, key.encode(), str(value).encode()))
    for i in range(TREES):
        ok(library.XGBoosterUpdateOneIter(booster, i, matrix))
    ok(library.XGBoosterSaveModel(booster, str(path).encode()))


def lgbm(x, y, path):
    params = {"objective": "binary", "num_leaves": 64, "max_depth": -1, "learning_rate": 0.05, "min_data_in_leaf": 20,
              "num_threads": THREADS, "verbose": -1, "seed": 1}
    lightgbm.train(params, lightgbm.Dataset(x.astype(np.float64), y), TREES).save_model(path)


def write_ifs(path, c_type, functions, zero):
    out = ["#include <math.h>"]
    out += [f"static {c_type} t{k}(const {c_type} *x) {{ {body} }}" for k, body in enumerate(functions)]
    out.append(f"double score(const void *row);\ndouble score(const void *row)\n{{\n    const {c_type} *x = row;\n"
               f"    {c_type} s = {zero};")
    out += [f"    s += t{k}(x);" for k in range(len(functions))] + ["    return s;\n}\n"]
    path.write_text("\n".join(out))


def xgboost_trees(path):
    return json.loads(path.read_text())["learner"]["gradient_booster"]["model"]["trees"]


def base_score(path):
    return float(json.loads(path.read_text())["learner"]["learner_model_param"]["base_score"].strip("[]"))


def xgboost_ifs(path, out):
    def node(t, i):
        if t["left_children"][i] < 0:
            return f"return {t['split_conditions'][i]!r}f;"
        v = f"x[{t['split_indices'][i]}]"
        test = f"{v} < {t['split_conditions'][i]!r}f"
        test = f"!({v} >= {t['split_conditions'][i]!r}f)" if t["default_left"][i] else test
        return f"if ({test}) {{ {node(t, t['left_children'][i])} }} else {{ {node(t, t['right_children'][i])} }}"

    one = np.float32(1)
    base = np.float32(-math.log(one / np.float32(base_score(path)) - one))
    write_ifs(out, "float", [node(t, 0) for t in xgboost_trees(path)], f"{base}f")


def lgbm_ifs(path, out):
    functions = []
    for block in path.read_text().split("Tree=")[1:]:
        f = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        cols = {n: f[n].split() for n in ("split_feature", "threshold", "decision_type", "left_child", "right_child",
                                          "leaf_value")}

        def node(i):
            if i < 0:
                return f"return {cols['leaf_value'][~i]};"
            v = f"x[{cols['split_feature'][i]}]"
            left = int(cols["decision_type"][i]) & 2
            cut = cols["threshold"][i].replace("inf", "INFINITY")
            test = f"!({v} > {cut})" if left else f"{v} <= {cut}"
            return f"if ({test}) {{ {node(int(cols['left_child'][i]))} }} else {{ {node(int(cols['right_child'][i]))} }}"

        functions.append(node(0))
    write_ifs(out, "double", functions, "0.0")


def to_onnx(path, out):
    """The trees as one TreeEnsembleRegressor, node for node; ONNX Runtime adds them in an order of its own."""
    a = {k: [] for k in ("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_modes", "nodes_values",
                         "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true",
                         "target_treeids", "target_nodeids", "target_ids", "target_weights")}
    for k, t in enumerate(xgboost_trees(path)):
        for i, left in enumerate(t["left_children"]):
            leaf = left < 0
            a["nodes_treeids"].append(k)
            a["nodes_nodeids"].append(i)
            a["nodes_featureids"].append(0 if leaf else t["split_indices"][i])
            a["nodes_modes"].append("LEAF" if leaf else "BRANCH_LT")
            a["nodes_values"].append(0.0 if leaf else t["split_conditions"][i])
            a["nodes_truenodeids"].append(0 if leaf else left)
            a["nodes_falsenodeids"].append(0 if leaf else t["right_children"][i])
            a["nodes_missing_value_tracks_true"].append(0 if leaf else t["default_left"][i])
            if leaf:
                a["target_treeids"].append(k)
                a["target_nodeids"].append(i)
                a["target_ids"].append(0)
                a["target_weights"].append(t["split_conditions"][i])
    node = onnx.helper.make_node("TreeEnsembleRegressor", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=1,
                                 base_values=[-math.log(1 / base_score(path) - 1)], post_transform="NONE", **a)
    features = int(json.loads(path.read_text())["learner"]["learner_model_param"]["num_feature"])
    graph = onnx.helper.make_graph(
        [node], "trees", [onnx.helper.make_tensor_value_info("X", onnx.TensorProto.FLOAT, [None, features])],
        [onnx.helper.make_tensor_value_info("Y", onnx.TensorProto.FLOAT, [None, 1])])
    opsets = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("ai.onnx.ml", 3)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8), out)


def to_tl2cgen(path, out):
    load = treelite.frontend.load_xgboost_model if path.suffix == ".json" else treelite.frontend.load_lightgbm_model
    tl2cgen.generate_c_code(load(path), out, params={"parallel_comp": 16})


def once(name, make, *args):
    path = folder / name
    if not path.exists():
        half = folder / f"half_{name}"
        make(*args, half)
        half.rename(path)
    return path


def main():
    for features in (30, 200):
        x, y = data(features)
        once(f"rows_{features}.f64", lambda out: x[TRAIN:].astype(np.float64).tofile(out))
        a = once(f"X{features}.json", xgboost, x[:TRAIN].copy(), y[:TRAIN].copy())
        b = once(f"L{features}.txt", lgbm, x[:TRAIN], y[:TRAIN])
        once(f"X{features}_ifs.c", xgboost_ifs, a)
        once(f"L{features}_ifs.c", lgbm_ifs, b)
        once(f"X{features}.onnx", to_onnx, a)
        once(f"X{features}_tl2cgen", to_tl2cgen, a)
        once(f"L{features}_tl2cgen", to_tl2cgen, b)


main()
