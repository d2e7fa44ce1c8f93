// Windows Script Host: .vbs, .js, .wsf and .hta as files that somebody opened, not as pages. What runs is the
// same engines; around them stands WScript, and no document.
#pragma once

#include <string>
#include <string_view>

#include "honeyclient/low/page/page.h"

namespace shikake::honeyclient::low::page {

// The content types that the parent gives such files (honeyclient/low/script_file.h).
inline bool is_script_file(std::string_view content_type) {
  return content_type.starts_with("application/x-wsh-");
}
// All objects can be made: nobody asks whether they are safe.
inline bool trusts_scripts(const Page& page) {
  const std::string& type = page.start.document.content_type;
  return is_script_file(type) || type == "application/hta";
}
// Whatever a browser's window has and this host has not.
void take_browser_away(JSContext* cx, Window& window);
void run_script_file(Window& window, const Document& document);

// One script of a Windows Script File.
struct ScriptPart {
  bool vbscript = false;
  std::u16string text;
  uint32_t line = 1;
};
// https://learn.microsoft.com/en-us/previous-versions/windows/internet-explorer/ie-developer/windows-scripting/15x4407c(v=vs.84)
std::vector<ScriptPart> scripts_of_wsf(std::u16string_view text);

// WScript.Sleep: the page's clock goes on (page.cpp).
void sleep_page(double milliseconds);

}  // namespace shikake::honeyclient::low::page
