"""Data and peer of bench_gam.sh.

    gam_peer.py data FOLDER        train.parquet and test.parquet: 200,000 and 50,000 rows of 30 numbers, a known truth
                                   (steps, bends, one product) and noise; seed 7
    gam_peer.py fit FOLDER         interpret's EBM with its defaults, two jobs: seconds and AUC on test
    gam_peer.py auc FOLDER SCORES  AUC on test of the last column of a CSV
"""
import sys
import time

import numpy as np
import pandas as pd


def data(folder):
    rng = np.random.default_rng(7)
    n, d = 250000, 30
    x = rng.normal(size=(n, d))
    f = np.sin(2 * x[:, 0]) + 0.8 * (x[:, 1] > 0.5) + 0.5 * x[:, 2] ** 2 - 0.7 * np.abs(x[:, 3])
    f += 0.15 * x[:, 4:20].sum(axis=1) + 0.8 * x[:, 20] * x[:, 21]
    y = rng.uniform(size=n) < 1 / (1 + np.exp(1 - (f - f.mean())))
    table = pd.DataFrame(x, columns=[f"x{j}" for j in range(d)])
    table["y"] = y.astype(int)
    table[:200000].to_parquet(f"{folder}/train.parquet")
    table[200000:].to_parquet(f"{folder}/test.parquet")


def auc(folder, raw):
    from sklearn.metrics import roc_auc_score

    return roc_auc_score(pd.read_parquet(f"{folder}/test.parquet").y, raw)


def fit(folder):
    from interpret.glassbox import ExplainableBoostingClassifier

    train, test = (pd.read_parquet(f"{folder}/{part}.parquet") for part in ("train", "test"))
    x, y = train.drop(columns="y").to_numpy(), train.y.to_numpy()
    begun = time.perf_counter()
    model = ExplainableBoostingClassifier(n_jobs=2, random_state=1).fit(x, y)
    seconds = time.perf_counter() - begun
    print(seconds, auc(folder, model.decision_function(test.drop(columns="y").to_numpy())))


if __name__ == "__main__":
    if sys.argv[1] == "data":
        data(sys.argv[2])
    elif sys.argv[1] == "fit":
        fit(sys.argv[2])
    else:
        print(auc(sys.argv[2], pd.read_csv(sys.argv[3]).iloc[:, -1]))
