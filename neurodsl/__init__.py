"""A language for models of neurons and networks, with a compiler behind it."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

PUBLIC = {
    "load": "neurodsl.api",
    "loads": "neurodsl.api",
    "Model": "neurodsl.api",
    "NeuroError": "neurodsl.diagnostics",
    "Report": "neurodsl.diagnostics",
    "Diagnostic": "neurodsl.diagnostics",
    "Rule": "neurodsl.diagnostics",
    "Result": "neurodsl.solution",
    "Spikes": "neurodsl.solution",
    "load_result": "neurodsl.solution",
    "plot": "neurodsl.plotting",
    "save_figure": "neurodsl.plotting",
    "Source": "neurodsl.source",
    "Span": "neurodsl.source",
}
"""Where each public name lives; it is loaded when it is asked for."""

__all__ = sorted([*PUBLIC, "__version__"])


def __getattr__(name: str) -> Any:
    if name in PUBLIC:
        return getattr(import_module(PUBLIC[name]), name)
    raise AttributeError(f"module 'neurodsl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
