#!/usr/bin/env python3
"""Make sample.json: the evidence of a run that never was. All numbers are fictional; they only look like those
of a credit project, so that the report can be looked at and tested. Random numbers: Python's Mersenne Twister,
seed 1; Python 3.11, 2026-10. Run from this folder: python3 make_sample.py"""
import json
import math
import random

random.seed(1)
MODELS = ["scorecard", "challenger"]
entries = []
HASH = "0123456789abcdef" * 4


def add(id, section, title, verdict, value=None, unit=None, interval=None, policy=None, tables=None, plot=None, **more):
    entry = {"id": id, "section": section, "title": title, "verdict": verdict}
    entry["key"] = "/".join([id] + [more[k] for k in ("model", "part", "subject") if more.get(k)])
    for name, item in (("value", value), ("unit", unit), ("interval", interval), ("policy", policy),
                       ("tables", tables), ("plot", plot)):
        if item is not None:
            entry[name] = item
    entry.update(more)
    entries.append(entry)


def limits(direction, advisory, fail=None):
    policy = {"name": "default", "version": "1", "direction": direction, "advisory": advisory}
    return policy if fail is None else {**policy, "fail": fail}


def table(columns, rows):
    return {"columns": columns.split(","), "rows": rows}


def plot(type, table, x, y, x_label, y_label):
    return {"type": type, "table": table, "x": x, "y": y, "x_label": x_label, "y_label": y_label}


def ci(low, high, method=None):
    return {"level": 0.95, "low": low, "high": high, **({"method": method} if method else {})}


FEATURES = ["PAY_0", "LIMIT_BAL", "PAY_2", "PAY_AMT1", "BILL_AMT1", "PAY_AMT2", "UTILISATION", "PAY_3", "EDUCATION",
            "MONTHS_ON_BOOK", "PAY_AMT3", "BILL_AMT2"]

# data
add("data.contract", "data", "Data contract", "pass", 0, "breaches", n=30000,
    purpose="Is the table what the project says it is?", method="Every declared type, range and set, on every row.",
    policy=limits("above", 0, 0))
add("data.missing", "data", "Missing values", "pass", 0.031, "share", n=30000, policy=limits("above", 0.5, 0.95),
    purpose="How much was not recorded?", tables={"missing": table("column,missing,share", [
        ["UTILISATION", 930, 0.031], ["EDUCATION", 14, 0.000467]])})
add("data.duplicate_rows", "data", "Duplicate rows", "advisory", 0.0117, "share", n=30000,
    policy=limits("above", 0.01, 0.1), purpose="Do rows repeat another in all but the id?",
    note="351 rows repeat an earlier one; the first is id 4021.")
add("data.class_balance", "data", "Class balance", "pass", 0.2212, "share", n=30000, n_bad=6636,
    policy=limits("below", 0.01, 0.001))
add("data.single_auc", "data", "Single-feature AUC", "pass", 0.7089, "AUC", n=15000, n_bad=3318, subject="PAY_0",
    policy=limits("above", 0.85, 0.95), p_value=0.0, purpose="Does one column alone know too much?",
    method="AUC of each feature alone, either direction; Holm-adjusted over features.")
add("data.available_at", "data", "Known at the time of decision", "not-applicable",
    note="The project declares no decision time.")

# split
add("split.parts", "split", "Parts", "info", n=30000, n_bad=6636, purpose="Which rows are used for what.",
    method="Stratified at random by SHA-256 of (seed, id).",
    tables={"parts": table("part,rows,bads,bad_rate", [["train", 15000, 3318, 0.2212], ["tune", 6000, 1327, 0.22117],
                                                       ["test", 9000, 1991, 0.22122]])})

# validation
def roc(auc):
    k = auc / (1 - auc)
    rows = []
    for i in range(121):
        x = i / 120
        rows.append([round(x, 6), round(1 - (1 - x) ** k, 6)])
    return rows


