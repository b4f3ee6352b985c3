#!/usr/bin/env python3
"""Writes keys.tsv: canonical key bytes, their XXH3-64 and key groups, independently of the C++ code (docs/internals/keys.md).
Needs the `xxhash` package. Usage: keys.py > keys.tsv"""
import struct

import xxhash

NULL, PRESENT = b"\x00", b"\x01"


def integer(value, size):
    return PRESENT + (value + (1 << (size * 8 - 1))).to_bytes(size, "big")


def double(value, pack=">d"):
    if value != value:
        raw = struct.pack(pack, float("nan"))
    else:
        raw = struct.pack(pack, value + 0.0)  # -0.0 + 0.0 = 0.0
    if raw[0] & 0x80:
        return PRESENT + bytes(b ^ 0xFF for b in raw)
    return PRESENT + bytes([raw[0] | 0x80]) + raw[1:]


def string(value):
    return PRESENT + value.replace(b"\x00", b"\x00\xff") + b"\x00\x00"


def sequence(entries):
    return PRESENT + b"".join(b"\x01" + e for e in entries) + b"\x00"


CASES = [
    ("NULL", "null", NULL),
    ("BOOLEAN", "false", PRESENT + b"\x00"),
    ("BOOLEAN", "true", PRESENT + b"\x01"),
    ("TINYINT", "-128", integer(-128, 1)),
    ("TINYINT", "5", integer(5, 1)),
    ("SMALLINT", "-2", integer(-2, 2)),
    ("INT", "-1", integer(-1, 4)),
    ("INT", "0", integer(0, 4)),
    ("INT", "2147483647", integer(2147483647, 4)),
    ("BIGINT", "-9223372036854775808", integer(-(2**63), 8)),
    ("BIGINT", "0", integer(0, 8)),
    ("BIGINT", "1", integer(1, 8)),
    ("BIGINT", "42", integer(42, 8)),
    ("FLOAT", "-1.5", double(-1.5, ">f")),
    ("FLOAT", "NaN", double(float("nan"), ">f")),
    ("DOUBLE", "-Infinity", double(float("-inf"))),
    ("DOUBLE", "-2.5", double(-2.5)),
    ("DOUBLE", "-0.0", double(-0.0)),
    ("DOUBLE", "0.0", double(0.0)),
    ("DOUBLE", "2.5", double(2.5)),
    ("DOUBLE", "NaN", double(float("nan"))),
    ("DECIMAL(10, 2)", "-12.34", integer(-1234, 16)),
    ("DECIMAL(20, 0)", "18446744073709551615", integer(2**64 - 1, 16)),
    ("STRING", "", string(b"")),
    ("STRING", "alice", string(b"alice")),
    ("STRING", "a\\0b", string(b"a\x00b")),
    ("STRING", "0123456789abcdef", string(b"0123456789abcdef")),
    ("BINARY", "ff00", string(b"\xff\x00")),
    ("DATE", "1970-01-02", integer(1, 4)),
    ("TIME", "00:00:01", integer(1000, 4)),
    ("TIMESTAMP(3)", "1970-01-01T00:00:00.001", integer(1, 8)),
    ("TIMESTAMP(9)", "1970-01-01T00:00:00.001000007", integer(1, 8) + (7).to_bytes(4, "big")),
    ("TIMESTAMP_LTZ(3)", "1970-01-01T00:00:01Z", integer(1000, 8)),
    ("INTERVAL YEAR TO MONTH", "14", integer(14, 4)),
    ("INTERVAL DAY TO SECOND(3)", "-1", integer(-1, 8)),
    ("ARRAY<INT>", "[]", sequence([])),
    ("ARRAY<INT>", "[1, null]", sequence([integer(1, 4), NULL])),
    ("MAP<STRING, INT>", "{b=2, a=1}", sequence([string(b"a") + integer(1, 4), string(b"b") + integer(2, 4)])),
    ("MULTISET<STRING>", "{a=2}", sequence([string(b"a") + integer(2, 4)])),
    ("ROW<INT, STRING>", "(7,x)", PRESENT + integer(7, 4) + string(b"x")),
    ("STRING | BIGINT", "alice | 42", string(b"alice") + integer(42, 8)),
    ("STRING | INT", "null | -1", NULL + integer(-1, 4)),
]

print("# type\tvalue\tkey bytes\tXXH3-64\tkey group of 1024\tof 128\tsubtask of 3 (1024)")
for type_, value, key in CASES:
    hash_ = xxhash.xxh3_64_intdigest(key)
    group = ((hash_ >> 32) * 1024) >> 32
    print(type_, value, key.hex(), f"{hash_:016x}", group, ((hash_ >> 32) * 128) >> 32, group * 3 // 1024, sep="\t")
