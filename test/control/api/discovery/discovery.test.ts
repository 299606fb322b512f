import t from 'tap';
import type { ApiResource } from '../../../../src/control/api/discovery/api-resource.js';
import { Discovery } from '../../../../src/control/api/discovery/discovery.js';
import { apiVersions } from '../../../../src/control/api/discovery/documents.js';
import { parseRuntimeConfig } from '../../../../src/control/api/runtime-config.js';
import { Scheme } from '../../../../src/control/api/scheme.js';
import { apiVersionOf } from '../../../../src/control/machinery/object.js';
import { cronTabs } from '../custom-resource.js';
import { allVerbs, knownKinds } from '../known-kinds.js';

/** Lines of the known kinds, without subresources. */
interface KnownKind {
  readonly groupVersion: string;
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

const known: readonly KnownKind[] = knownKinds
  .trim()
  .split('\n')
  .map((line) => {
    const [groupVersion = '', name = '', kind = '', scope, verbs = ''] = line.split(' ');
    return {
      groupVersion,
      name,
      kind,
      namespaced: scope === 'Namespaced',
      verbs: verbs === 'ALL' ? allVerbs : verbs.split(','),
    };
  });

function resources(discovery: Discovery): Map<string, ApiResource> {
  const all = new Map<string, ApiResource>();
  for (const { group, versions } of discovery.groups()) {
    for (const { version } of versions) {
      const list = discovery.resourceList(group, version)!;
      for (const resource of list.resources)
        all.set(`${list.groupVersion} ${resource.name}`, resource);
    }
  }
  return all;
}

t.test('Discovery.resourceList lists every kind of the API as it is published', async (t) => {
  const scheme = new Scheme({ runtimeConfig: parseRuntimeConfig('api/all=true') });
  const listed = resources(new Discovery(scheme));
  for (const { groupVersion, name, kind, namespaced, verbs } of known) {
    const resource = listed.get(`${groupVersion} ${name}`);
    t.match(resource, { name, kind, namespaced }, `${groupVersion} ${name}`);
    t.strictSame(resource?.verbs, verbs, `verbs of ${groupVersion} ${name}`);
  }
  const own = [...listed.keys()].filter((key) => !key.slice(key.indexOf(' ')).includes('/'));
  t.equal(own.length, known.length, 'and nothing else');
});

t.test('Discovery.resourceList is the same document as of kube-apiserver', async (t) => {
  const list = new Discovery(new Scheme()).resourceList('autoscaling', 'v2');
  t.strictSame(list, {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: 'autoscaling/v2',
    resources: [
      {
        name: 'horizontalpodautoscalers',
        singularName: 'horizontalpodautoscaler',
        namespaced: true,
        kind: 'HorizontalPodAutoscaler',
        verbs: allVerbs,
        shortNames: ['hpa'],
        categories: ['all', 'podautoscalers'],
        storageVersionHash: 'qwQve8ut294=',
      },
      {
        name: 'horizontalpodautoscalers/status',
        singularName: '',
        namespaced: true,
        kind: 'HorizontalPodAutoscaler',
        verbs: ['get', 'patch', 'update'],
      },
    ],
  });
});

t.test('Discovery.resourceList names the group of kinds from elsewhere', async (t) => {
  const core = new Discovery(new Scheme()).resourceList('', 'v1')!;
  t.notOk('apiVersion' in core);
  const named = (name: string) => core.resources.find((resource) => resource.name === name);
  t.match(named('pods/eviction'), { group: 'policy', version: 'v1', kind: 'Eviction' });
  t.match(named('replicationcontrollers/scale'), {
    group: 'autoscaling',
    version: 'v1',
    kind: 'Scale',
  });
  t.match(named('serviceaccounts/token'), { group: 'authentication.k8s.io', version: 'v1' });
  t.notOk('group' in named('pods/binding')!);
  t.strictSame(named('pods/exec')?.verbs, ['create', 'get']);
  t.strictSame(named('pods/proxy')?.verbs, ['create', 'delete', 'get', 'patch', 'update']);
  const names = core.resources.map(({ name }) => name);
  t.strictSame(names, [...names].sort());
});

const hashes: Readonly<Record<string, string>> = {
  'v1 configmaps': 'qFsyl6wFWjQ=',
  'v1 endpoints': 'fWeeMqaN/OA=',
  'v1 events': 'r2yiGXH7wu8=',
  'v1 limitranges': 'EBKMFVe6cwo=',
  'v1 namespaces': 'Q3oi5N2YM8M=',
  'v1 nodes': 'XwShjMxG9Fs=',
  'v1 persistentvolumeclaims': 'QWTyNDq0dC4=',
  'v1 persistentvolumes': 'HN/zwEC+JgM=',
  'v1 pods': 'xPOwRZ+Yhw8=',
  'v1 podtemplates': 'LIXB2x4IFpk=',
  'v1 replicationcontrollers': 'Jond2If31h0=',
  'v1 resourcequotas': '8uhSgffRX6w=',
  'v1 secrets': 'S6u1pOWzb84=',
  'v1 serviceaccounts': 'pbx9ZvyFpBE=',
  'v1 services': '0/CO1lhkEBI=',
  'events.k8s.io/v1 events': 'r2yiGXH7wu8=',
  'autoscaling/v1 horizontalpodautoscalers': 'qwQve8ut294=',
};

t.test('Discovery.resourceList hashes the stored version as Kubernetes does', async (t) => {
  const listed = resources(new Discovery(new Scheme()));
  for (const [key, hash] of Object.entries(hashes))
    t.equal(listed.get(key)?.storageVersionHash, hash, key);
  t.equal(listed.get('v1 bindings')?.storageVersionHash, undefined);
});

t.test('Discovery.groupList has the order of kube-apiserver', async (t) => {
  const { groups } = new Discovery(new Scheme()).groupList();
  t.strictSame(
    groups.map(({ name }) => name),
    [
      'apiregistration.k8s.io',
      'apps',
      'events.k8s.io',
      'authentication.k8s.io',
      'authorization.k8s.io',
      'autoscaling',
      'batch',
      'certificates.k8s.io',
      'networking.k8s.io',
      'policy',
      'rbac.authorization.k8s.io',
      'storage.k8s.io',
      'admissionregistration.k8s.io',
      'apiextensions.k8s.io',
      'scheduling.k8s.io',
      'coordination.k8s.io',
      'node.k8s.io',
      'discovery.k8s.io',
      'flowcontrol.apiserver.k8s.io',
      'resource.k8s.io',
    ],
  );
  t.strictSame(
    groups.find(({ name }) => name === 'autoscaling'),
    {
      name: 'autoscaling',
      versions: [
        { groupVersion: 'autoscaling/v2', version: 'v2' },
        { groupVersion: 'autoscaling/v1', version: 'v1' },
      ],
      preferredVersion: { groupVersion: 'autoscaling/v2', version: 'v2' },
    },
  );
});

t.test('Discovery.group answers one group, and none that is not served', async (t) => {
  const discovery = new Discovery(new Scheme());
  t.match(discovery.group('batch'), { kind: 'APIGroup', apiVersion: 'v1', name: 'batch' });
  t.equal(discovery.group('stable.example.com'), undefined);
  t.equal(discovery.group(''), undefined);
  t.equal(discovery.resourceList('batch', 'v2'), undefined);
});

t.test('apiVersions says where the server is', async (t) => {
  t.strictSame(apiVersions('10.0.0.1:6443'), {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '10.0.0.1:6443' }],
  });
});

