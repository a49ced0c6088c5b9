"""What 'vouch run' does, done with pandas, scikit-learn, LightGBM, shap and fairlearn: the definition of the work that
bench_run.sh compares. Every part names the stage of docs/run.md and the evidence that it matches. Where the libraries
have no counterpart (optimal monotone bins, exact reference populations, confidence bands of every figure, the ledger,
plots in the report) the peer does the nearest thing they offer, or is spared the work.

  peer_run.py make ROWS FILE.parquet      the rows both sides read
  peer_run.py run FILE.parquet FOLDER     the work; prints the seconds of each part

Two threads, and each library as it is fastest here: LightGBM grows with quantised gradients, shap's C++ explainer runs in
two processes with its own default of 100 reference rows."""
import json
import os
import sys
import time

THREADS = 2
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, str(THREADS))

import numpy as np
import pandas as pd

FEATURES = [f"x{k:02d}" for k in range(1, 48)]
MAX_BAD_RATE = 0.05
EXPLAINED = 20_000  # rows of test that both sides explain


def make(rows, path):
    rng = np.random.default_rng(1)
    x = rng.integers(0, 1_000_000, size=(rows, len(FEATURES))) / 1e6
    p = 1 / (1 + np.exp(5 - 2.5 * x[:, 0] - 2 * x[:, 1] * x[:, 2] - x[:, 3]))
    frame = pd.DataFrame({"id": np.arange(rows)})
    for j, name in enumerate(FEATURES):
        column = x[:, j].copy()
        if j % 8 == 7:
            column[rng.random(rows) < 0.02] = np.nan
        frame[name] = column
    frame["sex"] = np.where(rng.random(rows) < 0.5, "female", "male")
    frame["bad"] = (rng.random(rows) < p).astype(np.int8)
    frame.to_parquet(path, index=False)


class Clock:
    """Seconds of each part, on stderr."""

    def __init__(self):
        self.begun = self.last = time.perf_counter()

    def lap(self, part):
        now = time.perf_counter()
        print(f"\n{part:28s} {now - self.last:8.2f} s", file=sys.stderr, flush=True)
        self.last = now


def read_and_check(path, found):
    """read, contract, quality: data.roles, data.profile, data.missing, data.constant, data.duplicate_rows,
    data.conflicting_labels, data.high_cardinality, data.class_balance"""
    frame = pd.read_parquet(path).sort_values("id", ignore_index=True)
    if frame["id"].duplicated().any() or frame["id"].isna().any():
        raise SystemExit("ids repeat or are missing")
    found["profile"] = frame.describe(percentiles=[0.01, 0.25, 0.5, 0.75, 0.99], include="all").to_dict()
    found["missing"] = frame.isna().mean().to_dict()
    found["distinct"] = {c: int(frame[c].nunique()) for c in frame.columns}
    row = pd.util.hash_pandas_object(frame[FEATURES], index=False)
    found["duplicate_rows"] = int((row.duplicated()).sum())
    labels = frame["bad"].groupby(row.to_numpy(), sort=False)
    found["conflicting_labels"] = int((labels.min() != labels.max()).sum())
    found["bad_rate"] = float(frame["bad"].mean())
    return frame, row


def split(frame, found):
    """split: split.parts, stratified by outcome"""
    from sklearn.model_selection import train_test_split

    rest, test = train_test_split(np.arange(len(frame)), test_size=0.3, stratify=frame["bad"], random_state=1)
    train, tune = train_test_split(rest, test_size=2 / 7, stratify=frame["bad"].to_numpy()[rest], random_state=1)
    parts = {"train": np.sort(train), "tune": np.sort(tune), "test": np.sort(test)}
    found["parts"] = {name: len(rows) for name, rows in parts.items()}
    return parts


def leakage(frame, row, parts, found):
    """leakage: data.overlap, data.unseen, data.identifier, data.single_auc (learnt on train, measured on the others)"""
    from sklearn.metrics import roc_auc_score

    hashes = row.to_numpy()
    found["overlap"] = int(np.isin(hashes[parts["test"]], hashes[parts["train"]]).sum())
    others = np.concatenate([parts["tune"], parts["test"]])
    bad, seen = frame["bad"].to_numpy(), {}
    for name in FEATURES:
        column = frame[name].to_numpy()
        edges = np.unique(np.nanquantile(column[parts["train"]], np.linspace(0, 1, 33)[1:-1]))
        place = np.where(np.isnan(column), len(edges) + 1, np.searchsorted(edges, column))
        rate = pd.Series(bad[parts["train"]]).groupby(place[parts["train"]]).mean()
        seen[name] = roc_auc_score(bad[others], pd.Series(place[others]).map(rate).fillna(0).to_numpy())
        found.setdefault("identifier", {})[name] = float(pd.Series(column).corr(frame["id"]))
    found["single_auc"] = seen


