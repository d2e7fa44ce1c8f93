// PDF: ISO 32000-1, read by qpdf.
// Of its headers: shared pointers are the standard's.
#define POINTERHOLDER_TRANSITION 4
// Its JSON has a list of itself, which clang 14 can't do in C++20 yet; nothing of it is used here.
#define JSON_HH
class JSON;
#include <qpdf/Pipeline.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>

#include <algorithm>
#include <iterator>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "triage/documents/document.h"

namespace shikake::triage {
namespace {

using Object = QPDFObjectHandle;

constexpr size_t max_objects = 50'000;
constexpr size_t max_stream = size_t{32} << 20;
constexpr uint64_t max_streams = uint64_t{256} << 20;  // of all that are unpacked
constexpr size_t max_header_offset = 1024;             // readers look for it that far

// What is unpacked, up to a bound: a stream may hold a thousand times its size.
class Bounded final : public Pipeline {
 public:
  explicit Bounded(size_t most) : Pipeline("bounded", nullptr), most_(most) {}
  void write(const unsigned char* data, size_t size) override {
    over = text.size() + size > most_;
    if (over) throw std::length_error("too long");
    text.append(reinterpret_cast<const char*>(data), size);
  }
  void finish() override {}
  std::string text;
  bool over = false;  // the library keeps the exception to itself

