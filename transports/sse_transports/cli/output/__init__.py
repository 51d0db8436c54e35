"""How events are written: which of them, in which format, and where to."""
