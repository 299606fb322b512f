import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ImageAuth } from '../../../../../src/control/kubelet/runtime/container-runtime.js';
import {
  ImageStore,
  NodeImages,
  RegistryImages,
  type RegistryMirrors,
} from '../../../../../src/control/kubelet/runtime/images/index.js';
import { parseChallenge } from '../../../../../src/control/kubelet/runtime/images/registry/registry-auth.js';
import { registryEndpoints } from '../../../../../src/control/kubelet/runtime/images/registry/registry-endpoint.js';
import { hostClock } from '../../../../../src/host/clock.js';
import { WebClient } from '../../../../../src/rpc/index.js';
import { digestOf, LoopbackRegistry, ociIndex, ociManifest, refuse } from './loopback-registry.js';
import { type LayerEntry, makeLayout } from './make-archive.js';

const layers: LayerEntry[][] = [
  [{ name: 'a', content: 'first' }],
  [{ name: 'b', content: 'second' }],
];
const auth: ImageAuth = { username: 'me', password: 'secret', registryToken: '' };

/** A registry, and a node's images beside it. */
async function subject(t: Test, mirrors: (own: string) => RegistryMirrors = () => ({})) {
  const registry = await LoopbackRegistry.start();
  const web = new WebClient({ clock: hostClock });
  const directory = t.testdir({});
  const store = new ImageStore(join(directory, 'images'), 'amd64');
  const registries = new RegistryImages({
    ...{ store, web, clock: hostClock, architecture: 'amd64', ca: null, userAgent: 'test' },
    mirrors: mirrors(registry.name),
  });
  t.teardown(async () => {
    web.close();
    await registry.close();
  });
  const images = new NodeImages({ store, registries, missing: 'pull' });
  const fileOf = async (image: string, path: string) =>
    readFile(join((await images.unpacked(image))?.rootfs ?? '', path), 'utf8');
  return { registry, images, store, directory, fileOf };
}

t.test('RegistryImages pull images of each form of manifest', async (t) => {
  const { registry, images, fileOf } = await subject(t);
  for (const kind of ['oci', 'docker'] as const) {
    const own = [...layers, [{ name: 'kind', content: kind }]];
    const made = await registry.putImage(`team/${kind}`, '1', own, { kind });
    const ref = await images.pull(`${registry.name}/team/${kind}:1`, null);
    t.equal(ref, made.config);
    t.equal(await fileOf(ref, 'a'), 'first');
    t.equal(await fileOf(ref, 'b'), 'second');
    t.match(await images.status(`${registry.name}/team/${kind}:1`), {
      digests: [`${registry.name}/team/${kind}@${made.manifest}`],
    });
  }
});

t.test('RegistryImages pull the image of their platform out of a list', async (t) => {
  const { registry, images } = await subject(t);
  const own = await registry.putImage('app', 'own', layers);
  const other = await registry.putImage('app', 'other', [[{ name: 'x', content: 'arm' }]]);
  const entry = (digest: string, architecture: string) => ({
    ...{ mediaType: ociManifest, digest, size: 1 },
    platform: { os: 'linux', architecture },
  });
  const list = (manifests: object[]) => ({ schemaVersion: 2, mediaType: ociIndex, manifests });
  const both = [entry(other.manifest, 'arm64'), entry(own.manifest, 'amd64')];
  const index = registry.putManifest('app', 'both', ociIndex, list(both));
  t.equal(await images.pull(`${registry.name}/app:both`, null), own.config);
  t.match(await images.status(`${registry.name}/app@${index}`), { ref: own.config });
  registry.putManifest('app', 'none', ociIndex, list([entry(other.manifest, 'arm64')]));
  await t.rejects(images.pull(`${registry.name}/app:none`, null), {
    code: 'image-pull',
    message: /no match for platform in manifest: linux\/amd64 is not among linux\/arm64/,
  });
});

t.test(
  'RegistryImages ask again for what they have pulled, and fetch no layer twice',
  async (t) => {
    const { registry, images } = await subject(t);
    const first = await registry.putImage('app', '1', layers);
    await images.pull(`${registry.name}/app:1`, null);
    await images.pull(`${registry.name}/app:1`, null);
    t.equal(registry.count('/manifests/1'), 2);
    for (const layer of first.layers) t.equal(registry.count(layer), 1);
    const second = await registry.putImage('app', '1', [[{ name: 'c', content: 'new' }]]);
    t.equal(await images.pull(`${registry.name}/app:1`, null), second.config);
    t.match(await images.status(`${registry.name}/app:1`), { ref: second.config });
  },
);

t.test('NodeImages ask no registry for what was imported', async (t) => {
  const { registry, images, store, directory } = await subject(t);
  const name = `${registry.name}/mine:1`;
  await makeLayout(join(directory, 'layout'), { name, layers });
  await store.import(join(directory, 'layout'));
  t.equal(await images.pull(name, null), (await images.status(name))?.ref);
  t.strictSame(registry.seen, []);
});

