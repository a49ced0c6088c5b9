"""Models of other libraries, made on the spot, scored there and here: raw scores, predictions and leaves must be equal in
every bit on every path of the engine, contributions to 1e-12 (LightGBM) and 1e-5 (XGBoost, which computes them in float32).

    trees.py PROGRAM random xgboost|lightgbm FIRST COUNT   models by seed; a failure is replayed by its seed
    trees.py PROGRAM listed xgboost|lightgbm|catboost      every objective and booster once
    trees.py PROGRAM onnx                                  scikit-learn through skl2onnx, against ONNX Runtime on one thread

PROGRAM is conform_trees. Which version of XGBoost is tried is decided by PYTHONPATH.
"""
import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
import numpy as np

warnings.filterwarnings("ignore")
PROGRAM = os.path.abspath(sys.argv[1])
folder = pathlib.Path(tempfile.mkdtemp())
EXPLAINED = 8


def ours(path, rows, *options):
    """(words, raw, pred, leaf, contrib) of the model at path, or the message it is refused with."""
    out = folder / "out"
    np.ascontiguousarray(rows, "f8").tofile(folder / "rows")
    run = subprocess.run([PROGRAM, str(path), str(folder / "rows"), str(out), *options], capture_output=True, text=True)
    if run.returncode:
        return run.stdout.strip() + run.stderr[-300:]
    words = dict(word.split("=") for word in run.stdout.split())
    n = len(rows)
    read = lambda what, kind: np.fromfile(f"{out}.{what}", kind).reshape(n, -1)
    contrib = np.fromfile(f"{out}.contrib", "f8").reshape(-1, int(words["groups"]), int(words["inputs"]) + 1)
    return words, read("raw", "f8"), read("pred", "f8"), read("leaf", "u4"), contrib


def different(a, b, any_zero=True):
    a, b = np.asarray(a, "f8").reshape(len(a), -1), np.asarray(b, "f8").reshape(len(b), -1)
    if a.shape != b.shape:
        return max(a.size, b.size)
    return int(((a.view("u8") != b.view("u8")) & ~(np.isnan(a) & np.isnan(b)) & (any_zero | (a != 0) | (b != 0))).sum())


def compare(got, raw, pred, leaf, contrib=None, tolerance=0.0, any_zero=True):
    """What differs, in words; nothing when all is equal."""
    if isinstance(got, str):
        return [f"refused: {got}"]
    words, our_raw, our_pred, our_leaf, our_contrib = got
    wrong = [f"{path} differs from the walk in {n}" for path, n in words.items()
             if path not in ("groups", "outputs", "trees", "inputs", "float") and n != "0"]
    for what, a, b in (("raw", our_raw, raw), ("prediction", our_pred, pred), ("leaf", our_leaf, leaf)):
        if b is not None and (n := different(a, b, any_zero)):
            wrong.append(f"{what} differs in {n} of {np.size(b)}")
    if contrib is not None:
        want = np.asarray(contrib, "f8").reshape(our_contrib.shape)
        gap = np.abs(our_contrib - want) / np.maximum(1.0, np.abs(want).sum(axis=2, keepdims=True))
        if not gap.max() <= tolerance:
            wrong.append(f"contributions differ by {gap.max():.1e}")
    return wrong


# --- random data ----------------------------------------------------------------------------


def column(rng, n, kind):
    if kind == "category":
        return rng.integers(0, rng.choice([2, 5, 12, 40, 200]), n).astype("f8")
    x = {
        "normal": lambda: rng.normal(size=n),
        "rounded": lambda: np.round(rng.normal(size=n), 1),
        "count": lambda: rng.poisson(1.0, n).astype("f8"),
        "amount": lambda: np.exp(rng.normal(8, 3, n)),
        "tiny": lambda: rng.normal(size=n) * 10.0 ** -rng.integers(34, 40, n),
        "sparse": lambda: rng.normal(size=n) * (rng.random(n) < 0.2),
        "flag": lambda: (rng.random(n) < 0.3).astype("f8"),
        "constant": lambda: np.full(n, 3.0),
    }[kind]()
    if rng.random() < 0.5:
        x[rng.random(n) < rng.choice([0.02, 0.2, 0.6])] = np.nan
    return x


