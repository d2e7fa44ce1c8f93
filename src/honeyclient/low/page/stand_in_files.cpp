// ADODB.Stream and Scripting.FileSystemObject: files that are only the page's.
// https://learn.microsoft.com/en-us/sql/ado/reference/ado-api/stream-object-ado
// https://learn.microsoft.com/en-us/office/vba/language/reference/user-interface-help/filesystemobject-object
#include <algorithm>
#include <cmath>

#include "honeyclient/components/charset.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/stand_in.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

using components::decode_charset;
using components::encode_charset;

std::u16string text_at(JSContext* cx, const JS::CallArgs& args, unsigned i) {
  return i < args.length() && !args[i].isNullOrUndefined() ? to_text(cx, args[i]) : std::u16string();
}
double number_at(JSContext* cx, const JS::CallArgs& args, unsigned i, double otherwise) {
  double value = otherwise;
  if (i < args.length() && !args[i].isUndefined()) must(JS::ToNumber(cx, args[i], &value));
  return std::isnan(value) ? otherwise : value;
}
// A place or a count in something of `size`, whatever number a script gives.
size_t within(double number, size_t size) {
  return std::isnan(number) ? 0 : static_cast<size_t>(std::clamp(number, 0.0, static_cast<double>(size)));
}
void give_text(JSContext* cx, JS::MutableHandleValue out, std::u16string_view text) {
  out.setString(to_string(cx, text));
}

// --- ADODB.Stream --------------------------------------------------------------------------------------

class Stream final : public StandIn {
 public:
  explicit Stream(Window& window) : window_(window) {}
  components::Behaviour kind() const override { return components::Behaviour::stream; }

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"size") return out.setNumber(static_cast<double>(bytes_.size())), true;
    if (name == u"position") return out.setNumber(static_cast<double>(position_)), true;
    if (name == u"type") return out.setInt32(binary_ ? 1 : 2), true;
    if (name == u"mode") return out.setInt32(3), true;
    if (name == u"state") return out.setInt32(open_ ? 1 : 0), true;
    if (name == u"charset") return give_text(cx, out, charset_), true;
    if (name == u"eos") return out.setBoolean(position_ >= bytes_.size()), true;
    return false;
  }
  bool put(JSContext* cx, std::u16string_view name, JS::HandleValue value) override {
    double number = 0;
    if (name == u"type" || name == u"position") must(JS::ToNumber(cx, value, &number));
    if (name == u"type") return binary_ = number == 1, true;
    if (name == u"position") return position_ = within(number, bytes_.size()), true;
    if (name == u"charset") return charset_ = to_text(cx, value), true;
    return name == u"mode";
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name == u"open") return open_ = true;
    if (name == u"close") return open_ = false, bytes_.clear(), position_ = 0, true;
    if (name == u"write")
      return put_bytes(bytes_of_value(cx, args.get(0)).value_or(text_bytes(cx, args))), true;
    if (name == u"writetext") {
      std::u16string text = text_at(cx, args, 0);
      if (number_at(cx, args, 1, 0) == 1) text += u"\r\n";  // adWriteLine
      return put_bytes(encode_charset(text, charset_)), true;
    }
    if (name == u"read" || name == u"readtext") return read(cx, name == u"read", args), true;
    if (name == u"savetofile") {
      write_file(window_, "ADODB.Stream", text_at(cx, args, 0), bytes_);
      return true;
    }
    if (name == u"loadfromfile") {
      const std::string* file = window_.page.disk.read(text_at(cx, args, 0));
      bytes_ = file ? *file : std::string();
      position_ = 0;
      return true;
    }
    if (name == u"copyto") {
      if (auto* other = dynamic_stream(args.get(0))) other->put_bytes(bytes_.substr(position_));
      return true;
    }
    if (name == u"seteos") return bytes_.resize(position_), true;
    return name == u"flush" || name == u"cancel" || name == u"skipline";
  }

 private:
  std::string text_bytes(JSContext* cx, const JS::CallArgs& args) const {
    return encode_charset(text_at(cx, args, 0), u"");
  }
  void put_bytes(const std::string& bytes) {
    if (position_ + bytes.size() > limits::max_disk) return window_.page.limit("disk");
    if (position_ + bytes.size() > bytes_.size()) bytes_.resize(position_ + bytes.size());
    std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(position_));
    position_ += bytes.size();
  }
  void read(JSContext* cx, bool as_bytes, const JS::CallArgs& args) {
    double count = number_at(cx, args, 0, -1);
    size_t left = bytes_.size() - position_;
    size_t taken = count < 0 ? left : within(count, left);
    std::string part = bytes_.substr(position_, taken);
    position_ += taken;
    if (as_bytes)
      args.rval().setObject(*make_bytes(cx, window_, std::move(part)));
    else
      give_text(cx, args.rval(), decode_charset(part, charset_));
  }
  static Stream* dynamic_stream(JS::HandleValue value);

  Window& window_;
  std::string bytes_;
  size_t position_ = 0;
  bool binary_ = false, open_ = false;
  std::u16string charset_ = u"Unicode";
};

