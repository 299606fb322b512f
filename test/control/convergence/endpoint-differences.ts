import type { Service } from '../../../src/control/api/gen/core-v1.js';
import { resources } from '../../../src/control/client/index.js';
import { type ClusterState, told } from './cluster-state.js';

const serviceNameLabel = 'kubernetes.io/service-name';

/** In what Endpoints and EndpointSlices are not the ready pods that Services choose, budgets do not count them, and addresses are of nobody. */
export function* endpointDifferences(
  state: ClusterState,
  orphaned: ReadonlySet<string>,
): Generator<string> {
  for (const service of state.of(resources.services)) yield* ofService(state, service);
  const names = new Set(state.of(resources.services).map(placeOf));
  for (const slice of state.of(resources.endpointSlices)) {
    const { namespace = '', labels, ownerReferences = [] } = slice.metadata;
    const service = `${namespace}/${labels?.[serviceNameLabel]}`;
    const isFree = ownerReferences.length === 0 && orphaned.has(service);
    if (!names.has(service) && !isFree) yield `${told(slice)} is of nobody`;
  }
  for (const endpoints of state.of(resources.endpoints)) {
    if (!names.has(placeOf(endpoints))) yield `${told(endpoints)} is of nobody`;
  }
  yield* addressDifferences(state);
  yield* budgetDifferences(state);
}

function* ofService(state: ClusterState, service: Service): Generator<string> {
  const selector = service.spec?.selector ?? {};
  if (Object.keys(selector).length === 0) return;
  const wanted = readyAddresses(state, service.metadata.namespace ?? '', selector);
  const endpoints = state
    .of(resources.endpoints)
    .find((each) => placeOf(each) === placeOf(service));
  const listed = (endpoints?.subsets ?? []).flatMap(({ addresses = [] }) =>
    addresses.map(({ ip = '' }) => ip),
  );
  yield* compare(`Endpoints of ${told(service)}`, listed, wanted);
  const slices = state.of(resources.endpointSlices).filter(({ metadata }) => {
    const of = `${metadata.namespace}/${metadata.labels?.[serviceNameLabel]}`;
    return of === placeOf(service);
  });
  const sliced = slices.flatMap(({ endpoints = [] }) =>
    (endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses = [] }) => addresses),
  );
  yield* compare(`EndpointSlices of ${told(service)}`, sliced, wanted);
}

function readyAddresses(
  state: ClusterState,
  namespace: string,
  selector: Readonly<Record<string, string>>,
): readonly string[] {
  return state
    .of(resources.pods)
    .filter(({ metadata, status }) => {
      const isChosen = Object.entries(selector).every(([k, v]) => metadata.labels?.[k] === v);
      const isReady = status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
      return metadata.namespace === namespace && isChosen && isReady === true;
    })
    .map(({ status }) => status?.podIP ?? '');
}

/** Every address of a Service is registered for it, and no other is. */
function* addressDifferences(state: ClusterState): Generator<string> {
  const wanted = state
    .of(resources.services)
    .flatMap(({ spec }) => spec?.clusterIPs ?? [])
    .filter((address) => address !== 'None');
  const found = state.of(resources.ipAddresses).map(({ metadata }) => metadata.name ?? '');
  yield* compare('IPAddresses', found, wanted);
}

function* budgetDifferences(state: ClusterState): Generator<string> {
  for (const budget of state.of(resources.podDisruptionBudgets)) {
    const { metadata, spec, status } = budget;
    const selector = spec?.selector?.matchLabels ?? {};
    const healthy = readyAddresses(state, metadata.namespace ?? '', selector).length;
    if (status?.currentHealthy !== healthy) {
      yield `${told(budget)} counts ${status?.currentHealthy} healthy pods, not ${healthy}`;
    }
    const allowed = Math.max(0, healthy - (status?.desiredHealthy ?? 0));
    const disrupted = Object.keys(status?.disruptedPods ?? {}).length;
    if (
      status?.disruptionsAllowed !== (status?.expectedPods === 0 ? 0 : allowed) ||
      disrupted > 0
    ) {
      yield `${told(budget)} allows ${status?.disruptionsAllowed} disruptions, not ${allowed}`;
    }
  }
}

function* compare(
  what: string,
  found: readonly string[],
  wanted: readonly string[],
): Generator<string> {
  const [is, shouldBe] = [[...found].sort().join(), [...wanted].sort().join()];
  if (is !== shouldBe) yield `${what}: ${is || 'none'}, not ${shouldBe || 'none'}`;
}

function placeOf({ metadata }: { readonly metadata: Service['metadata'] }): string {
  return `${metadata.namespace}/${metadata.name}`;
}
