"""The shipped models that are single neurons or systems, and not networks."""

from __future__ import annotations

from pathlib import Path

from neurodsl.resources import shipped_models

SINGLE: dict[str, Path] = {name: path for name, path in shipped_models().items() if path.parent.name not in ("networks", "synapses")}
