#!/usr/bin/env python3
"""Writes framed_v1.bin, meta_entry_v1.bin, job_graph_v1.bin, keyed_segments_v1.txt, state_file_v1.bin and checkpoint_manifest_v1.bin beside
itself, independently of the C++ code, from docs/internals/bytes.md, framed.md, graph.md, state.md and checkpoint.md. Needs the `xxhash` package.
Usage: files.py [--check]

What the samples hold is told a second time in src/graph/sample_graph_test.h, src/state/segment_test.cc and src/checkpoint/samples_test.h.
"""
import struct
import sys
from pathlib import Path

import xxhash

from encoding import field, flag, number, repeated, signed, string, text, varint, zigzag


# bytes.md
def fixed(n):
    return struct.pack("<Q", n)


def checksum(data):
    return fixed(xxhash.xxh3_64_intdigest(data))


# framed.md
def frame(magic, version, payload):
    head = magic + struct.pack("<HHQ", version, 0, len(payload))
    return head + checksum(head + payload) + payload


# graph.md: the job graph.
STRING, TIMESTAMP = 9, 13
SOURCE, SINK = 1, 2
HEAD, NEVER = 1, 2
KEYED, REBALANCE, GLOBAL = 1, 2, 5
BLOCKING = 1
UPSERT, RETRACT = 1, 2


def column(name, type_):
    return text(1, name) + field(2, type_)


def output(name, columns=(), codec=""):
    schema = field(2, repeated(1, columns)) if columns else b""
    return text(1, name) + schema + text(3, codec)


def node(id_, uid, name, kind, generated=False, role=0, parallelism=0, max_parallelism=0, chaining=0, group="", inputs=0, outputs=(),
         keyed=False, options=(), payload=b"", library=0, registered_by=""):
    return (number(1, id_) + text(2, uid) + flag(3, generated) + text(4, name) + text(5, kind) + number(6, role) + signed(7, parallelism)
            + signed(8, max_parallelism) + number(9, chaining) + text(10, group) + signed(11, inputs) + repeated(12, outputs)
            + flag(13, keyed) + repeated(14, [text(1, key) + text(2, value) for key, value in sorted(options)])
            + (field(15, payload) if payload else b"") + (field(16, fixed(library)) if library else b"") + text(17, registered_by))


def edge(from_, output_, to, input_, partitioning, keys=(), exchange=0, changelog=0):
    key_columns = b"".join(map(zigzag, keys))
    return (number(1, from_) + signed(2, output_) + number(3, to) + signed(4, input_) + number(5, partitioning)
            + (field(6, key_columns) if keys else b"") + number(7, exchange) + number(8, changelog))


def job_graph():
    page = column("page", number(1, STRING) + flag(2, True))
    at = column("at", number(1, TIMESTAMP) + number(3, 3))
    nodes = [
        node(1, "views", "page views", "kafka-source", role=SOURCE, parallelism=4, chaining=HEAD, outputs=[output("out", [page, at])],
             options=[("topic", "views"), ("scan.startup.mode", "earliest-offset")]),
        node(3, "counts", 'count "per page"', "window", generated=True, parallelism=4, max_parallelism=128, group="heavy", inputs=1,
             outputs=[output("out", codec="(str,i64)"), output("late", codec="str")], keyed=True, payload=b"\x01\x00\x02",
             library=0x1122334455667788, registered_by="counts"),
        node(4, "to-topic", "counts", "kafka-sink", role=SINK, parallelism=1, inputs=1),
        node(7, "late-rows", "late", "kafka-sink", role=SINK, parallelism=1, chaining=NEVER, inputs=1),
    ]
    edges = [edge(1, 0, 3, 0, KEYED, keys=[0]), edge(3, 0, 4, 0, REBALANCE, exchange=BLOCKING, changelog=UPSERT),
             edge(3, 1, 7, 0, GLOBAL, changelog=RETRACT)]
    return b"TWJG" + struct.pack("<H", 1) + text(1, "clicks per page") + repeated(2, nodes) + repeated(3, edges)


# state.md
def entry(state, key, namespace, value, expiry=None):
    return varint(state) + string(key) + string(namespace) + string(value) + (b"" if expiry is None else struct.pack("<q", expiry))


def timer(state, key, time, namespace, registration):
    return entry(state, key, struct.pack(">Q", time + (1 << 63)) + namespace, varint(registration))


