"""The networks of W3, W4 and W5 as files: who is joined to whom, where everybody starts, and the model beside them.

The numbers are those of the folder with the C programs where it has them, so that all programs simulate the very same network; elsewhere they are
drawn here, in the same way.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import MODELS, Bench

Arrays = Mapping[str, NDArray[Any]]
EXCITATORY = 0.8


def files(bench: Bench, name: str, model: str, pairs: str | None = None) -> Path:
    """Return a copy of a model in a folder of its own with the files that it loads, made where it is not there.

    Parameters
    ----------
    bench : Bench
    name : str
        Of the network: ``w3a``.
    model : str
        The model, without its suffix.
    pairs : str, optional
        The network whose pairs this one shares.
    """
    folder = bench.scratch / "networks" / name
    path = folder / f"{model}.neuro"
    if not path.is_file():
        folder.mkdir(parents=True)
        for stem, array in split(load(bench, pairs or name), load(bench, name)):
            np.save(folder / f"{stem}.npy", array)
        shutil.copyfile(MODELS / path.name, path)
    return path


def data(bench: Bench, name: str) -> Path:
    """Return the numbers of a network in an ``.npz`` file."""
    given = bench.scratch / "limits" / "data" / f"{name}.npz"
    if given.is_file():
        return given
    drawn = bench.scratch / "drawn" / given.name
    if not drawn.is_file():
        drawn.parent.mkdir(exist_ok=True)
        np.savez(drawn, **DRAWN[name]())
    return drawn


def load(bench: Bench, name: str) -> Arrays:
    """Return the numbers of a network."""
    with np.load(data(bench, name), allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def split(pairs: Arrays, start: Arrays) -> list[tuple[str, NDArray[Any]]]:
    """Return what the models load: pairs and initial values of the excitatory and the inhibitory population, and weights."""
    found = [("w0", start["w0"].reshape(len(start["w0"]), -1))] if "w0" in start else []
    if "v0" not in start:
        return found
    size = len(start["v0"])
    first = round(EXCITATORY * size)
    ranges = {"E": (0, first), "I": (first, size)}
    for name in ("v0", "ge0", "gi0"):
        if name in start:
            found += [(f"{name}_{part}", start[name][begin:end]) for part, (begin, end) in ranges.items()]
    i, j = pairs["pre"].astype(np.int32), pairs["post"].astype(np.int32)
    for source, (a, b) in ranges.items():
        for target, (c, d) in ranges.items():
            of = (a <= i) & (i < b) & (c <= j) & (j < d)
            found += [(f"{source}{target}", np.column_stack([i[of] - a, j[of] - c]))] if of.any() else []
    return found


def with_probability(size: int, probability: float, seed: int) -> Arrays:
    """Join each pair with a probability."""
    random = np.random.default_rng(seed)
    targets = [np.flatnonzero(random.random(size) < probability) for _ in range(size)]
    return {"pre": np.repeat(np.arange(size), [len(t) for t in targets]), "post": np.concatenate(targets), "v0": start(size)}


def with_indegree(size: int, excitatory: int, inhibitory: int, seed: int) -> Arrays:
    """Join so many neurons of each kind to each."""
    random, first = np.random.default_rng(seed), round(EXCITATORY * size)
    sources = [random.integers(0, first, (size, excitatory)), random.integers(first, size, (size, inhibitory))]
    pre, post = np.concatenate(sources, axis=1).ravel(), np.repeat(np.arange(size), excitatory + inhibitory)
    order = np.lexsort((post, pre))
    return {"pre": pre[order], "post": post[order], "v0": start(size)}


def start(size: int) -> NDArray[np.float64]:
    """Draw potentials between reset and threshold."""
    return -60 + 10 * np.random.default_rng(1).random(size)


def conductances(size: int) -> Arrays:
    """Draw potentials and conductances."""
    random = np.random.default_rng(2)
    v0 = -60 + random.standard_normal(size) * 5 - 5
    return {"v0": v0, "ge0": (random.standard_normal(size) * 1.5 + 4) * 10, "gi0": (random.standard_normal(size) * 12 + 20) * 10}


def plastic(size: int) -> Arrays:
    """Join each pair of which not both are excitatory with a probability of 0.2, and draw the weights of all other pairs."""
    first = round(EXCITATORY * size)
    joined = np.random.default_rng(5).random((size, size)) < 0.2
    joined[:first, :first] = False
    pre, post = np.nonzero(joined)
    w0 = 0.2 * np.random.default_rng(6).random((first, first))
    np.fill_diagonal(w0, 0.0)
    return {"pre": pre, "post": post, "v0": start(size), "w0": w0}


DRAWN = {
    "w3a": lambda: with_probability(4000, 0.02, 3),
    "w3b": lambda: with_indegree(20_000, 64, 16, 4),
    "w4": lambda: conductances(4000),
    "w5a": lambda: {"w0": np.random.default_rng(7).random(1000) * 0.01},
    "w5b": lambda: plastic(1000),
}
