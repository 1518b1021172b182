"""A network as a page: its populations and connections as tables, and below them its models and synapses."""

from __future__ import annotations

from collections.abc import Sequence

from neurodsl.exporters.contents import settings
from neurodsl.exporters.model_page import model_page
from neurodsl.exporters.network_contents import connections, models_of, populations, recorded, title_of
from neurodsl.exporters.page import Block, Cell, Code, Heading, Table, with_commas
from neurodsl.lang.unparse import unparse
from neurodsl.model import NetworkModel


def network_page(network: NetworkModel, level: int = 2) -> list[Block]:
    """Return the blocks of a network, below headings of a level; its models follow, each with blocks of its own."""
    found: list[Block] = [
        Heading("Populations and connections", level),
        Table(
            ("Populations.",),
            (("Population",), ("Size",), ("Neurons",), ("Values",), ("Meaning",)),
            tuple((_code(p.name), _code(p.size), _code(p.kind), _codes(p.values), _words(p.doc)) for p in populations(network)),
        ),
    ]
    joined = tuple((_code(c.source), _code(c.target), _code(c.synapse), _code(c.rule), _codes(c.clauses)) for c in connections(network))
    if joined:
        found.append(Table(("Connections.",), (("From",), ("To",), ("Synapse",), ("Rule",), ("Further",)), joined))
    run = [*settings(network.block), *(("record", text) for text in recorded(network))]
    if run:
        found.append(Table(("Simulation.",), (("Setting",), ("Value",)), tuple((_code(name), _code(text)) for name, text in run)))
    if network.variants:
        rows = tuple((_code(v.name), _codes([f"{n} = {unparse(e)}" for n, e in v.values]), _words(v.doc or "")) for v in network.variants.values())
        found.append(Table(("Named sets of values.",), (("Variant",), ("Values",), ("Meaning",)), rows))
    return [*found, *model_page(network.block, level)]


def parts_of(network: NetworkModel, level: int = 2) -> list[tuple[str, list[Block]]]:
    """Return the models and synapses of a network as pages, each with its title."""
    return [(title_of(network, model), model_page(model, level)) for model in models_of(network)]


def _code(text: str) -> Cell:
    return (Code(text),)


def _codes(texts: Sequence[str]) -> Cell:
    return with_commas([_code(text) for text in texts])


def _words(text: str) -> Cell:
    return (text,) if text else ()
