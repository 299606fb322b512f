import { type Command, InvalidArgumentError } from 'commander';
import type { Taint } from '../../control/api/gen/core-v1.js';
import {
  nodeNames,
  type SimulatedFleetSettings,
  simulatedDefaults,
} from '../../control/kubelet/simulated/index.js';
import { Quantity } from '../../control/machinery/quantity.js';

/** The flags of simulated nodes as commander reads them. */
export interface SimulatedFlags {
  readonly count: number;
  readonly hostnameOverride: string;
  readonly simulatedFirstIndex: number;
  readonly nodeIp?: string;
  readonly nodeLabels: Readonly<Record<string, string>>;
  readonly registerWithTaints: readonly Taint[];
  readonly simulatedZones: readonly string[];
  readonly simulatedCpu: string;
  readonly simulatedMemory: string;
  readonly simulatedPods: string;
  readonly simulatedResources: Readonly<Record<string, string>>;
  readonly simulatedLeaseSeconds: number;
  readonly simulatedStatusSeconds: number;
  readonly simulatedStartMs: number;
  readonly simulatedStartJitter: number;
  readonly simulatedInitMs: number;
  readonly simulatedReadyMs: number;
  readonly simulatedRunSeconds: number;
  readonly simulatedStopMs: number;
  readonly simulatedFailureRate: number;
  readonly simulatedBackoffMs: number;
  readonly simulatedEvents: boolean;
  readonly simulatedWriters: number;
  readonly simulatedControlPort?: number;
}

const { pod, node, writers } = simulatedDefaults;

/** Adds the flags of simulated nodes. */
export function addSimulatedFlags(command: Command): Command {
  return addPodFlags(addNodeFlags(command))
    .option('--no-simulated-events', 'do not write the events of pods')
    .option('--simulated-writers <count>', 'requests under way at once', whole(1, 1024), writers)
    .option(
      '--simulated-control-port <port>',
      'take orders on this port of 127.0.0.1',
      whole(0, 65_535),
    );
}

function addNodeFlags(command: Command): Command {
  return command
    .option('--count <nodes>', 'how many nodes', whole(1, 32_768), 1)
    .option(
      '--hostname-override <name>',
      'the name, with %d for the number of the node',
      'simulated',
    )
    .option('--simulated-first-index <number>', 'of the first node', whole(0, 1_000_000), 0)
    .option('--node-ip <address>', 'of all nodes (default: each its own of 172.16.0.0/12)')
    .option('--node-labels <labels>', 'key=value,...', pairs, {})
    .option('--register-with-taints <taints>', 'key=value:effect,...', taints, [])
    .option('--simulated-zones <names>', 'zones that nodes are in, in turn', words, [])
    .option('--simulated-cpu <amount>', 'of each node', quantity, node.capacity.cpu)
    .option('--simulated-memory <amount>', 'of each node', quantity, node.capacity.memory)
    .option('--simulated-pods <count>', 'that a node takes', quantity, node.capacity.pods)
    .option('--simulated-resources <amounts>', 'more resources: name=amount,...', amounts, {})
    .option(
      '--simulated-lease-seconds <seconds>',
      'duration of leases, renewed four times in it',
      whole(1, 86_400),
      node.leaseSeconds,
    )
    .option(
      '--simulated-status-seconds <seconds>',
      'between writes of a status without news',
      whole(1, 86_400),
      node.statusMs / 1000,
    );
}

function addPodFlags(command: Command): Command {
  const ms = whole(0, 86_400_000);
  return command
    .option('--simulated-start-ms <ms>', 'until containers start', ms, pod.startMs)
    .option('--simulated-start-jitter <part>', 'by which that varies', part, pod.startJitter)
    .option('--simulated-init-ms <ms>', 'that init containers run', ms, pod.initMs)
    .option('--simulated-ready-ms <ms>', 'until started containers are ready', ms, pod.readyMs)
    .option(
      '--simulated-run-seconds <seconds>',
      'that containers run whose restart policy is not Always',
      whole(0, 86_400_000),
      pod.runMs / 1000,
    )
    .option('--simulated-stop-ms <ms>', 'until deleted pods have ended', ms, pod.stopMs)
    .option(
      '--simulated-failure-rate <part>',
      'of the ends that are failures',
      part,
      pod.failureRate,
    )
    .option('--simulated-backoff-ms <ms>', 'before the second restart', ms, pod.backoffMs);
}

/** The fleet that the flags describe. */
export function fleetSettings(flags: SimulatedFlags): SimulatedFleetSettings {
  const firstIndex = flags.simulatedFirstIndex;
  return {
    names: nodeNames(flags.hostnameOverride, flags.count, firstIndex),
    firstIndex,
    node: {
      capacity: {
        ...node.capacity,
        cpu: flags.simulatedCpu,
        memory: flags.simulatedMemory,
        pods: flags.simulatedPods,
        ...flags.simulatedResources,
      },
      labels: flags.nodeLabels,
      taints: flags.registerWithTaints,
      zones: flags.simulatedZones,
      ip: flags.nodeIp ?? null,
      leaseSeconds: flags.simulatedLeaseSeconds,
      statusMs: flags.simulatedStatusSeconds * 1000,
    },
    pod: {
      startMs: flags.simulatedStartMs,
      startJitter: flags.simulatedStartJitter,
      initMs: flags.simulatedInitMs,
      readyMs: flags.simulatedReadyMs,
      runMs: flags.simulatedRunSeconds * 1000,
      stopMs: flags.simulatedStopMs,
      failureRate: flags.simulatedFailureRate,
      backoffMs: flags.simulatedBackoffMs,
      backoffMsMax: pod.backoffMsMax,
    },
    hasEvents: flags.simulatedEvents,
    writers: flags.simulatedWriters,
  };
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}

function part(text: string): number {
  const value = Number(text);
  if (/^[\d.]+$/.test(text) && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Give a number from 0 to 1.');
}

function quantity(text: string): string {
  try {
    return Quantity.parse(text).toString();
  } catch {
    throw new InvalidArgumentError('Give an amount such as 4, 500m or 16Gi.');
  }
}

function words(text: string): string[] {
  return text.split(',').filter((word) => word !== '');
}

function pairs(text: string): Record<string, string> {
  const entries = words(text).map((word): [string, string] => {
    const at = word.indexOf('=');
    if (at < 1) throw new InvalidArgumentError(`${JSON.stringify(word)} is not key=value.`);
    return [word.slice(0, at), word.slice(at + 1)];
  });
  return Object.fromEntries(entries);
}

function amounts(text: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pairs(text)).map(([name, amount]) => [name, quantity(amount)]),
  );
}

function taints(text: string): Taint[] {
  return words(text).map((word) => {
    const match =
      /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(word) ?? null;
    if (match === null) {
      throw new InvalidArgumentError(`${JSON.stringify(word)} is not key=value:effect.`);
    }
    const [, key = '', value = '', effect = ''] = match;
    return { key, effect, ...(value === '' ? {} : { value }) };
  });
}
