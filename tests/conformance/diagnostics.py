"""The other side of diagnostics.sh: fit makes the model and the cases; compare holds what vouch told against the peers."""
import json
import os
import sys
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
NAMES = ["income", "savings", "loan_amount", "debt_to_income", "utilisation", "delinquencies_2y", "history_months"]
CUTOFF = 0.15


def fit():
    import xgboost

    data = pd.read_csv("loans.csv").rename(columns={"defaulted": "bad"})
    data[NAMES] = data[NAMES].fillna(data[NAMES].median())
    model = xgboost.train({"objective": "binary:logistic", "max_depth": 4, "eta": 0.1, "base_score": 0.5, "nthread": 1},
                          xgboost.DMatrix(data[NAMES][2000:], data["bad"][2000:]), 60)
    model.save_model("model.json")
    cases = data[:2000][["id", *NAMES, "bad"]]
    cases.to_csv("cases.csv", index=False)
    p = model.predict(xgboost.DMatrix(cases[NAMES]))
    cases[p > CUTOFF][:10].to_csv("declined.csv", index=False)


def told(test, subject=None):
    entries = json.load(open("told.json"))["entries"]
    found = [e for e in entries if e["id"] == test and (subject is None or e.get("subject") == subject)]
    assert found, f"{test} {subject} was not told"
    return found[0]


def rows(entry, table):
    t = entry["tables"][table]
    return pd.DataFrame(t["rows"], columns=t["columns"])


def near(what, ours, theirs, tolerance):
    worst = float(np.max(np.abs(np.asarray(ours, float) - np.asarray(theirs, float))))
    assert worst <= tolerance, f"{what}: differs by {worst:.3g}, at most {tolerance:g}"
    print(f"{what}: the same to {worst:.1e}")


def compare():
    import xgboost
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.cluster import KMeans
    from sklearn.inspection import partial_dependence, permutation_importance

    booster = xgboost.Booster(model_file="model.json")
    cases = pd.read_csv("cases.csv")
    x, y = cases[NAMES].astype(float), cases["bad"].to_numpy()

    def margin(v):
        return booster.predict(xgboost.DMatrix(pd.DataFrame(np.asarray(v, float), columns=NAMES)), output_margin=True).astype(float)

    class Margin(RegressorMixin, BaseEstimator):
        def fit(self, x, y=None):
            return self

        def __sklearn_is_fitted__(self):
            return True

        def predict(self, v):
            return margin(v)

    class Probability(ClassifierMixin, BaseEstimator):
        classes_ = np.array([0, 1])

        def fit(self, x, y=None):
            return self

        def predict_proba(self, v):
            p = 1 / (1 + np.exp(-margin(v)))
            return np.column_stack([1 - p, p])

        def predict(self, v):
            return (self.predict_proba(v)[:, 1] > CUTOFF).astype(int)

    shapes = rows(told("explain.ice"), "inputs").set_index("input")
    for name in ("utilisation", "income"):
        curve = rows(told("explain.pdp", name), "pdp")
        theirs = partial_dependence(Margin(), x, [name], kind="both", custom_values={name: curve["value"].to_numpy()})
        near(f"partial dependence of {name}", curve["log_odds"], theirs["average"][0], 2e-6)
        lines = theirs["individual"][0]
        lines = lines - lines.mean(1, keepdims=True)
        apart = ((lines - lines.mean(0)) ** 2).sum() / (lines**2).sum()
        near(f"individual curves of {name}", shapes.loc[name, "apart"], apart, 1e-5)

    ours = rows(told("explain.permutation"), "importance").set_index("input")
    theirs = permutation_importance(Probability(), x, y, scoring="neg_log_loss", n_repeats=20, random_state=1)
    for k, name in enumerate(NAMES):
        noise = 5 * np.hypot(theirs.importances_std[k], 1e-5) / np.sqrt(20) * np.sqrt(2)
        off = abs(ours.loc[name, "log_loss"] - theirs.importances_mean[k])
        assert off <= noise + 1e-4, f"permutation importance of {name}: {off} apart, noise {noise}"
    print("permutation importance: within its shuffles' noise for every input")

    place = x.rank(method="average").to_numpy()
    place = (place - 0.5) / len(x)
    best = min(KMeans(6, n_init=1, random_state=s).fit(place).inertia_ for s in range(20)) / len(x)
    grouping = rows(told("diagnose.worst_cluster"), "grouping")["mean_square_distance"][0]
    assert grouping <= 1.1 * best, f"k-means: {grouping}, scikit-learn's best of 20 {best}"
    print(f"k-means: {grouping:.5f} a case, scikit-learn's best of 20 starts {best:.5f}")
    against_alibi(margin, x)
    against_dice(booster, x, cases, Probability())