// --- Scripting.FileSystemObject --------------------------------------------------------------------------

// TextStream. What was written reaches the disk with each line: scripts forget to close.
class TextFile final : public StandIn {
 public:
  TextFile(Window& window, std::u16string path, std::string bytes, bool unicode, bool writes)
      : window_(window),
        path_(std::move(path)),
        charset_(unicode ? u"utf-16le" : u"windows-1252"),
        bytes_(std::move(bytes)),
        text_(decode_charset(bytes_, charset_)),
        writes_(writes) {}

  bool get(JSContext*, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"atendofstream" || name == u"atendofline")
      return out.setBoolean(at_ >= text_.size() || (name == u"atendofline" && text_[at_] == u'\n')), true;
    if (name == u"line")
      return out.setInt32(static_cast<int32_t>(
                 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), u'\n'))),
             true;
    return false;
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name == u"write" || name == u"writeline") {
      std::u16string text = text_at(cx, args, 0);
      if (name == u"writeline") text += u"\r\n";
      if (bytes_.size() + text.size() * 2 > limits::max_disk) return window_.page.limit("disk"), true;
      bytes_ += encode_charset(text, charset_);
      dirty_ = true;
      // Each byte by itself is how droppers write: the file is told once, when it is closed.
      window_.page.disk.write(path_, bytes_);
      return true;
    }
    if (name == u"writeblanklines") return true;
    if (name == u"close") return close(), true;
    if (name == u"readall") return give_text(cx, args.rval(), take(text_.size())), true;
    if (name == u"readline") {
      size_t end = text_.find(u'\n', at_);
      std::u16string line = take(end == text_.npos ? text_.size() : end + 1 - at_);
      while (line.ends_with(u'\n') || line.ends_with(u'\r')) line.pop_back();
      return give_text(cx, args.rval(), line), true;
    }
    if (name == u"read")
      return give_text(cx, args.rval(), take(within(number_at(cx, args, 0, 0), text_.size()))), true;
    return name == u"skip" || name == u"skipline";
  }
  void close() {
    if (writes_ && dirty_) write_file(window_, "Scripting.FileSystemObject", path_, bytes_);
    dirty_ = false;
  }

 private:
  std::u16string take(size_t count) {
    std::u16string part = text_.substr(std::min(at_, text_.size()), count);
    at_ += part.size();
    return part;
  }
  Window& window_;
  const std::u16string path_, charset_;
  std::string bytes_;
  std::u16string text_;
  size_t at_ = 0;
  const bool writes_;
  bool dirty_ = false;
};

std::u16string_view file_part(std::u16string_view path) {
  return path.substr(path.find_last_of(u"\\/") + 1);
}

// File and Folder: a path with properties.
class Item final : public StandIn {
 public:
  Item(Window& window, std::u16string path, bool folder)
      : window_(window), path_(std::move(path)), folder_(folder) {}

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    const std::string* bytes = window_.page.disk.read(path_);
    if (name == u"path" || name == u"shortpath") return give_text(cx, out, path_), true;
    if (name == u"name" || name == u"shortname") return give_text(cx, out, file_part(path_)), true;
    if (name == u"size") return out.setNumber(bytes ? static_cast<double>(bytes->size()) : 0.0), true;
    if (name == u"attributes") return out.setInt32(folder_ ? 16 : 32), true;
    if (name == u"drive") return give_text(cx, out, path_.substr(0, 2)), true;
    if (name == u"count") return out.setInt32(0), true;
    return false;
  }
  bool put(JSContext*, std::u16string_view name, JS::HandleValue) override { return name == u"attributes"; }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    if (name == u"openastextstream") {
      const std::string* bytes = window_.page.disk.read(path_);
      args.rval().setObject(*wrap_stand_in(
          cx, window_, "TextStream",
          std::make_shared<TextFile>(window_, path_, bytes ? *bytes : std::string(), false, false)));
      return true;
    }
    if (name == u"delete") return window_.page.disk.remove(path_), true;
    return name == u"copy" || name == u"move";
  }
  std::u16string text() override { return path_; }

 private:
  Window& window_;
  const std::u16string path_;
  const bool folder_;
};

