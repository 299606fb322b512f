import type { IpFamily } from '../model/service-port.js';

/** The sets that rules of iptables look services up in, under kube-proxy's names, with their types. */
const setTypes = {
  'KUBE-CLUSTER-IP': 'hash:ip,port',
  'KUBE-LOOP-BACK': 'hash:ip,port,ip',
  'KUBE-EXTERNAL-IP': 'hash:ip,port',
  'KUBE-EXTERNAL-IP-LOCAL': 'hash:ip,port',
  'KUBE-LOAD-BALANCER': 'hash:ip,port',
  'KUBE-LOAD-BALANCER-LOCAL': 'hash:ip,port',
  'KUBE-LOAD-BALANCER-FW': 'hash:ip,port',
  'KUBE-LOAD-BALANCER-SOURCE-CIDR': 'hash:ip,port,net',
  'KUBE-NODE-PORT-TCP': 'bitmap:port',
  'KUBE-NODE-PORT-LOCAL-TCP': 'bitmap:port',
  'KUBE-NODE-PORT-UDP': 'bitmap:port',
  'KUBE-NODE-PORT-LOCAL-UDP': 'bitmap:port',
  'KUBE-NODE-PORT-SCTP-HASH': 'hash:ip,port',
  'KUBE-NODE-PORT-LOCAL-SCTP-HASH': 'hash:ip,port',
  'KUBE-IPVS-IPS': 'hash:ip',
} as const;

/** One of the sets. */
export type IpSetName = keyof typeof setTypes;

/** Entries by set. */
export type IpSets = ReadonlyMap<IpSetName, ReadonlySet<string>>;

/** All of them. */
export const ipSetNames = Object.keys(setTypes) as readonly IpSetName[];

const entriesMax = 1_048_576;

/** What the set is called in a family; the kernel takes 31 characters. */
export function ipSetName(name: IpSetName, family: IpFamily): string {
  return family === 4 ? name : name.replace('KUBE-', 'KUBE-6-').slice(0, 31);
}

/** What `ipset restore` reads to make one of the other; of null, nothing is known. '' when nothing differs. */
export function ipSetText(before: IpSets | null, after: IpSets, family: IpFamily): string {
  const lines: string[] = [];
  for (const name of ipSetNames) {
    const set = ipSetName(name, family);
    const old = before?.get(name) ?? new Set();
    const next = after.get(name) ?? new Set();
    if (before === null) lines.push(`create ${set} ${specOf(name, family)} -exist`, `flush ${set}`);
    for (const entry of old) if (!next.has(entry)) lines.push(`del ${set} ${entry}`);
    for (const entry of next) if (!old.has(entry)) lines.push(`add ${set} ${entry}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function specOf(name: IpSetName, family: IpFamily): string {
  const type = setTypes[name];
  if (type === 'bitmap:port') return `${type} range 0-65535`;
  return `${type} family ${family === 4 ? 'inet' : 'inet6'} maxelem ${entriesMax}`;
}
