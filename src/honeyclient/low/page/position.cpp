#include "honeyclient/low/page/position.h"

#include <js/CompilationAndEvaluation.h>
#include <js/SourceText.h>
#include <js/Warnings.h>

#include "base/digest.h"
#include "honeyclient/low/limits.h"

namespace shikake::honeyclient::low::page {

void Positions::on_warning(uint32_t source, uint32_t line, uint32_t column) {
  seen_ = Seen{source, line, column};
}

uint32_t Positions::next_number() {
  // Any text does; it must run, because only a running frame can be asked for its number.
  static constexpr std::u16string_view text = u"here()";
  JS::CompileOptions options(cx_);
  options.setFileAndLine("", 1);
  JS::SourceText<char16_t> source;
  if (!source.init(cx_, text.data(), text.size(), JS::SourceOwnership::Borrowed)) return 0;
  JS::RootedObject scope(cx_, JS_NewPlainObject(cx_));
  if (!scope || !JS_DefineFunction(
                    cx_, scope, "here",
                    [](JSContext* cx, unsigned, JS::Value*) { return JS::WarnASCII(cx, "here"); }, 0, 0)) {
    JS_ClearPendingException(cx_);
    return 0;
  }
  JS::RootedObjectVector chain(cx_);
  JS::RootedValue ignored(cx_);
  seen_.reset();
  options.setNonSyntacticScope(true);
  if (!chain.append(scope) || !JS::Evaluate(cx_, chain, options, source, &ignored) || !seen_) {
    JS_ClearPendingException(cx_);
    return 0;
  }
  return seen_->source + 1;
}

const Source& Positions::expect(Source source) {
  const Source& kept = sources_.emplace_back(std::move(source));
  if (uint32_t number = next_number()) by_number_[number] = &kept;
  return kept;
}

void Positions::expect_again(const Source& source) {
  if (uint32_t number = next_number()) by_number_[number] = &source;
}

bool Positions::full() const {
  return sources_.size() >= limits::max_sources;
}

std::optional<Place> Positions::here() {
  if (!others_.empty() && others_.back()) return others_.back();
  seen_.reset();
  if (!JS::WarnASCII(cx_, "here")) JS_ClearPendingException(cx_);
  if (!seen_) return std::nullopt;
  auto found = by_number_.find(seen_->source);
  if (found == by_number_.end()) return std::nullopt;
  return Place{found->second, seen_->line, original_column(*found->second, seen_->line, seen_->column)};
}

uint32_t Positions::original_column(const Source& source, uint32_t line, uint32_t column) const {
  auto found = columns_.find(&source);
  if (found == columns_.end() || !found->second.shifts || line < found->second.line || column == 0)
    return column;
  const Columns& columns = found->second;
  bool first = line == columns.line;
  uint32_t generated = column - 1, before = first ? columns.generated_before : 0;
  if (generated < before) return column;
  uint32_t original = forced::original_column(*columns.shifts, line - columns.line + 1, generated - before);
  return original + (first ? columns.original_before : 0) + 1;
}

uint32_t Positions::tag(const Place& place, std::string_view written_by) {
  written_.push_back({place, std::string(written_by), decided_by ? decided_by() : std::string()});
  return static_cast<uint32_t>(written_.size());
}

std::optional<Place> Positions::place_of_tag(uint32_t tag) const {
  if (tag == 0 || tag > written_.size()) return std::nullopt;
  return written_[tag - 1].place;
}

std::optional<Origin> Positions::origin_of_tag(uint32_t tag) const {
  if (tag == 0 || tag > written_.size()) return std::nullopt;
  const Written& written = written_[tag - 1];
  Origin made = origin(written.place, written.by);
  if (!written.decided_by.empty()) made.decided_by = written.decided_by;
  return made;
}

Position Positions::position(const Place& place) {
  return {place.source->url, place.source->sha256, place.line, place.column};
}

Origin Positions::origin(const Place& place, std::string_view written_by) const {
  Origin origin{position(place), std::string(written_by), {}, decided_by ? decided_by() : std::string()};
  const Source* source = place.source;
  while (source->by && origin.ancestry.size() < limits::max_positions) {
    origin.ancestry.push_back(position(*source->by));
    source = source->by->source;
  }
  return origin;
}

std::optional<Origin> Positions::origin_here() {
  std::optional<Place> place = here();
  if (!place) return std::nullopt;
  return origin(*place);
}

}  // namespace shikake::honeyclient::low::page
