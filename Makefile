# agentotel: build, demonstrate, test, measure.
#
#   make          the release libraries, under target/release
#   make demo     replays a recorded session with the C example, and shows its trace; needs no server
#   make demo-cpp, demo-go, demo-csharp   agents in C++, Go and C# that ask a stub of a model, and a tool server in another process
#   make test     everything: Rust, C, C++, Go, C#, the real Collector, formats and rules
#   make install  headers, libraries, pkg-config and CMake files, documentation, below DESTDIR/PREFIX (/usr/local)
#   make dist     the same as a tarball, with its sum and what it is made of, under target/dist
#   make test-long  the tests of durability in their long forms; takes days. LONG=0.01 does that part of each
#   make bench    what it costs, beside the OpenTelemetry SDK; writes target/bench/summary.json

SHELL := /bin/sh
CARGO ?= cargo
CC ?= cc
RELEASE := target/release
SO := $(RELEASE)/libagentotel.so
SONAME := $(RELEASE)/libagentotel.so.0
ARCHIVE := $(RELEASE)/libagentotel-only.a
PANIC := target/panic
PANIC_SO := $(PANIC)/release/libagentotel.so
EXAMPLES := target/examples
COLLECTOR := target/collector/otelcol
CHECK := target/collector/check
# An installed library, for what is built by pkg-config.
STAGE := target/stage
STAGED = PKG_CONFIG_PATH=$(abspath $(STAGE)/lib/pkgconfig) LD_LIBRARY_PATH=$(abspath $(STAGE)/lib)
PREFIX ?= /usr/local
DESTDIR ?=
LIBDIR ?= lib

# Where the crates stood on the machine that built the library is nobody's business.
CARGO_HOME ?= $(HOME)/.cargo
RELEASE_CARGO := RUSTFLAGS="$(RUSTFLAGS) --remap-path-prefix=$(CARGO_HOME)/registry/src=crates \
  --remap-path-prefix=$(CURDIR)=agentotel" $(CARGO)

RUST_SOURCES := $(shell find src -name '*.rs') Cargo.toml Cargo.lock build.rs cbindgen.toml

.PHONY: all demo demo-cpp demo-go demo-csharp quickstart-csharp install dist stage test test-long test-fuzz test-rust test-header test-abi test-cpp \
  test-go test-csharp test-conformance test-install test-examples test-collector lint bench clean

all: $(SONAME) $(ARCHIVE)

# Release artefacts have these two crate types alone: with "lib" among them link-time optimisation is lost.
$(SO): $(RUST_SOURCES)
	$(RELEASE_CARGO) rustc --release --locked --lib --crate-type cdylib,staticlib
	@touch $@

$(SONAME): $(SO)
	@ln -sf libagentotel.so $@

# The archive as it is handed out: one object in which only agentotel_* is global, so that two Rust libraries can be
# linked into one program.
$(ARCHIVE): $(SO) tools/archive.sh
	tools/archive.sh $(RELEASE)/libagentotel.a $@

$(PANIC_SO): $(RUST_SOURCES)
	$(RELEASE_CARGO) rustc --release --locked --lib --crate-type cdylib --features test-panic --target-dir $(PANIC)
	@touch $@

