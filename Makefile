# From a fresh clone: `make run` starts the site, `make test` proves it. Needs Python 3.11+, make and a package index.
PYTHON ?= python3
INSTANCE ?= instance
PORT ?= 8000
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check
FLASK = .venv/bin/flask --app wsgi
CATALOGUES = $(patsubst %.po,%.mo,$(wildcard trainer/translations/*/LC_MESSAGES/messages.po))
WORKERS ?= 2

export INSTANCE PORT

.PHONY: run test test-needs bench soak check format clean catalogue

run: .venv/run $(CATALOGUES)
	@if [ -z "$$DATABASE_URL" ] && [ ! -e "$(INSTANCE)/site.sqlite3" ]; then export DEMO=1; fi; exec $(FLASK) up

test: .venv/test $(CATALOGUES)
	@sh tests/needs.sh
	.venv/bin/python -m pytest tests -n $(WORKERS) --dist loadgroup --database sqlite -m "not browser"
	.venv/bin/python -m pytest tests -n $(WORKERS) --dist loadgroup --database postgresql -m "database and not browser"
	.venv/bin/python -m pytest tests -n $(WORKERS) --dist loadgroup --database sqlite -m browser

bench: .venv/test $(CATALOGUES)
	@sh tests/needs.sh
	.venv/bin/python -m bench

soak: .venv/test $(CATALOGUES)
	@sh tests/needs.sh
	.venv/bin/python -m bench.soak

check: .venv/test $(CATALOGUES)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/python -m question_bank check $(if $(LAW_TEXTS),--laws-texts $(LAW_TEXTS))
	.venv/bin/python -m question_bank stats --check docs/bank.md
	.venv/bin/python -m pytest tests/test_documented.py tests/test_architecture.py tests/test_catalogue.py

format: .venv/test
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

catalogue: .venv/test
	.venv/bin/pybabel -q extract -F trainer/translations/babel.cfg -k _l -k lazy_gettext --no-location --sort-output \
	  --project "Enforcement Training Hub" --version "" -o trainer/translations/messages.pot .
	.venv/bin/pybabel -q update -i trainer/translations/messages.pot -d trainer/translations -l en --no-fuzzy-matching --ignore-pot-creation-date --width 120

%.mo: %.po | .venv/run
	@.venv/bin/pybabel -q compile -i $< -o $@

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run: requirements.txt | .venv/bin/python
	@echo "Installing the packages into .venv; the first time this takes a minute or two …"
	@$(PIP) -r requirements.txt
	@touch $@

.venv/test: requirements.txt requirements-dev.txt | .venv/bin/python
	@echo "Installing the packages of the site and its tests into .venv …"
	@$(PIP) -r requirements-dev.txt
	@touch $@ .venv/run

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
