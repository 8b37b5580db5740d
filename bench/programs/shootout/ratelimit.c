/* Look-ups in an open hash table and 64-bit arithmetic: clients ask, and a bucket of tokens for each says yes or no. */

#include "../bench.h"

#include <stdlib.h>

#define SLOTS 8192
#define CLIENTS 5000
#define BURST 10000
#define PER_TICK 7
#define COST 1000

struct bucket {
    uint64_t client; /* 0 in a free slot */
    uint64_t tokens;
    uint64_t seen;
    uint32_t allowed, denied;
};

static struct bucket *find(struct bucket *buckets, uint64_t client, uint64_t now)
{
    uint64_t hash = client * 0x9e3779b97f4a7c15;
    for (size_t at = hash >> 51;; at = (at + 1) % SLOTS) {
        struct bucket *bucket = &buckets[at];
        if (bucket->client == client)
            return bucket;
        if (bucket->client == 0) {
            bucket->client = client;
            bucket->tokens = BURST;
            bucket->seen = now;
            return bucket;
        }
    }
}

static int allow(struct bucket *bucket, uint64_t now)
{
    uint64_t refilled = bucket->tokens + (now - bucket->seen) * PER_TICK;
    bucket->tokens = refilled > BURST ? BURST : refilled;
    bucket->seen = now;
    if (bucket->tokens < COST) {
        bucket->denied++;
        return 0;
    }
    bucket->tokens -= COST;
    bucket->allowed++;
    return 1;
}

uint32_t ratelimit(uint32_t requests)
{
    struct bucket *buckets = calloc(SLOTS, sizeof *buckets);
    if (buckets == NULL)
        return 0;
    uint32_t state = 17, allowed = 0;
    uint64_t now = 0;
    for (uint32_t i = 0; i < requests; i++) {
        uint32_t random = next_random(&state);
        now += random & 1;
        /* Half of the requests come from the few clients that are limited. */
        uint64_t client = random & 2 ? 1 + (random >> 8) % 40 : 1 + (random >> 8) % CLIENTS;
        allowed += (uint32_t)allow(find(buckets, client * 1000003, now), now);
    }
    uint32_t hash = DIGEST_START, sum = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        sum += buckets[i].allowed + buckets[i].denied;
        hash = (hash ^ buckets[i].allowed ^ buckets[i].denied << 16) * 16777619u;
    }
    free(buckets);
    return sum == requests ? hash ^ allowed : 0;
}

BENCH(ratelimit, 4000000, 0x7f3e74a3)