t.test('RegistryImages log in by a token or by name and password, as they are told', async (t) => {
  const { registry, images } = await subject(t);
  await registry.putImage('private', '1', layers);
  const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;
  const image = `${registry.name}/private:1`;
  const challenges = {
    bearer: `Bearer realm="http://${registry.name}/token",service="reg",scope="repository:private:pull"`,
    basic: 'Basic realm="reg"',
  };
  for (const [scheme, challenge] of Object.entries(challenges)) {
    const wanted = scheme === 'bearer' ? 'Bearer t0ken' : basic;
    registry.intercept = ({ url = '', headers }, response) => {
      if (url.startsWith('/token')) {
        t.match(url, /service=reg&scope=repository%3Aprivate%3Apull/);
        if (headers.authorization !== basic) refuse(response, 401, 'UNAUTHORIZED');
        else response.end(JSON.stringify({ token: 't0ken' }));
        return true;
      }
      if (headers.authorization === wanted) return false;
      refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
      return true;
    };
    const denied = { code: 'image-pull', message: /pull access denied.*authorization failed/ };
    await t.rejects(images.pull(image, null), denied, `${scheme} without a login`);
    await t.rejects(images.pull(image, { ...auth, password: 'wrong' }), denied, scheme);
    await images.pull(image, auth);
    await images.remove(image);
  }
});

t.test(
  'RegistryImages follow redirects, and tell nobody else what the registry is told',
  async (t) => {
    const { registry, images } = await subject(t);
    const elsewhere = await LoopbackRegistry.start();
    t.teardown(() => elsewhere.close());
    const made = await registry.putImage('app', '1', layers);
    await elsewhere.putImage('app', '1', layers);
    registry.intercept = ({ url = '', headers }, response) => {
      if (headers.authorization === undefined) {
        refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' });
        return true;
      }
      if (!made.layers.some((layer) => url.endsWith(layer))) return false;
      response.writeHead(307, { location: `http://${elsewhere.name}${url}` }).end();
      return true;
    };
    await images.pull(`${registry.name}/app:1`, auth);
    t.equal(elsewhere.seen.length, 2);
    t.strictSame(
      elsewhere.seen.filter(({ authorization }) => authorization !== undefined),
      [],
    );
  },
);

t.test('RegistryImages wait when told to, and no longer than that is of use', async (t) => {
  const { registry, images } = await subject(t);
  await registry.putImage('app', '1', layers);
  let refusals = 2;
  registry.intercept = (_request, response) => {
    if (refusals === 0) return false;
    refusals -= 1;
    refuse(response, 429, 'TOOMANYREQUESTS', { 'retry-after': '0' });
    return true;
  };
  await images.pull(`${registry.name}/app:1`, null);
  registry.intercept = (_request, response) => {
    refuse(response, 429, 'TOOMANYREQUESTS', { 'retry-after': '3600' });
    return true;
  };
  await t.rejects(images.pull(`${registry.name}/app:1`, null), {
    message: /unexpected status from the registry: 429 \(toomanyrequests: toomanyrequests\)/,
  });
});

t.test('RegistryImages go on where a connection broke', async (t) => {
  for (const knowsRanges of [true, false]) {
    const { registry, images, fileOf } = await subject(t);
    const content = randomBytes(300_000).toString('hex');
    const made = await registry.putImage('app', '1', [[{ name: 'big', content }]]);
    const [layer = ''] = made.layers;
    let cuts = 2;
    registry.intercept = (request, response) => {
      if (!request.url?.endsWith(layer)) return false;
      if (!knowsRanges) delete request.headers.range;
      if (cuts === 0) return false;
      cuts -= 1;
      const bytes = registry.blob(layer);
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const head = { 'content-length': String(bytes.length - from) };
      const range = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
      response.writeHead(from > 0 ? 206 : 200, from > 0 ? { ...head, ...range } : head);
      response.write(bytes.subarray(from, from + 100_000), () => response.destroy());
      return true;
    };
    const ref = await images.pull(`${registry.name}/app:1`, null);
    t.equal(await fileOf(ref, 'big'), content);
    const ranges = registry.seen
      .filter(({ path }) => path.endsWith(layer))
      .map((each) => each.range);
    t.equal(ranges.length, 3);
    t.ok(
      ranges.slice(1).every((range) => range !== undefined),
      'it asks for the rest',
    );
  }
});

