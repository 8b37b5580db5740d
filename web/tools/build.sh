#!/usr/bin/env bash
# Builds the compiler for browsers: `web/pkg/cells.wasm`, which `web/tools/package.mjs` puts the rest of the package around.
#
#     web/tools/build.sh [--limit BYTES COMPRESSED]
#
# Takes the rustup target wasm32-unknown-unknown where it is installed, and else Debian's packages `rustc-web cargo-web rust-web-src
# lld-16`, which have no library for that target: Cargo then builds the standard library as well. `wasm-opt` of the package
# `binaryen` makes the module small. UPSHIFT_WEB_RUST=rustup or =debian insists on one of the two.
#
# Ends with 3 where neither is installed, and with 4 where the module is larger than the limits, as it is or compressed by gzip.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=wasm32-unknown-unknown
limit= compressed_limit=
[ "${1:-}" = --limit ] && limit=$2 compressed_limit=$3
choice=${UPSHIFT_WEB_RUST:-}

has_rustup_target() {
    local libraries
    libraries=$(rustc --print target-libdir --target $target 2>/dev/null) && [ -n "$(compgen -G "$libraries/libstd-*.rlib")" ]
}

# Debian's linker has the version of its LLVM in its name.
debian_linker() {
    compgen -c wasm-ld- | sort -V | tail -1
}

has_debian() {
    [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/std" ] &&
        [ -n "$(debian_linker)" ]
}

build=(build --release --locked --package upshift-cells-web --target "$target" --target-dir target/wasm)
# No path of this machine goes in.
flags="--remap-path-prefix=$PWD=."
# For size.
settings=(
    CARGO_PROFILE_RELEASE_OPT_LEVEL=z CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
    CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_STRIP=none
)

if [ "$choice" != debian ] && has_rustup_target; then
    echo "web: the toolchain's own $target, $(rustc --version)"
    env "${settings[@]}" RUSTFLAGS="$flags" cargo "${build[@]}"
elif [ "$choice" != rustup ] && has_debian; then
    linker=$(debian_linker)
    echo "web: Debian's Rust with -Zbuild-std, $(/usr/bin/rustc --version), $linker"
    # A panic is a bug here and ends the module; without its message the module is smaller.
    env "${settings[@]}" CARGO_PROFILE_RELEASE_PANIC=immediate-abort RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc \
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linker" RUSTFLAGS="$flags" \
        /usr/bin/cargo "${build[@]}" -Zpanic-immediate-abort -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size
else
    echo "web: no Rust for $target: \`rustup target add $target\`, or Debian's rustc-web, cargo-web, rust-web-src and lld-16" >&2
    exit 3
fi

made=target/wasm/$target/release/upshift_cells_web.wasm
mkdir -p web/pkg
if command -v wasm-opt >/dev/null; then
    wasm-opt -Oz --enable-bulk-memory --enable-sign-ext --enable-mutable-globals --enable-nontrapping-float-to-int \
        --enable-multivalue --enable-reference-types --strip-producers --strip-target-features "$made" -o web/pkg/cells.wasm
else
    echo "web: no wasm-opt (Debian's binaryen): the module is larger than it could be" >&2
    cp "$made" web/pkg/cells.wasm
    limit=
fi
size=$(wc -c <web/pkg/cells.wasm)
compressed=$(gzip -9 -c web/pkg/cells.wasm | wc -c)
echo "web: web/pkg/cells.wasm has $size bytes, $compressed compressed, $(wc -c <"$made") before wasm-opt"
if [ -n "$limit" ] && { [ "$size" -gt "$limit" ] || [ "$compressed" -gt "$compressed_limit" ]; }; then
    echo "web: it may have $limit bytes, $compressed_limit compressed" >&2
    exit 4
fi
