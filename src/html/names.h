// The names that the parser itself must recognise: elements of HTML, the few of SVG and MathML with rules
// of their own, attributes with rules of their own, namespaces. Every other name is `Name::other`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// X(identifier, text): an identifier is the text, with _ for what C++ can't spell.
// clang-format off
#define SHIKAKE_HTML_NAMES(X)                                                                              \
  X(a, "a") X(abbr, "abbr") X(acronym, "acronym") X(address, "address")                                    \
  X(annotation_xml, "annotation-xml") X(applet, "applet") X(area, "area") X(article, "article")            \
  X(aside, "aside") X(audio, "audio") X(b, "b") X(base, "base") X(basefont, "basefont") X(bdi, "bdi")      \
  X(bdo, "bdo") X(bgsound, "bgsound") X(big, "big") X(blockquote, "blockquote") X(body, "body")            \
  X(br, "br") X(button, "button") X(canvas, "canvas") X(caption, "caption") X(center, "center")            \
  X(cite, "cite") X(code, "code") X(col, "col") X(colgroup, "colgroup") X(data, "data")                    \
  X(datalist, "datalist") X(dd, "dd") X(del, "del") X(desc, "desc") X(details, "details") X(dfn, "dfn")    \
  X(dialog, "dialog") X(dir, "dir") X(div, "div") X(dl, "dl") X(dt, "dt") X(em, "em") X(embed, "embed")    \
  X(fieldset, "fieldset") X(figcaption, "figcaption") X(figure, "figure") X(font, "font")                  \
  X(footer, "footer") X(foreign_object, "foreignObject") X(form, "form") X(frame, "frame")                 \
  X(frameset, "frameset") X(h1, "h1") X(h2, "h2") X(h3, "h3") X(h4, "h4") X(h5, "h5") X(h6, "h6")          \
  X(head, "head") X(header, "header") X(hgroup, "hgroup") X(hr, "hr") X(html, "html") X(i, "i")            \
  X(iframe, "iframe") X(image, "image") X(img, "img") X(input, "input") X(ins, "ins") X(kbd, "kbd")        \
  X(keygen, "keygen") X(label, "label") X(legend, "legend") X(li, "li") X(link, "link")                    \
  X(listing, "listing") X(main, "main") X(malignmark, "malignmark") X(map, "map") X(mark, "mark")          \
  X(marquee, "marquee") X(math, "math") X(menu, "menu") X(meta, "meta") X(meter, "meter")                  \
  X(mglyph, "mglyph") X(mi, "mi") X(mn, "mn") X(mo, "mo") X(ms, "ms") X(mtext, "mtext") X(nav, "nav")      \
  X(nobr, "nobr") X(noembed, "noembed") X(noframes, "noframes") X(noscript, "noscript")                    \
  X(object, "object") X(ol, "ol") X(optgroup, "optgroup") X(option, "option") X(output, "output")          \
  X(p, "p") X(param, "param") X(path, "path") X(picture, "picture") X(plaintext, "plaintext")              \
  X(pre, "pre") X(progress, "progress") X(q, "q") X(rb, "rb") X(rp, "rp") X(rt, "rt") X(rtc, "rtc")        \
  X(ruby, "ruby") X(s, "s") X(samp, "samp") X(script, "script") X(search, "search")                        \
  X(section, "section") X(select, "select") X(small, "small") X(source, "source") X(span, "span")          \
  X(strike, "strike") X(strong, "strong") X(style, "style") X(sub, "sub") X(summary, "summary")            \
  X(sup, "sup") X(svg, "svg") X(table, "table") X(tbody, "tbody") X(td, "td") X(template_, "template")     \
  X(textarea, "textarea") X(tfoot, "tfoot") X(th, "th") X(thead, "thead") X(time, "time")                  \
  X(title, "title") X(tr, "tr") X(track, "track") X(tt, "tt") X(u, "u") X(ul, "ul") X(var, "var")          \
  X(video, "video") X(wbr, "wbr") X(xmp, "xmp")                                                            \
  /* attributes */                                                                                         \
  X(action, "action") X(alt, "alt") X(async, "async") X(charset, "charset") X(class_, "class")             \
  X(classid, "classid") X(codebase, "codebase") X(color, "color") X(content, "content")                    \
  X(defer, "defer") X(definition_url_lower, "definitionurl") X(definition_url, "definitionURL")            \
  X(encoding, "encoding") X(face, "face") X(for_, "for") X(height, "height") X(href, "href")               \
  X(http_equiv, "http-equiv") X(id, "id") X(integrity, "integrity") X(language, "language")                \
  X(method, "method") X(name, "name") X(onclick, "onclick") X(onerror, "onerror") X(onload, "onload")      \
  X(rel, "rel") X(size, "size") X(src, "src") X(srcdoc, "srcdoc") X(srcset, "srcset")                      \
  X(target, "target") X(type, "type") X(value, "value") X(width, "width")                                  \
  /* prefixes, namespaces */                                                                               \
  X(xlink, "xlink") X(xml, "xml") X(xmlns, "xmlns") X(ns_html, "http://www.w3.org/1999/xhtml")             \
  X(ns_svg, "http://www.w3.org/2000/svg") X(ns_mathml, "http://www.w3.org/1998/Math/MathML")               \
  X(ns_xlink, "http://www.w3.org/1999/xlink") X(ns_xml, "http://www.w3.org/XML/1998/namespace")            \
  X(ns_xmlns, "http://www.w3.org/2000/xmlns/")
// clang-format on

namespace shikake::html {

#define SHIKAKE_HTML_NAME(identifier, text) identifier,
enum class Name : uint16_t { SHIKAKE_HTML_NAMES(SHIKAKE_HTML_NAME) other };
#undef SHIKAKE_HTML_NAME

inline constexpr size_t known_names = static_cast<size_t>(Name::other);

}  // namespace shikake::html
