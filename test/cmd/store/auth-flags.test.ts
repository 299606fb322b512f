import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { authFlags } from '../../../src/cmd/store/auth-flags.js';
import { authSettingsOf } from '../../../src/cmd/store/auth-settings.js';
import { UsageError } from '../../../src/cmd/usage-error.js';
import { ManualClock } from '../../store/manual-clock.js';

const read = (token: string, cost = '10', ttl = '300') =>
  authFlags({
    text: (name) => ({ 'auth-token': token, 'bcrypt-cost': cost })[name] ?? ttl,
    flag: () => false,
  });

t.test('authFlags reads what etcd reads', async (t) => {
  t.same(read('simple').tokens, { kind: 'simple' });
  t.same(read('').tokens, { kind: 'none' });
  t.same(read('jwt,pub-key=a,priv-key=b,sign-method=RS512,ttl=10m').tokens, {
    kind: 'jwt',
    method: 'RS512',
    publicKeyFile: 'a',
    privateKeyFile: 'b',
    ttlSeconds: 600,
  });
  t.match(read('jwt,priv-key=b,sign-method=HS256').tokens, { ttlSeconds: 300 });
  t.equal(read('simple', '31').bcryptCost, 31);
  t.equal(read('simple', '3').bcryptCost, 10, 'one that bcrypt has not is the default');
  t.equal(read('simple', '10', '0').tokenTtlSeconds, 300);
});

t.test('authFlags refuses what makes no sense', async (t) => {
  const wrong = [
    'complex',
    'jwt',
    'jwt,sign-method=none',
    'jwt,sign-method',
    'jwt,sign-method=RS256=x',
    'jwt,sign-method=RS256,sign-method=RS256',
    'jwt,sign-method=RS256,ttl=soon',
  ];
  for (const token of wrong) t.throws(() => read(token), UsageError, token);
});

t.test('authSettingsOf refuses keys that do not fit, before anybody logs in', async (t) => {
  const dir = t.testdir();
  const clock = new ManualClock();
  const pem = async (name: string, text: string | Buffer) => {
    await writeFile(join(dir, name), text);
    return join(dir, name);
  };
  const spki = { type: 'spki', format: 'pem' } as const;
  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const priv = await pem('rsa.key', rsa.privateKey.export(pkcs8));
  const pub = await pem('rsa.pub', rsa.publicKey.export(spki));
  const ecKey = await pem('ec.key', other.privateKey.export(pkcs8));
  const ecPub = await pem('ec.pub', other.publicKey.export(spki));
  const text = await pem('text', 'nothing');
  const table: readonly (readonly [token: string, isRight: boolean])[] = [
    [`jwt,sign-method=RS256,priv-key=${priv},pub-key=${pub}`, true],
    [`jwt,sign-method=RS256,priv-key=${priv}`, true],
    [`jwt,sign-method=RS256,pub-key=${pub}`, true],
    [`jwt,sign-method=ES256,priv-key=${ecKey}`, true],
    [`jwt,sign-method=HS256,priv-key=${text}`, true],
    ['jwt,sign-method=RS256', false],
    [`jwt,sign-method=HS256,pub-key=${text}`, false],
    [`jwt,sign-method=RS256,priv-key=${ecKey}`, false],
    [`jwt,sign-method=ES384,priv-key=${ecKey}`, false],
    [`jwt,sign-method=RS256,priv-key=${priv},pub-key=${ecPub}`, false],
    [`jwt,sign-method=RS256,priv-key=${text}`, false],
    [`jwt,sign-method=RS256,priv-key=${join(dir, 'absent')}`, false],
  ];
  for (const [token, isRight] of table) {
    const settings = authSettingsOf(read(token), clock);
    if (isRight) t.equal((await settings).tokens.kind, 'signed', token);
    else await t.rejects(settings, UsageError, token);
  }
});
