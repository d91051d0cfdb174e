# Targets are listed by "make". Each installs what it needs.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export GOFLAGS := -buildvcs=false
BIN := bin/bursar
GO := go

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: build
build: ## build the one binary into bin/
	$(GO) build -trimpath -o $(BIN) ./cmd/bursar

.PHONY: demo
demo: build ## live one month from real usage rows to collected money, on an embedded database
	$(BIN) demo

.PHONY: serve
serve: build ## run everything with a pretend outside world and demo accounts
	$(BIN) serve --demo

.PHONY: test
test: tools-debian check ## install what the tests need, and pass them all
	$(GO) test -timeout 28m ./...
	$(GO) test ./internal/office -run TestTwoTabsOnTwoNodesPayTheSameOrderAtOnce -args -rounds 1000

.PHONY: check
check: ## format, vet, staticcheck, generated files fresh
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not gofmt'ed:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

.PHONY: race
race: ## all tests under the race detector
	$(GO) test -race -timeout 40m ./...

.PHONY: bench
bench: build ## measure, each figure beside its floor
	$(BIN) bench

.PHONY: generate
generate: ## redraw the generated files: api/openapi.yaml, docs/states.md, goldens
	$(GO) test . ./internal/api ./internal/console ./internal/staff -update

.PHONY: tools-debian
tools-debian: ## install PostgreSQL's server, Chromium and fonts where they are missing
	@./.ci/debian-packages
