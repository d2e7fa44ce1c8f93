// What a path gives where nothing is scripted: something small and inert of the type that its name promises,
// so that a downloader gets on with it. Every one of these does nothing when it is run or shown.
#include <algorithm>
#include <array>

#include "responders.h"

namespace shikake::gateway {
namespace {

using namespace std::string_view_literals;

constexpr auto page =
    "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Welcome</title></head>"
    "<body><h1>It works!</h1></body></html>\n"sv;
constexpr auto script = "#!/bin/sh\nexit 0\n"sv;
// A transparent pixel (GIF89a).
constexpr auto gif =
    "GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xFF\xFF\xFF!\xF9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02"
    "D\x01\0;"sv;
// An archive without files: its end record alone.
constexpr auto zip = "PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv;
// An empty gzip member (RFC 1952).
constexpr auto gzip = "\x1F\x8B\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0"sv;
constexpr auto pdf =
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    "trailer<</Root 1 0 R>>\n%%EOF\n"sv;

// A whole ELF program for x86-64 in 129 bytes: file header, one loadable segment, and exit(0).
constexpr std::array<unsigned char, 129> elf_bytes = {
    0x7F, 'E',  'L',  'F',  2,    1,    1,    0,    0,    0, 0, 0, 0, 0, 0, 0,  //
    2,    0,    0x3E, 0,    1,    0,    0,    0,                                // an executable for x86-64
    0x78, 0,    0x40, 0,    0,    0,    0,    0,                                // entry: behind the headers
    0x40, 0,    0,    0,    0,    0,    0,    0,                                // program headers
    0,    0,    0,    0,    0,    0,    0,    0,                                // no sections
    0,    0,    0,    0,    0x40, 0,    0x38, 0,    1,    0, 0, 0, 0, 0, 0, 0,  //
    1,    0,    0,    0,    5,    0,    0,    0,           // load, readable and executable
    0,    0,    0,    0,    0,    0,    0,    0,           //
    0,    0,    0x40, 0,    0,    0,    0,    0,           //
    0,    0,    0x40, 0,    0,    0,    0,    0,           //
    0x81, 0,    0,    0,    0,    0,    0,    0,           // its 129 bytes
    0x81, 0,    0,    0,    0,    0,    0,    0,           //
    0,    0x10, 0,    0,    0,    0,    0,    0,           //
    0x31, 0xFF, 0x6A, 0x3C, 0x58, 0x0F, 0x05, 0xEB, 0xFE,  // xor edi,edi; push 60; pop rax; syscall; jmp $
};

// A DOS program that ends at once (int 20h); a Windows loader refuses it.
constexpr auto dos_program =
    "MZ\x22\0\x01\0\0\0\x02\0\0\0\xFF\xFF\0\0\0\0\0\0\0\0\0\0\x1C\0\0\0\0\0\0\0\xCD\x20"sv;

struct Row {
  std::string_view ending;
  Content content;
};

std::span<const Row> rows() {
  static const std::string_view elf(reinterpret_cast<const char*>(elf_bytes.data()), elf_bytes.size());
  static const Row table[] = {
      {"generate_204", {"", ""}},  // connectivity checks of Android and Chrome
      {"connecttest.txt", {"text/plain", "Microsoft Connect Test"}},
      {"ncsi.txt", {"text/plain", "Microsoft NCSI"}},
      {".sh", {"text/x-shellscript", script}},
      {".elf", {"application/octet-stream", elf}},
      {".bin", {"application/octet-stream", elf}},
      {"x86", {"application/octet-stream", elf}},  // as droppers name them, also "bot.x86"
      {"x86_64", {"application/octet-stream", elf}},
      {"amd64", {"application/octet-stream", elf}},
      {"x64", {"application/octet-stream", elf}},
      {".exe", {"application/vnd.microsoft.portable-executable", dos_program}},
      {".dll", {"application/vnd.microsoft.portable-executable", dos_program}},
      {".scr", {"application/vnd.microsoft.portable-executable", dos_program}},
      {".txt", {"text/plain", "ok\n"}},
      {".json", {"application/json", "{}\n"}},
      {".xml", {"application/xml", "<?xml version=\"1.0\"?>\n<root/>\n"}},
      {".js", {"application/javascript", "\n"}},
      {".css", {"text/css", "\n"}},
      {".gif", {"image/gif", gif}},
      {".png", {"image/gif", gif}},  // browsers and decoders go by the content
      {".jpg", {"image/gif", gif}},
      {".jpeg", {"image/gif", gif}},
      {".ico", {"image/gif", gif}},
      {".zip", {"application/zip", zip}},
      {".jar", {"application/java-archive", zip}},
      {".apk", {"application/vnd.android.package-archive", zip}},
      {".gz", {"application/gzip", gzip}},
      {".tgz", {"application/gzip", gzip}},
      {".pdf", {"application/pdf", pdf}},
      {".py", {"text/x-python", "\n"}},
      {".pl", {"text/x-perl", "\n"}},
  };
  return table;
}

}  // namespace

Content default_content(std::string_view path) {
  std::string lower(path);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  for (const Row& row : rows())
    if (lower.ends_with(row.ending)) return row.content;
  return {"text/html; charset=utf-8", page};
}

}  // namespace shikake::gateway
