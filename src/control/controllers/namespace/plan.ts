import type { Namespace, NamespaceCondition } from '../../api/gen/core-v1.js';
import { deepEqual } from '../../machinery/deep-equal.js';

/** The finalizer that stands for the namespace's content. */
export const contentFinalizer = 'kubernetes';

/** What is left in a namespace after its content was told to go. */
export interface Remains {
  /** Objects by resource, as `pods.` or `deployments.apps`. */
  readonly countByResource: ReadonlyMap<string, number>;
  /** Objects by a finalizer that keeps them. */
  readonly countByFinalizer: ReadonlyMap<string, number>;
  /** What could not be deleted or listed, each with the reason. */
  readonly failures: readonly string[];
  /** Versions of which the server did not say what is in them. */
  readonly undiscovered: readonly string[];
}

/** Nothing is left and nothing is unknown: the namespace may go. */
export function isEmptied(remains: Remains): boolean {
  return (
    remains.countByResource.size === 0 &&
    remains.failures.length === 0 &&
    remains.undiscovered.length === 0
  );
}

/** The namespace is being deleted and its content was not taken away yet. */
export function isToEmpty(namespace: Namespace): boolean {
  return (
    namespace.metadata.deletionTimestamp !== undefined &&
    (namespace.spec?.finalizers ?? []).includes(contentFinalizer)
  );
}

/** The namespace without the finalizer of its content: what its `finalize` subresource gets. */
export function finalized(namespace: Namespace): Namespace {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((name) => name !== contentFinalizer);
  return { ...namespace, spec: { ...namespace.spec, finalizers } };
}

/** The namespace with conditions that tell what it waits for; null when they are true already. */
export function withConditions(
  namespace: Namespace,
  remains: Remains,
  now: string,
): Namespace | null {
  const before = namespace.status?.conditions ?? [];
  const made = conditionsOf(remains).map((condition) => {
    const old = before.find(({ type }) => type === condition.type);
    const isSame = old?.status === condition.status;
    return { ...condition, lastTransitionTime: (isSame ? old.lastTransitionTime : null) ?? now };
  });
  const types = new Set<string | undefined>(made.map(({ type }) => type));
  const conditions = [...before.filter(({ type }) => !types.has(type)), ...made];
  if (deepEqual(conditions, before)) return null;
  return { ...namespace, status: { ...namespace.status, conditions } };
}

type Verdict = Required<Pick<NamespaceCondition, 'type' | 'status' | 'reason' | 'message'>>;

/** Types, reasons and texts are those that users of Kubernetes read in a namespace that does not go. */
function conditionsOf(remains: Remains): readonly Verdict[] {
  const { countByResource, countByFinalizer, failures, undiscovered } = remains;
  return [
    verdict('NamespaceDeletionDiscoveryFailure', undiscovered.length > 0, {
      yes: [
        'DiscoveryFailed',
        `Discovery failed for some groups, ${undiscovered.length} failing: ${undiscovered.join(', ')}`,
      ],
      no: ['ResourcesDiscovered', 'All resources successfully discovered'],
    }),
    verdict('NamespaceDeletionGroupVersionParsingFailure', false, {
      yes: ['', ''],
      no: ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    }),
    verdict('NamespaceDeletionContentFailure', failures.length > 0, {
      yes: [
        'ContentDeletionFailed',
        `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`,
      ],
      no: ['ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
    }),
    verdict('NamespaceContentRemaining', countByResource.size > 0, {
      yes: [
        'SomeResourcesRemain',
        `Some resources are remaining: ${listed(countByResource, (name, count) => `${name} has ${count} resource instances`)}`,
      ],
      no: ['ContentRemoved', 'All content successfully removed'],
    }),
    verdict('NamespaceFinalizersRemaining', countByFinalizer.size > 0, {
      yes: [
        'SomeFinalizersRemain',
        `Some content in the namespace has finalizers remaining: ${listed(countByFinalizer, (name, count) => `${name} in ${count} resource instances`)}`,
      ],
      no: ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
    }),
  ];
}

function verdict(
  type: string,
  isSo: boolean,
  texts: { readonly yes: readonly [string, string]; readonly no: readonly [string, string] },
): Verdict {
  const [reason, message] = isSo ? texts.yes : texts.no;
  return { type, status: isSo ? 'True' : 'False', reason, message };
}

function listed(
  counts: ReadonlyMap<string, number>,
  text: (name: string, count: number) => string,
): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => text(name, count))
    .join(', ');
}
