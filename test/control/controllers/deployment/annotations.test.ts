import t from 'tap';
import { revisionOf } from '../../../../src/control/controllers/deployment/annotations.js';
import { deploymentSample, planOf, setSample } from './samples.js';

const key = 'deployment.kubernetes.io/revision';

t.test('revisionOf: a number of 64 bits, or none', async (t) => {
  const rows: readonly (readonly [string | undefined, bigint])[] = [
    [undefined, 0n],
    ['', 0n],
    ['7', 7n],
    ['+7', 7n],
    ['-7', -7n],
    ['3546343826724305832', 3546343826724305832n],
    ['9223372036854775807', 9223372036854775807n],
    ['9223372036854775808', 0n],
    ['1.5', 0n],
    ['seven', 0n],
  ];
  for (const [text, revision] of rows) {
    const annotations = text === undefined ? {} : { [key]: text };
    t.equal(
      revisionOf({ apiVersion: 'v1', kind: 'X', metadata: { annotations } }),
      revision,
      text ?? 'none',
    );
  }
});

t.test('planDeployment: the revision after one that no double holds', async (t) => {
  const former = setSample(1, { replicas: 10 });
  former.metadata.annotations = { ...former.metadata.annotations, [key]: '3546343826724305832' };
  const plan = planOf(deploymentSample(), [former]);
  t.equal(plan.revision, '3546343826724305833');
});
