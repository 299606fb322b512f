import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { addressBehind, HtmlLinks } from '../../../../src/control/apiserver/connect/html-links.js';

const rewrite = (page: string, pieces: readonly number[] = []) => {
  const links = new HtmlLinks((address) => `[${address}]`);
  const bytes = Buffer.from(page, 'latin1');
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const length of [...pieces, bytes.length]) {
    parts.push(links.add(bytes.subarray(at, at + length)));
    at += length;
  }
  return Buffer.concat([...parts, links.end()]).toString('latin1');
};

const rows: readonly (readonly [title: string, page: string, expected: string])[] = [
  [
    'quotes of each kind, and none',
    `<a href="/a"><A HREF='/b'><a href=/c>`,
    `<a href="[/a]"><A HREF='[/b]'><a href=[/c]>`,
  ],
  ['other attributes stay', '<a class="/x" href="/a" id=q>', '<a class="/x" href="[/a]" id=q>'],
  ['attributes of other elements stay', '<p href="/a" src="/b">', '<p href="/a" src="/b">'],
  [
    'several attributes',
    '<img src = "/a" longdesc="/b" />',
    '<img src = "[/a]" longdesc="[/b]" />',
  ],
  ['an end of a tag in quotes is none', '<a title=">" href="/a">', '<a title=">" href="[/a]">'],
  ['comments stay', '<!-- <a href="/a"> --><a href="/b">', '<!-- <a href="/a"> --><a href="[/b]">'],
  [
    'scripts stay, their addresses do not',
    '<script src="/s">"<a href=/a>"</script><a href="/b">',
    '<script src="[/s]">"<a href=/a>"</script><a href="[/b]">',
  ],
  ['text stays, also after the last tag', 'a < b <3 </p> caf\xe9 <', 'a < b <3 </p> caf\xe9 <'],
  ['a tag without its end stays', '<p><a href="/a"', '<p><a href="/a"'],
];
for (const [title, page, expected] of rows) {
  t.test(`HtmlLinks: ${title}`, async (t) => {
    t.equal(rewrite(page), expected);
  });
}

t.test('HtmlLinks: it is all the same in which pieces a page comes', async (t) => {
  for (let seed = 1; seed <= 50; seed++) {
    const prng = new Prng(seed);
    const page = Array.from({ length: 10 }, () => rows[prng.int(0, rows.length - 2)]![1]).join('');
    const pieces = Array.from({ length: 100 }, () => prng.int(0, 9));
    t.equal(rewrite(page, pieces), rewrite(page), `seed ${seed}`);
  }
});

t.test('HtmlLinks: what never ends is not held back for ever', async (t) => {
  const links = new HtmlLinks((address) => address);
  const sent = links.add(Buffer.from(`<a href="${'x'.repeat(300_000)}`));
  t.ok(sent.length > 300_000);
});

t.test('addressBehind: addresses of the server itself lead through the proxy', async (t) => {
  const place = { origin: 'http://10.0.0.1:80', base: '/proxy' };
  const cases: readonly (readonly [string, string])[] = [
    ['/a?b#c', '/proxy/a?b#c'],
    ['/proxy/a', '/proxy/a'],
    ['a', 'a'],
    ['#a', '#a'],
    ['//other/a', '//other/a'],
    ['//10.0.0.1:80/a', '/proxy/a'],
    ['http://10.0.0.1:80/a', '/proxy/a'],
    ['http://10.0.0.1:8080/a', 'http://10.0.0.1:8080/a'],
    ['javascript:void(0)', 'javascript:void(0)'],
  ];
  for (const [address, expected] of cases) t.equal(addressBehind(address, place), expected);
});

t.test('HtmlLinks: names without an end are read in one pass', async (t) => {
  // With patterns that can divide a name in two ways each of these takes minutes.
  const long = 'x'.repeat(250_000);
  for (const page of [`<${long}`, `<a ${long}`, `<a ${long}>`, `<a "${long}`]) {
    t.equal(rewrite(page), page, page.slice(0, 8));
  }
  t.equal(rewrite(`<a ${long} href="/a">`), `<a ${long} href="[/a]">`);
});
