// What machine code that a page carried did when it was emulated (run.h), and how that travels from the
// worker to its parent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/wire.h"

namespace shikake::honeyclient::shellcode {

// How a run ended. Only the first three are a program's own ends.
enum class Outcome : uint8_t {
  exited,        // ended its process or thread
  waits,         // for something that does not come: sleeps, listens
  unknown_call,  // called a Windows function that has no stand-in: the last of `calls`
  endless,       // the bound on instructions
  bad_memory,    // touched or jumped to what is not there
  bad_code,      // an instruction that there is not, or that is none of a program's
  memory,        // asked for more than it may have
};
constexpr Outcome wire_last(Outcome) {
  return Outcome::memory;
}
std::string_view name(Outcome outcome);

struct Call {
  std::string function;                // "urlmon.URLDownloadToFileA"
  std::vector<std::string> arguments;  // texts as they are, numbers in hexadecimal
  uint32_t offset = 0;                 // in the code, of where the call returns to; no_offset: from elsewhere
  static void wire(auto& codec, auto& self) { codec(self.function, self.arguments, self.offset); }
};
inline constexpr uint32_t no_offset = UINT32_MAX;

// Code that wrote the code that ran next: a decoder's loop.
struct Decoder {
  uint32_t offset = 0;  // of the block that wrote
  uint32_t bytes = 0;   // that it wrote before they ran
  static void wire(auto& codec, auto& self) { codec(self.offset, self.bytes); }
};

struct WrittenFile {
  std::string path;
  std::string bytes;  // cut at max_file_bytes
  static void wire(auto& codec, auto& self) { codec(self.path, self.bytes); }
};

struct Report {
  uint32_t begins = 0;  // offset in what was given
  uint64_t blocks = 0;  // straight pieces of code that ran, some five instructions each
  Outcome outcome = Outcome::bad_code;
  std::vector<Call> calls;
  std::vector<std::string> urls;         // downloaded or opened, as the code has them
  std::vector<std::string> commands;     // started
  std::vector<std::string> connections;  // "connects to 192.0.2.1:4444", "listens on 0.0.0.0:4444"
  std::vector<WrittenFile> files;
  std::vector<Decoder> decoders;

  // Bytes that happen to be instructions call nothing: what called a function of Windows by its name or hash
  // is machine code for Windows.
  bool is_shellcode() const { return !calls.empty(); }

  static void wire(auto& codec, auto& self) {
    codec(self.begins, self.blocks, self.outcome, self.calls, self.urls, self.commands, self.connections,
          self.files, self.decoders);
  }
};

// Of what is given; sleds are cut before (triage/machine_code.h).
inline constexpr size_t max_code_bytes = size_t{256} << 10;
inline constexpr size_t max_calls = 200;
inline constexpr size_t max_listed = 50;        // URLs, commands, connections, files, decoders: of each
inline constexpr size_t max_text_bytes = 2048;  // of an argument; URLs in the wild stay below it
inline constexpr size_t max_file_bytes = size_t{1} << 20;

}  // namespace shikake::honeyclient::shellcode
