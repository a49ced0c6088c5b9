"""Golden cases of two-variable binning: optbinning 0.21's OptimalBinning2D on grids of 4 to 5 values each way. Counts of
non-events and events of each crossing, the constraints, and the information value of the solver's optimum.
Run: pip install optbinning==0.21.0; python make_pairs.py > pairs.json"""
import datetime
import json
import warnings

import numpy as np
from optbinning import OptimalBinning2D

warnings.filterwarnings("ignore")
SEED = 20260
rng = np.random.default_rng(SEED)
TRENDS = (None, "ascending", "descending")
OURS = {None: "any", "ascending": "rising", "descending": "falling"}
cases = []
for k in range(24):
    nx, ny = (int(v) for v in rng.integers(4, 6, 2))
    n = rng.integers(20, 120, (ny, nx))
    i, j = np.meshgrid(np.arange(nx), np.arange(ny))
    trend, with_trend = TRENDS[k % 3], TRENDS[k // 3 % 3]
    sign = {None: 0, "ascending": 1, "descending": -1}
    rate = 1 / (1 + np.exp(1.5 - 0.4 * (sign[trend] * i + sign[with_trend] * j) - 0.5 * rng.normal(size=(ny, nx))))
    events = rng.binomial(n, rate)
    x, y, z = [], [], []
    for b in range(ny):
        for a in range(nx):
            x += [a] * int(n[b, a])
            y += [b] * int(n[b, a])
            z += [1] * int(events[b, a]) + [0] * int(n[b, a] - events[b, a])
    max_bins, min_share, min_events, gap = (None, 6, 8)[k % 3] or 25, (0.03, 0.05)[k % 2], 5, (0, 0.02)[k // 6 % 2]
    one = OptimalBinning2D(prebinning_method="uniform", solver="cp", max_n_prebins_x=nx, max_n_prebins_y=ny,
                           min_prebin_size_x=1e-9, min_prebin_size_y=1e-9, max_n_bins=max_bins, min_bin_size=min_share,
                           min_bin_n_event=min_events, min_bin_n_nonevent=min_events, monotonic_trend_x=trend,
                           monotonic_trend_y=with_trend, min_event_rate_diff_x=gap, min_event_rate_diff_y=gap, gamma=0,
                           time_limit=300)
    one.fit(np.array(x, float), np.array(y, float), np.array(z))
    table = one.binning_table.build()
    iv = float(table.loc[[isinstance(r, (int, np.integer)) for r in table.index], "IV"].sum())
    if one.status != "OPTIMAL" or (gap and None in (trend, with_trend)):  # its gap holds under a trend only
        continue
    cases.append({"nx": nx, "ny": ny, "rows": n.ravel().tolist(), "events": events.ravel().tolist(), "iv": iv,
                  "bins": len(one.splits[0]),
                  "rules": {"kind": "binary", "trend": OURS[trend], "max_bins": max_bins, "min_share": min_share,
                            "min_events": min_events, "min_gap": gap, "with": {"trend": OURS[with_trend]}}})
print(json.dumps({"provenance": {"library": "optbinning", "version": "0.21.0", "seed": SEED,
                                 "date": str(datetime.date.today())}, "tolerance": 1e-9, "cases": cases}, indent=1))
