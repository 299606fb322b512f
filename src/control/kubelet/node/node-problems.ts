import type { RuntimeStatus } from '../runtime/container-runtime.js';

/** Why the node is not ready, as its condition says it. Pure. */
export function problemsOf(
  { conditions }: RuntimeStatus,
  problem: string | null,
  health: string | null,
): readonly string[] {
  if (problem !== null)
    return [`container runtime status check may not have completed yet: ${problem}`];
  const problems: string[] = health === null ? [] : [health];
  for (const { type, status, reason, message } of conditions) {
    if (status) continue;
    if (type === 'RuntimeReady') {
      problems.push(
        `container runtime not ready: RuntimeReady=false reason:${reason} message:${message}`,
      );
    } else if (type === 'NetworkReady') {
      problems.push(
        `container runtime network not ready: NetworkReady=false reason:${reason} message:${message}`,
      );
    }
  }
  return problems;
}
