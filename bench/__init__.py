"""Benchmarks: what is measured stands beside its floor and its peers. Nothing here is a timed test."""
