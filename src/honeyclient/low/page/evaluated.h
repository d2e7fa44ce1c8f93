// Keeps every source text that script makes and runs: for the record, and for the ancestry of what it does.
#pragma once

#include <optional>
#include <string_view>

#include "honeyclient/low/page/position.h"

namespace shikake::honeyclient::low::page {

class Window;

// Call right before the engine compiles `text`. `how` is "" for what is not evaluated (a document's own
// scripts); `by` is the place that made the text, where one did.
const Source& expect_source(Window& window, std::u16string_view text, std::string_view file,
                            const std::optional<Place>& by, std::string_view how, uint32_t line = 1);

// The same for a text that another interpreter is about to run.
const Source& keep_source(Window& window, std::u16string_view text, std::string_view file,
                          const std::optional<Place>& by, std::string_view how, uint32_t line = 1);

// The engine's security hook: eval, Function and their like. Always allows. Where the persona's engine reads
// forms of its own (jscript.h), `code` is what the engine goes on with.
bool on_eval(JSContext* cx, JS::HandleString code);

}  // namespace shikake::honeyclient::low::page
