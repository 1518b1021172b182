"""What the callers of step loops have to know of them: the types of their arguments, scalars, then arrays; what stands in place of rows."""

import re

SIGNATURE = (
    "void(i8, i8, f8, f8, f8, f8, f8, f8[::1], f8[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], i8[::1], i8[::1], i8[::1], "
    "i8[::1], f8[::1], i8[::1], f8[::1], f8[:, ::1], f8[::1], i8[::1], f8[:, ::1], f8[:, ::1], f8[:, :, ::1], f8[:, ::1])"
)
"""Of a run by itself."""
LANES_SIGNATURE = "void(i8, i8, i8, i8, i8, i8, f8, f8, f8, i8, f8[::1], f8[::1], f8[:, ::1], f8[:, :, ::1], f8[::1], i8[::1], i8[::1])"
"""Of many runs side by side."""
ADAPTIVE_SIGNATURE = "void(i8, i8, i8, i8, f8, f8, f8, f8, f8, f8[::1], f8[::1], f8[:, ::1], f8[:, :, ::1], f8[::1], i8[::1], i8[::1])"
"""Of many runs side by side, each with steps of its own."""
SIGNATURES = (SIGNATURE, LANES_SIGNATURE, ADAPTIVE_SIGNATURE)
SAMPLES, REACHED = -1, -2
"""What stands in place of the row of a column that is the same for all points: the number of samples, the time at the end."""
LAGS = 8
"""Where, in what a projection tells a kernel of a network, the lags of its events begin."""
TEAM = 2
"""Where, in what a thread that shares a network knows of itself, populations begin; before them stand its number and how many there are."""
NETWORK_SIGNATURE = re.compile(r"void\((i8|f8|u4|u2)(\[::1\]|\[:, ::1\])?(, (i8|f8|u4|u2)(\[::1\]|\[:, ::1\])?)*\)")
"""Of networks, which have as many arguments as they have populations and projections."""


def known(signature: object) -> bool:
    """Return whether the text of a signature is one of ours: numba evaluates it."""
    return signature in SIGNATURES or (isinstance(signature, str) and NETWORK_SIGNATURE.fullmatch(signature) is not None)
