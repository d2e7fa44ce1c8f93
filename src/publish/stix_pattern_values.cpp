// Which indicators a pattern stands for.
#include <algorithm>
#include <optional>
#include <utility>

#include "publish/in/vocabulary.h"
#include "publish/stix_pattern.h"

namespace shikake::publish {
namespace {

using intel::IndicatorType;

// A pattern stays small; what it names may not: an IN set can hold many.
constexpr size_t max_values = 10'000;

tl::unexpected<Error> not_simple(std::string why) {
  return fail(Module::publish, ErrorCode::unsupported, "a pattern with " + std::move(why));
}

struct ValuePath {
  std::string_view object_type, path;
  IndicatorType type;
};
constexpr ValuePath value_paths[] = {
    {"url", "value", IndicatorType::url},
    {"domain-name", "value", IndicatorType::domain},
    {"hostname", "value", IndicatorType::domain},  // a custom object that some producers use
    {"ipv4-addr", "value", IndicatorType::ip},
    {"ipv6-addr", "value", IndicatorType::ip},
    {"network-traffic", "dst_ref.value", IndicatorType::ip},
    {"network-traffic", "dst_ref.domain-name.value", IndicatorType::domain},
};

// "sha256", "md5", "sha1" of file:hashes.'SHA-256' in the spellings that producers use; "" for others.
std::string hash_algorithm(const PatternNode& test) {
  if (test.object_type != "file" && test.object_type != "artifact") return "";
  if (test.path.size() != 2 || test.path[0].text != "hashes" || test.path[1].kind != PatternStep::Kind::key)
    return "";
  std::string name;
  for (char c : base::to_lower(test.path[1].text)) {
    if (c != '-' && c != '_') name += c;
  }
  return name == "sha256" || name == "md5" || name == "sha1" ? name : "";
}

bool compares_value(const PatternNode& test) {
  return !test.negated && (test.test == PatternTest::equal || test.test == PatternTest::in ||
                           test.test == PatternTest::is_subset);
}

std::optional<IndicatorType> value_type(const PatternNode& test) {
  std::string path = test.path_text();
  for (const ValuePath& row : value_paths) {
    if (row.object_type == test.object_type && row.path == path) return row.type;
  }
  return std::nullopt;
}

// One comparison that says everything.
Result<std::vector<PatternValue>> values_of_test(const PatternNode& test) {
  if (!compares_value(test)) return not_simple("a comparison other than =, IN or ISSUBSET");
  std::vector<PatternValue> values;
  std::string hash = hash_algorithm(test);
  auto type = hash == "sha256" ? std::optional(IndicatorType::sha256) : value_type(test);
  if (!type) {
    if (!hash.empty()) return not_simple("an MD5 or SHA-1 and no SHA-256");
    return not_simple("a property that no indicator holds (" + test.object_type + ":" + test.path_text() +
                      ")");
  }
  if (test.test == PatternTest::is_subset && *type != IndicatorType::ip)
    return not_simple("ISSUBSET of no address");
  for (const PatternLiteral& literal : test.literals) {
    if (literal.kind != PatternLiteral::Kind::string) return not_simple("a value that is no string");
    bool network = *type == IndicatorType::ip && literal.text.find('/') != std::string::npos;
    values.push_back({network ? IndicatorType::cidr : *type, literal.text, {}});
  }
  return values;
}

// file:hashes.'SHA-256' = '…' AND file:hashes.MD5 = '…' AND file:name = '…': one file, which its
// strongest hash names alone.
std::optional<PatternValue> file_of_all(const std::vector<const PatternNode*>& tests) {
  PatternValue file{IndicatorType::sha256, "", {}};
  for (const PatternNode* test : tests) {
    if (test->object_type != "file" || test->negated || test->test != PatternTest::equal) return std::nullopt;
    if (test->literals.front().kind != PatternLiteral::Kind::string &&
        test->literals.front().kind != PatternLiteral::Kind::number)
      return std::nullopt;
    std::string hash = hash_algorithm(*test);
    std::string path = test->path_text();
    if (hash == "sha256" && file.value.empty())
      file.value = test->literals.front().text;
    else if (hash == "md5" || hash == "sha1")
      file.aliases.push_back(base::to_lower(test->literals.front().text));
    else if (path != "name" && path != "size" && path != "mime_type" && hash.empty() &&
             !path.starts_with("hashes."))
      return std::nullopt;
    else if (hash == "sha256")
      return std::nullopt;  // two different ones: never true
  }
  if (file.value.empty()) return std::nullopt;
  return file;
}

// network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 80, in any order, with or
// without the protocols and the address' type.
std::optional<PatternValue> endpoint_of_all(const std::vector<const PatternNode*>& tests) {
  std::string address, port;
  for (const PatternNode* test : tests) {
    if (test->negated || test->test != PatternTest::equal) return std::nullopt;
    std::string path = test->path_text();
    const PatternLiteral& literal = test->literals.front();
    bool is_address =
        (test->object_type == "network-traffic" && path == "dst_ref.value") ||
        ((test->object_type == "ipv4-addr" || test->object_type == "ipv6-addr") && path == "value");
    if (is_address && address.empty() && literal.kind == PatternLiteral::Kind::string) {
      address = literal.text;
    } else if (test->object_type != "network-traffic") {
      return std::nullopt;
    } else if (path == "dst_port" && port.empty() && literal.kind == PatternLiteral::Kind::number) {
      port = literal.text;
    } else if (path != "dst_ref.type" && !path.starts_with("protocols[")) {
      return std::nullopt;
    }
  }
  if (address.empty() || port.empty()) return std::nullopt;
  bool v6 = address.find(':') != std::string::npos;
  return PatternValue{IndicatorType::ip_port, (v6 ? "[" + address + "]" : address) + ":" + port, {}};
}

void collect_all(const PatternNode& node, std::vector<const PatternNode*>& tests, bool& only_tests) {
  if (node.kind == PatternKind::test)
    tests.push_back(&node);
  else if (node.kind != PatternKind::all)
    only_tests = false;
  else
    for (const PatternNode& child : node.children) collect_all(child, tests, only_tests);
}

Result<std::vector<PatternValue>> values_of(const PatternNode& node) {
  switch (node.kind) {
    case PatternKind::test:
      return values_of_test(node);
    case PatternKind::observation:
      return values_of(node.children.front());
    case PatternKind::any:
    case PatternKind::observed_any: {
      // Each alternative convicts by itself, so those that aren't simple take nothing from the others.
      std::vector<PatternValue> all;
      std::optional<Error> first_error;
      for (const PatternNode& child : node.children) {
        auto some = values_of(child);
        if (!some) {
          if (!first_error) first_error = std::move(some).error();
          continue;
        }
        if (all.size() + some->size() > max_values) return not_simple("more than 10000 values");
        std::move(some->begin(), some->end(), std::back_inserter(all));
      }
      if (all.empty() && first_error) return fail(*std::move(first_error));
      return all;
    }
    case PatternKind::all: {
      std::vector<const PatternNode*> tests;
      bool only_tests = true;
      collect_all(node, tests, only_tests);
      if (!only_tests) return not_simple("OR inside AND");
      if (auto file = file_of_all(tests)) return std::vector{*std::move(file)};
      if (auto endpoint = endpoint_of_all(tests)) return std::vector{*std::move(endpoint)};
      return not_simple("AND of more than an address and its port, or one file's hashes");
    }
    case PatternKind::observed_all:
      return not_simple("AND between observations");
    case PatternKind::followed_by:
      return not_simple("FOLLOWEDBY");
    case PatternKind::start_stop:
    case PatternKind::within:
    case PatternKind::repeats:
      return not_simple("START, WITHIN or REPEATS");
  }
  return not_simple("parts that are not known");
}

}  // namespace

Result<std::vector<PatternValue>> simple_values(const PatternNode& pattern) {
  return values_of(pattern);
}

}  // namespace shikake::publish