AUC = {"scorecard": 0.7741, "challenger": 0.7823}
for part, n, bad in (("test", 9000, 1991),):
    for m in MODELS:
        a = AUC[m]
        common = dict(model=m, part=part, n=n, n_bad=bad)
        add("validate.auc", "validate", "Area under the ROC curve", "pass", a, "AUC", ci(a - 0.0121, a + 0.0118, "DeLong, on the logit scale"),
            limits("below", 0.65, 0.60), purpose="Does a bad account usually score riskier than a good one?",
            method="Mann–Whitney count over all pairs of a bad and a good.", convention="Larger scores are riskier; a tie counts one half.",
            source="DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988) 837–845.", null="the model does not rank: AUC = 0.5", **common)
    for m in MODELS:
        a = AUC[m]
        common = dict(model=m, part=part, n=n, n_bad=bad)
        add("validate.roc", "validate", "ROC curve", "info", tables={"roc": table("false_positive_rate,true_positive_rate", roc(a))},
            plot=plot("line", "roc", "false_positive_rate", "true_positive_rate", "false positive rate", "true positive rate"),
            purpose="What share of bads is caught for what share of goods turned away.", **common)
    for m in MODELS:
        add("validate.ks", "validate", "Kolmogorov–Smirnov distance", "pass", AUC[m] - 0.354, "KS", policy=limits("below", 0.2, 0.14),
            purpose="How far the bads' and goods' score distributions are apart at most.",
            convention="Over distinct scores, so that tied scores move together.", model=m, part=part, n=n, n_bad=bad)
    for i, m in enumerate(MODELS):
        add("validate.brier", "validate", "Brier score", "info", 0.1362 - 0.002 * i, "squared error", model=m, part=part, n=n, n_bad=bad,
            note="Skill against the training bad rate: %.3f." % (0.2094 + 0.0116 * i))
    for i, m in enumerate(MODELS):
        add("validate.ece", "validate", "Expected calibration error", "pass" if i == 0 else "advisory", 0.0118 + 0.0421 * i, "probability",
            policy=limits("above", 0.05, 0.1), convention="10 bins of equal numbers; ties kept together.", model=m, part=part, n=n, n_bad=bad)
    for i, m in enumerate(MODELS):
        rows = []
        for k in range(10):
            p = [0.048, 0.071, 0.093, 0.117, 0.142, 0.172, 0.208, 0.262, 0.393, 0.706][k]
            o = p + random.gauss(0, 0.008) + i * 0.03 * (k - 4) / 5
            h = 1.96 * math.sqrt(o * (1 - o) / 900)
            rows.append([k + 1, 900, round(p, 6), round(o, 6), round(o - h, 6), round(o + h, 6)])
        add("validate.calibration", "validate", "Calibration", "info", tables={"calibration": table("bin,n,predicted,observed,low,high", rows)},
            plot=plot("points", "calibration", "predicted", "observed,low,high", "mean predicted probability", "observed bad rate"),
            purpose="Can the probabilities be taken at their word?", method="Bins of equal numbers by predicted probability; bands are Jeffreys intervals.",
            model=m, part=part, n=n, n_bad=bad)
    for i, m in enumerate(MODELS):
        rows = [[k + 1, 900, b, b / 900, c, l] for k, (b, c, l) in enumerate(zip(
            [612, 371, 241, 183, 148, 125, 104, 86, 69, 52], [.307, .494, .615, .707, .781, .844, .896, .939, .974, 1.0],
            [3.07, 2.47, 2.05, 1.77, 1.56, 1.41, 1.28, 1.17, 1.08, 1.0]))]
        add("validate.gains", "validate", "Gains by tenth", "info", tables={"gains": table("tenth,n,bads,bad_rate,captured_share,lift", rows)},
            plot=plot("bars", "gains", "tenth", "bad_rate", "tenth of cases, riskiest first", "bad rate"), model=m, part=part, n=n, n_bad=bad)
    rows = [["up to 520", 612, 640], ["521 to 560", 1490, 1466], ["561 to 580", 1830, 1874], ["581 to 600", 2214, 2190], ["601 to 620", 1717, 1733], ["above 620", 1137, 1097]]
    add("validate.psi_score", "validate", "Population stability of the score", "pass", 0.0031, "PSI", policy=limits("above", 0.1, 0.25), p_value=0.41, critical=0.0052,
        tables={"bins": table("band,expected,observed_n", rows)}, plot=plot("bars", "bins", "band", "expected,observed_n", "points", "cases"),
        convention="Bins are train's quantiles; shares smoothed by half a case.", model="scorecard", part=part, n=n)
    add("validate.gap", "validate", "Train–test gap", "pass", 0.0043, "AUC", policy=limits("above", 0.03, 0.1), model="scorecard", part=part, n=n)
    add("validate.gap", "validate", "Train–test gap", "fail", 0.1089, "AUC", policy=limits("above", 0.03, 0.1), model="challenger", part=part, n=n,
        note="0.8912 on train, 0.7823 on test: the model knows its training rows too well.")
