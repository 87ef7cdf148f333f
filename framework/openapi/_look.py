"""The style and the script of the page; both are named by their hashes in its policy."""

__all__ = ["SCRIPT", "STYLE"]

STYLE = """
:root{color-scheme:light dark;--bg:#f7f7f9;--card:#fff;--ink:#1d2030;--dim:#5a6075;--line:#dfe1ea;
--link:#2f54c8;--get:#1c66b8;--post:#177245;--put:#8a5300;--delete:#b3202c;--chip:#eef0f6}
@media(prefers-color-scheme:dark){:root{--bg:#14161f;--card:#1c1f2b;--ink:#e8eaf3;--dim:#a3a9bf;
--line:#313647;--link:#9db4ff;--get:#7db8ff;--post:#6fd6a2;--put:#f0b860;--delete:#ff8d89;
--chip:#282c3b}}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0 auto;max-width:60rem;padding:2rem 1rem 4rem;background:var(--bg);color:var(--ink);
font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
a{color:var(--link)}
h1{margin:0 0 .4rem;font-size:1.8rem;line-height:1.2}
h1 small{padding:.1em .5em;font-size:.9rem;font-weight:400;vertical-align:middle;color:var(--dim);
background:var(--chip);border-radius:1em}
section{margin-top:1.6rem}
h2{margin:2rem 0 .6rem;font-size:1.1rem}
h3{margin:1.2rem 0 .3rem;font-size:.8rem;letter-spacing:.05em;text-transform:uppercase;
color:var(--dim)}
p{margin:.4rem 0}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9em}
.dim{color:var(--dim)}
input{display:block;width:100%;margin:1.2rem 0 0;padding:.55rem .8rem;font:inherit;color:inherit;
background:var(--card);border:1px solid var(--line);border-radius:.6rem}
input::placeholder{color:var(--dim);opacity:1}
input:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--link);
outline-offset:-1px}
details{margin:.5rem 0;background:var(--card);border:1px solid var(--line);border-radius:.6rem;
scroll-margin-top:1rem}
summary{display:flex;gap:.8rem;align-items:baseline;padding:.6rem .9rem;cursor:pointer;
list-style:none;border-radius:.6rem}
summary::-webkit-details-marker{display:none}
summary::after{content:"+";margin-left:auto;color:var(--dim);font-family:ui-monospace,monospace}
[open]>summary::after{content:"\\2212"}
details>div{padding:.3rem .9rem 1rem;border-top:1px solid var(--line)}
.method{flex:0 0 4.6rem;padding:.1rem 0;font-size:.75rem;letter-spacing:.03em;text-align:center;
text-transform:uppercase;border:1px solid;border-radius:.35rem;color:var(--dim)}
.get,.head{color:var(--get)}.post{color:var(--post)}.put,.patch{color:var(--put)}
.delete{color:var(--delete)}
.about{display:flex;flex-wrap:wrap;gap:0 .9rem;min-width:0}
.about span{color:var(--dim)}
.path{font-weight:600}.path i{font-style:normal;color:var(--link)}
.old .path{text-decoration:line-through}
.warning,.required{color:var(--put)}.required{font-size:.85em}
table{width:100%;border-collapse:collapse;font-size:.93rem}
th,td{padding:.4rem .9rem .4rem 0;border-top:1px solid var(--line);text-align:left;
vertical-align:top}
tr:first-child>*{border-top:0}
th{width:25%;min-width:5rem;font-weight:400}
@media(max-width:36rem){table,tbody,tr,th,td{display:block}th,td{width:auto;padding-right:0}
td{padding-top:0;border-top:0}tr:first-child>td{padding-top:0}}
.status{font-family:ui-monospace,Menlo,Consolas,monospace}
.s2{color:var(--post)}.s3{color:var(--get)}.s4,.s5{color:var(--delete)}
"""
SCRIPT = """
const input=document.querySelector("input");
input.hidden=false;
input.addEventListener("input",()=>{
const words=input.value.toLowerCase().split(/\\s+/);
for(const section of document.querySelectorAll("section")){
let any=false;
for(const each of section.querySelectorAll("details")){
const text=each.querySelector("summary").textContent.toLowerCase();
each.hidden=!words.every(word=>text.includes(word));
any||=!each.hidden}
section.hidden=!any}});
const show=()=>{
const found=document.getElementById(location.hash.slice(1));
if(found){found.open=true;found.hidden=false;found.scrollIntoView()}};
addEventListener("hashchange",show);
show();
"""
