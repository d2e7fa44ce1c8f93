#include "honeyclient/low/page/acrobat.h"

#include <js/Date.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "honeyclient/components/table.h"
#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/script_host.h"
#include "honeyclient/low/page/stand_in.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// Streams that are no UTF-8 hold a byte a character (PDFDocEncoding, nearly Latin-1).
std::u16string decoded(std::string_view text) {
  std::u16string out = wide(text);
  if (out.find(u'\uFFFD') == out.npos || text.find("\xEF\xBF\xBD") != text.npos) return out;
  out.clear();
  for (char c : text) out += static_cast<unsigned char>(c);
  return out;
}

void set_property(JSContext* cx, JS::HandleObject object, std::string_view name, JS::HandleValue value) {
  const std::u16string key = wide(name);
  must(JS_DefineUCProperty(cx, object, key.data(), key.size(), value, JSPROP_ENUMERATE));
}
void set_text(JSContext* cx, JS::HandleObject object, std::string_view name, std::u16string_view text) {
  JS::RootedValue value(cx, JS::StringValue(to_string(cx, text)));
  set_property(cx, object, name, value);
}

// An argument by its place, or by its name where they come as one object; undefined where it is absent.
// Only plain data: nothing of the document's runs.
JS::Value argument(JSContext* cx, const JS::CallArgs& args, unsigned place, const char* name) {
  if (args.length() == 0) return JS::UndefinedValue();
  bool is_array = false;
  if (!args[0].isObject()) return args.get(place);
  JS::RootedObject object(cx, &args[0].toObject());
  must(JS::IsArrayObject(cx, object, &is_array));
  if (is_array || JS_ObjectIsFunction(object)) return args.get(place);
  JS::Rooted<mozilla::Maybe<JS::PropertyDescriptor>> found(cx);
  must(JS_GetOwnPropertyDescriptor(cx, object, name, &found));
  return found.isSome() && found->isDataDescriptor() ? found->value() : JS::UndefinedValue();
}
std::u16string text_argument(JSContext* cx, const JS::CallArgs& args, unsigned place, const char* name) {
  JS::RootedValue value(cx, argument(cx, args, place, name));
  return value.isString() || value.isNumber() ? to_text(cx, value) : std::u16string();
}

void run_text(Window& window, std::u16string_view text, std::string_view how) {
  window.run({text, window.url.href(), 1, 1, window.page.positions.here(), how});
}

// A form's field.
class Field final : public StandIn {
 public:
  Field(Window& window, const ViewedField& field)
      : window_(window),
        name_(decoded(field.name)),
        value_(decoded(field.value)),
        tip_(decoded(field.subject)) {}

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    const std::u16string* text =
        name == u"value" || name == u"rawvalue" || name == u"valueasstring" || name == u"defaultvalue"
            ? &value_
        : name == u"name"     ? &name_
        : name == u"username" ? &tip_
                              : nullptr;
    if (name == u"type") out.setString(to_string(cx, u"text"));
    if (name == u"page") out.setInt32(0);
    if (text) out.setString(to_string(cx, *text));
    return text || name == u"type" || name == u"page";
  }
  bool put(JSContext* cx, std::u16string_view name, JS::HandleValue value) override {
    if (name != u"value" && name != u"rawvalue") return false;
    value_ = value.isObject() ? u"[object]" : to_text(cx, value);
    return true;
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    if (name != u"setaction") return false;
    // What is to be done when somebody types or clicks: somebody does.
    const std::u16string source = text_argument(cx, args, 1, "cScript");
    window_.page.add_timer(window_, 0, false, [this, source] { run_text(window_, source, "setAction"); });
    args.rval().setUndefined();
    return true;
  }

 private:
  Window& window_;
  const std::u16string name_;
  std::u16string value_, tip_;
};

// What the objects of one document share.
struct Viewed {
  explicit Viewed(ViewedDocument the_document) : document(std::move(the_document)) {}
  ViewedDocument document;
  std::map<std::string, std::shared_ptr<Field>> fields;  // so that what is written is read again

