# make demo       builds and boots an embedded example; EXAMPLE=hello-solo5 TARGET=spt does it with OCaml
# make test       lint, types, unit tests, and the short ones of the tests with real opam and boots
# make test-all   also a minute of fuzzing and of attacks, the long tests, and make e2e
# make test-fast  only lint, types and unit tests
# make e2e        workflows with this action under a real runner (act)
# make all        the bundles in dist/, from the sources
# Each installs what it needs: see scripts/bootstrap.sh. With NODE=20 or NODE=24, it uses that Node.js.

.DEFAULT_GOAL := help
.PHONY: help all demo test test-all test-fast e2e generate check-dist clean

EXAMPLE ?= bare
TARGET ?= spt
ARCH ?=
OPAM_REPOSITORY ?=
OPTIONS ?=

# npm sets a variable of this name to the path of its own Node.js.
ifneq ($(origin NODE),command line)
override NODE =
endif

# Starts a recipe line that needs Node.js: puts the folder of a suitable one first on PATH.
WITH_NODE = node_bin=$$(scripts/bootstrap.sh node $(NODE)) && PATH=$$node_bin:$$PATH &&

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

all:
	@scripts/bootstrap.sh packages build
	$(WITH_NODE) scripts/bootstrap.sh modules && npm run -s build

demo:
	@scripts/bootstrap.sh packages demo
	@$(WITH_NODE) scripts/demo.sh '$(EXAMPLE)' '$(TARGET)' '$(ARCH)' '$(OPAM_REPOSITORY)' $(OPTIONS)

test: test-fast
	@$(WITH_NODE) scripts/phases test:integration

test-all: test
	@$(WITH_NODE) scripts/phases fuzz attack:generated && scripts/phases test:long
	@test/e2e/install-act.sh >/dev/null; status=$$?; case $$status in \
	  0) $(MAKE) --no-print-directory e2e ;; \
	  3) echo 'make test-all: act is unavailable, so make e2e was skipped' ;; \
	  *) exit $$status ;; esac

test-fast:
	@scripts/bootstrap.sh packages test
	@$(WITH_NODE) scripts/bootstrap.sh modules && npm run -s check && scripts/phases test:unit

e2e:
	@scripts/bootstrap.sh packages test
	@test/e2e/install-act.sh >/dev/null
	@$(WITH_NODE) scripts/bootstrap.sh modules && scripts/phases test:e2e

generate:
	$(WITH_NODE) scripts/bootstrap.sh modules && npm run -s generate

check-dist:
	@scripts/bootstrap.sh packages build
	$(WITH_NODE) scripts/bootstrap.sh modules && scripts/check-dist

clean:
	rm -rf lib _artifacts .cache
