import t from 'tap';
import { Prng } from '../../../../src/base/prng.js';
import { canonicalObject } from '../../../../src/control/api/codec/decode.js';
import { parseRuntimeConfig } from '../../../../src/control/api/runtime-config.js';
import { Scheme, type ServedResource } from '../../../../src/control/api/scheme.js';
import type { KubeObject } from '../../../../src/control/machinery/object.js';
import { StatusError } from '../../../../src/control/machinery/status.js';
import { randomObject } from '../random-object.js';
import { testSeed } from '../seed.js';

const scheme = new Scheme({ runtimeConfig: parseRuntimeConfig('api/all=true') });
const autoscalers = scheme.resource('autoscaling', 'v1', 'horizontalpodautoscalers')!;
const events = scheme.resource('events.k8s.io', 'v1', 'events')!;

function toStored(resource: ServedResource, object: object): Record<string, unknown> {
  return resource.conversion!.toStored(object as KubeObject) as unknown as Record<string, unknown>;
}

function fromStored(resource: ServedResource, object: object): Record<string, unknown> {
  return resource.conversion!.fromStored(object as KubeObject) as unknown as Record<
    string,
    unknown
  >;
}

const prefix = 'autoscaling.alpha.kubernetes.io';
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const cpu = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
};
const packets = {
  type: 'Pods',
  pods: {
    metric: { name: 'packets', selector: { matchLabels: { a: 'b' } } },
    target: { type: 'AverageValue', averageValue: '1k' },
  },
};

t.test(
  'conversionOf keeps the CPU target of a v2 autoscaler in v1, and the rest in annotations',
  async (t) => {
    const v1 = fromStored(autoscalers, {
      metadata: { name: 'a', annotations: { mine: 'yes' } },
      spec: {
        scaleTargetRef,
        minReplicas: 0,
        maxReplicas: 5,
        metrics: [packets, cpu],
        behavior: {
          scaleUp: {
            stabilizationWindowSeconds: 0,
            policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }],
          },
        },
      },
      status: {
        currentReplicas: 2,
        desiredReplicas: 3,
        currentMetrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', current: { averageUtilization: 55, averageValue: '5m' } },
          },
        ],
        conditions: [{ type: 'AbleToScale', status: 'True' }],
      },
    });
    t.equal(v1.apiVersion, 'autoscaling/v1');
    t.strictSame(v1.spec, {
      scaleTargetRef,
      minReplicas: 0,
      maxReplicas: 5,
      targetCPUUtilizationPercentage: 70,
    });
    t.strictSame(v1.status, {
      currentReplicas: 2,
      desiredReplicas: 3,
      currentCPUUtilizationPercentage: 55,
    });
    const { annotations } = v1.metadata as { annotations: Record<string, string> };
    const read = (name: string) => JSON.parse(annotations[`${prefix}/${name}`]!);
    t.equal(annotations.mine, 'yes');
    t.strictSame(read('metrics'), [
      {
        type: 'Pods',
        pods: {
          metricName: 'packets',
          targetAverageValue: '1k',
          selector: { matchLabels: { a: 'b' } },
        },
      },
    ]);
    t.strictSame(read('current-metrics'), [
      {
        type: 'Resource',
        resource: { name: 'cpu', currentAverageUtilization: 55, currentAverageValue: '5m' },
      },
    ]);
    t.strictSame(read('conditions'), [{ type: 'AbleToScale', status: 'True' }]);
    t.strictSame(read('behavior'), {
      ScaleUp: {
        StabilizationWindowSeconds: 0,
        SelectPolicy: null,
        Policies: [{ Type: 'Pods', Value: 4, PeriodSeconds: 15 }],
        Tolerance: null,
      },
      ScaleDown: null,
    });
  },
);

t.test('conversionOf reads the annotations of a v1 autoscaler, and takes them away', async (t) => {
  const metrics = [
    {
      type: 'Object',
      object: { target: { kind: 'Ingress', name: 'i' }, metricName: 'hits', targetValue: '5' },
    },
    { type: 'External', external: { metricName: 'queue', targetAverageValue: '30' } },
    { type: 'Resource', resource: { name: 'memory', targetAverageValue: '1Gi' } },
  ];
  const v2 = toStored(autoscalers, {
    metadata: { name: 'a', annotations: { [`${prefix}/metrics`]: JSON.stringify(metrics) } },
    spec: { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 70 },
  });
  t.equal(v2.apiVersion, 'autoscaling/v2');
  t.strictSame(v2.metadata, { name: 'a' });
  t.strictSame((v2.spec as { metrics: unknown }).metrics, [
    {
      type: 'Object',
      object: {
        describedObject: { kind: 'Ingress', name: 'i' },
        metric: { name: 'hits' },
        target: { type: 'Value', value: '5' },
      },
    },
    {
      type: 'External',
      external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '30' } },
    },
    {
      type: 'Resource',
      resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
    },
    cpu,
  ]);
});