  JSObject* field(JSContext* cx, Window& window, std::u16string_view given) {
    // "form1[0].#subform[0].Name[0]": its last part.
    std::string name = utf8(given);
    auto named = [&](const ViewedField& one) {
      return (one.kind == "field" || one.kind == "form") && one.name == name;
    };
    auto found = std::ranges::find_if(document.fields, named);
    if (found == document.fields.end()) {
      name = name.substr(name.find_last_of('.') + 1);
      name = name.substr(0, name.find('['));
      found = std::ranges::find_if(document.fields, named);
    }
    if (found == document.fields.end()) return nullptr;
    std::shared_ptr<Field>& made = fields[name];
    if (!made) made = std::make_shared<Field>(window, *found);
    return wrap_stand_in(cx, window, "Acrobat.Field", made);
  }
};

class Annotation final : public StandIn {
 public:
  explicit Annotation(const ViewedField& field)
      : name_(decoded(field.name)),
        contents_(decoded(field.value)),
        subject_(decoded(field.subject)),
        page_(field.page) {}
  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"page") return out.setNumber(page_), true;
    if (name == u"type") return out.setString(to_string(cx, u"Text")), true;
    const std::u16string* text = name == u"subject"    ? &subject_
                                 : name == u"contents" ? &contents_
                                 : name == u"name"     ? &name_
                                                       : nullptr;
    if (text) out.setString(to_string(cx, *text));
    return text;
  }

 private:
  const std::u16string name_, contents_, subject_;
  const uint32_t page_;
};

class Doc final : public StandIn {
 public:
  Doc(Window& window, std::shared_ptr<Viewed> viewed) : window_(window), viewed_(std::move(viewed)) {}

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    auto text = [&](std::string_view value) { return out.setString(to_string(cx, decoded(value))), true; };
    const std::string file = window_.url.href().substr(window_.url.href().find_last_of('/') + 1);
    if (name == u"info") return out.setObject(*information(cx)), true;
    if (name == u"numpages") return out.setNumber(viewed_->document.pages), true;
    if (name == u"numfields") return out.setNumber(count("field")), true;
    if (name == u"pagenum") return out.setInt32(0), true;
    if (name == u"filesize") return out.setNumber(static_cast<double>(viewed_->document.size)), true;
    if (name == u"external") return out.setBoolean(window_.url.is_http()), true;
    if (name == u"dirty") return out.setBoolean(false), true;
    if (name == u"url") return text(window_.url.href());
    if (name == u"path") return text("/C/Users/User/Downloads/" + file);
    if (name == u"documentfilename") return text(file);
    const std::string key = utf8(name);
    for (const ViewedProperty& one : viewed_->document.properties)
      if (one.name == key) return text(one.value);
    for (std::string_view usual :
         {"title", "author", "subject", "keywords", "creator", "producer", "metadata"})
      if (usual == key) return text("");
    return false;
  }

  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setNull();
    if (name == u"getfield") {
      if (JSObject* field = viewed_->field(cx, window_, text_argument(cx, args, 0, "cName")))
        args.rval().setObject(*field);
      return true;
    }
    if (name == u"getnthfieldname") return nth_field(cx, args), true;
    if (name == u"getannots" || name == u"getannots3d") return annotations(cx, args), true;
    if (name == u"getannot") return one_annotation(cx, args), true;
    if (name == u"getpagenumwords")
      return args.rval().setInt32(0), window_.page.unemulated("words of a page"), true;
    if (name == u"getpagenthword")
      return args.rval().setString(to_string(cx, u"")), window_.page.unemulated("words of a page"), true;
    if (name == u"addscript")
      return run_text(window_, text_argument(cx, args, 1, "cScript"), "addScript"), true;
    args.rval().setUndefined();
    return name == u"syncannotscan" || name == u"closedoc" || name == u"submitform" || name == u"geturl" ||
           name == u"print" || name == u"printseps" || name == u"exportdataobject";
  }

 private:
  uint32_t count(std::string_view kind) const {
    return static_cast<uint32_t>(std::ranges::count(viewed_->document.fields, kind, &ViewedField::kind));
  }
  // As the file names them ("Title"), and as scripts do ("title").
  JSObject* information(JSContext* cx) {
    JS::RootedObject made(cx, must(JS_NewPlainObject(cx)));
    auto add = [&](const std::string& name, const std::string& value) {
      if (!name.empty()) set_text(cx, made, name, decoded(value));
    };
    for (const ViewedProperty& one : viewed_->document.properties) {
      std::string upper = one.name;
      if (!upper.empty()) upper[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(upper[0])));
      add(one.name, one.value);
      add(upper, one.value);
    }
    for (const ViewedField& one : viewed_->document.fields)
      if (one.kind == "information") {
        add(one.name, one.value);
        add(utf8(lower(wide(one.name))), one.value);
      }
    return made;
  }
  void nth_field(JSContext* cx, const JS::CallArgs& args) {
    JS::RootedValue index(cx, argument(cx, args, 0, "nIndex"));
    double left = index.isNumber() ? index.toNumber() : 0;
    for (const ViewedField& one : viewed_->document.fields)
      if (one.kind == "field" && left-- < 1) return args.rval().setString(to_string(cx, decoded(one.name)));
  }
  void annotations(JSContext* cx, const JS::CallArgs& args) {
    JS::RootedValue page(cx, argument(cx, args, 0, "nPage"));
    JS::RootedVector<JS::Value> found(cx);
    for (const ViewedField& one : viewed_->document.fields) {
      if (one.kind != "annotation" || (page.isNumber() && page.toNumber() != one.page)) continue;
      must(found.append(JS::ObjectValue(*annotation(cx, one))));
    }
    if (!found.empty()) args.rval().setObject(*must(JS::NewArrayObject(cx, found)));
  }
  void one_annotation(JSContext* cx, const JS::CallArgs& args) {
    const std::u16string name = text_argument(cx, args, 1, "cName");
    for (const ViewedField& one : viewed_->document.fields)
      if (one.kind == "annotation" && decoded(one.name) == name)
        return args.rval().setObject(*annotation(cx, one));
  }
  JSObject* annotation(JSContext* cx, const ViewedField& field) {
    return wrap_stand_in(cx, window_, "Acrobat.Annotation", std::make_shared<Annotation>(field));
  }

  Window& window_;
  const std::shared_ptr<Viewed> viewed_;
};

