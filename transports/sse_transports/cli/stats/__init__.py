"""What `sse stats` measures, and how it is shown. Measuring does no I/O and knows no clock."""
