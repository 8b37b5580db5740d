/* What a version control system does all day: files are edited, hashed, compressed and stored as blobs, directories as
 * trees, versions as commits; then branches are dropped, what nothing refers to is collected, and all is read again.
 *
 * Objects have the names that git gives them. How they are compressed is this program's own. */

#include "../bench.h"

#include <stdlib.h>
#include <string.h>

#include "sha1.h"

#define DIRECTORIES 6
#define FILES 8
#define FILE_ROOM 4096
#define NAME 20

static void fail(void)
{
    exit(1);
}

static void *allocate(size_t size)
{
    void *memory = malloc(size);
    if (memory == NULL)
        fail();
    return memory;
}

/* Bytes that grow at their end. */
struct buffer {
    uint8_t *bytes;
    size_t length, room;
};

static void append(struct buffer *to, const void *bytes, size_t length)
{
    if (to->length + length > to->room) {
        to->room = (to->length + length) * 2;
        to->bytes = realloc(to->bytes, to->room);
        if (to->bytes == NULL)
            fail();
    }
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static void append_text(struct buffer *to, const char *text)
{
    append(to, text, strlen(text));
}

static char *decimal(char *end, uint32_t number)
{
    *--end = '\0';
    do
        *--end = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return end;
}

static void append_number(struct buffer *to, uint32_t number)
{
    char digits[12];
    append_text(to, decimal(digits + sizeof digits, number));
}

static void append_hex(struct buffer *to, const uint8_t name[NAME])
{
    for (int i = 0; i < NAME; i++) {
        char digits[2] = {"0123456789abcdef"[name[i] >> 4], "0123456789abcdef"[name[i] & 15]};
        append(to, digits, 2);
    }
}

/* Compression of Lempel and Ziv's first kind. A control byte below 128 is followed by one byte more than it says, as
 * they are; from 128 on it is the length of a match, less 124, and the two bytes after it are the distance. */

#define HASH_BITS 11
#define SHORTEST 4
#define LONGEST (SHORTEST + 127)
#define FARTHEST 65535
#define TRIES 12

static void put_plain(struct buffer *out, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        size_t part = length < 128 ? length : 128;
        uint8_t control = (uint8_t)(part - 1);
        append(out, &control, 1);
        append(out, bytes, part);
        bytes += part;
        length -= part;
    }
}

static uint32_t hash_of(const uint8_t *at)
{
    uint32_t word = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    return word * 2654435761u >> (32 - HASH_BITS);
}

static void deflate(struct buffer *out, const uint8_t *in, size_t length)
{
    /* The last place with a hash, and for each place the one before it with the same; all one too large, 0 is none. */
    static uint32_t last[1 << HASH_BITS];
    static uint32_t before[2 * FILE_ROOM];
    memset(last, 0, sizeof last);
    size_t plain = 0, at = 0;
    while (at < length) {
        size_t best = 0, distance = 0;
        if (at + SHORTEST <= length && at < 2 * FILE_ROOM) {
            size_t limit = length - at < LONGEST ? length - at : LONGEST;
            uint32_t candidate = last[hash_of(in + at)];
            for (int tries = 0; candidate != 0 && tries < TRIES; tries++, candidate = before[candidate - 1]) {
                const uint8_t *from = in + candidate - 1;
                size_t same = 0;
                while (same < limit && from[same] == in[at + same])
                    same++;
                if (same > best && at - (candidate - 1) <= FARTHEST) {
                    best = same;
                    distance = at - (candidate - 1);
                }
            }
        }
        size_t next = at + (best >= SHORTEST ? best : 1);
        if (best >= SHORTEST) {
            put_plain(out, in + plain, at - plain);
            uint8_t match[3] = {(uint8_t)(128 + best - SHORTEST), (uint8_t)distance, (uint8_t)(distance >> 8)};
            append(out, match, 3);
            plain = next;
        }
        for (; at < next; at++) {
            if (at + SHORTEST <= length && at < 2 * FILE_ROOM) {
                uint32_t hash = hash_of(in + at);
                before[at] = last[hash];
                last[hash] = (uint32_t)at + 1;
            }
        }
    }
    put_plain(out, in + plain, length - plain);
}

