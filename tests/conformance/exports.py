"""What one model gives on one table, by every system it can be exported to, against its own: a scorecard's points, which must
be equal, and another kind's raw score, equal to the digits of OUTPUT raw."""
import ctypes
import csv
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

card, table, row_id, socket, output = sys.argv[1:]
is_points = output == "points"
place = Path(tempfile.mkdtemp())


def export(form):
    return subprocess.run(["vouch", "model", "export", card, "--to", form], check=True, capture_output=True, text=True).stdout


def own_scores():
    text = subprocess.run(["vouch", "score", card, table, "--id", row_id, "--output", output, "--quiet"], check=True,
                          capture_output=True, text=True).stdout
    return {int(float(row[0])): float(row[1] or "nan") for row in list(csv.reader(text.splitlines()))[1:]}


own = own_scores()
form = json.loads(export("json"))
described = json.loads(subprocess.run(["vouch", "model", "show", card], check=True, capture_output=True, text=True).stdout)
names = [one["name"] for one in described["inputs"]]
texts = {one["name"] for one in described["inputs"] if one["type"] != "number"}
frame = pd.read_csv(table, dtype={name: str for name in texts}, keep_default_na=False, na_values={c: [""] for c in
                    pd.read_csv(table, nrows=0).columns})
ids = [int(i) for i in frame[row_id]]
used = [c["input"] for c in form["characteristics"]] if is_points else names


def missing(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


def cases():
    for record in frame[used].to_dict("records"):
        yield {k: None if missing(v) else v for k, v in record.items()}


def value(e, case):
    """Of vouch-formula-1."""
    if e is None or isinstance(e, (int, float)):
        return math.nan if e is None else e
    if "input" in e:
        return math.nan if case[e["input"]] is None else float(case[e["input"]])
    if "log" in e:
        x = case[e["log"]]
        return math.log(x) if x is not None and x > 0 else math.nan
    if "choose" in e:
        for part in e["choose"]:
            when = part.get("when")
            x = when and case[when["input"]]
            if when is None or (x is None and "missing" in when) or x is not None and (
                    ("up_to" in when and x <= when["up_to"]) or ("equals" in when and x == when["equals"]) or
                    x in when.get("in", ())):
                return value(part["then"], case)
        return math.nan
    parts = [value(part, case) for part in e.get("add") or e["multiply"]]
    total = parts[0]
    for part in parts[1:]:
        total = total + part if "add" in e else total * part
    return total


def gam(case):
    """Of vouch-gam-1."""
    def bin_of(one):
        x = case[one["name"]]
        if x is None or "bins" in one and x not in one["categories"]:
            return 0
        return one["bins"][one["categories"].index(x)] if "bins" in one else 1 + sum(cut < x for cut in one["cuts"])
    total = form["intercept"]
    for one in form["inputs"]:
        total += one["values"][bin_of(one)] if "values" in one else case[one["name"]]
    for pair in form["pairs"]:
        a, b = (bin_of(form["inputs"][pair[side]]) for side in "ab")
        total += pair["values"][pair["to_a"][a] * pair["columns"] + pair["to_b"][b]]
    return total


def by_json():
    if form["form"] == "vouch-formula-1":
        return [value(form["raw"], case) for case in cases()]
    if form["form"] == "vouch-gam-1":
        return [gam(case) for case in cases()]

    def bin_of(c, x):
        bins = c["bins"]
        if x is None:
            return bins[-1]
        for b in bins:
            if b["type"] == "special" and x == b["equals"]:
                return b
        for b in bins:
            if b["type"] == "range" and x > b.get("above", -math.inf) and x <= b.get("up_to", math.inf):
                return b
            if b["type"] == "set" and x in b["in"]:
                return b
        return bins[c["otherwise"]]
    return [form["base_points"] + sum(bin_of(c, case[c["input"]])["points"] for c in form["characteristics"])
            for case in cases()]


def by_c():
    text = export("c")
    (place / "card.c").write_text(text)
    subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o", place / "card.so",
                    place / "card.c", "-lm"], check=True)
    library = ctypes.CDLL(str(place / "card.so"))
    prefix = re.search(r"(\w+)_code\(unsigned", text).group(1)
    code, score = library[f"{prefix}_code"], library[f"{prefix}_{'points' if is_points else 'raw'}"]
    code.restype = ctypes.c_double
    score.restype = ctypes.c_int if is_points else ctypes.c_double
    row = (ctypes.c_double * len(names))()
    out = []
    for case in cases():
        for j, name in enumerate(names):
            x = case.get(name)
            row[j] = math.nan if x is None else code(j, x.encode()) if name in texts else x
        out.append(score(row))
    return out


