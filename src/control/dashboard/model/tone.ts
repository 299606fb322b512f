/** How something is: it decides a colour, never alone what is said. */
export type Tone = 'good' | 'busy' | 'bad' | 'plain';

const good: ReadonlySet<string> = new Set(
  'Running Ready Active Bound Completed Complete Succeeded Available True Approved,Issued'.split(
    ' ',
  ),
);
const busy: ReadonlySet<string> = new Set(
  'Pending ContainerCreating PodInitializing Terminating Released Progressing Suspended NotReady'.split(
    ' ',
  ),
);
const bad: ReadonlySet<string> = new Set(
  'Failed Error CrashLoopBackOff ImagePullBackOff ErrImagePull OOMKilled Evicted Lost Warning Unknown NodeLost'.split(
    ' ',
  ),
);

/** The tone of a status as the API's tables print it. */
export function toneOf(status: string): Tone {
  const first = status.split(',')[0] ?? '';
  if (bad.has(first) || /(Error|BackOff|Failed|Killed|Invalid\w*)$/.test(first)) return 'bad';
  if (busy.has(first) || first.startsWith('Init:') || status.includes('SchedulingDisabled'))
    return 'busy';
  return good.has(first) ? 'good' : 'plain';
}
