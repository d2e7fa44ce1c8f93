// shikake url URL… | -: what the URL standard and the neighbourhood make of a URL.
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "base/bytes.h"
#include "base/display.h"
#include "command.h"
#include "url/describe.h"
#include "url/refang.h"

namespace shikake::app {
namespace {

// A row's text is bounded by its line: longer than any client sends, short enough to print.
constexpr size_t max_line_bytes = size_t{4} << 20;

boost::json::object to_json(const url::Description& url) {
  boost::json::object row{
      {"href", url.href},
      {"scheme", url.scheme},
      {"username", url.username},
      {"password", url.password},
      {"host", url.host},
      {"port", nullptr},
      {"path", url.path},
      {"query", nullptr},
      {"fragment", nullptr},
      {"origin", url.origin},
      {"registrable_domain", url.registrable_domain},
      {"tenant_key", url.tenant_key},
      {"tenant_grain", url::name(url.tenant_grain)},
      {"structure", {{"s1", url.structure.s1}, {"s2", url.structure.s2}, {"s3", url.structure.s3}}},
      {"host_structure",
       {{"labels", url.host_structure.labels},
        {"classes", url.host_structure.classes},
        {"folded", url.host_structure.folded}}},
  };
  if (url.port) row["port"] = *url.port;
  if (url.query) row["query"] = *url.query;
  if (url.fragment) row["fragment"] = *url.fragment;
  if (!url.address_purpose.empty()) row["address_purpose"] = url.address_purpose;
  return row;
}

std::string for_person(const url::Description& url) {
  std::string text = base::for_terminal(url.href) + "\n";
  auto add = [&text](std::string_view label, std::string_view value) {
    if (!value.empty()) text += fmt::format("  {:<20} {}\n", label, base::for_terminal(value));
  };
  add("host", url.host);
  if (url.port) add("port", std::to_string(*url.port));
  add("path", url.path);
  add("query", url.query.value_or(""));
  add("fragment", url.fragment.value_or(""));
  add("registrable domain", url.registrable_domain);
  add("tenant key", fmt::format("{} ({})", url.tenant_key, url::name(url.tenant_grain)));
  add("structure S1", url.structure.s1);
  add("structure S2", url.structure.s2);
  add("structure S3", url.structure.s3);
  add("host structure", url.host_structure.folded);
  add("address", url.address_purpose);
  return text;
}

// One answer an input line, in order, whether it parses or not.
void answer(const std::string& input, Context& context) {
  Result<url::Url> parsed = url::parse_typed(input);
  if (context.json) {
    boost::json::object row =
        parsed ? to_json(url::describe(*parsed))
               : boost::json::object{{"input", base::to_valid_utf8(input)}, {"error", parsed.error().what}};
    context.out.line(boost::json::serialize(row));
  } else if (parsed) {
    context.out.write(for_person(url::describe(*parsed)));
  } else {
    context.out.line(fmt::format("{}\n  error                {}", base::for_terminal(input),
                                 base::for_terminal(parsed.error().what)));
  }
}

}  // namespace

Run define_url(CLI::App& command, Context& context) {
  auto inputs = std::make_shared<std::vector<std::string>>();
  command.add_option("URL", *inputs, "URLs, defanged or not; - reads one a line from standard input")
      ->required();
  return [inputs, &context]() -> Result<int> {
    for (const std::string& input : *inputs) {
      if (input != "-") {
        answer(input, context);
        continue;
      }
      for (std::string line; std::getline(std::cin, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.size() > max_line_bytes) line.resize(max_line_bytes);
        answer(line, context);
      }
    }
    return 0;
  };
}

}  // namespace shikake::app