add("validate.auc", "validate", "Area under the ROC curve", "refused", model="scorecard", part="out-of-time", n=0, note="The data are not dated, so no part lies out of time.")

# explanations
for m in MODELS[:1]:
    rows, v = [], 0.42
    for f in FEATURES:
        rows.append([f, round(v, 6), round(v * .97, 6), round(v * 1.03, 6), round(v / 1.7, 6)])
        v *= 0.76
    add("explain.importance", "explain", "Importance of inputs", "info", model=m, part="test", n=2000, unit="log-odds",
        method="Mean absolute Shapley value of each input.", purpose="Which inputs move the score, and by how much.",
        tables={"importance": table("input,mean_abs,low,high,share", rows)},
        plot=plot("bars", "importance", "input", "mean_abs", "input", "mean |Shapley value|, log-odds"))
    rows, v = [], 0.5
    for f in FEATURES[:10]:
        for _ in range(120):
            r = random.random()
            rows.append([f, round(r, 4), round(v * (r - 0.5) * 2 * (1 if f.startswith("PAY_0") or f == "UTILISATION" else -1) + random.gauss(0, v / 5), 5)])
        v *= 0.78
    add("explain.beeswarm", "explain", "How values of inputs move the score", "info", model=m, part="test", n=120, unit="log-odds",
        tables={"beeswarm": table("input,value_rank,log_odds", rows)},
        plot=plot("points", "beeswarm", "log_odds", "input", "Shapley value, log-odds", "input"))
    for f, lo, hi in (("PAY_0", -2, 8), ("LIMIT_BAL", 10000, 500000), ("UTILISATION", 0, 1.2), ("PAY_AMT1", 0, 60000)):
        rows = []
        for k in range(20):
            x = lo + (hi - lo) * k / 19
            s = k / 19 if f in ("PAY_0", "UTILISATION") else 1 - k / 19
            p = 0.14 + 0.3 / (1 + math.exp(-8 * (s - 0.55)))
            rows.append([round(x, 4), round(p, 5), round(p * .5, 5), round(p * 1.55, 5), round(math.log(p / (1 - p)), 5)])
        add("explain.pdp", "explain", "Partial dependence", "info", model=m, part="test", subject=f, n=500, unit="probability",
            purpose="What the model predicts as one input moves and the rest stay.", tables={"pdp": table("value,probability,p10,p90,log_odds", rows)},
            plot=plot("line", "pdp", "value", "probability,p10,p90", f, "P(bad)"))
    rows = [["graduate", "category", .19, .08, .41, -1.45], ["university", "category", .22, .1, .44, -1.27], ["high school", "category", .25, .11, .47, -1.1], ["other", "category", .16, .07, .33, -1.66]]
    add("explain.pdp", "explain", "Partial dependence", "info", model=m, part="test", subject="EDUCATION", n=500, unit="probability",
        tables={"pdp": table("category,type,probability,p10,p90,log_odds", rows)}, plot=plot("bars", "pdp", "category", "probability", "EDUCATION", "P(bad)"))
    add("explain.additivity", "explain", "Explanations add up to the score", "pass", 3.1e-16, "relative", model=m, part="test", n=2000, critical=1e-9)
    add("explain.reasons", "explain", "Principal reasons", "info", model=m, part="test", n=2711, purpose="How often each characteristic is a principal reason among the declined.",
        tables={"reasons": table("characteristic,average_any,just_approved_any", [["Delinquent past or present obligations with others", .81, .79], ["Proportion of balances to credit limits is too high", .62, .66],
                ["Length of time accounts have been established", .37, .31], ["Amount of payments in recent months", .29, .34]])},
        plot=plot("bars", "reasons", "characteristic", "average_any,just_approved_any", "characteristic", "share of declined told so"))
    add("explain.reason_similarity", "explain", "Similarity of the two methods", "pass", 0.913, "share", ci(.902, .923, "Wilson"), limits("below", .8, .6), model=m, part="test", n=2711)
    add("explain.one_decline", "explain", "One declined applicant", "info", 0.612, "probability", model=m, part="test", n=1, subject="id 1207",
        tables={"waterfall": table("label,change,start,end", [["average applicant", None, 0, -1.42], ["Delinquent obligations", 1.31, -1.42, -0.11], ["Balances to limits", .42, -.11, .31],
                ["Recent payments", .21, .31, .52], ["Time on book", -.09, .52, .43], ["the rest", .026, .43, .456], ["this applicant", None, 0, .456]])},
        plot=plot("waterfall", "waterfall", "label", "change", "characteristic", "log-odds of bad"))