static void inflate(struct buffer *out, const uint8_t *in, size_t length)
{
    for (const uint8_t *end = in + length; in < end;) {
        uint8_t control = *in++;
        if (control < 128) {
            append(out, in, (size_t)control + 1);
            in += control + 1;
            continue;
        }
        size_t distance = in[0] | (size_t)in[1] << 8;
        in += 2;
        if (distance == 0 || distance > out->length)
            fail();
        /* Byte by byte, as a match may go on into what it makes. */
        for (size_t left = (size_t)control - 128 + SHORTEST; left > 0; left--) {
            uint8_t byte = out->bytes[out->length - distance];
            append(out, &byte, 1);
        }
    }
}

/* The store: a search tree by name that is also a heap by the first bytes of the names, so that it stays flat. */

enum kind { BLOB, TREE, COMMIT };

static const char *const kinds[] = {"blob ", "tree ", "commit "};

struct object {
    struct object *left, *right;
    uint8_t name[NAME];
    enum kind kind;
    int marked;
    size_t plain, packed;
    uint8_t *bytes;
};

static uint32_t priority(const struct object *object)
{
    return (object->name[3] | (uint32_t)object->name[7] << 8 | (uint32_t)object->name[11] << 16) * 2654435761u;
}

static struct object *find(struct object *root, const uint8_t name[NAME])
{
    while (root != NULL) {
        int order = memcmp(name, root->name, NAME);
        if (order == 0)
            break;
        root = order < 0 ? root->left : root->right;
    }
    return root;
}

static struct object *insert(struct object *root, struct object *added)
{
    if (root == NULL)
        return added;
    if (memcmp(added->name, root->name, NAME) < 0) {
        root->left = insert(root->left, added);
        if (priority(root->left) > priority(root)) {
            struct object *up = root->left;
            root->left = up->right;
            up->right = root;
            return up;
        }
    } else {
        root->right = insert(root->right, added);
        if (priority(root->right) > priority(root)) {
            struct object *up = root->right;
            root->right = up->left;
            up->left = root;
            return up;
        }
    }
    return root;
}

/* Two trees in one, all names in the left one being smaller. */
static struct object *merge(struct object *left, struct object *right)
{
    if (left == NULL || right == NULL)
        return left == NULL ? right : left;
    if (priority(left) > priority(right)) {
        left->right = merge(left->right, right);
        return left;
    }
    right->left = merge(left, right->left);
    return right;
}

static struct object *store;
static uint32_t stored, reused;

static void name_of(enum kind kind, const void *bytes, size_t length, uint8_t name[NAME])
{
    char head[24], digits[12];
    strcpy(head, kinds[kind]);
    strcat(head, decimal(digits + sizeof digits, (uint32_t)length));
    /* The zero at its end belongs to the head. */
    sha1_of(head, strlen(head) + 1, bytes, length, name);
}

static void put(enum kind kind, const struct buffer *content, uint8_t name[NAME])
{
    name_of(kind, content->bytes, content->length, name);
    if (find(store, name) != NULL) {
        reused++;
        return;
    }
    struct buffer packed = {0};
    deflate(&packed, content->bytes, content->length);
    struct object *object = allocate(sizeof *object);
    *object = (struct object){.kind = kind, .plain = content->length, .packed = packed.length, .bytes = packed.bytes};
    memcpy(object->name, name, NAME);
    store = insert(store, object);
    stored++;
}

/* Unpacks an object, whose name has to be that of what is found. */
static const struct object *get(const uint8_t name[NAME], struct buffer *content)
{
    const struct object *object = find(store, name);
    uint8_t again[NAME];
    if (object == NULL)
        fail();
    content->length = 0;
    inflate(content, object->bytes, object->packed);
    name_of(object->kind, content->bytes, content->length, again);
    if (content->length != object->plain || memcmp(again, name, NAME) != 0)
        fail();
    return object;
}

/* The files that are worked on. */

static struct buffer files[DIRECTORIES][FILES];

static void append_line(struct buffer *file, uint32_t *state)
{
    static const char *const words[16] = {
        "return", "if",    "count",  "name", "value", " = ", "while", "size_t",
        "const ", "(left", "right)", "0",    ";",     "->",  "*",     "index",
    };
    for (uint32_t left = 3 + next_random(state) % 7; left > 0; left--) {
        append_text(file, words[next_random(state) >> 5 & 15]);
        append_text(file, " ");
    }
    if (next_random(state) & 1)
        append_number(file, next_random(state) >> 20);
    append_text(file, "\n");
}

/* Removes a piece at some place, and puts some lines there. */
static void edit(struct buffer *file, uint32_t *state)
{
    struct buffer changed = {0};
    size_t at = next_random(state) % (file->length + 1);
    append(&changed, file->bytes, at);
    for (int lines = 0; lines < 3; lines++)
        append_line(&changed, state);
    size_t gone = next_random(state) % 160;
    if (at + gone < file->length)
        append(&changed, file->bytes + at + gone, file->length - at - gone);
    if (changed.length > FILE_ROOM - 512)
        changed.length = FILE_ROOM / 2;
    free(file->bytes);
    *file = changed;
}

