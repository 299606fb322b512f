import type { ControlPlan } from '../control-programs.js';
import type { ProgramSpec } from '../program-spec.js';
import { ownCommand } from '../supervised-program.js';

/** What keeps pods off simulated nodes, unless they tolerate it. */
const taint = 'flotilla.dev/simulated=true:NoSchedule';

/** The names of simulated nodes. */
export function simulatedNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `simulated-${index}`);
}

/** Nodes that only pretend, all in one process. */
export function simulatedNodesProgram(
  { files }: ControlPlan,
  { count, isTainted }: { readonly count: number; readonly isTainted: boolean },
): ProgramSpec {
  const flags = [
    '--runtime=simulated',
    // One user is many nodes.
    `--kubeconfig=${files.ownKubeconfig}`,
    '--hostname-override=simulated-%d',
    `--count=${count}`,
    ...(isTainted ? [`--register-with-taints=${taint}`] : []),
  ];
  return {
    name: 'simulated-nodes',
    command: ownCommand('kubelet', flags),
    certificates: ['ca', 'admin'],
  };
}