def data(rng, with_categories=True):
    n, kinds = int(rng.integers(150, 700)), []
    for _ in range(int(rng.integers(2, 13))):
        kinds.append("category" if with_categories and rng.random() < 0.25 else
                     rng.choice(["normal", "rounded", "count", "amount", "tiny", "sparse", "flag", "constant"]))
    x = np.column_stack([column(rng, n, kind) for kind in kinds])
    filled = np.nan_to_num(x)
    spread = np.maximum(np.abs(filled).mean(axis=0), 1e-300)
    z = np.tanh(filled / spread) @ rng.normal(size=len(kinds)) + 0.5 * rng.normal(size=n)
    for j, kind in enumerate(kinds):
        if kind == "category":
            z += rng.normal(size=int(x[:, j].max()) + 1)[x[:, j].astype(int)]
    return x, kinds, (z - z.mean()) / (z.std() + 1e-9)


def outcome(rng, z, task):
    if task == "binary":
        return (z + 0.3 * rng.normal(size=len(z)) > rng.choice([0.0, 0.8])).astype(int)
    if task == "share":
        return 1 / (1 + np.exp(-z))
    if task == "count":
        return rng.poisson(np.exp(np.clip(z, -3, 2))).astype("f8")
    if task == "amount":
        return np.exp(np.clip(z, -3, 3)) + 1e-3
    if task == "classes":
        return np.digitize(z, [-0.6, 0.5])
    return z * rng.choice([1.0, 1000.0])


def awkward(rng, x, kinds, edges, infinite, n=220):
    """Rows at, just below and just above the model's own thresholds, with what no training row has."""
    rows = x[rng.integers(0, len(x), n)].copy()
    for j, kind in enumerate(kinds):
        cell = rng.random(n)
        if kind == "category":
            rows[cell < 0.05, j] = rng.choice([x[:, j].max() + 1, 250.0, 31.0, 32.0, 64.0])
            rows[(cell >= 0.05) & (cell < 0.1), j] = np.nan
            continue
        at = np.array(edges.get(j, [0.0]))
        near = rng.choice(at, n)
        rows[cell < 0.3, j] = near[cell < 0.3]
        rows[cell < 0.1, j] = np.nextafter(near[cell < 0.1].astype("f4"), np.float32(-np.inf)).astype("f8")
        odd = [0.0, -0.0, 1e-35, -1e-35, 1.0000000180025095e-35, 1e-36, 1e-42, -1e-42, 3e38, -3e38, np.nan]
        odd += [np.inf, -np.inf, 1e300, -1e300, 1e-300] if infinite else []
        hit = (cell > 0.3) & (cell < 0.5)
        rows[hit, j] = rng.choice(odd, hit.sum())
    return rows


# --- XGBoost --------------------------------------------------------------------------------

XGB_TASKS = {
    "binary:logistic": "binary", "binary:logitraw": "binary", "binary:hinge": "binary", "reg:logistic": "share",
    "reg:squarederror": "amount", "reg:squaredlogerror": "amount", "reg:absoluteerror": "number",
    "reg:pseudohubererror": "number", "count:poisson": "count", "reg:gamma": "amount", "reg:tweedie": "count",
    "multi:softprob": "classes", "multi:softmax": "classes", "rank:pairwise": "count", "rank:ndcg": "count",
    "reg:quantileerror": "number",
}


def xgb_objectives():
    import xgboost
    old = int(xgboost.__version__.split(".")[0]) < 2
    return [name for name in XGB_TASKS if not (old and name == "reg:quantileerror")]


def xgb_random(rng):
    objective = str(rng.choice(xgb_objectives()))
    p = {"objective": objective, "eta": float(rng.choice([0.05, 0.3, 1.0])), "seed": int(rng.integers(1 << 30)),
         "nthread": 1, "max_depth": int(rng.integers(1, 11)), "tree_method": str(rng.choice(["hist", "approx"])),
         "lambda": float(rng.choice([0.0, 1.0, 10.0])), "min_child_weight": float(rng.choice([0.0, 1.0, 5.0])),
         "subsample": float(rng.choice([0.6, 1.0])), "colsample_bytree": float(rng.choice([0.5, 1.0])),
         "max_bin": int(rng.choice([4, 64, 256])), "num_parallel_tree": int(rng.choice([1, 1, 1, 3]))}
    if rng.random() < 0.3:
        p.update(grow_policy="lossguide", max_leaves=int(rng.integers(2, 90)), max_depth=int(rng.choice([0, 12])),
                 tree_method="hist")
    if rng.random() < 0.3:
        p.update(booster="dart", rate_drop=0.3, one_drop=1, normalize_type=str(rng.choice(["tree", "forest"])))
    if rng.random() < 0.4 and not objective.startswith("rank"):
        p["base_score"] = 0.3
    p["max_cat_to_onehot"] = int(rng.choice([1, 4, 300]))
    p["max_cat_threshold"] = int(rng.choice([2, 64]))
    return p


