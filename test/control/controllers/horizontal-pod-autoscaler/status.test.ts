import t from 'tap';
import type { HorizontalPodAutoscaler } from '../../../../src/control/api/gen/autoscaling-v2.js';
import { StatusDraft } from '../../../../src/control/controllers/horizontal-pod-autoscaler/status.js';

const metric = { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 5 } } };

function autoscaler(status: HorizontalPodAutoscaler['status']): HorizontalPodAutoscaler {
  return { metadata: { name: 'web', namespace: 'default' }, ...(status && { status }) };
}

t.test('StatusDraft: no replicas are told as the server stores them', async (t) => {
  const draft = new StatusDraft(autoscaler(undefined), 0);
  draft.set({ currentReplicas: 0, desiredReplicas: 0, metrics: [], isRescaled: false });
  t.strictSame(draft.status, { desiredReplicas: 0, conditions: [] });
});

t.test('StatusDraft: metrics that could not be read take the place of former ones', async (t) => {
  const before = { currentReplicas: 2, desiredReplicas: 3, currentMetrics: [metric] };
  const draft = new StatusDraft(autoscaler(before), 0);
  draft.keep(2, [{ type: '' }]);
  t.strictSame(draft.status, {
    ...{ currentReplicas: 2, desiredReplicas: 3, currentMetrics: [{ type: '' }], conditions: [] },
  });
});

t.test('StatusDraft: without counts, conditions alone change', async (t) => {
  const before = { currentReplicas: 2, desiredReplicas: 3, currentMetrics: [metric] };
  const draft = new StatusDraft(autoscaler(before), 0);
  draft.tell('AbleToScale', false, 'FailedGetScale', 'not there');
  const { conditions, ...rest } = draft.status;
  t.strictSame(rest, before);
  t.match(conditions, [{ type: 'AbleToScale', status: 'False', reason: 'FailedGetScale' }]);
});