class Scorecard:
    """fit scorecard: weights of evidence over 20 ranges and one for missing values, logistic regression over them.
    (vouch finds the monotone bins of largest information value; here ranges hold equal shares.)"""

    def fit(self, x, bad):
        from sklearn.linear_model import LogisticRegression

        self.edges, self.woe = [], []
        total_bad, total_good = bad.sum(), len(bad) - bad.sum()
        for j in range(x.shape[1]):
            edges = np.unique(np.nanquantile(x[:, j], np.linspace(0, 1, 21)[1:-1]))
            place = np.where(np.isnan(x[:, j]), len(edges) + 1, np.searchsorted(edges, x[:, j]))
            n = np.bincount(place, minlength=len(edges) + 2)
            b = np.bincount(place, weights=bad, minlength=len(edges) + 2)
            self.edges.append(edges)
            self.woe.append(np.log((b + 0.5) / total_bad) - np.log((n - b + 0.5) / total_good))
        self.model = LogisticRegression(C=1e6).fit(self.encode(x), bad)
        return self

    def encode(self, x):
        out = np.empty(x.shape)
        for j, (edges, woe) in enumerate(zip(self.edges, self.woe)):
            out[:, j] = woe[np.where(np.isnan(x[:, j]), len(edges) + 1, np.searchsorted(edges, x[:, j]))]
        return out

    def raw(self, x):
        return self.model.decision_function(self.encode(x))


class Forest:
    """fit gbdt: 200 trees of 31 leaves, learning rate 0.05, early stopping on tune"""

    def fit(self, x, bad, tune_x, tune_bad):
        import lightgbm

        self.model = lightgbm.train(
            {"objective": "binary", "num_leaves": 31, "learning_rate": 0.05, "num_threads": THREADS, "verbose": -1,
             "use_quantized_grad": True, "metric": "binary_logloss"},
            lightgbm.Dataset(x, bad), 200, valid_sets=[lightgbm.Dataset(tune_x, tune_bad)],
            callbacks=[lightgbm.early_stopping(50, verbose=False)])
        return self

    def raw(self, x):
        return self.model.predict(x, raw_score=True, num_threads=THREADS)


def delong(raw, bad):
    """AUC with its placements (Sun & Xu 2014)"""
    from scipy.stats import rankdata

    a, b = raw[bad == 1], raw[bad == 0]
    rank = rankdata(np.concatenate([a, b]))
    v10, v01 = (rank[: len(a)] - rankdata(a)) / len(b), 1 - (rank[len(a):] - rankdata(b)) / len(a)
    return v10, v01


