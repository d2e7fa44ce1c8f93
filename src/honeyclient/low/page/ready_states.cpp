#include "honeyclient/low/page/ready_states.h"

#include <unordered_map>
#include <utility>

#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/window.h"

namespace shikake::honeyclient::low::page {

namespace {

constexpr uint32_t last_with_ready_states = 10;

bool has_ready_states(const Persona& persona) {
  return persona.engine == Engine::trident && persona.version <= last_with_ready_states;
}

// Of the one page of this process; an element lives as long.
std::unordered_map<const html::Element*, std::u16string_view> states;

void changes(html::Element& element, std::u16string_view state) {
  if (std::exchange(states[&element], state) != state) fire_at_node(element, u"readystatechange");
}

}  // namespace

std::u16string_view element_state(const html::Element& element) {
  auto found = states.find(&element);
  return found == states.end() ? std::u16string_view(u"complete") : found->second;
}

void element_loads(Window& window, const html::Element& element) {
  if (has_ready_states(window.page.persona())) states[&element] = u"loading";
}

void element_loaded(Window& window, html::Element& element) {
  if (!has_ready_states(window.page.persona())) return;
  if (element.is(html::Name::script)) changes(element, u"loaded");
  changes(element, u"complete");
}

}  // namespace shikake::honeyclient::low::page