$(EXAMPLES)/replay: $(SONAME) $(wildcard examples/c/*.c examples/c/*.h) include/agentotel.h
	$(MAKE) -B -C examples/c OUT=$(abspath $(EXAMPLES)) CPPFLAGS=-I$(abspath include) \
	  LDLIBS="$(abspath $(SONAME)) -Wl,-rpath,$(abspath $(RELEASE))"

demo: $(EXAMPLES)/replay
	@rm -f target/demo.jsonl
	$(EXAMPLES)/replay --out target/demo.jsonl examples/c/transcript.jsonl

install: all
	PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) LIBDIR=$(LIBDIR) tools/install.sh $(SO) $(ARCHIVE)

dist: all
	tools/dist.sh $(SO) $(ARCHIVE) target/dist

# Below target, for the tests and examples of languages that find the library by pkg-config.
stage: all
	@PREFIX=$(abspath $(STAGE)) tools/install.sh $(SO) $(ARCHIVE)

# A tool-calling agent with a stub of a model and a tool server in another process; shows its trace.
demo-cpp: stage
	$(STAGED) $(MAKE) -s -C examples/cpp OUT=$(abspath $(EXAMPLES))/cpp
	@rm -f target/cpp.jsonl
	@$(STAGED) $(EXAMPLES)/cpp/agent '{"exporters":[{"type":"console"},{"type":"file","path":"$(abspath target)/cpp.jsonl"}]}'

demo-go: stage
	cd examples/go && $(STAGED) go build -o $(abspath $(EXAMPLES))/go/ ./...
	@rm -f target/go.jsonl
	@$(STAGED) $(EXAMPLES)/go/agent '{"exporters":[{"type":"console"},{"type":"file","path":"$(abspath target)/go.jsonl"}]}'

# With Mono. It asks the environment where the library is, and how threads are stopped (docs/csharp.md).
MONO = AGENTOTEL_LIBRARY=$(abspath $(SO)) MONO_THREADS_SUSPEND=hybrid mono
CSHARP := target/csharp

demo-csharp: $(SONAME)
	@tests/csharp/build.sh $(CSHARP)
	@rm -f target/csharp.jsonl
	@$(MONO) $(CSHARP)/agent.exe '{"exporters":[{"type":"console"},{"type":"file","path":"$(abspath target)/csharp.jsonl"}]}'

quickstart-csharp: $(SONAME)
	@tests/csharp/build.sh $(CSHARP)
	$(MONO) $(CSHARP)/quickstart.exe

test: test-rust test-header test-abi test-cpp test-go test-csharp test-conformance test-install test-examples test-collector test-fuzz lint
	@echo "all tests passed"

# Agents report to a real Collector in some of them; without Go there is none, which is said.
test-rust:
	@! command -v go >/dev/null || (cd tests/collector && go build -o ../../$(COLLECTOR) .)
	AGENTOTEL_TEST_COLLECTOR=$(abspath $(COLLECTOR)) $(CARGO) test --locked --features schema,test-failpoints
	$(CARGO) test --locked --doc

# Readers of bytes that the library did not write itself, 20 seconds each.
test-fuzz:
	fuzz/run.sh

# 25,000 kills, 1,000,000 sequences of the journal's model, 100,000 losses of power, every bit of 64 KiB, every call of the
# store × every error once and for good, 4 hours of load, 1,000 forks, a minute's stop, an hour of each fuzz target.
LONG ?= 1
test-long:
	@! command -v go >/dev/null || (cd tests/collector && go build -o ../../$(COLLECTOR) .)
	AGENTOTEL_LONG=$(LONG) AGENTOTEL_TEST_COLLECTOR=$(abspath $(COLLECTOR)) \
	  $(CARGO) test --locked --features schema,test-failpoints --lib --test crash --test faults --test processes --test soak \
	  -- --nocapture
	AGENTOTEL_LONG=$(LONG) fuzz/run.sh

# The committed header is what the sources say.
test-header:
	$(CARGO) check --locked
	@git diff --exit-code --stat -- include/agentotel.h || \
	  { echo "include/agentotel.h is stale: commit what the build has made of it"; exit 1; }

test-abi: $(SONAME) $(ARCHIVE) $(PANIC_SO)
	SO=$(SO) A=$(ARCHIVE) PANIC_SO=$(PANIC_SO) OUT=target/abi tests/abi/run.sh

test-cpp: $(SONAME) $(ARCHIVE)
	SO=$(SO) A=$(ARCHIVE) OUT=target/cpp tests/cpp/run.sh

test-go: stage
	STAGE=$(STAGE) tests/go/run.sh

test-csharp: $(SONAME)
	SO=$(SO) OUT=$(CSHARP) tests/csharp/run.sh

# The programs of all languages export the same; through a Collector too, where there is Go to build one.
test-conformance: stage
	@! command -v go >/dev/null || (cd tests/collector && go build -o ../../$(COLLECTOR) .)
	SO=$(SO) STAGE=$(STAGE) OUT=target/conformance COLLECTOR=$(abspath $(COLLECTOR)) tests/conformance/run.sh

test-install: all
	SO=$(SO) A=$(ARCHIVE) tests/install/run.sh

# The demo shows a tree; the example's own checks of the counters decide.
test-examples: $(EXAMPLES)/replay
	tests/agents.sh
	@rm -f target/demo.jsonl
	$(EXAMPLES)/replay --out target/demo.jsonl examples/c/transcript.jsonl > target/demo.txt
	@grep -q 'invoke_agent' target/demo.txt && grep -q '"resourceSpans"' target/demo.jsonl
	@$(EXAMPLES)/http_hop > target/hop.txt
	@grep -q '^baggage: tenant=J.%20Doe%20&%20sons$$' target/hop.txt

test-collector: $(EXAMPLES)/replay
	CHECK=$(CHECK) COLLECTOR=$(COLLECTOR) REPLAY=$(EXAMPLES)/replay tests/collector/run.sh

lint:
	tools/lint.sh

bench: $(SONAME) $(ARCHIVE)
	benches/run.sh $(abspath $(SO))

clean:
	rm -rf target