t.test('conversionOf aims at 80% CPU when a v1 autoscaler names no metric', async (t) => {
  const v2 = toStored(autoscalers, { metadata: {}, spec: { scaleTargetRef, maxReplicas: 5 } });
  t.match(v2.spec, {
    metrics: [
      { resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ],
  });
});

t.test(
  'conversionOf forgets annotations that are no JSON, and refuses nonsense in them',
  async (t) => {
    const stored = (text: string) =>
      toStored(autoscalers, {
        metadata: { annotations: { [`${prefix}/metrics`]: text } },
        spec: { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 70 },
      });
    t.strictSame((stored('{').spec as { metrics: unknown }).metrics, [cpu]);
    t.strictSame((stored('"x"').spec as { metrics: unknown }).metrics, [cpu]);
    t.throws(() => stored('[{"type":7}]'), StatusError);
    const odd = stored('[{"type":"A","constructor":{"a":1},"__proto__":{"b":2},"toString":{}}]');
    t.strictSame((odd.spec as { metrics: unknown }).metrics, [{ type: 'A' }, cpu]);
  },
);

t.test(
  'conversionOf changes nothing on the way to v1 and back, but for the place of the CPU metric',
  async (t) => {
    const stored = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'a', annotations: { mine: 'yes' } },
      spec: {
        scaleTargetRef,
        maxReplicas: 5,
        metrics: [
          packets,
          {
            type: 'ContainerResource',
            containerResource: {
              name: 'cpu',
              container: 'app',
              target: { type: 'Utilization', averageUtilization: 60 },
            },
          },
          {
            type: 'Object',
            object: {
              describedObject: scaleTargetRef,
              metric: { name: 'hits' },
              target: { type: 'AverageValue', averageValue: '7' },
            },
          },
          {
            type: 'External',
            external: { metric: { name: 'queue' }, target: { type: 'Value', value: '30' } },
          },
          cpu,
        ],
        behavior: { scaleDown: { selectPolicy: 'Disabled', tolerance: '100m' } },
      },
      status: {
        currentReplicas: 1,
        desiredReplicas: 1,
        currentMetrics: [
          { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 55 } } },
          { type: 'Pods', pods: { metric: { name: 'packets' }, current: { averageValue: '900' } } },
        ],
        conditions: [{ type: 'AbleToScale', status: 'True' }],
      },
    };
    t.strictSame(toStored(autoscalers, fromStored(autoscalers, stored)), stored);
  },
);

t.test('conversionOf maps the fields of events', async (t) => {
  const event = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'a', namespace: 'b' },
    action: 'Binding',
    deprecatedCount: 3,
    deprecatedFirstTimestamp: '2026-01-02T03:04:05Z',
    deprecatedLastTimestamp: '2026-01-02T03:04:06Z',
    deprecatedSource: { component: 'scheduler', host: 'n' },
    eventTime: '2026-01-02T03:04:05.000001Z',
    note: 'text',
    reason: 'Scheduled',
    regarding: { kind: 'Pod', name: 'p' },
    related: { kind: 'Node', name: 'n' },
    reportingController: 'scheduler',
    reportingInstance: 'scheduler-1',
    series: { count: 2, lastObservedTime: '2026-01-02T03:04:05.000002Z' },
    type: 'Normal',
  };
  const core = toStored(events, event);
  t.match(core, {
    apiVersion: 'v1',
    message: 'text',
    count: 3,
    firstTimestamp: '2026-01-02T03:04:05Z',
    lastTimestamp: '2026-01-02T03:04:06Z',
    source: { component: 'scheduler', host: 'n' },
    involvedObject: { kind: 'Pod', name: 'p' },
    reportingComponent: 'scheduler',
    series: { count: 2 },
  });
  t.strictSame(fromStored(events, core), event);
});

t.test('conversionOf moves what v1beta1 claims ask for into `exactly`', async (t) => {
  const claims = scheme.resource('resource.k8s.io', 'v1beta1', 'resourceclaims')!;
  const stored = toStored(claims, {
    metadata: {},
    spec: { devices: { requests: [{ name: 'a', deviceClassName: 'gpu', count: 2 }] } },
  });
  t.strictSame(stored.spec, {
    devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'gpu', count: 2 } }] },
  });
});

t.test('conversionOf puts what v1beta1 slices say of a device into `basic`', async (t) => {
  const slices = scheme.resource('resource.k8s.io', 'v1beta1', 'resourceslices')!;
  const driver = { driver: 'd', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } };
  const basic = { attributes: { model: { string: 'x' } }, capacity: { memory: { value: '8Gi' } } };
  const slice = { metadata: {}, spec: { ...driver, devices: [{ name: 'a', basic }] } };
  const stored = toStored(slices, slice);
  t.strictSame(stored.spec, { ...driver, devices: [{ name: 'a', ...basic }] });
  t.strictSame(fromStored(slices, stored).spec, slice.spec);
});

/** Versions whose conversion loses nothing: there and back must give what was there before, whatever it was. */
const shapes: readonly (readonly [group: string, version: string, resource: string])[] = [
  ['events.k8s.io', 'v1', 'events'],
  ['resource.k8s.io', 'v1beta2', 'resourceclaims'],
  ['networking.k8s.io', 'v1beta1', 'servicecidrs'],
  ['admissionregistration.k8s.io', 'v1alpha1', 'mutatingadmissionpolicies'],
  ['storage.k8s.io', 'v1beta1', 'volumeattributesclasses'],
  ['certificates.k8s.io', 'v1alpha1', 'clustertrustbundles'],
];

t.test('conversionOf brings random objects there and back unchanged', async (t) => {
  const seed = testSeed();
  const prng = new Prng(seed);
  for (const [group, version, name] of shapes) {
    const resource = scheme.resource(group, version, name)!;
    for (let round = 0; round < 10; round++) {
      const random = { metadata: {}, ...randomObject(prng, resource.schema) } as KubeObject;
      const object = canonicalObject(random, { of: resource, schema: resource.schema });
      const back = fromStored(resource, toStored(resource, object));
      t.strictSame(back, object, `${group}/${version} ${name}, SEED=${seed}`);
    }
  }
});

t.test('conversionOf leaves what it is given as it is', async (t) => {
  const object = {
    metadata: { annotations: { a: 'b' } },
    spec: { scaleTargetRef, metrics: [cpu] },
  };
  const before = JSON.stringify(object);
  toStored(autoscalers, fromStored(autoscalers, object));
  t.equal(JSON.stringify(object), before);
});
