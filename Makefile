# make demo | make test: all there is to know on a fresh machine with Python 3.11 or later.

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
SPARK := .venv-spark

.PHONY: demo test lint types core transports browser pythons package docs spark java nginx chromium fonts graphviz valgrind \
  bench bench-quick bench-chart bench-instructions bench-memory bench-transports bench-chat bench-iteration bench-scale bench-first-event bench-tail bench-spark compare screenshot soak clean

# What `make demo` shows: the command, and a transport of each extra. They are all that it installs.
DEMO_EXTRAS := cli,asyncio,trio

PIP_INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check

# $(call apt_install,TEST,PACKAGES,PURPOSE): install Debian packages unless the shell command TEST succeeds.
# RUNLEVEL=1 keeps packages from starting their services.
define apt_install
@{ $(1); } >/dev/null 2>&1 || { \
  echo "$(3): not found, so apt-get now installs $(2) as root"; \
  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
  $$SUDO apt-get update -qq && $$SUDO env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq --no-install-recommends $(2) >/dev/null; \
}
endef

demo: $(VENV)/.demo
	@$(RUN) -m sse_transports demo

# What apt-get installs comes first, so that it can ask for a password before the tests run for minutes.
test: nginx chromium graphviz lint types core transports browser pythons package docs

# These two run again only when pyproject.toml changed.
$(VENV)/.demo: pyproject.toml
	@echo "installing sse-core[$(DEMO_EXTRAS)] in $(VENV), some seconds"
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) --editable ".[$(DEMO_EXTRAS)]"
	@touch $@

$(VENV)/.ready: $(VENV)/.demo
	@echo "installing in $(VENV) what the tests, the benchmarks and the site need: some 120 packages, a minute or more"
	@$(PIP_INSTALL) --upgrade "pip>=25.1"
	@$(PIP_INSTALL) --group dev
	@touch $@

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
transports: nginx $(VENV)/.ready
	$(RUN) -m pytest -q -n 4 tests --ignore tests/sse_core --ignore tests/browser

# The tests' reverse proxy.
nginx:
	$(call apt_install,command -v nginx || test -x /usr/sbin/nginx,nginx-light,the reverse proxy of the tests)

# Compares this library with the EventSource of Chromium on the same streams and servers. Two browsers run at a time, and
# each file of tests stays in one of them, because a browser takes seconds to start.
browser: chromium $(VENV)/.ready
	$(RUN) -m pytest -q -n 2 --dist loadfile tests/browser

# Takes docs/images/chat.png again: the page of `sse demo --serve`, for docs/cli.md.
screenshot: chromium fonts $(VENV)/.ready
	$(RUN) -m tests.browser.screenshot docs/images/chat.png

# Fonts for characters of the page that a small machine may lack.
fonts:
	$(call apt_install,fc-list :lang=zh-cn | grep -q . && fc-list | grep -qi emoji,fontconfig fonts-noto-cjk fonts-noto-color-emoji,fonts for the picture)

# The browser and its driver, which must be of one version.
chromium:
	$(call apt_install,command -v chromium && command -v chromedriver,chromium chromium-driver,the browser of the tests)

# The tests of what can differ between Python versions, under every other supported Python on this machine.
pythons: nginx $(VENV)/.ready
	$(RUN) tests/other_pythons.py

# Builds the packages, checks them with twine, and installs the wheel in an empty environment: it brings no dependency,
# and importing it is cheap.
package: $(VENV)/.ready
	$(RUN) tests/installed_package.py

# Builds the site in build/docs. A warning, such as a broken link, is an error.
docs: graphviz $(VENV)/.ready
	$(RUN) -m sphinx --quiet --fail-on-warning --keep-going --fresh-env -b html docs build/docs
	@echo "the documentation is in build/docs/index.html"

# The tests with Spark, and the pages about Spark and Kafka, in an environment of their own: pyspark is large.
spark: java $(SPARK)/.ready
	$(SPARK)/bin/python -m pytest -q -n 2 --dist loadfile tests/spark

$(SPARK)/.ready: pyproject.toml
	@echo "installing in $(SPARK) what the tests with Spark need: pyspark is large, a minute or more"
	@test -x $(SPARK)/bin/python || $(PYTHON) -m venv $(SPARK)
	@$(SPARK)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(SPARK)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[spark]" --group spark
	@touch $@

# What Spark runs on.
java:
	$(call apt_install,java -version,default-jre-headless,Java for Spark)

# Draws the state diagram.
graphviz:
	$(call apt_install,command -v dot,graphviz,the drawing program of the site)

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
bench-instructions: valgrind $(VENV)/.ready
	$(RUN) benchmarks/instructions.py

# Peak memory over a stream of 1 GB.
bench-memory: $(VENV)/.ready
	$(RUN) benchmarks/parse_memory.py

valgrind:
	$(call apt_install,command -v valgrind,valgrind,the instruction counter)

# Microseconds per event of each transport, of its bare HTTP client, and of the peers, in bursts and drips; some minutes.
bench-transports: $(VENV)/.ready
	$(RUN) benchmarks/transport_speed.py

# The same for a model's chat reply with its JSON decoded: this library, the SDKs, httpx2 and f3dx; some minutes.
bench-chat: $(VENV)/.ready
	$(RUN) benchmarks/chat_speed.py

# Memory, CPU and delay of 1,000 to 10,000 streams in one process, and how thousands come back that were dropped at once;
# some ten minutes.
bench-scale: $(VENV)/.ready
	$(RUN) benchmarks/transport_scale.py
	$(RUN) benchmarks/reconnect_storm.py

# What `Connection` and both event sources add to parsing, without I/O, as multiples of it; less than a minute.
bench-iteration: $(VENV)/.ready
	$(RUN) benchmarks/iteration_speed.py

# Milliseconds until the first event of a reply over TLS, on new connections and on kept ones; seconds.
bench-first-event: $(VENV)/.ready
	$(RUN) benchmarks/first_event.py

# Runs the conformance vectors through every parser, and probes what clients do; less than a minute.
# PEER=httpx-sse shows each vector that one gets wrong. axio-sse takes part from Python 3.12 on, as for `bench`.
compare: $(VENV)/.ready
	$(RUN) benchmarks/compare.py $(if $(PEER),--peer $(PEER))

# Rows a second and CPU of `format("sse")`, and a query that is killed 20 times; some fifteen minutes.
bench-spark: java $(SPARK)/.ready
	$(SPARK)/bin/python -m benchmarks.spark_speed
	$(SPARK)/bin/python -m benchmarks.spark_kills

# Compares `sse tail FILE` with a loop that parses the file: time and memory.
bench-tail: $(VENV)/.ready
	$(RUN) benchmarks/tail_speed.py

# Reads 1,000,000 events over connections that break, and kills 200 readers; some ten minutes.
# SEED=7 repeats the faults of the run that printed it.
soak: $(VENV)/.ready
	$(RUN) benchmarks/soak.py $(if $(SEED),--seed $(SEED))

clean:
	rm -rf $(VENV) $(SPARK) build dist
