// WScript.Shell and Shell.Application: what is told to run is heard, and nothing runs.
// https://learn.microsoft.com/en-us/previous-versions/windows/internet-explorer/ie-developer/windows-scripting/aew9yb99(v=vs.84)
// https://learn.microsoft.com/en-us/windows/win32/shell/shell
#include <array>
#include <map>

#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/stand_in.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

std::u16string text_at(JSContext* cx, const JS::CallArgs& args, unsigned i) {
  return i < args.length() && !args[i].isNullOrUndefined() ? to_text(cx, args[i]) : std::u16string();
}
void give_text(JSContext* cx, JS::MutableHandleValue out, std::u16string_view text) {
  out.setString(to_string(cx, text));
}

std::u16string special_folder(const Window& window, std::u16string_view name) {
  bool xp = on_windows_xp(window);
  std::u16string home = *environment_variable(u"USERPROFILE", xp),
                 data = *environment_variable(u"APPDATA", xp);
  std::u16string menu = xp ? home + u"\\Start Menu" : data + u"\\Microsoft\\Windows\\Start Menu";
  std::u16string low = lower(name);
  if (low == u"startup") return menu + u"\\Programs\\Startup";
  if (low == u"startmenu") return menu;
  if (low == u"programs") return menu + u"\\Programs";
  if (low == u"appdata") return data;
  if (low == u"mydocuments") return home + (xp ? u"\\My Documents" : u"\\Documents");
  if (low == u"templates") return data + u"\\Microsoft\\Windows\\Templates";
  return home + u"\\" + std::u16string(name);
}

// What a started program writes: nothing, and it has ended.
class Started final : public StandIn {
 public:
  bool get(JSContext*, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"status") return out.setInt32(1), true;
    if (name == u"exitcode") return out.setInt32(0), true;
    if (name == u"processid") return out.setInt32(2764), true;
    if (name.ends_with(u"atendofstream")) return out.setBoolean(true), true;
    return false;
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    if (!name.ends_with(u".readall") && !name.ends_with(u".readline")) return false;
    give_text(cx, args.rval(), u"");
    return true;
  }
};

// A list of texts by name: SpecialFolders, Environment.
class Named final : public StandIn {
 public:
  enum class What : uint8_t { folders, environment };
  Named(Window& window, What what) : window_(window), what_(what) {}
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    if (name != u"item" && name != u"value" && !name.empty()) return false;
    std::u16string key = text_at(cx, args, 0);
    give_text(cx, args.rval(),
              what_ == What::folders ? special_folder(window_, key)
                                     : environment_variable(key, on_windows_xp(window_)).value_or(u""));
    return true;
  }
  std::u16string default_member() const override { return u"item"; }

 private:
  Window& window_;
  const What what_;
};

// A .lnk or .url that a script makes: told when it is saved.
class Shortcut final : public StandIn {
 public:
  Shortcut(Window& window, std::u16string path) : window_(window), path_(std::move(path)) {}
  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"fullname") return give_text(cx, out, path_), true;
    auto found = values_.find(std::u16string(name));
    if (found == values_.end()) return false;
    return give_text(cx, out, found->second), true;
  }
  bool put(JSContext* cx, std::u16string_view name, JS::HandleValue value) override {
    if (values_.size() < 50) values_[std::u16string(name)] = to_text(cx, value);
    return true;
  }
  bool call(JSContext*, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name != u"save") return false;
    window_.page.happened(window_, "shortcut",
                          path_ + u" → " + values_[u"targetpath"] + u" " + values_[u"arguments"]);
    return true;
  }

 private:
  Window& window_;
  const std::u16string path_;
  std::map<std::u16string, std::u16string> values_;
};

