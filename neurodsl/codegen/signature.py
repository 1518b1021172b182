"""The types of the arguments of every step loop: scalars, then arrays."""

SIGNATURE = (
    "void(i8, i8, f8, f8, f8, f8, f8, f8[::1], f8[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], i8[::1], i8[::1], i8[::1], i8[::1], "
    "i8[::1], f8[::1], i8[::1], f8[::1], f8[:, ::1], f8[::1], i8[::1], f8[:, ::1], f8[:, ::1], f8[:, :, ::1], f8[:, ::1])"
)
