/* Loads of f64 far from each other, and comparisons nobody can predict: so many numbers sorted in place. */

#include "../bench.h"

#define MOST 200000

static double numbers[MOST];

static void sift_down(double *heap, size_t root, size_t size)
{
    double moved = heap[root];
    for (size_t child = 2 * root + 1; child < size; child = 2 * root + 1) {
        if (child + 1 < size && heap[child] < heap[child + 1])
            child++;
        if (moved >= heap[child])
            break;
        heap[root] = heap[child];
        root = child;
    }
    heap[root] = moved;
}

uint32_t heapsort(uint32_t count)
{
    if (count > MOST)
        return 0;
    uint32_t state = 42;
    for (size_t i = 0; i < count; i++)
        numbers[i] = (double)next_random(&state) / 16.0;

    for (size_t root = count / 2; root-- > 0;)
        sift_down(numbers, root, count);
    for (size_t size = count; size-- > 1;) {
        double largest = numbers[0];
        numbers[0] = numbers[size];
        numbers[size] = largest;
        sift_down(numbers, 0, size);
    }

    uint32_t hash = DIGEST_START;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && numbers[i - 1] > numbers[i])
            return 0;
        if (i % 64 == 0)
            hash = (hash ^ (uint32_t)(int64_t)(numbers[i] * 16.0)) * 16777619u;
    }
    return hash;
}

BENCH(heapsort, 150000, 0x6690af46)
