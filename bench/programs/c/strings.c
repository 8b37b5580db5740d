/* Short loops over bytes with an early way out: text is made, split, searched, changed and put together again. */

#include "../bench.h"

#define ROOM 65536
#define WORDS 8192

static char text[ROOM];
static char joined[ROOM];
static const char *words[WORDS];

static size_t length_of(const char *string)
{
    size_t length = 0;
    while (string[length] != '\0')
        length++;
    return length;
}

static int compare(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right)
        left++, right++;
    return (unsigned char)*left - (unsigned char)*right;
}

static char *append(char *to, const char *from)
{
    while ((*to = *from) != '\0')
        to++, from++;
    return to;
}

static char *append_number(char *to, uint32_t number)
{
    char digits[12];
    char *at = digits + sizeof digits;
    *--at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return append(to, at);
}

/* How often the needle is in the text, overlaps included. */
static uint32_t occurrences(const char *in, const char *needle)
{
    uint32_t count = 0;
    for (; *in != '\0'; in++) {
        const char *a = in, *b = needle;
        while (*b != '\0' && *a == *b)
            a++, b++;
        count += *b == '\0';
    }
    return count;
}

static void reverse(char *start)
{
    char *end = start + length_of(start);
    while (start < end) {
        char c = *start;
        *start++ = *--end;
        *end = c;
    }
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Cuts the text at its blanks, and returns how many words there are. */
static size_t split(char *from)
{
    size_t count = 0;
    while (*from != '\0' && count < WORDS) {
        while (*from == ' ')
            *from++ = '\0';
        if (*from == '\0')
            break;
        words[count++] = from;
        while (*from != ' ' && *from != '\0')
            from++;
    }
    return count;
}

/* Shell's sort, to have many comparisons of strings that begin alike. */
static void sort(size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < count; i++) {
            const char *word = words[i];
            size_t at = i;
            for (; at >= gap && compare(word, words[at - gap]) < 0; at -= gap)
                words[at] = words[at - gap];
            words[at] = word;
        }
    }
}

uint32_t strings(uint32_t rounds)
{
    static const char *const stems[] = {"under", "understand", "stand", "standing", "or", "order", "border", "a"};
    uint32_t hash = DIGEST_START;
    uint32_t state = 7;
    for (uint32_t round = 0; round < rounds; round++) {
        char *end = text;
        for (int i = 0; i < 1500; i++) {
            uint32_t random = next_random(&state);
            end = append(end, stems[random & 7]);
            if (random & 8)
                end = append_number(end, random >> 24);
            if (random & 16)
                end = append(end, stems[random >> 5 & 7]);
            end = append(end, " ");
        }
        uint32_t found = occurrences(text, "order") * 31 + occurrences(text, "standing or");
        size_t count = split(text);
        sort(count);

        end = joined;
        for (size_t i = 0; i < count; i++) {
            char *start = end;
            if (i > 0 && compare(words[i], words[i - 1]) == 0)
                continue;
            end = append(end, words[i]);
            if (i % 2 == 0)
                reverse(start);
            for (char *at = start; i % 3 == 0 && at < end; at++)
                *at = upper(*at);
            end = append(end, ",");
        }
        hash = digest(hash ^ found, (const uint8_t *)joined, length_of(joined));
    }
    return hash;
}

BENCH(strings, 40, 0x7da9eba9)
