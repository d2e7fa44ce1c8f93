#include "publish/in/json_stream.h"

#include <algorithm>
#include <optional>
#include <string>

#include "intel/json.h"

namespace shikake::publish {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

class Scanner {
 public:
  Scanner(Input& input, std::string_view array, const std::function<Result<>(const JsonPiece&)>& each)
      : input_(input), array_(array), each_(each) {}

  Result<> document() {
    SHIKAKE_TRY(skip_mark());
    SHIKAKE_TRY(expect('{', "the document is no JSON object"));
    SHIKAKE_ASSIGN(char c, next_visible());
    if (c == '}') {
      take();
      return end();
    }
    for (;;) {
      SHIKAKE_TRY(member());
      SHIKAKE_ASSIGN(c, next_visible());
      take();
      if (c == '}') return end();
      if (c != ',') return wrong("expected ',' or '}'");
      SHIKAKE_TRY(next_visible());
    }
  }

 private:
  tl::unexpected<Error> wrong(std::string what) const {
    Error error{Module::publish, ErrorCode::invalid_input, std::move(what)};
    error.line = line_;
    error.offset = offset_;
    return fail(std::move(error));
  }

  Result<> skip_mark() {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    SHIKAKE_ASSIGN(std::string_view bytes, input_.peek(byte_order_mark.size()));
    for (size_t i = 0; bytes.starts_with(byte_order_mark) && i < byte_order_mark.size(); ++i) {
      SHIKAKE_TRY(peek());
      take();
    }
    return {};
  }

  // The next byte, not consumed; an error at the end.
  Result<char> peek() {
    if (window_.empty()) {
      input_.consume(consumed_);
      consumed_ = 0;
      SHIKAKE_ASSIGN(window_, input_.peek());
      if (window_.empty()) return wrong("the document is cut off here");
    }
    return window_.front();
  }
  void take() {
    if (window_.front() == '\n') ++line_;
    window_.remove_prefix(1);
    ++consumed_;
    ++offset_;
  }

  Result<char> next_visible() {
    for (;;) {
      SHIKAKE_ASSIGN(char c, peek());
      if (!is_blank(c)) return c;
      take();
    }
  }
  Result<> expect(char wanted, const char* otherwise) {
    SHIKAKE_ASSIGN(char c, next_visible());
    if (c != wanted) return wrong(otherwise);
    take();
    return {};
  }

  Result<> end() {
    for (;;) {
      auto c = peek();
      if (!c) {
        bool at_end = c.error().code == ErrorCode::invalid_input;
        if (at_end) return {};
        return fail(std::move(c).error());
      }
      if (!is_blank(*c)) return wrong("something follows the document");
      take();
    }
  }

  Result<> member() {
    SHIKAKE_ASSIGN(char c, next_visible());
    if (c != '"') return wrong("expected a member's name");
    std::string name;
    constexpr size_t max_name = 256;  // longer ones are none of ours
    SHIKAKE_TRY(value(name, max_name));
    name = name.size() >= 2 ? name.substr(1, name.size() - 2) : "";
    SHIKAKE_TRY(expect(':', "expected ':'"));
    SHIKAKE_ASSIGN(c, next_visible());
    if (name == array_ && c == '[') {
      // Parsers differ in which of two members of one name they believe.
      if (array_seen_) return wrong("a second member \"" + name + "\"");
      array_seen_ = true;
      return elements(name);
    }
    return piece(name, false, 0);
  }

  Result<> elements(std::string_view name) {
    take();
    SHIKAKE_ASSIGN(char c, next_visible());
    if (c == ']') {
      take();
      return {};
    }
    for (uint64_t index = 0;; ++index) {
      SHIKAKE_TRY(next_visible());
      SHIKAKE_TRY(piece(name, true, index));
      SHIKAKE_ASSIGN(c, next_visible());
      take();
      if (c == ']') return {};
      if (c != ',') return wrong("expected ',' or ']'");
    }
  }

  Result<> piece(std::string_view name, bool element, uint64_t index) {
    JsonPiece piece;
    piece.member = name;
    piece.element = element;
    piece.index = index;
    piece.line = line_;
    piece.offset = offset_;
    text_.clear();
    SHIKAKE_ASSIGN(bool whole, value(text_, max_json_piece_bytes));
    piece.text = text_;
    piece.too_long = !whole;
    return each_(piece);
  }

  // One value as it stands, by its quotes and brackets alone; false where it was longer than `most` and only
  // its beginning was kept.
  Result<bool> value(std::string& out, size_t most) {
    std::string open;                  // brackets, as what closes them
    constexpr size_t max_open = 4096;  // far past what a JSON parser accepts afterwards
    bool in_string = false, escaped = false, whole = true;
    for (size_t size = 0;; ++size) {
      SHIKAKE_ASSIGN(char c, peek());
      bool scalar_ends =
          !in_string && open.empty() && size > 0 && (c == ',' || c == ']' || c == '}' || is_blank(c));
      if (scalar_ends) return whole;
      take();
      if (size < most)
        out += c;
      else
        whole = false;
      if (in_string) {
        if (escaped)
          escaped = false;
        else if (c == '\\')
          escaped = true;
        else if (c == '"')
          in_string = false;
        if (!in_string && open.empty()) return whole;
        continue;
      }
      if (c == '"') {
        in_string = true;
      } else if (c == '{' || c == '[') {
        if (open.size() == max_open) return wrong("nested too deeply");
        open += c == '{' ? '}' : ']';
      } else if (c == '}' || c == ']') {
        if (open.empty() || open.back() != c) return wrong("a bracket that closes nothing");
        open.pop_back();
        if (open.empty()) return whole;
      }
    }
  }

  Input& input_;
  std::string_view array_;
  bool array_seen_ = false;
  const std::function<Result<>(const JsonPiece&)>& each_;
  std::string_view window_;  // of the input's, not yet taken
  size_t consumed_ = 0;      // taken, not yet told to the input
  uint64_t line_ = 1, offset_ = 0;
  std::string text_;
};

}  // namespace

Result<> read_json_pieces(Input& input, std::string_view array,
                          const std::function<Result<>(const JsonPiece&)>& each) {
  return Scanner(input, array, each).document();
}

Result<boost::json::value> parse_document(std::string_view text) {
  size_t mark = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  auto document = intel::parse_json(text.substr(mark));
  if (document) return document;
  Error error = std::move(document).error();
  error.module = Module::publish;
  size_t offset = std::min(mark + error.offset.value_or(0), text.size());
  error.offset = offset;
  error.line =
      static_cast<uint64_t>(std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(offset), '\n')) +
      1;
  return fail(std::move(error));
}

}  // namespace shikake::publish
