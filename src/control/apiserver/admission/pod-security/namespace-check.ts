import type { Clock } from '../../../../base/clock.js';
import type { Pod } from '../../../api/gen/core-v1.js';
import { violationsOf } from './evaluator.js';
import { type LevelVersion, levelVersionText } from './level-version.js';

/** Pods that are looked at when a namespace becomes stricter. */
const podsMax = 3000;
/** And how long that may take. */
const checkMs = 1000;

/** What a client is told whose namespace becomes stricter than pods in it are. */
export function namespaceWarnings(
  namespace: string,
  pods: readonly Pod[],
  enforce: LevelVersion,
  options: { readonly exemptRuntimeClasses: readonly string[]; readonly clock: Clock },
): readonly string[] {
  const ordered = prioritized(pods, options.exemptRuntimeClasses);
  const deadline = options.clock.now() + checkMs;
  const found = new Map<string, { name: string; count: number }>();
  let checked = 0;
  for (const pod of ordered.slice(0, podsMax)) {
    checked++;
    const violations = violationsOf(
      { annotations: pod.metadata.annotations ?? {}, spec: pod.spec ?? {} },
      enforce,
    );
    if (violations.length > 0) note(found, pod, violations.map(({ reason }) => reason).join(', '));
    if (options.clock.now() > deadline) break;
  }
  const warnings: string[] = [];
  if (checked < ordered.length) {
    warnings.push(
      `new PodSecurity enforce level only checked against the first ${checked} of ${ordered.length} existing pods`,
    );
  }
  if (found.size > 0) {
    warnings.push(
      `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(levelVersionText(enforce))}`,
    );
  }
  return [...warnings, ...[...found].map(([text, of]) => decorated(text, of)).sort()];
}

function note(found: Map<string, { name: string; count: number }>, pod: Pod, text: string): void {
  const name = pod.metadata.name ?? '';
  const known = found.get(text);
  if (known === undefined) {
    found.set(text, { name, count: 1 });
    return;
  }
  known.count++;
  if (name < known.name) known.name = name;
}

function decorated(text: string, { name, count }: { name: string; count: number }): string {
  if (count === 1) return `${name}: ${text}`;
  if (count === 2) return `${name} (and 1 other pod): ${text}`;
  return `${name} (and ${count - 1} other pods): ${text}`;
}

/** One pod of each controller first: the others are most likely the same. */
function prioritized(pods: readonly Pod[], exemptRuntimeClasses: readonly string[]): Pod[] {
  const first: Pod[] = [];
  const rest: Pod[] = [];
  const controllers = new Set<string>();
  for (const pod of pods) {
    const runtimeClass = pod.spec?.runtimeClassName ?? '';
    if (runtimeClass !== '' && exemptRuntimeClasses.includes(runtimeClass)) continue;
    const controller = pod.metadata.ownerReferences?.find((owner) => owner.controller === true);
    if (controller?.uid === undefined) first.push(pod);
    else if (controllers.has(controller.uid)) rest.push(pod);
    else {
      controllers.add(controller.uid);
      first.push(pod);
    }
  }
  return [...first, ...rest];
}
