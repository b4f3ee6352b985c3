#!/usr/bin/env python3
"""Results of benchmarks, which are JSON lines {"name", "value", "unit"}.

  results.py table RESULTS GOALS   prints them as a Markdown table beside the goals: met or missed
  results.py json REPORT           prints as such lines what formats_bench reported: decoder, bare simdjson, and their ratio
  results.py state REPORT          the same of state_bench
"""
import json
import re
import sys


def line(name, value, unit):
    return json.dumps({"name": name, "value": float(f"{value:.4g}"), "unit": unit})


def read_goals(path):
    goals = {}
    for text in open(path, encoding="utf-8"):
        if text.strip() and not text.startswith("#"):
            name, relation, value = text.split()
            goals[name] = (relation, float(value))
    return goals


def verdict(value, goal):
    if goal is None:
        return "", ""
    relation, limit = goal
    met = value <= limit if relation == "<=" else value >= limit
    return f"{relation} {limit:g}", "met" if met else "**missed**"


def table(results, goals_path):
    goals = read_goals(goals_path)
    rows = [("name", "value", "unit", "goal", ""), ("---", "---:", "---", "---", "---")]
    known = set()
    for text in open(results, encoding="utf-8"):
        result = json.loads(text)
        known.add(result["name"])
        rows.append((result["name"], f"{result['value']:g}", result["unit"], *verdict(result["value"], goals.get(result["name"]))))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for row in rows:
        print("| " + " | ".join(f"{cell:{'>' if i == 1 else '<'}{widths[i]}}" for i, cell in enumerate(row)) + " |")
    verdicts = [row[4] for row in rows]
    print(f"\n{verdicts.count('met')} goals met, {verdicts.count('**missed**')} missed.")
    parts = {name.split(".")[0] for name in known}
    for name in sorted(goals.keys() - known):
        if name.split(".")[0] in parts:
            sys.exit(f"results.py: a goal names no result: {name}")


def runs(path):
    """{benchmark: its runs}, single repetitions only."""
    found = {}
    for run in json.load(open(path, encoding="utf-8"))["benchmarks"]:
        if run.get("run_type") == "iteration":
            found.setdefault(run["run_name"], []).append(run)
    return found


def json_decode(path):
    best = {}
    for name, repeated in runs(path).items():
        best[name] = max(run["items_per_second"] for run in repeated)
        short = {"DecodeToColumns": "json.decode", "BareSimdjson": "json.bare"}[name]
        print(line(f"{short}.rate", best[name] / 1e6, "M rows/s"))
        print(line(f"{short}.bytes", max(run["bytes_per_second"] for run in repeated) / 1e6, "MB/s"))
    print(line("json.ratio", best["DecodeToColumns"] / best["BareSimdjson"], "of bare simdjson"))


def state_tables(path):
    # In the order of the numbers in the names: the runs were interleaved.
    def by_number(item):
        return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", item[0])]

    for name, repeated in sorted(runs(path).items(), key=by_number):
        short = "state." + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.split("/")[0]).lower()
        short += "".join("." + part.replace(":", "_") for part in name.split("/")[1:] if ":" in part)
        print(line(short, min(1e9 / run["items_per_second"] for run in repeated), "ns/entry"))
        if "bytes_per_key" in repeated[0]:
            print(line(short + ".bytes_per_key", repeated[0]["bytes_per_key"], "bytes"))


{"table": table, "json": json_decode, "state": state_tables}[sys.argv[1]](*sys.argv[2:])
