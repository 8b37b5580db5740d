/* Bytes in, bytes out, a table between: base64 there and back, so many times over. */

#include "../bench.h"

#define LENGTH 12000

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint8_t plain[LENGTH];
static uint8_t coded[LENGTH / 3 * 4 + 4];
static uint8_t again[LENGTH + 3];
static uint8_t values[256];

static size_t encode(const uint8_t *in, size_t length, uint8_t *out)
{
    uint8_t *start = out;
    for (; length >= 3; in += 3, length -= 3) {
        uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        *out++ = (uint8_t)alphabet[bits >> 18];
        *out++ = (uint8_t)alphabet[bits >> 12 & 63];
        *out++ = (uint8_t)alphabet[bits >> 6 & 63];
        *out++ = (uint8_t)alphabet[bits & 63];
    }
    if (length > 0) {
        uint32_t bits = (uint32_t)in[0] << 16 | (length == 2 ? (uint32_t)in[1] << 8 : 0);
        *out++ = (uint8_t)alphabet[bits >> 18];
        *out++ = (uint8_t)alphabet[bits >> 12 & 63];
        *out++ = length == 2 ? (uint8_t)alphabet[bits >> 6 & 63] : '=';
        *out++ = '=';
    }
    return (size_t)(out - start);
}

/* The length of the plain bytes; 0 when a character does not belong there. */
static size_t decode(const uint8_t *in, size_t length, uint8_t *out)
{
    uint8_t *start = out;
    for (; length >= 4; in += 4, length -= 4) {
        unsigned padding = (in[3] == '=') + (in[2] == '=');
        uint8_t a = values[in[0]], b = values[in[1]];
        uint8_t c = padding > 1 ? 0 : values[in[2]], d = padding > 0 ? 0 : values[in[3]];
        if ((a | b | c | d) > 63)
            return 0;
        uint32_t bits = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | d;
        *out++ = (uint8_t)(bits >> 16);
        *out++ = (uint8_t)(bits >> 8);
        *out++ = (uint8_t)bits;
        out -= padding;
    }
    return (size_t)(out - start);
}

uint32_t base64(uint32_t rounds)
{
    for (int i = 0; i < 256; i++)
        values[i] = 255;
    for (int i = 0; i < 64; i++)
        values[(uint8_t)alphabet[i]] = (uint8_t)i;
    uint32_t state = 1;
    for (size_t i = 0; i < LENGTH; i++)
        plain[i] = (uint8_t)next_random(&state);

    uint32_t hash = DIGEST_START;
    for (uint32_t round = 0; round < rounds; round++) {
        /* Another length each time, for all three kinds of an end. */
        size_t length = LENGTH - round % 7;
        size_t coded_length = encode(plain, length, coded);
        size_t again_length = decode(coded, coded_length, again);
        if (again_length != length)
            return 0;
        for (size_t i = 0; i < length; i++) {
            if (plain[i] != again[i])
                return 0;
        }
        hash = digest(hash, coded + coded_length - 8, 8);
        plain[round % LENGTH] ^= (uint8_t)hash;
    }
    return hash;
}

BENCH(base64, 500, 0xa98f4a70)
