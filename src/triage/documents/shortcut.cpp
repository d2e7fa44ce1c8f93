// Windows shortcuts: [MS-SHLLINK], https://learn.microsoft.com/openspecs/windows_protocols/ms-shllink/
#include <algorithm>

#include "triage/documents/document.h"

namespace shikake::triage {
namespace {

constexpr uint32_t header_bytes = 0x4C;
constexpr uint8_t class_id[] = {0x01, 0x14, 0x02, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46};
enum Flag : uint32_t {
  has_id_list = 0x1,
  has_link_info = 0x2,
  has_name = 0x4,
  has_relative_path = 0x8,
  has_working_folder = 0x10,
  has_arguments = 0x20,
  has_icon = 0x40,
  is_unicode = 0x80,
};
// A control panel item by its path: its library is loaded to show its icon. MS10-046.
constexpr uint8_t control_panel[] = {0x20, 0x20, 0xEC, 0x21, 0xEA, 0x3A, 0x69, 0x10,
                                     0xA2, 0xDD, 0x08, 0x00, 0x2B, 0x30, 0x30, 0x9D};

bool contains(base::ByteSpan bytes, base::ByteSpan what) {
  return std::search(bytes.begin(), bytes.end(), what.begin(), what.end()) != bytes.end();
}

// The longest runs of a shell item: names that a person would see.
std::string target_of_id_list(base::ByteSpan list) {
  std::string path;
  Bytes bytes(list);
  for (uint64_t at = 0; at + 2 <= list.size();) {
    const uint16_t size = bytes.u16(at);
    if (size < 3) break;
    const base::ByteSpan item = bytes.at(at + 2, size - 2u);
    // Drives ("C:\") and files; of files the short name is at a fixed place.
    if (!item.empty() && (item[0] & 0x70) == 0x20) path = text_at(item, 1, 260);
    if (item.size() > 12 && (item[0] & 0x70) == 0x30) {
      std::string name = text_at(item, 12, 260);
      if (!path.empty() && !path.ends_with("\\")) path += '\\';
      path += name;
    }
    at += size;
    if (path.size() > max_string_bytes) break;
  }
  return path;
}

std::string target_of_link_info(base::ByteSpan info) {
  Bytes bytes(info);
  constexpr uint32_t local_flag = 1, network_flag = 2, unicode_header = 0x24;
  const uint32_t flags = bytes.u32(8);
  std::string path, suffix = text_at(info, bytes.u32(24), 1024);
  if (flags & local_flag) {
    path = text_at(info, bytes.u32(16), 1024);
    if (bytes.u32(4) >= unicode_header && bytes.u32(28) != 0 && bytes.u32(28) < info.size()) {
      std::string wide =
          utf8_of_utf16(info.subspan(bytes.u32(28), std::min<size_t>(2048, info.size() - bytes.u32(28))));
      wide.resize(std::min(wide.size(), wide.find('\0')));
      if (!wide.empty()) path = std::move(wide);
    }
  } else if (flags & network_flag) {
    const uint64_t share = bytes.u32(20);
    path = text_at(info, share + bytes.u32(share + 8), 1024);
    if (!path.empty() && !path.ends_with("\\")) path += '\\';
  }
  return path + suffix;
}

class Shortcut {
 public:
  Shortcut(base::ByteSpan bytes, DocumentNotes& notes) : bytes_(bytes), notes_(notes) {}

  void read() {
    notes_.format("Windows shortcut");
    const uint32_t flags = bytes_.u32(0x14), show = bytes_.u32(0x3C);
    uint64_t at = header_bytes;
    std::string target;
    if (flags & has_id_list) {
      const uint16_t size = bytes_.u16(at);
      const base::ByteSpan list = bytes_.at(at + 2, size);
      target = target_of_id_list(list);
      if (contains(list, control_panel))
        notes_.trait({"control panel item", "its library is loaded when the icon is shown", "CVE-2010-2568",
                      "https://learn.microsoft.com/security-updates/securitybulletins/2010/ms10-046", true});
      at += 2u + size;
    }
    if (flags & has_link_info) {
      const uint32_t size = bytes_.u32(at);
      if (std::string path = target_of_link_info(bytes_.at(at, size)); !path.empty()) target = path;
      at += size < 4 ? 4 : size;
    }
    const bool unicode = flags & is_unicode;
    notes_.property("name", text(flags & has_name, unicode, at));
    const std::string relative = text(flags & has_relative_path, unicode, at);
    notes_.property("working folder", text(flags & has_working_folder, unicode, at));
    const std::string arguments = text(flags & has_arguments, unicode, at);
    const std::string icon = text(flags & has_icon, unicode, at);
    if (std::string variable = target_of_extra(at); !variable.empty()) target = variable;
    if (target.empty()) target = relative;
    if (bytes_.past_end()) notes_.malformed("it ends before what its header names");
    notes_.property("target", target);
    notes_.property("relative path", relative);
    notes_.property("arguments", arguments);
    notes_.property("icon", icon);
    judge(target, arguments, icon, show);
  }

 private:
  std::string text(bool there, bool unicode, uint64_t& at) {
    if (!there) return {};
    const uint16_t count = bytes_.u16(at);
    const uint64_t size = unicode ? 2u * count : count;
    const base::ByteSpan found = bytes_.at(at + 2, size);
    at += 2 + size;
    return unicode ? utf8_of_utf16(found) : std::string(base::as_text(found));
  }

  // A target with environment variables, which goes before the others.
  std::string target_of_extra(uint64_t at) {
    constexpr uint32_t environment = 0xA000'0001;
    constexpr int max_blocks = 50;
    for (int i = 0; i < max_blocks && at + 8 <= bytes_.size(); ++i) {
      const uint32_t size = bytes_.u32(at);
      if (size < 8) break;
      if (bytes_.u32(at + 4) == environment) return text_at(bytes_.at(at, size), 8, 260);
      at += size;
    }
    return {};
  }

  void judge(const std::string& target, const std::string& arguments, const std::string& icon,
             uint32_t show) {
    constexpr uint32_t minimised = 7;
    constexpr size_t padding = 100;  // past what the properties dialog shows
    const std::string command = arguments.empty() ? target : target + " " + arguments;
    notes_.script("command", "target and arguments", command);
    judge_command(command, "shortcut's command", true, notes_);
    if (arguments.find(std::string(padding, ' ')) != arguments.npos)
      notes_.trait("padded arguments", "blanks hide what is behind them from the properties dialog");
    if (show == minimised) notes_.trait("minimised", "its window opens out of sight");
    if (icon.starts_with("\\\\")) {
      notes_.link(icon, "icon", true);
      notes_.trait("remote icon", "showing the folder logs in at another machine: " + icon);
    }
    notes_.links_in(icon, "icon");
    if (target.starts_with("\\\\")) notes_.link(target, "target");
  }

  Bytes bytes_;
  DocumentNotes& notes_;
};

}  // namespace

bool is_shortcut(base::ByteSpan bytes) {
  return bytes.size() >= header_bytes && bytes[0] == header_bytes && bytes[1] == 0 && bytes[2] == 0 &&
         bytes[3] == 0 && std::ranges::equal(bytes.subspan(4, sizeof class_id), class_id);
}

void read_shortcut(base::ByteSpan bytes, DocumentNotes& notes) {
  Shortcut(bytes, notes).read();
}

}  // namespace shikake::triage
