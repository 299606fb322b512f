import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import {
  type RunCommand,
  runCommand,
  runToSuccess,
  withinNamespace,
} from '../../../src/host/command.js';

let serial = 0;

/** `{ skip }` with the reason when namespaces cannot be made or a program is missing. */
export function needsNetwork(...programs: string[]): { skip?: string } {
  if (process.getuid?.() !== 0) return { skip: 'needs root for network namespaces' };
  for (const program of ['ip', ...programs]) {
    if (spawnSync('which', [program]).status !== 0) return { skip: `needs ${program}` };
  }
  const probe = `flt-probe-${process.pid}`;
  if (spawnSync('ip', ['netns', 'add', probe]).status !== 0)
    return { skip: 'the kernel makes no network namespaces' };
  spawnSync('ip', ['netns', 'del', probe]);
  return {};
}

/** A network namespace of its own that goes with the test. */
export interface LabNode {
  readonly name: string;
  readonly run: RunCommand;
  /** Runs words of a command line; rejects when it fails. */
  ok(line: string): Promise<string>;
}

/** Makes a namespace whose loopback is up. */
export async function labNode(t: Test, role: string): Promise<LabNode> {
  const name = `flt-${process.pid}-${serial++}-${role}`;
  await runToSuccess(runCommand, { command: 'ip', args: ['netns', 'add', name] });
  t.teardown(() => runCommand({ command: 'ip', args: ['netns', 'del', name] }));
  const run = withinNamespace(runCommand, name);
  const ok = (line: string) => {
    const [command = '', ...args] = line.split(' ');
    return runToSuccess(run, { command, args });
  };
  await ok('ip link set lo up');
  return { name, run, ok };
}

/** Joins a pod to a node: `10.244.0.5/24` with the node as its gateway, on a bridge of the node's own. */
export async function attachPod(
  t: Test,
  node: LabNode,
  role: string,
  ips: readonly string[],
): Promise<LabNode> {
  const pod = await labNode(t, role);
  const near = `v${serial}n`;
  await node.ok(`ip link add ${near} type veth peer name eth0 netns ${pod.name}`);
  await node.ok(`ip link set ${near} master br0 up`);
  // A pod that reaches itself through its service comes back by the port that it left by.
  await node.ok(`bridge link set dev ${near} hairpin on`);
  await pod.ok('ip link set eth0 up');
  for (const ip of ips) {
    const isV6 = ip.includes(':');
    await pod.ok(`ip addr add ${ip} dev eth0${isV6 ? ' nodad' : ''}`);
    const gateway = isV6 ? ip.replace(/[0-9a-f]+\/\d+$/, '1') : ip.replace(/\d+\/\d+$/, '1');
    await pod.ok(`ip route add default via ${gateway}`);
  }
  return pod;
}

/** A node with a bridge for pods, as its gateway. */
export async function labHost(
  t: Test,
  role: string,
  gateways: readonly string[],
): Promise<LabNode> {
  const node = await labNode(t, role);
  await node.ok('ip link add br0 type bridge');
  await node.ok('ip link set br0 up');
  for (const gateway of gateways) {
    await node.ok(`ip addr add ${gateway} dev br0${gateway.includes(':') ? ' nodad' : ''}`);
  }
  await node.ok('sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1');
  return node;
}

/** Somebody outside the cluster, 192.0.2.9, whom the node (192.0.2.1) sends everything that it has no other way for. */
export async function attachOutside(t: Test, node: LabNode): Promise<LabNode> {
  const outside = await labNode(t, 'outside');
  await node.ok(`ip link add up0 type veth peer name eth0 netns ${outside.name}`);
  await node.ok('ip addr add 192.0.2.1/24 dev up0');
  await node.ok('ip addr add fd00:2::1/64 dev up0 nodad');
  await node.ok('ip link set up0 up');
  await outside.ok('ip addr add 192.0.2.9/24 dev eth0');
  await outside.ok('ip addr add fd00:2::9/64 dev eth0 nodad');
  await outside.ok('ip link set eth0 up');
  await node.ok('ip route add default via 192.0.2.9');
  await node.ok('ip -6 route add default via fd00:2::9');
  await outside.ok('ip route add default via 192.0.2.1');
  await outside.ok('ip -6 route add default via fd00:2::1');
  return outside;
}

const serverSource = `
const [kind, host, port, says] = process.argv.slice(1);
if (kind === 'tcp') {
  require('net').createServer((socket) => socket.on('error', () => {}).end(says + ' ' + socket.remoteAddress))
    .listen(Number(port), host, () => console.log('ready'));
} else {
  const socket = require('dgram').createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (_, from) => socket.send(says + ' ' + from.address, from.port, from.address));
  socket.bind(Number(port), host, () => console.log('ready'));
}`;

/** A server that answers each connection or datagram with its name and who asked: `a 10.0.0.1`. */
export async function serve(
  t: Test,
  at: LabNode,
  options: {
    readonly says: string;
    readonly host?: string;
    readonly port: number;
    readonly protocol?: 'tcp' | 'udp';
  },
): Promise<void> {
  const { says, port, host = '0.0.0.0', protocol = 'tcp' } = options;
  const args = ['netns', 'exec', at.name, process.execPath, '-e', serverSource, '--'];
  const child = spawn('ip', [...args, protocol, host, String(port), says], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  t.teardown(() => {
    child.kill('SIGKILL');
    return exited;
  });
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).once('line', () => resolve());
    child.once('exit', () => reject(new Error('the server did not start')));
  });
}

const clientSource = `
const [kind, host, port, count, source] = process.argv.slice(1);
const ask = () => new Promise((resolve) => {
  const timer = setTimeout(() => done('silent'), 700);
  let done = (text) => { clearTimeout(timer); close(); resolve(text); };
  let close = () => {};
  if (kind === 'tcp') {
    const socket = require('net').connect({ host, port: Number(port), ...(source ? { localAddress: source } : {}) });
    close = () => socket.destroy();
    let text = '';
    socket.on('data', (chunk) => (text += chunk)).on('end', () => done(text));
    socket.on('error', (error) => done(error.code));
  } else {
    const socket = require('dgram').createSocket(host.includes(':') ? 'udp6' : 'udp4');
    close = () => socket.close();
    socket.on('message', (bytes) => done(String(bytes)));
    socket.on('error', (error) => done(error.code));
    socket.connect(Number(port), host, (error) => error ? done(error.code) : socket.send('?'));
  }
});
(async () => { for (let i = 0; i < Number(count); i++) console.log(await ask()); })();`;

/** Asks `count` times over new connections: what came back each time, `ECONNREFUSED`, or `silent`. */
export async function ask(
  at: LabNode,
  host: string,
  port: number,
  {
    protocol = 'tcp',
    count = 1,
    source = '',
  }: { readonly protocol?: 'tcp' | 'udp'; readonly count?: number; readonly source?: string } = {},
): Promise<readonly string[]> {
  const args = ['-e', clientSource, '--', protocol, host, String(port), String(count), source];
  const text = await runToSuccess(at.run, { command: process.execPath, args });
  return text.trim().split('\n');
}
