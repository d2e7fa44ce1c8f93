#include "honeyclient/low/page/exception.h"

#include <array>

#include "honeyclient/low/page/tables.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

class Exception final : public Native {
 public:
  static constexpr Kind native_kind = Kind::exception;
  Exception(Window& the_window, std::string_view the_name, std::string_view the_message)
      : Native(the_window, Kind::exception), name(the_name), message(the_message) {}
  const std::string name, message;
};

// https://webidl.spec.whatwg.org/#dfn-error-names-table
constexpr Constant codes[] = {
    {"INDEX_SIZE_ERR", 1},        {"HIERARCHY_REQUEST_ERR", 3}, {"WRONG_DOCUMENT_ERR", 4},
    {"INVALID_CHARACTER_ERR", 5}, {"NOT_FOUND_ERR", 8},         {"NOT_SUPPORTED_ERR", 9},
    {"INVALID_STATE_ERR", 11},    {"SYNTAX_ERR", 12},           {"INVALID_ACCESS_ERR", 15},
    {"SECURITY_ERR", 18},         {"NETWORK_ERR", 19},          {"ABORT_ERR", 20},
    {"QUOTA_EXCEEDED_ERR", 22},   {"TIMEOUT_ERR", 23},          {"DATA_CLONE_ERR", 25}};
struct CodeOfName {
  std::string_view name;
  int32_t code;
};
constexpr CodeOfName names[] = {
    {"IndexSizeError", 1},        {"HierarchyRequestError", 3}, {"WrongDocumentError", 4},
    {"InvalidCharacterError", 5}, {"NotFoundError", 8},         {"NotSupportedError", 9},
    {"InvalidStateError", 11},    {"SyntaxError", 12},          {"InvalidAccessError", 15},
    {"SecurityError", 18},        {"NetworkError", 19},         {"AbortError", 20},
    {"QuotaExceededError", 22},   {"TimeoutError", 23},         {"DataCloneError", 25}};

void get_name(Call& call) {
  call.give(std::string_view(call.self<Exception>().name));
}
void get_message(Call& call) {
  call.give(std::string_view(call.self<Exception>().message));
}
void get_code(Call& call) {
  for (const CodeOfName& row : names)
    if (row.name == call.self<Exception>().name) return call.give(row.code);
  call.give(int32_t{0});
}
void to_text_method(Call& call) {
  const Exception& self = call.self<Exception>();
  call.give(std::string_view(self.name + ": " + self.message));
}
void construct(Call& call) {
  std::string message = utf8(call.text_or(0, u"")), name = utf8(call.text_or(1, u"Error"));
  call.give(make_dom_exception(call.cx, call.window, name, message));
}

constexpr JSFunctionSpec methods[] = {SHIKAKE_METHOD("toString", to_text_method, 0), JS_FS_END};
constexpr JSPropertySpec properties[] = {SHIKAKE_GETTER("name", get_name),
                                         SHIKAKE_GETTER("message", get_message),
                                         SHIKAKE_GETTER("code", get_code), JS_PS_END};
constexpr Interface table[] = {{.name = "DOMException",
                                .parent = "",
                                .methods = methods,
                                .properties = properties,
                                .constants = codes,
                                .construct = native<construct>}};

}  // namespace

JSObject* make_dom_exception(JSContext* cx, Window& window, std::string_view name, std::string_view message) {
  return wrap_native(cx, *new Exception(window, name, message), "DOMException");
}

std::span<const Interface> exception_interfaces() {
  return table;
}

}  // namespace shikake::honeyclient::low::page
