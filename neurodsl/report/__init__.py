"""A model as a document: its equations and values, what the mathematics says of it, a run of it, and the findings of ``check``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from neurodsl import rules
from neurodsl.api import Model
from neurodsl.diagnostics import NeuroError, fail
from neurodsl.files import require_writable
from neurodsl.report.document import document_of
from neurodsl.report.request import Request
from neurodsl.report.writing import FORMS

__all__ = ["Request", "Written", "require_report_destination", "write_report"]


@dataclass(frozen=True)
class Written:
    """What writing a report came to.

    Attributes
    ----------
    paths : tuple of Path
        The files, the document first.
    failure : NeuroError or None
        Why the run in it ended early.
    left_out : tuple of str
        What the document lacks, a sentence each.
    """

    paths: tuple[Path, ...]
    failure: NeuroError | None = None
    left_out: tuple[str, ...] = field(default=())


def write_report(model: Model, path: str | Path, request: Request | None = None) -> Written:
    """Write the report of a model: to a `.html` file that holds everything, or to a `.md` file with its pictures in a folder beside it.

    The same model and request give the same bytes, as long as no limit of time is met.

    Parameters
    ----------
    model : Model
    path : str or Path
    request : Request
        The values that are not those of the file, and what is asked for.

    Raises
    ------
    NeuroError
        For a wrong text, name or value (exit code 2), and where a file cannot be written (4).
    """
    path = Path(path)
    require_report_destination(path)
    document = document_of(model, request or Request())
    written = FORMS[path.suffix.lower()](document, path)
    return Written(written, document.failure, document.left_out)


def require_report_destination(path: str | Path) -> None:
    """Raise, before the work, what writing a report would raise afterwards.

    Raises
    ------
    NeuroError
        V101 for another suffix, F102 where the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMS:
        named = f"`{path.suffix}` is no format for reports" if path.suffix else "the name has no suffix that tells the format"
        raise fail(rules.BAD_VALUE, f"cannot write the report to `{path}`: {named}", help="use `.html` or `.md`")
    require_writable(path)
