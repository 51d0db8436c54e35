# make demo | make test: all there is to know on a fresh machine with Python 3.11 or later.

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python

.PHONY: demo test lint types core transports browser pythons package docs nginx chromium fonts graphviz valgrind \
  bench bench-quick bench-chart bench-instructions bench-memory bench-transports bench-scale bench-tail compare screenshot soak clean

# $(call apt_install,TEST,PACKAGES): install Debian packages unless the shell command TEST succeeds.
# RUNLEVEL=1 keeps packages from starting their services.
define apt_install
@{ $(1); } >/dev/null 2>&1 || { \
  echo "installing with apt-get: $(2)"; \
  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
  $$SUDO apt-get update -qq && $$SUDO env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq --no-install-recommends $(2) >/dev/null; \
}
endef

demo: $(VENV)/.ready
	$(RUN) -m sse_transports demo

test: lint types core transports browser pythons package docs

# Runs again only when pyproject.toml changed.
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

# These run without the coverage tracer. Growth and memory tests would measure the tracer; the others try many random or
# recorded streams, and cover no line that the rest does not.
UNTRACED := $(addprefix tests/sse_core/test_,parser_growth.py parser_memory.py parser_properties.py random_streams.py \
  connection_machine.py recorded_streams.py vendored.py)

# The core's own tests must cover all of it, every line and every branch.
core: $(VENV)/.ready
	HYPOTHESIS_PROFILE=quick $(RUN) -m coverage run -m pytest -q tests/sse_core $(addprefix --ignore ,$(UNTRACED))
	$(RUN) -m coverage report
	$(RUN) -m pytest -q -n 2 $(UNTRACED)

# Real sockets and servers. These tests mostly wait, so four run at a time.
transports: $(VENV)/.ready nginx
	$(RUN) -m pytest -q -n 4 tests --ignore tests/sse_core --ignore tests/browser

# The tests' reverse proxy.
nginx:
	$(call apt_install,command -v nginx || test -x /usr/sbin/nginx,nginx-light)

# Compares this library with the EventSource of Chromium on the same streams and servers. Two browsers run at a time, and
# each file of tests stays in one of them, because a browser takes seconds to start.
browser: $(VENV)/.ready chromium
	$(RUN) -m pytest -q -n 2 --dist loadfile tests/browser

# Takes docs/images/chat.png again: the page of `sse demo --serve`, for the README.
screenshot: $(VENV)/.ready chromium fonts
	$(RUN) -m tests.browser.screenshot docs/images/chat.png

# Fonts for characters of the page that a small machine may lack.
fonts:
	$(call apt_install,fc-list :lang=zh-cn | grep -q . && fc-list | grep -qi emoji,fontconfig fonts-noto-cjk fonts-noto-color-emoji)

# The browser and its driver, which must be of one version.
chromium:
	$(call apt_install,command -v chromium && command -v chromedriver,chromium chromium-driver)

# The tests of what can differ between Python versions, under every other supported Python on this machine.
pythons: $(VENV)/.ready nginx
	$(RUN) tests/other_pythons.py

# Installs the built wheel in an empty environment: it brings no dependency, and importing it is cheap.
package: $(VENV)/.ready
	$(RUN) tests/installed_package.py

# Builds the site in build/docs. A warning, such as a broken link, is an error.
docs: $(VENV)/.ready graphviz
	$(RUN) -m sphinx --quiet --fail-on-warning --keep-going --fresh-env -b html docs build/docs
	@echo "the documentation is in build/docs/index.html"

# Draws the state diagram.
graphviz:
	$(call apt_install,command -v dot,graphviz)

# Compares the parser with its peers, in some six minutes. STREAMS=folder adds recorded replies (*.sse).
# Under another Python: make bench VENV=.venv-3.13 PYTHON=python3.13
bench: $(VENV)/.ready
	$(RUN) benchmarks/parse_speed.py $(if $(STREAMS),--streams $(STREAMS))

# The same with fewer rounds, events and cuts, in less than a minute.
bench-quick: $(VENV)/.ready
	$(RUN) benchmarks/parse_speed.py --quick $(if $(STREAMS),--streams $(STREAMS))

# Draws the chart from the figures of the last `make bench`.
bench-chart: $(VENV)/.ready
	$(RUN) benchmarks/chart.py

# Counts instructions per event, which do not depend on the load of the machine; some minutes.
bench-instructions: $(VENV)/.ready valgrind
	$(RUN) benchmarks/instructions.py

# Peak memory over a stream of 1 GB.
bench-memory: $(VENV)/.ready
	$(RUN) benchmarks/parse_memory.py

valgrind:
	$(call apt_install,command -v valgrind,valgrind)

# Microseconds per event of each transport, of its bare HTTP client, and of the peers; some minutes.
bench-transports: $(VENV)/.ready
	$(RUN) benchmarks/transport_speed.py

# Memory, CPU and delay of 500, 1000 and 2000 streams in one process; some minutes.
bench-scale: $(VENV)/.ready
	$(RUN) benchmarks/transport_scale.py

# Runs the conformance vectors through every parser, and probes what clients do; less than a minute.
# PEER=httpx-sse shows each vector that one gets wrong. axio-sse takes part from Python 3.12 on, as for `bench`.
compare: $(VENV)/.ready
	$(RUN) benchmarks/compare.py $(if $(PEER),--peer $(PEER))

# Compares `sse tail FILE` with a loop that parses the file: time and memory.
bench-tail: $(VENV)/.ready
	$(RUN) benchmarks/tail_speed.py

# Reads 1,000,000 events over connections that break, and kills 200 readers; some ten minutes.
# SEED=7 repeats the faults of the run that printed it.
soak: $(VENV)/.ready
	$(RUN) benchmarks/soak.py $(if $(SEED),--seed $(SEED))

clean:
	rm -rf $(VENV) build dist
