// Mixed-case names of SVG and MathML, and attributes with a namespace.
// https://html.spec.whatwg.org/multipage/parsing.html#adjust-svg-attributes and its neighbours
#include <algorithm>
#include <string_view>

#include "html/tree_builder.h"

namespace shikake::html {
namespace {

// Sorted as if in lower case.
constexpr std::u16string_view svg_elements[] = {
    u"altGlyph",
    u"altGlyphDef",
    u"altGlyphItem",
    u"animateColor",
    u"animateMotion",
    u"animateTransform",
    u"clipPath",
    u"feBlend",
    u"feColorMatrix",
    u"feComponentTransfer",
    u"feComposite",
    u"feConvolveMatrix",
    u"feDiffuseLighting",
    u"feDisplacementMap",
    u"feDistantLight",
    u"feDropShadow",
    u"feFlood",
    u"feFuncA",
    u"feFuncB",
    u"feFuncG",
    u"feFuncR",
    u"feGaussianBlur",
    u"feImage",
    u"feMerge",
    u"feMergeNode",
    u"feMorphology",
    u"feOffset",
    u"fePointLight",
    u"feSpecularLighting",
    u"feSpotLight",
    u"feTile",
    u"feTurbulence",
    u"foreignObject",
    u"glyphRef",
    u"linearGradient",
    u"radialGradient",
    u"textPath",
};

constexpr std::u16string_view svg_attributes[] = {
    u"attributeName",
    u"attributeType",
    u"baseFrequency",
    u"baseProfile",
    u"calcMode",
    u"clipPathUnits",
    u"diffuseConstant",
    u"edgeMode",
    u"filterUnits",
    u"glyphRef",
    u"gradientTransform",
    u"gradientUnits",
    u"kernelMatrix",
    u"kernelUnitLength",
    u"keyPoints",
    u"keySplines",
    u"keyTimes",
    u"lengthAdjust",
    u"limitingConeAngle",
    u"markerHeight",
    u"markerUnits",
    u"markerWidth",
    u"maskContentUnits",
    u"maskUnits",
    u"numOctaves",
    u"pathLength",
    u"patternContentUnits",
    u"patternTransform",
    u"patternUnits",
    u"pointsAtX",
    u"pointsAtY",
    u"pointsAtZ",
    u"preserveAlpha",
    u"preserveAspectRatio",
    u"primitiveUnits",
    u"refX",
    u"refY",
    u"repeatCount",
    u"repeatDur",
    u"requiredExtensions",
    u"requiredFeatures",
    u"specularConstant",
    u"specularExponent",
    u"spreadMethod",
    u"startOffset",
    u"stdDeviation",
    u"stitchTiles",
    u"surfaceScale",
    u"systemLanguage",
    u"tableValues",
    u"targetX",
    u"targetY",
    u"textLength",
    u"viewBox",
    u"viewTarget",
    u"xChannelSelector",
    u"yChannelSelector",
    u"zoomAndPan",
};

struct ForeignAttribute {
  std::u16string_view name;
  Name prefix;  // other: none
  std::u16string_view local_name;
  Name ns;
};
constexpr ForeignAttribute foreign_attributes[] = {
    {u"xlink:actuate", Name::xlink, u"actuate", Name::ns_xlink},
    {u"xlink:arcrole", Name::xlink, u"arcrole", Name::ns_xlink},
    {u"xlink:href", Name::xlink, u"href", Name::ns_xlink},
    {u"xlink:role", Name::xlink, u"role", Name::ns_xlink},
    {u"xlink:show", Name::xlink, u"show", Name::ns_xlink},
    {u"xlink:title", Name::xlink, u"title", Name::ns_xlink},
    {u"xlink:type", Name::xlink, u"type", Name::ns_xlink},
    {u"xml:lang", Name::xml, u"lang", Name::ns_xml},
    {u"xml:space", Name::xml, u"space", Name::ns_xml},
    {u"xmlns", Name::other, u"xmlns", Name::ns_xmlns},
    {u"xmlns:xlink", Name::xmlns, u"xlink", Name::ns_xmlns},
};

bool lower_less(std::u16string_view a, std::u16string_view b) {
  return std::ranges::lexicographical_compare(
      a, b, {}, [](char16_t c) { return to_lower(c); }, [](char16_t c) { return to_lower(c); });
}

template <size_t N>
std::u16string_view find(const std::u16string_view (&sorted)[N], std::u16string_view lower) {
  auto found = std::lower_bound(std::begin(sorted), std::end(sorted), lower, lower_less);
  bool there = found != std::end(sorted) && equal_ignoring_case(*found, lower);
  return there ? *found : std::u16string_view();
}

}  // namespace

std::u16string_view svg_element_name(std::u16string_view lower) {
  return find(svg_elements, lower);
}

void adjust_mathml_attributes(std::vector<Attribute>& attributes, AtomTable&) {
  for (Attribute& each : attributes) {
    if (each.local_name == Atom(Name::definition_url_lower)) each.local_name = Name::definition_url;
  }
}

void adjust_svg_attributes(std::vector<Attribute>& attributes, AtomTable& atoms) {
  for (Attribute& each : attributes) {
    std::u16string_view name = find(svg_attributes, each.local_name.text());
    if (!name.empty()) each.local_name = atoms.intern(name);
  }
}

void adjust_foreign_attributes(std::vector<Attribute>& attributes, AtomTable& atoms) {
  for (Attribute& each : attributes) {
    if (!each.local_name.text().starts_with(u'x')) continue;
    auto found = std::ranges::find(foreign_attributes, each.local_name.text(), &ForeignAttribute::name);
    if (found == std::end(foreign_attributes)) continue;
    if (found->prefix != Name::other) each.prefix = found->prefix;
    each.local_name = atoms.intern(found->local_name);
    each.ns = found->ns;
  }
}

}  // namespace shikake::html
