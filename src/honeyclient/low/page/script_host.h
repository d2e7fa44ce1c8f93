// Windows Script Host: .vbs, .js, .wsf and .hta as files that somebody opened, not as pages. What runs is the
// same engines; around them stands WScript, and no document.
#pragma once

#include <string>
#include <string_view>

#include "honeyclient/low/page/page.h"
#include "url/url.h"

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

// One script of a Windows Script File or scriptlet, or an object that it has by a name.
struct ScriptPart {
  bool vbscript = false;
  std::u16string text;
  uint32_t line = 1;
  std::u16string source = {};                    // of a script: where its text is to be had
  std::u16string object = {}, object_class = {};  // <object id= progid=>
};
// https://learn.microsoft.com/en-us/previous-versions/windows/internet-explorer/ie-developer/windows-scripting/15x4407c(v=vs.84)
std::vector<ScriptPart> scripts_of_wsf(std::u16string_view text);

// GetObject("script:http://…"): what is behind the address runs as if it stood here.
// https://learn.microsoft.com/en-us/previous-versions/windows/desktop/com/the-script-moniker
void run_scriptlet(Window& window, const url::Url& url);

// WScript.Sleep: the page's clock goes on (page.cpp).
void sleep_page(double milliseconds);

}  // namespace shikake::honeyclient::low::page
