# `make` alone lists what there is.
.DEFAULT_GOAL := help

# At most four packages at a time: some start a database server of their own.
cores := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
TEST_FLAGS ?= -race -timeout 20m -p $(shell [ $(cores) -lt 4 ] && echo $(cores) || echo 4)
LINT := go tool -modfile=tools/go.mod golangci-lint

.PHONY: help run build test bench fault lint sdk hooks

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the server with sample content, on http://127.0.0.1:7777
	go run ./cmd/sajin serve --demo

build: ## bin/sajin
	go build -trimpath -o bin/sajin ./cmd/sajin

test: ## every test; first installs what they need that is missing
	@scripts/test-needs
	go test $(TEST_FLAGS) ./...

bench: ## the server against the raw limits of its database, disk and hash; half an hour
	@scripts/test-needs
	go run ./test/bench -out docs/benchmarks.md

fault: ## the server killed 200 times on each database, and held to what it has promised; a quarter of an hour
	@scripts/test-needs
	go run ./test/fault

lint: ## formatting, go vet, the linter (built on first use), a tidy go.mod, a fresh SDK
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { printf 'gofmt would change:\n%s\n' "$$unformatted" >&2; exit 1; }
	go vet ./...
	$(LINT) run
	go mod tidy -diff
	@cd sdk/go/api && go tool -modfile=../../../tools/go.mod oapi-codegen -config oapi-codegen.yaml ../../openapi.json | cmp -s - api.gen.go \
		|| { echo 'sdk/go/api/api.gen.go is not made of sdk/openapi.json: make sdk' >&2; exit 1; }

sdk: ## the Go client, from the server's OpenAPI document
	go generate ./sdk/go/...

hooks: ## look at staged files before every commit
	git config core.hooksPath scripts
