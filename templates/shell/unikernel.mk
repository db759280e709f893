# `make -f unikernel.mk` builds the unikernel, boots it, and puts image and console into _artifacts/; in a Makefile of your own,
# `include unikernel.mk` adds `make unikernel`. Needs Linux, git and Node.js 20.19 or newer.

# Decide: hvt, spt, virtio, muen, xen, qubes, unikraft-qemu or unikraft-firecracker.
UNIKERNEL_TARGET ?= hvt
# Decide: x86_64 or aarch64; empty: this machine's.
UNIKERNEL_ARCH ?=
# Decide: other inputs as options, such as --args '--ipv4=10.0.0.2/24', --net none, --check help or
# --expect 'listening on port 80'. `make unikernel-help` lists them.
UNIKERNEL_OPTIONS ?=

UNIKERNEL_CI_REPOSITORY ?= https://github.com/OWNER/unikernel-ci
UNIKERNEL_CI_COMMIT ?= <commit>
UNIKERNEL_CI_FOLDER ?= .cache/unikernel-ci-$(UNIKERNEL_CI_COMMIT)
unikernel_ci = node $(UNIKERNEL_CI_FOLDER)/dist/cli/index.js

.PHONY: unikernel unikernel-help

unikernel: $(UNIKERNEL_CI_FOLDER)/dist
	$(unikernel_ci) run --target '$(UNIKERNEL_TARGET)' --arch '$(UNIKERNEL_ARCH)' $(UNIKERNEL_OPTIONS)

unikernel-help: $(UNIKERNEL_CI_FOLDER)/dist
	$(unikernel_ci) run --help

$(UNIKERNEL_CI_FOLDER)/dist:
	rm -rf $(UNIKERNEL_CI_FOLDER)
	git init --quiet $(UNIKERNEL_CI_FOLDER)
	git -C $(UNIKERNEL_CI_FOLDER) fetch --quiet --depth 1 $(UNIKERNEL_CI_REPOSITORY) $(UNIKERNEL_CI_COMMIT)
	git -C $(UNIKERNEL_CI_FOLDER) checkout --quiet FETCH_HEAD
