// For tests: a sink that remembers, and a run of a guest under the monitor.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sandbox/monitor/monitor.h"
#include "sandbox/trace/testing.h"

namespace shikake::sandbox::monitor {

class RememberingSink : public Sink {
 public:
  void process(const intel::RunProcess& process) override { processes[process.id] = process; }
  void file(uint32_t index, const intel::RunFile& file) override { files[index] = file; }
  void behaviour(uint32_t index, const intel::RunBehaviour& behaviour) override {
    behaviours[index] = behaviour;
  }
  void socket(uint32_t index, const SocketUse& use) override { sockets[index] = use; }
  void content(const base::Digest& sha256, base::ByteSpan bytes) override {
    contents[sha256] = std::string(base::as_text(bytes));
  }
  void limit(std::string_view name) override { limits.emplace_back(name); }

  const intel::RunBehaviour* find(intel::BehaviourKind kind, std::string_view object = {}) const {
    for (const auto& [index, behaviour] : behaviours)
      if (behaviour.kind == kind && (object.empty() || behaviour.object == object)) return &behaviour;
    return nullptr;
  }
  const intel::RunFile* find_file(std::string_view path, intel::FileAction action) const {
    for (const auto& [index, file] : files)
      if (file.path == path && file.action == action) return &file;
    return nullptr;
  }
  // "kind object, …", for a test's message.
  std::string all() const {
    std::string text;
    for (const auto& [index, behaviour] : behaviours)
      text.append(intel::name(behaviour.kind))
          .append(" ")
          .append(behaviour.object)
          .append(": ")
          .append(behaviour.proof)
          .append("\n");
    return text;
  }

  std::map<uint32_t, intel::RunProcess> processes;
  std::map<uint32_t, intel::RunFile> files;
  std::map<uint32_t, intel::RunBehaviour> behaviours;
  std::map<uint32_t, SocketUse> sockets;
  std::map<base::Digest, std::string> contents;
  std::vector<std::string> limits;
};

}  // namespace shikake::sandbox::monitor
