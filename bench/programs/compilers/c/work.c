/* A stock list: records are written as text and read again, added up by item in a hash table, sorted and summed up. */

#include "../../bench.h"

#include <stdlib.h>
#include <string.h>

#define RECORDS 2000
#define ROOM (RECORDS * 40)
#define SLOTS 1024
#define HOUSES 4

struct stock {
    char name[12]; /* empty in a free slot */
    uint32_t count;
    uint64_t value;
};

static const char *const houses[HOUSES] = {"harbour", "hill", "station", "mill"};

static char text[ROOM];
static struct stock slots[SLOTS];
static struct stock sorted[SLOTS];

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

/* A line is an item, a house, how many and the price of one. */
static void write_records(uint32_t *state)
{
    char *end = text;
    for (int i = 0; i < RECORDS; i++) {
        uint32_t random = next_random(state);
        end = append_number(append(end, "item"), random % 500);
        end = append(append(end, ","), houses[random >> 9 & 3]);
        end = append_number(append(end, ","), (random >> 11) % 100);
        end = append_number(append(end, ","), (random >> 18) % 10000);
        end = append(end, "\n");
    }
}

/* Where the field ends: the comma or the end of the line. */
static const char *field_end(const char *at)
{
    while (*at != ',' && *at != '\n')
        at++;
    return at;
}

static uint32_t number(const char *from, const char *to)
{
    uint32_t number = 0;
    for (; from < to; from++)
        number = number * 10 + (uint32_t)(*from - '0');
    return number;
}

static struct stock *find(const char *name, size_t length)
{
    uint32_t slot = digest(DIGEST_START, (const uint8_t *)name, length);
    for (;; slot++) {
        struct stock *stock = &slots[slot % SLOTS];
        if (stock->name[0] == '\0')
            memcpy(stock->name, name, length);
        if (memcmp(stock->name, name, length) == 0 && stock->name[length] == '\0')
            return stock;
    }
}

/* What is worth more comes first, and of equals the first by name. */
static int compare(const void *left, const void *right)
{
    const struct stock *a = left, *b = right;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return strcmp(a->name, b->name);
}

static uint32_t work(uint32_t rounds)
{
    uint32_t state = 1, hash = DIGEST_START;
    for (; rounds > 0; rounds--) {
        write_records(&state);
        memset(slots, 0, sizeof slots);
        uint32_t house_counts[HOUSES] = {0};
        for (const char *at = text; *at != '\0';) {
            const char *name = at, *name_end = field_end(name);
            const char *house = name_end + 1, *house_end = field_end(house);
            const char *count = house_end + 1, *count_end = field_end(count);
            const char *price = count_end + 1, *price_end = field_end(price);
            at = price_end + 1;
            struct stock *stock = find(name, (size_t)(name_end - name));
            stock->count += number(count, count_end);
            stock->value += (uint64_t)number(count, count_end) * number(price, price_end);
            for (int i = 0; i < HOUSES; i++) {
                size_t length = (size_t)(house_end - house);
                if (strlen(houses[i]) == length && memcmp(houses[i], house, length) == 0)
                    house_counts[i] += number(count, count_end);
            }
        }
        size_t items = 0;
        for (int i = 0; i < SLOTS; i++) {
            if (slots[i].name[0] != '\0')
                sorted[items++] = slots[i];
        }
        qsort(sorted, items, sizeof sorted[0], compare);
        for (size_t i = 0; i < items; i++) {
            hash = digest(hash, (const uint8_t *)sorted[i].name, strlen(sorted[i].name));
            hash = (hash ^ sorted[i].count) * 16777619u;
            hash = (hash ^ (uint32_t)sorted[i].value) * 16777619u;
        }
        for (int i = 0; i < HOUSES; i++)
            hash = (hash ^ house_counts[i]) * 16777619u;
    }
    return hash;
}

BENCH(work, 25, 0x0fd4b419)
