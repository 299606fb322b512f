import t from 'tap';
import { AssertionError } from '../../../src/base/assert.js';
import { parseRuntimeConfig } from '../../../src/control/api/runtime-config.js';
import { Scheme } from '../../../src/control/api/scheme.js';
import { cronTabs } from './custom-resource.js';

const custom = { group: 'stable.example.com', resource: 'crontabs' };

t.test('Scheme serves what is generally available, and nothing else', async (t) => {
  const versions = new Set([...new Scheme().resources()].map(({ version }) => version));
  t.strictSame([...versions].sort(), ['v1', 'v2']);
  t.equal([...new Scheme().resources()].length, 68);
});

t.test('Scheme serves more when the runtime config says so', async (t) => {
  const all = new Scheme({ runtimeConfig: parseRuntimeConfig('api/all=true') });
  t.equal([...all.resources()].length, 95);
  t.ok(all.resource('resource.k8s.io', 'v1beta1', 'resourceclaims'));
});

t.test('Scheme.resource finds a resource with its schema and rules', async (t) => {
  const setDefaults = () => {};
  const kinds = [{ of: { group: 'apps', version: 'v1', kind: 'Deployment' }, setDefaults }];
  const scheme = new Scheme({ kinds });
  const deployments = scheme.resource('apps', 'v1', 'deployments')!;
  t.equal(deployments.kind, 'Deployment');
  t.ok(deployments.schema.fields.has('spec'));
  t.equal(deployments.rules.setDefaults, setDefaults);
  t.equal(scheme.resource('apps', 'v1', 'pods'), undefined);
  t.equal(scheme.resource('apps', 'v2', 'deployments'), undefined);
});

t.test(
  'Scheme.kind knows kinds without a resource, and versions that are not served',
  async (t) => {
    const scheme = new Scheme();
    t.ok(scheme.kind({ group: 'policy', version: 'v1', kind: 'Eviction' }));
    t.ok(scheme.kind({ group: 'autoscaling', version: 'v1', kind: 'Scale' }));
    t.ok(scheme.kind({ group: '', version: 'v1', kind: 'DeleteOptions' }));
    t.ok(scheme.kind({ group: 'resource.k8s.io', version: 'v1beta1', kind: 'ResourceClaim' }));
    t.equal(scheme.kind({ group: '', version: 'v1', kind: 'Foo' }), undefined);
  },
);

t.test('Scheme has rules for kinds that are no resource', async (t) => {
  const of = { group: 'policy', version: 'v1', kind: 'Eviction' };
  const validateCreate = () => [];
  const scheme = new Scheme({ kinds: [{ of, validateCreate }] });
  t.equal(scheme.kind(of)?.rules.validateCreate, validateCreate);
});

t.test('Scheme.storedResource is the face of the version that is stored', async (t) => {
  const scheme = new Scheme();
  const stored = (group: string, resource: string) => scheme.storedResource({ group, resource });
  t.equal(stored('autoscaling', 'horizontalpodautoscalers')?.version, 'v2');
  t.equal(stored('', 'events')?.version, 'v1');
  t.equal(stored('', 'nothing'), undefined);
});

t.test('Scheme.setCustom adds, replaces and removes custom resources', async (t) => {
  const scheme = new Scheme();
  scheme.setCustom(custom, [cronTabs('v1'), cronTabs('v1beta1')]);
  t.ok(scheme.resource('stable.example.com', 'v1beta1', 'crontabs'));
  t.ok(scheme.kind({ group: 'stable.example.com', version: 'v1', kind: 'CronTab' }));
  t.match(scheme.groups().at(-1), {
    group: 'stable.example.com',
    versions: [{ version: 'v1' }, { version: 'v1beta1' }],
  });
  scheme.setCustom(custom, [cronTabs('v1')]);
  t.equal(scheme.resource('stable.example.com', 'v1beta1', 'crontabs'), undefined);
  t.ok(scheme.resource('stable.example.com', 'v1', 'crontabs'));
  scheme.setCustom(custom, []);
  t.equal(scheme.resource('stable.example.com', 'v1', 'crontabs'), undefined);
  t.equal(scheme.kind({ group: 'stable.example.com', version: 'v1', kind: 'CronTab' }), undefined);
  t.notOk(scheme.groups().some(({ group }) => group === 'stable.example.com'));
});

t.test('Scheme.setCustom cannot replace what is built in', async (t) => {
  const scheme = new Scheme();
  const pods = { ...cronTabs('v1'), group: '', resource: 'pods' };
  t.throws(() => scheme.setCustom({ group: '', resource: 'pods' }, [pods]), AssertionError);
  t.throws(() => scheme.setCustom({ group: 'a', resource: 'b' }, [cronTabs('v1')]), AssertionError);
});

t.test('Scheme tells listeners of changes until they go', async (t) => {
  const scheme = new Scheme();
  const seen: number[] = [];
  const stop = scheme.onChange(() => seen.push(scheme.generation));
  scheme.setCustom(custom, [cronTabs('v1')]);
  scheme.setCustom(custom, []);
  stop();
  scheme.setCustom(custom, [cronTabs('v1')]);
  t.strictSame(seen, [1, 2]);
  t.equal(scheme.generation, 3);
});

t.test('Scheme.groups is the same array until something changes', async (t) => {
  const scheme = new Scheme();
  const before = scheme.groups();
  t.equal(scheme.groups(), before);
  scheme.setCustom(custom, [cronTabs('v1')]);
  t.not(scheme.groups(), before);
});
