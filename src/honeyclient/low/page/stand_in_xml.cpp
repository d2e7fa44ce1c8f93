// XML documents as scripts use them to decode Base64 and hexadecimal: an element's text, under its data
// type, is an array of bytes.
// https://learn.microsoft.com/en-us/previous-versions/windows/desktop/ms762308(v=vs.85)
#include "base/bytes.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/stand_in.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

void give_text(JSContext* cx, JS::MutableHandleValue out, std::u16string_view text) {
  out.setString(to_string(cx, text));
}

class XmlElement final : public StandIn {
 public:
  explicit XmlElement(Window& window, std::u16string name) : window_(window), name_(std::move(name)) {}

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"text" || name == u"nodevalue") return give_text(cx, out, text_), true;
    if (name == u"datatype") return give_text(cx, out, type_), true;
    if (name == u"nodename" || name == u"tagname" || name == u"basename")
      return give_text(cx, out, name_), true;
    if (name == u"nodetypedvalue") {
      if (auto bytes = decoded())
        out.setObject(*make_bytes(cx, window_, std::move(*bytes)));
      else
        give_text(cx, out, text_);
      return true;
    }
    return false;
  }
  bool put(JSContext* cx, std::u16string_view name, JS::HandleValue value) override {
    if (name == u"text" || name == u"nodevalue") return text_ = to_text(cx, value), true;
    if (name == u"datatype") return type_ = lower(to_text(cx, value)), true;
    if (name != u"nodetypedvalue") return false;
    if (auto bytes = bytes_of_value(cx, value))
      text_ = type_ == u"bin.hex" ? wide(base::to_hex(base::as_bytes(*bytes)))
                                  : wide(base::to_base64(base::as_bytes(*bytes)));
    else
      text_ = to_text(cx, value);
    return true;
  }

 private:
  std::optional<std::string> decoded() const {
    std::string compact;
    for (char16_t c : text_)
      if (c > u' ' && c < 0x7F) compact += static_cast<char>(c);
    if (type_ == u"bin.base64") {
      while (compact.size() % 4 != 0) compact += '=';
      return base::from_base64(compact);
    }
    if (type_ != u"bin.hex") return std::nullopt;
    std::string bytes;
    auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c >= 'A' ? c - 'A' + 10 : c - '0'; };
    for (size_t i = 0; i + 1 < compact.size(); i += 2)
      bytes += static_cast<char>((digit(compact[i]) << 4 | (digit(compact[i + 1]) & 15)) & 0xFF);
    return bytes;
  }

  Window& window_;
  const std::u16string name_;
  std::u16string text_, type_;
};

class XmlDocument final : public StandIn {
 public:
  explicit XmlDocument(Window& window) : window_(window) {}

  bool get(JSContext* cx, std::u16string_view name, JS::MutableHandleValue out) override {
    if (name == u"readystate") return out.setInt32(4), true;
    if (name == u"xml") return give_text(cx, out, xml_), true;
    if (name == u"parseerror")
      return out.setObject(*wrap_stand_in(cx, window_, "IXMLDOMParseError",
                                          std::make_shared<XmlElement>(window_, u"parseError"))),
             true;
    if (name == u"documentelement" || name == u"firstchild")
      return out.setObject(*wrap_stand_in(cx, window_, "IXMLDOMElement", element())), true;
    return false;
  }
  bool put(JSContext*, std::u16string_view name, JS::HandleValue) override {
    return name == u"async" || name == u"validateonparse" || name == u"resolveexternals" ||
           name == u"preservewhitespace";
  }
  bool call(JSContext* cx, std::u16string_view name, const JS::CallArgs& args) override {
    args.rval().setUndefined();
    std::u16string text = args.length() > 0 && args[0].isString() ? to_text(cx, args[0]) : std::u16string();
    if (name == u"loadxml") return load(text), args.rval().setBoolean(true), true;
    if (name == u"load") return args.rval().setBoolean(false), true;
    if (name == u"createelement" || name == u"createnode" || name == u"selectsinglenode") {
      auto made =
          name == u"selectsinglenode" && element_ ? element_ : std::make_shared<XmlElement>(window_, text);
      args.rval().setObject(*wrap_stand_in(cx, window_, "IXMLDOMElement", made));
      return true;
    }
    if (name == u"appendchild") return args.rval().set(args.get(0)), true;
    return name == u"setproperty" || name == u"abort";
  }

 private:
  std::shared_ptr<XmlElement> element() {
    if (!element_) element_ = std::make_shared<XmlElement>(window_, u"");
    return element_;
  }
  // The root element's name and text: what documents made to carry data have.
  void load(const std::u16string& xml) {
    xml_ = xml;
    size_t open = xml.find(u'<');
    while (open != xml.npos && open + 1 < xml.size() && (xml[open + 1] == u'?' || xml[open + 1] == u'!'))
      open = xml.find(u'<', open + 1);
    if (open == xml.npos) return;
    size_t end = xml.find(u'>', open), close = xml.rfind(u"</");
    if (end == xml.npos || close == xml.npos || close < end) return;
    element_ = std::make_shared<XmlElement>(
        window_, xml.substr(open + 1, xml.find_first_of(u" \t\r\n>/", open + 1) - open - 1));
    JSContext* cx = window_.page.cx;
    JS::RootedValue value(cx);
    value.setString(to_string(cx, std::u16string_view(xml).substr(end + 1, close - end - 1)));
    element_->put(cx, u"text", value);
    if (std::u16string_view(xml).substr(open, end - open).find(u"bin.base64") != xml.npos) {
      value.setString(to_string(cx, u"bin.base64"));
      element_->put(cx, u"datatype", value);
    }
  }

  Window& window_;
  std::u16string xml_;
  std::shared_ptr<XmlElement> element_;
};

}  // namespace

std::shared_ptr<StandIn> make_xml(Window& window) {
  return std::make_shared<XmlDocument>(window);
}

}  // namespace shikake::honeyclient::low::page
