// A calculator that is driven by a script, and in which all that goes wrong is an exception: thrown through many frames
// with destructors, out of constructors and out of algorithms, kept for later, nested in another one, translated.
//
//   reckon  < SCRIPT
//
// One command a line; `#` starts a comment.
//
//   let NAME = EXPR            print EXPR             list NAME = EXPR, EXPR, …
//   sort NAME by EXPR          (of `it`)              repeat COUNT: EXPR     (of `i`; counts what fails)
//   later EXPR                 (keeps the failure)    settle                 (tells what was kept)
//   begin NAME … end           (all of it or none)    quit CODE
//
// EXPR: whole numbers, names, NAME[EXPR], + - * / %, parentheses, fact(EXPR), root(EXPR), sum(NAME). The exit code is that of
// `quit`, or 1 when a command has failed. What the library's exceptions say differs between libraries and is not printed.

#include <algorithm>
#include <cctype>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using Number = long long;
using List = std::vector<Number>;
using Value = std::variant<Number, List>;
using Names = std::map<std::string, Value>;

// Where in its line something is wrong. The second base of what is thrown, so that a handler for it gets another address.
class Located {
public:
    explicit Located(std::size_t column) : column_(column) {}
    virtual ~Located() = default;
    std::size_t column() const { return column_; }

private:
    std::size_t column_;
};

class SyntaxError : public std::runtime_error, public Located {
public:
    SyntaxError(const std::string &what, std::size_t column) : std::runtime_error(what), Located(column) {}
};

class NameError : public std::runtime_error {
public:
    explicit NameError(const std::string &name) : std::runtime_error("no " + name) {}
};

class ZeroError : public std::domain_error {
public:
    ZeroError() : std::domain_error("division by zero") {}
};

// Thrown by value, without a base: the script's own end.
struct Quit {
    int code;
};

// Counts what is alive, to show at the end that each unwinding destroyed what it had to.
template <class Tag> class Counted {
public:
    Counted() { made++, alive++; }
    Counted(const Counted &) = delete;
    Counted &operator=(const Counted &) = delete;
    ~Counted() { alive--; }

    static inline int made = 0;
    static inline int alive = 0;
};

Number checked(bool overflow, Number result)
{
    if (overflow)
        throw std::overflow_error("too large");
    return result;
}

Number add(Number a, Number b)
{
    Number result = 0;
    bool overflow = __builtin_add_overflow(a, b, &result);
    return checked(overflow, result);
}

Number subtract(Number a, Number b)
{
    Number result = 0;
    bool overflow = __builtin_sub_overflow(a, b, &result);
    return checked(overflow, result);
}

Number multiply(Number a, Number b)
{
    Number result = 0;
    bool overflow = __builtin_mul_overflow(a, b, &result);
    return checked(overflow, result);
}

Number divide(Number a, Number b)
{
    if (b == 0)
        throw ZeroError();
    return b == -1 ? subtract(0, a) : a / b;
}

Number remainder(Number a, Number b)
{
    if (b == 0)
        throw ZeroError();
    return b == -1 ? 0 : a % b;
}

struct FrameTag {};
struct NodeTag {};

// A failure in here leaves as many frames as `n` is above 20, each with an object to destroy.
Number factorial(Number n)
{
    Counted<FrameTag> frame;
    if (n < 0)
        throw std::domain_error("negative factorial");
    return n < 2 ? 1 : multiply(n, factorial(n - 1));
}

Number root(Number n)
{
    if (n < 0)
        throw "negative root"; // No class at all: a pointer.
    Number low = 0;
    for (Number bit = Number{1} << 31; bit > 0; bit /= 2) {
        Number high = low + bit;
        if (high <= n / high)
            low = high;
    }
    return low;
}

class Node {
public:
    virtual ~Node() = default;
    virtual Number evaluate(const Names &names) const = 0;

private:
    Counted<NodeTag> counted_;
};

using NodePtr = std::unique_ptr<const Node>;

class Constant : public Node {
public:
    // std::stoll throws std::out_of_range for what is too long.
    explicit Constant(const std::string &digits) : value_(std::stoll(digits)) {}
    Number evaluate(const Names &) const override { return value_; }

private:
    Number value_;
};

class Name : public Node {
public:
    explicit Name(std::string name) : name_(std::move(name)) {}
    const std::string &name() const { return name_; }

    // A list where a number is needed is a std::bad_variant_access.
    Number evaluate(const Names &names) const override { return std::get<Number>(find(names)); }

