import { podRequests } from '../../api/core-v1/pod/pod-amounts.js';
import type { Pod } from '../../api/gen/core-v1.js';
import { Quantity } from '../../machinery/quantity.js';
import { type AdmissionFacts, shortageOf, wholeAmount } from '../node/admission.js';

/** Why a node does not give a pod what it asks for now: it never can, or others have it. */
export interface ResizeRefusal {
  readonly reason: 'Infeasible' | 'Deferred';
  readonly message: string;
}

/** Null: the node gives the pod what it asks for now. `others` have what they were given. Pure. */
export function judgeResize(
  pod: Pod,
  facts: Pick<AdmissionFacts, 'allocatable' | 'others' | 'isStatic'>,
): ResizeRefusal | null {
  if (facts.isStatic) {
    const message = 'In-place resize of static-pods is not supported';
    return { reason: 'Infeasible', message };
  }
  const wanted = podRequests(pod);
  for (const name of ['memory', 'cpu']) {
    const request = Quantity.parse(String(wanted[name] ?? '0'));
    const capacity = Quantity.parse(facts.allocatable[name] ?? '0');
    if (request.compare(capacity) <= 0) continue;
    const amounts = `requested: ${wholeAmount(name, request)}, capacity: ${wholeAmount(name, capacity)}`;
    const message = `Node didn't have enough capacity: ${name}, ${amounts}`;
    return { reason: 'Infeasible', message };
  }
  const shortage = shortageOf(pod, facts);
  return shortage === null ? null : { reason: 'Deferred', message: shortage.message };
}
