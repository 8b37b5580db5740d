#!/bin/sh
# Rebuilds the .wasm files beside the sources; what has no toolchain here is skipped with a line.
# They are committed, as some runtimes do not read the text format and few machines have a C compiler for Wasm.
#
#   text format  wat2wasm (wabt)
#   C            zig: $ZIG, or `zig`, or `python3 -m ziglang` (pip install ziglang)
set -eu
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Moved into place only when it is complete, and with the same mode whatever the toolchain gave it.
install_wasm() {
    chmod 644 "$scratch/out.wasm"
    mv "$scratch/out.wasm" "$1"
    echo "built $1, $(wc -c < "$1" | tr -d ' ') bytes"
}

if command -v wat2wasm > "$scratch/log"; then
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
    echo "skip  c/*.c: no zig"
    exit 0
fi
for source in c/*.c; do
    # Without a C library, so that the module imports nothing. $zig may be several words.
    $zig cc -target wasm32-freestanding -std=c11 -O2 -s -Wall -Wextra -nostdlib -Wl,--no-entry "$source" \
        -o "$scratch/out.wasm"
    install_wasm "${source%.c}.wasm"
done
