import { html, Markup } from './markup.js';

/** Everything is in the page: it asks for nothing over the network, which its policy says too. */
const policy = "default-src 'none'; style-src 'unsafe-inline'";

const style = new Markup(`
:root { --text: #1b1f24; --soft: #57606a; --line: #d8dee4; --page: #ffffff; --card: #f6f8fa;
  --s0: #0969da; --s1: #bc4c00; --s2: #1a7f37; --s3: #8250df; --good: #1a7f37; --bad: #cf222e; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --soft: #9198a1; --line: #3d444d; --page: #0d1117; --card: #151b23;
    --s0: #4493f8; --s1: #f0883e; --s2: #3fb950; --s3: #ab7df8; --good: #3fb950; --bad: #f85149; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1rem; max-width: 64rem; color: var(--text); background: var(--page);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p, dl { color: var(--soft); margin: .25rem 0; } dt { float: left; clear: left; width: 8rem; } dd { margin-left: 8rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; } th:first-child, td:first-child, .left { text-align: left; }
figure { margin: 1rem 0; padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 6px; }
figcaption { font-weight: 600; } svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; } svg .value { fill: var(--text); }
.grid { stroke: var(--line); } .curve { fill: none; stroke-width: 1.75; stroke-linejoin: round; }
.key { display: inline-block; margin-right: 1rem; color: var(--soft); font-weight: 400; }
.key i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .35em; }
.good { color: var(--good); } .bad { color: var(--bad); }
`);

/** The colours of the curves and bars of a chart, in their order. */
export const seriesColors: readonly string[] = ['var(--s0)', 'var(--s1)', 'var(--s2)', 'var(--s3)'];

/** A complete page, readable in light and dark. */
export function page(title: string, body: readonly Markup[]): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`.text;
}

/** Facts by name. */
export function facts(entries: Readonly<Record<string, string>>): Markup {
  const parts = Object.entries(entries).map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
  );
  return html`<dl>${parts}</dl>`;
}

/** A table; the first column is text, the others are numbers or short marks. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | Markup)[])[],
): Markup {
  const cells = (row: readonly (string | Markup)[]) => row.map((cell) => html`<td>${cell}</td>`);
  return html`<div class="wide"><table><thead><tr>${head.map((title) => html`<th>${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>`)}</tbody></table></div>`;
}
