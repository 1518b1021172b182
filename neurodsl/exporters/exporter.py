"""What an exporter is: a form in which a model, or a network, can be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from neurodsl.model import Model, NetworkModel


@dataclass(frozen=True)
class Exporter:
    """A form of a model.

    Attributes
    ----------
    name : str
        What a user asks for.
    title : str
        One line for tables and help.
    render : callable
        From a model, or a network, to its text in this form, without a line end.
    """

    name: str
    title: str
    render: Callable[[Model | NetworkModel], str]