static void entry(struct buffer *tree, const char *mode, char letter, uint32_t number, const uint8_t name[NAME])
{
    char text[3] = {letter, (char)('a' + number), '\0'};
    append_text(tree, mode);
    append(tree, text, sizeof text);
    append(tree, name, NAME);
}

/* A version of all files, after the one named by the parent; there is none before the first. */
static void commit(const uint8_t *parent, uint32_t time, uint8_t name[NAME])
{
    struct buffer top = {0}, below = {0};
    uint8_t part[NAME];
    for (uint32_t directory = 0; directory < DIRECTORIES; directory++) {
        below.length = 0;
        for (uint32_t file = 0; file < FILES; file++) {
            put(BLOB, &files[directory][file], part);
            entry(&below, "100644 ", 'f', file, part);
        }
        put(TREE, &below, part);
        entry(&top, "40000 ", 'd', directory, part);
    }
    put(TREE, &top, part);
    top.length = 0;
    append_text(&top, "tree ");
    append_hex(&top, part);
    if (parent != NULL) {
        append_text(&top, "\nparent ");
        append_hex(&top, parent);
    }
    append_text(&top, "\nauthor A <a@b> ");
    append_number(&top, time);
    append_text(&top, " +0000\ncommitter A <a@b> ");
    append_number(&top, time);
    append_text(&top, " +0000\n\nChange ");
    append_number(&top, time & 1023);
    append_text(&top, "\n");
    put(COMMIT, &top, name);
    free(top.bytes);
    free(below.bytes);
}

/* Collection: mark what can be reached from a commit, remove the rest. */

