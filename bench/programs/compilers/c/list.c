/* Linked lists: built of ten thousand allocations, turned around, thinned out, summed up and given back. */

#include "../../bench.h"

#include <stdlib.h>

#define LENGTH 10000

struct node {
    uint32_t value;
    struct node *next;
};

static struct node *build(uint32_t *state)
{
    struct node *first = NULL;
    for (uint32_t i = 0; i < LENGTH; i++) {
        struct node *node = malloc(sizeof *node);
        if (node == NULL)
            exit(1);
        node->value = next_random(state);
        node->next = first;
        first = node;
    }
    return first;
}

static struct node *reverse(struct node *first)
{
    struct node *done = NULL;
    while (first != NULL) {
        struct node *next = first->next;
        first->next = done;
        done = first;
        first = next;
    }
    return done;
}

/* Without the multiples of three. */
static struct node *thin_out(struct node *first)
{
    struct node **link = &first;
    while (*link != NULL) {
        struct node *node = *link;
        if (node->value % 3 == 0) {
            *link = node->next;
            free(node);
        } else {
            link = &node->next;
        }
    }
    return first;
}

static uint32_t list(uint32_t rounds)
{
    uint32_t state = 1, hash = 0;
    for (; rounds > 0; rounds--) {
        struct node *node = thin_out(reverse(build(&state)));
        while (node != NULL) {
            struct node *next = node->next;
            hash = hash * 31 + node->value;
            free(node);
            node = next;
        }
    }
    return hash;
}

BENCH(list, 100, 0x1b49636e)
