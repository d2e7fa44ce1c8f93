// CompressionStream and DecompressionStream (https://compression.spec.whatwg.org/), TextDecoderStream and
// TextEncoderStream (https://encoding.spec.whatwg.org/#interface-textdecoderstream).
#include <zlib.h>

#include <memory>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/body.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/streams.h"
#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// zlib's windowBits: https://www.zlib.net/manual.html#Advanced
std::optional<int> window_bits(Call& call) {
  const std::u16string format = call.text(0);
  if (format == u"gzip") return 16 + MAX_WBITS;
  if (format == u"deflate") return MAX_WBITS;
  const Persona& persona = call.page.persona();
  constexpr uint32_t chrome_since = 103;  // MDN's compatibility data; the others had it from the first
  if (format == u"deflate-raw" && (persona.engine != Engine::blink || persona.version >= chrome_since))
    return -MAX_WBITS;
  return std::nullopt;
}

// What was made from compressed bytes in this worker, which has one page.
uint64_t inflated = 0;

class Codec {
 public:
  Codec(Page& page, int bits, bool packs) : page_(page), packs_(packs) {
    ready_ =
        (packs ? deflateInit2(&z_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY)
               : inflateInit2(&z_, bits)) == Z_OK;
  }
  ~Codec() {
    if (ready_) packs_ ? deflateEnd(&z_) : inflateEnd(&z_);
  }
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  void chunk(JSContext* cx, Readable& out, JS::HandleValue value) {
    auto bytes = value.isObject() ? bytes_of(&value.toObject()) : std::nullopt;
    if (!bytes) throw_type_error(cx, "The provided value is not of type '(ArrayBuffer or ArrayBufferView)'");
    if (finished_ && !bytes->empty())
      throw_type_error(cx, "Additional input found after the end of the compressed data.");
    run(cx, out, *bytes, Z_NO_FLUSH);
  }
  void end(JSContext* cx, Readable& out) {
    if (packs_) run(cx, out, {}, Z_FINISH);
    if (!finished_) throw_type_error(cx, "Compressed input was truncated.");
  }

 private:
  void run(JSContext* cx, Readable& out, std::string_view bytes, int flush) {
    if (!ready_) throw_type_error(cx, "Out of memory");
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z_.avail_in = static_cast<uInt>(bytes.size());
    std::string room(65'536, '\0');
    for (bool more = true; more;) {
      z_.next_out = reinterpret_cast<Bytef*>(room.data());
      z_.avail_out = static_cast<uInt>(room.size());
      const int status = packs_ ? deflate(&z_, flush) : inflate(&z_, Z_NO_FLUSH);
      const size_t made = room.size() - z_.avail_out;
      if (status == Z_STREAM_END) finished_ = true;
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        throw_type_error(cx, "The compressed data was not valid.");
      if (!packs_ && (inflated += made) > limits::max_inflated) {
        page_.limit("inflated");
        throw_type_error(cx, "Out of memory");
      }
      if (made > 0) enqueue_bytes(cx, out, std::string_view(room).substr(0, made));
      more = z_.avail_out == 0 && !finished_;
    }
    if (!packs_ && finished_ && z_.avail_in > 0)
      throw_type_error(cx, "Additional input found after the end of the compressed data.");
  }

  Page& page_;
  const bool packs_;
  bool ready_ = false, finished_ = false;
  z_stream z_ = {};
};

template <bool Packs>
void construct_codec(Call& call) {
  auto bits = window_bits(call);
  if (!bits) call.type_error("The provided value is not a valid enum value of type CompressionFormat.");
  auto codec = std::make_shared<Codec>(call.page, *bits, Packs);
  Steps steps = {
      [codec](JSContext* cx, Readable& out, JS::HandleValue chunk) { codec->chunk(cx, out, chunk); },
      [codec](JSContext* cx, Readable& out) { codec->end(cx, out); }};
  call.give(make_transform(call.cx, call.window, Packs ? "CompressionStream" : "DecompressionStream",
                           std::move(steps))
                .wrapper.get());
}

// --- text
// -------------------------------------------------------------------------------------------------------

// How many bytes at the end begin a character that the next chunk goes on with.
size_t unfinished(std::string_view bytes) {
  for (size_t back = 1; back <= std::min<size_t>(3, bytes.size()); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const size_t needs = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return needs > back ? back : 0;
  }
  return 0;
}

void give_text(JSContext* cx, Readable& out, std::string_view bytes) {
  if (bytes.empty()) return;
  JS::RootedValue text(cx, JS::StringValue(to_string(cx, wide(bytes))));
  enqueue(cx, out, text);
}

void construct_decoder(Call& call) {
  const std::u16string label = lower(call.text_or(0, u"utf-8"));
  if (label != u"utf-8" && label != u"utf8") call.page.unemulated("TextDecoderStream " + utf8(label), true);
  auto rest = std::make_shared<std::string>();
  Steps steps = {[rest](JSContext* cx, Readable& out, JS::HandleValue chunk) {
                   auto bytes = chunk.isObject() ? bytes_of(&chunk.toObject()) : std::nullopt;
                   if (!bytes)
                     throw_type_error(cx,
                                      "The provided value is not of type '(ArrayBuffer or ArrayBufferView)'");
                   *rest += *bytes;
                   const std::string all = std::move(*rest);
                   const size_t whole = all.size() - unfinished(all);
                   *rest = all.substr(whole);
                   give_text(cx, out, std::string_view(all).substr(0, whole));
                 },
                 [rest](JSContext* cx, Readable& out) { give_text(cx, out, *rest); }};
  call.give(make_transform(call.cx, call.window, "TextDecoderStream", std::move(steps)).wrapper.get());
}
void construct_encoder(Call& call) {
  Steps steps = {[](JSContext* cx, Readable& out, JS::HandleValue chunk) {
                   enqueue_bytes(cx, out, utf8(to_text(cx, chunk)));
                 },
                 [](JSContext*, Readable&) {}};
  call.give(make_transform(call.cx, call.window, "TextEncoderStream", std::move(steps)).wrapper.get());
}
void get_encoding(Call& call) {
  call.give(std::string_view("utf-8"));
}

constexpr JSPropertySpec sides[] = {SHIKAKE_GETTER("readable", get_readable),
                                    SHIKAKE_GETTER("writable", get_writable), JS_PS_END};
constexpr JSPropertySpec text_sides[] = {SHIKAKE_GETTER("encoding", get_encoding),
                                         SHIKAKE_GETTER("readable", get_readable),
                                         SHIKAKE_GETTER("writable", get_writable), JS_PS_END};
constexpr uint8_t not_in_edge = on_modern & ~on_edge;
constexpr Interface table[] = {{.name = "CompressionStream",
                                .parent = "",
                                .properties = sides,
                                .construct = native<construct_codec<true>>,
                                .construct_arguments = 1,
                                .engines = not_in_edge},
                               {.name = "DecompressionStream",
                                .parent = "",
                                .properties = sides,
                                .construct = native<construct_codec<false>>,
                                .construct_arguments = 1,
                                .engines = not_in_edge},
                               {.name = "TextDecoderStream",
                                .parent = "",
                                .properties = text_sides,
                                .construct = native<construct_decoder>,
                                .engines = not_in_edge},
                               {.name = "TextEncoderStream",
                                .parent = "",
                                .properties = text_sides,
                                .construct = native<construct_encoder>,
                                .engines = not_in_edge}};

}  // namespace

std::span<const Interface> compression_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
