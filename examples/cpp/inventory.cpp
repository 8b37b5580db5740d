// A warehouse that is driven by a script: iostreams, std::map, std::vector, std::sort, std::string.
//
//   inventory [REPORT]  < SCRIPT
//
// One command a line: `add NAME COUNT PRICE`, `take NAME COUNT`, `price NAME PRICE`, `find PART`,
// `list name|count|value`, `undo`; `#` starts a comment. The stock is printed at the end, and is
// also written to the file REPORT when one is named. A wrong command is reported and skipped, and
// makes the exit code 1. Exceptions are not used: the C++ runtime for Wasm has none by default.

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

// Money is in whole cents: sums stay exact, and equal on every platform.
using Cents = long long;

struct Item {
    long long count = 0;
    Cents price = 0;

    Cents value() const { return count * price; }
};

using Stock = std::map<std::string, Item>;

std::string money(Cents cents)
{
    std::ostringstream text;
    text << cents / 100 << '.' << std::setw(2) << std::setfill('0') << cents % 100;
    return text.str();
}

// "12", "12.5" and "12.50" are amounts; everything else is not.
bool parse_money(const std::string &text, Cents &cents)
{
    std::size_t point = text.find('.');
    std::string whole = text.substr(0, point);
    std::string part = point == std::string::npos ? "" : text.substr(point + 1);
    auto digits = [](const std::string &s) {
        return std::all_of(s.begin(), s.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    };
    if (whole.empty() || whole.size() > 12 || part.size() > 2 || !digits(whole) || !digits(part))
        return false;
    part.resize(2, '0');
    cents = 0;
    for (char c : whole + part)
        cents = cents * 10 + (c - '0');
    return true;
}

// What can be undone. One class for each kind, to have virtual calls in the program.
class Change {
public:
    virtual ~Change() = default;
    virtual void undo(Stock &stock) const = 0;
    virtual std::string name() const = 0;
};

class Restore : public Change {
public:
    Restore(std::string key, Item before) : key_(std::move(key)), before_(before) {}
    void undo(Stock &stock) const override { stock[key_] = before_; }
    std::string name() const override { return "restore " + key_; }

private:
    std::string key_;
    Item before_;
};

class Forget : public Change {
public:
    explicit Forget(std::string key) : key_(std::move(key)) {}
    void undo(Stock &stock) const override { stock.erase(key_); }
    std::string name() const override { return "forget " + key_; }

private:
    std::string key_;
};

class Warehouse {
public:
    // Empty when the command was carried out, else why it was not.
    std::string run(const std::string &line)
    {
        std::istringstream words(line.substr(0, line.find('#')));
        std::string verb;
        if (!(words >> verb))
            return "";
        auto command = commands().find(verb);
        if (command == commands().end())
            return "unknown command '" + verb + "'";
        used_.insert(verb);
        return command->second(*this, words);
    }

    void print(std::ostream &out) const
    {
        out << std::left << std::setw(14) << "item" << std::right << std::setw(8) << "count" << std::setw(10)
            << "price" << std::setw(12) << "value" << '\n';
        for (const auto &[name, item] : stock_) {
            out << std::left << std::setw(14) << name << std::right << std::setw(8) << item.count << std::setw(10)
                << money(item.price) << std::setw(12) << money(item.value()) << '\n';
        }
        Cents total = std::accumulate(stock_.begin(), stock_.end(), Cents{0},
                                      [](Cents sum, const auto &entry) { return sum + entry.second.value(); });
        out << std::setw(44) << money(total) << '\n';
        if (!stock_.empty()) {
            double mean = static_cast<double>(total) / 100.0 / static_cast<double>(stock_.size());
            out << "mean value " << std::fixed << std::setprecision(3) << mean << '\n';
        }
    }

    void print_used(std::ostream &out) const
    {
        out << "commands used:";
        for (const std::string &verb : used_)
            out << ' ' << verb;
        out << '\n';
    }

private:
    using Command = std::function<std::string(Warehouse &, std::istringstream &)>;

    static const std::map<std::string, Command> &commands()
    {
        static const std::map<std::string, Command> table = {
            {"add", [](Warehouse &self, std::istringstream &words) { return self.add(words); }},
            {"take", [](Warehouse &self, std::istringstream &words) { return self.take(words); }},
            {"price", [](Warehouse &self, std::istringstream &words) { return self.reprice(words); }},
            {"find", [](Warehouse &self, std::istringstream &words) { return self.find(words); }},
            {"list", [](Warehouse &self, std::istringstream &words) { return self.list(words); }},
            {"undo", [](Warehouse &self, std::istringstream &) { return self.undo(); }},
        };
        return table;
    }

    std::string add(std::istringstream &words)
    {
        std::string name, price;
        long long count = 0;
        Cents cents = 0;
        if (!(words >> name >> count >> price) || count <= 0 || !parse_money(price, cents))
            return "add needs NAME COUNT PRICE";
        auto found = stock_.find(name);
        if (found == stock_.end())
            history_.push_back(std::make_unique<Forget>(name));
        else
            history_.push_back(std::make_unique<Restore>(name, found->second));
        Item &item = stock_[name];
        item.count += count;
        item.price = cents;
        return "";
    }

    std::string take(std::istringstream &words)
    {
        std::string name;
        long long count = 0;
        if (!(words >> name >> count) || count <= 0)
            return "take needs NAME COUNT";
        auto found = stock_.find(name);
        if (found == stock_.end())
            return "no " + name;
        if (found->second.count < count)
            return "only " + std::to_string(found->second.count) + " of " + name;
        history_.push_back(std::make_unique<Restore>(name, found->second));
        found->second.count -= count;
        if (found->second.count == 0)
            stock_.erase(found);
        return "";
    }

    std::string reprice(std::istringstream &words)
    {
        std::string name, price;
        Cents cents = 0;
        if (!(words >> name >> price) || !parse_money(price, cents))
            return "price needs NAME PRICE";
        auto found = stock_.find(name);
        if (found == stock_.end())
            return "no " + name;
        history_.push_back(std::make_unique<Restore>(name, found->second));
        found->second.price = cents;
        return "";
    }

    std::string find(std::istringstream &words)
    {
        std::string part;
        words >> part;
        std::vector<std::string> names;
        for (const auto &entry : stock_) {
            if (entry.first.find(part) != std::string::npos)
                names.push_back(entry.first);
        }
        std::cout << "find " << part << ':';
        for (const std::string &name : names)
            std::cout << ' ' << name;
        std::cout << " (" << names.size() << ")\n";
        return "";
    }

    std::string list(std::istringstream &words)
    {
        std::string key;
        words >> key;
        std::vector<std::pair<std::string, Item>> items(stock_.begin(), stock_.end());
        // Stable, so that equal counts and values stay in the order of the names.
        if (key == "count") {
            std::stable_sort(items.begin(), items.end(),
                             [](const auto &a, const auto &b) { return a.second.count > b.second.count; });
        } else if (key == "value") {
            std::stable_sort(items.begin(), items.end(),
                             [](const auto &a, const auto &b) { return a.second.value() > b.second.value(); });
        } else if (key == "name") {
            std::sort(items.begin(), items.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
        } else {
            return "list needs name, count or value";
        }
        std::cout << "by " << key << ':';
        for (const auto &[name, item] : items)
            std::cout << ' ' << name << '=' << (key == "value" ? money(item.value()) : std::to_string(item.count));
        std::cout << '\n';
        return "";
    }

    std::string undo()
    {
        if (history_.empty())
            return "nothing to undo";
        std::cout << "undo: " << history_.back()->name() << '\n';
        history_.back()->undo(stock_);
        history_.pop_back();
        return "";
    }

    Stock stock_;
    std::vector<std::unique_ptr<Change>> history_;
    std::set<std::string> used_;
};

} // namespace

int main(int argc, char **argv)
{
    Warehouse warehouse;
    int mistakes = 0;
    int number = 0;
    for (std::string line; std::getline(std::cin, line);) {
        number++;
        std::string problem = warehouse.run(line);
        if (!problem.empty()) {
            mistakes++;
            std::cout << "line " << number << ": " << problem << '\n';
        }
    }
    warehouse.print(std::cout);
    warehouse.print_used(std::cout);
    if (argc > 1) {
        // C's stdio and not std::ofstream, which a libc++ built without a filesystem leaves out.
        std::ostringstream text;
        warehouse.print(text);
        std::FILE *file = std::fopen(argv[1], "w");
        bool written = file != nullptr && std::fputs(text.str().c_str(), file) >= 0;
        if (file == nullptr || std::fclose(file) != 0 || !written) {
            std::cerr << "inventory: cannot write " << argv[1] << '\n';
            return 2;
        }
        std::cout << "written\n";
    }
    return mistakes > 0 ? 1 : 0;
}
