import { relative } from 'node:path';
import {
  type ClusterPlan,
  endpointOf,
  memberDir,
  memberLog,
  type PlannedMember,
  peerEndpointOf,
} from './plan.js';

/** A line about one member: where it listens, and where its data and log are. */
export function describeMember(member: PlannedMember, dir: string): string {
  return (
    `  ${member.name}  clients ${endpointOf(member).padEnd(15)}  peers ${peerEndpointOf(member).padEnd(15)}  ` +
    `data ${shortest(memberDir(dir, member))}  log ${shortest(memberLog(dir, member))}`
  );
}

/** What to type next at the store, ready to paste. */
export function storeSteps(
  plan: ClusterPlan,
  pids: ReadonlyMap<string, number>,
  invocation: string,
): string[] {
  const endpoints = plan.members.map(endpointOf).join(',');
  const etcdctl = `ETCDCTL_API=3 etcdctl --endpoints=${endpoints}`;
  const ctl = `${invocation} ctl --endpoints=${endpoints}`;
  const victim = plan.members[0]?.name ?? '';
  return [
    'The store, for itself:',
    `  ${ctl} put greeting hello`,
    `  ${ctl} get greeting`,
    `  ${ctl} watch --prefix greet`,
    `  ${ctl} status`,
    '  or with etcdctl:',
    `  ${etcdctl} put greeting hello`,
    `  ${etcdctl} get greeting`,
    `  ${etcdctl} -w table endpoint status`,
    `  kill -9 ${pids.get(victim) ?? 'PID'}   # ${victim}: the others go on, and it is started again`,
    'Ctrl-C stops everything; the data stays.',
  ];
}

/** What to type once the cluster is ready. `nodePortsHost`: where node ports are on this machine; null: nowhere, or not known. */
export function controlSteps(kubeconfig: string, nodePortsHost: string | null): string[] {
  const kubectl = `kubectl --kubeconfig=${shortest(kubeconfig)}`;
  return [
    'The cluster is ready. Type next, in another terminal:',
    `  ${kubectl} get nodes`,
    `  ${kubectl} create deployment hello --image=host -- sh -c 'while :; do date; sleep 1; done'`,
    `  ${kubectl} logs -f deployment/hello`,
    `  ${kubectl} apply -f examples/noticeboard`,
    ...(nodePortsHost === null
      ? []
      : [`  node ports of services: http://${nodePortsHost}:PORT, and on each node's address`]),
    `kubeconfig: ${kubeconfig}`,
  ];
}

/** A path as somebody in the current folder would type it. */
function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}
