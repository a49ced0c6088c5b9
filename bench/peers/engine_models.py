"""Models for bench_engine, trained by the libraries they are measured against: 500 trees, 64 leaves, 30 and 200
features of credit-like data (3 % missing). Usage: engine_models.py FOLDER LIBXGBOOST

FOLDER gets rows_<F>.f64 (unseen rows), X<F>.json (XGBoost, depth 6), L<F>.txt (LightGBM, leaf-wise), and each model
as nested ifs in C, X<F>.c and L<F>.c: what a compiler makes of a model when it is given one."""
import ctypes
import json
import pathlib
import sys

import lightgbm
import numpy as np

folder, library = pathlib.Path(sys.argv[1]), ctypes.CDLL(sys.argv[2])
library.XGBGetLastError.restype = ctypes.c_char_p
TREES, TRAIN, UNSEEN = 500, 60000, 20000


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
                       "min_child_weight": 1, "nthread": 2}.items():
        ok(library.XGBoosterSetParam(booster, key.encode(), str(value).encode()))
    for i in range(TREES):
        ok(library.XGBoosterUpdateOneIter(booster, i, matrix))
    ok(library.XGBoosterSaveModel(booster, str(path).encode()))


def lgbm(x, y, path):
    params = {"objective": "binary", "num_leaves": 64, "max_depth": -1, "learning_rate": 0.05, "min_data_in_leaf": 20,
              "num_threads": 2, "verbose": -1, "seed": 1}
    lightgbm.train(params, lightgbm.Dataset(x.astype(np.float64), y), TREES).save_model(path)


def xgboost_ifs(path):
    model, out = json.loads(path.read_text()), ["#include <math.h>"]
    trees = model["learner"]["gradient_booster"]["model"]["trees"]

    def node(t, i):
        if t["left_children"][i] < 0:
            return f"return {t['split_conditions'][i]!r}f;"
        v = f"x[{t['split_indices'][i]}]"
        test = f"{v} < {t['split_conditions'][i]!r}f"
        test = f"!({v} >= {t['split_conditions'][i]!r}f)" if t["default_left"][i] else test
        return f"if ({test}) {{ {node(t, t['left_children'][i])} }} else {{ {node(t, t['right_children'][i])} }}"

    for k, t in enumerate(trees):
        out.append(f"static float t{k}(const float *x) {{ {node(t, 0)} }}")
    out.append("double score(const void *row); double score(const void *row) { const float *x = row; float s = 0.0f;")
    out += [f"s += t{k}(x);" for k in range(len(trees))] + ["return s; }"]
    path.with_suffix(".c").write_text("\n".join(out))


def lgbm_ifs(path):
    out, k = ["#include <math.h>"], 0
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

        out.append(f"static double t{k}(const double *x) {{ {node(0)} }}")
        k += 1
    out.append("double score(const void *row); double score(const void *row) { const double *x = row; double s = 0.0;")
    out += [f"s += t{i}(x);" for i in range(k)] + ["return s; }"]
    path.with_suffix(".c").write_text("\n".join(out))


for features in (30, 200):
    x, y = data(features)
    x[TRAIN:].astype(np.float64).tofile(folder / f"rows_{features}.f64")
    xgboost(x[:TRAIN].copy(), y[:TRAIN].copy(), folder / f"X{features}.json")
    lgbm(x[:TRAIN], y[:TRAIN], folder / f"L{features}.txt")
    xgboost_ifs(folder / f"X{features}.json")
    lgbm_ifs(folder / f"L{features}.txt")
