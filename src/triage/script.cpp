#include "triage/script.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace shikake::triage {
namespace {

// The kernel reads 256 bytes of a file to find its interpreter (BINPRM_BUF_SIZE).
constexpr size_t max_shebang_bytes = 256;

struct LanguageRow {
  std::string_view language;
  std::string_view interpreter;              // where nothing names another
  std::array<std::string_view, 6> programs;  // that run it, without version digits
  std::string_view mime;                     // libmagic's
  std::array<std::string_view, 3> extensions;
};

constexpr LanguageRow languages[] = {
    {"sh",
     "/bin/sh",
     {"sh", "bash", "dash", "ash", "ksh", "zsh"},
     "text/x-shellscript",
     {".sh", ".bash", ".ksh"}},
    {"python", "/usr/bin/python3", {"python", "pypy"}, "text/x-script.python", {".py"}},
    {"perl", "/usr/bin/perl", {"perl"}, "text/x-perl", {".pl", ".pm"}},
    {"php", "/usr/bin/php", {"php", "php-cgi"}, "text/x-php", {".php", ".phtml"}},
    {"node", "/usr/bin/node", {"node", "nodejs", "bun"}, "application/javascript", {".js", ".mjs", ".cjs"}},
    {"ruby", "/usr/bin/ruby", {"ruby"}, "text/x-ruby", {".rb"}},
    {"lua", "/usr/bin/lua", {"lua", "luajit"}, "text/x-lua", {".lua"}},
    {"awk", "/usr/bin/awk", {"awk", "gawk", "mawk"}, "text/x-awk", {".awk"}},
    {"tcl", "/usr/bin/tclsh", {"tclsh", "wish", "expect"}, "text/x-tcl", {".tcl"}},
};

template <class List>
bool contains(const List& list, std::string_view value) {
  return !value.empty() && std::find(std::begin(list), std::end(list), value) != std::end(list);
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// python3.11 -> python
const LanguageRow* by_program(std::string_view program) {
  program = base_name(program);
  program = program.substr(0, program.find_first_of("0123456789."));
  for (const LanguageRow& row : languages) {
    if (contains(row.programs, program)) return &row;
  }
  return nullptr;
}

const LanguageRow* by_mime(std::string_view mime) {
  // Names that libmagic's versions differ in.
  if (mime == "text/x-python") mime = "text/x-script.python";
  if (mime == "text/javascript") mime = "application/javascript";
  auto row = std::find_if(std::begin(languages), std::end(languages),
                          [&](const LanguageRow& one) { return one.mime == mime; });
  return row == std::end(languages) ? nullptr : row;
}

const LanguageRow* by_extension(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == name.npos) return nullptr;
  const std::string extension = base::to_lower(name.substr(dot));
  for (const LanguageRow& row : languages) {
    if (contains(row.extensions, extension)) return &row;
  }
  return nullptr;
}

struct OpeningRow {
  std::string_view text;
  std::string_view program;
};

// How scripts start that are piped into their interpreter and so need no first line.
constexpr OpeningRow openings[] = {
    {"<?php", "php"},
    {"<?=", "php"},
    {"import os", "python"},
    {"import sys", "python"},
    {"import socket", "python"},
    {"use strict", "perl"},
    {"cd /tmp", "sh"},
    {"export PATH", "sh"},
    {"wget ", "sh"},
    {"curl ", "sh"},
    {"set -e", "sh"},
    {"PATH=", "sh"},
};

const LanguageRow* by_opening(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  for (const OpeningRow& row : openings) {
    if (text.starts_with(row.text)) return by_program(row.program);
  }
  return nullptr;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  constexpr std::string_view blank = " \t\r";
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
    if (line.empty()) return words;
    size_t end = std::min(line.find_first_of(blank), line.size());
    words.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// #!/usr/bin/env -S NAME=value python3 -u: what env would run, and with what.
void skip_env(std::vector<std::string>& words) {
  if (words.empty() || base_name(words.front()) != "env") return;
  words.erase(words.begin());
  while (!words.empty() && (words.front().starts_with('-') || words.front().find('=') != std::string::npos))
    words.erase(words.begin());
}

std::optional<Script> by_shebang(std::string_view text) {
  if (!text.starts_with("#!")) return std::nullopt;
  std::string_view line = text.substr(2, max_shebang_bytes - 2);
  line = line.substr(0, line.find('\n'));
  std::vector<std::string> words = words_of(line);
  skip_env(words);
  if (words.empty()) return std::nullopt;
  // busybox sh
  if (base_name(words.front()) == "busybox" && words.size() > 1) words.erase(words.begin());
  const LanguageRow* row = by_program(words.front());
  // One that is not known: it is what the kernel would start, whatever the file is called.
  if (!row && !words.front().starts_with('/')) return std::nullopt;
  Script script{
      std::string(row ? row->language : base_name(words.front())), std::string(line), words.front(), {}};
  script.arguments.assign(words.begin() + 1, words.end());
  if (!script.interpreter.starts_with('/')) {
    const bool usual = base_name(row->interpreter) == script.interpreter;
    script.interpreter = usual ? std::string(row->interpreter) : "/usr/bin/" + script.interpreter;
  }
  return script;
}

}  // namespace

std::optional<Script> find_script(base::ByteSpan bytes, std::string_view mime, std::string_view file_name) {
  std::string_view text = base::as_text(bytes);
  if (auto script = by_shebang(text)) return script;
  const bool textual = mime.starts_with("text/") || by_mime(mime);
  if (!textual) return std::nullopt;
  const LanguageRow* row = by_mime(mime);
  if (!row) row = by_extension(file_name);
  if (!row) row = by_opening(text);
  if (!row) return std::nullopt;
  Script script{std::string(row->language), "", std::string(row->interpreter), {}};
  return script;
}

}  // namespace shikake::triage
