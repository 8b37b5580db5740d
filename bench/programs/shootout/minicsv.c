/* A parser with a state for each character: a table with quoted fields is written, read, summed and written again. */

#include "../bench.h"

#include <stdlib.h>
#include <string.h>

#define ROWS 400
#define COLUMNS 6
#define ROOM 65536

static char table[ROOM];
static char again[ROOM];

struct field {
    char *text;
    size_t length;
    int quoted;
};

struct row {
    struct row *next;
    size_t count;
    struct field fields[COLUMNS];
};

static char *write_field(char *to, const char *text, size_t length, int quoted)
{
    if (quoted)
        *to++ = '"';
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            *to++ = '"';
        *to++ = text[i];
    }
    if (quoted)
        *to++ = '"';
    return to;
}

static size_t make_table(uint32_t *state)
{
    static const char *const names[] = {"north", "south, east", "a \"quoted\" one", "", "two\nlines", "plain"};
    char *to = table;
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++) {
            uint32_t random = next_random(state);
            if (column > 0)
                *to++ = ',';
            if (column % 3 == 0) {
                const char *name = names[random % 6];
                to = write_field(to, name, strlen(name), strpbrk(name, ",\"\n") != NULL);
            } else {
                char digits[12];
                size_t length = 0;
                for (uint32_t number = random >> (8 + column * 3); number > 0; number /= 10)
                    digits[length++] = (char)('0' + number % 10);
                to = write_field(to, digits, length, 0);
            }
        }
        *to++ = '\n';
    }
    *to = '\0';
    return (size_t)(to - table);
}

/* One row from the text, which is left behind its end; NULL when there is none or a quote is never closed. */
static struct row *read_row(const char **text)
{
    enum { START, PLAIN, QUOTED, QUOTE } state = START;
    char value[64];
    size_t length = 0;
    const char *at = *text;
    if (*at == '\0')
        return NULL;
    struct row *row = calloc(1, sizeof *row);
    int quoted = 0;
    for (;;) {
        char c = *at++;
        int ends = 0;
        switch (state) {
        case START:
            quoted = c == '"';
            if (quoted) {
                state = QUOTED;
                continue;
            }
            state = PLAIN;
            /* fall through */
        case PLAIN:
            ends = c == ',' || c == '\n' || c == '\0';
            break;
        case QUOTED:
            if (c == '"') {
                state = QUOTE;
                continue;
            }
            break;
        case QUOTE:
            ends = c != '"';
            state = QUOTED;
            break;
        }
        if (!ends && c != '\0' && length < sizeof value) {
            value[length++] = c;
            continue;
        }
        if (!ends || row->count == COLUMNS) {
            free(row);
            return NULL;
        }
        struct field *field = &row->fields[row->count++];
        field->text = malloc(length + 1);
        memcpy(field->text, value, length);
        field->text[length] = '\0';
        field->length = length;
        field->quoted = quoted;
        length = 0;
        state = START;
        if (c != ',')
            break;
    }
    *text = at;
    return row;
}

static uint32_t sums(const struct row *rows)
{
    uint32_t hash = DIGEST_START;
    for (; rows != NULL; rows = rows->next) {
        uint32_t sum = 0;
        for (size_t i = 0; i < rows->count; i++) {
            const struct field *field = &rows->fields[i];
            sum = sum * 31 + (i % 3 == 0 ? (uint32_t)field->length : (uint32_t)strtoul(field->text, NULL, 10));
        }
        hash = (hash ^ sum) * 16777619u;
    }
    return hash;
}

uint32_t minicsv(uint32_t rounds)
{
    uint32_t hash = DIGEST_START, state = 21;
    for (uint32_t round = 0; round < rounds; round++) {
        size_t length = make_table(&state);
        struct row *first = NULL, **last = &first;
        const char *at = table;
        size_t count = 0;
        for (struct row *row; (row = read_row(&at)) != NULL; last = &row->next, count++)
            *last = row;
        hash ^= sums(first);
        char *to = again;
        while (first != NULL) {
            struct row *row = first;
            first = row->next;
            for (size_t i = 0; i < row->count; i++) {
                struct field *field = &row->fields[i];
                if (i > 0)
                    *to++ = ',';
                to = write_field(to, field->text, field->length, field->quoted);
                free(field->text);
            }
            *to++ = '\n';
            free(row);
        }
        if (count != ROWS || (size_t)(to - again) != length || memcmp(table, again, length) != 0)
            return 0;
        hash = digest(hash, (const uint8_t *)again, length);
    }
    return hash;
}

BENCH(minicsv, 150, 0x5a90e9aa)
