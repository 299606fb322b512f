import type { Plugin } from '../../framework/plugin.js';
import { unresolvable } from '../statuses.js';

/** Pods with scheduling gates wait outside of the queue until the last gate is taken away. */
export function schedulingGates(): Plugin {
  return {
    name: 'SchedulingGates',
    preEnqueue({ pod }) {
      const gates = pod.spec?.schedulingGates ?? [];
      if (gates.length === 0) return null;
      const names = gates.map(({ name = '' }) => name).join(' ');
      return unresolvable(`waiting for scheduling gates: [${names}]`);
    },
    eventsToRegister: () => [
      {
        resource: 'UnscheduledPod',
        actions: ['update-pod-scheduling-gates-eliminated'],
        hint: (pod, { after }) => (after?.metadata.uid === pod.uid ? 'queue' : 'skip'),
      },
    ],
  };
}
