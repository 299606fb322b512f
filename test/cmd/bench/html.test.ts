import t from 'tap';
import { comparePage } from '../../../src/cmd/bench/html/compare-page.js';
import { html } from '../../../src/cmd/bench/html/markup.js';
import { reportPage } from '../../../src/cmd/bench/html/report-page.js';
import { linearScale, percentileScale } from '../../../src/cmd/bench/html/scale.js';
import { reportOf } from './reports.js';

t.test(
  'html: escapes what is inserted, in text and attributes, and not what is markup',
  async (t) => {
    const evil = `<script>"'&`;
    t.equal(
      html`<a title="${evil}">${evil}</a>`.text,
      '<a title="&lt;script&gt;&quot;&#39;&amp;">&lt;script&gt;&quot;&#39;&amp;</a>',
    );
    t.equal(html`<p>${[html`<b>${'<'}</b>`, 1, '>']}</p>`.text, '<p><b>&lt;</b>1&gt;</p>');
  },
);

t.test('reportPage: escapes what comes from outside', async (t) => {
  const evil = '"><img src=x onerror=alert(1)>';
  const page = reportPage(
    reportOf({
      server: { version: evil, members: 3 },
      load: { ...reportOf().load, endpoints: [evil] },
      client: { machine: evil, node: evil, flotilla: evil },
      errors: { [evil]: 1 },
      series: reportOf().series.map((series) => ({ ...series, name: evil })),
    }),
  );
  t.notMatch(page, /<img/);
  t.match(page, /&lt;img/);
});

t.test('reportPage: refers to nothing outside, runs nothing, and forbids both', async (t) => {
  const page = reportPage(reportOf());
  t.notMatch(page, /<(script|link|img|iframe|object|embed|base)\b/i);
  t.notMatch(page, /\b(src|href|srcset|action)=/i);
  t.notMatch(page, /url\(|@import/i);
  t.match(
    page,
    /Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"/,
  );
  t.match(page, /prefers-color-scheme: dark/);
});

t.test(
  'reportPage: shows the numbers and a curve for each series, and its tags are closed',
  async (t) => {
    const page = reportPage(reportOf());
    for (const text of [
      '800 clients over 8 connections',
      '3.5.0, 3 members',
      '12.5 ms',
      '3.2 us',
    ]) {
      t.match(page, text);
    }
    t.equal(page.match(/<path class="curve"/g)?.length, 4);
    t.notMatch(page, /NaN|undefined|Infinity/);
    for (const tag of ['svg', 'figure', 'table', 'tr', 'td', 'dl', 'dt', 'dd', 'text', 'span']) {
      const opened = page.match(new RegExp(`<${tag}\\b`, 'g'))?.length;
      t.equal(page.match(new RegExp(`</${tag}>`, 'g'))?.length, opened, tag);
    }
  },
);

t.test('reportPage: a run without a single success is a page too', async (t) => {
  const series = [{ name: 'put', completed: 0, perSecond: 0, latencyMs: null, histogramUs: [] }];
  const page = reportPage(reportOf({ series, intervals: [], errors: { UNAVAILABLE: 7 } }));
  t.match(page, /UNAVAILABLE 7/);
  t.notMatch(page, /NaN|undefined|Infinity/);
});

t.test(
  'comparePage: bars for each metric and report, curves for each report, and nothing from outside',
  async (t) => {
    const reports = ['before', '<after>'].map((name) => ({ name, report: reportOf() }));
    const page = comparePage(reports);
    t.equal(page.match(/<rect /g)?.length, 10, 'five metrics, two reports');
    t.equal(page.match(/<path class="curve"/g)?.length, 2);
    t.match(page, '&lt;after&gt;');
    t.match(page, '50 (1.00 x)');
    t.notMatch(page, /<after>|<script|\b(src|href)=|NaN|undefined/);
  },
);

t.test('linearScale: ticks are round and cover the values', async (t) => {
  const cases: readonly (readonly [number, readonly number[]])[] = [
    [97, [0, 20, 40, 60, 80, 100]],
    [1000, [0, 200, 400, 600, 800, 1000]],
    [0.7, [0, 0.2, 0.4, 0.6, 0.8]],
    [3, [0, 1, 2, 3]],
  ];
  for (const [max, ticks] of cases) {
    const scale = linearScale(max, 0, 100);
    t.same(
      scale.ticks.map((tick) => Number(tick.toFixed(6))),
      ticks,
      `${max}`,
    );
    t.ok(scale.place(max) <= 100.001);
    t.equal(scale.place(0), 0);
  }
  t.ok(linearScale(0, 0, 100).ticks.every(Number.isFinite), 'nothing but zeros');
});

t.test('percentileScale: every nine takes the same room', async (t) => {
  const scale = percentileScale(0, 500);
  for (const [percent, place] of [
    [0, 0],
    [90, 100],
    [99, 200],
    [99.9, 300],
    [100, 500],
  ] as const) {
    t.ok(Math.abs(scale.place(percent) - place) < 0.01, `${percent}`);
  }
});