t.test('Discovery.aggregated has the core group at /api and the others at /apis', async (t) => {
  const discovery = new Discovery(new Scheme());
  const { document: core } = discovery.aggregated('/api', 'v2');
  t.equal(core.apiVersion, 'apidiscovery.k8s.io/v2');
  t.equal(core.items.length, 1);
  t.strictSame(core.items[0]?.metadata, {});
  const pods = core.items[0]?.versions[0]?.resources.find(({ resource }) => resource === 'pods');
  t.match(pods, {
    responseKind: { group: '', version: '', kind: 'Pod' },
    scope: 'Namespaced',
    singularResource: 'pod',
    shortNames: ['po'],
    categories: ['all'],
  });
  t.strictSame(
    pods?.subresources?.find(({ subresource }) => subresource === 'eviction'),
    {
      subresource: 'eviction',
      responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
      verbs: ['create'],
    },
  );
  const { document: others } = discovery.aggregated('/apis', 'v2');
  t.strictSame(others.items[1]?.metadata, { name: 'apps' });
  t.notOk(others.items.some(({ metadata }) => metadata.name === undefined));
});

t.test('Discovery.aggregated says the same in both versions of the format', async (t) => {
  const discovery = new Discovery(new Scheme());
  const [v2, beta] = [
    discovery.aggregated('/apis', 'v2'),
    discovery.aggregated('/apis', 'v2beta1'),
  ];
  t.equal(beta.document.apiVersion, 'apidiscovery.k8s.io/v2beta1');
  t.strictSame(beta.document.items, v2.document.items);
});

