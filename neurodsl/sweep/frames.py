"""Messages between a process and its workers over a pipe: a head in JSON and arrays, as plain bytes."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Head = dict[str, Any]
Arrays = dict[str, NDArray[Any]]

KINDS = ("float64", "uint64")
LENGTH = struct.Struct("<QQ")


def send(stream: BinaryIO, head: Head, arrays: Arrays) -> None:
    """Write a message."""
    shapes = {name: [array.dtype.name, list(array.shape)] for name, array in arrays.items()}
    text = json.dumps({"head": head, "arrays": shapes}).encode()
    body = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    stream.write(LENGTH.pack(len(text), len(body)) + text + body)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[Head, Arrays] | None:
    """Return the next message, None where the other side has gone."""
    lengths = stream.read(LENGTH.size)
    if len(lengths) < LENGTH.size:
        return None
    letters, size = LENGTH.unpack(lengths)
    text, body = stream.read(letters), stream.read(size)
    if len(text) < letters or len(body) < size:
        return None
    message = json.loads(text)
    arrays: Arrays = {}
    first = 0
    for name, (kind, shape) in message["arrays"].items():
        if kind not in KINDS:
            raise ValueError(f"an array of the kind {kind!r}")
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(body, kind, count, first).reshape(shape)
        first += count * 8
    return message["head"], arrays
