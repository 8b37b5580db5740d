// Work for C compilers without headers: the same algorithms for several types, which is much code after inlining.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned long u32;

#define SORTS(T)                                                                    \
    static void swap_##T(T *a, T *b) { T t = *a; *a = *b; *b = t; }                 \
    void insertion_##T(T *v, int n) {                                               \
        for (int i = 1; i < n; i++)                                                 \
            for (int j = i; j > 0 && v[j] < v[j - 1]; j--) swap_##T(v + j, v + j - 1); \
    }                                                                               \
    static void sift_##T(T *v, int i, int n) {                                      \
        for (int child; (child = 2 * i + 1) < n; i = child) {                       \
            if (child + 1 < n && v[child] < v[child + 1]) child++;                  \
            if (v[i] >= v[child]) return;                                           \
            swap_##T(v + i, v + child);                                             \
        }                                                                           \
    }                                                                               \
    void heap_##T(T *v, int n) {                                                    \
        for (int i = n / 2; i-- > 0;) sift_##T(v, i, n);                            \
        while (n > 1) { swap_##T(v, v + --n); sift_##T(v, 0, n); }                  \
    }                                                                               \
    void quick_##T(T *v, int n) {                                                   \
        while (n > 12) {                                                            \
            T pivot = v[n / 2];                                                     \
            int i = 0, j = n - 1;                                                   \
            for (;; i++, j--) {                                                     \
                while (v[i] < pivot) i++;                                           \
                while (pivot < v[j]) j--;                                           \
                if (i >= j) break;                                                  \
                swap_##T(v + i, v + j);                                             \
            }                                                                       \
            quick_##T(v + i, n - i);                                                \
            n = i;                                                                  \
        }                                                                           \
        insertion_##T(v, n);                                                        \
    }                                                                               \
    void merge_##T(T *v, T *room, int n) {                                          \
        if (n < 2) return;                                                          \
        int half = n / 2, i = 0, j = half;                                          \
        merge_##T(v, room, half);                                                   \
        merge_##T(v + half, room, n - half);                                        \
        for (int k = 0; k < n; k++)                                                 \
            room[k] = j >= n || (i < half && v[i] <= v[j]) ? v[i++] : v[j++];       \
        for (int k = 0; k < n; k++) v[k] = room[k];                                 \
    }                                                                               \
    void radix_##T(T *v, T *room, int n) {                                          \
        for (unsigned shift = 0; shift < 8 * sizeof(T); shift += 4) {               \
            int starts[17] = {0};                                                   \
            for (int i = 0; i < n; i++) starts[(v[i] >> shift & 15) + 1]++;         \
            for (int i = 0; i < 16; i++) starts[i + 1] += starts[i];                \
            for (int i = 0; i < n; i++) room[starts[v[i] >> shift & 15]++] = v[i];  \
            for (int i = 0; i < n; i++) v[i] = room[i];                             \
        }                                                                           \
    }

SORTS(u8)
SORTS(u16)
SORTS(u32)
SORTS(int)

static const u8 box[16] = {12, 5, 6, 11, 9, 0, 10, 13, 3, 14, 15, 8, 4, 7, 1, 2};

static u32 round_of(u32 x, u32 key) {
    x ^= key;
    u32 y = 0;
    for (int i = 0; i < 32; i += 4) y |= (u32)box[x >> i & 15] << i;
    return (y << 7 | y >> 25) ^ (y << 18 | y >> 14) ^ y;
}

u32 cipher(u32 left, u32 right, const u32 *keys) {
    for (int i = 0; i < 32; i++) {
        u32 t = right;
        right = left ^ round_of(right, keys[i & 7] + i);
        left = t;
    }
    return left ^ right;
}

int interpret(const u8 *code, int *stack) {
    for (int *top = stack;;) {
        switch (*code++) {
        case 0: return *top;
        case 1: *++top = *code++; break;
        case 2: top--; *top += top[1]; break;
        case 3: top--; *top -= top[1]; break;
        case 4: top--; *top *= top[1]; break;
        case 5: top--; if (!top[1]) return -1; *top /= top[1]; break;
        case 6: top--; *top &= top[1]; break;
        case 7: top--; *top <<= top[1] & 15; break;
        case 8: if (*top--) code += *code; else code++; break;
        case 9: code -= *code; break;
        case 10: *++top = stack[*code++]; break;
        case 11: stack[*code++] = *top--; break;
        case 12: top--; *top = *top < top[1]; break;
        case 13: *top = !*top; break;
        default: return -2;
        }
    }
}
