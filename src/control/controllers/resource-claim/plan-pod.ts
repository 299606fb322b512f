import { isPodTerminal } from '../../api/core-v1/pod/pod-state.js';
import type { Pod, PodResourceClaim, PodResourceClaimStatus } from '../../api/gen/core-v1.js';
import type {
  ResourceClaim,
  ResourceClaimConsumerReference,
  ResourceClaimTemplate,
} from '../../api/gen/resource-v1.js';
import { controllerReference, isControlledBy } from '../pods/index.js';

/** On a claim that was made for a pod: which of the pod's claims it is. */
export const podClaimAnnotation = 'resource.kubernetes.io/pod-claim-name';
/** A claim is in use by so many pods at most. */
const reservedMax = 256;

/** What is known of a pod and its claims. */
export interface PodClaimNeeds {
  readonly pod: Pod;
  /** By name, in the pod's namespace. */
  readonly claimOf: (name: string) => ResourceClaim | undefined;
  /** Those that were made for the pod. */
  readonly own: readonly ResourceClaim[];
  readonly templateOf: (name: string) => ResourceClaimTemplate | undefined;
}

/** What to do so that a pod has its claims. */
export interface PodClaimPlan {
  /** To be made; the server gives them their names. */
  readonly create: readonly { readonly podClaim: string; readonly claim: ResourceClaim }[];
  /** What the pod's status is to say, without those that are to be made. */
  readonly statuses: readonly PodResourceClaimStatus[];
  /** To be written: they are the pod's from now on. */
  readonly reserve: readonly ResourceClaim[];
  /** Why some cannot be made. */
  readonly problems: readonly string[];
}

const nothing: PodClaimPlan = { create: [], statuses: [], reserve: [], problems: [] };

/** The claims that a pod's templates stand for, and those that it uses without a scheduler having seen to it. Pure. */
export function planPodClaims(needs: PodClaimNeeds): PodClaimPlan {
  const { pod } = needs;
  const { spec = {}, metadata } = pod;
  if (isPodTerminal(pod) || metadata.deletionTimestamp !== undefined) return nothing;
  const found = (spec.resourceClaims ?? []).map((each) => findClaim(needs, each));
  const statuses = found.flatMap(({ podClaim, claim }) =>
    podClaim.resourceClaimTemplateName === undefined || claim === undefined
      ? []
      : [{ name: podClaim.name ?? '', resourceClaimName: claim.metadata.name ?? '' }],
  );
  const isPlaced = (spec.nodeName ?? '') !== '';
  return {
    create: found.flatMap(({ podClaim, claim, template }) =>
      claim !== undefined || template === undefined
        ? []
        : [{ podClaim: podClaim.name ?? '', claim: claimFrom(pod, podClaim, template) }],
    ),
    statuses,
    reserve: isPlaced ? found.flatMap(({ claim }) => reserved(claim, pod)) : [],
    problems: found.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
  };
}

interface FoundClaim {
  readonly podClaim: PodResourceClaim;
  readonly claim?: ResourceClaim;
  readonly template?: ResourceClaimTemplate;
  readonly problem?: string;
}

function findClaim(needs: PodClaimNeeds, podClaim: PodResourceClaim): FoundClaim {
  const { pod, claimOf, own, templateOf } = needs;
  const { name = '', resourceClaimName, resourceClaimTemplateName } = podClaim;
  if (resourceClaimName !== undefined) {
    const claim = claimOf(resourceClaimName);
    return { podClaim, ...(claim === undefined ? {} : { claim }) };
  }
  const status = pod.status?.resourceClaimStatuses?.find((each) => each.name === name);
  const known =
    status?.resourceClaimName === undefined ? undefined : claimOf(status.resourceClaimName);
  const claim =
    known !== undefined && isControlledBy(known, pod)
      ? known
      : own.find(({ metadata }) => metadata.annotations?.[podClaimAnnotation] === name);
  if (claim !== undefined) return { podClaim, claim };
  const template = templateOf(resourceClaimTemplateName ?? '');
  if (template !== undefined) return { podClaim, template };
  const quoted = JSON.stringify(resourceClaimTemplateName ?? '');
  const problem = `PodResourceClaim ${name}: resource claim template ${quoted}: resourceclaimtemplate.resource.k8s.io ${quoted} not found`;
  return { podClaim, problem };
}

function claimFrom(
  pod: Pod,
  { name = '' }: PodResourceClaim,
  { spec: template = {} }: ResourceClaimTemplate,
): ResourceClaim {
  const { labels, annotations } = template.metadata ?? {};
  return {
    metadata: {
      generateName: `${pod.metadata.name}-${name}-`,
      ...(pod.metadata.namespace === undefined ? {} : { namespace: pod.metadata.namespace }),
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      annotations: { ...annotations, [podClaimAnnotation]: name },
      ownerReferences: [controllerReference({ apiVersion: 'v1', kind: 'Pod', ...pod })],
    },
    spec: template.spec ?? {},
  };
}

/** A pod that was put on a node by hand has nobody who reserves its claims for it. */
function reserved(claim: ResourceClaim | undefined, pod: Pod): ResourceClaim[] {
  const { reservedFor = [], allocation } = claim?.status ?? {};
  const { name = '', uid = '' } = pod.metadata;
  const isReserved = reservedFor.some((each) => each.uid === uid);
  if (claim === undefined || allocation === undefined || isReserved) return [];
  if (claim.metadata.deletionTimestamp !== undefined || reservedFor.length >= reservedMax)
    return [];
  const consumer: ResourceClaimConsumerReference = { resource: 'pods', name, uid };
  return [{ ...claim, status: { ...claim.status, reservedFor: [...reservedFor, consumer] } }];
}
