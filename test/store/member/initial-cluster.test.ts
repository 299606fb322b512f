import t from 'tap';
import {
  InitialClusterError,
  type InitialClusterErrorCode,
  parseInitialCluster,
} from '../../../src/store/member/initial-cluster.js';
import { parseMemberUrls, UrlError, type UrlErrorCode } from '../../../src/store/member/urls.js';

const accepted: readonly (readonly [text: string, cluster: Record<string, string[]>])[] = [
  ['a=http://10.0.0.1:2380', { a: ['http://10.0.0.1:2380'] }],
  [
    'b=https://b.example:2380,a=http://[::1]:2380',
    { b: ['https://b.example:2380'], a: ['http://[::1]:2380'] },
  ],
  ['a=http://y:2,a=http://x:1', { a: ['http://x:1', 'http://y:2'] }],
  [' a = http://x:1 ,,', { a: ['http://x:1'] }],
  ['a=HTTP://X:1', { a: ['http://X:1'] }],
  ['a=unix://localhost:m1', { a: ['unix://localhost:m1'] }],
  ['a=unixs:///run/sock', { a: ['unixs:///run/sock'] }],
];

const refused: readonly (readonly [text: string, code: InitialClusterErrorCode, says: string])[] = [
  ['', 'empty', 'name=http://host:port'],
  [' , ', 'empty', 'name=http://host:port'],
  ['http://x:1', 'no-name', '"http://x:1"'],
  ['=http://x:1', 'no-name', '"=http://x:1"'],
  ['a=', 'bad-url', 'member "a"'],
  ['a=x:1', 'bad-url', 'http://'],
  ['a=http://x', 'bad-url', '"http://x"'],
  ['a=http://x:1,b=http://x:1', 'duplicate-url', '"a" and "b"'],
  ['a=http://x:1,a=http://x:1', 'duplicate-url', 'each URL once'],
];

t.test('parseInitialCluster gives the sorted URLs by name', async (t) => {
  for (const [text, cluster] of accepted) {
    t.same(Object.fromEntries(parseInitialCluster(text)), cluster, text);
  }
  t.same([...parseInitialCluster('z=http://z:1,a=http://a:1').keys()], ['z', 'a']);
});

t.test('parseInitialCluster says what is wrong and what to write', async (t) => {
  for (const [text, code, says] of refused) {
    try {
      parseInitialCluster(text);
      t.fail(`"${text}" was accepted`);
    } catch (error) {
      if (!(error instanceof InitialClusterError)) throw error;
      t.equal(error.code, code, `code for "${text}"`);
      t.ok(error.message.includes(says), `${error.message} has ${says}`);
    }
  }
});

const badUrls: readonly (readonly [urls: string[], code: UrlErrorCode])[] = [
  [[], 'no-urls'],
  [['ftp://x:1'], 'url-scheme'],
  [['x:1'], 'url-scheme'],
  [['http:x:1'], 'url-scheme'],
  [['http://x'], 'url-host-port'],
  [['http://::1:2380'], 'url-host-port'],
  [['http://x:1/'], 'url-path'],
  [['http://x:1/a'], 'url-path'],
  [['http://x:1?a'], 'url-path'],
  [['http://ok:1', 'http://x'], 'url-host-port'],
];

t.test('parseMemberUrls refuses what no peer can connect to', async (t) => {
  for (const [urls, code] of badUrls) {
    try {
      parseMemberUrls(urls);
      t.fail(`${urls} was accepted`);
    } catch (error) {
      if (!(error instanceof UrlError)) throw error;
      t.equal(error.code, code, urls.join());
    }
  }
});