# fairness
for subject, air, lo, hi, p, verdict in (("SEX: female against male", 1.031, .997, 1.066, .081, "pass"), ("AGE: under 40 against 40 to 61", .962, .931, .994, .019, "pass"),
                                         ("AGE: 62 and over against 40 to 61", .871, .79, .96, .004, "advisory"), ("MARRIAGE: other against married", None, None, None, None, "refused")):
    add("fairness.air", "fairness", "Adverse impact ratio", verdict, air, "ratio", air and ci(lo, hi, "log-delta (Katz et al. 1978)"), limits("below", .9, .8) if air else None, model="scorecard", part="test",
        subject=subject, n=9000 if air else 21, p_value=p, purpose="Are people of different groups approved alike?", convention="Approval rate of the protected group over that of the reference group.",
        source="Four-fifths rule, 29 CFR 1607.4(D).", null="approval does not depend on the group (Fisher's exact test)", note=None if air else "The group has 21 cases, fewer than 30.")
rows = [["SEX", .512, .5, .524], ["AGE", .561, .549, .573], ["MARRIAGE", .533, .52, .546]]
add("fairness.proxy", "fairness", "Proxy strength of features", "pass", .561, "AUC", model="scorecard", part="train", n=15000, policy=limits("above", .7, .85), p_value=.0003,
    tables={"proxy": table("column,auc,low,high", rows)}, plot=plot("interval", "proxy", "column", "auc,low,high", "column", "AUC of telling the group apart"))
add("fairness.prohibited", "fairness", "No protected column is an input", "pass", 0, "columns", model="scorecard", policy=limits("above", 0, 0))
add("fairness.flip", "fairness", "Flip test", "not-applicable", model="scorecard", note="SEX, AGE and MARRIAGE are not inputs of the model: there is nothing to flip.")

# compare, decide
add("compare.champion", "compare", "Champion rule", "info", .0082, "AUC", ci(.0047, .0117, "paired DeLong"), model="challenger", part="tune", n=6000, n_bad=1327, p_value=.000004,
    purpose="Is the rival better by enough?", method="Difference of AUC on tune, challenger minus scorecard.")
