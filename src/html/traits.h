// What the tree construction rules say of HTML elements as classes.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "html/dom.h"

namespace shikake::html {

enum Trait : uint32_t {
  special_trait = 1 << 0,           // #special
  scope_trait = 1 << 1,             // bounds every scope but table and select scope
  list_scope_trait = 1 << 2,        // bounds list item scope, besides scope_trait
  button_scope_trait = 1 << 3,      // bounds button scope, besides scope_trait
  table_scope_trait = 1 << 4,       // bounds table scope
  not_select_scope_trait = 1 << 5,  // everything else bounds select scope
  implied_end_trait = 1 << 6,       // #generate-implied-end-tags
  implied_end_thorough_trait = 1 << 7,
  heading_trait = 1 << 8,
  table_part_trait = 1 << 9,         // table, tbody, tfoot, thead, tr: content in it is foster-parented
  table_body_start_trait = 1 << 10,  // caption, col, colgroup, tbody, td, tfoot, th, thead, tr
  void_trait = 1 << 11,              // serialised without an end tag
  raw_text_trait = 1 << 12,          // text in it is serialised as it is
  form_control_trait = 1 << 13,      // #form-associated-element that the parser ties to a form
  table_section_trait = 1 << 14,     // tbody, thead, tfoot
  block_trait = 1 << 15,             // start tags that close a p and are that simple
  block_end_trait = 1 << 16,         // end tags that close what is in them, if there is one in scope
  formatting_trait = 1 << 17,        // #formatting
  head_content_trait = 1 << 18,      // what the rules for "in head" are used for elsewhere
  marker_trait = 1 << 19,            // applet, marquee, object
  breaks_out_trait = 1 << 20,        // start tags that end foreign content
};

namespace traits {

constexpr std::array<uint32_t, known_names + 1> make() {
  using enum Name;
  std::array<uint32_t, known_names + 1> all{};
  auto add = [&](uint32_t trait, std::initializer_list<Name> names) {
    for (Name name : names) all[static_cast<size_t>(name)] |= trait;
  };
  add(special_trait,
      {address,   applet, area,      article,  aside,      base,     basefont, bgsound, blockquote, body,
       br,        button, caption,   center,   col,        colgroup, dd,       details, dir,        div,
       dl,        dt,     embed,     fieldset, figcaption, figure,   footer,   form,    frame,      frameset,
       h1,        h2,     h3,        h4,       h5,         h6,       head,     header,  hgroup,     hr,
       html,      iframe, img,       input,    keygen,     li,       link,     listing, main,       marquee,
       menu,      meta,   nav,       noembed,  noframes,   noscript, object,   ol,      p,          param,
       plaintext, pre,    script,    search,   section,    select,   source,   style,   summary,    table,
       tbody,     td,     template_, textarea, tfoot,      th,       thead,    title,   tr,         track,
       ul,        wbr,    xmp});
  add(scope_trait, {applet, caption, html, table, td, th, marquee, object, template_});
  add(list_scope_trait, {ol, ul});
  add(button_scope_trait, {button});
  add(table_scope_trait, {html, table, template_});
  add(not_select_scope_trait, {optgroup, option});
  add(implied_end_trait | implied_end_thorough_trait, {dd, dt, li, optgroup, option, p, rb, rp, rt, rtc});
  add(implied_end_thorough_trait, {caption, colgroup, tbody, td, tfoot, th, thead, tr});
  add(heading_trait, {h1, h2, h3, h4, h5, h6});
  add(table_part_trait, {table, tbody, tfoot, thead, tr});
  add(table_body_start_trait, {caption, col, colgroup, tbody, td, tfoot, th, thead, tr});
  add(void_trait, {area, base, basefont, bgsound, br, col, embed, frame, hr, img, input, keygen, link, meta,
                   param, source, track, wbr});
  add(raw_text_trait, {style, script, xmp, iframe, noembed, noframes, plaintext});
  add(table_section_trait, {tbody, thead, tfoot});
  add(block_trait | block_end_trait,
      {address, article, aside,    blockquote, center, details, dialog,  dir,
       div,     dl,      fieldset, figcaption, figure, footer,  header,  hgroup,
       main,    menu,    nav,      ol,         search, section, summary, ul});
  add(block_trait, {p});
  add(block_end_trait, {button, listing, pre, applet, marquee, object, dd, dt});
  add(formatting_trait, {a, b, big, code, em, font, i, nobr, s, small, strike, strong, tt, u});
  add(head_content_trait, {base, basefont, bgsound, link, meta, noframes, script, style, template_, title});
  add(marker_trait, {applet, marquee, object});
  add(breaks_out_trait,
      {b,   big,  blockquote, body,  br,   center, code,   dd,  div, dl,      dt,   em,   embed, h1, h2,
       h3,  h4,   h5,         h6,    head, hr,     i,      img, li,  listing, menu, meta, nobr,  ol, p,
       pre, ruby, s,          small, span, strong, strike, sub, sup, table,   tt,   u,    ul,    var});
  add(form_control_trait, {button, fieldset, input, object, output, select, textarea, img});
  return all;
}

inline constexpr auto by_name = make();

}  // namespace traits

constexpr bool has_trait(Name name, uint32_t trait) {
  return (traits::by_name[static_cast<size_t>(name)] & trait) != 0;
}
inline bool has_trait(const Element& element, uint32_t trait) {
  return has_trait(element.name(), trait) && element.is_html();
}

// Points at which SVG and MathML hold HTML again: foreignObject and the like.
// https://html.spec.whatwg.org/multipage/parsing.html#html-integration-point
inline bool svg_html_point(const Element& element) {
  Name name = element.name();
  return element.ns() == Atom(Name::ns_svg) &&
         (name == Name::foreign_object || name == Name::desc || name == Name::title);
}
inline bool mathml_text_point(const Element& element) {
  Name name = element.name();
  return element.ns() == Atom(Name::ns_mathml) && (name == Name::mi || name == Name::mo || name == Name::mn ||
                                                   name == Name::ms || name == Name::mtext);
}
inline bool annotation_xml(const Element& element) {
  return element.name() == Name::annotation_xml && element.ns() == Atom(Name::ns_mathml);
}
inline bool html_integration_point(const Element& element) {
  if (svg_html_point(element)) return true;
  if (!annotation_xml(element)) return false;
  const std::u16string* encoding = element.attribute(Name::encoding);
  return encoding && (equal_ignoring_case(*encoding, u"text/html") ||
                      equal_ignoring_case(*encoding, u"application/xhtml+xml"));
}
inline bool is_special(const Element& element) {
  return element.is_html() ? has_trait(element.name(), special_trait)
                           : svg_html_point(element) || mathml_text_point(element) || annotation_xml(element);
}

}  // namespace shikake::html
