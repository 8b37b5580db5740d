/* Counts words the way a small Unix tool does: buffered stdio, a growing hash table, qsort.
 *
 *   wordcount [-n TOP] [-o REPORT] [FILE...]
 *
 * Reads the files, or the standard input when there are none, and prints lines, words and bytes
 * for each and the TOP commonest words over all of them. With -o the same report is also written
 * to a file, which is then read back through fseek and ftell.
 * Exit code: 0, or 1 when a file cannot be used, or 2 for a wrong command line. */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
    char *text;
    uint32_t hash;
    unsigned long count;
};

/* Open addressing with a power-of-two size; `text == NULL` marks a free place. */
struct table {
    struct word *slots;
    size_t size;
    size_t used;
};

struct tally {
    unsigned long lines;
    unsigned long words;
    unsigned long bytes;
};

static void *allocate(size_t count, size_t size)
{
    void *block = calloc(count, size);
    if (block == NULL) {
        fputs("wordcount: out of memory\n", stderr);
        exit(1);
    }
    return block;
}

/* FNV-1a: 32 bits on every platform, so that the table's layout never depends on the pointer size. */
static uint32_t hash_of(const char *text, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) {
        hash ^= (unsigned char)text[i];
        hash *= 16777619u;
    }
    return hash;
}

static void table_grow(struct table *table)
{
    struct table larger = {0};
    larger.size = table->size ? table->size * 2 : 64;
    larger.used = table->used;
    larger.slots = allocate(larger.size, sizeof *larger.slots);
    for (size_t i = 0; i < table->size; i++) {
        if (table->slots[i].text == NULL)
            continue;
        size_t at = table->slots[i].hash & (larger.size - 1);
        while (larger.slots[at].text != NULL)
            at = (at + 1) & (larger.size - 1);
        larger.slots[at] = table->slots[i];
    }
    free(table->slots);
    *table = larger;
}

static void table_add(struct table *table, const char *text, size_t length)
{
    if (table->used * 4 >= table->size * 3)
        table_grow(table);
    uint32_t hash = hash_of(text, length);
    size_t at = hash & (table->size - 1);
    for (; table->slots[at].text != NULL; at = (at + 1) & (table->size - 1)) {
        struct word *word = &table->slots[at];
        if (word->hash == hash && strlen(word->text) == length && memcmp(word->text, text, length) == 0) {
            word->count++;
            return;
        }
    }
    table->slots[at].text = allocate(length + 1, 1);
    memcpy(table->slots[at].text, text, length);
    table->slots[at].hash = hash;
    table->slots[at].count = 1;
    table->used++;
}

static struct tally count_stream(FILE *in, struct table *table)
{
    struct tally tally = {0};
    char word[64];
    size_t length = 0;
    int c;
    do {
        c = getc(in);
        if (c != EOF) {
            tally.bytes++;
            tally.lines += c == '\n';
        }
        if (c != EOF && (isalnum(c) || (c == '\'' && length > 0))) {
            /* A longer word is counted under its first 64 letters. */
            if (length < sizeof word)
                word[length++] = (char)tolower(c);
        } else if (length > 0) {
            while (length > 1 && word[length - 1] == '\'')
                length--;
            table_add(table, word, length);
            tally.words++;
            length = 0;
        }
    } while (c != EOF);
    return tally;
}

/* The commonest first; equals by the alphabet, so that the order is total whatever qsort does. */
static int by_count(const void *left, const void *right)
{
    const struct word *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return strcmp(a->text, b->text);
}

/* Prints to the standard output and, when there is one, to the report. */
static void report(FILE *file, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    if (file != NULL) {
        va_start(arguments, format);
        vfprintf(file, format, arguments);
        va_end(arguments);
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void report_tally(FILE *file, const char *name, const struct tally *tally)
{
    report(file, "%8lu %8lu %8lu  %s\n", tally->lines, tally->words, tally->bytes, name);
}

/* The length of the file and the text of its last line, found from its end. */
static int read_back(const char *path)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL || fseek(in, 0, SEEK_END) != 0)
        return 1;
    long size = ftell(in);
    long at = size - 1;
    int c = 0;
    while (at > 0 && c != '\n') {
        at--;
        if (fseek(in, at, SEEK_SET) != 0)
            return 1;
        c = getc(in);
    }
    char line[128] = "";
    if (fgets(line, sizeof line, in) == NULL)
        return 1;
    line[strcspn(line, "\n")] = '\0';
    printf("report: %ld bytes, ends \"%s\"\n", size, line);
    return fclose(in) != 0;
}

int main(int argc, char **argv)
{
    unsigned long top = 10;
    const char *report_path = NULL;
    int arg = 1;
    for (; arg < argc && argv[arg][0] == '-' && argv[arg][1] != '\0'; arg += 2) {
        if (arg + 1 >= argc) {
            fprintf(stderr, "wordcount: %s needs a value\n", argv[arg]);
            return 2;
        }
        if (strcmp(argv[arg], "-n") == 0) {
            top = strtoul(argv[arg + 1], NULL, 10);
        } else if (strcmp(argv[arg], "-o") == 0) {
            report_path = argv[arg + 1];
        } else {
            fputs("usage: wordcount [-n TOP] [-o REPORT] [FILE...]\n", stderr);
            return 2;
        }
    }

    FILE *out = NULL;
    if (report_path != NULL && (out = fopen(report_path, "w")) == NULL) {
        fprintf(stderr, "wordcount: %s: %s\n", report_path, strerror(errno));
        return 1;
    }

    struct table table = {0};
    struct tally total = {0};
    int failed = 0;
    report(out, "   lines    words    bytes\n");
    if (arg == argc) {
        total = count_stream(stdin, &table);
        report_tally(out, "(standard input)", &total);
    }
    for (int i = arg; i < argc; i++) {
        FILE *in = fopen(argv[i], "r");
        if (in == NULL) {
            fprintf(stderr, "wordcount: %s: %s\n", argv[i], strerror(errno));
            failed = 1;
            continue;
        }
        struct tally tally = count_stream(in, &table);
        fclose(in);
        report_tally(out, base_name(argv[i]), &tally);
        total.lines += tally.lines;
        total.words += tally.words;
        total.bytes += tally.bytes;
    }
    if (argc - arg > 1)
        report_tally(out, "total", &total);

    /* Close the gaps of the table, then sort it in place. */
    size_t distinct = 0;
    for (size_t i = 0; i < table.size; i++) {
        if (table.slots[i].text != NULL)
            table.slots[distinct++] = table.slots[i];
    }
    qsort(table.slots, distinct, sizeof *table.slots, by_count);

    report(out, "\n%zu different words\n", distinct);
    for (size_t i = 0; i < distinct && i < top; i++) {
        const struct word *word = &table.slots[i];
        double share = 100.0 * (double)word->count / (double)total.words;
        report(out, "%4zu. %-16s %5lu  %6.2f%%\n", i + 1, word->text, word->count, share);
    }

    for (size_t i = 0; i < distinct; i++)
        free(table.slots[i].text);
    free(table.slots);

    if (out != NULL) {
        if (fclose(out) != 0 || read_back(report_path) != 0) {
            fprintf(stderr, "wordcount: %s: %s\n", report_path, strerror(errno));
            return 1;
        }
    }
    return failed;
}
