/* 64-bit products in the field of 2^255 - 19, in ten limbs of 26 and 25 bits: the signatures of RFC 8032, with SHA-512.
 *
 * Not for secrets: how long it takes depends on the keys. */

#include "../bench.h"

#include <string.h>

/* SHA-512: the fractions of the cube roots of the first 80 primes, and of the square roots of the first 8. */
static const uint64_t round_constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};
static const uint64_t first_hash[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static uint64_t rotate(uint64_t word, unsigned by)
{
    return word >> by | word << (64 - by);
}

static void compress(uint64_t hash[8], const uint8_t block[128])
{
    uint64_t w[80], s[8];
    for (int i = 0; i < 16; i++) {
        w[i] = 0;
        for (int byte = 0; byte < 8; byte++)
            w[i] = w[i] << 8 | block[8 * i + byte];
    }
    for (int i = 16; i < 80; i++) {
        uint64_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (rotate(a, 1) ^ rotate(a, 8) ^ a >> 7) + w[i - 7] + (rotate(b, 19) ^ rotate(b, 61) ^ b >> 6);
    }
    memcpy(s, hash, sizeof s);
    for (int i = 0; i < 80; i++) {
        uint64_t one = s[7] + (rotate(s[4], 14) ^ rotate(s[4], 18) ^ rotate(s[4], 41)) +
                       ((s[4] & s[5]) ^ (~s[4] & s[6])) + round_constants[i] + w[i];
        uint64_t two = (rotate(s[0], 28) ^ rotate(s[0], 34) ^ rotate(s[0], 39)) +
                       ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        for (int k = 7; k > 0; k--)
            s[k] = s[k - 1];
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < 8; i++)
        hash[i] += s[i];
}

/* The hash of two or three pieces of at most 64 bytes each, which is what a signature needs. */
static void sha512(const uint8_t *const pieces[3], const size_t lengths[3], uint8_t out[64])
{
    uint8_t blocks[256] = {0};
    size_t length = 0;
    for (int i = 0; i < 3; i++) {
        memcpy(blocks + length, pieces[i], lengths[i]);
        length += lengths[i];
    }
    size_t size = length < 112 ? 128 : 256;
    blocks[length] = 0x80;
    blocks[size - 2] = (uint8_t)(length >> 5);
    blocks[size - 1] = (uint8_t)(length << 3);
    uint64_t hash[8];
    memcpy(hash, first_hash, sizeof hash);
    for (size_t at = 0; at < size; at += 128)
        compress(hash, blocks + at);
    for (int i = 0; i < 64; i++)
        out[i] = (uint8_t)(hash[i / 8] >> (56 - i % 8 * 8));
}

/* An element of the field: the sum of limb[i] * 2^ceil(25.5 i). A product has limbs of at most 2^25, even ones, and
 * 2^24, odd ones, both signs; a factor may have limbs of four times that. */
struct element {
    int32_t limb[10];
};

static unsigned width(int limb)
{
    return limb % 2 == 0 ? 26 : 25;
}

static void carry(struct element *out, int64_t h[10])
{
    for (int i = 0; i < 11; i++) {
        int at = i % 10;
        int64_t over = (h[at] + ((int64_t)1 << (width(at) - 1))) >> width(at);
        h[at] -= over * ((int64_t)1 << width(at));
        if (at == 9)
            h[0] += 19 * over;
        else
            h[at + 1] += over;
    }
    for (int i = 0; i < 10; i++)
        out->limb[i] = (int32_t)h[i];
}

static __attribute__((noinline)) void multiply(struct element *out, const struct element *a, const struct element *b)
{
    int64_t h[10] = {0};
    for (int i = 0; i < 10; i++) {
        for (int j = 0; j < 10; j++) {
            /* Two odd limbs have half a bit each too much; from 2^255 on, 2^255 counts as 19. */
            int64_t factor = (int64_t)b->limb[j] * ((i % 2 == 1 && j % 2 == 1 ? 2 : 1) * (i + j >= 10 ? 19 : 1));
            h[(i + j) % 10] += a->limb[i] * factor;
        }
    }
    carry(out, h);
}

static void add(struct element *out, const struct element *a, const struct element *b)
{
    for (int i = 0; i < 10; i++)
        out->limb[i] = a->limb[i] + b->limb[i];
}

static void subtract(struct element *out, const struct element *a, const struct element *b)
{
    for (int i = 0; i < 10; i++)
        out->limb[i] = a->limb[i] - b->limb[i];
}

static struct element small(int32_t value)
{
    return (struct element){{value}};
}

/* a^e, for the exponents that are needed: all bits are ones but those of the first and the last byte. */
static struct element power(const struct element *a, uint8_t top, uint8_t low)
{
    struct element result = small(1);
    for (int bit = 255; bit >= 0; bit--) {
        uint8_t byte = bit >= 248 ? top : bit < 8 ? low : 0xff;
        multiply(&result, &result, &result);
        if (byte >> (bit & 7) & 1)
            multiply(&result, &result, a);
    }
    return result;
}

static struct element inverse(const struct element *a)
{
    return power(a, 0x7f, 0xeb); /* p - 2 */
}

static void pack(uint8_t out[32], const struct element *a)
{
    const struct element one = small(1);
    struct element h;
    multiply(&h, a, &one);
    /* How often p is in it: what would be carried out of the last limb if 19 were added. */
    int32_t over = (19 * h.limb[9] + (1 << 24)) >> 25;
    for (int i = 0; i < 10; i++)
        over = (h.limb[i] + over) >> width(i);
    h.limb[0] += 19 * over;
    uint64_t bits = 0;
    unsigned count = 0;
    int32_t up = 0;
    uint8_t *to = out;
    for (int i = 0; i < 10; i++) {
        int32_t limb = h.limb[i] + up;
        up = limb >> width(i);
        bits |= (uint64_t)((uint32_t)limb & ((1u << width(i)) - 1)) << count;
        for (count += width(i); count >= 8; count -= 8, bits >>= 8)
            *to++ = (uint8_t)bits;
    }
    *to = (uint8_t)bits;
}

static struct element unpack(const uint8_t in[32])
{
    int64_t h[10];
    uint64_t bits = 0;
    unsigned count = 0;
    for (int i = 0; i < 10; i++) {
        for (; count < width(i); count += 8)
            bits |= (uint64_t)*in++ << count;
        h[i] = (int64_t)(bits & ((1u << width(i)) - 1));
        bits >>= width(i);
        count -= width(i);
    }
    struct element out;
    carry(&out, h);
    return out;
}

static int same(const struct element *a, const struct element *b)
{
    uint8_t one[32], other[32];
    pack(one, a);
    pack(other, b);
    return memcmp(one, other, 32) == 0;
}

static int is_odd(const struct element *a)
{
    uint8_t bytes[32];
    pack(bytes, a);
    return bytes[0] & 1;
}

/* A point of the curve -x^2 + y^2 = 1 + d x^2 y^2 as X/Z, Y/Z, with T = X Y / Z. */
struct point {
    struct element x, y, z, t;
};

static struct element curve_d, twice_d, root_of_minus_1;
static struct point base;

/* Section 5.1.4, for any two points. */
static void add_points(struct point *out, const struct point *p, const struct point *q)
{
    struct element a, b, c, d, e, f, g, h;
    subtract(&a, &p->y, &p->x);
    subtract(&b, &q->y, &q->x);
    multiply(&a, &a, &b);
    add(&b, &p->y, &p->x);
    add(&c, &q->y, &q->x);
    multiply(&b, &b, &c);
    multiply(&c, &p->t, &twice_d);
    multiply(&c, &c, &q->t);
    multiply(&d, &p->z, &q->z);
    add(&d, &d, &d);
    subtract(&e, &b, &a);
    subtract(&f, &d, &c);
    add(&g, &d, &c);
    add(&h, &b, &a);
    multiply(&out->x, &e, &f);
    multiply(&out->y, &g, &h);
    multiply(&out->t, &e, &h);
    multiply(&out->z, &f, &g);
}

static void double_point(struct point *out, const struct point *p)
{
    struct element a, b, c, e, f, g, h;
    multiply(&a, &p->x, &p->x);
    multiply(&b, &p->y, &p->y);
    multiply(&c, &p->z, &p->z);
    add(&c, &c, &c);
    add(&h, &a, &b);
    add(&e, &p->x, &p->y);
    multiply(&e, &e, &e);
    subtract(&e, &h, &e);
    subtract(&g, &a, &b);
    add(&f, &c, &g);
    multiply(&out->x, &e, &f);
    multiply(&out->y, &g, &h);
    multiply(&out->t, &e, &h);
    multiply(&out->z, &f, &g);
}

static struct point times(const uint8_t scalar[32], const struct point *p)
{
    struct point sum = {small(0), small(1), small(1), small(0)};
    for (int bit = 255; bit >= 0; bit--) {
        double_point(&sum, &sum);
        if (scalar[bit / 8] >> bit % 8 & 1)
            add_points(&sum, &sum, p);
    }
    return sum;
}

static void pack_point(uint8_t out[32], const struct point *p)
{
    struct element x, y, z = inverse(&p->z);
    multiply(&x, &p->x, &z);
    multiply(&y, &p->y, &z);
    pack(out, &y);
    out[31] |= (uint8_t)(is_odd(&x) << 7);
}

/* Section 5.1.3: whether there is such a point. */
static int unpack_point(struct point *out, const uint8_t in[32])
{
    const struct element one = small(1), zero = small(0);
    struct element u, v, v3, x, check, negated;
    out->y = unpack(in);
    out->z = one;
    multiply(&u, &out->y, &out->y);
    multiply(&v, &u, &curve_d);
    subtract(&u, &u, &one);
    add(&v, &v, &one);
    multiply(&v3, &v, &v);
    multiply(&v3, &v3, &v);
    multiply(&x, &v3, &v3);
    multiply(&x, &x, &v);
    multiply(&x, &x, &u);
    x = power(&x, 0x0f, 0xfd); /* (p - 5) / 8 */
    multiply(&x, &x, &v3);
    multiply(&x, &x, &u);
    multiply(&check, &x, &x);
    multiply(&check, &check, &v);
    subtract(&negated, &zero, &u);
    if (same(&check, &negated))
        multiply(&x, &x, &root_of_minus_1);
    else if (!same(&check, &u))
        return 0;
    if (same(&x, &zero) && in[31] >> 7)
        return 0;
    subtract(&negated, &zero, &x);
    out->x = is_odd(&x) != in[31] >> 7 ? negated : x;
    multiply(&out->t, &out->x, &out->y);
    return 1;
}

static void set_up(void)
{
    struct element numerator = small(-121665), denominator = small(121666);
    struct element two = small(2), five = small(5), y = small(4);
    denominator = inverse(&denominator);
    multiply(&curve_d, &numerator, &denominator);
    add(&twice_d, &curve_d, &curve_d);
    const struct element one = small(1);
    multiply(&twice_d, &twice_d, &one);
    root_of_minus_1 = power(&two, 0x1f, 0xfb); /* (p - 1) / 4 */
    five = inverse(&five);
    multiply(&y, &y, &five);
    uint8_t bytes[32];
    pack(bytes, &y);
    unpack_point(&base, bytes);
}

/* The order of the base point, 2^252 + 27742317777372353535851937790883648493. */
static const uint32_t order[8] = {
    0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0, 0, 0, 0x10000000,
};

/* The remainder, by long division with one bit at a time. */
static void reduce(uint8_t out[32], const uint32_t *value, int words)
{
    uint32_t rest[8] = {0};
    for (int bit = words * 32 - 1; bit >= 0; bit--) {
        uint32_t in = value[bit / 32] >> bit % 32 & 1;
        for (int i = 0; i < 8; i++) {
            uint32_t next = rest[i] >> 31;
            rest[i] = rest[i] << 1 | in;
            in = next;
        }
        uint32_t less[8];
        int64_t borrow = 0;
        for (int i = 0; i < 8; i++) {
            borrow += (int64_t)rest[i] - order[i];
            less[i] = (uint32_t)borrow;
            borrow >>= 32;
        }
        if (borrow == 0)
            memcpy(rest, less, sizeof rest);
    }
    for (int i = 0; i < 32; i++)
        out[i] = (uint8_t)(rest[i / 4] >> i % 4 * 8);
}

static void words_of(uint32_t *words, const uint8_t *bytes, int count)
{
    for (int i = 0; i < count; i++) {
        const uint8_t *at = bytes + 4 * i;
        words[i] = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    }
}

/* The hash of the pieces as a scalar. */
static void hash_scalar(uint8_t out[32], const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length,
                        const uint8_t *message, size_t length)
{
    const uint8_t *const pieces[3] = {a, b, message};
    const size_t lengths[3] = {a_length, b_length, length};
    uint8_t hash[64];
    uint32_t words[16];
    sha512(pieces, lengths, hash);
    words_of(words, hash, 16);
    reduce(out, words, 16);
}

/* The scalar and the prefix of a secret key, and its public key. */
static void expand(const uint8_t secret[32], uint8_t keys[64], uint8_t public[32])
{
    const uint8_t *const pieces[3] = {secret, secret, secret};
    const size_t lengths[3] = {32, 0, 0};
    sha512(pieces, lengths, keys);
    keys[0] &= 248;
    keys[31] = (keys[31] & 127) | 64;
    struct point p = times(keys, &base);
    pack_point(public, &p);
}

static void sign(uint8_t signature[64], const uint8_t keys[64], const uint8_t public[32], const uint8_t *message,
                 size_t length)
{
    uint8_t r[32], k[32];
    hash_scalar(r, keys + 32, 32, message, 0, message, length);
    struct point p = times(r, &base);
    pack_point(signature, &p);
    hash_scalar(k, signature, 32, public, 32, message, length);
    uint32_t a[8], b[8], sum[16] = {0};
    words_of(a, keys, 8);
    words_of(b, k, 8);
    words_of(sum, r, 8);
    for (int i = 0; i < 8; i++) {
        uint64_t up = 0;
        for (int j = 0; j < 8; j++) {
            up += (uint64_t)a[i] * b[j] + sum[i + j];
            sum[i + j] = (uint32_t)up;
            up >>= 32;
        }
        /* What r left there comes from below only, so this word is still 0. */
        sum[i + 8] = (uint32_t)up;
    }
    reduce(signature + 32, sum, 16);
}

static int verify(const uint8_t signature[64], const uint8_t public[32], const uint8_t *message, size_t length)
{
    struct point r, key;
    if (!unpack_point(&r, signature) || !unpack_point(&key, public))
        return 0;
    uint8_t k[32], left[32], right[32];
    hash_scalar(k, signature, 32, public, 32, message, length);
    struct point p = times(signature + 32, &base), q = times(k, &key);
    add_points(&q, &q, &r);
    pack_point(left, &p);
    pack_point(right, &q);
    return memcmp(left, right, 32) == 0;
}

/* Section 7.1, tests 1 and 3. */
static int known_answers(void)
{
    static const uint8_t secrets[2][32] = {{
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
        0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    }, {
        0xc5, 0xaa, 0x8d, 0xf4, 0x3f, 0x9f, 0x83, 0x7b, 0xed, 0xb7, 0x44, 0x2f, 0x31, 0xdc, 0xb7, 0xb1,
        0x66, 0xd3, 0x85, 0x35, 0x07, 0x6f, 0x09, 0x4b, 0x85, 0xce, 0x3a, 0x2e, 0x0b, 0x44, 0x58, 0xf7,
    }};
    static const uint8_t publics[2][32] = {{
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
        0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
    }, {
        0xfc, 0x51, 0xcd, 0x8e, 0x62, 0x18, 0xa1, 0xa3, 0x8d, 0xa4, 0x7e, 0xd0, 0x02, 0x30, 0xf0, 0x58,
        0x08, 0x16, 0xed, 0x13, 0xba, 0x33, 0x03, 0xac, 0x5d, 0xeb, 0x91, 0x15, 0x48, 0x90, 0x80, 0x25,
    }};
    static const uint8_t signatures[2][64] = {{
        0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72, 0x90, 0x86, 0xe2, 0xcc, 0x80, 0x6e, 0x82, 0x8a,
        0x84, 0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74, 0xd8, 0x73, 0xe0, 0x65, 0x22, 0x49, 0x01, 0x55,
        0x5f, 0xb8, 0x82, 0x15, 0x90, 0xa3, 0x3b, 0xac, 0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b,
        0xd2, 0x5b, 0xf5, 0xf0, 0x59, 0x5b, 0xbe, 0x24, 0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b,
    }, {
        0x62, 0x91, 0xd6, 0x57, 0xde, 0xec, 0x24, 0x02, 0x48, 0x27, 0xe6, 0x9c, 0x3a, 0xbe, 0x01, 0xa3,
        0x0c, 0xe5, 0x48, 0xa2, 0x84, 0x74, 0x3a, 0x44, 0x5e, 0x36, 0x80, 0xd7, 0xdb, 0x5a, 0xc3, 0xac,
        0x18, 0xff, 0x9b, 0x53, 0x8d, 0x16, 0xf2, 0x90, 0xae, 0x67, 0xf7, 0x60, 0x98, 0x4d, 0xc6, 0x59,
        0x4a, 0x7c, 0x15, 0xe9, 0x71, 0x6e, 0xd2, 0x8d, 0xc0, 0x27, 0xbe, 0xce, 0xea, 0x1e, 0xc4, 0x0a,
    }};
    static const uint8_t message[2] = {0xaf, 0x82};
    for (size_t i = 0; i < 2; i++) {
        uint8_t keys[64], public[32], signature[64];
        expand(secrets[i], keys, public);
        sign(signature, keys, public, message, 2 * i);
        if (memcmp(public, publics[i], 32) != 0 || memcmp(signature, signatures[i], 64) != 0)
            return 0;
    }
    return 1;
}

uint32_t ed25519(uint32_t rounds)
{
    set_up();
    if (!known_answers())
        return 0;
    uint8_t secret[32], keys[64], public[32], signature[64] = {0};
    for (int i = 0; i < 32; i++)
        secret[i] = (uint8_t)(i * 7);
    expand(secret, keys, public);
    for (uint32_t round = 0; round < rounds; round++) {
        uint8_t message[64];
        memcpy(message, signature, 64);
        size_t length = round % 65;
        sign(signature, keys, public, message, length);
        if (!verify(signature, public, message, length))
            return 0;
        uint8_t forged[64];
        memcpy(forged, signature, 64);
        forged[round % 64] ^= 1;
        if (verify(forged, public, message, length))
            return 0;
    }
    return digest(DIGEST_START, signature, 64);
}

BENCH(ed25519, 20, 0x1b9f2497)