def xgb_fit(rng, p, x, kinds, z):
    import xgboost
    objective, rounds = p["objective"], int(rng.integers(1, 40))
    y = outcome(rng, z, XGB_TASKS[objective])
    if objective.startswith("multi"):
        p["num_class"] = 3
    if objective == "reg:quantileerror":
        p["quantile_alpha"] = 0.3
    if rng.random() < 0.25 and "category" not in kinds:
        p["monotone_constraints"] = "(" + ",".join(str(rng.integers(-1, 2)) for _ in kinds) + ")"
    types = ["c" if kind == "category" else "q" for kind in kinds]
    matrix = lambda rows, **more: xgboost.DMatrix(rows.astype("f4"), feature_types=types, enable_categorical=True, **more)
    train = matrix(x, label=y)
    if objective.startswith("rank"):
        train.set_group([len(y) // 2, len(y) - len(y) // 2])
    if "category" not in kinds and p["tree_method"] == "approx" and rng.random() < 0.5:
        p["tree_method"] = "exact"
        p.pop("max_bin")
    early = {}
    if rng.random() < 0.3 and p.get("booster") != "dart":
        held = matrix(x[::3], label=y[::3] if objective.startswith("multi") or XGB_TASKS[objective] != "number" else -y[::3])
        if objective.startswith("rank"):
            held.set_group([len(y[::3])])
        early = {"evals": [(held, "held")], "early_stopping_rounds": 3, "verbose_eval": False}
    return xgboost.train(p, train, rounds, **early), matrix


def xgb_edges(booster, n):
    import json
    edges = {}
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    model = model.get("model", model.get("gbtree", {}).get("model"))
    for tree in model["trees"]:
        for left, j, value in zip(tree["left_children"], tree["split_indices"], tree["split_conditions"]):
            if left >= 0 and abs(value) < 3e38:
                edges.setdefault(j, []).append(float(np.float32(value)))
    return edges


def xgb_check(rng, booster, matrix, rows, iterations=0):
    path = folder / ("model." + str(rng.choice(["json", "ubj"])))
    booster.save_model(str(path))
    seen = matrix(rows)
    part = {"iteration_range": (0, iterations)} if iterations else {"iteration_range": (0, booster.num_boosted_rounds())}
    raw = booster.predict(seen, output_margin=True, **part)
    pred = booster.predict(seen, **part)
    leaf = booster.predict(seen, pred_leaf=True, **part)
    contrib = booster.predict(matrix(rows[:EXPLAINED]), pred_contribs=True, **part)
    options = [f"contributions={EXPLAINED}"] + ([f"iterations={iterations}"] if iterations else [])
    # dart adds a leaf of -0 as 0 up to 3.2 and as -0 in 3.4: only the sign of a sum that is 0 tells
    return compare(ours(path, rows, *options), raw, pred, leaf.reshape(len(rows), -1), contrib, 1e-5,
                   any_zero='"dart"' not in booster.save_config())


def xgb_random_model(seed):
    rng = np.random.default_rng(seed)
    p = xgb_random(rng)
    x, kinds, z = data(rng)
    booster, matrix = xgb_fit(rng, p, x, kinds, z)
    rows = awkward(rng, x, kinds, xgb_edges(booster, len(kinds)), infinite=False)
    wrong = xgb_check(rng, booster, matrix, rows)
    rounds = booster.num_boosted_rounds()
    if not wrong and rounds > 1 and rng.random() < 0.3:
        wrong = [f"cut: {w}" for w in xgb_check(rng, booster, matrix, rows, int(rng.integers(1, rounds)))]
    return p, wrong


# --- LightGBM -------------------------------------------------------------------------------

LGB_TASKS = {
    "binary": "binary", "multiclass": "classes", "multiclassova": "classes", "regression": "number",
    "regression_l1": "number", "huber": "number", "fair": "number", "quantile": "number", "mape": "amount",
    "poisson": "count", "gamma": "amount", "tweedie": "count", "cross_entropy": "share",
    "cross_entropy_lambda": "share", "lambdarank": "count", "rank_xendcg": "count",
}


def lgb_random(rng):
    objective = str(rng.choice(list(LGB_TASKS)))
    p = {"objective": objective, "verbose": -1, "num_threads": 1, "seed": int(rng.integers(1 << 30)),
         "learning_rate": float(rng.choice([0.05, 0.3, 1.0])), "num_leaves": int(rng.choice([2, 3, 15, 63, 64, 65, 130, 300])),
         "max_depth": int(rng.choice([-1, -1, 3, 8])), "min_data_in_leaf": int(rng.choice([1, 5, 20])),
         "max_bin": int(rng.choice([7, 63, 255, 1000])), "boosting": str(rng.choice(["gbdt", "gbdt", "dart", "rf", "goss"])),
         "use_missing": bool(rng.random() < 0.85), "zero_as_missing": bool(rng.random() < 0.2),
         "min_data_per_group": int(rng.choice([1, 20])), "cat_smooth": float(rng.choice([1.0, 10.0])),
         "max_cat_to_onehot": int(rng.choice([1, 4, 300])), "extra_trees": bool(rng.random() < 0.2),
         "path_smooth": float(rng.choice([0.0, 0.0, 1.0])), "lambda_l2": float(rng.choice([0.0, 1.0])),
         "min_sum_hessian_in_leaf": float(rng.choice([1e-3, 0.0])), "force_row_wise": True,
         "feature_pre_filter": False, "bin_construct_sample_cnt": 1000000}
    if p["boosting"] == "rf":
        p.update(bagging_freq=1, bagging_fraction=0.6)
    if objective.startswith("multiclass"):
        p["num_class"] = 3
    if objective == "regression" and rng.random() < 0.3:
        p["reg_sqrt"] = True
    if objective == "binary" and rng.random() < 0.3:
        p["sigmoid"] = 0.7
    return p


def lgb_random_model(seed):
    import lightgbm
    rng = np.random.default_rng(seed)
    p = lgb_random(rng)
    x, kinds, z = data(rng)
    y = outcome(rng, z, LGB_TASKS[p["objective"]])
    linear = p["objective"] == "regression" and p["boosting"] == "gbdt" and rng.random() < 0.4
    if linear:
        p["linear_tree"] = True
    if rng.random() < 0.25 and "category" not in kinds and not linear:
        p.update(monotone_constraints=[int(rng.integers(-1, 2)) for _ in kinds],
                 monotone_constraints_method=str(rng.choice(["basic", "intermediate", "advanced"])))
        p["path_smooth"] = 0.0
    cats = [j for j, kind in enumerate(kinds) if kind == "category"]
    group = [len(y) // 2, len(y) - len(y) // 2] if p["objective"] in ("lambdarank", "rank_xendcg") else None
    train = lightgbm.Dataset(x, y, categorical_feature=cats, group=group, params=p, free_raw_data=False)
    early = {}
    if rng.random() < 0.3 and p["boosting"] in ("gbdt", "goss") and group is None:
        early = {"valid_sets": [lightgbm.Dataset(x[::3], y[::3], reference=train)],
                 "callbacks": [lightgbm.early_stopping(3, verbose=False)]}
    booster = lightgbm.train(p, train, int(rng.integers(1, 40)), **early)
    path = folder / "model.txt"
    booster.save_model(str(path), num_iteration=-1)
    edges = {}
    for line in path.read_text().split("\nTree="):
        part = dict(word.split("=", 1) for word in line.splitlines() if "=" in word)
        if "threshold" in part:
            for j, value in zip(part["split_feature"].split(), part["threshold"].split()):
                edges.setdefault(int(j), []).append(float(value))
    rows = awkward(rng, x, kinds, edges, infinite=not linear)
    if linear: # its own overflow is not what is tried
        rows[:, [j for j in range(rows.shape[1]) if j not in cats]] = np.clip(rows[:, [j for j in range(rows.shape[1]) if j not in cats]], -1e9, 1e9)

    def check(iterations):
        told = {"num_iteration": iterations or -1}
        contrib = None if linear else booster.predict(rows[:EXPLAINED], pred_contrib=True, **told)
        options = ([] if linear else [f"contributions={EXPLAINED}"]) + ([f"iterations={iterations}"] if iterations else [])
        return compare(ours(path, rows, *options), booster.predict(rows, raw_score=True, **told),
                       booster.predict(rows, **told), booster.predict(rows, pred_leaf=True, **told), contrib, 1e-12)

    wrong = check(0)
    rounds = booster.num_trees() // booster.num_model_per_iteration()
    if not wrong and rounds > 1 and p["boosting"] != "rf" and rng.random() < 0.3:
        wrong = [f"cut: {w}" for w in check(int(rng.integers(1, rounds)))]
    return p, wrong


def run_random(library, first, count):
    one = {"xgboost": xgb_random_model, "lightgbm": lgb_random_model}[library]
    tried = bad = untrained = 0
    seed = first
    while tried < count:
        try:
            p, wrong = one(seed)
        except Exception as error: # the library would not train by these parameters
            if type(error).__module__.split(".")[0] not in ("xgboost", "lightgbm"):
                raise
            untrained += 1
            seed += 1
            continue
        if wrong:
            print(f"{library} seed {seed}: {'; '.join(wrong)}\n    {p}", flush=True)
            bad += 1
        tried += 1
        seed += 1
    module = __import__(library)
    print(f"{library} {module.__version__}: {tried} random models, {bad} differ ({untrained} more parameters sets were not "
          f"trained by the library)", flush=True)
    return bad


# --- every objective and booster once -------------------------------------------------------


def told(name, wrong):
    print(f"{name}: {'; '.join(wrong) if wrong else 'equal'}", flush=True)
    return bool(wrong)


def xgb_listed():
    import xgboost
    bad = 0
    for objective in xgb_objectives():
        for booster in ("gbtree", "dart", "forest"):
            for with_categories in (False, True):
                rng = np.random.default_rng(len(objective))
                x, kinds, z = data(rng, False)
                if with_categories:
                    x, kinds = np.column_stack([x, rng.integers(0, 9, len(x))]), [*kinds, "category"]
                p = {"objective": objective, "max_depth": 5, "nthread": 1, "tree_method": "hist",
                     "max_cat_to_onehot": 1 if booster == "gbtree" else 20}
                p.update({"dart": {"booster": "dart", "rate_drop": 0.3}, "forest": {"num_parallel_tree": 4, "subsample": 0.7}}
                         .get(booster, {}))
                model, matrix = xgb_fit(rng, p, x, kinds, z)
                rows = awkward(rng, x, kinds, xgb_edges(model, len(kinds)), infinite=False)
                bad += told(f"{objective}, {booster}{', categories' * with_categories}", xgb_check(rng, model, matrix, rows))
    bad += xgb_early() + xgb_infinite()
    print(f"xgboost {xgboost.__version__}: listed models, {bad} differ")
    return bad


def xgb_early():
    """The best iteration, kept by asking for it."""
    import xgboost
    rng = np.random.default_rng(3)
    x, kinds, z = data(rng, False)
    train, held = xgboost.DMatrix(x.astype("f4"), label=z), xgboost.DMatrix(x.astype("f4"), label=-z)
    model = xgboost.train({"nthread": 1, "eta": 0.3}, train, 30, evals=[(held, "held")], early_stopping_rounds=5,
                          verbose_eval=False)
    path = folder / "early.json"
    model.save_model(str(path))
    best = {"iteration_range": (0, model.best_iteration + 1)}
    return told("early stopping, the best iteration", compare(
        ours(path, x, "best"), model.predict(train, output_margin=True, **best), model.predict(train, **best),
        model.predict(train, pred_leaf=True, **best).reshape(len(x), -1)))


def xgb_infinite():
    """Infinite values: lenient scores them as inplace_predict does; strict gives none."""
    import xgboost
    rng = np.random.default_rng(5)
    x, kinds, z = data(rng, False)
    model = xgboost.train({"nthread": 1}, xgboost.DMatrix(x.astype("f4"), label=z), 10)
    path = folder / "infinite.json"
    model.save_model(str(path))
    x[::3, 0], x[1::3, -1], x[2::7, 0] = np.inf, -np.inf, 1e300
    want = model.inplace_predict(x.astype("f4"), predict_type="margin")
    bad = told("infinite values, lenient", compare(ours(path, x, "lenient"), want, want, None))
    strict = ours(path, x)[1]
    used = {j for j in xgb_edges(model, len(kinds))}
    refused = np.array([any(np.isinf(np.float32(row[j])) for j in used) for row in x])
    return bad + told("infinite values, strict", [] if (np.isnan(strict[:, 0]) == refused).all() else ["not refused"])


def lgb_listed():
    import lightgbm
    bad = 0
    for objective, task in LGB_TASKS.items():
        for boosting in ("gbdt", "dart", "rf", "goss"):
            rng = np.random.default_rng(len(objective))
            x, kinds, z = data(rng)
            y = outcome(rng, z, task)
            p = {"objective": objective, "boosting": boosting, "verbose": -1, "num_threads": 1, "num_leaves": 20,
                 "bagging_freq": 1 if boosting == "rf" else 0, "bagging_fraction": 0.6, "min_data_per_group": 5}
            if objective.startswith("multiclass"):
                p["num_class"] = 3
            group = [len(y)] if objective in ("lambdarank", "rank_xendcg") else None
            cats = [j for j, kind in enumerate(kinds) if kind == "category"]
            model = lightgbm.train(p, lightgbm.Dataset(x, y, categorical_feature=cats, group=group, params=p), 12)
            path = folder / "model.txt"
            model.save_model(str(path))
            bad += told(f"{objective}, {boosting}", compare(
                ours(path, x, f"contributions={EXPLAINED}"), model.predict(x, raw_score=True), model.predict(x),
                model.predict(x, pred_leaf=True), model.predict(x[:EXPLAINED], pred_contrib=True), 1e-12))
    print(f"lightgbm {lightgbm.__version__}: listed models, {bad} differ")
    return bad


def catboost_one_hot(catboost):
    """Text categories, short and long, one never seen; by the command line, whose table may hold texts."""
    rng = np.random.default_rng(5)
    names = ["red", "green", "a category of more than sixteen letters", "x" * 40, "y" * 70, "\u00e9t\u00e9"]
    rows = [[names[rng.integers(len(names))], float(np.float32(rng.random()))] for _ in range(600)]
    y = [int((c in names[:2]) ^ (v > 0.7)) for c, v in rows]
    pool = catboost.Pool(rows, y, cat_features=[0])
    model = catboost.CatBoost(dict(loss_function="Logloss", iterations=20, depth=4, one_hot_max_size=20, verbose=0,
                                   thread_count=1, allow_writing_files=False, random_seed=1))
    model.fit(pool)
    model.save_model(str(folder / "model.json"), format="json", pool=pool)
    rows.append(["never seen", 0.9])
    raw = model.predict(catboost.Pool(rows, cat_features=[0]), prediction_type="RawFormulaVal")
    with open(folder / "rows.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["color", "x", "raw"])
        writer.writerows([c, repr(v), repr(float(r))] for (c, v), r in zip(rows, raw))
    done = subprocess.run(["vouch", "import", folder / "model.json", "--out", folder / "model.vouch", "--inputs", "color,x",
                           "--check", folder / "rows.csv", "--expect", "raw", "--quiet"], capture_output=True, text=True)
    return told("one-hot texts", [done.stderr.strip() or "the self-test failed"] if done.returncode else [])


def catboost_listed():
    import catboost
    bad = 0
    for objective, task in {"Logloss": "binary", "CrossEntropy": "share", "RMSE": "number", "MAE": "number",
                            "Quantile": "number", "Poisson": "count", "MultiClass": "classes",
                            "MultiClassOneVsAll": "classes"}.items():
        for treatment in ("Min", "Max"):
            rng = np.random.default_rng(len(objective))
            x, kinds, z = data(rng, False)
            model = catboost.CatBoost(dict(loss_function=objective, iterations=30, depth=6, nan_mode=treatment, verbose=0,
                                           thread_count=1, allow_writing_files=False, random_seed=1))
            model.fit(x.astype("f4"), outcome(rng, z, task))
            path = folder / "model.json"
            model.save_model(str(path), format="json")
            rows = x.astype("f4")
            want = model.predict(rows, prediction_type="RawFormulaVal")
            got = ours(path, rows)
            wrong = compare(got, want, None, None)
            kind = {"Logloss": "Probability", "CrossEntropy": "Probability", "MultiClass": "Probability"}.get(objective)
            if not wrong and kind:
                said = np.asarray(model.predict(rows, prediction_type=kind))
                said = said[:, 1:] if said.shape[1] == 2 else said
                gap = np.abs(got[2] - said).max()
                wrong = [f"probability differs by {gap:.1e}"] if gap > 1e-14 else []
            bad += told(f"{objective}, missing {treatment}", wrong)
    bad += catboost_one_hot(catboost)
    print(f"catboost {catboost.__version__}: listed models, {bad} differ")
    return bad


# --- ONNX -----------------------------------------------------------------------------------


def onnx_all():
    import onnxruntime
    from skl2onnx import to_onnx
    from sklearn import ensemble, tree
    rng = np.random.default_rng(0)
    n = 1500
    x = rng.normal(size=(n, 8)).astype("f4").astype("f8")
    z = x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * rng.normal(size=n)
    holes = x.copy()
    holes[::7, 1] = holes[::11, 3] = np.nan
    binary, classes = (z > 0).astype(int), np.digitize(z, [-0.5, 0.5])
    cases = [
        ("GradientBoostingClassifier", dict(n_estimators=60), x, binary), ("GradientBoostingClassifier", dict(n_estimators=30), x, classes),
        ("GradientBoostingRegressor", dict(n_estimators=60), x, z), ("HistGradientBoostingClassifier", dict(max_iter=60), holes, binary),
        ("HistGradientBoostingClassifier", dict(max_iter=30), holes, classes), ("HistGradientBoostingRegressor", dict(max_iter=60), holes, z),
        ("RandomForestClassifier", dict(n_estimators=60), x, binary), ("RandomForestClassifier", dict(n_estimators=30), x, classes),
        ("RandomForestRegressor", dict(n_estimators=40), x, z), ("RandomForestRegressor", dict(n_estimators=20), x, np.c_[z, -z]),
        ("ExtraTreesClassifier", dict(n_estimators=40), x, binary), ("ExtraTreesRegressor", dict(n_estimators=40), x, z),
        ("DecisionTreeClassifier", {}, x, binary), ("DecisionTreeClassifier", {}, x, classes), ("DecisionTreeRegressor", {}, x, z),
    ]
    bad = 0
    for name, options, rows, y in cases:
        for kind in ("f4", "f8"):
            model = getattr(ensemble, name, None) or getattr(tree, name)
            model = model(random_state=1, **options).fit(rows, y)
            more = {"options": {"zipmap": False}} if hasattr(model, "predict_proba") else {}
            made = to_onnx(model, rows[:1].astype(kind), **more)
            for output in made.graph.output: # ONNX Runtime gives float whatever goes in
                output.type.tensor_type.elem_type = 1 if output.type.tensor_type.elem_type == 11 else output.type.tensor_type.elem_type
            path = folder / "model.onnx"
            path.write_bytes(made.SerializeToString())
            session_options = onnxruntime.SessionOptions()
            session_options.intra_op_num_threads = 1
            session_options.log_severity_level = 4
            session = onnxruntime.InferenceSession(str(path), session_options, providers=["CPUExecutionProvider"])
            given, last = session.get_inputs()[0].name, session.get_outputs()[-1].name
            want = session.run([last], {given: rows.astype(kind)})[0]
            got = ours(path, rows)
            wrong = compare(got, None, np.asarray(want, "f8"), None)
            if not wrong:
                own = model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
                own = np.asarray(own, "f8").reshape(n, -1)
                gap = (np.abs(got[2] - own) / np.maximum(1.0, np.abs(own))).max()
                wrong = [f"scikit-learn's own differ by {gap:.1e}"] if gap > 5e-6 else []
            bad += told(f"{name}, {np.ndim(y)} x {len(np.unique(y)) if y.dtype == int else 'real'}, {kind}", wrong)
    print(f"onnxruntime {onnxruntime.__version__} on one thread: {2 * len(cases)} models of scikit-learn, {bad} differ")
    return bad


if __name__ == "__main__":
    what, library = sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
    if what == "random":
        sys.exit(bool(run_random(library, int(sys.argv[4]), int(sys.argv[5]))))
    listed = {"xgboost": xgb_listed, "lightgbm": lgb_listed, "catboost": catboost_listed}
    sys.exit(bool(onnx_all() if what == "onnx" else listed[library]()))
