/** How a zone does: `full` when no node of it is ready, `partial` when too many are not. */
export type ZoneState = 'initial' | 'normal' | 'partial' | 'full';

/** Ready nodes of a zone, and others. */
export interface ZoneCount {
  readonly ready: number;
  readonly notReady: number;
}

/** How fast nodes that are lost are given up. */
export interface EvictionRates {
  /** Nodes a second. */
  readonly normal: number;
  /** Nodes a second in a large zone of which too much is lost. */
  readonly secondary: number;
  /** A zone is large with more nodes than this. */
  readonly largeZoneMin: number;
  /** The part of a zone's nodes, 0 to 1, from which on too many are lost. */
  readonly unhealthyPart: number;
}

/** What follows from how zones do. */
export interface ZonePlan {
  readonly states: ReadonlyMap<string, ZoneState>;
  /** Nodes a second, of zones whose rate changes. */
  readonly rates: ReadonlyMap<string, number>;
  /**
   * `stop`: no node is heard any more, so it is the control plane that is cut off; nobody is evicted. `resume`: some are heard again,
   * and all get another chance. `none`: neither has just begun.
   */
  readonly turn: 'stop' | 'resume' | 'none';
}

const fewNodes = 2;

/** How a zone with these nodes does. */
export function zoneState({ ready, notReady }: ZoneCount, unhealthyPart: number): ZoneState {
  if (ready === 0 && notReady > 0) return 'full';
  const isUnhealthy = notReady > fewNodes && notReady / (ready + notReady) >= unhealthyPart;
  return isUnhealthy ? 'partial' : 'normal';
}

/** Plans the eviction rates of zones from how they did and how they do. */
export function planZones(
  before: ReadonlyMap<string, ZoneState>,
  counts: ReadonlyMap<string, ZoneCount>,
  rates: EvictionRates,
): ZonePlan {
  const states = new Map<string, ZoneState>();
  for (const [zone, count] of counts) states.set(zone, zoneState(count, rates.unhealthyPart));
  const isAllLost = [...states.values()].every((state) => state === 'full');
  const wasAllLost = [...states.keys()].every((zone) => before.get(zone) === 'full');
  if (states.size === 0 || (isAllLost && wasAllLost)) {
    return { states, rates: new Map(), turn: 'none' };
  }
  if (isAllLost) {
    return { states, rates: new Map([...states.keys()].map((zone) => [zone, 0])), turn: 'stop' };
  }
  const changed = new Map<string, number>();
  for (const [zone, state] of states) {
    const isNew = wasAllLost || before.get(zone) !== state;
    if (isNew) changed.set(zone, rateOf(state, counts.get(zone), rates));
  }
  return { states, rates: changed, turn: wasAllLost ? 'resume' : 'none' };
}

function rateOf(state: ZoneState, count: ZoneCount | undefined, rates: EvictionRates): number {
  if (state !== 'partial') return rates.normal;
  const size = (count?.ready ?? 0) + (count?.notReady ?? 0);
  return size > rates.largeZoneMin ? rates.secondary : 0;
}
