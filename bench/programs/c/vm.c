/* One `switch` in a loop, which is a `br_table`: an interpreter for a small stack machine.
 *
 * Its program adds up how many steps the numbers below the count need in the Collatz sequence. */

#include "../bench.h"

enum op {
    PUSH, /* the next byte */
    LOAD, /* the variable of the next byte */
    STORE,
    ADD,
    SUB,
    MUL,
    HALF,
    ODD,
    LESS,
    SAME,
    JUMP, /* to the next byte */
    JUMP_IF,
    CALL,
    RETURN,
    DUP,
    SWAP,
    HALT,
};

enum { TOTAL, NUMBER, VALUE, LIMIT, VARIABLES };

static const uint8_t program[] = {
    /*  0 */ PUSH, 1, STORE, NUMBER,
    /*  4 */ PUSH, 0, STORE, TOTAL,
    /*  8: while NUMBER < LIMIT */
    LOAD, NUMBER, LOAD, LIMIT, LESS, JUMP_IF, 18,
    /* 15 */ LOAD, TOTAL, HALT,
    /* 18: the total and what the call leaves are added up */
    LOAD, NUMBER, CALL, 34,
    LOAD, TOTAL, ADD, STORE, TOTAL,
    /* 27 */ LOAD, NUMBER, PUSH, 1, ADD, JUMP, 62,
    /* 34: the count of steps from the top of the stack to 1 */
    STORE, VALUE, PUSH, 0,
    /* 38 */ LOAD, VALUE, PUSH, 1, SAME, JUMP_IF, 61,
    /* 45 */ PUSH, 1, ADD, LOAD, VALUE, DUP, ODD, JUMP_IF, 66,
    /* 54 */ HALF, STORE, VALUE, JUMP, 38,
    /* 59: never reached */ HALT, HALT,
    /* 61 */ RETURN,
    /* 62 */ STORE, NUMBER, JUMP, 8,
    /* 66: 3 n + 1, which is even */ PUSH, 3, MUL, PUSH, 1, SWAP, ADD, STORE, VALUE, JUMP, 38,
};

static uint32_t run(const uint8_t *code, uint32_t variables[VARIABLES])
{
    uint32_t stack[64];
    uint32_t *top = stack;
    const uint8_t *returns[16];
    unsigned depth = 0;
    const uint8_t *at = code;
    for (;;) {
        switch ((enum op)*at++) {
        case PUSH: *top++ = *at++; break;
        case LOAD: *top++ = variables[*at++]; break;
        case STORE: variables[*at++] = *--top; break;
        case ADD: top--; top[-1] += top[0]; break;
        case SUB: top--; top[-1] -= top[0]; break;
        case MUL: top--; top[-1] *= top[0]; break;
        case HALF: top[-1] >>= 1; break;
        case ODD: top[-1] &= 1; break;
        case LESS: top--; top[-1] = top[-1] < top[0]; break;
        case SAME: top--; top[-1] = top[-1] == top[0]; break;
        case JUMP: at = code + *at; break;
        case JUMP_IF: at = *--top ? code + *at : at + 1; break;
        case CALL: returns[depth++] = at + 1; at = code + *at; break;
        case RETURN: at = returns[--depth]; break;
        case DUP: top[0] = top[-1]; top++; break;
        case SWAP: {
            uint32_t other = top[-1];
            top[-1] = top[-2];
            top[-2] = other;
            break;
        }
        case HALT: return top[-1];
        default: return 0;
        }
    }
}

uint32_t vm(uint32_t limit)
{
    uint32_t variables[VARIABLES] = {[LIMIT] = limit};
    return run(program, variables);
}

BENCH(vm, 6000, 0x00074213)
