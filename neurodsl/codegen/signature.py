"""What the callers of step loops have to know of them: the types of their arguments, scalars, then arrays; what stands in place of rows."""

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
