#include "honeyclient/low/page/loader.h"

#include "honeyclient/low/limits.h"
#include "honeyclient/low/page/acrobat.h"
#include "honeyclient/low/page/custom_elements.h"
#include "honeyclient/low/page/decode.h"
#include "honeyclient/low/page/encoded_script.h"
#include "honeyclient/low/page/events.h"
#include "honeyclient/low/page/modules.h"
#include "honeyclient/low/page/mutation_observer.h"
#include "honeyclient/low/page/node.h"
#include "honeyclient/low/page/page.h"
#include "honeyclient/low/page/ready_states.h"
#include "honeyclient/low/page/script_host.h"
#include "honeyclient/low/page/script_type.h"
#include "honeyclient/low/page/vbscript.h"
#include "honeyclient/low/page/window.h"
#include "html/decoder.h"
#include "html/encoding.h"

namespace shikake::honeyclient::low::page {

using html::Name;
using html::Step;

// --- from bytes to the end of parsing ---------------------------------------------------------------

void Loader::begin(std::string_view) {
  window_.document = &window_.page.arena.create_document();
  window_.document->observer = this;
  native_of_node(window_.page.cx, window_, *window_.document);
}

void Loader::start(const Document& document) {
  if (is_script_file(document.content_type)) {
    start_empty();
    return run_script_file(window_, document);
  }
  if (is_viewed_document(document.content_type)) {
    start_empty();
    return run_viewed_document(window_, document);
  }
  begin(document.content_type);
  const html::Encoding* encoding = nullptr;
  std::u16string text = html::decode_page(base::as_bytes(document.body),
                                          html::charset_in_content_type(document.content_type), &encoding);
  if (encoding) window_.document->encoding = encoding->name;
  parser_ = std::make_unique<html::Parser>(*window_.document);
  std::u16string_view type = u"text/html";
  std::u16string given = lower(wide(document.content_type));
  if (given.starts_with(u"text/plain") || given.starts_with(u"application/json")) type = u"text/plain";
  if (type == u"text/plain") parser_->append(u"<plaintext>");
  parser_->append(text);
  std::u16string().swap(text);  // the parser has its own, and of a large page both are too much
  parser_->finish();
  if (!document.refresh.empty()) schedule_refresh(window_, wide(document.refresh), nullptr);
  pump();
}

void Loader::start_text(std::u16string_view text) {
  begin("text/html");
  parser_ = std::make_unique<html::Parser>(*window_.document, html::ParserOptions{.iframe_srcdoc = true});
  parser_->append(text);
  parser_->finish();
  pump();
}

void Loader::start_empty() {
  begin("text/html");
  parse_document(*window_.document, u"<html><head></head><body></body></html>");
  changes_.clear();
  ended_ = finished_ = completed_ = true;
  ready_state_ = u"complete";
}

void Loader::pump() {
  Page& page = window_.page;
  while (parser_ && !window_.gone) {
    html::Parser* parser = parser_.get();
    Step step = parser->run();
    flush();
    if (parser != parser_.get()) return;  // document.open() in a script has replaced it
    switch (step) {
      case Step::script: {
        html::ScriptScope scope(*parser);
        if (page.scripts_run() && prepare_script(*parser->script(), true)) parser->block();
        break;
      }
      case Step::blocked:
        if (parser->script_depth() > 0) return;
        if (!blocking_ || !blocking_->ready) return;  // script_arrived() goes on
        {
          auto script = std::move(blocking_);
          parser->unblock();
          html::ScriptScope scope(*parser);
          execute(*script);
        }
        break;
      case Step::need_input:
        return;
      case Step::finished:
        if (parser->script_depth() == 0) end_of_parsing();
        return;
    }
    if (parser != parser_.get()) return;
    if (page.arena.full()) page.limit("nodes");
  }
}

void Loader::end_of_parsing() {
  if (ended_) return;
  ended_ = true;
  if (parser_->cuts().any() && parser_->cuts().input > 0) window_.page.limit("document.write");
  set_ready_state(u"interactive");
  run_deferred();
}

void Loader::run_deferred() {
  while (!deferred_.empty() && deferred_.front()->ready) {
    auto script = std::move(deferred_.front());
    deferred_.pop_front();
    execute(*script);
  }
  if (deferred_.empty()) after_deferred();
}

void Loader::after_deferred() {
  if (finished_ || window_.gone) return;
  finished_ = true;
  if (window_.document) fire_at_node(*window_.document, u"DOMContentLoaded", true);
  check_complete();
}

void Loader::unblock() {
  if (blockers_ > 0) --blockers_;
  check_complete();
}

void Loader::check_complete() {
  if (!finished_ || completed_ || blockers_ > 0 || window_.gone) return;
  completed_ = true;
  window_.page.post([this] {
    if (window_.gone) return;
    bind_event_procedures(window_);
    set_ready_state(u"complete");
    fire(window_, window_, u"load");
    fire(window_, window_, u"pageshow", false, false, "PageTransitionEvent");
    if (window_.frame && window_.parent && !window_.parent->gone)
      window_.parent->loader->frame_done(*window_.frame);
  });
}

void Loader::set_ready_state(std::u16string_view state) {
  if (ready_state_ == state) return;
  ready_state_ = state;
  if (window_.document) fire_at_node(*window_.document, u"readystatechange");
}

// --- document.write ----------------------------------------------------------------------------------

void Loader::open() {
  if (parser_ && parser_->script_depth() > 0 && !ended_) return;
  if (parser_) parser_->abort();
  blocking_.reset();
  deferred_.clear();
  html::Document& document = *window_.document;
  html::remove_children(document);
  changes_.clear();
  base_element = nullptr;
  parser_ = std::make_unique<html::Parser>(document, html::ParserOptions{.script_created = true});
  script_created_ = true;
  ended_ = finished_ = completed_ = false;
  ready_state_ = u"loading";
}

void Loader::write(std::u16string_view text, const Place& place) {
  Page& page = window_.page;
  written_ += text.size();
  if (written_ > limits::max_written) return page.stop_scripts("document.write");
  if (write_depth_ >= limits::max_write_depth) return page.limit("document.write-depth");
  uint32_t tag = place.source ? page.positions.tag(place, "document.write") : 0;
  if (!parser_ || !parser_->write(text, tag)) {
    if (ignore_destructive_writes && !ended_) return;
    open();
    if (!parser_->write(text, tag)) return;
  }
  ++write_depth_;
  pump();
  --write_depth_;
}

void Loader::close() {
  if (!parser_ || !script_created_ || ended_) return;
  parser_->finish();
  pump();
}

// --- changes -----------------------------------------------------------------------------------------

void Loader::note(html::Node& node, Change::What what, std::u16string name) {
  changes_.push_back({what, &node, std::move(name)});
}

// Each element once, as it stands now: when the change is handled, more may have been put below it.
void Loader::inserted(html::Node& root) {
  for (html::Node* node = &root; node; node = html::next_with_shadows(*node, root))
    if (html::Element* element = node->as_element()) {
      note(*node, Change::What::inserted);
      note_custom_inserted(window_, *element);
    }
}
void Loader::removed(html::Node& root, html::Node&) {
  note(root, Change::What::removed);
  note_custom_removed(window_, root);
}
void Loader::text_changed(html::CharacterData& node, std::u16string_view before) {
  note_text_change(window_, node, before);
}
void Loader::child_added(html::Node& parent, html::Node& child) {
  note_added(window_, parent, child);
}
void Loader::child_removed(html::Node& parent, html::Node& child, html::Node* previous, html::Node* next) {
  note_removed(window_, parent, child, previous, next);
}
void Loader::closed(html::Element& element) {
  if (element.is(Name::object) || element.is(Name::applet) || element.is(Name::style))
    note(element, Change::What::closed);
}

void Loader::attribute_changed(html::Element& element, const html::Attribute& attribute,
                               const std::u16string* before, const std::u16string* now) {
  note_attribute_change(window_, element, attribute, before);
  note_custom_attribute(window_, element, attribute, before, now);
  std::u16string_view name = attribute.local_name.text();
  if (name.starts_with(u"on")) return note(element, Change::What::attribute, std::u16string(name));
  if (now) note(element, Change::What::attribute, std::u16string(name));
}

void Loader::flush() {
  for (;;) {
    run_custom_reactions(window_);
    if (changes_.empty()) return;
    Change change = std::move(changes_.front());
    changes_.pop_front();
    if (!window_.gone) handle(change);
  }
}

void Loader::handle(const Change& change) {
  switch (change.what) {
    case Change::What::inserted: {
      html::Element& element = *change.node->as_element();
      if (element.connected()) connect(element);
      return;
    }
    case Change::What::removed: {
      for (html::Node* node = change.node; node; node = html::next_with_shadows(*node, *change.node))
        if (node->is(Name::iframe) || node->is(Name::frame) || node->is(Name::object) ||
            node->is(Name::embed))
          frame_removed(*node->as_element());
      return;
    }
    case Change::What::closed:
      if (html::Element& element = *change.node->as_element(); element.is(Name::style))
        import_sheets(element, html::text_content(element), window_.base_url());
      else
        connect_object(element);
      return;
    case Change::What::attribute:
      return attribute_effect(*change.node->as_element(), change.name);
  }
}

// --- scripts -----------------------------------------------------------------------------------------

namespace {

std::u16string script_text(const html::Element& element) {
  std::u16string text;
  for (const html::Node* child = element.first_child(); child; child = child->next())
    if (const html::CharacterData* data = child->as_text()) text += data->data();
  return text;
}

}  // namespace

// https://html.spec.whatwg.org/#prepare-the-script-element
bool Loader::prepare_script(html::Element& element, bool by_parser) {
  Page& page = window_.page;
  html::ScriptFlags& flags = element.script;
  if (flags.already_started || !element.connected()) return false;
  const std::u16string* source = element.attribute(Name::src);
  std::u16string text = script_text(element);
  if (!source && text.empty()) return false;
  ScriptType type = script_type(page.persona(), element);
  if (type == ScriptType::data) return false;
  flags.already_started = true;
  if (type == ScriptType::import_map) {
    modules_of(window_).add_import_map(text);
    return false;
  }

  auto script = std::make_shared<Script>();
  script->element = &element;
  script->vbscript = type == ScriptType::vbscript;
  script->is_module = type == ScriptType::module;
  // A file is what its server says it is; an inline text is what the script that wrote it made of it.
  if (!source && element.origin) script->by = page.positions.place_of_tag(element.origin);
  if (!source && !by_parser && !element.origin) script->by = page.positions.here();
  if (!source) {
    script->text = std::move(text);
    script->file = window_.url.href();
    if (const html::Node* child = element.first_child(); child && child->position.line && !element.origin) {
      script->line = child->position.line;
      script->column = child->position.column;
    }
    script->how = script->by ? "script" : "";
    if (!script->is_module) {
      execute(*script);
      return false;
    }
  }
  auto url = window_.resolve(source ? trim(*source) : std::u16string_view());
  if (source && (trim(*source).empty() || !url)) {
    page.post([this, &element] {
      element_loaded(window_, element);
      fire_at_node(element, u"error");
    });
    return false;
  }
  bool async = element.has_attribute(Name::async) || flags.force_async;
  bool defer = element.has_attribute(Name::defer);
  if (source) {
    script->file = url->href();
    script->how = "";
  }
  enum { blocks, deferred, ordered, unordered } order = unordered;
  if (by_parser && !async) order = defer || script->is_module ? deferred : blocks;
  if (!by_parser && !async) order = ordered;
  if (order == blocks) blocking_ = script;
  if (order == deferred) deferred_.push_back(script);
  if (order == ordered) in_order_.push_back(script);
  script->destructive_writes_ignored = order != blocks;
  if (source) element_loads(window_, element);
  block();
  if (script->is_module) {
    load_module(script, source);
    return false;
  }
  Asked asked = window_.asked(intel::Mechanism::script, *url);
  asked.origin = origin_for(element);
  // https://html.spec.whatwg.org/#cors-settings-attributes; Internet Explorer knew none.
  const std::u16string* cross = element.attribute(u"crossorigin");
  if (cross && page.persona().engine != Engine::trident) {
    asked.mode = RequestMode::cors;
    if (lower(*cross) != u"use-credentials") asked.credentials = Credentials::same_origin;
  }
  page.fetch(std::move(asked), [this, script](const Loaded& loaded) { script_arrived(script, loaded); });
  return order == blocks;
}

void Loader::load_module(std::shared_ptr<Script> script, const std::u16string* source) {
  auto done = [this, script](Module* module) {
    script->module = module;
    script->failed = module == nullptr;
    script_ready(script);
  };
  Modules& modules = modules_of(window_);
  if (source)
    if (auto url = url::Url::parse(script->file))
      return modules.load(*url, origin_for(*script->element), done);
  modules.load_text({script->text, script->file, script->line, script->column, script->by, script->how},
                    done);
}

void Loader::script_arrived(std::shared_ptr<Script> script, const Loaded& loaded) {
  script->failed = !loaded.ok || loaded.status >= 400;
  if (!script->failed) {
    std::string type;
    for (const Header& header : loaded.headers)
      if (equals_ignoring_case(wide(header.name), u"content-type")) type = header.value;
    script->text = decode_text(loaded.body, type, window_.document ? window_.document->encoding : "UTF-8");
  }
  script_ready(std::move(script));
}

void Loader::script_ready(std::shared_ptr<Script> script) {
  script->ready = true;
  if (script == blocking_) {
    pump();
  } else if (!deferred_.empty() && std::ranges::find(deferred_, script) != deferred_.end()) {
    if (ended_) run_deferred();
  } else if (!in_order_.empty() && std::ranges::find(in_order_, script) != in_order_.end()) {
    while (!in_order_.empty() && in_order_.front()->ready) {
      auto next = std::move(in_order_.front());
      in_order_.pop_front();
      execute(*next);
    }
  } else {
    execute(*script);
  }
  unblock();
}

void Loader::execute(Script& script) {
  Page& page = window_.page;
  if (window_.gone) return;
  if (script.failed) {
    element_loaded(window_, *script.element);
    return void(fire_at_node(*script.element, u"error"));
  }
  html::Element* before = std::exchange(window_.current_script, script.is_module ? nullptr : script.element);
  bool ignored_before = std::exchange(ignore_destructive_writes, script.destructive_writes_ignored);
  if (page.persona().engine == Engine::trident && script.text.find(u"#@~^") != std::u16string::npos)
    script.text = decode_script(script.text);
  Window::Text text{script.text, script.file, script.line, script.column, script.by, script.how};
  if (script.module)
    script.module->owner.run(*script.module);
  else if (script.vbscript)
    run_vbscript(window_, text);
  else
    window_.run(text);
  window_.current_script = before;
  ignore_destructive_writes = ignored_before;
  flush();
  if (!script.element->has_attribute(Name::src) || !page.scripts_run()) return;
  element_loaded(window_, *script.element);
  fire_at_node(*script.element, u"load");
}

}  // namespace shikake::honeyclient::low::page
