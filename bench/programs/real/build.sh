#!/bin/sh
# Builds the programs as modules, one .wasm each beside this file; what has no toolchain here is skipped with a line.
#
#   all      cargo, with the target wasm32-wasip1 (rustup target add wasm32-wasip1)
#   sqlite, quickjs   zig too, as a C compiler for that target: $ZIG, or `zig`, or `python3 -m ziglang`
#
# The modules name no path of this machine.
set -eu
cd "$(dirname "$0")"
here=$(pwd)
target=${CARGO_TARGET_DIR:-$here/target}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if ! command -v cargo > "$scratch/log"; then
    echo "skip  *: no cargo"
    exit 0
fi
if ! [ -d "$(rustc --print target-libdir --target wasm32-wasip1)" ]; then
    echo "skip  *: no target wasm32-wasip1"
    exit 0
fi

# Files of crates are named in panics: as `crates/…`, wherever cargo keeps them. Of two rules that match, rustc takes the
# later one.
home=${CARGO_HOME:-$HOME/.cargo}
flags="--remap-path-prefix=$here=."
for registry in "$home"/registry/src/*; do
    if [ -d "$registry" ]; then flags="$flags$(printf '\037')--remap-path-prefix=$registry=crates"; fi
done
# The standard library's own files, which a toolchain with rust-src would name by their place here.
flags="$flags$(printf '\037')--remap-path-prefix=$(rustc --print sysroot)/lib/rustlib/src/rust=rust"

build() {
    CARGO_ENCODED_RUSTFLAGS="$flags" CARGO_TARGET_DIR="$target" \
        cargo build --quiet --locked --release --target wasm32-wasip1 "$@"
}

# Moved into place only when it is complete.
install_wasm() {
    cp "$target/wasm32-wasip1/release/$1.wasm" "$scratch/out.wasm"
    chmod 644 "$scratch/out.wasm"
    mv "$scratch/out.wasm" "$1.wasm"
    echo "built $1.wasm, $(wc -c < "$1.wasm" | tr -d ' ') bytes"
}

cargo fetch --quiet --locked --target wasm32-wasip1
build --bins
for source in src/bin/*.rs; do
    name=$(basename "$source" .rs)
    case $name in sqlite | quickjs) ;; *) install_wasm "$name" ;; esac
done

zig=
if [ -n "${ZIG:-}" ]; then
    zig="$ZIG"
elif command -v zig > "$scratch/log"; then
    zig="zig"
elif python3 -c 'import ziglang' 2> "$scratch/log"; then
    zig="python3 -m ziglang"
else
    echo "skip  sqlite, quickjs: no zig"
fi
# Build scripts name the target as rustc does, which zig does not know.
cat > "$scratch/cc" << END
#!/bin/sh
for argument; do
    shift
    case \$argument in --target=*) ;; *) set -- "\$@" "\$argument" ;; esac
done
exec $zig cc -target wasm32-wasi "\$@"
END
cat > "$scratch/ar" << END
#!/bin/sh
exec $zig ar "\$@"
END
chmod 755 "$scratch/cc" "$scratch/ar"
export CC_wasm32_wasip1="$scratch/cc" AR_wasm32_wasip1="$scratch/ar"
export CFLAGS_wasm32_wasip1="-g0 -ffile-prefix-map=$home=crates -ffile-prefix-map=$target=target"
export RQUICKJS_SYS_NO_WASI_SDK=1
if [ -n "$zig" ]; then
    for name in sqlite quickjs; do
        build --features "$name" --bin "$name"
        install_wasm "$name"
    done
fi
