#!/usr/bin/env python3
"""Multi-class measures and regression errors by scikit-learn and scipy, residual tests by statsmodels. Needs numpy, scipy,
scikit-learn, statsmodels."""
import datetime
import json
import pathlib

import numpy as np
import scipy
import scipy.stats
import sklearn
import sklearn.metrics as skm
import statsmodels
import statsmodels.api as sm
from statsmodels.stats.diagnostic import acorr_ljungbox, het_breuschpagan
from statsmodels.stats.stattools import durbin_watson, jarque_bera

SEED = 20261122


def multiclass(rng, n, k):
    label = rng.integers(0, k, n)
    logit = rng.normal(size=(n, k)) + 1.2 * np.eye(k)[label]
    p = np.exp(logit)
    p = np.round(p / p.sum(axis=1, keepdims=True), 3)
    p[:, -1] = 1 - p[:, :-1].sum(axis=1)
    p = np.clip(p, 0, 1)
    predicted = p.argmax(axis=1)
    return {"k": k, "label": label.tolist(), "probability": p.ravel().tolist(),
            "accuracy": skm.accuracy_score(label, predicted), "balanced_accuracy": skm.balanced_accuracy_score(label, predicted),
            "macro_f1": skm.f1_score(label, predicted, average="macro"),
            "weighted_f1": skm.f1_score(label, predicted, average="weighted"),
            "macro_auc": skm.roc_auc_score(label, p, multi_class="ovr", average="macro"),
            "weighted_auc": skm.roc_auc_score(label, p, multi_class="ovr", average="weighted"),
            "hand_till": skm.roc_auc_score(label, p, multi_class="ovo", average="macro"),
            "log_loss": skm.log_loss(label, p), "kappa": skm.cohen_kappa_score(label, predicted),
            "mcc": skm.matthews_corrcoef(label, predicted), "table": skm.confusion_matrix(label, predicted).ravel().tolist()}


def regression(rng, n, weighted):
    seen = np.round(rng.gamma(2, 1, n), 3) + 0.001
    predicted = np.round(seen * rng.uniform(0.6, 1.5, n) + 0.1 * rng.normal(size=n), 3)
    w = rng.uniform(0.3, 2, n) if weighted else None
    error = predicted - seen
    huber = np.where(np.abs(error) <= 0.5, 0.5 * error ** 2, 0.5 * (np.abs(error) - 0.25))
    out = {"seen": seen.tolist(), "predicted": predicted.tolist(),
           "mae": skm.mean_absolute_error(seen, predicted, sample_weight=w), "mse": skm.mean_squared_error(seen, predicted, sample_weight=w),
           "mape": skm.mean_absolute_percentage_error(seen, predicted, sample_weight=w), "r2": skm.r2_score(seen, predicted, sample_weight=w),
           "explained_variance": skm.explained_variance_score(seen, predicted, sample_weight=w),
           "median_ae": skm.median_absolute_error(seen, predicted), "max_error": skm.max_error(seen, predicted),
           "pinball": skm.mean_pinball_loss(seen, predicted, alpha=0.8, sample_weight=w), "huber": np.average(huber, weights=w),
           "bias": np.average(error, weights=w)}
    if weighted:
        out["weight"] = w.tolist()
    else:
        t = scipy.stats.ttest_1samp(error, 0)
        out |= {"bias_t": t.statistic, "bias_p": t.pvalue, "bias_low": t.confidence_interval(0.95).low}
    return out


def residuals(rng, n, phi, heavy):
    e = rng.standard_t(4, n) if heavy else rng.normal(size=n)
    for i in range(1, n):
        e[i] += phi * e[i - 1]
    x = np.round(rng.normal(size=(n, 3)), 3)
    e = np.round(e * (1 + 0.3 * np.abs(x[:, 0])), 4)
    box = acorr_ljungbox(e, lags=[10], model_df=1)
    jb = jarque_bera(e)
    bp = het_breuschpagan(e, sm.add_constant(x))
    c = 1 - (np.diff(e) ** 2).sum() / (2 * ((e - e.mean()) ** 2).sum())
    distance = scipy.stats.kstest((e - e.mean()) / e.std(ddof=1), "norm").statistic
    return {"e": e.tolist(), "x": x.ravel().tolist(), "durbin_watson": durbin_watson(e),
            "durbin_watson_p": 2 * scipy.stats.norm.sf(abs(c * np.sqrt((n * n - 1) / (n - 2)))),
            "ljung_box": box["lb_stat"].iloc[0], "ljung_box_p": box["lb_pvalue"].iloc[0],
            "jarque_bera": jb[0], "jarque_bera_p": jb[1], "breusch_pagan": bp[0], "breusch_pagan_p": bp[1],
            "lilliefors": distance}


def main():
    rng = np.random.default_rng(SEED)
    out = {"provenance": {"library": "scikit-learn, statsmodels, scipy", "version":
                          f"{sklearn.__version__}, {statsmodels.__version__}, {scipy.__version__}", "seed": SEED,
                          "date": datetime.date.today().isoformat(), "script": "make_errors.py"},
           "multiclass": [multiclass(rng, 120, 3), multiclass(rng, 200, 5)],
           "regression": [regression(rng, 90, False), regression(rng, 150, True)],
           "residuals": [residuals(rng, 60, 0.0, False), residuals(rng, 200, 0.3, True)]}
    text = json.dumps(out, sort_keys=True, default=float).replace("}, {", "},\n{")
    pathlib.Path(__file__).with_name("errors.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
