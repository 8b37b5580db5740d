#!/bin/sh
# Makes modules with the legacy instructions of exceptions, and the same modules with those of the standard.
#
#   fuzz/binaryen.sh COUNT DIR [FEATURE...]     DIR/N.legacy.wasm and DIR/N.exnref.wasm, N from 0 on
#
# By binaryen (npm install binaryen): $WASM_OPT or `wasm-opt`, which makes a module of random bytes, and `try_table` of `try`.
# A FEATURE is one of its --enable-FEATURE, beside those below.
set -eu
if [ $# -lt 2 ]; then
    sed -n '4s/^# *//p' "$0"
    exit 2
fi
wasm_opt="${WASM_OPT:-wasm-opt}"
count=$1
dir=$2
shift 2
features=""
for feature in exception-handling reference-types multivalue sign-ext bulk-memory bulk-memory-opt mutable-globals \
    nontrapping-float-to-int tail-call simd "$@"; do
    features="$features --enable-$feature"
done
mkdir -p "$dir"
n=0
while [ "$n" -lt "$count" ]; do
    head -c $((1000 + n % 16 * 2000)) /dev/urandom > "$dir/bytes"
    "$wasm_opt" "$dir/bytes" --translate-to-fuzz --no-fuzz-oob $features -o "$dir/$n.legacy.wasm" --quiet
    "$wasm_opt" "$dir/$n.legacy.wasm" $features --translate-to-exnref -o "$dir/$n.exnref.wasm"
    n=$((n + 1))
done
rm -f "$dir/bytes"