t.test('RegistryImages refuse what is not as it says', async (t) => {
  const { registry, images, directory } = await subject(t);
  const zstd = 'application/vnd.oci.image.layer.v1.tar+zstd';
  const table: Record<string, { spoil: () => Promise<string>; message: RegExp }> = {
    'a layer of another digest': {
      spoil: async () => {
        const { layers: made, size } = await registry.putImage('digest', '1', [
          [{ name: 'x', content: 'x' }],
        ]);
        registry.tamper(made[0] ?? '', Buffer.alloc(size, 1));
        return 'digest:1';
      },
      message: /the registry sends sha256:\w+ for sha256:\w+/,
    },
    'a layer that is longer': {
      spoil: async () => {
        const { layers: made } = await registry.putImage('long', '1', [
          [{ name: 'y', content: 'y' }],
        ]);
        registry.tamper(made[0] ?? '', Buffer.alloc(10_000));
        return 'long:1';
      },
      message: /the registry sends more than \d+ bytes/,
    },
    'a layer that is another image’s by its diff id': {
      spoil: async () => {
        const diffIds = [digestOf(Buffer.from('somebody else'))];
        await registry.putImage('diff', '1', [[{ name: 'z', content: 'z' }]], { diffIds });
        return 'diff:1';
      },
      message: /a layer is sha256:\w+, not sha256:\w+/,
    },
    'a manifest of another digest': {
      spoil: async () => {
        const digest = digestOf(Buffer.from('asked for'));
        registry.intercept = ({ url = '' }, response) => {
          if (!url.endsWith(`/manifests/${digest}`)) return false;
          response.end('{}');
          return true;
        };
        return `any@${digest}`;
      },
      message: /the registry sends sha256:\w+ for sha256:\w+/,
    },
    'layers of zstd': {
      spoil: async () => {
        const layer = { mediaType: zstd, digest: digestOf(Buffer.from('1')), size: 1 };
        const config = { ...layer, mediaType: 'application/vnd.oci.image.config.v1+json' };
        const document = { schemaVersion: 2, mediaType: ociManifest, config, layers: [layer] };
        registry.putManifest('zstd', '1', ociManifest, document);
        return 'zstd:1';
      },
      message: /compressed with zstd, which the process runtime does not read/,
    },
    'a manifest without layers': {
      spoil: async () => {
        registry.putManifest('old', '1', 'application/vnd.docker.distribution.manifest.v1+json', {
          schemaVersion: 1,
        });
        return 'old:1';
      },
      message: /the manifest is of type .*, which is not read/,
    },
    'an image that is not there': {
      spoil: async () => 'none:1',
      message: /manifests\/1: not found \(manifest_unknown: manifest unknown\)/,
    },
  };
  for (const [what, { spoil, message }] of Object.entries(table)) {
    const image = `${registry.name}/${await spoil()}`;
    await t.rejects(images.pull(image, null), { code: 'image-pull', message }, what);
    t.equal(await images.status(image), null, what);
    registry.intercept = () => false;
  }
  const left = await readdir(join(directory, 'images', 'rootfs')).catch(() => []);
  t.strictSame(left, [], 'nothing is unpacked of them');
  await t.rejects(images.pull('no//image', null), { message: /invalid reference format/ });
  await t.rejects(images.pull('localhost:1/nobody:1', null), { message: /ECONNREFUSED/ });
});

t.test('RegistryImages ask mirrors first, and the registry itself when they fail', async (t) => {
  const broken = 'http://127.0.0.1:1';
  const { registry, images } = await subject(t, (own) => ({
    'example.com': [broken, `http://${own}/`],
    [own]: [broken],
  }));
  await registry.putImage('app', '1', layers);
  await images.pull('example.com/app:1', null);
  t.match(await images.status('example.com/app:1'), { tags: ['example.com/app:1'] });
  await images.pull(`${registry.name}/app:1`, null);
});

t.test('registryEndpoints speak TLS but on this machine', (t) => {
  t.strictSame(registryEndpoints('docker.io', {}), ['https://registry-1.docker.io']);
  t.strictSame(registryEndpoints('localhost:5000', {}), ['http://localhost:5000']);
  t.strictSame(registryEndpoints('127.0.0.1', {}), ['http://127.0.0.1']);
  t.strictSame(registryEndpoints('127.example.com', {}), ['https://127.example.com']);
  t.end();
});

t.test('parseChallenge reads what registries ask for', (t) => {
  const table: [string, string | null, Record<string, string>][] = [
    ['Bearer realm="https://a/t",service="s"', 'bearer', { realm: 'https://a/t', service: 's' }],
    ['BASIC realm="a, b"', 'basic', { realm: 'a, b' }],
    ['Negotiate, Basic realm=x', 'basic', { realm: 'x' }],
    ['Digest realm="d", nonce="n", Bearer realm="b"', 'bearer', { realm: 'b' }],
    ['Negotiate', null, {}],
    ['', null, {}],
  ];
  for (const [header, scheme, parameters] of table) {
    const challenge = parseChallenge(header);
    t.equal(challenge?.scheme ?? null, scheme, header);
    t.strictSame(Object.fromEntries(challenge?.parameters ?? []), parameters, header);
  }
  t.end();
});
