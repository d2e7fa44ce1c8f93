// WMI and the task scheduler: what they are told to start is heard, what they are asked for is a desk's
// machine. https://learn.microsoft.com/en-us/windows/win32/wmisdk/scripting-api-for-wmi
// https://learn.microsoft.com/en-us/windows/win32/taskschd/task-scheduler-start-page
#include <map>
#include <vector>

#include "honeyclient/low/page/components.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/stand_in.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

using Texts = std::map<std::u16string, std::u16string>;  // by name in lower case

constexpr size_t max_properties = 100;  // that a script gives one object

std::u16string text_at(JSContext* cx, const JS::CallArgs& args, unsigned i) {
  return i < args.length() && !args[i].isNullOrUndefined() ? to_text(cx, args[i]) : std::u16string();
}

// --- what there is to find -------------------------------------------------------------------------------

struct Row {
  std::u16string_view class_name;  // in lower case
  Texts values;
};

// One plain office machine: what scripts ask to find out whether they are watched.
std::vector<Texts> instances_of(const Window& window, std::u16string_view class_name) {
  const bool xp = on_windows_xp(window);
  const bool ten = window.page.persona().user_agent.find("Windows NT 10") != std::string::npos;
  const std::u16string system = xp    ? u"Microsoft Windows XP Professional"
                                : ten ? u"Microsoft Windows 10 Pro"
                                      : u"Microsoft Windows 7 Professional ";
  const std::u16string version = xp ? u"5.1.2600" : ten ? u"10.0.19045" : u"6.1.7601";
  const std::u16string name = environment_variable(u"COMPUTERNAME", xp).value_or(u"DESKTOP");
  const Row rows[] = {{u"win32_operatingsystem",
                       {{u"caption", system},
                        {u"version", version},
                        {u"csname", name},
                        {u"locale", u"0409"},
                        {u"osarchitecture", xp ? u"32-bit" : u"64-bit"},
                        {u"buildnumber", version.substr(version.rfind(u'.') + 1)},
                        {u"totalvisiblememorysize", u"8270384"},
                        {u"lastbootuptime", u"20240311080213.500000+000"}}},
                      {u"win32_computersystem",
                       {{u"name", name},
                        {u"manufacturer", u"Dell Inc."},
                        {u"model", u"OptiPlex 7010"},
                        {u"domain", u"WORKGROUP"},
                        {u"username", name + u"\\User"},
                        {u"totalphysicalmemory", u"8468873216"},
                        {u"numberofprocessors", u"1"}}},
                      {u"win32_processor",
                       {{u"name", u"Intel(R) Core(TM) i5-6500 CPU @ 3.20GHz"},
                        {u"numberofcores", u"4"},
                        {u"numberoflogicalprocessors", u"4"},
                        {u"processorid", u"BFEBFBFF000506E3"},
                        {u"addresswidth", u"64"}}},
                      {u"win32_bios",
                       {{u"manufacturer", u"Dell Inc."},
                        {u"serialnumber", u"7KQ2X52"},
                        {u"smbiosbiosversion", u"1.18.0"},
                        {u"version", u"DELL   - 1072009"}}},
                      {u"win32_baseboard", {{u"manufacturer", u"Dell Inc."}, {u"product", u"0KRC95"}}},
                      {u"win32_diskdrive", {{u"model", u"ST1000DM003-1SB102"}, {u"size", u"1000202273280"}}},
                      {u"win32_logicaldisk",
                       {{u"deviceid", u"C:"},
                        {u"size", u"999650168832"},
                        {u"freespace", u"871234560000"},
                        {u"drivetype", u"3"},
                        {u"volumeserialnumber", u"5A3C91E4"}}},
                      {u"win32_videocontroller", {{u"name", u"Intel(R) HD Graphics 530"}}},
                      {u"win32_process", {{u"name", u"explorer.exe"}, {u"processid", u"3124"}}},
                      {u"win32_process", {{u"name", u"svchost.exe"}, {u"processid", u"884"}}},
                      {u"win32_process", {{u"name", u"OUTLOOK.EXE"}, {u"processid", u"5512"}}}};
  std::vector<Texts> found;
  for (const Row& row : rows)
    if (row.class_name == class_name) found.push_back(row.values);
  return found;
}

