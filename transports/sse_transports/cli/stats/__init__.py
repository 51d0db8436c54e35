"""The measurements of `sse stats` and how they are shown.

- `_collect.py` reads a server or a file and fills a `Measurement` (`_model.py`), which does no I/O and reads
  no clock. `_distribution.py` and `_time_series.py` hold its numbers in bounded memory.
- `_drawing.py` and `_connection_timeline.py` draw for a terminal, `_picture.py` draws an SVG, `_figures.py`
  prepares JSON.
"""
