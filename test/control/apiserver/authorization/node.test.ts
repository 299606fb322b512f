import t from 'tap';
import type { PersistentVolume, Pod } from '../../../../src/control/api/gen/core-v1.js';
import { NodeAuthorizer } from '../../../../src/control/apiserver/authorization/node/node-authorizer.js';
import { NodeGraph } from '../../../../src/control/apiserver/authorization/node/node-graph.js';
import type { AuthorizationRequest } from '../../../../src/control/apiserver/contracts.js';
import { ask, user } from './request.js';

const node1 = user('system:node:node-1', 'system:nodes');
const node2 = user('system:node:node-2', 'system:nodes');

const pod: Pod = {
  metadata: { namespace: 'n', name: 'p' },
  spec: {
    nodeName: 'node-1',
    serviceAccountName: 'sa',
    imagePullSecrets: [{ name: 'pull' }],
    containers: [
      {
        name: 'c',
        env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'env', key: 'k' } } }],
        envFrom: [{ configMapRef: { name: 'from' } }],
      },
    ],
    initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 'init' } }] }],
    volumes: [
      { name: 'a', secret: { secretName: 'vol' } },
      { name: 'b', projected: { sources: [{ configMap: { name: 'proj' } }] } },
      { name: 'c', persistentVolumeClaim: { claimName: 'claim' } },
      { name: 'd', ephemeral: {} },
    ],
    resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu-claim' }],
  },
};
const volume: PersistentVolume = {
  metadata: { name: 'pv' },
  spec: {
    claimRef: { namespace: 'n', name: 'claim' },
    csi: { nodePublishSecretRef: { namespace: 'storage', name: 'mount' } },
  },
};

function graph(): NodeGraph {
  const made = new NodeGraph();
  made.setPod(pod);
  made.setVolume(volume);
  made.setAttachment({ metadata: { name: 'va' }, spec: { nodeName: 'node-1' } });
  made.setSlice({ metadata: { name: 'own' }, spec: { nodeName: 'node-1' } });
  made.setSlice({ metadata: { name: 'shared' }, spec: { allNodes: true } });
  return made;
}

t.test('NodeAuthorizer lets a node read what its pods use', async (t) => {
  const authorizer = new NodeAuthorizer(graph());
  const reached = [
    'get /secrets n/pull',
    'get /secrets n/env',
    'watch /secrets n/init',
    'list /secrets n/vol',
    'get /secrets storage/mount',
    'get /configmaps n/from',
    'get /configmaps n/proj',
    'get /persistentvolumeclaims n/claim',
    'get /persistentvolumeclaims n/p-d',
    'get /persistentvolumes /pv',
    'get resource.k8s.io/resourceclaims n/gpu-claim',
    'create /serviceaccounts/token n/sa',
    'get /serviceaccounts n/sa',
    'get storage.k8s.io/volumeattachments /va',
    'patch /persistentvolumeclaims/status n/claim',
    'get /pods n/p',
    'list /pods n/p',
    'get resource.k8s.io/resourceslices /own',
    'delete resource.k8s.io/resourceslices /own',
  ];
  for (const text of reached) {
    t.equal(authorizer.authorize(ask(node1, text)).decision, 'allow', text);
    t.equal(authorizer.authorize(ask(node2, text)).decision, 'none', `node-2 ${text}`);
  }
  for (const [text, reason] of [
    ['get /secrets n/other', "no relationship found between node 'node-1' and this object"],
    ['get /secrets m/vol', "no relationship found between node 'node-1' and this object"],
    ['get /pods n/q', "no relationship found between node 'node-1' and this object"],
    ['list /pods /', 'can only list/watch pods with spec.nodeName field selector'],
    ['watch /pods n/', 'can only list/watch pods with spec.nodeName field selector'],
    ['update /pods n/p', ''],
    ['get /pods/log n/p', ''],
    ['list /nodes /', "node 'node-1' cannot read all nodes, only its own Node object"],
    ['get /nodes /node-2', "node 'node-1' cannot read 'node-2', only its own Node object"],
    ['get /nodes/status /node-1', ''],
    [
      'get resource.k8s.io/resourceslices /shared',
      "no relationship found between node 'node-1' and this object",
    ],
    [
      'list resource.k8s.io/resourceslices /',
      'can only list/watch/deletecollection resourceslices with nodeName field selector',
    ],
    [
      'get resource.k8s.io/resourceslices/status /own',
      'cannot authorize ResourceSlice subresources',
    ],
    ['list /secrets n/', 'No Object name found'],
    ['list /secrets /', 'can only read namespaced object of this type'],
    ['update /secrets n/vol', 'can only read resources of this type'],
    ['list /persistentvolumes /', 'can only get individual resources of this type'],
    [
      'create /serviceaccounts/token n/default',
      "no relationship found between node 'node-1' and this object",
    ],
    ['create /serviceaccounts n/', 'can only get individual resources of this type'],
    [
      'get coordination.k8s.io/leases kube-system/node-1',
      'can only access leases in the "kube-node-lease" system namespace',
    ],
    [
      'get coordination.k8s.io/leases kube-node-lease/node-2',
      'can only access node lease with the same name as the requesting node',
    ],
    [
      'list coordination.k8s.io/leases kube-node-lease/',
      'can only get, create, update, patch, or delete a node lease',
    ],
    [
      'delete storage.k8s.io/csinodes /node-2',
      'can only access CSINode with the same name as the requesting node',
    ],
    ['delete /nodes /node-1', ''],
    ['create apps/deployments n/', ''],
  ] as const)
    t.same(authorizer.authorize(ask(node1, text)), { decision: 'none', reason }, text);
  for (const text of [
    'update coordination.k8s.io/leases kube-node-lease/node-1',
    'create coordination.k8s.io/leases kube-node-lease/',
    'patch /nodes/status /node-1',
    'create /pods n/',
    'delete /pods n/q',
    'patch /pods/status n/q',
    'create /pods/eviction n/q',
    'watch /nodes /node-1',
    'create /nodes /',
    'create resource.k8s.io/resourceslices /',
    'create /events n/',
    'get storage.k8s.io/csinodes /node-1',
  ])
    t.equal(authorizer.authorize(ask(node1, text)).decision, 'allow', text);
});