 private:
  size_t most_;
};

std::string text_of(Object object) {
  return object.isString() ? object.getUTF8Value() : object.isName() ? object.getName() : std::string();
}

// Entities and CDATA undone.
std::string xml_text(std::string_view xml) {
  constexpr std::pair<std::string_view, char> entities[] = {
      {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&#xD;", '\r'}, {"&amp;", '&'}};
  std::string out;
  bool literal = false;
  for (size_t at = 0; at < xml.size();) {
    const std::string_view rest = xml.substr(at);
    if (!literal && rest.starts_with("<![CDATA[")) {
      literal = true;
      at += 9;
    } else if (literal && rest.starts_with("]]>")) {
      literal = false;
      at += 3;
    } else {
      const auto found = std::ranges::find_if(
          entities, [&](const auto& one) { return !literal && rest.starts_with(one.first); });
      out += found == std::end(entities) ? rest[0] : found->second;
      at += found == std::end(entities) ? 1 : found->first.size();
    }
  }
  return out;
}

class Pdf {
 public:
  Pdf(QPDF& file, DocumentNotes& notes) : file_(file), notes_(notes) {}

  void read() {
    notes_.format("PDF " + file_.getPDFVersion());
    if (file_.isEncrypted()) notes_.trait("encrypted", "with a password that need not be known to open it");
    guarded([&] { named_scripts(file_.getRoot().getKey("/Names").getKey("/JavaScript"), 0); });
    guarded([&] { catalog(file_.getRoot()); });
    guarded([&] { pages(); });
    guarded([&] { information(file_.getTrailer().getKey("/Info")); });
    std::vector<Object> objects;
    guarded([&] { objects = file_.getAllObjects(); });
    if (objects.size() > max_objects) {
      objects.resize(max_objects);
      notes_.limit("document: objects");
    }
    for (Object& object : objects) {
      if (!notes_.status()) return;
      guarded([&] { look(object, 0); });
    }
  }

 private:
  // Each object for itself: a damaged one keeps nobody from the next.
  template <class Body>
  void guarded(Body body) {
    try {
      body();
    } catch (const std::exception&) {
      notes_.malformed("objects that can't be read");
    }
  }

  std::string unpacked(Object stream) {
    Bounded out(std::min<uint64_t>(max_stream, max_streams - std::min(max_streams, unpacked_)));
    bool filtered = false;
    const bool whole = stream.pipeStreamData(&out, &filtered, 0, qpdf_dl_generalized, true, false);
    if (out.over)
      notes_.limit("document: a stream of more than 32 MiB");
    else if (!whole)
      notes_.malformed("a damaged stream");
    unpacked_ += out.text.size();
    return std::move(out.text);
  }

  // 7.9.6, 12.6.4.16: scripts of the document, run in the order of their names when it is opened.
  void named_scripts(Object tree, int depth) {
    constexpr int max_depth = 20, max_names = 1000;
    if (!tree.isDictionary() || depth > max_depth) return;
    Object names = tree.getKey("/Names"), kids = tree.getKey("/Kids");
    for (int i = 1; names.isArray() && i < std::min(names.getArrayNItems(), max_names); i += 2)
      guarded([&] {
        Object one = names.getArrayItem(i);
        if (one.isDictionary() && one.hasKey("/JS")) script(one.getKey("/JS"), "document");
      });
    for (int i = 0; kids.isArray() && i < std::min(kids.getArrayNItems(), max_names); ++i)
      named_scripts(kids.getArrayItem(i), depth + 1);
  }

  // 12.5.2: annotations, in the order of the pages, with what their texts hold.
  void pages() {
    constexpr size_t max_pages = 1000;
    const std::vector<Object>& all = file_.getAllPages();
    notes_.property("pages", std::to_string(all.size()));
    for (uint32_t i = 0; i < std::min(all.size(), max_pages); ++i) {
      Object annotations = Object(all[i]).getKey("/Annots");
      for (int k = 0; annotations.isArray() && k < std::min(annotations.getArrayNItems(), 1000); ++k)
        guarded([&] { annotation(annotations.getArrayItem(k), i); });
    }
  }
  void annotation(Object one, uint32_t page) {
    if (!one.isDictionary() || one.hasKey("/FT")) return;
    const std::string subject = long_text(one.getKey("/Subj"));
    notes_.field(
        {"annotation", text_of(one.getKey("/NM")), long_text(one.getKey("/Contents")), subject, page});
  }
  // 12.7.3.1: the name of a field is that of its parents and its own.
  void form_field(Object one) {
    std::string name = text_of(one.getKey("/T"));
    Object parent = one.getKey("/Parent");
    for (int depth = 0; depth < 20 && parent.isDictionary(); ++depth, parent = parent.getKey("/Parent"))
      if (std::string above = text_of(parent.getKey("/T")); !above.empty()) name = above + "." + name;
    notes_.field({"field", name, long_text(one.getKey("/V")), text_of(one.getKey("/TU")), 0});
  }
  // A text string, also where it is a stream.
  std::string long_text(Object object) {
    return object.isStream() ? plain_text(unpacked(object)) : text_of(object);
  }
  static std::string plain_text(std::string bytes) {
    if (bytes.starts_with("\xFE\xFF")) return utf8_of_utf16_big(base::as_bytes(bytes).subspan(2));
    return bytes;
  }

  void catalog(Object root) {
    if (!root.isDictionary()) return;
    if (root.hasKey("/OpenAction")) notes_.trait("acts when opened", "/OpenAction");
    if (root.hasKey("/AA")) notes_.trait("acts when opened", "/AA");
    if (Object form = root.getKey("/AcroForm"); form.isDictionary() && form.hasKey("/XFA"))
      notes_.trait("XFA form", "/XFA");
    guarded([&] { action(root.getKey("/OpenAction"), true, 0, "open action"); });
    guarded([&] {
      if (Object form = root.getKey("/AcroForm"); form.isDictionary()) fields(form.getKey("/Fields"), 0);
    });
  }

  void fields(Object list, int depth) {
    constexpr int max_depth = 20, most = 1000;
    for (int i = 0; list.isArray() && depth < max_depth && i < std::min(list.getArrayNItems(), most); ++i)
      guarded([&] {
        Object one = list.getArrayItem(i);
        if (!one.isDictionary()) return;
        if (one.hasKey("/T")) form_field(one);
        fields(one.getKey("/Kids"), depth + 1);
      });
  }

  void information(Object information) {
    if (!information.isDictionary()) return;
    for (const std::string& key : information.getKeys()) {
      const std::string text = text_of(information.getKey(key));
      notes_.property(base::to_lower(key.substr(1)), text);
      // Long ones are there to be read by a script.
      constexpr size_t long_enough = 1000;
      if (text.size() > long_enough) notes_.field({"information", key.substr(1), text, "", 0});
    }
  }

  void look(Object& object, int depth) {
    constexpr int max_depth = 20;  // of dictionaries written into each other
    if (depth > max_depth) return notes_.limit("document: nested objects");
    if (object.isArray()) {
      const int count = std::min(object.getArrayNItems(), 10'000);
      for (int i = 0; i < count; ++i) {
        Object item = object.getArrayItem(i);
        if (!item.isIndirect()) look(item, depth + 1);
      }
      return;
    }
    if (!object.isDictionary() && !object.isStream()) return;
    Object dictionary = object.isStream() ? object.getDict() : object;
    action(dictionary, false, depth);
    if (Object embedded = dictionary.getKey("/EF"); embedded.isDictionary()) file(dictionary, embedded);
    if (object.isStream()) stream(object, dictionary);
    for (const std::string& key : dictionary.getKeys()) {
      Object value = dictionary.getKey(key);
      if (key == "/XFA") form(value);
      if (!value.isIndirect()) look(value, depth + 1);
    }
  }

  // 12.6: what is done when something is opened, clicked, printed.
  void action(Object object, bool opens, int depth, const char* where = "") {
    if (!object.isDictionary()) return;
    const std::string kind = text_of(object.getKey("/S"));
    // A script outside of an action too: in a rendition, in the tree of names.
    if (object.hasKey("/JS")) script(object.getKey("/JS"), where);
    if (kind == "/URI") notes_.link(text_of(object.getKey("/URI")), "URI action", opens);
    if (kind == "/Launch") launch(object, opens);
    if (kind == "/GoToR" || kind == "/GoToE" || kind == "/SubmitForm" || kind == "/ImportData") {
      const std::string target = path_of(object.getKey("/F"));
      notes_.link(target, kind.substr(1) + " action", opens);
      if (target.starts_with("\\\\")) notes_.trait("logs in at another machine", target);
    }
    constexpr int max_chain = 20;
    if (Object next = object.getKey("/Next"); opens && depth < max_chain && next.isDictionary())
      action(next, true, depth + 1, where);
  }

  static std::string path_of(Object target) {
    if (!target.isDictionary()) return text_of(target);
    const std::string unicode = text_of(target.getKey("/UF"));
    return unicode.empty() ? text_of(target.getKey("/F")) : unicode;
  }

  void launch(Object object, bool opens) {
    std::string command = path_of(object.getKey("/F"));
    if (Object windows = object.getKey("/Win"); windows.isDictionary()) {
      command = text_of(windows.getKey("/F"));
      if (std::string arguments = text_of(windows.getKey("/P")); !arguments.empty())
        command += " " + arguments;
    }
    notes_.script("command", "Launch action", command);
    judge_command(command, "Launch action", opens, notes_);
    const std::string lower = base::to_lower(command.substr(0, command.find(' ')));
    const bool program = lower.ends_with(".exe") || lower.ends_with("cmd") || lower.ends_with(".bat") ||
                         lower.ends_with("powershell");
    notes_.trait({"starts a program", command, program ? "CVE-2010-1240" : "",
                  program ? "https://www.adobe.com/support/security/bulletins/apsb10-15.html" : "", program});
  }

  void script(Object object, const char* where) {
    std::string source = long_text(object);
    if (!seen_.insert(base::sha256(source).hex()).second) return;  // reached another way before
    notes_.trait("JavaScript", "");
    judge_document_script(source, notes_);
    notes_.script("JavaScript", where, std::move(source));
  }

  // 7.11.4: files inside.
  void file(Object specification, Object embedded) {
    std::string name = path_of(specification);
    for (const char* key : {"/UF", "/F", "/DOS", "/Unix"}) {
      Object content = embedded.getKey(key);
      if (!content.isStream()) continue;
      notes_.part(name.empty() ? "embedded file" : name, "embedded file", unpacked(content));
      notes_.trait("embedded file", name);
      return;
    }
  }

  // Forms hold scripts, and pictures in base64, as XML.
  void form(Object value) {
    auto part = [&](Object one) {
      if (!one.isStream()) return;
      const std::string xml = unpacked(one);
      if (xml.find("<script") != xml.npos) {
        notes_.trait("JavaScript", "in a form");
        judge_document_script(xml, notes_);
        notes_.script("XFA", "", xml);
        form_scripts(xml);
      }
      if (contains_ignoring_case(xml, "image/tif"))
        notes_.trait("TIFF picture in a form", "CVE-2010-0188 was reached by one");
    };
    part(value);
    for (int i = 0; value.isArray() && i < std::min(value.getArrayNItems(), 1000); ++i)
      part(value.getArrayItem(i));
  }

  // XFA 3.3, part 2, "script" and "field": scripts in JavaScript, and what fields hold.
  void form_scripts(const std::string& xml) {
    auto each = [text = std::string_view(xml)](std::string_view open, std::string_view close, auto&& take) {
      for (size_t at = text.find(open); at != text.npos;) {
        const size_t begin = text.find('>', at), end = text.find(close, at);
        if (begin >= end || end == text.npos) return;
        take(text.substr(at, begin - at), text.substr(begin + 1, end - begin - 1));
        at = text.find(open, end);
      }
    };
    each("<script", "</script", [&](std::string_view tag, std::string_view source) {
      if (contains_ignoring_case(tag, "javascript"))
        notes_.script("JavaScript", "XFA form", xml_text(source));
    });
    each("<field", "</field", [&](std::string_view tag, std::string_view inside) {
      constexpr std::string_view name = "name=\"", value = "<text>";
      const size_t named = tag.find(name), text = inside.find(value);
      if (named == tag.npos) return;
      DocumentField field{"form", std::string(tag.substr(named + name.size())), "", "", 0};
      field.name.resize(std::min(field.name.size(), field.name.find('"')));
      if (text != inside.npos) {
        const std::string_view rest = inside.substr(text + value.size());
        field.value = xml_text(rest.substr(0, rest.find("</text>")));
      }
      notes_.field(std::move(field));
    });
  }

  void stream(Object object, Object dictionary) {
    Object filter = dictionary.getKey("/Filter");
    auto has_filter = [&](const char* name) {
      if (filter.isName()) return filter.getName() == name;
      for (int i = 0; filter.isArray() && i < std::min(filter.getArrayNItems(), 100); ++i)
        if (text_of(filter.getArrayItem(i)) == name) return true;
      return false;
    };
    if (has_filter("/JBIG2Decode")) notes_.trait("JBIG2 stream", "");
    const std::string kind = text_of(dictionary.getKey("/Subtype"));
    if (kind == "/U3D" || kind == "/PRC") notes_.trait("3D stream", kind.substr(1));
    if (dictionary.hasKey("/Length1")) font(object);
    // Films lie in streams of no kind of their own.
    if (!dictionary.hasKey("/Type") && !dictionary.hasKey("/Subtype")) return;
    if (kind == "/application#2Fx-shockwave-flash" || kind == "/application/x-shockwave-flash")
      notes_.part("film.swf", "film", unpacked(object));
  }

  // TrueType: a table SING whose name is not ended within its 28 bytes overran Adobe's reader.
  void font(Object object) {
    const std::string bytes = unpacked(object);
    const Bytes in(base::as_bytes(bytes));
    const unsigned tables = std::min<unsigned>(in.u16_big(4), 100);
    for (unsigned i = 0; i < tables; ++i) {
      const uint64_t row = 12 + 16 * uint64_t{i};
      if (base::as_text(in.at(row, 4)) != "SING") continue;
      constexpr uint32_t name_offset = 16, name_bytes = 28;
      const std::string name =
          text_at(base::as_bytes(bytes), in.u32_big(row + 8) + uint64_t{name_offset}, 4096);
      if (name.size() >= name_bytes)
        notes_.trait({"overlong font name", fmt::format("{} bytes in a SING table", name.size()),
                      "CVE-2010-2883", "https://www.adobe.com/support/security/bulletins/apsb10-21.html",
                      true});
    }
  }

  QPDF& file_;
  DocumentNotes& notes_;
  uint64_t unpacked_ = 0;
  std::set<std::string> seen_;  // scripts, by digest
};

}  // namespace

bool is_pdf(base::ByteSpan bytes) {
  return base::as_text(bytes.first(std::min(bytes.size(), max_header_offset))).find("%PDF-") !=
         std::string_view::npos;
}

void read_pdf(base::ByteSpan bytes, DocumentNotes& notes) {
  notes.format("PDF");
  try {
    QPDF file;
    file.setSuppressWarnings(true);
    file.processMemoryFile("document", reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (file.anyWarnings()) notes.malformed("its structure is damaged");
    Pdf(file, notes).read();
  } catch (const std::exception&) {
    notes.malformed("it can't be opened: damaged, or under a password");
  }
}

}  // namespace shikake::triage
