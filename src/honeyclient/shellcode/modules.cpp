#include "honeyclient/shellcode/modules.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/check.h"
#include "honeyclient/shellcode/memory_map.h"
#include "triage/machine_code.h"

namespace shikake::honeyclient::shellcode {
namespace {

// Where parts of an image lie, from its base.
constexpr uint32_t header_offset = 0x80;
// In kernel32, behind all functions whose addresses are known.
constexpr uint32_t functions_offset = page_bytes, kernel_functions_offset = 0x9'0000;
constexpr uint32_t optional_header_bytes = 0xE0;

void put16(std::string& image, size_t at, uint32_t value) {
  image[at] = static_cast<char>(value);
  image[at + 1] = static_cast<char>(value >> 8);
}
void put32(std::string& image, size_t at, uint32_t value) {
  put16(image, at, value & 0xFFFF);
  put16(image, at + 2, value >> 16);
}
void put(std::string& image, size_t at, std::string_view bytes) {
  image.replace(at, bytes.size(), bytes);
}

// DOS, COFF and optional header of a PE32 library with one section and, maybe, an export directory.
void put_headers(std::string& image, uint32_t base, uint32_t exports, uint32_t exports_bytes) {
  put(image, 0, "MZ");
  put32(image, 0x3C, header_offset);
  put(image, header_offset, std::string_view("PE\0\0", 4));
  const size_t coff = header_offset + 4, optional = coff + 20;
  put16(image, coff, 0x14C);  // i386
  put16(image, coff + 2, 1);  // sections
  put16(image, coff + 16, optional_header_bytes);
  put16(image, coff + 18, 0x210E);          // a library that runs, 32 bits
  put16(image, optional, 0x10B);            // PE32
  put32(image, optional + 16, page_bytes);  // entry point
  put32(image, optional + 20, page_bytes);  // base of code
  put32(image, optional + 28, base);        // image base
  put32(image, optional + 32, page_bytes);  // alignments
  put32(image, optional + 36, page_bytes);
  put32(image, optional + 56, static_cast<uint32_t>(image.size()));
  put32(image, optional + 60, page_bytes);  // size of headers
  put32(image, optional + 92, 16);          // data directories; the first is that of exports
  put32(image, optional + 96, exports);
  put32(image, optional + 100, exports_bytes);
  const size_t section = optional + optional_header_bytes;
  put(image, section, ".text");
  put32(image, section + 8, static_cast<uint32_t>(image.size()) - page_bytes);
  put32(image, section + 12, page_bytes);
  put32(image, section + 36, 0x6000'0020);  // code, executable, readable
}

std::string base_name(std::string_view name) {
  std::string lower = base::to_lower(name);
  if (size_t slash = lower.find_last_of("\\/"); slash != lower.npos) lower.erase(0, slash + 1);
  if (lower.ends_with(".dll")) lower.resize(lower.size() - 4);
  return lower;
}

}  // namespace

Modules::Modules() {
  std::vector<std::string_view> names;
  for (const StandIn& one : stand_ins())
    if (std::ranges::find(names, one.module) == names.end()) names.push_back(one.module);
  // The order in which a program's libraries come to be: these two are always the first.
  for (size_t i = 0; std::string_view first : {"ntdll", "kernel32"}) {
    auto found = std::ranges::find(names, first);
    SHIKAKE_CHECK(found != names.end());
    std::iter_swap(names.begin() + static_cast<ptrdiff_t>(i++), found);
  }
  for (std::string_view name : names) {
    std::vector<const StandIn*> exports;
    for (const StandIn& one : stand_ins())
      if (one.module == name) exports.push_back(&one);
    add(name, exports);
  }
}

void Modules::add(std::string_view name, const std::vector<const StandIn*>& exports) {
  Module32 module;
  module.name = std::string(name) + ".dll";
  const bool kernel = name == "kernel32";
  module.base = kernel            ? kernel_base
                : name == "ntdll" ? native_base
                                  : modules_base + static_cast<uint32_t>(modules_.size()) * module_bytes;
  module.image.resize(kernel ? kernel_bytes : module_bytes);
  const uint32_t functions = kernel ? kernel_functions_offset : functions_offset;
  std::vector<const StandIn*> sorted = exports;
  std::ranges::sort(sorted, {}, &StandIn::name);  // names are searched by halves
  const auto count = static_cast<uint32_t>(sorted.size());
  // Export directory, then its three tables, then texts.
  const uint32_t directory = functions + count * function_bytes;
  const uint32_t addresses = directory + 40, names = addresses + 4 * count, ordinals = names + 4 * count;
  uint32_t texts = ordinals + 2 * count;
  auto put_text = [&](std::string_view text) {
    SHIKAKE_CHECK(texts + text.size() + 1 <= module.image.size());
    const uint32_t at = texts;
    put(module.image, at, text);
    texts += static_cast<uint32_t>(text.size()) + 1;
    return at;
  };
  put32(module.image, directory + 12, put_text(module.name));
  put32(module.image, directory + 16, 1);  // first ordinal
  put32(module.image, directory + 20, count);
  put32(module.image, directory + 24, count);
  put32(module.image, directory + 28, addresses);
  put32(module.image, directory + 32, names);
  put32(module.image, directory + 36, ordinals);
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t function = functions + i * function_bytes;
    for (const triage::FixedAddress& one : triage::fixed_addresses()) {
      if (one.module != name || one.function != sorted[i]->name) continue;
      function = one.address - module.base;  // the last is the newest version's, which this one is like
      put(module.image, function, function_beginning);
      by_address_[one.address] = sorted[i];
    }
    put(module.image, function, function_beginning);
    put32(module.image, addresses + 4 * i, function);
    put32(module.image, names + 4 * i, put_text(sorted[i]->name));
    put16(module.image, ordinals + 2 * i, i);
    by_address_[module.base + function] = sorted[i];
  }
  put_headers(module.image, module.base, directory, texts - directory);
  modules_.push_back(std::move(module));
}

const Module32* Modules::find(std::string_view name) const {
  const std::string wanted = base_name(name);
  for (const Module32& module : modules_)
    if (base_name(module.name) == wanted) return &module;
  return nullptr;
}

const Module32* Modules::at(uint32_t base) const {
  auto found = std::ranges::find(modules_, base, &Module32::base);
  return found == modules_.end() ? nullptr : &*found;
}

std::optional<Modules::Target> Modules::target(uint32_t address) const {
  auto found = by_address_.upper_bound(address);
  if (found == by_address_.begin()) return std::nullopt;
  --found;
  const uint32_t skipped = address - found->first;
  if (skipped > function_beginning.size()) return std::nullopt;
  return Target{found->second, skipped};
}

std::optional<uint32_t> Modules::address_of(std::string_view module, std::string_view function) const {
  for (const auto& [address, one] : by_address_)
    if (one->name == function && one->module == base_name(module)) return address;
  return std::nullopt;
}

std::string Modules::loader_data() const {
  // LDR_DATA_TABLE_ENTRY: three list links (8 bytes each), then what they are about.
  constexpr uint32_t head = 0x0C, entries = 0x100, entry_bytes = 0x80, texts_begin = 0x2000;
  std::string data(loader_bytes, '\0');
  put32(data, 0, 0x28);
  put32(data, 4, 1);
  uint32_t texts = texts_begin;
  auto unicode = [&](size_t at, std::string_view text) {
    put16(data, at, static_cast<uint32_t>(2 * text.size()));
    put16(data, at + 2, static_cast<uint32_t>(2 * text.size() + 2));
    put32(data, at + 4, loader_base + texts);
    for (char c : text) {
      data[texts] = c;
      texts += 2;
    }
    texts += 2;
  };
  const size_t count = modules_.size() + 1;  // the program itself is the first
  for (size_t i = 0; i < count; ++i) {
    const size_t at = entries + i * entry_bytes;
    const std::string name = i == 0 ? "iexplore.exe" : modules_[i - 1].name;
    put32(data, at + 0x18, i == 0 ? program_base : modules_[i - 1].base);
    put32(data, at + 0x1C, (i == 0 ? program_base : modules_[i - 1].base) + page_bytes);
    put32(data, at + 0x20, i == 0 ? page_bytes : static_cast<uint32_t>(modules_[i - 1].image.size()));
    unicode(at + 0x24,
            (i == 0 ? "C:\\Program Files\\Internet Explorer\\" : "C:\\WINDOWS\\system32\\") + name);
    unicode(at + 0x2C, name);
  }
  // In order of loading and of memory all; in order of initialisation the program itself is not there.
  for (uint32_t list = 0; list < 3; ++list) {
    std::vector<uint32_t> places = {head + 8 * list};
    for (size_t i = list == 2 ? 1 : 0; i < count; ++i)
      places.push_back(entries + static_cast<uint32_t>(i) * entry_bytes + 8 * list);
    for (size_t i = 0; i < places.size(); ++i) {
      put32(data, places[i], loader_base + places[(i + 1) % places.size()]);
      put32(data, places[i] + 4, loader_base + places[(i + places.size() - 1) % places.size()]);
    }
  }
  return data;
}

}  // namespace shikake::honeyclient::shellcode
