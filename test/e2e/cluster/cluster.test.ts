/**
 * kubectl against a whole cluster of real processes with simulated nodes: what users do, and what comes of it. The scenarios share the
 * cluster, each in a namespace of its own. ONLY=NAME[,NAME] selects scenarios.
 */
import t from 'tap';
import { findKubectl, wantedVersions } from '../kubectl/kubectls.js';
import { skipBecause } from '../project.js';
import { LiveCluster } from './live-cluster.js';
import { nodeCount } from './pools.js';
import { runScenarios } from './run-scenarios.js';

const kubectl = wantedVersions.map(findKubectl).findLast((found) => found !== null);

t.test(
  'kubectl and a whole cluster',
  { timeout: 1_800_000, ...skipBecause(kubectl == null && 'no kubectl') },
  async (t) => {
    const cluster = await LiveCluster.forTest(t, { kubectl: kubectl!, nodes: nodeCount });
    await runScenarios(t, cluster);
  },
);
