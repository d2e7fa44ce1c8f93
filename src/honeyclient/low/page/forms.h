// Forms: live values and submission. https://html.spec.whatwg.org/multipage/form-control-infrastructure.html
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "honeyclient/low/page/position.h"
#include "html/dom.h"

namespace shikake::honeyclient::low::page {

class Window;

// Sends the form's data where its action says; `submitter` may be nullptr.
void submit_form(Window& window, html::Element& form, html::Element* submitter, std::optional<Origin> origin);
html::Element* form_of(html::Element& control);
std::vector<html::Element*> controls_of(html::Element& form);
// What the form would send without a submitter.
std::vector<std::pair<std::string, std::string>> form_pairs(html::Element& form);

}  // namespace shikake::honeyclient::low::page
