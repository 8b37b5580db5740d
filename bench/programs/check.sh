#!/bin/sh
# Whether the programs in C print the same as modules and compiled for this machine, in each of the runtimes given:
#
#   programs/check.sh "target/release/upshift run" "wasmtime run"
#
# Natively they are compiled without vectorisation, and with every check of undefined behaviour that the compiler has.
# A program without WASI prints nothing as a module: it only has to succeed.
set -eu
cd "$(dirname "$0")"
home=$OLDPWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

for source in c/*.c shootout/*.c crypto/*.c simd/*.c; do
    module=${source%.c}.wasm
    "${CC:-cc}" -std=c11 -O2 -fno-tree-vectorize -fsanitize=undefined -fno-sanitize-recover=undefined -Wall -Wextra \
        -o "$scratch/native" "$source"
    if ! "$scratch/native" > "$scratch/expected"; then
        echo "FAIL  $source, native: $(cat "$scratch/expected")"
        failed=1
    fi
    case $source in c/*) : > "$scratch/expected" ;; esac
    for runtime in "$@"; do
        # $runtime may be several words, and its path is from where this was called.
        # shellcheck disable=SC2086
        if ! (path=$PWD/$module && cd "$home" && $runtime "$path") > "$scratch/printed" ||
            ! cmp -s "$scratch/expected" "$scratch/printed"; then
            echo "FAIL  $source, $runtime: $(cat "$scratch/printed")"
            failed=1
        fi
    done
    echo "done  $source"
done
exit "$failed"
