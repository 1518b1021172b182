"""Workloads, one in a file, found by scanning this package: each module has one or several ``Workload``."""
