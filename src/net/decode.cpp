#include "net/decode.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <brotli/decode.h>
#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include "base/check.h"

namespace shikake::net {
namespace {

constexpr size_t chunk = 64 * 1024;
// Nobody means to code a body more often than this; each further layer would multiply a bomb.
constexpr size_t max_layers = 5;

// Collects output up to the bound.
class Output {
 public:
  explicit Output(uint64_t max_bytes) : max_bytes_(max_bytes) {}
  // False once the bound is passed.
  bool add(const uint8_t* data, size_t size) {
    size_t room = static_cast<size_t>(max_bytes_ - result.body.size());
    result.body.append(reinterpret_cast<const char*>(data), std::min(size, room));
    if (size <= room) return true;
    result.error = fmt::format("the body expands past {} bytes", max_bytes_);
    return false;
  }
  DecodedBody broken(std::string_view coding) {
    result.error = fmt::format("the body is not valid {}", coding);
    return std::move(result);
  }
  DecodedBody cut(std::string_view coding) {
    result.error = fmt::format("the {} body ends early", coding);
    return std::move(result);
  }

  DecodedBody result;

 private:
  uint64_t max_bytes_;
};

struct Inflater {
  z_stream stream{};
  explicit Inflater(int window_bits) { SHIKAKE_CHECK(inflateInit2(&stream, window_bits) == Z_OK); }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

DecodedBody inflate_body(std::string_view in, int window_bits, std::string_view coding, uint64_t max_bytes) {
  Inflater inflater(window_bits);
  z_stream& stream = inflater.stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  Output output(max_bytes);
  std::vector<uint8_t> buffer(chunk);
  for (;;) {
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    int status = inflate(&stream, Z_NO_FLUSH);
    size_t made = buffer.size() - stream.avail_out;
    if (!output.add(buffer.data(), made)) return std::move(output.result);
    if (status == Z_STREAM_END) {
      // gzip members may follow one another (RFC 1952 section 2.2); anything else behind is ignored, as
      // browsers do.
      bool another = window_bits > MAX_WBITS && stream.avail_in >= 2 && stream.next_in[0] == 0x1F &&
                     stream.next_in[1] == 0x8B;
      if (!another) return std::move(output.result);
      inflateReset(&stream);
    } else if (status == Z_BUF_ERROR || (status == Z_OK && made == 0 && stream.avail_in == 0)) {
      return output.cut(coding);
    } else if (status != Z_OK) {
      return output.broken(coding);
    }
  }
}

DecodedBody decode_gzip(std::string_view in, uint64_t max_bytes) {
  return inflate_body(in, MAX_WBITS + 16, "gzip", max_bytes);
}

// "deflate" means zlib's format (RFC 1950), but servers send bare RFC 1951 too. A zlib header is a
// multiple of 31 whose low nibble says 8.
DecodedBody decode_deflate(std::string_view in, uint64_t max_bytes) {
  auto byte = [in](size_t at) { return static_cast<unsigned>(static_cast<uint8_t>(in[at])); };
  bool wrapped = in.size() >= 2 && (byte(0) & 0x0F) == 8 && (byte(0) << 8 | byte(1)) % 31 == 0;
  return inflate_body(in, wrapped ? MAX_WBITS : -MAX_WBITS, "deflate", max_bytes);
}

DecodedBody decode_brotli(std::string_view in, uint64_t max_bytes) {
  std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  SHIKAKE_CHECK(state != nullptr);
  Output output(max_bytes);
  std::vector<uint8_t> buffer(chunk);
  const auto* next_in = reinterpret_cast<const uint8_t*>(in.data());
  size_t left = in.size();
  for (;;) {
    uint8_t* next_out = buffer.data();
    size_t room = buffer.size();
    auto status = BrotliDecoderDecompressStream(state.get(), &left, &next_in, &room, &next_out, nullptr);
    if (!output.add(buffer.data(), buffer.size() - room)) return std::move(output.result);
    if (status == BROTLI_DECODER_RESULT_SUCCESS) return std::move(output.result);
    if (status == BROTLI_DECODER_RESULT_ERROR) return output.broken("br");
    if (status == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) return output.cut("br");
  }
}

DecodedBody decode_zstd(std::string_view in, uint64_t max_bytes) {
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(), ZSTD_freeDStream);
  SHIKAKE_CHECK(stream != nullptr);
  // RFC 9659: 8 MiB is the largest window that HTTP allows.
  constexpr int window_log = 23;
  SHIKAKE_CHECK(!ZSTD_isError(ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, window_log)));
  Output output(max_bytes);
  std::vector<uint8_t> buffer(chunk);
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  for (;;) {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    size_t status = ZSTD_decompressStream(stream.get(), &out, &input);
    if (ZSTD_isError(status)) return output.broken("zstd");
    if (!output.add(buffer.data(), out.pos)) return std::move(output.result);
    if (input.pos < input.size || out.pos == out.size) continue;
    if (status != 0) return output.cut("zstd");
    return std::move(output.result);
  }
}

// The codings of the header's value in lower case, in order.
std::vector<std::string> split_codings(std::string_view value) {
  std::vector<std::string> codings;
  while (!value.empty()) {
    size_t end = std::min(value.find(','), value.size());
    std::string coding;
    for (char c : value.substr(0, end)) {
      if (c != ' ' && c != '\t') coding += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    if (!coding.empty() && coding != "identity") codings.push_back(std::move(coding));
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return codings;
}

DecodedBody decode_one(std::string_view body, std::string_view coding, uint64_t max_bytes) {
  if (coding == "gzip" || coding == "x-gzip") return decode_gzip(body, max_bytes);
  if (coding == "deflate") return decode_deflate(body, max_bytes);
  if (coding == "br") return decode_brotli(body, max_bytes);
  if (coding == "zstd") return decode_zstd(body, max_bytes);
  return {std::string(body), fmt::format("the content coding \"{}\" is not known", coding.substr(0, 40))};
}

}  // namespace

DecodedBody decode_content(std::string_view body, std::string_view content_encoding, uint64_t max_bytes) {
  std::vector<std::string> codings = split_codings(content_encoding);
  DecodedBody result{std::string(body), {}};
  if (codings.size() > max_layers) {
    result.error =
        fmt::format("the body is coded {} times; at most {} are undone", codings.size(), max_layers);
    return result;
  }
  if (body.empty()) return result;
  for (auto coding = codings.rbegin(); coding != codings.rend() && result.error.empty(); ++coding)
    result = decode_one(result.body, *coding, max_bytes);
  return result;
}

}  // namespace shikake::net
