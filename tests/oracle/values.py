"""Rows of the engine against rows of the oracle: typed values, never text; floats within 1e-9.

Rule: the oracle's types decide what a value is. What the engine printed is read as that type, and must be of its form.
"""
import base64
import datetime
import math
from collections import Counter
from decimal import Decimal

TOLERANCE = 1e-9
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UINTEGER")


def read(value, kind):
    """A value of the engine's JSON as one of the oracle's type `kind`."""
    if value is None:
        return None
    if kind in INTEGERS:
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or value != int(value):
            raise AssertionError(f"not an integer: {value!r}")
        return int(value)
    if kind.startswith("DECIMAL"):
        if not isinstance(value, (int, Decimal)) or isinstance(value, bool):
            raise AssertionError(f"not a decimal: {value!r}")
        return Decimal(value)
    if kind in ("DOUBLE", "FLOAT"):
        return float(value)
    if kind == "BOOLEAN":
        if not isinstance(value, bool):
            raise AssertionError(f"not a truth value: {value!r}")
        return value
    if kind.startswith("TIMESTAMP"):
        return datetime.datetime.fromisoformat(padded(value))
    if kind == "DATE":
        return datetime.date.fromisoformat(value)
    if kind == "TIME":
        return datetime.time.fromisoformat(padded(value))
    if kind == "BLOB":
        return base64.b64decode(value)
    if kind.endswith("[]"):
        return tuple(read(each, kind[:-2]) for each in value)
    if kind != "VARCHAR":
        raise AssertionError(f"no rule for the type {kind}")
    if not isinstance(value, str):
        raise AssertionError(f"not a text: {value!r}")
    return value


def padded(text):
    """Fractions of 1 to 9 digits as 6, which Python reads."""
    text = text.replace("T", " ").removesuffix("Z")
    if "." not in text:
        return text
    seconds, fraction = text.split(".")
    return f"{seconds}.{fraction[:6]:0<6}"


def plain(value):
    """A value of the oracle in the form of `read`."""
    if isinstance(value, list):
        return tuple(plain(each) for each in value)
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    return value


def read_rows(rows, kinds):
    """A counter of the engine's rows as one of typed rows."""
    typed = Counter()
    for row, count in rows.items():
        if len(row) != len(kinds):
            raise AssertionError(f"{len(row)} columns instead of {len(kinds)}: {row}")
        typed[tuple(map(read, row, kinds))] += count
    return typed


def plain_rows(rows):
    return Counter(tuple(map(plain, row)) for row in rows)


def order_of(row):
    return tuple((value is not None, str(type(value)) if not isinstance(value, (int, float, Decimal)) else "", value if value is not None else 0)
                 for value in (v if not isinstance(v, float) or not math.isnan(v) else math.inf for v in row))


def close(ours, theirs):
    if isinstance(ours, float) and isinstance(theirs, float):
        return ours == theirs or (math.isnan(ours) and math.isnan(theirs)) or math.isclose(ours, theirs, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return ours == theirs


def difference(ours, theirs):
    """None if both counters hold the same rows; else what to tell. Floats may differ by the tolerance."""
    missing, extra = theirs - ours, ours - theirs
    if not missing and not extra:
        return None
    # What is left may differ in floats only: in an order in which floats come last, such rows stand at the same place.
    def last(row):
        return order_of(tuple(v for v in row if not isinstance(v, float))), order_of(tuple(v for v in row if isinstance(v, float)))
    a, b = sorted(missing.elements(), key=last), sorted(extra.elements(), key=last)
    if len(a) == len(b) and all(len(x) == len(y) and all(map(close, x, y)) for x, y in zip(a, b)):
        return None
    shown = [f"  missing {row}" for row in a[:5]] + [f"  extra   {row}" for row in b[:5]]
    return f"{len(a)} rows are missing, {len(b)} are too many of {sum(ours.values())}:\n" + "\n".join(shown)
