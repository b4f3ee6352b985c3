"""Random queries, each written twice: in Flink's dialect and in the oracle's.

Rule: a construct comes from spelling.tsv or is written here in both forms; a query's result is a multiset that no choice of ties changes.
"""
from pathlib import Path

from .data import COLUMNS, WORDS

SPELLING = [line.split("\t") for line in Path(__file__).with_name("spelling.tsv").read_text().splitlines() if line and not line.startswith("#")]
PATTERNS = ["a%", "%b", "%a%", "_b%", "Z__", "%", "x y"]
ORDERED = ("int", "long", "text", "date", "time", "dec", "bool")
# Of each aggregate: feature, type of the result, type of the argument, both spellings; {f}: the filter, if there is one.
AGGREGATES = [
    ("count", "long", "int", "COUNT({0})", "count({0})"),
    ("count", "long", "text", "COUNT({0})", "count({0})"),
    ("count", "long", None, "COUNT(*)", "count(*)"),
    ("sum", "int", "int", "SUM({0})", "sum({0})"),
    ("sum", "double", "double", "SUM({0})", "sum({0})"),
    ("sum", "wide", "dec", "SUM({0})", "sum({0})"),
    ("min and max", "int", "int", "MIN({0})", "min({0})"),
    ("min and max", "long", "long", "MAX({0})", "max({0})"),
    ("min and max", "text", "text", "MIN({0})", "min({0})"),
    ("min and max", "date", "date", "MAX({0})", "max({0})"),
    ("min and max", "time", "time", "MIN({0})", "min({0})"),
    ("average", "int", "int", "AVG({0})", "CAST(sum({0}){f} // nullif(count({0}){f}, 0) AS INTEGER)"),
    ("average", "double", "double", "AVG({0})", "avg({0})"),
    ("distinct aggregate", "long", "int", "COUNT(DISTINCT {0})", "count(DISTINCT {0})"),
    ("distinct aggregate", "long", "text", "COUNT(DISTINCT {0})", "count(DISTINCT {0})"),
    ("distinct aggregate", "int", "int", "SUM(DISTINCT {0})", "sum(DISTINCT {0})"),
]
# Features that every run must show in one of twenty queries at least, beside those of spelling.tsv.
SHAPES = ["filter", "projection", "group by", "having", "global aggregate", "filtered aggregate", "distinct", "inner join", "left join", "right join", "full join",
          "semi join", "anti join", "in subquery", "scalar subquery", "union all", "union", "intersect", "except", "with", "top n", "deduplication", "null order", "changes",
          "window tumble", "window hop", "over", "interval join", "grouping sets", "correlated subquery", "values", "case of aggregates"]
FEATURES = sorted({row[0] for row in SPELLING} | {row[0] for row in AGGREGATES} | set(SHAPES))


class Relation:
    """Text in both dialects and columns [(name, type)]; what makes it refuse some uses: whether it changes, whether it has floats."""

    def __init__(self, flink, duck, columns, changes):
        self.flink, self.duck, self.columns, self.changes = flink, duck, columns, changes


