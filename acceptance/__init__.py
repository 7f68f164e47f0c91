"""Acceptance on a machine with a CUDA GPU: test, train, compare and time by one command."""