class App final : public StandIn {
 public:
  App(Window& window, const Viewed& viewed) : window_(window), version_(viewed.document.viewer_version) {}

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    auto text = [&](std::u16string_view value) { return out.setString(to_string(cx, value)), true; };
    if (name == u"viewerversion" || name == u"formsversion") {
      if (!asked_) window_.page.happened(window_, "environment", u"app.viewerVersion: " + wide(version_));
      asked_ = true;
      return out.setNumber(std::strtod(version_.c_str(), nullptr)), true;
    }
    if (name == u"viewertype" || name == u"viewervariation") return text(u"Reader");
    if (name == u"platform") return text(u"WIN");
    if (name == u"language") return text(window_.page.persona().language.starts_with("ja") ? u"JPN" : u"ENU");
    if (name == u"doc") return out.setObject(*window_.global()), true;
    if (name == u"activedocs") {
      JS::RootedValue doc(cx, JS::ObjectValue(*window_.global()));
      return out.setObject(*must(JS::NewArrayObject(cx, JS::HandleValueArray(doc)))), true;
    }
    if (name == u"media") {
      JS::RootedObject global(cx, window_.global());
      return must(JS_GetProperty(cx, global, "media", out)), true;
    }
    if (name == u"plugins") return out.setObject(*must(JS::NewArrayObject(cx, 0))), true;
    if (name == u"numplugins") return out.setInt32(0), true;
    return false;
  }

  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name == u"eval") {
      JS::RootedValue value(cx, window_.run({text_argument(cx, args, 0, "cExpr"), window_.url.href(), 1, 1,
                                             window_.page.positions.here(), "app.eval"}));
      return args.rval().set(value), true;
    }
    if (name == u"settimeout" || name == u"setinterval") return timer(cx, args, name == u"setinterval"), true;
    if (name == u"cleartimeout" || name == u"clearinterval") {
      if (args.get(0).isNumber()) window_.page.clear_timer(JS::ToUint32(args[0].toNumber()));
      return true;
    }
    if (name == u"alert") {
      constexpr int ok = 1, yes = 4;
      window_.page.happened(window_, "dialog", u"alert: " + text_argument(cx, args, 0, "cMsg"));
      JS::RootedValue kind(cx, argument(cx, args, 2, "nType"));
      return args.rval().setInt32(kind.isNumber() && kind.toNumber() >= 2 ? yes : ok), true;
    }
    if (name == u"response") {
      window_.page.happened(window_, "dialog", u"response: " + text_argument(cx, args, 0, "cQuestion"));
      return args.rval().setString(to_string(cx, text_argument(cx, args, 2, "cDefault"))), true;
    }
    if (name == u"trustedfunction" || name == u"trustpropagatorfunction")
      return args.rval().set(args.get(0)), true;
    return name == u"beep" || name == u"launchurl" || name == u"beginpriv" || name == u"endpriv";
  }

 private:
  void timer(JSContext* cx, const JS::CallArgs& args, bool repeats) {
    const std::u16string source = text_argument(cx, args, 0, "cExpr");
    JS::RootedValue delay(cx, argument(cx, args, 1, "nMilliseconds"));
    const std::optional<Place> by = window_.page.positions.here();
    args.rval().setNumber(window_.page.add_timer(
        window_, delay.isNumber() ? std::max(delay.toNumber(), 0.0) : 0, repeats, [this, source, by] {
          window_.run({source, by ? by->source->url : window_.url.href(), 1, 1, by, "timer"});
        }));
  }

  Window& window_;
  const std::string version_;
  bool asked_ = false;
};

