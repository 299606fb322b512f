import { createCipheriv, randomBytes } from 'node:crypto';
import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { aesCbc, aesGcm, secretbox } from '../../../../src/control/apiserver/encryption/ciphers.js';
import {
  DecryptionError,
  EncryptingTransformer,
} from '../../../../src/control/apiserver/encryption/encrypting-transformer.js';
import {
  EncryptionConfigError,
  encryptionOf,
  parseEncryptionConfig,
} from '../../../../src/control/apiserver/encryption/encryption-config.js';
import {
  openSecretbox,
  sealSecretbox,
} from '../../../../src/control/apiserver/encryption/secretbox.js';

const hex = (text: string) => Buffer.from(text.replace(/\s+/g, ''), 'hex');

t.test(
  'secretbox makes what NaCl makes (Bernstein, "Cryptography in NaCl", section 10)',
  async (t) => {
    const key = hex('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389');
    const nonce = hex('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37');
    const message = hex(`be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffc
    e5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb31
    0e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde
    048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f93776384864
    5e0705`);
    const sealed = hex(`f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce
    48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c972
    71d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae
    90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b3
    7973f622a43d14a6599b1f654cb45a74e355a5`);
    t.equal(
      Buffer.from(sealSecretbox(message, nonce, key)).toString('hex'),
      sealed.toString('hex'),
    );
    t.equal(
      Buffer.from(openSecretbox(sealed, nonce, key) ?? []).toString('hex'),
      message.toString('hex'),
    );
    sealed[40] = (sealed[40] ?? 0) ^ 1;
    t.equal(openSecretbox(sealed, nonce, key), null);
  },
);

const noKms = () => {
  throw new Error('nobody asked for a service');
};

t.test('ciphers open what they sealed, whatever its length, and nothing else', async (t) => {
  const prng = new Prng(11);
  const place = Buffer.from('/registry/secrets/n/a');
  for (const [name, make, authenticates, bindsPlace] of [
    ['aesgcm', aesGcm, true, true],
    ['secretbox', secretbox, true, false],
    ['aescbc', aesCbc, false, false],
  ] as const) {
    const cipher = make(prng.bytes(32));
    const other = make(prng.bytes(32));
    for (const length of [0, 1, 15, 16, 17, 63, 64, 65, 1000, 4096]) {
      const value = prng.bytes(length);
      const sealed = cipher.seal(value, place, randomBytes);
      t.same(
        Buffer.from(cipher.open(sealed, place) ?? 'none'),
        Buffer.from(value),
        `${name} ${length}`,
      );
      t.notSame(
        Buffer.from(cipher.seal(value, place, randomBytes)),
        Buffer.from(sealed),
        'a new nonce each time',
      );
      if (authenticates) {
        t.equal(other.open(sealed, place), null, `${name}: another key`);
        const changed = Uint8Array.from(sealed);
        const at = prng.int(0, changed.length);
        changed[at] = (changed[at] ?? 0) ^ 1;
        t.equal(cipher.open(changed, place), null, `${name}: byte ${at} changed`);
        t.equal(
          cipher.open(sealed.subarray(0, sealed.length - 1), place),
          null,
          `${name}: cut off`,
        );
      }
      if (bindsPlace)
        t.equal(cipher.open(sealed, Buffer.from('/registry/secrets/n/b')), null, `${name}: moved`);
    }
    t.equal(cipher.open(new Uint8Array(3), place), null, `${name}: too short`);
  }
});

