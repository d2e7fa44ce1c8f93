#include "sandbox/trace/task_status.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

#include "base/unique_fd.h"

namespace shikake::sandbox::trace {
namespace {

std::string read_small(const std::string& path) {
  const base::UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> bytes;
  const ssize_t length = file ? read(file.get(), bytes.data(), bytes.size()) : -1;
  return length > 0 ? std::string(bytes.data(), static_cast<size_t>(length)) : std::string();
}

// The text after "Name:\t" up to the line's end.
std::string_view field(std::string_view text, std::string_view name) {
  const size_t at = text.find(name);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + name.size());
  return text.substr(0, text.find('\n'));
}

pid_t number(std::string_view text) {
  pid_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::optional<TaskStatus> task_status(pid_t task) {
  const std::string text = read_small(fmt::format("/proc/{}/status", task));
  if (text.empty()) return std::nullopt;
  TaskStatus status;
  status.name = field(text, "Name:\t");
  status.process = number(field(text, "\nTgid:\t"));
  status.parent = number(field(text, "\nPPid:\t"));
  const std::string_view numbers = field(text, "\nNStgid:\t");  // outermost first
  status.inner =
      number(numbers.substr(numbers.rfind('\t') == std::string_view::npos ? 0 : numbers.rfind('\t') + 1));
  return status;
}

std::optional<char> task_state(pid_t process, pid_t task) {
  const std::string text = read_small(fmt::format("/proc/{}/task/{}/stat", process, task));
  const size_t after_name = text.rfind(')');  // names may hold anything
  if (after_name == std::string::npos || after_name + 2 >= text.size()) return std::nullopt;
  return text[after_name + 2];
}

}  // namespace shikake::sandbox::trace
