"""What the corpora's runners share: skip lists, and the line that tells how many passed."""
import sys


def read_skips(path):
    """{name: reason} of a list of `name TAB reason`; lines that begin with # are comments."""
    skips = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, reason = line.split("\t")
            assert reason, f"{path}: {name} has no reason"
            skips[name] = reason
    return skips


def report(corpus, results, skips):
    """Prints what failed and how many passed. `results`: {case: None or what is wrong}. Exits non-zero if a case failed or skips are too many."""
    failed = {case: wrong for case, wrong in results.items() if wrong}
    for case, wrong in failed.items():
        print(f"FAILED {corpus} {case}: {wrong}")
    total = len(results) + len(skips)
    print(f"{corpus}: {len(results) - len(failed)} of {total} passed, {len(skips)} skipped, {len(failed)} failed")
    if len(skips) * 10 >= total:
        print(f"{corpus}: {len(skips)} skips are a tenth of {total} or more")
        sys.exit(1)
    sys.exit(bool(failed))
