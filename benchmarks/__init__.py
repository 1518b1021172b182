"""Workloads that say how fast models run, and what they are held against: see README.md in this folder."""