class Generator:
    def __init__(self, random, tables):
        self.random, self.tables = random, tables
        self.features = set()
        self.names = 0

    def query(self, number):
        """(flink, duck, types, features). Columns are q<number>_0 and so on: a result is known by its names."""
        self.features = set()
        self.names = 0
        relation = self.shape(self.random.choice([2, 3, 3]))
        if self.random.random() < 0.6:
            relation = self.project(relation, filtered=False, most=6)
        columns = [f"q{number}_{i}" for i in range(len(relation.columns))]
        def last(text):
            return f"SELECT {', '.join(f'{name} AS {column}' for (name, _), column in zip(relation.columns, columns))} FROM ({text}) AS res"
        return last(relation.flink), last(relation.duck), [kind for _, kind in relation.columns], set(self.features)

    # Names and expressions.

    def name(self, prefix="c"):
        self.names += 1
        return f"{prefix}{self.names}"

    def note(self, *features):
        self.features.update(features)

    def pick(self, columns, kind):
        found = [name for name, each in columns if each == kind]
        return self.random.choice(found) if found else None

    def literal(self, kind):
        random = self.random
        if kind == "N":
            text = str(random.randint(1, 9))
            return text, text
        if kind == "L":
            return self.literal("text")
        if kind == "P":
            text = f"'{random.choice(PATTERNS)}'"
            return text, text
        if kind == "int":
            number = random.randint(-9, 60)
            text = str(number) if number >= 0 else f"({number})"   # two minus signs would begin a comment
        elif kind == "long":
            text = str(random.choice([0, 1, 2**31, 10**12]))
            return f"CAST({text} AS BIGINT)", f"CAST({text} AS BIGINT)"
        elif kind == "double":
            text = f"CAST({random.choice(['0.5', '-2', '100.25'])} AS DOUBLE)"
        elif kind == "dec":
            text = f"CAST({random.choice(['1.25', '-3.50', '100'])} AS DECIMAL(10, 2))"
        elif kind == "text":
            text = "'" + random.choice([word for word in WORDS if "%" not in word and "_" not in word]) + "'"
        elif kind == "bool":
            text = random.choice(["TRUE", "FALSE"])
        elif kind == "date":
            text = f"DATE '2024-{random.randint(1, 12):02}-{random.randint(1, 28):02}'"
        else:
            text = f"TIMESTAMP '2024-02-{random.randint(27, 29)} {random.randint(0, 23):02}:30:00.000'"
        return text, text

    def expression(self, kind, columns, depth):
        """Both spellings of an expression of the type over the columns."""
        random = self.random
        if kind.isupper():
            return self.literal(kind)
        if depth > 0 and random.random() < 0.75:
            rules = [row for row in SPELLING if row[1] == kind]
            if rules:
                feature = random.choice(sorted({row[0] for row in rules}))
                _, _, arguments, flink, duck = random.choice([row for row in rules if row[0] == feature])
                parts = [self.expression(each, columns, depth - 1) for each in arguments.split(" ")]
                self.note(feature)
                return flink.format(*(part[0] for part in parts)), duck.format(*(part[1] for part in parts))
        name = self.pick(columns, kind)
        if name and random.random() < 0.9:
            return name, name
        if kind == "wide":
            return "CAST(1 AS DECIMAL(38, 2))", "CAST(1 AS DECIMAL(38, 2))"
        return self.literal(kind)

    def condition(self, columns, depth=2):
        return self.expression("bool", columns, depth)

    # Relations.

    def table(self, append=False):
        tables = [table for table in self.tables if not (append and table.changes_)]
        table = self.random.choice(tables)
        if table.changes_:
            self.note("changes")
        return Relation(f"SELECT * FROM {table.name}", f"SELECT * FROM {table.name}", list(COLUMNS), table.changes_)

    def shape(self, depth):
        random = self.random
        if depth == 0:
            return self.narrow(self.project(self.table()))
        shapes = [self.project_of] + [self.group] * 3 + [self.global_group] * 3 + [self.distinct] * 2 + [self.join] * 9 + [self.semi] * 5 + [self.in_subquery] * 3 \
            + [self.set_operation] * 11 + [self.top_n] * 2 + [self.deduplicate] * 2 + [self.window] * 4 + [self.over] * 2 + [self.interval_join] * 2 + [self.scalar] * 3 \
            + [self.grouping] * 2 + [self.correlated] * 2 + [self.values] * 2 + [self.with_] * 2
        return random.choice(shapes)(depth)

    def narrow(self, relation):
        """At most five columns."""
        kept = self.random.sample(relation.columns, min(5, len(relation.columns)))
        names = ", ".join(name for name, _ in kept)
        alias = self.name("n")
        return Relation(f"SELECT {names} FROM ({relation.flink}) AS {alias}", f"SELECT {names} FROM ({relation.duck}) AS {alias}", kept, relation.changes)

    def project(self, relation, filtered=None, keep=(), most=4):
        """New columns of expressions, and perhaps a condition. `keep`: columns that stay as they are."""
        random = self.random
        alias, flink, duck, columns = self.name("p"), list(keep), list(keep), [(n, k) for n, k in relation.columns if n in keep]
        kinds = [kind for _, kind in relation.columns]
        for _ in range(random.randint(2, most)):
            kind = random.choice([k for k in kinds if k not in ("wide", "double")] + ["int", "text", "text"])
            one, other = self.expression(kind, relation.columns, 2)
            name = self.name()
            flink.append(f"{one} AS {name}")
            duck.append(f"{other} AS {name}")
            columns.append((name, kind))
        where = ("", "")
        if filtered or (filtered is None and random.random() < 0.5):
            condition = self.condition(relation.columns)
            where = f" WHERE {condition[0]}", f" WHERE {condition[1]}"
            self.note("filter")
        self.note("projection")
        return Relation(f"SELECT {', '.join(flink)} FROM ({relation.flink}) AS {alias}{where[0]}",
                        f"SELECT {', '.join(duck)} FROM ({relation.duck}) AS {alias}{where[1]}", columns, relation.changes)

    def project_of(self, depth):
        return self.project(self.shape(depth - 1), filtered=True)

    def calls(self, columns, filters=True):
        """Two to four aggregates: [(flink, duck, type)]."""
        random, made = self.random, []
        for _ in range(random.randint(2, 4)):
            feature, kind, argument, flink, duck = random.choice(AGGREGATES)
            one, other = self.expression(argument, columns, 1) if argument else ("", "")
            condition = None
            if filters and random.random() < 0.3:
                condition = self.condition(columns, 1)
                self.note("filtered aggregate")
            f = f" FILTER (WHERE {condition[1]})" if condition else ""
            text = flink.format(one) + (f" FILTER (WHERE {condition[0]})" if condition else "")
            text_duck = duck.format(other, f=f) + ("" if "{f}" in duck else f)
            self.note(feature)
            made.append((text, text_duck, kind))
        return made

    def keys(self, relation, most=2):
        usable = [(name, kind) for name, kind in relation.columns if kind in ORDERED and name != "id"]
        return self.random.sample(usable, min(len(usable), self.random.randint(1, most)))

    def input(self, depth):
        """What a shape stands on: mostly a table, else another shape."""
        return self.table() if self.random.random() < 0.4 else self.shape(depth - 1)

    def aggregate(self, relation, keys, group, having=False):
        calls = self.calls(relation.columns)
        names = [self.name() for _ in calls]
        key_text = [name for name, _ in keys]
        tail = ("", "")
        if having:
            self.note("having")
            tail = " HAVING COUNT(*) > 1", " HAVING count(*) > 1"
        elif not keys or "GROUP BY " + ", ".join(name for name, _ in keys) not in group:
            # Of no rows at all a stream has no result, a table one row.
            tail = " HAVING COUNT(*) > 0", " HAVING count(*) > 0"
        alias = self.name("g")
        def text(which):
            source = (relation.flink, relation.duck)[which]
            columns = key_text + [f"{call[which]} AS {name}" for call, name in zip(calls, names)]
            return f"SELECT {', '.join(columns)} FROM ({source}) AS {alias}{group}{tail[which]}"
        return Relation(text(0), text(1), keys + [(name, call[2]) for name, call in zip(names, calls)], True)

    def group(self, depth):
        relation = self.input(depth)
        keys = self.keys(relation)
        if not keys:
            return self.global_group(depth)
        self.note("group by")
        result = self.aggregate(relation, keys, f" GROUP BY {', '.join(name for name, _ in keys)}", self.random.random() < 0.7)
        if self.random.random() < 0.6:
            self.note("case of aggregates")
            return self.project(result)
        return result

    def grouping(self, depth):
        relation = self.table()
        keys = self.keys(relation)
        names = ", ".join(name for name, _ in keys)
        self.note("grouping sets")
        form = self.random.choice([f" GROUP BY GROUPING SETS (({names}), ())", f" GROUP BY ROLLUP ({names})", f" GROUP BY CUBE ({names})"])
        return self.aggregate(relation, keys, form)

    def global_group(self, depth):
        self.note("global aggregate")
        return self.aggregate(self.input(depth), [], "")

    def distinct(self, depth):
        relation = self.narrow(self.project(self.input(depth)))
        self.note("distinct")
        kept = [(name, kind) for name, kind in relation.columns if kind != "double"] or relation.columns
        names, alias = ", ".join(name for name, _ in kept), self.name("d")
        return Relation(f"SELECT DISTINCT {names} FROM ({relation.flink}) AS {alias}", f"SELECT DISTINCT {names} FROM ({relation.duck}) AS {alias}", kept, relation.changes)

    def sides(self, depth):
        """Two relations with new names, and a column of one type of each."""
        left, right = self.renamed(self.input(depth)), self.renamed(self.table() if self.random.random() < 0.6 else self.shape(depth - 1))
        kinds = [kind for _, kind in left.columns if kind in ("int", "text", "date") and self.pick(right.columns, kind)]
        if not kinds:
            left, right = self.renamed(self.table()), self.renamed(self.table())
            kinds = ["int"]
        kind = self.random.choice(kinds)
        return left, right, self.pick(left.columns, kind), self.pick(right.columns, kind)

    def renamed(self, relation):
        """Some of the columns under new names."""
        kept = self.random.sample(relation.columns, min(6, len(relation.columns)))
        if not any(kind == "int" for _, kind in kept) and self.pick(relation.columns, "int"):
            kept.append((self.pick(relation.columns, "int"), "int"))
        new = [(self.name(), kind) for _, kind in kept]
        columns, alias = ", ".join(f"{old} AS {name}" for (old, _), (name, _) in zip(kept, new)), self.name("r")
        return Relation(f"SELECT {columns} FROM ({relation.flink}) AS {alias}", f"SELECT {columns} FROM ({relation.duck}) AS {alias}", new, relation.changes)

    def join(self, depth):
        left, right, a, b = self.sides(depth)
        kind = self.random.choice(["INNER", "LEFT", "RIGHT", "FULL"])
        self.note(f"{kind.lower()} join")
        more = ("", "")
        if self.random.random() < 0.4:
            condition = self.condition(left.columns + right.columns, 1)
            more = f" AND {condition[0]}", f" AND {condition[1]}"
        columns = left.columns + right.columns
        x, y = self.name("l"), self.name("r")
        def text(which):
            return f"SELECT * FROM ({(left.flink, left.duck)[which]}) AS {x} {kind} JOIN ({(right.flink, right.duck)[which]}) AS {y} ON {x}.{a} = {y}.{b}{more[which]}"
        return self.narrow(Relation(text(0), text(1), columns, True))

    def semi(self, depth):
        left, right, a, b = self.sides(depth)
        negated = self.random.random() < 0.5
        self.note("anti join" if negated else "semi join")
        x, y = self.name("l"), self.name("r")
        def text(which):
            source, other = (left.flink, left.duck)[which], (right.flink, right.duck)[which]
            return f"SELECT * FROM ({source}) AS {x} WHERE {'NOT ' if negated else ''}EXISTS (SELECT 1 FROM ({other}) AS {y} WHERE {x}.{a} = {y}.{b})"
        return Relation(text(0), text(1), left.columns, True)

    def in_subquery(self, depth):
        left, right, a, b = self.sides(depth)
        self.note("in subquery")
        condition = self.condition(right.columns, 1)
        x, y = self.name("l"), self.name("r")
        def text(which):
            source, other = (left.flink, left.duck)[which], (right.flink, right.duck)[which]
            return f"SELECT * FROM ({source}) AS {x} WHERE {a} IN (SELECT {b} FROM ({other}) AS {y} WHERE {condition[which]})"
        return Relation(text(0), text(1), left.columns, True)

    def scalar(self, depth):
        relation, other = self.input(depth), self.table()
        name = self.pick(relation.columns, "int")
        if not name:
            return self.project_of(depth)
        self.note("scalar subquery")
        x, y = self.name("l"), self.name("r")
        operator = self.random.choice(["<", ">=", "="])
        return Relation(f"SELECT * FROM ({relation.flink}) AS {x} WHERE {name} {operator} (SELECT AVG(a) FROM ({other.flink}) AS {y})",
                        f"SELECT * FROM ({relation.duck}) AS {x} WHERE {name} {operator} (SELECT CAST(sum(a) // nullif(count(a), 0) AS INTEGER) FROM ({other.duck}) AS {y})",
                        relation.columns, True)

    def correlated(self, depth):
        relation, other = self.table(), self.table()
        self.note("correlated subquery")
        x, y, name = self.name("l"), self.name("r"), self.name()
        function = self.random.choice(["MAX(b)", "COUNT(*)"])
        def text(source, inner):
            return f"SELECT {x}.*, (SELECT {function} FROM ({inner}) AS {y} WHERE {y}.k = {x}.k) AS {name} FROM ({source}) AS {x}"
        return self.narrow(Relation(text(relation.flink, other.flink), text(relation.duck, other.duck), relation.columns + [(name, "long")], True))

    def set_operation(self, depth):
        operation = self.random.choice(["UNION ALL", "UNION", "INTERSECT", "INTERSECT", "EXCEPT", "EXCEPT"])
        self.note(operation.lower())
        left, right = self.input(depth), self.input(depth)
        kinds = [kind for _, kind in left.columns if kind in ("int", "text", "date", "bool")][:3] or ["int"]
        def side(relation):
            parts = [self.expression(kind, relation.columns, self.random.choice([0, 0, 1])) for kind in kinds]
            alias = self.name("u")
            return (f"SELECT {', '.join(f'{p[0]} AS {n}' for p, n in zip(parts, names))} FROM ({relation.flink}) AS {alias}",
                    f"SELECT {', '.join(f'{p[1]} AS {n}' for p, n in zip(parts, names))} FROM ({relation.duck}) AS {alias}")
        names = [self.name() for _ in kinds]
        one, two = side(left), side(right)
        return Relation(f"({one[0]}) {operation} ({two[0]})", f"({one[1]}) {operation} ({two[1]})", list(zip(names, kinds)), True)

    def order(self, columns):
        """A total order but for equal rows, in both spellings: Flink's NULLs are the least."""
        flink, duck = [], []
        for name, kind in columns:
            descending = self.random.random() < 0.5
            stated = self.random.choice(["", " NULLS FIRST", " NULLS LAST"])
            if stated:
                self.note("null order")
            default = " NULLS LAST" if descending else " NULLS FIRST"
            flink.append(f"{name}{' DESC' if descending else ' ASC'}{stated}")
            duck.append(f"{name}{' DESC' if descending else ' ASC'}{stated or default}")
        return ", ".join(flink), ", ".join(duck)

    def top_n(self, depth):
        relation = self.input(depth)
        keys = [(name, kind) for name, kind in relation.columns if kind in ORDERED]
        if not keys:
            return self.group(depth)
        relation = self.only(relation, keys)
        partition = self.random.choice([name for name, kind in keys if kind in ("int", "text", "bool", "date")] or [keys[0][0]])
        rest = [column for column in keys if column[0] != partition] or keys
        self.random.shuffle(rest)
        flink, duck = self.order(rest)
        self.note("top n")
        x, number = self.name("t"), self.name()
        most = self.random.randint(1, 4)
        shown = self.random.random() < 0.4
        columns = keys + ([(number, "long")] if shown else [])
        names = ", ".join(name for name, _ in columns)
        def text(source, order):
            return (f"SELECT {names} FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {partition} ORDER BY {order}) AS {number} FROM ({source}) AS {x}) AS {x} "
                    f"WHERE {number} <= {most}")
        return Relation(text(relation.flink, flink), text(relation.duck, duck), columns, True)

    def only(self, relation, columns):
        names, alias = ", ".join(name for name, _ in columns), self.name("o")
        return Relation(f"SELECT {names} FROM ({relation.flink}) AS {alias}", f"SELECT {names} FROM ({relation.duck}) AS {alias}", columns, relation.changes)

    def deduplicate(self, depth):
        relation = self.table(append=True)
        self.note("deduplication")
        key, x, number = self.random.choice(["k", "s", "f"]), self.name("t"), self.name()
        direction = self.random.choice(["ASC", "DESC"])
        def text(source):
            return f"SELECT id, k, s, f, m, t FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY t {direction}) AS {number} FROM ({source}) AS {x}) AS {x} WHERE {number} = 1"
        return Relation(text(relation.flink), text(relation.duck), [c for c in COLUMNS if c[0] in ("id", "k", "s", "f", "m", "t")], True)

    def window(self, depth):
        table = self.random.choice([table for table in self.tables if not table.changes_])
        hop = self.random.random() < 0.5
        self.note("window hop" if hop else "window tumble")
        size, slide = self.random.choice([(10, 5), (60, 20), (1440, 720)])
        start, end = self.name("ws"), self.name("we")
        keys = self.random.choice([[], [("k", "int")], [("f", "bool"), ("s", "text")]])
        calls = self.calls(COLUMNS)
        names = [self.name() for _ in calls]
        head = [name for name, _ in keys]
        function = f"HOP(TABLE {table.name}, DESCRIPTOR(t), INTERVAL '{slide}' MINUTE(4), INTERVAL '{size}' MINUTE(4))" if hop else f"TUMBLE(TABLE {table.name}, DESCRIPTOR(t), INTERVAL '{size}' MINUTE(4))"
        flink = (f"SELECT {', '.join([*head, f'window_start AS {start}', f'window_end AS {end}', *(f'{call[0]} AS {name}' for call, name in zip(calls, names))])} "
                 f"FROM TABLE({function}) GROUP BY {', '.join([*head, 'window_start', 'window_end'])}")
        back = f"(SELECT *, time_bucket(INTERVAL {slide} MINUTE, t, TIMESTAMP '1970-01-01') - n * INTERVAL {slide} MINUTE AS ws FROM {table.name}, range({size // slide}) AS back(n))" if hop \
            else f"(SELECT *, time_bucket(INTERVAL {size} MINUTE, t, TIMESTAMP '1970-01-01') AS ws FROM {table.name})"
        duck = (f"SELECT {', '.join([*head, f'ws AS {start}', f'ws + INTERVAL {size} MINUTE AS {end}', *(f'{call[1]} AS {name}' for call, name in zip(calls, names))])} "
                f"FROM {back} AS w GROUP BY {', '.join([*head, 'ws'])}")
        columns = keys + [(start, "time"), (end, "time")] + [(name, call[2]) for name, call in zip(names, calls)]
        return Relation(flink, duck, columns, False)

    def over(self, depth):
        relation = self.table(append=True)
        self.note("over")
        frame = self.random.choice(["ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
                                    "RANGE BETWEEN INTERVAL '10' MINUTE PRECEDING AND CURRENT ROW", "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"])
        key, x = self.random.choice(["k", "s", "f"]), self.name("o")
        one, two = self.name(), self.name()
        call, kind = self.random.choice([("SUM(a)", "int"), ("COUNT(s)", "long"), ("MAX(b)", "long"), ("MIN(y)", "date")])
        def text(source):
            over = f"OVER (PARTITION BY {key} ORDER BY t {frame})"
            return f"SELECT id, k, t, {call} {over} AS {one}, COUNT(*) {over} AS {two} FROM ({source}) AS {x}"
        return Relation(text(relation.flink), text(relation.duck), [("id", "long"), ("k", "int"), ("t", "time"), (one, kind), (two, "long")], False)

    def interval_join(self, depth):
        tables = [table.name for table in self.tables if not table.changes_]
        left, right = self.random.choice(tables), self.random.choice(tables)
        self.note("interval join")
        kind = self.random.choice(["INNER", "LEFT"])
        columns = [(self.name(), kind_) for kind_ in ("long", "long", "int", "text")]
        def text(minutes):
            return (f"SELECT l.id AS {columns[0][0]}, r.id AS {columns[1][0]}, l.k AS {columns[2][0]}, r.s AS {columns[3][0]} FROM {left} AS l {kind} JOIN {right} AS r "
                    f"ON l.k = r.k AND r.t BETWEEN l.t - INTERVAL {minutes[0]} AND l.t + INTERVAL {minutes[1]}")
        return Relation(text(("'5' MINUTE", "'20' MINUTE")), text(("5 MINUTE", "20 MINUTE")), columns, False)

    def values(self, depth):
        self.note("values")
        rows = ", ".join(f"({self.random.randint(-5, 60)}, {self.literal('text')[0]})" for _ in range(self.random.randint(1, 6)))
        names = [self.name(), self.name()]
        text = f"SELECT * FROM (VALUES {rows}) AS {self.name('v')} ({', '.join(names)})"
        return self.project(Relation(text, text, list(zip(names, ("int", "text"))), False), filtered=False)

    def with_(self, depth):
        relation, one = self.shape(depth - 1), self.name("w")
        self.note("with")
        names = [name for name, _ in relation.columns]
        key = self.random.choice(names)
        text = f"SELECT * FROM {one} WHERE {key} IS NOT NULL"
        return Relation(f"WITH {one} AS ({relation.flink}) {text}", f"WITH {one} AS ({relation.duck}) {text}", relation.columns, relation.changes)
