package main

import (
	"slices"
	"strconv"
	"strings"
)

type node struct {
	value uint32
	next  *node
}

func build(state *random) *node {
	var first *node
	for i := 0; i < 10_000; i++ {
		first = &node{state.next(), first}
	}
	return first
}

func reverse(first *node) *node {
	var done *node
	for first != nil {
		first.next, done, first = done, first, first.next
	}
	return done
}

// Without the multiples of three.
func thinOut(first *node) *node {
	for link := &first; *link != nil; {
		if (*link).value%3 == 0 {
			*link = (*link).next
		} else {
			link = &(*link).next
		}
	}
	return first
}

// Linked lists: built of ten thousand allocations, turned around, thinned out, summed up and dropped.
func list(rounds uint32) uint32 {
	state, hash := random(1), uint32(0)
	for ; rounds > 0; rounds-- {
		for node := thinOut(reverse(build(&state))); node != nil; node = node.next {
			hash = hash*31 + node.value
		}
	}
	return hash
}

const records = 2000

var houses = []string{"harbour", "hill", "station", "mill"}

type stock struct {
	name  string
	count uint32
	value uint64
}

func decimal(x uint32) string {
	return strconv.FormatUint(uint64(x), 10)
}

// A line is an item, a house, how many and the price of one.
func writeRecords(state *random) string {
	var text strings.Builder
	for i := 0; i < records; i++ {
		x := state.next()
		name, house := "item"+decimal(x%500), houses[x>>9&3]
		text.WriteString(name + "," + house + "," + decimal((x>>11)%100) + "," + decimal((x>>18)%10000) + "\n")
	}
	return text.String()
}

// What is worth more comes first, and of equals the first by name.
func compare(a, b *stock) int {
	if a.value != b.value {
		if a.value > b.value {
			return -1
		}
		return 1
	}
	return strings.Compare(a.name, b.name)
}

// A stock list: records are written as text and read again, added up by item in a map, sorted and summed up.
func work(rounds uint32) uint32 {
	state, hash := random(1), digestStart
	for ; rounds > 0; rounds-- {
		stocks := map[string]*stock{}
		houseCounts := map[string]uint32{}
		for text := writeRecords(&state); text != ""; {
			var name, house, countWord, priceWord string
			name, text, _ = strings.Cut(text, ",")
			house, text, _ = strings.Cut(text, ",")
			countWord, text, _ = strings.Cut(text, ",")
			priceWord, text, _ = strings.Cut(text, "\n")
			count, price := number(countWord), number(priceWord)
			entry := stocks[name]
			if entry == nil {
				entry = &stock{name: name}
				stocks[name] = entry
			}
			entry.count += uint32(count)
			entry.value += count * price
			houseCounts[house] += uint32(count)
		}
		sorted := make([]*stock, 0, len(stocks))
		for _, entry := range stocks {
			sorted = append(sorted, entry)
		}
		slices.SortFunc(sorted, compare)
		for _, entry := range sorted {
			hash = digest(hash, entry.name)
			hash = (hash ^ entry.count) * 16777619
			hash = (hash ^ uint32(entry.value)) * 16777619
		}
		for _, house := range houses {
			hash = (hash ^ houseCounts[house]) * 16777619
		}
	}
	return hash
}

var stems = []string{"under", "understand", "stand", "standing", "or", "order", "border", "a"}

// Sentences of ten words and a full stop, with blanks between all words.
func writeText(state *random) string {
	sentences := []string{}
	for i := 0; i < 150; i++ {
		sentence := ""
		for word := 0; word < 10; word++ {
			x := state.next()
			if word > 0 {
				sentence += " "
			}
			sentence += stems[x&7]
			if x&8 != 0 {
				sentence += decimal(x >> 24)
			}
			if x&16 != 0 {
				sentence += stems[x>>5&7]
			}
		}
		sentences = append(sentences, sentence+".")
	}
	return strings.Join(sentences, " ")
}

// The words with commas between them: those that begin with "under" in capitals, and without the shortest.
func splitAndJoin(text string) string {
	longer := []string{}
	for _, word := range strings.Split(text, " ") {
		if len(word) <= 2 {
			continue
		}
		if strings.HasPrefix(word, "under") {
			word = strings.ToUpper(word)
		}
		longer = append(longer, word)
	}
	return strings.Join(longer, ",")
}

// Text is put together, searched, split, changed in case, joined, and has a word replaced.
func stringsOf(rounds uint32) uint32 {
	state, hash := random(7), digestStart
	for ; rounds > 0; rounds-- {
		text := writeText(&state)
		hash ^= uint32(strings.Count(text, "order"))*31 + uint32(strings.Count(text, "standing or"))
		replaced := strings.ReplaceAll(splitAndJoin(text), "stand", "walk")
		hash = digest(hash, replaced)
		hash ^= uint32(strings.Count(strings.ToUpper(replaced), "WALKING,UNDER"))
	}
	return hash
}
