# Everything that there is to do. The commands themselves lie in e2e/, a Go
# module of its own; Go, git and make are all that these two need:
#
#	make demo    see it work (ONCE=1: end by itself)
#	make test    run every check and test

# A checkout without history, or of another owner, must not stop a build.
export GOFLAGS := $(GOFLAGS) -buildvcs=false
# No toolchain but the installed one.
export GOTOOLCHAIN ?= local

E2E := cd e2e &&

# How long each fuzz test of make fuzz runs.
FUZZTIME ?= 5m
# The versions of Traefik that make test-matrix runs the verdict table in.
TRAEFIK_VERSIONS ?= v3.6.12 v3.6.0 v3.5.3 v3.4.1 v3.3.5

.PHONY: help demo test bench bench-micro profile soak fuzz test-keycloak test-compose test-kubernetes test-matrix fmt

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | column -t -s '|'

demo: ## an issuer, Traefik with the plugin and a service; curl lines to try (ONCE=1: end by itself)
	$(E2E) ONCE=$(ONCE) go run ./cmd/demo

test: ## every check and test
	$(E2E) go run ./cmd/check $(STEPS)

bench: ## what the plugin costs in Traefik (some minutes, on a quiet machine)
	$(E2E) go run ./cmd/bench $(ARGS)

bench-micro: ## what single steps cost inside the interpreter
	$(E2E) go run ./cmd/bench-micro $(ARGS)

profile: ## where Traefik's time goes under warm load
	$(E2E) go run ./cmd/profile $(ARGS)

soak: ## load on Traefik while the issuer rotates, falls and returns, and Traefik reloads
	$(E2E) go run ./cmd/soak $(ARGS)

fuzz: ## every fuzz test for FUZZTIME, 5m
	$(E2E) go run ./cmd/check -fuzztime $(FUZZTIME) fuzz

test-keycloak: ## the tests against a real Keycloak (Java and Maven)
	$(E2E) go test -count=1 -v -timeout 30m ./keycloak

test-compose: ## the Docker Compose example on an engine of its own (dockerd, Compose, Java; as root)
	$(E2E) go test -count=1 -v -timeout 20m ./compose

test-kubernetes: ## the Kubernetes example on a real API server (built once, some minutes)
	$(E2E) go run ./cmd/kubernetes >/dev/null && go test -count=1 -v -timeout 20m ./kubernetes

test-matrix: ## the verdict table in each of TRAEFIK_VERSIONS, built when missing
	$(E2E) go run ./cmd/verdict $(TRAEFIK_VERSIONS)

fmt: ## format all Go files
	gofmt -w $$(git ls-files --cached --others --exclude-standard '*.go' ':!vendor')