add("compare.swap_set", "compare", "Swap set", "info", part="test", n=9000, tables={"swap": table("scorecard,challenger,n,bad_rate", [["approve", "approve", 5610, .108], ["approve", "decline", 420, .221], ["decline", "approve", 402, .149], ["decline", "decline", 2568, .464]])},
    plot=plot("heat", "swap", "challenger", "scorecard,n", "challenger", "scorecard"))
add("decide.cutoff", "decide", "Cut-off", "pass", .2731, "probability", model="scorecard", part="tune", n=6000, n_bad=1327, purpose="The largest share that can be approved within the bad rate allowed.")
for e in entries:
    e["fingerprints"] = {"data": HASH, "code": HASH[::-1], "params": HASH}

points = []
for name, bins in (("PAY_0", [("PAY_0 <= -1", 3120, .113, .77, 61), ("-1 < PAY_0 <= 0", 7350, .128, .66, 54), ("0 < PAY_0 <= 1", 1830, .339, -.59, 12), ("PAY_0 > 1", 1960, .694, -2.08, -41), ("PAY_0 = -2", 690, .132, .63, 52), ("missing", 50, .22, .01, 33)]),
                   ("LIMIT_BAL", [("LIMIT_BAL <= 50000", 3850, .318, -.5, 27), ("50000 < LIMIT_BAL <= 150000", 4880, .24, -.11, 36), ("150000 < LIMIT_BAL <= 300000", 4410, .161, .39, 45), ("LIMIT_BAL > 300000", 1860, .116, .77, 52)]),
                   ("EDUCATION", [("graduate", 5290, .192, .18, 42), ("high school, university", 9480, .238, -.1, 38), ("other", 230, .07, 1.3, 60)])):
    for label, n, rate, woe, pts in bins:
        points.append([name, label, n, n / 15000, rate, woe, abs(woe) * .02, pts])
inputs = [{"name": f, "type": "category" if f == "EDUCATION" else "number", "monotone": 1 if f in ("PAY_0", "PAY_2", "PAY_3", "UTILISATION") else -1 if f == "LIMIT_BAL" else 0,
           "special": [-2] if f.startswith("PAY_") and "AMT" not in f else [], **({"categories": ["graduate", "high school", "other", "university"]} if f == "EDUCATION" else {})} for f in FEATURES]
