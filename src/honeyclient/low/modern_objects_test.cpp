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
