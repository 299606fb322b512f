import type { Prng } from '../../../../src/base/prng.js';
import type { JsonObject, JsonValue } from '../../../../src/control/machinery/json.js';

/** Some of the fields, each with a chance of 1 in 2 unless it is in `always`. */
function some(
  prng: Prng,
  fields: Record<string, () => JsonValue>,
  always: readonly string[] = [],
): JsonObject {
  const object: JsonObject = {};
  for (const [name, make] of Object.entries(fields)) {
    if (always.includes(name) || prng.chance(0.5)) object[name] = make();
  }
  return object;
}

/** Up to `max` of the keys in random order, each made into an item. */
function items<T extends JsonValue>(
  prng: Prng,
  keys: readonly T[],
  make: (key: T) => JsonValue = (key) => key,
  max = 4,
): JsonValue[] {
  return prng
    .shuffle([...keys])
    .slice(0, prng.int(0, max + 1))
    .map(make);
}

const names = ['a', 'b', 'c', 'd', 'e', 'f'];

function map(prng: Prng): JsonObject {
  return Object.fromEntries(items(prng, names).map((name) => [name, `v${prng.int(0, 3)}`]));
}

function container(prng: Prng, name: JsonValue): JsonObject {
  const word = () => prng.pick(names);
  return some(
    prng,
    {
      name: () => name,
      image: () => `image-${word()}`,
      command: () => items(prng, names),
      env: () =>
        items(prng, names, (key) => some(prng, { name: () => key, value: word }, ['name'])),
      ports: () =>
        items(prng, [80, 81, 82, 83], (port) =>
          some(prng, { containerPort: () => port, name: word, protocol: () => 'TCP' }, [
            'containerPort',
          ]),
        ),
      volumeMounts: () =>
        items(prng, names, (key) =>
          some(prng, { mountPath: () => `/${key}`, name: word, readOnly: () => true }, [
            'mountPath',
          ]),
        ),
      resources: () =>
        some(prng, {
          limits: () => ({ cpu: `${prng.int(1, 3)}`, memory: '1Gi' }),
          requests: () => ({ cpu: `${prng.int(1, 900)}m` }),
        }),
      tty: () => prng.chance(0.5),
    },
    ['name'],
  );
}

function volume(prng: Prng, name: JsonValue): JsonObject {
  const source = prng.pick(['emptyDir', 'configMap', 'hostPath']);
  const value: JsonObject =
    source === 'emptyDir'
      ? some(prng, { medium: () => 'Memory' })
      : source === 'configMap'
        ? { name: prng.pick(names), items: items(prng, names, (key) => ({ key, path: key })) }
        : { path: `/${prng.pick(names)}` };
  return { name, [source]: value };
}

function podSpec(prng: Prng): JsonObject {
  return some(
    prng,
    {
      containers: () => items(prng, names, (name) => container(prng, name)),
      initContainers: () => items(prng, names, (name) => container(prng, name), 2),
      volumes: () => items(prng, names, (name) => volume(prng, name)),
      nodeSelector: () => map(prng),
      tolerations: () => items(prng, names, (key) => ({ key, operator: 'Exists' })),
      imagePullSecrets: () => items(prng, names, (name) => ({ name })),
      hostAliases: () =>
        items(prng, ['1.1.1.1', '2.2.2.2', '3.3.3.3'], (ip) => ({
          ip,
          hostnames: items(prng, names),
        })),
      securityContext: () =>
        some(prng, {
          runAsUser: () => prng.int(0, 3),
          supplementalGroups: () => items(prng, [1, 2, 3, 4]),
        }),
      terminationGracePeriodSeconds: () => prng.int(0, 40),
      serviceAccountName: () => prng.pick(names),
    },
    ['containers'],
  );
}

function meta(prng: Prng): JsonObject {
  return some(
    prng,
    {
      name: () => 'x',
      labels: () => map(prng),
      annotations: () => map(prng),
      finalizers: () => items(prng, ['x/a', 'x/b', 'x/c', 'x/d', 'x/e']),
      ownerReferences: () =>
        items(prng, names, (uid) => ({
          apiVersion: 'v1',
          kind: 'Node',
          name: prng.pick(names),
          uid,
        })),
    },
    ['name'],
  );
}

/** A pod, with much of what merges in its own way. */
export function randomPod(prng: Prng): JsonObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: meta(prng), spec: podSpec(prng) };
}

/** A deployment; its strategy retains keys. */
export function randomDeployment(prng: Prng): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta(prng),
    spec: some(
      prng,
      {
        replicas: () => prng.int(0, 5),
        selector: () => ({ matchLabels: map(prng) }),
        strategy: () =>
          prng.chance(0.5)
            ? { type: 'Recreate' }
            : { type: 'RollingUpdate', rollingUpdate: { maxSurge: prng.int(0, 3) } },
        template: () => ({ metadata: meta(prng), spec: podSpec(prng) }),
      },
      ['template'],
    ),
  };
}

/** A service; its ports merge by number. */
export function randomService(prng: Prng): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta(prng),
    spec: some(prng, {
      selector: () => map(prng),
      externalIPs: () => items(prng, ['1.1.1.1', '2.2.2.2', '3.3.3.3']),
      type: () => 'NodePort',
      ports: () =>
        items(prng, [80, 81, 82, 83], (port) =>
          some(
            prng,
            {
              port: () => port,
              name: () => prng.pick(names),
              targetPort: () => (prng.chance(0.5) ? 8080 : 'http'),
            },
            ['port'],
          ),
        ),
    }),
  };
}