t.test('Discovery.aggregated lists the resources that the other documents list', async (t) => {
  const discovery = new Discovery(new Scheme());
  const listed = new Set(resources(discovery).keys());
  for (const root of ['/api', '/apis'] as const) {
    for (const { metadata, versions } of discovery.aggregated(root, 'v2').document.items) {
      for (const { version, resources } of versions) {
        const groupVersion = apiVersionOf({ group: metadata.name ?? '', version });
        for (const { resource, subresources = [] } of resources) {
          t.ok(listed.delete(`${groupVersion} ${resource}`));
          for (const { subresource } of subresources)
            t.ok(listed.delete(`${groupVersion} ${resource}/${subresource}`));
        }
      }
    }
  }
  t.strictSame([...listed], []);
});

t.test('Discovery.aggregated has a tag that changes with the content only', async (t) => {
  const scheme = new Scheme();
  const discovery = new Discovery(scheme);
  const before = discovery.aggregated('/apis', 'v2').etag;
  t.match(before, /^[0-9A-F]{128}$/);
  t.equal(new Discovery(new Scheme()).aggregated('/apis', 'v2').etag, before);
  const of = { group: 'stable.example.com', resource: 'crontabs' };
  scheme.setCustom(of, [cronTabs('v1')]);
  t.not(discovery.aggregated('/apis', 'v2').etag, before);
  t.match(discovery.aggregated('/apis', 'v2').document.items.at(-1), {
    metadata: { name: 'stable.example.com' },
  });
  scheme.setCustom(of, []);
  t.equal(discovery.aggregated('/apis', 'v2').etag, before);
});

t.test('Discovery lists custom resources while they are served', async (t) => {
  const scheme = new Scheme();
  const discovery = new Discovery(scheme);
  t.equal(discovery.resourceList('stable.example.com', 'v1'), undefined);
  scheme.setCustom({ group: 'stable.example.com', resource: 'crontabs' }, [
    cronTabs('v1'),
    cronTabs('v2alpha1'),
  ]);
  t.strictSame(discovery.group('stable.example.com')?.preferredVersion.version, 'v1');
  const [first] = discovery.resourceList('stable.example.com', 'v2alpha1')!.resources;
  const [stored] = discovery.resourceList('stable.example.com', 'v1')!.resources;
  t.match(first, { name: 'crontabs', shortNames: ['ct'] });
  t.equal(first?.storageVersionHash, stored?.storageVersionHash);
});

const external = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  groupPriority: 100,
  versionPriority: 100,
  resources: [
    {
      name: 'nodes',
      singularName: '',
      namespaced: false,
      kind: 'NodeMetrics',
      verbs: ['get', 'list'],
    },
  ],
  isStale: true,
};

t.test('Discovery lists what other servers serve, without answering for them', async (t) => {
  const discovery = new Discovery(new Scheme());
  discovery.setExternal([external]);
  t.equal(discovery.groupList().groups.at(-1)?.name, 'metrics.k8s.io');
  t.ok(discovery.group('metrics.k8s.io'));
  t.equal(discovery.resourceList('metrics.k8s.io', 'v1beta1'), undefined);
  t.match(discovery.aggregated('/apis', 'v2').document.items.at(-1), {
    versions: [{ freshness: 'Stale', resources: [{ resource: 'nodes', scope: 'Cluster' }] }],
  });
  discovery.setExternal([]);
  t.equal(discovery.group('metrics.k8s.io'), undefined);
});

t.test('Discovery puts other servers where their priorities say', async (t) => {
  const discovery = new Discovery(new Scheme());
  const at = (version: string, versionPriority: number, groupPriority = 17_790) => ({
    ...external,
    version,
    versionPriority,
    groupPriority,
  });
  discovery.setExternal([at('v1beta1', 10), at('v1alpha1', 20), at('v2', 10, 5)]);
  const { groups } = discovery.groupList();
  t.equal(groups[2]?.name, 'metrics.k8s.io', 'behind apps');
  t.strictSame(
    groups[2]?.versions.map(({ version }) => version),
    ['v1alpha1', 'v2', 'v1beta1'],
  );
});