    const Value &find(const Names &names) const
    {
        try {
            return names.at(name_);
        } catch (const std::out_of_range &) {
            throw NameError(name_);
        }
    }

private:
    std::string name_;
};

class Item : public Node {
public:
    Item(NodePtr list, NodePtr index) : list_(std::move(list)), index_(std::move(index)) {}

    // dynamic_cast throws std::bad_cast unless there is a name before the bracket, vector::at std::out_of_range.
    Number evaluate(const Names &names) const override
    {
        const List &list = std::get<List>(dynamic_cast<const Name &>(*list_).find(names));
        Number index = index_->evaluate(names);
        return list.at(index < 0 ? list.size() : static_cast<std::size_t>(index));
    }

private:
    NodePtr list_;
    NodePtr index_;
};

class Binary : public Node {
public:
    using Op = Number (*)(Number, Number);

    // Throws after its members are there, so that they and the base are destroyed again.
    Binary(Op op, NodePtr left, NodePtr right, std::size_t column)
        : op_(op), left_(std::move(left)), right_(std::move(right))
    {
        const auto *constant = dynamic_cast<const Constant *>(right_.get());
        if ((op == divide || op == remainder) && constant != nullptr && constant->evaluate({}) == 0)
            throw SyntaxError("the divisor is always zero", column);
    }

    Number evaluate(const Names &names) const override
    {
        Number left = left_->evaluate(names);
        return op_(left, right_->evaluate(names));
    }

private:
    Op op_;
    NodePtr left_;
    NodePtr right_;
};

const std::map<std::string, std::function<Number(Number)>> &functions()
{
    // The last one is known, and nothing yet: to call it is a std::bad_function_call.
    static const std::map<std::string, std::function<Number(Number)>> table = {
        {"fact", factorial}, {"root", root}, {"luck", {}}};
    return table;
}

class Call : public Node {
public:
    // The handler of a constructor as a whole: it sees the members' failures, and cannot end them.
    Call(const std::string &function, NodePtr argument)
    try : function_(functions().at(function)), argument_(std::move(argument)) {
    } catch (const std::out_of_range &) {
        std::throw_with_nested(std::invalid_argument("no function " + function));
    }

    Number evaluate(const Names &names) const override { return function_(argument_->evaluate(names)); }

private:
    const std::function<Number(Number)> &function_;
    NodePtr argument_;
};

class Sum : public Node {
public:
    explicit Sum(NodePtr list) : list_(std::move(list)) {}

    Number evaluate(const Names &names) const override
    {
        Number sum = 0;
        const List &list = std::get<List>(dynamic_cast<const Name &>(*list_).find(names));
        std::for_each(list.begin(), list.end(), [&sum](Number item) { sum = add(sum, item); });
        return sum;
    }

private:
    NodePtr list_;
};

class Parser {
public:
    explicit Parser(const std::string &text) : text_(text) {}

    NodePtr expression()
    {
        // Counts the levels that are open, whichever way they are left.
        struct Level {
            int &depth;
            Level(int &depth, std::size_t column) : depth(depth)
            {
                if (depth >= 40)
                    throw SyntaxError("too deep", column);
                depth++;
            }
            ~Level() { depth--; }
        } level(depth_, at_ + 1);

        NodePtr left = term();
        for (;;) {
            std::size_t column = at_ + 1;
            if (accept('+'))
                left = std::make_unique<Binary>(add, std::move(left), term(), column);
            else if (accept('-'))
                left = std::make_unique<Binary>(subtract, std::move(left), term(), column);
            else
                return left;
        }
    }

    std::string word()
    {
        blanks();
        std::string word;
        while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_])) != 0)
            word += text_[at_++];
        if (word.empty())
            fail("a name is missing");
        return word;
    }

    void expect(const std::string &token)
    {
        blanks();
        if (text_.compare(at_, token.size(), token) != 0)
            fail("'" + token + "' is missing");
        at_ += token.size();
    }

    bool accept(char token)
    {
        blanks();
        bool there = at_ < text_.size() && text_[at_] == token;
        at_ += there ? 1 : 0;
        return there;
    }

    void end()
    {
        blanks();
        if (at_ < text_.size())
            fail("this is too much");
    }

    NodePtr last()
    {
        NodePtr node = expression();
        end();
        return node;
    }

    int depth() const { return depth_; }

