import t from 'tap';
import { parseProxyName } from '../../../../src/control/apiserver/connect/proxy-target.js';
import { isProxyable } from '../../../../src/control/apiserver/connect/reachable.js';

t.test("isProxyable refuses the addresses of the API server's own machine", async (t) => {
  const own = [
    '127.0.0.1',
    '127.9.9.9',
    '169.254.169.254',
    '0.0.0.0',
    '::1',
    'fe80::1',
    '::',
    'ff02::1',
    '::ffff:127.0.0.1',
  ];
  for (const host of own) t.equal(isProxyable(host), false, host);
  for (const host of ['10.0.0.1', '192.168.1.1', 'fd00::1', 'node-1.example.org', '128.0.0.1'])
    t.equal(isProxyable(host), true, host);
});

t.test('parseProxyName reads schemes, names and ports', async (t) => {
  const cases: readonly [string, readonly [string, string, string] | null][] = [
    ['a', ['', 'a', '']],
    ['a:80', ['', 'a', '80']],
    ['https:a:web', ['https', 'a', 'web']],
    ['http:a:', ['http', 'a', '']],
    [':a:80', ['', 'a', '80']],
    ['ftp:a:80', null],
    ['a:', null],
    ['', null],
    [':80', null],
    ['http:a:80:1', null],
  ];
  for (const [text, expected] of cases) {
    const name = parseProxyName(text);
    t.same(name === null ? null : [name.scheme, name.name, name.port], expected, text);
  }
});