def by_duckdb():
    import duckdb
    frame_ = frame  # seen by DuckDB under this name
    return [r[0] for r in duckdb.sql(f"SELECT {export('sql-duckdb')} FROM frame_").fetchall()]


def by_postgresql():
    psql = ["psql", "-h", socket, "-U", "vouch", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-qAt"]
    kind = {True: "text", False: "double precision"}
    columns = ", ".join(f'"{c}" {kind[c in texts]}' for c in used)
    frame[[row_id] + used].to_csv(place / "rows.csv", index=False)
    script = (f'DROP TABLE IF EXISTS rows; CREATE TABLE rows ("{row_id}" bigint, {columns});\n'
              f"\\copy rows FROM '{place}/rows.csv' CSV HEADER\n"
              f'SELECT "{row_id}", {export("sql-postgresql")} FROM rows;\n')
    out = subprocess.run(psql, input=script, check=True, capture_output=True, text=True).stdout
    points = {int(i): float(x or "nan") for i, x in (line.split("|") for line in out.splitlines())}
    return [points[i] for i in ids]


def by_spark():
    from pyspark.sql import SparkSession, types
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    schema = types.StructType([types.StructField(row_id, types.LongType())] + [types.StructField(
        c, types.StringType() if c in texts else types.DoubleType()) for c in used])
    frame[[row_id] + used].to_csv(place / "spark.csv", index=False)
    rows = spark.read.csv(str(place / "spark.csv"), header=True, schema=schema)
    points = {r[0]: r[1] for r in rows.selectExpr(f"`{row_id}`", f"{export('sql-spark')} AS points").collect()}
    spark.stop()
    return [points[i] for i in ids]


def by_jpmml():
    from jpmml_evaluator import make_evaluator
    (place / "card.pmml").write_text(export("pmml"))
    evaluator = make_evaluator(str(place / "card.pmml")).verify()
    return list(evaluator.evaluateAll(frame[used])[output])


def by_pmml4s():
    from pypmml import Model
    (place / "card.pmml").write_text(export("pmml"))
    model = Model.load(str(place / "card.pmml"))
    return list(model.predict(frame[used])[output])


worst = 0
for way in (by_json, by_c, by_duckdb, by_postgresql, by_spark, by_jpmml, by_pmml4s):
    try:
        got = way()
    except Exception as problem:  # told, and counted
        print(f"{way.__name__[3:]}: {type(problem).__name__}: {problem}")
        worst += 1
        continue
    got = [math.nan if p is None else float(p) for p in got]
    bound = 0 if is_points else 1e-10
    gap = max((abs(own[i] - p) for i, p in zip(ids, got)), default=0)
    differ = [(i, own[i], p) for i, p in zip(ids, got) if not abs(own[i] - p) <= bound * max(1, abs(own[i]))]
    print(f"{way.__name__[3:]}: {len(got)} rows, {len(differ)} differ" + (f", first {differ[0]}" if differ else "") +
          ("" if is_points else f", largest gap {gap:.2g}"))
    worst += bool(differ) or len(got) != len(own)
sys.exit(worst > 0)
