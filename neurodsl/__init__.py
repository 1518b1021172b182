"""A language for models of neurons and networks, with a compiler behind it."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

PUBLIC = {
    "load": "api", "loads": "api", "Model": "api", "NeuroError": "diagnostics", "Report": "diagnostics", "Diagnostic": "diagnostics", "Rule": "diagnostics",
    "Result": "solution", "Spikes": "solution", "load_result": "solution", "plot": "plotting", "save_figure": "plotting", "Source": "source", "Span": "source",
}  # fmt: skip
"""Where each public name lives; it is loaded when it is asked for."""

__all__ = sorted([*PUBLIC, "__version__"])


def __getattr__(name: str) -> Any:
    if name in PUBLIC:
        return getattr(import_module(f"neurodsl.{PUBLIC[name]}"), name)
    raise AttributeError(f"module 'neurodsl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
