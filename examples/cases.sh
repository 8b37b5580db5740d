#!/bin/sh
# Runs the cases of cases.txt without cargo.
#
#   examples/cases.sh bless                  expected/*.txt anew, from the programs built for this machine
#   examples/cases.sh native                 compares the programs built for this machine with expected/
#   examples/cases.sh RUNTIME [ARG...]       compares a runtime, e.g. `examples/cases.sh wasmtime run`
#
# A runtime must know --dir HOST::GUEST, --env NAME=VALUE and the flags that a case has. A case whose module or compiler
# is missing is skipped.
set -eu
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 2
fi
mode=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0
failed=0
skipped=0

# Prints the path of the native program, or nothing when the machine has no compiler for it.
native_program() {
    program="$scratch/$(echo "$1" | tr '/.' '__')"
    if [ ! -e "$program" ]; then
        case $1 in
            *.c) command -v cc > "$scratch/log" && cc -std=c11 -O1 "$1" -o "$program" ;;
            *.cpp) command -v c++ > "$scratch/log" && c++ -std=c++17 -O1 "$1" -o "$program" ;;
            *.rs) command -v rustc > "$scratch/log" && rustc --edition 2021 -O "$1" -o "$program" ;;
            *.mbt) [ -n "${MOONPAD:-}" ] && node "$(dirname "$1")/compile.mjs" js "$program" "$1" "$(dirname "$1")/host_js.mbt" ;;
            *.go) command -v go > "$scratch/log" && (cd "$(dirname "$1")" && go build -o "$program" .) ;;
        esac >&2 || return 0
    fi
    echo "$program"
}

# A field without the blanks around it; nothing for `-`.
field() {
    text=$(echo "$1" | sed 's/^ *//; s/ *$//')
    if [ "$text" != - ]; then
        echo "$text" | sed "s|{tmp}|$tmp|g"
    fi
}

skip() {
    echo "skip  $name: $1"
    skipped=$((skipped + 1))
}

fail() {
    echo "FAIL  $name: $1"
    bad=1
}

# Called with the words of the runtime's command; the fields of the case are in the variables of the loop below.
run_case() {
    tmp="$scratch/tmp"
    rm -rf "$tmp"
    mkdir "$tmp"
    module=$(field "$module")
    native=$(field "$native")
    args=$(field "$args")
    stdin=$(field "$stdin")
    flags=$(field "$flags")
    dirs=$(field "$dirs")
    env=$(field "$env")
    writes=$(field "$writes")
    exit=$(field "$exit")
    expected="examples/expected/$name"

    # Variables without quotes are split into words: no field holds a blank that is meant.
    if [ "$mode" = bless ] || [ "$mode" = native ]; then
        program=""
        if [ -n "$native" ]; then
            program=$(native_program "$native")
        fi
        if [ -z "$program" ]; then
            skip "nothing native"
            return
        fi
        set -- env -i $env "$program" $args
    else
        if [ ! -e "$module" ]; then
            skip "no $module"
            return
        fi
        for dir in $dirs; do flags="$flags --dir $dir"; done
        for variable in $env; do flags="$flags --env $variable"; done
        set -- "$@" $flags "$module" $args
    fi

    code=0
    "$@" < "${stdin:-/dev/null}" > "$scratch/stdout" 2> "$scratch/stderr" || code=$?

    bad=0
    [ "$code" = "$exit" ] || fail "exit code $code, expected $exit"
    if [ "$mode" = bless ]; then
        cp "$scratch/stdout" "$expected.txt"
        if [ -n "$writes" ]; then cp "$tmp/$writes" "$expected.written.txt"; fi
    else
        diff "$expected.txt" "$scratch/stdout" || fail "another standard output"
        if [ -n "$writes" ]; then
            diff "$expected.written.txt" "$tmp/$writes" || fail "another $writes"
        fi
        [ "$bad" = 0 ] || cat "$scratch/stderr"
    fi
    if [ "$bad" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

while IFS='|' read -r name module native args stdin flags dirs env writes exit; do
    name=$(echo "$name" | tr -d ' ')
    case $name in '' | '#'*) continue ;; esac
    run_case "$@"
done < examples/cases.txt

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
