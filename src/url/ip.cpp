#include "url/ip.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "base/checked.h"
#include "url/ascii.h"

namespace shikake::url {
namespace {

std::optional<uint32_t> parse_dotted_quad(std::string_view text) {
  uint32_t value = 0;
  size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at == text.size() || text[at++] != '.')) return std::nullopt;
    size_t begin = at;
    uint32_t number = 0;
    while (at < text.size() && at - begin < 3 && is_digit(text[at])) {
      number = number * 10 + static_cast<uint32_t>(text[at++] - '0');
    }
    size_t digits = at - begin;
    if (digits == 0 || number > 255 || (digits > 1 && text[begin] == '0')) return std::nullopt;
    value = value << 8 | number;
  }
  return at == text.size() ? std::optional(value) : std::nullopt;
}

void store16(std::array<uint8_t, 16>& bytes, size_t piece, uint32_t value) {
  bytes[piece * 2] = static_cast<uint8_t>(value >> 8);
  bytes[piece * 2 + 1] = static_cast<uint8_t>(value);
}

// The run of pieces before or after "::": up to `limit` pieces, a dotted quad counting for two and only
// where `quad_allowed`. Returns how many, or nothing.
std::optional<size_t> parse_pieces(std::string_view text, std::array<uint8_t, 16>& out, size_t limit,
                                   bool quad_allowed) {
  if (text.empty()) return 0;
  size_t pieces = 0;
  for (;;) {
    size_t end = std::min(text.find(':'), text.size());
    std::string_view part = text.substr(0, end);
    bool last = end == text.size();
    if (last && quad_allowed && part.find('.') != part.npos) {
      auto quad = parse_dotted_quad(part);
      if (!quad || pieces + 2 > limit) return std::nullopt;
      store16(out, pieces, *quad >> 16);
      store16(out, pieces + 1, *quad & 0xffff);
      return pieces + 2;
    }
    if (part.empty() || part.size() > 4 || pieces == limit) return std::nullopt;
    uint32_t value = 0;
    for (char c : part) {
      int digit = hex_digit(c);
      if (digit < 0) return std::nullopt;
      value = value << 4 | static_cast<uint32_t>(digit);
    }
    store16(out, pieces++, value);
    if (last) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::array<uint8_t, 16>> parse_v6(std::string_view text) {
  std::array<uint8_t, 16> bytes{};
  size_t gap = text.find("::");
  if (gap == text.npos) {
    auto pieces = parse_pieces(text, bytes, 8, true);
    return pieces == 8 ? std::optional(bytes) : std::nullopt;
  }
  std::array<uint8_t, 16> tail{};
  auto before = parse_pieces(text.substr(0, gap), bytes, 7, false);
  if (!before) return std::nullopt;
  auto after = parse_pieces(text.substr(gap + 2), tail, 7 - *before, true);
  if (!after) return std::nullopt;
  std::copy_n(tail.begin(), *after * 2, bytes.end() - static_cast<ptrdiff_t>(*after * 2));
  return bytes;
}

std::string quad_to_string(const uint8_t* bytes) {
  std::string text;
  for (int i = 0; i < 4; ++i) {
    if (i > 0) text += '.';
    text += std::to_string(bytes[i]);
  }
  return text;
}

// RFC 5952 section 4: lower case, no leading zeros, "::" for the first longest run of two or more zeros.
std::string v6_to_string(std::span<const uint8_t> bytes) {
  std::array<unsigned, 8> pieces;
  for (size_t i = 0; i < 8; ++i) pieces[i] = static_cast<unsigned>(bytes[i * 2] << 8 | bytes[i * 2 + 1]);
  size_t best = 8, best_length = 1;
  for (size_t i = 0; i < 8;) {
    size_t end = i;
    while (end < 8 && pieces[end] == 0) ++end;
    if (end - i > best_length) best = i, best_length = end - i;
    i = end + 1;
  }
  std::string text;
  for (size_t i = 0; i < 8; ++i) {
    if (i == best) {
      text += "::";
      i += best_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    char digits[4];
    text.append(digits, std::to_chars(digits, digits + 4, pieces[i], 16).ptr);
  }
  return text;
}

constexpr std::array<uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<uint8_t, 12> translated_prefix = {0, 0x64, 0xff, 0x9b};
constexpr std::array<uint8_t, 12> compatible_prefix = {};

uint32_t load32(const uint8_t* bytes) {
  return static_cast<uint32_t>(bytes[0]) << 24 | static_cast<uint32_t>(bytes[1]) << 16 |
         static_cast<uint32_t>(bytes[2]) << 8 | bytes[3];
}

}  // namespace

IpAddress IpAddress::v4(uint32_t host_order) {
  IpAddress address;
  for (size_t i = 0; i < 4; ++i) address.bytes_[i] = static_cast<uint8_t>(host_order >> (24 - 8 * i));
  return address;
}

IpAddress IpAddress::v6(std::span<const uint8_t, 16> network_order) {
  IpAddress address;
  address.v6_ = true;
  std::copy(network_order.begin(), network_order.end(), address.bytes_.begin());
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (auto quad = parse_dotted_quad(text)) return v4(*quad);
  if (auto bytes = parse_v6(text)) return v6(*bytes);
  return std::nullopt;
}

uint32_t IpAddress::to_v4() const {
  SHIKAKE_CHECK(is_v4());
  return load32(bytes_.data());
}

std::optional<IpAddress> IpAddress::embedded_v4() const {
  if (!v6_) return std::nullopt;
  auto starts_with = [this](const auto& prefix) {
    return std::equal(prefix.begin(), prefix.end(), bytes_.begin());
  };
  uint32_t last = load32(bytes_.data() + 12);
  if (starts_with(mapped_prefix) || starts_with(translated_prefix)) return v4(last);
  if (bytes_[0] == 0x20 && bytes_[1] == 0x02) return v4(load32(bytes_.data() + 2));
  if (load32(bytes_.data()) == 0x20010000) return v4(~last);        // RFC 4380 section 4: obfuscated
  if (starts_with(compatible_prefix) && last > 1) return v4(last);  // but not :: and ::1
  return std::nullopt;
}

std::string IpAddress::to_string() const {
  if (!v6_) return quad_to_string(bytes_.data());
  if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes_.begin())) {
    return "::ffff:" + quad_to_string(bytes_.data() + 12);
  }
  return v6_to_string(bytes_);
}