class Util final : public StandIn {
 public:
  explicit Util(Window& window) : window_(window) {}

  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    auto give = [&](std::u16string_view text) { return args.rval().setString(to_string(cx, text)), true; };
    const std::u16string first = text_argument(cx, args, 0, "cFormat");
    if (name == u"printf") {
      std::vector<FormatArgument> given;
      for (unsigned i = 1; i < args.length(); ++i) {
        given.emplace_back();
        if (args[i].isObject() || args[i].isSymbol() || args[i].isBigInt()) continue;
        must(JS::ToNumber(cx, args[i], &given.back().number));
        given.back().text = to_text(cx, args[i]);
      }
      return give(acrobat_printf(first, given));
    }
    if (name == u"printd") return give(acrobat_printd(first, time_of(cx, args)));
    if (name == u"scand")
      return args.rval().setObject(*must(JS::NewDateObject(cx, JS::TimeClip(window_.page.now())))), true;
    if (name == u"printx") return give(text_argument(cx, args, 1, "cSource"));
    if (name == u"bytetochar") {
      const char16_t byte = args.get(0).isNumber() ? JS::ToUint32(args[0].toNumber()) & 0xFF : 0;
      return give({&byte, 1});
    }
    if (name == u"chartobyte") return args.rval().setInt32(first.empty() ? 0 : first[0] & 0xFF), true;
    return false;
  }

 private:
  double time_of(JSContext* cx, const JS::CallArgs& args) {
    double time = window_.page.now();
    bool is_date = false;
    if (!args.get(1).isObject()) return time;
    JS::RootedObject date(cx, &args[1].toObject());
    must(JS::ObjectIsDate(cx, date, &is_date));
    if (is_date) must(js::DateGetMsecSinceEpoch(cx, date, &time));
    return time;
  }
  Window& window_;
};

// XFA's own object model: what its nodes hold.
class Xfa final : public StandIn {
 public:
  Xfa(Window& window, std::shared_ptr<Viewed> viewed) : window_(window), viewed_(std::move(viewed)) {}
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    if (name != u"resolvenode" && name != u"form.resolvenode") return false;
    JSObject* field = viewed_->field(cx, window_, text_argument(cx, args, 0, "expression"));
    if (field) args.rval().setObject(*field);
    return field != nullptr;
  }

 private:
  Window& window_;
  const std::shared_ptr<Viewed> viewed_;
};

class ViewerConsole final : public StandIn {
 public:
  explicit ViewerConsole(Window& window) : window_(window) {}
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name == u"println") window_.page.happened(window_, "console", text_argument(cx, args, 0, "cMessage"));
    return true;
  }

 private:
  Window& window_;
};

