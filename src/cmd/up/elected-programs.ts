import type { ControlFiles } from './control-files.js';
import type { ClusterProgram } from './member-process.js';
import { type ClusterPlan, storeUrls } from './plan.js';

/** A process of the control plane that works while it leads. */
export interface ElectedProgram {
  readonly program: ClusterProgram;
  /** `scheduler`, `scheduler-2`: in the lines for the reader, and of its log. */
  readonly name: string;
  readonly flags: readonly string[];
}

/** What is started once the API server serves: `replicas` of each program, of which one leads. */
export function electedPrograms(
  plan: ClusterPlan,
  files: ControlFiles,
  replicas: number,
): readonly ElectedProgram[] {
  const common = [
    `--kubeconfig=${files.kubeconfig}`,
    `--etcd-servers=${storeUrls(plan).join(',')}`,
    // Several clusters may run on this machine.
    '--secure-port=0',
  ];
  const managerFlags = [`--service-account-private-key-file=${files.signingKeyFile}`];
  return Array.from({ length: replicas }, (_, index) => {
    const suffix = index === 0 ? '' : `-${index + 1}`;
    return [
      {
        program: 'controller-manager' as const,
        name: `controller-manager${suffix}`,
        flags: [...common, ...managerFlags],
      },
      { program: 'scheduler' as const, name: `scheduler${suffix}`, flags: common },
    ];
  }).flat();
}
