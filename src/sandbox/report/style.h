// The page's style sheet, kept apart so that its hash can be named in the page's policy.
#pragma once

#include <string_view>

namespace shikake::sandbox::report {

inline constexpr std::string_view page_style = R"css(
:root{--ink:#1d2430;--dim:#5d6b7e;--page:#f4f5f7;--card:#fff;--line:#dde2e9;--grave:#c62a3c;--suspicious:#b7730b;
--notable:#2f6fb3;--ordinary:#8491a3;--good:#2b8a57;--bar:#9fb6d4;--flow:#6b54b8;--soft:#eef1f5}
@media (prefers-color-scheme:dark){:root{--ink:#e3e8ef;--dim:#93a0b4;--page:#12161d;--card:#1a2029;--line:#2c3541;
--grave:#ff6b76;--suspicious:#f0b24b;--notable:#6db0f5;--ordinary:#7f8b9c;--good:#58c28c;--bar:#3f577a;--flow:#a892f5;
--soft:#222a35}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:14px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1180px;margin:0 auto;padding:20px 24px 60px}
header.top{background:var(--card);border-bottom:1px solid var(--line)}
header.top>div{max-width:1180px;margin:0 auto;padding:22px 24px 18px}
.mark{color:var(--dim);letter-spacing:.12em;text-transform:uppercase;font-size:11px}
h1{font-size:24px;line-height:1.25;margin:4px 0 6px;overflow-wrap:anywhere}
h2{font-size:15px;margin:30px 0 10px;display:flex;align-items:baseline;gap:8px}
h2 span{color:var(--dim);font-weight:400;font-size:13px}
code,.mono{font-family:ui-monospace,"SF Mono",Menlo,Consolas,monospace;font-size:12.5px;overflow-wrap:anywhere}
.dim{color:var(--dim)}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin-top:14px}
.fact{background:var(--soft);border-radius:8px;padding:9px 12px}
.fact b{display:block;font-size:19px;line-height:1.2}
.fact span{color:var(--dim);font-size:12px}
.fact.bad b{color:var(--grave)}
.fact.good b{color:var(--good)}
.verdict{margin:12px 0 0;padding:0;list-style:none}
.verdict li{padding:3px 0 3px 22px;position:relative}
.verdict li:before{content:"";position:absolute;left:4px;top:10px;width:8px;height:8px;border-radius:4px;
background:var(--grave)}
.chip{display:inline-block;min-width:76px;text-align:center;border-radius:10px;padding:0 8px;font-size:11.5px;
border:1px solid currentColor;line-height:19px}
.grave{color:var(--grave)}.suspicious{color:var(--suspicious)}.notable{color:var(--notable)}
.ordinary{color:var(--ordinary)}
table{border-collapse:collapse;width:100%}
th{font-weight:500;color:var(--dim);text-align:left;font-size:12px;padding:4px 10px 6px;border-bottom:1px solid var(--line)}
td{padding:6px 10px;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
td.num,th.num{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.tight{white-space:nowrap}
.tree,.tree ul{list-style:none;margin:0;padding-left:18px}
.tree{padding-left:2px}
.tree ul{border-left:1px solid var(--line);margin-left:7px}
.tree li{padding:3px 0}
.tree .cmd{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12.5px;overflow-wrap:anywhere}
.pid{display:inline-block;min-width:44px;color:var(--dim);font-variant-numeric:tabular-nums}
details>summary{cursor:pointer}
details>summary::marker{color:var(--dim)}
details.more{margin-top:2px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 16px;margin:6px 0}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto}
svg text{font:11px system-ui,sans-serif;fill:var(--dim)}
svg text.name{fill:var(--ink)}
svg .axis{stroke:var(--line)}
svg .lane{fill:var(--bar)}
svg .flow{fill:var(--flow)}
svg .m-grave{fill:var(--grave)}svg .m-suspicious{fill:var(--suspicious)}
svg .m-notable{fill:var(--notable)}svg .m-ordinary{fill:var(--ordinary)}
svg path{fill:none;stroke-width:1.4}svg .l-data{stroke:var(--flow)}svg .l-control{stroke:var(--suspicious)}
svg .l-bad{stroke:var(--grave)}svg circle.l-data{fill:var(--flow)}svg circle.l-control{fill:var(--suspicious)}
svg circle.l-bad{fill:var(--grave)}svg .t-flow,svg .t-act,svg .t-decision,svg .t-bad{fill:var(--soft);stroke:var(--line)}
svg .t-bad{stroke:var(--grave)}svg .t-flow{stroke:var(--flow)}svg .t-decision{stroke:var(--suspicious)}
.legend{color:var(--dim);font-size:12px;margin-top:6px;display:flex;flex-wrap:wrap;gap:14px}
.legend i{display:inline-block;width:10px;height:10px;border-radius:5px;margin-right:5px;background:currentColor}
.legend .f{color:var(--flow)}.legend .p{color:var(--bar)}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(440px,1fr));gap:16px}
.child{margin-top:34px;border-top:2px solid var(--line)}
@media print{body{background:#fff}.card{break-inside:avoid}}
)css";

}  // namespace shikake::sandbox::report
