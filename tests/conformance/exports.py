"""The points of one scorecard on one table, by every system it can be exported to, against its own."""
import ctypes
import csv
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

card, table, row_id, socket = sys.argv[1:]
place = Path(tempfile.mkdtemp())


def export(form):
    return subprocess.run(["vouch", "model", "export", card, "--to", form], check=True, capture_output=True, text=True).stdout


def own_points():
    text = subprocess.run(["vouch", "score", card, table, "--id", row_id, "--output", "points", "--quiet"], check=True,
                          capture_output=True, text=True).stdout
    return {int(float(row[0])): int(row[1]) for row in list(csv.reader(text.splitlines()))[1:]}


own = own_points()
form = json.loads(export("json"))
texts = {c["input"] for c in form["characteristics"] if "otherwise" in c}
frame = pd.read_csv(table, dtype={name: str for name in texts}, keep_default_na=False, na_values={c: [""] for c in
                    pd.read_csv(table, nrows=0).columns})
ids = [int(i) for i in frame[row_id]]
used = [c["input"] for c in form["characteristics"]]


def missing(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


def cases():
    for record in frame[used].to_dict("records"):
        yield {k: None if missing(v) else v for k, v in record.items()}


def by_json():
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
    (place / "card.c").write_text(export("c"))
    subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", "-o", place / "card.so",
                    place / "card.c"], check=True)
    library = ctypes.CDLL(str(place / "card.so"))
    library.card_code.restype = ctypes.c_double
    names, i = [], 0
    described = json.loads(subprocess.run(["vouch", "model", "show", card], check=True, capture_output=True, text=True).stdout)
    names = [one["name"] for one in described["inputs"]]
    row = (ctypes.c_double * len(names))()
    out = []
    for case in cases():
        for j, name in enumerate(names):
            x = case.get(name)
            row[j] = math.nan if x is None else library.card_code(j, x.encode()) if name in texts else x
        out.append(library.card_points(row))
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
    points = dict(tuple(map(int, line.split("|"))) for line in out.splitlines())
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
    return [int(x) for x in evaluator.evaluateAll(frame[used])["points"]]


def by_pmml4s():
    from pypmml import Model
    (place / "card.pmml").write_text(export("pmml"))
    model = Model.load(str(place / "card.pmml"))
    return [int(x) for x in model.predict(frame[used])["points"]]


worst = 0
for way in (by_json, by_c, by_duckdb, by_postgresql, by_spark, by_jpmml, by_pmml4s):
    try:
        got = way()
    except Exception as problem:  # told, and counted
        print(f"{way.__name__[3:]}: {type(problem).__name__}: {problem}")
        worst += 1
        continue
    differ = [(i, own[i], p) for i, p in zip(ids, got) if own[i] != p]
    print(f"{way.__name__[3:]}: {len(got)} rows, {len(differ)} differ" + (f", first {differ[0]}" if differ else ""))
    worst += bool(differ) or len(got) != len(own)
sys.exit(worst > 0)
