# Targets are listed by "make". Each installs what it needs.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export GOFLAGS := -buildvcs=false
BIN := bin/bursar
GO := go
AXE := 4.14.1
AXE_SUM := 29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c

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
test: tools-debian tools-axe check ## install what the tests need, and pass them all
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

.PHONY: tools-axe
tools-axe: ## fetch axe-core, which finds what keeps people from using a page
	@echo "$(AXE_SUM)  bin/axe/axe.min.js" | sha256sum --check --status 2>/dev/null || { \
		mkdir -p bin/axe && cd bin/axe && npm pack --loglevel=error axe-core@$(AXE) >/dev/null && \
		tar -xzf axe-core-$(AXE).tgz --strip-components=1 package/axe.min.js package/LICENSE && rm axe-core-$(AXE).tgz && \
		echo "$(AXE_SUM)  axe.min.js" | sha256sum --check --quiet; }

.PHONY: tools-debian
tools-debian: ## install PostgreSQL's server, Chromium, fonts and npm where they are missing
	@./.ci/debian-packages