// The document's own members are the global object's: "this" is the document.
void define_document(JSContext* cx, Window& window, const std::shared_ptr<Viewed>& viewed) {
  JS::RootedObject global(cx, window.global());
  JS::RootedObject doc(cx, wrap_stand_in(cx, window, "Acrobat.Doc", std::make_shared<Doc>(window, viewed)));
  const components::Component* row = components::find("Acrobat.Doc");
  JS::RootedValue value(cx);
  for (const std::vector<std::string>* names : {&row->methods, &row->properties})
    for (const std::string& name : *names) {
      value = component_member(cx, doc, wide(name));
      set_property(cx, global, name, value);
    }
  for (const ViewedField& one : viewed->document.fields) {
    bool taken = one.kind != "form" || one.name.empty();
    const std::u16string name = decoded(one.name);
    if (!taken) must(JS_HasUCProperty(cx, global, name.data(), name.size(), &taken));
    if (taken) continue;
    value.setObject(*viewed->field(cx, window, wide(one.name)));
    set_property(cx, global, one.name, value);
  }
}

// What Acrobat's own forms call in calculations and formats.
constexpr const char* form_functions[] = {"AFNumber_Format",     "AFNumber_Keystroke", "AFPercent_Format",
                                          "AFPercent_Keystroke", "AFDate_Format",      "AFDate_Keystroke",
                                          "AFDate_FormatEx",     "AFDate_KeystrokeEx", "AFTime_Format",
                                          "AFTime_Keystroke",    "AFSpecial_Format",   "AFSpecial_Keystroke",
                                          "AFSimple_Calculate",  "AFRange_Validate",   "AFMergeChange",
                                          "AFExtractNums",       "AFMakeNumber"};
void do_nothing(Call& call) {
  call.give();
}

void define_viewer(JSContext* cx, Window& window, const std::shared_ptr<Viewed>& viewed) {
  JS::RootedObject global(cx, window.global());
  take_browser_away(cx, window);
  define_document(cx, window, viewed);
  auto define = [&](const char* name, std::shared_ptr<StandIn> stand_in) {
    JS::RootedValue value(
        cx, JS::ObjectValue(*wrap_stand_in(cx, window, std::string("Acrobat.") + name, std::move(stand_in))));
    set_property(cx, global, name, value);
  };
  define("app", std::make_shared<App>(window, *viewed));
  define("util", std::make_shared<Util>(window));
  define("console", std::make_shared<ViewerConsole>(window));
  define("xfa", std::make_shared<Xfa>(window, viewed));
  for (const char* absorbing : {"Collab", "media", "spell", "SOAP", "Net", "identity", "search", "security"})
    define(absorbing, nullptr);
  for (const char* name : form_functions) must(JS_DefineFunction(cx, global, name, native<do_nothing>, 0, 0));
  JS::RootedValue value(cx);
  for (const char* constants :
       {"global", "color", "border", "display", "font", "style", "position", "cursor"}) {
    value.setObject(*must(JS_NewPlainObject(cx)));
    set_property(cx, global, constants, value);
  }
  JS::RootedObject event(cx, must(JS_NewPlainObject(cx)));
  set_text(cx, event, "name", u"Open");
  set_text(cx, event, "type", u"Doc");
  set_text(cx, event, "value", u"");
  value.setObject(*global);
  for (const char* one : {"target", "source"}) set_property(cx, event, one, value);
  value.setBoolean(true);
  for (const char* one : {"rc", "willCommit"}) set_property(cx, event, one, value);
  value.setObject(*event);
  set_property(cx, global, "event", value);
}

}  // namespace

void run_viewed_document(Window& window, const Document& document) {
  auto given = base::from_wire<ViewedDocument>(document.body);
  if (!given) return;
  auto viewed = std::make_shared<Viewed>(std::move(*given));
  JSContext* cx = window.page.cx;
  window.page.run_script(window, [&] {
    JSAutoRealm realm(cx, window.global());
    define_viewer(cx, window, viewed);
  });
  for (const ViewedScript& script : viewed->document.scripts)
    window.run({decoded(script.text), window.url.href(), 1, 1, std::nullopt, "document script"});
}

}  // namespace shikake::honeyclient::low::page
