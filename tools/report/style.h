/* The style sheet of the reports. */
#ifndef REPORT_STYLE_H
#define REPORT_STYLE_H

/* Lines; a compiler need not take a literal of more than 4,095 characters. */
static const char *const report_style[] = {
    ":root{color-scheme:light "
    "dark;--page:#fff;--panel:#f5f6f8;--text:#16191d;--soft:#59626e;--line:#dfe3e8;--right:36 113 "
    "204;--wrong:217 95 2}\n",
    "@media "
    "(prefers-color-scheme:dark){:root{--page:#14171b;--panel:#1d2126;--text:#e8eaed;--soft:#"
    "a2abb6;--line:#333a43;--right:82 150 232;--wrong:240 130 50}.ink img{filter:invert(1)}}\n",
    "*{box-sizing:border-box}\n",
    "body{margin:0 auto;max-width:74rem;padding:2.5rem 1.25rem "
    "3rem;background:var(--page);color:var(--text);font:1rem/1.5 "
    "system-ui,sans-serif;-webkit-text-size-adjust:100%}\n",
    "h1{margin:0;font-size:clamp(1.6rem,5vw,2.4rem);line-height:1.15;letter-spacing:-.02em}\n",
    "h2{margin:3rem 0 .75rem;font-size:1.3rem}\n",
    "h3{margin:2rem 0 .25rem;font-size:1rem}\n",
    "p{margin:.25rem 0 .75rem;max-width:42rem}\n",
    ".lead{margin:.75rem 0 1.5rem;font-size:1.15rem}\n",
    ".note,caption,footer{color:var(--soft);font-size:.875rem}\n",
    ".hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-"
    "space:nowrap}\n",
    ".facts{display:flex;flex-wrap:wrap;gap:.8rem 2.5rem;margin:0;padding:1rem "
    "1.25rem;border-radius:.6rem;background:var(--panel)}\n",
    ".facts dt{color:var(--soft);font-size:.8rem}\n",
    ".facts dd{margin:0;overflow-wrap:anywhere}\n",
    ".scroll{overflow-x:auto}\n",
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n",
    "caption{padding:0 0 .5rem;text-align:left}\n",
    "th{font-weight:600}\n",
    ".results{width:100%}\n",
    ".results th,.results td{padding:.55rem 1.5rem .55rem 0;border-bottom:1px solid "
    "var(--line);text-align:right;vertical-align:top;white-space:nowrap}\n",
    ".results :is(th,td):last-child{padding-right:0}\n",
    ".results th:first-child,.results .bar{text-align:left}\n",
    ".results thead th,.classes thead "
    "th{color:var(--soft);font-size:.8rem;font-weight:400;vertical-align:bottom}\n",
    ".results small{display:block;color:var(--soft);font-weight:400;white-space:normal}\n",
    ".results td.bar{width:30%}\n",
    ".bar "
    "i{display:block;height:.35rem;margin-top:.2rem;border-radius:.2rem;background:rgb(var(--wrong)"
    ")}\n",
    ".best .main{font-weight:700}\n",
    "details{border-top:1px solid var(--line)}\n",
    "details:last-of-type{border-bottom:1px solid var(--line)}\n",
    "summary{padding:.8rem 0;cursor:pointer}\n",
    "summary b{margin-right:.6rem}\n",
    "summary span{color:var(--soft)}\n",
    ".body{padding:.25rem 0 2rem}\n",
    ".tables{display:flex;flex-wrap:wrap;gap:1.5rem 4rem}\n",
    ".tables>*{max-width:100%}\n",
    ".confusion th,.confusion td{min-width:2.9rem;padding:.4rem .3rem;border:2px solid "
    "var(--page);text-align:center}\n",
    ".confusion tbody th{white-space:nowrap}\n",
    ".confusion.upright thead th{writing-mode:vertical-rl;"
    "transform:rotate(180deg);text-align:left;white-space:nowrap}.confusion.upright tbody "
    "th{text-align:right;padding-right:.6rem}\n",
    ".confusion td{border-radius:.35rem;background:rgb(var(--wrong)/calc(.1 + "
    ".45*var(--share,0)))}\n",
    ".confusion thead td,.confusion .none{background:none;color:var(--soft)}\n",
    ".confusion .right{background:rgb(var(--right)/.28);font-weight:600}\n",
    ".classes th,.classes td{padding:.31rem 1.75rem .31rem 0;border-bottom:1px solid "
    "var(--line);text-align:right}\n",
    ".classes :is(th,td):last-child{padding-right:0}\n",
    ".classes th:first-child{text-align:left}\n",
    ".pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(5.2rem,1fr));gap:.75rem;"
    "margin:.75rem 0 0;padding:0;list-style:none}\n",
    ".pictures.large{grid-template-columns:repeat(auto-fill,minmax(6rem,1fr))}\n",
    ".pictures "
    "li{padding:.5rem;border-radius:.5rem;background:var(--panel);text-align:center;overflow-wrap:"
    "anywhere;font-size:.875rem;font-variant-numeric:tabular-nums}\n",
    ".pictures "
    "img{display:block;width:100%;height:auto;margin-bottom:.35rem;image-rendering:pixelated}\n",
    ".pictures small{display:block;color:var(--soft)}\n",
    ".axes{display:block;width:100%;max-width:48rem;height:auto;margin-top:.75rem;"
    "border-radius:.5rem;background:var(--panel)}\n",
    ".axes circle{opacity:.55}\n",
    ".axes text{font-weight:700;font-size:22px;text-anchor:middle;dominant-baseline:central;"
    "paint-order:stroke;stroke:var(--panel);stroke-width:5px;stroke-linejoin:round}\n",
    ".legend{display:flex;gap:1.5rem;margin:.75rem 0 0;font-size:.875rem}\n",
    ".legend span::before{content:\"\";display:inline-block;width:1.2rem;height:.2rem;margin-right:"
    ".4rem;border-radius:.1rem;vertical-align:middle;background:rgb(var(--right))}\n",
    ".legend .validation::before{background:rgb(var(--wrong))}\n",
    ".curves{display:flex;flex-wrap:wrap;gap:.75rem 1.5rem;margin-top:.5rem}\n",
    ".curves figure{flex:1 1 20rem;max-width:36rem;margin:0}\n",
    ".curves figcaption{color:var(--soft);font-size:.875rem}\n",
    ".curve{display:block;width:100%;height:auto}\n",
    ".curve line{stroke:var(--line)}\n",
    ".curve text{fill:var(--soft);font-size:12px;text-anchor:middle;dominant-baseline:central}\n",
    ".curve .end{text-anchor:end}\n",
    ".curve polyline{fill:none;stroke-width:2;stroke-linejoin:round}\n",
    ".curve polyline.training{stroke:rgb(var(--right))}.curve "
    "polyline.validation{stroke:rgb(var(--wrong))}\n",
    ".curve circle.training{fill:rgb(var(--right))}.curve "
    "circle.validation{fill:rgb(var(--wrong))}\n",
    ".shares{display:grid;grid-template-columns:repeat(auto-fill,minmax(16rem,1fr));gap:.75rem "
    "1.5rem;margin-top:.5rem}\n",
    ".shares figure{max-width:22rem;margin:0}\n",
    ".shares figcaption{color:var(--soft);font-size:.875rem}\n",
    ".scenes{display:grid;grid-template-columns:repeat(auto-fill,minmax(19rem,1fr));gap:1rem;"
    "margin-"
    "top:.75rem}\n",
    ".scenes figure{margin:0;padding:.5rem;border-radius:.5rem;background:var(--panel)}\n",
    ".scenes svg{display:block;width:100%;height:auto}\n",
    ".scenes "
    "rect{fill:#0000;stroke-width:2.5;vector-effect:non-scaling-stroke;filter:drop-shadow(0 "
    "0 1px #000)}\n",
    ".scenes rect.right{stroke:#4da3ff}.scenes rect.wrong{stroke:#ff8a3c}.scenes "
    "rect.missed{stroke:#ffe14d;stroke-dasharray:5 4}\n",
    ".scenes text{fill:#fff;font-weight:700;paint-order:stroke;stroke:#000;stroke-width:2px;"
    "pointer-events:none}\n",
    ".scenes figcaption{margin-top:.35rem;font-size:.875rem;overflow-wrap:anywhere}\n",
    ".scenes small{display:block;color:var(--soft)}\n",
    ".legend.boxes span::before{width:1rem;height:.7rem;border:2px solid #4da3ff;background:none}"
    ".legend.boxes .wrong::before{border-color:#ff8a3c}.legend.boxes .missed::before{border:2px "
    "dashed #c9a800}\n",
    "pre{overflow-x:auto;max-width:42rem;margin:.75rem 0 0;padding:.75rem "
    "1rem;border-radius:.5rem;background:var(--panel);font-size:.8rem;line-height:1.4}\n",
    ".filters{grid-template-columns:repeat(auto-fill,minmax(3.4rem,1fr));max-width:48rem}.filters "
    "img{margin:0}\n",
    "footer{margin-top:3rem}\n",
    "@media (max-width:40rem){body{padding:1.5rem 1rem 2rem}.wide{display:none}.facts{gap:.8rem "
    "1.75rem}.results{font-size:.875rem}.results th,.results td{padding-right:.6rem}.results "
    "small{overflow-wrap:anywhere}.results "
    "td.bar{width:auto}.tables{gap:1.5rem}.tables>*{width:100%}.confusion{width:100%;font-size:."
    "75rem}.confusion th,.confusion "
    "td{min-width:0;padding:.4rem .1rem;border-width:1px}.classes{width:100%}.classes th,.classes "
    "td{padding-right:.75rem}.pictures,.pictures.large{grid-template-columns:repeat(auto-fill,"
    "minmax(4.3rem,1fr));gap:.5rem}}\n",
};

#endif