private:
    NodePtr term()
    {
        NodePtr left = factor();
        for (;;) {
            std::size_t column = at_ + 1;
            if (accept('*'))
                left = std::make_unique<Binary>(multiply, std::move(left), factor(), column);
            else if (accept('/'))
                left = std::make_unique<Binary>(divide, std::move(left), factor(), column);
            else if (accept('%'))
                left = std::make_unique<Binary>(remainder, std::move(left), factor(), column);
            else
                return left;
        }
    }

    NodePtr factor()
    {
        NodePtr node = primary();
        while (accept('[')) {
            node = std::make_unique<Item>(std::move(node), expression());
            expect("]");
        }
        return node;
    }

    NodePtr primary()
    {
        if (accept('(')) {
            NodePtr inner = expression();
            expect(")");
            return inner;
        }
        blanks();
        std::string digits;
        while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0)
            digits += text_[at_++];
        if (!digits.empty())
            return std::make_unique<Constant>(digits);
        std::string name = word();
        if (!accept('('))
            return std::make_unique<Name>(name);
        NodePtr argument = expression();
        expect(")");
        if (name == "sum")
            return std::make_unique<Sum>(std::move(argument));
        return std::make_unique<Call>(name, std::move(argument));
    }

    void blanks()
    {
        while (at_ < text_.size() && text_[at_] == ' ')
            at_++;
    }

    [[noreturn]] void fail(const std::string &what) const { throw SyntaxError(what, at_ + 1); }

    const std::string &text_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

// Puts the names back when it is left by an exception, which is more than were in flight when it began.
class Transaction {
public:
    explicit Transaction(Names &names) : names_(names), before_(names), in_flight_(std::uncaught_exceptions()) {}
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;

    ~Transaction()
    {
        if (std::uncaught_exceptions() > in_flight_) {
            names_.swap(before_);
            // A try of its own while another exception is on its way.
            try {
                if (before_.size() > names_.size())
                    throw before_.size() - names_.size();
            } catch (std::size_t lost) {
                std::cout << "  (undone, " << lost << " names fewer)\n";
            }
        }
    }

private:
    Names &names_;
    Names before_;
    int in_flight_;
};

std::string describe();

// What an exception says, and what is nested in it.
template <class Error> std::string with_nested(const Error &error)
{
    try {
        std::rethrow_if_nested(error);
    } catch (...) {
        return error.what() + (": " + describe());
    }
    return error.what();
}

// What is being handled, in words: thrown again to be told apart.
std::string describe()
{
    std::string text;
    try {
        try {
            throw;
        } catch (const std::domain_error &error) {
            return error.what();
        } catch (const std::invalid_argument &error) {
            return with_nested(error);
        } catch (const std::out_of_range &) {
            return "out of range";
        } catch (const std::bad_variant_access &) {
            return "a list is no number, nor a number a list";
        } catch (const std::bad_cast &) {
            return "only a name can be a list";
        } catch (const std::bad_function_call &) {
            return "not known yet";
        } catch (const std::runtime_error &error) {
            text = with_nested(error);
            throw;
        } catch (const char *words) {
            return words;
        }
    } catch (const Located &where) {
        return text + ", column " + std::to_string(where.column());
    } catch (...) {
        return text;
    }
}

class Calculator {
public:
    // Reads commands up to the end of the block, or of the input.
    void block(std::istream &input, bool nested)
    {
        for (std::string line; std::getline(input, line);) {
            number_++;
            line.erase(std::min(line.find('#'), line.size()));
            Parser parser(line);
            if (line.find_first_not_of(' ') == std::string::npos)
                continue;
            if (nested) {
                if (inner(input, parser))
                    return;
                continue;
            }
            try {
                if (inner(input, parser))
                    throw std::runtime_error("nothing to end");
            } catch (const Quit &) {
                throw;
            } catch (...) {
                failures_++;
                std::cout << "line " << number_ << ": " << describe() << '\n';
                if (parser.depth() != 0)
                    std::cout << "the parser is left at depth " << parser.depth() << '\n';
            }
        }
        if (nested)
            throw std::runtime_error("the end of the block is missing");
    }

    int failures() const { return failures_; }

private:
    // Carries out a command; answers whether it ends the block.
    bool inner(std::istream &input, Parser &parser)
    {
        std::string verb = parser.word();
        if (verb == "end") {
            parser.end();
            return true;
        }
        if (verb == "begin")
            begin(input, parser);
        else if (verb == "quit")
            throw Quit{static_cast<int>(parser.last()->evaluate(names_))};
        else
            command(verb, parser);
        return false;
    }

