// What stands for a component and does what scripts expect of it: streams, files, shells. It touches
// nothing outside of the page: files are the page's Disk, commands are only heard.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "honeyclient/components/table.h"
#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

// Members come in lower case: COM finds names without regard to it. May throw Thrown.
class StandIn {
 public:
  virtual ~StandIn() = default;
  virtual components::Behaviour kind() const { return components::Behaviour::absorbs; }
  // What reading gives; false: nothing of its own.
  virtual bool get(JSContext*, std::u16string_view, JS::MutableHandleValue) { return false; }
  virtual bool put(JSContext*, std::u16string_view, JS::HandleValue) { return false; }
  virtual bool call(JSContext*, std::u16string_view, const JS::CallArgs&) { return false; }
  // What calling or reading the object itself gives: its default member.
  virtual std::u16string default_member() const { return u"value"; }
  virtual std::u16string text() { return {}; }
  // False: there is no such member at all; else what it does not handle is absorbed.
  virtual bool knows(JSContext*, std::u16string_view) { return true; }
  // "o(key) = value": the key as it was written.
  virtual bool put_item(JSContext*, std::u16string_view, JS::HandleValue) { return false; }
};

// A component as script sees it; `name` is what reports call it.
JSObject* wrap_stand_in(JSContext* cx, Window& window, std::string name, std::shared_ptr<StandIn> stand_in);
StandIn* stand_in_of(JS::HandleValue value);  // behind a component; nullptr: none
// For a row with a behaviour of its own; null: it absorbs.
std::shared_ptr<StandIn> make_stand_in(JSContext* cx, Window& window, components::Behaviour behaviour);

// By file: stand_in_files.cpp, stand_in_shells.cpp, stand_in_management.cpp, stand_in_office.cpp,
// stand_in_xml.cpp, stand_in_request.cpp.
std::shared_ptr<StandIn> make_stream(Window& window);
std::shared_ptr<StandIn> make_file_system(Window& window);
std::shared_ptr<StandIn> make_shell(Window& window);
std::shared_ptr<StandIn> make_application(Window& window);
std::shared_ptr<StandIn> make_management(Window& window);
std::shared_ptr<StandIn> make_scheduler(Window& window);
std::shared_ptr<StandIn> make_office(Window& window);
std::shared_ptr<StandIn> make_script_control(Window& window);
std::shared_ptr<StandIn> make_xml(Window& window);
std::shared_ptr<StandIn> make_dictionary(JSContext* cx);
std::shared_ptr<StandIn> make_xml_http(JSContext* cx, Window& window);

// --- bytes -----------------------------------------------------------------------------------------------

// An array of bytes as COM hands it about: script can pass it on, and see it as a text of packed pairs.
JSObject* make_bytes(JSContext* cx, Window& window, std::string bytes);
// Of such an array, of a script's array of numbers, of an ArrayBuffer; nothing: it is none of these.
std::optional<std::string> bytes_of_value(JSContext* cx, JS::HandleValue value);
void bytes_text(Call& call);  // toString of such an array

// --- what is told ----------------------------------------------------------------------------------------

// Puts it on the page's disk and tells the parent.
void write_file(Window& window, std::string_view by, std::u16string_view path, std::string bytes);
bool on_windows_xp(const Window& window);

}  // namespace shikake::honeyclient::low::page