std::string IpAddress::to_url_host() const {
  return v6_ ? '[' + v6_to_string(bytes_) + ']' : quad_to_string(bytes_.data());
}

std::optional<Cidr> Cidr::make(const IpAddress& address, unsigned prefix_length) {
  auto from = address.bytes();
  if (prefix_length > from.size() * 8) return std::nullopt;
  std::array<uint8_t, 16> bytes{};
  std::copy(from.begin(), from.end(), bytes.begin());
  for (size_t i = 0; i < from.size(); ++i) {
    unsigned kept =
        prefix_length > i * 8 ? std::min<unsigned>(prefix_length - static_cast<unsigned>(i * 8), 8) : 0;
    bytes[i] &= static_cast<uint8_t>(0xff00U >> kept);
  }
  Cidr cidr;
  cidr.network_ = address.is_v4() ? IpAddress::v4(load32(bytes.data())) : IpAddress::v6(bytes);
  cidr.prefix_length_ = static_cast<uint8_t>(prefix_length);
  return cidr;
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
  size_t slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == text.npos) return make(*address, address->is_v4() ? 32 : 128);
  auto length = base::parse_integer<uint8_t>(text.substr(slash + 1));
  return length ? make(*address, *length) : std::nullopt;
}

bool Cidr::contains(const IpAddress& address) const {
  if (address.is_v4() != network_.is_v4()) return false;
  auto ours = network_.bytes(), theirs = address.bytes();
  size_t whole = prefix_length_ / 8;
  if (std::memcmp(ours.data(), theirs.data(), whole) != 0) return false;
  unsigned rest = prefix_length_ % 8;
  return rest == 0 || ((ours[whole] ^ theirs[whole]) & (0xff00U >> rest) & 0xff) == 0;
}

bool Cidr::contains(const Cidr& other) const {
  return other.prefix_length_ >= prefix_length_ && contains(other.network_);
}

std::string Cidr::to_string() const {
  return network_.to_string() + '/' + std::to_string(prefix_length_);
}

}  // namespace shikake::url

size_t std::hash<shikake::url::IpAddress>::operator()(const shikake::url::IpAddress& address) const noexcept {
  auto bytes = address.bytes();
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}
