import t from 'tap';
import type { Deployment } from '../../../../src/control/api/gen/apps-v1.js';
import { planRollback } from '../../../../src/control/controllers/deployment/rollback.js';
import { deploymentSample, setSample } from './samples.js';

const key = 'deprecated.deployment.rollback.to';

/** Of version 3, with the ReplicaSets of versions 1 to 3. */
function asked(to: string, spec: Deployment['spec'] = {}): Deployment {
  const deployment = deploymentSample({ version: 3, ...spec });
  deployment.metadata.annotations = {
    [key]: to,
    'deployment.kubernetes.io/revision': '3',
    team: 'blue',
  };
  return deployment;
}

const sets = [
  setSample(1, { replicas: 0, annotations: { team: 'green' } }),
  setSample(2, { replicas: 0 }),
  setSample(3, { replicas: 10 }),
];
const imageOf = ({ spec }: Deployment) => spec?.template?.spec?.containers?.[0]?.image;

const cases: readonly {
  readonly to: string;
  readonly image: string;
  readonly event: string;
}[] = [
  {
    to: '1',
    image: 'web:1',
    event: 'Normal DeploymentRollback Rolled back deployment "web" to revision 1',
  },
  {
    to: '0',
    image: 'web:2',
    event: 'Normal DeploymentRollback Rolled back deployment "web" to revision 2',
  },
  {
    to: '3',
    image: 'web:3',
    event:
      'Warning DeploymentRollbackTemplateUnchanged The rollback revision contains the same template as current deployment "web"',
  },
  {
    to: '7',
    image: 'web:3',
    event: 'Warning DeploymentRollbackRevisionNotFound Unable to find the revision to rollback to.',
  },
];

for (const { to, image, event } of cases) {
  t.test(`planRollback: to ${to}`, async (t) => {
    const rollback = planRollback(asked(to), sets);
    t.equal(imageOf(rollback!.deployment), image);
    const { type, reason, message } = rollback!.event;
    t.equal(`${type} ${reason} ${message}`, event);
    t.notOk(key in rollback!.deployment.metadata.annotations!, 'it is asked once');
  });
}

t.test('planRollback: to the last revision when there is none', async (t) => {
  const rollback = planRollback(asked('0'), [setSample(3, { replicas: 10 })]);
  t.equal(rollback?.event.message, 'Unable to find last revision.');
});

t.test('planRollback: annotations come with the template, but those of revisions', async (t) => {
  const { deployment } = planRollback(asked('1'), sets)!;
  t.strictSame(deployment.metadata.annotations, {
    'deployment.kubernetes.io/revision': '3',
    team: 'green',
  });
  t.notOk('pod-template-hash' in deployment.spec!.template!.metadata!.labels!);
});

t.test('planRollback: nothing is done', async (t) => {
  t.equal(planRollback(deploymentSample(), sets), null, 'when nothing is asked for');
  t.equal(planRollback(asked('first'), sets), null, 'for what is no number');
  t.equal(planRollback(asked('1', { paused: true }), sets), null, 'in a pause');
  t.equal(planRollback(asked('1'), sets.slice(0, 2)), null, 'until the template has its set');
});
