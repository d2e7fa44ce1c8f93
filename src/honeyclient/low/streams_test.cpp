// Streams in use, and what is made by them.
#include <gmock/gmock.h>
#include <zlib.h>

#include "base/bytes.h"
#include "honeyclient/low/visit_test.h"

namespace shikake::honeyclient::low {
namespace {

std::string packed(const std::string& plain, int bits) {
  z_stream z = {};
  EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, plain.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}
std::string in_base64(const std::string& bytes) {
  return base::to_base64(base::as_bytes(bytes));
}
constexpr int gzip = 16 + MAX_WBITS, raw = -MAX_WBITS;

const std::string bytes_function =
    "<script>function bytes(t) { return Uint8Array.from(atob(t), function (c) { return c.charCodeAt(0) }) }\n"
    "function show(w) { return function (v) { alert(w + v) } }</script>";

class Streams : public ::testing::TestWithParam<SayingRow> {};

TEST_P(Streams, Work) {
  expect_said(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Readable, Streams,
    ::testing::Values(
        SayingRow{"what_is_put_in_is_read",
                  {{"/", "<script>(async function () { var n = 0, s = new ReadableStream({start: function (c) { "
                         "c.enqueue('a') }, pull: function (c) { if (++n > 2) c.close(); else c.enqueue(n) }});"
                         "alert(s.locked); var r = s.getReader(); alert(s.locked); for (;;) { var x = await r.read(); "
                         "alert(x.value + ' ' + x.done); if (x.done) break } await r.closed; alert('closed');"
                         "r.releaseLock(); alert(s.locked) })()</script>"}},
                  {"alert: false", "alert: true", "alert: a false", "alert: 1 false", "alert: 2 false",
                   "alert: undefined true", "alert: closed", "alert: false"}},
        SayingRow{"failures_reach_the_reader",
                  {{"/", "<script>new ReadableStream({pull: function () { throw new Error('no') }}).getReader().read()"
                         ".catch(function (e) { alert(e.message) });"
                         "new ReadableStream({start: function (c) { c.error('x') }}).getReader().closed.catch(function (e) "
                         "{ alert(e) }); var s = new ReadableStream({cancel: function (w) { alert('cancelled ' + w) }});"
                         "s.getReader(); try { s.getReader() } catch (e) { alert(e.name) }"
                         "new ReadableStream({cancel: function (w) { alert(w) }}).cancel('enough')</script>"}},
                  {"alert: TypeError", "alert: enough", "alert: x", "alert: no"}},
        SayingRow{"one_becomes_two",
                  {{"/", bytes_function + "<script>var t = new Blob(['ab']).stream().tee(); new Response(t[0]).text().then("
                                          "show('1 ')).then(function () { return new Response(t[1]).text() })"
                                          ".then(show('2 '))</script>"}},
                  {"alert: 1 ab", "alert: 2 ab"}},
        SayingRow{"is_iterated_where_browsers_do",
                  {{"/", "<script>(async function () { var s = new Blob(['ab']).stream(); for await (var c of s) "
                         "alert(c.length + c.constructor.name) })()</script>"}},
                  {"alert: 2Uint8Array"},
                  {},
                  "firefox-win10"},
        SayingRow{"looks_like_a_browser_s",
                  {{"/", "<script>alert([ReadableStream, ReadableStream.prototype.tee, new ReadableStream, "
                         "new TransformStream().readable, ReadableStream.length, typeof ReadableStream.prototype"
                         "[Symbol.asyncIterator]].join()); try { new DecompressionStream('zip') } catch (e) { alert(e.name) }</script>"}},
                  {"alert: function ReadableStream() { [native code] },function tee() { [native code] },[object "
                   "ReadableStream],[object ReadableStream],0,undefined",
                   "alert: TypeError"}},
        SayingRow{"not_before_their_time",
                  {{"/", "<script>alert([typeof ReadableStream, typeof DecompressionStream, typeof Blob.prototype.stream])"
                         "</script>"}},
                  {"alert: undefined,undefined,undefined"},
                  {},
                  "chrome36-win7"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Written, Streams,
    ::testing::Values(
        SayingRow{"in_order_and_closed",
                  {{"/", "<script>(async function () { var w = new WritableStream({write: function (c) { return new Promise("
                         "function (r) { setTimeout(function () { alert(c); r() }, 30) }) }, close: function () { "
                         "alert('end') }}).getWriter(); w.write(1); w.write(2); await w.close(); alert('after') })()"
                         "</script>"}},
                  {"alert: 1", "alert: 2", "alert: end", "alert: after"}},
        SayingRow{"through_a_transform",
                  {{"/", "<script>new Blob(['ab', 'cd']).stream().pipeThrough(new TextDecoderStream()).pipeThrough(new "
                         "TransformStream({transform: function (c, t) { t.enqueue(c.toUpperCase()) }, flush: function (t) "
                         "{ t.enqueue('!') }})).pipeTo(new WritableStream({write: function (c) { alert(c) }})).then("
                         "function () { alert('done') })</script>"}},
                  {"alert: ABCD", "alert: !", "alert: done"}},
        SayingRow{"text_across_chunks",
                  {{"/", "<script>(async function () { var d = new TextDecoderStream(), w = d.writable.getWriter(), r = "
                         "d.readable.getReader(); w.write(new Uint8Array([0x61, 0xe2, 0x82])); w.write(new Uint8Array("
                         "[0xac])); w.close(); alert((await r.read()).value); alert((await r.read()).value === "
                         "'\\u20ac'); alert((await r.read()).done) })()</script>"}},
                  {"alert: a", "alert: true", "alert: true"}}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Compressed, Streams,
    ::testing::Values(
        SayingRow{"three_formats",
                  {{"/", bytes_function + "<script>(async function () { var all = {gzip: '" +
                             in_base64(packed("one", gzip)) + "', deflate: '" + in_base64(packed("two", MAX_WBITS)) +
                             "', 'deflate-raw': '" + in_base64(packed("three", raw)) +
                             "'}; for (var f in all) alert(await new Response(new Blob([bytes(all[f])]).stream()"
                             ".pipeThrough(new DecompressionStream(f))).text()) })()</script>"}},
                  {"alert: one", "alert: two", "alert: three"}},
        SayingRow{"there_and_back",
                  {{"/", "<script>(async function () { var t = 'x'.repeat(300000); var p = await new Response(new Blob([t])"
                         ".stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer(); alert(p.byteLength < 2000);"
                         "alert(await new Response(new Response(p).body.pipeThrough(new DecompressionStream('gzip')))"
                         ".text() === t) })()</script>"}},
                  {"alert: true", "alert: true"}},
        SayingRow{"what_is_broken_fails",
                  {{"/", bytes_function + "<script>function un(b, f) { return new Response(new Blob([b]).stream().pipeThrough("
                                          "new DecompressionStream(f))).text().catch(function (e) { alert(e.name) }) }"
                                          "un('nonsense', 'gzip').then(function () { return un(bytes('" +
                             in_base64(packed("four", gzip)) +
                             "').slice(0, 12), 'gzip') }).then(function () { alert('both') })</script>"}},
                  {"alert: TypeError", "alert: TypeError", "alert: both"}},
        SayingRow{"an_address_in_an_answer_s_body",
                  {{"/", "<script>\nfetch('/d').then(function (r) { return new Response(r.body.pipeThrough(new "
                         "DecompressionStream('gzip'))).json() }).then(function (o) { location = o.to })</script>"},
                   {"/d", "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" +
                              packed("{\"to\": \"/found\"}", gzip)},
                   {"/found", "x"}},
                  {},
                  {"location {a}/ -> {a}/found 2:136"}},
        SayingRow{"bodies_are_read_once",
                  {{"/", "<script>(async function () { var r = new Response('x', {headers: {'Content-Type': 'a/b'}, status: "
                         "201}); alert(r.bodyUsed + ' ' + r.status); alert((await r.blob()).type + r.bodyUsed); try { "
                         "await r.text() } catch (e) { alert(e.name) } alert(new Response().body + '') })()</script>"}},
                  {"alert: false 201", "alert: a/btrue", "alert: TypeError", "alert: null"}}),
    [](const auto& row) { return row.param.name; });

// A program in base64, unpacked by a stream and saved: nothing of it went over the network.
TEST(SmuggledByStreams, IsFound) {
  Sites sites({{"/", bytes_function + "<script>(async function () { var s = new Blob([bytes('" +
                         in_base64(packed(specimen_program(), gzip)) +
                         "')]).stream().pipeThrough(new DecompressionStream('gzip')); var b = await new Response(s, "
                         "{headers: {'Content-Type': 'application/octet-stream'}}).blob(); var a = "
                         "document.createElement('a'); a.href = URL.createObjectURL(b); a.download = 'setup.exe'; "
                         "a.click() })()</script>"}});
  const intel::VisitRecord visit = visit_or_fail(local_visit(sites.url()));
  EXPECT_EQ(visit.verdict, intel::VisitVerdict::malicious);
  EXPECT_THAT(events_of(visit, "lure"), ::testing::Contains(::testing::HasSubstr("T1027.006")));
  EXPECT_THAT(events_of(visit, "error"), ::testing::IsEmpty());
}

// 100 MB of nothing in 100 KB, ten times.
TEST(Bombs, AreBounded) {
  const std::string bomb = packed(std::string(100u << 20, '\0'), gzip);
  const intel::VisitRecord visit = visit_or_fail(offline_visit(
      bytes_function + "<script>(async function () { var b = bytes('" + in_base64(bomb) +
      "'); for (var i = 0; i < 10; ++i) try { await new Response(new Blob([b]).stream().pipeThrough(new "
      "DecompressionStream('gzip'))).blob(); alert('whole') } catch (e) { alert(e.name) } alert('alive') })()</script>"));
  EXPECT_THAT(visit.limits_hit, ::testing::ElementsAre("inflated"));
  EXPECT_THAT(events_of(visit, "dialog"), ::testing::Contains("alert: alive"));
  EXPECT_THAT(events_of(visit, "dialog"), ::testing::Not(::testing::Contains("alert: whole")));
}

}  // namespace
}  // namespace shikake::honeyclient::low
