#!/usr/bin/env python3
"""How long a new process takes to its first printed row: `thalweg run` of a job library, and of a query, from the start of the process.

  cold_start.py BINARY JOB_LIBRARY [--quick]

cold_start.first_row: median over the runs; cold_start.version: the same to the first byte of `thalweg --version`, which is what
starting a process and loading its libraries cost; cold_start.cpu: CPU time of a whole run; cold_start.select: to the first byte that
`thalweg run -e 'SELECT 1'` prints. JSON lines on stdout.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import time

WARM_UP = 2


def first_byte_ms(command):
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
    first = process.stdout.read(1)
    passed = time.monotonic() - started
    process.stdout.read()
    if process.wait() != 0 or not first:
        sys.exit(f"cold_start: failed: {' '.join(command)}")
    return passed * 1000


def children_cpu_ms():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1000


def main():
    binary, library = sys.argv[1], os.path.abspath(sys.argv[2])
    runs = 3 if "--quick" in sys.argv else 21
    rows, versions, cpu, selects = [], [], [], []
    for run in range(WARM_UP + runs):
        version = first_byte_ms([binary, "--version"])
        before = children_cpu_ms()
        row = first_byte_ms([binary, "run", library])
        spent = children_cpu_ms() - before
        select = first_byte_ms([binary, "run", "-e", "SELECT 1"])
        if run < WARM_UP:
            continue
        rows.append(row)
        versions.append(version)
        cpu.append(spent)
        selects.append(select)
    for name, samples in (("first_row", rows), ("version", versions), ("cpu", cpu), ("select", selects)):
        print(json.dumps({"name": f"cold_start.{name}", "value": float(f"{statistics.median(samples):.4g}"), "unit": "ms"}))


main()
