#include "audit/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/lines.h"
#include "audit/time_text.h"
#include "url/ip.h"

namespace shikake::audit {
namespace {

// A file whose beginning has this many control bytes in a hundred, and fewer lines of a known format than one
// in ten, is no log. Machine code and compressed data have 5 to 15, text has none.
constexpr size_t binary_percent = 3;

bool looks_binary(std::string_view bytes) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\x1b') || byte == 0x7F;
  };
  const auto controls = static_cast<size_t>(std::count_if(bytes.begin(), bytes.end(), is_control));
  return controls * 100 > bytes.size() * binary_percent;
}

bool is_utf16(std::string_view bytes) {
  return bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
}

}  // namespace

void Reader::start_file() {
  current_ = forced_;
  found_.clear();
  state_ = {};
  stats_ = {};
}

Reader::How Reader::parse(std::string_view line, bool damaged) {
  record_.clear();
  record_.reserve(line.size());
  const auto attempt = [&](const Format* format, auto parser) {
    record_.clear();
    const Parsed result = parser(line, state_, record_);
    if (result == Parsed::refused) return false;
    if (result == Parsed::nothing) record_.clear();
    current_ = format;
    return true;
  };
  const auto how = [&](How good) {
    const bool empty = record_.seen.empty();
    if (!empty && std::find(found_.begin(), found_.end(), current_) == found_.end())
      found_.push_back(current_);
    return empty ? How::other : good;
  };
  if (line.empty()) return How::other;
  if (!damaged) {
    if (current_ && attempt(current_, current_->strict)) return how(How::parsed);
    for (const Format& format : formats())
      if (!forced_ && &format != current_ && attempt(&format, format.strict)) return how(How::parsed);
  }
  if (current_ && attempt(current_, current_->lenient)) return how(How::lenient);
  for (const Format& format : formats())
    if (!forced_ && &format != current_ && attempt(&format, format.lenient)) return how(How::lenient);
  record_.clear();
  plain_text(line, record_);
  return How::unreadable;
}

void Reader::look_up(const Observable& seen) {
  const match::Matcher& matcher = intelligence_.matcher();
  switch (seen.what) {
    case Observable::What::url:
      return matcher.url(seen.text, hits_);
    case Observable::What::authority:
      return matcher.authority(seen.text, seen.port, hits_);
    case Observable::What::target:
      return matcher.target(seen.text, seen.rest, seen.port, hits_);
    case Observable::What::host:
      return matcher.host(seen.text, hits_);
    case Observable::What::digest:
      return matcher.digest(seen.text, hits_);
    case Observable::What::endpoint:
      if (const auto address = url::IpAddress::parse(seen.text))
        return matcher.endpoint(*address, seen.port, hits_);
      return matcher.host(seen.text, hits_);
  }
}

// Each entry once a line: seen twice, its heavier judgement stays.
void Reader::add_hits(const Observable& seen) {
  const bool to_peer = seen.contact == Contact::inbound && !record_.peer.empty();
  auto& hits = to_peer ? peer_hits_ : line_hits_;
  for (const match::Hit& hit : hits_) {
    if (!intelligence_.guard_of(hit.entry).empty()) {
      if (std::find(guarded_hits_.begin(), guarded_hits_.end(), hit.entry) == guarded_hits_.end())
        guarded_hits_.push_back(hit.entry);
      continue;
    }
    const Known& known = intelligence_.known(hit.entry);
    LineHit added{hit.entry,
                  judge(known.role, hit.kind, hit.precision, known.confidence, seen.contact, record_.outcome),
                  to_peer, seen.text};
    auto same = std::find_if(hits.begin(), hits.end(),
                             [&](const LineHit& other) { return other.entry == hit.entry; });
    if (same == hits.end())
      hits.push_back(added);
    else if (same->judgement.points() < added.judgement.points())
      *same = added;
  }
}

void Reader::match(const LinePlace& at) {
  bool any = false;
  for (const Observable& seen : record_.seen) {
    look_up(seen);
    if (hits_.empty()) continue;
    any = true;
    add_hits(seen);
    hits_.clear();
  }
  if (!any) [[likely]]
    return;
  LinePlace place = at;
  place.time = time_from_log(record_.time);
  if (!line_hits_.empty()) correlator_.take(record_.client, record_.user, place, line_hits_);
  if (!peer_hits_.empty()) correlator_.take(record_.peer, {}, place, peer_hits_);
  for (match::EntryId entry : guarded_hits_) correlator_.take_guarded(record_.client, entry);
  stats_.hits += line_hits_.size() + peer_hits_.size();
  stats_.guarded += guarded_hits_.size();
  line_hits_.clear();
  peer_hits_.clear();
  guarded_hits_.clear();
}

Result<> Reader::read_lines(base::Unpacked& source, uint32_t file_index) {
  LineReader lines(source, limits_.max_line_bytes, limits_.max_unpacked_bytes);
  uint64_t told = 0;
  const auto count_bytes = [&] {
    stats_.bytes = lines.bytes();
    if (source.bytes_in() - told < progress_bytes) return;
    if (on_progress) on_progress(source.bytes_in() - told);
    told = source.bytes_in();
  };
  if (auto ahead = lines.read_ahead(); !ahead) return ahead;
  const std::string_view beginning = lines.first_bytes();
  if (is_utf16(beginning))
    return fail(Module::audit, ErrorCode::invalid_input,
                "this is UTF-16 text; convert it first: iconv -f UTF-16 -t UTF-8");
  const bool maybe_binary = looks_binary(beginning);
  const size_t beginning_bytes = beginning.size();
  size_t bytes_seen = 0;
  Line line;
  while (true) {
    auto more = lines.next(line);
    count_bytes();
    if (!more) return fail(more.error());
    if (!*more) return {};
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (line.number == 1 && line.text.starts_with(byte_order_mark))
      line.text.remove_prefix(byte_order_mark.size());
    ++stats_.lines;
    stats_.too_long += line.too_long;
    switch (parse(line.text, line.too_long)) {
      case How::parsed:
        ++stats_.parsed;
        break;
      case How::lenient:
        ++stats_.lenient;
        break;
      case How::unreadable:
        ++stats_.unreadable;
        break;
      case How::other:
        ++stats_.other;
        break;
    }
    match({file_index, line.number, {}});
    bytes_seen += line.text.size() + 1;
    const bool few_known = (stats_.parsed + stats_.lenient) * 10 < stats_.lines;
    if (maybe_binary && bytes_seen >= beginning_bytes && few_known)
      return fail(
          Module::audit, ErrorCode::invalid_input,
          fmt::format("this is a binary file and no log: hardly one of its first {} lines has a known format",
                      stats_.lines));
  }
}

FileStats Reader::read(int fd, std::string name, uint32_t file_index) {
  start_file();
  stats_.name = std::move(name);
  auto source = base::Unpacked::open(fd);
  if (!source) {
    stats_.error = std::move(source).error().in(stats_.name).message();
    return stats_;
  }
  stats_.packing = base::name(source->packing());
  if (auto done = read_lines(*source, file_index); !done)
    stats_.error = std::move(done).error().in(stats_.name).message();
  stats_.bytes_in = source->bytes_in();
  for (const Format* format : found_)
    stats_.formats += (stats_.formats.empty() ? "" : ", ") + std::string(format->name);
  return std::move(stats_);
}

}  // namespace shikake::audit
