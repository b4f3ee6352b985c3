"""The encodings that the programs of this folder share, from docs/internals/bytes.md and graph.md."""


# bytes.md
def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def zigzag(n):
    return varint(2 * n if n >= 0 else -2 * n - 1)


def string(data):
    data = data.encode() if isinstance(data, str) else data
    return varint(len(data)) + data


# graph.md: fields. A field at its default is left out; what repeats is written even if empty.
def field(tag, data):
    return varint(tag) + string(data)


def number(tag, n):
    return field(tag, varint(n)) if n else b""


def signed(tag, n):
    return field(tag, zigzag(n)) if n else b""


def flag(tag, on=True):
    return field(tag, b"\x01") if on else b""


def text(tag, s):
    return field(tag, s.encode()) if s else b""


def repeated(tag, items):
    return b"".join(field(tag, item) for item in items)