t.test(
  'aesgcm reads the layout of Kubernetes: nonce, value, tag, with the key as additional data',
  async (t) => {
    const key = Buffer.alloc(32, 7);
    const nonce = Buffer.alloc(12, 9);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from('place'));
    const sealed = Buffer.concat([
      nonce,
      cipher.update('value'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    t.equal(Buffer.from(aesGcm(key).open(sealed, Buffer.from('place')) ?? []).toString(), 'value');
  },
);

const key1 = Buffer.alloc(32, 1).toString('base64');
const key2 = Buffer.alloc(32, 2).toString('base64');
const config = (providers: string) => `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets, widgets.example.com]
    providers:
${providers}
  - resources: ['*.apps', '*.']
    providers: [{ identity: {} }]
`;
const gcm = (name: string, secret: string) =>
  `      - aesgcm: { keys: [{ name: ${name}, secret: ${secret} }] }`;

t.test('EncryptingTransformer rotates keys without losing what was written', async (t) => {
  const place = Buffer.from('/registry/secrets/n/a');
  const plain = Buffer.from('{"kind":"Secret"}');
  const of = (providers: string) =>
    new EncryptingTransformer(parseEncryptionConfig(config(providers), noKms)[0]!, randomBytes);
  const identity = '      - identity: {}';
  const stages = [
    of(identity),
    of(`${identity}\n${gcm('one', key1)}`),
    of(`${gcm('one', key1)}\n${identity}`),
    of(
      `      - secretbox: { keys: [{ name: two, secret: ${key2} }] }\n${gcm('one', key1)}\n${identity}`,
    ),
  ];
  const written = stages.map((stage) => stage.toStored(plain, place));
  t.equal(Buffer.from(written[0]!).toString(), plain.toString());
  t.match(Buffer.from(written[2]!).toString('latin1'), /^k8s:enc:aesgcm:v1:one:/);
  t.match(Buffer.from(written[3]!).toString('latin1'), /^k8s:enc:secretbox:v1:two:/);
  const last = stages[3]!;
  const stale = written.map((stored) => {
    const { bytes, isStale } = last.fromStored(stored, place);
    t.equal(Buffer.from(bytes).toString(), plain.toString());
    return isStale;
  });
  t.same(stale, [true, true, true, false], 'what is not of the first key is to be written anew');
  t.throws(
    () => stages[0]!.fromStored(written[2]!, place),
    DecryptionError,
    'encrypted values are not taken for plain ones',
  );
  t.throws(() => of(gcm('one', key2)).fromStored(written[2]!, place), /cannot be decrypted/);
  t.throws(() => of(gcm('other', key1)).fromStored(written[2]!, place), /no provider matches/);
  t.throws(
    () => of(gcm('one', key1)).fromStored(plain, place),
    /no provider matches/,
    'plain values are not read when identity is not given',
  );
});

t.test('encryptionOf finds the first entry that names a resource', async (t) => {
  const parsed = parseEncryptionConfig(config(gcm('one', key1)), noKms);
  const prefixOf = (group: string, resource: string) =>
    encryptionOf(parsed, { group, resource })?.keys[0]?.prefix;
  t.equal(prefixOf('', 'secrets'), 'k8s:enc:aesgcm:v1:one:');
  t.equal(prefixOf('example.com', 'widgets'), 'k8s:enc:aesgcm:v1:one:');
  t.equal(prefixOf('apps', 'deployments'), '');
  t.equal(prefixOf('', 'pods'), '');
  t.equal(prefixOf('batch', 'jobs'), undefined);
});

t.test('parseEncryptionConfig refuses what would not protect', async (t) => {
  const cases: readonly [string, RegExp][] = [
    ['{', /no YAML/],
    ['kind: Pod', /no EncryptionConfiguration/],
    [config('      - vault: { name: x }'), /the provider "vault" is not served/],
    [
      config('      - kms: { name: x, endpoint: "unix:///s" }'),
      /apiVersion: v2 is the only version/,
    ],
    [config('      - kms: { apiVersion: v1, name: x }'), /apiVersion: v2 is the only version/],
    [config('      - kms: { apiVersion: v2, name: "a:b" }'), /a name without ':' is required/],
    [config('      - kms: { apiVersion: v2, name: a, endpoint: "tcp://x" }'), /unix:\/\/\/path/],
    [
      config('      - kms: { apiVersion: v2, name: a, endpoint: "unix:///s", timeout: 0s }'),
      /a positive duration is required/,
    ],
    [config('      - aesgcm: { keys: [] }'), /at least one key is required/],
    [config(gcm('one', '"c2hvcnQ="')), /a key has 16, 24, 32 bytes, not 5/],
    [config(gcm('one', '"not base64!"')), /secrets must be base64 encoded/],
    [config(gcm('"a:b"', key1)), /a name without ':' is required/],
    [config('      - { aesgcm: {}, identity: {} }'), /name exactly one provider, not 2/],
  ];
  for (const [text, error] of cases) {
    t.throws(() => parseEncryptionConfig(text, noKms), error);
    t.throws(() => parseEncryptionConfig(text, noKms), EncryptionConfigError);
  }
});