def keyed_segments():
    """The states are count (i64), seen (str with a TTL of a second, written at 1700000000000) and timers."""
    expiry = 1_700_000_001_000
    groups = {
        1: entry(0, b"a", b"", struct.pack("<q", 1)) + entry(0, b"b", b"", struct.pack("<q", -2))
        + entry(1, b"b", b"x", string(b"first"), expiry) + entry(1, b"b", b"y", string(b"second"), expiry)
        + timer(2, b"a", -1, b"w", 0),
        9: entry(1, b"c", b"", string(b""), expiry) + timer(2, b"c", 300, b"", 1),
    }
    return "".join(f"{group} {segment.hex()}\n" for group, segment in groups.items()).encode()


# checkpoint.md
MAP = 3
SPLIT, UNION, BROADCAST = 0, 1, 2
REQUESTED = 1


def spec():
    return (text(1, "counts") + number(2, MAP) + text(3, "i64") + text(4, "str") + number(5, 3) + signed(6, 60_000) + number(7, 1)
            + number(8, 1))


def list_state(name, mode, codec, items):
    return text(1, name) + number(2, mode) + text(3, codec) + repeated(4, items)


def segments_of(groups, size):
    """(key group, bytes): text, filled with a letter up to `size`."""
    filled = [(group, f"entries of {group};".encode()) for group in groups]
    return [(group, data.ljust(size, bytes([ord("a") + group % 26]))) for group, data in filled]


def segment_index(segments):
    index, last, gap = b"", 0, 0  # the segments lie one behind the other from the beginning
    for group, data in segments:
        index += varint(group - last) + varint(gap) + varint(len(data)) + checksum(data)
        last = group
    return index


def counting_subtask(subtask, groups):
    segments = segments_of(groups, 0)
    return (number(1, subtask) + repeated(6, [spec()]) + field(7, b"".join(data for _, data in segments))
            + field(8, segment_index(segments))
            + repeated(9, [list_state("offsets", SPLIT, "str", [f"one of {subtask}".encode(), b""]),
                           list_state("rules", BROADCAST, "str", [b"all"])])
            + field(12, f"rows of {subtask}".encode()))


def node_state(uid, parallelism, keyed=False, coordinator=b"", subtasks=(), events=()):
    return (text(1, uid) + number(2, 8) + number(3, parallelism) + flag(4, keyed) + (field(5, coordinator) if coordinator else b"")
            + repeated(6, subtasks) + repeated(7, events))


def manifest():
    reader = flag(2, True) + repeated(11, [b"views-0@17", b"views-1@4"])
    views = node_state("views", 1, coordinator=b"seen: 2 partitions", subtasks=[reader], events=[number(1, 0) + field(2, b"idle")])
    count = node_state("count", 2, keyed=True, subtasks=[counting_subtask(0, range(0, 4)), counting_subtask(1, range(4, 8))])
    sink = node_state("sink", 2, subtasks=[number(1, i) + repeated(10, [f"commit {i}".encode()]) for i in (0, 1)])
    return frame(b"TWCM", 1, text(1, "clicks per page") + number(2, 7) + number(3, 5) + signed(4, 1_700_000_000_000)
                 + field(5, fixed(0x0123456789ABCDEF)) + number(6, REQUESTED) + repeated(7, [views, count, sink]))


def state_file():
    label = text(1, "clicks / page") + number(2, 1) + number(3, 3) + number(4, 1)
    return frame(b"TWSF", 1, label) + b"".join(data for _, data in segments_of(range(8, 16), 51))


FILES = {
    "framed_v1.bin": frame(b"TWEX", 1, b"the line of fastest flow"),
    "meta_entry_v1.bin": frame(b"TWME", 1, fixed(0x1122334455667788) + b"manifest"),
    "job_graph_v1.bin": job_graph(),
    "keyed_segments_v1.txt": keyed_segments(),
    "state_file_v1.bin": state_file(),
    "checkpoint_manifest_v1.bin": manifest(),
}

if __name__ == "__main__":
    folder = Path(__file__).resolve().parent
    for name, content in FILES.items():
        if "--check" not in sys.argv:
            (folder / name).write_bytes(content)
        elif (folder / name).read_bytes() != content:
            sys.exit(f"{name} is not what {__file__} writes")
