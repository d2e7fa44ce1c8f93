// Random programs on a viewer's objects: what a PDF's script calls on whatever of them, and what its fields and
// properties hold, any bytes.
#include <array>
#include <string>
#include <string_view>

#include "honeyclient/low/viewed_document.h"
#include "page_fuzz.h"

namespace {

namespace low = shikake::honeyclient::low;

class Script {
 public:
  explicit Script(std::string_view input) : input_(input) {}

  low::ViewedDocument document() {
    constexpr std::array versions = {"6.0", "7.0", "8.1", "9.3", "11.0"};
    low::ViewedDocument document;
    document.viewer_version = pick(versions);
    document.pages = byte();
    document.size = byte();
    document.fields.push_back({"text", "f", bytes(), bytes(), byte()});
    document.fields.push_back({"annotation", bytes(), bytes(), "s", byte()});
    document.properties.push_back({"title", bytes()});
    document.properties.push_back({bytes(), "x"});
    std::string text =
        "var v=[this,app,util,event,app.doc,app.media,this.info];function make(t){try{v.push(eval(t))}catch(e){}}"
        "['Collab','spell','SOAP','xfa','getField(\"f\")','getAnnots()','getAnnots()[0]','app.plugIns','this.media',"
        "'util.stringFromStream','identity','Net','global','color','search','event.target','app.viewerVersion'].forEach("
        "make);\n";
    while (!input_.empty()) text += statement();
    const size_t half = text.rfind('\n', text.size() / 2) + 1;
    document.scripts.push_back({"document", text.substr(0, half)});
    document.scripts.push_back({"open action", text.substr(half)});
    document.scripts.push_back({"field", bytes()});
    return document;
  }

 private:
  uint8_t byte() {
    if (input_.empty()) return 0;
    auto value = static_cast<uint8_t>(input_[0]);
    input_.remove_prefix(1);
    return value;
  }
  std::string bytes() {
    const size_t wanted = byte() % 16, count = std::min(wanted, input_.size());
    std::string out(input_.substr(0, count));
    input_.remove_prefix(count);
    return out;
  }
  template <size_t N>
  std::string pick(const std::array<const char*, N>& from) {
    return from[byte() % N];
  }
  std::string object() { return "v[" + std::to_string(byte()) + "%v.length]"; }
  std::string name() {
    static constexpr std::array names = {
        "printf",      "printd",       "scand",       "getField",    "getAnnot",   "getAnnots",    "syncAnnotScan",
        "info",        "title",        "subject",     "value",       "type",       "length",       "0",
        "setTimeOut",  "setInterval",  "clearTimeOut", "alert",      "launchURL",  "getURL",       "submitForm",
        "exportDataObject", "getIcon", "collectEmailInfo", "newPlayer", "customDictionaryOpen",    "getPageNthWord",
        "getPageNumWords", "eval",     "beep",        "response",    "openDoc",    "mailDoc",      "viewerVersion",
        "viewerType",  "platform",     "doc",         "numPages",    "filesize",   "path",         "URL",
        "addScript",   "setAction",    "createDataObject", "media",  "createPlayer", "resolveNode", "rawValue",
        "host",        "messageBox",   "toString",    "constructor", "__proto__",  "prototype",    "call",
        "print",       "gotoNamedDest", "removeField", "unescape",   "length",     "target",       "contents"};
    return pick(names);
  }
  std::string value() {
    static constexpr std::array values = {
        "null", "undefined", "0", "-1", "1e9", "NaN", "Infinity", "-Infinity", "true", "''", "'%x %5.300f %s'",
        "'%,0+ #999999999d'", "'%n%p%%%'", "'yyyy-mm-dd HH:MM:ss tt'", "'\\ud800'", "'f'", "{}", "{cName:'f',nPage:0}",
        "{get cName(){throw 1}}", "[1,2]", "function(){v.push(1)}", "'v.push(2)'", "'http://h.example/'", "Symbol('s')",
        "Array(2001).join('A')", "{cURL:'http://h.example/',cName:Array(2001).join('A')}", "new Date(NaN)", "new Date(0)"};
    return byte() % 2 ? object() : pick(values);
  }
  std::string statement() {
    const std::string at = object() + "['" + name() + "']";
    std::string body;
    switch (byte() % 4) {
      case 0:
        body = "v.push(" + at + ")";
        break;
      case 1:
        body = at + "=" + value();
        break;
      case 2:
        body = "v.push(" + at + "(" + value() + "," + value() + "," + value() + "))";
        break;
      case 3:
        body = at + ".call(" + object() + "," + value() + ")";
        break;
    }
    return "try{" + body + "}catch(e){}\n";
  }

  std::string_view input_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1000) return 0;  // longer programs find nothing that short ones do not, but slowly
  low::Start start;
  start.document.url = "http://page.example/x.pdf";
  start.document.content_type = low::viewed_document_type;
  start.document.body = shikake::base::to_wire(Script({reinterpret_cast<const char*>(data), size}).document());
  start.persona.language = "en";
  start.persona.engine = low::Engine::trident;
  start.persona.version = 8;
  start.forced = size % 3 == 0;
  start.max_script_time = std::chrono::milliseconds(500);
  shikake::fuzz::run_page(std::move(start));
  return 0;
}
