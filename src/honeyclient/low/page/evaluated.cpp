#include "honeyclient/low/page/evaluated.h"

#include "base/digest.h"
#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/forced.h"
#include "honeyclient/low/page/machine_code.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

// Into the record, where it was evaluated.
Source described(Window& window, std::u16string_view text, std::string_view file,
                 const std::optional<Place>& by, std::string_view how, uint32_t line) {
  std::string bytes = utf8(text);
  base::Digest digest = base::sha256(bytes);
  look_in_source(window, bytes);
  if (!how.empty()) {
    Position made_by = by ? Positions::position(*by) : Position{std::string(file), {}, line, 1};
    if (bytes.size() > limits::max_source_kept) {
      bytes.resize(limits::max_source_kept);
      window.page.limit("source-kept");
    }
    window.page.tell(FromPage::evaluated, Evaluated{window.id, std::string(how), made_by, std::move(bytes)});
  }
  return {std::string(file), std::string(digest.bytes.begin(), digest.bytes.end()), by};
}

}  // namespace

const Source& expect_source(Window& window, std::u16string_view text, std::string_view file,
                            const std::optional<Place>& by, std::string_view how, uint32_t line) {
  return window.page.positions.expect(described(window, text, file, by, how, line));
}

const Source& keep_source(Window& window, std::u16string_view text, std::string_view file,
                          const std::optional<Place>& by, std::string_view how, uint32_t line) {
  return window.page.positions.keep(described(window, text, file, by, how, line));
}

namespace {

// The handle points at the engine's own root (js/src/builtin/Eval.cpp, EvalKernel, and
// js/src/vm/JSFunction.cpp, CreateDynamicFunction), which it compiles after this hook has allowed it. No
// call hands it another text, and a wrapped eval would see no local variables.
void go_on_with(JSContext* cx, JS::HandleString code, const std::u16string& text) {
  *const_cast<JSString**>(code.address()) = to_string(cx, text);
}

}  // namespace

bool on_eval(JSContext* cx, JS::HandleString code) {
  return guarded(cx, [&] {
    auto* window = static_cast<Window*>(native_of(JS::CurrentGlobalOrNull(cx)));
    if (!window) return;
    if (window->page.positions.full()) return window->page.limit("sources");
    std::optional<Place> by = window->page.positions.here();
    std::string file = by ? by->source->url : window->url.href();
    std::u16string text = to_text(cx, code);
    Forced* forced = window->page.forced.get();
    std::optional<std::u16string> original = forced ? forced->original_of(text) : std::nullopt;
    const Source& source = expect_source(*window, original ? *original : text, file, by, "eval");
    if (original) forced->bind(*window, source, text);
    std::u16string standard = standard_script(window->page.persona(), window->compilation, text);
    if (standard != text) go_on_with(cx, code, standard);
  });
}

}  // namespace shikake::honeyclient::low::page
