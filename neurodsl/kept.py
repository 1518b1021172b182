"""Texts that are kept between runs in the private folder, each under the digest of all that shapes it."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from neurodsl.cache import private, sealed, trusted, unsealed
from neurodsl.diagnostics import NeuroError
from neurodsl.files import write_atomically


def digest_of(values: Any) -> str:
    """Return the digest of JSON-ready values, as part of the name of a file."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]


def kept_text(path: Path) -> str | None:
    """Return a text that was kept, None where there is none or it is damaged."""
    try:
        return unsealed(path.read_bytes()) if trusted(path) else None
    except OSError:
        return None


def keep_text(path: Path, text: str) -> None:
    """Keep a text; where that cannot be done it is made again next time."""
    with suppress(NeuroError):
        write_atomically(path, private(sealed(text)))


def is_intact(folder: Path, kernel: str) -> bool:
    """Return whether the kernel of a plan stands in a folder as it was written; its name ends in its digest."""
    path = folder / f"{kernel}.py"
    try:
        return trusted(path) and kernel.endswith(f"_{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}")
    except OSError:
        return False
