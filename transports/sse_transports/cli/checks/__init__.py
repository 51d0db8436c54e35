"""The rules of `sse check` and the requests that they judge.

- `_instrumented.py`: the transport, which also records times; `_observe.py` sends the requests and fills an
  `Observation`.
- `_observation.py` and `_stream.py` hold what was observed. They contain no judgement.
- `_rule.py` defines a rule. The tables of rules are grouped by subject: `_response.py`, `_headers.py`,
  `_delivery.py`, `_fields.py`, `_ids.py`, `_resume.py`, `_time.py`. `_rules.py` joins them.

Rules do no I/O and read no clock: the same observation always gives the same findings.
"""
