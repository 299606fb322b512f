import { createHmac, randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { silentLogger } from '../../../../src/base/logger.js';
import { aesGcm } from '../../../../src/control/apiserver/encryption/ciphers.js';
import { EncryptingTransformer } from '../../../../src/control/apiserver/encryption/encrypting-transformer.js';
import { derivedGcm } from '../../../../src/control/apiserver/encryption/kms/derived-gcm.js';
import { KmsCipher } from '../../../../src/control/apiserver/encryption/kms/kms-cipher.js';
import {
  KmsError,
  KmsPlugin,
} from '../../../../src/control/apiserver/encryption/kms/kms-plugin.js';
import { hostClock } from '../../../../src/host/clock.js';
import { createHttp2Channel } from '../../../../src/rpc/http2/index.js';
import { EncryptedObject } from '../../../../src/wire/gen/kms.js';
import { until } from '../../../client/until.js';
import { ManualClock } from '../../../store/manual-clock.js';
import { startKms, type TestKms } from './kms-rig.js';

const place = Buffer.from('/registry/secrets/n/a');
const value = Buffer.from('{"kind":"Secret"}');

function connectTo(t: Test, { endpoint }: TestKms): KmsPlugin {
  const channel = createHttp2Channel(endpoint, { clock: hostClock });
  t.teardown(() => channel.close());
  let uids = 0;
  const newUid = () => `request-${++uids}`;
  return new KmsPlugin({ name: 'test', channel, timeoutMs: 60_000, newUid });
}

/** What one API server has. */
function cipherOf(t: Test, kms: TestKms, clock = new ManualClock()): KmsCipher {
  const plugin = connectTo(t, kms);
  const cipher = new KmsCipher({ plugin, clock, logger: silentLogger, random: randomBytes });
  t.teardown(() => cipher.close());
  return cipher;
}

/** RFC 5869 section 2.3, as it stands there. */
function hkdfExpand(key: Uint8Array, info: Uint8Array, length: number): Buffer {
  let output = Buffer.alloc(0);
  let block = Buffer.alloc(0);
  for (let at = 1; output.length < length; at++) {
    block = createHmac('sha256', key)
      .update(Buffer.concat([block, info, Buffer.from([at])]))
      .digest();
    output = Buffer.concat([output, block]);
  }
  return output.subarray(0, length);
}

t.test('derivedGcm encrypts each value with a key of its own, as HKDF makes them', async (t) => {
  const seed = randomBytes(32);
  const sealed = Buffer.from(derivedGcm(seed).seal(value, place, randomBytes));
  const key = hkdfExpand(seed, sealed.subarray(0, 32), 32);
  t.same(aesGcm(key).open(sealed.subarray(32), place), value);
  t.same(derivedGcm(seed).open(sealed, place), value);
  for (const at of [0, 32, 50, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    t.equal(derivedGcm(seed).open(changed, place), null, `byte ${at}`);
  }
  t.equal(derivedGcm(seed).open(sealed, Buffer.from('elsewhere')), null);
  t.equal(derivedGcm(seed).open(sealed.subarray(0, 20), place), null);
});

t.test('KmsCipher: what one server writes, another reads, asking once for each seed', async (t) => {
  const kms = await startKms(t);
  const one = cipherOf(t, kms);
  await one.start();
  t.equal(one.problem, null);
  const sealed = Array.from({ length: 20 }, () => one.seal(value, place));
  for (const each of sealed) t.same(one.open(each, place), value);
  t.same(kms.asked, ['status', 'encrypt with key-1'], 'not asked for each value');
  const other = cipherOf(t, kms);
  await other.start();
  kms.asked.length = 0;
  t.throws(() => other.open(sealed[0]!, place), KmsError);
  await Promise.all(sealed.map((each) => other.prepare(each)));
  t.same(kms.asked, ['decrypt with key-1']);
  for (const each of sealed) t.same(other.open(each, place), value);
  t.equal(other.prepare(sealed[0]!), null, 'nothing is missing any more');
  t.equal(other.open(sealed[0]!, Buffer.from('elsewhere')), null);
  t.equal(other.open(Buffer.from('no envelope'), place), null);
  t.equal(other.prepare(Buffer.from('no envelope')), null);
});

t.test('KmsCipher reads values whose key the service keeps itself', async (t) => {
  const kms = await startKms(t);
  const key = randomBytes(32);
  const { bytes, keyId, annotations } = await connectTo(t, kms).seal(key);
  const sealed = EncryptedObject.encode({
    encryptedData: aesGcm(key).seal(value, place, randomBytes),
    ...{ keyID: keyId, encryptedDEKSource: bytes, annotations, encryptedDEKSourceType: 0 },
  });
  const cipher = cipherOf(t, kms);
  await cipher.prepare(sealed);
  t.same(cipher.open(sealed, place), value);
});

t.test('KmsCipher follows the key of the service, and old values are stale then', async (t) => {
  const kms = await startKms(t);
  const clock = new ManualClock();
  const cipher = cipherOf(t, kms, clock);
  await cipher.start();
  const key = { prefix: 'k8s:enc:kms:v2:test:', cipher };
  const transformer = new EncryptingTransformer({ keys: [key] }, randomBytes);
  const stored = transformer.toStored(value, place);
  t.equal(Buffer.from(stored).subarray(0, key.prefix.length).toString(), key.prefix);
  t.match(transformer.fromStored(stored, place), { bytes: value, isStale: false });
  kms.rotate('key-2');
  await clock.advance(60_000);
  await until('the next seed', () => kms.asked.includes('encrypt with key-2'), 60_000);
  await until('stale', () => transformer.fromStored(stored, place).isStale, 60_000);
  const next = transformer.toStored(value, place);
  t.match(transformer.fromStored(next, place), { bytes: value, isStale: false });
  t.same(Buffer.from(transformer.fromStored(stored, place).bytes), value, 'still readable');
});

t.test('KmsCipher stops writing when the service does not confirm its key any more', async (t) => {
  const kms = await startKms(t);
  const clock = new ManualClock();
  const cipher = cipherOf(t, kms, clock);
  await cipher.start();
  kms.health = 'sealed';
  await clock.advance(60_000);
  await until('the problem', () => cipher.problem !== null, 60_000);
  t.match(cipher.problem, /provider "test" failed: it says of itself "sealed"/);
  const sealed = cipher.seal(value, place);
  t.ok(sealed, 'for a while it goes on');
  await clock.advance(2 * 60_000 + 1);
  t.throws(() => cipher.seal(value, place), { name: 'KmsError', message: /"sealed"/ });
  t.same(cipher.open(sealed, place), value, 'reading goes on');
});

for (const [what, change, message] of [
  ['another version', (kms: TestKms) => (kms.version = 'v1'), /it speaks version "v1"/],
  ['no health', (kms: TestKms) => (kms.health = ''), /it says of itself ""/],
  ['no name of its key', (kms: TestKms) => kms.rotate(''), /the name of its key has 0 bytes/],
  ['a long name', (kms: TestKms) => kms.rotate('x'.repeat(1025)), /has 1025 bytes, not 1 to 1024/],
] as const) {
  t.test(`KmsPlugin refuses a service with ${what}`, async (t) => {
    const kms = await startKms(t);
    change(kms);
    await t.rejects(connectTo(t, kms).keyId(), { name: 'KmsError', message });
  });
}

t.test('KmsPlugin says which service does not know a key, or is not there', async (t) => {
  const kms = await startKms(t);
  const plugin = connectTo(t, kms);
  const sealed = await plugin.seal(randomBytes(32));
  kms.revoke('key-1');
  const unknown = { name: 'KmsError', message: /provider "test" failed: there is no key key-1/ };
  await t.rejects(plugin.unseal(sealed), unknown);
  const nowhere = connectTo(t, { ...kms, endpoint: 'unix:///nonexistent/kms.sock' });
  await t.rejects(nowhere.keyId(), { name: 'KmsError' });
});
