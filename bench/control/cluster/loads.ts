import type { ServerClient } from '../server-client.js';

const namespaces = 10;
const podsOfDeployment = 100;
const inFlightUsually = 64;

/** What pods of the benchmark ask for: 110 of them fit on a node. */
const containers = [
  {
    name: 'main',
    image: 'registry.test/main:1',
    resources: { requests: { cpu: '100m', memory: '500Mi' } },
  },
];

/** Makes nodes that are objects and nothing else: ready, and free of the taint that they begin with. */
export async function createNodes(client: ServerClient, count: number): Promise<void> {
  await inParallel(count, async (i) => {
    const name = `node-${i}`;
    await client.ask('POST', '/api/v1/nodes', {
      json: { metadata: { name, labels: labelsOf(name, i) }, status: nodeStatus },
    });
    await client.ask('PATCH', `/api/v1/nodes/${name}`, {
      json: { spec: { taints: null } },
      type: 'application/merge-patch+json',
    });
  });
}

const nodeResources = { cpu: '32', memory: '64Gi', 'ephemeral-storage': '200Gi', pods: '110' };
const nodeStatus = {
  capacity: nodeResources,
  allocatable: nodeResources,
  conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
};

function labelsOf(name: string, i: number): Readonly<Record<string, string>> {
  return {
    'kubernetes.io/hostname': name,
    'topology.kubernetes.io/region': 'region',
    'topology.kubernetes.io/zone': 'abc'.charAt(i % 3),
  };
}

/**
 * Makes pods by themselves, numbered from `from` on, so many requests at a time. Resolves when the server has taken all of them.
 */
export async function createPods(
  client: ServerClient,
  count: number,
  from = 0,
  inFlight = inFlightUsually,
): Promise<void> {
  const create = (at: number) => {
    const i = from + at;
    return client.ask('POST', `/api/v1/namespaces/${namespaceOf(i)}/pods`, {
      json: {
        metadata: { name: `pod-${i}`, labels: { app: `app-${i % 100}` } },
        spec: { containers, terminationGracePeriodSeconds: 0 },
      },
    });
  };
  await inParallel(count, create, inFlight);
}

/** Makes Deployments of 100 pods each. Resolves when the server has taken the Deployments. */
export async function createDeployments(client: ServerClient, pods: number): Promise<void> {
  await inParallel(Math.ceil(pods / podsOfDeployment), (i) => {
    const labels = { app: `app-${i}` };
    const replicas = Math.min(podsOfDeployment, pods - i * podsOfDeployment);
    return client.ask('POST', `/apis/apps/v1/namespaces/${namespaceOf(i)}/deployments`, {
      json: {
        metadata: { name: `app-${i}` },
        spec: {
          replicas,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: { containers, terminationGracePeriodSeconds: 0 },
          },
        },
      },
    });
  });
}

/** The namespaces that the loads use. */
export async function createNamespaces(client: ServerClient): Promise<void> {
  for (let i = 0; i < namespaces; i++) {
    await client.ask('POST', '/api/v1/namespaces', {
      json: { metadata: { name: namespaceOf(i) } },
    });
  }
}

/** Deletes everything that was made, a namespace after the other. Resolves when the server has taken that up. */
export async function deleteAll(client: ServerClient, by: 'pods' | 'deployments'): Promise<void> {
  const group = by === 'pods' ? '/api/v1' : '/apis/apps/v1';
  for (let i = 0; i < namespaces; i++) {
    await client.ask('DELETE', `${group}/namespaces/${namespaceOf(i)}/${by}`);
  }
}

function namespaceOf(i: number): string {
  return `load-${i % namespaces}`;
}

async function inParallel(
  count: number,
  make: (i: number) => Promise<unknown>,
  inFlight = inFlightUsually,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await make(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}
