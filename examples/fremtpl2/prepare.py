#!/usr/bin/env python3
"""policies.csv for the projects of this folder.

    prepare.py FOLDER   from freMTPL2freq.csv and freMTPL2sev.csv of CASdatasets (also .csv.gz, in parts), in FOLDER
    prepare.py [ROWS]   20,000 simulated policies (or so many) with the same columns, whose true frequency is known

Claims are held to 4 and exposures to 1 as is usual (Noll, Salzmann & Wuthrich, 2020); claims without an amount in the
severity table have none here: Claims counts all, PaidClaims those with an amount, Amount their sum held to 100,000."""
import csv, glob, gzip, math, os, random, sys

COLUMNS = ["IDpol", "Claims", "PaidClaims", "Amount", "Exposure", "Area", "VehPower", "VehAge", "DrivAge", "BonusMalus",
           "VehBrand", "VehGas", "LogDensity", "Region", "Sex"]


def rows_of(folder, name):
    """The rows of name.csv, name.csv.gz or their parts in order; the first line of all names the columns."""
    head = None
    for path in sorted(glob.glob(os.path.join(folder, name + ".*"))):
        if not path.endswith((".csv", ".csv.gz")):
            continue
        with (gzip.open(path, "rt") if path.endswith(".gz") else open(path)) as file:
            for line in csv.reader(file):
                if head is None:
                    head = line
                elif line != head:
                    yield dict(zip(head, line))


def real(folder):
    paid, amount = {}, {}
    for row in rows_of(folder, "freMTPL2sev"):
        key = int(float(row["IDpol"]))
        paid[key] = paid.get(key, 0) + 1
        amount[key] = amount.get(key, 0.0) + float(row["ClaimAmount"])
    for row in rows_of(folder, "freMTPL2freq"):
        key = int(float(row["IDpol"]))
        yield [key, min(int(float(row["ClaimNb"])), 4), paid.get(key, 0), round(min(amount.get(key, 0.0), 1e5), 2),
               min(float(row["Exposure"]), 1.0), row["Area"], row["VehPower"], row["VehAge"], row["DrivAge"],
               row["BonusMalus"], row["VehBrand"], row["VehGas"], round(math.log(float(row["Density"])), 4), row["Region"],
               random.choice("FM")]


def simulated(n):
    def poisson(mean):
        k, p, limit = 0, random.random(), math.exp(-mean)
        while p > limit:
            k, p = k + 1, p * random.random()
        return k

    for i in range(1, n + 1):
        age, bonus = random.randint(18, 85), random.choice([50] * 6 + [60, 72, 85, 100, 112, 125])
        area, gas, power = random.choice("ABCDEF"), random.choice(["Diesel", "Regular"]), random.randint(4, 12)
        exposure = round(random.uniform(0.05, 1.0), 2)
        frequency = 0.12 * math.exp(0.013 * (bonus - 60) + 0.1 * "ABCDEF".index(area) + (0.5 if age < 25 else 0.0)
                                    + (0.12 if gas == "Diesel" else 0.0))
        claims = poisson(exposure * frequency)
        mean = 1500.0 * math.exp(0.05 * (power - 6))
        amount = sum(random.gammavariate(1.5, mean / 1.5) for _ in range(claims))
        yield [i, claims, claims, round(amount, 2), exposure, area, power, random.randint(0, 20), age, bonus,
               random.choice(["B1", "B2", "B3", "B12"]), gas, round(math.log(10 ** random.uniform(1, 4)), 4),
               random.choice(["R11", "R24", "R53", "R82", "R93"]), random.choice("FM")]


def main():
    random.seed(2024)
    here = os.path.dirname(os.path.abspath(__file__))
    asked = sys.argv[1] if len(sys.argv) > 1 else "20000"
    rows = simulated(int(asked)) if asked.isdigit() else real(asked)
    with open(os.path.join(here, "policies.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


main()
