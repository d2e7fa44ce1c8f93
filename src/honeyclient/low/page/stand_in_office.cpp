// Word, Excel and Outlook as droppers use them: documents that are opened, macros that are put into them,
// objects that they make. And the Script Control, which runs what it is given.
// https://learn.microsoft.com/en-us/office/vba/api/overview/excel
#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/evaluated.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/stand_in.h"
#include "honeyclient/low/page/vbscript.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

std::u16string text_at(JSContext* cx, const JS::CallArgs& args, unsigned i) {
  return i < args.length() && !args[i].isNullOrUndefined() ? to_text(cx, args[i]) : std::u16string();
}

class Office final : public StandIn {
 public:
  explicit Office(Window& window) : window_(window) {}
  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"version") return out.setString(to_string(cx, u"14.0")), true;
    if (name == u"path")
      return out.setString(to_string(cx, u"C:\\Program Files\\Microsoft Office\\Office14")), true;
    return false;
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    if (name == u"createobject") {
      args.rval().setObject(*make_component(cx, window_, text_at(cx, args, 0)));
      return true;
    }
    // A macro that is put into a document: kept, as what other scripts make is; nothing here runs it.
    if (name.ends_with(u"addfromstring")) {
      std::optional<Place> by = window_.page.positions.here();
      keep_source(window_, text_at(cx, args, 0), by ? by->source->url : window_.url.href(), by, "macro");
    }
    return false;
  }

 private:
  Window& window_;
};

// https://learn.microsoft.com/en-us/previous-versions/visualstudio/visual-basic-6/aa227637(v=vs.60)
class ScriptControl final : public StandIn {
 public:
  explicit ScriptControl(Window& window) : window_(window) {}
  bool put(JSContext* cx, std::u16string_view name, JS::HandleValue value) override {
    if (name == u"language") vbscript_ = lower(to_text(cx, value)).starts_with(u"vb");
    return name == u"language" || name == u"allowui" || name == u"timeout" || name == u"usesafesubset";
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name != u"eval" && name != u"executestatement" && name != u"addcode") return name == u"reset";
    const std::u16string code = text_at(cx, args, 0);
    std::optional<Place> by = window_.page.positions.here();
    Window::Text text{code, by ? by->source->url : window_.url.href(), 1, 1, by, "ScriptControl"};
    if (vbscript_ && runs_vbscript(window_.page.persona()))
      run_vbscript(window_, text);
    else
      args.rval().set(window_.run(text));
    return true;
  }

 private:
  Window& window_;
  bool vbscript_ = false;
};

}  // namespace

std::shared_ptr<StandIn> make_office(Window& window) {
  return std::make_shared<Office>(window);
}
std::shared_ptr<StandIn> make_script_control(Window& window) {
  return std::make_shared<ScriptControl>(window);
}

}  // namespace shikake::honeyclient::low::page
