#!/usr/bin/env python3
"""pytest's XML report as a Markdown table: a row for each test, a column for each property that one of them recorded.

  facts.py REPORT
"""
import sys
import xml.etree.ElementTree as xml


def plain(text):
    return str(text).replace("|", "/").replace("\n", " ")


def verdict(case):
    for kind in ("failure", "error", "skipped"):
        if (found := case.find(kind)) is not None:
            return f"**{kind}**: {plain(found.get('message', ''))[:200]}"
    return "passed"


def main(report):
    cases = list(xml.parse(report).getroot().iter("testcase"))
    facts = [{p.get("name"): p.get("value") for p in case.iter("property")} for case in cases]
    columns = list(dict.fromkeys(name for each in facts for name in each))
    print("| " + " | ".join(["test", *(name.replace("_", " ") for name in columns), "seconds", "verdict"]) + " |")
    print("|---" * (len(columns) + 3) + "|")
    for case, each in zip(cases, facts):
        name = case.get("name").removeprefix("test_").split("[")[0].replace("_", " ")
        print("| " + " | ".join([name, *(plain(each.get(column, "-")) for column in columns), f"{float(case.get('time')):.0f}", verdict(case)]) + " |")


main(sys.argv[1])
