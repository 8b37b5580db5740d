# Work for a Python interpreter: calls, dictionaries, JSON, regular expressions, sorting.
import json
import re


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


number = 0
for i in range(200_000):
    number = (number * 31 + i) % 1_000_003
counts = {}
for word in ("the cat sat on the mat and the dog sat on the cat " * 2000).split():
    counts[word] = counts.get(word, 0) + 1
rows = json.loads(json.dumps([{"a": i, "b": [i / 3] * 3} for i in range(3000)]))
rows.sort(key=lambda row: (row["a"] % 7, -row["a"]))
found = re.findall(r"\b[a-c]\w+", "abc def cat " * 3000)
print(fib(19), number, sorted(counts.items()), rows[0], sum(len(word) for word in found))