def share_below(values, at):
    knots, counts = np.unique(values, return_counts=True)
    return np.interp(at, knots, (np.cumsum(counts) - counts / 2) / len(values))


def against_dice(booster, x, cases, model):
    import dice_ml

    vary = ["history_months", "income", "savings", "utilisation", "loan_amount", "debt_to_income"]
    up = {"history_months", "income", "savings"}
    answers = {row["id"]: row for row in json.load(open("answers.json"))["rows"]}
    declined = pd.read_csv("declined.csv")
    data = dice_ml.Data(dataframe=cases[[*NAMES, "bad"]].astype({n: float for n in NAMES}), continuous_features=NAMES, outcome_name="bad")
    dice = dice_ml.Dice(data, dice_ml.Model(model=model, backend="sklearn", model_type="classifier"), method="random")
    tried = cheaper = outside = found = ours_found = 0
    for _, row in declined.iterrows():
        query = row[NAMES].astype(float)
        ours = answers[str(int(row["id"]))]["answers"]
        if ours:
            new = query.copy()
            for c in ours[0]["changes"]:
                new[c["input"]] = c["to"]
            assert model.predict(new.to_frame().T)[0] == 0, "an answer is declined by XGBoost"
            cost = sum(abs(share_below(x[n], new[n]) - share_below(x[n], query[n])) for n in vary)
            assert abs(cost - ours[0]["cost"]) < 5e-3, (cost, ours[0]["cost"])
            ours_found += 1
        limits = {n: [query[n], x[n].max()] if n in up else [x[n].min(), query[n]] for n in vary}
        try:
            made = dice.generate_counterfactuals(query.to_frame().T, total_CFs=2, desired_class=0, features_to_vary=vary,
                                                 permitted_range=limits, random_seed=1, verbose=False)
            made = made.cf_examples_list[0].final_cfs_df
        except Exception:
            made = None
        for _, other in (made if made is not None else pd.DataFrame()).iterrows():
            tried += 1
            if model.predict(other[NAMES].astype(float).to_frame().T)[0] != 0:
                continue
            found += 1
            other = other[NAMES].astype(float)
            if any(not limits[n][0] - 1e-6 <= other[n] <= limits[n][1] + 1e-6 for n in vary):
                outside += 1
                continue
            theirs = sum(abs(share_below(x[n], other[n]) - share_below(x[n], query[n])) for n in vary)
            cheaper += not ours or theirs < ours[0]["bound"] - 5e-3
    assert cheaper == 0, f"DiCE found {cheaper} answers below a bound that was proven"
    assert ours_found > 0
    print(f"counterfactuals: {ours_found} of {len(declined)} answered; of DiCE's {tried} answers {found} are approved, {outside} of them break "
          f"their ranges, and none is cheaper than what is proven")


def against_alibi(margin, x):
    """alibi has no grid of the caller's in this version, so it is given ours where it would choose its own."""
    from alibi.explainers import ale

    for name in ("utilisation", "income"):
        k = NAMES.index(name)
        curve = rows(told("explain.ale", name), "ale")
        ale.adaptive_grid = lambda values, least: (curve["value"].to_numpy(), len(curve) - 1)
        theirs = ale.ale_num(lambda v: margin(v)[:, None], x.to_numpy(), k)[1][:, 0]
        near(f"accumulated local effects of {name}", curve["effect"], theirs, 2e-5)


{"fit": fit, "compare": compare}[sys.argv[1]]()
