import t from 'tap';
import { KindRig } from '../kind-rig.js';

const v2 = new KindRig('autoscaling/v2', 'HorizontalPodAutoscaler');
const v1 = new KindRig('autoscaling/v1', 'HorizontalPodAutoscaler');

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const scaler = (more: object = {}) => ({ spec: { scaleTargetRef, maxReplicas: 5, ...more } });
const metric = (more: object) => scaler({ metrics: [more] });

t.test('HorizontalPodAutoscaler is filled in', async (t) => {
  t.same(v2.created(scaler()).spec, {
    scaleTargetRef,
    maxReplicas: 5,
    minReplicas: 1,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
      },
    ],
  });
  t.match(v2.created(scaler({ behavior: { scaleDown: { selectPolicy: 'Min' } } })).spec, {
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policies: [
          { type: 'Pods', value: 4, periodSeconds: 15 },
          { type: 'Percent', value: 100, periodSeconds: 15 },
        ],
      },
      scaleDown: {
        selectPolicy: 'Min',
        policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
      },
    },
  });
  t.match(v1.created(scaler()).spec, { minReplicas: 1 });
});

t.test('HorizontalPodAutoscaler refuses what Kubernetes refuses', async (t) => {
  const only = 'must populate the given metric source only';
  const target = { type: 'Value', value: '1' };
  t.same(v2.createErrors(scaler({ minReplicas: 0, maxReplicas: 0 })), [
    'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
    'spec.maxReplicas: Invalid value: 0: must be greater than 0',
    'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
  ]);
  t.same(v2.createErrors(scaler({ minReplicas: 6, scaleTargetRef: { name: 'a/b' } })), [
    'spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`',
    'spec.scaleTargetRef.kind: Required value',
    'spec.scaleTargetRef.name: Invalid value: "a/b": may not contain \'/\'',
  ]);
  t.same(v2.createErrors(metric({ type: 'Pods' })), [
    'spec.metrics[0].pods: Required value: must populate information for the given metric source',
  ]);
  t.same(
    v2.createErrors(
      metric({
        type: 'External',
        external: { metric: { name: 'm' }, target },
        resource: { name: 'cpu' },
      }),
    ),
    [`spec.metrics[0].resource: Forbidden: ${only}`],
  );
  t.same(v2.createErrors(metric({ type: 'constructor' })), [
    'spec.metrics[0].type: Unsupported value: "constructor": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
    'spec.metrics[0].type: Unsupported value: "constructor": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
  ]);
  t.same(v2.createErrors(metric({ type: 'Resource', resource: { target: { type: 'Value' } } })), [
    'spec.metrics[0].resource.name: Required value: must specify a resource name',
    'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
  ]);
  const scaleUp = {
    stabilizationWindowSeconds: 3601,
    policies: [{ type: 'Half', value: 0, periodSeconds: 1801 }],
  };
  const path = 'spec.behavior.scaleUp';
  t.same(v2.createErrors(scaler({ behavior: { scaleUp } })), [
    `${path}.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600`,
    `${path}.policies[0].type: Unsupported value: "Half": supported values: "Percent", "Pods"`,
    `${path}.policies[0].value: Invalid value: 0: must be greater than zero`,
    `${path}.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800`,
  ]);
});

t.test(
  'HorizontalPodAutoscaler of autoscaling/v1 is checked as what is stored of it',
  async (t) => {
    t.same(v1.createErrors(scaler({ targetCPUUtilizationPercentage: 0 })), [
      'spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
    ]);
    t.same(v1.createErrors(scaler({ maxReplicas: 0 })), [
      'spec.maxReplicas: Invalid value: 0: must be greater than 0',
      'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
    ]);
  },
);

t.test('HorizontalPodAutoscaler is shown as kubectl shows it', async (t) => {
  const current = { averageUtilization: 30, averageValue: '1' };
  const status = {
    currentReplicas: 2,
    desiredReplicas: 2,
    currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current } }],
  };
  const row = ['x', 'Deployment/web', 'cpu: 30%/80%', '1', 5, 2, '<unknown>'];
  t.same(v2.cells({ ...scaler(), status }), row);
  const counted = { currentReplicas: 2, desiredReplicas: 2, currentCPUUtilizationPercentage: 30 };
  t.same(v1.cells({ ...scaler({ targetCPUUtilizationPercentage: 80 }), status: counted }), row);
  const external = (target: object) => ({
    type: 'External',
    external: { metric: { name: 'm' }, target },
  });
  const metrics = [
    external({ type: 'AverageValue', averageValue: '10' }),
    external({ type: 'Value', value: '7' }),
    external({ type: 'Value', value: '8' }),
  ];
  t.equal(v2.cells(scaler({ metrics }))[2], '<unknown>/10 (avg), <unknown>/7 + 1 more...');
});
