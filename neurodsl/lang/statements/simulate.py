"""Set defaults for a run, which the command line overrides.

::

    simulate:
        duration 200 [ms]
        dt 0.1 [ms]
        method rk4
        events exact
        record V, n

``record x, W[0, 1]`` records a whole array and an element of another.
The unit of the duration is the unit of bare times. A map has no ``dt``; ``step 1 [ms]`` says how long one step of it takes.
"""

from __future__ import annotations

from neurodsl import rules
from neurodsl.diagnostics import nearest
from neurodsl.lang.scope import Declarations
from neurodsl.lang.statement import Statement
from neurodsl.lang.tree import Block, SettingTree

SETTINGS = ("duration", "dt", "step", "method", "events", "record")


def declare(tree: Block, declarations: Declarations) -> None:
    """Add the settings of a block."""
    report = declarations.report
    for setting in tree.body:
        assert isinstance(setting, SettingTree)
        if setting.name not in SETTINGS:
            near = nearest(setting.name, SETTINGS)
            help = f"did you mean `{near}`?" if near else "the settings are " + ", ".join(f"`{name}`" for name in SETTINGS)
            report.add(rules.BAD_SETTING, f"unknown setting `{setting.name}`", setting.name_span, help)
            continue
        if setting.name == "record" and declarations.kind == "network":
            declarations.recorded.append(setting)
            continue
        first = declarations.settings.setdefault(setting.name, setting)
        if first is not setting:
            also = ((first.name_span, "first set here"),)
            report.add(rules.DUPLICATE, f"`{setting.name}` is set twice", setting.name_span, "remove one of them", also)
        elif setting.name != "record" and len(setting.values) > 1:
            report.add(rules.BAD_SETTING, f"`{setting.name}` has one value", setting.values[1].span)


SIMULATE = Statement("simulate", "colon", declare, pieces="setting", homes=("model", "network"))