curve = lambda a, b: [round(a + b * math.exp(-k / 40), 6) for k in range(200)]
root = {
    "project": "card-default (fictional sample)", "stamp": "DEMO", "seed": 7, "code": {"version": "0.1.0", "build": HASH[::-1]},
    "data": {"source": "data/cards.csv", "rows": 30000, "columns": 25, "features": 12, "fingerprint": HASH, "target": "DEFAULT", "bad": 1, "bad_rate": 0.2212, "id": "ID", "protected": ["SEX", "AGE", "MARRIAGE"]},
    "split": {"by": "random", "seed": 7, "parts": [{"part": p, "rows": r, "n_bad": b, "bad_rate": b / r, "fingerprint": HASH} for p, r, b in (("train", 15000, 3318), ("tune", 6000, 1327), ("test", 9000, 1991))]},
    "models": [
        {"name": "scorecard", "kind": "scorecard", "title": "Points scorecard by logistic regression on weights of evidence", "kind_version": 1, "fingerprint": HASH,
         "intended_use": "Ranking and pricing of applications for consumer credit cards of the portfolio the data come from. Not for other portfolios, nor for collections.",
         "parameters": {"monotone": "auto", "pdo": 20, "base_score": 600, "base_odds": 50, "min_iv": 0.02, "l2": 0}, "inputs": inputs,
         "model": {"scaling": {"pdo": 20, "base_score": 600, "base_odds": 50, "factor": 28.8539, "offset": 487.123, "base_points": 0},
                   "convention": "WoE = ln(share of goods / share of bads): positive is safer.", "points_table": table("characteristic,bin,n,share,bad_rate,woe,iv,points", points),
                   "coefficients": table("characteristic,coefficient,standard_error,z,p_value,iv", [["(intercept)", -1.2581, .0221, -56.9, 0, None], ["PAY_0", -.8123, .0193, -42.1, 0, .871], ["LIMIT_BAL", -.6311, .0527, -11.98, 0, .172], ["EDUCATION", -.4021, .121, -3.32, .0009, .041]])},
         "log": {"rows": 15000, "steps": 6, "log_likelihood": -6533.2, "pseudo_r2": 0.1731, "left_out": [{"input": "BILL_AMT2", "why": "collinear with BILL_AMT1", "iv": .021}], "rounding": {"largest_points": 1.42, "auc_exact": .7743, "auc_points": .7741}},
         "limits": ["Applicants without a payment history were not in the data.", "The outcome is default in the next month; longer horizons were not tested."]},
        {"name": "challenger", "kind": "gbdt", "title": "Gradient-boosted trees", "kind_version": 1, "fingerprint": HASH, "parameters": {"trees": 400, "leaves": 31, "learning_rate": 0.05, "l2": 1, "rows": 0.8},
         "inputs": inputs[:4], "model": {"trees": 161, "leaves": 4991, "base": -1.2584}, "log": {"rounds": 200, "best_round": 161, "train_loss": curve(.36, .17), "tune_loss": curve(.425, .11)}}],
    "champion": {"name": "scorecard", "why": "scorecard is preferred; challenger's AUC on tune is higher by 0.0082 (95 % interval 0.0047 to 0.0117), which is not more than the margin of 0.01.", "metric": "auc", "part": "tune", "value": .7752, "rival": "challenger", "difference": .0082, "low": .0047, "high": .0117},
    "decision": {"cutoff": 0.2731, "cutoff_points": 524, "max_bad_rate": 0.1, "chosen_on": "tune", "approval_rate": .6987, "expected_bad_rate": .0999, "test": {"approval_rate": .6902, "bad_rate": .1013, "n": 9000}, "reasons_method": "average-applicant", "most": 4},
    "policy": {"name": "default", "version": "1"},
    "entries": entries,
    "legal": [{"name": "federal-ecoa-2026", "title": "Equal Credit Opportunity Act, Regulation B as in force since 21 July 2026", "citation": "12 CFR 1002", "from": "2026-07-21", "until": None, "tests": {"fairness.prohibited": "run", "fairness.proxy": "run", "fairness.air": "advisory"}, "note": "Disparate treatment only; a proxy used with intent is caught."}],
    "limits": ["These figures are invented; this is a sample.", "One month of outcomes says nothing about a downturn."],
    "controls": {"name": "sr-26-2", "title": "SR 26-2, revised guidance on model risk management", "note": "Limits are the institution's policy, not the guidance's.", "counts": {"covered": 2, "advisory": 1, "failed": 0, "missing": 1, "pending": 1, "not-applicable": 0},
                 "items": [{"id": "data.quality", "title": "Data quality", "text": "Data are fit for the purpose of the model, and their limits are known.", "evidence": ["data.*"], "matched": 6, "status": "advisory", "note": None},
                           {"id": "outcomes.discrimination", "title": "Outcomes analysis", "text": "Predictions are compared with outcomes.", "evidence": ["validate.auc", "validate.calibration"], "matched": 3, "status": "covered", "note": None},
                           {"id": "stability.time", "title": "Stability over time", "text": "Performance out of time is known.", "evidence": ["validate.out_of_time"], "matched": 0, "status": "missing", "note": "No evidence of validate.out_of_time."},
                           {"id": "explain.reasons", "title": "Explanation", "text": "Decisions can be explained.", "evidence": ["explain.*"], "matched": 11, "status": "covered", "note": None},
                           {"id": "govern.validation", "title": "Effective challenge", "text": "Someone independent validates the model before use.", "evidence": [], "matched": 0, "status": "pending", "note": None}]},
}
with open("sample.json", "w") as out:
    json.dump(root, out, separators=(",", ":"), ensure_ascii=False)
    out.write("\n")
