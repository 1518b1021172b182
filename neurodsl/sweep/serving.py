"""A worker process: runs the chunks that it reads from its standard input, until that ends."""

from __future__ import annotations

import os
import sys
import traceback
from queue import SimpleQueue
from threading import Event, Thread
from typing import BinaryIO

from neurodsl import __version__
from neurodsl.sweep.frames import Arrays, receive, send
from neurodsl.sweep.work import work


def serve() -> None:
    """Run chunk after chunk for the process at the other end of standard input and output.

    The first message holds the order. Where the other process ends, by `kill -9` perhaps, this one ends at once.
    """
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What libraries print must not get between the messages.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    send(replies, {"version": __version__}, {})
    first = receive(requests)
    if first is None:
        return
    chunks: SimpleQueue[Arrays | None] = SimpleQueue()
    idle = Event()
    Thread(target=_read, args=(requests, chunks, idle), daemon=True).start()
    try:
        while True:
            idle.set()
            chunk = chunks.get()
            if chunk is None:
                return
            idle.clear()
            reply = work(str(first[0]["order"]), chunk["values"], chunk["seeds"])
            table = {"table": reply.pop("table")} if "table" in reply else {}
            send(replies, reply, table)
    except BaseException:
        # An ordinary end would wait for the thread that reads, and say so last.
        traceback.print_exc()
        os._exit(1)


def _read(requests: BinaryIO, chunks: SimpleQueue[Arrays | None], idle: Event) -> None:
    """Take requests from the pipe as they come, and see when there will be no more."""
    while (message := receive(requests)) is not None:
        chunks.put(message[1])
    if not idle.is_set():
        os._exit(0)
    chunks.put(None)
