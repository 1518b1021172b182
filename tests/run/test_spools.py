"""What is kept beside a result file until it is complete stays there."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from neurodsl.run.checkpoint import Place
from neurodsl.run.streams import Layout, Spool


@pytest.mark.parametrize("which", [0, 1], ids=["rows", "spikes"])
def test_a_link_in_the_place_of_a_spool_is_not_followed(tmp_path: Path, which: int) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    place = Place(str(tmp_path / "r.h5"), "0" * 16)
    place.paths[which].symlink_to(mine)
    with pytest.raises(OSError, match=r"r\.h5") as caught:
        Spool(place, Layout((), "1", 0.1, 10, 1.0, ()))
    assert (caught.value.errno, mine.read_text()) == (errno.ELOOP, "mine")
