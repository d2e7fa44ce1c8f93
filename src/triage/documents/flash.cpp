// Flash films: "SWF File Format Specification", version 19.
#include <lzma.h>
#include <zlib.h>

#include <algorithm>

#include <fmt/format.h>

#include "triage/documents/document.h"

namespace shikake::triage {
namespace {

constexpr uint32_t header_bytes = 8;
// Films with video are some MB; past this a compressed one is a bomb.
constexpr size_t max_film_bytes = size_t{64} << 20;
constexpr unsigned max_tags = 100'000;
constexpr uint32_t max_strings_of_code = 20'000;

// What inflates to more than the bound, or is cut, gives what there is.
std::string inflate_zlib(base::ByteSpan bytes, DocumentNotes& notes) {
  std::string out;
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return out;
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string part(size_t{1} << 16, '\0');
  int status = Z_OK;
  while (status == Z_OK && out.size() < max_film_bytes) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = static_cast<uInt>(part.size());
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(part, 0, part.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status == Z_OK) notes.limit("document: the film is larger than 64 MiB");
  if (status != Z_OK && status != Z_STREAM_END) notes.malformed("its compressed part is damaged or cut");
  return out;
}

// The header of .lzma files names the size as well; here it is unknown (all ones).
std::string inflate_lzma(base::ByteSpan properties, base::ByteSpan bytes, DocumentNotes& notes) {
  std::string head(base::as_text(properties));
  head.append(8, '\xFF');
  constexpr uint64_t memory = uint64_t{128} << 20;  // a dictionary of 64 MiB
  lzma_stream stream = LZMA_STREAM_INIT;
  std::string out;
  if (lzma_alone_decoder(&stream, memory) != LZMA_OK) return out;
  std::string part(size_t{1} << 16, '\0');
  lzma_ret status = LZMA_OK;
  auto feed = [&](base::ByteSpan input) {
    stream.next_in = input.data();
    stream.avail_in = input.size();
    size_t made = 0;
    do {
      stream.next_out = reinterpret_cast<uint8_t*>(part.data());
      stream.avail_out = part.size();
      status = lzma_code(&stream, LZMA_RUN);
      made = part.size() - stream.avail_out;
      out.append(part, 0, made);
    } while (status == LZMA_OK && (stream.avail_in > 0 || made == part.size()) &&
             out.size() < max_film_bytes);
  };
  feed(base::as_bytes(head));
  if (status == LZMA_OK) feed(bytes);
  lzma_end(&stream);
  if (out.size() >= max_film_bytes) notes.limit("document: the film is larger than 64 MiB");
  if (status != LZMA_OK && status != LZMA_STREAM_END) notes.malformed("its compressed part is damaged");
  return out;
}

// What films that attack, or that lead on, are made with. ActionScript's own names.
struct Word {
  std::string_view word, trait;
};
constexpr Word words[] = {
    {"loadBytes", "loads a film from bytes"},
    {"ExternalInterface", "calls the page's script"},
    {"navigateToURL", "sends the browser elsewhere"},
    {"getURL", "sends the browser elsewhere"},
    {"URLLoader", "fetches"},
    {"loadMovie", "loads another film"},
    {"allowDomain", "lets other sites script it"},
    {"FileReference", "saves files"},
};

class Film {
 public:
  Film(base::ByteSpan tags, DocumentNotes& notes) : bytes_(tags), notes_(notes) {}

  void read() {
    // RECT: five bits of width, four fields; then frame rate and count.
    const unsigned width = bytes_.u8(0) >> 3;
    uint64_t at = (5 + 4 * width + 7) / 8;
    notes_.property("frames", std::to_string(bytes_.u16(at + 2)));
    at += 4;
    for (unsigned count = 0; at + 2 <= bytes_.size(); ++count) {
      if (count >= max_tags) return notes_.limit("document: tags");
      const uint16_t head = bytes_.u16(at);
      uint32_t size = head & 0x3F;
      at += 2;
      if (size == 0x3F) {
        size = bytes_.u32(at);
        at += 4;
      }
      if (size > bytes_.size() - std::min<uint64_t>(at, bytes_.size()))
        notes_.malformed("a tag is longer than the film");
      if (head >> 6 == 0) break;
      tag(head >> 6, bytes_.at(at, size), size);
      at += size;
    }
  }

