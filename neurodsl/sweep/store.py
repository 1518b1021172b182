"""The finished points of a sweep, kept in files beside its results until it is complete.

Each finished chunk is one file in the folder ``results.nc.parts``, written under a temporary name and renamed. It says by their keys which
points it holds, so it does not matter who wrote it, when, and how the sweep was cut; a file that is not as it was written is as good as none.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from neurodsl import __version__, rules
from neurodsl.diagnostics import NeuroError, Report, fail
from neurodsl.files import REASONS, require_writable, write_bytes

if TYPE_CHECKING:
    from neurodsl.run.jobs import Job

Floats = NDArray[np.float64]

KEY_BYTES = 16
SUFFIX = ".parts"
MAGIC = b"neurodsl sweep 1"
HEAD = re.compile(rb"neurodsl sweep 1 (\d{1,9}) (\d{1,5}) (\d{1,10}) ([0-9a-f]{64})\n")
"""The first line of a file: the numbers of its points, of their columns and of the bytes of its failures, and the digest of all that."""
LONGEST_HEAD = 120
NAME = re.compile(r"[0-9a-f]{32}\.chunk")
SEED = "seed"
OLD_SECONDS = 3600.0
"""A temporary file that is older than this belongs to no process that still writes it."""
NO_PART_OF_A_KEY = {"files", "folder", "lanes", "name", "plan", "text"}, {"findings", "kernel", "model", "notes", "places", "reason", "text", "title"}
"""What a key is not of, of a job and of its plan: names and messages, which change no number; and generated text, which follows from what a key
is of, but for how far it was simplified in the time that there was."""


def keys_of(job: Job, origin: str, values: Floats, seeds: NDArray[np.uint64]) -> list[str]:
    """Return the key of each point: a digest of all that its row of the table follows from.

    Parameters
    ----------
    job : Job
        Plan, options and columns.
    origin : str
        What the generated files are made from, as `neurodsl.sweep.planned.origin_of` tells.
    values : array of shape (points, varied)
    seeds : array of shape (points,)

    Returns
    -------
    list of str
        32 hexadecimal digits for each point.
    """
    of_job, of_plan = NO_PART_OF_A_KEY
    run = {name: getattr(job, name) for name in job.__dataclass_fields__ if name not in of_job}
    plan = {name: value for name, value in asdict(job.plan).items() if name not in of_plan}
    told = json.dumps(["point", __version__, origin, run, plan], sort_keys=True, default=np.ndarray.tolist)
    base = hashlib.sha256(told.encode()).digest()
    points = len(seeds)
    rows = np.empty((points, values.shape[1] + 1), "<u8")
    rows[:, :-1] = np.ascontiguousarray(values, "<f8").view("<u8")
    rows[:, -1] = seeds
    data, width = rows.tobytes(), rows.shape[1] * 8
    return [hashlib.blake2b(data[i : i + width], digest_size=KEY_BYTES, key=base).hexdigest() for i in range(0, points * width, width)]


def keys_digest(keys: Sequence[str]) -> str:
    """Return the digest of a whole sweep, by which its results file is recognised."""
    return hashlib.sha256("".join(keys).encode()).hexdigest()


class Damaged(Exception):
    """A file does not hold what it held when it was written."""


@dataclass(frozen=True)
class Part:
    """What a file holds: the keys of its points, their rows, and why some of them failed, by their place in it."""

    keys: tuple[str, ...]
    table: Floats
    failed: Mapping[int, str]

    def encoded(self) -> bytes:
        """Return the part as the content of a file."""
        points, columns = self.table.shape
        failed = json.dumps({str(i): reason for i, reason in self.failed.items()}).encode()
        counts = b"%d %d %d" % (points, columns, len(failed))
        body = bytes.fromhex("".join(self.keys)) + self.table.astype("<f8").tobytes() + failed
        return b"%s %s %s\n%s" % (MAGIC, counts, hashlib.sha256(counts + body).hexdigest().encode(), body)


def read_part(file: BinaryIO, size: int) -> Part:
    """Return the part that a file of so many bytes holds.

    Raises
    ------
    Damaged
        With the reason. Nothing is read before the head of the file says as many bytes as there are.
    """
    head = HEAD.fullmatch(file.readline(LONGEST_HEAD))
    if head is None:
        raise Damaged("it is of another layout")
    points, columns, letters = (int(count) for count in head.groups()[:3])
    middle = points * KEY_BYTES
    ends = middle + points * columns * 8
    if size != head.end() + ends + letters:
        raise Damaged("it is cut short")
    body = file.read(ends + letters)
    if hashlib.sha256(b"%d %d %d" % (points, columns, letters) + body).hexdigest().encode() != head[4]:
        raise Damaged("its checksum is wrong")
    keys = tuple(body[i : i + KEY_BYTES].hex() for i in range(0, middle, KEY_BYTES))
    table = np.frombuffer(body, "<f8", points * columns, middle).astype(np.float64).reshape(points, columns)
    try:
        failed = {int(i): str(reason) for i, reason in json.loads(body[ends:]).items()}
    except (ValueError, AttributeError, RecursionError, MemoryError) as error:
        raise Damaged("its failures are of another layout") from error
    return Part(keys, table, failed)


@dataclass
class Kept:
    """What is known of the points of a sweep so far.

    Attributes
    ----------
    table : array of shape (points, columns)
        nan where a point has not been run.
    failed : dict
        The reason of each point that failed, by its number.
    done : array of bool, shape (points,)
        Which points have been run; not those of which `failed` says no more than that their workers died.
    """

    table: Floats
    failed: dict[int, str]
    done: NDArray[np.bool_]

    @classmethod
    def nothing(cls, points: int, columns: int) -> Kept:
        """Return the state of a sweep before its first point."""
        return cls(np.full((points, columns), np.nan), {}, np.zeros(points, np.bool_))

    def take(self, numbers: Sequence[int] | NDArray[np.int64], table: Floats, failed: Mapping[int, str]) -> None:
        """Put in rows of the table, and the reasons of those that failed by their place among them."""
        self.table[numbers] = table
        self.done[numbers] = True
        self.failed.update({int(numbers[i]): reason for i, reason in failed.items()})

    def add(self, other: Kept) -> None:
        """Put in what else is known of the same sweep."""
        new = other.done & ~self.done
        self.table[new] = other.table[new]
        self.failed = {number: reason for number, reason in self.failed.items() if not new[number]}
        self.failed.update({number: reason for number, reason in other.failed.items() if new[number]})
        self.done |= new


class Store:
    """The folder in which the finished chunks of a sweep are kept, beside the file that will hold its results.

    Parameters
    ----------
    results : Path
        The file of the results; the folder is ``results.nc.parts`` beside it.
    report : Report, optional
        Takes a note where files in the folder are of no use.
    """

    def __init__(self, results: Path, report: Report | None = None) -> None:
        self.folder = results.with_name(results.name + SUFFIX)
        self.report = Report() if report is None else report
        self.ours: set[str] = set()

    def open(self) -> None:
        """Make the folder, and make sure that it can be written to; remove what a killed process left there long ago.

        Raises
        ------
        NeuroError
            F102 (exit code 4).
        """
        self._make()
        require_writable(self.folder / "new.chunk")
        for path in self.folder.glob(".neurodsl-*.part"):
            try:
                if time.time() - path.lstat().st_mtime > OLD_SECONDS:
                    path.unlink()
            except OSError:
                continue

    def seed(self, drawn: int) -> int:
        """Return the seed with which the sweep in this folder was begun; where there is none yet, keep the one that was drawn.

        So a sweep for which no seed is given goes on with the numbers with which it began, and its shards have the same.

        Raises
        ------
        NeuroError
            F102 (exit code 4).
        """
        self.open()
        path, own = self.folder / SEED, self.folder / f".neurodsl-{secrets.token_hex(8)}.part"
        write_bytes(own, b"%d\n" % drawn)
        try:
            # Of several that begin at the same time one comes first, and its file is whole from the start.
            os.link(own, path)
        except FileExistsError:
            text = path.read_bytes()
            if re.fullmatch(rb"\d{1,20}\n", text) is not None and int(text) < 2**64:
                return int(text)
            os.replace(own, path)
        except OSError:
            os.replace(own, path)
        finally:
            own.unlink(missing_ok=True)
        return drawn

    def load(self, keys: Sequence[str], columns: int) -> Kept:
        """Return what the files say of the points of a sweep.

        Files that are damaged, and points of another sweep, are left out, and noted in the report.

        Parameters
        ----------
        keys : sequence of str
            What `keys_of` says of the sweep.
        columns : int
            The width of its table.
        """
        places: dict[str, list[int]] = {}
        for number, key in enumerate(keys):
            places.setdefault(key, []).append(number)
        kept, strangers, damaged = Kept.nothing(len(keys), columns), 0, []
        for name, part in self._parts():
            if isinstance(part, Damaged):
                damaged.append(f"`{name}`: {part}")
                continue
            known = [i for i, key in enumerate(part.keys) if key in places] if part.table.shape[1] == columns else []
            strangers += len(part.keys) - len(known)
            if len(known) == len(part.keys):
                self.ours.add(name)
            new = [(i, number) for i in known for number in places[part.keys[i]] if not kept.done[number]]
            if not new:
                continue
            rows = [i for i, _ in new]
            kept.take([number for _, number in new], part.table[rows], {j: part.failed[i] for j, i in enumerate(rows) if i in part.failed})
        self._note(strangers, damaged)
        return kept

    def add(self, keys: Sequence[str], table: Floats, failed: Mapping[int, str]) -> None:
        """Keep the finished points of a chunk: their keys, their rows, and the reasons of those that failed by their place.

        Raises
        ------
        NeuroError
            F102 (exit code 4), where the disk is full for example; what was kept before stays.
        """
        name = f"{keys_digest(keys)[: 2 * KEY_BYTES]}.chunk"
        data = Part(tuple(keys), table, failed).encoded()
        try:
            self._write(self.folder / name, data)
        except NeuroError as error:
            told = error.report.found[0].message
            kept = "the points that were finished before are kept, and the same command goes on from there"
            raise fail(rules.UNWRITABLE, told, help=kept, exit_code=error.exit_code) from error
        self.ours.add(name)

    def clear(self) -> None:
        """Remove the files of this sweep, once its results stand in their file, and the folder where nothing else is in it."""
        for path in [*(self.folder / name for name in sorted(self.ours)), *self.folder.glob(".neurodsl-*.part")]:
            path.unlink(missing_ok=True)
        try:
            if [path.name for path in self.folder.iterdir()] == [SEED]:
                (self.folder / SEED).unlink(missing_ok=True)
            self.folder.rmdir()
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                raise

    def clear_left(self, keys: Sequence[str], columns: int) -> None:
        """Remove what a process left that was killed after the results of this sweep stood in their file, as far as that can be done."""
        if self.folder.is_dir():
            with suppress(OSError):
                self.load(keys, columns)
                self.clear()

    def _write(self, path: Path, data: bytes) -> None:
        try:
            write_bytes(path, data)
        except NeuroError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            # Another process of the same sweep found it complete and removed the folder.
            self._make()
            write_bytes(path, data)

    def _make(self) -> None:
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            reason = REASONS.get(error.errno or 0, (error.strerror or str(error)).lower())
            if isinstance(error, FileExistsError):
                reason = "it is no directory"
            help = "finished points are kept in it: name another file for the results, or move away what stands there"
            raise fail(rules.UNWRITABLE, f"cannot make the folder `{self.folder}`: {reason}", help=help, exit_code=4) from error

    def _parts(self) -> Iterator[tuple[str, Part | Damaged]]:
        """Yield the name and the content of each file of ours, in the order of the names."""
        for path in sorted(self.folder.glob("*.chunk")):
            try:
                # A pipe of such a name would never answer.
                if NAME.fullmatch(path.name) is None or not stat.S_ISREG(path.lstat().st_mode):
                    continue
                with path.open("rb") as file:
                    yield path.name, read_part(file, os.fstat(file.fileno()).st_size)
            except FileNotFoundError:
                continue
            except Damaged as damaged:
                self.ours.add(path.name)
                yield path.name, damaged
            except OSError as error:
                yield path.name, Damaged(REASONS.get(error.errno or 0, (error.strerror or str(error)).lower()))

    def _note(self, strangers: int, damaged: Sequence[str]) -> None:
        """Say in the report what in the folder is of no use."""
        if strangers:
            told = f"`{self.folder}` holds {strangers} point{'s' if strangers > 1 else ''} of another sweep, which are left where they are"
            self.report.add(rules.UNUSED_PARTS, told, None, "another model, value, option or version makes another sweep")
        if damaged:
            rest = f", and {len(damaged) - 1} more" if len(damaged) > 1 else ""
            told = f"a file in `{self.folder}` cannot be used, {damaged[0]}{rest}; its points are run again"
            self.report.add(rules.UNUSED_PARTS, told)
