#include "taint/qemu/programs.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "taint/emulator.h"
#include "taint/qemu/cpu_registers.h"
#include "taint/qemu/guest_memory.h"

namespace shikake::taint::qemu {
namespace {

// As the kernel does: interpreters of interpreters end somewhere.
constexpr int max_interpreters = 4;
constexpr size_t max_arguments = 4096;

// Labels of an environment variable lie where its text says, so that its place in the new program's list does not
// matter: behind those of the arguments, in slots of their own.
constexpr uint64_t environment_at = uint64_t{1} << 33;
constexpr uint64_t variable_slots = uint64_t{1} << 20, variable_bytes = 4096;
uint64_t place_of(const std::string& variable) {
  return environment_at + std::hash<std::string>()(variable) % variable_slots * variable_bytes;
}

// Reads a program's first bytes as the kernel would; a FIFO in its place must not make anyone wait.
size_t read_head(const std::string& path, std::span<unsigned char> to) {
  if (access(path.c_str(), X_OK) != 0) return 0;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return 0;
  const ssize_t got = ::read(file, to.data(), to.size());
  close(file);
  return static_cast<size_t>(std::max<ssize_t>(got, 0));
}

std::string own_path() {
  Dl_info info{};
  return dladdr(reinterpret_cast<const void*>(&own_path), &info) != 0 ? info.dli_fname : "";
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

void Programs::executing(Thread& thread, unsigned thread_number, const CallArguments& call) {
  const bool at = call.call == Call::execveat;
  const Address path = call.a[at ? 1 : 0];
  std::string text = read_string(path);
  Label label = guest_.joined(thread, path, text.size());
  std::vector<Argument> arguments = string_list(thread, call.a[at ? 2 : 1]);
  const std::vector<Argument> environment = string_list(thread, call.a[at ? 3 : 2]);
  std::string line;
  for (const Argument& argument : arguments) {
    label = thread.labels().join(label, argument.label);
    if (!line.empty()) line += ' ';
    line += argument.text;
  }
  if (at && (text.empty() || text[0] != '/')) {
    // Relative to a descriptor, or the descriptor itself.
    const auto fd = static_cast<int>(call.a[0]);
    if (fd != AT_FDCWD) text = "/proc/self/fd/" + std::to_string(fd) + (text.empty() ? "" : "/" + text);
  }
  Event event = guest_.action(thread, "exec");
  event.number("thread", thread_number).text("object", text).text("arguments", line);
  event.label("label", thread.labels(), label);
  std::optional<Architecture> program;
  int file = -1;
  {
    const OwnWork quiet(guest_.bell);
    // A program that may be run and not read has labels all the same.
    file = open(text.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) file = open(text.c_str(), O_PATH | O_CLOEXEC);
    program = find_program(text, arguments);
  }
  // What is in the file, by where its bytes came from.
  if (file >= 0) {
    if (const Channel* channel = guest_.descriptors.file(file))
      event.number("channel", static_cast<int64_t>(guest_.descriptors.channels().number(*channel)));
    event.label("content", thread.labels(), guest_.content_label(thread, file));
    close(file);
  }
  guest_.recorder.write(std::move(event));
  // A tracer may start what cannot be read, or what no kernel's emulator takes as it is.
  if (!program && !guest_.bell.is_there()) return;
  const bool left = leave_labels(arguments, environment);
  if (!guest_.bell.is_there()) start(text, *program, arguments, environment, left);
}

std::vector<Programs::Argument> Programs::string_list(Thread& thread, Address list) {
  std::vector<Argument> found;
  for (size_t i = 0; list != 0 && i < max_arguments; ++i, list += guest_.word_bytes()) {
    const Address at = guest_.word(list);
    if (at == 0) break;
    Argument argument{read_string(at), {}};
    argument.labels.resize(argument.text.size() + 1);
    guest_.engine.shadow().read(at, argument.text.size(), argument.labels.data());
    for (const Label label : argument.labels) argument.label = thread.labels().join(argument.label, label);
    found.push_back(std::move(argument));
  }
  return found;
}

std::optional<Architecture> Programs::find_program(std::string& path, std::vector<Argument>& arguments) const {
  for (int depth = 0; depth < max_interpreters; ++depth) {
    std::array<unsigned char, 256> head{};
    const size_t got = read_head(path, std::span(head).first(head.size() - 1));
    const auto words = interpreter_of({reinterpret_cast<const char*>(head.data()), got});
    if (words.empty()) return architecture_of(std::span(head).first(got));
    std::vector<Argument> before;
    for (const std::string& word : words) before.push_back({word, {}});
    before.push_back({path, {}});
    if (!arguments.empty()) arguments.erase(arguments.begin());
    for (Argument& one : before) one.labels.resize(one.text.size() + 1);
    path = before[0].text;
    arguments.insert(arguments.begin(), before.begin(), before.end());
  }
  return std::nullopt;
}

void Programs::start(const std::string& path, Architecture program, const std::vector<Argument>& arguments,
                     const std::vector<Argument>& environment, bool labels_left) const {
  const Options& options = guest_.options;
  std::string plugin = own_path() + ",state=" + options.state + ",events=" + options.events;
  for (const std::string& prefix : options.labelled_paths) plugin += ",label=" + prefix;
  if (!options.root.empty()) plugin += ",root=" + options.root;
  if (!options.rules.tables) plugin += ",tables=off";
  if (labels_left) plugin += ",arguments=on";
  std::vector<std::string> line{emulator_folder() + emulator_name(program), "-plugin", plugin};
  for (std::string& option : emulator_options(program)) line.push_back(std::move(option));
  if (!options.root.empty()) line.insert(line.end(), {"-L", options.root});
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

ChannelKey Programs::key() const { return {ChannelKind::process, 0, static_cast<uint64_t>(getpid())}; }

// `written` says that labels wait; those of an exec that failed are written over, or wait for a text that none has.
bool Programs::leave_labels(const std::vector<Argument>& arguments, const std::vector<Argument>& environment) {
  Channels& channels = guest_.descriptors.channels();
  const auto labelled = [](const Argument& one) { return one.label != 0; };
  const bool any = std::any_of(arguments.begin(), arguments.end(), labelled) ||
                   std::any_of(environment.begin(), environment.end(), labelled);
  Channel* channel = any ? channels.make(key()) : channels.find(key());
  if (channel == nullptr) {
    if (any) guest_.descriptors.lost("labels of a program's arguments");
    return false;
  }
  channel->written.store(any ? 1 : 0);
  uint64_t at = 0;
  for (const Argument& argument : arguments) {
    channels.write(*channel, at, argument.labels);
    at += argument.labels.size();
  }
  for (const Argument& variable : environment)
    channels.write(*channel, place_of(variable.text),
                   std::span(variable.labels).first(std::min<size_t>(variable.labels.size(), variable_bytes)));
  return any;
}

bool Programs::labels_wait() {
  const Channel* channel = guest_.descriptors.channels().find(key());
  return channel != nullptr && channel->written.load() != 0;
}

void Programs::label_arguments() {
  const auto stack = stack_pointer(guest_.architecture());
  Channels& channels = guest_.descriptors.channels();
  Channel* channel = channels.find(key());
  if (!stack || channel == nullptr) return;
  const size_t w = guest_.word_bytes();
  const uint64_t count = std::min<uint64_t>(guest_.word(*stack), max_arguments);
  uint64_t offset = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const Address at = guest_.word(*stack + (1 + i) * w);
    std::vector<Label> labels(read_string(at).size() + 1);
    channels.read(*channel, offset, labels, true);
    guest_.put_labels(at, labels);
    offset += labels.size();
  }
  // Behind the arguments and their null pointer.
  for (uint64_t i = 0; i < max_arguments; ++i) {
    const Address at = guest_.word(*stack + (2 + count + i) * w);
    if (at == 0) break;
    const std::string text = read_string(at);
    std::vector<Label> labels(std::min<size_t>(text.size(), variable_bytes));
    channels.read(*channel, place_of(text), labels, true);
    guest_.put_labels(at, labels);
  }
  channel->written.store(0);
}

}  // namespace shikake::taint::qemu
