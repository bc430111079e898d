# The daily commands; CONTRIBUTING.md explains them.
VENV := .venv
PY := $(VENV)/bin/python
APT := DEBIAN_FRONTEND=noninteractive apt-get -q

.PHONY: demo test check setup clean

setup: $(VENV)/ready

# Debian packages only if one is missing; the lists of a fresh machine may be missing too, or old.
$(VENV)/ready: pyproject.toml constraints.txt lab-packages.txt
	dpkg -s $$(cat lab-packages.txt) >/dev/null 2>&1 \
	|| $(APT) install -y --no-install-recommends $$(cat lab-packages.txt) \
	|| { $(APT) update && $(APT) install -y --no-install-recommends $$(cat lab-packages.txt); }
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install -q -c constraints.txt -e '.[lab,dev]'
	touch $@

demo: setup
	$(VENV)/bin/netem-lab demo

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(PY) -m pytest -q tests/unit tests/contract

# Each later step needs more than the one before: a kernel with netem, then a whole lab.
test: check
	$(VENV)/bin/netem-lab run -- $(PY) -m pytest -q tests/kernel
	$(PY) -m pytest -q tests/integration

clean:
	rm -rf $(VENV) build dist *.egg-info
