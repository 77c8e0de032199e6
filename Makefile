# Everything a person or CI does here. `make help` lists it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PY := .venv/bin/python
export QUICK

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- Use ------------------------------------------------------------------------------------------------

.PHONY: run demo
run: .prepare-run ## Install what is needed and start Watchkeep (ARGS="--data /srv/watchkeep")
	@exec .venv/bin/watchkeep run $(ARGS)

demo: .prepare-run ## Switch on the demonstration cameras of the running Watchkeep
	@exec .venv/bin/watchkeep demo $(ARGS)

# --- Test -----------------------------------------------------------------------------------------------

.PHONY: test test-analyst test-browser test-kill test-interop test-tools soak-kill soak-power soak-outage soak-cameras soak-clock \
	soak-retention soak-full soak-recover soak-tiers \
	screenshots
test: .prepare-dev ## Run the tests, all but those in the browser (ARGS="tests/unit -k hold")
	@# pytest ends with 5 when ARGS leave nothing to run in one of the two parts.
	@$(PY) -m pytest -n auto --maxprocesses 4 --dist worksteal -m "not slow" --ignore=tests/browser $(ARGS) || test $$? -eq 5
	@$(PY) -m pytest -m "slow and not soak" --ignore=tests/browser $(ARGS) || test $$? -eq 5

test-browser: .prepare-dev ## Walk through the page in Chromium
	@$(PY) -m pytest tests/browser $(ARGS)

test-kill: .prepare-dev ## Kill the recorder fifty times, the database for five minutes (QUICK=1: as in `make test`)
	@WATCHKEEP_KILLS=$(if $(QUICK),5,50) WATCHKEEP_OUTAGE_S=$(if $(QUICK),20,300) $(PY) -m pytest -s \
		tests/system/test_kill.py tests/system/test_database_outage.py $(ARGS)

test-analyst: .prepare-dev ## Freeze the analyst for ten minutes, kill it for two, record by motion (QUICK=1: as in `make test`)
	@WATCHKEEP_HUNG_S=$(if $(QUICK),12,600) WATCHKEEP_KILLED_S=$(if $(QUICK),20,120) $(PY) -m pytest -s \
		tests/system/test_analyst_faults.py tests/system/test_modes.py $(ARGS)

test-interop: .prepare-dev ## Export 90 s from our simulator, GStreamer's and VLC's server, compare NAL by NAL
	@WATCHKEEP_EXPORT_S=$(if $(QUICK),15,90) WATCHKEEP_AUDIO="aac pcmu pcma" $(PY) -m pytest -s \
		tests/system/test_interop.py tests/system/test_audio.py $(ARGS)

soak-kill: .prepare-dev ## Kill the recorder two hundred times, four cameras (QUICK=1: as in `make test`)
	@WATCHKEEP_KILLS=$(if $(QUICK),5,200) WATCHKEEP_CAMERAS=$(if $(QUICK),2,4) $(PY) -m pytest -s tests/system/test_kill.py $(ARGS)

soak-power: .prepare-dev ## Cut the power in memory, and of an ext4 and an xfs sixty times (QUICK=1: eight); needs root
	@WATCHKEEP_STATES=$(if $(QUICK),30,300) $(PY) -m pytest -s tests/unit/runtime/test_crash_states.py $(ARGS)
	@WATCHKEEP_CUTS=$(if $(QUICK),8,60) $(PY) -m pytest -s tests/system/test_power.py \
		tests/system/test_power_database.py $(ARGS)

soak-cameras: .prepare-dev ## Every fault of a camera at once, then hostile bytes for ten minutes (QUICK=1: as in `make test`)
	@WATCHKEEP_HOSTILE_S=$(if $(QUICK),4,600) $(PY) -m pytest -s tests/system/test_camera_faults.py \
		tests/unit/sources/rtsp/test_hostile.py $(ARGS)

soak-outage: .prepare-dev ## Stall the disk, take the database away, hang the analyst, storm with events (QUICK=1: briefly); needs root
	@WATCHKEEP_STALL_S=$(if $(QUICK),6,30) WATCHKEEP_OUTAGE_S=$(if $(QUICK),10,1800) WATCHKEEP_STORM_S=$(if $(QUICK),5,600) \
		$(PY) -m pytest -s tests/system/test_outage.py $(ARGS)

soak-clock: .prepare-dev ## Drive both days on which clocks change, with steps, drift and kills (QUICK=1: as in `make test`)
	@$(PY) -m pytest -s tests/catalog/test_clock_soak.py $(if $(QUICK),-m "not soak") $(ARGS)

