/* Text is put together, searched, split, changed in case, joined, and has a word replaced. */

#include "../../bench.h"

#include <string.h>

#define ROOM 65536
#define SENTENCES 150
#define WORDS 10

static char text[ROOM];
static char joined[ROOM];
static char replaced[ROOM];

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
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return append(to, at);
}

/* Sentences of ten words and a full stop, with blanks between all words. */
static void write_text(uint32_t *state)
{
    static const char *const stems[] = {"under", "understand", "stand", "standing", "or", "order", "border", "a"};
    char *end = text;
    for (int i = 0; i < SENTENCES; i++) {
        if (i > 0)
            end = append(end, " ");
        for (int word = 0; word < WORDS; word++) {
            uint32_t random = next_random(state);
            if (word > 0)
                end = append(end, " ");
            end = append(end, stems[random & 7]);
            if (random & 8)
                end = append_number(end, random >> 24);
            if (random & 16)
                end = append(end, stems[random >> 5 & 7]);
        }
        end = append(end, ".");
    }
}

/* Where the needle is first, NULL when it is nowhere. */
static const char *find(const char *in, const char *needle)
{
    for (; *in != '\0'; in++) {
        const char *a = in, *b = needle;
        while (*b != '\0' && *a == *b)
            a++, b++;
        if (*b == '\0')
            return in;
    }
    return NULL;
}

static uint32_t occurrences(const char *in, const char *needle)
{
    uint32_t count = 0;
    while ((in = find(in, needle)) != NULL)
        count++, in++;
    return count;
}

static char *upper(char *at, const char *end)
{
    for (; at < end; at++) {
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    }
    return at;
}

/* The words with commas between them: those that begin with "under" in capitals, and without the shortest. */
static void split_and_join(void)
{
    char *end = joined;
    const char *word = text;
    for (;;) {
        size_t length = 0;
        while (word[length] != ' ' && word[length] != '\0')
            length++;
        if (length > 2) {
            if (end > joined)
                *end++ = ',';
            memcpy(end, word, length);
            if (length >= 5 && memcmp(word, "under", 5) == 0)
                upper(end, end + length);
            end += length;
        }
        word += length;
        if (*word == '\0')
            break;
        word++;
    }
    *end = '\0';
}

static size_t replace(const char *from, const char *old, const char *new)
{
    char *end = replaced;
    const char *next;
    while ((next = find(from, old)) != NULL) {
        memcpy(end, from, (size_t)(next - from));
        end = append(end + (next - from), new);
        from = next + strlen(old);
    }
    return (size_t)(append(end, from) - replaced);
}

static uint32_t strings(uint32_t rounds)
{
    uint32_t state = 7, hash = DIGEST_START;
    for (; rounds > 0; rounds--) {
        write_text(&state);
        hash ^= occurrences(text, "order") * 31 + occurrences(text, "standing or");
        split_and_join();
        size_t length = replace(joined, "stand", "walk");
        hash = digest(hash, (const uint8_t *)replaced, length);
        upper(replaced, replaced + length);
        hash ^= occurrences(replaced, "WALKING,UNDER");
    }
    return hash;
}

BENCH(strings, 40, 0x22b1fb63)