// "SELECT * FROM Win32_Process WHERE …": the class, in lower case.
std::u16string class_in(std::u16string_view query) {
  const std::u16string low = lower(query);
  const size_t from = low.find(u"from ");
  if (from == low.npos) return {};
  const std::u16string_view rest = trim(std::u16string_view(low).substr(from + 5));
  return std::u16string(rest.substr(0, rest.find_first_of(u" \t\r\n")));
}

// --- objects ---------------------------------------------------------------------------------------------

JSObject* management_object(JSContext* cx, Window& window, std::u16string class_name, Texts values);

class ManagementSet final : public StandIn {
 public:
  ManagementSet(Window& window, std::u16string class_name, std::vector<Texts> items)
      : window_(window), class_name_(std::move(class_name)), items_(std::move(items)) {}
  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"count" || name == u"length") return out.setInt32(static_cast<int32_t>(items_.size())), true;
    const bool digits =
        !name.empty() && name.size() < 6 && name.find_first_not_of(u"0123456789") == name.npos;
    return digits && give(cx, static_cast<size_t>(std::stoul(utf8(name))), out);
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    if (name == u"itemindex" || name == u"item") {
      const size_t index = args.get(0).isNumber() ? static_cast<size_t>(args.get(0).toNumber()) : 0;
      if (!give(cx, index, args.rval())) args.rval().setNull();
      return true;
    }
    return false;
  }

 private:
  bool give(JSContext* cx, size_t index, JS::MutableHandleValue out) {
    if (index >= items_.size()) return false;
    out.setObject(*management_object(cx, window_, class_name_, items_[index]));
    return true;
  }
  Window& window_;
  const std::u16string class_name_;
  const std::vector<Texts> items_;
};

// A service, a class, an instance, a method's parameters: names with values, and Create for processes.
class Management final : public StandIn {
 public:
  Management(Window& window, std::u16string class_name, Texts values)
      : window_(window), class_name_(std::move(class_name)), values_(std::move(values)) {}

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name.ends_with(u".value")) name.remove_suffix(6);
    if (auto found = values_.find(std::u16string(name)); found != values_.end()) {
      out.setString(to_string(cx, found->second));
      return true;
    }
    if (name == u"count") return out.setInt32(0), true;
    return false;
  }
  bool put(JSContext* cx, std::u16string_view name, JS::HandleValue value) override {
    // "Properties_.Item("CommandLine").Value" is told under the name of its item.
    if (name.ends_with(u".value") && !item_.empty()) name = item_;
    if (values_.size() < max_properties)
      values_[std::u16string(name)] = value.isObject() ? u"[object]" : to_text(cx, value);
    return true;
  }
  bool put_item(JSContext* cx, std::u16string_view name, JS::HandleValue value) override {
    return put(cx, lower(name), value);
  }
  std::u16string default_member() const override { return u"get"; }

  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setInt32(0);
    if (name == u"create" || name == u"put_" || name == u"delete_" || name == u"terminate") return true;
    if (name == u"properties_.item" || name == u"properties_") {
      item_ = lower(text_at(cx, args, 0));
      return false;  // what it gives has this object's stand-in
    }
    if (name == u"execmethod" || name == u"execmethod_")
      return start(cx, args, name == u"execmethod" ? 2 : 1);
    if (name == u"execquery" || name == u"instancesof") {
      const std::u16string asked = text_at(cx, args, 0);
      window_.page.happened(window_, "probe", u"WMI: " + asked);
      return give_set(cx, args, name == u"execquery" ? class_in(asked) : lower(asked));
    }
    if (name == u"get" || name == u"connectserver") {
      std::u16string asked = lower(text_at(cx, args, 0));
      asked = asked.substr(asked.rfind(u':') + 1);
      args.rval().setObject(*management_object(cx, window_, asked.substr(0, asked.find(u'=')), {}));
      return true;
    }
    if (name.ends_with(u"spawninstance_") || name.ends_with(u"clone_")) {
      args.rval().setObject(*management_object(cx, window_, class_name_, {}));
      return true;
    }
    return false;
  }

 private:
  // With the parameters as an object: its command line is what starts.
  bool start(JSContext* cx, const JS::CallArgs& args, unsigned parameters) {
    StandIn* stands_in = stand_in_of(args.get(parameters));
    const std::u16string method = lower(text_at(cx, args, parameters - 1));
    if (!stands_in || stands_in->kind() != kind() || method != u"create") return true;
    auto* given = static_cast<Management*>(stands_in);
    if (auto found = given->values_.find(u"commandline"); found != given->values_.end())
      report_use(window_, "winmgmts", u"Create", found->second);
    args.rval().setObject(
        *management_object(cx, window_, u"", {{u"returnvalue", u"0"}, {u"processid", u"4711"}}));
    return true;
  }
  bool give_set(JSContext* cx, const JS::CallArgs& args, std::u16string class_name) {
    auto items = instances_of(window_, class_name);
    args.rval().setObject(
        *wrap_stand_in(cx, window_, "winmgmts",
                       std::make_shared<ManagementSet>(window_, std::move(class_name), std::move(items))));
    return true;
  }
  components::Behaviour kind() const override { return components::Behaviour::management; }

  Window& window_;
  const std::u16string class_name_;
  Texts values_;
  std::u16string item_;
};

