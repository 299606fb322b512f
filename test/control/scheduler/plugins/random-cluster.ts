import type { Prng } from '../../../../src/base/prng.js';
import type {
  Node,
  Pod,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../../../../src/control/api/gen/core-v1.js';
import type { LabelSelector } from '../../../../src/control/api/gen/meta-v1.js';
import { nodeOf, podOf } from '../objects.js';

/** Small worlds, so that pods meet: few labels, zones and namespaces. */
const namespaces = ['default', 'other', 'third'];
const apps = ['a', 'b', 'c'];
const zones = ['z1', 'z2', 'z3'];
const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

/** Whether, with a chance of one in `of`. */
export function chance(prng: Prng, of: number): boolean {
  return prng.int(0, of) === 0;
}

/** One of a list. */
export function pick<T>(prng: Prng, list: readonly T[]): T {
  return list[prng.int(0, list.length)] as T;
}

/** A node in a zone, or in none, now and then with a taint. */
export function randomNode(prng: Prng, name: string): Node {
  return nodeOf(name, {
    labels: {
      ...(chance(prng, 6) ? {} : { [zone]: pick(prng, zones) }),
      ...(chance(prng, 3) ? { disk: 'ssd' } : {}),
    },
    ...(chance(prng, 6) ? { taints: [{ key: 'dedicated', effect: 'NoSchedule' }] } : {}),
  });
}

function randomSelector(prng: Prng): LabelSelector {
  if (chance(prng, 8)) return {};
  if (chance(prng, 4)) {
    return {
      matchExpressions: [
        { key: 'app', operator: 'In', values: [pick(prng, apps), pick(prng, apps)] },
      ],
    };
  }
  return { matchLabels: { app: pick(prng, apps) } };
}

/** A term of pod affinity or anti-affinity. */
export function randomTerm(prng: Prng): PodAffinityTerm {
  return {
    labelSelector: randomSelector(prng),
    topologyKey: pick(prng, [hostname, zone, 'disk']),
    ...(chance(prng, 3) ? { namespaces: [pick(prng, namespaces)] } : {}),
    ...(chance(prng, 3)
      ? {
          namespaceSelector: chance(prng, 2)
            ? {}
            : { matchLabels: { team: pick(prng, ['x', 'y']) } },
        }
      : {}),
  };
}

function randomTerms(prng: Prng) {
  const list = (max: number) =>
    Array.from({ length: prng.int(0, max + 1) }, () => randomTerm(prng));
  return {
    requiredDuringSchedulingIgnoredDuringExecution: chance(prng, 2) ? [] : list(2),
    preferredDuringSchedulingIgnoredDuringExecution: list(2).map((podAffinityTerm) => ({
      ...{ podAffinityTerm, weight: prng.int(1, 101) },
    })),
  };
}

function randomConstraint(prng: Prng): TopologySpreadConstraint {
  return {
    labelSelector: randomSelector(prng),
    topologyKey: pick(prng, [hostname, zone]),
    maxSkew: prng.int(1, 4),
    whenUnsatisfiable: pick(prng, ['DoNotSchedule', 'ScheduleAnyway']),
    ...(chance(prng, 3) ? { minDomains: prng.int(1, 5) } : {}),
    ...(chance(prng, 3) ? { nodeAffinityPolicy: pick(prng, ['Honor', 'Ignore']) } : {}),
    ...(chance(prng, 3) ? { nodeTaintsPolicy: pick(prng, ['Honor', 'Ignore']) } : {}),
    ...(chance(prng, 4) ? { matchLabelKeys: ['version'] } : {}),
  };
}

/** A pod with labels, and what the test is about. */
export function randomPod(prng: Prng, name: string, about: 'affinity' | 'spread'): Pod {
  return podOf(name, {
    metadata: {
      name,
      uid: name,
      namespace: pick(prng, namespaces),
      labels: {
        app: pick(prng, apps),
        ...(chance(prng, 2) ? { version: pick(prng, ['1', '2']) } : {}),
      },
      ...(chance(prng, 10) ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    ...(chance(prng, 4) ? { nodeSelector: { disk: 'ssd' } } : {}),
    ...(chance(prng, 3) ? { tolerations: [{ key: 'dedicated', operator: 'Exists' }] } : {}),
    ...(about === 'spread'
      ? {
          topologySpreadConstraints: Array.from({ length: prng.int(0, 4) }, () =>
            randomConstraint(prng),
          ),
        }
      : {}),
    ...(about === 'affinity' && !chance(prng, 3)
      ? { affinity: { podAffinity: randomTerms(prng), podAntiAffinity: randomTerms(prng) } }
      : {}),
  });
}

/** The namespaces; two of them with labels. */
export function randomNamespaces(prng: Prng) {
  return namespaces.map((name) => ({
    metadata: { name, labels: chance(prng, 3) ? {} : { team: pick(prng, ['x', 'y']) } },
  }));
}