t.test('NodeAuthorizer lets a node list what a field selector says is its own', (t) => {
  const authorizer = new NodeAuthorizer(graph());
  const cases: readonly [string, AuthorizationRequest['fieldSelector'], boolean][] = [
    ['list /pods /', 'spec.nodeName=node-1', true],
    ['watch /pods n/', 'status.phase!=Failed,spec.nodeName==node-1', true],
    ['list /pods /', [{ field: 'spec.nodeName', operator: '=', value: 'node-1' }], true],
    ['list /pods /', 'spec.nodeName=node-2', false],
    ['list /pods /', 'spec.nodeName!=node-1', false],
    ['list /pods /', [{ field: 'spec.nodeName', operator: '!=', value: 'node-1' }], false],
    ['list /pods /', 'spec.nodeName=node-1,(', false],
    ['deletecollection /pods n/', 'spec.nodeName=node-1', false],
    ['list resource.k8s.io/resourceslices /', 'spec.nodeName=node-1', true],
    ['deletecollection resource.k8s.io/resourceslices /', 'spec.nodeName=node-1', true],
    ['watch resource.k8s.io/resourceslices /', 'nodeName=node-1', false],
    ['list /secrets n/', 'spec.nodeName=node-1', false],
  ];
  for (const [text, fieldSelector = '', isAllowed] of cases) {
    const { decision } = authorizer.authorize({ ...ask(node1, text), fieldSelector });
    t.equal(decision, isAllowed ? 'allow' : 'none', `${text} ${JSON.stringify(fieldSelector)}`);
  }
  t.end();
});

t.test('NodeAuthorizer has no opinion of who is no node', async (t) => {
  const authorizer = new NodeAuthorizer(graph());
  t.same(authorizer.authorize(ask(user('system:node:node-1'), 'get /secrets n/vol')), {
    decision: 'none',
    reason: '',
  });
  t.same(authorizer.authorize(ask(user('jane', 'system:nodes'), 'get /secrets n/vol')), {
    decision: 'none',
    reason: '',
  });
  t.same(authorizer.authorize(ask(user('system:node:', 'system:nodes'), 'get /secrets n/vol')), {
    decision: 'none',
    reason: 'unknown node for user "system:node:"',
  });
});

t.test('NodeGraph forgets with the last pod, volume and attachment', async (t) => {
  const made = graph();
  const second: Pod = { ...pod, metadata: { namespace: 'n', name: 'q' } };
  made.setPod(second);
  made.setPod(pod);
  made.removePod(pod);
  t.ok(made.isReached('node-1', 'secrets', 'n', 'vol'), 'the second pod uses it too');
  made.setPod({ ...second, status: { phase: 'Succeeded' } });
  t.notOk(made.isReached('node-1', 'secrets', 'n', 'vol'));
  t.ok(made.isReached('node-1', 'pods', 'n', 'q'), 'a pod that ended is still the node\u2019s');
  made.setSlice({ metadata: { name: 'own' }, spec: { allNodes: true } });
  t.notOk(made.isReached('node-1', 'resourceslices', '', 'own'));
  t.notOk(made.isReached('node-1', 'persistentvolumes', '', 'pv'));
  made.setPod(pod);
  t.ok(made.isReached('node-1', 'secrets', 'storage', 'mount'));
  made.removeVolume(volume);
  t.notOk(made.isReached('node-1', 'secrets', 'storage', 'mount'));
  made.removeAttachment({ metadata: { name: 'va' } });
  t.notOk(made.isReached('node-1', 'volumeattachments', '', 'va'));
});