class Shell final : public StandIn {
 public:
  explicit Shell(Window& window) : window_(window) {}

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"currentdirectory") return give_text(cx, out, special_folder(window_, u"Desktop")), true;
    if (name == u"specialfolders") return give(cx, out, Named::What::folders);
    if (name == u"environment") return give(cx, out, Named::What::environment);
    return false;
  }
  bool put(JSContext*, std::u16string_view name, JS::HandleValue) override {
    return name == u"currentdirectory";
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name == u"run") return args.rval().setInt32(0), true;
    if (name == u"exec")
      return args.rval().setObject(*wrap_stand_in(cx, window_, "WshScriptExec", std::make_shared<Started>())),
             true;
    if (name == u"expandenvironmentstrings")
      return give_text(cx, args.rval(), expand_variables(text_at(cx, args, 0), on_windows_xp(window_))), true;
    if (name == u"environment") return give(cx, args.rval(), Named::What::environment);
    if (name == u"regread") return read_registry(cx, args);
    if (name == u"regwrite") {
      std::u16string key = text_at(cx, args, 0), value = text_at(cx, args, 1);
      window_.page.happened(window_, "registry", key + u" = " + value);
      if (registry_.size() < 1000) registry_[lower(key)] = value;
      return true;
    }
    if (name == u"createshortcut")
      return args.rval().setObject(*wrap_stand_in(cx, window_, "WshShortcut",
                                                  std::make_shared<Shortcut>(window_, text_at(cx, args, 0)))),
             true;
    if (name == u"popup") {
      window_.page.happened(window_, "dialog", u"Popup: " + text_at(cx, args, 0));
      return args.rval().setInt32(1), true;
    }
    if (name == u"appactivate") return args.rval().setBoolean(true), true;
    return name == u"regdelete" || name == u"sendkeys" || name == u"logevent";
  }

 private:
  bool give(JSContext* cx, JS::MutableHandleValue out, Named::What what) {
    out.setObject(*wrap_stand_in(cx, window_,
                                 what == Named::What::folders ? "WshSpecialFolders" : "WshEnvironment",
                                 std::make_shared<Named>(window_, what)));
    return true;
  }
  bool read_registry(JSContext* cx, const JS::CallArgs& args) {
    std::u16string key = text_at(cx, args, 0);
    window_.page.happened(window_, "registry", u"read " + key);
    auto found = registry_.find(lower(key));
    if (found == registry_.end()) {
      JS_ReportErrorUTF8(cx, "Unable to open registry key \"%s\" for reading.", utf8(key).c_str());
      throw Thrown{};
    }
    return give_text(cx, args.rval(), found->second), true;
  }

  Window& window_;
  std::map<std::u16string, std::u16string> registry_;
};

// Shell.Application: ShellExecute is told by the component's report; folders have paths.
class Folder final : public StandIn {
 public:
  Folder(Window& window, std::u16string path) : window_(window), path_(std::move(path)) {}
  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"path") return give_text(cx, out, path_), true;
    if (name == u"title" || name == u"name")
      return give_text(cx, out, std::u16string_view(path_).substr(path_.find_last_of(u'\\') + 1)), true;
    if (name == u"self")
      return out.setObject(
                 *wrap_stand_in(cx, window_, "FolderItem", std::make_shared<Folder>(window_, path_))),
             true;
    return false;
  }

 private:
  Window& window_;
  const std::u16string path_;
};

class Application final : public StandIn {
 public:
  explicit Application(Window& window) : window_(window) {}
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name == u"namespace" || name == u"browseforfolder") {
      // ShellSpecialFolderConstants: 7 Startup, 26 AppData, 40 the user's own folder.
      double which = 0;
      std::u16string path = text_at(cx, args, 0);
      if (args.get(0).isNumber()) {
        which = args[0].toNumber();
        bool xp = on_windows_xp(window_);
        path = which == 7    ? special_folder(window_, u"Startup")
               : which == 26 ? *environment_variable(u"APPDATA", xp)
               : which == 28
                   ? environment_variable(u"LOCALAPPDATA", xp).value_or(*environment_variable(u"APPDATA", xp))
               : which == 36 ? *environment_variable(u"WINDIR", xp)
               : which == 37 ? *environment_variable(u"WINDIR", xp) + u"\\system32"
                             : *environment_variable(u"USERPROFILE", xp);
      }
      args.rval().setObject(*wrap_stand_in(cx, window_, "Folder", std::make_shared<Folder>(window_, path)));
      return true;
    }
    return name == u"shellexecute" || name == u"open" || name == u"explore" || name == u"minimizeall";
  }

 private:
  Window& window_;
};

}  // namespace

std::shared_ptr<StandIn> make_shell(Window& window) {
  return std::make_shared<Shell>(window);
}
std::shared_ptr<StandIn> make_application(Window& window) {
  return std::make_shared<Application>(window);
}

}  // namespace shikake::honeyclient::low::page
