#!/bin/sh
# Whether all programs do what they should, in each of the runtimes given:
#
#   programs/check.sh "target/release/upshift run" "wasmtime run"
#
# The programs in C print the same as modules and compiled for this machine, and those in other languages print the same
# as the ones in C. A program without WASI prints nothing as a module: it only has to succeed. With `--steady` each
# prints three lines or more. What a runtime or this directory does not have is skipped with a line.
#
# Natively the programs are compiled without vectorisation, and with every check of undefined behaviour that the compiler
# has.
set -eu
cd "$(dirname "$0")"
home=$OLDPWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

# A module with its arguments in $runtime, which may be several words; its path is from where this script was called.
run() {
    module=$PWD/$1
    shift
    # shellcheck disable=SC2086
    (cd "$home" && $runtime "$module" "$@") > "$scratch/printed" 2> "$scratch/errors"
}

fail() {
    echo "FAIL  $1, $runtime: $(cat "$scratch/printed" "$scratch/errors")"
    failed=1
}

# Whether a module prints what is in $scratch/expected.
same() {
    for runtime in "$@"; do
        # shellcheck disable=SC2086
        if ! run $module_and_arguments || ! cmp -s "$scratch/expected" "$scratch/printed"; then
            fail "$module_and_arguments"
        fi
    done
}

# Whether a module repeats its work and prints nothing else.
steady() {
    for runtime in "$@"; do
        # shellcheck disable=SC2086
        if ! run $module_and_arguments --steady 1 || grep -qv '^iteration [0-9][0-9]*$' "$scratch/printed" ||
            [ "$(wc -l < "$scratch/printed")" -lt 3 ]; then
            fail "$module_and_arguments --steady 1"
        fi
    done
}

for source in c/*.c shootout/*.c crypto/*.c simd/*.c compilers/c/*.c; do
    name=$(basename "$source" .c)
    "${CC:-cc}" -std=c11 -O2 -fno-tree-vectorize -fsanitize=undefined -fno-sanitize-recover=undefined -Wall -Wextra \
        -o "$scratch/native" "$source"
    if ! "$scratch/native" > "$scratch/expected"; then
        echo "FAIL  $source, native: $(cat "$scratch/expected")"
        failed=1
    fi
    case $source in
    c/*)
        module_and_arguments=steady/$source
        module_and_arguments=${module_and_arguments%.c}.wasm
        same "$@"
        steady "$@"
        : > "$scratch/expected"
        module_and_arguments=${source%.c}.wasm
        same "$@"
        ;;
    compilers/*)
        for module_and_arguments in "compilers/c/$name.wasm" "compilers/as/$name.wasm" "compilers/go/programs.wasm $name"; do
            if [ -e "${module_and_arguments% *}" ]; then
                same "$@"
                steady "$@"
            else
                echo "skip  $module_and_arguments: not built"
            fi
        done
        ;;
    *)
        module_and_arguments=${source%.c}.wasm
        same "$@"
        steady "$@"
        ;;
    esac
    echo "done  $source"
done

: > "$scratch/expected"
for source in *.wat host/*.wat; do
    module_and_arguments=${source%.wat}.wasm
    same "$@"
    module_and_arguments=steady/${source%.wat}.wasm
    # One has nothing to repeat, and what a host calls it repeats itself.
    case $source in empty.wat | host/*) ;; *) steady "$@" ;; esac
    echo "done  $source"
done

for runtime in "$@"; do
    if ! run gc/probe.wasm; then
        echo "skip  gc/*.wat, $runtime: no garbage collection"
        continue
    fi
    for source in gc/*.wat; do
        if [ "$source" = gc/probe.wat ]; then continue; fi
        module_and_arguments=${source%.wat}.wasm
        same "$runtime"
        module_and_arguments=steady/$module_and_arguments
        steady "$runtime"
        echo "done  $source, $runtime"
    done
done
exit "$failed"