JSObject* management_object(JSContext* cx, Window& window, std::u16string class_name, Texts values) {
  return wrap_stand_in(cx, window, "winmgmts",
                       std::make_shared<Management>(window, std::move(class_name), std::move(values)));
}

// --- the task scheduler ----------------------------------------------------------------------------------

// A definition with its actions, a folder that takes it, the service: one object is enough to hear all.
class Scheduler final : public StandIn {
 public:
  Scheduler(Window& window, std::shared_ptr<std::u16string> command)
      : window_(window), command_(std::move(command)) {}

  components::Behaviour kind() const override { return components::Behaviour::scheduler; }
  bool put(JSContext* cx, std::u16string_view name, JS::HandleValue value) override {
    const std::u16string_view own = name.substr(name.rfind(u'.') + 1);
    if (value.isObject()) return true;
    if (own == u"path") *command_ = to_text(cx, value) + u" " + *command_;
    if (own == u"arguments") *command_ += to_text(cx, value);
    return true;
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name == u"connect") return true;
    if (name == u"newtask") return give(cx, args, std::make_shared<std::u16string>());
    if (name == u"getfolder" || name == u"createfolder" || name == u"actions.create")
      return give(cx, args, command_);
    if (name == u"registertask") return tell(element_text(text_at(cx, args, 1)));
    if (name == u"registertaskdefinition") {
      StandIn* given = stand_in_of(args.get(1));
      return tell(given && given->kind() == kind() ? *static_cast<Scheduler*>(given)->command_ : u"");
    }
    return false;
  }

 private:
  bool give(JSContext* cx, const JS::CallArgs& args, const std::shared_ptr<std::u16string>& command) {
    args.rval().setObject(
        *wrap_stand_in(cx, window_, "Schedule.Service", std::make_shared<Scheduler>(window_, command)));
    return true;
  }
  bool tell(const std::u16string& command) {
    if (!command.empty()) report_use(window_, "Schedule.Service", u"RegisterTask", command);
    return true;
  }
  // <Command>…</Command><Arguments>…</Arguments> of a task's XML.
  static std::u16string element_text(const std::u16string& xml) {
    std::u16string command;
    for (std::u16string_view tag : {u"command>", u"arguments>"}) {
      const std::u16string low = lower(xml);
      const size_t start = low.find(u"<" + std::u16string(tag));
      const size_t end = start == low.npos ? start : low.find(u"</", start);
      if (end == low.npos) continue;
      const size_t from = start + 1 + tag.size();
      command += (command.empty() ? u"" : u" ") + xml.substr(from, end - from);
    }
    return command;
  }

  Window& window_;
  const std::shared_ptr<std::u16string> command_;
};

}  // namespace

std::shared_ptr<StandIn> make_management(Window& window) {
  return std::make_shared<Management>(window, u"", Texts{});
}
std::shared_ptr<StandIn> make_scheduler(Window& window) {
  return std::make_shared<Scheduler>(window, std::make_shared<std::u16string>());
}

}  // namespace shikake::honeyclient::low::page
