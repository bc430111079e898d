# The daily commands; CONTRIBUTING.md explains them.
VENV := .venv
PY := $(VENV)/bin/python
APT := DEBIAN_FRONTEND=noninteractive apt-get -q
# Clouds run networking_netem, on Python 3.8 and later. Labs run netem_lab, on Python 3.9 (bullseye) and later.
VERMIN := $(VENV)/bin/vermin -q --violations --eval-annotations

# User-Mode Linux needs a library of the lab's on processors with AMX, and that a compiler.
AMX := $(shell grep -qw amx_tile /proc/cpuinfo && echo gcc libc6-dev)

NEUTRON := .venvs/neutron

.PHONY: demo test test-api test-kernel ovn ovn-api ovn-agent check style docs figures bench releases kernels prepare packages neutron-tests neutron-tests-short setup clean

setup: $(VENV)/ready

# All of Debian's packages that any target asks for.
packages: $(VENV)/test-ready $(VENV)/ovn-ready $(VENV)/releases-ready $(VENV)/kernels-ready

# Debian packages only if one is missing; the lists of a fresh machine may be missing too, or old.
debian = dpkg -s $(1) >/dev/null 2>&1 \
	|| $(APT) install -y --no-install-recommends $(1) \
	|| { $(APT) update && $(APT) install -y --no-install-recommends $(1); }

$(VENV)/ready: pyproject.toml netem_lab/pyproject.toml constraints.txt lab-packages.txt
	$(call debian,$$(cat lab-packages.txt) $(AMX))
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q -c constraints.txt -e '.[dev]' -e netem_lab
	touch $@

$(VENV)/test-ready: test-packages.txt $(VENV)/ready
	$(call debian,$$(cat test-packages.txt))
	touch $@

demo: setup
	$(VENV)/bin/netem-lab demo

style: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VERMIN) -t=3.8- networking_netem
	$(VERMIN) -t=3.9- netem_lab

# Unit and contract tests run in two processes. The first Neutron module that a process imports chooses
# between threads and eventlet. After the imports of the unit tests it would choose eventlet.
check: style
	$(PY) -m pytest -q tests/unit
	$(PY) -m pytest -q tests/contract

# Writes the generated pages, and makes the site of all pages in build/html.
docs: setup
	$(PY) -m doc.generate

# Each later step needs more than the one before: a database server, a kernel with netem, a lab.
test: check $(VENV)/test-ready
	$(MAKE) test-api
	$(MAKE) test-kernel
	$(PY) -m pytest -q tests/integration

test-api: $(VENV)/test-ready
	$(PY) -m pytest -q tests/api
	$(PY) -m pytest -q tests/clients
	$(MAKE) neutron-tests-short

test-kernel: $(VENV)/test-ready
	$(VENV)/bin/netem-lab run -- $(PY) -m pytest -q --durations=12 --ignore tests/kernel/ovn tests/kernel

# All tests on OVN: of the API, of a chassis' agent, and of labs with one chassis and with two. At the first run, kernel
# modules are made for them. The first two keep a processor busy each. What they print comes when each has ended.
ovn: $(VENV)/ovn-ready
	$(MAKE) -j2 --output-sync=recurse ovn-agent ovn-api
	$(PY) -m pytest -q --backend ovn tests/integration/test_lab.py tests/integration/test_repairs.py \
		tests/integration/test_timelines.py tests/integration/ovn
	$(PY) -m pytest -q --backend ovn --chassis 2 tests/integration/ovn/two_chassis

ovn-api: $(VENV)/ovn-ready
	$(PY) -m pytest -q tests/ovn

ovn-agent: $(VENV)/ovn-ready
	$(VENV)/bin/netem-lab run -- $(PY) -m pytest -q tests/kernel/ovn

$(VENV)/ovn-ready: lab-ovn-packages.txt $(VENV)/ready
	$(call debian,$$(cat lab-ovn-packages.txt))
	touch $@

# Neutron's own tests of QoS, in a process that knows our rules: those of the newest release's wheel, and those of the
# suites' packages. `make releases` runs a short form of the latter.
neutron-tests: $(NEUTRON)/ready $(VENV)/releases-ready
	$(NEUTRON)/bin/python -m tests.neutron
	$(PY) -m tests.releases --neutrons-own $(or $(SUITE),bullseye bookworm trixie)

neutron-tests-short: $(NEUTRON)/ready
	$(NEUTRON)/bin/python -m tests.neutron --short

$(NEUTRON)/ready: tests/neutron/requirements.txt constraints.txt
	python3 -m venv $(NEUTRON)
	$(NEUTRON)/bin/pip install -q -c constraints.txt -r $<
	touch $@

# Tests on the packages of Debian's suites, or of those in SUITE. REBUILD=yes makes their images again. With BACKEND=ovn,
# those that have OVN run it, on kernel modules that are made at the first run.
releases: $(VENV)/releases-ready $(if $(filter ovn,$(BACKEND)),$(VENV)/ovn-ready)
	$(PY) -m tests.releases $(if $(BACKEND),--backend $(BACKEND)) $(if $(REBUILD),--rebuild) $(SUITE)

# Tests of impairments and selectors on the kernels of Debian's suites, or of those in SUITE, for ten minutes each.
# REBUILD=yes fetches the kernels again.
kernels: $(VENV)/kernels-ready
	$(PY) -m tests.kernels $(if $(REBUILD),--rebuild) $(SUITE)

$(VENV)/kernels-ready: $(VENV)/test-ready
	$(call debian,debian-archive-keyring patchelf)
	touch $@

# What these two make at their first run, made now: the clients' environments, the suites' images.
prepare: packages
	$(PY) -m tests.clients.environments
	$(PY) -m tests.releases --images-only $(SUITE)

$(VENV)/releases-ready: $(VENV)/ready
	$(call debian,debootstrap debian-archive-keyring)
	touch $@

# Measures the figures of doc/dataplane.md. It takes minutes, on a machine that does nothing else.
figures: setup
	$(VENV)/bin/netem-lab run -- $(PY) -m pytest -q -rP -m '' tests/kernel/test_packets.py tests/kernel/test_probe.py

# What links cost on a host: the figures of doc/benchmarks.md, kept in build/bench.json. Minutes, on a quiet machine.
bench: setup
	$(VENV)/bin/netem-lab run --memory-mib 3072 -- $(PY) -W ignore -m benchmarks

clean:
	rm -rf $(VENV) .venvs build dist *.egg-info
