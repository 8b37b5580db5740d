#!/bin/sh
# Rebuilds the .wasm files beside the sources; what has no toolchain here is skipped with a line.
# They are committed, as some runtimes do not read the text format and few machines have a C compiler for Wasm.
#
#   text format  wat2wasm (wabt)
#   C            zig: $ZIG, or `zig`, or `python3 -m ziglang` (pip install ziglang)
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

if [ -n "$only" ]; then
    :
elif command -v wat2wasm > "$scratch/log"; then
    for source in *.wat; do
        wat2wasm "$source" -o "$scratch/out.wasm"
        install_wasm "${source%.wat}.wasm"
    done
else
    echo "skip  *.wat: no wat2wasm"
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
# The sources in a directory, compiled with some flags. $zig may be several words, and so are the flags.
compile() {
    directory=$1
    flags=$2
    for source in "$directory"/*.c; do
        if [ -n "$only" ] && [ "$source" != "$only" ]; then continue; fi
        # shellcheck disable=SC2086
        $zig cc -std=c11 -O2 -s -Wall -Wextra $flags "$source" -o "$scratch/out.wasm"
        install_wasm "${source%.c}.wasm"
    done
}

# Without a C library, so that these modules import nothing.
compile c "-target wasm32-freestanding -nostdlib -Wl,--no-entry"
compile shootout "-target wasm32-wasi"
compile crypto "-target wasm32-wasi"
compile simd "-target wasm32-wasi -msimd128"
