/* Characters by their class: text is classified, folded and tokenised by the C library's functions and by a table. */

#include "../bench.h"

#include <ctype.h>

#define LENGTH 20000

enum { LOWER = 1, UPPER = 2, DIGIT = 4, SPACE = 8, PUNCT = 16 };

static uint8_t text[LENGTH + 1];
static uint8_t classes[128];

static uint8_t class_of(int c)
{
    return (uint8_t)((islower(c) ? LOWER : 0) | (isupper(c) ? UPPER : 0) | (isdigit(c) ? DIGIT : 0) |
                     (isspace(c) ? SPACE : 0) | (ispunct(c) ? PUNCT : 0));
}

/* Words, numbers and single characters; the hash is of where they begin and of which kind they are. */
static uint32_t tokens(uint32_t hash)
{
    const uint8_t *at = text;
    while (*at != '\0') {
        const uint8_t *start = at;
        uint8_t class = classes[*at];
        if (class & (LOWER | UPPER)) {
            while (classes[*at] & (LOWER | UPPER | DIGIT))
                at++;
        } else if (class & DIGIT) {
            while (isxdigit(*at))
                at++;
        } else if (class & SPACE) {
            while (isspace(*at))
                at++;
        } else {
            at++;
        }
        hash = (hash ^ (uint32_t)(at - start) ^ (uint32_t)class << 16) * 16777619u;
    }
    return hash;
}

uint32_t ctype(uint32_t rounds)
{
    uint32_t counts[5] = {0};
    for (int c = 0; c < 128; c++) {
        classes[c] = class_of(c);
        for (int bit = 0; bit < 5; bit++)
            counts[bit] += classes[c] >> bit & 1;
    }
    /* In the "C" locale: 26, 26 and 10, six blanks, and the 32 graphic characters left of the 94. */
    if (counts[0] != 26 || counts[1] != 26 || counts[2] != 10 || counts[3] != 6 || counts[4] != 32)
        return 0;
    uint32_t state = 11;
    for (size_t i = 0; i < LENGTH; i++) {
        uint32_t random = next_random(&state);
        text[i] = (uint8_t)(random & 3 ? 'a' + (random >> 8) % 26 : ' ' + (random >> 8) % 95);
    }
    uint32_t hash = DIGEST_START;
    for (uint32_t round = 0; round < rounds; round++) {
        for (size_t i = round % 3; i < LENGTH; i += 3) {
            int c = text[i];
            if (isalpha(c))
                text[i] = (uint8_t)(isupper(c) ? tolower(c) : toupper(c));
            else if (isdigit(c))
                text[i] = (uint8_t)(c == '9' ? '0' : c + 1);
        }
        uint32_t graphic = 0;
        for (size_t i = 0; i < LENGTH; i++)
            graphic += (isalnum(text[i]) != 0) * 3u + (isgraph(text[i]) != 0);
        hash = tokens(hash ^ graphic);
    }
    return hash;
}

BENCH(ctype, 250, 0xff167669)
