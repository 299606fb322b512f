import type { Test } from 'tap';
import type { LiveCluster } from './live-cluster.js';
import { makePools } from './pools.js';
import type { Scenario } from './scenario.js';
import { autoscalingScenarios } from './scenarios/autoscaling.js';
import { boundScenarios } from './scenarios/bounds.js';
import { certificateScenarios } from './scenarios/certificates.js';
import { daemonSetScenarios } from './scenarios/daemon-sets.js';
import { deploymentScenarios } from './scenarios/deployments.js';
import { identityScenarios } from './scenarios/identities.js';
import { jobPolicyScenarios } from './scenarios/job-policies.js';
import { jobScenarios } from './scenarios/jobs.js';
import { kubectlScenarios } from './scenarios/kubectls.js';
import { limitScenarios } from './scenarios/limits.js';
import { nodeScenarios } from './scenarios/nodes.js';
import { ownerScenarios } from './scenarios/owners.js';
import { schedulingScenarios } from './scenarios/scheduling.js';
import { serviceScenarios } from './scenarios/services.js';
import { statefulSetScenarios } from './scenarios/stateful-sets.js';
import { storageScenarios } from './scenarios/storage.js';

const only = process.env.ONLY?.split(',');
const atATime = Number(process.env.CLUSTER_JOBS ?? 6);

const scenarios: readonly Scenario[] = [
  // Those that wait longest come first.
  ...jobScenarios,
  ...jobPolicyScenarios,
  ...autoscalingScenarios,
  ...nodeScenarios,
  ...deploymentScenarios,
  ...ownerScenarios,
  ...statefulSetScenarios,
  ...daemonSetScenarios,
  ...schedulingScenarios,
  ...serviceScenarios,
  ...limitScenarios,
  ...boundScenarios,
  ...kubectlScenarios,
  ...identityScenarios,
  ...certificateScenarios,
  ...storageScenarios,
];

/** Runs the scenarios, several at a time, each in a namespace of its own. */
export async function runScenarios(t: Test, cluster: LiveCluster): Promise<void> {
  t.jobs = atATime;
  const chosen = scenarios.filter(({ name }) => only?.includes(name) ?? true);
  t.ok(chosen.length > 0, 'there are scenarios');
  await makePools(await cluster.place('pools'));
  await Promise.all(
    chosen.map(({ name, title, run }) =>
      t.test(`${name}: ${title}`, { buffered: true }, async (t) => {
        await run(t, await cluster.place(name));
      }),
    ),
  );
}
