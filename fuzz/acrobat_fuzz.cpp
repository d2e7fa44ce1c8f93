// Random programs on a viewer's objects: what a PDF's script calls on whatever of them, and what its fields
// and properties hold, any bytes.
#include "honeyclient/low/viewed_document.h"
#include "page_fuzz.h"

namespace {

using namespace shikake;
namespace low = honeyclient::low;

constexpr std::string_view versions[] = {"6.0", "7.0", "8.1", "9.3", "11.0"};

// clang-format off
constexpr std::string_view objects[] = {
    "this", "app", "util", "event", "app.doc", "app.media", "this.info", "Collab", "spell", "SOAP", "xfa",
    "getField('f')", "getAnnots()", "getAnnots()[0]", "app.plugIns", "this.media", "util.stringFromStream",
    "identity", "Net", "global", "color", "search", "event.target", "app.viewerVersion"};

constexpr std::string_view names[] = {
    "printf", "printd", "scand", "getField", "getAnnot", "getAnnots", "syncAnnotScan", "info", "title", "subject",
    "value", "type", "length", "0", "setTimeOut", "setInterval", "clearTimeOut", "alert", "launchURL", "getURL",
    "submitForm", "exportDataObject", "getIcon", "collectEmailInfo", "newPlayer", "customDictionaryOpen",
    "getPageNthWord", "getPageNumWords", "eval", "beep", "response", "openDoc", "mailDoc", "viewerVersion",
    "viewerType", "platform", "doc", "numPages", "filesize", "path", "URL", "addScript", "setAction",
    "createDataObject", "media", "createPlayer", "resolveNode", "rawValue", "host", "messageBox", "toString",
    "constructor", "__proto__", "prototype", "call", "print", "gotoNamedDest", "removeField", "unescape", "target",
    "contents"};

constexpr std::string_view values[] = {
    "null", "undefined", "0", "-1", "1e9", "NaN", "Infinity", "-Infinity", "true", "''", "'%x %5.300f %s'",
    "'%,0+ #999999999d'", "'%n%p%%%'", "'yyyy-mm-dd HH:MM:ss tt'", "'\\ud800'", "'f'", "{}", "{cName:'f',nPage:0}",
    "{get cName(){throw 1}}", "[1,2]", "function(){v.push(1)}", "'v.push(2)'", "'http://h.example/'", "Symbol('s')",
    "Array(2001).join('A')", "{cURL:'http://h.example/',cName:Array(2001).join('A')}", "new Date(NaN)",
    "new Date(0)"};
// clang-format on

low::ViewedDocument document(fuzz::Program& program) {
  low::ViewedDocument document;
  document.viewer_version = program.pick(versions);
  document.pages = program.byte();
  document.size = program.byte();
  // Members of one initialiser list are evaluated in their order.
  document.fields.push_back({"text", "f", program.bytes(), program.bytes(), program.byte()});
  document.fields.push_back({"annotation", program.bytes(), program.bytes(), "s", program.byte()});
  document.properties.push_back({"title", program.bytes()});
  document.properties.push_back({program.bytes(), "x"});
  const std::string in_field = program.bytes();
  const std::string text = fuzz::Program::beginning(objects) + program.rest();
  const size_t half = text.rfind('\n', text.size() / 2) + 1;
  document.scripts.push_back({"document", text.substr(0, half)});
  document.scripts.push_back({"open action", text.substr(half)});
  document.scripts.push_back({"field", in_field});
  return document;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 400) return 0;  // longer programs find nothing that short ones do not, but slowly
  fuzz::Program program({reinterpret_cast<const char*>(data), size}, {objects, names, values});
  low::Start start = fuzz::page_start(program);
  start.persona.engine = low::Engine::trident;
  start.persona.version = 8;
  start.document.url = "https://page.example/x.pdf";
  start.document.content_type = low::viewed_document_type;
  start.document.body = base::to_wire(document(program));
  fuzz::run_page(std::move(start));
  return 0;
}