def validate(raw, bad, train_raw, train_bad):
    """validate.*: auc, gini, ks, roc, gap, gains, bands, brier, log_loss, baseline, calibration, ece, calibration_line,
    psi_score, score_distribution"""
    from scipy.stats import chi2, ks_2samp
    from sklearn.calibration import calibration_curve
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score, roc_curve

    out, p = {}, 1 / (1 + np.exp(-raw))
    v10, v01 = delong(raw, bad)
    out["auc"] = v10.mean()
    out["auc_sd"] = np.sqrt(v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01))
    out["ks"] = ks_2samp(raw[bad == 1], raw[bad == 0], method="asymp").statistic
    fpr, tpr, _ = roc_curve(bad, raw)
    out["roc"] = list(zip(fpr[:: max(1, len(fpr) // 200)], tpr[:: max(1, len(tpr) // 200)]))
    out["gap"] = roc_auc_score(train_bad, train_raw) - out["auc"]
    order = np.argsort(-raw, kind="stable")
    out["gains"] = [float(b.sum() / bad.sum()) for b in np.array_split(bad[order], 10)]
    bands = pd.qcut(raw, 10, duplicates="drop")
    table = pd.DataFrame({"bad": bad, "p": p}).groupby(bands, observed=True).agg(["count", "mean", "sum"])
    out["bands"] = table.to_numpy().tolist()
    out["brier"], out["log_loss"] = brier_score_loss(bad, p), log_loss(bad, p)
    out["baseline"] = 1 - out["log_loss"] / log_loss(bad, np.full(len(bad), bad.mean()))
    truth, said = calibration_curve(bad, p, n_bins=10, strategy="quantile")
    n = len(bad) / 10
    out["hosmer_lemeshow"] = float(chi2.sf((n * (truth - said) ** 2 / (said * (1 - said))).sum(), 8))
    out["ece"] = float(np.abs(truth - said).mean())
    line = LogisticRegression(C=1e9).fit(raw.reshape(-1, 1), bad)
    out["calibration_line"] = [float(line.intercept_[0]), float(line.coef_[0, 0])]
    edges = np.quantile(train_raw, np.linspace(0, 1, 11)[1:-1])
    was = np.bincount(np.searchsorted(edges, train_raw), minlength=10) / len(train_raw)
    now = np.bincount(np.searchsorted(edges, raw), minlength=10) / len(raw)
    out["psi_score"] = float(((now - was) * np.log((now + 1e-9) / (was + 1e-9))).sum())
    out["score_distribution"] = np.histogram(raw, 24)[0].tolist()
    return out


def cutoff(raw):
    """decide.cutoff: approve in order of probability while the mean stays within the limit"""
    p = np.sort(1 / (1 + np.exp(-raw)))
    within = np.cumsum(p) / np.arange(1, len(p) + 1) <= MAX_BAD_RATE
    return p[np.flatnonzero(within)[-1]]


def compare(a, b, bad, cut_a, cut_b):
    """compare.champion, compare.auc_paired, compare.swap_set"""
    a10, a01 = delong(a, bad)
    b10, b01 = delong(b, bad)
    sd = np.sqrt((a10 - b10).var(ddof=1) / len(a10) + (a01 - b01).var(ddof=1) / len(a01))
    yes_a, yes_b = a <= np.log(cut_a / (1 - cut_a)), b <= np.log(cut_b / (1 - cut_b))
    return {"difference": float(a10.mean() - b10.mean()), "sd": float(sd),
            "swap": pd.crosstab(yes_a, yes_b, values=bad, aggfunc="mean").to_numpy().tolist()}


def tree_values(job):
    """One process's share of the rows"""
    import shap

    model, reference, rows = job
    explainer = shap.TreeExplainer(model, reference, feature_perturbation="interventional")
    return explainer.shap_values(rows, check_additivity=False), explainer.expected_value


def explain(model, name, frame_x, parts, raw, bad, cut, found, pool):
    """explain.importance, .additivity, .beeswarm, .reasons and .reason_similarity by both reference populations,
    .one_decline, .pdp and .monotonicity of the six most important inputs. vouch's reference populations are all 500,000
    training rows and the 5 % just approved; shap's cost grows with the population, so it gets 100 rows of each."""
    import shap

    train, test = parts["train"], parts["test"]
    rng = np.random.default_rng(1)
    rows = np.sort(rng.choice(test, min(EXPLAINED, len(test)), replace=False))
    p = 1 / (1 + np.exp(-raw))
    approved = train[p[train] <= cut]
    near = approved[np.argsort(p[approved], kind="stable")[-len(train) // 20:]]
    values, base = [], []
    for population in (train, near):
        reference = frame_x[rng.choice(population, 100, replace=False)]
        if isinstance(model, Scorecard):
            explainer = shap.LinearExplainer(model.model, shap.maskers.Independent(model.encode(reference)))
            values.append(explainer.shap_values(model.encode(frame_x[rows])))
            base.append(explainer.expected_value)
        else:
            jobs = [(model.model, reference, part) for part in np.array_split(frame_x[rows], THREADS)]
            got = list(pool.map(tree_values, jobs))
            values.append(np.concatenate([g[0] for g in got]))
            base.append(got[0][1])
    importance = np.abs(values[0]).mean(axis=0)
    declined = p[rows] > cut
    top = [np.argsort(-v[declined], axis=1, kind="stable")[:, :4] for v in values]
    found[f"{name}.importance"] = importance.tolist()
    found[f"{name}.additivity"] = float(np.abs(base[0] + values[0].sum(axis=1) - raw[rows]).max())
    found[f"{name}.reasons"] = [np.bincount(t.ravel(), minlength=len(FEATURES)).tolist() for t in top]
    found[f"{name}.same_first"] = float((top[0][:, 0] == top[1][:, 0]).mean())
    found[f"{name}.beeswarm"] = values[0][:200].tolist()
    found[f"{name}.one_decline"] = values[0][np.flatnonzero(declined)[0]].tolist()
    sample = frame_x[rng.choice(rows, 500, replace=False)]
    for j in np.argsort(-importance)[:6]:
        curve = []
        for at in np.nanquantile(sample[:, j], np.linspace(0, 1, 20)):
            moved = sample.copy()
            moved[:, j] = at
            curve.append(1 / (1 + np.exp(-model.raw(moved))))
        found[f"{name}.pdp.{FEATURES[j]}"] = np.mean(curve, axis=1).tolist()


def fairness(frame, parts, raws, cuts, found):
    """fairness.*: proxies among the inputs, approval rates and their ratio, error rates, AUC by group"""
    from fairlearn.metrics import (MetricFrame, demographic_parity_ratio, equalized_odds_difference, false_negative_rate,
                                   false_positive_rate, selection_rate)
    from scipy.stats import mannwhitneyu
    from sklearn.metrics import roc_auc_score

    is_group = (frame["sex"].to_numpy() == "female")
    train, test = parts["train"], parts["test"]
    proxies = {}
    for name in FEATURES:
        column = frame[name].to_numpy()[train]
        ok = ~np.isnan(column)
        u = mannwhitneyu(column[ok & is_group[train]], column[ok & ~is_group[train]], method="asymptotic")
        proxies[name] = [float(u.statistic), float(u.pvalue)]
    found["proxy"] = proxies
    bad, group = frame["bad"].to_numpy()[test], frame["sex"].to_numpy()[test]
    for name, raw in raws.items():
        said = (1 / (1 + np.exp(-raw[test])) > cuts[name]).astype(int)
        metrics = MetricFrame(metrics={"selected": selection_rate, "fpr": false_positive_rate, "fnr": false_negative_rate},
                              y_true=bad, y_pred=said, sensitive_features=group)
        auc = MetricFrame(metrics=roc_auc_score, y_true=bad, y_pred=raw[test], sensitive_features=group)
        found[f"{name}.fair"] = {"by_group": metrics.by_group.to_dict(), "auc": auc.by_group.to_dict(),
                                 "ratio": demographic_parity_ratio(bad, 1 - said, sensitive_features=group),
                                 "odds": equalized_odds_difference(bad, said, sensitive_features=group)}


def run(path, folder):
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    clock, found = Clock(), {}
    os.makedirs(folder, exist_ok=True)
    pool = ProcessPoolExecutor(THREADS, get_context("spawn"))
    frame, row = read_and_check(path, found)
    clock.lap("read, quality")
    parts = split(frame, found)
    leakage(frame, row, parts, found)
    clock.lap("split, leakage")
    x, bad = frame[FEATURES].to_numpy(), frame["bad"].to_numpy()
    train, tune, test = parts["train"], parts["tune"], parts["test"]
    models = {"scorecard": Scorecard().fit(x[train], bad[train])}
    clock.lap("fit scorecard")
    models["gbdt"] = Forest().fit(x[train], bad[train], x[tune], bad[tune])
    clock.lap("fit gbdt")
    raws = {name: model.raw(x) for name, model in models.items()}
    clock.lap("score all rows")
    cuts = {name: cutoff(raw[tune]) for name, raw in raws.items()}
    for name, raw in raws.items():
        found[name] = validate(raw[test], bad[test], raw[train], bad[train])
    for rows in (tune, test):
        found.setdefault("compare", []).append(
            compare(raws["scorecard"][rows], raws["gbdt"][rows], bad[rows], cuts["scorecard"], cuts["gbdt"]))
    clock.lap("validate, compare, cut-off")
    for name, model in models.items():
        explain(model, name, x, parts, raws[name], bad, cuts[name], found, pool)
        clock.lap(f"explain {name}")
    fairness(frame, parts, raws, cuts, found)
    clock.lap("fairness")
    scores = pd.DataFrame({"id": frame["id"], "bad": bad})
    for name, raw in raws.items():
        scores[f"{name}_raw"], scores[f"{name}_probability"] = raw, 1 / (1 + np.exp(-raw))
    scores.to_parquet(os.path.join(folder, "scores.parquet"), index=False)
    models["gbdt"].model.save_model(os.path.join(folder, "gbdt.txt"))
    with open(os.path.join(folder, "evidence.json"), "w") as file:
        json.dump(found, file, default=str)
    pd.DataFrame({"what": list(found), "value": [str(v)[:2000] for v in found.values()]}).to_html(
        os.path.join(folder, "report.html"))
    clock.lap("write")
    pool.shutdown()
    print(f"{time.perf_counter() - clock.begun:.2f}")


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "make":
        make(int(sys.argv[2]), sys.argv[3])
    elif len(sys.argv) == 4 and sys.argv[1] == "run":
        run(sys.argv[2], sys.argv[3])
    else:
        raise SystemExit(__doc__)
