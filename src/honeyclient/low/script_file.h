// Files that Windows opens as scripts: what inspect is given instead of a page.
#pragma once

#include <string_view>

namespace shikake::honeyclient::low {

// .vbs, .vbe, .js, .jse, .wsf and .hta. The content type under which such a file is visited, by its name's
// extension; "" for what is none. A worker runs it as Windows Script Host would (page/script_host.h); an HTML
// application is a page whose scripts are trusted.
std::string_view script_file_type(std::string_view file_name);
// The content type of any file that a person names: as above; of documents, archives and programs by first
// bytes, unless its name says that it is a page; else a page's.
std::string_view file_type(std::string_view file_name, std::string_view content);
// Whether this is one of those types.
bool is_script_file_type(std::string_view content_type);

// Who opens it where the visitor has no Windows with all of its script engines.
inline constexpr std::string_view script_file_persona = "ie8-win7";

}  // namespace shikake::honeyclient::low
