"""What a proof is: a rule, its argument in a line, and what finds it in a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from neurodsl.analysis.case import Case
from neurodsl.diagnostics import Rule
from neurodsl.source import Span


@dataclass(frozen=True)
class Finding:
    """Something that was proved about a model.

    Attributes
    ----------
    message : str
        What was found.
    argument : str
        Why it is so, with the numbers of the model.
    span : Span or None
        Where.
    help : str or None
        How to mend it.
    """

    message: str
    argument: str
    span: Span | None
    help: str | None = None


@dataclass(frozen=True)
class Proof:
    """A kind of mistake that can be proved before a run.

    Attributes
    ----------
    name : str
        One word.
    rule : Rule
        What its findings are reported as.
    argument : str
        The idea of the proof, in one line.
    find : callable
        Yields what it proves about a model.
    in_every_variant : bool
        The mistake is one only where no variant of the model is free of it: what rests by default and fires in a variant is no mistake.
    """

    name: str
    rule: Rule
    argument: str
    find: Callable[[Case], Iterator[Finding]]
    in_every_variant: bool = False
