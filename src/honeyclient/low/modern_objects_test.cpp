// Objects of today's browsers, in use: what pages read of them, and that what they lead to is in the chain.
#include <gmock/gmock.h>

#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {


const std::string script = "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\n\r\n";

using Row = SayingRow;

class ModernObjects : public ::testing::TestWithParam<Row> {};

TEST_P(ModernObjects, Work) {
  expect_said(GetParam());
}

const auto row_name = [](const auto& row) { return row.param.name; };

// A function that says what a record is, by its nodes' names.
const std::string told =
    "<script>function n(x) { return x ? x.nodeName.toLowerCase() : '-' }\n"
    "function told(r) { alert(r.type + ' ' + n(r.target) + ' +' + [].map.call(r.addedNodes, n) + ' -' + "
    "[].map.call(r.removedNodes, n) + ' ' + n(r.previousSibling) + ' ' + n(r.nextSibling) + ' ' + r.attributeName + ' ' "
    "+ r.oldValue) }</script>";

INSTANTIATE_TEST_SUITE_P(
    MutationRecords, ModernObjects,
    ::testing::Values(
        Row{"children_with_siblings",
            {{"/", told + "<div id=d><b></b><i></i></div><script>new MutationObserver(function (l) { l.forEach(told) })"
                          ".observe(d, {childList: true}); d.insertBefore(document.createElement('u'), d.lastChild); "
                          "d.removeChild(d.firstChild); d.append('x')</script>"}},
            {"alert: childList div +u - b i null null", "alert: childList div + -b - u null null",
             "alert: childList div +#text - i - null null"}},
        Row{"attributes_and_text_with_what_was_there",
            {{"/", told + "<div id=d title=a>t</div><script>var o = new MutationObserver(function (l, same) { "
                          "l.forEach(told); alert(same === o && l[0] instanceof MutationRecord) });"
                          "o.observe(d, {attributes: true, attributeOldValue: true, attributeFilter: ['title'], "
                          "characterDataOldValue: true, subtree: true});"
                          "d.title = 'b'; d.className = 'c'; d.firstChild.data = 'u'</script>"}},
            {"alert: attributes div + - - - title a", "alert: characterData #text + - - - null t", "alert: true"}},
        Row{"only_what_was_asked_for",
            {{"/", told + "<div id=d><p id=p></p></div><script>var o = new MutationObserver(function () {}); "
                          "o.observe(d, {attributes: true}); p.title = 'x'; d.append('y'); d.title = 'z';"
                          "var l = o.takeRecords(); alert(l.length + l[0].attributeName + l[0].oldValue);"
                          "alert(o.takeRecords().length); try { o.observe(d, {}) } catch (e) { alert(e.name) }</script>"}},
            {"alert: 1titlenull", "alert: 0", "alert: TypeError"}},
        Row{"outside_the_tree",
            {{"/", "<script>var t = document.createTextNode(''); new MutationObserver(function () { alert('later') })"
                   ".observe(t, {characterData: true}); t.data = '1'; alert('first');"
                   "var e = document.createElement('p'); new MutationObserver(function (l) { alert(l[0].addedNodes[0].data); "
                   "Promise.resolve().then(function () { alert('then') }) }).observe(e, {childList: true});"
                   "e.textContent = 'text'</script>"}},
            {"alert: first", "alert: later", "alert: text", "alert: then"}},
        Row{"an_address_in_an_added_node",
            {{"/", "<div id=d></div><script>\nnew MutationObserver(function (l) { l.forEach(function (r) { var u = "
                   "r.addedNodes.length && r.addedNodes[0].dataset.u; if (u) document.body.appendChild("
                   "document.createElement('iframe')).src = atob(u) }) }).observe(d, {childList: true}); "
                   "setTimeout(function () { var p = document.createElement('p'); p.dataset.u = btoa('{b}/x'); "
                   "d.appendChild(p) }, 300)</script>"},
             {"/x", "x"}},
            {},
            {"iframe {a}/ -> {b}/x 2:193"}}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Aborting, ModernObjects,
    ::testing::Values(
        Row{"a_request_under_way",
            {{"/", "<script>var c = new AbortController(), s = c.signal; s.onabort = e => alert('heard ' + e.type + "
                   "(e.target === s) + e.isTrusted);\nfetch('/d', {signal: s}).then(() => alert('came'), e => "
                   "alert(e.name + (e === s.reason) + s.aborted)); c.abort(); c.abort()</script>"},
             {"/d", "x"}},
            {"alert: heard aborttruetrue", "alert: AbortErrortruetrue"},
            {"fetch {a}/ -> {a}/d 2:6"}},
        Row{"by_a_request_and_a_reason",
            {{"/", "<script>var c = new AbortController(), r = new Request('/d', {signal: c.signal}); alert(r.signal === "
                   "c.signal); fetch(r).catch(e => alert(e)); c.abort('why'); alert(new Request('/d').signal.aborted);"
                   "try { c.signal.throwIfAborted() } catch (e) { alert('threw ' + e) }</script>"},
             {"/d", "x"}},
            {"alert: true", "alert: false", "alert: threw why", "alert: why"}},
        Row{"what_was_aborted_before_is_not_asked_for",
            {{"/", "<script>fetch('{b}/never', {signal: AbortSignal.abort(7)}).catch(e => alert(e)); try { fetch('/d', "
                   "{signal: {}}) } catch (e) { alert(e.name) }</script>"}},
            {"alert: TypeError", "alert: 7"}},
        Row{"takes_listeners_along",
            {{"/", "<script>var c = new AbortController(), n = 0; addEventListener('go', () => ++n, {signal: c.signal}); "
                   "addEventListener('go', () => n += 10); dispatchEvent(new Event('go')); c.abort(); "
                   "dispatchEvent(new Event('go')); addEventListener('go', () => n += 100, {signal: c.signal}); "
                   "dispatchEvent(new Event('go')); alert(n)</script>"}},
            {"alert: 31"}},
        Row{"after_a_while",
            {{"/", "<script>var s = AbortSignal.timeout(500); s.addEventListener('abort', () => { alert(s.reason.name); "
                   "location = '{b}/x' })</script>"},
             {"/x", "x"}},
            {"alert: TimeoutError"},
            {"location {a}/ -> {b}/x 1:101"}},
        Row{"is_younger_than_firefox_52",
            {{"/", "<script>alert(typeof AbortController + typeof AbortSignal)</script>"}},
            {"alert: undefinedundefined"},
            {},
            "firefox52-winxp"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Watchers, ModernObjects,
    ::testing::Values(
        Row{"what_is_shown_is_loaded",
            {{"/", "<img id=i data-src={b}/x.gif><script>\nnew IntersectionObserver((l, o) => l.forEach(e => { if "
                   "(e.isIntersecting) { e.target.src = e.target.dataset.src; o.unobserve(e.target) } "
                   "})).observe(i)</script>"},
             {"/x.gif", "GIF89a"}},
            {},
            {"image {a}/ -> {b}/x.gif 2:77"}},
        Row{"what_is_hidden_is_told_when_it_shows",
            {{"/", "<div id=o style='display: none'><p id=p>x</p></div><script>var w = new IntersectionObserver((l, same) => "
                   "{ alert('' + l.length + (same === w) + l[0].isIntersecting + l[0].intersectionRatio + l[0].boundingClientRect.width "
                   "+ l[0].target.id); if (l[0].isIntersecting) location = '{b}/x' });"
                   "w.observe(p); w.observe(p); setTimeout(() => o.style.display = 'block', 900)</script>"},
             {"/x", "x"}},
            {"alert: 1truefalse00p", "alert: 1truetrue11920p"},
            {"location {a}/ -> {b}/x 1:266"}},
        Row{"as_their_standard_has_them",
            {{"/", "<p id=p>x</p><script>var w = new IntersectionObserver(() => alert('never'), {threshold: [1, 0.5], rootMargin: "
                   "'10px'}); alert(w.thresholds + w.rootMargin + w.root + ('isIntersecting' in "
                   "IntersectionObserverEntry.prototype)); w.observe(p); alert(w.takeRecords().length + "
                   "w.takeRecords().length); w.observe(document.createElement('i')); w.disconnect();"
                   "try { new IntersectionObserver(() => 1, {threshold: 2}) } catch (e) { alert(e.name) }"
                   "try { w.observe(7) } catch (e) { alert(e.name) }</script>"}},
            {"alert: 0.5,110pxnulltrue", "alert: 1", "alert: RangeError", "alert: TypeError"}},
        Row{"sizes",
            {{"/", "<div id=d style='width: 200px; height: 30px'></div><script>var n = 0; new ResizeObserver(l => { "
                   "var r = l[0].contentRect; alert(r.width + 'x' + r.height + ' ' + l[0].borderBoxSize[0].inlineSize); "
                   "if (++n == 1) setTimeout(() => d.style.width = '300px', 100) }).observe(d)</script>"}},
            {"alert: 200x30 200", "alert: 300x30 300"}},
        Row{"who_never_lets_go_is_let_go",
            {{"/", "<p id=p>x</p><script>var n = 0; new IntersectionObserver(() => { ++n; p.hidden = !p.hidden }).observe(p); "
                   "addEventListener('pagehide', () => 1); window.onclick = () => alert(n > 0)</script>"}},
            {"alert: true"}}),
    row_name);

// Queries, and how many of them are true.
std::string asks(const char* queries) {
  return "<script>alert([" + std::string(queries) + "].map(q => +matchMedia(q).matches).join(''))</script>";
}
INSTANTIATE_TEST_SUITE_P(
    MediaQueries, ModernObjects,
    ::testing::Values(
        Row{"of_the_window",
            {{"/", asks("'', 'all', 'screen', 'print', 'not print', 'not all', 'only screen and (min-width: 600px)', "
                        "'(max-width: 600px)', '(min-width:40em) and (orientation:landscape)', '(width)', '(color)', "
                        "'(monochrome)', 'SCREEN AND (MIN-WIDTH: 1PX)', '(min-aspect-ratio: 1/1)'")}},
            {"alert: 11101010111" "011"}},
        Row{"of_the_person",
            {{"/", asks("'(hover)', '(hover: none)', '(pointer: fine)', '(any-pointer: coarse)', '(prefers-color-scheme: "
                        "dark)', '(prefers-color-scheme: light)', '(prefers-reduced-motion: reduce)', "
                        "'(prefers-reduced-motion)', '(display-mode: standalone)', '(resolution: 1dppx)', '(min-resolution: "
                        "192dpi)', '(-webkit-min-device-pixel-ratio: 1.5)', '(-webkit-max-device-pixel-ratio: 1)'")}},
            {"alert: 1010010001001"}},
        Row{"joined",
            {{"/", asks("'print, screen', '(max-width: 1px) or (color)', 'not (color)', '(not (max-width: 1px)) and (color)', "
                        "'(400px <= width < 9000px)', '(width >= 9000px)', '(1px > width)', 'not (no-such: 1)', "
                        "'(no-such) or (color)', '((color))', '(color) and (hover) or (grid)', 'screen and', '(min-width: "
                        "px)', 'not print and (color)', '(min-width: calc(1px))', 'and'")}},
            {"alert: 1101" "1000" "1100" "0100"}},
        Row{"as_their_interface_has_them",
            {{"/", "<script>var m = matchMedia('(MIN-width:600px),  what?'); alert(m.media + '|' + (m instanceof MediaQueryList) + "
                   "m.onchange + typeof m.addListener(function () {}) + typeof m.addEventListener('change', function () {}));"
                   "alert(matchMedia().matches)</script>"}},
            {"alert: (min-width: 600px), not all|truenullundefinedundefined", "alert: false"}},
        Row{"of_a_telephone",
            {{"/", asks("'(pointer: coarse)', '(hover: none)', '(orientation: portrait)', '(max-width: 600px)', "
                        "'(min-resolution: 2dppx)'")}},
            {"alert: 11111"},
            {},
            "chrome-android"},
        Row{"of_internet_explorer_11",
            {{"/", "<script>alert(['(-ms-high-contrast: none)', '(-ms-high-contrast: active)', '(min-width: 1px)', '(hover)']"
                   ".map(function (q) { return +matchMedia(q).matches }).join(''))</script>"}},
            {"alert: 1010"},
            {},
            "ie11-win7"},
        Row{"not_of_internet_explorer_9",
            {{"/", "<script>alert(typeof matchMedia + typeof MediaQueryList)</script>"}},
            {"alert: undefinedundefined"},
            {},
            "ie9-win7"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    WhatTheBrowserTells, ModernObjects,
    ::testing::Values(
        Row{"brands",
            {{"/", "<script>var d = navigator.userAgentData; alert(d.brands.map(b => b.brand + b.version).join() + d.mobile + "
                   "d.platform + (d instanceof NavigatorUAData) + Object.keys(JSON.parse(JSON.stringify(d))));"
                   "d.getHighEntropyValues(['architecture', 'platformVersion', 'fullVersionList', 'none']).then(v => "
                   "alert(Object.keys(v) + v.architecture + v.platformVersion + v.fullVersionList[1].version))</script>"}},
            {"alert: Not_A Brand99,Google Chrome109,Chromium109falseWindowstruebrands,mobile,platform",
             "alert: brands,mobile,platform,architecture,platformVersion,fullVersionListx8610.0.0109.0.0.0"}},
        Row{"brands_of_no_firefox",
            {{"/", "<script>alert(typeof navigator.userAgentData + typeof NavigatorUAData + typeof "
                   "navigator.permissions)</script>"}},
            {"alert: undefinedundefinedobject"},
            {},
            "firefox52-winxp"},
        Row{"permissions",
            {{"/", "<script>var p = navigator.permissions; p.query({name: 'notifications'}).then(s => alert(s.state + s.name + "
                   "s.onchange + (s instanceof PermissionStatus))); p.query({name: 'none'}).catch(e => alert(e.name)); "
                   "p.query({name: 'clipboard-write'}).then(s => alert(s.state))</script>"}},
            {"alert: promptnotificationsnulltrue", "alert: TypeError", "alert: granted"}}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Elements, ModernObjects,
    ::testing::Values(
        Row{"a_click_on_a_label",
            {{"/", "<label id=l>x<b id=t>y</b><input type=checkbox id=i></label><label id=m for=j>z</label><input type=checkbox "
                   "id=j disabled><label for=k id=n>w</label><button id=k>b</button><script>var n = 0; function $(x) { return "
                   "document.getElementById(x) } $('i').onchange = () => alert('changed ' + $('i').checked); $('l').onclick = () "
                   "=> ++n; $('t').click(); alert(n); $('i').click(); $('m').click(); alert($('j').checked); $('k').onclick = e "
                   "=> alert('pressed'); $('n').click(); $('n').onclick = e => e.preventDefault(); $('n').click()</script>"}},
            {"alert: changed true", "alert: 2", "alert: changed false", "alert: false", "alert: pressed"}},
        Row{"an_svg_is_loaded",
            {{"/", "<svg onload=\"alert('parsed')\"><g onload=\"alert('never')\"/></svg><div id=d></div><script>"
                   "d.innerHTML = '<svg onload=\"location = `{b}/x`\">'</script>"},
             {"/x", "x"}},
            {"alert: parsed"},
            {"location {a}/ -> {b}/x 1:1 < 1:89"}},
        Row{"lists_follow_the_tree",
            {{"/", "<p id=p>x</p><div id=d></div><script>var l = document.getElementsByClassName('c'), f = document.forms, a = "
                   "document.all, c = d.childNodes, was = a.length, said = [l.length]; p.className = 'c'; said.push(l.length); "
                   "p.setAttribute('class', 'b'); said.push(l.length); d.innerHTML = '<b class=c></b><form name=n></form>'; "
                   "said.push(l.length, f.length, f.n === f[0], c.length, a.length - was); l[0].remove(); said.push(l.length, "
                   "c.length, c[0].name); f[0].name = 'm'; said.push(f.n === undefined, f.m === c[0]); "
                   "c[0].removeAttribute('name'); said.push(f.m === undefined); d.textContent = ''; said.push(f.length, c.length, "
                   "a.length - was); alert(said.join())</script>"}},
            {"alert: 0,1,0,1,1,true,2,2,0,1,n,true,true,true,0,0,0"}},
        Row{"pictures",
            {{"/", "<img id=i src=/i.gif onload='alert(i.complete + i.naturalWidth + i.currentSrc.slice(-6)); i.decode().then(() "
                   "=> alert(1))'><script>alert('' + i.complete + i.naturalWidth + new Image().complete);"
                   "var e = new Image(); e.onerror = () => alert('' + e.complete + e.naturalWidth); e.src = '/none'</script>"},
             {"/i.gif", "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n\r\nGIF89a"}},
            {"alert: false0true", "alert: 2/i.gif", "alert: 1", "alert: true0"}}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    ShadowTrees, ModernObjects,
    ::testing::Values(
        Row{"are_apart_and_work",
            {{"/", "<div id=h><b slot=s>one</b>two</div><script>var r = h.attachShadow({mode: 'open'}); "
                   "r.innerHTML = '<p id=p>x</p><slot name=s></slot><slot></slot><iframe src={b}/f></iframe>';"
                   "alert(r.getElementById('p').textContent + document.getElementById('p') + h.innerHTML);"
                   "alert((h.shadowRoot === r) + r.mode + (r.host === h) + r + (r instanceof ShadowRoot) + "
                   "(p2() === r) + (r.firstChild.getRootNode({composed: true}) === document) + r.firstChild.isConnected);"
                   "function p2() { return r.firstChild.getRootNode() }"
                   "var s = r.querySelectorAll('slot'); alert(s[0].assignedNodes()[0].textContent + "
                   "s[1].assignedNodes()[0].data + h.firstChild.assignedSlot.name + s[1].assignedElements().length)"
                   "</script>"},
             {"/f", "x"}},
            {"alert: xnull<b slot=\"s\">one</b>two", "alert: trueopentrue[object ShadowRoot]truetruetruetrue",
             "alert: onetwos0"},
            {"iframe {a}/ -> {b}/f 1:85 innerHTML"}},
        Row{"closed_ones_are_not_told",
            {{"/", "<div id=h></div><img id=i><script>var r = h.attachShadow({mode: 'closed'}); alert(h.shadowRoot + r.mode);"
                   "try { h.attachShadow({mode: 'open'}) } catch (e) { alert(e.name) }"
                   "try { i.attachShadow({mode: 'open'}) } catch (e) { alert(e.name) }"
                   "try { h.attachShadow({mode: 'x'}) } catch (e) { alert(e.name) }</script>"}},
            {"alert: nullclosed", "alert: NotSupportedError", "alert: NotSupportedError", "alert: TypeError"}},
        Row{"events_come_out_as_the_hosts",
            {{"/", "<div id=h></div><script>var r = h.attachShadow({mode: 'open'}), b = document.createElement('button');"
                   "r.append(b); document.addEventListener('click', function (e) { if (e.target.id) alert('out ' + e.target.id + "
                   "e.composedPath()[0].localName) }); r.addEventListener('click', function (e) { alert('in ' + "
                   "e.target.localName) }); b.click(); b.dispatchEvent(new MouseEvent('click', {bubbles: true}))"
                   "</script>"}},
            {"alert: in button", "alert: out hbutton", "alert: in button"}},
        Row{"a_script_in_one_runs",
            {{"/", "<div id=h></div><script>var r = h.attachShadow({mode: 'open'}), s = document.createElement('script');"
                   "s.text = 'alert(1)'; r.appendChild(s)</script>"}},
            {"alert: 1"}},
        Row{"not_in_old_browsers",
            {{"/", "<body><script>alert(typeof document.body.attachShadow + typeof customElements + typeof ShadowRoot + "
                   "('shadowRoot' in document.body))</script>"}},
            {"alert: undefinedundefinedundefinedfalse"},
            {},
            "edge18-win10"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    CustomElements, ModernObjects,
    ::testing::Values(
        Row{"are_upgraded_and_told",
            {{"/", "<c-a title=t></c-a><script>customElements.whenDefined('c-a').then(function (c) { alert(c.name) });"
                   "class A extends HTMLElement { constructor() { super(); alert('made') }"
                   "static get observedAttributes() { return ['title'] }"
                   "connectedCallback() { alert('in ' + this.parentNode.localName) }"
                   "disconnectedCallback() { alert('out') }"
                   "attributeChangedCallback(n, b, a) { alert(n + b + a) } }"
                   "customElements.define('c-a', A); var e = document.querySelector('c-a');"
                   "alert((e instanceof A) + ' ' + (customElements.get('c-a') === A)); e.title = 'u'; e.lang = 'x'; e.remove()"
                   "</script>"}},
            {"alert: made", "alert: titlenullt", "alert: in body", "alert: true true", "alert: titletu", "alert: out",
             "alert: A"}},
        Row{"are_made_by_script_and_parser",
            {{"/", "<script>class B extends HTMLElement { connectedCallback() { this.attachShadow({mode: 'open'})"
                   ".innerHTML = '<iframe src={b}/' + this.id + '></iframe>' } } customElements.define('c-b', B);"
                   "try { new HTMLElement } catch (e) { alert(e.message) }"
                   "try { customElements.define('c-b', class extends HTMLElement {}) } catch (e) { alert(e.name) }"
                   "try { customElements.define('cb', class extends HTMLElement {}) } catch (e) { alert(e.name) }"
                   "</script><c-b id=one></c-b><script>var n = new B; n.id = 'two'; alert(n.localName + n);"
                   "document.body.append(n); var m = document.createElement('c-b'); alert(m instanceof B); m.id = 'three';"
                   "document.body.append(m)</script>"},
             {"/one", "x"},
             {"/two", "x"},
             {"/three", "x"}},
            {"alert: Illegal constructor", "alert: NotSupportedError", "alert: SyntaxError",
             "alert: c-b[object HTMLElement]", "alert: true"},
            {"iframe {a}/ -> {b}/one 1:66 innerHTML", "iframe {a}/ -> {b}/two 1:66 innerHTML",
             "iframe {a}/ -> {b}/three 1:66 innerHTML"}}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Ranges, ModernObjects,
    ::testing::Values(
        Row{"hold_make_and_move",
            {{"/", "<p id=p>abc<b>def</b>ghi</p><script>var r = document.createRange();"
                   "r.setStart(p.firstChild, 1); r.setEnd(p.lastChild, 2); alert(r + ' ' + r.collapsed + "
                   "r.commonAncestorContainer.id); var d = document.createElement('div'); d.append(r.cloneContents());"
                   "alert(d.innerHTML + p.textContent); d.innerHTML = ''; d.append(r.extractContents());"
                   "alert(d.innerHTML + ' ' + p.innerHTML); r.insertNode(document.createElement('i'));"
                   "alert(p.innerHTML); r.selectNodeContents(p); r.deleteContents(); alert(p.innerHTML + '.')</script>"}},
            {"alert: bcdefgh falsep", "alert: bc<b>def</b>ghabcdefghi", "alert: bc<b>def</b>gh ai",
             "alert: a<i></i>i", "alert: ."}},
        Row{"parse_markup_whose_scripts_run",
            {{"/", "<body><script>\nvar r = document.createRange(); r.selectNode(document.body);"
                   "document.body.append(r.createContextualFragment('<iframe src={b}/f></iframe><script>alert(1)"
                   "<\\/script>'))</script>"},
             {"/f", "x"}},
            {"alert: 1"},
            {"iframe {a}/ -> {b}/f 2:84 createContextualFragment"}},
        Row{"are_selected_and_copied",
            {{"/", "<p id=p>some text</p><input value=other><script>var s = getSelection(), r = new Range;"
                   "alert(s.rangeCount + s.type); r.selectNodeContents(p); s.removeAllRanges(); s.addRange(r);"
                   "alert(s + s.type + (s.getRangeAt(0) === r) + (document.getSelection() === s));"
                   "document.execCommand('copy'); s.collapse(p, 0); alert(s.isCollapsed); s.selectAllChildren(p); "
                   "s.deleteFromDocument(); alert(p.textContent + '.')</script>"}},
            {"alert: 0None", "alert: some textRangetruetrue", "alert: true", "alert: ."}},
        Row{"trees_are_walked",
            {{"/", "<div id=d><p>a<i>b</i></p><u><s>c</s></u></div><script>function all(w) { var l = []; "
                   "while (w.nextNode()) l.push((w.currentNode || w.referenceNode).nodeName); return l.join() }"
                   "alert(all(document.createTreeWalker(d))); alert(all(document.createTreeWalker(d, NodeFilter.SHOW_ELEMENT, "
                   "{acceptNode: function (n) { return n.localName == 'p' ? NodeFilter.FILTER_REJECT : "
                   "NodeFilter.FILTER_ACCEPT }}))); alert(all(document.createNodeIterator(d, 4, function (n) { return "
                   "n.data == 'b' ? 2 : 1 }))); var w = document.createTreeWalker(d, 1); alert(w.lastChild().nodeName + "
                   "w.firstChild().nodeName + w.parentNode().nodeName + w.previousSibling().nodeName + w.nextSibling().nodeName"
                   " + w.previousNode().nodeName + w.nextSibling())</script>"}},
            {"alert: P,#text,I,#text,U,S,#text", "alert: U,S", "alert: #text,#text", "alert: USUPUInull"}}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Ciphers, ModernObjects,
    ::testing::Values(
        // Vectors: NIST SP 800-38A F.2.1 and F.5.1, the GCM specification's test case 3, RFC 4231 case 2, RFC 7914 chapter 11.
        Row{"give_what_their_standards_have",
            {{"/", R"(<script>var S = crypto.subtle, hex = function (b) { return Array.from(new Uint8Array(b), function (x) {
return (x + 256).toString(16).slice(1) }).join('') }, un = function (h) { return Uint8Array.from(h.match(/../g), function (x) {
return parseInt(x, 16) }) }, te = new TextEncoder;
(async function () {
alert(hex(await S.digest('SHA-256', te.encode('abc'))));
var k = await S.importKey('raw', un('2b7e151628aed2a6abf7158809cf4f3c'), 'AES-CBC', false, ['encrypt']), p = un('6bc1bee22e409f96e93d7e117393172a');
var c = await S.encrypt({name: 'AES-CBC', iv: un('000102030405060708090a0b0c0d0e0f')}, k, p);
alert(hex(c).slice(0, 32) + (c.byteLength == 32) + k.algorithm.name + k);
alert(hex(await S.decrypt({name: 'aes-cbc', iv: un('000102030405060708090a0b0c0d0e0f')}, k, c)));
k = await S.importKey('raw', un('2b7e151628aed2a6abf7158809cf4f3c'), {name: 'AES-CTR'}, false, ['encrypt']);
alert(hex(await S.encrypt({name: 'AES-CTR', counter: un('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'), length: 64}, k, p)));
k = await S.importKey('raw', un('feffe9928665731c6d6a8f9467308308'), 'AES-GCM', false, ['encrypt']);
c = await S.encrypt({name: 'AES-GCM', iv: un('cafebabefacedbaddecaf888')}, k, un('d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255'));
alert(hex(c).slice(-32)); var bad = new Uint8Array(c); bad[0] ^= 1;
try { await S.decrypt({name: 'AES-GCM', iv: un('cafebabefacedbaddecaf888')}, k, bad) } catch (e) { alert(e.name) }
k = await S.importKey('raw', te.encode('Jefe'), {name: 'HMAC', hash: 'SHA-256'}, false, ['sign']);
c = await S.sign('HMAC', k, te.encode('what do ya want for nothing?')); alert(hex(c).slice(0, 16));
alert(await S.verify('HMAC', k, c, te.encode('what do ya want for nothing?')));
k = await S.importKey('raw', te.encode('passwd'), 'PBKDF2', false, ['deriveBits']);
alert(hex(await S.deriveBits({name: 'PBKDF2', salt: te.encode('salt'), iterations: 1, hash: 'SHA-256'}, k, 64)));
alert(crypto.randomUUID().length) })()</script>)"}},
            {"alert: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
             "alert: 7649abac8119b246cee98e9b12e9197dtrueAES-CBC[object CryptoKey]",
             "alert: 6bc1bee22e409f96e93d7e117393172a", "alert: 874d6191b620e3261bef6864990db6ce",
             "alert: 4d5c2af327cd64a62cf35abd2ba6fab4", "alert: OperationError", "alert: 5bdcc146bf60754e",
             "alert: true", "alert: 55ac046e56e3089f", "alert: 36"}},
        Row{"hide_addresses",
            {{"/", "<script>(async function () { var iv = new Uint8Array(16), k = await crypto.subtle.importKey('raw', iv, "
                   "'AES-CBC', false, ['decrypt']), c = await crypto.subtle.encrypt({name: 'AES-CBC', iv: iv}, k, new "
                   "TextEncoder().encode('{b}/x'));\nlocation = new TextDecoder().decode(await crypto.subtle.decrypt("
                   "{name: 'AES-CBC', iv: iv}, k, c)) })()</script>"},
             {"/x", "x"}},
            {},
            {"location {a}/ -> {b}/x 2:30"}}),
    row_name);

// --- the clipboard ----------------------------------------------------------------------------------------

struct CopyRow {
  const char* name;
  const char* items;  // what is given to write()
  std::vector<std::string> unseen, seen = {};
  const char* persona = "chrome-win10";
};

class Copies : public ::testing::TestWithParam<CopyRow> {};

TEST_P(Copies, AreKnown) {
  Sites sites({{"/", "<p>shown text</p><script>navigator.clipboard.write(" + std::string(GetParam().items) +
                         ").then(function () { alert('done') }, function (e) { alert(e.name) })</script>"}});
  VisitOptions options = local_visit(sites.url());
  options.persona = GetParam().persona;
  const intel::VisitRecord visit = visit_or_fail(options);
  EXPECT_EQ(events_of(visit, "clipboard-unseen"), GetParam().unseen);
  EXPECT_EQ(events_of(visit, "clipboard"), GetParam().seen);
  EXPECT_EQ(events_of(visit, "dialog"), std::vector<std::string>{"alert: done"});
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Copies,
    ::testing::Values(
        CopyRow{"of_a_blob", "[new ClipboardItem({'text/plain': new Blob(['calc', '.exe'])})]", {"calc.exe"}},
        CopyRow{"of_a_string", "[new ClipboardItem({'text/plain': 'shown text'})]", {}, {"shown text"}},
        CopyRow{"of_a_promise",
                "[new ClipboardItem({'text/plain': new Promise(function (done) { setTimeout(function () { "
                "done(new Blob(['late'])) }, 500) })})]",
                {"late"}},
        CopyRow{"of_markup", "[new ClipboardItem({'text/html': '<b>cal</b>c'})]", {"calc"}},
        CopyRow{"of_a_picture", "[new ClipboardItem({'image/png': new Blob(['x'])})]", {}, {"(image/png)"}},
        CopyRow{"of_two", "[new ClipboardItem({'text/plain': 'a', 'text/html': 'b'})]", {"a", "b"}},
        CopyRow{"in_safari", "[new ClipboardItem({'text/plain': 'a'})]", {"a"}, {}, "safari-macos"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    ClipboardItems, ModernObjects,
    ::testing::Values(
        Row{"parts_are_read_back",
            {{"/", "<script>var i = new ClipboardItem({'text/plain': 'abc'}); alert(i.types + ClipboardItem.supports("
                   "'text/html')); i.getType('text/plain').then(function (b) { alert(b.type + b.size); return "
                   "b.text() }).then(alert); i.getType('x/y').catch(function (e) { alert(e.name) });"
                   "try { new ClipboardItem({}) } catch (e) { alert(e.name) }</script>"}},
            {"alert: text/plaintrue", "alert: TypeError", "alert: NotFoundError", "alert: text/plain3", "alert: abc"}},
        Row{"not_in_every_browser",
            {{"/", "<script>alert(typeof ClipboardItem)</script>"}},
            {"alert: undefined"},
            {},
            "firefox-win10"}),
    row_name);

}  // namespace
}  // namespace shikake::honeyclient::low
