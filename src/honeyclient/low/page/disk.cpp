#include "honeyclient/low/page/disk.h"

#include <algorithm>
#include <array>

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/bind.h"

namespace shikake::honeyclient::low::page {

namespace {

std::u16string key_of(std::u16string_view path) {
  std::u16string key = lower(trim(path));
  std::ranges::replace(key, u'/', u'\\');
  for (size_t at = 1; (at = key.find(u"\\\\", at)) != std::u16string::npos;) key.erase(at, 1);
  return key;
}

struct Variable {
  std::u16string_view name, on_xp, since_vista;
};
constexpr std::array<Variable, 19> variables = {{
    {u"TEMP", u"C:\\DOCUME~1\\User\\LOCALS~1\\Temp", u"C:\\Users\\User\\AppData\\Local\\Temp"},
    {u"TMP", u"C:\\DOCUME~1\\User\\LOCALS~1\\Temp", u"C:\\Users\\User\\AppData\\Local\\Temp"},
    {u"APPDATA", u"C:\\Documents and Settings\\User\\Application Data", u"C:\\Users\\User\\AppData\\Roaming"},
    {u"LOCALAPPDATA", u"", u"C:\\Users\\User\\AppData\\Local"},
    {u"ALLUSERSPROFILE", u"C:\\Documents and Settings\\All Users", u"C:\\ProgramData"},
    {u"PROGRAMDATA", u"", u"C:\\ProgramData"},
    {u"USERPROFILE", u"C:\\Documents and Settings\\User", u"C:\\Users\\User"},
    {u"HOMEDRIVE", u"C:", u"C:"},
    {u"HOMEPATH", u"\\Documents and Settings\\User", u"\\Users\\User"},
    {u"PUBLIC", u"", u"C:\\Users\\Public"},
    {u"WINDIR", u"C:\\WINDOWS", u"C:\\Windows"},
    {u"SYSTEMROOT", u"C:\\WINDOWS", u"C:\\Windows"},
    {u"SYSTEMDRIVE", u"C:", u"C:"},
    {u"COMSPEC", u"C:\\WINDOWS\\system32\\cmd.exe", u"C:\\Windows\\system32\\cmd.exe"},
    {u"PROGRAMFILES", u"C:\\Program Files", u"C:\\Program Files"},
    {u"USERNAME", u"User", u"User"},
    {u"USERDOMAIN", u"DESKTOP", u"DESKTOP"},
    {u"COMPUTERNAME", u"DESKTOP", u"DESKTOP"},
    {u"PROCESSOR_ARCHITECTURE", u"x86", u"x86"},
}};

}  // namespace

bool Disk::write(std::u16string_view path, std::string bytes) {
  std::string& file = files_[key_of(path)];
  if (bytes_ - file.size() + bytes.size() > limits::max_disk) return false;
  bytes_ = bytes_ - file.size() + bytes.size();
  file = std::move(bytes);
  return true;
}

const std::string* Disk::read(std::u16string_view path) const {
  auto found = files_.find(key_of(path));
  return found == files_.end() ? nullptr : &found->second;
}

bool Disk::remove(std::u16string_view path) {
  auto found = files_.find(key_of(path));
  if (found == files_.end()) return false;
  bytes_ -= found->second.size();
  files_.erase(found);
  return true;
}

bool Disk::folder_made(std::u16string_view path) const {
  std::u16string key = key_of(path);
  while (key.size() > 3 && key.ends_with(u'\\')) key.pop_back();
  static constexpr std::array<std::u16string_view, 6> always = {
      u"c:", u"c:\\", u"c:\\windows", u"c:\\windows\\system32", u"c:\\program files", u"c:\\users"};
  if (std::ranges::find(always, key) != always.end()) return true;
  for (const Variable& one : variables)
    if (key == lower(one.on_xp) || key == lower(one.since_vista)) return true;
  return std::ranges::find(folders_, key) != folders_.end();
}

void Disk::make_folder(std::u16string_view path) {
  if (folders_.size() < 1000) folders_.push_back(key_of(path));  // more is a loop; they hold nothing
}

std::optional<std::u16string> environment_variable(std::u16string_view name, bool windows_xp) {
  for (const Variable& one : variables)
    if (equals_ignoring_case(one.name, name)) {
      std::u16string_view value = windows_xp ? one.on_xp : one.since_vista;
      if (!value.empty()) return std::u16string(value);
    }
  return std::nullopt;
}

std::u16string expand_variables(std::u16string_view text, bool windows_xp) {
  std::u16string made;
  while (!text.empty()) {
    size_t start = text.find(u'%');
    size_t end = start == text.npos ? text.npos : text.find(u'%', start + 1);
    if (end == text.npos) break;
    auto value = environment_variable(text.substr(start + 1, end - start - 1), windows_xp);
    if (value) {
      made += text.substr(0, start);
      made += *value;
      text = text.substr(end + 1);
    } else {  // what is no variable stands as it is; its second sign may begin one
      made += text.substr(0, end);
      text = text.substr(end);
    }
  }
  return made += text;
}

}  // namespace shikake::honeyclient::low::page
