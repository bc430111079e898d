# The daily commands; CONTRIBUTING.md explains them.
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: demo test check docs setup clean

setup: $(VENV)/ready

$(VENV)/ready: pyproject.toml constraints.txt lab-packages.txt
	apt-get install -qy --no-install-recommends $$(cat lab-packages.txt)
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

docs: setup
	$(PY) -m doc.generate
