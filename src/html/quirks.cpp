#include <algorithm>
#include <array>
#include <string_view>

#include "html/tree_builder.h"

namespace shikake::html {
namespace {

constexpr std::u16string_view quirky_prefixes[] = {
    u"+//Silmaril//dtd html Pro v0r11 19970101//",
    u"-//AS//DTD HTML 3.0 asWedit + extensions//",
    u"-//AdvaSoft Ltd//DTD HTML 3.0 asWedit + extensions//",
    u"-//IETF//DTD HTML 2.0 Level 1//",
    u"-//IETF//DTD HTML 2.0 Level 2//",
    u"-//IETF//DTD HTML 2.0 Strict Level 1//",
    u"-//IETF//DTD HTML 2.0 Strict Level 2//",
    u"-//IETF//DTD HTML 2.0 Strict//",
    u"-//IETF//DTD HTML 2.0//",
    u"-//IETF//DTD HTML 2.1E//",
    u"-//IETF//DTD HTML 3.0//",
    u"-//IETF//DTD HTML 3.2 Final//",
    u"-//IETF//DTD HTML 3.2//",
    u"-//IETF//DTD HTML 3//",
    u"-//IETF//DTD HTML Level 0//",
    u"-//IETF//DTD HTML Level 1//",
    u"-//IETF//DTD HTML Level 2//",
    u"-//IETF//DTD HTML Level 3//",
    u"-//IETF//DTD HTML Strict Level 0//",
    u"-//IETF//DTD HTML Strict Level 1//",
    u"-//IETF//DTD HTML Strict Level 2//",
    u"-//IETF//DTD HTML Strict Level 3//",
    u"-//IETF//DTD HTML Strict//",
    u"-//IETF//DTD HTML//",
    u"-//Metrius//DTD Metrius Presentational//",
    u"-//Microsoft//DTD Internet Explorer 2.0 HTML Strict//",
    u"-//Microsoft//DTD Internet Explorer 2.0 HTML//",
    u"-//Microsoft//DTD Internet Explorer 2.0 Tables//",
    u"-//Microsoft//DTD Internet Explorer 3.0 HTML Strict//",
    u"-//Microsoft//DTD Internet Explorer 3.0 HTML//",
    u"-//Microsoft//DTD Internet Explorer 3.0 Tables//",
    u"-//Netscape Comm. Corp.//DTD HTML//",
    u"-//Netscape Comm. Corp.//DTD Strict HTML//",
    u"-//O'Reilly and Associates//DTD HTML 2.0//",
    u"-//O'Reilly and Associates//DTD HTML Extended 1.0//",
    u"-//O'Reilly and Associates//DTD HTML Extended Relaxed 1.0//",
    u"-//SQ//DTD HTML 2.0 HoTMetaL + extensions//",
    u"-//SoftQuad Software//DTD HoTMetaL PRO 6.0::19990601::extensions to HTML 4.0//",
    u"-//SoftQuad//DTD HoTMetaL PRO 4.0::19971010::extensions to HTML 4.0//",
    u"-//Spyglass//DTD HTML 2.0 Extended//",
    u"-//Sun Microsystems Corp.//DTD HotJava HTML//",
    u"-//Sun Microsystems Corp.//DTD HotJava Strict HTML//",
    u"-//W3C//DTD HTML 3 1995-03-24//",
    u"-//W3C//DTD HTML 3.2 Draft//",
    u"-//W3C//DTD HTML 3.2 Final//",
    u"-//W3C//DTD HTML 3.2//",
    u"-//W3C//DTD HTML 3.2S Draft//",
    u"-//W3C//DTD HTML 4.0 Frameset//",
    u"-//W3C//DTD HTML 4.0 Transitional//",
    u"-//W3C//DTD HTML Experimental 19960712//",
    u"-//W3C//DTD HTML Experimental 970421//",
    u"-//W3C//DTD W3 HTML//",
    u"-//W3O//DTD W3 HTML 3.0//",
    u"-//WebTechs//DTD Mozilla HTML 2.0//",
    u"-//WebTechs//DTD Mozilla HTML//",
};

// Quirks without a system identifier, limited quirks with one.
constexpr std::u16string_view html401_prefixes[] = {u"-//W3C//DTD HTML 4.01 Frameset//",
                                                    u"-//W3C//DTD HTML 4.01 Transitional//"};
constexpr std::u16string_view limited_prefixes[] = {u"-//W3C//DTD XHTML 1.0 Frameset//",
                                                    u"-//W3C//DTD XHTML 1.0 Transitional//"};
constexpr std::u16string_view quirky_public_ids[] = {u"-//W3O//DTD W3 HTML Strict 3.0//EN//",
                                                     u"-/W3C/DTD HTML 4.0 Transitional/EN", u"HTML"};
constexpr std::u16string_view quirky_system_id =
    u"http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd";

template <class Prefixes>
bool begins_with_any(std::u16string_view text, const Prefixes& prefixes) {
  return std::ranges::any_of(prefixes, [&](auto prefix) { return starts_ignoring_case(text, prefix); });
}

}  // namespace

DocumentMode mode_of(const DoctypeToken& token, bool iframe_srcdoc) {
  if (iframe_srcdoc) return DocumentMode::no_quirks;
  const std::u16string& id = token.public_id;
  bool quirks =
      token.force_quirks || token.name != u"html" ||
      std::ranges::any_of(quirky_public_ids, [&](auto each) { return equal_ignoring_case(id, each); }) ||
      equal_ignoring_case(token.system_id, quirky_system_id) || begins_with_any(id, quirky_prefixes) ||
      (!token.has_system_id && begins_with_any(id, html401_prefixes));
  if (quirks) return DocumentMode::quirks;
  bool limited =
      begins_with_any(id, limited_prefixes) || (token.has_system_id && begins_with_any(id, html401_prefixes));
  return limited ? DocumentMode::limited_quirks : DocumentMode::no_quirks;
}

}  // namespace shikake::html
