// Work for a C++ compiler with its standard library.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {
struct Number { double value; };
struct Call { std::string name; std::vector<std::shared_ptr<std::variant<Number, Call>>> args; };
using Node = std::variant<Number, Call>;

class Parser {
    std::string_view text;

    void skip() {
        while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    }

public:
    explicit Parser(std::string_view text) : text(text) {}

    std::optional<std::shared_ptr<Node>> parse() {
        skip();
        if (text.empty()) return std::nullopt;
        if (text.front() != '(') {
            size_t end = std::min(text.find_first_of(" )"), text.size());
            std::string word(text.substr(0, end));
            text.remove_prefix(end);
            return std::make_shared<Node>(Number{std::stod(word)});
        }
        text.remove_prefix(1);
        skip();
        size_t end = std::min(text.find_first_of(" )"), text.size());
        Call call{std::string(text.substr(0, end)), {}};
        text.remove_prefix(end);
        for (skip(); !text.empty() && text.front() != ')'; skip())
            if (auto arg = parse()) call.args.push_back(*arg);
        if (!text.empty()) text.remove_prefix(1);
        return std::make_shared<Node>(std::move(call));
    }
};

double evaluate(const Node &node, std::map<std::string, size_t> &calls) {
    if (auto number = std::get_if<Number>(&node)) return number->value;
    const Call &call = std::get<Call>(node);
    calls[call.name]++;
    std::vector<double> values;
    std::transform(call.args.begin(), call.args.end(), std::back_inserter(values),
                   [&](const auto &arg) { return evaluate(*arg, calls); });
    if (call.name == "+") return std::accumulate(values.begin(), values.end(), 0.0);
    if (call.name == "max") return *std::max_element(values.begin(), values.end());
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}
}

int main() {
    std::map<std::string, size_t> calls;
    auto tree = Parser("(+ 1 2 (max 3 (median 9 7 8) 5))").parse();
    std::unordered_map<std::string, std::vector<int>> index;
    std::string text = "the cat sat on the mat and the dog sat on the cat";
    for (size_t at = 0, number = 0; at < text.size(); number++) {
        size_t end = std::min(text.find(' ', at), text.size());
        index[text.substr(at, end - at)].push_back(static_cast<int>(number));
        at = end + 1;
    }
    std::vector<std::pair<std::string, std::vector<int>>> words(index.begin(), index.end());
    std::stable_sort(words.begin(), words.end(), [](auto &a, auto &b) { return a.second.size() > b.second.size(); });
    std::printf("%g %zu %zu\n", evaluate(**tree, calls), calls.size(), words.front().second.size());
}
