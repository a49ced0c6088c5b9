"""The losses of boosting beside XGBoost's and LightGBM's, on the same made data.

    losses.py PROGRAM     PROGRAM is conform_losses; vouch is on the PATH

For each loss that a library has: gradients and curvatures of 60 scores (theirs read off leaves with and without regularisation,
1e-3 relative: they are float32), the raw score before any tree (1e-4), and the mean deviance on
rows not trained on after 100 trees of 31 leaves: ours at most 1 % above theirs. Focal loss, which neither has, is given
to both as Python; class weights are bad_weight here, scale_pos_weight there.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
import lightgbm as lgb
import numpy as np
import xgboost as xgb

warnings.filterwarnings("ignore")
PROGRAM = os.path.abspath(sys.argv[1])
folder = pathlib.Path(tempfile.mkdtemp())
os.chdir(folder)
ROWS, TRAIN, COLS, TREES, SETS = 18000, 8000, 6, 100, 3
POWER, SHARE, FOCUS, HEAVY = 1.4, 0.8, 2.0, 5.0
SLOPES, BASE, QUANTILE_BASE = 1e-3, 1e-4, 3e-3
SHAPES = {"tweedie": POWER, "quantile": SHARE, "focal": FOCUS}
REACHED = 1.01
log1pexp = lambda s: np.logaddexp(0.0, s)
sigmoid = lambda s: 0.5 * (1.0 + np.tanh(0.5 * s))


def focal_loss(s, y):
    z = np.where(y > 0.5, s, -s)
    return log1pexp(-z) * np.exp(-FOCUS * log1pexp(z))


def focal_slopes(s, y):
    """As docs/models.md defines them, in double."""
    sign = np.where(y > 0.5, 1.0, -1.0)
    p, q = sigmoid(sign * s), sigmoid(-sign * s)
    g = sign * q**FOCUS * (FOCUS * p * np.log(p) - q)
    e = 1e-5
    up, down = focal_slopes.plain(s + e, y), focal_slopes.plain(s - e, y)
    return g, np.maximum((up - down) / (2 * e), q**FOCUS * p * q)


def plain(s, y):
    sign = np.where(y > 0.5, 1.0, -1.0)
    p, q = sigmoid(sign * s), sigmoid(-sign * s)
    return sign * q**FOCUS * (FOCUS * p * np.log(p) - q)


focal_slopes.plain = plain


def unit_deviance(loss, s, y, w):
    """What each library is judged by: the mean loss of raw scores s, by weight."""
    with np.errstate(all="ignore"):
        m = np.exp(s)
        d = {
            "logistic": lambda: log1pexp(np.where(y > 0.5, -s, s)),
            "focal": lambda: focal_loss(s, y),
            "squared": lambda: (s - y) ** 2,
            "poisson": lambda: 2 * (np.where(y > 0, y * np.log(y / m), 0.0) - y + m),
            "gamma": lambda: 2 * (y / m - 1 - np.log(y / m)),
            "tweedie": lambda: 2 * (y ** (2 - POWER) / ((1 - POWER) * (2 - POWER)) - y * m ** (1 - POWER) / (1 - POWER)
                                    + m ** (2 - POWER) / (2 - POWER)),
            "quantile": lambda: np.where(y > s, SHARE * (y - s), (1 - SHARE) * (s - y)),
        }[loss]()
    return float(np.average(d, weights=w))


def targets(loss, rng, eta):
    mean = np.exp(0.6 * eta)
    return {
        "logistic": lambda: (rng.random(len(eta)) < sigmoid(eta - 1.5)).astype(float),
        "focal": lambda: (rng.random(len(eta)) < sigmoid(eta - 1.5)).astype(float),
        "squared": lambda: eta + rng.normal(size=len(eta)),
        "poisson": lambda: rng.poisson(mean).astype(float),
        "gamma": lambda: np.maximum(rng.gamma(2.0, mean / 2.0), 1e-3),
        "tweedie": lambda: np.array([rng.gamma(1.5, m / 1.5, k).sum() for m, k in zip(mean, rng.poisson(0.7, len(eta)))]),
        "quantile": lambda: eta + rng.normal(size=len(eta)) * np.exp(0.3 * eta),
    }[loss]()


# --- the three libraries --------------------------------------------------------------------


def of_xgboost(loss):
    return {"logistic": {"objective": "binary:logistic"}, "squared": {"objective": "reg:squarederror"},
            "poisson": {"objective": "count:poisson", "max_delta_step": 0}, "gamma": {"objective": "reg:gamma"},
            "tweedie": {"objective": "reg:tweedie", "tweedie_variance_power": POWER},
            "quantile": {"objective": "reg:quantileerror", "quantile_alpha": SHARE}, "focal": {"base_score": 0.0}}[loss]


def of_lightgbm(loss):
    return {"logistic": {"objective": "binary"}, "squared": {"objective": "l2"},
            "poisson": {"objective": "poisson", "poisson_max_delta_step": 1e-9}, "gamma": {"objective": "gamma"},
            "tweedie": {"objective": "tweedie", "tweedie_variance_power": POWER},
            "quantile": {"objective": "quantile", "alpha": SHARE}, "focal": {}}[loss]


def xgboost_raw(loss, x, y, to, start=None, l2=1.0, rate=0.1, trees=TREES, leaves=31, weight=1.0, least=1.0):
    params = {"eta": rate, "lambda": l2, "max_leaves": leaves, "max_depth": 0, "grow_policy": "lossguide", "max_bin": 255,
              "tree_method": "hist", "min_child_weight": least, "verbosity": 0, "scale_pos_weight": weight, **of_xgboost(loss)}
    data, rows = xgb.DMatrix(x, y), xgb.DMatrix(to)
    if start is not None:
        data.set_base_margin(start)
        rows.set_base_margin(start[: len(to)])
    own = (lambda s, d: focal_slopes(s.astype("f8"), d.get_label())) if loss == "focal" else None
    return xgb.train(params, data, trees, obj=own).predict(rows, output_margin=True).astype("f8")


def lightgbm_raw(loss, x, y, to, start=None, l2=1.0, rate=0.1, trees=TREES, leaves=31, weight=1.0, least=1.0):
    params = {"learning_rate": rate, "lambda_l2": l2, "num_leaves": leaves, "max_bin": 255, "min_data_in_leaf": 1,
              "min_data_in_bin": 1, "min_sum_hessian_in_leaf": least, "verbosity": -1, "scale_pos_weight": weight,
              **of_lightgbm(loss)}
    if loss != "logistic":
        del params["scale_pos_weight"]
    if loss == "focal":
        params["objective"] = lambda s, d: focal_slopes(np.asarray(s, "f8"), d.get_label())
    data = lgb.Dataset(x, y, init_score=start, params={"verbosity": -1, "min_data_in_bin": 1})
    return lgb.train(params, data, trees).predict(to, raw_score=True)


def ours(loss, x, y, to, trees=TREES, weight=1.0):
    """Raw scores of rows `to`, and the raw score before any tree."""
    shape = {"tweedie": f"power: {POWER}", "quantile": f"quantile: {SHARE}", "focal": f"focal: {FOCUS}"}.get(loss, "")
    heads = ",".join(f"x{j}" for j in range(x.shape[1]))
    np.savetxt("data.csv", np.column_stack([x, y]), "%.17g", ",", header=heads + ",y", comments="")
    np.savetxt("rows.csv", to, "%.17g", ",", header=heads, comments="")
    pathlib.Path("recipe.yaml").write_text(
        f"target: y\nmodel: {{kind: gbdt, loss: {loss}, trees: {trees}, learning_rate: 0.1, leaves: 31, depth: 30, grow: leaf,"
        f" l2: 1, min_child_weight: 1, min_child_rows: 1, row_sample: 1, column_sample: 1, early_stop: 0"
        + (f", bad_weight: {weight}" if weight != 1 else "") + (f", {shape}" if shape else "") + "}\n")
    run = lambda *words: subprocess.run(["vouch", *words, "--quiet"], check=True, capture_output=True, text=True).stdout
    told = json.loads(run("fit", "recipe.yaml", "data.csv", "--out", "m.vouch", "--json"))
    score = np.genfromtxt(run("score", "m.vouch", "rows.csv", "--output", "raw").splitlines(), names=True,
                          delimiter=",")
    return score["raw"], told["model"]["base"]


# --- comparisons ----------------------------------------------------------------------------


def their_slopes(raw, loss, s, y, falls):
    """Gradient and curvature of one score and target, from a tree of two leaves, whose other leaf goes the other way:
    -g / h with no regularisation, -n g / (n h + 1) with 1."""
    n = 40
    low, high = {"logistic": (0.0, 1.0), "gamma": (2.0, 5.0)}.get(loss, (0.2, 5.0))
    other = (1.5, low) if falls else (0.0, high)  # LightGBM refuses leaves of hardly any curvature
    x = np.repeat([0.0, 1.0], n)[:, None]
    starts, ends = np.repeat([s, other[0]], n), np.repeat([y, other[1]], n)
    if loss == "poisson":
        ends = np.floor(ends)
    shown = s if raw is xgboost_raw else 0.0
    a, b = (raw(loss, x, ends, x[:1], starts, l2, 1.0, 1, 2, least=1e-3)[0] - shown for l2 in (0.0, 1.0))
    h = b / (n * (a - b))
    return -a * h, h


def slopes(loss, shape, rng, raw):
    s = rng.uniform(-1, 1.5, 60)
    y = targets(loss, rng, s) if loss in ("logistic", "focal") else rng.uniform(0.5, 4, 60)
    if loss == "poisson":
        y = np.floor(y)
    s = s.astype("f4").astype("f8")
    y = y.astype("f4").astype("f8")
    pairs = "".join(f"{a!r} {b!r}\n" for a, b in zip(s.tolist(), y.tolist()))
    got = subprocess.run([PROGRAM, loss, str(shape)], input=pairs, check=True, capture_output=True, text=True).stdout
    g, h = np.loadtxt(got.splitlines())[:, :2].T
    tg, th = focal_slopes(s, y) if loss == "focal" else np.transpose(
        [their_slopes(raw, loss, a, b, slope < 0) for a, b, slope in zip(s, y, g)])
    return max(np.max(np.abs(g - tg) / (1 + np.abs(g))), np.max(np.abs(h - th) / (1 + h)))


def data(loss, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, COLS))
    x[rng.random((ROWS, COLS)) < 0.03] = np.nan
    v = np.nan_to_num(x)
    y = targets(loss, rng, v[:, 0] + np.sin(2 * v[:, 1]) + v[:, 2] * v[:, 3] * 0.5 + (v[:, 4] > 0.5))
    return x[:TRAIN], y[:TRAIN], x[TRAIN:], y[TRAIN:]


def main():
    wrong = 0
    cases = ("logistic", 1.0), ("logistic", HEAVY), ("focal", 1.0), ("squared", 1.0), ("poisson", 1.0), ("gamma", 1.0), \
        ("tweedie", 1.0), ("quantile", 1.0)
    for number, (loss, weight) in enumerate(cases):
        peers = {"xgboost": xgboost_raw, "lightgbm": lightgbm_raw}
        reached, theirs, told = 0.0, dict.fromkeys(peers, 0.0), {peer: [] for peer in peers}
        for turn in range(SETS):
            x, y, to, test = data(loss, 100 * (number + 1) + turn)
            w = np.where(test > 0.5, weight, 1.0) if weight != 1 else np.ones(len(test))
            score, base = ours(loss, x, y, to, weight=weight)
            reached += unit_deviance(loss, score, test, w) / SETS
            for peer, raw in peers.items():
                theirs[peer] += unit_deviance(loss, raw(loss, x, y, to, weight=weight), test, w) / SETS
                if turn or weight != 1:
                    continue
                if loss != "quantile":  # its curvature is made, its leaves are set afterwards
                    apart = slopes(loss, SHAPES.get(loss, 0), np.random.default_rng(number), raw)
                    told[peer].append(f"slopes differ by {apart:.1e}")
                    wrong += not apart <= SLOPES
                if loss != "focal":  # a tree that is next to nothing
                    start = raw(loss, x, y, x[:1], rate=1e-9, trees=1)[0]
                    told[peer].append(f"base {base:.6g} beside {start:.6g}")
                    wrong += not abs(base - start) <= (QUANTILE_BASE if loss == "quantile" else BASE) * (1 + abs(base))
        for peer in peers:
            told[peer].append(f"deviance {reached:.5g} beside {theirs[peer]:.5g} ({100 * (reached / theirs[peer] - 1):+.2f} %)")
            wrong += not reached <= REACHED * theirs[peer]
            name = loss if weight == 1 else f"{loss}, bad rows count {weight:g}"
            print(f"{name}, {peer}: {'; '.join(told[peer])}")
    print(f"losses of xgboost {xgb.__version__} and lightgbm {lgb.__version__}: {wrong} differ")
    return wrong > 0


sys.exit(main())
