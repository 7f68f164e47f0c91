"""The book's published curves, computed anew by its programs: `bpnet reproduce`."""
