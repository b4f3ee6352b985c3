#!/usr/bin/env python3
"""Writes avro_rows.avro (an object container file: two blocks, deflate) and avro_rows.txt (each row as hex of its datum alone), by the PyPI
package `fastavro`, under the schema that Flink derives from the columns of src/formats/parse_avro_test.cc. Usage: avro.py FOLDER"""
import datetime
import decimal
import io
import sys

import fastavro


def nullable(kind):
    return ["null", kind]


SCHEMA = fastavro.parse_schema({
    "type": "record", "name": "record", "namespace": "org.apache.flink.avro.generated", "fields": [
        {"name": "l", "type": "long"},
        {"name": "b", "type": nullable("boolean")},
        {"name": "i", "type": nullable("int")},
        {"name": "f", "type": nullable("float")},
        {"name": "d", "type": nullable("double")},
        {"name": "s", "type": nullable("string")},
        {"name": "y", "type": nullable("bytes")},
        {"name": "m", "type": nullable({"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2})},
        {"name": "dt", "type": nullable({"type": "int", "logicalType": "date"})},
        {"name": "t", "type": nullable({"type": "int", "logicalType": "time-millis"})},
        {"name": "ts", "type": nullable({"type": "long", "logicalType": "timestamp-millis"})},
        {"name": "a", "type": nullable({"type": "array", "items": nullable("int")})},
        {"name": "mp", "type": nullable({"type": "map", "values": nullable("string")})},
        {"name": "r", "type": nullable({"type": "record", "name": "record_r", "fields": [
            {"name": "x", "type": nullable("int")}, {"name": "z", "type": nullable("string")}]})},
    ]})
UTC = datetime.timezone.utc
NONE = dict.fromkeys("b i f d s y m dt t ts a mp r".split())
ROWS = [
    {"l": 1, "b": True, "i": -7, "f": 1.5, "d": -2.25, "s": "häuser", "y": b"\x00\xff", "m": decimal.Decimal("-123.45"),
     "dt": datetime.date(2024, 2, 29), "t": datetime.time(12, 34, 56), "ts": datetime.datetime(2024, 2, 29, 23, 59, 59, 123000, UTC),
     "a": [1, None, -3], "mp": {"k": "v"}, "r": {"x": 5, "z": None}},
    {"l": -2, **NONE},
    {"l": 2**63 - 1, "b": False, "i": -(2**31), "f": 0.0, "d": 1e300, "s": "", "y": b"", "m": decimal.Decimal("99999999.99"),
     "dt": datetime.date(1969, 12, 31), "t": datetime.time(0, 0, 0), "ts": datetime.datetime(1969, 12, 31, 23, 59, 59, 999000, UTC),
     "a": [], "mp": {}, "r": None},
    {"l": -(2**63), **NONE, "m": decimal.Decimal("0.00"), "i": 2**31 - 1},
]

folder = sys.argv[1]
with open(f"{folder}/avro_rows.txt", "w") as out:
    for row in ROWS:
        datum = io.BytesIO()
        fastavro.schemaless_writer(datum, SCHEMA, row)
        out.write(datum.getvalue().hex() + "\n")
with open(f"{folder}/avro_rows.avro", "wb") as out:
    fastavro.writer(out, SCHEMA, ROWS, codec="deflate", sync_interval=1, sync_marker=b"thalweg's golden")
