// A weather station's day book: reads `TIME STATION DEGREES` lines from the standard input or from
// the files named, and prints a table for each station. What it is really for is to have Go's
// runtime in a Wasm module: goroutines, channels, select, maps, garbage, panics, floating point.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
)

type reading struct {
	station string
	degrees float64
}

type summary struct {
	count          int
	low, high, sum float64
	history        []float64
}

var errFields = errors.New("three fields wanted")

func parse(line string) (reading, error) {
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return reading{}, errFields
	}
	degrees, err := strconv.ParseFloat(fields[2], 64)
	if err != nil {
		return reading{}, fmt.Errorf("%q is no temperature", fields[2])
	}
	return reading{fields[1], degrees}, nil
}

// read sends what it parses, in order, and counts the lines that it could not.
func read(name string, in io.Reader, out chan<- reading) (wrong int) {
	scanner := bufio.NewScanner(in)
	for number := 1; scanner.Scan(); number++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parse(line)
		if err != nil {
			fmt.Printf("%s:%d: %v\n", name, number, err)
			wrong++
			continue
		}
		out <- r
	}
	return wrong
}

func collect(in <-chan reading) map[string]*summary {
	stations := make(map[string]*summary)
	for r := range in {
		s := stations[r.station]
		if s == nil {
			s = &summary{low: math.Inf(1), high: math.Inf(-1)}
			stations[r.station] = s
		}
		s.count++
		s.sum += r.degrees
		s.low = math.Min(s.low, r.degrees)
		s.high = math.Max(s.high, r.degrees)
		s.history = append(s.history, r.degrees)
	}
	return stations
}

func (s *summary) median() float64 {
	sorted := append([]float64(nil), s.history...)
	sort.Float64s(sorted)
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// primes runs Hoare's sieve: one goroutine for each prime, a chain of unbuffered channels.
func primes(count int) []int {
	done := make(chan struct{})
	defer close(done)
	source := make(chan int)
	// The channels are passed, not captured: `source` moves on along the chain.
	go func(out chan<- int) {
		for n := 2; ; n++ {
			select {
			case out <- n:
			case <-done:
				return
			}
		}
	}(source)
	var found []int
	for len(found) < count {
		prime := <-source
		found = append(found, prime)
		next := make(chan int)
		go func(in <-chan int, out chan<- int) {
			for {
				select {
				case n := <-in:
					if n%prime == 0 {
						continue
					}
					select {
					case out <- n:
					case <-done:
						return
					}
				case <-done:
					return
				}
			}
		}(source, next)
		source = next
	}
	return found
}

type node struct{ left, right *node }

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{tree(depth - 1), tree(depth - 1)}
}

func (n *node) size() int {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.size() + n.right.size()
}

// guarded turns a panic of the runtime into text.
func guarded(f func()) (message string) {
	defer func() { message = fmt.Sprint(recover()) }()
	f()
	return "no panic"
}

func main() {
	readings := make(chan reading, 4)
	var wrong int
	go func() {
		defer close(readings)
		if len(os.Args) < 2 {
			wrong = read("stdin", os.Stdin, readings)
		}
		for _, path := range os.Args[1:] {
			file, err := os.Open(path)
			if err != nil {
				fmt.Printf("cannot open %s\n", filepath.Base(path))
				wrong++
				continue
			}
			wrong += read(filepath.Base(path), file, readings)
			file.Close()
		}
	}()
	stations := collect(readings)

	names := make([]string, 0, len(stations))
	for name := range stations {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Printf("%-12s %5s %8s %8s %8s %8s\n", "station", "count", "low", "mean", "median", "high")
	for _, name := range names {
		s := stations[name]
		fmt.Printf("%-12s %5d %8.2f %8.3f %8.2f %8.2f\n", name, s.count, s.low, s.sum/float64(s.count), s.median(), s.high)
	}

	fmt.Println("primes:", primes(12))

	var total int
	var lock sync.Mutex
	var group sync.WaitGroup
	for depth := 1; depth <= 10; depth++ {
		group.Add(1)
		go func(depth int) {
			defer group.Done()
			size := 0
			for round := 0; round < 8; round++ {
				size += tree(depth).size()
			}
			lock.Lock()
			total += size
			lock.Unlock()
		}(depth)
	}
	group.Wait()
	fmt.Println("nodes:", total)

	var empty []int
	var nowhere *summary
	index := len(names) + 7
	fmt.Println("index:", guarded(func() { _ = empty[index] }))
	fmt.Println("nil:", guarded(func() { fmt.Println(nowhere.count) }))
	if wrong > 0 {
		os.Exit(1)
	}
}
