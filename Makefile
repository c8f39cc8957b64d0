# make play   set everything up and play the box in the browser
# make test   set everything up and run every test
# make help   the other targets

# The first Python that is new enough; `make play PYTHON=python3.12` chooses another.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary=:all:
STYLES := $(notdir $(patsubst %/,%,$(dir $(wildcard models/*/*.clips))))

.PHONY: help play check test slow browser vm image test-image image-cuts boot-times \
	lateness models soak bench manual \
	drawings format clean system
.DELETE_ON_ERROR:

help:
	@echo 'make play     the box on the virtual board, in the browser'
	@echo 'make check    lint, types and the everyday tests'
	@echo 'make test     all of that, the slow, browser, virtual machine and image tests'
	@echo 'make image    the SD card for the Raspberry Pi, in build/image (as root, on Debian)'
	@echo 'make test-image  build it and boot it in an emulated ARM machine'
	@echo 'make image-cuts  cut the power twenty times in first starts and updates (half an hour)'
	@echo 'make boot-times  from the kernel to the first tick, beside Debian as it comes'
	@echo 'make models   train every factory model from its clips'
	@echo 'make lateness how late notes arrive on a loaded machine (QEMU, 8 minutes)'
	@echo 'make soak     ten minutes at 300 bpm under restless hands'
	@echo 'make bench    every performance claim against its alternative (ONLY=name for one)'
	@echo 'make manual   the pictures and tables of hardware/manual/README.md'
	@echo 'make drawings  schematic, wiring, parts list, and the case to print'
	@echo 'make format   format the code'
	@echo 'make clean    remove what the other targets made'

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed.' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); sh tests/system_packages.sh venv && \
		$(PYTHON) -m venv $(VENV); }

$(VENV)/.play: pyproject.toml | $(BIN)/python
	@echo 'Setting up (once)...'
	@$(PIP) --editable '.[desk]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo 'Setting up for development (once)...'
	@$(PIP) --editable '.[dev]'
	@touch $@ $(VENV)/.play

play: $(VENV)/.play
	@$(BIN)/groovebox run --board virtual --play --open

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m 'not slow and not browser and not vm and not image'

slow: $(VENV)/.dev
	$(BIN)/python -m pytest -m 'slow and not vm'

browser: $(VENV)/.dev
	$(BIN)/python -m pytest -m browser

# Boots a small Debian with a kernel of its own (QEMU, no KVM): ALSA, hot-plug, timing.
vm: $(VENV)/.dev
	@sh tests/system_packages.sh vm
	$(BIN)/python -m pytest -m 'vm and not lateness'

# Four minutes; what Debian it takes is kept for the next time.
image: $(VENV)/.dev
	@sh tests/system_packages.sh image
	$(BIN)/python -m image_build

# Where it cannot be built (not Linux, not root), the tests skip and say so.
test-image: $(VENV)/.dev
	@sh tests/system_packages.sh image
	@if [ "$$(id -u)" = 0 ] && [ "$$(uname -sm)" = 'Linux x86_64' ]; then $(MAKE) image; fi
	$(BIN)/python -m pytest -m 'image and not cuts' -s

# Twenty power cuts in the first start and in an update; half an hour.
image-cuts: image
	$(BIN)/python -m pytest -m cuts -s

# From the kernel's start to the first tick, beside Debian as it comes; half an hour the first time.
boot-times: image
	@$(BIN)/python -m tests.image.boot_times

# Some eight minutes: how late notes arrive under load, by our port and by a thread that sleeps.
lateness: $(VENV)/.dev
	@sh tests/system_packages.sh vm
	$(BIN)/python -m pytest -m lateness -s

# Schematic, wiring, harness, parts list; the case to print and its pictures. A minute.
drawings: $(VENV)/.dev
	@sh tests/system_packages.sh drawings
	$(BIN)/python -m hardware.drawings
	$(BIN)/python -m hardware.enclosure
	$(BIN)/python -m hardware.build_guide

# What the tests need of the system: a browser, ALSA's library, a JACK server, what draws. Where it
# cannot be installed the tests that need it skip and say why.
system:
	@sh tests/system_packages.sh test
	@sh tests/system_packages.sh drawings

test: system check slow browser vm test-image

models: $(VENV)/.dev
	@for style in $(STYLES); do \
		$(BIN)/groovebox-train fit models/$$style -o models/$$style/$$style.tflite || exit 1; done

# Ten minutes on a quiet machine.
soak: $(VENV)/.dev
	@$(BIN)/python -m tests.soak

bench: $(VENV)/.dev
	@$(BIN)/python -m tests.benchmarks.bench $(if $(ONLY),--only $(ONLY))

manual: $(VENV)/.play
	@$(BIN)/python -m hardware.manual.screenshots

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
