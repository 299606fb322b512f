import t from 'tap';
import {
  compareGroups,
  groupPriority,
  versionPriority,
} from '../../../src/control/api/group-priority.js';
import { parseRuntimeConfig } from '../../../src/control/api/runtime-config.js';
import { compareVersions, stabilityOf } from '../../../src/control/api/version-order.js';

const decisions: readonly (readonly [config: string, path: string, isServed: boolean])[] = [
  ['', 'apps/v1/deployments', true],
  ['', 'resource.k8s.io/v1beta1/deviceclasses', false],
  ['', 'certificates.k8s.io/v1alpha1/clustertrustbundles', false],
  ['api/all=true', 'certificates.k8s.io/v1alpha1/clustertrustbundles', true],
  ['api/all=false', 'apps/v1/deployments', false],
  ['api/all=false,api/ga=true', 'apps/v1/deployments', true],
  ['api/beta=true', 'resource.k8s.io/v1beta1/deviceclasses', true],
  ['api/beta=true', 'certificates.k8s.io/v1alpha1/clustertrustbundles', false],
  ['api/alpha', 'certificates.k8s.io/v1alpha1/clustertrustbundles', true],
  ['api/legacy=false', '/v1/pods', false],
  ['v1=false', '/v1/pods', false],
  ['apps/v1=false', 'apps/v1/deployments', false],
  ['apps/v1=false,apps/v1/deployments=true', 'apps/v1/deployments', true],
  ['apps/v1=false,apps/v1/deployments=true', 'apps/v1/daemonsets', false],
  ['v1/pods=false', '/v1/pods', false],
  ['v1/pods=false', '/v1/nodes', true],
  [' batch/v1=false , ', 'batch/v1/jobs', false],
];

t.test('parseRuntimeConfig lets the more exact key win', async (t) => {
  for (const [config, path, isServed] of decisions) {
    const [group, version, resource] = path.split('/') as [string, string, string];
    const served = parseRuntimeConfig(config).isServed({ group, version, resource });
    t.equal(served, isServed, `"${config}" and ${path}`);
  }
});

t.test('parseRuntimeConfig refuses what is neither true nor false', async (t) => {
  t.throws(() => parseRuntimeConfig('apps/v1=maybe'), { message: /neither true nor false/ });
  t.throws(() => parseRuntimeConfig('apps/v1/a/b=true'), { message: /not a group and version/ });
});

t.test('compareVersions sorts as Kubernetes prefers', async (t) => {
  const preferred = [
    'v10',
    'v2',
    'v1',
    'v11beta2',
    'v10beta3',
    'v3beta1',
    'v12alpha1',
    'v11alpha2',
    'foo1',
    'foo10',
  ];
  t.strictSame([...preferred].reverse().sort(compareVersions), preferred);
});

t.test('stabilityOf reads names of versions', async (t) => {
  const names = ['v1', 'v2beta1', 'v1alpha3', '1', 'v1beta', 'v1gamma1', ''];
  t.strictSame(names.map(stabilityOf), ['ga', 'beta', 'alpha', ...Array(4).fill('unknown')]);
});

t.test('compareGroups puts built-in groups first and custom ones by name', async (t) => {
  const sorted = ['stable.example.com', 'batch', 'apps', '', 'acme.io', 'apiregistration.k8s.io'];
  t.strictSame(sorted.sort(compareGroups), [
    'apiregistration.k8s.io',
    '',
    'apps',
    'batch',
    'acme.io',
    'stable.example.com',
  ]);
  t.equal(groupPriority('acme.io'), 1000);
  t.equal(groupPriority('constructor'), 1000);
});

t.test('versionPriority prefers autoscaling/v2', async (t) => {
  t.ok(versionPriority('autoscaling', 'v2') > versionPriority('autoscaling', 'v1'));
  t.ok(versionPriority('batch', 'v1') > versionPriority('batch', 'v1beta1'));
  t.equal(versionPriority('acme.io', 'v1'), 100);
});
