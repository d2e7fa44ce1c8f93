// A guest's exec: the kernel would run the new program outside the emulator, so the plugin execs the
// emulator itself, with the program as its argument, before QEMU gets to it.
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "taint/emulator.h"
#include "taint/qemu/cpu_registers.h"
#include "taint/qemu/guest_memory.h"
#include "taint/qemu/plugin.h"

namespace shikake::taint::qemu {
namespace {

// As the kernel does: interpreters of interpreters end somewhere.
constexpr int max_interpreters = 4;
constexpr size_t max_arguments = 4096;
// Labels of arguments that are looked for in a new program: received bytes make few.
constexpr size_t max_argument_bytes = size_t{64} << 10;
// Labels of a variable wait at a place of their own, which its text gives: the new program finds its variables in
// another order. A label before these places says that there are some.
constexpr uint64_t variables_at = max_argument_bytes, variable_bytes = uint64_t{64} << 10;

uint64_t place_of_variable(std::string_view text) {
  uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  return (uint64_t{1} + (hash & 0xfffff)) * variable_bytes + variables_at;
}

const char* emulator_of(const unsigned char* head) {
  const bool big = head[EI_DATA] == ELFDATA2MSB;
  const unsigned machine = big ? head[18] << 8 | head[19] : head[19] << 8 | head[18];
  switch (machine) {
    case EM_X86_64: return "x86_64";
    case EM_386: return "i386";
    case EM_ARM: return big ? nullptr : "arm";
    case EM_AARCH64: return big ? nullptr : "aarch64";
    case EM_MIPS: return head[EI_CLASS] == ELFCLASS32 ? (big ? "mips" : "mipsel") : nullptr;
    default: return nullptr;
  }
}

std::string own_path() {
  Dl_info info{};
  return dladdr(reinterpret_cast<const void*>(&emulator_of), &info) != 0 ? info.dli_fname : "";
}

std::string emulator_folder() {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  const std::string whole(path, static_cast<size_t>(std::max<ssize_t>(length, 0)));
  return whole.substr(0, whole.rfind('/') + 1);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

}  // namespace

std::vector<Plugin::Argument> Plugin::string_list(Thread& thread, Address list) {
  std::vector<Argument> found;
  for (size_t i = 0; list != 0 && i < max_arguments; ++i, list += word_bytes()) {
    const Address at = word(list);
    if (at == 0) break;
    Argument argument{read_string(at), {}};
    argument.labels.resize(argument.text.size() + 1);
    engine_.shadow().read(at, argument.text.size(), argument.labels.data());
    for (const Label label : argument.labels) argument.label = thread.labels().join(argument.label, label);
    found.push_back(std::move(argument));
  }
  return found;
}

const char* Plugin::emulator_of_program(std::string& path, std::vector<Argument>& arguments) {
  for (int depth = 0; depth < max_interpreters; ++depth) {
    unsigned char head[256] = {};
    if (access(path.c_str(), X_OK) != 0) return nullptr;
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return nullptr;
    const ssize_t got = ::read(file, head, sizeof head - 1);
    close(file);
    if (got > 20 && std::memcmp(head, ELFMAG, SELFMAG) == 0) return emulator_of(head);
    if (got <= 2 || head[0] != '#' || head[1] != '!') return nullptr;
    std::string line(reinterpret_cast<char*>(head) + 2, strcspn(reinterpret_cast<char*>(head) + 2, "\n"));
    line.erase(0, line.find_first_not_of(" \t"));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.pop_back();
    const size_t space = line.find_first_of(" \t");
    std::vector<Argument> before{{line.substr(0, space), {}}};
    if (space != std::string::npos) before.push_back({line.substr(line.find_first_not_of(" \t", space)), {}});
    before.push_back({path, {}});
    if (!arguments.empty()) arguments.erase(arguments.begin());
    for (Argument& one : before) one.labels.resize(one.text.size() + 1);
    path = before[0].text;
    arguments.insert(arguments.begin(), before.begin(), before.end());
  }
  return nullptr;
}

// Only returns when the program can't be started this way, or a tracer does it; the guest's own call then goes on.
void Plugin::start_program(std::string path, std::vector<Argument> arguments, const std::vector<Argument>& environment) {
  const char* emulator = emulator_of_program(path, arguments);
  if (emulator == nullptr) return;
  if (bell_.is_there()) {
    keep_argument_labels(arguments, environment);
    return;
  }

  std::string plugin = own_path() + ",state=" + options_.state + ",events=" + options_.events;
  for (const std::string& prefix : options_.labelled_paths) plugin += ",label=" + prefix;
  if (!options_.root.empty()) plugin += ",root=" + options_.root;
  if (keep_argument_labels(arguments, environment)) plugin += ",arguments=on";
  std::vector<std::string> line{emulator_folder() + "qemu-" + emulator, "-plugin", plugin};
  if (const auto emulated = taint::architecture(emulator))
    for (std::string& option : emulator_options(*emulated)) line.push_back(std::move(option));
  if (!options_.root.empty()) line.insert(line.end(), {"-L", options_.root});
  line.insert(line.end(), {"-0", arguments.empty() ? path : arguments[0].text});
  // What would reach the emulator or its loader is for the guest alone. The others may hold commas, at which -E ends.
  std::vector<std::string> variables;
  for (const Argument& variable : environment) {
    const std::string& text = variable.text;
    if (!text.starts_with("LD_") && !text.starts_with("QEMU_") && !text.starts_with("GLIBC_")) variables.push_back(text);
    else if (text.find('=') != std::string::npos && text.find(',') == std::string::npos) line.insert(line.end(), {"-E", text});
  }
  line.push_back(path);
  for (size_t i = 1; i < arguments.size(); ++i) line.push_back(arguments[i].text);
  execve(line[0].c_str(), pointers(line).data(), pointers(variables).data());
}

// Labels of arguments and variables wait in the run's state under the process's number.
bool Plugin::keep_argument_labels(const std::vector<Argument>& arguments, const std::vector<Argument>& environment) {
  std::vector<Label> labels;
  bool any = false;
  for (const Argument& argument : arguments) {
    labels.insert(labels.end(), argument.labels.begin(), argument.labels.end());
    any = any || argument.label != 0;
  }
  Channel* channel = channels_.of_process(getpid());
  if (bell_.is_there() && channel != nullptr) {  // of an exec that failed
    std::vector<Label> stale(max_argument_bytes + 1);
    channels_.read(*channel, 0, stale, true);
  }
  labels.resize(std::min(labels.size(), max_argument_bytes));
  if (channel != nullptr && any) channels_.write(*channel, 0, labels);
  for (const Argument& variable : environment) {
    if (channel == nullptr || variable.label == 0) continue;
    const size_t kept = std::min<size_t>(variable.labels.size(), variable_bytes);
    channels_.write(*channel, place_of_variable(variable.text), std::span(variable.labels).first(kept));
    channels_.write(*channel, variables_at, std::span(&variable.label, 1));
    any = true;
  }
  return channel != nullptr && any;
}

bool Plugin::has_argument_labels() {
  Channel* channel = channels_.of_process(getpid());
  std::vector<Label> labels(max_argument_bytes + 1);
  if (channel != nullptr) channels_.read(*channel, 0, labels, false);
  return std::any_of(labels.begin(), labels.end(), [](Label label) { return label != 0; });
}

void Plugin::label_arguments(Thread& thread) {
  static constexpr int numbers[] = {7, 4, 13, 31, 29, 29};  // GDB's numbers of the stack pointers, by Architecture
  const auto stack = cpu_register(numbers[static_cast<size_t>(architecture())], architecture() == Architecture::mips);
  Channel* channel = channels_.of_process(getpid());
  if (!stack || channel == nullptr) return;
  const uint64_t count = word(*stack);
  uint64_t offset = 0;
  for (uint64_t i = 0; i < std::min<uint64_t>(count, max_arguments); ++i) {
    const Address at = word(*stack + (1 + i) * word_bytes());
    std::vector<Label> labels(read_string(at).size() + 1);
    channels_.read(*channel, offset, labels, true);
    if (offset < max_argument_bytes) put_labels(thread, at, labels);
    offset += labels.size();
  }
  Label variables = 0;
  channels_.read(*channel, variables_at, std::span(&variables, 1), true);
  // Behind the arguments and their end.
  for (uint64_t i = 0; variables != 0 && i < max_arguments; ++i) {
    const Address at = word(*stack + (2 + count + i) * word_bytes());
    if (at == 0) break;
    const std::string text = read_string(at);
    std::vector<Label> labels(std::min<size_t>(text.size() + 1, variable_bytes));
    channels_.read(*channel, place_of_variable(text), labels, true);
    put_labels(thread, at, labels);
  }
}

}  // namespace shikake::taint::qemu