class FileSystem final : public StandIn {
 public:
  explicit FileSystem(Window& window) : window_(window) {}

  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    std::u16string path = text_at(cx, args, 0);
    Disk& disk = window_.page.disk;
    if (name == u"createtextfile")
      return open(cx, args, path, {}, args.length() > 2 && JS::ToBoolean(args[2]), true);
    if (name == u"opentextfile") return open_text(cx, args, path);
    if (name == u"fileexists") return args.rval().setBoolean(disk.read(path) || is_system(path)), true;
    if (name == u"folderexists" || name == u"driveexists")
      return args.rval().setBoolean(disk.folder_made(path)), true;
    if (name == u"createfolder") return disk.make_folder(path), give_item(cx, args, path, true);
    if (name == u"getfolder" || name == u"getdrive") return give_item(cx, args, path, true);
    if (name == u"getfile") return give_item(cx, args, path, false);
    if (name == u"deletefile") return disk.remove(path), true;
    if (name == u"copyfile" || name == u"movefile") return copy(cx, args, path, name == u"movefile");
    if (name == u"getspecialfolder") {
      double which = number_at(cx, args, 0, 0);
      bool xp = on_windows_xp(window_);
      std::u16string folder = *environment_variable(which == 2 ? u"TEMP" : u"WINDIR", xp);
      return give_item(cx, args, which == 1 ? folder + u"\\system32" : folder, true);
    }
    if (name == u"gettempname") {
      static constexpr std::u16string_view digits = u"0123456789ABCDEF";
      std::u16string made = u"rad";
      for (uint64_t random = window_.page.random(); made.size() < 8; random >>= 4)
        made += digits[random & 15];
      return give_text(cx, args.rval(), made + u".tmp"), true;
    }
    return path_functions(cx, name, args, path);
  }

 private:
  static bool is_system(std::u16string_view path) {
    std::u16string low = lower(path);
    return low.starts_with(u"c:\\windows\\") && low.ends_with(u".exe");
  }
  bool give_item(JSContext* cx, const JS::CallArgs& args, std::u16string path, bool folder) {
    args.rval().setObject(*wrap_stand_in(cx, window_, folder ? "Folder" : "File",
                                         std::make_shared<Item>(window_, std::move(path), folder)));
    return true;
  }
  bool open(JSContext* cx, const JS::CallArgs& args, const std::u16string& path, std::string bytes,
            bool unicode, bool writes) {
    args.rval().setObject(
        *wrap_stand_in(cx, window_, "TextStream",
                       std::make_shared<TextFile>(window_, path, std::move(bytes), unicode, writes)));
    return true;
  }
  bool open_text(JSContext* cx, const JS::CallArgs& args, const std::u16string& path) {
    double mode = number_at(cx, args, 1, 1);  // 1 reads, 2 writes, 8 appends
    const std::string* there = window_.page.disk.read(path);
    bool unicode = number_at(cx, args, 3, 0) == -1;
    return open(cx, args, path, there && mode != 2 ? *there : std::string(), unicode, mode != 1);
  }
  bool copy(JSContext* cx, const JS::CallArgs& args, const std::u16string& from, bool moves) {
    std::u16string to = text_at(cx, args, 1);
    const std::string* bytes = window_.page.disk.read(from);
    if (!bytes) return true;
    if (to.ends_with(u'\\')) to += file_part(from);
    write_file(window_, "Scripting.FileSystemObject", to, *bytes);
    if (moves) window_.page.disk.remove(from);
    return true;
  }
  bool path_functions(JSContext* cx, std::u16string_view name, const JS::CallArgs& args,
                      const std::u16string& path) {
    std::u16string_view file = file_part(path);
    size_t dot = file.rfind(u'.');
    if (name == u"buildpath") {
      std::u16string made = path;
      if (!made.empty() && !made.ends_with(u'\\')) made += u'\\';
      return give_text(cx, args.rval(), made + text_at(cx, args, 1)), true;
    }
    if (name == u"getfilename") return give_text(cx, args.rval(), file), true;
    if (name == u"getbasename") return give_text(cx, args.rval(), file.substr(0, dot)), true;
    if (name == u"getextensionname")
      return give_text(cx, args.rval(), dot == file.npos ? std::u16string_view() : file.substr(dot + 1)),
             true;
    if (name == u"getparentfoldername") {
      size_t end = path.find_last_of(u"\\/");
      return give_text(cx, args.rval(), end == path.npos ? std::u16string() : path.substr(0, end)), true;
    }
    if (name == u"getabsolutepathname")
      return give_text(cx, args.rval(),
                       path.size() > 1 && path[1] == u':' ? path : u"C:\\Users\\User\\Desktop\\" + path),
             true;
    if (name == u"getdrivename") return give_text(cx, args.rval(), path.substr(0, 2)), true;
    return name == u"deletefolder";
  }

  Window& window_;
};

Stream* Stream::dynamic_stream(JS::HandleValue value) {
  StandIn* found = stand_in_of(value);
  return found && found->kind() == components::Behaviour::stream ? static_cast<Stream*>(found) : nullptr;
}

}  // namespace

std::shared_ptr<StandIn> make_stream(Window& window) {
  return std::make_shared<Stream>(window);
}
std::shared_ptr<StandIn> make_file_system(Window& window) {
  return std::make_shared<FileSystem>(window);
}

}  // namespace shikake::honeyclient::low::page
