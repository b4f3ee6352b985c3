#!/usr/bin/env python3
"""Writes arrow_types.parquet: columns whose Arrow types pyarrow and pandas store beside plain Parquet types (dictionaries as categories,
large strings and lists), in two row groups whose dictionaries differ. Needs the `pyarrow` package. Usage: parquet.py FILE"""
import sys

import pyarrow as pa
import pyarrow.parquet as parquet

SCHEMA = pa.schema([
    pa.field("page", pa.dictionary(pa.int8(), pa.string())),
    pa.field("user", pa.large_string()),
    pa.field("code", pa.dictionary(pa.int32(), pa.int64())),
    pa.field("raw", pa.large_binary()),
    pa.field("tags", pa.large_list(pa.large_string())),
    pa.field("view", pa.string_view()),
])
GROUPS = [
    [["/a", "/b", None, "/a"], ["ann", None, "cid", ""], [7, 8, 7, None], [b"\x00\xff", b"", None, b"x"],
     [["x", "y"], [], None, [None]], ["v1", "a view of more than twelve bytes", None, ""]],
    [["/c", "/a"], ["dan", "eve"], [9, 7], [b"y", b"z"], [["z"], ["x"]], ["v5", "v6"]],
]

with parquet.ParquetWriter(sys.argv[1], SCHEMA, compression="none") as writer:
    for columns in GROUPS:
        writer.write_table(pa.table([pa.array(values, field.type) for values, field in zip(columns, SCHEMA)], schema=SCHEMA))
