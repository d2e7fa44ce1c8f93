// PDF: ISO 32000-1, read by qpdf.
// Of its headers: shared pointers are the standard's.
#define POINTERHOLDER_TRANSITION 4
#include <qpdf/Pipeline.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "base/ascii.h"
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

class Pdf {
 public:
  Pdf(QPDF& file, DocumentNotes& notes) : file_(file), notes_(notes) {}

  void read() {
    notes_.format("PDF " + file_.getPDFVersion());
    if (file_.isEncrypted()) notes_.trait("encrypted", "with a password that need not be known to open it");
    guarded([&] { catalog(file_.getRoot()); });
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

  void catalog(Object root) {
    if (!root.isDictionary()) return;
    if (root.hasKey("/OpenAction")) notes_.trait("acts when opened", "/OpenAction");
    if (root.hasKey("/AA")) notes_.trait("acts when opened", "/AA");
    if (Object form = root.getKey("/AcroForm"); form.isDictionary() && form.hasKey("/XFA"))
      notes_.trait("XFA form", "/XFA");
    guarded([&] { action(root.getKey("/OpenAction"), true, 0); });
  }

  void information(Object information) {
    if (!information.isDictionary()) return;
    for (const char* key : {"/Title", "/Author", "/Subject", "/Producer", "/Creator", "/CreationDate"})
      notes_.property(base::to_lower(key + 1), text_of(information.getKey(key)));
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
  void action(Object object, bool opens, int depth) {
    if (!object.isDictionary()) return;
    const std::string kind = text_of(object.getKey("/S"));
    // A script outside of an action too: in a rendition, in the tree of names.
    if (object.hasKey("/JS")) script(object.getKey("/JS"));
    if (kind == "/URI") notes_.link(text_of(object.getKey("/URI")), "URI action", opens);
    if (kind == "/Launch") launch(object, opens);
    if (kind == "/GoToR" || kind == "/GoToE" || kind == "/SubmitForm" || kind == "/ImportData") {
      const std::string target = path_of(object.getKey("/F"));
      notes_.link(target, kind.substr(1) + " action", opens);
      if (target.starts_with("\\\\")) notes_.trait("logs in at another machine", target);
    }
    constexpr int max_chain = 20;
    if (Object next = object.getKey("/Next"); opens && depth < max_chain && next.isDictionary())
      action(next, true, depth + 1);
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

  void script(Object object) {
    std::string source = object.isStream() ? unpacked(object) : text_of(object);
    if (source.starts_with("\xFE\xFF")) {  // UTF-16, the high byte first
      std::string plain;
      for (size_t i = 2; i + 1 < source.size(); i += 2) plain += source[i] ? '?' : source[i + 1];
      source = plain;
    }
    notes_.trait("JavaScript", "");
    judge_document_script(source, notes_);
    notes_.script("JavaScript", "", std::move(source));
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
      }
      if (contains_ignoring_case(xml, "image/tif"))
        notes_.trait("TIFF picture in a form", "CVE-2010-0188 was reached by one");
    };
    part(value);
    for (int i = 0; value.isArray() && i < std::min(value.getArrayNItems(), 1000); ++i)
      part(value.getArrayItem(i));
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
