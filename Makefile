# make demo    builds and boots an embedded example; EXAMPLE=hello-solo5 TARGET=spt does it with OCaml
# make test    lint, types, unit tests; a minute of fuzzing; tests with real opam and boots; e2e if act is available
# make e2e     a workflow with this action under a real runner (act)
# make all     the bundles in dist/, from the sources
# Each installs what it needs: see scripts/bootstrap.sh.

.DEFAULT_GOAL := help
.PHONY: help all demo test test-fast e2e generate check-dist clean

EXAMPLE ?= bare
TARGET ?= spt
ARCH ?=
OPAM_REPOSITORY ?=
OPTIONS ?=

# Starts a recipe line that needs Node.js: puts the folder of a suitable one first on PATH.
NODE = node_bin=$$(scripts/bootstrap.sh node) && PATH=$$node_bin:$$PATH &&

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

all:
	@scripts/bootstrap.sh packages build
	$(NODE) scripts/bootstrap.sh modules && npm run -s build

demo:
	@scripts/bootstrap.sh packages demo
	@$(NODE) scripts/demo.sh '$(EXAMPLE)' '$(TARGET)' '$(ARCH)' '$(OPAM_REPOSITORY)' $(OPTIONS)

test: test-fast
	$(NODE) npm run -s fuzz
	$(NODE) npm run -s test:integration
	@test/e2e/install-act.sh >/dev/null; status=$$?; case $$status in \
	  0) $(MAKE) e2e ;; \
	  3) echo 'make test: act is unavailable, so make e2e was skipped' ;; \
	  *) exit $$status ;; esac

test-fast:
	@scripts/bootstrap.sh packages test
	$(NODE) scripts/bootstrap.sh modules && npm run -s check && npm run -s generate -- --check && npm run -s test:unit

e2e:
	@scripts/bootstrap.sh packages test
	@test/e2e/install-act.sh >/dev/null
	$(NODE) scripts/bootstrap.sh modules && npm run -s test:e2e

generate:
	$(NODE) scripts/bootstrap.sh modules && npm run -s generate

check-dist:
	@scripts/bootstrap.sh packages build
	$(NODE) scripts/bootstrap.sh modules && scripts/check-dist

clean:
	rm -rf lib _artifacts .cache
