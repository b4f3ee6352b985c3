"""Random tables: the same rows for the engine (files, text of `thalweg test`) and for the oracle.

Rule: values stand in bounds within which both engines compute the same; extremes are in columns that no arithmetic touches.
DOUBLEs are small multiples of 1/8: their sums are exact in any order, and what quotients and roots of them lose by it, retracted ones too, is far below 1e-9.
No text holds ", ", a bracket or is "null": rows of `thalweg test` have no quotes.
"""
import datetime
import json
from decimal import Decimal

TYPES = {
    "int": ("INT", "INTEGER"), "long": ("BIGINT", "BIGINT"), "double": ("DOUBLE", "DOUBLE"), "dec": ("DECIMAL(10, 2)", "DECIMAL(10, 2)"),
    "text": ("STRING", "VARCHAR"), "bool": ("BOOLEAN", "BOOLEAN"), "date": ("DATE", "DATE"), "time": ("TIMESTAMP(3)", "TIMESTAMP"),
}
COLUMNS = [("id", "long"), ("k", "int"), ("a", "int"), ("b", "long"), ("d", "double"), ("m", "dec"), ("s", "text"), ("f", "bool"), ("y", "date"), ("t", "time")]
AS_TEXT = ("VARCHAR", "DATE", "TIMESTAMP")   # the oracle's types whose values JSON has as text
WORDS = ["a", "b", "ab", "AB", "Zoë", "x y", "abcabc", "0", "_", "%", "zz top", "日本"]
LONGS = [0, 1, -1, 2**31, -(2**31) - 1, 2**63 - 1, -(2**63), 10**12]
NULLS = 0.15
FIRST = datetime.datetime(2024, 2, 27, 22, 0)   # a leap day comes
STEP_MS = (100, 90_000)


class Table:
    """Rows that come, `final` those that stay. kind: append, or changes with a primary key id."""

    def __init__(self, name, random, rows, changes=False):
        self.name, self.changes_ = name, changes
        self.log = []   # (kind, row)
        time = FIRST
        standing = {}
        for number in range(rows):
            time += datetime.timedelta(milliseconds=random.randint(*STEP_MS))
            row = [number, *(value_of(kind, random) for _, kind in COLUMNS[1:-1]), time]
            if rows > 3 and random.random() < 0.1 and self.log and not changes:
                row = [number, *self.log[-1][1][1:-1], time]   # the same again, but for number and time
            self.log.append(("+I", row))
            standing[number] = row
            if changes and random.random() < 0.5:
                old = standing[random.choice(list(standing))]
                if random.random() < 0.3:
                    self.log.append(("-D", old))
                    del standing[old[0]]
                else:
                    new = [old[0], *(value_of(kind, random) for _, kind in COLUMNS[1:-1]), old[-1]]
                    self.log += [("-U", old), ("+U", new)]
                    standing[old[0]] = new
        self.final = list(standing.values()) if changes else [row for _, row in self.log]

    def columns(self):
        return COLUMNS

    def flink(self, path, changes=True):
        """CREATE TABLE over the file that `write` made."""
        fields = ", ".join(f"`{name}` {TYPES[kind][0]}" for name, kind in COLUMNS)
        if self.changes_ and changes:
            return f"CREATE TABLE {self.name} ({fields}, PRIMARY KEY (`id`) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'debezium-json');\n"
        return f"CREATE TABLE {self.name} ({fields}, WATERMARK FOR `t` AS `t`) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json');\n"

    def test(self):
        """CREATE TABLE of a case of `thalweg test`."""
        fields = ", ".join(f"`{name}` {TYPES[kind][0]}" for name, kind in COLUMNS)
        if self.changes_:
            return f"CREATE TABLE {self.name} ({fields}, PRIMARY KEY (`id`) NOT ENFORCED) WITH ('connector' = 'test', 'changelog-mode' = 'I,UB,UA,D');\n"
        return f"CREATE TABLE {self.name} ({fields}, WATERMARK FOR `t` AS `t`) WITH ('connector' = 'test');\n"

    def write(self, path, changes=True):
        """The rows, or the changes of a table that has them; without `changes` what stays of them, which is all that batch mode reads."""
        lines = []
        for kind, row in self.log if changes else [("+I", row) for row in self.final]:
            value = {name: as_json(cell) for (name, _), cell in zip(COLUMNS, row)}
            if not self.changes_ or not changes:
                lines.append(value)
            elif kind in ("+I", "+U"):
                lines.append({"before": None, "after": value, "op": "c"} if kind == "+I" else {"before": before, "after": value, "op": "u"})
            elif kind == "-U":
                before = value
            else:
                lines.append({"before": value, "after": None, "op": "d"})
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))

    def fill(self, oracle):
        oracle.execute(f"CREATE OR REPLACE TABLE {self.name} ({', '.join(f'{name} {TYPES[kind][1]}' for name, kind in COLUMNS)})")
        if self.final:
            oracle.executemany(f"INSERT INTO {self.name} VALUES ({', '.join('?' * len(COLUMNS))})", self.final)


def value_of(kind, random):
    if random.random() < NULLS:
        return None
    if kind == "int":
        return random.choice([0, 1, 2, 3, -1, 7, 50, -50, random.randint(-100, 100)])
    if kind == "long":
        return random.choice(LONGS)
    if kind == "double":
        return random.choice([0.0, 1.0, -1.0, 0.5, random.randint(-10_000, 10_000) / 8])
    if kind == "dec":
        return Decimal(random.randint(-100_000, 100_000)) / 100
    if kind == "text":
        return random.choice(WORDS)
    if kind == "bool":
        return random.random() < 0.5
    if kind == "date":
        return datetime.date(2023, 12, 28) + datetime.timedelta(days=random.randint(0, 500))
    raise AssertionError(kind)


def as_json(cell):
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ", timespec="milliseconds")
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    if cell is None or isinstance(cell, (bool, int, float, str)):
        return cell
    return float(cell)   # two digits behind the point: exact enough to be read again


def as_text(cell):
    """A cell of a row of `thalweg test`."""
    if cell is None:
        return "null"
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ", timespec="milliseconds")
    return str(cell)


def row_text(kind, row):
    return f"{kind}[{', '.join(map(as_text, row))}]"


def printed_cells(text, kinds):
    """What stands between the brackets of a printed row, in the form that `values.read` takes for the oracle's types."""
    cells = text.split(", ")
    if len(cells) != len(kinds):
        raise AssertionError(f"{len(cells)} columns instead of {len(kinds)}: {text}")
    return [None if cell == "null" else cell if kind in AS_TEXT else json.loads(cell, parse_float=Decimal) for cell, kind in zip(cells, kinds)]
