"""The output of `sse tail`: which events are printed, in which format, and where."""
