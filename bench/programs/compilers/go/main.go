// One module with all programs, as the runtime of Go is most of it: the first argument is the name of a program. It is
// what ../../bench.h is for the programs in C: a WASI command that runs a function of a count, prints the result and
// checks it. With `--steady MS` it does so at least three times and until that many milliseconds have passed, and prints
// a line `iteration NANOSECONDS` each time.
package main

import (
	"os"
	"strconv"
	"unsafe"
)

type program struct {
	name     string
	work     func(count uint32) uint32
	count    uint32
	expected uint32
}

var programs = []program{
	{"fib", fib, 33, 3524578},
	{"tak", tak, 27, 18},
	{"arith", arith, 10_000_000, 10_000_000},
	{"sieve", sieve, 4, 313992},
	{"fib_loop", fibLoop, 2_000_000, 0x4a128fa4},
	{"gcd", gcd, 300_000, 0x0027932e},
	{"nqueens", nqueens, 11, 2680},
	{"mfr", mfr, 1000, 0xd5470073},
	{"list", list, 100, 0x1b49636e},
	{"work", work, 25, 0x0fd4b419},
	{"strings", stringsOf, 40, 0x22b1fb63},
}

// Package time would make the module a tenth larger.
//
//go:wasmimport wasi_snapshot_preview1 clock_time_get
func clockTimeGet(clock uint32, precision uint64, time unsafe.Pointer) uint32

func nanoseconds() uint64 {
	var time uint64
	if clockTimeGet(1, 1, unsafe.Pointer(&time)) != 0 {
		fail("no clock")
	}
	return time
}

func fail(message string) {
	os.Stderr.WriteString(message + "\n")
	os.Exit(2)
}

func number(word string) uint64 {
	value, err := strconv.ParseUint(word, 10, 32)
	if err != nil {
		fail("not a number: " + word)
	}
	return value
}

func (p program) run(words []string) {
	count, steady, room := p.count, false, uint64(0)
	if last := len(words) - 2; last >= 0 && words[last] == "--steady" {
		steady, room = true, number(words[last+1])*1_000_000
		words = words[:last]
	}
	if len(words) > 0 {
		count = uint32(number(words[0]))
	}
	first := nanoseconds()
	for done := 1; ; done++ {
		before := nanoseconds()
		result := p.work(count)
		after := nanoseconds()
		wrong := count == p.count && result != p.expected
		if !steady || wrong {
			hex := strconv.FormatUint(1<<32|uint64(result), 16)[1:]
			os.Stdout.WriteString(p.name + "(" + strconv.FormatUint(uint64(count), 10) + ") = 0x" + hex + "\n")
			if wrong {
				os.Exit(1)
			}
			return
		}
		os.Stdout.WriteString("iteration " + strconv.FormatUint(after-before, 10) + "\n")
		if done >= 3 && after-first >= room {
			return
		}
	}
}

func main() {
	if len(os.Args) > 1 {
		for _, p := range programs {
			if p.name == os.Args[1] {
				p.run(os.Args[2:])
				return
			}
		}
	}
	fail("usage: programs NAME [COUNT] [--steady MS]")
}

// Numbers that look random and are the same everywhere: xorshift of 32 bits.
type random uint32

func (r *random) next() uint32 {
	x := uint32(*r)
	x ^= x << 13
	x ^= x >> 17
	x ^= x << 5
	*r = random(x)
	return x
}

// FNV-1a, to make 32 bits of a text.
func digest(hash uint32, text string) uint32 {
	for i := 0; i < len(text); i++ {
		hash = (hash ^ uint32(text[i])) * 16777619
	}
	return hash
}

const digestStart uint32 = 2166136261
