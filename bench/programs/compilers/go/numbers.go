package main

// Fibonacci's numbers by their definition.
func fib(n uint32) uint32 {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func takeuchi(x, y, z int32) int32 {
	if y >= x {
		return z
	}
	return takeuchi(takeuchi(x-1, y, z), takeuchi(y-1, z, x), takeuchi(z-1, x, y))
}

// Takeuchi's function of a count, two thirds and one third of it.
func tak(n uint32) uint32 {
	third := int32(n) / 3
	return uint32(takeuchi(3*third, 2*third, third))
}

// How many random numbers are not zero: all, which is known of xorshift but not seen by a compiler.
func arith(count uint32) uint32 {
	state, found := random(1), uint32(0)
	for i := uint32(0); i < count; i++ {
		if state.next() != 0 {
			found++
		}
	}
	return found
}

const limit = 1_000_000

var crossed [limit]bool

// The primes below a million by the sieve of Eratosthenes, counted again in each round.
func sieve(rounds uint32) uint32 {
	count := uint32(0)
	for ; rounds > 0; rounds-- {
		clear(crossed[:])
		for n := 2; n < limit; n++ {
			if crossed[n] {
				continue
			}
			count++
			for multiple := 2 * n; multiple < limit; multiple += n {
				crossed[multiple] = true
			}
		}
	}
	return count
}

func fibonacci(n uint32) uint32 {
	this, next := uint32(0), uint32(1)
	for ; n > 0; n-- {
		this, next = next, this+next
	}
	return this
}

// The sum of many of Fibonacci's numbers, each found from the first on.
func fibLoop(count uint32) uint32 {
	sum := uint32(0)
	for i := uint32(0); i < count; i++ {
		sum += fibonacci(i % 32)
	}
	return sum
}

func divisor(a, b uint32) uint32 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// The sum of the greatest common divisors of random pairs, by Euclid's divisions.
func gcd(count uint32) uint32 {
	state, sum := random(1), uint32(0)
	for i := uint32(0); i < count; i++ {
		a, b := state.next(), state.next()
		sum += divisor(a, b)
	}
	return sum
}

// The column of the queen in each row.
var board []int

func safe(row, column int) bool {
	for above, other := range board[:row] {
		if other == column || row-above == column-other || row-above == other-column {
			return false
		}
	}
	return true
}

func place(row, size int) uint32 {
	if row == size {
		return 1
	}
	count := uint32(0)
	for column := 0; column < size; column++ {
		if safe(row, column) {
			board[row] = column
			count += place(row+1, size)
		}
	}
	return count
}

// In how many ways that many queens leave each other alone.
func nqueens(size uint32) uint32 {
	board = make([]int, size)
	return place(0, int(size))
}

const numberCount = 4096

var numbers, kept [numberCount]uint64

func scramble(x uint64) uint64 {
	return x*0x9e3779b97f4a7c15 ^ x>>29
}

func add(sum, x uint64) uint64 {
	return (sum<<7 | sum>>57) + x
}

func mapNumbers() {
	for i := 0; i < numberCount; i += 4 {
		numbers[i] = scramble(numbers[i])
		numbers[i+1] = scramble(numbers[i+1])
		numbers[i+2] = scramble(numbers[i+2])
		numbers[i+3] = scramble(numbers[i+3])
	}
}

// Copies what is no multiple of four, and returns how much that is.
func filterNumbers() int {
	count := 0
	for i := 0; i < numberCount; i += 4 {
		a, b, c, d := numbers[i], numbers[i+1], numbers[i+2], numbers[i+3]
		if a%4 != 0 {
			kept[count] = a
			count++
		}
		if b%4 != 0 {
			kept[count] = b
			count++
		}
		if c%4 != 0 {
			kept[count] = c
			count++
		}
		if d%4 != 0 {
			kept[count] = d
			count++
		}
	}
	return count
}

func reduceNumbers(count int) uint64 {
	a, b, c, d := uint64(1), uint64(2), uint64(3), uint64(4)
	i := 0
	for ; i+4 <= count; i += 4 {
		a = add(a, kept[i])
		b = add(b, kept[i+1])
		c = add(c, kept[i+2])
		d = add(d, kept[i+3])
	}
	for ; i < count; i++ {
		a = add(a, kept[i])
	}
	return add(add(add(a, b), c), d)
}

// Map, filter and reduce over an array of 64-bit numbers, four at a time.
func mfr(rounds uint32) uint32 {
	for i := range numbers {
		numbers[i] = uint64(i) + 1
	}
	sum := uint64(0)
	for ; rounds > 0; rounds-- {
		mapNumbers()
		sum = add(sum, reduceNumbers(filterNumbers()))
	}
	return uint32(sum ^ sum>>32)
}
