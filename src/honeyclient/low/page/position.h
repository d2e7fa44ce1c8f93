// Where in which script a call comes from, and which evals made that script.
//
// The engine numbers source texts. A warning that is raised and swallowed tells number, line and column
// of the innermost script frame (the stack API merges frames of different texts that look alike, so it
// can't be used). An eval's text gets the next number after the security hook has asked about it: the hook
// compiles a text of its own to learn the number.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "honeyclient/forced/rewrite.h"
#include "honeyclient/low/page/bind.h"
#include "honeyclient/low/protocol.h"

namespace shikake::honeyclient::low::page {

struct Source;

struct Place {
  const Source* source = nullptr;
  uint32_t line = 0, column = 0;
};

struct Source {
  std::string url;
  std::string sha256;       // 32 bytes, of the UTF-8 text as run
  std::optional<Place> by;  // the place that evaluated or wrote it
};

class Positions {
 public:
  explicit Positions(JSContext* cx) : cx_(cx) {}

  // Call before compiling: the source that gets the engine's next number.
  const Source& expect(Source source);
  // The same source once more, where what was compiled first was no script.
  void expect_again(const Source& source);
  // Of a source that was rewritten: how its columns are traced back. `line` is where it begins, and of that
  // line both texts begin behind so many columns.
  struct Columns {
    const std::vector<forced::Shift>* shifts = nullptr;
    uint32_t line = 1, generated_before = 0, original_before = 0;
  };
  void columns(const Source& source, Columns columns) { columns_[&source] = columns; }
  // Says which check the running script hangs on; asked for each origin.
  std::function<std::string()> decided_by;
  // A source that another interpreter runs: the engine gives it no number.
  const Source& keep(Source source) { return sources_.emplace_back(std::move(source)); }
  // While that interpreter calls into the page, its place is the innermost one; while the engine runs
  // script under it, the engine's is again.
  class Within {
   public:
    Within(Positions& positions, std::optional<Place> place) : positions_(positions) {
      positions.others_.push_back(std::move(place));
    }
    ~Within() { positions_.others_.pop_back(); }
    Within(const Within&) = delete;
    Within& operator=(const Within&) = delete;

   private:
    Positions& positions_;
  };
  // So many are known that no more of script's making are taken in.
  bool full() const;
  // Innermost script frame; nothing when no script runs.
  std::optional<Place> here();

  // Tags for the parser's write(): which place wrote this markup. Tag 0 is the document's own text.
  uint32_t tag(const Place& place, std::string_view written_by);
  std::optional<Origin> origin_of_tag(uint32_t tag) const;
  std::optional<Place> place_of_tag(uint32_t tag) const;

  static Position position(const Place& place);
  Origin origin(const Place& place, std::string_view written_by = {}) const;
  std::optional<Origin> origin_here();

  // From the engine's warning hook.
  void on_warning(uint32_t source, uint32_t line, uint32_t column);

 private:
  uint32_t next_number();
  uint32_t original_column(const Source& source, uint32_t line, uint32_t column) const;

  struct Written {
    Place place;
    std::string by;
    std::string decided_by;
  };
  JSContext* cx_;
  std::deque<Source> sources_;  // addresses stay
  std::vector<std::optional<Place>> others_;
  std::unordered_map<uint32_t, const Source*> by_number_;
  std::unordered_map<const Source*, Columns> columns_;
  std::deque<Written> written_;
  struct Seen {
    uint32_t source, line, column;
  };
  std::optional<Seen> seen_;
};

}  // namespace shikake::honeyclient::low::page
