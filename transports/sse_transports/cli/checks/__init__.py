"""What `sse check` looks at: rules as data, and what they judge.

- `_wire.py` notes what a connection does; `_observe.py` makes the requests, and gives an `Observation`.
- `_observation.py` and `_stream.py` are what was observed, without any opinion.
- `_rule.py` is what a rule is. The rules stand in tables by group: `_answer.py`, `_headers.py`,
  `_delivery.py`, `_fields.py`, `_ids.py`, `_resume.py`, `_time.py`; `_rules.py` has all of them.

Rules do no I/O and read no clock: the same observation always gives the same findings.
"""
