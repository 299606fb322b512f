import { type RunCommand, runToSuccess } from '../../host/command.js';
import type { PortChange } from './model/service-catalog.js';
import type { ServicePortView } from './model/service-port.js';

/**
 * What `conntrack` is to forget after ports changed, as its arguments. Datagrams of one client belong to one flow for as long as they keep
 * coming, and a flow keeps its endpoint: without this they would go on to an endpoint that is gone, or nowhere although there is one now.
 */
export function staleFlows(changes: readonly PortChange[]): readonly (readonly string[])[] {
  return changes.flatMap(({ before, after }) => {
    if (before === null || before.protocol !== 'udp') {
      return after?.protocol === 'udp' && hasTargets(after) ? untranslated(after) : [];
    }
    const remaining = new Set(after === null ? [] : targetIps(after));
    const gone = targetIps(before).filter((ip) => !remaining.has(ip));
    const towardsGone = gone.flatMap((ip) =>
      destinations(before).map((to) => [...deletion(before), ...to, '--dst-nat', ip]),
    );
    const isFirst = !hasTargets(before) && after !== null && hasTargets(after);
    return [...towardsGone, ...(isFirst ? untranslated(after) : [])];
  });
}

/** Forgets them. Rejects with CommandError; flows that are not there are no error. */
export async function forgetFlows(
  run: RunCommand,
  flows: readonly (readonly string[])[],
): Promise<void> {
  for (const args of flows) {
    const outcome = await run({ command: 'conntrack', args });
    if (outcome.exitCode === 0 || /\b0 flow entries/.test(outcome.stderr)) continue;
    await runToSuccess(() => Promise.resolve(outcome), { command: 'conntrack', args });
  }
}

function hasTargets(port: ServicePortView): boolean {
  return port.clusterTargets.length + port.localTargets.length > 0;
}

function targetIps({ clusterTargets, localTargets }: ServicePortView): readonly string[] {
  return [...new Set([...clusterTargets, ...localTargets].map(({ ip }) => ip))];
}

/** Flows from when there was nowhere to go. */
function untranslated(port: ServicePortView): readonly (readonly string[])[] {
  return destinations(port).map((to) => [...deletion(port), ...to]);
}

function deletion({ family, protocol }: ServicePortView): readonly string[] {
  return ['-D', '-f', family === 4 ? 'ipv4' : 'ipv6', '-p', protocol];
}

function destinations(port: ServicePortView): readonly (readonly string[])[] {
  const ips = [port.clusterIp, ...port.externalIps, ...port.loadBalancerIps];
  return [
    ...ips.map((ip) => ['--orig-dst', ip, '--orig-port-dst', String(port.port)]),
    ...(port.nodePort === 0 ? [] : [['--orig-port-dst', String(port.nodePort)]]),
  ];
}
