#include "match/pattern.h"

#include <hs/hs.h>

#include <fmt/format.h>

#include <array>

namespace shikake::match {
namespace {

// Hyperscan builds states for every byte of a glob; far past any real URL.
constexpr size_t max_pattern_bytes = 4096;

std::string regex_of_glob(std::string_view glob) {
  const bool path_only = glob.starts_with('/');
  std::string regex = "\\A";
  if (path_only) regex += "[^/]*";
  bool in_host = !path_only;
  for (char c : glob) {
    if (c == '/') in_host = false;
    if (in_host && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '*') {
      if (!regex.ends_with(".*")) regex += ".*";
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
      regex += c;
    } else {
      regex += fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
    }
  }
  return regex + "\\z";
}

// Whether the standard would serialise this path as it is written. A '%' may spell a dot, so it isn't plain.
bool is_plain_path(std::string_view path) {
  static constexpr auto plain = [] {
    std::array<bool, 256> table{};
    for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = true;
    for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] = true;
    for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
    for (char c : {'/', '_', '~', '!', '$', '&', '(', ')', '*', '+', ',', ';', '=', ':', '@', '-', '.'})
      table[static_cast<uint8_t>(c)] = true;
    return table;
  }();
  if (!path.starts_with('/')) return false;
  char previous = 0;
  for (char c : path) {
    if (!plain[static_cast<uint8_t>(c)] || (c == '.' && previous == '/')) return false;
    previous = c;
  }
  return true;
}

}  // namespace

struct Patterns::Compiled {
  hs_database_t* database = nullptr;
  hs_scratch_t* scratch = nullptr;
  ~Compiled() {
    hs_free_scratch(scratch);
    hs_free_database(database);
  }
};

Patterns::Patterns(const HashKey& key) : key_(key) {}
Patterns::~Patterns() = default;
Patterns::Patterns(Patterns&&) noexcept = default;
Patterns& Patterns::operator=(Patterns&&) noexcept = default;

Result<> Patterns::add(std::string_view pattern, EntryId entry) {
  if (pattern.empty() || pattern.size() > max_pattern_bytes)
    return fail(
        Module::match, ErrorCode::invalid_input,
        fmt::format("a URL pattern has 1 to {} bytes, this one {}", max_pattern_bytes, pattern.size()));
  if (pattern.find('*') != std::string_view::npos) {
    globs_.push_back({std::string(pattern), entry});
    return {};
  }
  if (!pattern.starts_with('/'))
    return fail(Module::match, ErrorCode::invalid_input,
                fmt::format("'{}' is no URL pattern: it has no '*' and doesn't begin with '/'", pattern));
  const size_t query = pattern.find('?');
  const std::string_view path = pattern.substr(0, query);
  PathPattern added{"", query == std::string_view::npos, entry, TextTable::none};
  if (!added.any_query) added.query = pattern.substr(query + 1);
  const uint32_t index = paths_.insert(path, hash_text(key_, path));
  if (index == first_of_path_.size()) {
    first_of_path_.push_back(static_cast<uint32_t>(path_patterns_.size()));
  } else {
    added.next = first_of_path_[index];
    first_of_path_[index] = static_cast<uint32_t>(path_patterns_.size());
  }
  path_patterns_.push_back(std::move(added));
  return {};
}

Result<> Patterns::freeze() {
  paths_.freeze();
  if (globs_.empty()) return {};
  std::vector<std::string> regexes;
  for (const Glob& glob : globs_) regexes.push_back(regex_of_glob(glob.text));
  std::vector<const char*> texts;
  std::vector<unsigned> flags, ids;
  for (const std::string& regex : regexes) {
    ids.push_back(static_cast<unsigned>(ids.size()));
    texts.push_back(regex.c_str());
    flags.push_back(HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH);
  }
  compiled_ = std::make_unique<Compiled>();
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()),
                       HS_MODE_BLOCK, nullptr, &compiled_->database, &error) != HS_SUCCESS) {
    const bool known = error->expression >= 0 && static_cast<size_t>(error->expression) < globs_.size();
    std::string what =
        fmt::format("URL patterns don't compile: {}{}", error->message,
                    known ? " in '" + globs_[static_cast<size_t>(error->expression)].text + "'" : "");
    hs_free_compile_error(error);
    return fail(Module::match, ErrorCode::invalid_input, std::move(what));
  }
  if (hs_alloc_scratch(compiled_->database, &compiled_->scratch) != HS_SUCCESS)
    return fail(Module::match, ErrorCode::limit, "no memory to match URL patterns with");
  return {};
}

bool Patterns::may_match_path(std::string_view raw_path) const {
  if (has_globs()) return true;
  if (paths_.empty()) return false;
  if (raw_path.empty()) raw_path = "/";
  return !is_plain_path(raw_path) || paths_.find(raw_path, hash_text(key_, raw_path)) != TextTable::none;
}

void Patterns::find_path(std::string_view path, std::optional<std::string_view> query, Hits& hits) const {
  const uint32_t index = paths_.find(path, hash_text(key_, path));
  if (index == TextTable::none) return;
  for (uint32_t i = first_of_path_[index]; i != TextTable::none; i = path_patterns_[i].next) {
    const PathPattern& pattern = path_patterns_[i];
    if (pattern.any_query || (query && query->starts_with(pattern.query)))
      hits.add(pattern.entry, Kind::pattern);
  }
}

void Patterns::find_globs(std::string_view behind_scheme, Hits& hits) const {
  struct Context {
    const std::vector<Glob>* globs;
    Hits* hits;
  } context{&globs_, &hits};
  const auto on_match = [](unsigned id, unsigned long long, unsigned long long, unsigned, void* raw) {
    auto* to = static_cast<Context*>(raw);
    to->hits->add((*to->globs)[id].entry, Kind::pattern);
    return 0;
  };
  // Hyperscan takes 32-bit lengths; a URL is never longer than url::max_url_bytes.
  hs_scan(compiled_->database, behind_scheme.data(), static_cast<unsigned>(behind_scheme.size()), 0,
          compiled_->scratch, on_match, &context);
}

size_t Patterns::bytes() const {
  size_t sum = paths_.bytes() + path_patterns_.capacity() * sizeof(PathPattern);
  if (compiled_) {
    size_t database = 0;
    hs_database_size(compiled_->database, &database);
    sum += database;
  }
  return sum;
}

}  // namespace shikake::match