    void begin(std::istream &input, Parser &parser)
    {
        std::string name = parser.word();
        parser.end();
        Transaction transaction(names_);
        try {
            block(input, true);
        } catch (const Quit &) {
            throw;
        } catch (...) {
            skip(input);
            std::throw_with_nested(std::runtime_error("block " + name));
        }
    }

    // What is left of a block that has failed. The line of the failure is the one to be told.
    static void skip(std::istream &input)
    {
        int open = 1;
        for (std::string line; open > 0 && std::getline(input, line);) {
            if (line.find("begin ") != std::string::npos)
                open++;
            else if (line.find("end") != std::string::npos)
                open--;
        }
    }

    void command(const std::string &verb, Parser &parser)
    {
        if (verb == "let") {
            std::string name = parser.word();
            parser.expect("=");
            names_[name] = parser.last()->evaluate(names_);
        } else if (verb == "print") {
            std::cout << parser.last()->evaluate(names_) << '\n';
        } else if (verb == "list") {
            list(parser);
        } else if (verb == "sort") {
            sort(parser);
        } else if (verb == "repeat") {
            repeat(parser);
        } else if (verb == "later") {
            try {
                Number value = parser.last()->evaluate(names_);
                std::cout << "at once: " << value << '\n';
            } catch (...) {
                kept_.push_back({number_, std::current_exception()});
            }
        } else if (verb == "settle") {
            settle(parser);
        } else {
            throw std::invalid_argument("unknown command '" + verb + "'");
        }
    }

    void list(Parser &parser)
    {
        std::string name = parser.word();
        parser.expect("=");
        List items;
        do
            items.push_back(parser.expression()->evaluate(names_));
        while (parser.accept(','));
        parser.end();
        names_[name] = std::move(items);
    }

    // The comparison may throw in the middle of the sorting: the list is then as it was.
    void sort(Parser &parser)
    {
        std::string name = parser.word();
        parser.expect("by");
        NodePtr key = parser.last();
        List items = std::get<List>(Name(name).find(names_));
        Names scope = names_;
        auto key_of = [&](Number item) {
            scope["it"] = item;
            return key->evaluate(scope);
        };
        std::stable_sort(items.begin(), items.end(), [&](Number a, Number b) { return key_of(a) < key_of(b); });
        for (Number item : items)
            std::cout << item << ' ';
        std::cout << '\n';
        names_[name] = std::move(items);
    }

    void repeat(Parser &parser)
    {
        Number count = parser.expression()->evaluate(names_);
        parser.expect(":");
        NodePtr body = parser.last();
        Names scope = names_;
        Number sum = 0;
        std::map<std::string, int> failed;
        for (Number i = 0; i < count; i++) {
            scope["i"] = i;
            try {
                sum = add(sum, body->evaluate(scope));
            } catch (...) {
                failed[describe()]++;
            }
        }
        std::cout << "sum " << sum;
        for (const auto &[what, times] : failed)
            std::cout << ", " << times << " times " << what;
        std::cout << '\n';
    }

    void settle(Parser &parser)
    {
        parser.end();
        auto kept = std::exchange(kept_, {});
        for (auto entry = kept.rbegin(); entry != kept.rend(); ++entry) {
            // Twice: an exception that is kept stays when it has been thrown and caught.
            for (int time = 0; time < 2; time++) {
                try {
                    std::rethrow_exception(entry->second);
                } catch (...) {
                    std::cout << (time == 0 ? "kept from line " + std::to_string(entry->first) + ": " : ", again: ")
                              << describe();
                }
            }
            std::cout << '\n';
        }
    }

    Names names_;
    std::vector<std::pair<int, std::exception_ptr>> kept_;
    int number_ = 0;
    int failures_ = 0;
};

} // namespace

int main()
{
    int code = 0;
    {
        Calculator calculator;
        try {
            calculator.block(std::cin, false);
            code = calculator.failures() > 0 ? 1 : 0;
        } catch (const Quit &quit) {
            std::cout << "quit\n";
            code = quit.code;
        }
        std::cout << calculator.failures() << " failures\n";
    }
    std::cout << "nodes " << Counted<NodeTag>::made << ", alive " << Counted<NodeTag>::alive << "; frames "
              << Counted<FrameTag>::made << ", alive " << Counted<FrameTag>::alive << '\n';
    return code;
}
