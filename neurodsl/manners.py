"""What stands between two samples, as the name of a file says it: ``stimulus.csv``, ``stimulus.csv:step``."""

from __future__ import annotations

MANNERS = {"linear": False, "step": True}
"""What stands between two samples: a straight line, or the value of the first."""


def split_manner(text: str) -> tuple[str, bool]:
    """Return the path of ``stimulus.csv:step``, and whether each value holds until the next time."""
    path, colon, manner = text.strip().rpartition(":")
    return (path, MANNERS[manner]) if colon and manner in MANNERS else (text.strip(), False)
