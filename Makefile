.DEFAULT_GOAL := help
.PHONY: help demo test quick format replay bench chaos chaos-quick doors clean

help: ## these words
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: ## the service with its own database and a demo company
	./run demo

test: ## every check, then the tests
	./run test

quick: ## the tests that need no database
	./run pytest -q -m "not database and not acceptance"

format: ## mend what can be mended without thinking
	./run ruff check --fix .
	./run ruff format .

replay: ## a month of real calls through the service: make replay LOG=calls.csv.gz
	./run durchwahl replay $(LOG)

bench: ## the figures of the hot paths, each with one JSON line at its end
	./run python bench/activation.py
	./run python bench/book.py
	./run python bench/route.py
	./run python bench/matching.py
	./run python bench/dispatch.py

chaos-quick: ## faults with drawn seeds for six minutes, one JSON line at the end
	./run python -m tests.chaos quick

chaos: ## faults for hours, in pieces that add up: make chaos PIECE="--part kill --cycles 100"
	./run python -m tests.chaos long $(PIECE)

doors: ## who gets in where, nasty inputs, generated cases: counted, one JSON line at the end
	./run python -m tests.doors

clean: ## remove what was prepared and cached; data in .data stays
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
