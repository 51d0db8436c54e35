# make demo | make test: all there is to know on a fresh machine with Python 3.11 or later.

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python

.PHONY: demo test lint types core transports browser pythons package docs nginx chromium graphviz valgrind \
  bench bench-quick bench-chart bench-instructions bench-memory bench-transports bench-scale compare bench-tail clean

demo: $(VENV)/.ready
	$(RUN) docs/demo/demo.py

test: lint types core transports browser pythons package docs

# Sets up, and again only when what is to be set up has changed.
$(VENV)/.ready: pyproject.toml
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable . --group dev
	touch $@

lint: $(VENV)/.ready
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(VENV)/.ready
	$(RUN) -m mypy
	$(VENV)/bin/basedpyright

# What counts work, memory or many bytes runs apart: tracing every line would be most of what it counts.
UNTRACED := $(addprefix tests/sse_core/test_,parser_growth.py parser_memory.py recorded_streams.py vendored.py)

# The core's own tests must cover all of it, every line and every branch.
core: $(VENV)/.ready
	$(RUN) -m coverage run -m pytest -q tests/sse_core $(addprefix --ignore ,$(UNTRACED))
	$(RUN) -m coverage report
	$(RUN) -m pytest -q $(UNTRACED)

# Real sockets and servers: these tests wait more than they work, so several run at a time.
transports: $(VENV)/.ready nginx
	$(RUN) -m pytest -q -n 4 tests --ignore tests/sse_core --ignore tests/browser

# The reverse proxy of the tests, from Debian's packages. RUNLEVEL keeps the package from starting it.
nginx:
	@command -v nginx /usr/sbin/nginx >/dev/null || { \
	  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$SUDO apt-get update -qq && $$SUDO env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --no-install-recommends nginx-light >/dev/null; \
	}

# Beside the EventSource of a real browser: what both make of the same streams and servers. Two browsers, and
# a file of tests for one of them, because what one of them waits for takes its time.
browser: $(VENV)/.ready chromium
	$(RUN) -m pytest -q -n 2 --dist loadfile tests/browser

# The browser and its driver, from Debian's packages: of one version, as they must be.
chromium:
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || { \
	  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$SUDO apt-get update -qq && $$SUDO env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --no-install-recommends chromium chromium-driver >/dev/null; \
	}

# The core's tests under every other supported Python on this machine.
pythons: $(VENV)/.ready nginx
	$(RUN) tests/other_pythons.py

# What a user installs: nothing else comes with it, and importing it costs little.
package: $(VENV)/.ready
	$(RUN) tests/installed_package.py

# The site, in build/docs: a warning, such as a link that leads nowhere, is an error.
docs: $(VENV)/.ready graphviz
	$(RUN) -m sphinx --quiet --fail-on-warning --keep-going --fresh-env -b html docs build/docs
	@echo "the documentation is in build/docs/index.html"

# Draws the states.
graphviz:
	@command -v dot >/dev/null || { \
	  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$SUDO apt-get update -qq && $$SUDO env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --no-install-recommends graphviz >/dev/null; \
	}

# The parser beside every other, some five minutes. STREAMS=folder adds recorded replies (*.sse).
# Under another Python: make bench VENV=.venv-3.13 PYTHON=python3.13
bench: $(VENV)/.ready
	$(RUN) benchmarks/parse_speed.py $(if $(STREAMS),--streams $(STREAMS))

# The same with fewer rounds, events and cuts, in less than a minute.
bench-quick: $(VENV)/.ready
	$(RUN) benchmarks/parse_speed.py --quick $(if $(STREAMS),--streams $(STREAMS))

# Draws the chart again from the figures of the last `make bench`.
bench-chart: $(VENV)/.ready
	$(RUN) benchmarks/chart.py

# Instructions per event, which do not depend on the machine's mood; some minutes.
bench-instructions: $(VENV)/.ready valgrind
	$(RUN) benchmarks/instructions.py

# Peak memory over a stream of 1 GB.
bench-memory: $(VENV)/.ready
	$(RUN) benchmarks/parse_memory.py

valgrind:
	@command -v valgrind >/dev/null || { \
	  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$SUDO apt-get update -qq && $$SUDO env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -qq --no-install-recommends valgrind >/dev/null; \
	}

# Microseconds per event for each transport, its bare HTTP client, and the peers; some minutes.
bench-transports: $(VENV)/.ready
	$(RUN) benchmarks/transport_speed.py

# Memory, CPU and delay of 500, 1000 and 2000 streams in one process; some minutes.
bench-scale: $(VENV)/.ready
	$(RUN) benchmarks/transport_scale.py

# Ours beside the others: the standard's vectors through every parser, and what clients do; less than a minute.
# PEER=httpx-sse shows each vector that one gets wrong. axio-sse takes part from Python 3.12 on, as for `bench`.
compare: $(VENV)/.ready
	$(RUN) benchmarks/compare.py $(if $(PEER),--peer $(PEER))

# What `sse tail FILE` costs beside a loop that parses the file, and its memory.
bench-tail: $(VENV)/.ready
	$(RUN) benchmarks/tail_speed.py

clean:
	rm -rf $(VENV) build dist
