import type { AllocationResult, ResourceClaim } from '../../../api/gen/resource-v1.js';
import { objectKey, resources, UnreachableError } from '../../../client/index.js';
import { StatusError } from '../../../machinery/status.js';
import { formatTime } from '../../../machinery/time.js';
import type { StateData } from '../../framework/cycle-state.js';
import type { Plugin, PluginStatus } from '../../framework/plugin.js';
import type { SchedulerHandle } from '../../framework/scheduler-handle.js';
import { NodeSelectorMatcher } from '../required-node-affinity.js';
import { failure, unresolvable, unschedulable } from '../statuses.js';
import { allocationResult } from './allocation-result.js';
import { type ClaimNeeds, claimNeeds } from './claim-needs.js';
import { ClaimChangedError, ClaimWriter } from './claim-writer.js';
import { ClaimsInFlight } from './claims-in-flight.js';
import { type DevicePools, idOf } from './device-pools.js';
import { type ChosenDevices, SearchError, searchDevices } from './device-search.js';
import { DeviceSelectors } from './device-selector.js';
import { dynamicResourcesEvents } from './dynamic-resources-events.js';
import { followPools } from './follow-pools.js';
import { canUse, claimsOfPod, hasClaims, isFreeBut } from './pod-resource-claims.js';

const name = 'DynamicResources';
const elsewhere = unschedulable('resourceclaim not available on the node');
const beingAllocated = unschedulable('resourceclaim is in the process of being allocated');
const noDevices = unschedulable('cannot allocate all claims');
const noClaims = unschedulable('no new claims to deallocate');
const stillNot = unschedulable('still not schedulable');
const released = unschedulable('deallocation of ResourceClaim completed');

/** Devices must be there for a pod's claims on its node; they are the claims' before the pod is bound. */
export function dynamicResources(_args: unknown, handle: SchedulerHandle): Plugin {
  const { informers, client, clock } = handle;
  const claims = new ClaimsInFlight(informers.of(resources.resourceClaims).lister);
  const classes = informers.of(resources.deviceClasses).lister;
  const pools = followPools(informers);
  const selectors = new DeviceSelectors();
  const writer = new ClaimWriter(client);
  return {
    name,
    eventsToRegister: dynamicResourcesEvents,
    preEnqueue({ pod }) {
      if (!hasClaims(pod)) return null;
      const found = claimsOfPod(pod, (key) => claims.get(key));
      return 'code' in found ? found : null;
    },
    preFilter(state, { pod }) {
      if (!hasClaims(pod)) return 'skip';
      const found = claimsOfPod(pod, (key) => claims.get(key));
      if ('code' in found) return found;
      const needs: ClaimNeeds[] = [];
      for (const claim of found) {
        if (claims.isUnwritten(objectKey(claim))) return beingAllocated;
        if (claim.status?.allocation !== undefined) {
          if (!canUse(claim, pod)) return unresolvable('resourceclaim in use');
          continue;
        }
        const need = claimNeeds(claim, (className) => classes.byKey(className));
        if (typeof need === 'string') return unresolvable(need);
        needs.push(need);
      }
      state.write(name, new DevicesState(found, needs, pools(), takenDevices(claims.allocated())));
      return null;
    },
    filter(state, _, { node, name: nodeName }) {
      const devices = state.read<DevicesState>(name);
      for (const selector of devices.selectors) if (!selector.matches(node)) return elsewhere;
      if (devices.needs.length === 0) return null;
      try {
        const found = searchDevices(devices.needs, {
          pools: devices.pools.for(node),
          selectors,
          isTaken: ({ id }) => devices.taken.has(id),
        });
        if (found === null) return noDevices;
        devices.found.set(nodeName, found);
        return null;
      } catch (error) {
        if (!(error instanceof SearchError)) throw error;
        return failure(error.message);
      }
    },
    /** A claim that has devices where the pod cannot run, and that nobody else uses, gives them back. */
    async postFilter(state, { pod }) {
      const devices = state.find<DevicesState>(name);
      if (!hasClaims(pod) || devices === undefined) return noClaims;
      for (const { metadata } of devices.claims) {
        const claim = claims.get(objectKey({ metadata }));
        if (claim?.status?.allocation === undefined || !isFreeBut(claim, pod)) continue;
        return refusalUnless(() => writer.release(claim), released);
      }
      return stillNot;
    },
    reserve(state, _, nodeName) {
      const devices = state.find<DevicesState>(name);
      const found = devices?.found.get(nodeName) ?? [];
      if (devices === undefined) return null;
      const now = formatTime(clock.wallTime());
      for (const [at, { claim }] of devices.needs.entries()) {
        const allocation = allocationResult(claim, found[at] ?? [], now);
        devices.allocations.set(objectKey(claim), allocation);
        claims.begin(claim, allocation);
      }
      return null;
    },
    unreserve(state) {
      const devices = state.find<DevicesState>(name);
      for (const key of devices?.allocations.keys() ?? []) claims.drop(key);
      devices?.allocations.clear();
    },
    async preBind(state, { pod }, _, signal) {
      const devices = state.find<DevicesState>(name);
      for (const claim of devices?.claims ?? []) {
        const allocation = devices?.allocations.get(objectKey(claim)) ?? null;
        const problem = await refusalUnless(async () => {
          const bound = await writer.bind(claim, pod, allocation, signal);
          if (allocation !== null) claims.written(bound);
        }, null);
        if (problem !== null) return problem;
      }
      return null;
    },
  };
}

/** Ids of the devices that claims have, other than to look at them. */
function takenDevices(claims: Iterable<ResourceClaim>): ReadonlySet<string> {
  const taken = new Set<string>();
  for (const { status } of claims) {
    for (const result of status?.allocation?.devices?.results ?? []) {
      if (result.adminAccess !== true) taken.add(idOf(result));
    }
  }
  return taken;
}

/** What is known of a pod's devices in its cycle. */
class DevicesState implements StateData {
  readonly claims: readonly ResourceClaim[];
  /** Of claims without devices. */
  readonly needs: readonly ClaimNeeds[];
  readonly pools: DevicePools;
  /** Ids of devices that are in use. */
  readonly taken: ReadonlySet<string>;
  /** Where the claims that have devices can be used. */
  readonly selectors: readonly NodeSelectorMatcher[];
  /** By node: of each claim without devices, what there is for it. */
  readonly found = new Map<string, readonly (readonly ChosenDevices[])[]>();
  /** By claim: what was reserved. */
  readonly allocations = new Map<string, AllocationResult>();

  constructor(
    claims: readonly ResourceClaim[],
    needs: readonly ClaimNeeds[],
    pools: DevicePools,
    taken: ReadonlySet<string>,
  ) {
    this.claims = claims;
    this.needs = needs;
    this.pools = pools;
    this.taken = taken;
    this.selectors = claims.flatMap(({ status }) => {
      const selector = status?.allocation?.nodeSelector;
      return selector === undefined ? [] : [new NodeSelectorMatcher(selector)];
    });
  }

  /** Pods that come and go do not change devices: their claims keep them. */
  clone(): this {
    return this;
  }
}

/** `done`, unless the API refuses or cannot be asked. */
async function refusalUnless<T>(write: () => Promise<unknown>, done: T): Promise<T | PluginStatus> {
  try {
    await write();
    return done;
  } catch (error) {
    const isKnown =
      error instanceof StatusError ||
      error instanceof UnreachableError ||
      error instanceof ClaimChangedError;
    if (!isKnown) throw error;
    return failure(error.message);
  }
}
