"""Names of what is drawn in -> colours by day and by night out.

bytes > server > [app > middleware > routing > handler > response] > bytes

Spec:         none, because it is a matter of drawing: https://www.w3.org/TR/SVG2/
In FastAPI:   none, because it draws nothing
In Starlette: none, because it draws nothing
In Flask:     none, because it draws nothing
Left out:     a switch: day and night are what the reader's system says
"""

STYLE = """
.xray {
  --paper: #ffffff; --ink: #1d2430; --faint: #66707f; --line: #c9d0da; --layer: #3b6ea80f; --edge: #8aa3bf;
  --in: #1f6fd0; --out: #b7531c; --call: #98a2b0; --bad: #c0262d; --bar: #6d9bd1; --warm: #b7791f; --card: #f6f8fa;
  --h0: #3b82c4; --h1: #c2703d; --h2: #4c9a6a; --h3: #9367b8; --h4: #b0527a; --h5: #7a8450;
  color-scheme: light dark; background: var(--paper); color: var(--ink); max-width: 1180px; margin: 0 auto;
  padding: 28px 24px 40px; font: 15px/1.5 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  .xray {
    --paper: #0f141b; --ink: #e4e9f0; --faint: #93a0b1; --line: #37414e; --layer: #8ab4f80d; --edge: #5b7390;
    --in: #6fb0ff; --out: #f0a070; --call: #7d8896; --bad: #ff7b7b; --bar: #4a78ad; --warm: #e0b050; --card: #171e27;
    --h0: #5fa3e0; --h1: #e0925f; --h2: #6cbd8b; --h3: #b48ad6; --h4: #d6779d; --h5: #a3ad76;
  }
  body:has(> .xray) { background: #0f141b; }
}
body:has(> .xray) { margin: 0; }
.xray h1 { font: 600 30px/1.2 ui-monospace, monospace; margin: 0; }
.xray h2 { font-size: 19px; margin: 34px 0 2px; }
.xray h3 { font-size: 15px; margin: 0; overflow-wrap: anywhere; }
.xray p { margin: 2px 0; }
.xray .lead { font-size: 16px; color: var(--faint); overflow-wrap: anywhere; }
.xray .lead b { color: var(--ink); }
.xray .how { color: var(--faint); font-size: 13.5px; margin-bottom: 10px; }
.xray code { font: .92em ui-monospace, monospace; }
.xray ul, .xray ol { list-style: none; margin: 0; padding: 0; }
.xray .figures { display: flex; flex-wrap: wrap; gap: 10px 34px; margin: 20px 0 4px; }
.xray .figures li { color: var(--faint); font-size: 13px; max-width: 130px; line-height: 1.25; }
.xray .figures b { display: block; font: 600 30px/1.1 system-ui, sans-serif; color: var(--ink); }
.xray svg { display: block; width: 100%; height: auto; font: 11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.xray svg text { fill: var(--ink); white-space: pre; }
.xray svg .faint { fill: var(--faint); }
.xray svg polyline { fill: none; stroke: var(--line); stroke-width: 1.3; }
.xray svg .layer { fill: var(--layer); stroke: var(--edge); stroke-width: 1; }
.xray svg .layer.apart { stroke-dasharray: 5 3; stroke: var(--warm); }
.xray svg text.name { font-weight: 600; }
.xray svg text.name.apart { fill: var(--warm); }
.xray svg polyline.receive { stroke: var(--in); } .xray svg circle.receive, .xray svg text.receive { fill: var(--in); }
.xray svg polyline.send { stroke: var(--out); } .xray svg circle.send, .xray svg text.send { fill: var(--out); }
.xray svg polyline.call { stroke: var(--call); stroke-dasharray: 3 3; } .xray svg circle.call { fill: var(--call); }
.xray svg text.call { fill: var(--faint); }
.xray svg polyline.raised { stroke: var(--bad); } .xray svg circle.raised, .xray svg text.raised { fill: var(--bad); }
.xray svg polyline.changed { fill: var(--paper); stroke: var(--out); stroke-width: 1.5; }
.xray svg .bar { fill: var(--bar); } .xray svg polyline.whisker { stroke: var(--ink); stroke-width: 1.2; }
.xray svg polyline.guide { stroke-dasharray: 2 3; } .xray svg polyline.asks { stroke: var(--call); }
.xray svg .node { stroke: var(--in); stroke-width: 1.5; fill: var(--in); }
.xray svg .node.thread { fill: var(--paper); stroke: var(--out); }
.xray svg .node.cached { fill: var(--paper); stroke: var(--call); stroke-dasharray: 2 2; }
.xray svg .node.endpoint { fill: var(--ink); stroke: var(--ink); }
.xray svg .number { text-anchor: middle; font-size: 9px; font-weight: 700; fill: var(--paper); }
.xray svg .number.thread { fill: var(--out); } .xray svg .number.cached { fill: var(--faint); }
.xray svg .life { fill: var(--bar); } .xray svg .life.thread { fill: var(--out); opacity: .75; }
.xray svg polyline.teardown { stroke: var(--ink); stroke-width: 2; }
.xray table { border-collapse: collapse; margin-top: 18px; }
.xray th, .xray td { text-align: left; padding: 4px 26px 4px 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
.xray td:first-child { color: var(--faint); white-space: nowrap; }
.xray .lanes { display: flex; flex-wrap: wrap; gap: 14px; align-items: flex-start; }
.xray .lanes section { flex: 1 1 340px; min-width: 0; background: var(--card); border-radius: 8px; padding: 10px 12px; }
.xray .lanes p { color: var(--faint); font-size: 12.5px; margin-bottom: 6px; }
.xray .lanes li { font: 12px/1.45 ui-monospace, monospace; border-left: 4px solid; padding: 1px 0 1px 8px; margin: 1px 0;
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.xray .lanes span { color: var(--faint); }
.xray .hue0 { border-color: var(--h0) !important; } .xray .hue1 { border-color: var(--h1) !important; }
.xray .hue2 { border-color: var(--h2) !important; } .xray .hue3 { border-color: var(--h3) !important; }
.xray .hue4 { border-color: var(--h4) !important; } .xray .hue5 { border-color: var(--h5) !important; }
.xray .findings { display: grid; grid-template-columns: repeat(auto-fill, minmax(360px, 1fr)); gap: 12px; margin-top: 8px; }
.xray .findings li { background: var(--card); border-left: 4px solid var(--warm); border-radius: 8px; padding: 10px 14px;
  font-size: 14px; overflow-wrap: anywhere; }
"""
