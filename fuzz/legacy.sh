#!/bin/sh
# Makes modules with the legacy instructions of exceptions, and the same modules with those of the standard.
#
#   fuzz/legacy.sh COUNT DIR        DIR/N.legacy.wasm and DIR/N.exnref.wasm, N from 0 on
#
# By binaryen (npm install binaryen): $WASM_OPT or `wasm-opt`, which makes a module of random bytes, and `try_table` of `try`.
set -eu
if [ $# -ne 2 ]; then
    sed -n '4s/^# *//p' "$0"
    exit 2
fi
wasm_opt="${WASM_OPT:-wasm-opt}"
features="--enable-exception-handling --enable-reference-types --enable-multivalue --enable-sign-ext --enable-bulk-memory"
features="$features --enable-bulk-memory-opt --enable-mutable-globals --enable-nontrapping-float-to-int"
features="$features --enable-tail-call --enable-simd"
mkdir -p "$2"
n=0
while [ "$n" -lt "$1" ]; do
    head -c $((1000 + n % 16 * 2000)) /dev/urandom > "$2/bytes"
    "$wasm_opt" "$2/bytes" --translate-to-fuzz --no-fuzz-oob $features -o "$2/$n.legacy.wasm" --quiet
    "$wasm_opt" "$2/$n.legacy.wasm" $features --translate-to-exnref -o "$2/$n.exnref.wasm"
    n=$((n + 1))
done
rm -f "$2/bytes"
