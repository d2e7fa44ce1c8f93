#include "sandbox/debug/modules.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/file.h"
#include "triage/elf_image.h"

namespace shikake::sandbox::debug {
namespace {

constexpr uint64_t page_mask = ~uint64_t{4095};

bool is_function(uint8_t type) {
  return type == STT_FUNC || type == STT_GNU_IFUNC;
}

}  // namespace

ImageSymbols ImageSymbols::parse(std::string_view bytes) {
  ImageSymbols out;
  auto image = triage::ElfImage::open(base::as_bytes(bytes), bytes.size());
  if (!image) return out;
  out.entry = image->header().e_entry;
  for (const auto& segment : image->segments()) {
    if (segment.p_type == PT_LOAD)
      out.segments.push_back({segment.p_offset, segment.p_vaddr, segment.p_filesz});
  }
  const auto dynamic = image->dynamic();
  auto take = [&](std::vector<triage::ElfImage::Symbol> symbols) {
    for (auto& symbol : symbols) {
      if (!symbol.defined || symbol.name.empty() || !is_function(symbol.type) || symbol.value == 0) continue;
      out.functions.push_back(
          {std::move(symbol.name), symbol.value, symbol.size, symbol.type == STT_GNU_IFUNC});
    }
  };
  take(image->own_symbols());
  take(image->dynamic_symbols(dynamic));
  std::stable_sort(out.functions.begin(), out.functions.end(),
                   [](const Function& a, const Function& b) { return a.address < b.address; });
  for (size_t i = 0; i < out.functions.size(); ++i) out.by_name.emplace(out.functions[i].name, i);
  for (auto& slot : image->symbol_slots(dynamic)) out.slots.push_back({slot.address, std::move(slot.symbol)});
  return out;
}

std::string_view Module::file_name() const {
  return std::string_view(path).substr(path.rfind('/') + 1);
}

std::shared_ptr<const ImageSymbols> ImageCache::get(trace::Tid tid, const Mapping& mapping) {
  const std::string key = fmt::format("{}:{}", mapping.inode, mapping.path);
  if (auto known = images_.find(key); known != images_.end()) return known->second;
  if (images_.size() >= max_images) return std::make_shared<ImageSymbols>();
  // As the process sees its files; a deleted one is there through its mapping only.
  auto bytes = base::read_file(fmt::format("/proc/{}/root{}", tid.value, mapping.path), max_image_bytes);
  if (!bytes)
    bytes = base::read_file(
        fmt::format("/proc/{}/map_files/{:x}-{:x}", tid.value, mapping.begin, mapping.end), max_image_bytes);
  auto symbols = std::make_shared<ImageSymbols>(bytes ? ImageSymbols::parse(*bytes) : ImageSymbols());
  images_.emplace(key, symbols);
  return symbols;
}

Modules Modules::of(trace::Thread& thread, ImageCache& cache) {
  Modules out;
  const std::string program = thread.process().executable;
  for (const Mapping& mapping : memory_map(thread.tid())) {
    if (mapping.inode == 0 || mapping.path.empty()) continue;
    if (!out.list_.empty() && out.list_.back().path == mapping.path) {
      out.list_.back().end = mapping.end;
      continue;
    }
    Module module;
    module.path = mapping.path;
    module.is_program = mapping.path == program;
    module.begin = mapping.begin;
    module.end = mapping.end;
    module.symbols = cache.get(thread.tid(), mapping);
    for (const auto& segment : module.symbols->segments) {
      if ((segment.offset & page_mask) != mapping.offset) continue;
      module.bias = mapping.begin - (segment.address & page_mask);
      break;
    }
    if (module.symbols->segments.empty()) continue;  // a file that holds no code
    out.list_.push_back(std::move(module));
  }
  std::stable_partition(out.list_.begin(), out.list_.end(), [](const Module& one) { return one.is_program; });
  return out;
}

const Module* Modules::at(uint64_t address) const {
  auto found = std::find_if(list_.begin(), list_.end(),
                            [&](const Module& one) { return address >= one.begin && address < one.end; });
  return found == list_.end() ? nullptr : &*found;
}

// "libc" is libc.so.6, and not libcrypto.so.3.
bool Modules::fits(const Module& module, std::string_view wanted) const {
  if (wanted.empty()) return true;
  if (wanted == "program") return module.is_program;
  const std::string_view name = module.file_name();
  if (!name.starts_with(wanted)) return false;
  return name.size() == wanted.size() || name[wanted.size()] == '.' || name[wanted.size()] == '-';
}

// Where the loader has written which of several functions it chose.
std::optional<uint64_t> Modules::chosen_function(std::string_view symbol, trace::Thread& thread) const {
  for (const Module& module : list_) {
    for (const auto& slot : module.symbols->slots) {
      if (slot.symbol != symbol) continue;
      const auto value = thread.read_value<uint64_t>({module.bias + slot.address});
      const Module* target = value ? at(*value) : nullptr;
      if (target && target != &module) return *value;  // not yet bound, it points into its own module
    }
  }
  return std::nullopt;
}

std::optional<uint64_t> Modules::resolve(const Location& location, trace::Thread& thread) const {
  if (location.symbol.empty()) {
    if (location.module.empty()) return location.address;
    for (const Module& module : list_) {
      if (fits(module, location.module)) return module.bias + location.address;
    }
    return std::nullopt;
  }
  for (const Module& module : list_) {
    if (!fits(module, location.module)) continue;
    auto [first, last] = module.symbols->by_name.equal_range(location.symbol);
    for (; first != last; ++first) {
      const auto& function = module.symbols->functions[first->second];
      if (!function.indirect) return module.bias + function.address;
      if (auto chosen = chosen_function(location.symbol, thread)) return chosen;
    }
  }
  return std::nullopt;
}

std::string Modules::name_of(uint64_t address) const {
  const Module* module = at(address);
  if (!module) return fmt::format("{:#x}", address);
  const uint64_t within = address - module->bias;
  const std::string place = module->is_program ? "program" : std::string(module->file_name());
  const auto& functions = module->symbols->functions;
  auto after = std::upper_bound(functions.begin(), functions.end(), within,
                                [](uint64_t value, const auto& one) { return value < one.address; });
  if (after == functions.begin()) return fmt::format("{}+{:#x}", place, within);
  const auto& function = *std::prev(after);
  const uint64_t offset = within - function.address;
  if (offset != 0 && offset >= function.size) return fmt::format("{}+{:#x}", place, within);
  if (offset == 0) return fmt::format("{}!{}", place, function.name);
  return fmt::format("{}!{}+{:#x}", place, function.name, offset);
}

}  // namespace shikake::sandbox::debug