 private:
  void tag(unsigned code, base::ByteSpan body, uint32_t declared) {
    Bytes bytes(body);
    switch (code) {
      case 12:  // DoAction
        return actions(body);
      case 59:  // DoInitAction
        return actions(body.subspan(std::min<size_t>(2, body.size())));
      case 57:  // ImportAssets
      case 71: {
        const std::string url = text_at(body, 0, 4096);
        return notes_.link(url, "imported film", true);
      }
      case 72:  // DoABCDefine
        return program(body);
      case 77:  // Metadata
        return notes_.property("metadata", text_at(body, 0, 2000));
      case 82: {  // DoABC: flags, name
        const std::string name = text_at(body, 4, 4096);
        return program(body.subspan(std::min(body.size(), 4 + name.size() + 1)));
      }
      case 86: {  // DefineSceneAndFrameLabelData: a count of more than 31 bits was taken for a negative one
        uint64_t at = 0;
        if (variable(bytes, at) > 0x7FFF'FFFF)
          notes_.trait({"scene count", "a count of scenes that overflows", "CVE-2007-0071",
                        "https://www.adobe.com/support/security/bulletins/apsb08-11.html", true});
        return;
      }
      case 87: {  // DefineBinaryData: identifier, reserved, data
        const base::ByteSpan data = body.subspan(std::min<size_t>(6, body.size()));
        return notes_.part(fmt::format("binary-data-{}", bytes.u16(0)), "binary data",
                           std::string(base::as_text(data)));
      }
      default:
        if (code > 255 && declared > 0 && !unknown_) {
          unknown_ = true;
          notes_.malformed("tags that no version knows");
        }
    }
  }

  static uint64_t variable(const Bytes& bytes, uint64_t& at) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const uint8_t byte = bytes.u8(at++);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (!(byte & 0x80)) break;
    }
    return value;
  }

  void text(std::string_view found) {
    for (const Word& one : words)
      if (found.find(one.word) != found.npos) notes_.trait(one.trait, std::string(one.word));
    if (found.find("://") != found.npos) notes_.links_in(found, "ActionScript text");
    if (text_.size() < max_script_bytes) (text_ += found) += '\n';
  }

  // ActionScript 1 and 2: a byte an action, from 80h on with a length.
  void actions(base::ByteSpan body) {
    Bytes bytes(body);
    uint64_t at = 0;
    for (unsigned count = 0; at < body.size() && count < max_tags; ++count) {
      const uint8_t code = bytes.u8(at++);
      if (code == 0) break;
      const uint32_t size = code >= 0x80 ? bytes.u16(at) : 0;
      if (code >= 0x80) at += 2;
      const base::ByteSpan payload = bytes.at(at, size);
      if (code == 0x83) {  // GetURL: address, window
        const std::string url = text_at(payload, 0, 4096);
        notes_.link(url, "getURL", true);
        notes_.trait("sends the browser elsewhere", "getURL");
      } else if (code == 0x88 || code == 0x96) {  // constant pool, push
        for (uint64_t i = code == 0x88 ? 2 : 0; i < payload.size();) {
          const std::string found = text_at(payload, i, 4096);
          text(found);
          i += found.size() + 1;
        }
      }
      at += size;
    }
    flush("ActionScript 2", "actions");
  }

  // ActionScript 3: "ActionScript Virtual Machine 2 Overview", 4.2 and 4.3.
  void program(base::ByteSpan body) {
    Bytes bytes(body);
    uint64_t at = 4;
    for (int list = 0; list < 2; ++list)
      for (uint64_t i = 1, count = variable(bytes, at); i < count && at < body.size(); ++i)
        variable(bytes, at);
    if (const uint64_t doubles = variable(bytes, at); doubles > 1) at += 8 * (doubles - 1);
    const uint64_t count = variable(bytes, at);
    for (uint64_t i = 1; i < count && at < body.size(); ++i) {
      if (i > max_strings_of_code) {
        notes_.limit("document: texts of a film");
        break;
      }
      const uint64_t size = variable(bytes, at);
      text(base::as_text(bytes.at(at, size)));
      at += size;
    }
    flush("ActionScript 3", "texts");
  }

  void flush(std::string_view language, std::string_view where) {
    notes_.script(language, std::string(where), std::exchange(text_, {}));
  }

  Bytes bytes_;
  DocumentNotes& notes_;
  std::string text_;
  bool unknown_ = false;
};

}  // namespace

bool is_flash(base::ByteSpan bytes) {
  // Text may begin with these letters: no version is above 60, and no film as long as letters would make it.
  constexpr uint32_t longest = 1u << 28;
  return bytes.size() >= header_bytes && (bytes[0] == 'F' || bytes[0] == 'C' || bytes[0] == 'Z') &&
         bytes[1] == 'W' && bytes[2] == 'S' && bytes[3] <= 60 && Bytes(bytes).u32(4) < longest;
}

void read_flash(base::ByteSpan bytes, DocumentNotes& notes) {
  const Bytes header(bytes);
  const char kind = static_cast<char>(bytes[0]);
  notes.format(fmt::format("Flash {}{}", bytes[3], kind == 'F' ? "" : kind == 'C' ? ", zlib" : ", LZMA"));
  notes.property("length", std::to_string(header.u32(4)));
  std::string unpacked;
  base::ByteSpan film = bytes.subspan(header_bytes);
  if (kind == 'C') {
    unpacked = inflate_zlib(film, notes);
  } else if (kind == 'Z') {
    constexpr uint32_t properties_at = 12, properties_bytes = 5;
    unpacked = inflate_lzma(header.at(properties_at, properties_bytes),
                            header.at(properties_at + properties_bytes, bytes.size()), notes);
  }
  if (kind != 'F') film = base::as_bytes(unpacked);
  if (film.size() + header_bytes < header.u32(4)) notes.malformed("it is shorter than its header says");
  Film(film, notes).read();
}

}  // namespace shikake::triage