static void name_from_hex(const uint8_t *hex, uint8_t name[NAME])
{
    for (int i = 0; i < 2 * NAME; i++) {
        uint8_t digit = (uint8_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
        name[i / 2] = (uint8_t)(name[i / 2] << 4 | digit);
    }
}

static void mark_tree(const uint8_t name[NAME])
{
    struct object *object = find(store, name);
    if (object == NULL)
        fail();
    if (object->marked)
        return;
    object->marked = 1;
    if (object->kind != TREE)
        return;
    struct buffer content = {0};
    get(name, &content);
    for (size_t at = 0; at < content.length; at += NAME) {
        at += strlen((const char *)content.bytes + at) + 1;
        mark_tree(content.bytes + at);
    }
    free(content.bytes);
}

static uint32_t mark_history(const uint8_t head[NAME])
{
    struct buffer content = {0};
    uint8_t name[NAME], tree[NAME];
    memcpy(name, head, NAME);
    for (uint32_t count = 1;; count++) {
        get(name, &content);
        find(store, name)->marked = 1;
        name_from_hex(content.bytes + 5, tree);
        mark_tree(tree);
        if (memcmp(content.bytes + 46, "parent ", 7) != 0) {
            free(content.bytes);
            return count;
        }
        name_from_hex(content.bytes + 53, name);
    }
}

static uint32_t collected;

static struct object *sweep(struct object *root)
{
    if (root == NULL)
        return NULL;
    root->left = sweep(root->left);
    root->right = sweep(root->right);
    if (root->marked) {
        root->marked = 0;
        return root;
    }
    struct object *rest = merge(root->left, root->right);
    free(root->bytes);
    free(root);
    collected++;
    return rest;
}

/* Gives back all there is, so that the next call begins like the first. */
static void clear(void)
{
    /* Nothing is marked any more: all of it goes. */
    store = sweep(store);
    stored = reused = collected = 0;
    for (uint32_t directory = 0; directory < DIRECTORIES; directory++) {
        for (uint32_t file = 0; file < FILES; file++) {
            free(files[directory][file].bytes);
            files[directory][file] = (struct buffer){0};
        }
    }
}

/* A Merkle tree over the names of all objects in order: the nodes of a level after those of the level below. */

static void list(const struct object *root, struct buffer *names)
{
    if (root == NULL)
        return;
    list(root->left, names);
    append(names, root->name, NAME);
    list(root->right, names);
}

static void merkle(struct buffer *nodes, size_t *levels)
{
    size_t from = 0, count = nodes->length / NAME;
    for (*levels = 1; count > 1; ++*levels) {
        for (size_t i = 0; i < count; i += 2) {
            uint8_t left[NAME], right[NAME], above[NAME];
            memcpy(left, nodes->bytes + (from + i) * NAME, NAME);
            /* The last of an odd count is its own neighbour. */
            memcpy(right, nodes->bytes + (from + (i + 1 < count ? i + 1 : i)) * NAME, NAME);
            sha1_of(left, NAME, right, NAME, above);
            append(nodes, above, NAME);
        }
        from += count;
        count = (count + 1) / 2;
    }
}

/* Whether the way from a leaf up gives the root, with nothing but the neighbours on the way. */
static int proves(const struct buffer *nodes, size_t leaves, size_t leaf)
{
    uint8_t hash[NAME], sum[NAME];
    memcpy(hash, nodes->bytes + leaf * NAME, NAME);
    size_t from = 0, at = leaf;
    for (size_t count = leaves; count > 1; count = (count + 1) / 2) {
        size_t other = (at ^ 1) < count ? at ^ 1 : at;
        const uint8_t *neighbour = nodes->bytes + (from + other) * NAME;
        sha1_of(at & 1 ? neighbour : hash, NAME, at & 1 ? hash : neighbour, NAME, sum);
        memcpy(hash, sum, NAME);
        from += count;
        at /= 2;
    }
    return memcmp(hash, nodes->bytes + from * NAME, NAME) == 0;
}

/* Names that git itself gives: `git hash-object` of nothing and of "hello world\n", and the empty tree. */
static int known_answers(void)
{
    static const uint8_t expected[3][NAME] = {
        {0xe6, 0x9d, 0xe2, 0x9b, 0xb2, 0xd1, 0xd6, 0x43, 0x4b, 0x8b,
         0x29, 0xae, 0x77, 0x5a, 0xd8, 0xc2, 0xe4, 0x8c, 0x53, 0x91},
        {0x3b, 0x18, 0xe5, 0x12, 0xdb, 0xa7, 0x9e, 0x4c, 0x83, 0x00,
         0xdd, 0x08, 0xae, 0xb3, 0x7f, 0x8e, 0x72, 0x8b, 0x8d, 0xad},
        {0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60,
         0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb, 0xee, 0x49, 0x04},
    };
    uint8_t names[3][NAME];
    name_of(BLOB, "", 0, names[0]);
    name_of(BLOB, "hello world\n", 12, names[1]);
    name_of(TREE, "", 0, names[2]);
    return memcmp(names, expected, sizeof names) == 0;
}

uint32_t git(uint32_t commits)
{
    if (!sha1_known_answers() || !known_answers())
        return 0;
    uint32_t state = 1234, time = 1700000000;
    for (uint32_t directory = 0; directory < DIRECTORIES; directory++) {
        for (uint32_t file = 0; file < FILES; file++) {
            for (int line = 0; line < 40; line++)
                append_line(&files[directory][file], &state);
        }
    }
    uint8_t head[NAME], branch[NAME];
    commit(NULL, time, head);
    uint32_t history = 1;
    for (uint32_t i = 1; i <= commits; i++) {
        for (uint32_t edits = 1 + next_random(&state) % 4; edits > 0; edits--) {
            uint32_t random = next_random(&state);
            edit(&files[random % DIRECTORIES][(random >> 8) % FILES], &state);
        }
        /* One of four goes to a branch that nobody will ask for again. */
        if (i % 4 == 0) {
            commit(i % 8 == 0 ? branch : head, time + i, branch);
        } else {
            commit(head, time + i, head);
            history++;
            if (i < 4)
                memcpy(branch, head, NAME);
        }
        if (i % 50 == 0 && mark_history(head) != history)
            fail();
        if (i % 50 == 0) {
            store = sweep(store);
            /* The branch is gone: the next one starts here. */
            memcpy(branch, head, NAME);
        }
    }

    struct buffer nodes = {0};
    list(store, &nodes);
    size_t leaves = nodes.length / NAME, levels;
    if (leaves != stored - collected)
        return 0;
    merkle(&nodes, &levels);
    for (size_t leaf = 0; leaf < leaves; leaf += 3) {
        if (!proves(&nodes, leaves, leaf))
            return 0;
    }
    uint32_t hash = digest(DIGEST_START, nodes.bytes + nodes.length - NAME, NAME);
    hash ^= stored ^ reused << 8 ^ collected << 16 ^ (uint32_t)levels;
    free(nodes.bytes);
    clear();
    return hash;
}

BENCH(git, 200, 0x8d38d524)