soak-retention: .prepare-dev ## Live 400 days of sixteen cameras, then 100,000 steps in any order (QUICK=1: as in `make test`)
	@WATCHKEEP_DAYS=$(if $(QUICK),95,400) WATCHKEEP_EVERY_MIN=$(if $(QUICK),360,60) WATCHKEEP_STEPS=$(if $(QUICK),10000,100000) \
		$(PY) -m pytest -s tests/catalog/test_retention_days.py tests/catalog/test_retention_machine.py $(ARGS)

soak-full: .prepare-dev ## Record ten minutes on a full disk, and again with the catalog on it (QUICK=1: briefly); needs root
	@WATCHKEEP_FULL_S=$(if $(QUICK),5,600) WATCHKEEP_CATALOG="elsewhere beside" $(PY) -m pytest -s tests/system/test_full_disk.py $(ARGS)

soak-recover: .prepare-dev ## Rebuild the catalog of 2,000 recorded segments and compare every column (QUICK=1: as in `make test`)
	@WATCHKEEP_SEGMENTS=$(if $(QUICK),24,2000) $(PY) -m pytest -s tests/catalog/test_rebuild.py $(ARGS)

soak-tiers: .prepare-dev ## Move footage to a store that is killed, away, slow and faulty, by a keeper that is killed (QUICK=1: briefly)
	@WATCHKEEP_KILLED_S=$(if $(QUICK),6,600) WATCHKEEP_AWAY_S=$(if $(QUICK),6,1800) WATCHKEEP_SLOW_S=$(if $(QUICK),8,600) \
		$(PY) -m pytest -s tests/system/test_tiers_outage.py $(ARGS)
	@WATCHKEEP_KILLS=$(if $(QUICK),3,30) $(PY) -m pytest -s tests/catalog/test_mover_kill.py $(ARGS)

bench-%: .prepare-dev ## Measure: catalog, events, latency, live, mover, record, recover, rules, rollups, seal, simulator, tracker (QUICK=1: under 50 s); needs WATCHKEEP_ASSETS
	@PYTHONPATH=bench:tests $(PY) bench/$*.py $(ARGS)

screenshots: .prepare-dev ## Take a picture of every room of the page into docs/images/
	@WATCHKEEP_SCREENSHOTS=docs/images $(PY) -m pytest tests/browser/test_screenshots.py $(ARGS)

test-tools: ## Install the system packages that tests use (Debian, Ubuntu)
	@scripts/test-tools.sh

# --- Check ----------------------------------------------------------------------------------------------

.PHONY: check fmt fmt-check lint types rooms coverage web docs
check: fmt-check lint types rooms test coverage web docs ## All that CI checks

fmt: .prepare-dev ## Format the code
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix-only --quiet .
	@$(PY) scripts/page.py fmt

fmt-check: .prepare-dev
	@.venv/bin/ruff format --check .

lint: .prepare-dev ## Look for mistakes and broken habits
	@.venv/bin/ruff check .

types: .prepare-dev ## Check the types, strictly
	@.venv/bin/mypy

rooms: .prepare-dev ## Check who may import whom
	@.venv/bin/lint-imports --no-logo

coverage: .prepare-dev ## Check that tests reach every branch of the domain
	@$(PY) -m pytest -q tests/unit/domain tests/unit/ingestion --cov=watchkeep.domain --cov-branch --cov-fail-under=100 \
		--cov-report=term-missing:skip-covered

web: .prepare-dev ## Check, test and build the page
	@$(PY) scripts/page.py check test build

docs: .prepare-dev ## Check documents: links, names, decisions, glossary
	@$(PY) -m pytest -q tests/architecture/test_documents.py

# --- Keep -----------------------------------------------------------------------------------------------

.PHONY: lock changelog clean
lock: .prepare-dev ## Write requirements/*.txt anew from pyproject.toml
	@scripts/lock.sh

changelog: .prepare-dev ## Make CHANGELOG.md of the fragments in changes/ (VERSION=0.2.0 closes a release)
	@$(PY) scripts/changelog.py $(VERSION)

clean: ## Remove what was made here; never footage or settings
	@rm -rf .venv .make build dist src/watchkeep/webui web/node_modules web/test-results
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: .prepare-run .prepare-dev
.prepare-run .prepare-dev: .prepare-%:
	@if $(PY) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then python=$(PY); else python=$$(scripts/find-python.sh); fi \
		&& "$$python" scripts/prepare.py $*
