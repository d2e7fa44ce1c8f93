#include "triage/rules.h"

#include <yara.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include <fmt/format.h>

#include "base/file.h"
#include "triage/own_rules.h"

namespace shikake::triage {
namespace {

constexpr uint64_t max_rule_file_bytes = uint64_t{32} << 20;
constexpr int scan_seconds = 20;  // libyara looks at its clock now and then, so about
constexpr size_t max_rule_strings = 16;
constexpr size_t max_meta_bytes = 500;

struct RuleText {
  std::string source;
  std::string text;
  bool is_own = false;
};

struct DestroyCompiler {
  void operator()(YR_COMPILER* compiler) const { yr_compiler_destroy(compiler); }
};
using Compiler = std::unique_ptr<YR_COMPILER, DestroyCompiler>;

Compiler make_compiler() {
  YR_COMPILER* compiler = nullptr;
  if (yr_compiler_create(&compiler) != ERROR_SUCCESS) return nullptr;
  return Compiler(compiler);
}

void keep_first_error(int level, const char*, int line, const YR_RULE*, const char* message, void* out) {
  auto& first = *static_cast<std::string*>(out);
  if (level == YARA_ERROR_LEVEL_ERROR && first.empty()) first = fmt::format("line {}: {}", line, message);
}

// "" or what is wrong with it.
std::string try_alone(const RuleText& rules) {
  Compiler compiler = make_compiler();
  if (!compiler) return "libyara has no memory";
  std::string error;
  yr_compiler_set_callback(compiler.get(), keep_first_error, &error);
  const int errors = yr_compiler_add_string(compiler.get(), rules.text.c_str(), rules.source.c_str());
  if (errors > 0 && error.empty()) error = "it does not compile";
  return error;
}

bool is_rule_file(const std::filesystem::path& path) {
  return path.extension() == ".yar" || path.extension() == ".yara";
}

Result<> read_folder(const std::filesystem::path& folder, std::vector<RuleText>& out,
                     std::vector<std::string>& errors) {
  std::error_code error;
  std::vector<std::filesystem::path> paths;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (is_rule_file(it->path())) paths.push_back(it->path());
  }
  if (error) {
    return fail(Error{Module::triage,
                      ErrorCode::not_found,
                      "the folder of rules can't be read",
                      folder.string(),
                      {},
                      {},
                      error.value()});
  }
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    auto text = base::read_file(path, max_rule_file_bytes);
    if (text) {
      out.push_back({path.filename().string(), std::move(*text)});
    } else {
      errors.push_back(text.error().message());
    }
  }
  return {};
}

RuleMatch describe(YR_SCAN_CONTEXT* context, const YR_RULE* rule) {
  RuleMatch match{rule->identifier, rule->ns->name, {}, "", "", {}};
  const char* tag;
  yr_rule_tags_foreach(rule, tag) match.tags.emplace_back(tag);
  const YR_META* meta;
  yr_rule_metas_foreach(rule, meta) {
    if (meta->type != META_TYPE_STRING) continue;
    std::string text = std::string(meta->string).substr(0, max_meta_bytes);
    if (std::string_view(meta->identifier) == "description")
      match.description = std::move(text);
    else if (std::string_view(meta->identifier) == "technique")
      match.technique = std::move(text);
  }
  const YR_STRING* string;
  yr_rule_strings_foreach(rule, string) {
    // Copied, for libyara lays its matches out without regard to alignment.
    YR_MATCH found;
    const YR_MATCH* first = context->matches[string->idx].head;
    if (!first || match.strings.size() >= max_rule_strings) continue;
    std::memcpy(static_cast<void*>(&found), static_cast<const void*>(first), sizeof found);
    if (!found.is_private)
      match.strings.push_back(fmt::format("{}@{:#x}", string->identifier, found.base + found.offset));
  }
  return match;
}

int on_message(YR_SCAN_CONTEXT* context, int message, void* data, void* user) {
  auto& matches = *static_cast<Rules::Matches*>(user);
  if (message == CALLBACK_MSG_RULE_MATCHING) {
    if (matches.found.size() >= max_rule_matches) {
      matches.cut_short = "rules: more match than are kept";
      return CALLBACK_ABORT;
    }
    matches.found.push_back(describe(context, static_cast<const YR_RULE*>(data)));
  }
  return CALLBACK_CONTINUE;
}

}  // namespace

void Rules::Destroy::operator()(YR_RULES* rules) const {
  yr_rules_destroy(rules);
}

Result<Rules> Rules::compile(std::span<const std::filesystem::path> folders, bool own) {
  // Never undone: libyara keeps a count, and the process ends soon.
  if (yr_initialize() != ERROR_SUCCESS)
    return fail(Module::triage, ErrorCode::unsupported, "libyara cannot be used here");
  Rules out;
  std::vector<RuleText> texts;
  if (own) {
    for (const OwnRules& rules : own_rules())
      texts.push_back({fmt::format("built-in/{}", rules.name), std::string(rules.text), true});
  }
  for (const auto& folder : folders) SHIKAKE_TRY(read_folder(folder, texts, out.errors_));

  // One flaw makes a compiler useless, so each file is tried alone before it joins the others. Ours are known
  // to be sound, and compiling them is most of what a small file's triage costs.
  Compiler compiler = make_compiler();
  if (!compiler) return fail(Module::triage, ErrorCode::unsupported, "libyara has no memory");
  for (const RuleText& rules : texts) {
    std::string error = rules.is_own ? "" : try_alone(rules);
    if (!error.empty()) {
      out.errors_.push_back(rules.source + ": " + error);
    } else if (yr_compiler_add_string(compiler.get(), rules.text.c_str(), rules.source.c_str()) > 0) {
      return fail(Module::triage, ErrorCode::invalid_input,
                  "the rules of " + rules.source + " compile alone but not with the others");
    }
  }
  YR_RULES* compiled = nullptr;
  if (yr_compiler_get_rules(compiler.get(), &compiled) != ERROR_SUCCESS)
    return fail(Module::triage, ErrorCode::unsupported, "libyara has no memory for the rules");
  out.rules_.reset(compiled);
  // Modules load what they need when they are first used ("magic" a database), which they can't later.
  (void)out.match(base::as_bytes("x"));
  return out;
}

Rules::Matches Rules::match(base::ByteSpan bytes) const {
  Matches matches;
  if (!rules_) return matches;
  const int status = yr_rules_scan_mem(rules_.get(), bytes.data(), bytes.size(),
                                       SCAN_FLAGS_REPORT_RULES_MATCHING, on_message, &matches, scan_seconds);
  if (status == ERROR_SCAN_TIMEOUT)
    matches.cut_short = "rules: they took too long";
  else if (status != ERROR_SUCCESS && matches.cut_short.empty())
    matches.cut_short = fmt::format("rules: libyara stopped with its error {}", status);
  return matches;
}

}  // namespace shikake::triage
