// Work for C++ compilers without a standard library: templates that instantiate each other.
template <typename T> struct Equal { static bool is(const T &a, const T &b) { return a == b; } };
template <int N> struct Text {
    char bytes[N];
    bool operator==(const Text &other) const {
        for (int i = 0; i < N; i++)
            if (bytes[i] != other.bytes[i]) return false;
        return true;
    }
    bool operator<(const Text &other) const {
        for (int i = 0; i < N; i++)
            if (bytes[i] != other.bytes[i]) return bytes[i] < other.bytes[i];
        return false;
    }
    unsigned hash() const {
        unsigned h = 5381;
        for (int i = 0; i < N; i++) h = h * 33 ^ bytes[i];
        return h;
    }
};
template <typename T> unsigned hash(const T &value) { return value.hash(); }
template <> unsigned hash<int>(const int &value) { return value * 40503u; }
template <> unsigned hash<long>(const long &value) { return value * 40503u ^ value >> 16; }

template <typename K, typename V, int N> class Map {
    K keys[N];
    V values[N];
    bool used[N] = {};

public:
    V *find(const K &key) {
        for (unsigned i = hash(key) % N, n = 0; n < N && used[i]; i = (i + 1) % N, n++)
            if (Equal<K>::is(keys[i], key)) return &values[i];
        return nullptr;
    }
    bool put(const K &key, const V &value) {
        for (unsigned i = hash(key) % N, n = 0; n < N; i = (i + 1) % N, n++) {
            if (used[i] && !Equal<K>::is(keys[i], key)) continue;
            used[i] = true;
            keys[i] = key;
            values[i] = value;
            return true;
        }
        return false;
    }
    template <typename F> void each(F f) {
        for (int i = 0; i < N; i++)
            if (used[i]) f(keys[i], values[i]);
    }
};
template <typename T, int N> class Heap {
    T items[N];
    int count = 0;

public:
    bool push(const T &item) {
        if (count == N) return false;
        int i = count++;
        for (; i && item < items[(i - 1) / 2]; i = (i - 1) / 2) items[i] = items[(i - 1) / 2];
        items[i] = item;
        return true;
    }
    bool pop(T &item) {
        if (!count) return false;
        item = items[0];
        T last = items[--count];
        int i = 0;
        for (int child; (child = 2 * i + 1) < count; i = child) {
            if (child + 1 < count && items[child + 1] < items[child]) child++;
            if (!(items[child] < last)) break;
            items[i] = items[child];
        }
        items[i] = last;
        return true;
    }
};
struct Shape {
    virtual int area() const = 0;
    virtual Shape *scaled(int by) = 0;
    virtual ~Shape() {}
};
void operator delete(void *) {}
void operator delete(void *, unsigned) {}
extern "C" void __cxa_pure_virtual() {}
template <int Kind> struct Polygon : Shape {
    int w, h;
    int area() const override { return Kind % 2 ? w * h : w * h / 2 + Kind; }
    Shape *scaled(int by) override { w *= by; h *= by + Kind; return this; }
};
template <typename T, int N> int use(const T *values, int n) {
    static Map<T, int, N> map;
    static Heap<T, N> heap;
    int sum = 0;
    for (int i = 0; i < n; i++) {
        if (int *known = map.find(values[i])) ++*known;
        else map.put(values[i], i);
        heap.push(values[i]);
    }
    map.each([&](const T &key, int &value) { sum += hash(key) % 7 * value; });
    for (T item; heap.pop(item);) sum = sum * 3 + hash(item);
    return sum;
}
template <int N> struct Many {
    static int go(const long *values, int n) {
        static Polygon<N> polygon;
        Shape *shape = polygon.scaled(n);
        Text<N + 2> texts[4] = {};
        for (int i = 0; i < 4; i++) texts[i].bytes[i % N] = (char)values[i % n];
        return shape->area() + use<Text<N + 2>, 2 * N + 8>(texts, 4) + Many<N - 1>::go(values, n);
    }
};
template <> struct Many<0> {
    static int go(const long *values, int n) { return use<long, 64>(values, n); }
};
int run(const long *values, int n) { return Many<24>::go(values, n); }
